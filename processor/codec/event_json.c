/* codec/event_json.c: one walk over the text sets the fields. A record that is no JSON is refused as such, whatever else is
 * wrong with it; else the first member that is wrong is told. */
#include "codec/event_json.h"

#include <stdlib.h>

#include "base/intern.h"
#include "codec/json_cursor.h"

#define FIELD_NONE USAGE_EVENT_FIELD_COUNT

struct event_json {
    struct json_cursor cursor;
    struct intern names; /* number = field */
    /* The field that came behind each last time, at FIELD_NONE the first one: most inputs keep to an order. */
    uint8_t next[USAGE_EVENT_FIELD_COUNT + 1];
    struct tag *tags;
    size_t tag_capacity;
    struct buffer explained;
    /* Of the record at hand. */
    struct usage_event *event;
    enum excess_decimals excess;
    struct arena *arena;
    struct refusal *refusal;
    uint64_t met; /* fields whose members came */
    bool refused; /* the rest is only checked */
};

struct event_json *event_json_new(void)
{
    struct event_json *decoder = memory_new(sizeof *decoder);
    for (size_t i = 0; i < usage_event_type.field_count; i++)
        intern_add(&decoder->names, text_of(usage_event_type.fields[i].name));
    return decoder;
}

static size_t field_of(struct event_json *decoder, struct text name, size_t before)
{
    const struct field *guess = &usage_event_type.fields[decoder->next[before]];
    /* The key is the name in quotation marks and a colon. */
    if (name.size + 3 == guess->key_size && memcmp(guess->key + 1, name.data, name.size) == 0)
        return decoder->next[before];
    uint32_t field = intern_find(&decoder->names, name);
    if (field == INTERN_NONE)
        return FIELD_NONE;
    decoder->next[before] = (uint8_t)field;
    return field;
}

static bool add_tag(struct event_json *decoder, struct text key, size_t *count)
{
    int first = json_cursor_peek(&decoder->cursor);
    json_cursor_keep(&decoder->cursor, key);
    if (!json_cursor_is_text(first) || decoder->refused) {
        if (first != 'n' && !decoder->refused)
            decoder->refused = !refuse(decoder->refusal, REFUSAL_BAD_FIELD, "tags", key, "the value of tag %.*s is no text",
                                       key.size < 80 ? (int)key.size : 80, key.data);
        return json_cursor_skip(&decoder->cursor);
    }
    decoder->tags = memory_reserve_one(decoder->tags, *count, &decoder->tag_capacity, sizeof *decoder->tags);
    struct tag *tag = &decoder->tags[(*count)++];
    tag->key = key;
    return json_cursor_text(&decoder->cursor, &tag->value);
}

static void set_tags(struct event_json *decoder, size_t count)
{
    decoder->refused = decoder->refused || !tags_normalize(decoder->tags, &count, decoder->refusal);
    if (count == 0 || decoder->refused)
        return;
    struct tag *items = arena_take(decoder->arena, count * sizeof *items, _Alignof(struct tag));
    memcpy(items, decoder->tags, count * sizeof *items);
    decoder->event->tags = (struct tags){ items, count };
    record_set(decoder->event, USAGE_EVENT_tags);
}

static bool take_tags(struct event_json *decoder)
{
    size_t count = 0;
    struct text key;
    bool found = json_cursor_enter_object(&decoder->cursor);
    while (found) {
        if (!json_cursor_member(&decoder->cursor, &key, &found) || (found && !add_tag(decoder, key, &count)))
            return false;
    }
    set_tags(decoder, count);
    return true;
}

static void set_field(struct event_json *decoder, size_t index, struct text text)
{
    struct usage_event *event = decoder->event;
    event->is_ascii = event->is_ascii && !decoder->cursor.has_escapes;
    decoder->refused = usage_event_type.fields[index].kind == FIELD_DECIMAL
                           ? !usage_event_set_decimal(event, index, text, decoder->excess, decoder->refusal)
                           : !usage_event_set_text(event, index, text, decoder->refusal);
}

static bool take_value(struct event_json *decoder, size_t index)
{
    const struct field *field = &usage_event_type.fields[index];
    int first = json_cursor_peek(&decoder->cursor);
    struct text text;
    if (first == 'n' || decoder->refused)
        return json_cursor_skip(&decoder->cursor);
    if (field->kind == FIELD_TAGS && first == '{')
        return take_tags(decoder);
    if (field->kind != FIELD_TAGS && json_cursor_is_text(first)) {
        if (!json_cursor_text(&decoder->cursor, &text))
            return false;
        set_field(decoder, index, text);
        return true;
    }
    decoder->refused = !refuse(decoder->refusal, REFUSAL_BAD_FIELD, field->name, TEXT_NONE, "%s must be %s", field->name,
                               field->kind == FIELD_TAGS      ? "an object of texts"
                               : field->kind == FIELD_DECIMAL ? "a number"
                                                              : "a text");
    return json_cursor_skip(&decoder->cursor);
}

static bool take_member(struct event_json *decoder, struct text name, size_t *before)
{
    size_t field = field_of(decoder, name, *before);
    if (field == FIELD_NONE) {
        json_cursor_keep(&decoder->cursor, name);
        return json_cursor_skip(&decoder->cursor);
    }
    if ((decoder->met >> field) & 1)
        return json_cursor_fail_twice(&decoder->cursor, name);
    decoder->met |= (uint64_t)1 << field;
    *before = field;
    return take_value(decoder, field);
}

static bool take_object(struct event_json *decoder)
{
    size_t before = FIELD_NONE;
    struct text name;
    bool found = true;
    if (!json_cursor_enter_object(&decoder->cursor))
        return false;
    while (found) {
        if (!json_cursor_member(&decoder->cursor, &name, &found) || (found && !take_member(decoder, name, &before)))
            return false;
    }
    return json_cursor_end(&decoder->cursor);
}

static bool refuse_json(struct event_json *decoder, struct text json)
{
    buffer_clear(&decoder->explained);
    json_cursor_explain(&decoder->cursor, &decoder->explained);
    return refuse(decoder->refusal, REFUSAL_MALFORMED, NULL, json, "no JSON object at %.*s",
                  TEXT_ARGS(buffer_text(&decoder->explained)));
}

bool event_json_decode(struct event_json *decoder, struct text json, enum excess_decimals excess, struct usage_event *event,
                       struct arena *arena, struct refusal *refusal)
{
    *event = (struct usage_event){ .is_ascii = text_is_ascii(json) };
    if (!event->is_ascii && !text_is_utf8(json))
        return refuse(refusal, REFUSAL_BAD_ENCODING, NULL, json, "the record is not UTF-8");
    if (!event->is_ascii && memchr(json.data, '\0', json.size))
        return refuse(refusal, REFUSAL_NUL_BYTE, NULL, json, "the record holds a zero byte");
    json_cursor_begin(&decoder->cursor, json, arena);
    decoder->event = event;
    decoder->excess = excess;
    decoder->arena = arena;
    decoder->refusal = refusal;
    decoder->met = 0;
    decoder->refused = false;
    if (!take_object(decoder))
        return refuse_json(decoder, json);
    event->is_ascii = event->is_ascii && !decoder->cursor.has_escapes;
    return !decoder->refused;
}

void event_json_free(struct event_json *decoder)
{
    if (!decoder)
        return;
    json_cursor_done(&decoder->cursor);
    intern_done(&decoder->names);
    buffer_done(&decoder->explained);
    free(decoder->tags);
    free(decoder);
}
