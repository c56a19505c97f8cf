/* store/ledger_store: pages, leaves and small records are there once written, in order, and damage is told. */
#include "support/unit.h"

#include <time.h>

#include "store/bytes.h"
#include "store/ledger_store.h"
#include "support/fixtures.h"
#include "support/scratch.h"

static const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };

static struct ledger_store *open_store(const char *name)
{
    struct ledger_store *store;
    struct error error;
    if (!ledger_store_open(scratch_path(name), &small, &store, &error))
        fail_msg("%s", error.message);
    return store;
}

static void write_all(struct ledger_store *store)
{
    struct error error;
    if (!ledger_store_write(store, &error))
        fail_msg("%s", error.message);
}

/* Of a month, an hour counted from that month's start, and a number. */
static struct leaf_key key_of(const char *period, int64_t hour, uint32_t number)
{
    struct leaf_key key = { .number = number };
    CHECK(period_parse(text_of(period), &key.period));
    key.bucket_ms = period_start(key.period) + hour * HOUR_MS;
    return key;
}

static void put_leaf(struct ledger_store *store, struct leaf_key key, const char *value)
{
    ledger_store_put_leaf(store, &key, text_of(value));
}

/* A page of one row. Month and bucket are not in the page's value but in its key. */
static void put_page(struct ledger_store *store, struct leaf_key key, uint32_t number, const char *resource)
{
    static struct page_writer writer;
    struct usage_event event = event_with();
    struct buffer facts = { 0 };
    facts_encode(&event, &facts);
    struct row_view row = { .period = key.period, .bucket_ms = key.bucket_ms, .account = key.number };
    row.resource = text_of(resource);
    row.facts = buffer_text(&facts);
    row.values.usage_events = number + 1;
    row.values.usage_end_ms = USAGE_END_NONE;
    page_add(&writer, &row);
    ledger_store_put_page(store, &key, number, page_value(&writer));
    page_clear(&writer);
    page_writer_done(&writer);
    writer = (struct page_writer){ 0 };
    buffer_done(&facts);
}

/* ---- listings ---- */

struct listed {
    struct leaf_key key;
    char value[16];
};

struct leaves {
    struct listed items[32];
    size_t count, fails_at; /* SIZE_MAX: never */
};

static bool list_leaf(void *context, const struct leaf_key *key, struct text value, struct error *error)
{
    struct leaves *leaves = context;
    if (leaves->count == leaves->fails_at)
        return error_fail(error, ERROR_FAILED, "enough of leaf %u", key->number);
    struct listed *item = &leaves->items[leaves->count++];
    assert_true(leaves->count <= ARRAY_COUNT(leaves->items) && value.size < sizeof item->value);
    item->key = *key;
    snprintf(item->value, sizeof item->value, "%.*s", TEXT_ARGS(value));
    return true;
}

/* These leaves and no others, in this order. */
static void expect_leaves(const char *row, struct ledger_store *store, const struct listed *expected, size_t count)
{
    struct leaves leaves = { .fails_at = SIZE_MAX };
    struct error error;
    if (!ledger_store_each_leaf(store, list_leaf, &leaves, &error))
        fail_msg("%s: %s", row, error.message);
    expect_number(row, (int64_t)leaves.count, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        expect_number(row, leaves.items[i].key.period, expected[i].key.period);
        expect_number(row, leaves.items[i].key.bucket_ms, expected[i].key.bucket_ms);
        expect_number(row, leaves.items[i].key.number, expected[i].key.number);
        expect_text(row, text_of(leaves.items[i].value), expected[i].value);
    }
}

