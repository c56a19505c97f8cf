/*
 * codec/avro_decode.c: runs a program over the bytes of a datum.
 *
 * Two kinds of trouble: bad structure loses the position and ends the datum at once (the functions return false); a bad
 * value is remembered, the first one counts, and reading goes on so that the end of the datum is found.
 */
#include "codec/avro_decode.h"

#include <endian.h>

#include "codec/avro_varint.h"

struct decoder {
    const uint8_t *at, *begin, *end;
    const struct avro_program *program;
    const struct avro_step *top; /* of the field that is being read */
    struct arena *arena;
    struct refusal *refusal;
    uint32_t rounded;
    size_t empty_values, tag_capacity;
    enum excess_decimals excess;
    bool spoiled; /* a bad value was met; *refusal is set */
};

#define TAGS_AT_ONCE 64
#define EXCESS_DETAIL "the number has more decimals than the field holds"
#define TOO_LARGE_DETAIL "the number has more than 38 digits at the field's scale"

#define COLD __attribute__((cold, noinline))
#define INLINE inline __attribute__((always_inline))

/* NULL for one that no field wants. */
static const char *field_name(const struct decoder *decoder)
{
    uint8_t field = decoder->top->field;
    return field == AVRO_NO_FIELD ? NULL : decoder->program->type->fields[field].name;
}

static COLD void explain(struct decoder *decoder, enum refusal_reason reason, const char *detail)
{
    (void)refuse(decoder->refusal, reason, field_name(decoder), TEXT_NONE, "%s", detail);
}

/* False, where the compiler can see it. */
static INLINE bool lose(struct decoder *decoder, enum refusal_reason reason, const char *detail)
{
    explain(decoder, reason, detail);
    return false;
}

static INLINE bool lose_by(struct decoder *decoder, enum varint_status status)
{
    if (status == VARINT_TRUNCATED)
        return lose(decoder, REFUSAL_TRUNCATED, "the datum ends inside a number or length");
    return lose(decoder, REFUSAL_MALFORMED, "a number or length has more than 64 bits");
}

/* Always true: the position is known. */
static COLD bool spoil(struct decoder *decoder, enum refusal_reason reason, struct text value, const char *detail)
{
    if (!decoder->spoiled)
        refuse(decoder->refusal, reason, field_name(decoder), value, "%s", detail);
    decoder->spoiled = true;
    return true;
}

static INLINE bool read_long(struct decoder *decoder, int64_t *value)
{
    if (__builtin_expect(decoder->at < decoder->end && *decoder->at < 0x80, 1)) {
        *value = zigzag_decode(*decoder->at++);
        return true;
    }
    enum varint_status status = varint_read(&decoder->at, decoder->end, value);
    return status == VARINT_OK || lose_by(decoder, status);
}

static INLINE bool take(struct decoder *decoder, uint64_t size, const uint8_t **bytes)
{
    if (__builtin_expect(size > (size_t)(decoder->end - decoder->at), 0))
        return lose(decoder, REFUSAL_TRUNCATED, "a length goes beyond the end of the datum");
    *bytes = decoder->at;
    decoder->at += size;
    return true;
}

static INLINE bool take_sized(struct decoder *decoder, struct text *text)
{
    int64_t size;
    const uint8_t *bytes;
    if (!read_long(decoder, &size))
        return false;
    if (__builtin_expect(size < 0, 0))
        return lose(decoder, REFUSAL_MALFORMED, "a length is below zero");
    if (!take(decoder, (uint64_t)size, &bytes))
        return false;
    *text = (struct text){ (const char *)bytes, (size_t)size };
    return true;
}

/* The number of items in the next block of an array or map; 0 is the end. A negative count is followed by a byte size. */
static bool read_block(struct decoder *decoder, uint64_t *count)
{
    int64_t number, bytes;
    if (!read_long(decoder, &number))
        return false;
    *count = number < 0 ? -(uint64_t)number : (uint64_t)number;
    if (number >= 0)
        return true;
    if (!read_long(decoder, &bytes))
        return false;
    if (bytes < 0)
        return lose(decoder, REFUSAL_MALFORMED, "the size of a block is below zero");
    return bytes <= decoder->end - decoder->at ||
           lose(decoder, REFUSAL_TRUNCATED, "a block goes beyond the end of the datum");
}

