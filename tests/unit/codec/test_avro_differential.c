/* codec/avro_*: our codec against Avro C, over random usage events: what one writes the other reads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <avro.h>
#include <cmocka.h>

#include "codec/avro_decode.h"
#include "codec/avro_encode.h"
#include "codec/schemas.h"
#include "support/avro_random.h"
#include "support/record_text.h"

#define ROUNDS 20000
#define DATUM_BYTES_MAX (4 * 1024 * 1024)

struct fixture {
    avro_schema_t schema;
    avro_value_iface_t *class;
    avro_value_t value;
    struct avro_program *program;
    struct arena arena, tags;
    struct buffer datum, expected, found;
    char *memory;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_new(sizeof *fixture);
    struct text schema = avro_schema_text(&usage_event_type);
    struct error error;
    assert_int_equal(avro_schema_from_json_length(schema.data, schema.size, &fixture->schema), 0);
    fixture->class = avro_generic_class_from_schema(fixture->schema);
    assert_int_equal(avro_generic_value_new(fixture->class, &fixture->value), 0);
    assert_true(avro_program_compile(schema, &usage_event_type, &fixture->program, &error));
    fixture->memory = memory_new(DATUM_BYTES_MAX);
    const char *seed = getenv("PROFORMA_SEED");
    random_state = seed ? strtoull(seed, NULL, 0) : 20260601;
    printf("seed %llu (set PROFORMA_SEED for another)\n", (unsigned long long)random_state);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    avro_value_decref(&fixture->value);
    avro_value_iface_decref(fixture->class);
    avro_schema_decref(fixture->schema);
    avro_program_free(fixture->program);
    arena_done(&fixture->arena);
    arena_done(&fixture->tags);
    buffer_done(&fixture->datum);
    buffer_done(&fixture->expected);
    buffer_done(&fixture->found);
    free(fixture->memory);
    free(fixture);
    return 0;
}

/* From an Avro C value into the struct, through Avro C's own accessors. */
static void member_from_avro(struct fixture *fixture, struct usage_event *event, size_t index, avro_value_t *value)
{
    const struct field *field = &usage_event_type.fields[index];
    void *member = record_member(event, field);
    const char *string = "";
    const void *bytes = "";
    size_t size = 1;
    switch (field->kind) {
    case FIELD_TEXT:
        assert_int_equal(avro_value_get_string(value, &string, &size), 0);
        record_set_text(event, &usage_event_type, index, (struct text){ string, size - 1 });
        return;
    case FIELD_DECIMAL:
        assert_int_equal(avro_value_get_bytes(value, &bytes, &size), 0);
        assert_int_equal(decimal_from_bytes(bytes, size, member), DECIMAL_EXACT);
        break;
    case FIELD_SUM:
        assert_int_equal(avro_value_get_bytes(value, &bytes, &size), 0);
        assert_int_equal(sum_from_bytes(bytes, size, member), DECIMAL_EXACT);
        break;
    case FIELD_TIME:
    case FIELD_LONG:
        assert_int_equal(avro_value_get_long(value, member), 0);
        break;
    case FIELD_TAGS: {
        struct tags *tags = member;
        avro_value_get_size(value, &size);
        struct tag *items = arena_take(&fixture->arena, size * sizeof *items, _Alignof(struct tag));
        for (size_t i = 0; i < size; i++) {
            avro_value_t item;
            size_t item_size;
            avro_value_get_by_index(value, i, &item, &string);
            items[i].key = text_of(string);
            avro_value_get_string(&item, &string, &item_size);
            items[i].value = (struct text){ string, item_size - 1 };
        }
        *tags = (struct tags){ items, size };
        break;
    }
    }
    record_set(event, index);
}

static void event_from_avro(struct fixture *fixture, struct usage_event *event)
{
    memset(event, 0, sizeof *event);
    for (size_t i = 0; i < usage_event_type.field_count; i++) {
        avro_value_t field, branch;
        int number = 1;
        avro_value_get_by_index(&fixture->value, i, &field, NULL);
        branch = field;
        if (!usage_event_type.fields[i].required) {
            avro_value_get_discriminant(&field, &number);
            avro_value_get_current_branch(&field, &branch);
        }
        if (number == 1)
            member_from_avro(fixture, event, i, &branch);
    }
}

