/* log/usage_ahead: files read ahead by threads; entries and failures come where they stand in the input. */
#include "support/unit.h"

#include "log/usage_ahead.h"
#include "support/fixtures.h"
#include "support/scratch.h"

#define HEADING                                                                                                             \
    "identity/LineItemId,lineItem/UsageAccountId,lineItem/ProductCode,lineItem/UsageStartDate,lineItem/UsageType,lineItem/" \
    "UsageAmount\n"
#define ROWS 3000

static const size_t thread_counts[] = { 1, 2, 5, 200 };

/* Every seventh row is none; every hundredth has to be unquoted. */
static void write_csv(const char *path, int from, bool zipped)
{
    struct buffer csv = { 0 };
    buffer_append_text(&csv, TEXT(HEADING));
    for (int i = from; i < from + ROWS; i++)
        buffer_printf(&csv,
                      i % 7 == 0     ? "bad,%d\n"
                      : i % 100 == 1 ? "\"%d\"\"\",111111111111,P,2026-06-01T00:00:00Z,T,1\n"
                                     : "%d,111111111111,P,2026-06-01T00:00:00Z,T,1\n",
                      i);
    struct buffer packed = { 0 };
    if (zipped)
        gzip_append(buffer_text(&csv), &packed);
    write_bytes(path, buffer_text(zipped ? &packed : &csv));
    buffer_done(&packed);
    buffer_done(&csv);
}

static void write_jsonl(const char *path, int from)
{
    struct buffer lines = { 0 };
    for (int i = from; i < from + ROWS; i++)
        buffer_printf(&lines,
                      "{\"event_id\":\"%d/\",\"usage_account_id\":\"111111111111\",\"product_code\":\"P\","
                      "\"usage_start\":\"2026-06-01T00:00:00Z\",\"usage_type\":\"T\",\"usage_amount\":1}\n",
                      i);
    write_bytes(path, buffer_text(&lines));
    buffer_done(&lines);
}

static void prepare(struct usage_entry *entry, struct arena *arena)
{
    entry->prepared = arena_copy_string(arena, entry->event.event_id);
}

static struct usage_ahead *open_ahead(struct usage_files *files, const char *const *usage, size_t count, size_t threads)
{
    const struct usage_ahead_options options = { { 4096, EXCESS_ROUND }, threads, prepare };
    struct error error;
    if (!usage_files_find(usage, count, files, &error))
        fail_msg("%s", error.message);
    return usage_ahead_new(files, &options);
}

/* "event id" or "REASON source:line", a line each; then what failed. */
static void read_all(const char *const *usage, size_t count, size_t threads, struct buffer *out)
{
    struct usage_files files;
    struct usage_ahead *ahead = open_ahead(&files, usage, count, threads);
    const struct usage_entry *entry;
    struct error error = { 0 };
    bool done;
    buffer_clear(out);
    while ((done = usage_ahead_next(ahead, &entry, &error)) && entry) {
        if (entry->refused) {
            assert_null(entry->prepared);
            buffer_printf(out, "%s %s:%llu %.*s\n", refusal_reason_text(entry->refusal.reason), entry->place.source,
                          (unsigned long long)entry->place.line, TEXT_ARGS(entry->place.raw));
        } else {
            expect_text("prepared", entry->event.event_id, entry->prepared);
            buffer_printf(out, "%.*s\n", TEXT_ARGS(entry->event.event_id));
        }
    }
    if (done) {
        assert_true(usage_ahead_next(ahead, &entry, &error));
        assert_null(entry);
    }
    buffer_printf(out, "%s", done ? "end" : error.message);
    usage_ahead_free(ahead);
    usage_files_done(&files);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    const char *const usage[] = { scratch_path("a.csv"), scratch_path("b.jsonl"), scratch_path("c.csv.gz"),
                                  scratch_path("d.csv") };
    write_csv(usage[0], 0, false);
    write_jsonl(usage[1], ROWS);
    write_csv(usage[2], 2 * ROWS, true);
    write_bytes(usage[3], TEXT(HEADING));
    struct buffer one = { 0 }, many = { 0 };
    read_all(usage, ARRAY_COUNT(usage), 1, &one);
    assert_true(text_ends_with(buffer_text(&one), TEXT("end")));
    assert_true(text_contains(buffer_text(&one), TEXT("\n101\"/\n")));
    size_t lines = 0;
    for (size_t i = 0; i < one.size; i++)
        lines += one.data[i] == '\n';
    assert_int_equal(lines, 3 * ROWS);
    for (size_t i = 1; i < ARRAY_COUNT(thread_counts); i++) {
        read_all(usage, ARRAY_COUNT(usage), thread_counts[i], &many);
        assert_true(text_equal(buffer_text(&one), buffer_text(&many)));
    }
    buffer_done(&one);
    buffer_done(&many);
}

static void a_failure_comes_behind_all_that_stands_before_it(void **state)
{
    (void)state;
    const char *const usage[] = { scratch_path("good.csv"), scratch_path("wrong.csv"), scratch_path("good.csv") };
    write_csv(usage[0], 0, false);
    write_bytes(usage[1], TEXT("no,heading\n1,2\n"));
    struct buffer one = { 0 }, many = { 0 };
    read_all(usage, ARRAY_COUNT(usage), 1, &one);
    assert_true(text_contains(buffer_text(&one), TEXT("wrong.csv")));
    for (size_t i = 1; i < ARRAY_COUNT(thread_counts); i++) {
        read_all(usage, ARRAY_COUNT(usage), thread_counts[i], &many);
        assert_true(text_equal(buffer_text(&one), buffer_text(&many)));
    }
    buffer_done(&one);
    buffer_done(&many);
}

static void it_may_be_left_in_the_middle(void **state)
{
    (void)state;
    const char *const usage[] = { scratch_path("m.csv"), scratch_path("m.csv") };
    write_csv(usage[0], 0, false);
    for (size_t i = 0; i < ARRAY_COUNT(thread_counts); i++) {
        for (size_t taken = 0; taken < 5000; taken = taken * 4 + 1) {
            struct usage_files files;
            struct usage_ahead *ahead = open_ahead(&files, usage, 2, thread_counts[i]);
            const struct usage_entry *entry;
            struct error error;
            for (size_t n = 0; n < taken; n++)
                assert_true(usage_ahead_next(ahead, &entry, &error) && entry);
            usage_ahead_free(ahead);
            usage_files_done(&files);
        }
    }
    usage_ahead_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_failure_comes_behind_all_that_stands_before_it),
        cmocka_unit_test(it_may_be_left_in_the_middle),
    };
    return cmocka_run_group_tests_name("log/usage_ahead", tests, scratch_setup, scratch_teardown);
}
