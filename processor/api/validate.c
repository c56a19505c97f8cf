/* api/validate.c: the body is parsed twice: once to tell numbers from texts, once with every number's digits. */
#include "api/validate.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_text.h"
#include "money/decimal.h"

#define PATTERNED_BYTES_MAX 4096
#define PATTERNS_MAX 64
#define PATH_BYTES 1024

/* ---- patterns ---- */

static struct compiled {
    const char *pattern;
    regex_t regex;
} compiled[PATTERNS_MAX];
static size_t compiled_count;

static struct compiled *find_pattern(const char *pattern)
{
    for (size_t i = 0; i < compiled_count; i++)
        if (strcmp(compiled[i].pattern, pattern) == 0)
            return &compiled[i];
    return NULL;
}

static void compile(const struct shape *shape)
{
    if (shape->pattern && !find_pattern(shape->pattern)) {
        struct buffer whole = { 0 };
        CHECK(compiled_count < PATTERNS_MAX);
        buffer_printf(&whole, "^(%s)$", shape->pattern);
        buffer_append_byte(&whole, '\0');
        compiled[compiled_count].pattern = shape->pattern;
        CHECK(regcomp(&compiled[compiled_count].regex, whole.data, REG_EXTENDED | REG_NOSUB) == 0);
        compiled_count++;
        buffer_done(&whole);
    }
    if (shape->key)
        compile(shape->key);
    if (shape->element)
        compile(shape->element);
    for (size_t i = 0; i < shape->member_count; i++)
        compile(shape->members[i].shape);
}

void validate_start(void)
{
    for (enum operation operation = 0; operation < OPERATION_COUNT; operation++)
        compile(operation_models[operation].input);
}

void validate_stop(void)
{
    for (size_t i = 0; i < compiled_count; i++)
        regfree(&compiled[i].regex);
    compiled_count = 0;
}

/* A newline would end a line for the expression; no pattern takes one. */
static bool matches(const char *pattern, struct text text)
{
    if (text.size > PATTERNED_BYTES_MAX || (text.size && memchr(text.data, '\n', text.size)))
        return false;
    return regexec(&find_pattern(pattern)->regex, text.data, 0, NULL, 0) == 0;
}

/* ---- values ---- */

/* A member's name with its owners', for Fields. */
struct member_place {
    const struct member_place *parent;
    const char *name;
    size_t index; /* of an element, where there is no name */
};

static size_t write_member_place(const struct member_place *place, char *out, size_t size)
{
    size_t at = place->parent ? write_member_place(place->parent, out, size) : 0;
    if (at + 1 >= size)
        return at;
    int more = place->name ? snprintf(out + at, size - at, "%s%s", at ? "." : "", place->name)
                           : snprintf(out + at, size - at, "[%zu]", place->index);
    at += (size_t)more;
    return at < size ? at : size - 1;
}

static json_t *refuse(struct failure *failure, const struct member_place *place, const char *message)
{
    char path[PATH_BYTES] = "";
    write_member_place(place, path, sizeof path);
    failure_field(failure, path, "%s", message);
    return NULL;
}

static size_t count_characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static bool within(const struct shape *shape, size_t count)
{
    return (int64_t)count >= shape->min && (int64_t)count <= shape->max;
}

static json_t *refuse_size(struct failure *failure, const struct member_place *place, const struct shape *shape,
                           const char *what)
{
    char message[96];
    if (shape->max == SHAPE_NO_LIMIT)
        snprintf(message, sizeof message, "must have at least %lld %s", (long long)shape->min, what);
    else
        snprintf(message, sizeof message, "must have %lld to %lld %s", (long long)shape->min, (long long)shape->max, what);
    return refuse(failure, place, message);
}

static json_t *check_text(const struct shape *shape, const json_t *plain, const struct member_place *place,
                          struct failure *failure)
{
    struct text text = { json_string_value(plain), json_string_length(plain) };
    if (!json_is_string(plain))
        return refuse(failure, place, "must be a string");
    if (text.size && memchr(text.data, '\0', text.size))
        return refuse(failure, place, "must have no zero byte");
    if (!within(shape, count_characters(text)))
        return refuse_size(failure, place, shape, "characters");
    if (shape->pattern && !matches(shape->pattern, text)) {
        char message[224];
        snprintf(message, sizeof message, "must match %.200s", shape->pattern);
        return refuse(failure, place, message);
    }
    if (!shape->words)
        return json_stringn(text.data, text.size);
    for (const char *const *word = shape->words; *word; word++)
        if (text_equal(text, text_of(*word)))
            return json_string(*word);
    return refuse(failure, place, "must be one of the enumeration's values");
}