static void expect_page(struct ledger_store *store, struct leaf_key key, uint32_t number, const char *resource)
{
    static struct page page;
    struct error error;
    if (!ledger_store_read_page(store, &key, number, &page, &error))
        fail_msg("%s: %s", resource, error.message);
    assert_int_equal(page.row_count, 1);
    expect_text(resource, page.rows[0].resource, resource);
    expect_number(resource, page.rows[0].period, key.period);
    expect_number(resource, page.rows[0].bucket_ms, key.bucket_ms);
    expect(resource, page.rows[0].account == key.number, true);
    expect(resource, page.rows[0].values.usage_events == number + 1, true);
    page_done(&page);
    page = (struct page){ 0 };
}

static void expect_no_page(struct ledger_store *store, struct leaf_key key, uint32_t number)
{
    static struct page page;
    struct error error = { 0 };
    char wanted[80];
    if (ledger_store_read_page(store, &key, number, &page, &error))
        fail_msg("page %u was found", number);
    assert_int_equal(error.kind, ERROR_FAILED);
    snprintf(wanted, sizeof wanted, "state store: page %u of a leaf is missing", number);
    assert_string_equal(error.message, wanted);
}

static void pages_come_back_by_leaf_and_number(void **state)
{
    (void)state;
    static const struct {
        const char *period;
        int64_t hour;
        uint32_t leaf;
        uint32_t number;
        const char *resource;
    } rows[] = {
        { "2026-06", 0, 11, 0, "first" },
        { "2026-06", 0, 11, 1, "second page" },
        { "2026-06", 0, 11, UINT32_MAX, "last page" },
        { "2026-06", 1, 11, 0, "another hour" },
        { "2026-06", 0, 22, 0, "another leaf" },
        { "2026-06", 0, 0, 0, "the first leaf" },
        { "2026-06", 0, UINT32_MAX, 256, "the last leaf" },
        { "2026-07", 0, 11, 0, "another month" },
        { "2026-07", -1, 11, 0, "late usage of June in July" },
        { "1970-01", 0, 1, 0, "the first month" },
        { "9999-12", 743, 1, 0, "the last hour" },
    };
    struct ledger_store *store = open_store("pages");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        put_page(store, key_of(rows[i].period, rows[i].hour, rows[i].leaf), rows[i].number, rows[i].resource);
    write_all(store);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_page(store, key_of(rows[i].period, rows[i].hour, rows[i].leaf), rows[i].number, rows[i].resource);
    expect_no_page(store, key_of("2026-06", 0, 11), 2);
    expect_no_page(store, key_of("2026-06", 2, 11), 0);
    expect_no_page(store, key_of("2026-08", 0, 11), 0);
    ledger_store_close(store);
}

static void a_page_can_be_replaced_and_dropped(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("replaced");
    struct leaf_key key = key_of("2026-06", 5, 11);
    put_page(store, key, 0, "old");
    put_page(store, key, 1, "other");
    write_all(store);
    put_page(store, key, 0, "new");
    write_all(store);
    expect_page(store, key, 0, "new");
    ledger_store_drop_page(store, &key, 0);
    ledger_store_drop_page(store, &key, 9); /* nothing is there: nothing happens */
    expect_page(store, key, 0, "new");      /* not before the write */
    write_all(store);
    expect_no_page(store, key, 0);
    expect_page(store, key, 1, "other");
    put_page(store, key, 1, "gone at once");
    ledger_store_drop_page(store, &key, 1);
    put_page(store, key, 0, "back");
    write_all(store);
    expect_no_page(store, key, 1);
    expect_page(store, key, 0, "back");
    ledger_store_close(store);
}

/* ---- leaves ---- */

