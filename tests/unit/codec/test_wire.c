/* codec/wire: values of topics in both formats come back, and what is no value is refused or has to wait. */
#include "support/unit.h"

#include "codec/cur_manifest.h"
#include "codec/wire.h"
#include "model/bill.h"
#include "model/cur_row.h"
#include "model/line_item.h"
#include "support/avro_random.h"
#include "support/avro_sample.h"
#include "support/quotes.h"
#include "support/record_text.h"

/* A reader and writer with the fixed ids, and where its answers go. */
struct bench {
    struct fixed_schemas *schemas;
    struct wire *wire;
    struct arena arena;
    struct buffer value, wanted, found;
    struct refusal refusal;
    struct error error;
    union {
        struct usage_event event;
        struct line_item line_item;
        struct bill bill;
        struct subtotal subtotal;
        struct cur_row cur_row;
        struct sample sample;
    } record;
};

static void bench_open(struct bench *bench, enum wire_format format, const struct wire_schemas *schemas,
                       enum excess_decimals excess)
{
    *bench = (struct bench){ .schemas = fixed_schemas_new() };
    struct wire_schemas fixed = fixed_schemas_port(bench->schemas);
    bench->wire = wire_new(format, schemas ? schemas : &fixed, excess);
}

static void bench_close(struct bench *bench)
{
    wire_free(bench->wire);
    fixed_schemas_free(bench->schemas);
    arena_done(&bench->arena);
    buffer_done(&bench->value);
    buffer_done(&bench->wanted);
    buffer_done(&bench->found);
}

static enum wire_answer decode(struct bench *bench, const struct record_type *type, struct text value)
{
    bench->error = (struct error){ 0 };
    return wire_decode(bench->wire, type, value, &bench->record, &bench->arena, &bench->refusal, &bench->error);
}

static void encode(struct bench *bench, const char *topic, const struct record_type *type, const void *record)
{
    buffer_clear(&bench->value);
    if (!wire_encode(bench->wire, topic, type, record, &bench->value, &bench->error))
        fail_msg("%s: %s", type->name, bench->error.message);
}

static const struct {
    const char *topic;
    const struct record_type *type;
    unsigned char id; /* schemas/README.md */
} kinds[] = {
    { "usage", &usage_event_type, 1 },  { "line-items", &line_item_type, 2 }, { "bills", &bill_type, 3 },
    { "subtotals", &subtotal_type, 4 }, { "cur", &cur_row_type, 5 },
};

/* Every field has a value of its own. */
static void fill(const struct record_type *type, void *record, struct arena *arena)
{
    static const struct tag tags[] = { { TEXT("Env"), TEXT("prod") }, { TEXT("team"), TEXT("b\xc3\xa9ta \"1\"") } };
    memset(record, 0, type->size);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        void *member = record_member(record, field);
        char text[64];
        snprintf(text, sizeof text, "%s \"%zu\"", field->name, i);
        switch (field->kind) {
        case FIELD_TEXT:
            *(struct text *)member = arena_copy(arena, text_of(text));
            break;
        case FIELD_DECIMAL:
            *(i128 *)member = (i128)(i % 2 ? 1 : -1) * (1234567890123 + (i128)i);
            break;
        case FIELD_SUM: /* every other one larger than any decimal */
            *(struct sum *)member = sum_of(i % 2 ? decimal_power(37) : -7 - (i128)i);
            for (size_t n = 0; n < 5 + i && i % 2; n++)
                sum_add_sum(member, &(struct sum){ .wraps = 1, .low = i });
            break;
        case FIELD_TIME:
            *(int64_t *)member = 1780272000000 + (int64_t)i;
            break;
        case FIELD_LONG:
            *(int64_t *)member = (int64_t)i - 3;
            break;
        case FIELD_TAGS:
            *(struct tags *)member = (struct tags){ tags, ARRAY_COUNT(tags) };
            break;
        }
        record_set(record, i);
    }
}