static json_t *check_number(const struct shape *shape, const json_t *plain, const json_t *exact,
                            const struct member_place *place, struct failure *failure)
{
    i128 value = 0, one = decimal_power(AMOUNT_SCALE);
    struct text text = { json_string_value(exact), json_string_length(exact) };
    if (!json_is_number(plain) || (shape->type == SHAPE_INTEGER && !json_is_integer(plain)))
        return refuse(failure, place, shape->type == SHAPE_INTEGER ? "must be an integer" : "must be a number");
    bool negative = text.size && text.data[0] == '-';
    enum decimal_status status = decimal_parse(text, AMOUNT_SCALE, &value);
    bool too_large = status == DECIMAL_TOO_LARGE;
    /* One that is negative by less than can be held is 0 when it is rounded. */
    bool below =
        too_large ? negative : value < (i128)shape->min * one || (negative && (value < 0 || status == DECIMAL_ROUNDED));
    bool above = shape->max != SHAPE_NO_LIMIT && (too_large ? !negative : value > (i128)shape->max * one);
    if (!below && !above)
        return json_stringn(text.data, text.size);
    char message[96];
    if (shape->max == SHAPE_NO_LIMIT)
        snprintf(message, sizeof message, "must be at least %lld", (long long)shape->min);
    else
        snprintf(message, sizeof message, "must be from %lld to %lld", (long long)shape->min, (long long)shape->max);
    return refuse(failure, place, message);
}

static json_t *check(const struct shape *shape, const json_t *plain, const json_t *exact, const struct member_place *place,
                     struct failure *failure);

static json_t *check_list(const struct shape *shape, const json_t *plain, const json_t *exact,
                          const struct member_place *place, struct failure *failure)
{
    if (!json_is_array(plain))
        return refuse(failure, place, "must be a list");
    if (!within(shape, json_array_size(plain)))
        return refuse_size(failure, place, shape, "elements");
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(plain); i++) {
        struct member_place here = { place, NULL, i };
        json_t *element = check(shape->element, json_array_get(plain, i), json_array_get(exact, i), &here, failure);
        if (element)
            json_array_append_new(list, element);
    }
    return list;
}

static json_t *check_map(const struct shape *shape, const json_t *plain, const struct member_place *place,
                         struct failure *failure)
{
    const char *name;
    json_t *value, *map = json_object();
    if (!json_is_object(plain)) {
        json_decref(map);
        return refuse(failure, place, "must be an object");
    }
    if (!within(shape, json_object_size(plain))) {
        json_decref(map);
        return refuse_size(failure, place, shape, "members");
    }
    json_object_foreach ((json_t *)(uintptr_t)plain, name, value) {
        struct member_place here = { place, name, 0 };
        json_t *key = json_string(name), *checked_key = check_text(shape->key, key, &here, failure);
        json_t *checked = check_text(shape->element, value, &here, failure);
        if (checked)
            json_object_set_new(map, name, checked);
        json_decref(key);
        json_decref(checked_key);
    }
    return map;
}

static json_t *check_structure(const struct shape *shape, const json_t *plain, const json_t *exact,
                               const struct member_place *place, struct failure *failure)
{
    if (!json_is_object(plain))
        return refuse(failure, place, "must be an object");
    json_t *object = json_object();
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct member *member = &shape->members[i];
        struct member_place here = { place, member->name, 0 };
        json_t *value = json_object_get(plain, member->name), *checked;
        if (member->location != IN_BODY)
            continue;
        if (value && !json_is_null(value)) {
            checked = check(member->shape, value, json_object_get(exact, member->name), &here, failure);
            if (checked)
                json_object_set_new(object, member->name, checked);
        } else if (member->required) {
            refuse(failure, &here, "is required");
        }
    }
    return object;
}

/* What is broken is in the failure; the value returned is then of no use. */
static json_t *check(const struct shape *shape, const json_t *plain, const json_t *exact, const struct member_place *place,
                     struct failure *failure)
{
    switch (shape->type) {
    case SHAPE_STRUCTURE:
        return check_structure(shape, plain, exact, place, failure);
    case SHAPE_LIST:
        return check_list(shape, plain, exact, place, failure);
    case SHAPE_MAP:
        return check_map(shape, plain, place, failure);
    case SHAPE_STRING:
        return check_text(shape, plain, place, failure);
    case SHAPE_DOUBLE:
    case SHAPE_INTEGER:
        return check_number(shape, plain, exact, place, failure);
    case SHAPE_BOOLEAN:
        break;
    }
    return json_is_boolean(plain) ? json_boolean(json_is_true(plain)) : refuse(failure, place, "must be true or false");
}

