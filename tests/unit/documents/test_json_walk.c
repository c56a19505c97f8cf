/* documents/json_walk: what a walk visits, and where it says that a document is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "documents/json_scan.h"
#include "documents/json_walk.h"

static const struct json_target targets[] = {
    { "/list", JSON_ELEMENTS },
    { "/terms/OnDemand", JSON_MEMBERS },
    { "/code", JSON_WHOLE },
};

/* Writes a line per visit: path, name or index, value. */
static bool write_down(void *context, const struct json_item *item, struct error *error)
{
    struct buffer *seen = context;
    (void)error;
    char *json = item->value ? json_dumps(item->value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
    buffer_printf(seen, "%s ", targets[item->target].path);
    if (targets[item->target].kind == JSON_MEMBERS)
        buffer_append_text(seen, item->name);
    else
        buffer_printf(seen, "%zu", item->index);
    buffer_printf(seen, " %s\n", json ? json : item->found);
    free(json);
    return true;
}

static bool walk(struct text document, struct buffer *seen, struct error *error)
{
    struct input *input = input_from_memory(document.data, document.size, "doc.json");
    bool done = json_walk(input, targets, ARRAY_COUNT(targets), write_down, seen, NULL, error);
    input_close(input);
    return done;
}

static void chosen_members_and_elements_are_visited_with_numbers_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *document, *seen;
    } rows[] = {
        { "{}", "" },
        { "\xef\xbb\xbf {\"list\":[1.0, \"x\"]} \r\n\t ", "/list 0 \"1.0\"\n/list 1 \"x\"\n" },
        { "{\"list\":[], \"other\":[{\"list\":[1]}], \"code\":0.10}", "/code 0 \"0.10\"\n" },
        { "{\"terms\":{\"Reserved\":{\"a\":[1,{}]},\"OnDemand\":{\"S1\":{\"b\":1e5},\"\\u0053\\\"2\":[]}}}",
          "/terms/OnDemand S1 {\"b\":\"1e5\"}\n/terms/OnDemand S\"2 []\n" },
        { "{\"list\":null,\"terms\":null,\"code\":null}", "" },
        { "{\"list\":{\"a\":1},\"terms\":{\"OnDemand\":[]},\"code\":[1]}",
          "/list 0 an object\n/terms/OnDemand  an array\n/code 0 [\"1\"]\n" },
        { "{\"terms/OnDemand\":{\"a\":1},\"\\u006cist\":[true]}", "/list 0 true\n" },
        { "{\"a\":\"]}\\\\\\\"[\", \"list\":[\"]}\\\"\"]}", "/list 0 \"]}\\\"\"\n" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer seen = { 0 };
        struct error error = { 0 };
        if (!walk(text_of(rows[i].document), &seen, &error))
            fail_msg("%s: %s", rows[i].document, error.message);
        if (!text_equal(buffer_text(&seen), text_of(rows[i].seen)))
            fail_msg("%s: visited\n%.*s", rows[i].document, TEXT_ARGS(buffer_text(&seen)));
        buffer_done(&seen);
    }
}