static void every_record_comes_back_from_both_formats(void **state)
{
    (void)state;
    static const enum wire_format formats[] = { WIRE_AVRO, WIRE_JSON };
    for (size_t f = 0; f < ARRAY_COUNT(formats); f++) {
        struct bench bench;
        bench_open(&bench, formats[f], NULL, EXCESS_REJECT);
        for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
            const struct record_type *type = kinds[i].type;
            void *record = arena_take(&bench.arena, type->size, 16);
            fill(type, record, &bench.arena);
            encode(&bench, kinds[i].topic, type, record);
            if (decode(&bench, type, buffer_text(&bench.value)) != WIRE_DONE)
                fail_msg("%s: %s %s", type->name, bench.refusal.detail, bench.error.message);
            expect_text(type->name, text_of(record_text(type, &bench.record, &bench.found)),
                        record_text(type, record, &bench.wanted));
        }
        bench_close(&bench);
    }
}

static void random_events_come_back_from_avro(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, NULL, EXCESS_REJECT);
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct usage_event event;
        random_state = seed;
        random_event(&event, &bench.arena);
        encode(&bench, "usage", &usage_event_type, &event);
        if (decode(&bench, &usage_event_type, buffer_text(&bench.value)) != WIRE_DONE)
            fail_msg("seed %llu: %s", (unsigned long long)seed, bench.refusal.detail);
        assert_string_equal(record_text(&usage_event_type, &bench.record, &bench.found),
                            record_text(&usage_event_type, &event, &bench.wanted));
        arena_reset(&bench.arena);
    }
    bench_close(&bench);
}

static void avro_begins_with_a_zero_byte_and_the_id_of_its_schema(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, NULL, EXCESS_ROUND);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        const char header[WIRE_HEADER_BYTES] = { 0, 0, 0, 0, (char)kinds[i].id };
        void *record = arena_take(&bench.arena, kinds[i].type->size, 16);
        fill(kinds[i].type, record, &bench.arena);
        buffer_clear(&bench.value);
        buffer_append_text(&bench.value, TEXT("before")); /* values are appended */
        assert_true(wire_encode(bench.wire, kinds[i].topic, kinds[i].type, record, &bench.value, &bench.error));
        assert_true(bench.value.size > 6 + sizeof header);
        assert_memory_equal(bench.value.data, "before", 6);
        assert_memory_equal(bench.value.data + 6, header, sizeof header);
    }
    bench_close(&bench);
}

static void a_record_without_a_fixed_id_is_not_written(void **state)
{
    (void)state;
    struct bench bench;
    struct sample sample = { .present = 1, .name = TEXT("x") };
    bench_open(&bench, WIRE_AVRO, NULL, EXCESS_ROUND);
    assert_false(wire_encode(bench.wire, "usage", &sample_type, &sample, &bench.value, &bench.error));
    assert_int_equal(bench.error.kind, ERROR_FAILED);
    assert_string_equal(bench.error.message, "Sample has no fixed schema id");
    assert_int_equal(bench.value.size, 0);
    bench_close(&bench);
}

static void what_is_not_in_the_wire_format_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct text value;
        enum refusal_reason reason;
        const char *detail;
    } rows[] = {
        { "nothing at all", { NULL, 0 }, REFUSAL_MALFORMED, "no Confluent header" },
        { "a part of the header", BYTES("\0\0\0\0"), REFUSAL_MALFORMED, "no Confluent header" },
        { "another magic byte", BYTES("\1\0\0\0\1\0"), REFUSAL_MALFORMED, "no Confluent header" },
        { "JSON", BYTES("{\"event_id\":\"e1\"}"), REFUSAL_MALFORMED, "no Confluent header" },
        { "an Avro file", BYTES("Obj\1\4"), REFUSAL_MALFORMED, "no Confluent header" },
        { "id zero", BYTES("\0\0\0\0\0\0"), REFUSAL_MALFORMED, "schema id 0 is not that of UsageEvent" },
        { "the first id too many", BYTES("\0\0\0\0\7\0"), REFUSAL_MALFORMED, "schema id 7 is not" },
        { "an id of four bytes", BYTES("\0\xff\xfe\xfd\xfc\0"), REFUSAL_MALFORMED, "schema id 4294901244 is not" },
        { "the id of a line item", BYTES("\0\0\0\0\2\0"), REFUSAL_MALFORMED, "schema id 2 is not that of UsageEvent" },
        { "the id of a manifest", BYTES("\0\0\0\0\6\0"), REFUSAL_MALFORMED, "schema id 6 is not that of UsageEvent" },
        { "little-endian", BYTES("\0\1\0\0\0\0"), REFUSAL_MALFORMED, "schema id 16777216 is not" },
        { "a header alone", BYTES("\0\0\0\0\1"), REFUSAL_TRUNCATED, "" },
    };
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, NULL, EXCESS_ROUND);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        expect_number(rows[i].why, decode(&bench, &usage_event_type, rows[i].value), WIRE_REFUSED);
        expect_text(rows[i].why, text_of(refusal_reason_text(bench.refusal.reason)), refusal_reason_text(rows[i].reason));
        if (!strstr(bench.refusal.detail, rows[i].detail))
            fail_msg("%s: found '%s', expected '%s'", rows[i].why, bench.refusal.detail, rows[i].detail);
    }
    bench_close(&bench);
}