/* ---- requests ---- */

static json_t *cannot_parse(struct failure *failure, const char *message)
{
    failure_done(failure);
    failure->kind = FAILURE_VALIDATION;
    failure->reason = "CANNOT_PARSE";
    snprintf(failure->message, sizeof failure->message, "the body is no JSON object: %s", message);
    return NULL;
}

static bool is_blank(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr(" \t\r\n", text.data[i]))
            return false;
    return true;
}

static json_t *check_body(const struct shape *shape, struct text body, struct failure *failure)
{
    struct text json = is_blank(body) ? TEXT("{}") : body;
    struct buffer scratch = { 0 };
    json_error_t reason;
    if (!text_is_utf8(json))
        return cannot_parse(failure, "it is not UTF-8");
    json_t *plain = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &reason);
    json_t *exact = plain ? json_parse_exact(json, &scratch, &reason) : NULL;
    json_t *object = NULL;
    if (!exact || !json_is_object(plain))
        cannot_parse(failure, exact ? "it is of another type" : reason.text);
    else
        object = check_structure(shape, plain, exact, NULL, failure);
    json_decref(plain);
    json_decref(exact);
    buffer_done(&scratch);
    return object;
}

json_t *validate_body(enum operation operation, const json_t *plain, const json_t *exact, struct failure *failure)
{
    if (!json_is_object(plain))
        return cannot_parse(failure, "it is of another type");
    json_t *object = check_structure(operation_models[operation].input, plain, exact, NULL, failure);
    if (failure->kind == FAILURE_NONE)
        return object;
    json_decref(object);
    return NULL;
}

static void check_other(const struct member *member, json_t *value, json_t *object, struct failure *failure)
{
    struct member_place here = { NULL, member->name, 0 };
    json_t *checked = value ? check(member->shape, value, value, &here, failure) : NULL;
    if (checked)
        json_object_set_new(object, member->name, checked);
    else if (!value && member->required)
        refuse(failure, &here, "is required");
    json_decref(value);
}

/* NULL: there are none. */
static json_t *tag_keys(struct text query, struct failure *failure)
{
    struct member_place list = { NULL, "TagKeys", 0 };
    struct text name, value;
    json_t *keys = NULL;
    while (http_next_parameter(&query, &name, &value)) {
        struct buffer decoded = { 0 };
        if (text_equal(name, TEXT("tagKeys"))) {
            keys = keys ? keys : json_array();
            bool sound = http_decode_form(value, &decoded);
            if (!sound)
                refuse(failure, &(struct member_place){ &list, NULL, json_array_size(keys) },
                       "must be percent-encoded UTF-8");
            json_array_append_new(keys,
                                  sound ? json_stringn(decoded.data ? decoded.data : "", decoded.size) : json_string("-"));
        }
        buffer_done(&decoded);
    }
    return keys;
}

static json_t *text_value(struct text text)
{
    return text.size && text_is_utf8(text) ? json_stringn(text.data, text.size) : NULL;
}

/* One that came empty, or as bytes that are no text, is refused: it is not as good as none. */
static json_t *client_token(const struct http_request *request)
{
    struct text text = http_header(request, "x-amzn-client-token");
    if (!http_header_count(request, "x-amzn-client-token"))
        return NULL;
    return text.size && text_is_utf8(text) ? json_stringn(text.data, text.size) : json_string("");
}

json_t *validate_request(enum operation operation, const struct http_request *request, struct text arn,
                         struct failure *failure)
{
    const struct shape *shape = operation_models[operation].input;
    bool has_body =
        strcmp(operation_models[operation].method, "POST") == 0 || strcmp(operation_models[operation].method, "PUT") == 0;
    json_t *object = check_body(shape, has_body ? request->body : TEXT_NONE, failure);
    for (size_t i = 0; i < shape->member_count && object; i++) {
        const struct member *member = &shape->members[i];
        if (member->location == IN_CLIENT_TOKEN)
            check_other(member, client_token(request), object, failure);
        else if (member->location == IN_PATH)
            check_other(member, text_value(arn), object, failure);
        else if (member->location == IN_TAG_KEYS)
            check_other(member, tag_keys(request->query, failure), object, failure);
    }
    if (failure->kind == FAILURE_NONE)
        return object;
    json_decref(object);
    return NULL;
}
