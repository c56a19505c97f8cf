/* money/cents: what a person reads adds up. */
#include "money/cents.h"
#include "support/unit.h"

static void a_cost_is_rounded_half_to_even_at_two_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *cost, *expected;
    } rows[] = {
        { "0", "0" },
        { "0.004999999999999999999999", "0" },
        { "0.005", "0" },
        { "0.005000000000000000000001", "0.01" },
        { "0.015", "0.02" },
        { "0.025", "0.02" },
        { "-0.005", "0" },
        { "-0.015", "-0.02" },
        { "107.8401", "107.84" },
        { "99999999999999.994999999999999999999999", "99999999999999.99" },
        { "99999999999999.999999999999999999999999", "100000000000000" },
        { "-99999999999999.999999999999999999999999", "-100000000000000" },
        { "-180000000000000.005", "-180000000000000" },
        { "99999999999999999999999999999999.995", "100000000000000000000000000000000" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_decimal(rows[i].cost, cents_of((struct sum[]){ sum_from(rows[i].cost, COST_SCALE) }), 2, rows[i].expected);
}

static void parts_add_up_to_the_rounded_total(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *costs[4], *expected[4];
    } rows[] = {
        { "one part is itself rounded", { "1.005" }, { "1" } },
        { "the field's mismatch: 107.84, not 107.85", { "35.9467", "35.9467", "35.9467" }, { "35.95", "35.95", "35.94" } },
        { "the largest remainder first", { "0.001", "0.002", "0.009" }, { "0", "0", "0.01" } },
        { "ties go to the earlier part", { "0.005", "0.005" }, { "0.01", "0" } },
        { "whole cents stay", { "1.23", "0.005", "0.006" }, { "1.23", "0", "0.01" } },
        { "a credit", { "-0.005", "1.006" }, { "-0.01", "1.01" } },
        { "nothing but credits", { "-0.333", "-0.333", "-0.334" }, { "-0.33", "-0.33", "-0.34" } },
        { "a total of zero", { "0.004", "-0.004" }, { "0", "0" } },
        { "zeros", { "0", "0" }, { "0", "0" } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sum costs[4], total = { 0 };
        i128 cents[4], shown = 0;
        size_t count = 0;
        for (; count < 4 && rows[i].costs[count]; count++) {
            costs[count] = sum_from(rows[i].costs[count], COST_SCALE);
            sum_add_sum(&total, &costs[count]);
        }
        cents_allocate(costs, count, cents);
        for (size_t part = 0; part < count; part++) {
            expect_decimal(rows[i].why, cents[part], 2, rows[i].expected[part]);
            shown += cents[part];
        }
        assert_true(shown == cents_of(&total));
    }
    i128 none;
    cents_allocate(NULL, 0, &none);
}

static void no_part_moves_by_a_cent_or_more(void **state)
{
    (void)state;
    struct sum costs[100], total = { 0 };
    i128 cents[100], shown = 0, unit = decimal_power(22);
    for (int i = 0; i < 100; i++) {
        costs[i] = sum_of((i128)(i * i - 3000) * 777777777777 * 1000000000 * 37);
        sum_add_sum(&total, &costs[i]);
    }
    cents_allocate(costs, 100, cents);
    for (int i = 0; i < 100; i++) {
        i128 moved = cents[i] * unit - sum_modulo(&costs[i]);
        assert_true(moved > -unit && moved < unit);
        shown += cents[i];
    }
    assert_true(shown == cents_of(&total));
}

static void no_sum_is_too_large_for_cents(void **state)
{
    (void)state;
    struct sum costs[3] = { sum_from("99999999999999.994", COST_SCALE), sum_from("99999999999999.994", COST_SCALE),
                            sum_from("-500000000000000.004", COST_SCALE) };
    i128 cents[3];
    cents_allocate(costs, 3, cents);
    expect_decimal("first", cents[0], 2, "99999999999999.99");
    expect_decimal("second", cents[1], 2, "99999999999999.99");
    expect_decimal("the largest remainder", cents[2], 2, "-500000000000000");
}

static void cents_are_written_with_two_decimals_and_commas(void **state)
{
    (void)state;
    static const struct {
        const char *cents, *expected;
    } rows[] = {
        { "0", "0.00" },
        { "1", "0.01" },
        { "-1", "-0.01" },
        { "10", "0.10" },
        { "99999", "999.99" },
        { "100000", "1,000.00" },
        { "-123450", "-1,234.50" },
        { "100000000", "1,000,000.00" },
        { "10000000000000000", "100,000,000,000,000.00" },
        { "-99999999999999999999999999999999999999", "-999,999,999,999,999,999,999,999,999,999,999,999.99" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char out[DECIMAL_TEXT_MAX + 16];
        size_t size = cents_format(decimal(rows[i].cents, 0), out);
        expect_text(rows[i].cents, (struct text){ out, size }, rows[i].expected);
        assert_int_equal(out[size], '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cost_is_rounded_half_to_even_at_two_decimals),
        cmocka_unit_test(parts_add_up_to_the_rounded_total),
        cmocka_unit_test(no_part_moves_by_a_cent_or_more),
        cmocka_unit_test(no_sum_is_too_large_for_cents),
        cmocka_unit_test(cents_are_written_with_two_decimals_and_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
