/* aggregate/totals: sums by group, account, service and type. */
#include "aggregate/totals.h"
#include "model/conductor.h"
#include "support/unit.h"

static void a_key_has_one_total(void **state)
{
    (void)state;
    struct totals totals = { 0 };
    struct total *total = totals_get(&totals, 0, 42, TEXT("AmazonEC2"), TEXT("Usage"));
    assert_int_equal(total->usage_events, 0);
    assert_int_equal(total->charged_rows, 0);
    assert_true(total->latest_end_ms == INT64_MIN);
    expect_text("service", total_service(&totals, total), "AmazonEC2");
    expect_text("type", total_type(&totals, total), "Usage");
    sum_add(&total->cost, 5);
    const struct {
        uint32_t group;
        uint64_t account;
        const char *service, *type;
        size_t count; /* after asking */
    } rows[] = {
        { 0, 42, "AmazonEC2", "Usage", 1 },
        { 1, 42, "AmazonEC2", "Usage", 2 },
        { 0, 43, "AmazonEC2", "Usage", 3 },
        { 0, 42, "AmazonS3", "Usage", 4 },
        { 0, 42, "AmazonEC2", "Tax", 5 },
        { 0, 42, "Usage", "AmazonEC2", 6 },
        { GROUP_NONE, 42, "AmazonEC2", "Usage", 7 },
        { 0, 42, "", "", 8 },
        { 0, 42, "AmazonEC2", "Usage", 8 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        totals_get(&totals, rows[i].group, rows[i].account, text_of(rows[i].service), text_of(rows[i].type));
        assert_int_equal(totals.count, rows[i].count);
    }
    i128 cost;
    assert_true(sum_value(&totals_get(&totals, 0, 42, TEXT("AmazonEC2"), TEXT("Usage"))->cost, &cost) && cost == 5);
    totals_done(&totals);
}

static void sorting_puts_the_unmonitored_last(void **state)
{
    (void)state;
    static const struct {
        uint32_t group;
        uint64_t account;
        const char *service, *type;
    } in_order[] = {
        { 0, 9, "AmazonEC2", "Fee" },
        { 0, 9, "AmazonEC2", "Usage" },
        { 0, 9, "AmazonEC2a", "Fee" },
        { 0, 9, "AmazonS3", "Fee" },
        { 0, 10, "A", "A" },
        { 0, 999999999999, "A", "A" },
        { 1, 1, "B", "B" },
        { 2, 1, "A", "A" },
        { GROUP_NONE, 1, "A", "A" },
        { GROUP_NONE, 1, "A", "B" },
        { GROUP_NONE, 2, "A", "A" },
    };
    size_t count = ARRAY_COUNT(in_order);
    struct totals totals = { 0 };
    for (size_t i = 0; i < count; i++) { /* 3 and 11 share no factor */
        size_t at = i * 3 % count;
        totals_get(&totals, in_order[at].group, in_order[at].account, text_of(in_order[at].service),
                   text_of(in_order[at].type))
            ->usage_events = at + 1;
    }
    totals_sort(&totals);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(totals.items[i].usage_events, i + 1);
    for (size_t i = 0; i < count; i++) { /* keys are still found */
        struct total *total = totals_get(&totals, in_order[i].group, in_order[i].account, text_of(in_order[i].service),
                                         text_of(in_order[i].type));
        assert_int_equal(total->usage_events, i + 1);
    }
    assert_int_equal(totals.count, count);
    static const struct {
        uint32_t group;
        size_t first, count;
    } groups[] = { { 0, 0, 6 }, { 1, 6, 1 }, { 2, 7, 1 }, { 3, 8, 0 }, { GROUP_NONE, 8, 3 } };
    for (size_t i = 0; i < ARRAY_COUNT(groups); i++) {
        size_t first;
        assert_int_equal(totals_of_group(&totals, groups[i].group, &first), groups[i].count);
        assert_int_equal(first, groups[i].first);
    }
    totals_done(&totals);
}

static void many_keys_are_kept_apart(void **state)
{
    (void)state;
    struct totals totals = { 0 };
    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t account = 0; account < 5000; account++)
            totals_get(&totals, (uint32_t)(account % 3), account, TEXT("S"), TEXT("T"))->usage_events += account;
    assert_int_equal(totals.count, 5000);
    for (uint64_t account = 0; account < 5000; account++)
        assert_int_equal(totals_get(&totals, (uint32_t)(account % 3), account, TEXT("S"), TEXT("T"))->usage_events,
                         2 * account);
    totals_done(&totals);
}

static void empty_totals_can_be_sorted_and_reset(void **state)
{
    (void)state;
    struct totals totals = { 0 };
    totals_sort(&totals);
    assert_int_equal(totals.count, 0);
    totals_get(&totals, 0, 1, TEXT("S"), TEXT("T"));
    totals_reset(&totals);
    assert_int_equal(totals.count, 0);
    assert_int_equal(totals_get(&totals, 0, 1, TEXT("S"), TEXT("T"))->usage_events, 0);
    totals_done(&totals);
    totals_done(&totals); /* twice does no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_one_total),
        cmocka_unit_test(sorting_puts_the_unmonitored_last),
        cmocka_unit_test(many_keys_are_kept_apart),
        cmocka_unit_test(empty_totals_can_be_sorted_and_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
