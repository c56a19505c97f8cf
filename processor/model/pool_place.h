/* model/pool_place.h: how a pool stands when a quantity comes to it (SEMANTICS 3.2). Units: QUANTITY_SCALE. */
#ifndef MODEL_POOL_PLACE_H
#define MODEL_POOL_PLACE_H

#include "money/decimal.h"

/* A pool's part of an allowance. */
struct allowance_place {
    i128 held; /* the pool's quantity there; below zero after corrections */
    i128 left; /* how much it may yet take, from 0 on */
    bool open; /* the pool goes on below zero here */
};

/* A pool is filled from its allowances on; its position is what lies in the tiers behind them. */
struct pool_place {
    i128 position;
    const struct allowance_place *allowances; /* in the order of the price's */
    uint32_t allowance_count;
};

#endif
