/* codec/json_write.c: straight into a buffer; jansson would copy every text twice. */
#include "codec/json_write.h"

static void write_escaped(struct buffer *out, unsigned char byte)
{
    switch (byte) {
    case '"':
        buffer_append(out, "\\\"", 2);
        break;
    case '\\':
        buffer_append(out, "\\\\", 2);
        break;
    case '\n':
        buffer_append(out, "\\n", 2);
        break;
    case '\t':
        buffer_append(out, "\\t", 2);
        break;
    case '\r':
        buffer_append(out, "\\r", 2);
        break;
    default:
        buffer_printf(out, "\\u%04x", byte);
    }
}

/* The longest well-formed run from `at` on that needs no escape. */
static size_t plain_run(struct text text, size_t at)
{
    size_t end = at;
    while (end < text.size && (unsigned char)text.data[end] >= 0x20 && text.data[end] != '"' && text.data[end] != '\\')
        end++;
    return end - at;
}

static void write_run(struct buffer *out, struct text run)
{
    if (text_is_utf8(run)) {
        buffer_append_text(out, run);
        return;
    }
    for (size_t at = 0; at < run.size;) {
        size_t size = 1;
        while (size < 4 && at + size < run.size && !text_is_utf8((struct text){ run.data + at, size }))
            size++;
        if (text_is_utf8((struct text){ run.data + at, size })) {
            buffer_append(out, run.data + at, size);
            at += size;
        } else {
            buffer_append(out, "\xef\xbf\xbd", 3);
            at++;
        }
    }
}

/* Not 0 where one of eight bytes is no ASCII character that is written as it is. */
static uint64_t has_special(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    /* A byte that is equal is zero, and borrows its high bit; so does one below a blank. */
    return (word | (word - ones * ' ') | (quote - ones) | (backslash - ones)) & high;
}

/* Copies up to seven bytes. False: one of them is not written as it is. */
static bool copy_short(char *out, struct text text)
{
    uint64_t word = 0x2020202020202020u;
    uint32_t first, last;
    if (text.size >= sizeof first) {
        memcpy(&first, text.data, sizeof first);
        memcpy(&last, text.data + text.size - sizeof last, sizeof last);
        memcpy(out, &first, sizeof first);
        memcpy(out + text.size - sizeof last, &last, sizeof last);
        return !has_special((uint64_t)first << 32 | last);
    }
    for (size_t i = 0; i < text.size; i++) {
        out[i] = text.data[i];
        word = word << 8 | (unsigned char)text.data[i];
    }
    return !has_special(word);
}

/* Copies as long as there is nothing to be escaped. False: there is. */
static bool copy_plain(char *out, struct text text)
{
    uint64_t word, special = 0;
    if (text.size < sizeof word)
        return copy_short(out, text);
    for (size_t at = 0; text.size - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        memcpy(out + at, &word, sizeof word);
        special |= has_special(word);
    }
    memcpy(&word, text.data + text.size - sizeof word, sizeof word); /* the last eight once more */
    memcpy(out + text.size - sizeof word, &word, sizeof word);
    return !(special | has_special(word));
}

void json_write_text(struct buffer *out, struct text text)
{
    char *place = buffer_reserve(out, text.size + 2);
    if (copy_plain(place + 1, text)) {
        place[0] = place[text.size + 1] = '"';
        out->size += text.size + 2;
        return;
    }
    buffer_append_byte(out, '"');
    for (size_t at = 0; at < text.size;) {
        size_t run = plain_run(text, at);
        write_run(out, (struct text){ text.data + at, run });
        at += run;
        if (at < text.size)
            write_escaped(out, (unsigned char)text.data[at++]);
    }
    buffer_append_byte(out, '"');
}

static void write_long(struct buffer *out, int64_t value)
{
    char *at = buffer_reserve(out, DECIMAL_TEXT_MAX);
    out->size += decimal_format(value, 0, at);
}

void json_write_decimal(struct buffer *out, i128 value, unsigned scale)
{
    char *at = buffer_reserve(out, DECIMAL_TEXT_MAX + 2);
    at[0] = '"';
    size_t size = decimal_format(value, scale, at + 1);
    at[size + 1] = '"';
    out->size += size + 2;
}

void json_write_sum(struct buffer *out, const struct sum *sum, unsigned scale)
{
    char *at = buffer_reserve(out, SUM_TEXT_MAX + 2);
    at[0] = '"';
    size_t size = sum_format(sum, scale, at + 1);
    at[size + 1] = '"';
    out->size += size + 2;
}

void json_write_time(struct buffer *out, int64_t time_ms)
{
    char *at = buffer_reserve(out, TIME_TEXT_MAX + 2);
    at[0] = '"';
    size_t size = time_format(time_ms, at + 1);
    at[size + 1] = '"';
    out->size += size + 2;
}

static void write_tags(struct buffer *out, const struct tags *tags)
{
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < tags->count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        json_write_text(out, tags->items[i].key);
        buffer_append_byte(out, ':');
        json_write_text(out, tags->items[i].value);
    }
    buffer_append_byte(out, '}');
}

static void write_value(struct buffer *out, const struct field *field, const void *member)
{
    switch (field->kind) {
    case FIELD_TEXT:
        json_write_text(out, *(const struct text *)member);
        break;
    case FIELD_DECIMAL:
        json_write_decimal(out, *(const i128 *)member, field->scale);
        break;
    case FIELD_SUM:
        json_write_sum(out, member, field->scale);
        break;
    case FIELD_TIME:
        json_write_time(out, *(const int64_t *)member);
        break;
    case FIELD_LONG:
        write_long(out, *(const int64_t *)member);
        break;
    case FIELD_TAGS:
        write_tags(out, member);
        break;
    }
}

/* `{"name":` or `,"name":` */
static void write_name(struct buffer *out, char before, const struct field *field)
{
    char *at = buffer_reserve(out, 1 + FIELD_KEY_MAX);
    at[0] = before;
    memcpy(at + 1, field->key, FIELD_KEY_MAX);
    out->size += 1 + field->key_size;
}

void json_write_record(struct buffer *out, const struct record_type *type, const void *record, enum json_absent absent)
{
    char before = '{';
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        bool present = record_has(record, i) || (field->required && field->kind == FIELD_TEXT);
        if (!present && absent == JSON_ABSENT_LEFT_OUT)
            continue;
        write_name(out, before, field);
        before = ',';
        if (present)
            write_value(out, field, record_member_const(record, field));
        else
            buffer_append(out, "null", 4);
    }
    if (before == '{')
        buffer_append_byte(out, '{');
    buffer_append_byte(out, '}');
}