static void member_to_avro(const struct field *field, const void *member, avro_value_t *value)
{
    const struct text *text = member;
    const struct tags *tags = member;
    uint8_t bytes[SUM_BYTES_MAX];
    size_t size;
    switch (field->kind) {
    case FIELD_TEXT: {
        char *copy = memory_new(text->size + 1);
        if (text->size)
            memcpy(copy, text->data, text->size);
        avro_value_set_string_len(value, copy, text->size + 1);
        free(copy);
        break;
    }
    case FIELD_DECIMAL:
        size = decimal_to_bytes(*(const i128 *)member, bytes);
        avro_value_set_bytes(value, bytes, size);
        break;
    case FIELD_SUM:
        size = sum_to_bytes(member, bytes);
        avro_value_set_bytes(value, bytes, size);
        break;
    case FIELD_TIME:
    case FIELD_LONG:
        avro_value_set_long(value, *(const int64_t *)member);
        break;
    case FIELD_TAGS:
        for (size_t i = 0; i < tags->count; i++) {
            char key[8] = { 0 };
            avro_value_t item;
            memcpy(key, tags->items[i].key.data, tags->items[i].key.size);
            avro_value_add(value, key, &item, NULL, NULL);
            member_to_avro(&usage_event_type.fields[0], &tags->items[i].value, &item);
        }
        break;
    }
}

static void event_to_avro(struct fixture *fixture, const struct usage_event *event)
{
    avro_value_reset(&fixture->value);
    for (size_t i = 0; i < usage_event_type.field_count; i++) {
        const struct field *field = &usage_event_type.fields[i];
        avro_value_t value, branch;
        avro_value_get_by_index(&fixture->value, i, &value, NULL);
        branch = value;
        if (!field->required)
            avro_value_set_branch(&value, record_has(event, i) ? 1 : 0, &branch);
        if (field->required || record_has(event, i))
            member_to_avro(field, record_member_const(event, field), &branch);
    }
}

static void check_same(struct fixture *fixture, const struct usage_event *left, const struct usage_event *right,
                       uint64_t seed)
{
    const char *expected = record_text(&usage_event_type, left, &fixture->expected);
    const char *found = record_text(&usage_event_type, right, &fixture->found);
    if (strcmp(expected, found) != 0)
        fail_msg("PROFORMA_SEED=%llu: expected\n  %.800s\nfound\n  %.800s", (unsigned long long)seed, expected, found);
}

static void avro_c_reads_what_we_write(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t seed = random_state;
        struct usage_event event, read;
        arena_reset(&fixture->arena);
        random_event(&event, &fixture->arena);
        buffer_clear(&fixture->datum);
        avro_encode(&usage_event_type, &event, &fixture->datum);
        avro_reader_t reader = avro_reader_memory(fixture->datum.data, (int64_t)fixture->datum.size);
        avro_value_reset(&fixture->value);
        if (avro_value_read(reader, &fixture->value) != 0)
            fail_msg("PROFORMA_SEED=%llu: %s", (unsigned long long)seed, avro_strerror());
        char more;
        assert_int_not_equal(avro_read(reader, &more, 1), 0); /* nothing is left */
        avro_reader_free(reader);
        event_from_avro(fixture, &read);
        check_same(fixture, &event, &read, seed);
    }
}

static void we_read_what_avro_c_writes(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t seed = random_state;
        struct usage_event event, read;
        struct refusal refusal;
        size_t used, size;
        arena_reset(&fixture->arena);
        arena_reset(&fixture->tags);
        random_event(&event, &fixture->arena);
        event_to_avro(fixture, &event);
        avro_value_sizeof(&fixture->value, &size);
        assert_true(size <= DATUM_BYTES_MAX);
        avro_writer_t writer = avro_writer_memory(fixture->memory, DATUM_BYTES_MAX);
        assert_int_equal(avro_value_write(writer, &fixture->value), 0);
        avro_writer_free(writer);
        if (!avro_decode(fixture->program, (const uint8_t *)fixture->memory, size, &used, &read, &fixture->tags,
                         EXCESS_ROUND, &refusal))
            fail_msg("PROFORMA_SEED=%llu: %s: %s", (unsigned long long)seed, refusal.field, refusal.detail);
        assert_int_equal(used, size);
        assert_int_equal(read.excess_decimals, 0);
        check_same(fixture, &event, &read, seed);
    }
}

static void what_we_write_we_read_and_no_part_of_it_alone(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < ROUNDS / 20; round++) {
        uint64_t seed = random_state;
        struct usage_event event, read;
        struct refusal refusal;
        size_t used;
        arena_reset(&fixture->arena);
        random_event(&event, &fixture->arena);
        buffer_clear(&fixture->datum);
        avro_encode(&usage_event_type, &event, &fixture->datum);
        const uint8_t *bytes = (const uint8_t *)fixture->datum.data;
        assert_true(
            avro_decode(fixture->program, bytes, fixture->datum.size, &used, &read, &fixture->tags, EXCESS_ROUND, &refusal));
        check_same(fixture, &event, &read, seed);
        size_t shorter = random_below(fixture->datum.size);
        assert_false(avro_decode(fixture->program, bytes, shorter, &used, &read, &fixture->tags, EXCESS_ROUND, &refusal));
        assert_int_equal(refusal.reason, REFUSAL_TRUNCATED);
        assert_int_equal(used, 0);
        arena_reset(&fixture->tags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(avro_c_reads_what_we_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(we_read_what_avro_c_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_we_write_we_read_and_no_part_of_it_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
