/* property/money: exact decimals against GMP, which knows nothing of our scales and limits. */
#include <gmp.h>

#include "money/cents.h"
#include "money/sum.h"
#include "support/property.h"

/* Numbers of one round, so that every law can use some without a lifetime of its own. */
static mpz_t a_, b_, c_, d_;

static void to_gmp(mpz_t out, i128 value)
{
    u128 magnitude = decimal_magnitude(value);
    uint64_t words[2] = { (uint64_t)magnitude, (uint64_t)(magnitude >> 64) };
    mpz_import(out, 2, -1, sizeof words[0], 0, 0, words);
    if (value < 0)
        mpz_neg(out, out);
}

static void to_gmp_unsigned(mpz_t out, u128 value)
{
    uint64_t words[2] = { (uint64_t)value, (uint64_t)(value >> 64) };
    mpz_import(out, 2, -1, sizeof words[0], 0, 0, words);
}

static bool equals(i128 value, const mpz_t other)
{
    mpz_t own;
    mpz_init(own);
    to_gmp(own, value);
    bool same = mpz_cmp(own, other) == 0;
    mpz_clear(own);
    return same;
}

static bool fits(const mpz_t value)
{
    mpz_t bound;
    mpz_init(bound);
    mpz_ui_pow_ui(bound, 10, DECIMAL_DIGITS);
    bool below = mpz_cmpabs(value, bound) < 0;
    mpz_clear(bound);
    return below;
}

/* out = numerator / denominator, half to even; the denominator is positive. True if nothing was rounded. */
static bool divide_half_even(mpz_t out, const mpz_t numerator, const mpz_t denominator)
{
    mpz_t remainder, quotient;
    mpz_inits(remainder, quotient, NULL);
    mpz_fdiv_qr(quotient, remainder, numerator, denominator);
    bool exact = mpz_sgn(remainder) == 0;
    mpz_mul_2exp(remainder, remainder, 1);
    int half = mpz_cmp(remainder, denominator);
    if (half > 0 || (half == 0 && mpz_odd_p(quotient)))
        mpz_add_ui(quotient, quotient, 1);
    mpz_set(out, quotient);
    mpz_clears(remainder, quotient, NULL);
    return exact;
}

static i128 any_number(struct random *random)
{
    return random_number(random, decimal_power(DECIMAL_DIGITS));
}

static void sum_to_gmp(mpz_t out, const struct sum *sum)
{
    mpz_t wraps;
    mpz_init_set_si(wraps, sum->wraps);
    mpz_mul_2exp(wraps, wraps, 128);
    to_gmp(out, sum_modulo(sum));
    mpz_add(out, out, wraps);
    mpz_clear(wraps);
}

static bool sum_equals(const struct sum *sum, const mpz_t other)
{
    mpz_t own;
    mpz_init(own);
    sum_to_gmp(own, sum);
    bool same = mpz_cmp(own, other) == 0;
    mpz_clear(own);
    return same;
}

static bool fits_sum(const mpz_t value)
{
    mpz_t bound;
    mpz_init(bound);
    mpz_ui_pow_ui(bound, 10, SUM_DIGITS);
    bool below = mpz_cmpabs(value, bound) < 0;
    mpz_clear(bound);
    return below;
}

/* Below 10^57, of any size; often around 2^128 and small. */
static struct sum any_sum(struct random *random)
{
    struct sum sum = sum_of(any_number(random));
    switch (random_below(random, 4)) {
    case 0:
        return sum;
    case 1:
        sum.wraps = (int64_t)random_below(random, 5) - 2;
        return sum;
    case 2:
        return sum_of((i128)random_below(random, 5) - 2);
    default:
        sum.wraps = (int64_t)(random_bits(random) >> (6 + random_below(random, 50))) * (random_one_in(random, 2) ? 1 : -1);
        return sum;
    }
}