static void leaves_come_month_by_month_bucket_by_bucket(void **state)
{
    (void)state;
    const struct listed rows[] = {
        { key_of("2026-05", 0, 1), "a" },    { key_of("2026-05", 743, 9), "b" },
        { key_of("2026-06", -744, 2), "c" }, /* late usage of May */
        { key_of("2026-06", -1, 0), "d" },   { key_of("2026-06", 0, 0), "e" },
        { key_of("2026-06", 0, 255), "f" }, /* in bytes as in numbers */
        { key_of("2026-06", 0, 256), "g" },  { key_of("2026-06", 0, UINT32_MAX), "h" },
        { key_of("2026-06", 719, 0), "i" },  { key_of("2026-07", -720, 0), "j" },
    };
    struct ledger_store *store = open_store("leaves");
    expect_leaves("none", store, NULL, 0);
    for (size_t i = ARRAY_COUNT(rows); i-- > 0;) {
        put_leaf(store, rows[i].key, "old"); /* the later one counts */
        put_leaf(store, rows[i].key, rows[i].value);
        put_page(store, rows[i].key, 0, "r"); /* pages are no leaves */
    }
    expect_leaves("before the write", store, NULL, 0);
    write_all(store);
    expect_leaves("all", store, rows, ARRAY_COUNT(rows));
    ledger_store_drop_month(store, rows[2].key.period);
    write_all(store);
    const struct listed kept[] = { rows[0], rows[1], rows[9] };
    expect_leaves("without June", store, kept, ARRAY_COUNT(kept));
    expect_no_page(store, rows[4].key, 0);
    expect_page(store, rows[0].key, 0, "r");
    ledger_store_close(store);
}

static void a_leaf_that_its_reader_refuses_ends_the_reading(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("refused-leaf");
    for (uint32_t i = 0; i < 3; i++)
        put_leaf(store, key_of("2026-06", 0, i), "v");
    write_all(store);
    for (size_t at = 0; at < 3; at++) {
        struct leaves leaves = { .fails_at = at };
        struct error error = { 0 };
        char wanted[32];
        assert_false(ledger_store_each_leaf(store, list_leaf, &leaves, &error));
        assert_int_equal(leaves.count, at);
        snprintf(wanted, sizeof wanted, "enough of leaf %zu", at);
        assert_string_equal(error.message, wanted);
    }
    ledger_store_close(store);
}

static void rows_of_several_accounts_share_a_page(void **state)
{
    (void)state;
    static const uint64_t accounts[] = { 111111111111, 111111111111, 222222222222, 111111111111, 0, 999999999999 };
    static struct page_writer writer;
    static struct page page;
    struct ledger_store *store = open_store("accounts");
    struct leaf_key key = key_of("2026-06", 3, 7);
    struct usage_event event = event_with();
    struct buffer facts = { 0 };
    struct error error;
    facts_encode(&event, &facts);
    for (size_t i = 0; i < ARRAY_COUNT(accounts); i++) {
        struct row_view row = { .period = key.period, .bucket_ms = key.bucket_ms, .account = accounts[i] };
        row.facts = buffer_text(&facts);
        row.values.usage_end_ms = USAGE_END_NONE;
        row.values.usage_events = i;
        assert_true(page_has_room(&writer));
        page_add(&writer, &row);
    }
    ledger_store_put_page(store, &key, 0, page_value(&writer));
    write_all(store);
    if (!ledger_store_read_page(store, &key, 0, &page, &error))
        fail_msg("%s", error.message);
    assert_int_equal(page.row_count, ARRAY_COUNT(accounts));
    for (size_t i = 0; i < ARRAY_COUNT(accounts); i++) {
        assert_true(page.rows[i].account == accounts[i] && page.rows[i].values.usage_events == i);
        assert_true(page.rows[i].period == key.period && page.rows[i].bucket_ms == key.bucket_ms);
    }
    page_done(&page);
    page_writer_done(&writer);
    buffer_done(&facts);
    ledger_store_close(store);
}

/* ---- small records ---- */

struct listing {
    struct buffer out;
    unsigned calls, fails_at; /* 0: never */
};

static bool list(void *context, struct text key, struct text value, struct error *error)
{
    struct listing *listing = context;
    if (++listing->calls == listing->fails_at)
        return error_fail(error, ERROR_FAILED, "enough of %.*s", TEXT_ARGS(key));
    buffer_printf(&listing->out, "%.*s=%.*s ", TEXT_ARGS(key), TEXT_ARGS(value));
    return true;
}

