/*
 * model/record.h: a record's fields as a table, so that JSON, Avro, CSV and the schemas speak of the same ones.
 *
 * A record struct begins with `uint64_t present`: bit i is set when field i has a value. Empty = null = absent.
 * Texts and tags are borrowed. Units: decimals and sums have the field's scale, times are milliseconds UTC.
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "base/memory.h"
#include "base/text.h"
#include "model/calendar.h"
#include "money/sum.h"

struct tag {
    struct text key, value;
};

/* Sorted by key in byte order, keys differ, no empty values. */
struct tags {
    const struct tag *items;
    size_t count;
};

enum field_kind { FIELD_TEXT, FIELD_DECIMAL, FIELD_SUM, FIELD_TIME, FIELD_LONG, FIELD_TAGS };

/* The C type of each kind, for the X-macros that declare records. */
typedef struct text field_type_TEXT;
typedef i128 field_type_DECIMAL;
typedef struct sum field_type_SUM;
typedef int64_t field_type_TIME;
typedef int64_t field_type_LONG;
typedef struct tags field_type_TAGS;

#define FIELD_KEY_MAX 48

struct field {
    const char *name;
    enum field_kind kind;
    uint8_t scale;   /* decimals and sums */
    bool required;   /* not a union with null in Avro */
    uint16_t offset; /* in the record struct */
    uint8_t key_size;
    char key[FIELD_KEY_MAX]; /* `"name":`, as JSON has it; a copy of fixed size is fast */
};

struct record_type {
    const char *name;
    const struct field *fields;
    size_t field_count; /* at most 64 */
    size_t size;
};

/* X(kind, name, scale, required) → a struct member, an enumerator, a table row. */
#define RECORD_MEMBER(kind, name, scale, required) field_type_##kind name;
#define RECORD_ROW(record, kind, name, scale, required) \
    { #name, FIELD_##kind, scale, required, (uint16_t)offsetof(struct record, name), sizeof #name + 2, "\"" #name "\":" },

static inline bool record_has(const void *record, size_t field)
{
    return (*(const uint64_t *)record >> field) & 1;
}

static inline void record_set(void *record, size_t field)
{
    *(uint64_t *)record |= (uint64_t)1 << field;
}

static inline void *record_member(void *record, const struct field *field)
{
    return (char *)record + field->offset;
}

static inline const void *record_member_const(const void *record, const struct field *field)
{
    return (const char *)record + field->offset;
}

/* Copies what the record borrows, texts and tags, to `arena`. */
void record_own_texts(void *record, const struct record_type *type, struct arena *arena);

/* Sets a text member, absent when empty. */
static inline void record_set_text(void *record, const struct record_type *type, size_t field, struct text value)
{
    CHECK(type->fields[field].kind == FIELD_TEXT);
    if (value.size == 0)
        return;
    memcpy(record_member(record, &type->fields[field]), &value, sizeof value);
    record_set(record, field);
}

#endif
