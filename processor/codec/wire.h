/*
 * codec/wire.h: records as the values of topics: Avro in the Confluent wire format (a zero byte, the schema's id in four
 * big-endian bytes, the datum), or JSON (SEMANTICS 4).
 *
 * Which id a schema has and which schema an id is, the caller's `wire_schemas` says. Thread: one.
 */
#ifndef CODEC_WIRE_H
#define CODEC_WIRE_H

#include "base/buffer.h"
#include "codec/avro_decode.h"
#include "codec/event_json.h"

enum wire_format { WIRE_AVRO, WIRE_JSON };

#define WIRE_HEADER_BYTES 5

enum wire_answer {
    WIRE_DONE,
    WIRE_REFUSED, /* *refusal: no record of this type, and never will be */
    WIRE_LATER,   /* whoever knows the schema does not answer now; *error says so */
};

struct wire_schemas {
    void *context;
    /* The id under which records of a type are written to a topic ("usage", …). */
    bool (*id_of)(void *context, const char *topic, const struct record_type *type, uint32_t *id, struct error *error);
    /* The program that reads a writer's schema as a type. */
    enum wire_answer (*program_of)(void *context, uint32_t id, const struct record_type *type,
                                   const struct avro_program **program, struct refusal *refusal, struct error *error);
};

struct wire;

struct wire *wire_new(enum wire_format format, const struct wire_schemas *schemas, enum excess_decimals excess);

/* Asks for the ids of all that the processor writes, so that encoding waits for nobody. Fails: they are not given now. */
MUST_USE bool wire_meet_schemas(struct wire *wire, struct error *error);

/* Appends the value of a record for a topic. Fails: the schema has no id. */
MUST_USE bool wire_encode(struct wire *wire, const char *topic, const struct record_type *type, const void *record,
                          struct buffer *out, struct error *error);

/* Decodes one value; texts borrow from it or live in `arena`. A usage event is complete, but not yet accepted. */
enum wire_answer wire_decode(struct wire *wire, const struct record_type *type, struct text value, void *record,
                             struct arena *arena, struct refusal *refusal, struct error *error);

struct cur_manifest;
/* The same for manifests, which have arrays and so no record_type. */
MUST_USE bool wire_encode_manifest(struct wire *wire, const struct cur_manifest *manifest, struct buffer *out,
                                   struct error *error);
MUST_USE bool wire_decode_manifest(struct wire *wire, struct text value, struct cur_manifest *manifest, struct arena *arena,
                                   struct error *error);

void wire_free(struct wire *wire);

/* Schemas without a registry: each shipped one has a fixed id (schemas/README.md), and only those can be read. */
struct fixed_schemas;
struct fixed_schemas *fixed_schemas_new(void);
struct wire_schemas fixed_schemas_port(struct fixed_schemas *schemas);
void fixed_schemas_free(struct fixed_schemas *schemas);

#endif
