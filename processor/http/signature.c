/* http/signature.c: header, canonical request, key chain, comparison in constant time. */
#include "http/signature.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "model/calendar.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SERVICE "billingconductor"
#define SCOPE_END "aws4_request"
#define HEX_BYTES (2 * SHA256_DIGEST_LENGTH)
#define SIGNED_HEADERS_MAX HTTP_HEADERS_MAX
#define PARAMETERS_MAX 1000

/* The Authorization header in its parts. */
struct authorization {
    struct text key, day, region, service, scope_end;
    struct text signed_headers, signature;
};

static struct text trim(struct text text)
{
    while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (struct text){ text.data + 1, text.size - 1 };
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* Takes what stands before the separator off the rest; all of it if there is none. */
static struct text take_until(struct text *rest, char separator)
{
    const char *at = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    struct text part = { rest->data, at ? (size_t)(at - rest->data) : rest->size };
    *rest = at ? (struct text){ at + 1, rest->size - part.size - 1 } : TEXT_NONE;
    return part;
}

static bool parse_scope(struct text scope, struct authorization *ret)
{
    struct text *parts[] = { &ret->key, &ret->day, &ret->region, &ret->service, &ret->scope_end };
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        *parts[i] = take_until(&scope, '/');
        if (!parts[i]->size)
            return false;
    }
    return scope.size == 0;
}

static bool is_hex(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= '0' && text.data[i] <= '9') || (text.data[i] >= 'a' && text.data[i] <= 'f')))
            return false;
    return text.size == HEX_BYTES;
}

static bool parse_authorization(struct text header, struct authorization *ret)
{
    static const char *const names[] = { "Credential", "SignedHeaders", "Signature" };
    struct text credential = TEXT_NONE;
    struct text *members[] = { &credential, &ret->signed_headers, &ret->signature };
    if (!text_starts_with(header, TEXT(ALGORITHM " ")))
        return false;
    struct text rest = { header.data + sizeof ALGORITHM, header.size - sizeof ALGORITHM };
    while (rest.size) {
        struct text value = trim(take_until(&rest, ',')), name = take_until(&value, '=');
        size_t i = 0;
        while (i < ARRAY_COUNT(names) && !text_equal(name, text_of(names[i])))
            i++;
        if (i == ARRAY_COUNT(names) || members[i]->size || !value.size)
            return false;
        *members[i] = value;
    }
    return ret->signed_headers.size && is_hex(ret->signature) && parse_scope(credential, ret);
}

/* ---- the time ---- */

/* "20260601T120000Z" as "2026-06-01T12:00:00Z". */
static bool parse_amz_date(struct text text, int64_t *ret_seconds)
{
    char iso[48];
    int64_t milliseconds;
    if (text.size != 16 || text.data[8] != 'T' || text.data[15] != 'Z' ||
        !text_is_digits((struct text){ text.data, 8 }, 8) || !text_is_digits((struct text){ text.data + 9, 6 }, 6))
        return false;
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text.data, text.data + 4, text.data + 6, text.data + 9,
             text.data + 11, text.data + 13);
    if (!time_parse(text_of(iso), &milliseconds))
        return false;
    *ret_seconds = milliseconds / 1000;
    return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool parse_http_date(struct text text, int64_t *ret_seconds)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char iso[48], month[4];
    int64_t milliseconds;
    if (text.size != 29 || text.data[3] != ',' || !text_ends_with(text, TEXT(" GMT")))
        return false;
    memcpy(month, text.data + 8, 3);
    month[3] = '\0';
    const char *at = strstr(months, month);
    if (!at || (at - months) % 3 != 0)
        return false;
    snprintf(iso, sizeof iso, "%.4s-%02d-%.2sT%.8sZ", text.data + 12, (int)((at - months) / 3 + 1) % 100, text.data + 5,
             text.data + 17);
    if (!time_parse(text_of(iso), &milliseconds))
        return false;
    *ret_seconds = milliseconds / 1000;
    return true;
}

static bool find_time(const struct http_request *request, int64_t *ret_seconds, char ret_stamp[17])
{
    struct text amz = http_header(request, "x-amz-date");
    char iso[TIME_TEXT_MAX];
    struct text date = http_header(request, "date");
    bool sound = amz.size ? parse_amz_date(amz, ret_seconds)
                          : parse_amz_date(date, ret_seconds) || parse_http_date(date, ret_seconds);
    if (!sound)
        return false;
    time_format(*ret_seconds * 1000, iso);
    /* "2026-06-01T12:00:00Z" without what separates. */
    size_t at = 0;
    for (const char *c = iso; *c && at < 16; c++)
        if (*c != '-' && *c != ':')
            ret_stamp[at++] = *c;
    ret_stamp[at] = '\0';
    return true;
}