static void expect_kind(struct ledger_store *store, char kind, const char *expected)
{
    struct listing listing = { 0 };
    struct error error;
    if (!ledger_store_each(store, kind, list, &listing, &error))
        fail_msg("%s", error.message);
    expect_text(expected, buffer_text(&listing.out), expected);
    buffer_done(&listing.out);
}

static void small_records_are_kept_apart_by_kind(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("small");
    expect_kind(store, LEDGER_STORE_TOTAL, "");
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("b"), TEXT("1"));
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("a"), TEXT("2"));
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("\xff"), TEXT("3"));
    ledger_store_put(store, LEDGER_STORE_POOL, TEXT("a"), TEXT("4"));
    ledger_store_put(store, LEDGER_STORE_POOL, TEXT("ta"), TEXT("5"));
    ledger_store_put(store, LEDGER_STORE_POINT, TEXT_NONE, TEXT("6"));
    put_leaf(store, key_of("2026-06", 0, 1), "l");
    put_page(store, key_of("2026-06", 0, 1), 0, "r");
    write_all(store);
    expect_kind(store, LEDGER_STORE_TOTAL, "a=2 b=1 \xff=3 ");
    expect_kind(store, LEDGER_STORE_POOL, "a=4 ta=5 ");
    expect_kind(store, LEDGER_STORE_POINT, "=6 ");
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("b"), TEXT_NONE); /* replaced, and empty is not gone */
    ledger_store_put(store, LEDGER_STORE_POINT, TEXT_NONE, TEXT("7"));
    write_all(store);
    expect_kind(store, LEDGER_STORE_TOTAL, "a=2 b= \xff=3 ");
    expect_kind(store, LEDGER_STORE_POINT, "=7 ");
    expect_leaves("the leaf", store, &(struct listed){ key_of("2026-06", 0, 1), "l" }, 1);
    ledger_store_close(store);
}

static bool same_bytes(void *context, struct text key, struct text value, struct error *error)
{
    (void)error;
    struct text *expected = context;
    return text_equal(key, expected[0]) && text_equal(value, expected[1]);
}

static void a_small_record_may_hold_any_bytes(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("any-bytes");
    struct text expected[] = { BYTES("k\0\xff"), BYTES("\0v\xff\0") };
    struct error error;
    ledger_store_put(store, LEDGER_STORE_POOL, expected[0], expected[1]);
    write_all(store);
    assert_true(ledger_store_each(store, LEDGER_STORE_POOL, same_bytes, expected, &error));
    expected[1].size--;
    assert_false(ledger_store_each(store, LEDGER_STORE_POOL, same_bytes, expected, &error));
    ledger_store_close(store);
}

static void a_record_that_its_reader_refuses_ends_the_reading(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("refused");
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("a"), TEXT("1"));
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("b"), TEXT("2"));
    ledger_store_put(store, LEDGER_STORE_TOTAL, TEXT("c"), TEXT("3"));
    write_all(store);
    for (unsigned at = 1; at <= 3; at++) {
        struct listing listing = { .fails_at = at };
        struct error error = { 0 };
        assert_false(ledger_store_each(store, LEDGER_STORE_TOTAL, list, &listing, &error));
        assert_int_equal(listing.calls, at);
        assert_non_null(strstr(error.message, "enough of "));
        assert_int_equal(error.message[strlen("enough of ")], 'a' + (int)at - 1);
        buffer_done(&listing.out);
    }
    ledger_store_close(store);
}

static void keys_of_others_are_not_in_its_way(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("others");
    struct rocks_batch *batch = rocks_batch_new();
    struct error error;
    rocks_batch_put(batch, TEXT("T"), TEXT("x"));
    rocks_batch_put(batch, TEXT("G"), TEXT("x"));
    rocks_batch_put(batch, TEXT("R"), TEXT("x"));
    assert_true(rocks_write(ledger_store_rocks(store), batch, &error));
    rocks_batch_free(batch);
    expect_kind(store, LEDGER_STORE_TOTAL, "");
    expect_leaves("no leaf", store, NULL, 0);
    ledger_store_close(store);
}

