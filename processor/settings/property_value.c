/* settings/property_value.c: a property's member from text and back. */
#include <inttypes.h>
#include <stdio.h>

#include "settings/property.h"
#include "settings/value.h"

_Static_assert(sizeof(enum granularity) == sizeof(unsigned), "members of an ENUM are written as unsigned");

static bool set_text(const struct property *property, struct text value, struct settings *settings, void *member)
{
    int64_t least = property->kind == PROPERTY_PATH ? 1 : property->min;
    if ((int64_t)value.size < least || (int64_t)value.size > property->max)
        return false;
    if (property->accepts && value.size > 0 && !property->accepts(value))
        return false;
    const char *copy = arena_copy_string(&settings->arena, value);
    memcpy(member, &copy, sizeof copy);
    return true;
}

static bool set_number(const struct property *property, struct text value, void *member)
{
    int64_t number;
    bool sound = property->kind == PROPERTY_INTEGER ? value_integer(value, &number)
                 : property->kind == PROPERTY_SIZE  ? value_size(value, &number)
                                                    : value_duration(value, &number);
    if (!sound || number < property->min || number > property->max)
        return false;
    if (property->kind == PROPERTY_INTEGER)
        memcpy(member, &(int32_t){ (int32_t)number }, sizeof(int32_t));
    else if (property->kind == PROPERTY_SIZE)
        memcpy(member, &(size_t){ (size_t)number }, sizeof(size_t));
    else
        memcpy(member, &number, sizeof number);
    return true;
}

static bool set_boolean(struct text value, void *member)
{
    bool truth = text_equal(value, TEXT("true"));
    if (!truth && !text_equal(value, TEXT("false")))
        return false;
    memcpy(member, &truth, sizeof truth);
    return true;
}

static bool set_word(const struct property *property, struct text value, void *member)
{
    for (unsigned i = 0; property->words[i]; i++) {
        if (!text_equal(value, text_of(property->words[i])))
            continue;
        memcpy(member, &i, sizeof i);
        return true;
    }
    return false;
}

bool property_set(const struct property *property, struct text value, struct settings *settings)
{
    void *member = (char *)settings + property->offset;
    switch (property->kind) {
    case PROPERTY_TEXT:
    case PROPERTY_PATH:
        return set_text(property, value, settings, member);
    case PROPERTY_INTEGER:
    case PROPERTY_SIZE:
    case PROPERTY_DURATION:
        return set_number(property, value, member);
    case PROPERTY_BOOLEAN:
        return set_boolean(value, member);
    case PROPERTY_ENUM:
        return set_word(property, value, member);
    case PROPERTY_KAFKA:
        break;
    }
    CHECK(property->kind != PROPERTY_KAFKA);
    return false;
}

static int64_t get_number(enum property_kind kind, const void *member)
{
    if (kind == PROPERTY_INTEGER)
        return *(const int32_t *)member;
    if (kind == PROPERTY_SIZE)
        return (int64_t) * (const size_t *)member;
    return *(const int64_t *)member;
}

static void append_number(enum property_kind kind, int64_t number, struct buffer *out)
{
    char text[VALUE_TEXT_MAX];
    if (kind == PROPERTY_SIZE)
        value_size_format(number, text);
    else if (kind == PROPERTY_DURATION)
        value_duration_format(number, text);
    else
        snprintf(text, sizeof text, "%" PRId64, number);
    buffer_append_text(out, text_of(text));
}

void property_get(const struct property *property, const struct settings *settings, struct buffer *out)
{
    const void *member = (const char *)settings + property->offset;
    switch (property->kind) {
    case PROPERTY_TEXT:
    case PROPERTY_PATH:
        buffer_append_text(out, text_of(*(const char *const *)member));
        return;
    case PROPERTY_INTEGER:
    case PROPERTY_SIZE:
    case PROPERTY_DURATION:
        append_number(property->kind, get_number(property->kind, member), out);
        return;
    case PROPERTY_BOOLEAN:
        buffer_append_text(out, *(const bool *)member ? TEXT("true") : TEXT("false"));
        return;
    case PROPERTY_ENUM:
        buffer_append_text(out, text_of(property->words[*(const unsigned *)member]));
        return;
    case PROPERTY_KAFKA:
        break;
    }
    CHECK(property->kind != PROPERTY_KAFKA);
}

static void expect_words(const struct property *property, struct buffer *out)
{
    for (size_t i = 0; property->words[i]; i++)
        buffer_printf(out, "%s%s", i == 0 ? "" : property->words[i + 1] ? ", " : " or ", property->words[i]);
}

static void expect_number(const struct property *property, const char *what, struct buffer *out)
{
    buffer_printf(out, "%s from ", what);
    append_number(property->kind, property->min, out);
    buffer_append_text(out, TEXT(" to "));
    append_number(property->kind, property->max, out);
    if (property->kind != PROPERTY_INTEGER)
        buffer_printf(out, ", as %s", property->standard);
}

static void expect_text(const struct property *property, struct buffer *out)
{
    buffer_append_text(out, property->form ? text_of(property->form) : TEXT("a text"));
    buffer_printf(out, ", %s %lld bytes", property->min > 0 ? "1 to" : "at most", (long long)property->max);
}

void property_expected(const struct property *property, struct buffer *out)
{
    switch (property->kind) {
    case PROPERTY_TEXT:
        expect_text(property, out);
        return;
    case PROPERTY_PATH:
        buffer_append_text(out, TEXT("a path"));
        return;
    case PROPERTY_INTEGER:
        expect_number(property, "a number", out);
        return;
    case PROPERTY_SIZE:
        expect_number(property, "a size", out);
        return;
    case PROPERTY_DURATION:
        expect_number(property, "a duration", out);
        return;
    case PROPERTY_BOOLEAN:
        buffer_append_text(out, TEXT("true or false"));
        return;
    case PROPERTY_ENUM:
        expect_words(property, out);
        return;
    case PROPERTY_KAFKA:
        buffer_append_text(out, TEXT("what librdkafka takes"));
        return;
    }
}
