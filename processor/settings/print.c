/* settings/print.c: what is in force, for people and logs. */
#include <stdlib.h>

#include "settings/faults.h"
#include "settings/property.h"

const struct settings_pair *settings_kafka(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->kafka_count; i++)
        if (strcmp(settings->kafka[i].name, name) == 0)
            return &settings->kafka[i];
    return NULL;
}

static bool needs_quotes(struct text value)
{
    const char *blanks = " \t\"";
    return value.size > 0 && (strchr(blanks, value.data[0]) || strchr(blanks, value.data[value.size - 1]));
}

/* So that loading the line gives the value again. */
static void append_quoted(struct buffer *out, struct text value)
{
    bool quotes = needs_quotes(value);
    if (quotes)
        buffer_append_byte(out, '"');
    for (size_t i = 0; i < value.size; i++) {
        if (quotes && (value.data[i] == '"' || value.data[i] == '\\'))
            buffer_append_byte(out, '\\');
        if (value.data[i] == '$' && i + 1 < value.size && value.data[i + 1] == '{')
            buffer_append_byte(out, '$');
        buffer_append_byte(out, value.data[i]);
    }
    if (quotes)
        buffer_append_byte(out, '"');
}

static void print_property(const struct settings *settings, size_t index, struct buffer *out)
{
    const struct property *property = &properties[index];
    struct buffer value = { 0 };
    property_get(property, settings, &value);
    buffer_printf(out, "%s = ", property->name);
    if (property->secret || (settings->hidden >> index & 1))
        buffer_append_text(out, TEXT(HIDDEN));
    else
        append_quoted(out, buffer_text(&value));
    buffer_append_byte(out, '\n');
    buffer_done(&value);
}

void settings_print(const struct settings *settings, struct buffer *out)
{
    for (size_t i = 0; i < settings->kafka_count; i++) {
        const struct settings_pair *pair = &settings->kafka[i];
        buffer_printf(out, "kafka.%s = ", pair->name);
        if (pair->secret)
            buffer_append_text(out, TEXT(HIDDEN));
        else
            append_quoted(out, text_of(pair->value));
        buffer_append_byte(out, '\n');
    }
    for (size_t i = 0; i < property_count; i++)
        if (properties[i].kind != PROPERTY_KAFKA)
            print_property(settings, i, out);
}

void settings_done(struct settings *settings)
{
    for (size_t i = 0; i < settings->kafka_count; i++) {
        const struct settings_pair *pair = &settings->kafka[i];
        if (pair->secret)
            explicit_bzero((void *)(uintptr_t)pair->value, strlen(pair->value));
    }
    free(settings->kafka);
    arena_done(&settings->arena);
    *settings = (struct settings){ 0 };
}
