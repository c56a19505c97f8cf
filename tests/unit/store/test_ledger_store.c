/* store/ledger_store: pages, groups and small records are there once written, in order, and damage is told. */
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

/* Of a month, an hour counted from that month's start, and an account. */
static struct group_key key_of(const char *period, int64_t hour, uint64_t account)
{
    struct group_key key = { .account = account };
    CHECK(period_parse(text_of(period), &key.period));
    key.bucket_ms = period_start(key.period) + hour * HOUR_MS;
    return key;
}

static void put_group(struct ledger_store *store, struct group_key key, uint32_t first, uint32_t end)
{
    ledger_store_put_group(store, &key, &(struct group_pages){ first, end });
}

/* A page of one row. The group is not in the page's value but in its key. */
static void put_page(struct ledger_store *store, struct group_key key, uint32_t number, const char *resource)
{
    static struct page_writer writer;
    struct usage_event event = event_with();
    struct buffer facts = { 0 };
    facts_encode(&event, &facts);
    struct row_view row = { .period = key.period, .bucket_ms = key.bucket_ms, .account = key.account };
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

static void expect_pages(const char *row, struct ledger_store *store, struct group_key key, uint32_t first, uint32_t end)
{
    struct group_pages pages = { 77, 78 };
    struct error error;
    if (!ledger_store_find_group(store, &key, &pages, &error))
        fail_msg("%s: %s", row, error.message);
    expect_number(row, pages.first, first);
    expect_number(row, pages.end, end);
}

static void expect_page(struct ledger_store *store, struct group_key key, uint32_t number, const char *resource)
{
    static struct page page;
    struct error error;
    if (!ledger_store_read_page(store, &key, number, &page, &error))
        fail_msg("%s: %s", resource, error.message);
    assert_int_equal(page.row_count, 1);
    expect_text(resource, page.rows[0].resource, resource);
    expect_number(resource, page.rows[0].period, key.period);
    expect_number(resource, page.rows[0].bucket_ms, key.bucket_ms);
    expect(resource, page.rows[0].account == key.account, true);
    expect(resource, page.rows[0].values.usage_events == number + 1, true);
    page_done(&page);
    page = (struct page){ 0 };
}

static void expect_no_page(struct ledger_store *store, struct group_key key, uint32_t number)
{
    static struct page page;
    struct error error = { 0 };
    char wanted[80];
    if (ledger_store_read_page(store, &key, number, &page, &error))
        fail_msg("page %u was found", number);
    assert_int_equal(error.kind, ERROR_FAILED);
    snprintf(wanted, sizeof wanted, "state store: page %u of a group is missing", number);
    assert_string_equal(error.message, wanted);
}

static void a_group_says_which_pages_it_has(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t first, end;
    } rows[] = {
        { "none", 0, 0 },
        { "one", 0, 1 },
        { "none any more", 7, 7 },
        { "many behind many", 1000, 1300 },
        { "all there can be", 0, UINT32_MAX },
        { "the last there can be", UINT32_MAX - 1, UINT32_MAX },
        { "none behind the last", UINT32_MAX, UINT32_MAX },
    };
    struct ledger_store *store = open_store("groups");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct group_key key = key_of("2026-06", (int64_t)i, 111111111111);
        put_group(store, key, 3, 9); /* the later one counts */
        put_group(store, key, rows[i].first, rows[i].end);
        write_all(store);
        expect_pages(rows[i].name, store, key, rows[i].first, rows[i].end);
        put_group(store, key, 5, 6);
        write_all(store);
        expect_pages(rows[i].name, store, key, 5, 6);
    }
    ledger_store_close(store);
}

static void pages_come_back_by_group_and_number(void **state)
{
    (void)state;
    static const struct {
        const char *period;
        int64_t hour;
        uint64_t account;
        uint32_t number;
        const char *resource;
    } rows[] = {
        { "2026-06", 0, 111111111111, 0, "first" },
        { "2026-06", 0, 111111111111, 1, "second page" },
        { "2026-06", 0, 111111111111, UINT32_MAX, "last page" },
        { "2026-06", 1, 111111111111, 0, "another hour" },
        { "2026-06", 0, 222222222222, 0, "another account" },
        { "2026-06", 0, 0, 0, "no account" },
        { "2026-06", 0, 999999999999, 256, "the largest account" },
        { "2026-07", 0, 111111111111, 0, "another month" },
        { "2026-07", -1, 111111111111, 0, "late usage of June in July" },
        { "1970-01", 0, 1, 0, "the first month" },
        { "9999-12", 743, 1, 0, "the last hour" },
    };
    struct ledger_store *store = open_store("pages");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        put_page(store, key_of(rows[i].period, rows[i].hour, rows[i].account), rows[i].number, rows[i].resource);
    write_all(store);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_page(store, key_of(rows[i].period, rows[i].hour, rows[i].account), rows[i].number, rows[i].resource);
    expect_no_page(store, key_of("2026-06", 0, 111111111111), 2);
    expect_no_page(store, key_of("2026-06", 2, 111111111111), 0);
    expect_no_page(store, key_of("2026-08", 0, 111111111111), 0);
    ledger_store_close(store);
}