/* Each on bytes of its own size, so that a sanitizer sees a read behind the end. */
static enum wire_answer decode_cut(struct bench *bench, const struct record_type *type, struct text value, size_t size)
{
    char *bytes = malloc(size ? size : 1);
    CHECK(bytes);
    memcpy(bytes, value.data, size);
    enum wire_answer answer = decode(bench, type, (struct text){ bytes, size });
    free(bytes);
    return answer;
}

static void a_value_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const enum wire_format formats[] = { WIRE_AVRO, WIRE_JSON };
    for (size_t f = 0; f < ARRAY_COUNT(formats); f++) {
        struct bench bench;
        bench_open(&bench, formats[f], NULL, EXCESS_ROUND);
        for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
            const struct record_type *type = kinds[i].type;
            void *record = arena_take(&bench.arena, type->size, 16);
            fill(type, record, &bench.arena);
            encode(&bench, kinds[i].topic, type, record);
            struct text value = buffer_text(&bench.value);
            for (size_t size = 0; size < value.size; size++) {
                if (decode_cut(&bench, type, value, size) != WIRE_REFUSED)
                    fail_msg("%s is read from %zu of %zu bytes", type->name, size, value.size);
                bool cut_inside = formats[f] == WIRE_AVRO && size >= WIRE_HEADER_BYTES;
                if (cut_inside && bench.refusal.reason != REFUSAL_TRUNCATED)
                    fail_msg("%s cut to %zu bytes: %s", type->name, size, refusal_reason_text(bench.refusal.reason));
                assert_int_not_equal(bench.refusal.reason, REFUSAL_NONE);
            }
            assert_int_equal(decode_cut(&bench, type, value, value.size), WIRE_DONE);
            assert_int_equal(bench.refusal.reason, REFUSAL_NONE); /* of the ones before nothing stays */
        }
        bench_close(&bench);
    }
}

static void bytes_behind_a_record_are_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, NULL, EXCESS_ROUND);
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        void *record = arena_take(&bench.arena, kinds[i].type->size, 16);
        fill(kinds[i].type, record, &bench.arena);
        encode(&bench, kinds[i].topic, kinds[i].type, record);
        buffer_append_text(&bench.value, BYTES("\0\0\0"));
        expect_number(kinds[i].topic, decode(&bench, kinds[i].type, buffer_text(&bench.value)), WIRE_REFUSED);
        assert_int_equal(bench.refusal.reason, REFUSAL_MALFORMED);
        assert_string_equal(bench.refusal.detail, "3 bytes are left behind the record");
    }
    bench_close(&bench);
}

static void json_that_is_no_record_is_refused(void **state)
{
    (void)state;
    static const struct {
        const struct record_type *type;
        const char *json; /* ' for " */
        enum refusal_reason reason;
    } rows[] = {
        { &usage_event_type, "", REFUSAL_MALFORMED },
        { &usage_event_type, "[]", REFUSAL_MALFORMED },
        { &usage_event_type, "null", REFUSAL_MALFORMED },
        { &usage_event_type, "{'event_id':'e'} x", REFUSAL_MALFORMED },
        { &usage_event_type, "{'usage_start':'yesterday'}", REFUSAL_BAD_TIME },
        { &usage_event_type, "{'usage_amount':'many'}", REFUSAL_BAD_NUMBER },
        { &usage_event_type, "{'usage_amount':'0.12345678901'}", REFUSAL_EXCESS_DECIMALS },
        { &line_item_type, "", REFUSAL_MALFORMED },
        { &line_item_type, "[]", REFUSAL_MALFORMED },
        { &line_item_type, "{'revision':'x'}", REFUSAL_MALFORMED },
        { &bill_type, "{'cost':{}}", REFUSAL_MALFORMED },
        { &subtotal_type, "{'task':1.5}", REFUSAL_MALFORMED },
        { &cur_row_type, "{'resource_tags':'a'}", REFUSAL_MALFORMED },
    };
    struct bench bench;
    bench_open(&bench, WIRE_JSON, NULL, EXCESS_REJECT);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        expect_number(rows[i].json, decode(&bench, rows[i].type, quoted(rows[i].json)), WIRE_REFUSED);
        expect_text(rows[i].json, text_of(refusal_reason_text(bench.refusal.reason)), refusal_reason_text(rows[i].reason));
        expect(rows[i].json, bench.refusal.detail[0] != '\0', true);
    }
    /* Avro under JSON is as little a record. */
    assert_int_equal(decode(&bench, &usage_event_type, BYTES("\0\0\0\0\1\2a")), WIRE_REFUSED);
    bench_close(&bench);
}

