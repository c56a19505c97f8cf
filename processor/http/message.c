/* http/message.c: headers, percent escapes, query strings. */
#include "http/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool http_name_equal(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

struct text http_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (http_name_equal(request->headers[i].name, text_of(name)))
            return request->headers[i].value;
    return TEXT_NONE;
}

size_t http_header_count(const struct http_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += http_name_equal(request->headers[i].name, text_of(name));
    return count;
}

/* Behind "scheme://authority", or the whole of a target that does not begin so. */
static struct text behind_authority(struct text target)
{
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < ARRAY_COUNT(schemes); i++) {
        size_t at = strlen(schemes[i]);
        if (target.size < at || !http_name_equal((struct text){ target.data, at }, text_of(schemes[i])))
            continue;
        while (at < target.size && target.data[at] != '/' && target.data[at] != '?')
            at++;
        return (struct text){ target.data + at, target.size - at };
    }
    return target;
}

void http_target_split(struct text target, struct text *path, struct text *query)
{
    struct text rest = behind_authority(target);
    const char *question = rest.size ? memchr(rest.data, '?', rest.size) : NULL;
    size_t size = question ? (size_t)(question - rest.data) : rest.size;
    bool is_root = size == 0 && target.size > 0;
    *path = is_root ? TEXT("/") : (struct text){ rest.data, size };
    *query = question ? (struct text){ question + 1, rest.size - size - 1 } : TEXT_NONE;
}

bool http_decode(struct text text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '%') {
            buffer_append_byte(out, text.data[i]);
            continue;
        }
        int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
        int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return false;
        buffer_append_byte(out, (char)(high * 16 + low));
        i += 2;
    }
    return true;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '~';
}

void http_encode(struct text text, bool keep_slash, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (is_unreserved(c) || (keep_slash && c == '/'))
            buffer_append_byte(out, c);
        else
            buffer_printf(out, "%%%02X", (unsigned char)c);
    }
}

bool http_next_parameter(struct text *query, struct text *name, struct text *value)
{
    while (query->size && query->data[0] == '&')
        *query = (struct text){ query->data + 1, query->size - 1 };
    if (!query->size)
        return false;
    const char *end = memchr(query->data, '&', query->size);
    size_t size = end ? (size_t)(end - query->data) : query->size;
    const char *equals = memchr(query->data, '=', size);
    *name = (struct text){ query->data, equals ? (size_t)(equals - query->data) : size };
    *value = equals ? (struct text){ equals + 1, size - name->size - 1 } : TEXT_NONE;
    *query = (struct text){ query->data + size, query->size - size };
    return true;
}

bool http_decode_form(struct text text, struct buffer *out)
{
    size_t from = out->size;
    while (text.size) {
        const char *plus = memchr(text.data, '+', text.size);
        size_t size = plus ? (size_t)(plus - text.data) : text.size;
        if (!http_decode((struct text){ text.data, size }, out))
            return false;
        if (plus)
            buffer_append_byte(out, ' ');
        size += plus != NULL;
        text = (struct text){ text.data + size, text.size - size };
    }
    return text_is_utf8((struct text){ out->data + from, out->size - from });
}

struct text http_parameter(struct text query, const char *name, struct buffer *out, bool *ret_sound)
{
    struct text rest = query, key, value;
    size_t found = 0, from = out->size;
    *ret_sound = true;
    while (http_next_parameter(&rest, &key, &value)) {
        if (!text_equal(key, text_of(name)))
            continue;
        if (++found > 1 || !http_decode_form(value, out))
            *ret_sound = false;
    }
    if (!found || !*ret_sound)
        return TEXT_NONE;
    buffer_append_byte(out, '\0');
    return (struct text){ out->data + from, out->size - from - 1 };
}

void http_response_header(struct http_response *response, const char *name, const char *format, ...)
{
    CHECK(response->header_count < HTTP_EXTRA_HEADERS_MAX);
    va_list args;
    va_start(args, format);
    response->headers[response->header_count].name = name;
    vsnprintf(response->headers[response->header_count].value, sizeof response->headers[0].value, format, args);
    va_end(args);
    response->header_count++;
}

void http_response_done(struct http_response *response)
{
    buffer_done(&response->body);
    if (response->file >= 0)
        close(response->file);
    if (response->stream)
        response->stream_free(response->stream);
    *response = HTTP_RESPONSE_NONE;
}
