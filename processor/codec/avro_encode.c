/* codec/avro_encode.c: asks for enough room once, then writes without looking. */
#include "codec/avro_encode.h"

#include "codec/avro_varint.h"

#define SCALAR_BYTES_MAX (1 + 1 + SUM_BYTES_MAX) /* branch, length, the longest sum; longer than any long */
#define SIZED_BYTES_MAX (1 + AVRO_LONG_BYTES_MAX)

static size_t tags_bound(const struct tags *tags)
{
    size_t size = 0;
    for (size_t t = 0; t < tags->count; t++)
        size += 2 * SIZED_BYTES_MAX + tags->items[t].key.size + tags->items[t].value.size;
    return size;
}

/* Of a datum's size, never below it. */
static size_t bound(const struct record_type *type, const void *record)
{
    size_t size = SCALAR_BYTES_MAX * type->field_count;
    for (uint64_t left = *(const uint64_t *)record; left; left &= left - 1) {
        const struct field *field = &type->fields[__builtin_ctzll(left)];
        const void *member = record_member_const(record, field);
        if (field->kind == FIELD_TEXT)
            size += ((const struct text *)member)->size;
        else if (field->kind == FIELD_TAGS)
            size += tags_bound(member);
    }
    return size;
}

static uint8_t *put_long(uint8_t *at, int64_t value)
{
    return at + varint_write(value, at);
}

static uint8_t *put_text(uint8_t *at, struct text text)
{
    at = put_long(at, (int64_t)text.size);
    if (text.size)
        memcpy(at, text.data, text.size);
    return at + text.size;
}

static uint8_t *put_decimal(uint8_t *at, i128 value)
{
    size_t size = decimal_to_bytes(value, at + 1);
    *at = (uint8_t)zigzag_encode((int64_t)size);
    return at + 1 + size;
}

static uint8_t *put_sum(uint8_t *at, const struct sum *sum)
{
    if (sum->wraps == 0)
        return put_decimal(at, sum_modulo(sum));
    size_t size = sum_to_bytes(sum, at + 1);
    *at = (uint8_t)zigzag_encode((int64_t)size);
    return at + 1 + size;
}

static uint8_t *put_tags(uint8_t *at, const struct tags *tags)
{
    if (tags->count)
        at = put_long(at, (int64_t)tags->count);
    for (size_t i = 0; i < tags->count; i++) {
        at = put_text(at, tags->items[i].key);
        at = put_text(at, tags->items[i].value);
    }
    *at++ = 0;
    return at;
}

static uint8_t *put_empty(uint8_t *at, enum field_kind kind)
{
    if (kind == FIELD_DECIMAL || kind == FIELD_SUM)
        return put_decimal(at, 0);
    *at++ = 0; /* no characters, zero, no block */
    return at;
}

static uint8_t *put_member(uint8_t *at, enum field_kind kind, const void *member)
{
    switch (kind) {
    case FIELD_TEXT:
        return put_text(at, *(const struct text *)member);
    case FIELD_DECIMAL:
        return put_decimal(at, *(const i128 *)member);
    case FIELD_SUM:
        return put_sum(at, member);
    case FIELD_TIME:
    case FIELD_LONG:
        return put_long(at, *(const int64_t *)member);
    case FIELD_TAGS:
        return put_tags(at, member);
    }
    return at;
}

void avro_encode(const struct record_type *type, const void *record, struct buffer *out)
{
    uint8_t *start = (uint8_t *)buffer_reserve(out, bound(type, record)), *at = start;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        bool has = record_has(record, i);
        if (!field->required)
            *at++ = has ? 2 : 0; /* branch 1 or 0: null stands first */
        if (has)
            at = put_member(at, field->kind, record_member_const(record, field));
        else if (field->required)
            at = put_empty(at, field->kind);
    }
    out->size += (size_t)(at - start);
}
