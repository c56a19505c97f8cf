/*
 * sim/world.h: what a simulation is given, made once: usage of the sample month with some poison, and what a batch run on it
 * gives.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <jansson.h>

#include "cli/documents.h"
#include "log/stream.h"
#include "settings/settings.h"

#define SIM_DOCUMENT "tests/data/conductor.json"
#define SIM_PERIOD (2026 * 12 + 5)

extern const int32_t sim_partitions[STREAM_TOPIC_COUNT];

struct usage {
    char *json;
    size_t size;
    int32_t partition;
};

struct world {
    struct documents documents;
    struct settings settings;
    struct usage *usage;
    size_t usage_count, usage_capacity, poison_count;
    json_t *line_items, *bills; /* content → how often; key → bill */
    json_t *manifests;          /* of the first run */
};

struct world *world_new(void);
void world_free(struct world *world);

/* A value of a topic; the caller lets go of it. */
json_t *world_parse(const char *text, size_t size);
/* Counts a line item by what it says, without what tells where and when it was written. */
void world_count_line_item(json_t *counts, json_t *item);
/* What names a bill; free() it. */
char *world_bill_key(const json_t *bill);

#endif
