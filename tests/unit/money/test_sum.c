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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_comes_back_from_an_overflow),
        cmocka_unit_test(the_bound_is_ten_to_the_38th),
        cmocka_unit_test(sums_of_sums_are_the_sum),
        cmocka_unit_test(a_sum_can_be_added_to_itself),
        cmocka_unit_test(a_clamped_sum_keeps_its_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