static void a_page_can_be_replaced_and_dropped(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("replaced");
    struct group_key key = key_of("2026-06", 5, 111111111111);
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

/* ---- walks ---- */

static struct group_key next_of(struct group_walk *walk, bool *found)
{
    struct group_key key = { 0 };
    struct error error;
    if (!group_walk_next(walk, &key, found, &error))
        fail_msg("%s", error.message);
    return key;
}

/* `keys` and nothing else come, one behind the other. */
static void expect_walk(const char *row, struct group_walk *walk, const struct group_key *keys, size_t count)
{
    bool found;
    for (size_t i = 0; i < count; i++) {
        struct group_key key = next_of(walk, &found);
        expect(row, found, true);
        expect_number(row, key.period, keys[i].period);
        expect_number(row, key.bucket_ms, keys[i].bucket_ms);
        expect(row, key.account == keys[i].account, true);
    }
    for (int i = 0; i < 2; i++) { /* the end is the end */
        next_of(walk, &found);
        expect(row, found, false);
    }
    group_walk_close(walk);
}

enum { JUNE = 8, MAY = 2, JULY = 3 };

/* Canonical order within each month; put backwards. */
static size_t put_months(struct ledger_store *store, struct group_key keys[MAY + JUNE + JULY])
{
    const struct group_key rows[] = {
        key_of("2026-05", 0, 111111111111),
        key_of("2026-05", 743, 999999999999),
        key_of("2026-06", -744, 999999999999), /* late usage of May */
        key_of("2026-06", -1, 111111111111),
        key_of("2026-06", 0, 0),
        key_of("2026-06", 0, 255), /* in bytes as in numbers */
        key_of("2026-06", 0, 256),
        key_of("2026-06", 0, 999999999999),
        key_of("2026-06", 1, 1),
        key_of("2026-06", 719, 1),
        key_of("2026-07", -720, 1),
        key_of("2026-07", 0, 111111111111),
        key_of("2026-07", 0, 222222222222),
    };
    for (size_t i = ARRAY_COUNT(rows); i-- > 0;) {
        put_group(store, rows[i], 0, 1);
        put_page(store, rows[i], 0, "r"); /* pages are none of a walk's business */
    }
    memcpy(keys, rows, sizeof rows);
    return ARRAY_COUNT(rows);
}

static void a_walk_gives_the_groups_of_one_month_in_canonical_order(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("walk");
    struct group_key keys[MAY + JUNE + JULY], june = key_of("2026-06", 0, 0);
    assert_int_equal(put_months(store, keys), MAY + JUNE + JULY);
    write_all(store);
    expect_walk("May", group_walk_open(store, june.period - 1, NULL), keys, MAY);
    expect_walk("June", group_walk_open(store, june.period, NULL), keys + MAY, JUNE);
    expect_walk("July", group_walk_open(store, june.period + 1, NULL), keys + MAY + JUNE, JULY);
    expect_walk("April", group_walk_open(store, june.period - 2, NULL), NULL, 0);
    expect_walk("August", group_walk_open(store, june.period + 2, NULL), NULL, 0);
    group_walk_close(NULL);
    ledger_store_close(store);
}

static void the_last_group_before_a_month_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *before, *period;
        int64_t hour;
        uint64_t account;
    } rows[] = { { "2026-05", "", 0, 0 },
                 { "2026-06", "2026-05", 700, 1 },
                 { "2026-07", "2026-06", 3, 9 },
                 { "2026-08", "2026-06", 3, 9 },
                 { "9999-12", "2026-09", 0, 2 } };
    struct ledger_store *store = open_store("last-group");
    struct group_key key = { 0 };
    struct error error;
    bool found = true;
    assert_true(ledger_store_last_group(store, 100000, &key, &found, &error));
    assert_false(found);
    put_group(store, key_of("2026-05", 700, 1), 0, 1);
    put_group(store, key_of("2026-06", 3, 8), 0, 1);
    put_group(store, key_of("2026-06", 3, 9), 0, 1);
    put_group(store, key_of("2026-06", 2, 10), 0, 1);
    put_group(store, key_of("2026-09", 0, 2), 0, 1);
    ledger_store_put(store, LEDGER_STORE_POOL, TEXT("behind"), TEXT("all groups"));
    write_all(store);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct group_key expected = key_of(rows[i].period[0] ? rows[i].period : "2026-01", rows[i].hour, rows[i].account);
        assert_true(ledger_store_last_group(store, key_of(rows[i].before, 0, 0).period, &key, &found, &error));
        expect_number(rows[i].before, found, rows[i].period[0] != '\0');
        if (!found)
            continue;
        expect_number(rows[i].before, key.period, expected.period);
        expect_number(rows[i].before, key.bucket_ms, expected.bucket_ms);
        expect_number(rows[i].before, (long long)key.account, (long long)expected.account);
    }
    ledger_store_close(store);
}