static void what_is_no_json_is_refused_with_line_column_and_byte(void **state)
{
    (void)state;
    static const struct {
        const char *document, *message;
    } rows[] = {
        { "", "doc.json: line 1, column 1 (byte 0): found the end of the file, expected an object" },
        { "[]", "doc.json: line 1, column 1 (byte 0): found '[', expected an object" },
        { "{\"a\":1", "doc.json: line 1, column 7 (byte 6): found the end of the file, expected ',' or '}'" },
        { "{\"a\":1}\n x", "doc.json: line 2, column 2 (byte 9): found 'x', expected the end of the file" },
        { "{\"a\":1}{}", "doc.json: line 1, column 8 (byte 7): found '{', expected the end of the file" },
        { "{\n\"a\":\n  [1,]}", "doc.json: line 3, column 6 (byte 12): found ']', expected a value" },
        { "{\"a\":1,}", "doc.json: line 1, column 8 (byte 7): found '}', expected a member name in quotes" },
        { "{\"a\" 1}", "doc.json: line 1, column 6 (byte 5): found '1', expected ':'" },
        { "{\"a\":[1}", "doc.json: line 1, column 8 (byte 7): found '}', expected ',' or ']'" },
        { "{\"a\":{\"b\":1]}", "doc.json: line 1, column 12 (byte 11): found ']', expected ',' or '}'" },
        { "{\"a\":01}", "doc.json: line 1, column 7 (byte 6): found '1', expected ',' or '}'" },
        { "{\"a\":1.}", "doc.json: line 1, column 8 (byte 7): found '}', expected a digit" },
        { "{\"a\":-}", "doc.json: line 1, column 7 (byte 6): found '}', expected a digit" },
        { "{\"a\":1e+}", "doc.json: line 1, column 9 (byte 8): found '}', expected a digit" },
        { "{\"a\":.5}", "doc.json: line 1, column 6 (byte 5): found '.', expected a value" },
        { "{\"a\":NaN}", "doc.json: line 1, column 6 (byte 5): found 'N', expected a value" },
        { "{\"a\":trux}", "doc.json: line 1, column 9 (byte 8): found 'x', expected true" },
        { "{\"a\":\"b\nc\"}",
          "doc.json: line 1, column 8 (byte 7): found byte 0x0a, expected no control character in a string" },
        { "{\"a\":\"\\x\"}",
          "doc.json: line 1, column 8 (byte 7): found 'x', expected one of \" \\ / b f n r t u after a backslash" },
        { "{\"a\":\"\\u12g4\"}",
          "doc.json: line 1, column 11 (byte 10): found 'g', expected four hexadecimal digits after \\u" },
        { "{\"a\":\"b", "doc.json: line 1, column 8 (byte 7): found the end of the file, expected the end of a string" },
        { "{\"code\":1,\"code\":2}", "doc.json: line 1, column 18 (byte 17): found /code a second time, expected it once" },
        { "{\"terms\":7}", "doc.json: line 1, column 10 (byte 9): found '7', expected an object" },
        { "{\"list\":[{\"a\":1,\"a\":2}]}",
          "doc.json: line 1, column 10 (byte 9): found a value that is no JSON: duplicate object key near '\"a\"'" },
        { "\xef\xbb{}", "doc.json: line 1, column 3 (byte 2): found '{', expected the rest of a byte order mark" },
        { "{\"\xff\":1}", "doc.json: line 1, column 2 (byte 1): found a member name that is not UTF-8, expected UTF-8" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer seen = { 0 };
        struct error error = { 0 };
        if (walk(text_of(rows[i].document), &seen, &error))
            fail_msg("%s: accepted", rows[i].document);
        assert_int_equal(error.kind, ERROR_INVALID);
        assert_string_equal(error.message, rows[i].message);
        buffer_done(&seen);
    }
}

static void captured_text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    struct buffer seen = { 0 };
    struct error error = { 0 };
    assert_false(walk(TEXT("{\"list\":[\"\xff\"]}"), &seen, &error));
    assert_non_null(strstr(error.message, "column 10 (byte 9): found a value that is no JSON: "));
    buffer_done(&seen);
}

/* Around `depth` arrays. */
static bool walk_nested(size_t depth, struct error *error)
{
    struct buffer document = { 0 }, seen = { 0 };
    buffer_append_text(&document, TEXT("{\"a\":"));
    for (size_t i = 0; i < depth; i++)
        buffer_append_byte(&document, '[');
    for (size_t i = 0; i < depth; i++)
        buffer_append_byte(&document, ']');
    buffer_append_byte(&document, '}');
    bool done = walk(buffer_text(&document), &seen, error);
    buffer_done(&document);
    buffer_done(&seen);
    return done;
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    struct error error = { 0 };
    assert_true(walk_nested(JSON_DEPTH_MAX - 1, &error));
    assert_false(walk_nested(JSON_DEPTH_MAX, &error));
    assert_string_equal(error.message,
                        "doc.json: line 1, column 134 (byte 133): found more than 128 levels of nesting, expected fewer");
    assert_false(walk_nested(1000000, &error));
}

/* A string of `size` bytes, skipped or captured. */
static bool walk_long(const char *member, size_t size, struct error *error)
{
    struct buffer document = { 0 }, seen = { 0 };
    buffer_printf(&document, "{\"%s\":[\"", member);
    memset(buffer_reserve(&document, size), 'x', size);
    document.size += size;
    buffer_append_text(&document, TEXT("\"]}"));
    bool done = walk(buffer_text(&document), &seen, error);
    buffer_done(&document);
    buffer_done(&seen);
    return done;
}

static void only_captured_values_are_bounded_in_size(void **state)
{
    (void)state;
    struct error error = { 0 };
    assert_true(walk_long("list", JSON_CAPTURE_BYTES_MAX - 2, &error));
    assert_false(walk_long("list", JSON_CAPTURE_BYTES_MAX - 1, &error));
    assert_non_null(strstr(error.message, "found a value of more than 16777216 bytes, expected a smaller one"));
    assert_true(walk_long("skipped", JSON_CAPTURE_BYTES_MAX * 2, &error));
}