static void texts_come_back(struct random *random)
{
    i128 value = any_number(random), back = 42;
    unsigned scale = (unsigned)random_below(random, 39);
    char text[DECIMAL_TEXT_MAX];
    size_t size = decimal_format(value, scale, text);
    CLAIM(size == strlen(text) && size < DECIMAL_TEXT_MAX, "%s", text);
    CLAIM(decimal_parse(text_of(text), scale, &back) == DECIMAL_EXACT && back == value, "%s at scale %u", text, scale);
    /* Shortest: no trailing zero behind a point, no leading zero but one before it, no sign of zero. */
    const char *digits = text + (text[0] == '-');
    CLAIM(!strchr(text, '.') || (text[size - 1] != '0' && text[size - 1] != '.'), "%s", text);
    CLAIM(digits[0] != '0' || digits[1] == '.' || digits[1] == '\0', "%s", text);
    CLAIM(value != 0 || strcmp(text, "0") == 0, "%s", text);
    CLAIM(!strpbrk(text, "eE+"), "%s", text);
    /* And one decimal less loses something. */
    const char *point = strchr(text, '.');
    if (point) {
        unsigned decimals = (unsigned)(size - (size_t)(point - text) - 1);
        CLAIM(decimal_parse(text_of(text), decimals - 1, &back) == DECIMAL_ROUNDED, "%s", text);
    }
}

/* [blanks][sign]digits[.digits][E[sign]digits][blanks]: what the header promises to read, against exact arithmetic. */
static void any_number_text_is_read_as_gmp_reads_it(struct random *random)
{
    char text[160], digits[96];
    size_t integer = 1 + random_below(random, random_one_in(random, 3) ? 45 : 6);
    size_t fraction = random_below(random, random_one_in(random, 3) ? 45 : 6);
    size_t count = integer + fraction;
    static const char favourites[] = "0000059";
    for (size_t i = 0; i < count; i++)
        digits[i] = random_one_in(random, 2) ? favourites[random_below(random, sizeof favourites - 1)]
                                             : (char)('0' + random_below(random, 10));
    digits[count] = '\0';
    int exponent = random_one_in(random, 2) ? 0 : (int)random_below(random, 101) - 50;
    bool negative = random_one_in(random, 2);
    snprintf(text, sizeof text, "%s%s%.*s%s%s", random_one_in(random, 8) ? " \t" : "",
             negative                   ? "-"
             : random_one_in(random, 4) ? "+"
                                        : "",
             (int)integer, digits, fraction ? "." : "", digits + integer);
    if (exponent != 0 || random_one_in(random, 4))
        snprintf(text + strlen(text), sizeof text - strlen(text), "%c%s%d", random_one_in(random, 2) ? 'E' : 'e',
                 exponent >= 0 && random_one_in(random, 2) ? "+" : "", exponent);
    unsigned scale = (unsigned)random_below(random, 25);

    mpz_set_str(a_, digits, 10);
    if (negative)
        mpz_neg(a_, a_);
    long shift = exponent + (long)scale - (long)fraction;
    mpz_ui_pow_ui(b_, 10, (unsigned long)labs(shift));
    bool exact = true;
    if (shift >= 0)
        mpz_mul(c_, a_, b_);
    else
        exact = divide_half_even(c_, a_, b_);

    i128 value = 42;
    enum decimal_status status = decimal_parse(text_of(text), scale, &value);
    if (!fits(c_))
        CLAIM(status == DECIMAL_TOO_LARGE && value == 42, "'%s' at scale %u: %d", text, scale, (int)status);
    else
        CLAIM(status == (exact ? DECIMAL_EXACT : DECIMAL_ROUNDED) && equals(value, c_), "'%s' at scale %u: %d %s", text,
              scale, (int)status, shown(value));
}

