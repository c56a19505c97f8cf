/* log/record_file: records in files, every write checked. */
#include "support/unit.h"

#include "codec/avro_file.h"
#include "log/record_file.h"
#include "model/bill.h"
#include "support/file_limit.h"
#include "support/fixtures.h"
#include "support/quotes.h"
#include "support/record_text.h"
#include "support/scratch.h"

static struct record_file *create(const char *name, enum record_format format, enum json_absent absent)
{
    struct record_file *file;
    struct error error;
    const struct record_file_options options = { &usage_event_type, format, absent, 2 };
    if (!record_file_create(scratch_path(name), &options, &file, &error))
        fail_msg("%s", error.message);
    return file;
}

static void json_lines_are_a_record_each(void **state)
{
    (void)state;
    struct record_file *file = create("lines", RECORD_JSONL, JSON_ABSENT_LEFT_OUT);
    struct error error;
    struct buffer found = { 0 };
    struct usage_event one = event_with(.description = "two\nlines"), two = event_with(.event_id = "e2");
    assert_true(record_file_add(file, &one, &error) && record_file_add(file, &two, &error));
    assert_true(record_file_close(file, &error));
    assert_true(read_bytes(scratch_path("lines.jsonl"), &found));
#define REST                                                                                            \
    "'usage_account_id':'111111111111','billing_entity':'AWS','line_item_type':'Usage',"                \
    "'product_code':'AmazonEC2','usage_type':'BoxUsage:t3.micro','usage_start':'2026-06-01T00:00:00Z'," \
    "'usage_amount':'1'"
    assert_string_equal(found.data, quoted("{'event_id':'e1'," REST ",'description':'two\\nlines'}\n"
                                           "{'event_id':'e2'," REST "}\n")
                                        .data);
#undef REST
    assert_true(record_file_close(NULL, &error));
    buffer_done(&found);
}

static void a_file_without_records_is_empty(void **state)
{
    (void)state;
    struct error error;
    struct buffer found = { 0 };
    assert_true(record_file_close(create("empty", RECORD_JSONL, JSON_ABSENT_NULL), &error));
    assert_true(read_bytes(scratch_path("empty.jsonl"), &found));
    assert_int_equal(found.size, 0);
    buffer_done(&found);
}

static void avro_files_read_back(void **state)
{
    (void)state;
    struct record_file *file = create("events", RECORD_AVRO, JSON_ABSENT_LEFT_OUT);
    struct error error;
    const unsigned count = 5000;
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "e%u", i);
        struct usage_event event = event_with(.event_id = id, .unblended_cost = "0.1");
        assert_true(record_file_add(file, &event, &error));
    }
    assert_true(record_file_close(file, &error));
    struct input *input;
    struct avro_file *avro;
    struct arena arena = { 0 };
    const struct avro_file_options options = { .event_bytes_max = 1000 };
    assert_true(input_open(scratch_path("events.avro"), &input, &error));
    assert_true(avro_file_open(input, &usage_event_type, &options, &avro, &error));
    struct buffer wanted = { 0 }, found = { 0 };
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        struct usage_event event;
        struct refusal refusal;
        snprintf(id, sizeof id, "e%u", i);
        struct usage_event expected = event_with(.event_id = id, .unblended_cost = "0.1");
        arena_reset(&arena);
        assert_int_equal(avro_file_next(avro, &event, &arena, &refusal, &error), AVRO_FILE_RECORD);
        record_text(&usage_event_type, &expected, &wanted);
        assert_string_equal(record_text(&usage_event_type, &event, &found), wanted.data);
    }
    avro_file_close(avro);
    input_close(input);
    arena_done(&arena);
    buffer_done(&wanted);
    buffer_done(&found);
}

