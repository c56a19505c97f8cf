/* codec/avro_resolve.c: Avro's schema resolution, a little more liberal: schemas/README.md lists what is read as what. */
#include "codec/avro_resolve.h"

#include <stdio.h>

#define RESOLVE_DEPTH_MAX 128

uint32_t compiler_take_steps(struct compiler *compiler, size_t count)
{
    struct avro_program *program = compiler->program;
    size_t first = program->step_count;
    CHECK(first + count < UINT32_MAX);
    while (compiler->step_capacity < first + count) {
        compiler->step_capacity = compiler->step_capacity ? compiler->step_capacity * 2 : 64;
        program->steps = memory_grow(program->steps, compiler->step_capacity, sizeof *program->steps);
    }
    program->step_count += count;
    return (uint32_t)first;
}

static uint32_t add_text(struct compiler *compiler, const char *string)
{
    struct avro_program *program = compiler->program;
    program->texts =
        memory_reserve_one(program->texts, program->text_count, &compiler->text_capacity, sizeof *program->texts);
    struct text text = text_of(string);
    text.data = arena_copy_string(&program->arena, text); /* a reason is printed, so it needs its final NUL */
    program->texts[program->text_count] = text;
    return (uint32_t)program->text_count++;
}

static bool set_step(struct compiler *compiler, uint32_t at, struct avro_step step)
{
    step.field = AVRO_NO_FIELD;
    step.null_branch = AVRO_NO_NULL;
    compiler->program->steps[at] = step;
    return true;
}

static bool fail(struct compiler *compiler, const char *reason)
{
    snprintf(compiler->reason, sizeof compiler->reason, "%s", reason);
    return false;
}

static bool fail_type(struct compiler *compiler, const struct writer_type *type, const char *expected)
{
    char found[200];
    snprintf(compiler->reason, sizeof compiler->reason, "the writer's type is %s, expected %s",
             writer_type_text(type, found, sizeof found), expected);
    return false;
}

static bool skip_child(struct compiler *compiler, uint8_t kind, const json_t *schema, const char *space, uint32_t at)
{
    uint32_t child = compiler_take_steps(compiler, 1);
    set_step(compiler, at, (struct avro_step){ .kind = kind, .first = child });
    return resolve_skip(compiler, schema, space, child);
}

static bool skip_record(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    const json_t *fields = json_object_get(type->json, "fields");
    struct named_type *named = type->named;
    bool known = named->skip_known;
    if (!known) {
        /* Before the fields: one of them may be of this very type. */
        named->skip_known = true;
        named->skip_count = (uint32_t)json_array_size(fields);
        named->skip_first = compiler_take_steps(compiler, named->skip_count);
    }
    set_step(compiler, at,
             (struct avro_step){ .kind = AVRO_SKIP_RECORD, .first = named->skip_first, .count = named->skip_count });
    for (uint32_t i = 0; !known && i < named->skip_count; i++)
        if (!resolve_skip(compiler, json_object_get(json_array_get(fields, i), "type"), type->space, named->skip_first + i))
            return false;
    return true;
}

static bool skip_union(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    uint32_t count = (uint32_t)json_array_size(type->json);
    uint32_t first = compiler_take_steps(compiler, count);
    set_step(compiler, at, (struct avro_step){ .kind = AVRO_CHOOSE, .first = first, .count = count });
    for (uint32_t i = 0; i < count; i++)
        if (!resolve_skip(compiler, json_array_get(type->json, i), type->space, first + i))
            return false;
    return true;
}