/* ---- another source of schemas ---- */

/* Answers as told, and remembers what it was asked. */
struct source {
    enum wire_answer answer;
    struct avro_program *program;
    const struct record_type *type;
    const char *topic;
    uint32_t id;
    bool has_no_id;
    unsigned asked;
};

static bool source_id_of(void *context, const char *topic, const struct record_type *type, uint32_t *id, struct error *error)
{
    struct source *source = context;
    source->asked++;
    source->topic = topic;
    source->type = type;
    *id = source->id;
    return !source->has_no_id || error_fail(error, ERROR_FAILED, "nobody gives ids");
}

static enum wire_answer source_program_of(void *context, uint32_t id, const struct record_type *type,
                                          const struct avro_program **program, struct refusal *refusal, struct error *error)
{
    struct source *source = context;
    source->asked++;
    source->id = id;
    source->type = type;
    *program = source->program;
    if (source->answer == WIRE_LATER)
        error_fail(error, ERROR_FAILED, "nobody answers");
    if (source->answer == WIRE_REFUSED)
        refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "nobody knows it");
    return source->answer;
}

static struct wire_schemas source_port(struct source *source)
{
    return (struct wire_schemas){ source, source_id_of, source_program_of };
}

static void a_source_that_does_not_answer_now_is_asked_later(void **state)
{
    (void)state;
    struct source source = { .answer = WIRE_LATER };
    struct wire_schemas port = source_port(&source);
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, &port, EXCESS_ROUND);
    assert_int_equal(decode(&bench, &bill_type, BYTES("\0\1\2\3\4")), WIRE_LATER);
    assert_string_equal(bench.error.message, "nobody answers");
    assert_int_equal(bench.refusal.reason, REFUSAL_NONE); /* an outage is no fault of the record */
    assert_int_equal(source.id, 0x01020304);
    assert_ptr_equal(source.type, &bill_type);
    assert_int_equal(source.asked, 1);

    source.answer = WIRE_REFUSED;
    assert_int_equal(decode(&bench, &bill_type, BYTES("\0\xff\0\0\0")), WIRE_REFUSED);
    assert_string_equal(bench.refusal.detail, "nobody knows it");
    assert_int_equal(source.id, 0xff000000);
    assert_int_equal(source.asked, 2);

    assert_int_equal(decode(&bench, &bill_type, BYTES("\1\0\0\0\1")), WIRE_REFUSED);
    assert_int_equal(source.asked, 2); /* without a header there is nothing to ask for */
    bench_close(&bench);
}

static void a_writer_asks_for_the_id_of_a_topic_and_a_record(void **state)
{
    (void)state;
    struct source source = { .id = 0xfedcba98 };
    struct wire_schemas port = source_port(&source);
    struct sample sample = { .present = 1, .name = TEXT("ab") };
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, &port, EXCESS_ROUND);
    encode(&bench, "elsewhere", &sample_type, &sample);
    assert_string_equal(source.topic, "elsewhere");
    assert_ptr_equal(source.type, &sample_type);
    assert_int_equal(bench.value.size, 13);
    assert_memory_equal(bench.value.data, "\0\xfe\xdc\xba\x98\4ab\0\0\0\0\0", 13);

    source.has_no_id = true;
    buffer_clear(&bench.value);
    assert_false(wire_encode(bench.wire, "elsewhere", &sample_type, &sample, &bench.value, &bench.error));
    assert_string_equal(bench.error.message, "nobody gives ids");
    assert_int_equal(bench.value.size, 0);
    bench_close(&bench);
}

