/* aggregate/row: events of one identity fold into one row, in any order (SEMANTICS 3.3). */
#include "aggregate/row.h"
#include "support/fixtures.h"
#include "support/unit.h"

static void fold(struct row_table *table, struct usage_event event)
{
    struct buffer facts = { 0 };
    facts_encode(&event, &facts);
    row_table_fold(table, &event, buffer_text(&facts));
    buffer_done(&facts);
}

static i128 value_of(const struct sum *sum)
{
    i128 value;
    bool fits = sum_value(sum, &value);
    CHECK(fits);
    return value;
}

static void events_of_one_identity_become_one_row(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    fold(table, event_with(.event_id = "1", .usage_amount = "1.5", .unblended_cost = "0.1", .description = "b",
                           .usage_start = "2026-06-01T00:00:00Z", .usage_end = "2026-06-01T00:30:00Z"));
    fold(table, event_with(.event_id = "2", .usage_amount = "-0.5", .unblended_cost = "0.2",
                           .usage_start = "2026-06-01T00:59:59Z", .usage_end = "2026-06-01T01:00:00Z"));
    fold(table, event_with(.event_id = "3", .usage_amount = "2", .unblended_cost = "-0.05", .description = "a",
                           .usage_start = "2026-06-01T00:10:00Z"));
    assert_int_equal(row_table_count(table), 1);
    row_table_sort(table);
    struct row_view view;
    row_table_view(table, 0, &view);
    assert_int_equal(view.values.usage_events, 3);
    assert_true(view.bucket_ms == INT64_C(1780272000000));
    assert_true(view.values.usage_end_ms == INT64_C(1780272000000) + HOUR_MS);
    assert_true(view.account == 111111111111);
    assert_true(view.values.has_amount);
    expect_decimal("amount", value_of(&view.values.amount), QUANTITY_SCALE, "3");
    expect_decimal("unblended", value_of(&view.values.costs[CARRIED_UNBLENDED]), AMOUNT_SCALE, "0.25");
    expect_decimal("not carried", value_of(&view.values.costs[CARRIED_PUBLIC_COST]), AMOUNT_SCALE, "0");
    expect_text("the smallest description, empty is none", view.description, "a");
    row_table_free(table);
}

static void each_cost_has_its_own_sum(void **state)
{
    (void)state;
    static const char *const expected[CARRIED_COUNT] = {
        [CARRIED_PUBLIC_COST] = "2", [CARRIED_UNBLENDED] = "4",    [CARRIED_NET_UNBLENDED] = "3",
        [CARRIED_RESERVATION] = "6", [CARRIED_SAVINGS_PLAN] = "8",
    };
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    for (int i = 0; i < 2; i++)
        fold(table, event_with(.public_on_demand_cost = "1", .unblended_cost = "2", .net_unblended_cost = "1.5",
                               .reservation_effective_cost = "3", .savings_plan_effective_cost = "4"));
    row_table_sort(table);
    struct row_view view;
    row_table_view(table, 0, &view);
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        expect_decimal("cost", value_of(&view.values.costs[i]), AMOUNT_SCALE, expected[i]);
    row_table_free(table);
}

static void a_row_without_amounts_or_ends_says_so(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    fold(table, event_with(.line_item_type = "Fee", .usage_amount = "", .usage_type = ""));
    row_table_sort(table);
    struct row_view view;
    row_table_view(table, 0, &view);
    assert_false(view.values.has_amount);
    assert_true(view.values.usage_end_ms == USAGE_END_NONE);
    assert_int_equal(view.description.size + view.resource.size, 0);
    row_table_free(table);
}

static void identities_make_rows(void **state)
{
    (void)state;
    const struct {
        struct event_texts event;
        size_t hourly, daily, monthly, without_resources; /* rows beside the plain event's: 1 same, 2 another */
        const char *why;
    } rows[] = {
        { { .event_id = "e2" }, 1, 1, 1, 1, "the same facts" },
        { { .usage_start = "2026-06-01T00:59:59Z" }, 1, 1, 1, 1, "the same hour" },
        { { .usage_start = "2026-06-01T01:00:00Z" }, 2, 1, 1, 2, "the same day" },
        { { .usage_start = "2026-06-30T23:00:00Z" }, 2, 2, 1, 2, "the same month" },
        { { .usage_start = "2026-07-01T00:00:00Z" }, 2, 2, 2, 2, "another month" },
        { { .usage_account_id = "222222222222" }, 2, 2, 2, 2, "another account" },
        { { .resource_id = "i-1" }, 2, 2, 2, 1, "another resource" },
        { { .tags = "a=b" }, 2, 2, 2, 2, "another tag" },
        { { .unblended_cost = "0" }, 2, 2, 2, 2, "a cost of 0 is not no cost" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct {
            enum granularity granularity;
            bool resource_ids;
            size_t expected;
        } tables[] = {
            { GRANULARITY_HOURLY, true, rows[i].hourly },
            { GRANULARITY_DAILY, true, rows[i].daily },
            { GRANULARITY_MONTHLY, true, rows[i].monthly },
            { GRANULARITY_HOURLY, false, rows[i].without_resources },
        };
        for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
            struct row_table *table = row_table_new(tables[t].granularity, tables[t].resource_ids);
            fold(table, event_with(.sku = ""));
            fold(table, event_of(rows[i].event));
            expect_number(rows[i].why, (long long)row_table_count(table), (long long)tables[t].expected);
            row_table_free(table);
        }
    }
}

