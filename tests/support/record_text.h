/* support/record_text.h: a record as one line, "name=value …", only what is present. For comparing and for messages. */
#ifndef SUPPORT_RECORD_TEXT_H
#define SUPPORT_RECORD_TEXT_H

#include "base/buffer.h"
#include "model/record.h"

/* Blanks, controls, '%', '=', ':' and ',' become %xx, so that the line can be split. */
static inline void append_escaped(struct buffer *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == '%' || c == '=' || c == ':' || c == ',' || c == 0x7f)
            buffer_printf(out, "%%%02x", c);
        else
            buffer_append_byte(out, (char)c);
    }
}

static inline void append_value(struct buffer *out, const struct field *field, const void *member)
{
    char number[SUM_TEXT_MAX];
    const struct tags *tags;
    switch (field->kind) {
    case FIELD_TEXT:
        append_escaped(out, *(const struct text *)member);
        break;
    case FIELD_DECIMAL:
        decimal_format(*(const i128 *)member, field->scale, number);
        buffer_append_text(out, text_of(number));
        break;
    case FIELD_SUM:
        sum_format(member, field->scale, number);
        buffer_append_text(out, text_of(number));
        break;
    case FIELD_TIME:
    case FIELD_LONG:
        buffer_printf(out, "%lld", (long long)*(const int64_t *)member);
        break;
    case FIELD_TAGS:
        tags = member;
        for (size_t i = 0; i < tags->count; i++) {
            buffer_append_text(out, i ? TEXT(",") : TEXT_NONE);
            append_escaped(out, tags->items[i].key);
            buffer_append_byte(out, ':');
            append_escaped(out, tags->items[i].value);
        }
        break;
    }
}

/* Cleared first; ends with a NUL behind its size. */
static inline const char *record_text(const struct record_type *type, const void *record, struct buffer *out)
{
    buffer_clear(out);
    for (size_t i = 0; i < type->field_count; i++) {
        if (!record_has(record, i))
            continue;
        buffer_printf(out, "%s%s=", out->size ? " " : "", type->fields[i].name);
        append_value(out, &type->fields[i], record_member_const(record, &type->fields[i]));
    }
    *buffer_reserve(out, 1) = '\0';
    return out->data;
}

#endif