static void values_across_chunks_arrive_whole(void **state)
{
    (void)state;
    /* Blanks shift the value over the end of the first chunk of 256 KiB, byte by byte. */
    for (size_t before = 262144 - 40; before < 262144; before++) {
        struct buffer document = { 0 }, seen = { 0 };
        struct error error = { 0 };
        memset(buffer_reserve(&document, before), ' ', before);
        document.size += before;
        buffer_append_text(&document, TEXT("{\"list\":[{\"k\":\"v\\u0041\"},-12.5e+3]}"));
        assert_true(walk(buffer_text(&document), &seen, &error));
        assert_true(text_equal(buffer_text(&seen), TEXT("/list 0 {\"k\":\"vA\"}\n/list 1 \"-12.5e+3\"\n")));
        buffer_done(&document);
        buffer_done(&seen);
    }
}

static void a_gzip_stream_that_is_cut_off_is_refused_even_behind_the_last_bracket(void **state)
{
    (void)state;
    static const char document[] = "{\"list\":[1]}";
    unsigned char packed[128];
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)document,
                        .avail_in = sizeof document - 1,
                        .next_out = packed,
                        .avail_out = sizeof packed };
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    for (size_t cut = 0; cut <= 12; cut++) {
        struct buffer seen = { 0 };
        struct error error = { 0 };
        bool done = walk((struct text){ (const char *)packed, size - cut }, &seen, &error);
        assert_true(done == (cut == 0));
        if (cut)
            assert_non_null(strstr(error.message, "found damage: "));
        buffer_done(&seen);
    }
}

static bool refuse_second(void *context, const struct json_item *item, struct error *error)
{
    (void)context;
    return item->index < 1 || error_fail(error, ERROR_FAILED, "stopped");
}

static void a_visitor_can_stop_the_walk_with_its_own_error(void **state)
{
    (void)state;
    struct input *input = input_from_memory("{\"list\":[1,2,3]}", 16, "doc.json");
    struct error error = { 0 };
    bool seen[ARRAY_COUNT(targets)];
    assert_false(json_walk(input, targets, ARRAY_COUNT(targets), refuse_second, NULL, seen, &error));
    assert_string_equal(error.message, "stopped");
    assert_true(seen[0] && !seen[1] && !seen[2]);
    input_close(input);
}

static void documents_behind_one_another_are_walked_each(void **state)
{
    (void)state;
    static const struct json_target wanted[] = { { "/list", JSON_ELEMENTS }, { "", JSON_ELEMENTS } };
    static const struct {
        const char *document;
        size_t documents, visits; /* no documents: an error */
        bool seen_list, seen_array;
    } rows[] = {
        { "{}", 1, 0, false, false },   { "{\"list\":[1]} {\"list\":[2,3]}\n", 2, 3, true, false },
        { "[1,2]", 1, 2, false, true }, { "[1]{\"list\":[2]}[3]", 3, 3, true, true },
        { "{}{", 0, 0, false, false },  { "{} x", 0, 0, false, false },
        { "", 0, 0, false, false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct input *input = input_from_memory(rows[i].document, strlen(rows[i].document), "doc.json");
        struct buffer visits = { 0 };
        struct error error = { 0 };
        size_t documents = 0;
        bool seen[2];
        bool done = json_walk_all(input, wanted, 2, write_down, &visits, &documents, seen, &error);
        size_t lines = 0;
        for (size_t c = 0; c < visits.size; c++)
            lines += visits.data[c] == '\n';
        assert_int_equal(done, rows[i].documents > 0);
        if (done && (documents != rows[i].documents || lines != rows[i].visits || seen[0] != rows[i].seen_list ||
                     seen[1] != rows[i].seen_array))
            fail_msg("%s: %zu documents, %zu visits", rows[i].document, documents, lines);
        assert_true(done || error.kind == ERROR_INVALID);
        input_close(input);
        buffer_done(&visits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_members_and_elements_are_visited_with_numbers_as_text),
        cmocka_unit_test(what_is_no_json_is_refused_with_line_column_and_byte),
        cmocka_unit_test(captured_text_that_is_not_utf8_is_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(only_captured_values_are_bounded_in_size),
        cmocka_unit_test(values_across_chunks_arrive_whole),
        cmocka_unit_test(a_gzip_stream_that_is_cut_off_is_refused_even_behind_the_last_bracket),
        cmocka_unit_test(a_visitor_can_stop_the_walk_with_its_own_error),
        cmocka_unit_test(documents_behind_one_another_are_walked_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
