/* codec/json_cursor.c: every step begins and ends within the text; nothing is read that has not been looked for. */
#include "codec/json_cursor.h"

#include <stdlib.h>

#include "base/word.h"

#define FEW_KEYS 8 /* are compared each with each */

void json_cursor_begin(struct json_cursor *cursor, struct text json, struct arena *arena)
{
    cursor->begin = cursor->at = json.size ? json.data : "";
    cursor->end = cursor->begin + json.size;
    cursor->arena = arena;
    cursor->has_escapes = false;
    cursor->expected = NULL;
    cursor->twice = TEXT_NONE;
    cursor->open_count = cursor->key_count = 0;
}

void json_cursor_done(struct json_cursor *cursor)
{
    free(cursor->keys);
    cursor->keys = NULL;
    cursor->key_count = cursor->key_capacity = 0;
}

bool json_cursor_fail(struct json_cursor *cursor, const char *expected)
{
    if (!cursor->expected)
        cursor->expected = expected;
    return false;
}

bool json_cursor_fail_twice(struct json_cursor *cursor, struct text name)
{
    if (!cursor->expected)
        cursor->twice = name;
    return json_cursor_fail(cursor, "each member once");
}

void json_cursor_explain(const struct json_cursor *cursor, struct buffer *out)
{
    buffer_printf(out, "byte %zu: found ", (size_t)(cursor->at - cursor->begin) + 1);
    unsigned char found = cursor->at < cursor->end ? (unsigned char)*cursor->at : 0;
    if (cursor->twice.data)
        buffer_printf(out, "a second member %.*s", cursor->twice.size < 80 ? (int)cursor->twice.size : 80,
                      cursor->twice.data);
    else if (cursor->at == cursor->end)
        buffer_append_text(out, TEXT("the end"));
    else if (found > ' ' && found < 0x7f)
        buffer_printf(out, "'%c'", found);
    else
        buffer_printf(out, "byte 0x%02x", found);
    buffer_printf(out, ", expected %s", cursor->expected);
}

int json_cursor_peek(struct json_cursor *cursor)
{
    for (; cursor->at < cursor->end; cursor->at++)
        if (*cursor->at != ' ' && *cursor->at != '\t' && *cursor->at != '\n' && *cursor->at != '\r')
            return (unsigned char)*cursor->at;
    return -1;
}

static bool take(struct json_cursor *cursor, char wanted)
{
    bool is_there = json_cursor_peek(cursor) == (unsigned char)wanted;
    cursor->at += is_there;
    return is_there;
}

bool json_cursor_end(struct json_cursor *cursor)
{
    return json_cursor_peek(cursor) < 0 || json_cursor_fail(cursor, "the end");
}

/* ---- strings ---- */

/* The next byte that is not simply a character of a string: a mark, a backslash, a control character. */
static const char *next_special(const char *at, const char *end)
{
    for (; end - at >= (ptrdiff_t)sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word = word_at(at);
        uint64_t found = word_first_equal(word, '"') | word_first_equal(word, '\\') | word_first_below(word, ' ');
        if (found)
            return at + word_place(found);
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' ')
        at++;
    return at;
}