/* ---- writes ---- */

static void nothing_is_there_before_the_write(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("before");
    struct leaf_key key = key_of("2026-06", 0, 11);
    put_page(store, key, 0, "r");
    put_leaf(store, key, "l");
    ledger_store_put(store, LEDGER_STORE_POOL, TEXT("k"), TEXT("v"));
    expect_no_page(store, key, 0);
    expect_leaves("before", store, NULL, 0);
    expect_kind(store, LEDGER_STORE_POOL, "");
    write_all(store);
    expect_page(store, key, 0, "r");
    expect_leaves("after", store, &(struct listed){ key, "l" }, 1);
    expect_kind(store, LEDGER_STORE_POOL, "k=v ");
    ledger_store_drop_page(store, &key, 0);
    write_all(store);
    put_page(store, key, 1, "s");
    write_all(store);
    write_all(store); /* what was written is not written again; nothing to write is fine */
    expect_no_page(store, key, 0);
    ledger_store_close(store);
}

static void a_store_that_was_closed_has_what_was_written(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("reopened");
    struct leaf_key june = key_of("2026-06", 0, 11), july = key_of("2026-07", 0, 11);
    for (unsigned i = 0; i < 3; i++) { /* opened and closed more than once */
        char value[16], expected[32];
        put_page(store, june, i, i == 0 ? "r0" : i == 1 ? "r1" : "r2");
        snprintf(value, sizeof value, "%u", i);
        put_leaf(store, june, value);
        ledger_store_put(store, LEDGER_STORE_POINT, TEXT_NONE, text_of(value));
        write_all(store);
        put_leaf(store, july, "l"); /* put, never written */
        ledger_store_put(store, LEDGER_STORE_POOL, TEXT("k"), TEXT("v"));
        ledger_store_close(store);
        store = open_store("reopened");
        expect_page(store, june, 0, "r0");
        expect_page(store, june, i, i == 0 ? "r0" : i == 1 ? "r1" : "r2");
        expect_no_page(store, june, i + 1);
        struct listed leaf = { .key = june };
        snprintf(leaf.value, sizeof leaf.value, "%u", i);
        expect_leaves("June alone", store, &leaf, 1);
        snprintf(expected, sizeof expected, "=%u ", i);
        expect_kind(store, LEDGER_STORE_POINT, expected);
        expect_kind(store, LEDGER_STORE_POOL, "");
    }
    ledger_store_close(store);
    ledger_store_close(NULL);
}

static void what_is_flushed_reaches_the_disk(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("flushed");
    struct error error;
    assert_true(ledger_store_disk_bytes(store) == 0);
    put_page(store, key_of("2026-06", 0, 1), 0, "r");
    write_all(store);
    assert_true(ledger_store_disk_bytes(store) == 0); /* still in memory */
    assert_true(ledger_store_flush(store, &error));
    for (int i = 0; i < 3000 && ledger_store_disk_bytes(store) == 0; i++) /* it is only begun: half a minute at most */
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    assert_true(ledger_store_disk_bytes(store) > 0);
    expect_page(store, key_of("2026-06", 0, 1), 0, "r");
    ledger_store_close(store);
}

static void a_directory_belongs_to_one_store(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("owned"), *other = NULL;
    struct error error = { 0 };
    assert_false(ledger_store_open(scratch_path("owned"), &small, &other, &error));
    assert_int_equal(error.kind, ERROR_LATER);
    assert_non_null(strstr(error.message, "state store"));
    assert_null(other);
    ledger_store_close(store);
    ledger_store_close(open_store("owned"));
}

/* ---- damage ---- */