static void a_walk_goes_on_behind_any_group(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("after");
    struct group_key keys[MAY + JUNE + JULY];
    put_months(store, keys);
    write_all(store);
    const struct group_key *june = keys + MAY;
    for (size_t i = 0; i < JUNE; i++) {
        char row[32];
        snprintf(row, sizeof row, "behind group %zu", i);
        expect_walk(row, group_walk_open(store, june->period, &june[i]), june + i + 1, JUNE - i - 1);
    }
    static const struct { /* places where no group is */
        const char *name;
        int64_t hour;
        uint64_t account;
        size_t next;
    } rows[] = {
        { "before all", -745, 0, 0 },     { "between two accounts", 0, 100, 3 },
        { "between two hours", 5, 1, 7 }, { "in the hour of the last one", 719, 2, JUNE },
        { "behind all", 720, 0, JUNE },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct group_key after = key_of("2026-06", rows[i].hour, rows[i].account);
        expect_walk(rows[i].name, group_walk_open(store, june->period, &after), june + rows[i].next, JUNE - rows[i].next);
    }
    ledger_store_close(store);
}

static void a_walk_sees_the_groups_that_were_there_when_it_began(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("as-they-were");
    const struct group_key keys[] = { key_of("2026-06", 1, 1), key_of("2026-06", 3, 1) };
    const struct group_key all[] = { keys[0], key_of("2026-06", 2, 1), keys[1], key_of("2026-06", 4, 1) };
    put_group(store, keys[0], 0, 1);
    put_group(store, keys[1], 0, 1);
    write_all(store);
    struct group_walk *walk = group_walk_open(store, keys[0].period, NULL);
    struct group_walk *again = group_walk_open(store, keys[0].period, &keys[0]); /* two at a time */
    put_group(store, all[1], 0, 1);
    put_group(store, all[3], 0, 1);
    write_all(store);
    expect_walk("before", walk, keys, ARRAY_COUNT(keys));
    expect_walk("before, behind the first", again, keys + 1, ARRAY_COUNT(keys) - 1);
    expect_walk("after", group_walk_open(store, keys[0].period, NULL), all, ARRAY_COUNT(all));
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
    put_group(store, key_of("2026-06", 0, 1), 0, 1);
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
    expect_pages("the group", store, key_of("2026-06", 0, 1), 0, 1);
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
    struct group_key key = key_of("2026-06", 0, 1);
    rocks_batch_put(batch, TEXT("T"), TEXT("x"));
    rocks_batch_put(batch, TEXT("G"), TEXT("x"));
    rocks_batch_put(batch, TEXT("R"), TEXT("x"));
    assert_true(rocks_write(ledger_store_rocks(store), batch, &error));
    rocks_batch_free(batch);
    expect_kind(store, LEDGER_STORE_TOTAL, "");
    expect_walk("no group", group_walk_open(store, key.period, NULL), NULL, 0);
    ledger_store_close(store);
}

/* ---- writes ---- */

