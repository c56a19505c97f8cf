/*
 * money/sum.h: a sum that cannot overflow, so that adding up in any order gives the same, and what bills do with sums.
 *
 * Wraps at 128 bits and counts the wraps: +2 × 9e37 − 9e37 is right again although its middle is too large to hold. A sum
 * of 2^63 decimals is below 10^57, and 10^57 is the bound of what is read or computed here. Units: as decimals have them.
 * Pure. Thread: any.
 */
#ifndef MONEY_SUM_H
#define MONEY_SUM_H

#include "money/decimal.h"

/* 24 bytes: millions of rows hold a few each, and a 128-bit member would round that up to 32. */
struct sum {
    uint64_t low; /* the sum, modulo 2^128: low and high half */
    int64_t high;
    int64_t wraps; /* × 2^128 */
};

#define SUM_DIGITS 57
#define SUM_BYTES_MAX 24
#define SUM_TEXT_MAX 64

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

static inline struct sum sum_of(i128 value)
{
    return (struct sum){ .low = (uint64_t)value, .high = (int64_t)(value >> 64) };
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

static inline bool sum_is_negative(const struct sum *sum)
{
    return sum->wraps < 0 || (sum->wraps == 0 && sum->high < 0);
}

/* The sum, held to ±10^38: for comparing with bounds that are smaller than that. */
static inline i128 sum_clamped(const struct sum *sum)
{
    i128 value;
    if (sum_value(sum, &value))
        return value;
    return sum_is_negative(sum) ? -decimal_power(DECIMAL_DIGITS) : decimal_power(DECIMAL_DIGITS);
}

struct sum sum_negated(const struct sum *sum);
int sum_compare(const struct sum *a, const struct sum *b); /* below, at or above 0 */

/* × 10^exponent, up to 38. False: it reaches 10^57. */
MUST_USE bool sum_multiply_power(const struct sum *sum, unsigned exponent, struct sum *ret);
/* / 10^exponent, up to 38, half to even. */
struct sum sum_divide_power(const struct sum *sum, unsigned exponent);
/* A percentage of a sum at the sum's scale, half to even; percentage at PERCENT_SCALE, 0 or more, below 2^64. False: as
 * above. */
MUST_USE bool sum_share(const struct sum *base, i128 percentage, struct sum *ret);
/* part / whole × 100 at PERCENT_SCALE, half to even; both at one scale. False: whole is 0, or as above. */
MUST_USE bool sum_percentage(const struct sum *part, const struct sum *whole, struct sum *ret);

/* Avro's decimal: two's complement, big-endian, shortest. Returns the size, 1..24. */
size_t sum_to_bytes(const struct sum *sum, uint8_t out[SUM_BYTES_MAX]);
/* EXACT, TOO_LARGE (10^57), or NOT_A_NUMBER for no bytes at all. */
enum decimal_status sum_from_bytes(const uint8_t *bytes, size_t size, struct sum *ret);

/* Shortest exact text, no exponent, no trailing zeros. Returns its length; out gets a final NUL. Scale: at most 38. */
size_t sum_format(const struct sum *sum, unsigned scale, char out[SUM_TEXT_MAX]);
/* Reads [-]digits[.digits] with at most `scale` decimals: EXACT, NOT_A_NUMBER or TOO_LARGE. */
enum decimal_status sum_parse(struct text text, unsigned scale, struct sum *ret);

#endif
