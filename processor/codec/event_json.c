/* codec/event_json.c: jansson's tree to a usage event, member by member. */
#include "codec/event_json.h"

#include <stdlib.h>

#include "base/intern.h"
#include "codec/json_text.h"

struct event_json {
    struct buffer scratch;
    struct intern names; /* number = field */
};

struct event_json *event_json_new(void)
{
    struct event_json *decoder = memory_new(sizeof *decoder);
    for (size_t i = 0; i < usage_event_type.field_count; i++)
        intern_add(&decoder->names, text_of(usage_event_type.fields[i].name));
    return decoder;
}

static bool set_tags(json_t *object, struct usage_event *event, struct arena *arena, struct refusal *refusal)
{
    size_t count = 0;
    struct tag *items = arena_take(arena, json_object_size(object) * sizeof *items, _Alignof(struct tag));
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        if (json_is_null(value))
            continue;
        if (!json_is_string(value))
            return refuse(refusal, REFUSAL_BAD_FIELD, "tags", arena_copy(arena, text_of(key)),
                          "the value of tag %.80s is no text", key);
        items[count++] = (struct tag){
            arena_copy(arena, text_of(key)),
            arena_copy(arena, (struct text){ json_string_value(value), json_string_length(value) }),
        };
    }
    if (!tags_normalize(items, &count, refusal))
        return false;
    event->tags = (struct tags){ items, count };
    if (count)
        record_set(event, USAGE_EVENT_tags);
    return true;
}

static bool set_member(struct usage_event *event, size_t index, json_t *value, enum excess_decimals excess,
                       struct arena *arena, struct refusal *refusal)
{
    const struct field *field = &usage_event_type.fields[index];
    if (json_is_null(value))
        return true;
    if (field->kind == FIELD_TAGS && json_is_object(value))
        return set_tags(value, event, arena, refusal);
    if (!json_is_string(value) || field->kind == FIELD_TAGS)
        return refuse(refusal, REFUSAL_BAD_FIELD, field->name, TEXT_NONE, "%s must be %s", field->name,
                      field->kind == FIELD_TAGS      ? "an object of texts"
                      : field->kind == FIELD_DECIMAL ? "a number"
                                                     : "a text");
    struct text text = arena_copy(arena, (struct text){ json_string_value(value), json_string_length(value) });
    return field->kind == FIELD_DECIMAL ? usage_event_set_decimal(event, index, text, excess, refusal)
                                        : usage_event_set_text(event, index, text, refusal);
}

static bool refuse_json(const json_error_t *error, struct text json, struct refusal *refusal)
{
    enum refusal_reason reason =
        strstr(error->text, "UTF-8") || strstr(error->text, "utf-8") ? REFUSAL_BAD_ENCODING : REFUSAL_MALFORMED;
    return refuse(refusal, reason, NULL, json, "no JSON object at byte %d: %s", error->position, error->text);
}

bool event_json_decode(struct event_json *decoder, struct text json, enum excess_decimals excess, struct usage_event *event,
                       struct arena *arena, struct refusal *refusal)
{
    *event = (struct usage_event){ 0 };
    if (!text_is_utf8(json))
        return refuse(refusal, REFUSAL_BAD_ENCODING, NULL, json, "the record is not UTF-8");
    if (json.size && memchr(json.data, '\0', json.size))
        return refuse(refusal, REFUSAL_NUL_BYTE, NULL, json, "the record holds a zero byte");
    json_error_t error;
    json_t *object = json_parse_exact(json, &decoder->scratch, &error);
    if (!object)
        return refuse_json(&error, json, refusal);
    bool done = json_is_object(object) || refuse(refusal, REFUSAL_MALFORMED, NULL, json, "the record is no JSON object");
    const char *name;
    json_t *value;
    if (done) {
        json_object_foreach (object, name, value) {
            uint32_t field = intern_find(&decoder->names, text_of(name));
            if (field != INTERN_NONE)
                done = set_member(event, field, value, excess, arena, refusal);
            if (!done)
                break;
        }
    }
    json_decref(object);
    return done;
}

void event_json_free(struct event_json *decoder)
{
    if (!decoder)
        return;
    buffer_done(&decoder->scratch);
    intern_done(&decoder->names);
    free(decoder);
}
