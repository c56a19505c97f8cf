/* money/sum.c: bytes, text, shares and percentages of sums, on magnitudes of 256 bits. */
#include "money/sum.h"

#define LIMBS 4
#define POWER_MAX 19                             /* 10^19 is the largest power that a limb holds */
#define PERCENT_OF_ONE ((uint64_t)1000000000000) /* 100 % at PERCENT_SCALE */

/* Least limb first. Values stay below 10^57 × 2^64, which is below 2^254. */
struct wide {
    uint64_t limbs[LIMBS];
};

static uint64_t small_power(unsigned exponent)
{
    return (uint64_t)decimal_power(exponent);
}

static struct wide wide_multiply(struct wide value, uint64_t factor)
{
    u128 carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (u128)value.limbs[i] * factor;
        value.limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
    CHECK(carry == 0);
    return value;
}

static void wide_add_small(struct wide *value, uint64_t part)
{
    for (size_t i = 0; i < LIMBS && part; i++) {
        value->limbs[i] += part;
        part = value->limbs[i] < part;
    }
}

static int wide_compare(const struct wide *a, const struct wide *b)
{
    for (size_t i = LIMBS; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

static void wide_subtract(struct wide *from, const struct wide *what)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        u128 difference = (u128)from->limbs[i] - what->limbs[i] - borrow;
        from->limbs[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
}

static void wide_double(struct wide *value)
{
    for (size_t i = LIMBS; i-- > 1;)
        value->limbs[i] = value->limbs[i] << 1 | value->limbs[i - 1] >> 63;
    value->limbs[0] <<= 1;
}

static bool wide_is_zero(const struct wide *value)
{
    return (value->limbs[0] | value->limbs[1] | value->limbs[2] | value->limbs[3]) == 0;
}

static struct wide wide_power(unsigned exponent)
{
    struct wide power = { { 1 } };
    for (; exponent > POWER_MAX; exponent -= POWER_MAX)
        power = wide_multiply(power, small_power(POWER_MAX));
    return wide_multiply(power, small_power(exponent));
}

/* Leaves the quotient in *value and returns the remainder. */
static uint64_t wide_divide_small(struct wide *value, uint64_t divisor)
{
    uint64_t remainder = 0;
    for (size_t i = LIMBS; i-- > 0;) {
        u128 part = (u128)remainder << 64 | value->limbs[i];
        value->limbs[i] = (uint64_t)(part / divisor);
        remainder = (uint64_t)(part % divisor);
    }
    return remainder;
}

/* Half to even. Schoolbook, a bit at a time: bills have few percentages. The divisor is below 2^255. */
static struct wide wide_divide(const struct wide *dividend, const struct wide *divisor)
{
    struct wide quotient = { { 0 } }, remainder = { { 0 } };
    for (int bit = 64 * LIMBS - 1; bit >= 0; bit--) {
        wide_double(&quotient);
        wide_double(&remainder);
        remainder.limbs[0] |= dividend->limbs[bit / 64] >> (bit % 64) & 1;
        if (wide_compare(&remainder, divisor) >= 0) {
            wide_subtract(&remainder, divisor);
            quotient.limbs[0] |= 1;
        }
    }
    wide_double(&remainder);
    int half = wide_compare(&remainder, divisor);
    if (half > 0 || (half == 0 && (quotient.limbs[0] & 1)))
        wide_add_small(&quotient, 1);
    return quotient;
}

/* ---- sums as magnitudes ---- */

static void negate(uint64_t *limbs, size_t count)
{
    uint64_t carry = 1;
    for (size_t i = 0; i < count; i++) {
        limbs[i] = ~limbs[i] + carry;
        carry = carry && limbs[i] == 0;
    }
}

/* The sum as one number of 192 bits, two's complement. */
static void to_limbs(const struct sum *sum, uint64_t limbs[3])
{
    limbs[0] = sum->low;
    limbs[1] = (uint64_t)sum->high;
    limbs[2] = (uint64_t)sum->wraps - (sum->high < 0);
}

static struct sum from_limbs(const uint64_t limbs[3])
{
    int64_t high = (int64_t)limbs[1];
    return (struct sum){ .low = limbs[0], .high = high, .wraps = (int64_t)(limbs[2] + (high < 0)) };
}

static struct wide magnitude_of(const struct sum *sum)
{
    struct wide value = { { 0 } };
    to_limbs(sum, value.limbs);
    if (sum_is_negative(sum))
        negate(value.limbs, 3);
    return value;
}

static bool from_magnitude(struct wide value, bool negative, struct sum *ret)
{
    struct wide bound = wide_power(SUM_DIGITS);
    if (wide_compare(&value, &bound) >= 0)
        return false;
    if (negative)
        negate(value.limbs, 3);
    *ret = from_limbs(value.limbs);
    return true;
}

struct sum sum_negated(const struct sum *sum)
{
    struct sum negated = { 0 };
    sum_subtract(&negated, sum);
    return negated;
}

int sum_compare(const struct sum *a, const struct sum *b)
{
    struct sum difference = *a;
    sum_subtract(&difference, b);
    return sum_is_zero(&difference) ? 0 : sum_is_negative(&difference) ? -1 : 1;
}

bool sum_multiply_power(const struct sum *sum, unsigned exponent, struct sum *ret)
{
    CHECK(exponent <= 2 * POWER_MAX);
    struct sum part = *sum;
    for (; exponent > POWER_MAX; exponent -= POWER_MAX)
        if (!from_magnitude(wide_multiply(magnitude_of(&part), small_power(POWER_MAX)), sum_is_negative(sum), &part))
            return false;
    return from_magnitude(wide_multiply(magnitude_of(&part), small_power(exponent)), sum_is_negative(sum), ret);
}

struct sum sum_divide_power(const struct sum *sum, unsigned exponent)
{
    CHECK(exponent <= 2 * POWER_MAX);
    struct wide dividend = magnitude_of(sum), divisor = wide_power(exponent);
    struct sum quotient;
    bool fits = from_magnitude(wide_divide(&dividend, &divisor), sum_is_negative(sum), &quotient);
    CHECK(fits); /* it is no larger than the sum */
    return quotient;
}

bool sum_share(const struct sum *base, i128 percentage, struct sum *ret)
{
    CHECK(percentage >= 0 && percentage == (i128)(uint64_t)percentage);
    struct wide product = wide_multiply(magnitude_of(base), (uint64_t)percentage);
    struct wide divisor = { { PERCENT_OF_ONE } };
    return from_magnitude(wide_divide(&product, &divisor), sum_is_negative(base), ret);
}

bool sum_percentage(const struct sum *part, const struct sum *whole, struct sum *ret)
{
    struct wide dividend = wide_multiply(magnitude_of(part), PERCENT_OF_ONE), divisor = magnitude_of(whole);
    return !wide_is_zero(&divisor) &&
           from_magnitude(wide_divide(&dividend, &divisor), sum_is_negative(part) != sum_is_negative(whole), ret);
}

/* ---- bytes and text ---- */

size_t sum_to_bytes(const struct sum *sum, uint8_t out[SUM_BYTES_MAX])
{
    uint64_t limbs[3];
    uint8_t all[SUM_BYTES_MAX];
    if (sum->wraps == 0) /* nearly all: what 128 bits hold */
        return decimal_to_bytes(sum_modulo(sum), out);
    to_limbs(sum, limbs);
    for (size_t i = 0; i < SUM_BYTES_MAX; i++)
        all[i] = (uint8_t)(limbs[2 - i / 8] >> (56 - 8 * (i % 8)));
    uint8_t sign = all[0] & 0x80 ? 0xff : 0;
    size_t skip = 0;
    while (skip < SUM_BYTES_MAX - 1 && all[skip] == sign && ((all[skip + 1] ^ sign) & 0x80) == 0)
        skip++;
    memcpy(out, all + skip, SUM_BYTES_MAX - skip);
    return SUM_BYTES_MAX - skip;
}

enum decimal_status sum_from_bytes(const uint8_t *bytes, size_t size, struct sum *ret)
{
    i128 value_of_128;
    if (size <= 16 && decimal_from_bytes(bytes, size, &value_of_128) == DECIMAL_EXACT) {
        *ret = sum_of(value_of_128);
        return DECIMAL_EXACT;
    }
    if (size == 0)
        return DECIMAL_NOT_A_NUMBER;
    uint8_t sign = bytes[0] & 0x80 ? 0xff : 0;
    for (; size > SUM_BYTES_MAX; size--)
        if (*bytes++ != sign)
            return DECIMAL_TOO_LARGE;
    if ((bytes[0] & 0x80) != (sign & 0x80))
        return DECIMAL_TOO_LARGE;
    uint64_t limbs[3] = { 0 };
    for (size_t i = 0; i < SUM_BYTES_MAX; i++) {
        uint8_t byte = i < SUM_BYTES_MAX - size ? sign : bytes[i + size - SUM_BYTES_MAX];
        limbs[2 - i / 8] = limbs[2 - i / 8] << 8 | byte;
    }
    if (sign)
        negate(limbs, 3);
    struct wide value = { { limbs[0], limbs[1], limbs[2] } };
    return from_magnitude(value, sign, ret) ? DECIMAL_EXACT : DECIMAL_TOO_LARGE;
}

size_t sum_format(const struct sum *sum, unsigned scale, char out[SUM_TEXT_MAX])
{
    i128 decimal;
    if (sum_value(sum, &decimal))
        return decimal_format(decimal, scale, out);
    CHECK(scale <= DECIMAL_DIGITS);
    char digits[SUM_TEXT_MAX];
    size_t count = 0;
    for (struct wide value = magnitude_of(sum); !wide_is_zero(&value);)
        digits[count++] = (char)('0' + wide_divide_small(&value, 10));
    return decimal_lay_out(digits, count, scale, sum_is_negative(sum), out);
}

/* Adds the digits of a run to *value. False: no digit, or too many of them. */
static bool add_digits(struct text run, struct wide *value)
{
    const struct wide bound = wide_power(SUM_DIGITS);
    for (size_t i = 0; i < run.size; i++) {
        *value = wide_multiply(*value, 10);
        wide_add_small(value, (uint64_t)(run.data[i] - '0'));
        if (wide_compare(value, &bound) >= 0)
            return false;
    }
    return true;
}

static struct text take_digits(struct text *text)
{
    size_t count = 0;
    while (count < text->size && text->data[count] >= '0' && text->data[count] <= '9')
        count++;
    struct text run = { text->data, count };
    *text = (struct text){ text->data + count, text->size - count };
    return run;
}

enum decimal_status sum_parse(struct text text, unsigned scale, struct sum *ret)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative)
        text = (struct text){ text.data + 1, text.size - 1 };
    struct text integer = take_digits(&text), fraction = TEXT_NONE;
    if (integer.size > 0 && text.size > 0 && text.data[0] == '.') {
        text = (struct text){ text.data + 1, text.size - 1 };
        fraction = take_digits(&text);
        if (fraction.size == 0)
            return DECIMAL_NOT_A_NUMBER;
    }
    if (integer.size == 0 || text.size > 0 || fraction.size > scale)
        return DECIMAL_NOT_A_NUMBER;
    struct wide value = { { 0 } };
    struct sum sum;
    if (!add_digits(integer, &value) || !add_digits(fraction, &value) || !from_magnitude(value, negative, &sum) ||
        !sum_multiply_power(&sum, scale - (unsigned)fraction.size, ret))
        return DECIMAL_TOO_LARGE;
    return DECIMAL_EXACT;
}
