/* money/decimal.c: text, bytes and arithmetic of fixed-point decimals. Only this file and sum.c round. */
#include "money/decimal.h"

#include "base/word.h"

#define LIMB_DIGITS 19 /* of the largest power of ten in 64 bits */
#define DIGITS_MAX (2 * LIMB_DIGITS + 2)
/* A number this short, brought to a scale this small, is below 10^38. */
#define SHORT_DIGITS 18
#define SHORT_SCALE 20

static const u128 powers[DECIMAL_DIGITS + 1] = {
#define E19 ((u128)10000000000000000000u)
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    E19,
    E19 * 10u,
    E19 * 100u,
    E19 * 1000u,
    E19 * 10000u,
    E19 * 100000u,
    E19 * 1000000u,
    E19 * 10000000u,
    E19 * 100000000u,
    E19 * 1000000000u,
    E19 * 10000000000u,
    E19 * 100000000000u,
    E19 * 1000000000000u,
    E19 * 10000000000000u,
    E19 * 100000000000000u,
    E19 * 1000000000000000u,
    E19 * 10000000000000000u,
    E19 * 100000000000000000u,
    E19 * 1000000000000000000u,
    E19 *E19,
#undef E19
};

i128 decimal_power(unsigned exponent)
{
    CHECK(exponent <= DECIMAL_DIGITS);
    return (i128)powers[exponent];
}

bool decimal_fits(i128 value)
{
    return decimal_magnitude(value) < powers[DECIMAL_DIGITS];
}

/* What decimal_parse has read of a number before it knows the scale it wants. */
struct number_text {
    const char *digits, *end; /* mantissa with at most one point */
    bool negative;
    int64_t exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    int64_t value = 0;
    for (; at < end; at++) {
        if (!is_digit(*at))
            return false;
        /* Past a million every number is zero or too large; the cap keeps the arithmetic small. */
        if (value < 1000000)
            value = value * 10 + (*at - '0');
    }
    *exponent = negative ? -value : value;
    return true;
}

static bool read_number(struct text text, struct number_text *number)
{
    const char *at = text.data, *end = at + text.size;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    number->negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    number->digits = at;
    number->exponent = 0;
    size_t digits = 0, points = 0;
    for (; at < end && (is_digit(*at) || *at == '.'); at++) {
        digits += *at != '.';
        points += *at == '.';
    }
    number->end = at;
    if (digits == 0 || points > 1)
        return false;
    if (at == end)
        return true;
    return (*at == 'e' || *at == 'E') && read_exponent(at + 1, end, &number->exponent);
}

/* Half to even: `first` is the first digit dropped, `rest` whether anything but zeros follows it. */
static bool rounds_up(u128 kept, unsigned first, bool rest)
{
    return first > 5 || (first == 5 && (rest || (kept & 1)));
}

static int64_t integer_digits(const struct number_text *number)
{
    const char *at = number->digits;
    while (at < number->end && *at != '.')
        at++;
    return at - number->digits;
}

/* [-]digits[.digits] that need no rounding: what nearly all numbers of a report are. */
static bool parse_short(struct text text, unsigned scale, i128 *value)
{
    const char *at = text.data, *end = at + text.size, *point = NULL;
    bool negative = text.size > 0 && *at == '-';
    at += negative;
    if (end - at > SHORT_DIGITS + 1 || scale > SHORT_SCALE)
        return false;
    uint64_t kept = 0;
    size_t digits = 0;
    for (; at < end; at++) {
        if (is_digit(*at)) {
            kept = kept * 10 + (unsigned)(*at - '0');
            digits++;
        } else if (*at == '.' && !point) {
            point = at + 1;
        } else {
            return false;
        }
    }
    size_t decimals = point ? (size_t)(end - point) : 0;
    if (digits == 0 || digits > SHORT_DIGITS || decimals > scale)
        return false;
    u128 magnitude = (u128)kept * powers[scale - decimals];
    *value = negative ? -(i128)magnitude : (i128)magnitude;
    return true;
}