/* A value of no bytes: without this bound ten bytes could ask for 2^63 of them, or for a tree of records of them. */
static bool count_empty(struct decoder *decoder)
{
    size_t allowed = AVRO_EMPTY_VALUES_MAX + 16 * (size_t)(decoder->at - decoder->begin);
    return ++decoder->empty_values <= allowed || lose(decoder, REFUSAL_MALFORMED, "too many values without bytes");
}

static bool skip(struct decoder *decoder, const struct avro_step *step, unsigned depth);

static bool skip_items(struct decoder *decoder, const struct avro_step *step, unsigned depth)
{
    const struct avro_step *item = &decoder->program->steps[step->first];
    struct text key;
    for (;;) {
        uint64_t count;
        if (!read_block(decoder, &count))
            return false;
        if (count == 0)
            return true;
        for (; count > 0; count--)
            if ((step->kind == AVRO_SKIP_MAP && !take_sized(decoder, &key)) || !skip(decoder, item, depth))
                return false;
    }
}

static bool skip_fields(struct decoder *decoder, const struct avro_step *step, unsigned depth)
{
    if (step->count == 0)
        return count_empty(decoder);
    for (uint32_t i = 0; i < step->count; i++)
        if (!skip(decoder, &decoder->program->steps[step->first + i], depth))
            return false;
    return true;
}

static bool choose(struct decoder *decoder, const struct avro_step *step, const struct avro_step **branch)
{
    int64_t number;
    if (!read_long(decoder, &number))
        return false;
    if (number < 0 || number >= step->count)
        return lose(decoder, REFUSAL_MALFORMED, "a union has no branch of this number");
    *branch = &decoder->program->steps[step->first + (uint32_t)number];
    return true;
}

static bool skip_enum(struct decoder *decoder, const struct avro_step *step, int64_t *symbol)
{
    if (!read_long(decoder, symbol))
        return false;
    return (*symbol >= 0 && *symbol < step->count) ||
           lose(decoder, REFUSAL_MALFORMED, "an enum has no symbol of this number");
}

static bool skip(struct decoder *decoder, const struct avro_step *step, unsigned depth)
{
    int64_t number;
    struct text text;
    const uint8_t *bytes;
    if (depth == 0)
        return lose(decoder, REFUSAL_MALFORMED, "values are nested too deep");
    switch ((enum avro_step_kind)step->kind) {
    case AVRO_SKIP_NULL:
        return count_empty(decoder);
    case AVRO_SKIP_FIXED:
        return (step->count || count_empty(decoder)) && take(decoder, step->count, &bytes);
    case AVRO_SKIP_BOOLEAN:
        return take(decoder, 1, &bytes) && (*bytes <= 1 || lose(decoder, REFUSAL_MALFORMED, "a boolean is neither 0 nor 1"));
    case AVRO_SKIP_LONG:
        return read_long(decoder, &number);
    case AVRO_SKIP_ENUM:
        return skip_enum(decoder, step, &number);
    case AVRO_SKIP_BYTES:
        return take_sized(decoder, &text);
    case AVRO_SKIP_ARRAY:
    case AVRO_SKIP_MAP:
        return skip_items(decoder, step, depth - 1);
    case AVRO_SKIP_RECORD:
        return skip_fields(decoder, step, depth - 1);
    case AVRO_CHOOSE:
        return choose(decoder, step, &step) && skip(decoder, step, depth - 1);
    default:
        check_failed("a step below a skip skips", __FILE__, __LINE__);
    }
}

static bool set_decimal(struct decoder *decoder, const struct avro_step *step, i128 value, uint8_t scale, void *member)
{
    uint8_t wanted = decoder->program->type->fields[step->field].scale;
    switch (decimal_rescale(value, scale, wanted, &value)) {
    case DECIMAL_EXACT:
        break;
    case DECIMAL_ROUNDED:
        if (decoder->excess == EXCESS_REJECT)
            return spoil(decoder, REFUSAL_EXCESS_DECIMALS, TEXT_NONE, EXCESS_DETAIL);
        decoder->rounded++;
        break;
    case DECIMAL_NOT_A_NUMBER:
    case DECIMAL_TOO_LARGE:
        return spoil(decoder, REFUSAL_NUMBER_TOO_LARGE, TEXT_NONE, TOO_LARGE_DETAIL);
    }
    memcpy(member, &value, sizeof value);
    return true;
}

