/* http/message: header names in any case, percent escapes, query parameters. */
#include "support/unit.h"

#include "http/message.h"

static void headers_are_found_in_whatever_case(void **state)
{
    (void)state;
    const struct http_header headers[] = { { TEXT("Host"), TEXT("a") },
                                           { TEXT("X-A"), TEXT("1") },
                                           { TEXT("x-a"), TEXT("2") } };
    const struct http_request request = { .headers = headers, .header_count = 3 };
    assert_true(text_equal(http_header(&request, "HOST"), TEXT("a")));
    assert_true(text_equal(http_header(&request, "x-A"), TEXT("1")));
    assert_int_equal(http_header_count(&request, "X-a"), 2);
    assert_int_equal(http_header(&request, "x").size, 0);
    assert_false(http_name_equal(TEXT("Host"), TEXT("Hos")));
}

static void a_target_is_path_and_query_in_either_form(void **state)
{
    (void)state;
    static const struct {
        const char *target, *path, *query;
    } cases[] = {
        { "/", "/", "" },
        { "/a/b", "/a/b", "" },
        { "/a?b=c?d", "/a", "b=c?d" },
        { "/a?", "/a", "" },
        { "http://h/a/b?c=d", "/a/b", "c=d" },
        { "HTTPS://user@[::1]:80/a//b", "/a//b", "" },
        { "http://h:80", "/", "" },
        { "http://h?a=b/c", "/", "a=b/c" },
        { "http:///a", "/a", "" },
        { "http://", "/", "" },
        { "http:/a", "http:/a", "" }, /* none of both: no path that is known */
        { "ftp://h/a", "ftp://h/a", "" },
        { "/http://h/a", "/http://h/a", "" },
        { "*", "*", "" },
        { "h:80", "h:80", "" },
        { "?a", "/", "a" },
        { "", "", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct text path, query;
        http_target_split(text_of(cases[i].target), &path, &query);
        expect(cases[i].target, text_equal(path, text_of(cases[i].path)), true);
        expect(cases[i].target, text_equal(query, text_of(cases[i].query)), true);
    }
}

static void escapes_are_decoded_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *decoded; /* NULL: refused */
    } rows[] = {
        { "", "" },     { "a%3ab%3Ac", "a:b:c" }, { "a+b", "a+b" }, { "%2B", "+" }, { "%", NULL },
        { "%4", NULL }, { "%4g", NULL },          { "%00", NULL },  { "a%", NULL }, { "%c3%bc", "\xc3\xbc" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer out = { 0 };
        bool sound = http_decode(text_of(rows[i].text), &out);
        assert_int_equal(sound, rows[i].decoded != NULL);
        if (sound)
            assert_true(text_equal(buffer_text(&out), text_of(rows[i].decoded)));
        buffer_done(&out);
    }
}

static void encoding_leaves_what_is_unreserved(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    http_encode(TEXT("/a-_.~Z9 %/\xc3"), true, &out);
    assert_true(text_equal(buffer_text(&out), TEXT("/a-_.~Z9%20%25/%C3")));
    buffer_clear(&out);
    http_encode(TEXT("/"), false, &out);
    assert_true(text_equal(buffer_text(&out), TEXT("%2F")));
    buffer_done(&out);
}

static void a_parameter_comes_once_and_decodes(void **state)
{
    (void)state;
    static const struct {
        const char *query, *value; /* NULL: absent */
        bool sound;
    } rows[] = {
        { "", NULL, true },       { "a=1", "1", true },        { "b=2&a=1", "1", true }, { "a", "", true },
        { "a=", "", true },       { "&&a=x+y&", "x y", true }, { "a=%2B", "+", true },   { "a=1&a=1", NULL, false },
        { "a=%zz", NULL, false }, { "a=%ff", NULL, false },    { "aa=1", NULL, true },   { "a=b=c", "b=c", true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer out = { 0 };
        bool sound;
        struct text value = http_parameter(text_of(rows[i].query), "a", &out, &sound);
        assert_int_equal(sound, rows[i].sound);
        assert_int_equal(value.data != NULL, rows[i].value != NULL);
        assert_true(text_equal(value, text_of(rows[i].value)));
        buffer_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_found_in_whatever_case), cmocka_unit_test(a_target_is_path_and_query_in_either_form),
        cmocka_unit_test(escapes_are_decoded_or_refused),     cmocka_unit_test(encoding_leaves_what_is_unreserved),
        cmocka_unit_test(a_parameter_comes_once_and_decodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
