/*
 * codec/avro_schema.c: checks the text of a schema and compiles its fields in the writer's order.
 *
 * Avro C decides what is a schema. It recurses as deep as the text nests, so the text is bounded before it sees it; and
 * it drops logical types, so the same text is walked once more as JSON.
 */
#include "codec/avro_schema.h"

#include <avro.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/avro_resolve.h"

/* Brackets open at once, at most. Strings are passed over. */
static size_t json_depth(struct text json)
{
    size_t depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.size; i++) {
        char c = json.data[i];
        if (in_string) {
            if (c == '\\')
                i++;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

static bool avro_accepts(struct text schema, struct error *error)
{
    avro_schema_t parsed = NULL;
    int status = avro_schema_from_json_length(schema.data, schema.size, &parsed);
    if (status != 0)
        return error_fail(error, ERROR_INVALID, "not an Avro schema: %s", avro_strerror());
    bool is_record = is_avro_record(parsed);
    avro_schema_decref(parsed);
    return is_record || error_fail(error, ERROR_INVALID, "the Avro schema is no record");
}

static bool parse(struct text schema, json_t **ret_json, struct error *error)
{
    if (schema.size == 0)
        return error_fail(error, ERROR_INVALID, "the Avro schema is empty");
    if (schema.size > AVRO_SCHEMA_BYTES_MAX)
        return error_fail(error, ERROR_INVALID, "the Avro schema has %zu bytes, at most %zu are read", schema.size,
                          AVRO_SCHEMA_BYTES_MAX);
    if (json_depth(schema) > AVRO_SCHEMA_DEPTH_MAX)
        return error_fail(error, ERROR_INVALID, "the Avro schema is nested deeper than %d", AVRO_SCHEMA_DEPTH_MAX);
    json_error_t json_error;
    *ret_json = json_loadb(schema.data, schema.size, JSON_REJECT_DUPLICATES, &json_error);
    if (!*ret_json)
        return error_fail(error, ERROR_INVALID, "the Avro schema is no JSON: %s", json_error.text);
    return true;
}

static size_t find_field(const struct record_type *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return i;
    return type->field_count;
}

static bool compile_field(struct compiler *compiler, const json_t *writer, const char *space, uint32_t at, uint64_t *found,
                          struct error *error)
{
    const struct record_type *type = compiler->program->type;
    const char *name = json_string_value(json_object_get(writer, "name"));
    const json_t *schema = json_object_get(writer, "type");
    if (!name)
        return error_fail(error, ERROR_INVALID, "a field of the Avro schema has no name");
    size_t index = find_field(type, name);
    if (index == type->field_count)
        return resolve_skip(compiler, schema, space, at) ||
               error_fail(error, ERROR_INVALID, "field %.100s: %s", name, compiler->reason);
    if (*found >> index & 1)
        return error_fail(error, ERROR_INVALID, "field %s comes twice in the Avro schema", name);
    *found |= (uint64_t)1 << index;
    if (!resolve_field(compiler, schema, space, &type->fields[index], at))
        return error_fail(error, ERROR_INVALID, "field %s of %s: %s", name, type->name, compiler->reason);
    compiler->program->steps[at].field = (uint8_t)index;
    return true;
}

static bool compile_record(struct compiler *compiler, const json_t *schema, struct error *error)
{
    struct avro_program *program = compiler->program;
    const struct record_type *type = program->type;
    struct writer_type writer;
    if (!writer_type_read(&compiler->names, schema, "", &writer) || writer.kind != WRITER_RECORD)
        return error_fail(error, ERROR_INVALID, "the Avro schema is no record");
    const json_t *fields = json_object_get(writer.json, "fields");
    program->field_count = json_array_size(fields);
    compiler_take_steps(compiler, program->field_count);
    uint64_t found = 0;
    for (uint32_t i = 0; i < program->field_count; i++)
        if (!compile_field(compiler, json_array_get(fields, i), writer.space, i, &found, error))
            return false;
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].required && !(found >> i & 1))
            return error_fail(error, ERROR_INVALID, "the writer's schema has no field %s, which %s requires",
                              type->fields[i].name, type->name);
    return true;
}

bool avro_program_compile(struct text schema, const struct record_type *type, struct avro_program **ret, struct error *error)
{
    CHECK(type->field_count <= 64);
    json_t *json = NULL;
    if (!parse(schema, &json, error))
        return false;
    struct compiler compiler = { .program = memory_new(sizeof(struct avro_program)) };
    compiler.program->type = type;
    compiler.names.arena = &compiler.program->arena;
    const char *reason = "";
    bool done = avro_accepts(schema, error);
    if (done && !names_collect(&compiler.names, json, &reason))
        done = error_fail(error, ERROR_INVALID, "the Avro schema is invalid: %s", reason);
    done = done && compile_record(&compiler, json, error);
    names_done(&compiler.names);
    json_decref(json);
    if (!done) {
        avro_program_free(compiler.program);
        return false;
    }
    *ret = compiler.program;
    return true;
}

void avro_program_free(struct avro_program *program)
{
    if (!program)
        return;
    free(program->steps);
    free(program->texts);
    arena_done(&program->arena);
    free(program);
}
