/* store/row_store: rows that were spilled in any number of runs are the rows of one table in memory. */
#include "support/unit.h"

#include "store/row_store.h"
#include "support/avro_random.h"
#include "support/fixtures.h"
#include "support/scratch.h"

static const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };

struct stores {
    struct rocks *rocks;
    struct row_table *spilling, *whole;
    struct row_store *spilled, *model;
};

static void stores_open(struct stores *stores, enum granularity granularity, bool resource_ids)
{
    struct error error;
    if (!rocks_open(scratch_path("rows"), &small, &stores->rocks, &error))
        fail_msg("%s", error.message);
    stores->spilling = row_table_new(granularity, resource_ids);
    stores->whole = row_table_new(granularity, resource_ids);
    stores->spilled = row_store_new(stores->rocks, stores->spilling);
    stores->model = row_store_new(NULL, stores->whole);
}

static void stores_close(struct stores *stores)
{
    row_store_free(stores->spilled);
    row_store_free(stores->model);
    row_table_free(stores->spilling);
    row_table_free(stores->whole);
    rocks_close(stores->rocks);
    remove_tree(scratch_path("rows"));
}

static void fold(struct stores *stores, const struct usage_event *event)
{
    struct buffer facts = { 0 };
    facts_encode(event, &facts);
    row_table_fold(stores->spilling, event, buffer_text(&facts));
    row_table_fold(stores->whole, event, buffer_text(&facts));
    buffer_done(&facts);
}

static bool same_sum(const struct sum *a, const struct sum *b)
{
    return a->low == b->low && a->high == b->high && a->wraps == b->wraps;
}

static bool same_row(const struct row_view *a, const struct row_view *b)
{
    bool same = row_view_compare(a, b) == 0 && text_equal(a->description, b->description) &&
                a->values.usage_events == b->values.usage_events && a->values.usage_end_ms == b->values.usage_end_ms &&
                a->values.has_amount == b->values.has_amount && same_sum(&a->values.amount, &b->values.amount);
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        same = same && same_sum(&a->values.costs[i], &b->values.costs[i]);
    return same;
}

/* Walks both; every row of one is the row of the other. Returns their number. */
static size_t compare_stores(struct stores *stores, uint64_t seed)
{
    struct row_cursor *spilled, *model;
    struct error error;
    struct row_view a, b;
    bool has_a, has_b;
    size_t count = 0;
    if (!row_cursor_open(stores->spilled, &spilled, &error) || !row_cursor_open(stores->model, &model, &error))
        fail_msg("%s", error.message);
    for (;; count++) {
        if (!row_cursor_next(spilled, &a, &has_a, &error) || !row_cursor_next(model, &b, &has_b, &error))
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        if (has_a != has_b || (has_a && !same_row(&a, &b)))
            fail_msg("seed %llu, row %zu", (unsigned long long)seed, count);
        if (!has_a)
            break;
    }
    row_cursor_close(spilled);
    row_cursor_close(model);
    return count;
}

/* Few values a field, so that identities repeat over runs; some texts are prefixes of others. */
static struct usage_event small_event(void)
{
    static const char *const starts[] = { "2026-06-01T00:00:00Z", "2026-06-01T00:30:00Z", "2026-06-01T01:00:00Z",
                                          "2026-06-02T00:00:00Z", "2026-07-01T00:00:00Z", "1970-01-01T00:00:00Z",
                                          "9999-12-31T23:59:59Z" };
    static const char *const accounts[] = { "000000000001", "111111111111", "999999999999" };
    static const char *const resources[] = { "", "", "i-1", "i-1\xc3\xa4", "i-2", "i" };
    static const char *const products[] = { "AmazonEC2", "AmazonS3" };
    static const char *const costs[] = { "", "0", "1.5", "-99999999999999.99999999999999999999" };
    static const char *const tags[] = { "", "a=1", "a=1;b=2", "a=12" };
    static const char *const descriptions[] = { "", "b", "a", "ab", "c" };
    static const char *const ends[] = { "", "9999-12-31T23:59:59Z" };
    static const char *const amounts[] = { "1", "-0.0000000001", "9999999999999999999999999999", "0" };
#define PICK(array) array[random_below(ARRAY_COUNT(array))]
    return event_with(.usage_start = PICK(starts), .usage_account_id = PICK(accounts), .resource_id = PICK(resources),
                      .product_code = PICK(products), .unblended_cost = PICK(costs), .tags = PICK(tags),
                      .description = PICK(descriptions), .usage_end = PICK(ends), .usage_amount = PICK(amounts),
                      .public_on_demand_cost = PICK(costs));
#undef PICK
}