/* ---- the canonical request ---- */

struct parameter {
    struct text name, value;
};

static int compare_parameters(const void *left, const void *right)
{
    const struct parameter *a = left, *b = right;
    int order = text_compare(a->name, b->name);
    return order ? order : text_compare(a->value, b->value);
}

static bool recode(struct text text, struct arena *arena, struct text *ret)
{
    struct buffer decoded = { 0 }, encoded = { 0 };
    bool sound = http_decode(text, &decoded);
    /* A zero byte that is escaped has no place in a query. */
    if (sound)
        http_encode(buffer_text(&decoded), false, &encoded);
    *ret = arena_copy(arena, buffer_text(&encoded));
    buffer_done(&decoded);
    buffer_done(&encoded);
    return sound;
}

static bool append_query(struct text query, struct buffer *out)
{
    struct parameter *parameters = memory_new_array(PARAMETERS_MAX, sizeof *parameters);
    struct arena arena = { 0 };
    struct text name, value;
    size_t count = 0;
    bool sound = true;
    while (sound && http_next_parameter(&query, &name, &value)) {
        sound = count < PARAMETERS_MAX && recode(name, &arena, &parameters[count].name) &&
                recode(value, &arena, &parameters[count].value);
        count += sound;
    }
    qsort(parameters, count, sizeof *parameters, compare_parameters);
    for (size_t i = 0; i < count && sound; i++) {
        buffer_append_text(out, i ? TEXT("&") : TEXT_NONE);
        buffer_append_text(out, parameters[i].name);
        buffer_append_byte(out, '=');
        buffer_append_text(out, parameters[i].value);
    }
    buffer_append_byte(out, '\n');
    arena_done(&arena);
    free(parameters);
    return sound;
}

static void append_value(struct text value, struct buffer *out)
{
    bool blank = false;
    value = trim(value);
    for (size_t i = 0; i < value.size; i++) {
        bool is_blank = value.data[i] == ' ' || value.data[i] == '\t';
        if (!is_blank)
            buffer_append_byte(out, value.data[i]);
        else if (!blank)
            buffer_append_byte(out, ' ');
        blank = is_blank;
    }
}

/* Names are small letters, in order, each once; a header that did not come cannot have been signed. */
static bool append_headers(const struct http_request *request, struct text names, struct buffer *out)
{
    struct text last = TEXT_NONE, rest = names;
    while (rest.size) {
        struct text name = take_until(&rest, ';');
        size_t found = 0;
        if (!name.size || (last.size && text_compare(last, name) >= 0))
            return false;
        buffer_append_text(out, name);
        buffer_append_byte(out, ':');
        for (size_t i = 0; i < request->header_count; i++) {
            if (!http_name_equal(request->headers[i].name, name))
                continue;
            if (found++)
                buffer_append_byte(out, ',');
            append_value(request->headers[i].value, out);
        }
        buffer_append_byte(out, '\n');
        if (!found)
            return false;
        last = name;
    }
    return true;
}

static bool is_signed(struct text names, struct text header)
{
    while (names.size)
        if (http_name_equal(take_until(&names, ';'), header))
            return true;
    return false;
}

/* Host and all x-amz-* must be under the signature: otherwise they could be swapped. */
static bool signs_what_matters(const struct http_request *request, struct text names)
{
    if (!is_signed(names, TEXT("host")))
        return false;
    for (size_t i = 0; i < request->header_count; i++) {
        struct text name = request->headers[i].name;
        bool is_amz = name.size > 6 && http_name_equal((struct text){ name.data, 6 }, TEXT("x-amz-"));
        if (is_amz && !is_signed(names, name))
            return false;
    }
    return true;
}

static void append_hex(const unsigned char *bytes, size_t size, struct buffer *out)
{
    for (size_t i = 0; i < size; i++)
        buffer_printf(out, "%02x", bytes[i]);
}

static void append_hash(struct text text, struct buffer *out)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)(text.data ? text.data : ""), text.size, digest);
    append_hex(digest, sizeof digest, out);
}

/* False: the hash that the client gave is not the body's. */
static bool append_body_hash(const struct http_request *request, struct buffer *out)
{
    struct text given = http_header(request, "x-amz-content-sha256");
    size_t from = out->size;
    append_hash(request->body, out);
    return !given.size || text_equal(given, (struct text){ out->data + from, out->size - from });
}

static bool canonical_request(const struct http_request *request, const struct authorization *authorization,
                              struct buffer *out)
{
    buffer_append_text(out, request->method);
    buffer_append_byte(out, '\n');
    http_encode(request->path, true, out);
    buffer_append_byte(out, '\n');
    if (!append_query(request->query, out) || !append_headers(request, authorization->signed_headers, out))
        return false;
    buffer_append_byte(out, '\n');
    buffer_append_text(out, authorization->signed_headers);
    buffer_append_byte(out, '\n');
    return append_body_hash(request, out);
}

