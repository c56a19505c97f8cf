/* sim/values.c: one decoder for the whole test program. */
#include "sim/values.h"

#include <stdlib.h>

#include "base/memory.h"
#include "model/line_item.h"

static struct {
    struct fixed_schemas *schemas;
    struct wire_schemas port;
    struct wire *wire;
    struct arena arena;
} decoder;

void values_begin(void)
{
    decoder.schemas = fixed_schemas_new();
    decoder.port = fixed_schemas_port(decoder.schemas);
    decoder.wire = wire_new(WIRE_AVRO, &decoder.port, EXCESS_ROUND);
}

void values_end(void)
{
    wire_free(decoder.wire);
    fixed_schemas_free(decoder.schemas);
    arena_done(&decoder.arena);
}

bool value_decode(struct text value, const struct record_type *type, void *record)
{
    struct refusal refusal;
    struct error error;
    arena_reset(&decoder.arena);
    return wire_decode(decoder.wire, type, value, record, &decoder.arena, &refusal, &error) == WIRE_DONE;
}

bool value_decode_manifest(struct text value, struct cur_manifest *manifest)
{
    struct error error;
    arena_reset(&decoder.arena);
    return wire_decode_manifest(decoder.wire, value, manifest, &decoder.arena, &error);
}

bool value_is_marker(const struct stream_record *record)
{
    return record->topic == STREAM_LINE_ITEMS && record->key.size > 0 && record->key.data[0] == '#';
}

struct marker marker_none(void)
{
    return (struct marker){ .closed = PERIOD_NONE, .closing = PERIOD_NONE };
}

bool value_decode_marker(const struct stream_record *record, struct marker *marker)
{
    struct line_item item;
    struct error error;
    return value_decode(record->value, &line_item_type, &item) && marker_read(item.marker, marker, &error);
}

uint32_t latest_take(struct latest *latest, const struct stream_record *record)
{
    size_t before = latest->keys.count;
    uint32_t number = intern_add(&latest->keys, record->key);
    if (latest->keys.count > before)
        latest->values = memory_reserve_one(latest->values, number, &latest->capacity, sizeof *latest->values);
    latest->values[number] = record->is_null ? TEXT_NONE : record->value;
    return number;
}

void latest_done(struct latest *latest)
{
    intern_done(&latest->keys);
    free(latest->values);
}