static void many_runs_give_the_rows_of_one_table(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct stores stores;
        struct error error;
        random_state = seed;
        stores_open(&stores, (enum granularity)random_below(3), random_below(4) > 0);
        uint64_t events = random_below(3) ? 1 + random_below(800) : random_below(4000);
        uint64_t often = 1 + random_below(random_below(2) ? 10 : 300); /* a run after about so many events */
        uint32_t runs = 0;
        for (uint64_t i = 0; i < events; i++) {
            struct usage_event event = small_event();
            fold(&stores, &event);
            if (random_below(often) == 0 && runs < 60) {
                bool beside = random_below(2);
                assert_true(beside ? row_store_spill_beside(stores.spilled, &error)
                                   : row_store_spill(stores.spilled, &error));
                assert_int_equal(row_table_count(stores.spilling), 0);
                assert_int_equal(row_store_runs(stores.spilled), ++runs);
            }
        }
        size_t count = compare_stores(&stores, seed);
        assert_int_equal(count, row_table_count(stores.whole));
        assert_int_equal(compare_stores(&stores, seed), count); /* a second walk, and another run after it */
        for (size_t i = 0; i < 20; i++) {
            struct usage_event event = small_event();
            fold(&stores, &event);
        }
        compare_stores(&stores, seed);
        stores_close(&stores);
    }
}

static void runs_of_many_pages_merge_within_one_hour_and_account(void **state)
{
    (void)state;
    struct stores stores;
    struct error error;
    stores_open(&stores, GRANULARITY_MONTHLY, true);
    random_state = 9;
    for (unsigned run = 0; run < 8; run++) {
        for (unsigned i = 0; i < 3000; i++) {
            char resource[32];
            snprintf(resource, sizeof resource, "i-%llu", (unsigned long long)random_below(5000));
            struct usage_event event = event_with(.resource_id = run % 3 ? resource : "", .unblended_cost = "0.1",
                                                  .sku = random_below(2) ? resource : "");
            fold(&stores, &event);
        }
        assert_true(row_store_spill(stores.spilled, &error));
    }
    assert_true(compare_stores(&stores, 9) > 4000);
    stores_close(&stores);
}

static void rows_larger_than_a_page_come_back(void **state)
{
    (void)state;
    struct stores stores;
    struct error error;
    stores_open(&stores, GRANULARITY_HOURLY, true);
    static char large[3][100001];
    for (size_t i = 0; i < ARRAY_COUNT(large); i++) {
        memset(large[i], (int)('a' + i), sizeof large[i] - 1);
        struct usage_event event = event_with(.resource_id = large[i], .description = large[i]);
        for (size_t run = 0; run < 2; run++) {
            fold(&stores, &event);
            assert_true(row_store_spill(stores.spilled, &error));
        }
    }
    assert_int_equal(compare_stores(&stores, 0), 3);
    stores_close(&stores);
}

static void an_empty_store_has_no_rows(void **state)
{
    (void)state;
    struct stores stores;
    struct error error;
    stores_open(&stores, GRANULARITY_HOURLY, true);
    assert_int_equal(row_store_runs(stores.spilled), 0);
    assert_int_equal(compare_stores(&stores, 0), 0);
    assert_true(row_store_spill(stores.spilled, &error)); /* an empty run */
    assert_int_equal(compare_stores(&stores, 0), 0);
    stores_close(&stores);
}

static void the_store_is_not_touched_before_the_first_spill(void **state)
{
    (void)state;
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    struct row_store *store = row_store_new(NULL, table);
    struct usage_event event = event_with();
    struct buffer facts = { 0 };
    struct row_cursor *cursor;
    struct row_view row;
    struct error error;
    bool found;
    facts_encode(&event, &facts);
    row_table_fold(table, &event, buffer_text(&facts));
    assert_true(row_cursor_open(store, &cursor, &error));
    assert_true(row_cursor_next(cursor, &row, &found, &error));
    assert_true(found);
    assert_true(row_cursor_next(cursor, &row, &found, &error));
    assert_false(found);
    row_cursor_close(cursor);
    row_cursor_close(NULL);
    buffer_done(&facts);
    row_store_free(store);
    row_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_runs_give_the_rows_of_one_table),
        cmocka_unit_test(runs_of_many_pages_merge_within_one_hour_and_account),
        cmocka_unit_test(rows_larger_than_a_page_come_back),
        cmocka_unit_test(an_empty_store_has_no_rows),
        cmocka_unit_test(the_store_is_not_touched_before_the_first_spill),
    };
    return cmocka_run_group_tests_name("store/row_store", tests, scratch_setup, scratch_teardown);
}
