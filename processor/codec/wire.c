/* codec/wire.c: framing, and the choice between Avro and JSON. */
#include "codec/wire.h"

#include <stdlib.h>

#include "codec/avro_encode.h"
#include "codec/cur_manifest.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "codec/schemas.h"
#include "model/bill.h"
#include "model/cur_row.h"
#include "model/line_item.h"

struct wire {
    enum wire_format format;
    struct wire_schemas schemas;
    enum excess_decimals excess;
    struct event_json *json;
    struct buffer scratch;
};

/* Only its name is asked for: the schema of manifests. */
static const struct record_type manifest_type = { .name = "CurManifest" };

static void put_header(struct buffer *out, uint32_t id)
{
    char *header = buffer_reserve(out, WIRE_HEADER_BYTES);
    header[0] = 0;
    for (int i = 0; i < 4; i++)
        header[1 + i] = (char)(unsigned char)(id >> (24 - 8 * i));
    out->size += WIRE_HEADER_BYTES;
}

struct wire *wire_new(enum wire_format format, const struct wire_schemas *schemas, enum excess_decimals excess)
{
    struct wire *wire = memory_new(sizeof *wire);
    wire->format = format;
    wire->schemas = *schemas;
    wire->excess = excess;
    wire->json = event_json_new();
    return wire;
}

bool wire_encode(struct wire *wire, const char *topic, const struct record_type *type, const void *record,
                 struct buffer *out, struct error *error)
{
    uint32_t id;
    if (wire->format == WIRE_JSON) {
        json_write_record(out, type, record, JSON_ABSENT_LEFT_OUT);
        return true;
    }
    if (!wire->schemas.id_of(wire->schemas.context, topic, type, &id, error))
        return false;
    put_header(out, id);
    avro_encode(type, record, out);
    return true;
}

bool wire_meet_schemas(struct wire *wire, struct error *error)
{
    static const struct {
        const char *topic;
        const struct record_type *type;
    } written[] = { { "line-items", &line_item_type },
                    { "subtotals", &subtotal_type },
                    { "bills", &bill_type },
                    { "cur", &cur_row_type },
                    { "cur-manifests", &manifest_type } };
    uint32_t id;
    for (size_t i = 0; i < ARRAY_COUNT(written) && wire->format == WIRE_AVRO; i++)
        if (!wire->schemas.id_of(wire->schemas.context, written[i].topic, written[i].type, &id, error))
            return false;
    return true;
}

static enum wire_answer decode_json(struct wire *wire, const struct record_type *type, struct text value, void *record,
                                    struct arena *arena, struct refusal *refusal)
{
    struct error NOT_CLEARED error;
    if (type == &usage_event_type)
        return event_json_decode(wire->json, value, wire->excess, record, arena, refusal) ? WIRE_DONE : WIRE_REFUSED;
    if (json_read_record(value, type, record, arena, &wire->scratch, &error))
        return WIRE_DONE;
    refuse(refusal, REFUSAL_MALFORMED, NULL, value, "%s", error.message);
    return WIRE_REFUSED;
}

static enum wire_answer decode_avro(struct wire *wire, const struct record_type *type, struct text value, void *record,
                                    struct arena *arena, struct refusal *refusal, struct error *error)
{
    const struct avro_program *program;
    const uint8_t *bytes = (const uint8_t *)value.data;
    if (value.size < WIRE_HEADER_BYTES || bytes[0] != 0) {
        refuse(refusal, REFUSAL_MALFORMED, NULL, value, "no Confluent header: expected a zero byte and a schema id");
        return WIRE_REFUSED;
    }
    uint32_t id = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
    enum wire_answer answer = wire->schemas.program_of(wire->schemas.context, id, type, &program, refusal, error);
    if (answer != WIRE_DONE)
        return answer;
    size_t used = 0, size = value.size - WIRE_HEADER_BYTES;
    if (!avro_decode(program, bytes + WIRE_HEADER_BYTES, size, &used, record, arena, wire->excess, refusal))
        return WIRE_REFUSED;
    if (used == size)
        return WIRE_DONE;
    refuse(refusal, REFUSAL_MALFORMED, NULL, value, "%zu bytes are left behind the record", size - used);
    return WIRE_REFUSED;
}