static void json_needs_no_source_of_schemas(void **state)
{
    (void)state;
    struct source source = { .answer = WIRE_LATER, .has_no_id = true };
    struct wire_schemas port = source_port(&source);
    struct sample sample = { .present = 1, .name = TEXT("ab") };
    struct bench bench;
    bench_open(&bench, WIRE_JSON, &port, EXCESS_ROUND);
    encode(&bench, "elsewhere", &sample_type, &sample);
    expect_text("written", buffer_text(&bench.value), "{\"name\":\"ab\"}");
    assert_int_equal(decode(&bench, &sample_type, buffer_text(&bench.value)), WIRE_DONE);
    assert_int_equal(source.asked, 0);
    bench_close(&bench);
}

static void a_writers_schema_of_another_shape_is_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *why, *fields; /* ' for " */
        struct text datum;
        const char *record;
    } rows[] = {
        { "only what is required", NAME_FIELD, BYTES("\4ab"), "name=ab" },
        { "fields that we do not know", "{'name':'u','type':'string'}," NAME_FIELD ",{'name':'v','type':'double'}",
          BYTES("\2x\4ab\1\2\3\4\5\6\7\0"), "name=ab" },
        { "another order", "{'name':'rows','type':'int'}," NAME_FIELD, BYTES("\x09\4ab"), "name=ab rows=-5" },
        { "null behind its type", NAME_FIELD ",{'name':'note','type':['string','null']}", BYTES("\4ab\0\2n"),
          "name=ab note=n" },
        { "null behind its type, taken", NAME_FIELD ",{'name':'note','type':['string','null']}", BYTES("\4ab\2"),
          "name=ab" },
        { "another scale", NAME_FIELD ",{'name':'cost','type':" DECIMAL_TYPE(4) "}", BYTES("\4ab\4\x30\x39"),
          "name=ab cost=1.23" },
        { "a decimal as text", NAME_FIELD ",{'name':'cost','type':'string'}", BYTES("\4ab\x08-0.5"), "name=ab cost=-0.5" },
        { "microseconds", NAME_FIELD ",{'name':'at','type':{'type':'long','logicalType':'timestamp-micros'}}",
          BYTES("\4ab\x80\x89\x7a"), "name=ab at=1000" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char schema[SAMPLE_SCHEMA_MAX];
        struct source source = { .answer = WIRE_DONE };
        struct wire_schemas port = source_port(&source);
        struct bench bench;
        bench_open(&bench, WIRE_AVRO, &port, EXCESS_ROUND);
        if (!avro_program_compile(sample_schema(rows[i].fields, schema), &sample_type, &source.program, &bench.error))
            fail_msg("%s: %s", rows[i].why, bench.error.message);
        buffer_append_text(&bench.value, BYTES("\0\0\0\1\0"));
        buffer_append_text(&bench.value, rows[i].datum);
        if (decode(&bench, &sample_type, buffer_text(&bench.value)) != WIRE_DONE)
            fail_msg("%s: %s", rows[i].why, bench.refusal.detail);
        expect_text(rows[i].why, text_of(record_text(&sample_type, &bench.record, &bench.found)), rows[i].record);
        avro_program_free(source.program);
        bench_close(&bench);
    }
}

static void too_many_decimals_are_rounded_or_refused_as_the_caller_says(void **state)
{
    (void)state;
    static const struct {
        enum wire_format format;
        enum excess_decimals excess;
        enum wire_answer answer;
    } rows[] = {
        { WIRE_AVRO, EXCESS_ROUND, WIRE_DONE },
        { WIRE_AVRO, EXCESS_REJECT, WIRE_REFUSED },
        { WIRE_JSON, EXCESS_ROUND, WIRE_DONE },
        { WIRE_JSON, EXCESS_REJECT, WIRE_REFUSED },
    };
    static const char fields[] = "{'name':'event_id','type':'string'},{'name':'usage_account_id','type':'string'},"
                                 "{'name':'product_code','type':'string'},{'name':'usage_start','type':'long'},"
                                 "{'name':'usage_amount','type':'string'}";
    static const struct text values[] = {
        [WIRE_AVRO] = BYTES("\0\0\0\1\0"
                            "\2e"
                            "\2a"
                            "\2p"
                            "\0"
                            "\x1a"
                            "0.12345678905"),
        [WIRE_JSON] = BYTES("{\"event_id\":\"e\",\"usage_amount\":0.12345678905}"),
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char schema[SAMPLE_SCHEMA_MAX], row[16];
        struct source source = { .answer = WIRE_DONE };
        struct wire_schemas port = source_port(&source);
        struct bench bench;
        snprintf(row, sizeof row, "row %zu", i);
        bench_open(&bench, rows[i].format, &port, rows[i].excess);
        assert_true(avro_program_compile(sample_schema(fields, schema), &usage_event_type, &source.program, &bench.error));
        expect_number(row, decode(&bench, &usage_event_type, values[rows[i].format]), rows[i].answer);
        if (rows[i].answer == WIRE_DONE) {
            expect_decimal(row, bench.record.event.usage_amount, QUANTITY_SCALE, "0.123456789");
            expect_number(row, bench.record.event.excess_decimals, 1);
        } else {
            expect_number(row, bench.refusal.reason, REFUSAL_EXCESS_DECIMALS);
            assert_string_equal(bench.refusal.field, "usage_amount");
        }
        avro_program_free(source.program);
        bench_close(&bench);
    }
}

