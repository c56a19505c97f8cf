/* codec/avro_types.c: walks the JSON of a schema. Its depth is bounded before it comes here. */
#include "codec/avro_types.h"

#include <stdio.h>
#include <stdlib.h>

#define FIXED_SIZE_MAX (INT64_C(1) << 30)
#define SCALE_MAX 200

static const struct {
    const char *name;
    enum writer_kind kind;
} kinds[] = {
    { "null", WRITER_NULL },     { "boolean", WRITER_BOOLEAN }, { "int", WRITER_INT },     { "long", WRITER_LONG },
    { "float", WRITER_FLOAT },   { "double", WRITER_DOUBLE },   { "bytes", WRITER_BYTES }, { "string", WRITER_STRING },
    { "record", WRITER_RECORD }, { "error", WRITER_RECORD },    { "enum", WRITER_ENUM },   { "fixed", WRITER_FIXED },
    { "array", WRITER_ARRAY },   { "map", WRITER_MAP },
};

static bool find_kind(const char *name, enum writer_kind *kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static bool is_named(enum writer_kind kind)
{
    return kind == WRITER_RECORD || kind == WRITER_ENUM || kind == WRITER_FIXED;
}

static bool is_bare(enum writer_kind kind)
{
    return kind <= WRITER_STRING;
}

static const char *string_member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A name with a dot is full as it is; others stand in the namespace. */
static const char *full_name(struct arena *arena, const char *name, const char *space)
{
    if (strchr(name, '.') || space[0] == '\0')
        return arena_copy_string(arena, text_of(name));
    size_t space_size = strlen(space), name_size = strlen(name);
    char *full = arena_take(arena, space_size + name_size + 2, 1);
    memcpy(full, space, space_size);
    full[space_size] = '.';
    memcpy(full + space_size + 1, name, name_size + 1);
    return full;
}

/* The full name of a definition, NULL without a name. `space` is the one around it. */
static const char *defined_name(struct arena *arena, const json_t *object, const char *space)
{
    const char *name = string_member(object, "name"), *own_space = string_member(object, "namespace");
    return name ? full_name(arena, name, own_space ? own_space : space) : NULL;
}

static const char *space_of(struct arena *arena, const char *full)
{
    const char *dot = strrchr(full, '.');
    return dot ? arena_copy_string(arena, (struct text){ full, (size_t)(dot - full) }) : "";
}

static struct named_type *find_name(const struct writer_names *names, const char *full)
{
    const json_t *number = json_object_get(names->numbers, full);
    return number ? &names->types[json_integer_value(number)] : NULL;
}

static bool add_name(struct writer_names *names, enum writer_kind kind, const json_t *object, const char *space,
                     const char **ret_space, const char **reason)
{
    const char *full = defined_name(names->arena, object, space);
    if (!full) {
        *reason = "a record, enum or fixed has no name";
        return false;
    }
    if (find_name(names, full)) {
        *reason = "a name is defined twice";
        return false;
    }
    *ret_space = space_of(names->arena, full);
    names->types = memory_reserve_one(names->types, names->count, &names->capacity, sizeof *names->types);
    names->types[names->count] = (struct named_type){ .kind = kind, .json = object, .space = *ret_space };
    *reason = "a name is no text";
    return json_object_set_new(names->numbers, full, json_integer((json_int_t)names->count++)) == 0;
}

static bool collect(struct writer_names *names, const json_t *schema, const char *space, const char **reason);

static bool collect_fields(struct writer_names *names, const json_t *record, const char *space, const char **reason)
{
    const json_t *fields = json_object_get(record, "fields");
    for (size_t i = 0; i < json_array_size(fields); i++)
        if (!collect(names, json_object_get(json_array_get(fields, i), "type"), space, reason))
            return false;
    return true;
}

static bool collect(struct writer_names *names, const json_t *schema, const char *space, const char **reason)
{
    for (size_t i = 0; i < json_array_size(schema); i++)
        if (!collect(names, json_array_get(schema, i), space, reason))
            return false;
    if (!json_is_object(schema))
        return true;
    const json_t *type = json_object_get(schema, "type");
    enum writer_kind kind;
    if (!json_is_string(type))
        return collect(names, type, space, reason);
    if (!find_kind(json_string_value(type), &kind))
        return true;
    const char *inner = space;
    if (is_named(kind) && !add_name(names, kind, schema, space, &inner, reason))
        return false;
    switch (kind) {
    case WRITER_RECORD:
        return collect_fields(names, schema, inner, reason);
    case WRITER_ARRAY:
        return collect(names, json_object_get(schema, "items"), space, reason);
    case WRITER_MAP:
        return collect(names, json_object_get(schema, "values"), space, reason);
    default:
        return true;
    }
}

bool names_collect(struct writer_names *names, const json_t *schema, const char **reason)
{
    names->numbers = json_object();
    return collect(names, schema, "", reason);
}

void names_done(struct writer_names *names)
{
    json_decref(names->numbers);
    free(names->types);
}

static bool read_name(struct writer_names *names, const char *name, const char *space, struct writer_type *ret_type)
{
    if (find_kind(name, &ret_type->kind) && is_bare(ret_type->kind))
        return true;
    struct named_type *named = find_name(names, full_name(names->arena, name, space));
    if (!named)
        return false;
    *ret_type = (struct writer_type){ .kind = named->kind, .json = named->json, .space = named->space, .named = named };
    return true;
}

bool writer_type_read(struct writer_names *names, const json_t *schema, const char *space, struct writer_type *ret_type)
{
    *ret_type = (struct writer_type){ .json = schema, .space = space };
    if (json_is_array(schema)) {
        ret_type->kind = WRITER_UNION;
        return true;
    }
    if (json_is_string(schema)) {
        ret_type->json = NULL;
        return read_name(names, json_string_value(schema), space, ret_type);
    }
    const json_t *type = json_object_get(schema, "type");
    if (json_is_object(type) || json_is_array(type))
        return writer_type_read(names, type, space, ret_type);
    const char *name = json_string_value(type);
    if (!name)
        return false;
    if (!find_kind(name, &ret_type->kind))
        return read_name(names, name, space, ret_type);
    if (!is_named(ret_type->kind))
        return true;
    const char *full = defined_name(names->arena, schema, space);
    ret_type->named = full ? find_name(names, full) : NULL;
    if (!ret_type->named)
        return false;
    ret_type->space = ret_type->named->space;
    return true;
}

static const char *kind_text(enum writer_kind kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].name;
    return "union";
}