/* Bucket start, account, resource, the rest: what comes later decides only between equals. */
static void rows_are_in_canonical_order(void **state)
{
    (void)state;
    const struct event_texts in_order[] = {
        { .usage_account_id = "000000000009", .resource_id = "", .payer_account_id = "000000000009" },
        { .usage_account_id = "000000000009", .resource_id = "i-1" },
        { .usage_account_id = "000000000009", .resource_id = "i-1", .payer_account_id = "000000000001" },
        { .usage_account_id = "000000000009", .resource_id = "i-10" },
        { .usage_account_id = "000000000009", .resource_id = "i-2" },
        { .usage_account_id = "000000000010", .resource_id = "" },
        { .usage_account_id = "999999999999", .resource_id = "" },
        { .usage_account_id = "000000000001", .usage_start = "2026-06-01T01:00:00Z" },
        { .usage_account_id = "000000000001", .usage_start = "2026-06-01T10:00:00Z" },
        { .usage_account_id = "000000000000", .usage_start = "2026-07-01T00:00:00Z" },
    };
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    for (size_t i = 0; i < ARRAY_COUNT(in_order); i++) /* 7 and 10 share no factor: every row once, mixed */
        fold(table, event_of(in_order[i * 7 % ARRAY_COUNT(in_order)]));
    row_table_sort(table);
    assert_int_equal(row_table_count(table), ARRAY_COUNT(in_order));
    struct row_view before = { 0 }, view;
    for (size_t i = 0; i < ARRAY_COUNT(in_order); i++) {
        struct usage_event event = event_of(in_order[i]);
        row_table_view(table, i, &view);
        assert_true(view.account == account_parse(event.usage_account_id));
        assert_true(text_equal(view.resource, event.resource_id));
        assert_true(view.bucket_ms == event.usage_start);
        assert_int_equal(row_view_compare(&view, &view), 0);
        if (i > 0) {
            assert_true(row_view_compare(&before, &view) < 0);
            assert_true(row_view_compare(&view, &before) > 0);
        }
        before = view;
    }
    row_table_free(table);
}

static void a_sorted_table_goes_on_folding(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    fold(table, event_with(.resource_id = "b"));
    row_table_sort(table);
    fold(table, event_with(.resource_id = "a"));
    fold(table, event_with(.resource_id = "b"));
    row_table_sort(table);
    struct row_view view;
    row_table_view(table, 1, &view);
    expect_text("resource", view.resource, "b");
    assert_int_equal(view.values.usage_events, 2);
    row_table_free(table);
}

static void many_rows_are_kept_apart(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    char resource[16];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < ROWS; i++) {
            snprintf(resource, sizeof resource, "i-%06d", i);
            struct usage_event event = event_with(.resource_id = resource, .unblended_cost = i % 2 ? "1" : "");
            event.usage_amount = i;
            fold(table, event);
        }
    }
    assert_int_equal(row_table_count(table), ROWS);
    row_table_sort(table);
    for (int i = 0; i < ROWS; i++) {
        struct row_view view;
        row_table_view(table, (size_t)i, &view);
        snprintf(resource, sizeof resource, "i-%06d", i);
        assert_true(text_equal(view.resource, text_of(resource)));
        assert_int_equal(view.values.usage_events, 2);
        assert_true(value_of(&view.values.amount) == 2 * i);
        expect_decimal(resource, value_of(&view.values.costs[CARRIED_UNBLENDED]), AMOUNT_SCALE, i % 2 ? "2" : "0");
    }
    assert_true(row_table_bytes(table) > ROWS * 48);
    row_table_free(table);
}

static void a_reset_table_is_empty(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    row_table_reset(table);
    fold(table, event_with(.resource_id = "a", .description = "d"));
    row_table_sort(table);
    row_table_reset(table);
    assert_int_equal(row_table_count(table), 0);
    row_table_sort(table);
    fold(table, event_with(.resource_id = "b"));
    row_table_sort(table);
    struct row_view view;
    row_table_view(table, 0, &view);
    expect_text("resource", view.resource, "b");
    assert_int_equal(view.description.size, 0);
    row_table_free(table);
    row_table_free(NULL);
}

