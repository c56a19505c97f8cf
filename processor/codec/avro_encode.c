/* codec/avro_encode.c: room for all scalars is there from the beginning to the end; texts and tags ask for theirs. */
#include "codec/avro_encode.h"

#include "codec/avro_varint.h"

#define SCALAR_BYTES_MAX (1 + 1 + SUM_BYTES_MAX) /* branch, length, the longest sum; longer than any long */
#define SIZED_BYTES_MAX (1 + AVRO_LONG_BYTES_MAX)
#define INLINE inline __attribute__((always_inline))

/* What is written of a record: where, and how much room scalars and sizes may take. */
struct place {
    struct buffer *out;
    size_t scalars;
};

static size_t tags_bound(const struct tags *tags)
{
    size_t size = 0;
    for (size_t t = 0; t < tags->count; t++)
        size += 2 * SIZED_BYTES_MAX + tags->items[t].key.size + tags->items[t].value.size;
    return size;
}

static __attribute__((cold, noinline)) uint8_t *grow(const struct place *place, const uint8_t *at, size_t more)
{
    place->out->size = (size_t)((const char *)at - place->out->data);
    return (uint8_t *)buffer_reserve(place->out, more);
}

/* Room for `size` bytes more than the scalars'. */
static INLINE uint8_t *make_room(const struct place *place, uint8_t *at, size_t size)
{
    size_t left = (size_t)(place->out->data + place->out->capacity - (char *)at), more = size + place->scalars;
    return __builtin_expect(left < more, 0) ? grow(place, at, more) : at;
}

static uint8_t *put_long(uint8_t *at, int64_t value)
{
    return at + varint_write(value, at);
}

static INLINE uint8_t *put_text(uint8_t *at, struct text text)
{
    return (uint8_t *)text_copy((char *)put_long(at, (int64_t)text.size), text);
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

static INLINE uint8_t *put_member(const struct place *place, uint8_t *at, enum field_kind kind, const void *member)
{
    switch (kind) {
    case FIELD_TEXT:
        return put_text(make_room(place, at, ((const struct text *)member)->size), *(const struct text *)member);
    case FIELD_DECIMAL:
        return put_decimal(at, *(const i128 *)member);
    case FIELD_SUM:
        return put_sum(at, member);
    case FIELD_TIME:
    case FIELD_LONG:
        return put_long(at, *(const int64_t *)member);
    case FIELD_TAGS:
        return put_tags(make_room(place, at, tags_bound(member)), member);
    }
    return at;
}

void avro_encode(const struct record_type *type, const void *record, struct buffer *out)
{
    const struct place place = { out, SCALAR_BYTES_MAX * type->field_count };
    uint8_t *at = (uint8_t *)buffer_reserve(out, place.scalars);
    uint64_t present = *(const uint64_t *)record;
    for (const struct field *field = type->fields, *end = field + type->field_count; field < end; field++, present >>= 1) {
        bool has = present & 1;
        if (!field->required)
            *at++ = has ? 2 : 0; /* branch 1 or 0: null stands first */
        if (has)
            at = put_member(&place, at, field->kind, record_member_const(record, field));
        else if (field->required)
            at = put_empty(at, field->kind);
    }
    out->size = (size_t)((char *)at - out->data);
}
