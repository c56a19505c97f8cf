/* codec/record_reader: where a record ends, and what is told of one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/record_reader.h"
#include "support/scratch.h"

#define LIMIT 16

/* Every record as "LINE STATUS text;", newlines shown as '|'. */
static const char *describe(struct input *input, size_t bytes_max, bool quotes)
{
    static const char *const names[] = { [RECORD_OK] = "ok",
                                         [RECORD_TOO_LARGE] = "large",
                                         [RECORD_UNBALANCED] = "open",
                                         [RECORD_TRUNCATED] = "cut",
                                         [RECORD_FAILED] = "failed" };
    static struct buffer out;
    struct record_reader *reader = record_reader_new(input, bytes_max, quotes);
    buffer_clear(&out);
    for (;;) {
        struct text record = TEXT_NONE;
        uint64_t line = 0;
        enum record_status status = record_reader_next(reader, &record, &line);
        if (status == RECORD_END)
            break;
        buffer_printf(&out, "%llu %s %.*s;", (unsigned long long)line, names[status], TEXT_ARGS(record));
        if (status == RECORD_FAILED)
            break;
    }
    struct text record;
    uint64_t line;
    if (out.size == 0 || !strstr(out.data, "failed"))
        assert_int_equal(record_reader_next(reader, &record, &line), RECORD_END); /* and again */
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] == '\n')
            out.data[i] = '|';
    *buffer_reserve(&out, 1) = '\0';
    record_reader_free(reader);
    return out.data;
}

static const char *describe_text(struct text bytes, size_t bytes_max, bool quotes)
{
    struct input *input = input_from_memory(bytes.data, bytes.size, "memory");
    const char *found = describe(input, bytes_max, quotes);
    input_close(input);
    return found;
}

static void lines_are_cut_at_newlines(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } rows[] = {
        { "", "" },
        { "a", "1 ok a;" },
        { "a\n", "1 ok a;" },
        { "a\nb", "1 ok a;2 ok b;" },
        { "a\r\nb\r\n", "1 ok a;2 ok b;" },
        { "a\r\nb\r", "1 ok a;2 ok b;" },
        { "\n\n\r\na\n\nb\n\n", "4 ok a;6 ok b;" },
        { "\n\r\n", "" },
        { "\xef\xbb\xbf"
          "a\nb\n",
          "1 ok a;2 ok b;" },
        { "\xef\xbb\xbf", "" },
        { "a\n\xef\xbb\xbf"
          "b\n",
          "1 ok a;2 ok \xef\xbb\xbf"
          "b;" },                                 /* only a file begins with one */
        { "a\"b\nc\"\n", "1 ok a\"b;2 ok c\";" }, /* quotes mean nothing here */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(describe_text(text_of(rows[i].bytes), LIMIT, false), rows[i].expected);
}

static void a_byte_order_mark_that_comes_in_pieces_is_one(void **state)
{
    (void)state;
    struct buffer zipped = { 0 };
    gzip_append(TEXT("\xef"), &zipped);
    gzip_append(TEXT("\xbb\xbf"
                     "a\n"),
                &zipped);
    assert_string_equal(describe_text(buffer_text(&zipped), LIMIT, true), "1 ok a;");
    buffer_done(&zipped);
}

static void zero_bytes_are_bytes_of_the_record(void **state)
{
    (void)state;
    struct input *input = input_from_memory("a\0b\nc\n", 6, "memory");
    struct record_reader *reader = record_reader_new(input, LIMIT, false);
    struct text record;
    uint64_t line;
    assert_int_equal(record_reader_next(reader, &record, &line), RECORD_OK);
    assert_int_equal(record.size, 3);
    assert_memory_equal(record.data, "a\0b", 3);
    record_reader_free(reader);
    input_close(input);
}

