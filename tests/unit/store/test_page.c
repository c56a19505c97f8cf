/* store/page: rows come back from their bytes, keys sort as rows do, damage is refused. */
#include "support/unit.h"

#include "store/page.h"
#include "support/avro_random.h"
#include "support/fixtures.h"

static int64_t random_bucket(void)
{
    /* A few hours, and both ends of what a time may be. */
    static const int64_t starts[] = { 0, INT64_C(1780272000000), INT64_C(1780275600000), INT64_C(253402297200000) };
    return starts[random_below(ARRAY_COUNT(starts))];
}

static struct sum random_sum(void)
{
    struct sum sum = { 0 };
    sum_add(&sum, random_decimal());
    if (random_below(6) == 0)
        sum.wraps = random_long();
    return sum;
}

static struct text random_facts(struct arena *arena)
{
    struct usage_event event;
    struct buffer bytes = { 0 };
    random_event(&event, arena);
    facts_encode(&event, &bytes);
    struct text facts = arena_copy(arena, buffer_text(&bytes));
    buffer_done(&bytes);
    return facts;
}

/* `facts`: one of them is taken, so that rows share them as they do in a month. */
static struct row_view random_row(const struct text *facts, size_t facts_count, struct arena *arena)
{
    struct row_view row = { .facts = facts[random_below(facts_count)] };
    row.resource = random_below(3) ? random_text(arena, 0) : TEXT_NONE;
    row.description = random_below(3) ? random_text(arena, 0) : TEXT_NONE;
    row.values.usage_events = random_below(3) ? random_below(1000) : random_word();
    row.values.usage_end_ms = random_below(3) ? (int64_t)random_below(253402300800000) : USAGE_END_NONE;
    row.values.has_amount = random_below(4) > 0;
    if (row.values.has_amount)
        row.values.amount = random_sum();
    struct facts decoded;
    facts_decode(row.facts, &decoded);
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        if (facts_carry(&decoded, i))
            row.values.costs[i] = random_sum();
    return row;
}

static bool same_sum(const struct sum *a, const struct sum *b)
{
    return a->low == b->low && a->high == b->high && a->wraps == b->wraps;
}

static void assert_same_row(const struct row_view *found, const struct row_view *wanted)
{
    assert_int_equal(row_view_compare(found, wanted), 0);
    assert_true(text_equal(found->description, wanted->description));
    assert_true(found->values.usage_events == wanted->values.usage_events);
    assert_true(found->values.usage_end_ms == wanted->values.usage_end_ms);
    assert_int_equal(found->values.has_amount, wanted->values.has_amount);
    assert_true(same_sum(&found->values.amount, &wanted->values.amount));
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        assert_true(same_sum(&found->values.costs[i], &wanted->values.costs[i]));
}

static void random_rows_come_back_from_their_bytes(void **state)
{
    (void)state;
    static struct page page;
    static struct row_view rows[PAGE_ROWS_MAX];
    struct arena arena = { 0 };
    struct page_writer writer = { 0 };
    struct error error;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        random_state = seed;
        struct text facts[5];
        for (size_t i = 0; i < ARRAY_COUNT(facts); i++)
            facts[i] = random_facts(&arena);
        int64_t bucket_ms = random_bucket();
        static const uint64_t accounts[] = { 0, 1, 999999999999 };
        size_t accounts_count = 1 + random_below(ARRAY_COUNT(accounts)), count = 0,
               wanted = random_below(4) ? 1 + random_below(20) : PAGE_ROWS_MAX + 5;
        for (; count < wanted; count++) {
            struct row_view row = random_row(facts, ARRAY_COUNT(facts), &arena);
            row.period = period_of(bucket_ms);
            row.bucket_ms = bucket_ms;
            row.account = accounts[random_below(accounts_count)];
            if (!page_has_room(&writer))
                break;
            rows[count] = row;
            page_add(&writer, &row);
        }
        assert_true(count <= PAGE_ROWS_MAX);
        if (!page_read(&page, period_of(bucket_ms), bucket_ms, page_value(&writer), &error))
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        assert_int_equal(page.row_count, count);
        for (size_t i = 0; i < count; i++)
            assert_same_row(&page.rows[i], &rows[i]);
        page_clear(&writer);
        arena_reset(&arena);
    }
    page_done(&page);
    page_writer_done(&writer);
    arena_done(&arena);
}

/* A row with the facts of one event; texts live in `arena`. */
static struct row_view row_of(struct usage_event event, const char *period, const char *resource, struct arena *arena)
{
    struct buffer bytes = { 0 };
    facts_encode(&event, &bytes);
    struct row_view row = {
        .bucket_ms = event.usage_start,
        .account = account_parse(event.usage_account_id),
        .resource = text_of(resource),
        .facts = arena_copy(arena, buffer_text(&bytes)),
        .values = { .usage_events = 1, .usage_end_ms = USAGE_END_NONE },
    };
    CHECK(period_parse(text_of(period), &row.period));
    buffer_done(&bytes);
    return row;
}

