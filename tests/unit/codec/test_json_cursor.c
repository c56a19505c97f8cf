/* codec/json_cursor: a text taken apart step by step, and where it stops being JSON. Rows write ' for ". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/json_cursor.h"
#include "support/quotes.h"

static struct json_cursor cursor;
static struct arena arena;
static struct buffer out;

/* "name=text …" of an object whose values are texts, numbers or skipped ("~"); or where it fails. */
static const char *walk(struct text json)
{
    struct text name, value;
    bool found = true;
    buffer_clear(&out);
    json_cursor_begin(&cursor, json, &arena);
    bool done = json_cursor_enter_object(&cursor);
    while (done && found) {
        done = json_cursor_member(&cursor, &name, &found);
        if (!done || !found)
            break;
        json_cursor_keep(&cursor, name);
        bool is_text = json_cursor_is_text(json_cursor_peek(&cursor));
        value = TEXT("~");
        done = is_text ? json_cursor_text(&cursor, &value) : json_cursor_skip(&cursor);
        buffer_printf(&out, "%.*s=%.*s ", TEXT_ARGS(name), TEXT_ARGS(value));
    }
    done = done && json_cursor_end(&cursor);
    if (!done) {
        buffer_clear(&out);
        json_cursor_explain(&cursor, &out);
    }
    *buffer_reserve(&out, 1) = '\0';
    return out.data;
}

struct row {
    const char *json, *expected;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = walk(quoted(rows[i].json));
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s: %s, expected %s", rows[i].json, found, rows[i].expected);
    }
}

static void members_come_one_after_the_other(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{}", "" },
        { " \t\r\n{ } ", "" },
        { "{'a':'b'}", "a=b " },
        { "{ 'a' : 'b' , 'c' : 0.10 }", "a=b c=0.10 " },
        { "{'a':-1e5,'b':'','':'x'}", "a=-1e5 b= =x " },
        { "{'a':true,'b':null,'c':[],'d':{},'e':[1,{'f':[false,'g']}],'h':1}", "a=~ b=~ c=~ d=~ e=~ h=1 " },
        { "{'a':{'x':{'y':1},'z':{'y':1}},'x':1}", "a=~ x=1 " },
        { "{'12345678':'a text of more than two words of eight'}", "12345678=a text of more than two words of eight " },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void escapes_become_their_characters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'a':'\\\\ \\/ \\u0041'}", "a=\\ / A " },
        { "{'\\u0061':'\\b\\f\\n\\r\\t'}", "a=\b\f\n\r\t " },
        { "{'a':'\\u00e4\\u20AC\\ud83d\\ude00 \xc3\xa4'}", "a=\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xc3\xa4 " },
        { "{'a':'\\u007f\\u0080\\u07ff\\u0800\\uffff'}", "a=\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf " },
    };
    check(rows, ARRAY_COUNT(rows));
    assert_string_equal(walk(TEXT("{\"a\":\"\\\"b\\\"\"}")), "a=\"b\" ");
}

static void a_string_without_escapes_stands_in_the_text(void **state)
{
    (void)state;
    struct text json = TEXT("{\"a\":\"b\",\"c\":\"\\n\"}"), name, value;
    bool found;
    json_cursor_begin(&cursor, json, &arena);
    assert_true(json_cursor_enter_object(&cursor) && json_cursor_member(&cursor, &name, &found) &&
                json_cursor_text(&cursor, &value));
    assert_ptr_equal(name.data, json.data + 2);
    assert_ptr_equal(value.data, json.data + 6);
    assert_false(cursor.has_escapes);
    assert_true(json_cursor_member(&cursor, &name, &found) && json_cursor_text(&cursor, &value));
    assert_true(cursor.has_escapes && text_equal(value, TEXT("\n")));
}

