/* log/oauth_token.c: header.payload.signature, each in base64url; the payload is JSON. */
#include "log/oauth_token.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text trim(struct text text)
{
    while (text.size && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size && is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* False for what is no base64url. `out` has room for three quarters of the text. */
static bool decode(struct text text, char *out, size_t *size)
{
    uint32_t bits = 0;
    unsigned held = 0;
    *size = 0;
    while (text.size && text.data[text.size - 1] == '=')
        text.size--;
    for (size_t i = 0; i < text.size; i++) {
        int digit = digit_of(text.data[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        out[(*size)++] = (char)(unsigned char)(bits >> held);
    }
    return true;
}

static bool find_payload(struct text token, struct text *payload)
{
    const char *first = memchr(token.data, '.', token.size);
    if (!first)
        return false;
    size_t rest = (size_t)(token.data + token.size - first - 1);
    const char *second = memchr(first + 1, '.', rest);
    if (!second)
        return false;
    *payload = (struct text){ first + 1, (size_t)(second - first - 1) };
    return payload->size < OAUTH_TOKEN_BYTES_MAX;
}

static void read_claims(const json_t *claims, struct oauth_token *token)
{
    const json_t *end = json_object_get(claims, "exp");
    const char *subject = json_string_value(json_object_get(claims, "sub"));
    if (json_is_integer(end) && json_integer_value(end) < INT64_MAX / 1000)
        token->good_until_ms = json_integer_value(end) * 1000;
    if (subject && strlen(subject) < sizeof token->principal)
        snprintf(token->principal, sizeof token->principal, "%s", subject);
}

static void read_jwt(struct oauth_token *token)
{
    static _Thread_local char bytes[OAUTH_TOKEN_BYTES_MAX];
    struct text payload;
    size_t size;
    json_error_t ignored;
    if (!find_payload(token->token, &payload) || !decode(payload, bytes, &size))
        return;
    json_t *claims = json_loadb(bytes, size, 0, &ignored);
    if (claims)
        read_claims(claims, token);
    json_decref(claims);
}

bool oauth_token_read(struct text file, int64_t now_ms, struct oauth_token *token, struct error *error)
{
    *token = (struct oauth_token){ .token = trim(file), .good_until_ms = now_ms + OAUTH_TOKEN_ASSUMED_MS };
    if (token->token.size == 0)
        return error_fail(error, ERROR_INVALID, "it is empty");
    if (token->token.size >= OAUTH_TOKEN_BYTES_MAX)
        return error_fail(error, ERROR_INVALID, "it has %zu bytes, expected a token of less than %zu", token->token.size,
                          OAUTH_TOKEN_BYTES_MAX);
    for (size_t i = 0; i < token->token.size; i++)
        if (token->token.data[i] <= ' ' || token->token.data[i] > '~')
            return error_fail(error, ERROR_INVALID, "its character %zu is not one of a token", i + 1);
    read_jwt(token);
    if (token->good_until_ms <= now_ms)
        return error_fail(error, ERROR_INVALID, "its token was good until %lld s after 1970, which is over",
                          (long long)(token->good_until_ms / 1000));
    return true;
}