enum decimal_status decimal_parse(struct text text, unsigned scale, i128 *value)
{
    struct number_text number;
    if (parse_short(text, scale, value))
        return DECIMAL_EXACT;
    if (text.size == 0 || !read_number(text, &number))
        return DECIMAL_NOT_A_NUMBER;
    /* Digits still to keep, counted from the first digit of the mantissa. */
    int64_t keep = integer_digits(&number) + number.exponent + (int64_t)scale;
    u128 kept = 0;
    unsigned first_dropped = 0;
    bool dropped_any = false, rest = false;
    for (const char *at = number.digits; at < number.end; at++) {
        if (*at == '.')
            continue;
        unsigned digit = (unsigned)(*at - '0');
        if (keep > 0) {
            if (kept >= powers[DECIMAL_DIGITS - 1])
                return DECIMAL_TOO_LARGE;
            kept = kept * 10 + digit;
        } else if (keep == 0 && !dropped_any) {
            first_dropped = digit;
            dropped_any = true;
        } else {
            rest = rest || digit != 0;
        }
        keep--;
    }
    for (; keep > 0 && kept != 0; keep--) {
        if (kept >= powers[DECIMAL_DIGITS - 1])
            return DECIMAL_TOO_LARGE;
        kept *= 10;
    }
    bool exact = first_dropped == 0 && !rest;
    if (rounds_up(kept, first_dropped, rest))
        kept++;
    if (kept >= powers[DECIMAL_DIGITS])
        return DECIMAL_TOO_LARGE;
    *value = number.negative ? -(i128)kept : (i128)kept;
    return exact ? DECIMAL_EXACT : DECIMAL_ROUNDED;
}

size_t decimal_lay_out(char *digits, size_t count, unsigned scale, bool negative, char *out)
{
    while (count > 1 && digits[count - 1] == '0')
        count--;
    while (count <= scale)
        digits[count++] = '0';
    size_t skip = 0; /* trailing zeros behind the point */
    while (skip < scale && digits[skip] == '0')
        skip++;
    char *at = out;
    if (negative)
        *at++ = '-';
    for (size_t i = count; i > skip; i--) {
        if (i == scale)
            *at++ = '.';
        *at++ = digits[i - 1];
    }
    *at = '\0';
    return (size_t)(at - out);
}

/* A magnitude in two limbs: high × 10^19 + low, and how many decimals it has. */
struct limbs {
    uint64_t high, low;
    unsigned scale;
};

static struct limbs limbs_of(u128 magnitude, unsigned scale)
{
    const uint64_t limb = 10000000000000000000u;
    if (magnitude < limb)
        return (struct limbs){ 0, (uint64_t)magnitude, scale };
    uint64_t high = (uint64_t)(magnitude / limb); /* a 128-bit division is a function call */
    return (struct limbs){ high, (uint64_t)magnitude - high * limb, scale };
}

/* Takes zeros off the end of a number that is not 0, at most `most` of them. Returns how many. */
static unsigned strip_zeros(uint64_t *number, unsigned most)
{
    unsigned stripped = 0;
    for (; most - stripped >= 8 && *number % 100000000 == 0; stripped += 8)
        *number /= 100000000;
    for (; most - stripped >= 2 && *number % 100 == 0; stripped += 2)
        *number /= 100;
    if (most > stripped && *number % 10 == 0) {
        *number /= 10;
        stripped++;
    }
    return stripped;
}

static unsigned count_digits(uint64_t number)
{
    unsigned guess = (64 - (unsigned)__builtin_clzll(number | 1)) * 1233 >> 12; /* log10(2) */
    return guess + (guess == 0 || number >= (uint64_t)powers[guess]);
}

/* Writes exactly `count` digits, two at a time from the last one on. */
static void put_digits(char *out, unsigned count, uint64_t number)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    for (; count >= 2; count -= 2, number /= 100)
        memcpy(out + count - 2, pairs + 2 * (number % 100), 2);
    if (count)
        *out = (char)('0' + number % 10);
}

