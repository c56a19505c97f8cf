/* money/decimal: exact decimals. Values are written as integers of the scale, so that nothing is rounded by the test. */
#include "money/decimal.h"
#include "support/unit.h"

#define NINES_38 "99999999999999999999999999999999999999"
#define NINES_37 "9999999999999999999999999999999999999"

static const char *status_name(enum decimal_status status)
{
    static const char *const names[] = { "EXACT", "ROUNDED", "NOT_A_NUMBER", "TOO_LARGE" };
    return names[status];
}

static i128 largest(void)
{
    return decimal_power(38) - 1;
}

static void numbers_are_read_exactly_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        const char *expected; /* at scale 0: the integer held; or a status */
    } rows[] = {
        { "0", 10, "0" },
        { "-0", 10, "0" },
        { "+7", 0, "7" },
        { "0.0104", 10, "104000000" },
        { "-0.0104", 10, "-104000000" },
        { "0000000000000000000000000000000000000000000000001", 0, "1" },
        { "1.50000000000000000000000000000000000000000000000", 1, "15" },
        { "  1.5 ", 1, "15" },
        { "\t1.5\t", 1, "15" },
        { "1E3", 0, "1000" },
        { "1e+3", 0, "1000" },
        { "1.0416666667E-4", 14, "10416666667" },
        { "12345E-2", 2, "12345" },
        { "-2.5e1", 0, "-25" },
        { "0E999999999999999999999", 10, "0" },
        { "0E-999999999999999999999", 10, "0" },
        { NINES_38, 0, NINES_38 },
        { "-" NINES_38, 0, "-" NINES_38 },
        { "100000000000000000000000000000000000000", 0, "TOO_LARGE" },
        { "-100000000000000000000000000000000000000", 0, "TOO_LARGE" },
        { "99999999999999.999999999999999999999999", 24, NINES_38 },
        { "100000000000000", 24, "TOO_LARGE" },
        { "1E38", 0, "TOO_LARGE" },
        { "1E37", 0, "10000000000000000000000000000000000000" },
        { "1E999999999999999999999", 0, "TOO_LARGE" },
        { "340282366920938463463374607431768211456", 0, "TOO_LARGE" }, /* 2^128 */
        { "170141183460469231731687303715884105727", 0, "TOO_LARGE" }, /* 2^127 - 1 */
        { "", 0, "NOT_A_NUMBER" },
        { " ", 0, "NOT_A_NUMBER" },
        { "-", 0, "NOT_A_NUMBER" },
        { "+-1", 0, "NOT_A_NUMBER" },
        { ".", 0, "NOT_A_NUMBER" },
        { "1.2.3", 0, "NOT_A_NUMBER" },
        { "1,5", 0, "NOT_A_NUMBER" },
        { "1 5", 0, "NOT_A_NUMBER" },
        { "- 1", 0, "NOT_A_NUMBER" },
        { "1E", 0, "NOT_A_NUMBER" },
        { "1E+", 0, "NOT_A_NUMBER" },
        { "E5", 0, "NOT_A_NUMBER" },
        { "1E5.5", 0, "NOT_A_NUMBER" },
        { "1E5x", 0, "NOT_A_NUMBER" },
        { "0x10", 0, "NOT_A_NUMBER" },
        { "NaN", 0, "NOT_A_NUMBER" },
        { "inf", 0, "NOT_A_NUMBER" },
        { "1\n", 0, "NOT_A_NUMBER" },
        { "\xd9\xa1", 0, "NOT_A_NUMBER" }, /* an Arabic one */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        i128 value = 0;
        enum decimal_status status = decimal_parse(text_of(rows[i].text), rows[i].scale, &value);
        if (status == DECIMAL_EXACT)
            expect_decimal(rows[i].text, value, 0, rows[i].expected);
        else
            expect_text(rows[i].text, text_of(status_name(status)), rows[i].expected);
    }
}