/* ---- manifests ---- */

static struct cur_manifest_total totals[] = {
    { TEXT("111111111111"), TEXT("AmazonEC2"), 12, { .wraps = -5 } },
    { TEXT("222222222222"), TEXT("Amazon\"S3\""), INT64_MAX, { .low = 1 } },
};

static struct cur_manifest manifest_sample(void)
{
    struct cur_manifest manifest = {
        .snapshots = { TEXT("2026-06.1"), TEXT("2026-06.items.2") },
        .snapshot_count = 2,
        .snapshot_id = TEXT("2026-06-111111111111-2"),
        .billing_group = TEXT("111111111111"),
        .billing_period = TEXT("2026-06"),
        .supersedes = TEXT("2026-06-111111111111-1"),
        .status = TEXT("FINAL"),
        .currency = TEXT("USD"),
        .checksum = TEXT("00ff"),
        .revision = 2,
        .rows = 13,
        .conductor_version = 7,
        .created_ms = 1783000000123,
        .totals = totals,
        .total_count = ARRAY_COUNT(totals),
        .offsets = { 3, 100, 200, 13 },
        .payer_account_id = TEXT("100000000001"),
        .document_hash = TEXT("00ab"),
    };
    manifest.cost = sum_from("-12.000000000000000000000001", COST_SCALE);
    return manifest;
}

static void expect_manifest(const char *row, const struct cur_manifest *found, const struct cur_manifest *wanted)
{
    const struct text *texts[][2] = {
        { &found->snapshot_id, &wanted->snapshot_id },
        { &found->snapshots[0], &wanted->snapshots[0] },
        { &found->snapshots[1], &wanted->snapshots[1] },
        { &found->billing_group, &wanted->billing_group },
        { &found->billing_period, &wanted->billing_period },
        { &found->supersedes, &wanted->supersedes },
        { &found->status, &wanted->status },
        { &found->currency, &wanted->currency },
        { &found->checksum, &wanted->checksum },
        { &found->payer_account_id, &wanted->payer_account_id },
        { &found->document_hash, &wanted->document_hash },
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        if (!text_equal(*texts[i][0], *texts[i][1]))
            fail_msg("%s: text %zu: found '%.*s'", row, i, TEXT_ARGS(*texts[i][0]));
    expect_number(row, found->revision, wanted->revision);
    expect_number(row, found->rows, wanted->rows);
    expect_number(row, found->conductor_version, wanted->conductor_version);
    expect_number(row, found->created_ms, wanted->created_ms);
    expect(row, sum_equal(&found->cost, &wanted->cost), true);
    assert_memory_equal(&found->offsets, &wanted->offsets, sizeof found->offsets);
    expect_number(row, (long long)found->total_count, (long long)wanted->total_count);
    for (size_t i = 0; i < wanted->total_count; i++) {
        expect(row, text_equal(found->totals[i].usage_account_id, wanted->totals[i].usage_account_id), true);
        expect(row, text_equal(found->totals[i].product_code, wanted->totals[i].product_code), true);
        expect_number(row, found->totals[i].rows, wanted->totals[i].rows);
        expect(row, sum_equal(&found->totals[i].cost, &wanted->totals[i].cost), true);
    }
}

static void manifests_come_back_from_both_formats(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum wire_format format;
        bool is_first; /* supersedes nothing, has no totals */
    } rows[] = { { "Avro", WIRE_AVRO, false },
                 { "JSON", WIRE_JSON, false },
                 { "first, Avro", WIRE_AVRO, true },
                 { "first, JSON", WIRE_JSON, true } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct bench bench;
        struct cur_manifest manifest = manifest_sample(), back;
        if (rows[i].is_first) {
            manifest.supersedes = manifest.payer_account_id = manifest.document_hash = TEXT_NONE;
            manifest.total_count = 0;
        }
        bench_open(&bench, rows[i].format, NULL, EXCESS_ROUND);
        assert_true(wire_encode_manifest(bench.wire, &manifest, &bench.value, &bench.error));
        if (rows[i].format == WIRE_AVRO)
            assert_memory_equal(bench.value.data, "\0\0\0\0\6", WIRE_HEADER_BYTES);
        if (!wire_decode_manifest(bench.wire, buffer_text(&bench.value), &back, &bench.arena, &bench.error))
            fail_msg("%s: %s", rows[i].why, bench.error.message);
        expect_manifest(rows[i].why, &back, &manifest);
        bench_close(&bench);
    }
}

