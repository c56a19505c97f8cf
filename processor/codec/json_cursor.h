/*
 * codec/json_cursor.h: takes a JSON text in memory apart where it stands, from front to back, and checks every byte.
 *
 * Accepts what json_parse_exact accepts (codec/json_text.h): no object has a member twice, numbers stay the digits, signs,
 * points and e's that they are written with. The text is UTF-8 without zero bytes: the caller has looked. Strings borrow
 * from it, or from the arena where they hold escapes. All functions that return bool fail by noting what they expected
 * where. Thread: one.
 */
#ifndef CODEC_JSON_CURSOR_H
#define CODEC_JSON_CURSOR_H

#include "base/buffer.h"
#include "base/memory.h"

#define JSON_CURSOR_DEPTH_MAX 2048 /* of values in one another, the outermost counted */

/* An object or array that is open. */
struct json_open {
    uint32_t first_key; /* of those that are kept */
    bool is_object;
    bool has_member;
};

struct json_cursor {
    const char *begin, *at, *end;
    struct arena *arena;
    bool has_escapes;     /* some string that was given out is not as it stands in the text */
    const char *expected; /* what was not found at `at`; NULL: nothing has failed */
    struct text twice;    /* the member that came twice, if that has failed */
    struct json_open open[JSON_CURSOR_DEPTH_MAX];
    size_t open_count;
    struct text *keys;
    size_t key_count, key_capacity;
};

/* The cursor is zeroed before its first text, and keeps its memory for the next one. */
void json_cursor_begin(struct json_cursor *cursor, struct text json, struct arena *arena);
void json_cursor_done(struct json_cursor *cursor);

/* The next byte behind blanks, not taken; -1 at the end. */
int json_cursor_peek(struct json_cursor *cursor);

/* Takes the '{' of an object; its members follow. */
MUST_USE bool json_cursor_enter_object(struct json_cursor *cursor);
/* Takes a member's name and colon, its value comes next; *found is false behind the last one, the object is closed. */
MUST_USE bool json_cursor_member(struct json_cursor *cursor, struct text *name, bool *found);
/* Keeps the name, to be held against the others that are kept when its object closes. Members that are not kept are the
 * caller's to tell apart. */
void json_cursor_keep(struct json_cursor *cursor, struct text name);

/* Whether a string or a number begins with this byte. */
static inline bool json_cursor_is_text(int first)
{
    return first == '"' || first == '-' || (first >= '0' && first <= '9');
}

MUST_USE bool json_cursor_text(struct json_cursor *cursor, struct text *text); /* a string or a number */
MUST_USE bool json_cursor_skip(struct json_cursor *cursor);                    /* any value */
MUST_USE bool json_cursor_end(struct json_cursor *cursor);                     /* nothing but blanks is left */

bool json_cursor_fail(struct json_cursor *cursor, const char *expected);
bool json_cursor_fail_twice(struct json_cursor *cursor, struct text name);
/* "byte 12: found 'x', expected a value". */
void json_cursor_explain(const struct json_cursor *cursor, struct buffer *out);

#endif
