/* rate/pool_cut.h: which part of a quantity falls into a pool's allowances, and which into the tiers behind them. Pure. */
#ifndef RATE_POOL_CUT_H
#define RATE_POOL_CUT_H

#include "model/pool_place.h"
#include "rate/tier.h"

/*
 * Cuts a quantity where its pool stands: allowances first, in their order, then the schedule's tiers; a correction takes
 * back from the highest reached. Slices count allowances from 0, the schedule's tiers behind them. Writes at most
 * allowance_count + schedule->count, lowest first, and returns their number, at least 1. *behind: what falls into tiers.
 */
uint32_t pool_cut(const struct schedule *schedule, const struct pool_place *place, i128 quantity, struct tier_slice *slices,
                  i128 *behind);

#endif
