/* codec/avro_schema: which writer schemas compile, and what the others are told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buffer.h"
#include "codec/avro_schema.h"
#include "codec/schemas.h"
#include "model/bill.h"
#include "model/cur_row.h"
#include "model/line_item.h"
#include "model/usage_event.h"
#include "support/avro_sample.h"

static void expect_message(struct text schema, const char *expected)
{
    struct avro_program *program = NULL;
    struct error error = { 0 };
    bool done = avro_program_compile(schema, &sample_type, &program, &error);
    if (done != (expected == NULL) || (expected && !strstr(error.message, expected)))
        fail_msg("%.*s\n  gives \"%s\", expected \"%s\"", TEXT_ARGS(schema), done ? "a program" : error.message,
                 expected ? expected : "a program");
    if (!done)
        assert_int_equal(error.kind, ERROR_INVALID);
    else
        avro_program_free(program);
}

static void a_type_that_can_never_be_read_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *message; /* NULL: compiles */
    } cases[] = {
        { NAME_FIELD, NULL },
        { "{'name':'name','type':'bytes'}", NULL },
        { "{'name':'name','type':{'type':'enum','name':'E','symbols':['A','B']}}", NULL },
        { "{'name':'name','type':['null','string']}", NULL },
        { "{'name':'name','type':['long','string']}", NULL },
        { "{'name':'name','type':{'type':'string','logicalType':'uuid'}}", NULL },
        { "{'name':'other','type':'string'}", "no field name, which Sample requires" },
        { "{'name':'name','type':'null'}", "field name of Sample: the writer's type is null, expected string" },
        { "{'name':'name','type':'long'}", "the writer's type is long, expected string, bytes or an enum" },
        { "{'name':'name','type':['null','long']}", "union of null, long" },
        { "{'name':'name','type':" DECIMAL_TYPE(2) "}", "decimal of scale 2 on bytes, expected string" },
        { "{'name':'name','type':{'type':'array','items':'string'}}", "the writer's type is array" },
        { NAME_FIELD ",{'name':'cost','type':" DECIMAL_TYPE(2) "}", NULL },
        { NAME_FIELD ",{'name':'cost','type':" DECIMAL_TYPE(24) "}", NULL },
        { NAME_FIELD ",{'name':'cost','type':'null'}", NULL },
        { NAME_FIELD ",{'name':'cost','type':'long'}", NULL },
        { NAME_FIELD ",{'name':'cost','type':'int'}", NULL },
        { NAME_FIELD ",{'name':'cost','type':'string'}", NULL },
        { NAME_FIELD
          ",{'name':'cost','type':{'type':'fixed','name':'D','size':16,'logicalType':'decimal','precision':38,'scale':9}}",
          NULL },
        { NAME_FIELD ",{'name':'cost','type':'bytes'}",
          "field cost of Sample: the writer's type is bytes, expected bytes or fixed with logicalType decimal" },
        { NAME_FIELD ",{'name':'cost','type':'double'}", "the writer's type is double" },
        { NAME_FIELD ",{'name':'cost','type':['null','float']}", "union of null, float" },
        { NAME_FIELD ",{'name':'cost','type':['double','string']}", NULL },
        { NAME_FIELD ",{'name':'cost','type':{'type':'bytes','logicalType':'decimal','precision':4,'scale':5}}",
          "bytes with logicalType decimal" },
        { NAME_FIELD ",{'name':'cost','type':{'type':'bytes','logicalType':'decimal','precision':4,'scale':-1}}",
          "bytes with logicalType decimal" },
        { NAME_FIELD ",{'name':'cost','type':{'type':'bytes','logicalType':'decimal','precision':4,'scale':2.0}}",
          "bytes with logicalType decimal" },
        { NAME_FIELD ",{'name':'cost','type':{'type':'bytes','logicalType':'decimal','scale':2}}",
          "bytes with logicalType decimal" },
        { NAME_FIELD ",{'name':'cost','type':{'type':'fixed','name':'D','size':8}}", "the writer's type is fixed D" },
        { NAME_FIELD ",{'name':'at','type':{'type':'long','logicalType':'timestamp-micros'}}", NULL },
        { NAME_FIELD ",{'name':'at','type':{'type':'long','logicalType':'timestamp-nanos'}}", NULL },
        { NAME_FIELD ",{'name':'at','type':'int'}", NULL },
        { NAME_FIELD ",{'name':'at','type':['string','null']}", NULL },
        { NAME_FIELD ",{'name':'at','type':{'type':'int','logicalType':'date'}}", "int with logicalType date" },
        { NAME_FIELD ",{'name':'at','type':{'type':'long','logicalType':'local-timestamp-millis'}}",
          "local-timestamp-millis" },
        { NAME_FIELD ",{'name':'rows','type':'int'}", NULL },
        { NAME_FIELD ",{'name':'rows','type':'boolean'}", "the writer's type is boolean, expected int or long" },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':['null','string']}}", NULL },
        { NAME_FIELD ",{'name':'tags','type':{'type':'map','values':'long'}}",
          "field tags of Sample: the writer's type is long" },
        { NAME_FIELD ",{'name':'tags','type':'string'}", "expected a map of string" },
        { NAME_FIELD "," NAME_FIELD, "" },
        { NAME_FIELD ",{'name':'x','type':'Nowhere'}", "" },
        { NAME_FIELD
          ",{'name':'x','type':['null',{'type':'record','name':'L','fields':[{'name':'n','type':['null','L']}]}]}",
          NULL },
        { NAME_FIELD ",{'name':'x','type':{'type':'record','name':'L','namespace':'a.b','fields':[{'name':'n','type':['null'"
                     ",'a.b.L']}]}}",
          NULL },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char schema[SAMPLE_SCHEMA_MAX];
        expect_message(sample_schema(cases[i].fields, schema), cases[i].message);
    }
}