static void what_is_no_manifest_is_refused(void **state)
{
    (void)state;
    static const enum wire_format formats[] = { WIRE_AVRO, WIRE_JSON };
    for (size_t f = 0; f < ARRAY_COUNT(formats); f++) {
        struct bench bench;
        struct cur_manifest manifest = manifest_sample(), back;
        bench_open(&bench, formats[f], NULL, EXCESS_ROUND);
        assert_true(wire_encode_manifest(bench.wire, &manifest, &bench.value, &bench.error));
        for (size_t size = 0; size < bench.value.size; size++) {
            bench.error = (struct error){ 0 };
            if (wire_decode_manifest(bench.wire, (struct text){ bench.value.data, size }, &back, &bench.arena, &bench.error))
                fail_msg("format %zu: read from %zu of %zu bytes", f, size, bench.value.size);
            assert_int_equal(bench.error.kind, ERROR_FAILED);
            assert_true(bench.error.message[0] != '\0');
        }
        bench.value.data[0] = 1; /* another magic byte, or no JSON */
        assert_false(wire_decode_manifest(bench.wire, buffer_text(&bench.value), &back, &bench.arena, &bench.error));
        bench_close(&bench);
    }
}

static void a_manifest_without_an_id_is_not_written(void **state)
{
    (void)state;
    struct source source = { .has_no_id = true };
    struct wire_schemas port = source_port(&source);
    struct cur_manifest manifest = manifest_sample();
    struct bench bench;
    bench_open(&bench, WIRE_AVRO, &port, EXCESS_ROUND);
    assert_false(wire_encode_manifest(bench.wire, &manifest, &bench.value, &bench.error));
    assert_string_equal(bench.error.message, "nobody gives ids");
    assert_string_equal(source.topic, "cur-manifests");
    assert_string_equal(source.type->name, "CurManifest");
    assert_int_equal(bench.value.size, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_comes_back_from_both_formats),
        cmocka_unit_test(random_events_come_back_from_avro),
        cmocka_unit_test(avro_begins_with_a_zero_byte_and_the_id_of_its_schema),
        cmocka_unit_test(a_record_without_a_fixed_id_is_not_written),
        cmocka_unit_test(what_is_not_in_the_wire_format_is_refused),
        cmocka_unit_test(a_value_cut_anywhere_is_refused),
        cmocka_unit_test(bytes_behind_a_record_are_refused),
        cmocka_unit_test(json_that_is_no_record_is_refused),
        cmocka_unit_test(a_source_that_does_not_answer_now_is_asked_later),
        cmocka_unit_test(a_writer_asks_for_the_id_of_a_topic_and_a_record),
        cmocka_unit_test(json_needs_no_source_of_schemas),
        cmocka_unit_test(a_writers_schema_of_another_shape_is_resolved),
        cmocka_unit_test(too_many_decimals_are_rounded_or_refused_as_the_caller_says),
        cmocka_unit_test(manifests_come_back_from_both_formats),
        cmocka_unit_test(what_is_no_manifest_is_refused),
        cmocka_unit_test(a_manifest_without_an_id_is_not_written),
    };
    return cmocka_run_group_tests_name("codec/wire", tests, NULL, NULL);
}