/* All digits of the limbs, without the zeros that are not written; how many. */
static unsigned put_limbs(char *out, const struct limbs *limbs, unsigned low_count)
{
    unsigned high_count = limbs->high ? count_digits(limbs->high) : 0;
    put_digits(out, high_count, limbs->high);
    put_digits(out + high_count, low_count, limbs->low);
    return high_count + low_count;
}

/* Takes the zeros behind the last decimal off. Returns how many digits of the low limb are left. */
static unsigned strip_decimals(struct limbs *limbs)
{
    if (limbs->high && limbs->low == 0 && limbs->scale >= LIMB_DIGITS) {
        *limbs = (struct limbs){ 0, limbs->high, limbs->scale - LIMB_DIGITS };
    }
    unsigned stripped = limbs->low ? strip_zeros(&limbs->low, limbs->scale) : limbs->high ? limbs->scale : 0;
    limbs->scale -= stripped;
    return limbs->high ? LIMB_DIGITS - stripped : count_digits(limbs->low);
}

size_t decimal_format(i128 value, unsigned scale, char out[DECIMAL_TEXT_MAX])
{
    char digits[DIGITS_MAX], *at = out;
    struct limbs limbs = limbs_of(decimal_magnitude(value), scale);
    unsigned low_count = strip_decimals(&limbs), count = put_limbs(digits, &limbs, low_count);
    unsigned decimals = value ? limbs.scale : 0, integer = count > decimals ? count - decimals : 0;
    if (value < 0)
        *at++ = '-';
    memcpy(at, "0.00000000000000000000000000000000000000", DECIMAL_DIGITS + 2);
    if (integer) {
        memcpy(at, digits, DECIMAL_DIGITS + 1);
        at += integer;
        *at = '.';
        at += decimals > 0;
    } else {
        at += 2 + (decimals - count);
    }
    for (unsigned i = integer; i < count; i++)
        *at++ = digits[i];
    *at = '\0';
    return (size_t)(at - out);
}

/* What nearly all numbers are: 64 bits. */
static inline size_t short_to_bytes(int64_t value, uint8_t out[8])
{
    uint64_t bits = (uint64_t)(value ^ (value >> 63));
    size_t size = (size_t)(64 - __builtin_clzll(bits | 1)) / 8 + 1;
    word_put_big_endian(out, (uint64_t)value << (8 * (8 - size)));
    return size;
}

size_t decimal_to_bytes(i128 value, uint8_t out[16])
{
    if (value == (int64_t)value)
        return short_to_bytes((int64_t)value, out);
    u128 bits = (u128)(value ^ (value >> 127)); /* zeros where the sign repeats */
    uint64_t high = (uint64_t)(bits >> 64), low = (uint64_t)bits;
    int used = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll(low); /* 64 bits or more: low is not 0 */
    size_t size = (size_t)used / 8 + 1;
    u128 shifted = (u128)value << (8 * (16 - size));
    word_put_big_endian(word_put_big_endian(out, (uint64_t)(shifted >> 64)), (uint64_t)shifted);
    return size;
}

static int64_t short_from_bytes(const uint8_t *bytes, size_t size)
{
    uint64_t bits = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        bits = bits << 8 | bytes[i];
    return (int64_t)bits;
}

enum decimal_status decimal_from_bytes(const uint8_t *bytes, size_t size, i128 *value)
{
    if (size == 0)
        return DECIMAL_NOT_A_NUMBER;
    if (size <= 8) {
        *value = short_from_bytes(bytes, size);
        return DECIMAL_EXACT;
    }
    uint8_t sign = bytes[0] & 0x80 ? 0xff : 0;
    while (size > 16) {
        if (*bytes != sign)
            return DECIMAL_TOO_LARGE;
        bytes++;
        size--;
    }
    if ((bytes[0] & 0x80) != (sign & 0x80))
        return DECIMAL_TOO_LARGE;
    u128 bits = sign ? ~(u128)0 : 0;
    for (size_t i = 0; i < size; i++)
        bits = bits << 8 | bytes[i];
    if (!decimal_fits((i128)bits))
        return DECIMAL_TOO_LARGE;
    *value = (i128)bits;
    return DECIMAL_EXACT;
}