static void bytes_come_back_and_are_shortest(struct random *random)
{
    i128 value = any_number(random), back = 42;
    uint8_t bytes[24];
    size_t size = decimal_to_bytes(value, bytes);
    CLAIM(size >= 1 && size <= 16, "%s", shown(value));
    CLAIM(decimal_from_bytes(bytes, size, &back) == DECIMAL_EXACT && back == value, "%s", shown(value));
    /* The bytes as GMP reads them: big-endian, minus 2^bits if the sign bit is set. */
    mpz_import(a_, size, 1, 1, 1, 0, bytes);
    if (bytes[0] & 0x80) {
        mpz_set_ui(b_, 1);
        mpz_mul_2exp(b_, b_, 8 * size);
        mpz_sub(a_, a_, b_);
    }
    CLAIM(equals(value, a_), "%s", shown(value));
    if (size > 1) /* without its first byte it would be another number */
        CLAIM(decimal_from_bytes(bytes + 1, size - 1, &back) != DECIMAL_EXACT || back != value, "%s", shown(value));
    /* Longer than need be is read all the same. */
    uint8_t longer[24];
    size_t more = 1 + random_below(random, 8);
    memset(longer, bytes[0] & 0x80 ? 0xff : 0, more);
    memcpy(longer + more, bytes, size);
    CLAIM(decimal_from_bytes(longer, size + more, &back) == DECIMAL_EXACT && back == value, "%s", shown(value));
}