static void text_that_is_no_record_schema_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "\"string\"",
        "[]",
        "null",
        "7",
        "{\"type\":\"record\"}",
        "{\"type\":\"record\",\"name\":\"X\"}",
        "{\"type\":\"array\",\"items\":\"string\"}",
        "[\"null\",\"string\"]",
        "{\"type\":{}}",
        "{\"type\":\"record\",\"name\":\"X\",\"fields\":[{}]}",
        "{\"type\":\"record\",\"name\":\"X\",\"fields\":[{\"name\":\"name\"}]}",
        "{\"type\":\"record\",\"name\":\"X\",\"fields\":[7]}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        expect_message(text_of(texts[i]), "");
}

static void deep_and_large_schemas_are_refused_before_avro_c_sees_them(void **state)
{
    (void)state;
    struct buffer text = { 0 };
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&text, TEXT("{\"type\":\"array\",\"items\":"));
    expect_message(buffer_text(&text), "at most");
    text.size = 2400;
    expect_message(buffer_text(&text), "nested deeper than");
    memset(buffer_reserve(&text, AVRO_SCHEMA_BYTES_MAX + 1), ' ', AVRO_SCHEMA_BYTES_MAX + 1);
    text.size = AVRO_SCHEMA_BYTES_MAX + 1;
    expect_message(buffer_text(&text), "at most");
    buffer_done(&text);
}

static const struct record_type *const shipped_types[] = {
    &usage_event_type, &line_item_type, &subtotal_type, &bill_type, &cur_row_type,
};

static void a_shipped_schema_compiles_to_its_fields_in_order(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {
        [FIELD_TEXT] = AVRO_READ_TEXT, [FIELD_DECIMAL] = AVRO_READ_DECIMAL, [FIELD_SUM] = AVRO_READ_SUM,
        [FIELD_TIME] = AVRO_READ_TIME, [FIELD_LONG] = AVRO_READ_LONG,       [FIELD_TAGS] = AVRO_READ_TAGS,
    };
    for (size_t t = 0; t < ARRAY_COUNT(shipped_types); t++) {
        const struct record_type *type = shipped_types[t];
        struct avro_program *program;
        struct error error;
        if (!avro_program_compile(avro_schema_text(type), type, &program, &error))
            fail_msg("%s: %s", type->name, error.message);
        assert_int_equal(program->field_count, type->field_count);
        for (size_t i = 0; i < type->field_count; i++) {
            const struct avro_step *step = &program->steps[i];
            if (step->field != i || step->kind != kinds[type->fields[i].kind] || step->scale != type->fields[i].scale ||
                step->null_branch != (type->fields[i].required ? AVRO_NO_NULL : 0))
                fail_msg("%s.avsc and the table differ at field %s", type->name, type->fields[i].name);
        }
        avro_program_free(program);
    }
}

static void every_shipped_field_is_documented_and_may_be_added_later(void **state)
{
    (void)state;
    assert_int_equal(shipped_schema_count, 6);
    for (size_t s = 0; s < shipped_schema_count; s++) {
        json_error_t error;
        json_t *schema = json_loadb(shipped_schemas[s].text.data, shipped_schemas[s].text.size, 0, &error);
        assert_non_null(schema);
        assert_string_equal(json_string_value(json_object_get(schema, "name")), shipped_schemas[s].name);
        assert_string_equal(json_string_value(json_object_get(schema, "namespace")), "proforma.v1");
        const json_t *fields = json_object_get(schema, "fields");
        for (size_t i = 0; i < json_array_size(fields); i++) {
            const json_t *field = json_array_get(fields, i), *type = json_object_get(field, "type");
            assert_true(json_string_length(json_object_get(field, "doc")) > 0);
            assert_int_equal(json_is_array(type), json_is_null(json_object_get(field, "default")));
            if (json_is_array(type))
                assert_string_equal(json_string_value(json_array_get(type, 0)), "null");
        }
        json_decref(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_that_can_never_be_read_is_refused_by_name),
        cmocka_unit_test(text_that_is_no_record_schema_is_refused),
        cmocka_unit_test(deep_and_large_schemas_are_refused_before_avro_c_sees_them),
        cmocka_unit_test(a_shipped_schema_compiles_to_its_fields_in_order),
        cmocka_unit_test(every_shipped_field_is_documented_and_may_be_added_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