static bool skip_type(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    struct avro_step step = { .kind = AVRO_SKIP_NULL };
    int64_t size;
    switch (type->kind) {
    case WRITER_NULL:
        return set_step(compiler, at, step);
    case WRITER_BOOLEAN:
        step.kind = AVRO_SKIP_BOOLEAN;
        return set_step(compiler, at, step);
    case WRITER_INT:
    case WRITER_LONG:
        step.kind = AVRO_SKIP_LONG;
        return set_step(compiler, at, step);
    case WRITER_FLOAT:
    case WRITER_DOUBLE:
        return set_step(compiler, at,
                        (struct avro_step){ .kind = AVRO_SKIP_FIXED, .count = type->kind == WRITER_FLOAT ? 4 : 8 });
    case WRITER_BYTES:
    case WRITER_STRING:
        step.kind = AVRO_SKIP_BYTES;
        return set_step(compiler, at, step);
    case WRITER_FIXED:
        size = writer_fixed_size(type);
        if (size < 0)
            return fail_type(compiler, type, "a fixed with a size up to 1 GiB");
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_SKIP_FIXED, .count = (uint32_t)size });
    case WRITER_ENUM:
        step.kind = AVRO_SKIP_ENUM;
        step.count = (uint32_t)json_array_size(json_object_get(type->json, "symbols"));
        return set_step(compiler, at, step);
    case WRITER_ARRAY:
        return skip_child(compiler, AVRO_SKIP_ARRAY, json_object_get(type->json, "items"), type->space, at);
    case WRITER_MAP:
        return skip_child(compiler, AVRO_SKIP_MAP, json_object_get(type->json, "values"), type->space, at);
    case WRITER_RECORD:
        return skip_record(compiler, type, at);
    case WRITER_UNION:
        return skip_union(compiler, type, at);
    }
    return fail(compiler, "unknown type");
}

bool resolve_skip(struct compiler *compiler, const json_t *schema, const char *space, uint32_t at)
{
    struct writer_type type;
    if (!writer_type_read(&compiler->names, schema, space, &type))
        return fail(compiler, "the schema uses a type that it does not define");
    if (compiler->depth == RESOLVE_DEPTH_MAX)
        return fail(compiler, "types are nested too deep");
    compiler->depth++;
    bool done = skip_type(compiler, &type, at);
    compiler->depth--;
    return done;
}

static bool resolve_symbols(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    const json_t *symbols = json_object_get(type->json, "symbols");
    struct named_type *named = type->named;
    if (!named->texts_known) {
        named->texts_known = true;
        named->text_first = (uint32_t)compiler->program->text_count;
        named->text_count = (uint32_t)json_array_size(symbols);
        for (size_t i = 0; i < named->text_count; i++) {
            const char *symbol = json_string_value(json_array_get(symbols, i));
            add_text(compiler, symbol ? symbol : "");
        }
    }
    return set_step(
        compiler, at,
        (struct avro_step){ .kind = AVRO_READ_TEXT_ENUM, .first = named->text_first, .count = named->text_count });
}

static bool resolve_text(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    if (type->kind == WRITER_STRING || (type->kind == WRITER_BYTES && !writer_logical_type(type)[0]))
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_TEXT });
    if (type->kind == WRITER_ENUM)
        return resolve_symbols(compiler, type, at);
    return fail_type(compiler, type, "string, bytes or an enum");
}

static bool resolve_decimal(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    int scale = writer_decimal_scale(type);
    int64_t size = writer_fixed_size(type);
    if (scale >= 0 && type->kind == WRITER_BYTES)
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_DECIMAL, .scale = (uint8_t)scale });
    if (scale >= 0 && size > 0)
        return set_step(
            compiler, at,
            (struct avro_step){ .kind = AVRO_READ_DECIMAL_FIXED, .scale = (uint8_t)scale, .count = (uint32_t)size });
    if ((type->kind == WRITER_INT || type->kind == WRITER_LONG) && !writer_logical_type(type)[0])
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_DECIMAL_LONG });
    if (type->kind == WRITER_STRING)
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_DECIMAL_TEXT });
    return fail_type(compiler, type, "bytes or fixed with logicalType decimal (scale at most 200), int, long or a string");
}

/* Only we write sums. */
static bool resolve_sum(struct compiler *compiler, const struct writer_type *type, const struct field *field, uint32_t at)
{
    if (type->kind == WRITER_BYTES && writer_decimal_scale(type) == field->scale)
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_SUM, .scale = field->scale });
    return fail_type(compiler, type, "bytes with logicalType decimal of the same scale");
}

static bool resolve_time(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    static const struct {
        const char *logical;
        uint32_t units;
    } times[] = { { "", 1 }, { "timestamp-millis", 1 }, { "timestamp-micros", 1000 }, { "timestamp-nanos", 1000000 } };
    const char *logical = writer_logical_type(type);
    if (type->kind == WRITER_STRING)
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_TIME_TEXT });
    for (size_t i = 0; i < ARRAY_COUNT(times) && (type->kind == WRITER_LONG || type->kind == WRITER_INT); i++)
        if (strcmp(times[i].logical, logical) == 0)
            return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_TIME, .count = times[i].units });
    return fail_type(compiler, type,
                     "long with logicalType timestamp-millis, timestamp-micros, timestamp-nanos or none, or a string");
}

