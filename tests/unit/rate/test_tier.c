/* rate/tier: which part of a quantity falls into which tier. */
#include "rate/tier.h"
#include "support/fixtures.h"
#include "support/unit.h"

#define TRANSFER "0 0.09, 10240 0.085, 51200 0.07, 153600 0.05"

static void quantities_are_cut_at_the_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *schedule, *position, *quantity, *expected; /* "tier:quantity …", tiers from 0 */
    } rows[] = {
        { "0 1", "0", "5", "0:5" },
        { "0 1", "-7", "5", "0:5" },
        { "0 1", "7", "-50", "0:-50" },
        { TRANSFER, "0", "10240", "0:10240" },
        { TRANSFER, "0", "10240.0000000001", "0:10240 1:0.0000000001" },
        { TRANSFER, "10240", "1", "1:1" },
        { TRANSFER, "10239.9999999999", "1", "0:0.0000000001 1:0.9999999999" },
        { TRANSFER, "0", "200000", "0:10240 1:40960 2:102400 3:46400" },
        { TRANSFER, "51200", "102400", "2:102400" },
        { TRANSFER, "200000", "5", "3:5" },
        { TRANSFER, "12000", "-5000", "0:-3240 1:-1760" }, /* back from the highest reached */
        { TRANSFER, "10240", "-1", "0:-1" },
        { TRANSFER, "10241", "-1", "1:-1" },
        { TRANSFER, "200000", "-200000", "0:-10240 1:-40960 2:-102400 3:-46400" },
        { TRANSFER, "100", "-500", "0:-500" }, /* the first tier goes on below zero */
        { TRANSFER, "-100", "-500", "0:-500" },
        { TRANSFER, "-100", "50", "0:50" },
        { TRANSFER, "-100", "10341", "0:10340 1:1" },
        { TRANSFER, "0", "0", "0:0" }, /* no quantity is one slice */
        { TRANSFER, "11000", "0", "1:0" },
        { TRANSFER, "10240", "0", "1:0" }, /* a bound begins the next tier */
        { TRANSFER, "-1", "0", "0:0" },
        { TRANSFER, "1000000", "0", "3:0" },
        { TRANSFER, "9999999999999999999999999999", "9999999999999999999999999999", "3:9999999999999999999999999999" },
        { TRANSFER, "-9999999999999999999999999999", "-9999999999999999999999999999", "0:-9999999999999999999999999999" },
        { TRANSFER, "-9999999999999999999999999999", "9999999999999999999999999999", "0:9999999999999999999999999999" },
    };
    struct arena arena = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct tier_slice slices[16];
        struct schedule schedule = schedule_of(&arena, rows[i].schedule);
        uint32_t count = tier_cut(&schedule, decimal(rows[i].position, QUANTITY_SCALE),
                                  decimal(rows[i].quantity, QUANTITY_SCALE), slices);
        struct buffer found = { 0 };
        for (uint32_t s = 0; s < count; s++) {
            char number[DECIMAL_TEXT_MAX];
            decimal_format(slices[s].quantity, QUANTITY_SCALE, number);
            buffer_printf(&found, "%s%u:%s", s ? " " : "", slices[s].tier, number);
        }
        char row[128];
        snprintf(row, sizeof row, "%s at %s", rows[i].quantity, rows[i].position);
        expect_text(row, buffer_text(&found), rows[i].expected);
        buffer_done(&found);
    }
    arena_done(&arena);
}

static void the_first_paid_rate_fills_free_ranges_when_the_free_tier_is_off(void **state)
{
    (void)state;
    static const struct {
        const char *schedule;
        uint32_t tier;
        const char *on, *off;
    } rows[] = {
        { "0 0, 1000000 0.0000002", 0, "0", "0.0000002" },
        { "0 0, 1000000 0.0000002", 1, "0.0000002", "0.0000002" },
        { "0 0, 10 0, 20 3, 30 2", 0, "0", "3" },
        { "0 0, 10 0, 20 3, 30 2", 1, "0", "3" },
        { "0 0, 10 0, 20 3, 30 2", 3, "2", "2" },
        { "0 0", 0, "0", "0" },
        { "0 0, 10 0", 1, "0", "0" },
        { "0 5, 10 4", 0, "5", "5" },
    };
    struct arena arena = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct schedule schedule = schedule_of(&arena, rows[i].schedule);
        expect_decimal(rows[i].schedule, tier_rate(&schedule, rows[i].tier, true), RATE_SCALE, rows[i].on);
        expect_decimal(rows[i].schedule, tier_rate(&schedule, rows[i].tier, false), RATE_SCALE, rows[i].off);
    }
    arena_done(&arena);
}

static void the_highest_rate_may_be_anywhere(void **state)
{
    (void)state;
    static const struct {
        const char *schedule, *expected;
    } rows[] = { { "0 0", "0" }, { "0 3, 1 2", "3" }, { "0 0, 1 2", "2" }, { "0 1, 1 5, 2 4", "5" } };
    struct arena arena = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct schedule schedule = schedule_of(&arena, rows[i].schedule);
        expect_decimal(rows[i].schedule, schedule_highest_rate(&schedule), RATE_SCALE, rows[i].expected);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_are_cut_at_the_bounds),
        cmocka_unit_test(the_first_paid_rate_fills_free_ranges_when_the_free_tier_is_off),
        cmocka_unit_test(the_highest_rate_may_be_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