static void nothing_is_there_before_the_write(void **state)
{
    (void)state;
    struct ledger_store *store = open_store("before");
    struct group_key key = key_of("2026-06", 0, 111111111111);
    put_page(store, key, 0, "r");
    put_group(store, key, 0, 1);
    ledger_store_put(store, LEDGER_STORE_POOL, TEXT("k"), TEXT("v"));
    expect_no_page(store, key, 0);
    expect_pages("before", store, key, 0, 0);
    expect_walk("before", group_walk_open(store, key.period, NULL), NULL, 0);
    expect_kind(store, LEDGER_STORE_POOL, "");
    write_all(store);
    expect_page(store, key, 0, "r");
    expect_pages("after", store, key, 0, 1);
    expect_walk("after", group_walk_open(store, key.period, NULL), &key, 1);
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
    struct group_key june = key_of("2026-06", 0, 111111111111), july = key_of("2026-07", 0, 111111111111);
    for (unsigned i = 0; i < 3; i++) { /* opened and closed more than once */
        char value[16], expected[32];
        put_page(store, june, i, i == 0 ? "r0" : i == 1 ? "r1" : "r2");
        put_group(store, june, 0, i + 1);
        snprintf(value, sizeof value, "%u", i);
        ledger_store_put(store, LEDGER_STORE_POINT, TEXT_NONE, text_of(value));
        write_all(store);
        put_group(store, july, 0, 1); /* put, never written */
        ledger_store_put(store, LEDGER_STORE_POOL, TEXT("k"), TEXT("v"));
        ledger_store_close(store);
        store = open_store("reopened");
        expect_page(store, june, 0, "r0");
        expect_page(store, june, i, i == 0 ? "r0" : i == 1 ? "r1" : "r2");
        expect_no_page(store, june, i + 1);
        expect_pages("June", store, june, 0, i + 1);
        expect_pages("July", store, july, 0, 0);
        expect_walk("June", group_walk_open(store, june.period, NULL), &june, 1);
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

static void a_damaged_group_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct text value;
    } rows[] = {
        { "no bytes", { "", 0 } },
        { "no count", { "\x01", 1 } },
        { "a count cut short", { "\x01\x80", 2 } },
        { "a byte too many", { "\x01\x01\0", 3 } },
        { "a first page beyond numbers", { "\x80\x80\x80\x80\x10\0", 6 } },
        { "an end beyond numbers", { "\x01\xff\xff\xff\xff\x0f", 6 } },
        { "a count that comes round", { "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 } },
        { "a count of eleven bytes", { "\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12 } },
    };
    struct ledger_store *store = open_store("bad-group");
    struct group_key key = key_of("2026-06", 0, 111111111111);
    put_group(store, key, 0, 1);
    write_all(store);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct group_pages pages = { 77, 78 };
        struct error error = { 0 };
        damage(store, TEXT("g"), rows[i].value);
        expect_damage(rows[i].name, ledger_store_find_group(store, &key, &pages, &error), &error);
        expect(rows[i].name, pages.first == 0 && pages.end == 0, true); /* and none is taken for it */
    }
    damage(store, TEXT("g"), TEXT("\x02\x03"));
    expect_pages("whole again", store, key, 2, 5);
    ledger_store_close(store);
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
    };
    static struct page page;
    struct ledger_store *store = open_store("bad-page");
    struct group_key key = key_of("2026-06", 0, 111111111111);
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

static void a_damaged_key_of_a_group_is_told_in_its_place(void **state)
{
    (void)state;
    static const size_t sizes[] = { 4, 5, 15, 17 }; /* 16 it should be; shorter than 4 is of no month */
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        char row[32];
        snprintf(row, sizeof row, "%zu bytes", sizes[i]);
        struct ledger_store *store = open_store(row);
        struct group_key key = key_of("2026-06", 0, 111111111111), other = key_of("2026-07", 0, 111111111111);
        struct buffer bytes = { 0 };
        put_group(store, other, 0, 1);
        write_all(store);
        buffer_append_byte(&bytes, 'g');
        bytes_put_big_endian(&bytes, (uint64_t)key.period, 3);
        while (bytes.size < sizes[i])
            buffer_append_byte(&bytes, '\0');
        struct rocks_batch *batch = rocks_batch_new();
        struct error error = { 0 };
        rocks_batch_put(batch, buffer_text(&bytes), TEXT("\0\x01"));
        assert_true(rocks_write(ledger_store_rocks(store), batch, &error));
        rocks_batch_free(batch);
        bool found;
        struct group_walk *walk = group_walk_open(store, key.period, NULL);
        expect_damage(row, group_walk_next(walk, &key, &found, &error), &error);
        group_walk_close(walk);
        expect_walk("the other month", group_walk_open(store, other.period, NULL), &other, 1);
        buffer_done(&bytes);
        ledger_store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_says_which_pages_it_has),
        cmocka_unit_test(pages_come_back_by_group_and_number),
        cmocka_unit_test(a_page_can_be_replaced_and_dropped),
        cmocka_unit_test(a_walk_gives_the_groups_of_one_month_in_canonical_order),
        cmocka_unit_test(the_last_group_before_a_month_is_found),
        cmocka_unit_test(a_walk_goes_on_behind_any_group),
        cmocka_unit_test(a_walk_sees_the_groups_that_were_there_when_it_began),
        cmocka_unit_test(small_records_are_kept_apart_by_kind),
        cmocka_unit_test(a_small_record_may_hold_any_bytes),
        cmocka_unit_test(a_record_that_its_reader_refuses_ends_the_reading),
        cmocka_unit_test(keys_of_others_are_not_in_its_way),
        cmocka_unit_test(nothing_is_there_before_the_write),
        cmocka_unit_test(a_store_that_was_closed_has_what_was_written),
        cmocka_unit_test(what_is_flushed_reaches_the_disk),
        cmocka_unit_test(a_directory_belongs_to_one_store),
        cmocka_unit_test(a_damaged_group_is_told),
        cmocka_unit_test(a_damaged_page_is_told),
        cmocka_unit_test(a_damaged_key_of_a_group_is_told_in_its_place),
    };
    return cmocka_run_group_tests_name("store/ledger_store", tests, scratch_setup, scratch_teardown);
}
