/*
 * money/sum.h: a sum that cannot overflow, so that adding up in any order gives the same.
 *
 * Wraps at 128 bits and counts the wraps: +2 × 9e37 − 9e37 is right again although its middle is too large to hold.
 */
#ifndef MONEY_SUM_H
#define MONEY_SUM_H

#include "money/decimal.h"

struct sum {
    i128 low;      /* the sum, modulo 2^128 */
    int64_t wraps; /* × 2^128 */
};

static inline void sum_add(struct sum *sum, i128 value)
{
    if (__builtin_add_overflow(sum->low, value, &sum->low))
        sum->wraps += value > 0 ? 1 : -1;
}

static inline void sum_add_sum(struct sum *sum, struct sum other)
{
    sum->wraps += other.wraps;
    sum_add(sum, other.low);
}

/* True when the sum is below 10^38 in size; then *value is it. */
MUST_USE static inline bool sum_value(const struct sum *sum, i128 *value)
{
    if (sum->wraps != 0 || !decimal_fits(sum->low))
        return false;
    *value = sum->low;
    return true;
}

/* The sum, held to ±10^38: for comparing with bounds that are smaller than that. */
static inline i128 sum_clamped(const struct sum *sum)
{
    i128 value;
    if (sum_value(sum, &value))
        return value;
    bool negative = sum->wraps < 0 || (sum->wraps == 0 && sum->low < 0);
    return negative ? -decimal_power(DECIMAL_DIGITS) : decimal_power(DECIMAL_DIGITS);
}

#endif