bool decimal_add(i128 a, i128 b, i128 *ret)
{
    i128 result;
    if (__builtin_add_overflow(a, b, &result) || !decimal_fits(result))
        return false;
    *ret = result;
    return true;
}

bool decimal_multiply(i128 a, i128 b, i128 *ret)
{
    i128 result;
    if (a == (int64_t)a && b == (int64_t)b) { /* no more than 2^126, which is below 10^38 */
        *ret = a * b;
        return true;
    }
    if (__builtin_mul_overflow(a, b, &result) || !decimal_fits(result))
        return false;
    *ret = result;
    return true;
}

/* 256 bits, least significant half first. */
struct wide {
    u128 low, high;
};

static struct wide wide_multiply(u128 a, u128 b)
{
    uint64_t a_low = (uint64_t)a, a_high = (uint64_t)(a >> 64);
    uint64_t b_low = (uint64_t)b, b_high = (uint64_t)(b >> 64);
    u128 low = (u128)a_low * b_low;
    u128 middle = (u128)a_low * b_high + (uint64_t)(low >> 64); /* cannot overflow: (2^64-1)^2 + 2^64-1 < 2^128 */
    u128 other = (u128)a_high * b_low + (uint64_t)middle;
    return (struct wide){
        .low = other << 64 | (uint64_t)low,
        .high = (u128)a_high * b_high + (middle >> 64) + (other >> 64),
    };
}

/* Schoolbook, a bit at a time: for percentages, not for the hot path. *quotient is only the low half: the caller has
 * checked that dividend.high < divisor, so the high half is 0. */
static u128 wide_divide(struct wide dividend, u128 divisor, u128 *quotient)
{
    u128 remainder = dividend.high, result = 0;
    for (int bit = 127; bit >= 0; bit--) {
        bool carry = remainder >> 127;
        remainder = remainder << 1 | ((dividend.low >> bit) & 1);
        result <<= 1;
        if (carry || remainder >= divisor) {
            remainder -= divisor;
            result |= 1;
        }
    }
    *quotient = result;
    return remainder;
}

bool decimal_multiply_divide(i128 a, i128 b, u128 divisor, i128 *ret)
{
    CHECK(divisor > 0);
    struct wide product = wide_multiply(decimal_magnitude(a), decimal_magnitude(b));
    if (product.high >= divisor)
        return false;
    u128 quotient;
    u128 remainder = wide_divide(product, divisor, &quotient);
    if (quotient >= powers[DECIMAL_DIGITS]) /* before it is rounded: from 2^128 - 1 it would wrap to 0 */
        return false;
    u128 other_half = divisor - remainder; /* compares remainder with divisor/2 without doubling it */
    if (remainder > other_half || (remainder == other_half && (quotient & 1)))
        quotient++;
    if (quotient >= powers[DECIMAL_DIGITS])
        return false;
    *ret = (a < 0) != (b < 0) ? -(i128)quotient : (i128)quotient;
    return true;
}

enum decimal_status decimal_rescale(i128 value, unsigned from, unsigned to, i128 *ret_value)
{
    if (to >= from) {
        if (to - from > DECIMAL_DIGITS)
            return value == 0 ? (*ret_value = 0, DECIMAL_EXACT) : DECIMAL_TOO_LARGE;
        return decimal_multiply(value, decimal_power(to - from), ret_value) ? DECIMAL_EXACT : DECIMAL_TOO_LARGE;
    }
    if (from - to > DECIMAL_DIGITS) {
        *ret_value = 0;
        return value == 0 ? DECIMAL_EXACT : DECIMAL_ROUNDED;
    }
    u128 divisor = powers[from - to];
    bool exact = decimal_magnitude(value) % divisor == 0;
    return !decimal_multiply_divide(value, 1, divisor, ret_value) ? DECIMAL_TOO_LARGE
           : exact                                                ? DECIMAL_EXACT
                                                                  : DECIMAL_ROUNDED;
}
