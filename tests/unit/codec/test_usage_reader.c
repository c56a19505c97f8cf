/* codec/usage_reader: events of a file of any format, and the dead letters between them. */
#include "support/unit.h"

#include "codec/avro_encode.h"
#include "codec/avro_file.h"
#include "codec/json_write.h"
#include "codec/usage_reader.h"
#include "support/fixtures.h"
#include "support/quotes.h"
#include "support/scratch.h"

#define HEADING                                                                                 \
    "identity/LineItemId,lineItem/UsageAccountId,lineItem/ProductCode,lineItem/UsageStartDate," \
    "lineItem/UsageType,lineItem/UsageAmount\n"
#define ROW(id) id ",111111111111,AmazonEC2,2026-06-01,BoxUsage,1\n"
#define JSON(id)                                                                         \
    "{'event_id':'" id "','usage_account_id':'111111111111','product_code':'AmazonEC2'," \
    "'usage_start':'2026-06-01T00:00:00Z','usage_type':'BoxUsage','usage_amount':1}\n"

static const struct usage_reader_options usual = { .event_bytes_max = 1000, .excess = EXCESS_ROUND };

/* Entries as "LINE id;" and "LINE REASON field;". An error: its text. */
static const char *describe(struct usage_reader *reader)
{
    static struct buffer out;
    struct arena arena = { 0 };
    buffer_clear(&out);
    for (;;) {
        struct usage_entry entry;
        struct error error;
        bool found;
        arena_reset(&arena);
        if (!usage_reader_next(reader, &arena, &entry, &found, &error)) {
            buffer_printf(&out, "error %s", error.message);
            break;
        }
        if (!found)
            break;
        assert_non_null(entry.place.source);
        if (entry.place.line)
            buffer_printf(&out, "%llu ", (unsigned long long)entry.place.line);
        if (entry.refused)
            buffer_printf(&out, "%s %s;", refusal_reason_text(entry.refusal.reason),
                          entry.refusal.field ? entry.refusal.field : "-");
        else
            buffer_printf(&out, "%.*s;", TEXT_ARGS(entry.event.event_id));
    }
    *buffer_reserve(&out, 1) = '\0';
    arena_done(&arena);
    return out.data;
}

static const char *read_memory(struct text bytes, const char *name)
{
    static char text[1100];
    struct input *input = input_from_memory(bytes.data, bytes.size, name);
    struct usage_reader *reader;
    struct error error = { 0 };
    if (!usage_reader_open_input(input, &usual, &reader, &error)) {
        assert_true(error.kind != ERROR_NONE);
        snprintf(text, sizeof text, "error %s", error.message);
        return text;
    }
    const char *found = describe(reader);
    usage_reader_close(reader);
    return found;
}

static void avro_of(struct buffer *out)
{
    const char *path = scratch_path("made.avro");
    FILE *file = fopen(path, "wb");
    struct avro_file_writer *writer;
    struct buffer datum = { 0 };
    struct error error;
    struct usage_event event = event_with(.event_id = "a");
    assert_true(avro_file_create(file, &usage_event_type, AVRO_FILE_DEFLATE, &writer, &error));
    avro_encode(&usage_event_type, &event, &datum);
    assert_true(avro_file_append(writer, buffer_text(&datum), &error));
    assert_true(avro_file_finish(writer, &error));
    assert_int_equal(fclose(file), 0);
    assert_true(read_bytes(path, out));
    buffer_done(&datum);
}

