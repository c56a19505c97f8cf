/*
 * rate/tier.h: which part of a quantity falls into which tier (SEMANTICS 3.2). Pure.
 *
 * The first tier goes on below zero, the last one without end. A negative quantity takes back from the highest tier
 * reached. Units: QUANTITY_SCALE.
 */
#ifndef RATE_TIER_H
#define RATE_TIER_H

#include "model/conductor.h"

struct tier_slice {
    uint32_t tier; /* index in the schedule */
    i128 quantity;
};

/*
 * Cuts the quantity that runs from `position` to `position` + `quantity` at the tiers' bounds. Writes at most
 * schedule->count slices, lowest tier first, and returns their number, at least 1: no quantity is one slice of 0.
 * `position` is within ±10^38, `quantity` below 10^38 in size.
 */
uint32_t tier_cut(const struct schedule *schedule, i128 position, i128 quantity, struct tier_slice *slices);

/* The rate of a tier; with the free tier off, a range of rate 0 costs the first paid rate. */
i128 tier_rate(const struct schedule *schedule, uint32_t tier, bool free_tier);

/* The highest rate of a schedule. */
i128 schedule_highest_rate(const struct schedule *schedule);

#endif