/* ---- the signature ---- */

static void hmac(const void *key, size_t size, struct text message, unsigned char out[SHA256_DIGEST_LENGTH])
{
    HMAC(EVP_sha256(), key, (int)size, (const unsigned char *)message.data, message.size, out, NULL);
}

static void signing_key(const struct credential *credential, const struct authorization *authorization,
                        unsigned char key[SHA256_DIGEST_LENGTH])
{
    struct buffer first = { 0 };
    buffer_append_text(&first, TEXT("AWS4"));
    buffer_append_text(&first, credential->secret);
    hmac(first.data, first.size, authorization->day, key);
    hmac(key, SHA256_DIGEST_LENGTH, authorization->region, key);
    hmac(key, SHA256_DIGEST_LENGTH, authorization->service, key);
    hmac(key, SHA256_DIGEST_LENGTH, authorization->scope_end, key);
    explicit_bzero(first.data, first.capacity);
    buffer_done(&first);
}

static bool matches(const struct http_request *request, const struct authorization *authorization,
                    const struct credential *credential, const char *stamp)
{
    struct buffer canonical = { 0 }, to_sign = { 0 }, expected = { 0 };
    unsigned char key[SHA256_DIGEST_LENGTH], digest[SHA256_DIGEST_LENGTH];
    bool sound = canonical_request(request, authorization, &canonical);
    if (sound) {
        buffer_printf(&to_sign, ALGORITHM "\n%s\n%.*s/%.*s/%.*s/%.*s\n", stamp, TEXT_ARGS(authorization->day),
                      TEXT_ARGS(authorization->region), TEXT_ARGS(authorization->service),
                      TEXT_ARGS(authorization->scope_end));
        append_hash(buffer_text(&canonical), &to_sign);
        signing_key(credential, authorization, key);
        hmac(key, sizeof key, buffer_text(&to_sign), digest);
        append_hex(digest, sizeof digest, &expected);
        sound = CRYPTO_memcmp(expected.data, authorization->signature.data, HEX_BYTES) == 0;
        explicit_bzero(key, sizeof key);
    }
    buffer_done(&canonical);
    buffer_done(&to_sign);
    buffer_done(&expected);
    return sound;
}

enum signature_verdict signature_verify(const struct http_request *request, const struct credentials *credentials,
                                        int64_t now, const struct credential **ret_credential)
{
    struct authorization authorization = { 0 };
    struct text header = http_header(request, "authorization");
    int64_t time;
    char stamp[17];
    if (!header.size)
        return SIGNATURE_MISSING;
    if (http_header_count(request, "authorization") > 1 || !parse_authorization(header, &authorization) ||
        !find_time(request, &time, stamp))
        return SIGNATURE_INCOMPLETE;
    const struct credential *credential = credentials_find(credentials, authorization.key);
    if (!credential)
        return SIGNATURE_UNKNOWN_KEY;
    bool in_time = time >= now - SIGNATURE_SKEW_SECONDS && time <= now + SIGNATURE_SKEW_SECONDS;
    bool in_scope = text_equal(authorization.day, (struct text){ stamp, 8 }) &&
                    text_equal(authorization.service, TEXT(SERVICE)) && text_equal(authorization.scope_end, TEXT(SCOPE_END));
    if (!in_time || !in_scope || !signs_what_matters(request, authorization.signed_headers) ||
        !matches(request, &authorization, credential, stamp))
        return SIGNATURE_INVALID;
    /* Keys of the file are lasting ones: no session token belongs to them. */
    if (http_header_count(request, "x-amz-security-token"))
        return SIGNATURE_UNKNOWN_KEY;
    *ret_credential = credential;
    return SIGNATURE_VALID;
}

static const struct {
    const char *name, *message;
} answers[] = {
    [SIGNATURE_VALID] = { "", "" },
    [SIGNATURE_MISSING] = { "MissingAuthenticationTokenException", "Missing Authentication Token" },
    [SIGNATURE_INCOMPLETE] = { "IncompleteSignatureException",
                               "Expected an Authorization header of AWS4-HMAC-SHA256 with Credential, SignedHeaders and "
                               "Signature, and a date in X-Amz-Date or Date." },
    [SIGNATURE_UNKNOWN_KEY] = { "UnrecognizedClientException", "The security token included in the request is invalid." },
    [SIGNATURE_INVALID] = { "InvalidSignatureException",
                            "The request signature does not match: check the secret access key, the signing method and "
                            "the clock." },
};

const char *signature_error_name(enum signature_verdict verdict)
{
    return answers[verdict].name;
}

const char *signature_error_message(enum signature_verdict verdict)
{
    return answers[verdict].message;
}