static void a_page_is_bounded(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct page_writer writer = { 0 };
    struct row_view row = row_of(event_with(), "2026-06", "i", &arena);
    for (size_t i = 0; i < PAGE_ROWS_MAX; i++) {
        assert_true(page_has_room(&writer));
        page_add(&writer, &row);
    }
    assert_false(page_has_room(&writer));
    page_clear(&writer);
    assert_true(page_has_room(&writer));
    struct buffer large = { 0 };
    while (large.size < PAGE_BYTES_MAX)
        buffer_append_text(&large, TEXT("0123456789abcdef"));
    row.description = buffer_text(&large);
    page_add(&writer, &row); /* a row that is larger than a page has one of its own */
    assert_false(page_has_room(&writer));
    buffer_done(&large);
    page_writer_done(&writer);
    arena_done(&arena);
}

static void a_row_of_any_year_keeps_its_period(void **state)
{
    (void)state;
    static struct page page;
    static const char *const periods[] = { "1970-01", "2026-06", "5461-05", "9999-12" };
    struct arena arena = { 0 };
    struct error error;
    for (size_t i = 0; i < ARRAY_COUNT(periods); i++) {
        struct page_writer writer = { 0 };
        char start[32];
        snprintf(start, sizeof start, "%s-01T00:00:00Z", periods[i]);
        struct row_view row = row_of(event_with(.usage_start = start), periods[i], "", &arena);
        page_add(&writer, &row);
        assert_true(page_read(&page, row.period, row.bucket_ms, page_value(&writer), &error));
        assert_same_row(&page.rows[0], &row);
        page_writer_done(&writer);
    }
    page_done(&page);
    arena_done(&arena);
}

static void what_is_no_page_is_refused(void **state)
{
    (void)state;
    static struct page page;
    struct arena arena = { 0 };
    struct page_writer writer = { 0 };
    struct buffer damaged = { 0 };
    struct row_view row = row_of(event_with(.unblended_cost = "1.5"), "2026-06", "i-1", &arena);
    row.account = 0;
    row.values.usage_end_ms = row.bucket_ms + HOUR_MS;
    row.description = TEXT("d");
    for (size_t i = 0; i < 3; i++)
        page_add(&writer, &row);
    struct text value = page_value(&writer);
    for (size_t size = 0; size < value.size; size++) { /* cut anywhere, unless between two rows */
        struct error error = { 0 };
        if (page_read(&page, row.period, row.bucket_ms, (struct text){ value.data, size }, &error))
            assert_in_range(page.row_count, 1, 2);
        else
            assert_int_equal(error.kind, ERROR_FAILED);
    }
    static const struct {
        const char *name;
        size_t at;
        unsigned char byte;
    } rows[] = { { "another version", 0, 2 },
                 { "a resource longer than the page", 2, 0xff },
                 { "facts that no row has brought", 2 + 1 + 3, 7 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = { 0 };
        buffer_clear(&damaged);
        buffer_append_text(&damaged, value);
        damaged.data[rows[i].at] = (char)rows[i].byte;
        if (page_read(&page, row.period, row.bucket_ms, buffer_text(&damaged), &error))
            fail_msg("%s", rows[i].name);
        assert_int_equal(error.kind, ERROR_FAILED);
    }
    page_done(&page);
    page_writer_done(&writer);
    buffer_done(&damaged);
    arena_done(&arena);
}

static void damaged_bytes_are_refused_or_give_whole_rows(void **state)
{
    (void)state;
    static struct page page;
    struct arena arena = { 0 };
    struct page_writer writer = { 0 };
    struct buffer damaged = { 0 };
    random_state = 3;
    struct text facts[3];
    for (size_t i = 0; i < ARRAY_COUNT(facts); i++)
        facts[i] = random_facts(&arena);
    for (size_t i = 0; i < 12; i++) {
        struct row_view row = random_row(facts, ARRAY_COUNT(facts), &arena);
        page_add(&writer, &row);
    }
    struct text value = page_value(&writer);
    for (int round = 0; round < 20000; round++) {
        struct error error;
        buffer_clear(&damaged);
        buffer_append_text(&damaged, value);
        for (uint64_t flips = 1 + random_below(3); flips > 0; flips--)
            damaged.data[random_below(damaged.size)] = (char)random_word();
        if (!page_read(&page, 0, 0, buffer_text(&damaged), &error))
            continue;
        for (size_t i = 0; i < page.row_count; i++) { /* every text lies in the page, all facts can be taken apart */
            const struct text texts[] = { page.rows[i].resource, page.rows[i].facts, page.rows[i].description };
            for (size_t t = 0; t < ARRAY_COUNT(texts); t++)
                assert_true(texts[t].size == 0 || (texts[t].data >= page.bytes.data &&
                                                   texts[t].data + texts[t].size <= page.bytes.data + page.bytes.size));
            assert_true(facts_are_valid(page.rows[i].facts));
        }
    }
    page_done(&page);
    page_writer_done(&writer);
    buffer_done(&damaged);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rows_come_back_from_their_bytes),       cmocka_unit_test(a_page_is_bounded),
        cmocka_unit_test(a_row_of_any_year_keeps_its_period),           cmocka_unit_test(what_is_no_page_is_refused),
        cmocka_unit_test(damaged_bytes_are_refused_or_give_whole_rows),
    };
    return cmocka_run_group_tests_name("store/page", tests, NULL, NULL);
}
