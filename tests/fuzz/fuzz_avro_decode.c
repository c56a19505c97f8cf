/*
 * fuzz_avro_decode: any bytes as a datum, under the shipped schema and under one that uses every kind of step.
 * What decodes must encode, and that decode to the same.
 */
#include "codec/avro_decode.h"
#include "codec/avro_encode.h"
#include "codec/schemas.h"
#include "support/record_text.h"

static const char every_step[] =
    "{\"type\":\"record\",\"name\":\"E\",\"fields\":["
    "{\"name\":\"x1\",\"type\":{\"type\":\"record\",\"name\":\"L\",\"fields\":["
    "{\"name\":\"a\",\"type\":[\"null\",\"L\",{\"type\":\"array\",\"items\":\"L\"}]},{\"name\":\"b\",\"type\":\"null\"}]}},"
    "{\"name\":\"event_id\",\"type\":[\"bytes\",\"null\",\"double\"]},"
    "{\"name\":\"usage_account_id\",\"type\":{\"type\":\"enum\",\"name\":\"A\",\"symbols\":[\"P\",\"Q\"]}},"
    "{\"name\":\"product_code\",\"type\":[\"null\",\"A\"]},"
    "{\"name\":\"usage_start\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}},"
    "{\"name\":\"usage_end\",\"type\":[\"string\",\"null\"]},"
    "{\"name\":\"x2\",\"type\":{\"type\":\"map\",\"values\":[\"boolean\",\"float\",\"A\",{\"type\":\"fixed\",\"name\":\"F\","
    "\"size\":2}]}},"
    "{\"name\":\"x3\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},"
    "{\"name\":\"usage_amount\",\"type\":\"string\"},"
    "{\"name\":\"public_on_demand_rate\",\"type\":[\"null\",\"long\",\"string\"]},"
    "{\"name\":\"unblended_cost\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":60,\"scale\":40}},"
    "{\"name\":\"savings_plan_rate\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9}},"
    "{\"name\":\"normalization_factor\",\"type\":[\"null\",{\"type\":\"fixed\",\"name\":\"D\",\"size\":20,\"logicalType\":"
    "\"decimal\","
    "\"precision\":40,\"scale\":12}]},"
    "{\"name\":\"tags\",\"type\":[\"null\",{\"type\":\"map\",\"values\":[\"null\",\"string\",\"long\"]}]}]}";

static struct avro_program *compile(struct text schema)
{
    struct avro_program *program = NULL;
    struct error error = { 0 };
    CHECK(avro_program_compile(schema, &usage_event_type, &program, &error));
    return program;
}

static void check_round_trip(const struct avro_program *shipped, const struct usage_event *event)
{
    struct buffer datum = { 0 }, before = { 0 }, after = { 0 };
    struct usage_event again;
    struct arena arena = { 0 };
    struct refusal refusal;
    size_t used;
    avro_encode(&usage_event_type, event, &datum);
    /* Required fields that the other schema left out come back as zero. */
    bool complete = record_has(event, USAGE_EVENT_usage_start);
    CHECK(avro_decode(shipped, (const uint8_t *)datum.data, datum.size, &used, &again, &arena, EXCESS_REJECT, &refusal));
    CHECK(used == datum.size);
    CHECK(!complete ||
          strcmp(record_text(&usage_event_type, event, &before), record_text(&usage_event_type, &again, &after)) == 0);
    buffer_done(&datum);
    buffer_done(&before);
    buffer_done(&after);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct avro_program *programs[2];
    if (!programs[0]) {
        programs[0] = compile(avro_schema_text(&usage_event_type));
        programs[1] = compile(TEXT(every_step));
    }
    if (size == 0)
        return 0;
    struct arena arena = { 0 };
    struct usage_event event;
    struct refusal refusal;
    size_t used;
    if (avro_decode(programs[data[0] & 1], data + 1, size - 1, &used, &event, &arena,
                    data[0] & 2 ? EXCESS_REJECT : EXCESS_ROUND, &refusal))
        check_round_trip(programs[0], &event);
    CHECK(used <= size - 1);
    arena_done(&arena);
    return 0;
}
