/*
 * period/pools.h: how far each pool of a period has got, and how its allowances are shared out (SEMANTICS 3.2). Pure.
 *
 * A pool's quantity lies in its parts of allowances, and behind them in tiers. Until its allowances are shared out whoever
 * comes first takes of them. Thread: one.
 */
#ifndef PERIOD_POOLS_H
#define PERIOD_POOLS_H

#include "base/intern.h"
#include "model/calendar.h"
#include "model/pool_place.h"
#include "money/sum.h"

/* A pool's part of an allowance. */
struct pool_share {
    uint32_t allowance; /* in pools' */
    struct sum held;
    i128 reserved; /* once shared out: what is its own */
    bool open;     /* some of the allowance was left when its turn came */
};

struct pool {
    billing_period period;
    struct sum position; /* of what lies in tiers */
    struct sum waiting;  /* since the allowances were shared out: of rows that have not come back */
    uint32_t first_share, share_count;
    /* By what pools are served: the dearest first, then by sku, usage type and modifier. */
    i128 highest_rate, modifier;
    struct text sku, usage_type;
    bool unsaved; /* since its owner last looked */
};

/* An allowance of a group and period. */
struct pool_allowance {
    billing_period period;
    i128 quantity;
    struct sum used;
    bool is_shared_out;
};

struct pools {
    struct intern keys;
    struct pool *items; /* by key number */
    size_t capacity;
    struct pool_share *shares;
    size_t share_count, share_capacity;
    struct intern allowance_keys;
    struct pool_allowance *allowances; /* by key number */
    size_t allowance_capacity;
};

/* The pool of a key; *is_new: made just now, at position 0 of the period. */
uint32_t pools_get(struct pools *pools, struct text key, billing_period period, bool *is_new);

/* Gives a new pool its next part of an allowance, which has one key for all its pools. */
void pools_add_share(struct pools *pools, uint32_t pool, struct text allowance_key, i128 quantity);

/* How a pool stands. `scratch` has room for its shares. */
struct pool_place pools_place(const struct pools *pools, uint32_t pool, struct allowance_place *scratch);

/* Puts a quantity into one of a pool's parts: its shares come first, whatever lies behind them is in tiers. */
void pools_add(struct pools *pools, uint32_t pool, uint32_t part, const struct sum *quantity);
void pools_subtract(struct pools *pools, uint32_t pool, uint32_t part, const struct sum *quantity);

/*
 * All usage of the period is in its pools: shares its allowances out by what each pool holds, and empties the pools, which
 * are then filled anew in canonical order. What they held waits until it is told to be back, so that a walk that is cut off
 * can begin again.
 */
void pools_share_out(struct pools *pools, billing_period period);
/* A row's quantity from before is no longer waited for: it is about to come back. */
void pools_come_back(struct pools *pools, uint32_t pool, const struct sum *quantity);

void pools_done(struct pools *pools);

#endif
