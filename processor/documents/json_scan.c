/* documents/json_scan.c: a recursive descent over chunks of the input. Newlines only count between tokens: raw control
 * characters inside of strings are refused. */
#include "documents/json_scan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define CHUNK_BYTES ((size_t)256 * 1024)

struct json_position json_scan_position(const struct json_scan *scan)
{
    uint64_t offset = scan->chunk_offset + scan->at;
    return (struct json_position){ scan->line, offset - scan->line_offset + 1, offset };
}

bool json_scan_fail(struct json_scan *scan, struct json_position at, const char *format, ...)
{
    if (scan->failed)
        return false;
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    scan->failed = true;
    return error_fail(scan->error, ERROR_INVALID, "%s: line %" PRIu64 ", column %" PRIu64 " (byte %" PRIu64 "): %s",
                      input_name(scan->input), at.line, at.column, at.offset, message);
}

static bool fail_at_end(struct json_scan *scan, const char *expected)
{
    struct json_position at = json_scan_position(scan);
    switch (scan->status) {
    case INPUT_OK:
    case INPUT_END:
        return json_scan_fail(scan, at, "found the end of the file, expected %s", expected);
    case INPUT_TRUNCATED:
    case INPUT_CORRUPT:
        return json_scan_fail(scan, at, "found damage: %s, expected %s", input_failure(scan->input), expected);
    case INPUT_FAILED:
        break;
    }
    if (scan->failed)
        return false;
    scan->failed = true;
    return error_fail(scan->error, ERROR_FAILED, "%s: cannot read: %s", input_name(scan->input), input_failure(scan->input));
}

bool json_scan_fail_expected(struct json_scan *scan, const char *expected)
{
    if (scan->at == scan->end)
        return fail_at_end(scan, expected);
    unsigned char byte = (unsigned char)scan->chunk[scan->at];
    struct json_position at = json_scan_position(scan);
    if (byte > 0x20 && byte < 0x7f)
        return json_scan_fail(scan, at, "found '%c', expected %s", byte, expected);
    return json_scan_fail(scan, at, "found byte 0x%02x, expected %s", byte, expected);
}

static bool keep_captured(struct json_scan *scan)
{
    size_t size = scan->at - scan->capture_from;
    if (scan->capture.size + size > JSON_CAPTURE_BYTES_MAX)
        return json_scan_fail(scan, json_scan_position(scan), "found a value of more than %zu bytes, expected a smaller one",
                              JSON_CAPTURE_BYTES_MAX);
    buffer_append(&scan->capture, scan->chunk + scan->capture_from, size);
    scan->capture_from = scan->at;
    return true;
}

/* The next chunk. False: there is none, or something failed. */
static bool refill(struct json_scan *scan)
{
    if (scan->failed || scan->status != INPUT_OK || (scan->capturing && !keep_captured(scan)))
        return false;
    scan->chunk_offset += scan->end;
    scan->at = scan->end = scan->capture_from = 0;
    scan->status = input_read(scan->input, scan->chunk, CHUNK_BYTES, &scan->end);
    return scan->status == INPUT_OK;
}

static int peek_byte(struct json_scan *scan)
{
    if (scan->at == scan->end && !refill(scan))
        return -1;
    return (unsigned char)scan->chunk[scan->at];
}

void json_scan_open(struct json_scan *scan, struct input *input, struct error *error)
{
    *scan = (struct json_scan){ .input = input, .error = error, .status = INPUT_OK, .line = 1 };
    scan->chunk = memory_new(CHUNK_BYTES);
    /* A byte order mark may be cut by a chunk: taken byte by byte. */
    static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };
    size_t taken = 0;
    for (; taken < sizeof mark && peek_byte(scan) == mark[taken]; taken++)
        scan->at++;
    if (taken == 0 || taken == sizeof mark)
        return;
    json_scan_fail_expected(scan, "the rest of a byte order mark");
    scan->at = scan->end; /* nothing more is read after a failure */
}

void json_scan_close(struct json_scan *scan)
{
    free(scan->chunk);
    buffer_done(&scan->capture);
    *scan = (struct json_scan){ 0 };
}

int json_scan_peek(struct json_scan *scan)
{
    for (;;) {
        for (; scan->at < scan->end; scan->at++) {
            char byte = scan->chunk[scan->at];
            if (byte == '\n') {
                scan->line++;
                scan->line_offset = scan->chunk_offset + scan->at + 1;
            } else if (byte != ' ' && byte != '\t' && byte != '\r') {
                return (unsigned char)byte;
            }
        }
        if (!refill(scan))
            return -1;
    }
}

bool json_scan_take(struct json_scan *scan, char expected)
{
    if (json_scan_peek(scan) != (unsigned char)expected) {
        char text[] = { '\'', expected, '\'', '\0' };
        return json_scan_fail_expected(scan, text);
    }
    scan->at++;
    return true;
}

bool json_scan_end(struct json_scan *scan)
{
    if (json_scan_peek(scan) >= 0 || scan->status != INPUT_END)
        return json_scan_fail_expected(scan, "the end of the file");
    return !scan->failed;
}

