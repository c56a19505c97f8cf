/*
 * aggregate/totals.h: a period's totals by group, account, service and type: the bill rows before custom line items.
 *
 * Folds without order; sums cannot overflow on the way. Pure. Thread: one.
 */
#ifndef AGGREGATE_TOTALS_H
#define AGGREGATE_TOTALS_H

#include "base/intern.h"
#include "money/sum.h"

struct total_key {
    uint32_t group; /* GROUP_NONE: unmonitored */
    uint64_t account;
    uint32_t service, type; /* numbers in `texts` */
};

struct total {
    struct total_key key;
    uint64_t usage_events;
    int64_t charged_rows;                       /* 0: nothing of it is in a custom line item's base */
    bool changed, unsaved;                      /* since its owner last looked, or saved it */
    int64_t latest_end_ms;                      /* how far the usage reaches; INT64_MIN if unknown */
    struct sum public_cost, billable_cost, tax; /* AMOUNT_SCALE */
    struct sum cost;                            /* COST_SCALE */
};

struct totals {
    struct intern texts;
    struct total *items;
    size_t count, capacity;
    uint32_t *slots; /* item + 1 */
    size_t slot_count;
};

/* The total of a key, made if there is none. Valid until the next call. */
struct total *totals_get(struct totals *totals, uint32_t group, uint64_t account, struct text service, struct text type);

static inline struct text total_service(const struct totals *totals, const struct total *total)
{
    return intern_text(&totals->texts, total->key.service);
}

static inline struct text total_type(const struct totals *totals, const struct total *total)
{
    return intern_text(&totals->texts, total->key.type);
}

/* Whether it is as one that was never made. */
bool total_is_nothing(const struct total *total);

/* Sorts by group (unmonitored last), account, service, type; ends the validity of totals_get's answers, not of its use. */
void totals_sort(struct totals *totals);

/* Of sorted totals: how many are a group's, and where they begin. */
size_t totals_of_group(const struct totals *totals, uint32_t group, size_t *ret_first);

void totals_reset(struct totals *totals);
void totals_done(struct totals *totals);

#endif
