/*
 * sim/world.h: what simulations are given, read once: a document, price lists, and usage of three months, made of the
 * sample month, with some poison.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "cli/documents.h"
#include "codec/usage_reader.h"
#include "settings/settings.h"

#define SIM_DOCUMENT "tests/data/conductor.json"
#define SIM_MONTHS 3
#define SIM_FIRST_PERIOD (2026 * 12 + 5)
#define SIM_START_MS INT64_C(1788307200000) /* 2026-09-02: all three months have been */

struct usage {
    char *value; /* half of one: poison */
    size_t size;
    struct usage_entry entry;
    unsigned month, keyed; /* from the first; keyed: by account, where there are as many partitions */
    bool is_poison;
    struct usage *back; /* the correction that takes it back; NULL: it stays */
};

struct world {
    struct documents documents;
    struct settings settings;
    struct arena arena;
    struct usage *usage;
    size_t usage_count, usage_capacity;
};

/* Ends the test if the samples cannot be read. `allowances`: storage and transfer have some in the price list. */
struct world *world_new(bool allowances);
void world_free(struct world *world);

#endif