static bool is_hex(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* Behind a backslash. */
static bool skip_escape(struct json_scan *scan)
{
    int byte = peek_byte(scan);
    if (byte <= 0 || !strchr("\"\\/bfnrtu", byte))
        return json_scan_fail_expected(scan, "one of \" \\ / b f n r t u after a backslash");
    scan->at++;
    for (int i = 0; byte == 'u' && i < 4; i++, scan->at++)
        if (!is_hex(peek_byte(scan)))
            return json_scan_fail_expected(scan, "four hexadecimal digits after \\u");
    return true;
}

bool json_scan_skip_string(struct json_scan *scan)
{
    if (!json_scan_take(scan, '"'))
        return false;
    for (;;) {
        if (peek_byte(scan) < 0)
            return json_scan_fail_expected(scan, "the end of a string");
        const char *at = scan->chunk + scan->at, *end = scan->chunk + scan->end;
        while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
            at++;
        scan->at = (size_t)(at - scan->chunk);
        if (at == end)
            continue;
        if (*at != '"' && *at != '\\')
            return json_scan_fail_expected(scan, "no control character in a string");
        scan->at++;
        if (*at == '"')
            return true;
        if (!skip_escape(scan))
            return false;
    }
}

static bool skip_digits(struct json_scan *scan)
{
    int byte = peek_byte(scan);
    if (byte < '0' || byte > '9')
        return json_scan_fail_expected(scan, "a digit");
    while (byte >= '0' && byte <= '9') {
        scan->at++;
        byte = peek_byte(scan);
    }
    return !scan->failed;
}

static bool skip_number(struct json_scan *scan)
{
    if (peek_byte(scan) == '-')
        scan->at++;
    if (peek_byte(scan) == '0') {
        scan->at++;
    } else if (!skip_digits(scan)) {
        return false;
    }
    if (peek_byte(scan) == '.') {
        scan->at++;
        if (!skip_digits(scan))
            return false;
    }
    int byte = peek_byte(scan);
    if (byte != 'e' && byte != 'E')
        return !scan->failed;
    scan->at++;
    byte = peek_byte(scan);
    if (byte == '+' || byte == '-')
        scan->at++;
    return skip_digits(scan);
}

static bool skip_literal(struct json_scan *scan, const char *literal)
{
    for (const char *at = literal; *at; at++, scan->at++)
        if (peek_byte(scan) != (unsigned char)*at)
            return json_scan_fail_expected(scan, literal);
    return true;
}

bool json_scan_enter(struct json_scan *scan, char open)
{
    if (!json_scan_take(scan, open))
        return false;
    if (++scan->depth > JSON_DEPTH_MAX)
        return json_scan_fail(scan, json_scan_position(scan), "found more than %d levels of nesting, expected fewer",
                              JSON_DEPTH_MAX);
    return true;
}

bool json_scan_more(struct json_scan *scan, char close, bool is_first, bool *more)
{
    int byte = json_scan_peek(scan);
    *more = byte != close;
    if (byte == close) {
        scan->at++;
        scan->depth--;
        return true;
    }
    if (is_first)
        return byte >= 0 || json_scan_fail_expected(scan, close == '}' ? "a member or '}'" : "an element or ']'");
    if (byte != ',')
        return json_scan_fail_expected(scan, close == '}' ? "',' or '}'" : "',' or ']'");
    scan->at++;
    return true;
}

static bool skip_container(struct json_scan *scan, char open, char close)
{
    if (!json_scan_enter(scan, open))
        return false;
    bool more;
    for (bool is_first = true;; is_first = false) {
        if (!json_scan_more(scan, close, is_first, &more))
            return false;
        if (!more)
            return true;
        if (close == '}' && (!json_scan_skip_string(scan) || !json_scan_take(scan, ':')))
            return false;
        if (!json_scan_skip_value(scan))
            return false;
    }
}

bool json_scan_skip_value(struct json_scan *scan)
{
    int byte = json_scan_peek(scan);
    switch (byte) {
    case '{':
        return skip_container(scan, '{', '}');
    case '[':
        return skip_container(scan, '[', ']');
    case '"':
        return json_scan_skip_string(scan);
    case 't':
        return skip_literal(scan, "true");
    case 'f':
        return skip_literal(scan, "false");
    case 'n':
        return skip_literal(scan, "null");
    default:
        if (byte == '-' || (byte >= '0' && byte <= '9'))
            return skip_number(scan);
        return json_scan_fail_expected(scan, "a value");
    }
}

void json_scan_capture_begin(struct json_scan *scan)
{
    CHECK(!scan->capturing);
    buffer_clear(&scan->capture);
    scan->capturing = true;
    scan->capture_from = scan->at;
}

bool json_scan_capture_end(struct json_scan *scan, struct text *ret_text)
{
    if (!keep_captured(scan))
        return false;
    scan->capturing = false;
    *ret_text = buffer_text(&scan->capture);
    return true;
}