const char *writer_logical_type(const struct writer_type *type)
{
    const char *logical = type->kind == WRITER_UNION ? NULL : string_member(type->json, "logicalType");
    return logical ? logical : "";
}

static void append_union(const json_t *branches, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "union of");
    for (size_t i = 0; i < json_array_size(branches) && used < size; i++) {
        const json_t *branch = json_array_get(branches, i);
        const json_t *type = json_is_object(branch) ? json_object_get(branch, "type") : branch;
        const char *name = json_string_value(type);
        used += (size_t)snprintf(out + used, size - used, "%s %.60s", i ? "," : "", name ? name : "?");
    }
}

const char *writer_type_text(const struct writer_type *type, char *out, size_t size)
{
    const char *logical = writer_logical_type(type);
    const char *name = is_named(type->kind) ? string_member(type->json, "name") : NULL;
    int scale = writer_decimal_scale(type);
    if (type->kind == WRITER_UNION)
        append_union(type->json, out, size);
    else if (scale >= 0)
        snprintf(out, size, "decimal of scale %d on %s", scale, kind_text(type->kind));
    else
        snprintf(out, size, "%s%s%.60s%s%.60s", kind_text(type->kind), name ? " " : "", name ? name : "",
                 logical[0] ? " with logicalType " : "", logical);
    return out;
}

int writer_decimal_scale(const struct writer_type *type)
{
    if ((type->kind != WRITER_BYTES && type->kind != WRITER_FIXED) || strcmp(writer_logical_type(type), "decimal") != 0)
        return -1;
    const json_t *precision = json_object_get(type->json, "precision"), *scale = json_object_get(type->json, "scale");
    if (!json_is_integer(precision) || (scale && !json_is_integer(scale)))
        return -1;
    json_int_t value = json_integer_value(scale);
    return value >= 0 && value <= SCALE_MAX && value <= json_integer_value(precision) ? (int)value : -1;
}

int64_t writer_fixed_size(const struct writer_type *type)
{
    const json_t *size = json_object_get(type->json, "size");
    int64_t value = json_integer_value(size);
    return json_is_integer(size) && value >= 0 && value <= FIXED_SIZE_MAX ? value : -1;
}