static void any_bytes_are_a_number_or_too_large(struct random *random)
{
    uint8_t bytes[24];
    size_t size = 1 + random_below(random, sizeof bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = random_one_in(random, 3) ? (uint8_t)random_bits(random) : random_one_in(random, 2) ? 0xff : 0;
    mpz_import(a_, size, 1, 1, 1, 0, bytes);
    if (bytes[0] & 0x80) {
        mpz_set_ui(b_, 1);
        mpz_mul_2exp(b_, b_, 8 * size);
        mpz_sub(a_, a_, b_);
    }
    i128 value = 42;
    enum decimal_status status = decimal_from_bytes(bytes, size, &value);
    CLAIM(status == (fits(a_) ? DECIMAL_EXACT : DECIMAL_TOO_LARGE), "%zu bytes", size);
    if (status == DECIMAL_EXACT)
        CLAIM(equals(value, a_), "%zu bytes: %s", size, shown(value));
    else
        CLAIM(value == 42, "%zu bytes", size);
}

static void sums_and_products_are_exact_or_refused(struct random *random)
{
    i128 a = any_number(random), b = any_number(random), result = 42;
    if (random_one_in(random, 3))
        b = (decimal_power(DECIMAL_DIGITS) - 1 - (i128)random_below(random, 3)) - a; /* around the bound */
    to_gmp(a_, a);
    to_gmp(b_, b);
    mpz_add(c_, a_, b_);
    bool done = decimal_add(a, b, &result);
    CLAIM(done == fits(c_) && (done ? equals(result, c_) : result == 42), "%s + %s", shown(a), shown(b));
    result = 42;
    mpz_mul(c_, a_, b_);
    done = decimal_multiply(a, b, &result);
    CLAIM(done == fits(c_) && (done ? equals(result, c_) : result == 42), "%s × %s", shown(a), shown(b));
    if (a != 0) { /* products around the bound */
        b = (decimal_power(DECIMAL_DIGITS) - 1) / a + (i128)random_below(random, 3) - 1;
        to_gmp(b_, b);
        mpz_mul(c_, a_, b_);
        result = 42;
        done = decimal_multiply(a, b, &result);
        CLAIM(done == fits(c_) && (done ? equals(result, c_) : result == 42), "%s × %s", shown(a), shown(b));
    }
}

static void quotients_are_rounded_half_to_even(struct random *random)
{
    i128 a = any_number(random), b = any_number(random), result = 42;
    u128 divisor = decimal_magnitude(random_number(random, decimal_power(DECIMAL_DIGITS)));
    switch (random_below(random, 6)) {
    case 0: /* up to 2^128 */
        divisor = ~(u128)0 - random_below(random, 3);
        break;
    case 1: /* exact, or next to a tie */
        divisor = (decimal_magnitude(a) + random_below(random, 3)) * 2;
        break;
    case 2: /* quotients around the bound */
        b = decimal_power(DECIMAL_DIGITS) - 1 - (i128)random_below(random, 3);
        divisor = decimal_magnitude(a) + random_below(random, 3);
        break;
    case 3:
        divisor = (u128)decimal_power((unsigned)random_below(random, 39));
        break;
    default:
        break;
    }
    divisor += divisor == 0;
    to_gmp(a_, a);
    to_gmp(b_, b);
    to_gmp_unsigned(d_, divisor);
    mpz_mul(c_, a_, b_);
    divide_half_even(c_, c_, d_);
    bool done = decimal_multiply_divide(a, b, divisor, &result);
    CLAIM(done == fits(c_) && (done ? equals(result, c_) : result == 42), "%s × %s / %s (mod 2^127): %s", shown(a), shown(b),
          shown((i128)divisor), shown(result));
}

static void scales_change_as_gmp_changes_them(struct random *random)
{
    i128 value = any_number(random), result = 42;
    unsigned from = (unsigned)random_below(random, 41), to = (unsigned)random_below(random, 41);
    to_gmp(a_, value);
    bool exact = true;
    mpz_ui_pow_ui(b_, 10, to > from ? to - from : from - to);
    if (to >= from)
        mpz_mul(c_, a_, b_);
    else
        exact = divide_half_even(c_, a_, b_);
    enum decimal_status status = decimal_rescale(value, from, to, &result);
    if (!fits(c_))
        CLAIM(status == DECIMAL_TOO_LARGE, "%s from %u to %u: %d", shown(value), from, to, (int)status);
    else
        CLAIM(status == (exact ? DECIMAL_EXACT : DECIMAL_ROUNDED) && equals(result, c_), "%s from %u to %u: %d %s",
              shown(value), from, to, (int)status, shown(result));
}

/* Any order and any grouping give the same sum, whatever happened on the way. */
static void sums_know_no_order(struct random *random)
{
    enum { MOST = 60 };
    size_t count = 1 + random_below(random, MOST), order[MOST];
    i128 values[MOST];
    mpz_set_ui(a_, 0);
    for (size_t i = 0; i < count; i++) {
        values[i] = any_number(random);
        if (i > 0 && random_one_in(random, 3))
            values[i] = -values[i - 1]; /* and back */
        to_gmp(b_, values[i]);
        mpz_add(a_, a_, b_);
    }
    struct sum first = { 0 };
    for (size_t i = 0; i < count; i++)
        sum_add(&first, values[i]);
    i128 value = 42;
    bool done = sum_value(&first, &value);
    CLAIM(done == fits(a_) && (done ? equals(value, a_) : value == 42), "%zu values", count);
    i128 clamped = sum_clamped(&first);
    CLAIM(done ? clamped == value : clamped == (mpz_sgn(a_) < 0 ? -1 : 1) * decimal_power(DECIMAL_DIGITS), "%s",
          shown(clamped));
    for (int i = 0; i < 3; i++) {
        struct sum parts[4] = { { 0 }, { 0 }, { 0 }, { 0 } }, joined = { 0 };
        random_order(random, order, count);
        for (size_t n = 0; n < count; n++)
            sum_add(&parts[random_below(random, 4)], values[order[n]]);
        for (size_t p = 4; p-- > 0;)
            sum_add_sum(&joined, &parts[p]);
        CLAIM(memcmp(&joined, &first, sizeof first) == 0, "%zu values", count);
    }
    /* All taken back: nothing is left. */
    for (size_t i = 0; i < count; i++)
        sum_add(&first, -values[i]);
    CLAIM(sum_value(&first, &value) && value == 0, "%zu values", count);
}

/* Cents add up to the rounded total, and no part moves by a cent. */
static void cents_add_up(struct random *random)
{
    enum { MOST = 40 };
    size_t count = 1 + random_below(random, MOST);
    struct sum costs[MOST], total = { 0 };
    i128 cents[MOST], shown_total = 0;
    mpz_t unit;
    mpz_init(unit);
    mpz_ui_pow_ui(unit, 10, 22);
    for (size_t i = 0; i < count; i++) {
        costs[i] = random_one_in(random, 2) ? any_sum(random) : sum_of(random_number(random, decimal_power(26)));
        if (i > 0 && random_one_in(random, 4))
            costs[i] = costs[i - 1]; /* ties */
        sum_add_sum(&total, &costs[i]);
    }
    cents_allocate(costs, count, cents);
    for (size_t i = 0; i < count; i++) {
        to_gmp(a_, cents[i]);
        sum_to_gmp(b_, &costs[i]);
        mpz_mul(c_, a_, unit);
        mpz_sub(c_, c_, b_);
        CLAIM(mpz_cmpabs(c_, unit) < 0, "moved to %s", shown(cents[i]));
        shown_total += cents[i];
    }
    sum_to_gmp(a_, &total);
    divide_half_even(c_, a_, unit);
    CLAIM(equals(shown_total, c_) && shown_total == cents_of(&total), "%s", shown(shown_total));
    mpz_clear(unit);
}

static void sums_come_back_from_bytes_and_text(struct random *random)
{
    struct sum sum = any_sum(random), back = { .low = 42 };
    uint8_t bytes[SUM_BYTES_MAX + 8];
    char text[SUM_TEXT_MAX], digits[80];
    size_t size = sum_to_bytes(&sum, bytes);
    sum_to_gmp(a_, &sum);
    mpz_import(b_, size, 1, 1, 1, 0, bytes);
    if (bytes[0] & 0x80) {
        mpz_set_ui(c_, 1);
        mpz_mul_2exp(c_, c_, 8 * size);
        mpz_sub(b_, b_, c_);
    }
    CLAIM(mpz_cmp(a_, b_) == 0, "%zu bytes", size);
    CLAIM(sum_from_bytes(bytes, size, &back) == DECIMAL_EXACT && sum_equal(&sum, &back), "%zu bytes", size);
    if (size > 1) /* without its first byte it would be another number */
        CLAIM(sum_from_bytes(bytes + 1, size - 1, &back) != DECIMAL_EXACT || !sum_equal(&sum, &back), "%zu bytes", size);
    unsigned scale = (unsigned)random_below(random, 39);
    size_t length = sum_format(&sum, scale, text);
    CLAIM(length == strlen(text) && length < SUM_TEXT_MAX, "%s", text);
    CLAIM(sum_parse(text_of(text), scale, &back) == DECIMAL_EXACT && sum_equal(&sum, &back), "%s at scale %u", text, scale);
    sum_format(&sum, 0, text);
    CLAIM(strcmp(mpz_get_str(digits, 10, a_), text) == 0, "%s, GMP has %s", text, digits);
}

static void any_bytes_are_a_sum_or_too_large(struct random *random)
{
    uint8_t bytes[32];
    size_t size = 1 + random_below(random, sizeof bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = random_one_in(random, 3) ? (uint8_t)random_bits(random) : random_one_in(random, 2) ? 0xff : 0;
    mpz_import(a_, size, 1, 1, 1, 0, bytes);
    if (bytes[0] & 0x80) {
        mpz_set_ui(b_, 1);
        mpz_mul_2exp(b_, b_, 8 * size);
        mpz_sub(a_, a_, b_);
    }
    struct sum sum = { .low = 42 };
    enum decimal_status status = sum_from_bytes(bytes, size, &sum);
    CLAIM(status == (fits_sum(a_) ? DECIMAL_EXACT : DECIMAL_TOO_LARGE), "%zu bytes", size);
    if (status == DECIMAL_EXACT)
        CLAIM(sum_equals(&sum, a_), "%zu bytes", size);
}

static void sums_are_divided_as_gmp_divides_them(struct random *random)
{
    struct sum a = any_sum(random), b = any_sum(random), result = { .low = 42 };
    unsigned exponent = (unsigned)random_below(random, 39);
    sum_to_gmp(a_, &a);
    sum_to_gmp(b_, &b);
    CLAIM(sum_compare(&a, &b) == (mpz_cmp(a_, b_) > 0) - (mpz_cmp(a_, b_) < 0), "%u", exponent);
    struct sum negated = sum_negated(&a);
    mpz_neg(c_, a_);
    CLAIM(sum_equals(&negated, c_), "negated");
    mpz_ui_pow_ui(d_, 10, exponent);
    mpz_mul(c_, a_, d_);
    bool done = sum_multiply_power(&a, exponent, &result);
    CLAIM(done == fits_sum(c_) && (!done || sum_equals(&result, c_)), "times 10^%u", exponent);
    divide_half_even(c_, a_, d_);
    result = sum_divide_power(&a, exponent);
    CLAIM(sum_equals(&result, c_), "by 10^%u", exponent);
    i128 percentage = (i128)random_below(random, random_one_in(random, 2) ? 100 : 100000000000000);
    to_gmp(c_, percentage);
    mpz_mul(c_, c_, a_);
    mpz_ui_pow_ui(d_, 10, 12);
    divide_half_even(c_, c_, d_);
    done = sum_share(&a, percentage, &result);
    CLAIM(done == fits_sum(c_) && (!done || sum_equals(&result, c_)), "%s", shown(percentage));
}

static void margins_are_divided_as_gmp_divides_them(struct random *random)
{
    struct sum part = any_sum(random), whole = any_sum(random), result;
    if (random_one_in(random, 4)) {
        whole = part; /* 100 %, 50 %, and ties at the tenth decimal */
        sum_add_sum(&whole, random_one_in(random, 2) ? &part : &(struct sum){ .low = random_below(random, 3) });
    }
    sum_to_gmp(a_, &part);
    sum_to_gmp(b_, &whole);
    if (mpz_sgn(b_) == 0) {
        CLAIM(!sum_percentage(&part, &whole, &result), "of nothing");
        return;
    }
    mpz_ui_pow_ui(d_, 10, 12);
    mpz_mul(c_, a_, d_);
    if (mpz_sgn(b_) < 0) {
        mpz_neg(b_, b_);
        mpz_neg(c_, c_);
    }
    divide_half_even(c_, c_, b_);
    bool done = sum_percentage(&part, &whole, &result);
    CLAIM(done == fits_sum(c_) && (!done || sum_equals(&result, c_)), "%d", (int)done);
}

int main(int argc, char **argv)
{
    static const struct law laws[] = {
        { "texts come back", texts_come_back, 240000 },
        { "any number text is read as GMP reads it", any_number_text_is_read_as_gmp_reads_it, 240000 },
        { "bytes come back and are shortest", bytes_come_back_and_are_shortest, 160000 },
        { "any bytes are a number or too large", any_bytes_are_a_number_or_too_large, 160000 },
        { "sums and products are exact or refused", sums_and_products_are_exact_or_refused, 160000 },
        { "quotients are rounded half to even", quotients_are_rounded_half_to_even, 240000 },
        { "scales change as GMP changes them", scales_change_as_gmp_changes_them, 160000 },
        { "sums know no order", sums_know_no_order, 20000 },
        { "sums come back from bytes and text", sums_come_back_from_bytes_and_text, 160000 },
        { "any bytes are a sum or too large", any_bytes_are_a_sum_or_too_large, 160000 },
        { "sums are divided as GMP divides them", sums_are_divided_as_gmp_divides_them, 40000 },
        { "margins are divided as GMP divides them", margins_are_divided_as_gmp_divides_them, 40000 },
        { "cents add up", cents_add_up, 40000 },
    };
    mpz_inits(a_, b_, c_, d_, NULL);
    int result = property_main(argc, argv, laws, ARRAY_COUNT(laws));
    mpz_clears(a_, b_, c_, d_, NULL);
    return result;
}
