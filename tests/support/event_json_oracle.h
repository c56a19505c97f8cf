/*
 * support/event_json_oracle.h: what codec/event_json must answer, by way of jansson: a tree of all of the text, then its
 * members in their order. Slow and plain.
 */
#ifndef SUPPORT_EVENT_JSON_ORACLE_H
#define SUPPORT_EVENT_JSON_ORACLE_H

#include "codec/event_json.h"
#include "codec/json_text.h"

static inline struct text oracle_text(const json_t *value, struct arena *arena)
{
    return arena_copy(arena, (struct text){ json_string_value(value), json_string_length(value) });
}

static inline bool oracle_tags(json_t *object, struct usage_event *event, struct arena *arena, struct refusal *refusal)
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
        items[count++] = (struct tag){ arena_copy(arena, text_of(key)), oracle_text(value, arena) };
    }
    if (!tags_normalize(items, &count, refusal))
        return false;
    event->tags = (struct tags){ items, count };
    if (count)
        record_set(event, USAGE_EVENT_tags);
    return true;
}

static inline bool oracle_member(struct usage_event *event, size_t index, json_t *value, enum excess_decimals excess,
                                 struct arena *arena, struct refusal *refusal)
{
    const struct field *field = &usage_event_type.fields[index];
    if (json_is_null(value))
        return true;
    if (field->kind == FIELD_TAGS && json_is_object(value))
        return oracle_tags(value, event, arena, refusal);
    if (!json_is_string(value) || field->kind == FIELD_TAGS)
        return refuse(refusal, REFUSAL_BAD_FIELD, field->name, TEXT_NONE, "%s must be %s", field->name,
                      field->kind == FIELD_TAGS      ? "an object of texts"
                      : field->kind == FIELD_DECIMAL ? "a number"
                                                     : "a text");
    struct text text = oracle_text(value, arena);
    return field->kind == FIELD_DECIMAL ? usage_event_set_decimal(event, index, text, excess, refusal)
                                        : usage_event_set_text(event, index, text, refusal);
}

static inline size_t oracle_field(const char *name)
{
    size_t index = 0;
    while (index < usage_event_type.field_count && strcmp(usage_event_type.fields[index].name, name) != 0)
        index++;
    return index;
}

static inline bool oracle_members(json_t *object, enum excess_decimals excess, struct usage_event *event,
                                  struct arena *arena, struct refusal *refusal)
{
    const char *name;
    json_t *value;
    json_object_foreach (object, name, value) {
        size_t index = oracle_field(name);
        if (index < usage_event_type.field_count && !oracle_member(event, index, value, excess, arena, refusal))
            return false;
    }
    return true;
}

static inline bool oracle_decode(struct text json, enum excess_decimals excess, struct usage_event *event,
                                 struct arena *arena, struct refusal *refusal)
{
    struct buffer scratch = { 0 };
    json_error_t error;
    *event = (struct usage_event){ 0 };
    if (!text_is_utf8(json))
        return refuse(refusal, REFUSAL_BAD_ENCODING, NULL, json, "the record is not UTF-8");
    if (json.size && memchr(json.data, '\0', json.size))
        return refuse(refusal, REFUSAL_NUL_BYTE, NULL, json, "the record holds a zero byte");
    json_t *object = json_parse_exact(json, &scratch, &error);
    buffer_done(&scratch);
    bool done = json_is_object(object) ? oracle_members(object, excess, event, arena, refusal)
                                       : refuse(refusal, REFUSAL_MALFORMED, NULL, json, "no JSON object");
    json_decref(object);
    return done;
}

/* Holds our answer to the oracle's: NULL, or what differs. The details of MALFORMED are each one's own. */
static inline const char *oracle_difference(struct event_json *decoder, struct text json, enum excess_decimals excess,
                                            struct arena *arena)
{
    struct usage_event ours, wanted;
    struct refusal our_refusal = { 0 }, refusal = { 0 };
    bool is_taken = event_json_decode(decoder, json, excess, &ours, arena, &our_refusal);
    bool is_wanted = oracle_decode(json, excess, &wanted, arena, &refusal);
    for (size_t i = 0; is_taken && ours.is_ascii && i < usage_event_type.field_count; i++)
        if (usage_event_type.fields[i].kind == FIELD_TEXT &&
            !text_is_ascii(*(const struct text *)record_member_const(&ours, &usage_event_type.fields[i])))
            return "is_ascii";
    if (is_taken && is_wanted) {
        is_taken = usage_event_accept(&ours, &our_refusal);
        is_wanted = usage_event_accept(&wanted, &refusal);
    }
    if (is_taken != is_wanted)
        return is_taken ? "accepted" : "refused";
    if (is_taken)
        return NULL;
    if (our_refusal.reason != refusal.reason)
        return "the reason";
    if (our_refusal.field != refusal.field &&
        !(our_refusal.field && refusal.field && strcmp(our_refusal.field, refusal.field) == 0))
        return "the field";
    if (!text_equal(our_refusal.value, refusal.value))
        return "the value";
    return refusal.reason == REFUSAL_MALFORMED || strcmp(our_refusal.detail, refusal.detail) == 0 ? NULL : "the detail";
}

#endif
