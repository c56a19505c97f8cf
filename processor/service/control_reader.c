/* service/control_reader.c: values by key, when each was applied, and documents from them. */
#include "service/control_reader.h"

#include <stdlib.h>

#define REPLY_KIND "reply"

struct control_reader {
    struct conductor_topic *topic;
    struct intern keys; /* of entities */
    int64_t *applied_s; /* by key: its record's time */
    size_t applied_capacity;
    json_t *replies; /* operation/token to {"key": the topic's, "json": text, "time": …} */
    struct text payer;
    struct arena arena;
    int64_t version; /* that was put into the book last */
};

struct control_reader *control_reader_new(struct text payer)
{
    struct control_reader *reader = memory_new(sizeof *reader);
    reader->topic = conductor_topic_new();
    reader->replies = json_object();
    reader->payer = arena_copy(&reader->arena, payer);
    return reader;
}

void control_reader_free(struct control_reader *reader)
{
    if (!reader)
        return;
    conductor_topic_free(reader->topic);
    intern_done(&reader->keys);
    free(reader->applied_s);
    json_decref(reader->replies);
    arena_done(&reader->arena);
    free(reader);
}

struct conductor_topic *control_reader_topic(struct control_reader *reader)
{
    return reader->topic;
}

/* ---- records ---- */

/* "2026-06/reply/CreateBillingGroup/token": what is behind the kind; empty: another kind. */
static struct text reply_of_key(struct text key)
{
    static const char middle[] = "/" REPLY_KIND "/";
    const char *at = key.size ? memmem(key.data, key.size, middle, sizeof middle - 1) : NULL;
    const char *slash = key.size ? memchr(key.data, '/', key.size) : NULL;
    if (!at || at != slash)
        return TEXT_NONE;
    return (struct text){ at + sizeof middle - 1, (size_t)(key.data + key.size - at) - (sizeof middle - 1) };
}

static void keep_reply(struct control_reader *reader, struct text name, const struct stream_record *record)
{
    char key[512];
    if (name.size >= sizeof key)
        return;
    memcpy(key, name.data, name.size);
    key[name.size] = '\0';
    if (record->is_null) {
        json_object_del(reader->replies, key);
        return;
    }
    json_object_set_new(reader->replies, key,
                        json_pack("{s:s%,s:s%,s:I}", "key", record->key.data, record->key.size, "json", record->value.data,
                                  record->value.size, "time", (json_int_t)(record->timestamp_ms / 1000)));
}

bool control_reader_take(struct control_reader *reader, const struct stream_record *record, struct error *error)
{
    struct text reply = reply_of_key(record->key);
    if (reply.size) {
        keep_reply(reader, reply, record);
        return true;
    }
    size_t before = reader->keys.count;
    uint32_t at = intern_add(&reader->keys, record->key);
    if (reader->keys.count > before)
        reader->applied_s = memory_reserve_one(reader->applied_s, at, &reader->applied_capacity, sizeof *reader->applied_s);
    reader->applied_s[at] = record->timestamp_ms / 1000;
    return conductor_topic_take(reader->topic, record, error);
}

const char *control_reader_reply(const struct control_reader *reader, const char *key)
{
    return json_string_value(json_object_get(json_object_get(reader->replies, key), "json"));
}

void control_reader_expired(const struct control_reader *reader, int64_t before_s,
                            void (*visit)(void *context, const char *key), void *context)
{
    const char *name;
    json_t *reply;
    json_object_foreach (reader->replies, name, reply)
        if (json_integer_value(json_object_get(reply, "time")) < before_s)
            visit(context, json_string_value(json_object_get(reply, "key")));
}

void control_reader_reply_key(billing_period period, const char *key, struct buffer *out)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(out, "%s/" REPLY_KIND "/%s", text, key);
}

/* ---- documents ---- */

struct building {
    struct control_reader *reader;
    json_t *months; /* month to the JSON of its document */
    struct buffer key;
};

static int64_t applied(struct building *building, struct text period, struct text kind, struct text id)
{
    buffer_clear(&building->key);
    buffer_printf(&building->key, "%.*s/%.*s/%.*s", TEXT_ARGS(period), TEXT_ARGS(kind), TEXT_ARGS(id));
    uint32_t at = intern_find(&building->reader->keys, buffer_text(&building->key));
    return at == INTERN_NONE ? 0 : building->reader->applied_s[at];
}

static void set_time(json_t *entity, const char *name, int64_t seconds)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)seconds);
    if (!json_object_get(entity, name))
        json_object_set_new(entity, name, json_string(text));
}

static bool has_times(struct text kind)
{
    static const char *const kinds[] = { "BillingGroups", "PricingPlans", "PricingRules", "CustomLineItems",
                                         "BillingTransferPreferences" };
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (text_equal(kind, text_of(kinds[i])))
            return true;
    return false;
}

static json_t *month_of(struct building *building, struct text period)
{
    json_t *root = json_object_getn(building->months, period.data, period.size);
    if (!root) {
        root = json_pack("{s:s%}", "BillingPeriod", period.data, period.size);
        json_object_setn_new(building->months, period.data, period.size, root);
    }
    return root;
}

/* Prices, closes and imports are none of a document's entities: they are no arrays of it, and nobody asks for them. */
static void take_value(void *context, struct text period, struct text kind, struct text id, struct text value)
{
    static const char *const passed_over[] = { "Price", "close", "import", "version", "items" };
    struct building *building = context;
    json_error_t reason;
    for (size_t i = 0; i < ARRAY_COUNT(passed_over); i++)
        if (text_equal(kind, text_of(passed_over[i])))
            return;
    json_t *root = month_of(building, period);
    json_t *entity = json_loadb(value.data, value.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &reason);
    if (text_equal(kind, TEXT("document"))) {
        json_object_setn_new(root, id.data, id.size, entity);
        return;
    }
    if (has_times(kind) && json_is_object(entity)) {
        int64_t seconds = applied(building, period, kind, id);
        set_time(entity, "CreationTime", seconds);
        set_time(entity, "LastModifiedTime", seconds);
    }
    json_t *list = json_object_getn(root, kind.data, kind.size);
    if (!list)
        json_object_setn_new(root, kind.data, kind.size, list = json_array());
    json_array_append_new(list, entity);
}

void control_reader_update(struct control_reader *reader, struct book *book)
{
    struct building building = { .reader = reader };
    const char *month;
    json_t *root;
    int64_t version = conductor_topic_version(reader->topic);
    if (version <= reader->version)
        return;
    building.months = json_object();
    conductor_topic_each(reader->topic, take_value, &building);
    json_object_foreach (building.months, month, root) {
        struct document *document = document_take(root, reader->payer, 0);
        document->version = version;
        book_put(book, document);
    }
    reader->version = version;
    json_decref(building.months);
    buffer_done(&building.key);
}
