/* support/topics_fixture.h: service/topics on a log in memory: schemas that are fixed, JSON records, a view in a scratch
 * folder. */
#ifndef SUPPORT_TOPICS_FIXTURE_H
#define SUPPORT_TOPICS_FIXTURE_H

#include "service/topics.h"
#include "support/memory_log.h"
#include "support/scratch.h"
#include "support/unit.h"

static struct wire *wire;
static struct fixed_schemas *schemas;
static struct wire_schemas port;
/* Read by the thread of the topics as long as they live: not among those of scratch_path, which are used again. */
static char view_directory[64], report_directory[64];

static inline int topics_set_up(void **state)
{
    schemas = fixed_schemas_new();
    port = fixed_schemas_port(schemas);
    wire = wire_new(WIRE_JSON, &port, EXCESS_ROUND);
    int result = scratch_setup(state);
    snprintf(view_directory, sizeof view_directory, "%s/view", scratch_folder);
    snprintf(report_directory, sizeof report_directory, "%s/reports", scratch_folder);
    return result;
}

static inline int topics_tear_down(void **state)
{
    wire_free(wire);
    fixed_schemas_free(schemas);
    memory_log_done();
    return scratch_teardown(state);
}

static inline struct topics_options topics_options_of_test(void)
{
    static const struct kafka_settings settings = { .group_id = "g", .topic_prefix = "p." };
    return (struct topics_options){ .kafka = &settings,
                                    .directory = view_directory,
                                    .memory_bytes = 16 << 20,
                                    .months = 2,
                                    .wire = wire,
                                    .report_wire = wire,
                                    .report_directory = report_directory };
}

static inline struct topics *topics_open_with(const struct topics_options *options)
{
    struct topics *topics;
    struct error error;
    if (!topics_open(options, &topics, &error))
        fail_msg("%s", error.message);
    return topics;
}

#endif