static void what_is_no_json_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", "byte 1: found the end, expected '{'" },
        { " [1]", "byte 2: found '[', expected '{'" },
        { "{", "byte 2: found the end, expected a member's name" },
        { "{,", "byte 2: found ',', expected a member's name" },
        { "{1:2}", "byte 2: found '1', expected a member's name" },
        { "{'a'}", "byte 5: found '}', expected ':'" },
        { "{'a':}", "byte 6: found '}', expected a value" },
        { "{'a':1,}", "byte 8: found '}', expected a member's name" },
        { "{'a':1 'b':2}", "byte 8: found '\"', expected ',' or '}'" },
        { "{'a':tru}", "byte 6: found 't', expected a value" },
        { "{'a':+1}", "byte 6: found '+', expected a value" },
        { "{'a':[1,]}", "byte 9: found ']', expected a value" },
        { "{'a':[1 2]}", "byte 9: found '2', expected ',' or ']'" },
        { "{'a':[1}}", "byte 8: found '}', expected ',' or ']'" },
        { "{'a':{'b':1]}", "byte 12: found ']', expected ',' or '}'" },
        { "{'a':{1:1}}", "byte 7: found '1', expected a member's name" },
        { "{'a':1}{}", "byte 8: found '{', expected the end" },
        { "{'a':'b", "byte 8: found the end, expected the end of a string" },
        { "{'a':'b\\", "byte 9: found the end, expected the end of a string" },
        { "{'a':'b\\'", "byte 10: found the end, expected the end of a string" },
        { "{'a':'b\x1f'}", "byte 8: found byte 0x1f, expected no control character in a string" },
        { "{'a':['b\x01']}", "byte 9: found byte 0x01, expected no control character in a string" },
        { "{'a':'\\x'}", "byte 7: found '\\', expected one of \" \\ / b f n r t u behind a backslash" },
        { "{'a':['\\x']}", "byte 8: found '\\', expected one of \" \\ / b f n r t u behind a backslash" },
        { "{'a':'\\u12'}", "byte 7: found '\\', expected four hexadecimal digits behind \\u" },
        { "{'a':'\\u12g4'}", "byte 7: found '\\', expected four hexadecimal digits behind \\u" },
        { "{'a':'\\ud800'}", "byte 7: found '\\', expected both halves of a surrogate pair" },
        { "{'a':'\\udc00\\ud800'}", "byte 7: found '\\', expected both halves of a surrogate pair" },
        { "{'a':'\\ud800\\u0041'}", "byte 7: found '\\', expected both halves of a surrogate pair" },
        { "{'a\\u0000':1}", "byte 11: found ':', expected no zero byte in a member's name" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void no_object_has_a_member_twice(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'a':1,'b':2,'a':3}", "byte 20: found a second member a, expected each member once" },
        { "{'x':{'a':1,'\\u0061':1}}", "byte 24: found a second member a, expected each member once" },
        { "{'x':[{'':1,'':1}]}", "byte 18: found a second member , expected each member once" },
        { "{'a':{'a':1},'b':{'a':1}}", "a=~ b=~ " },
    };
    check(rows, ARRAY_COUNT(rows));
    struct buffer many = { 0 };
    for (int twice = 0; twice < 2; twice++) {
        buffer_clear(&many);
        buffer_append_text(&many, TEXT("{\"x\":{"));
        for (int i = 0; i < 50000; i++)
            buffer_printf(&many, "\"k%d\":%d,", twice && i == 49999 ? 7 : i, i);
        buffer_append_text(&many, TEXT("\"last\":0}}"));
        assert_int_equal(strstr(walk(buffer_text(&many)), "a second member k7,") != NULL, twice);
    }
    buffer_done(&many);
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    struct buffer deep = { 0 };
    for (size_t depth = JSON_CURSOR_DEPTH_MAX - 2; depth <= JSON_CURSOR_DEPTH_MAX; depth++) {
        buffer_clear(&deep);
        buffer_append_text(&deep, TEXT("{\"a\":"));
        for (size_t i = 0; i < depth; i++)
            buffer_append_byte(&deep, '[');
        for (size_t i = 0; i < depth; i++)
            buffer_append_byte(&deep, ']');
        buffer_append_byte(&deep, '}');
        bool is_refused = strstr(walk(buffer_text(&deep)), "fewer levels of nesting") != NULL;
        assert_int_equal(is_refused, depth == JSON_CURSOR_DEPTH_MAX);
    }
    buffer_done(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_one_after_the_other),
        cmocka_unit_test(escapes_become_their_characters),
        cmocka_unit_test(a_string_without_escapes_stands_in_the_text),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(no_object_has_a_member_twice),
        cmocka_unit_test(nesting_has_an_end),
    };
    int failed = cmocka_run_group_tests_name("codec/json_cursor", tests, NULL, NULL);
    json_cursor_done(&cursor);
    arena_done(&arena);
    buffer_done(&out);
    return failed;
}