static void decimals_beyond_the_scale_are_rounded_half_to_even(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        const char *expected;
    } rows[] = {
        { "0.5", 0, "0" },
        { "1.5", 0, "2" },
        { "2.5", 0, "2" },
        { "-0.5", 0, "0" },
        { "-1.5", 0, "-2" },
        { "-2.5", 0, "-2" },
        { "2.50000000000000000000000000000000000000000000001", 0, "3" },
        { "2.49999999999999999999999999999999999999999999999", 0, "2" },
        { "0.00000000005", 10, "0" },
        { "0.00000000015", 10, "2" },
        { "5E-11", 10, "0" },
        { "15E-11", 10, "2" },
        { "5E-12", 10, "0" },
        { "9E-11", 10, "1" },
        { "99E-12", 10, "1" },
        { "1E-999999999999999999999", 10, "0" },
        { "0.95", 1, "10" }, /* 0.95 ties to 1.0 */
        { "0.85", 1, "8" },
        { "99999999999999.9999999999999999999999985", 24, "99999999999999999999999999999999999998" },
        { NINES_37 "8.5", 0, NINES_37 "8" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        i128 value = 0;
        expect_text(rows[i].text, text_of(status_name(decimal_parse(text_of(rows[i].text), rows[i].scale, &value))),
                    "ROUNDED");
        expect_decimal(rows[i].text, value, 0, rows[i].expected);
    }
    i128 value;
    assert_int_equal(decimal_parse(TEXT(NINES_38 ".5"), 0, &value), DECIMAL_TOO_LARGE); /* ties up to 10^38 */
    assert_int_equal(decimal_parse(TEXT("1.5000"), 1, &value), DECIMAL_EXACT);          /* zeros are no decimals */
    assert_int_equal(decimal_parse(TEXT("0E-30"), 1, &value), DECIMAL_EXACT);
}

static void a_refused_number_leaves_the_value_alone(void **state)
{
    (void)state;
    i128 value = 42;
    assert_int_equal(decimal_parse(TEXT("x"), 2, &value), DECIMAL_NOT_A_NUMBER);
    assert_int_equal(decimal_parse(TEXT("1E40"), 2, &value), DECIMAL_TOO_LARGE);
    assert_true(value == 42);
}

static void the_shortest_exact_text_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *integer;
        unsigned scale;
        const char *expected;
    } rows[] = {
        { "0", 0, "0" },
        { "0", 24, "0" },
        { "1", 0, "1" },
        { "1", 1, "0.1" },
        { "1", 24, "0.000000000000000000000001" },
        { "-1", 24, "-0.000000000000000000000001" },
        { "10", 1, "1" },
        { "100", 1, "10" },
        { "1500", 2, "15" },
        { "-1050", 2, "-10.5" },
        { "10000000000000000000", 0, "10000000000000000000" }, /* past 64 bits' 19 digits */
        { "10000000000000000000", 19, "1" },
        { "100000000000000000001", 10, "10000000000.0000000001" },
        { "84913920000000000000000", 24, "0.08491392" }, /* zeros at the end of both limbs and of one */
        { "84913920000000000000000", 19, "8491.392" },
        { "12300000000000000000000000000000000000", 30, "12300000" },
        { "12300000000000000000000000000000000000", 0, "12300000000000000000000000000000000000" },
        { "-12300000000000000000000000000000000010", 2, "-123000000000000000000000000000000000.1" },
        { NINES_38, 24, "99999999999999.999999999999999999999999" },
        { NINES_38, 38, "0." NINES_38 },
        { "-" NINES_38, 38, "-0." NINES_38 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char out[DECIMAL_TEXT_MAX];
        size_t size = decimal_format(decimal(rows[i].integer, 0), rows[i].scale, out);
        expect_text(rows[i].integer, (struct text){ out, size }, rows[i].expected);
        assert_int_equal(out[size], '\0');
    }
}

