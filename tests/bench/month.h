/*
 * bench/month.h: months of usage that the benches make themselves, always the same for equal arguments, hour by hour as
 * usage comes.
 *
 *   dense     8 accounts, every event a row of its own; one in ten runs through a tiered meter
 *   sparse    1,000 accounts, 20,000 resources with tags, 1.4 rows an account and hour; one event in a thousand comes twice
 *   tiered    the sparse month, half of its events in pools, and half of those in one
 *   new-rows  100 accounts, every event a row of its own, no tiers
 *   folded    the same, ten events of an hour fold into one row
 *
 * A month of few events is as dense as one of many, but shorter.
 */
#ifndef BENCH_MONTH_H
#define BENCH_MONTH_H

#include "base/buffer.h"
#include "model/usage_event.h"

struct month {
    const char *name;
    uint64_t events;
    uint64_t per_hour;
    unsigned accounts, groups;
    unsigned fold;        /* events of one row */
    unsigned repeats;     /* one event of so many is an earlier one again; 0: none */
    bool is_dense;        /* the sample's accounts and meters */
    bool has_tags, pools; /* pools: half of the events run through tiered meters */
};

/* What one event borrows its texts from. */
struct month_texts {
    char id[32], resource[32], account[16], team[16], app[16];
    struct tag tags[3];
};

#define MONTH_PAYER "100000000001"

/* `groups`, `accounts`: 0 for the month's own. False: no month has this name. */
MUST_USE bool month_make(struct month *month, const char *name, uint64_t events, unsigned accounts, unsigned groups);
/* The number of an event's account, and the event itself; texts borrow from *texts. */
unsigned month_event(const struct month *month, uint64_t number, struct month_texts *texts, struct usage_event *event);
/* How many of the month's events are an earlier one again. */
uint64_t month_repeats(const struct month *month);

/*
 * The conductor document and the price list (an offer file) that the month is priced by. `rules`: in all plans together.
 * Each edition has other modifiers.
 */
void month_document(const struct month *month, unsigned rules, unsigned edition, struct buffer *json);
void month_price_list(struct buffer *json);

#endif
