/*
 * period/pools.h: how far each pool of a period has got (DESIGN 3.2). Pure. Thread: one.
 */
#ifndef PERIOD_POOLS_H
#define PERIOD_POOLS_H

#include "base/intern.h"
#include "money/sum.h"

struct pools {
    struct intern keys;
    struct sum *positions; /* by key number */
    size_t capacity;
};

/* The pool of a key (rate/price.h: price_pool_key); its position begins at 0. */
uint32_t pools_get(struct pools *pools, struct text key);

static inline struct sum *pools_position(struct pools *pools, uint32_t pool)
{
    return &pools->positions[pool];
}

void pools_done(struct pools *pools);

#endif
