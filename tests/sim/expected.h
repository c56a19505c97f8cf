/*
 * sim/expected.h: what a batch run gives for the usage that a simulation was fed, with the closes that it was told: the
 * month that an event is billed in follows from its offset alone.
 */
#ifndef SIM_EXPECTED_H
#define SIM_EXPECTED_H

#include <jansson.h>

#include "base/intern.h"
#include "model/line_item.h"
#include "sim/world.h"

#define CLOSE_PARTITIONS 8

/* A record of the usage topic. */
struct fed {
    const struct usage *usage;
    int32_t partition;
    int64_t offset, time_ms;
};

/* The first close of a month. */
struct planned_close {
    billing_period period;
    const struct documents *documents; /* under which it closes */
    int64_t ends[CLOSE_PARTITIONS];
    size_t end_count;
};

/* Line items by what they say, without what tells where and when they were written: how often each. */
struct contents {
    struct intern texts;
    int64_t *times; /* by text */
    size_t capacity;
};

void contents_add(struct contents *contents, const struct line_item *item);
int64_t contents_times(const struct contents *contents, struct text text);
void contents_done(struct contents *contents);

struct expected {
    struct contents line_items;
    json_t *bills;     /* key → bill */
    json_t *manifests; /* key → rows, cost, checksum */
    size_t dead;
    bool dead_may_repeat; /* what a torn transaction has committed beside rows, no restore can tell */
    char first_open[8];   /* the first month that is not closed, as 2026-06 */
    bool has_allowances;
};

/* `rejects_late`: late.usage is reject. `documents`: in force in each month; of closed ones those of their closes count. */
struct expected *expected_new(const struct world *world, const struct documents *const documents[SIM_MONTHS + 1],
                              bool rejects_late, const struct fed *fed, size_t fed_count, const struct planned_close *closes,
                              size_t close_count);
void expected_free(struct expected *expected);

/*
 * Until its month is closed it is not settled how a pool is split over rows and accounts; only what it comes to is, and with
 * allowances, which whoever comes first uses, not even that.
 */
bool is_provisional_line_item(const struct expected *expected, const struct line_item *item);
bool is_provisional_bill(const struct expected *expected, const json_t *bill);
/* Until then a tiered row that was taken back stays, of 0 events, and so does its bill, which a batch run does not have. */
bool is_left_until_close(const struct expected *expected, const json_t *bill);

json_t *json_of(const struct record_type *type, const void *record);
/* What names a bill; free() it. */
char *bill_key(const json_t *bill);

#endif
