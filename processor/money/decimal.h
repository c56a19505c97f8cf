/*
 * money/decimal.h: exact decimals as 128-bit integers of a fixed scale. Integers only, everywhere.
 *
 * Units: a value v of scale s means v / 10^s. Every value is below 10^38 in size: sinks hold no more (SEMANTICS 1).
 * Pure. Thread: any.
 */
#ifndef MONEY_DECIMAL_H
#define MONEY_DECIMAL_H

#include "base/error.h"
#include "base/text.h"

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

enum decimal_scale {
    QUANTITY_SCALE = 10,
    RATE_SCALE = 10,        /* published, own and custom rates */
    MODIFIER_SCALE = 2,     /* percent */
    PRICED_RATE_SCALE = 14, /* a rate after its modifier */
    AMOUNT_SCALE = 20,      /* costs as they come in */
    COST_SCALE = 24,        /* costs as we make them */
    PERCENT_SCALE = 10,     /* percentages of custom line items and margins */
};

#define DECIMAL_DIGITS 38
#define DECIMAL_TEXT_MAX 48

enum decimal_status {
    DECIMAL_EXACT,
    DECIMAL_ROUNDED, /* had more decimals than the scale; rounded half to even */
    DECIMAL_NOT_A_NUMBER,
    DECIMAL_TOO_LARGE,
};

/* 10^exponent; exponent 0..38. */
i128 decimal_power(unsigned exponent);

bool decimal_fits(i128 value); /* below 10^38 in size */

/* Reads [+-]digits[.digits][E[+-]digits], surrounding blanks allowed. *value is set for EXACT and ROUNDED. */
enum decimal_status decimal_parse(struct text text, unsigned scale, i128 *value);

/* Shortest exact text, no exponent, no trailing zeros. Returns its length; out gets a final NUL. */
size_t decimal_format(i128 value, unsigned scale, char out[DECIMAL_TEXT_MAX]);

/* The same of digits that are there already, the last first; room for scale + 1 of them. */
size_t decimal_lay_out(char *digits, size_t count, unsigned scale, bool negative, char *out);

/* Avro's decimal: two's complement, big-endian, shortest. Returns the size, 1..16. */
size_t decimal_to_bytes(i128 value, uint8_t out[16]);
/* EXACT, TOO_LARGE, or NOT_A_NUMBER for no bytes at all. */
enum decimal_status decimal_from_bytes(const uint8_t *bytes, size_t size, i128 *value);

/* Changes the scale; half to even where decimals go. */
enum decimal_status decimal_rescale(i128 value, unsigned from, unsigned to, i128 *ret_value);

/* Checked against 10^38; false leaves *ret alone. */
MUST_USE bool decimal_add(i128 a, i128 b, i128 *ret);
MUST_USE bool decimal_multiply(i128 a, i128 b, i128 *ret);

/* a × b / divisor, rounded half to even; the product may take 256 bits. divisor > 0. False if the result is too large. */
MUST_USE bool decimal_multiply_divide(i128 a, i128 b, u128 divisor, i128 *ret);

static inline u128 decimal_magnitude(i128 value)
{
    return value < 0 ? -(u128)value : (u128)value;
}

#endif
