/*
 * cli/connection.h: what a command that speaks to Kafka needs: settings, a stream of its own without partitions, and the
 * conductor topic read to its end.
 */
#ifndef CLI_CONNECTION_H
#define CLI_CONNECTION_H

#include "cli/arguments.h"
#include "codec/wire.h"
#include "control/conductor_topic.h"
#include "log/kafka_admin.h"
#include "registry/registry.h"
#include "settings/settings.h"

/* Where schemas come from: a registry, or fixed ids. */
struct schemas_source {
    struct fixed_schemas *fixed;
    struct registry *registry;
    struct wire_schemas port;
};

MUST_USE bool schemas_source_open(const struct settings *settings, struct schemas_source *source, struct error *error);
void schemas_source_close(struct schemas_source *source);

struct connection {
    struct settings settings;
    struct kafka_property *properties;
    struct kafka_settings kafka;
    char instance[64];
    struct schemas_source schemas;
    struct wire *wire;
    struct stream *stream;
    struct conductor_topic *control;
};

/* Loads --config and --set. Prints every fault. */
MUST_USE bool connection_settings(const struct arguments *arguments, struct connection *connection, struct error *error);
/* Connects; `command` names the transactions. */
MUST_USE bool connection_open(struct connection *connection, const char *command, struct error *error);
/* The same settings under another name; the conductor topic is forgotten. */
MUST_USE bool connection_reopen(struct connection *connection, const char *command, struct error *error);
/* Reads the conductor topic to its end. */
MUST_USE bool connection_read_control(struct connection *connection, struct error *error);
/* Waits until nobody's transaction is open on the conductor topic: what is read then is all that there is. */
MUST_USE bool connection_await_control(struct connection *connection, struct error *error);

struct topic_plan connection_topics(const struct connection *connection);

/* Reads all committed records of a partition, from its first to its end as it is now. */
MUST_USE bool connection_read(struct connection *connection, enum stream_topic topic, int32_t partition,
                              bool (*take)(void *context, const struct stream_record *record, struct error *error),
                              void *context, struct error *error);
/* The same from an offset on. */
MUST_USE bool connection_read_from(struct connection *connection, enum stream_topic topic, int32_t partition, int64_t from,
                                   bool (*take)(void *context, const struct stream_record *record, struct error *error),
                                   void *context, struct error *error);
/* The end offset of a partition. */
MUST_USE bool connection_end(struct connection *connection, enum stream_topic topic, int32_t partition, int64_t *end,
                             struct error *error);

void connection_close(struct connection *connection);

#endif
