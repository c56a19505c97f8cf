/* codec/avro_decode: what a datum gives under a writer's schema. Bytes are written out, so that every case shows its input.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/avro_decode.h"
#include "support/avro_sample.h"
#include "support/record_text.h"

struct decode_case {
    const char *fields;
    const char *bytes;
    size_t size;
    const char *expected; /* the record, or "REASON field used" */
};

#define BYTES(literal) literal, sizeof(literal) - 1

static struct avro_program *compile(const char *fields)
{
    char schema[SAMPLE_SCHEMA_MAX];
    struct avro_program *program;
    struct error error;
    if (!avro_program_compile(sample_schema(fields, schema), &sample_type, &program, &error))
        fail_msg("%s: %s", fields, error.message);
    return program;
}

static void check_case(const struct decode_case *row, enum excess_decimals excess)
{
    struct avro_program *program = compile(row->fields);
    struct sample sample;
    struct arena arena = { 0 };
    struct buffer found = { 0 };
    struct refusal refusal;
    size_t used;
    /* On the heap without a byte to spare, so that a sanitizer sees a read beyond the end. */
    uint8_t *bytes = malloc(row->size ? row->size : 1);
    memcpy(bytes, row->bytes, row->size);
    if (avro_decode(program, bytes, row->size, &used, &sample, &arena, excess, &refusal)) {
        assert_int_equal(used, row->size);
        record_text(&sample_type, &sample, &found);
    } else {
        buffer_printf(&found, "%s %s %zu", refusal_reason_text(refusal.reason), refusal.field ? refusal.field : "-", used);
        *buffer_reserve(&found, 1) = '\0';
    }
    if (strcmp(found.data, row->expected) != 0)
        fail_msg("%s\n  gives \"%s\", expected \"%s\"", row->fields, found.data, row->expected);
    free(bytes);
    buffer_done(&found);
    arena_done(&arena);
    avro_program_free(program);
}

static void check_cases(const struct decode_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(&cases[i], EXCESS_ROUND);
}