static void the_format_follows_from_the_name_else_from_the_content(void **state)
{
    (void)state;
    struct buffer avro = { 0 }, zipped = { 0 };
    avro_of(&avro);
    const struct text json = quoted(JSON("j"));
    const struct {
        const char *name;
        struct text bytes;
        const char *expected;
    } rows[] = {
        { "x.jsonl", json, "1 j;" },
        { "x.csv", TEXT(HEADING ROW("c")), "2 c/;" },
        { "x.avro", buffer_text(&avro), "a;" },
        { "-", json, "1 j;" },
        { "-", TEXT(HEADING ROW("c")), "2 c/;" },
        { "-", buffer_text(&avro), "a;" },
        { "noending", json, "1 j;" },
        { "x.csv.bak", json, "1 j;" },
        { "-", TEXT("\xef\xbb\xbf" HEADING ROW("c")), "2 c/;" },
        { "x.csv", TEXT("\xef\xbb\xbf" HEADING ROW("c")), "2 c/;" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_string_equal(read_memory(rows[i].bytes, rows[i].name), rows[i].expected);
        char name[32];
        snprintf(name, sizeof name, "%s.gz", rows[i].name);
        buffer_clear(&zipped);
        gzip_append(rows[i].bytes, &zipped);
        assert_string_equal(read_memory(buffer_text(&zipped), name), rows[i].expected);
        assert_string_equal(read_memory(rows[i].bytes, name), rows[i].expected); /* the name lies */
    }
    assert_string_equal(read_memory(quoted("\xef\xbb\xbf\r\n " JSON("j")), "-"), "2 j;");
    buffer_done(&avro);
    buffer_done(&zipped);
}

static void a_short_first_gzip_member_hides_no_format(void **state)
{
    (void)state;
    struct buffer avro = { 0 }, zipped = { 0 };
    avro_of(&avro);
    gzip_append((struct text){ avro.data, 2 }, &zipped);
    gzip_append((struct text){ avro.data + 2, avro.size - 2 }, &zipped);
    assert_string_equal(read_memory(buffer_text(&zipped), "-"), "a;");
    buffer_done(&avro);
    buffer_done(&zipped);
}

static void an_empty_file_is_an_error_and_a_heading_alone_is_none(void **state)
{
    (void)state;
    static const char *const names[] = { "x.csv", "-", "x.csv.gz", "x.avro" };
    struct buffer zipped = { 0 };
    gzip_append(TEXT_NONE, &zipped);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const struct text rows[] = { TEXT_NONE, TEXT("\n\r\n\n"), buffer_text(&zipped) };
        for (size_t r = 0; r < ARRAY_COUNT(rows); r++) {
            const char *found = read_memory(rows[r], names[i]);
            if (!strstr(found, names[i]) || !strstr(found, "is empty"))
                fail_msg("%s: %s", names[i], found);
        }
    }
    assert_string_equal(read_memory(TEXT(HEADING), "x.csv"), "");
    assert_string_equal(read_memory(TEXT("\n\n"), "x.jsonl"), "");
    assert_string_equal(read_memory(TEXT_NONE, "x.jsonl"), "");
    buffer_done(&zipped);
}

static void what_is_none_of_the_formats_is_an_error_with_its_name(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct text bytes;
    } rows[] = {
        { "x.csv", TEXT("a,b,c\n1,2,3\n") },
        { "x.csv", TEXT("\"never closed\nrow\n") },
        { "x.csv", quoted(JSON("j")) },
        { "x.avro", TEXT("no container") },
        { "x.avro", TEXT_NONE },
        { "plain", TEXT("just some text\n") },
        { "x.csv", BYTES("\0\1\2\3\n") },
        { "x.csv", TEXT("lineItem/UsageAccountId\n111111111111\n") },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found = read_memory(rows[i].bytes, rows[i].name);
        if (strncmp(found, "error ", 6) != 0 || !strstr(found, rows[i].name))
            fail_msg("row %zu: %s", i, found);
    }
    struct buffer large = { 0 };
    while (large.size < 2000)
        buffer_append_text(&large, TEXT("heading,"));
    assert_memory_equal(read_memory(buffer_text(&large), "x.csv"), "error x.csv", 11);
    buffer_done(&large);
}

