/* rate/pool_cut: which part of a quantity falls into allowances, and which behind them. */
#include "rate/pool_cut.h"
#include "support/unit.h"

/* Tiers behind: up to 10, up to 30, without end. */
static const struct tier tiers[] = { { 0, 10, 3 }, { 10, 30, 2 }, { 30, TIER_NO_END, 1 } };
static const struct schedule schedule = { tiers, 3 };

struct cut_case {
    struct allowance_place allowances[2];
    uint32_t count;
    i128 position, quantity;
    const char *expected; /* "cut:quantity …": allowances first */
    const char *why;
};

static void check(const struct cut_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tier_slice slices[5];
        char found[128] = "";
        i128 behind, sum = 0;
        struct pool_place place = { rows[i].position, rows[i].allowances, rows[i].count };
        uint32_t cuts = pool_cut(&schedule, &place, rows[i].quantity, slices, &behind);
        for (uint32_t c = 0; c < cuts; c++) {
            snprintf(found + strlen(found), sizeof found - strlen(found), "%s%u:%lld", c ? " " : "", slices[c].tier,
                     (long long)slices[c].quantity);
            sum += slices[c].quantity;
            behind -= slices[c].tier >= rows[i].count ? slices[c].quantity : 0;
        }
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s: found %s, expected %s", rows[i].why, found, rows[i].expected);
        assert_true(sum == rows[i].quantity && behind == 0);
    }
}

static void additions_fill_allowances_before_tiers(void **state)
{
    (void)state;
    static const struct cut_case rows[] = {
        { { { 0, 5, true } }, 1, 0, 3, "0:3", "all of it" },
        { { { 0, 5, true } }, 1, 0, 8, "0:5 1:3", "what is left goes behind" },
        { { { 0, 5, true } }, 1, 0, 40, "0:5 1:10 2:20 3:5", "through all tiers" },
        { { { 5, 0, true } }, 1, 8, 4, "1:2 2:2", "it is used up" },
        { { { -4, 5, true } }, 1, 0, 12, "0:9 1:3", "what was given back below zero comes on top" },
        { { { 0, 5, true }, { 0, 6, true } }, 2, 0, 12, "0:5 1:6 2:1", "one after the other" },
        { { { 0, 0, false }, { 0, 6, true } }, 2, 0, 12, "1:6 2:6", "none left of the first" },
        { { { 0, 5, true } }, 1, -3, 7, "0:4 1:3", "what lies below zero in the tiers is filled first" },
        { { { 0, 0, false } }, 0, 8, 4, "0:2 1:2", "no allowance" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void corrections_take_back_from_the_highest_reached(void **state)
{
    (void)state;
    static const struct cut_case rows[] = {
        { { { 5, 0, true } }, 1, 12, -1, "2:-1", "from the tiers" },
        { { { 5, 0, true } }, 1, 12, -14, "0:-2 1:-10 2:-2", "then from the allowance" },
        { { { 5, 0, true } }, 1, 0, -9, "0:-9", "below zero the first part goes on" },
        { { { 5, 0, false } }, 1, 0, -9, "0:-5 1:-4", "unless it was never its own" },
        { { { 5, 0, true }, { 2, 4, true } }, 2, 1, -10, "0:-7 1:-2 2:-1", "of two the last first" },
        { { { 0, 0, false }, { 2, 4, true } }, 2, 1, -10, "1:-9 2:-1", "the first that is its own goes on" },
        { { { -2, 5, true } }, 1, 0, -3, "0:-3", "further below zero" },
        { { { 0, 0, false } }, 0, 12, -20, "0:-18 1:-2", "no allowance" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void nothing_lies_where_the_pool_stands(void **state)
{
    (void)state;
    static const struct cut_case rows[] = {
        { { { 0, 5, true } }, 1, 0, 0, "0:0", "in an allowance with room" },
        { { { 5, 0, true } }, 1, 0, 0, "1:0", "behind one that is full" },
        { { { 5, 0, true } }, 1, 10, 0, "2:0", "in a tier" },
        { { { -1, 0, true } }, 1, 0, 0, "0:0", "below zero" },
        { { { 5, 0, true }, { 1, 2, true } }, 2, 0, 0, "1:0", "in the second" },
        { { { 0, 0, false } }, 0, 30, 0, "2:0", "no allowance" },
    };
    check(rows, ARRAY_COUNT(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additions_fill_allowances_before_tiers),
        cmocka_unit_test(corrections_take_back_from_the_highest_reached),
        cmocka_unit_test(nothing_lies_where_the_pool_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