/* Avro 1.11, "Decimal": two's complement, big-endian; shortest is ours. */
static void bytes_are_twos_complement_and_shortest(void **state)
{
    (void)state;
    static const struct {
        const char *integer;
        struct text bytes;
    } rows[] = {
        { "0", { "\x00", 1 } },
        { "1", { "\x01", 1 } },
        { "-1", { "\xff", 1 } },
        { "127", { "\x7f", 1 } },
        { "128", { "\x00\x80", 2 } },
        { "-128", { "\x80", 1 } },
        { "-129", { "\xff\x7f", 2 } },
        { "255", { "\x00\xff", 2 } },
        { "256", { "\x01\x00", 2 } },
        { "32767", { "\x7f\xff", 2 } },
        { "32768", { "\x00\x80\x00", 3 } },
        { "-32768", { "\x80\x00", 2 } },
        { "9223372036854775807", { "\x7f\xff\xff\xff\xff\xff\xff\xff", 8 } },
        { "-9223372036854775808", { "\x80\0\0\0\0\0\0\0", 8 } },
        { "9223372036854775808", { "\0\x80\0\0\0\0\0\0\0", 9 } },
        { "-9223372036854775809", { "\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 9 } },
        { "18446744073709551615", { "\0\xff\xff\xff\xff\xff\xff\xff\xff", 9 } },
        { "18446744073709551616", { "\x01\0\0\0\0\0\0\0\0", 9 } }, /* 2^64 */
        { NINES_38, { "\x4b\x3b\x4c\xa8\x5a\x86\xc4\x7a\x09\x8a\x22\x3f\xff\xff\xff\xff", 16 } },
        { "-" NINES_38, { "\xb4\xc4\xb3\x57\xa5\x79\x3b\x85\xf6\x75\xdd\xc0\x00\x00\x00\x01", 16 } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint8_t out[16];
        size_t size = decimal_to_bytes(decimal(rows[i].integer, 0), out);
        expect_number(rows[i].integer, (long long)size, (long long)rows[i].bytes.size);
        assert_memory_equal(out, rows[i].bytes.data, size);
        i128 value;
        assert_int_equal(decimal_from_bytes(out, size, &value), DECIMAL_EXACT);
        expect_decimal(rows[i].integer, value, 0, rows[i].integer);
    }
}

static void longer_bytes_of_a_small_number_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct text bytes;
        const char *expected;
    } rows[] = {
        { "no bytes", { "", 0 }, "NOT_A_NUMBER" },
        { "sign-extended 1", { "\0\0\0\x01", 4 }, "1" },
        { "sign-extended -1", { "\xff\xff\xff\xff", 4 }, "-1" },
        { "17 bytes of 1", { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 17 }, "1" },
        { "20 bytes of -2",
          { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 20 },
          "-2" },
        { "10^38", { "\x4b\x3b\x4c\xa8\x5a\x86\xc4\x7a\x09\x8a\x22\x40\0\0\0\0", 16 }, "TOO_LARGE" },
        { "-10^38", { "\xb4\xc4\xb3\x57\xa5\x79\x3b\x85\xf6\x75\xdd\xc0\0\0\0\0", 16 }, "TOO_LARGE" },
        { "2^127 - 1", { "\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16 }, "TOO_LARGE" },
        { "-2^127", { "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 }, "TOO_LARGE" },
        { "2^127", { "\0\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17 }, "TOO_LARGE" },
        { "-2^127 - 1", { "\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 17 }, "TOO_LARGE" },
        { "2^128", { "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17 }, "TOO_LARGE" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        i128 value;
        enum decimal_status status = decimal_from_bytes((const uint8_t *)rows[i].bytes.data, rows[i].bytes.size, &value);
        if (status == DECIMAL_EXACT)
            expect_decimal(rows[i].why, value, 0, rows[i].expected);
        else
            expect_text(rows[i].why, text_of(status_name(status)), rows[i].expected);
    }
}

static void the_scale_changes_half_to_even(void **state)
{
    (void)state;
    static const struct {
        const char *integer;
        unsigned from, to;
        const char *expected;
    } rows[] = {
        { "15", 1, 1, "EXACT 15" },
        { "15", 1, 4, "EXACT 15000" },
        { "-15", 1, 4, "EXACT -15000" },
        { "15", 1, 0, "ROUNDED 2" },
        { "25", 1, 0, "ROUNDED 2" },
        { "-25", 1, 0, "ROUNDED -2" },
        { "-35", 1, 0, "ROUNDED -4" },
        { "20", 1, 0, "EXACT 2" },
        { "1", 24, 2, "ROUNDED 0" },
        { "0", 0, 99, "EXACT 0" },
        { "1", 0, 99, "TOO_LARGE" },
        { "1", 0, 38, "TOO_LARGE" },
        { "1", 0, 37, "EXACT 10000000000000000000000000000000000000" },
        { NINES_38, 0, 1, "TOO_LARGE" },
        { NINES_38, 38, 0, "ROUNDED 1" },
        { "50000000000000000000000000000000000000", 38, 0, "ROUNDED 0" },
        { "50000000000000000000000000000000000001", 38, 0, "ROUNDED 1" },
        { NINES_38, 39, 0, "ROUNDED 0" },
        { "0", 99, 0, "EXACT 0" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char found[DECIMAL_TEXT_MAX + 16], number[DECIMAL_TEXT_MAX];
        i128 value;
        enum decimal_status status = decimal_rescale(decimal(rows[i].integer, 0), rows[i].from, rows[i].to, &value);
        bool has_value = status == DECIMAL_EXACT || status == DECIMAL_ROUNDED;
        if (has_value)
            decimal_format(value, 0, number);
        snprintf(found, sizeof found, "%s%s%s", status_name(status), has_value ? " " : "", has_value ? number : "");
        expect_text(rows[i].integer, text_of(found), rows[i].expected);
    }
}

static void sums_and_products_reach_up_to_38_digits(void **state)
{
    (void)state;
    i128 result = 42;
    assert_true(decimal_add(largest(), 0, &result) && result == largest());
    assert_true(decimal_add(largest(), -largest(), &result) && result == 0);
    assert_true(decimal_add(-largest(), 1, &result) && result == 1 - largest());
    result = 42;
    assert_false(decimal_add(largest(), 1, &result));
    assert_false(decimal_add(-largest(), -1, &result));
    assert_false(decimal_add(largest(), largest(), &result)); /* past 2^127 */
    assert_false(decimal_multiply(decimal_power(19), decimal_power(19), &result));
    assert_false(decimal_multiply(decimal_power(19), -decimal_power(19), &result));
    assert_false(decimal_multiply(largest(), largest(), &result));
    assert_true(result == 42);
    assert_true(decimal_multiply(decimal_power(19), decimal_power(18), &result) && result == decimal_power(37));
    assert_true(decimal_multiply(-largest(), 1, &result) && result == -largest());
    assert_true(decimal_multiply(0, largest(), &result) && result == 0);
    assert_true(decimal_multiply(INT64_MIN, INT64_MIN, &result) && result == (i128)1 << 126);
    assert_true(decimal_multiply(INT64_MAX, INT64_MIN, &result) && result == -((i128)1 << 126) + ((i128)1 << 63));
    assert_true(decimal_multiply((i128)INT64_MAX + 1, 3, &result) && result == (i128)3 << 63);
    assert_false(decimal_multiply((i128)INT64_MAX + 1, decimal_power(20), &result));
}

static void a_quotient_is_rounded_half_to_even(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *divisor, *expected; /* "" does not fit */
    } rows[] = {
        { "1", "1", "2", "0" },
        { "3", "1", "2", "2" },
        { "5", "1", "2", "2" },
        { "-5", "1", "2", "-2" },
        { "5", "-3", "2", "-8" },
        { "-3", "-1", "2", "2" },
        { "1", "1", "3", "0" },
        { "2", "1", "3", "1" },
        { "0", NINES_38, "7", "0" },
        { NINES_38, NINES_38, NINES_38, NINES_38 },
        { NINES_38, NINES_37, NINES_38, NINES_37 },
        { NINES_38, "-" NINES_38, NINES_38, "-" NINES_38 },
        { NINES_38, "2", "2", NINES_38 },
        { NINES_38, "3", "2", "" },
        { NINES_38, NINES_38, "1", "" },
        { "10000000000000000000", "10000000000000000000", "1", "" },
        { "1", "1", NINES_38, "0" },
        { "8796093022207", "77371252455345063274217473", "2", "" }, /* 2^128 - 1/2: ties up to 2^128 */
        { "-8796093022207", "77371252455345063274217473", "2", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        i128 value = 42;
        char row[128];
        snprintf(row, sizeof row, "%s × %s / %s", rows[i].a, rows[i].b, rows[i].divisor);
        bool fits =
            decimal_multiply_divide(decimal(rows[i].a, 0), decimal(rows[i].b, 0), (u128)decimal(rows[i].divisor, 0), &value);
        expect(row, fits, rows[i].expected[0] != '\0');
        expect_decimal(row, value, 0, fits ? rows[i].expected : "42");
    }
    /* A divisor above 2^127: half of it is not doubled on the way. */
    i128 value;
    u128 divisor = ~(u128)0;
    assert_true(decimal_multiply_divide(largest(), 3, divisor, &value) && value == 1); /* 0.88 */
    assert_true(decimal_multiply_divide(largest(), 1, divisor, &value) && value == 0); /* 0.29 */
}

static void powers_and_bounds_are_those_of_ten(void **state)
{
    (void)state;
    i128 power = 1;
    for (unsigned exponent = 0; exponent <= 38; exponent++, power *= exponent <= 38 ? 10 : 1)
        assert_true(decimal_power(exponent) == power);
    assert_true(decimal_fits(largest()) && decimal_fits(-largest()) && decimal_fits(0));
    assert_false(decimal_fits(decimal_power(38)));
    assert_false(decimal_fits(-decimal_power(38)));
    i128 lowest = (i128)((u128)1 << 127);
    assert_false(decimal_fits(lowest));
    assert_true(decimal_magnitude(lowest) == (u128)1 << 127);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_exactly_or_refused),
        cmocka_unit_test(decimals_beyond_the_scale_are_rounded_half_to_even),
        cmocka_unit_test(a_refused_number_leaves_the_value_alone),
        cmocka_unit_test(the_shortest_exact_text_is_written),
        cmocka_unit_test(bytes_are_twos_complement_and_shortest),
        cmocka_unit_test(longer_bytes_of_a_small_number_are_read),
        cmocka_unit_test(the_scale_changes_half_to_even),
        cmocka_unit_test(sums_and_products_reach_up_to_38_digits),
        cmocka_unit_test(a_quotient_is_rounded_half_to_even),
        cmocka_unit_test(powers_and_bounds_are_those_of_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