static void write_events(const char *name, enum record_format format, size_t threads, unsigned count)
{
    const struct record_file_options options = { &usage_event_type, format, JSON_ABSENT_LEFT_OUT, threads };
    struct record_file *file;
    struct error error;
    char *longest = memory_new(10001);
    memset(longest, 'x', 10000);
    assert_true(record_file_create(scratch_path(name), &options, &file, &error));
    for (unsigned i = 0; i < count; i++) {
        /* What the record borrows is gone behind the call. */
        char id[16], tag[32];
        snprintf(id, sizeof id, "e%u", i);
        snprintf(tag, sizeof tag, "user:n=%u", i);
        struct usage_event event = event_with(.event_id = id, .description = i % 50 ? id : longest, .tags = tag);
        assert_true(record_file_add(file, &event, &error));
    }
    assert_true(record_file_close(file, &error));
    free(longest);
}

static void threads_change_no_byte(void **state)
{
    (void)state;
    static const size_t threads[] = { 2, 5, 200 };
    static const unsigned counts[] = { 1, 127, 128, 129, 3000 };
    struct buffer one = { 0 }, many = { 0 };
    for (enum record_format format = RECORD_JSONL; format <= RECORD_AVRO; format++) {
        const char *ending = format == RECORD_AVRO ? "avro" : "jsonl";
        char path[16];
        for (size_t c = 0; c < ARRAY_COUNT(counts); c++) {
            write_events("one", format, 0, counts[c]);
            snprintf(path, sizeof path, "one.%s", ending);
            assert_true(read_bytes(scratch_path(path), &one));
            assert_true(one.size > counts[c]);
            for (size_t t = 0; t < ARRAY_COUNT(threads); t++) {
                write_events("many", format, threads[t], counts[c]);
                snprintf(path, sizeof path, "many.%s", ending);
                assert_true(read_bytes(scratch_path(path), &many));
                assert_true(text_equal(buffer_text(&one), buffer_text(&many)));
            }
        }
    }
    buffer_done(&one);
    buffer_done(&many);
}

static void a_path_that_cannot_be_written_is_an_error_with_its_name(void **state)
{
    (void)state;
    struct record_file *file;
    for (enum record_format format = RECORD_JSONL; format <= RECORD_AVRO; format++) {
        struct error error = { 0 };
        const struct record_file_options options = { &bill_type, format, JSON_ABSENT_NULL, 1 };
        assert_false(record_file_create(scratch_path("no/folder"), &options, &file, &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, format == RECORD_AVRO ? "no/folder.avro" : "no/folder.jsonl"));
    }
}

static void a_full_disk_is_told_by_a_write_or_by_the_close(void **state)
{
    (void)state;
    static const struct {
        unsigned long limit;
        unsigned records;
    } rows[] = { { 100, 10 }, { 1000, 10 }, { 300000, 20000 } };
    for (enum record_format format = RECORD_JSONL; format <= RECORD_AVRO; format++) {
        for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
            struct error error = { 0 };
            struct record_file *file = NULL;
            file_limit_set(rows[i].limit);
            const struct record_file_options options = { &usage_event_type, format, JSON_ABSENT_NULL, 1 + (i & 1) };
            bool done = record_file_create(scratch_path("full"), &options, &file, &error);
            for (unsigned n = 0; n < rows[i].records && done; n++) {
                char id[24];
                snprintf(id, sizeof id, "%u-%u", n * 2654435761u, n * 40503u); /* deflate must not save the day */
                struct usage_event event = event_with(.event_id = id, .resource_id = id, .description = id);
                done = record_file_add(file, &event, &error);
            }
            struct error last = { 0 };
            bool closed = !file || record_file_close(file, &last);
            file_limit_lift();
            if (done && closed)
                fail_msg("format %d, limit %lu", (int)format, rows[i].limit);
            const struct error *told = done ? &last : &error;
            assert_int_equal(told->kind, ERROR_FAILED);
            assert_true(strlen(told->message) > 10);
            if (format == RECORD_JSONL)
                assert_non_null(strstr(told->message, "full.jsonl"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines_are_a_record_each),
        cmocka_unit_test(a_file_without_records_is_empty),
        cmocka_unit_test(avro_files_read_back),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(a_path_that_cannot_be_written_is_an_error_with_its_name),
        cmocka_unit_test(a_full_disk_is_told_by_a_write_or_by_the_close),
    };
    return cmocka_run_group_tests_name("log/record_file", tests, scratch_setup, scratch_teardown);
}
