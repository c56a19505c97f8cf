/*
 * codec/avro_types.h: the types of a writer's schema as JSON has them, and the named ones by full name.
 *
 * Avro C has checked the text before; what is read here is what Avro C forgets: logical types. Private to avro_*.c.
 */
#ifndef CODEC_AVRO_TYPES_H
#define CODEC_AVRO_TYPES_H

#include <jansson.h>

#include "base/error.h"
#include "base/memory.h"

enum writer_kind {
    WRITER_NULL,
    WRITER_BOOLEAN,
    WRITER_INT,
    WRITER_LONG,
    WRITER_FLOAT,
    WRITER_DOUBLE,
    WRITER_BYTES,
    WRITER_STRING,
    WRITER_RECORD,
    WRITER_ENUM,
    WRITER_FIXED,
    WRITER_ARRAY,
    WRITER_MAP,
    WRITER_UNION,
};

/* A record, enum or fixed, and what has been compiled of it. */
struct named_type {
    enum writer_kind kind;
    const json_t *json;
    const char *space;               /* namespace for the names inside */
    uint32_t skip_first, skip_count; /* record: the steps that skip its fields */
    uint32_t text_first, text_count; /* enum: its symbols among the texts */
    bool skip_known, texts_known;
};

struct writer_names {
    struct arena *arena; /* borrowed, holds the names */
    json_t *numbers;     /* full name → number */
    struct named_type *types;
    size_t count, capacity;
};

struct writer_type {
    enum writer_kind kind;
    const json_t *json; /* the object or the branches; NULL for a bare name */
    const char *space;
    struct named_type *named; /* valid until a name is added; none is after names_collect */
};

/* Finds every named type in the schema. False: *reason says what is wrong (in the arena or static). */
MUST_USE bool names_collect(struct writer_names *names, const json_t *schema, const char **reason);
void names_done(struct writer_names *names);

/* What `schema`, met where `space` is the namespace, is. False: unknown name or no type. */
MUST_USE bool writer_type_read(struct writer_names *names, const json_t *schema, const char *space,
                               struct writer_type *ret_type);

/* For messages: "bytes with logicalType decimal(38, 10)", "record proforma.v1.X". Written to `out`. */
const char *writer_type_text(const struct writer_type *type, char *out, size_t size);

/* "" where there is none; a logical type counts only on the type that it belongs to, which the caller checks. */
const char *writer_logical_type(const struct writer_type *type);

/* The scale where `type` is a valid decimal on bytes or fixed, -1 otherwise. */
int writer_decimal_scale(const struct writer_type *type);

/* A fixed's size, or -1. */
int64_t writer_fixed_size(const struct writer_type *type);

#endif