static bool resolve_long(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    if ((type->kind == WRITER_INT || type->kind == WRITER_LONG) && !writer_logical_type(type)[0])
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_LONG });
    return fail_type(compiler, type, "int or long");
}

static bool resolve_tags(struct compiler *compiler, const struct writer_type *type, uint32_t at)
{
    static const struct field value = { .name = "value", .kind = FIELD_TEXT };
    if (type->kind != WRITER_MAP)
        return fail_type(compiler, type, "a map of string");
    uint32_t child = compiler_take_steps(compiler, 1);
    set_step(compiler, at, (struct avro_step){ .kind = AVRO_READ_TAGS, .first = child });
    return resolve_field(compiler, json_object_get(type->json, "values"), type->space, &value, child);
}

static bool resolve_type(struct compiler *compiler, const struct writer_type *type, const struct field *field, uint32_t at)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return resolve_text(compiler, type, at);
    case FIELD_DECIMAL:
        return resolve_decimal(compiler, type, at);
    case FIELD_SUM:
        return resolve_sum(compiler, type, field, at);
    case FIELD_TIME:
        return resolve_time(compiler, type, at);
    case FIELD_LONG:
        return resolve_long(compiler, type, at);
    case FIELD_TAGS:
        return resolve_tags(compiler, type, at);
    }
    return fail(compiler, "unknown field kind");
}

/* A branch that cannot be read: skipped, so that the records behind it are found, and refused. */
static bool refuse_branch(struct compiler *compiler, const json_t *branch, const char *space, uint32_t at)
{
    char reason[sizeof compiler->reason];
    memcpy(reason, compiler->reason, sizeof reason);
    uint32_t child = compiler_take_steps(compiler, 1);
    set_step(compiler, at, (struct avro_step){ .kind = AVRO_REFUSE, .first = child, .count = add_text(compiler, reason) });
    return resolve_skip(compiler, branch, space, child);
}

static bool resolve_union(struct compiler *compiler, const struct writer_type *type, const struct field *field, uint32_t at)
{
    uint32_t count = (uint32_t)json_array_size(type->json);
    uint32_t read = 0, refused = 0, null_branch = AVRO_NO_NULL, other = 0;
    uint32_t first = compiler_take_steps(compiler, count);
    for (uint32_t i = 0; i < count; i++) {
        const json_t *branch = json_array_get(type->json, i);
        struct writer_type branch_type;
        if (!writer_type_read(&compiler->names, branch, type->space, &branch_type))
            return fail(compiler, "the schema uses a type that it does not define");
        if (branch_type.kind == WRITER_UNION)
            return fail(compiler, "a union stands in a union");
        if (branch_type.kind == WRITER_NULL) {
            set_step(compiler, first + i, (struct avro_step){ .kind = AVRO_SKIP_NULL });
            null_branch = i;
        } else if (resolve_type(compiler, &branch_type, field, first + i)) {
            read++;
            other = i;
        } else if (refuse_branch(compiler, branch, type->space, first + i)) {
            refused++;
        } else {
            return false;
        }
    }
    if (read == 0 && refused > 0)
        return fail_type(compiler, type, "a branch that can be read");
    set_step(compiler, at, (struct avro_step){ .kind = AVRO_CHOOSE, .first = first, .count = count });
    if (count == 2 && read == 1 && null_branch != AVRO_NO_NULL) {
        compiler->program->steps[at] = compiler->program->steps[first + other];
        compiler->program->steps[at].null_branch = (uint8_t)null_branch;
    }
    return true;
}

bool resolve_field(struct compiler *compiler, const json_t *schema, const char *space, const struct field *field,
                   uint32_t at)
{
    struct writer_type type;
    if (!writer_type_read(&compiler->names, schema, space, &type))
        return fail(compiler, "the schema uses a type that it does not define");
    if (type.kind == WRITER_UNION)
        return resolve_union(compiler, &type, field, at);
    if (type.kind == WRITER_NULL && !field->required)
        return set_step(compiler, at, (struct avro_step){ .kind = AVRO_SKIP_NULL });
    return resolve_type(compiler, &type, field, at);
}