/* Puts `value` in place of the only record whose key begins with `prefix`. */
static void damage(struct ledger_store *store, struct text prefix, struct text value)
{
    struct rocks *rocks = ledger_store_rocks(store);
    struct rocks_iterator *iterator = rocks_iterate(rocks, prefix);
    struct rocks_batch *batch = rocks_batch_new();
    struct text key, before;
    struct error error;
    assert_true(rocks_iterator_next(iterator, &key, &before));
    rocks_batch_put(batch, key, value);
    assert_false(rocks_iterator_next(iterator, &key, &before));
    rocks_iterator_close(iterator);
    assert_true(rocks_write(rocks, batch, &error));
    rocks_batch_free(batch);
}

static void expect_damage(const char *row, bool done, const struct error *error)
{
    expect(row, done, false);
    expect_number(row, error->kind, ERROR_FAILED);
    if (!text_starts_with(text_of(error->message), TEXT("state store: ")))
        fail_msg("%s: '%s'", row, error->message);
}

static void a_damaged_page_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct text value;
    } rows[] = {
        { "no bytes", { "", 0 } },
        { "no rows", { "\x01", 1 } },
        { "another version", { "\x07\0", 2 } },
        { "a row cut short", { "\x01\x08\x01i", 4 } },
        { "a text longer than the page", { "\x01\0\x7fi", 4 } },
        { "an account cut short", { "\x01\x20\x80", 3 } },
    };
    static struct page page;
    struct ledger_store *store = open_store("bad-page");
    struct leaf_key key = key_of("2026-06", 0, 11);
    put_page(store, key, 0, "r");
    write_all(store);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = { 0 };
        damage(store, TEXT("r"), rows[i].value);
        expect_damage(rows[i].name, ledger_store_read_page(store, &key, 0, &page, &error), &error);
    }
    page_done(&page);
    ledger_store_close(store);
}

static void a_damaged_key_of_a_leaf_is_told(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 4, 11, 13 }; /* 12 it should be */
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        char row[32];
        snprintf(row, sizeof row, "%zu bytes", sizes[i]);
        struct ledger_store *store = open_store(row);
        struct buffer bytes = { 0 };
        struct leaves leaves = { .fails_at = SIZE_MAX };
        struct error error = { 0 };
        buffer_append_byte(&bytes, 'g');
        while (bytes.size < sizes[i])
            buffer_append_byte(&bytes, '\0');
        struct rocks_batch *batch = rocks_batch_new();
        rocks_batch_put(batch, buffer_text(&bytes), TEXT("v"));
        assert_true(rocks_write(ledger_store_rocks(store), batch, &error));
        rocks_batch_free(batch);
        expect_damage(row, ledger_store_each_leaf(store, list_leaf, &leaves, &error), &error);
        buffer_done(&bytes);
        ledger_store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_come_back_by_leaf_and_number),
        cmocka_unit_test(a_page_can_be_replaced_and_dropped),
        cmocka_unit_test(leaves_come_month_by_month_bucket_by_bucket),
        cmocka_unit_test(a_leaf_that_its_reader_refuses_ends_the_reading),
        cmocka_unit_test(rows_of_several_accounts_share_a_page),
        cmocka_unit_test(small_records_are_kept_apart_by_kind),
        cmocka_unit_test(a_small_record_may_hold_any_bytes),
        cmocka_unit_test(a_record_that_its_reader_refuses_ends_the_reading),
        cmocka_unit_test(keys_of_others_are_not_in_its_way),
        cmocka_unit_test(nothing_is_there_before_the_write),
        cmocka_unit_test(a_store_that_was_closed_has_what_was_written),
        cmocka_unit_test(what_is_flushed_reaches_the_disk),
        cmocka_unit_test(a_directory_belongs_to_one_store),
        cmocka_unit_test(a_damaged_page_is_told),
        cmocka_unit_test(a_damaged_key_of_a_leaf_is_told),
    };
    return cmocka_run_group_tests_name("store/ledger_store", tests, scratch_setup, scratch_teardown);
}