/* Four hexadecimal digits; -1: there are none. */
static int32_t hex_at(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The character of a \u escape whose digits begin at *at, which ends behind it. */
static bool take_unicode(struct json_cursor *cursor, const char **at, uint32_t *character)
{
    int32_t first = hex_at(*at, cursor->end), second = -1;
    if (first < 0)
        return json_cursor_fail(cursor, "four hexadecimal digits behind \\u");
    *at += 4;
    *character = (uint32_t)first;
    if (first < 0xd800 || first > 0xdfff)
        return true;
    if (first <= 0xdbff && cursor->end - *at >= 2 && (*at)[0] == '\\' && (*at)[1] == 'u')
        second = hex_at(*at + 2, cursor->end);
    if (second < 0xdc00 || second > 0xdfff)
        return json_cursor_fail(cursor, "both halves of a surrogate pair");
    *at += 6;
    *character = 0x10000 + (((uint32_t)first - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
    return true;
}

/* The character of the escape whose backslash is at *at, which ends behind it. */
static bool take_escape(struct json_cursor *cursor, const char **at, uint32_t *character)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    cursor->at = *at;
    const char *found = cursor->end - *at > 1 ? memchr(names, (*at)[1], sizeof names - 1) : NULL;
    bool is_unicode = cursor->end - *at > 1 && (*at)[1] == 'u';
    *at += 2;
    if (is_unicode)
        return take_unicode(cursor, at, character);
    if (!found)
        return json_cursor_fail(cursor, "one of \" \\ / b f n r t u behind a backslash");
    *character = (unsigned char)meant[found - names];
    return true;
}

static char *put_utf8(char *out, uint32_t character)
{
    if (character < 0x80) {
        *out++ = (char)character;
        return out;
    }
    int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    *out++ = (char)(unsigned char)((0xff00u >> (more + 1) & 0xffu) | character >> (6 * more));
    while (more-- > 0)
        *out++ = (char)(unsigned char)(0x80u | (character >> (6 * more) & 0x3fu));
    return out;
}

/* The mark that ends a string; NULL: there is none, or a control character comes first. */
static const char *find_close(struct json_cursor *cursor, const char *from)
{
    const char *at = next_special(from, cursor->end);
    while (at < cursor->end && *at == '\\')
        at = next_special(cursor->end - at > 2 ? at + 2 : cursor->end, cursor->end);
    if (at < cursor->end && *at == '"')
        return at;
    cursor->at = at;
    json_cursor_fail(cursor, at == cursor->end ? "the end of a string" : "no control character in a string");
    return NULL;
}

/* A string with escapes; `out` has room for its bytes as they stand. NULL: it is only checked. */
static bool unescape(struct json_cursor *cursor, const char *from, const char *close, char *out, size_t *size)
{
    char *begin = out, unused[8];
    for (const char *at = from; at < close;) {
        const char *run = memchr(at, '\\', (size_t)(close - at));
        size_t plain = (size_t)((run ? run : close) - at);
        uint32_t character;
        if (begin)
            memcpy(out, at, plain);
        out = begin ? out + plain : unused;
        at += plain;
        if (!run)
            break;
        if (!take_escape(cursor, &at, &character))
            return false;
        out = put_utf8(out, character);
    }
    *size = begin ? (size_t)(out - begin) : 0;
    return true;
}

static bool take_escaped(struct json_cursor *cursor, const char *from, struct text *text)
{
    const char *close = find_close(cursor, from);
    if (!close)
        return false;
    char *bytes = arena_take(cursor->arena, (size_t)(close - from), 1);
    if (!unescape(cursor, from, close, bytes, &text->size))
        return false;
    text->data = bytes;
    cursor->has_escapes = true;
    cursor->at = close + 1;
    return true;
}

/* At a quotation mark. */
static bool take_string(struct json_cursor *cursor, struct text *text)
{
    const char *from = cursor->at + 1, *stop = next_special(from, cursor->end);
    if (stop == cursor->end || *stop != '"')
        return take_escaped(cursor, from, text);
    *text = (struct text){ from, (size_t)(stop - from) };
    cursor->at = stop + 1;
    return true;
}

static bool skip_string(struct json_cursor *cursor)
{
    size_t size;
    const char *from = cursor->at + 1, *close = find_close(cursor, from);
    if (!close || !unescape(cursor, from, close, NULL, &size))
        return false;
    cursor->at = close + 1;
    return true;
}

/* ---- other values ---- */

static bool is_in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static struct text take_number(struct json_cursor *cursor)
{
    const char *from = cursor->at;
    while (cursor->at < cursor->end && is_in_number(*cursor->at))
        cursor->at++;
    return (struct text){ from, (size_t)(cursor->at - from) };
}

static bool is_too_deep(const struct json_cursor *cursor)
{
    return cursor->open_count == JSON_CURSOR_DEPTH_MAX;
}

bool json_cursor_text(struct json_cursor *cursor, struct text *text)
{
    int first = json_cursor_peek(cursor);
    if (!json_cursor_is_text(first) || is_too_deep(cursor))
        return json_cursor_fail(cursor, is_too_deep(cursor) ? "fewer levels of nesting" : "a text or a number");
    if (first == '"')
        return take_string(cursor, text);
    *text = take_number(cursor);
    return true;
}

static bool skip_scalar(struct json_cursor *cursor)
{
    static const struct text literals[] = { { "true", 4 }, { "false", 5 }, { "null", 4 } };
    int first = json_cursor_peek(cursor);
    if (first == '"')
        return skip_string(cursor);
    if (json_cursor_is_text(first)) {
        take_number(cursor);
        return true;
    }
    struct text left = { cursor->at, (size_t)(cursor->end - cursor->at) };
    for (size_t i = 0; i < ARRAY_COUNT(literals); i++) {
        if (!text_starts_with(left, literals[i]))
            continue;
        cursor->at += literals[i].size;
        return true;
    }
    return json_cursor_fail(cursor, "a value");
}

/* ---- objects and arrays ---- */

static int compare_keys(const void *left, const void *right)
{
    return text_compare(*(const struct text *)left, *(const struct text *)right);
}

/* Whether no two are equal. A few are compared each with each, many are sorted. */
static bool check_keys(struct json_cursor *cursor, struct text *keys, size_t count)
{
    if (count > FEW_KEYS) {
        qsort(keys, count, sizeof *keys, compare_keys);
        for (size_t i = 1; i < count; i++)
            if (text_equal(keys[i - 1], keys[i]))
                return json_cursor_fail_twice(cursor, keys[i]);
        return true;
    }
    for (size_t i = 1; i < count; i++)
        for (size_t before = 0; before < i; before++)
            if (text_equal(keys[before], keys[i]))
                return json_cursor_fail_twice(cursor, keys[i]);
    return true;
}

static bool enter(struct json_cursor *cursor, bool is_object)
{
    if (is_too_deep(cursor))
        return json_cursor_fail(cursor, "fewer levels of nesting");
    cursor->at++;
    cursor->open[cursor->open_count++] = (struct json_open){ (uint32_t)cursor->key_count, is_object, false };
    return true;
}

static bool leave(struct json_cursor *cursor)
{
    size_t first = cursor->open[--cursor->open_count].first_key, count = cursor->key_count - first;
    cursor->key_count = first;
    return count == 0 || check_keys(cursor, cursor->keys + first, count);
}

static bool take_name(struct json_cursor *cursor, struct text *name)
{
    if (json_cursor_peek(cursor) != '"')
        return json_cursor_fail(cursor, "a member's name");
    if (!take_string(cursor, name))
        return false;
    if (name->size && memchr(name->data, '\0', name->size))
        return json_cursor_fail(cursor, "no zero byte in a member's name");
    return take(cursor, ':') || json_cursor_fail(cursor, "':'");
}

bool json_cursor_enter_object(struct json_cursor *cursor)
{
    return json_cursor_peek(cursor) == '{' ? enter(cursor, true) : json_cursor_fail(cursor, "'{'");
}

bool json_cursor_member(struct json_cursor *cursor, struct text *name, bool *found)
{
    struct json_open *open = &cursor->open[cursor->open_count - 1];
    *found = false;
    if (take(cursor, '}'))
        return leave(cursor);
    if (open->has_member && !take(cursor, ','))
        return json_cursor_fail(cursor, "',' or '}'");
    *found = open->has_member = true;
    return take_name(cursor, name);
}

void json_cursor_keep(struct json_cursor *cursor, struct text name)
{
    cursor->keys = memory_reserve_one(cursor->keys, cursor->key_count, &cursor->key_capacity, sizeof *cursor->keys);
    cursor->keys[cursor->key_count++] = name;
}

static bool keep_name(struct json_cursor *cursor)
{
    struct text name;
    if (!take_name(cursor, &name))
        return false;
    json_cursor_keep(cursor, name);
    return true;
}

/* Behind a value: out of all that closes there, down to `base`, or on to the next value. */
static bool move_on(struct json_cursor *cursor, size_t base)
{
    while (cursor->open_count > base) {
        bool is_object = cursor->open[cursor->open_count - 1].is_object;
        if (take(cursor, ','))
            return !is_object || keep_name(cursor);
        if (!take(cursor, is_object ? '}' : ']'))
            return json_cursor_fail(cursor, is_object ? "',' or '}'" : "',' or ']'");
        if (!leave(cursor))
            return false;
    }
    return true;
}

/* A value, or the beginning of one: whether it is an object or array that has something in it. */
static bool skip_begin(struct json_cursor *cursor, bool *is_inside)
{
    int first = json_cursor_peek(cursor);
    bool is_object = first == '{';
    *is_inside = false;
    if (!is_object && first != '[')
        return is_too_deep(cursor) ? json_cursor_fail(cursor, "fewer levels of nesting") : skip_scalar(cursor);
    if (!enter(cursor, is_object))
        return false;
    *is_inside = json_cursor_peek(cursor) != (is_object ? '}' : ']');
    return !*is_inside || !is_object || keep_name(cursor);
}

bool json_cursor_skip(struct json_cursor *cursor)
{
    size_t base = cursor->open_count;
    do {
        bool is_inside;
        if (!skip_begin(cursor, &is_inside) || (!is_inside && !move_on(cursor, base)))
            return false;
    } while (cursor->open_count > base);
    return true;
}
