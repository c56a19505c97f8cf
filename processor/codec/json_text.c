/* codec/json_text.c: quotes numbers, then hands over to jansson. */
#include "codec/json_text.h"

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The end of the string that begins at `at` (a quotation mark), or `end` if it has none. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : end;
}

/* A number in a key's place stays bare, so that jansson refuses it. */
static bool is_key(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at < end && *at == ':';
}

void json_quote_numbers(struct text json, struct buffer *out)
{
    const char *at = json.data, *end = json.data + json.size, *copied = at;
    while (at < end) {
        if (*at == '"') {
            at = string_end(at, end);
        } else if ((*at >= '0' && *at <= '9') || *at == '-') {
            const char *number = at;
            while (at < end && in_number(*at))
                at++;
            if (is_key(at, end))
                continue;
            buffer_append(out, copied, (size_t)(number - copied));
            buffer_append_byte(out, '"');
            buffer_append(out, number, (size_t)(at - number));
            buffer_append_byte(out, '"');
            copied = at;
        } else {
            at++;
        }
    }
    buffer_append(out, copied, (size_t)(at - copied));
}

json_t *json_parse_exact(struct text json, struct buffer *scratch, json_error_t *error)
{
    buffer_clear(scratch);
    json_quote_numbers(json, scratch);
    return json_loadb(scratch->data ? scratch->data : "", scratch->size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, error);
}