static void the_limit_itself_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } rows[] = {
        { "123456789012345\nz\n", "1 ok 123456789012345;2 ok z;" },
        { "1234567890123456\nz\n", "1 ok 1234567890123456;2 ok z;" },
        { "1234567890123456\r\nz\r\n", "1 ok 1234567890123456;2 ok z;" }, /* the line end is not the record's */
        { "1234567890123456", "1 ok 1234567890123456;" },
        { "1234567890123456\r", "1 ok 1234567890123456;" },
        { "12345678901234567\nz\n", "1 large 1234567890123456;2 ok z;" },
        { "12345678901234567\r\nz\r\n", "1 large 1234567890123456;2 ok z;" },
        { "12345678901234567", "1 large 1234567890123456;" },
        { "123456789012345678901234567890\n123456789012345678901234567890\nz",
          "1 large 1234567890123456;2 large 1234567890123456;3 ok z;" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        for (int quotes = 0; quotes < 2; quotes++)
            assert_string_equal(describe_text(text_of(rows[i].bytes), LIMIT, quotes), rows[i].expected);
}

static void quoted_fields_may_hold_newlines(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } rows[] = {
        { "a,\"b\nc\"\nd\n", "1 ok a,\"b|c\";3 ok d;" },   { "\"a\n\n\nb\"\nd\n", "1 ok \"a|||b\";5 ok d;" },
        { "\"a\"\"\nb\"\nd", "1 ok \"a\"\"|b\";3 ok d;" }, { "\"\"\n\"a\n\"\r\nd", "1 ok \"\";2 ok \"a|\";4 ok d;" },
        { "d\n\"a\nb\"", "1 ok d;2 ok \"a|b\";" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(describe_text(text_of(rows[i].bytes), LIMIT, true), rows[i].expected);
}

static void a_quote_that_never_closes_costs_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } rows[] = {
        { "a\n\"b\nc\nd\n", "1 ok a;2 open \"b;3 ok c;4 ok d;" },
        { "\"b\r\nc\r\n", "1 open \"b;2 ok c;" },
        { "\"b", "1 open \"b;" },
        { "\"b\n", "1 open \"b;" },
        { "c\n\"b\n1234567\n1234567\n1234567\nz\n",
          "1 ok c;2 open \"b;3 ok 1234567;4 ok 1234567;5 ok 1234567;6 ok z;" }, /* the limit ends the search */
        { "\"b\n12345678901234567890\nz\n", "1 open \"b;2 large 1234567890123456;3 ok z;" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(describe_text(text_of(rows[i].bytes), LIMIT, true), rows[i].expected);
}

static void a_cut_stream_gives_what_there_is_of_its_last_record(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } rows[] = {
        { "a\nb\nc", "1 ok a;2 ok b;3 cut c;" },
        { "a\nb\n", "1 ok a;2 ok b;3 cut ;" },
        { "", "1 cut ;" },
        { "a\n12345678901234567", "1 ok a;2 large 1234567890123456;" },
    };
    struct buffer zipped = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        for (int corrupt = 0; corrupt < 2; corrupt++) {
            buffer_clear(&zipped);
            gzip_append(text_of(rows[i].bytes), &zipped);
            if (corrupt)
                buffer_append_byte(&zipped, 'x');
            else
                zipped.size -= 3;
            const char *found = describe_text(buffer_text(&zipped), LIMIT, false);
            /* A record that is too large ends the input with a word of its own, or without. */
            assert_memory_equal(found, rows[i].expected, strlen(rows[i].expected));
            assert_true(found[strlen(rows[i].expected)] == '\0' || strstr(found, "cut ;"));
        }
    }
    buffer_done(&zipped);
}

static void records_longer_than_any_buffer_are_skipped_in_bounded_memory(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    for (size_t i = 0; i < 3000000; i++)
        buffer_append_byte(&bytes, (char)('a' + i % 26));
    buffer_append_text(&bytes, TEXT("\nsmall\n"));
    for (int quotes = 0; quotes < 2; quotes++) {
        const char *found = describe_text(buffer_text(&bytes), 100, quotes);
        assert_non_null(strstr(found, ";2 ok small;"));
        assert_memory_equal(found, "1 large abcdefgh", 16);
        assert_true(strlen(found) < 2000);
    }
    buffer_done(&bytes);
}

static void many_records_come_out_whole_over_all_window_ends(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    const unsigned count = 60000;
    for (unsigned i = 0; i < count; i++)
        buffer_printf(&bytes, "%u,\"%.*s\"\n", i, (int)(i % 37), "x\ny\nz\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    struct input *input = input_from_memory(bytes.data, bytes.size, "memory");
    struct record_reader *reader = record_reader_new(input, 64, true);
    struct text record;
    uint64_t line, expected_line = 1;
    for (unsigned i = 0; i < count; i++) {
        char start[16];
        int size = snprintf(start, sizeof start, "%u,\"", i);
        assert_int_equal(record_reader_next(reader, &record, &line), RECORD_OK);
        assert_int_equal(line, expected_line);
        assert_memory_equal(record.data, start, (size_t)size);
        assert_int_equal(record.size, (size_t)size + i % 37 + 1);
        expected_line += 1u + (i % 37 > 1 ? 1u : 0u) + (i % 37 > 3 ? 1u : 0u) + (i % 37 > 5 ? 1u : 0u);
    }
    assert_int_equal(record_reader_next(reader, &record, &line), RECORD_END);
    record_reader_free(reader);
    input_close(input);
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_at_newlines),
        cmocka_unit_test(a_byte_order_mark_that_comes_in_pieces_is_one),
        cmocka_unit_test(zero_bytes_are_bytes_of_the_record),
        cmocka_unit_test(the_limit_itself_is_allowed),
        cmocka_unit_test(quoted_fields_may_hold_newlines),
        cmocka_unit_test(a_quote_that_never_closes_costs_one_line),
        cmocka_unit_test(a_cut_stream_gives_what_there_is_of_its_last_record),
        cmocka_unit_test(records_longer_than_any_buffer_are_skipped_in_bounded_memory),
        cmocka_unit_test(many_records_come_out_whole_over_all_window_ends),
    };
    return cmocka_run_group_tests_name("codec/record_reader", tests, NULL, NULL);
}
