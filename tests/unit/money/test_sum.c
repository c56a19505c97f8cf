/* money/sum: sums whose middle may be larger than any number that we hold. */
#include "money/sum.h"
#include "support/unit.h"

static i128 nines(void)
{
    return decimal_power(38) - 1;
}

static void a_sum_comes_back_from_an_overflow(void **state)
{
    (void)state;
    struct sum sum = { 0 };
    for (int i = 0; i < 1000; i++)
        sum_add(&sum, nines());
    i128 value = 42;
    assert_false(sum_value(&sum, &value));
    assert_true(value == 42);
    for (int i = 0; i < 1999; i++)
        sum_add(&sum, -nines());
    assert_false(sum_value(&sum, &value));
    for (int i = 0; i < 1000; i++)
        sum_add(&sum, nines());
    assert_true(sum_value(&sum, &value));
    assert_true(value == nines());
    sum_add(&sum, -nines());
    assert_true(sum_value(&sum, &value) && value == 0);
}

static void the_bound_is_ten_to_the_38th(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct sum sum = { 0 };
        i128 value;
        sum_add(&sum, sign * nines());
        assert_true(sum_value(&sum, &value) && value == sign * nines());
        sum_add(&sum, sign);
        assert_false(sum_value(&sum, &value)); /* still within 128 bits */
        sum_add(&sum, -sign);
        assert_true(sum_value(&sum, &value) && value == sign * nines());
    }
}

static void sums_of_sums_are_the_sum(void **state)
{
    (void)state;
    struct sum whole = { 0 }, parts[3] = { { 0 }, { 0 }, { 0 } }, joined = { 0 };
    for (int i = 0; i < 300; i++) {
        i128 value = (i % 7 < 4 ? 1 : -1) * (nines() - i);
        sum_add(&whole, value);
        sum_add(&parts[i % 3], value);
    }
    for (int i = 3; i-- > 0;)
        sum_add_sum(&joined, &parts[i]);
    assert_memory_equal(&joined, &whole, sizeof whole);
}

static void a_sum_can_be_added_to_itself(void **state)
{
    (void)state;
    struct sum sum = { 0 };
    sum_add(&sum, -5);
    sum_add_sum(&sum, &sum);
    i128 value;
    assert_true(sum_value(&sum, &value) && value == -10);
}

static void a_clamped_sum_keeps_its_side(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct sum sum = { 0 };
        assert_true(sum_clamped(&sum) == 0);
        sum_add(&sum, sign * nines());
        assert_true(sum_clamped(&sum) == sign * nines());
        for (int i = 0; i < 20; i++) { /* through every sign of the wrapped middle */
            sum_add(&sum, sign * nines());
            assert_true(sum_clamped(&sum) == sign * decimal_power(38));
        }
    }
}

static void a_sum_beyond_decimals_has_its_text_and_its_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        size_t bytes;
    } rows[] = {
        { "0", 24, 1 },
        { "-1", 0, 1 },
        { "180000000000000.000000000000000000000001", 24, 17 }, /* 2 × 9e13 and a bit: 1.8e38 is beyond 2^127 */
        { "-180000000000000.000000000000000000000001", 24, 17 },
        { "170141183460469231731687303715884105727", 0, 16 },
        { "170141183460469231731687303715884105728", 0, 17 },
        { "-170141183460469231731687303715884105728", 0, 16 },
        { "999999999999999999999999999999999999999999999999999999999", 0, 24 },
        { "-9.99999999999999999999999999999999999999", 38, 17 },
        { "1000000000000000000000", 24, 19 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sum sum = sum_from(rows[i].text, rows[i].scale), back = { .low = 42 };
        uint8_t bytes[SUM_BYTES_MAX];
        expect_sum(rows[i].text, sum, rows[i].scale, rows[i].text);
        size_t size = sum_to_bytes(&sum, bytes);
        expect_number(rows[i].text, (long long)size, (long long)rows[i].bytes);
        assert_int_equal(sum_from_bytes(bytes, size, &back), DECIMAL_EXACT);
        assert_true(sum_equal(&sum, &back));
    }
}

static void what_is_no_sum_is_told_from_one_that_is_too_large(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum decimal_status status;
    } rows[] = {
        { "", DECIMAL_NOT_A_NUMBER },
        { "-", DECIMAL_NOT_A_NUMBER },
        { ".5", DECIMAL_NOT_A_NUMBER },
        { "5.", DECIMAL_NOT_A_NUMBER },
        { "1e3", DECIMAL_NOT_A_NUMBER },
        { " 1", DECIMAL_NOT_A_NUMBER },
        { "1.234", DECIMAL_NOT_A_NUMBER },
        { "1.2.3", DECIMAL_NOT_A_NUMBER },
        { "--1", DECIMAL_NOT_A_NUMBER },
        { "007.50", DECIMAL_EXACT },
        { "-0", DECIMAL_EXACT },
        { "9999999999999999999999999999999999999999999999999999999.99", DECIMAL_EXACT },
        { "10000000000000000000000000000000000000000000000000000000", DECIMAL_TOO_LARGE },
        { "-100000000000000000000000000000000000000000000000000000000000000000000000000000000", DECIMAL_TOO_LARGE },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sum sum;
        expect_number(rows[i].text, sum_parse(text_of(rows[i].text), 2, &sum), rows[i].status);
    }
    uint8_t bytes[26] = { 0 };
    struct sum sum;
    assert_int_equal(sum_from_bytes(bytes, 0, &sum), DECIMAL_NOT_A_NUMBER);
    assert_int_equal(sum_from_bytes(bytes, 26, &sum), DECIMAL_EXACT); /* longer than need be */
    bytes[1] = 1;
    assert_int_equal(sum_from_bytes(bytes, 26, &sum), DECIMAL_TOO_LARGE);
    bytes[0] = 0x80;
    assert_int_equal(sum_from_bytes(bytes, 24, &sum), DECIMAL_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_comes_back_from_an_overflow),
        cmocka_unit_test(the_bound_is_ten_to_the_38th),
        cmocka_unit_test(sums_of_sums_are_the_sum),
        cmocka_unit_test(a_sum_can_be_added_to_itself),
        cmocka_unit_test(a_clamped_sum_keeps_its_side),
        cmocka_unit_test(a_sum_beyond_decimals_has_its_text_and_its_bytes),
        cmocka_unit_test(what_is_no_sum_is_told_from_one_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
