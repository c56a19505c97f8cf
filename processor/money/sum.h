/*
 * money/sum.h: a sum that cannot overflow, so that adding up in any order gives the same.
 *
 * Wraps at 128 bits and counts the wraps: +2 × 9e37 − 9e37 is right again although its middle is too large to hold.
 */
#ifndef MONEY_SUM_H
#define MONEY_SUM_H

#include "money/decimal.h"

/* 24 bytes: millions of rows hold a few each, and a 128-bit member would round that up to 32. */
struct sum {
    uint64_t low;  /* the sum, modulo 2^128: low and high half */
    int64_t high;
    int64_t wraps; /* × 2^128 */
};

static inline i128 sum_modulo(const struct sum *sum)
{
    return (i128)((u128)(uint64_t)sum->high << 64 | sum->low);
}

static inline void sum_add(struct sum *sum, i128 value)
{
    i128 result;
    if (__builtin_add_overflow(sum_modulo(sum), value, &result))
        sum->wraps += value > 0 ? 1 : -1;
    sum->low = (uint64_t)result;
    sum->high = (int64_t)(result >> 64);
}

static inline void sum_add_sum(struct sum *sum, const struct sum *other)
{
    sum->wraps += other->wraps;
    sum_add(sum, sum_modulo(other));
}

static inline void sum_subtract(struct sum *sum, const struct sum *other)
{
    i128 value = sum_modulo(other), result;
    sum->wraps -= other->wraps;
    if (__builtin_sub_overflow(sum_modulo(sum), value, &result))
        sum->wraps += value > 0 ? -1 : 1;
    sum->low = (uint64_t)result;
    sum->high = (int64_t)(result >> 64);
}

static inline bool sum_equal(const struct sum *a, const struct sum *b)
{
    return a->low == b->low && a->high == b->high && a->wraps == b->wraps;
}

static inline bool sum_is_zero(const struct sum *sum)
{
    return sum_equal(sum, &(struct sum){ 0 });
}

/* True when the sum is below 10^38 in size; then *value is it. */
MUST_USE static inline bool sum_value(const struct sum *sum, i128 *value)
{
    if (sum->wraps != 0 || !decimal_fits(sum_modulo(sum)))
        return false;
    *value = sum_modulo(sum);
    return true;
}

/* The sum, held to ±10^38: for comparing with bounds that are smaller than that. */
static inline i128 sum_clamped(const struct sum *sum)
{
    i128 value;
    if (sum_value(sum, &value))
        return value;
    bool negative = sum->wraps < 0 || (sum->wraps == 0 && sum->high < 0);
    return negative ? -decimal_power(DECIMAL_DIGITS) : decimal_power(DECIMAL_DIGITS);
}

#endif