static void a_bad_record_is_a_dead_letter_and_the_next_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes, *expected; /* in JSON ' for " */
    } rows[] = {
        { "x.jsonl", JSON("1") "no json\n" JSON("2"), "1 1;2 MALFORMED -;3 2;" },
        { "x.jsonl", JSON("1") "{'event_id':'9'}\n" JSON("2"), "1 1;2 MISSING_FIELD usage_account_id;3 2;" },
        { "x.jsonl", "\n\n" JSON("1") "\r\n{}", "3 1;5 MISSING_FIELD event_id;" },
        { "x.jsonl", JSON("1") "{'event_id':'\xff'}\n" JSON("2"), "1 1;2 BAD_ENCODING -;3 2;" },
        { "x.csv", HEADING ROW("1") "short\n" ROW("2"), "2 1/;3 MALFORMED -;4 2/;" },
        { "x.csv", HEADING ROW("1") "\"open,1,2\n" ROW("2") ROW("3"), "2 1/;3 MALFORMED -;4 2/;5 3/;" },
        { "x.csv", HEADING ROW("1") "\"a\"b,,,,,\n" ROW("2"), "2 1/;3 MALFORMED -;4 2/;" },
        { "x.csv", HEADING "a,11111111111,AmazonEC2,2026-06-01,BoxUsage,1\n" ROW("2"),
          "2 BAD_ACCOUNT usage_account_id;3 2/;" },
        { "x.csv", HEADING "a,111111111111,AmazonEC2,2026-06-01,,\n" ROW("2"), "2 MISSING_FIELD usage_type;3 2/;" },
        { "x.csv", HEADING "\"a\nb\",111111111111,AmazonEC2,2026-06-01,BoxUsage,1\r\n" ROW("2"), "2 a\nb/;4 2/;" },
        { "x.csv", HEADING "a,111111111111,AmazonEC2,2026-06-01,BoxUsage,1e40\n" ROW("2"),
          "2 NUMBER_TOO_LARGE usage_amount;3 2/;" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct text bytes = rows[i].name[2] == 'j' ? quoted(rows[i].bytes) : text_of(rows[i].bytes);
        const char *found = read_memory(bytes, rows[i].name);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("row %zu: %s, expected %s", i, found, rows[i].expected);
    }
    assert_string_equal(
        read_memory(BYTES(HEADING ROW("1") "a\0,111111111111,AmazonEC2,2026-06-01,BoxUsage,1\n" ROW("2")), "x.csv"),
        "2 1/;3 NUL_BYTE event_id;4 2/;");
}

static void a_record_over_the_limit_is_too_large_and_the_next_is_read(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    buffer_append_text(&bytes, TEXT(HEADING));
    while (bytes.size < 5000)
        buffer_append_byte(&bytes, 'x');
    buffer_append_text(&bytes, TEXT("\n" ROW("2")));
    assert_string_equal(read_memory(buffer_text(&bytes), "x.csv"), "2 TOO_LARGE -;3 2/;");
    buffer_done(&bytes);
}

static void a_stream_that_breaks_gives_its_rows_and_a_truncated_one(void **state)
{
    (void)state;
    struct buffer zipped = { 0 };
    gzip_append(TEXT(HEADING ROW("1") "2,11111"), &zipped);
    zipped.size -= 4;
    assert_string_equal(read_memory(buffer_text(&zipped), "x.csv.gz"), "2 1/;3 TRUNCATED -;");
    zipped.size += 4;
    buffer_append_byte(&zipped, 'x');
    assert_string_equal(read_memory(buffer_text(&zipped), "x.csv.gz"), "2 1/;3 TRUNCATED -;");
    buffer_clear(&zipped);
    gzip_append(quoted(JSON("1") JSON("2")), &zipped);
    zipped.size -= 4;
    assert_string_equal(read_memory(buffer_text(&zipped), "x.jsonl.gz"), "1 1;2 2;3 TRUNCATED -;");
    buffer_done(&zipped);
}

/* Reads to the end; the failure's message. */
static const char *failure_of(const char *name, struct text bytes)
{
    static struct error error;
    struct input *input = input_from_memory(bytes.data, bytes.size, name);
    struct usage_reader *reader;
    struct usage_entry entry;
    struct arena arena = { 0 };
    bool found = true;
    error = (struct error){ 0 };
    assert_true(usage_reader_open_input(input, &usual, &reader, &error));
    while (found && usage_reader_next(reader, &arena, &entry, &found, &error))
        ;
    usage_reader_close(reader);
    arena_done(&arena);
    return error.message;
}

