/*
 * codec/avro_schema.h: a writer's Avro schema, resolved once against the fields of a record into a decode program.
 *
 * A program never changes once compiled and borrows nothing but the record_type. Thread: any number of readers.
 */
#ifndef CODEC_AVRO_SCHEMA_H
#define CODEC_AVRO_SCHEMA_H

#include "base/memory.h"
#include "model/record.h"

#define AVRO_SCHEMA_BYTES_MAX ((size_t)1024 * 1024)
#define AVRO_SCHEMA_DEPTH_MAX 96 /* brackets of the JSON text */

/* What a step does with the bytes of one value. */
enum avro_step_kind {
    AVRO_READ_TEXT,
    AVRO_READ_TEXT_ENUM,     /* symbols: texts [first, first+count) */
    AVRO_READ_DECIMAL,       /* bytes, at `scale` */
    AVRO_READ_DECIMAL_FIXED, /* `count` bytes, at `scale` */
    AVRO_READ_DECIMAL_LONG,  /* a whole number */
    AVRO_READ_DECIMAL_TEXT,
    AVRO_READ_SUM,  /* bytes, at the field's scale */
    AVRO_READ_TIME, /* `count` units a millisecond */
    AVRO_READ_TIME_TEXT,
    AVRO_READ_LONG,
    AVRO_READ_TAGS, /* values: step `first`, which reads text */

    AVRO_CHOOSE, /* a union; branches: steps [first, first+count) */
    AVRO_REFUSE, /* skips step `first` and refuses with texts[count] */

    AVRO_SKIP_NULL,
    AVRO_SKIP_FIXED, /* `count` bytes */
    AVRO_SKIP_BOOLEAN,
    AVRO_SKIP_LONG,
    AVRO_SKIP_ENUM, /* `count` symbols */
    AVRO_SKIP_BYTES,
    AVRO_SKIP_ARRAY,  /* items: step `first` */
    AVRO_SKIP_MAP,    /* values: step `first` */
    AVRO_SKIP_RECORD, /* fields: steps [first, first+count) */
};

#define AVRO_NO_NULL 0xff
#define AVRO_NO_FIELD 0xff

struct avro_step {
    uint8_t kind;
    uint8_t null_branch; /* 0 or 1: where null stands in a union of two, whose other branch the step is */
    uint8_t field;       /* AVRO_NO_FIELD below the top and in skips */
    uint8_t scale;
    uint32_t first, count;
};

struct avro_program {
    const struct record_type *type;
    struct avro_step *steps; /* the writer's fields in order come first */
    size_t step_count;
    size_t field_count;
    struct text *texts; /* enum symbols and reasons of AVRO_REFUSE; in the arena */
    size_t text_count;
    struct arena arena;
};

/*
 * `schema` is JSON text. Fails, ERROR_INVALID: no Avro schema, no record, a required field is missing, or a field's type
 * can never be read; the message names the field, the writer's type and what was expected.
 */
MUST_USE bool avro_program_compile(struct text schema, const struct record_type *type, struct avro_program **ret,
                                   struct error *error);
void avro_program_free(struct avro_program *program);

#endif