static void a_writer_may_remove_reorder_and_add_fields(void **state)
{
    (void)state;
    static const struct decode_case cases[] = {
        { NAME_FIELD,
          BYTES("\x02"
                "a"),
          "name=a" },
        { "{'name':'rows','type':'long'}," NAME_FIELD,
          BYTES("\x06\x02"
                "a"),
          "name=a rows=3" },
        { "{'name':'note','type':['null','string']}," NAME_FIELD,
          BYTES("\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':'double'}," NAME_FIELD,
          BYTES("12345678\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':'float'}," NAME_FIELD,
          BYTES("1234\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':'boolean'}," NAME_FIELD,
          BYTES("\x01\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':'null'}," NAME_FIELD,
          BYTES("\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'fixed','name':'F','size':3}}," NAME_FIELD,
          BYTES("xyz\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'enum','name':'E','symbols':['P','Q']}}," NAME_FIELD,
          BYTES("\x02\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'array','items':'long'}}," NAME_FIELD,
          BYTES("\x04\x01\xff\x01\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'array','items':'long'}}," NAME_FIELD,
          BYTES("\x03\x04\x01\x01\x02\x05\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'map','values':'bytes'}}," NAME_FIELD,
          BYTES("\x02\x02k\x04vv\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':['null','int',{'type':'map','values':'int'}]}," NAME_FIELD,
          BYTES("\x04\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'record','name':'L','fields':[{'name':'v','type':'int'},{'name':'n','type':['null','L'"
          "]}]}}," NAME_FIELD,
          BYTES("\x02\x02\x04\x02\x06\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'record','name':'L','fields':[{'name':'v','type':'int'}]}},{'name':'y','type':{'type':"
          "'array','items':'L'}}," NAME_FIELD,
          BYTES("\x02\x04\x06\x06\x00\x02"
                "a"),
          "name=a" },
    };
    check_cases(cases, ARRAY_COUNT(cases));
}

static void a_writer_may_use_other_types_and_unions(void **state)
{
    (void)state;
    static const struct decode_case cases[] = {
        { "{'name':'name','type':'bytes'}",
          BYTES("\x02"
                "a"),
          "name=a" },
        { "{'name':'name','type':['string','null']}",
          BYTES("\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'name','type':['string','null']}", BYTES("\x02"), "" },
        { "{'name':'name','type':['null']}", BYTES("\x00"), "" },
        { "{'name':'name','type':['string']}",
          BYTES("\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'name','type':['bytes','string','null']}",
          BYTES("\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'name','type':['bytes','string','null']}",
          BYTES("\x02\x02"
                "b"),
          "name=b" },
        { "{'name':'name','type':['bytes','string','null']}", BYTES("\x04"), "" },
        { "{'name':'name','type':['int','string']}",
          BYTES("\x02\x02"
                "a"),
          "name=a" },
        { "{'name':'name','type':['int','string']},{'name':'rows','type':'long'}", BYTES("\x00\x0e\x02"),
          "BAD_FIELD name 3" },
        { "{'name':'name','type':{'type':'enum','name':'E','symbols':['P','Q']}}", BYTES("\x02"), "name=Q" },
        { "{'name':'name','type':{'type':'enum','name':'E','symbols':['P','Q']}},{'name':'note','type':['null','E']}",
          BYTES("\x02\x02\x00"), "name=Q note=P" },
        { NAME_FIELD ",{'name':'rows','type':['null','int']}",
          BYTES("\x02"
                "a\x02\x05"),
          "name=a rows=-3" },
        { NAME_FIELD ",{'name':'rows','type':['int','null']}",
          BYTES("\x02"
                "a\x00\x05"),
          "name=a rows=-3" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':'string'}}",
          BYTES("\x02"
                "a\x04\x02z\x02"
                "1\x02"
                "b\x02"
                "2\x00"),
          "name=a tags=b:2,z:1" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':'string'}}",
          BYTES("\x02"
                "a\x01\x08\x02z\x02"
                "1\x02\x02"
                "b\x02"
                "2\x00"),
          "name=a tags=b:2,z:1" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':'string'}}",
          BYTES("\x02"
                "a\x04\x02z\x00\x00\x02"
                "2\x00"),
          "name=a" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':['null','string']}}",
          BYTES("\x02"
                "a\x04\x02z\x00\x02y\x02\x02"
                "2\x00"),
          "name=a tags=y:2" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':['int','string','null']}}",
          BYTES("\x02"
                "a\x02\x02z\x02\x02"
                "2\x00"),
          "name=a tags=z:2" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':['int','string','null']}}",
          BYTES("\x02"
                "a\x02\x02z\x00\x02\x00"),
          "BAD_FIELD tags 8" },
        { NAME_FIELD ",{'name':'tags','type':['null',{'type':'map','values':'bytes'}]}",
          BYTES("\x02"
                "a\x02\x00"),
          "name=a" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':'string'}}",
          BYTES("\x02"
                "a\x04\x02z\x02"
                "1\x02z\x02"
                "2\x00"),
          "BAD_FIELD tags 12" },
    };
    check_cases(cases, ARRAY_COUNT(cases));
}

#define COST(type) NAME_FIELD ",{'name':'cost','type':" type "}"
#define FIXED_DECIMAL "{'type':'fixed','name':'D','size':4,'logicalType':'decimal','precision':9,'scale':3}"

static void decimals_come_at_any_scale(void **state)
{
    (void)state;
    static const struct decode_case cases[] = {
        { COST(DECIMAL_TYPE(2)),
          BYTES("\x02"
                "a\x02\x7f"),
          "name=a cost=1.27" },
        { COST(DECIMAL_TYPE(2)),
          BYTES("\x02"
                "a\x04\xff\x7f"),
          "name=a cost=-1.29" },
        { COST(DECIMAL_TYPE(2)),
          BYTES("\x02"
                "a\x0a\x00\x00\x00\x00\x7f"),
          "name=a cost=1.27" },
        { COST(DECIMAL_TYPE(2)),
          BYTES("\x02"
                "a\x00"),
          "BAD_NUMBER cost 3" },
        { COST(DECIMAL_TYPE(0)),
          BYTES("\x02"
                "a\x02\x7f"),
          "name=a cost=127" },
        { COST(DECIMAL_TYPE(4)),
          BYTES("\x02"
                "a\x04\x30\x39"),
          "name=a cost=1.23" },
        { COST(DECIMAL_TYPE(3)),
          BYTES("\x02"
                "a\x02\x05"),
          "name=a cost=0" },
        { COST(DECIMAL_TYPE(3)),
          BYTES("\x02"
                "a\x02\x0f"),
          "name=a cost=0.02" },
        { COST(DECIMAL_TYPE(3)),
          BYTES("\x02"
                "a\x02\xf1"),
          "name=a cost=-0.02" },
        { COST("{'type':'bytes','logicalType':'decimal','precision':60,'scale':45}"),
          BYTES("\x02"
                "a\x02\x7f"),
          "name=a cost=0" },
        { COST(DECIMAL_TYPE(2)),
          BYTES("\x02"
                "a\x22\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
          "NUMBER_TOO_LARGE cost 20" },
        { COST(DECIMAL_TYPE(0)),
          BYTES("\x02"
                "a\x20\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
          "NUMBER_TOO_LARGE cost 19" },
        { COST(FIXED_DECIMAL),
          BYTES("\x02"
                "a\x00\x00\x30\x39"),
          "name=a cost=12.34" },
        { COST(FIXED_DECIMAL),
          BYTES("\x02"
                "a\xff\xff\xff\xf6"),
          "name=a cost=-0.01" },
        { COST("['null'," FIXED_DECIMAL "]"),
          BYTES("\x02"
                "a\x02\x00\x00\x00\x0a"),
          "name=a cost=0.01" },
        { COST("'int'"),
          BYTES("\x02"
                "a\x05"),
          "name=a cost=-3" },
        { COST("'long'"),
          BYTES("\x02"
                "a\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
          "name=a cost=9223372036854775807" },
        { COST("'string'"),
          BYTES("\x02"
                "a\x08"
                "1e-2"),
          "name=a cost=0.01" },
        { COST("'string'"),
          BYTES("\x02"
                "a\x00"),
          "name=a" },
        { COST("'string'"),
          BYTES("\x02"
                "a\x06"
                "1,2"),
          "BAD_NUMBER cost 6" },
        { COST("['double','string']"),
          BYTES("\x02"
                "a\x02\x06"
                "1.5"),
          "name=a cost=1.5" },
        { COST("['double','string']"),
          BYTES("\x02"
                "a\x00"
                "12345678"),
          "BAD_FIELD cost 11" },
    };
    check_cases(cases, ARRAY_COUNT(cases));
    static const struct decode_case strict[] = {
        { COST(DECIMAL_TYPE(3)),
          BYTES("\x02"
                "a\x02\x0f"),
          "EXCESS_DECIMALS cost 4" },
        { COST(DECIMAL_TYPE(3)),
          BYTES("\x02"
                "a\x02\x0a"),
          "name=a cost=0.01" },
        { COST("'string'"),
          BYTES("\x02"
                "a\x0a"
                "0.015"),
          "EXCESS_DECIMALS cost 8" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(strict); i++)
        check_case(&strict[i], EXCESS_REJECT);
}

#define AT(type) NAME_FIELD ",{'name':'at','type':" type "}"
#define STAMP(unit) "{'type':'long','logicalType':'timestamp-" unit "'}"

static void times_come_in_any_unit(void **state)
{
    (void)state;
    static const struct decode_case cases[] = {
        { AT(STAMP("millis")),
          BYTES("\x02"
                "a\xd0\x0f"),
          "name=a at=1000" },
        { AT("'long'"),
          BYTES("\x02"
                "a\xd0\x0f"),
          "name=a at=1000" },
        { AT(STAMP("micros")),
          BYTES("\x02"
                "a\xd0\x0f"),
          "name=a at=1" },
        { AT(STAMP("micros")),
          BYTES("\x02"
                "a\xce\x0f"),
          "name=a at=0" },
        { AT(STAMP("micros")),
          BYTES("\x02"
                "a\x01"),
          "name=a at=-1" },
        { AT(STAMP("micros")),
          BYTES("\x02"
                "a\xcf\x0f"),
          "name=a at=-1" },
        { AT(STAMP("nanos")),
          BYTES("\x02"
                "a\x80\x89\x7a"),
          "name=a at=1" },
        { AT("'string'"),
          BYTES("\x02"
                "a\x28"
                "1970-01-01T00:00:01Z"),
          "name=a at=1000" },
        { AT("'string'"),
          BYTES("\x02"
                "a\x00"),
          "name=a" },
        { AT("'string'"),
          BYTES("\x02"
                "a\x06now"),
          "BAD_TIME at 6" },
    };
    check_cases(cases, ARRAY_COUNT(cases));
}

#define TAGS_FIELD "{'name':'tags','type':{'type':'map','values':'string'}}"
#define LIST_FIELD "{'name':'x','type':{'type':'record','name':'L','fields':[{'name':'n','type':['null','L']}]}}"
#define EIGHT(byte) byte byte byte byte byte byte byte byte

static void hostile_bytes_are_refused_and_never_read_beyond(void **state)
{
    (void)state;
    static const struct decode_case cases[] = {
        { NAME_FIELD, BYTES(""), "TRUNCATED name 0" },
        { NAME_FIELD,
          BYTES("\x04"
                "a"),
          "TRUNCATED name 0" },
        { NAME_FIELD, BYTES("\x80"), "TRUNCATED name 0" },
        { NAME_FIELD, BYTES("\x01"), "MALFORMED name 0" },
        { NAME_FIELD, BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "TRUNCATED name 0" },
        { NAME_FIELD, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "MALFORMED name 0" },
        { NAME_FIELD, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "MALFORMED name 0" },
        { NAME_FIELD,
          BYTES("\x82\x00"
                "a"),
          "name=a" },
        { "{'name':'name','type':['null','string']}", BYTES("\x04"), "MALFORMED name 0" },
        { "{'name':'name','type':['null','string']}", BYTES("\x01"), "MALFORMED name 0" },
        { "{'name':'name','type':['null','string','bytes']}", BYTES("\x06"), "MALFORMED name 0" },
        { "{'name':'name','type':{'type':'enum','name':'E','symbols':['P','Q']}}", BYTES("\x04"), "MALFORMED name 0" },
        { "{'name':'x','type':'boolean'}," NAME_FIELD,
          BYTES("\x02\x02"
                "a"),
          "MALFORMED - 0" },
        { "{'name':'x','type':'double'}," NAME_FIELD, BYTES("1234567"), "TRUNCATED - 0" },
        { "{'name':'x','type':{'type':'fixed','name':'F','size':1000000000}}," NAME_FIELD, BYTES("a"), "TRUNCATED - 0" },
        { "{'name':'x','type':{'type':'array','items':'null'}}," NAME_FIELD,
          BYTES("\x06\x00\x02"
                "a"),
          "name=a" },
        { "{'name':'x','type':{'type':'array','items':'null'}}," NAME_FIELD,
          BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x02"
                "a"),
          "MALFORMED - 0" },
        { "{'name':'x','type':{'type':'array','items':'null'}}," NAME_FIELD,
          BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x02"
                "a"),
          "MALFORMED - 0" },
        { "{'name':'x','type':{'type':'array','items':'long'}}," NAME_FIELD, BYTES("\x01\x01\x02\x00"), "MALFORMED - 0" },
        { "{'name':'x','type':{'type':'array','items':'long'}}," NAME_FIELD, BYTES("\x01\x7e\x02\x00"), "TRUNCATED - 0" },
        { "{'name':'x','type':{'type':'array','items':'long'}}," NAME_FIELD,
          BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"), "TRUNCATED - 0" },
        { LIST_FIELD "," NAME_FIELD,
          BYTES(EIGHT("\x02") "\x00\x02"
                              "a"),
          "name=a" },
        { LIST_FIELD "," NAME_FIELD,
          BYTES(EIGHT(EIGHT("\x02")) "\x00\x02"
                                     "a"),
          "MALFORMED - 0" },
        { NAME_FIELD "," TAGS_FIELD,
          BYTES("\x02"
                "a\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
          "TRUNCATED tags 0" },
        { NAME_FIELD "," TAGS_FIELD,
          BYTES("\x02"
                "a\x02\x02k"),
          "TRUNCATED tags 0" },
        { NAME_FIELD "," TAGS_FIELD,
          BYTES("\x02"
                "a\x02\x01"),
          "MALFORMED tags 0" },
        { COST(DECIMAL_TYPE(2)),
          BYTES("\x02"
                "a\x04\x01"),
          "TRUNCATED cost 0" },
        { COST(FIXED_DECIMAL),
          BYTES("\x02"
                "a\x01\x01\x01"),
          "TRUNCATED cost 0" },
        { COST("'string'") ",{'name':'rows','type':'long'}",
          BYTES("\x02"
                "a\x02x"),
          "TRUNCATED rows 0" },
    };
    check_cases(cases, ARRAY_COUNT(cases));
}

static void bytes_behind_the_datum_are_left_alone(void **state)
{
    (void)state;
    struct avro_program *program = compile(NAME_FIELD);
    struct sample sample;
    struct arena arena = { 0 };
    struct refusal refusal;
    size_t used;
    assert_true(avro_decode(program,
                            (const uint8_t *)"\x02"
                                             "abc",
                            4, &used, &sample, &arena, EXCESS_ROUND, &refusal));
    assert_int_equal(used, 2);
    arena_done(&arena);
    avro_program_free(program);
}

/* Each record holds ten of the one before: ten billion nulls of no bytes. */
static void a_tree_of_empty_records_is_refused_at_once(void **state)
{
    (void)state;
    struct buffer fields = { 0 };
    buffer_append_text(&fields,
                       TEXT("{'name':'x0','type':{'type':'record','name':'R0','fields':[{'name':'n','type':'null'}]}}"));
    for (int level = 1; level <= 6; level++) {
        buffer_printf(&fields, ",{'name':'x%d','type':{'type':'record','name':'R%d','fields':[", level, level);
        for (int i = 0; i < 10; i++)
            buffer_printf(&fields, "%s{'name':'f%d','type':'R%d'}", i ? "," : "", i, level - 1);
        buffer_append_text(&fields, TEXT("]}}"));
    }
    buffer_append_text(&fields, TEXT("," NAME_FIELD));
    buffer_append_byte(&fields, '\0');
    const struct decode_case row = { fields.data,
                                     BYTES("\x02"
                                           "a"),
                                     "MALFORMED - 0" };
    check_case(&row, EXCESS_ROUND);
    buffer_done(&fields);
}

static void tags_in_many_blocks_are_kept_up_to_their_bound(void **state)
{
    (void)state;
    struct avro_program *program = compile(NAME_FIELD ",{'name':'tags','type':{'type':'map','values':'string'}}");
    for (uint32_t count = AVRO_TAGS_MAX; count <= AVRO_TAGS_MAX + 1; count++) {
        struct buffer datum = { 0 };
        struct arena arena = { 0 };
        struct sample sample;
        struct refusal refusal;
        size_t used;
        buffer_append_text(&datum, TEXT("\x02"
                                        "a"));
        for (uint32_t i = 0; i < count; i++)
            buffer_printf(&datum, "\x02\x0e%07x\x02v", i); /* a block of one */
        buffer_append_byte(&datum, '\0');
        bool fits = count == AVRO_TAGS_MAX;
        assert_int_equal(
            avro_decode(program, (const uint8_t *)datum.data, datum.size, &used, &sample, &arena, EXCESS_ROUND, &refusal),
            fits);
        assert_int_equal(used, datum.size);
        assert_true(!fits || sample.tags.count == count);
        assert_true(fits || refusal.reason == REFUSAL_BAD_FIELD);
        assert_true(arena.bytes < 8 * 1024 * 1024);
        arena_done(&arena);
        buffer_done(&datum);
    }
    avro_program_free(program);
}

static void rounded_numbers_of_a_usage_event_are_counted(void **state)
{
    (void)state;
    char schema[SAMPLE_SCHEMA_MAX];
    struct avro_program *program;
    struct error error;
    struct text text = sample_schema("{'name':'event_id','type':'string'},{'name':'usage_account_id','type':'string'},"
                                     "{'name':'product_code','type':'string'},{'name':'usage_start','type':'long'},"
                                     "{'name':'usage_amount','type':'string'},{'name':'unblended_cost','type':" DECIMAL_TYPE(
                                         21) "},"
                                             "{'name':'public_on_demand_rate','type':" DECIMAL_TYPE(11) "}",
                                     schema);
    if (!avro_program_compile(text, &usage_event_type, &program, &error))
        fail_msg("%s", error.message);
    struct usage_event event;
    struct arena arena = { 0 };
    struct refusal refusal;
    size_t used;
    const char bytes[] = "\x02"
                         "e\x02"
                         "1\x02p\x00\x1a"
                         "0.00000000015\x02\x0f\x02\x0a";
    assert_true(
        avro_decode(program, (const uint8_t *)bytes, sizeof bytes - 1, &used, &event, &arena, EXCESS_ROUND, &refusal));
    assert_int_equal(event.excess_decimals, 2);
    assert_true(event.usage_amount == 2 && event.unblended_cost == 2 && event.public_on_demand_rate == 1);
    arena_done(&arena);
    avro_program_free(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_may_remove_reorder_and_add_fields),
        cmocka_unit_test(a_writer_may_use_other_types_and_unions),
        cmocka_unit_test(decimals_come_at_any_scale),
        cmocka_unit_test(times_come_in_any_unit),
        cmocka_unit_test(hostile_bytes_are_refused_and_never_read_beyond),
        cmocka_unit_test(bytes_behind_the_datum_are_left_alone),
        cmocka_unit_test(a_tree_of_empty_records_is_refused_at_once),
        cmocka_unit_test(tags_in_many_blocks_are_kept_up_to_their_bound),
        cmocka_unit_test(rounded_numbers_of_a_usage_event_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