static void a_file_taken_for_usage_by_its_look_fails_where_it_has_none(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes, *named[3];
    } rows[] = {
        { "-", "{}\n{}\n", { "none of 2 records", "line 1", "MISSING_FIELD" } },
        { "conductor.json", "{\n 'BillingGroups': []\n}\n", { "none of 3 records", "line 1", "MALFORMED" } },
        { "x.txt", HEADING "short,row\n", { "none of 1 records", "line 2", "fields" } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found =
            failure_of(rows[i].name, rows[i].name[0] == 'x' ? text_of(rows[i].bytes) : quoted(rows[i].bytes));
        for (size_t n = 0; n < ARRAY_COUNT(rows[i].named); n++)
            if (!strstr(found, rows[i].named[n]) || !strstr(found, rows[i].name))
                fail_msg("%s: %s", rows[i].name, found);
    }
    assert_string_equal(failure_of("-", TEXT(HEADING "short\n" ROW("2"))), "");
    assert_string_equal(failure_of("x.csv", TEXT(HEADING "short\n")), "");
    assert_string_equal(failure_of("x.jsonl", TEXT("{}\n")), "");
}

static void a_refused_record_is_shown_as_it_came(void **state)
{
    (void)state;
    struct input *input = input_from_memory(HEADING "short,row\n", sizeof(HEADING "short,row\n") - 1, "x.csv");
    struct usage_reader *reader;
    struct usage_entry entry;
    struct arena arena = { 0 };
    struct error error;
    bool found;
    assert_true(usage_reader_open_input(input, &usual, &reader, &error));
    assert_true(usage_reader_next(reader, &arena, &entry, &found, &error));
    assert_true(found && entry.refused);
    assert_string_equal(entry.place.source, "x.csv");
    assert_true(text_equal(entry.place.raw, TEXT("short,row")));
    assert_true(entry.refusal.detail[0] != '\0');
    usage_reader_close(reader);
    arena_done(&arena);
}

static void the_sample_month_is_read_whole_in_each_form(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t events;
    } rows[] = { { "tests/data/cur_2026-06_daily.csv", 668 },
                 { "tests/data/cur_2026-06_hourly_normalized.csv.gz", 13209 },
                 { "tests/data/usage_events_2026-06-10.jsonl", 200 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct usage_reader_options strict = { .event_bytes_max = 256 * 1024, .excess = EXCESS_REJECT };
        struct usage_reader *reader;
        struct usage_entry entry;
        struct arena arena = { 0 };
        struct error error;
        bool found = true;
        size_t events = 0;
        assert_true(usage_reader_open(rows[i].path, &strict, &reader, &error));
        for (;; events++) {
            arena_reset(&arena);
            assert_true(usage_reader_next(reader, &arena, &entry, &found, &error));
            if (!found)
                break;
            if (entry.refused)
                fail_msg("%s line %llu: %s", rows[i].path, (unsigned long long)entry.place.line, entry.refusal.detail);
        }
        assert_int_equal(events, rows[i].events);
        assert_int_equal(usage_reader_position(reader), usage_reader_size(reader));
        usage_reader_close(reader);
        arena_done(&arena);
    }
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct usage_reader *reader;
    struct error error = { 0 };
    assert_false(usage_reader_open("/nowhere.csv", &usual, &reader, &error));
    assert_int_equal(error.kind, ERROR_FAILED);
    assert_non_null(strstr(error.message, "/nowhere.csv"));
    usage_reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_follows_from_the_name_else_from_the_content),
        cmocka_unit_test(a_short_first_gzip_member_hides_no_format),
        cmocka_unit_test(an_empty_file_is_an_error_and_a_heading_alone_is_none),
        cmocka_unit_test(what_is_none_of_the_formats_is_an_error_with_its_name),
        cmocka_unit_test(a_bad_record_is_a_dead_letter_and_the_next_is_read),
        cmocka_unit_test(a_record_over_the_limit_is_too_large_and_the_next_is_read),
        cmocka_unit_test(a_stream_that_breaks_gives_its_rows_and_a_truncated_one),
        cmocka_unit_test(a_file_taken_for_usage_by_its_look_fails_where_it_has_none),
        cmocka_unit_test(a_refused_record_is_shown_as_it_came),
        cmocka_unit_test(the_sample_month_is_read_whole_in_each_form),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests_name("codec/usage_reader", tests, scratch_setup, scratch_teardown);
}