/* Most decimals have a few bytes: one load and a shift do what a loop over 128 bits would. */
static INLINE enum decimal_status decimal_bytes(const struct decoder *decoder, struct text bytes, i128 *value)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    if (bytes.size - 1 >= 8 || decoder->end - data < 8)
        return decimal_from_bytes(data, bytes.size, value);
    uint64_t word;
    memcpy(&word, data, sizeof word);
    *value = (int64_t)be64toh(word) >> (64 - 8 * bytes.size);
    return DECIMAL_EXACT;
}

static INLINE bool read_decimal(struct decoder *decoder, const struct avro_step *step, struct text bytes, void *member)
{
    i128 value;
    switch (decimal_bytes(decoder, bytes, &value)) {
    case DECIMAL_EXACT:
        break;
    case DECIMAL_TOO_LARGE:
        return spoil(decoder, REFUSAL_NUMBER_TOO_LARGE, TEXT_NONE, "the number has more than 38 digits");
    case DECIMAL_NOT_A_NUMBER:
    case DECIMAL_ROUNDED:
        return spoil(decoder, REFUSAL_BAD_NUMBER, TEXT_NONE, "a decimal has no bytes");
    }
    if (__builtin_expect(step->scale != decoder->program->type->fields[step->field].scale, 0))
        return set_decimal(decoder, step, value, step->scale, member);
    memcpy(member, &value, sizeof value);
    return true;
}

static bool read_decimal_text(struct decoder *decoder, const struct avro_step *step, void *member, bool *present)
{
    struct text text;
    i128 value;
    if (!take_sized(decoder, &text))
        return false;
    if (text.size == 0) {
        *present = false;
        return true;
    }
    switch (decimal_parse(text, decoder->program->type->fields[step->field].scale, &value)) {
    case DECIMAL_EXACT:
        break;
    case DECIMAL_ROUNDED:
        if (decoder->excess == EXCESS_REJECT)
            return spoil(decoder, REFUSAL_EXCESS_DECIMALS, text, EXCESS_DETAIL);
        decoder->rounded++;
        break;
    case DECIMAL_NOT_A_NUMBER:
        return spoil(decoder, REFUSAL_BAD_NUMBER, text, "the text is no decimal number");
    case DECIMAL_TOO_LARGE:
        return spoil(decoder, REFUSAL_NUMBER_TOO_LARGE, text, TOO_LARGE_DETAIL);
    }
    memcpy(member, &value, sizeof value);
    return true;
}

static bool read_sum(struct decoder *decoder, struct sum *sum)
{
    struct text bytes;
    if (!take_sized(decoder, &bytes))
        return false;
    switch (sum_from_bytes((const uint8_t *)bytes.data, bytes.size, sum)) {
    case DECIMAL_EXACT:
        return true;
    case DECIMAL_TOO_LARGE:
        return spoil(decoder, REFUSAL_NUMBER_TOO_LARGE, TEXT_NONE, "the sum has more than 57 digits");
    case DECIMAL_NOT_A_NUMBER:
    case DECIMAL_ROUNDED:
        break;
    }
    return spoil(decoder, REFUSAL_BAD_NUMBER, TEXT_NONE, "a decimal has no bytes");
}

static bool read_time_text(struct decoder *decoder, void *member, bool *present)
{
    struct text text;
    if (!take_sized(decoder, &text))
        return false;
    *present = text.size > 0;
    return text.size == 0 || time_parse(text, member) ||
           spoil(decoder, REFUSAL_BAD_TIME, text, "the time must be ISO 8601 in UTC, as 2026-06-01T00:00:00Z");
}

static bool read_tags(struct decoder *decoder, const struct avro_step *step, struct tags *tags);

