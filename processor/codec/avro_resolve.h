/* codec/avro_resolve.h: one type of a writer's schema into the steps that read or skip it. Private to avro_*.c. */
#ifndef CODEC_AVRO_RESOLVE_H
#define CODEC_AVRO_RESOLVE_H

#include "codec/avro_schema.h"
#include "codec/avro_types.h"

struct compiler {
    struct avro_program *program; /* owns what is made; grows */
    struct writer_names names;
    size_t step_capacity, text_capacity;
    unsigned depth;
    char reason[320]; /* of the last failure */
};

/* Makes room for `count` steps in a row. Steps move when more are added: keep numbers, not pointers. */
uint32_t compiler_take_steps(struct compiler *compiler, size_t count);

/* Fills step `at`. False: `reason` says what is wrong with the schema. */
MUST_USE bool resolve_skip(struct compiler *compiler, const json_t *schema, const char *space, uint32_t at);
/* Fills step `at` so that it reads a value for `field`. False: `reason` says what was met and what was expected. */
MUST_USE bool resolve_field(struct compiler *compiler, const json_t *schema, const char *space, const struct field *field,
                            uint32_t at);

#endif
