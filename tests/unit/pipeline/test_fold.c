/* pipeline/fold: entries become rows, duplicates or dead letters; memory is bounded. */
#include "support/unit.h"

#include "pipeline/fold.h"
#include "support/avro_random.h"
#include "support/fixtures.h"
#include "support/scratch_rocks.h"

static struct refusal take(struct fold *fold, struct usage_event event)
{
    struct usage_entry entry = { .event = event };
    struct refusal refusal = { 0 };
    struct error error;
    if (!fold_take(fold, &entry, &refusal, &error))
        fail_msg("%s", error.message);
    return refusal;
}

static size_t count_rows(struct fold *fold)
{
    struct row_cursor *cursor;
    struct row_view row;
    struct error error;
    bool found = true;
    size_t count = 0;
    assert_true(row_cursor_open(fold_rows(fold), &cursor, &error));
    for (;; count++) {
        assert_true(row_cursor_next(cursor, &row, &found, &error));
        if (!found)
            break;
    }
    row_cursor_close(cursor);
    return count;
}

static void every_entry_is_a_row_a_duplicate_or_a_dead_letter(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    const struct fold_options options = { GRANULARITY_HOURLY, true, 1 << 20 };
    struct fold *fold = fold_new(&options, rocks);
    assert_int_equal(fold_counts(fold)->first_period, PERIOD_NONE);
    assert_int_equal(take(fold, event_with(.event_id = "1", .usage_start = "2026-07-01T00:00:00Z")).reason, REFUSAL_NONE);
    assert_int_equal(take(fold, event_with(.event_id = "2")).reason, REFUSAL_NONE);
    assert_int_equal(take(fold, event_with(.event_id = "3", .usage_amount = "0.00000000005")).reason, REFUSAL_NONE);
    assert_int_equal(take(fold, event_with(.event_id = "2")).reason, REFUSAL_NONE);
    struct refusal reused = take(fold, event_with(.event_id = "2", .usage_amount = "2"));
    assert_int_equal(reused.reason, REFUSAL_EVENT_ID_REUSED);
    assert_string_equal(reused.field, "event_id");
    expect_text("value", reused.value, "2");
    struct usage_entry refused = { .refused = true };
    struct refusal refusal;
    struct error error;
    refuse(&refused.refusal, REFUSAL_BAD_TIME, "usage_start", TEXT("x"), "why");
    assert_true(fold_take(fold, &refused, &refusal, &error));
    assert_int_equal(refusal.reason, REFUSAL_BAD_TIME);
    assert_string_equal(refusal.detail, "why");
    const struct fold_counts *counts = fold_counts(fold);
    assert_int_equal(counts->events_in, 6);
    assert_int_equal(counts->duplicate, 1);
    assert_int_equal(counts->dead, 2);
    assert_int_equal(counts->excess_decimals, 1);
    assert_int_equal(counts->first_period, 2026 * 12 + 5);
    assert_int_equal(count_rows(fold), 2); /* June's fold into one */
    fold_drop_ids(fold);
    fold_free(fold);
    fold_free(NULL);
    close_rocks(rocks);
}

static void a_payer_has_usage_where_an_event_names_it_or_names_none(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    const struct fold_options options = { GRANULARITY_HOURLY, true, 1 << 20 };
    struct fold *fold = fold_new(&options, rocks);
    const billing_period june = 2026 * 12 + 5;
    take(fold, event_with(.event_id = "1", .payer_account_id = "100000000001"));
    take(fold, event_with(.event_id = "2", .payer_account_id = "100000000001", .usage_start = "2026-08-01T00:00:00Z"));
    take(fold, event_with(.event_id = "3", .usage_start = "2026-08-01T00:00:00Z"));
    const struct {
        const char *name;
        billing_period period;
        const char *payer;
        bool has;
    } rows[] = {
        { "its month", june, "100000000001", true },
        { "another payer", june, "100000000002", false },
        { "any payer", june, "", true },
        { "no usage", june + 1, "100000000001", false },
        { "no usage, any payer", june + 1, "", false },
        { "usage of nobody", june + 2, "100000000002", true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].name, fold_has_usage(fold, rows[i].period, text_of(rows[i].payer)), rows[i].has);
    fold_free(fold);
    close_rocks(rocks);
}

static void a_small_budget_spills_and_changes_nothing(void **state)
{
    (void)state;
    static const size_t budgets[] = { 64 << 20, 3 << 20, 1 << 20 };
    size_t rows[ARRAY_COUNT(budgets)];
    struct fold_counts counts[ARRAY_COUNT(budgets)];
    for (size_t i = 0; i < ARRAY_COUNT(budgets); i++) {
        struct rocks *rocks = open_rocks();
        const struct fold_options options = { GRANULARITY_HOURLY, true, budgets[i] };
        struct fold *fold = fold_new(&options, rocks);
        random_state = 1;
        for (unsigned n = 0; n < 40000; n++) {
            char id[24], resource[24], start[32];
            snprintf(id, sizeof id, "id%llu", (unsigned long long)random_below(60000));
            snprintf(resource, sizeof resource, "i-%llu", (unsigned long long)random_below(2000));
            snprintf(start, sizeof start, "2026-06-%02lluT%02llu:00:00Z", 1 + (unsigned long long)random_below(10),
                     (unsigned long long)random_below(24));
            take(fold, event_with(.event_id = id, .resource_id = resource, .usage_start = start));
        }
        if (i > 0)
            assert_true(row_store_runs(fold_rows(fold)) > 1);
        fold_drop_ids(fold);
        rows[i] = count_rows(fold);
        counts[i] = *fold_counts(fold);
        assert_int_equal(rows[i], rows[0]);
        assert_int_equal(counts[i].dead, counts[0].dead);
        assert_int_equal(counts[i].duplicate, counts[0].duplicate);
        fold_free(fold);
        close_rocks(rocks);
    }
    assert_true(counts[0].dead > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_a_row_a_duplicate_or_a_dead_letter),
        cmocka_unit_test(a_payer_has_usage_where_an_event_names_it_or_names_none),
        cmocka_unit_test(a_small_budget_spills_and_changes_nothing),
    };
    return cmocka_run_group_tests_name("pipeline/fold", tests, scratch_setup, scratch_teardown);
}
