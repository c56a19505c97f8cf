/*
 * documents/json_scan.h: reads JSON forwards from an input and checks every byte of its structure, in bounded memory.
 *
 * The layer under json_walk: blanks, punctuation, strings, numbers, literals, and the text of a value on demand. All
 * functions that return bool fill the error given to json_scan_open when they return false. Thread: one.
 */
#ifndef DOCUMENTS_JSON_SCAN_H
#define DOCUMENTS_JSON_SCAN_H

#include "base/buffer.h"
#include "codec/input.h"

#define JSON_DEPTH_MAX 128
#define JSON_CAPTURE_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct json_scan {
    struct input *input;
    struct error *error;
    bool failed; /* *error is filled */
    enum input_status status;
    char *chunk;
    size_t at, end;        /* unread bytes of the chunk */
    uint64_t chunk_offset; /* of chunk[0] in the document */
    uint64_t line, line_offset;
    unsigned depth;
    bool capturing;
    size_t capture_from; /* in the chunk */
    struct buffer capture;
};

struct json_position {
    uint64_t line, column, offset; /* line and column from 1, both in bytes */
};

void json_scan_open(struct json_scan *scan, struct input *input, struct error *error);
void json_scan_close(struct json_scan *scan);

/* The next byte behind blanks, not taken; -1 at the end of the input or after a failure. */
int json_scan_peek(struct json_scan *scan);
MUST_USE bool json_scan_skip_value(struct json_scan *scan);
MUST_USE bool json_scan_skip_string(struct json_scan *scan);
MUST_USE bool json_scan_take(struct json_scan *scan, char expected);
MUST_USE bool json_scan_end(struct json_scan *scan); /* nothing but blanks is left */

/* Takes an opening bracket. Fails when the document is nested too deeply. */
MUST_USE bool json_scan_enter(struct json_scan *scan, char open);
/* Takes the comma or the closing bracket. *more: a further member or element follows. */
MUST_USE bool json_scan_more(struct json_scan *scan, char close, bool is_first, bool *more);

/* Keeps the text of all that is taken between begin and end; valid until the next begin. Not nested. */
void json_scan_capture_begin(struct json_scan *scan);
MUST_USE bool json_scan_capture_end(struct json_scan *scan, struct text *ret_text);

struct json_position json_scan_position(const struct json_scan *scan);
/* "<file>: line 3, column 7 (byte 52): <message>". Keeps an earlier failure. Returns false. */
bool json_scan_fail(struct json_scan *scan, struct json_position at, const char *format, ...) PRINTF_LIKE(3, 4);
bool json_scan_fail_expected(struct json_scan *scan, const char *expected);

#endif