/* Reads one value into a member. *present stays true unless the value turns out to be absent. */
static INLINE bool read_value(struct decoder *decoder, const struct avro_step *step, void *member, bool *present)
{
    int64_t number;
    struct text text;
    const uint8_t *bytes;
    switch ((enum avro_step_kind)step->kind) {
    case AVRO_READ_TEXT:
        if (!take_sized(decoder, &text))
            return false;
        *present = text.size > 0;
        if (text.size)
            memcpy(member, &text, sizeof text);
        return true;
    case AVRO_READ_TEXT_ENUM:
        if (!skip_enum(decoder, step, &number))
            return false;
        text = decoder->program->texts[step->first + (uint32_t)number];
        *present = text.size > 0;
        memcpy(member, &text, sizeof text);
        return true;
    case AVRO_READ_DECIMAL:
        return take_sized(decoder, &text) && read_decimal(decoder, step, text, member);
    case AVRO_READ_DECIMAL_FIXED:
        return take(decoder, step->count, &bytes) &&
               read_decimal(decoder, step, (struct text){ (const char *)bytes, step->count }, member);
    case AVRO_READ_DECIMAL_LONG:
        return read_long(decoder, &number) && set_decimal(decoder, step, number, 0, member);
    case AVRO_READ_DECIMAL_TEXT:
        return read_decimal_text(decoder, step, member, present);
    case AVRO_READ_SUM:
        return read_sum(decoder, member);
    case AVRO_READ_TIME:
        if (!read_long(decoder, &number))
            return false;
        if (step->count != 1)
            number = number / step->count - (number % step->count < 0); /* towards the past, before 1970 too */
        memcpy(member, &number, sizeof number);
        return true;
    case AVRO_READ_TIME_TEXT:
        return read_time_text(decoder, member, present);
    case AVRO_READ_LONG:
        return read_long(decoder, member);
    case AVRO_READ_TAGS: {
        struct tags *tags = member;
        if (!read_tags(decoder, step, tags))
            return false;
        *present = tags->count > 0;
        return true;
    }
    default:
        *present = false;
        return skip(decoder, step, AVRO_VALUE_DEPTH_MAX);
    }
}

/* Unions that are not null and one type, and what stands in them. */
static bool read_nested(struct decoder *decoder, const struct avro_step *step, void *member, bool *present)
{
    struct avro_step chosen;
    if (step->null_branch != AVRO_NO_NULL) {
        int64_t number;
        if (!read_long(decoder, &number))
            return false;
        if (number == step->null_branch)
            return *present = false, true;
        if (number != 1 - step->null_branch)
            return lose(decoder, REFUSAL_MALFORMED, "a union has no branch of this number");
    } else if (step->kind == AVRO_CHOOSE) {
        const struct avro_step *branch;
        if (!choose(decoder, step, &branch))
            return false;
        chosen = *branch;
        chosen.field = step->field;
        step = &chosen;
    }
    if (step->kind != AVRO_REFUSE)
        return read_value(decoder, step, member, present);
    *present = false;
    if (!skip(decoder, &decoder->program->steps[step->first], AVRO_VALUE_DEPTH_MAX))
        return false;
    return spoil(decoder, REFUSAL_BAD_FIELD, TEXT_NONE, decoder->program->texts[step->count].data);
}

/* Doubles: many small blocks must not copy in squares. Grows with the tags that come, not with the count announced. */
static struct tag *grow_tags(struct decoder *decoder, struct tag *items, size_t count, uint64_t announced)
{
    size_t capacity = count > 0 ? 2 * count : announced < TAGS_AT_ONCE ? (size_t)announced : TAGS_AT_ONCE;
    struct tag *grown = arena_take(decoder->arena, capacity * sizeof *grown, _Alignof(struct tag));
    if (count)
        memcpy(grown, items, count * sizeof *grown);
    decoder->tag_capacity = capacity;
    return grown;
}

static bool read_tag(struct decoder *decoder, const struct avro_step *value, struct tag *tag)
{
    bool present = true;
    tag->value = TEXT_NONE;
    return take_sized(decoder, &tag->key) && read_nested(decoder, value, &tag->value, &present);
}