enum wire_answer wire_decode(struct wire *wire, const struct record_type *type, struct text value, void *record,
                             struct arena *arena, struct refusal *refusal, struct error *error)
{
    *refusal = (struct refusal){ 0 };
    return wire->format == WIRE_JSON ? decode_json(wire, type, value, record, arena, refusal)
                                     : decode_avro(wire, type, value, record, arena, refusal, error);
}

bool wire_encode_manifest(struct wire *wire, const struct cur_manifest *manifest, struct buffer *out, struct error *error)
{
    uint32_t id;
    if (wire->format == WIRE_JSON) {
        cur_manifest_write_json(manifest, out);
        return true;
    }
    if (!wire->schemas.id_of(wire->schemas.context, "cur-manifests", &manifest_type, &id, error))
        return false;
    put_header(out, id);
    cur_manifest_write_avro(manifest, out);
    return true;
}

bool wire_decode_manifest(struct wire *wire, struct text value, struct cur_manifest *manifest, struct arena *arena,
                          struct error *error)
{
    if (wire->format == WIRE_JSON)
        return cur_manifest_read_json(value, manifest, arena, error);
    if (value.size < WIRE_HEADER_BYTES || value.data[0] != 0)
        return error_fail(error, ERROR_FAILED, "a manifest without a Confluent header");
    return cur_manifest_read_avro((struct text){ value.data + WIRE_HEADER_BYTES, value.size - WIRE_HEADER_BYTES }, manifest,
                                  arena, error);
}

void wire_free(struct wire *wire)
{
    if (!wire)
        return;
    event_json_free(wire->json);
    buffer_done(&wire->scratch);
    free(wire);
}

/* ---- fixed ids ---- */

/* In schemas/README.md; an id is never given to another schema. */
static const char *const fixed_names[] = { "UsageEvent", "LineItem", "Bill", "Subtotal", "CurRow", "CurManifest" };

struct fixed_schemas {
    struct avro_program *programs[ARRAY_COUNT(fixed_names)];
};

struct fixed_schemas *fixed_schemas_new(void)
{
    return memory_new(sizeof(struct fixed_schemas));
}

static bool fixed_id_of(void *context, const char *topic, const struct record_type *type, uint32_t *id, struct error *error)
{
    (void)context;
    (void)topic;
    for (uint32_t i = 0; i < ARRAY_COUNT(fixed_names); i++) {
        *id = i + 1;
        if (strcmp(fixed_names[i], type->name) == 0)
            return true;
    }
    return error_fail(error, ERROR_FAILED, "%s has no fixed schema id", type->name);
}

static enum wire_answer fixed_program_of(void *context, uint32_t id, const struct record_type *type,
                                         const struct avro_program **program, struct refusal *refusal, struct error *error)
{
    struct fixed_schemas *schemas = context;
    if (id == 0 || id > ARRAY_COUNT(fixed_names) || strcmp(fixed_names[id - 1], type->name) != 0) {
        refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "schema id %u is not that of %s, and there is no registry", id,
               type->name);
        return WIRE_REFUSED;
    }
    if (!schemas->programs[id - 1]) {
        bool compiled = avro_program_compile(avro_schema_text(type), type, &schemas->programs[id - 1], error);
        CHECK(compiled); /* our own schema */
    }
    *program = schemas->programs[id - 1];
    return WIRE_DONE;
}

struct wire_schemas fixed_schemas_port(struct fixed_schemas *schemas)
{
    return (struct wire_schemas){ schemas, fixed_id_of, fixed_program_of };
}

void fixed_schemas_free(struct fixed_schemas *schemas)
{
    if (!schemas)
        return;
    for (size_t i = 0; i < ARRAY_COUNT(schemas->programs); i++)
        avro_program_free(schemas->programs[i]);
    free(schemas);
}
