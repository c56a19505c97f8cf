/*
 * base/text.h: a borrowed run of bytes. Never owns; lives as long as what it points into.
 * An absent text has size 0; data may then be NULL.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *data;
    size_t size;
};

#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })
#define TEXT_NONE ((struct text){ NULL, 0 })
/* For printf's "%.*s". */
#define TEXT_ARGS(text) (int)(text).size, ((text).data ? (text).data : "")

static inline struct text text_of(const char *string)
{
    return (struct text){ string, string ? strlen(string) : 0 };
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Byte order; a prefix sorts before what it is a prefix of. */
static inline int text_compare(struct text a, struct text b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

/* Copies a text to `at`, where there is room for it, and returns the place behind: most are short, and are copied by pieces
 * that overlap before memcpy would have begun. */
static inline char *text_copy(char *at, struct text text)
{
    const char *from = text.data;
    size_t size = text.size;
    if (size > 32) {
        memcpy(at, from, size);
    } else if (size >= 16) {
        memcpy(at, from, 16);
        memcpy(at + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
        memcpy(at, from, 8);
        memcpy(at + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(at, from, 4);
        memcpy(at + size - 4, from + size - 4, 4);
    } else if (size > 0) {
        at[0] = from[0];
        at[size / 2] = from[size / 2];
        at[size - 1] = from[size - 1];
    }
    return at + size;
}

static inline bool text_starts_with(struct text text, struct text prefix)
{
    return text.size >= prefix.size && (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

static inline bool text_ends_with(struct text text, struct text suffix)
{
    return text.size >= suffix.size &&
           (suffix.size == 0 || memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size) == 0);
}

bool text_contains(struct text text, struct text part);

/* True for well-formed UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool text_is_utf8(struct text text);

/* Whether it is of ASCII characters, none of them zero: what nearly all of a bill is, told eight bytes at once. */
static inline bool text_is_ascii(struct text text)
{
    const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
    uint64_t word, seen = 0;
    if (text.size >= sizeof word) { /* the last eight first */
        memcpy(&word, text.data + text.size - sizeof word, sizeof word);
        seen = word | (word - ones); /* a byte of zero borrows its high bit */
        for (size_t at = 0; at < text.size - sizeof word; at += sizeof word) {
            memcpy(&word, text.data + at, sizeof word);
            seen |= word | (word - ones);
        }
    } else if (text.size >= sizeof(uint32_t)) {
        uint32_t front, back;
        memcpy(&front, text.data, sizeof front);
        memcpy(&back, text.data + text.size - sizeof back, sizeof back);
        word = (uint64_t)front << 32 | back;
        seen = word | (word - ones);
    } else {
        for (size_t at = 0; at < text.size; at++)
            seen |= (uint64_t)((unsigned char)text.data[at] - 1u) | (unsigned char)text.data[at];
    }
    return (seen & high) == 0;
}

/* True where every byte is '0'..'9' and there are exactly `count` of them. */
bool text_is_digits(struct text text, size_t count);

/* Of either case; -1: none. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
