/* codec/json_write: records as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/json_write.h"
#include "support/avro_random.h"
#include "support/avro_sample.h"
#include "support/quotes.h"
#include "codec/json_text.h"

static void texts_are_escaped_and_always_utf8(void **state)
{
    (void)state;
    static const struct {
        struct text text;
        const char *expected;
    } rows[] = {
        { { "", 0 }, "\"\"" },
        { { "plain", 5 }, "\"plain\"" },
        { { "a\"b\\c", 5 }, "\"a\\\"b\\\\c\"" },
        { { "\n\r\t", 3 }, "\"\\n\\r\\t\"" },
        { { "\0\x01\x1f", 3 }, "\"\\u0000\\u0001\\u001f\"" },
        { { "\x7f/", 2 }, "\"\x7f/\"" },
        { { "\xc3\xa4\xf0\x9f\x98\x80", 6 }, "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
        { { "a\xff"
            "b",
            3 },
          "\"a\xef\xbf\xbd"
          "b\"" },
        { { "\xc3", 1 }, "\"\xef\xbf\xbd\"" },
        { { "\xc3\"\xa4", 3 }, "\"\xef\xbf\xbd\\\"\xef\xbf\xbd\"" },
        { { "\xc0\xaf", 2 }, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { { "\xe4\xbd\xa0\xff\xe4\xbd\xa0", 7 }, "\"\xe4\xbd\xa0\xef\xbf\xbd\xe4\xbd\xa0\"" },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buffer_clear(&out);
        json_write_text(&out, rows[i].text);
        *buffer_reserve(&out, 1) = '\0';
        assert_string_equal(out.data, rows[i].expected);
    }
    buffer_done(&out);
}

static void any_bytes_become_a_json_string(void **state)
{
    (void)state;
    random_state = 11;
    struct buffer out = { 0 }, scratch = { 0 };
    for (int round = 0; round < 5000; round++) {
        char bytes[28];
        size_t size = random_below(sizeof bytes), plain = round % 2 ? 12 : 1; /* of so many bytes all but one */
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(random_below(plain) ? 'a'
                              : random_below(3)   ? (char)random_below(256)
                                                  : "\"\\\xc3\xa4"[random_below(4)]);
        buffer_clear(&out);
        buffer_append_byte(&out, '[');
        json_write_text(&out, (struct text){ bytes, size });
        buffer_append_byte(&out, ']');
        json_error_t error;
        json_t *parsed = json_parse_exact(buffer_text(&out), &scratch, &error);
        if (!parsed)
            fail_msg("round %d: %s: %.*s", round, error.text, TEXT_ARGS(buffer_text(&out)));
        struct text text = { bytes, size };
        if (text_is_utf8(text)) {
            json_t *string = json_array_get(parsed, 0);
            assert_int_equal(json_string_length(string), size);
            if (size)
                assert_memory_equal(json_string_value(string), bytes, size);
        }
        json_decref(parsed);
    }
    buffer_done(&out);
    buffer_done(&scratch);
}

static void decimals_and_times_are_texts(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    json_write_decimal(&out, 0, 24);
    json_write_decimal(&out, 1500, 3);
    json_write_decimal(&out, -1, 24);
    json_write_decimal(&out, -(decimal_power(38) - 1), 24);
    json_write_decimal(&out, decimal_power(38) - 1, 0);
    json_write_time(&out, 0);
    json_write_time(&out, INT64_C(1780272000000));
    json_write_time(&out, INT64_C(1780272000001));
    *buffer_reserve(&out, 1) = '\0';
    assert_string_equal(out.data, "\"0\"\"1.5\"\"-0.000000000000000000000001\""
                                  "\"-99999999999999.999999999999999999999999\""
                                  "\"99999999999999999999999999999999999999\""
                                  "\"1970-01-01T00:00:00Z\"\"2026-06-01T00:00:00Z\"\"2026-06-01T00:00:00.001Z\"");
    buffer_done(&out);
}

static void absent_members_are_left_out_or_null(void **state)
{
    (void)state;
    static const struct tag tags[] = { { { "a", 1 }, { "1", 1 } }, { { "b\"", 2 }, { "2", 1 } } };
    struct sample full = { .name = TEXT("n"), .cost = 150, .at = 0, .rows = -3, .tags = { tags, 2 }, .note = TEXT("x") };
    for (size_t i = 0; i < sample_type.field_count; i++)
        record_set(&full, i);
    struct sample none = { 0 };
    const struct {
        const struct sample *record;
        enum json_absent absent;
        const char *expected; /* ' for " */
    } rows[] = {
        { &full, JSON_ABSENT_LEFT_OUT,
          "{'name':'n','cost':'1.5','at':'1970-01-01T00:00:00Z','rows':-3,"
          "'tags':{'a':'1','b\\'':'2'},'note':'x'}" },
        { &full, JSON_ABSENT_NULL,
          "{'name':'n','cost':'1.5','at':'1970-01-01T00:00:00Z','rows':-3,"
          "'tags':{'a':'1','b\\'':'2'},'note':'x'}" },
        { &none, JSON_ABSENT_LEFT_OUT, "{'name':''}" }, /* a required text is there, empty */
        { &none, JSON_ABSENT_NULL, "{'name':'','cost':null,'at':null,'rows':null,'tags':null,'note':null}" },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buffer_clear(&out);
        json_write_record(&out, &sample_type, rows[i].record, rows[i].absent);
        *buffer_reserve(&out, 1) = '\0';
        assert_string_equal(out.data, quoted(rows[i].expected).data);
    }
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped_and_always_utf8),
        cmocka_unit_test(any_bytes_become_a_json_string),
        cmocka_unit_test(decimals_and_times_are_texts),
        cmocka_unit_test(absent_members_are_left_out_or_null),
    };
    return cmocka_run_group_tests_name("codec/json_write", tests, NULL, NULL);
}
