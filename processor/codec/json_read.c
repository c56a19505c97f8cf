/* codec/json_read.c: for reading our own files again, not for foreign ones. */
#include "codec/json_read.h"

#include "codec/json_text.h"

static bool read_tags(json_t *object, struct arena *arena, struct tags *tags)
{
    size_t count = 0;
    struct tag *items = arena_take(arena, json_object_size(object) * sizeof *items, _Alignof(struct tag));
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        if (!json_is_string(value))
            return false;
        items[count++] =
            (struct tag){ arena_copy(arena, text_of(key)), arena_copy(arena, text_of(json_string_value(value))) };
    }
    *tags = (struct tags){ items, count };
    return true;
}

static bool read_long(struct text text, int64_t *number)
{
    i128 value;
    if (decimal_parse(text, 0, &value) != DECIMAL_EXACT || value > INT64_MAX || value < INT64_MIN)
        return false;
    *number = (int64_t)value;
    return true;
}

static bool read_member(json_t *value, const struct field *field, void *member, struct arena *arena)
{
    if (field->kind == FIELD_TAGS)
        return json_is_object(value) && read_tags(value, arena, member);
    if (!json_is_string(value))
        return false;
    struct text text = { json_string_value(value), json_string_length(value) };
    switch (field->kind) {
    case FIELD_TEXT: {
        struct text copy = arena_copy(arena, text);
        memcpy(member, &copy, sizeof copy);
        return true;
    }
    case FIELD_DECIMAL:
        return decimal_parse(text, field->scale, member) == DECIMAL_EXACT;
    case FIELD_SUM:
        return sum_parse(text, field->scale, member) == DECIMAL_EXACT;
    case FIELD_TIME:
        return time_parse(text, member);
    case FIELD_LONG:
        return read_long(text, member);
    case FIELD_TAGS:
        break;
    }
    return false;
}

static bool read_members(json_t *object, const struct record_type *type, void *record, struct arena *arena,
                         struct error *error)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        json_t *value = json_object_get(object, field->name);
        if (!value || json_is_null(value))
            continue;
        if (!read_member(value, field, record_member(record, field), arena))
            return error_fail(error, ERROR_FAILED, "%s: %s has a value of another kind", type->name, field->name);
        record_set(record, i);
    }
    return true;
}

bool json_read_record(struct text json, const struct record_type *type, void *record, struct arena *arena,
                      struct buffer *scratch, struct error *error)
{
    json_error_t reason;
    memset(record, 0, type->size);
    json_t *object = json_parse_exact(json, scratch, &reason);
    if (!object || !json_is_object(object)) {
        json_decref(object);
        return error_fail(error, ERROR_FAILED, "%s: no JSON object: %s", type->name, object ? "" : reason.text);
    }
    bool done = read_members(object, type, record, arena, error);
    json_decref(object);
    return done;
}