static bool read_tags(struct decoder *decoder, const struct avro_step *step, struct tags *tags)
{
    struct tag *items = NULL, tag;
    size_t count = 0;
    uint64_t more;
    decoder->tag_capacity = 0;
    do {
        if (!read_block(decoder, &more))
            return false;
        for (uint64_t left = more; left > 0; left--) {
            if (!read_tag(decoder, &decoder->program->steps[step->first], &tag))
                return false;
            if (tag.key.size == 0 || tag.value.size == 0)
                continue;
            if (count == AVRO_TAGS_MAX) {
                spoil(decoder, REFUSAL_BAD_FIELD, TEXT_NONE, "there are more than 65536 tags");
                continue;
            }
            if (count == decoder->tag_capacity)
                items = grow_tags(decoder, items, count, left);
            items[count++] = tag;
        }
    } while (more > 0);
    struct refusal NOT_CLEARED refusal;
    if (!tags_normalize(items, &count, &refusal))
        return spoil(decoder, refusal.reason, refusal.value, refusal.detail);
    *tags = (struct tags){ items, count };
    return true;
}

/*
 * Most fields are texts of less than 64 bytes beside null: branch and size are a byte each. Whatever else it is, and all
 * that is bad, is left to the others.
 */
static INLINE bool is_short_text(const struct decoder *decoder, const struct avro_step *step)
{
    const uint8_t *at = decoder->at;
    if (step->kind != AVRO_READ_TEXT || step->null_branch > 1 || decoder->end - at < 2)
        return false;
    return at[0] == 2 * step->null_branch ||
           (at[0] == 2 * (1 - step->null_branch) && at[1] < 0x80 && at[1] % 2 == 0 && at[1] / 2 <= decoder->end - at - 2);
}

/* Whether there is one. */
static INLINE bool take_short_text(struct decoder *decoder, const struct avro_step *step, void *record)
{
    const uint8_t *at = decoder->at;
    decoder->at++;
    if (at[0] == 2 * step->null_branch)
        return false;
    struct text text = { (const char *)at + 2, at[1] / 2 };
    decoder->at += 1 + text.size;
    if (text.size)
        memcpy(record_member(record, &decoder->program->type->fields[step->field]), &text, sizeof text);
    return text.size > 0;
}

static bool run(struct decoder *decoder, void *record)
{
    const struct avro_program *program = decoder->program;
    const struct field *fields = program->type->fields;
    uint64_t found = 0;
    const struct avro_step *step = program->steps;
    for (const struct avro_step *end = step + program->field_count; step < end; step++) {
        bool present = true;
        decoder->top = step;
        if (is_short_text(decoder, step)) {
            found |= (uint64_t)take_short_text(decoder, step, record) << step->field;
            continue;
        }
        if (step->field == AVRO_NO_FIELD) {
            if (!skip(decoder, step, AVRO_VALUE_DEPTH_MAX))
                return false;
            continue;
        }
        const struct field *field = &fields[step->field];
        if (step->null_branch != AVRO_NO_NULL) {
            int64_t branch;
            if (!read_long(decoder, &branch))
                return false;
            if (branch == step->null_branch)
                continue;
            if (branch != 1 - step->null_branch)
                return lose(decoder, REFUSAL_MALFORMED, "a union has no branch of this number");
        }
        void *member = record_member(record, field);
        if (__builtin_expect(step->kind == AVRO_CHOOSE, 0) ? !read_nested(decoder, step, member, &present)
                                                           : !read_value(decoder, step, member, &present))
            return false;
        found |= (uint64_t)present << step->field;
    }
    memcpy(record, &found, sizeof found);
    return true;
}

bool avro_decode(const struct avro_program *program, const uint8_t *bytes, size_t size, size_t *ret_used, void *record,
                 struct arena *arena, enum excess_decimals excess, struct refusal *refusal)
{
    struct decoder decoder = {
        .at = bytes,
        .begin = bytes,
        .end = bytes + size,
        .program = program,
        .arena = arena,
        .refusal = refusal,
        .excess = excess,
    };
    memset(record, 0, program->type->size);
    *ret_used = 0;
    if (!run(&decoder, record))
        return false;
    *ret_used = (size_t)(decoder.at - bytes);
    if (program->type == &usage_event_type)
        ((struct usage_event *)record)->excess_decimals = decoder.rounded;
    return !decoder.spoiled;
}
