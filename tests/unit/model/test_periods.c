/* model/periods: months in order, each once. */
#include "model/periods.h"
#include "support/unit.h"

static void months_are_in_order_and_each_is_there_once(void **state)
{
    (void)state;
    static const billing_period added[] = { 7, 3, 9, 3, 7, 1 }, sorted[] = { 1, 3, 7, 9 };
    struct periods periods = { 0 };
    assert_true(periods_find(&periods, 7) == PERIODS_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_COUNT(added); i++)
        periods_add(&periods, added[i]);
    assert_int_equal(periods.count, ARRAY_COUNT(sorted));
    for (size_t i = 0; i < ARRAY_COUNT(sorted); i++) {
        assert_int_equal(periods.items[i], sorted[i]);
        assert_int_equal(periods_find(&periods, sorted[i]), i);
    }
    assert_true(periods_find(&periods, 2) == PERIODS_NOT_FOUND);
    periods_done(&periods);
    periods_done(&periods); /* twice does no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(months_are_in_order_and_each_is_there_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