static void views_fold_as_events_do(void **state)
{
    (void)state;
    const struct event_texts events[] = {
        { .usage_amount = "9999999999999999999999999999", .description = "b", .unblended_cost = "1" },
        { .usage_amount = "9999999999999999999999999999", .unblended_cost = "2", .usage_end = "2026-06-01T00:10:00Z" },
        { .usage_amount = "-9999999999999999999999999999", .description = "a", .unblended_cost = "3" },
    };
    static const int orders[][3] = { { 0, 1, 2 }, { 2, 0, 1 }, { 1, 2, 0 }, { 2, 1, 0 } };
    struct row_table *tables[3], *all = row_table_new(GRANULARITY_HOURLY, true);
    struct row_view parts[3], whole;
    for (size_t i = 0; i < 3; i++) {
        tables[i] = row_table_new(GRANULARITY_HOURLY, true);
        fold(tables[i], event_of(events[i]));
        fold(all, event_of(events[i]));
        row_table_sort(tables[i]);
        row_table_view(tables[i], 0, &parts[i]);
    }
    row_table_sort(all);
    row_table_view(all, 0, &whole);
    for (size_t i = 0; i < ARRAY_COUNT(orders); i++) {
        struct row_view folded = parts[orders[i][0]];
        row_view_fold(&folded, &parts[orders[i][1]]);
        row_view_fold(&folded, &parts[orders[i][2]]);
        assert_int_equal(folded.values.usage_events, 3);
        assert_true(folded.values.usage_end_ms == whole.values.usage_end_ms);
        expect_text("description", folded.description, "a");
        assert_memory_equal(&folded.values.amount, &whole.values.amount, sizeof whole.values.amount);
        assert_memory_equal(&folded.values.costs, &whole.values.costs, sizeof whole.values.costs);
    }
    for (size_t i = 0; i < 3; i++)
        row_table_free(tables[i]);
    row_table_free(all);
}

/* Late usage goes to the oldest open period and keeps its own dates. */
static void the_billed_month_is_part_of_the_identity(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    struct usage_event event = event_with(.sku = "");
    struct buffer facts = { 0 };
    facts_encode(&event, &facts);
    billing_period june = period_of(event.usage_start);
    row_table_fold_into(table, &event, buffer_text(&facts), june + 1);
    row_table_fold(table, &event, buffer_text(&facts));
    row_table_fold_into(table, &event, buffer_text(&facts), june);
    assert_int_equal(row_table_count(table), 2);
    row_table_sort(table);
    struct row_view first, second;
    row_table_view(table, 0, &first);
    row_table_view(table, 1, &second);
    assert_int_equal(first.period, june);
    assert_int_equal(first.values.usage_events, 2);
    assert_int_equal(second.period, june + 1);
    assert_true(first.bucket_ms == second.bucket_ms);
    assert_true(row_view_compare(&first, &second) < 0);
    buffer_done(&facts);
    row_table_free(table);
}

static uint32_t take_row(struct row_table *table, struct usage_event event, struct buffer *facts)
{
    buffer_clear(facts);
    facts_encode(&event, facts);
    struct row_identity identity = row_table_identity(table, &event, buffer_text(facts), period_of(event.usage_start));
    return row_table_take(table, &identity);
}

static void a_memo_is_for_all_rows_of_an_account_with_the_same_facts(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    struct buffer facts = { 0 };
    uint32_t first = take_row(table, event_with(.resource_id = "i-1"), &facts);
    uint32_t same = take_row(table, event_with(.resource_id = "i-2"), &facts);
    uint32_t account = take_row(table, event_with(.usage_account_id = "222222222222"), &facts);
    uint32_t meter = take_row(table, event_with(.usage_type = "Other"), &facts);
    struct row_memo *memo = row_table_memo(table, first);
    assert_true(memo->value == NULL && memo->period == 0);
    memo->value = &facts;
    memo->number = 7;
    assert_int_equal(row_table_memo(table, same)->number, 7);
    assert_null(row_table_memo(table, account)->value);
    assert_null(row_table_memo(table, meter)->value);
    row_table_reset(table);
    assert_null(row_table_memo(table, take_row(table, event_with(.resource_id = "i-1"), &facts))->value);
    buffer_done(&facts);
    row_table_free(table);
}

/* Memos go when others need their places, and are never another's. */
static void a_memo_is_never_of_another_account_or_other_facts(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    struct buffer facts = { 0 };
    char type[24];
    size_t kept = 0;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 50000; i++) {
            snprintf(type, sizeof type, "type-%d", i);
            struct row_memo *memo = row_table_memo(table, take_row(table, event_with(.usage_type = type), &facts));
            assert_true(!memo->value || memo->number == (uint32_t)i);
            kept += round == 1 && memo->value;
            memo->value = table;
            memo->number = (uint32_t)i;
        }
    assert_true(kept > 0 && kept < 50000);
    assert_int_equal(row_table_count(table), 50000);
    buffer_done(&facts);
    row_table_free(table);
}

