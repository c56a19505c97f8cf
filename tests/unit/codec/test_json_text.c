/* codec/json_text: numbers arrive as they were written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/json_text.h"
#include "support/quotes.h"

static void numbers_outside_of_strings_are_put_in_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *json, *expected; /* ' for " */
    } rows[] = {
        { "{'a':1}", "{'a':'1'}" },
        { "{'a':-0.10}", "{'a':'-0.10'}" },
        { "[1.0416666667E-4, 2e+10 ,3]", "['1.0416666667E-4', '2e+10' ,'3']" },
        { "{'1':'2'}", "{'1':'2'}" },
        { "{'a':'say \\'1\\' 2'}", "{'a':'say \\'1\\' 2'}" },
        { "{'a':'\\\\','b':5}", "{'a':'\\\\','b':'5'}" },
        { "{'a':true,'b':null,'c':false}", "{'a':true,'b':null,'c':false}" },
        { "{'e':'E'}", "{'e':'E'}" },
        { "12345678901234567890123456789", "'12345678901234567890123456789'" },
        { "{'never closed: 1", "{'never closed: 1" },
        { "{'a':'\\", "{'a':'\\" },
        { "", "" },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buffer_clear(&out);
        json_quote_numbers(quoted(rows[i].json), &out);
        *buffer_reserve(&out, 1) = '\0';
        assert_string_equal(out.data, quoted(rows[i].expected).data);
    }
    buffer_done(&out);
}

static void no_digit_of_a_number_is_lost(void **state)
{
    (void)state;
    static const char *const numbers[] = { "0.1", "0.10", "-0", "1E-20", "123456789012345678901234.5678901234", "1e5" };
    struct buffer scratch = { 0 }, json = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        buffer_clear(&json);
        buffer_printf(&json, "{\"n\": %s}", numbers[i]);
        json_error_t error;
        json_t *object = json_parse_exact(buffer_text(&json), &scratch, &error);
        assert_non_null(object);
        assert_string_equal(json_string_value(json_object_get(object, "n")), numbers[i]);
        json_decref(object);
    }
    buffer_done(&scratch);
    buffer_done(&json);
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",      "{",          "{'a'}",         "{'a':1,}",     "{'a':1}x",      "{'a':tru1e}",
        "[1 2]", "nothing",    "{'a':1 'b':2}", "{'a':'\xff'}", "{'a':1,'a':2}", "{'a':1}{}",
        "'\\x'", "[-Infinity]"
    };
    struct buffer scratch = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        json_error_t error = { .line = -7 };
        json_t *parsed = json_parse_exact(quoted(rows[i]), &scratch, &error);
        if (parsed)
            fail_msg("%s", rows[i]);
        assert_true(error.text[0] != '\0' && error.line != -7);
    }
    buffer_done(&scratch);
}

static void a_number_is_no_key(void **state)
{
    (void)state;
    struct buffer scratch = { 0 };
    json_error_t error;
    assert_null(json_parse_exact(TEXT("{1:2}"), &scratch, &error));
    buffer_done(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_outside_of_strings_are_put_in_quotes),
        cmocka_unit_test(no_digit_of_a_number_is_lost),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(a_number_is_no_key),
    };
    return cmocka_run_group_tests_name("codec/json_text", tests, NULL, NULL);
}