static void what_is_expected_changes_nothing(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    struct usage_event event = event_with(.resource_id = "i-1");
    struct buffer facts = { 0 };
    facts_encode(&event, &facts);
    struct row_identity identity = row_table_identity(table, &event, buffer_text(&facts), period_of(event.usage_start));
    struct row_hashes hashes = row_hashes_of(buffer_text(&facts), event.resource_id);
    for (int round = 0; round < 2; round++) {
        for (unsigned step = 0; step < 3; step++)
            row_table_expect(table, &identity, &hashes, step);
        assert_int_equal(row_table_count(table), (size_t)round);
        uint32_t handle = row_table_take_hashed(table, &identity, &hashes);
        assert_int_equal(row_table_take(table, &identity), handle);
        for (unsigned step = 0; step < 3; step++)
            row_table_expect_read(table, handle, step);
    }
    buffer_done(&facts);
    row_table_free(table);
}

static void a_row_is_found_by_its_identity_and_changed_in_place(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_DAILY, true), *other = row_table_new(GRANULARITY_DAILY, true);
    struct usage_event event = event_with(.usage_amount = "5", .unblended_cost = "2", .reservation_effective_cost = "3",
                                          .description = "d", .usage_end = "2026-06-01T01:00:00Z", .resource_id = "i-1");
    struct buffer facts = { 0 };
    facts_encode(&event, &facts);
    struct row_identity identity = row_table_identity(table, &event, buffer_text(&facts), period_of(event.usage_start));
    uint32_t handle = row_table_take(table, &identity);
    struct row_view view;
    row_table_read(table, handle, &view);
    assert_int_equal(view.values.usage_events, 0);
    assert_int_equal(*row_table_word(table, handle), 0);
    *row_table_word(table, handle) = 77;
    row_table_add_event(table, handle, &event);
    row_table_fold(table, &event, buffer_text(&facts));
    assert_int_equal(row_table_take(table, &identity), handle);
    assert_int_equal(row_table_count(table), 1);
    row_table_read(table, handle, &view);
    assert_int_equal(view.values.usage_events, 2);
    expect_decimal("amount", value_of(&view.values.amount), QUANTITY_SCALE, "10");

    /* The same values put into another table make the same row. */
    uint32_t copy = row_table_take(other, &identity);
    row_table_set(other, copy, &view.values, view.description);
    struct row_view copied;
    row_table_read(other, copy, &copied);
    assert_int_equal(row_view_compare(&view, &copied), 0);
    assert_int_equal(copied.values.usage_events, 2);
    assert_true(copied.values.usage_end_ms == view.values.usage_end_ms && copied.values.has_amount);
    assert_memory_equal(&copied.values.amount, &view.values.amount, sizeof view.values.amount);
    assert_memory_equal(&copied.values.costs, &view.values.costs, sizeof view.values.costs);
    expect_text("description", copied.description, "d");

    /* Costs that a row does not carry are ignored; an empty description is none. */
    sum_add(&copied.values.costs[CARRIED_PUBLIC_COST], 9);
    row_table_set(other, copy, &copied.values, TEXT_NONE);
    row_table_read(other, copy, &copied);
    expect_decimal("not carried", value_of(&copied.values.costs[CARRIED_PUBLIC_COST]), AMOUNT_SCALE, "0");
    expect_decimal("carried", value_of(&copied.values.costs[CARRIED_RESERVATION]), AMOUNT_SCALE, "6");
    assert_int_equal(copied.description.size, 0);

    row_table_sort(table);
    assert_int_equal(row_table_handle(table, 0), handle);
    assert_int_equal(*row_table_word(table, handle), 77);
    buffer_done(&facts);
    row_table_free(table);
    row_table_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_one_identity_become_one_row),
        cmocka_unit_test(each_cost_has_its_own_sum),
        cmocka_unit_test(a_row_without_amounts_or_ends_says_so),
        cmocka_unit_test(identities_make_rows),
        cmocka_unit_test(rows_are_in_canonical_order),
        cmocka_unit_test(a_sorted_table_goes_on_folding),
        cmocka_unit_test(many_rows_are_kept_apart),
        cmocka_unit_test(a_reset_table_is_empty),
        cmocka_unit_test(views_fold_as_events_do),
        cmocka_unit_test(the_billed_month_is_part_of_the_identity),
        cmocka_unit_test(a_row_is_found_by_its_identity_and_changed_in_place),
        cmocka_unit_test(a_memo_is_for_all_rows_of_an_account_with_the_same_facts),
        cmocka_unit_test(a_memo_is_never_of_another_account_or_other_facts),
        cmocka_unit_test(what_is_expected_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
