/* control/conductor_changes.c: the records that a new document needs, held against what the topic has. */
#include <jansson.h>
#include <stdlib.h>

#include "base/hash.h"
#include "codec/json_write.h"
#include "control/conductor_parts.h"
#include "control/document_change.h"
#include "control/kept_routing.h"
#include "documents/json_walk.h"

void conductor_changes_add(struct conductor_changes *changes, struct text key, struct text value)
{
    changes->items = memory_reserve_one(changes->items, changes->count, &changes->capacity, sizeof *changes->items);
    changes->items[changes->count++] =
        (struct conductor_change){ arena_copy(&changes->arena, key), arena_copy(&changes->arena, value) };
}

bool conductor_topic_take_changes(struct conductor_topic *topic, const struct conductor_changes *changes,
                                  struct error *error)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct stream_record record = { .topic = STREAM_CONDUCTOR,
                                        .key = changes->items[i].key,
                                        .value = changes->items[i].value,
                                        .is_null = changes->items[i].value.size == 0 };
        if (!conductor_topic_take(topic, &record, error))
            return false;
    }
    return true;
}

/* What a new document is held against. */
struct comparison {
    const struct conductor_topic *topic;
    struct conductor_changes *changes;
    struct intern wanted;   /* keys of the new document */
    struct hash128 *values; /* of each, its value's hash */
    size_t value_capacity;
    char period[TIME_TEXT_MAX];
    struct buffer key;
    struct hash128 hash;
    size_t count;
};

/*
 * Takes a key of its own for the value in comparison->key. Entities may share an id: replies that came in pages, versions
 * that begin in the same month. False: the very same is there already.
 */
static bool take_key(struct comparison *comparison, struct hash128 value)
{
    size_t size = comparison->key.size;
    for (unsigned number = 2;; number++) {
        size_t before = comparison->wanted.count;
        uint32_t at = intern_add(&comparison->wanted, buffer_text(&comparison->key));
        if (comparison->wanted.count > before) {
            comparison->values =
                memory_reserve_one(comparison->values, at, &comparison->value_capacity, sizeof *comparison->values);
            comparison->values[at] = value;
            return true;
        }
        if (comparison->values[at].high == value.high && comparison->values[at].low == value.low)
            return false;
        comparison->key.size = size;
        buffer_printf(&comparison->key, "#%04u", number);
    }
}

static void want(struct comparison *comparison, struct text value)
{
    struct hash128 part = hash128(value.data, value.size);
    if (!take_key(comparison, part))
        return;
    struct text key = buffer_text(&comparison->key);
    comparison->count++;
    comparison->hash.high ^= part.high ^ hash64(key.data, key.size);
    comparison->hash.low += part.low;
    uint32_t known = intern_find(&comparison->topic->keys, key);
    const char *old = known == INTERN_NONE ? NULL : comparison->topic->values[known];
    if (old && text_equal(text_of(old), value))
        return;
    comparison->changes->added += !old;
    comparison->changes->changed += old != NULL;
    conductor_changes_add(comparison->changes, key, value);
}

static const char *text_member(json_t *entity, const char *name)
{
    return json_string_value(json_object_get(entity, name));
}

static const char *last_part(const char *arn)
{
    const char *slash = arn ? strrchr(arn, '/') : NULL;
    return slash ? slash + 1 : arn;
}

/* An entity's id: what its references name. */
static void append_id(struct buffer *key, const char *kind, json_t *entity)
{
    const char *id = last_part(text_member(entity, "Arn"));
    if (!id && strcmp(kind, "LinkedAccounts") == 0)
        id = text_member(entity, "AccountId");
    if (!id)
        id = last_part(text_member(entity, "PricingPlanArn"));
    if (!id && strcmp(kind, "BillingGroups") == 0)
        id = text_member(entity, "PrimaryAccountId");
    if (!id)
        id = text_member(entity, "ResponsibilityTransferArn");
    if (!id)
        id = text_member(entity, "Name");
    buffer_printf(key, "%s", id ? id : "");
    if (strcmp(kind, "CustomLineItemVersions") == 0)
        buffer_printf(key, "/%s",
                      text_member(entity, "StartBillingPeriod") ? text_member(entity, "StartBillingPeriod") : "");
}

static bool want_entity(void *context, const struct json_item *item, struct error *error)
{
    struct comparison *comparison = context;
    if (!item->value)
        return true;
    char *value = json_dumps(item->value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (!value)
        return error_fail(error, ERROR_FAILED, "an entity of the document cannot be written as JSON");
    buffer_clear(&comparison->key);
    if (item->target < ENTITY_KINDS) {
        buffer_printf(&comparison->key, "%s/%s/", comparison->period, conductor_entity_kinds[item->target]);
        append_id(&comparison->key, conductor_entity_kinds[item->target], item->value);
    } else {
        buffer_printf(&comparison->key, "%s/%s/CurrencyCode", comparison->period, KIND_DOCUMENT);
    }
    want(comparison, text_of(value));
    free(value);
    return true;
}

static bool want_entities(struct comparison *comparison, struct input *document, struct error *error)
{
    struct json_target targets[ENTITY_KINDS + 1];
    char paths[ENTITY_KINDS][64];
    for (size_t i = 0; i < ENTITY_KINDS; i++) {
        snprintf(paths[i], sizeof paths[i], "/%s", conductor_entity_kinds[i]);
        targets[i] = (struct json_target){ paths[i], JSON_ELEMENTS };
    }
    targets[ENTITY_KINDS] = (struct json_target){ "/CurrencyCode", JSON_WHOLE };
    return json_walk(document, targets, ARRAY_COUNT(targets), want_entity, comparison, NULL, error);
}

static void write_optional(const struct price_list_entry *entry, struct buffer *out)
{
    char since[TIME_TEXT_MAX];
    if (entry->since != 0) {
        period_format(entry->since, since);
        buffer_printf(out, ",\"since\":\"%s\"", since);
    }
    for (uint32_t i = 0; i < entry->applies_to_count; i++) {
        buffer_append_text(out, i ? TEXT(",") : TEXT(",\"applies_to\":["));
        json_write_text(out, entry->applies_to[i]);
    }
    if (entry->applies_to_count > 0)
        buffer_append_byte(out, ']');
}

static void write_price(const struct price_list_entry *entry, struct buffer *out)
{
    const struct {
        const char *name;
        struct text text;
    } members[] = { { "sku", entry->sku },
                    { "service", entry->service },
                    { "usage_type", entry->usage_type },
                    { "operation", entry->operation },
                    { "unit", entry->unit } };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        buffer_printf(out, "%s\"%s\":", i ? "," : "{", members[i].name);
        json_write_text(out, members[i].text);
    }
    buffer_append_text(out, TEXT(",\"tiers\":["));
    for (uint32_t i = 0; i < entry->schedule.count; i++) {
        const struct tier *tier = &entry->schedule.tiers[i];
        buffer_append_text(out, i ? TEXT(",[") : TEXT("["));
        json_write_decimal(out, tier->begin, QUANTITY_SCALE);
        buffer_append_byte(out, ',');
        if (tier->end == TIER_NO_END)
            buffer_append_text(out, TEXT("null"));
        else
            json_write_decimal(out, tier->end, QUANTITY_SCALE);
        buffer_append_byte(out, ',');
        json_write_decimal(out, tier->rate, RATE_SCALE);
        buffer_append_byte(out, ']');
    }
    buffer_append_byte(out, ']');
    write_optional(entry, out);
    buffer_append_byte(out, '}');
}

static void want_prices(struct comparison *comparison, const struct price_list *list)
{
    struct buffer value = { 0 };
    char since[TIME_TEXT_MAX];
    for (size_t i = 0; i < list->count; i++) {
        buffer_clear(&comparison->key);
        buffer_clear(&value);
        buffer_printf(&comparison->key, "%s/%s/%.*s/%.*s", comparison->period, KIND_PRICE, TEXT_ARGS(list->entries[i].sku),
                      TEXT_ARGS(list->entries[i].usage_type));
        if (price_list_continues(list, i)) {
            period_format(list->entries[i].since, since);
            buffer_printf(&comparison->key, "/%s", since);
        }
        write_price(&list->entries[i], &value);
        want(comparison, buffer_text(&value));
    }
    buffer_done(&value);
}

static void drop_what_is_gone(struct comparison *comparison)
{
    const struct conductor_topic *topic = comparison->topic;
    for (size_t i = 0; i < topic->keys.count; i++) {
        struct topic_key key;
        struct text text = intern_text(&topic->keys, (uint32_t)i);
        if (!topic->values[i] || !conductor_key_split(text, &key) || !text_equal(key.period, text_of(comparison->period)) ||
            !conductor_kind_is_of_document(key.kind) || intern_find(&comparison->wanted, text) != INTERN_NONE)
            continue;
        comparison->changes->removed++;
        conductor_changes_add(comparison->changes, text, TEXT_NONE);
    }
}

static void add_version(struct comparison *comparison)
{
    struct buffer value = { 0 };
    buffer_clear(&comparison->key);
    buffer_printf(&comparison->key, "%s/%s/", comparison->period, KIND_VERSION);
    buffer_printf(&value, "{\"number\":%lld,\"count\":%zu,\"hash\":\"%016llx%016llx\"}",
                  (long long)conductor_topic_version(comparison->topic) + 1, comparison->count,
                  (unsigned long long)comparison->hash.high, (unsigned long long)comparison->hash.low);
    conductor_changes_add(comparison->changes, buffer_text(&comparison->key), buffer_text(&value));
    buffer_done(&value);
}

bool conductor_changes_compute(const struct conductor_topic *topic, struct input *document,
                               const struct conductor *conductor, const struct price_list *list,
                               struct conductor_changes *changes, struct error *error)
{
    struct comparison comparison = { .topic = topic, .changes = changes };
    CHECK(conductor->period != PERIOD_NONE); /* the caller has filled in the running month */
    *changes = (struct conductor_changes){ 0 };
    period_format(conductor->period, comparison.period);
    bool done = want_entities(&comparison, document, error);
    if (done) {
        want_prices(&comparison, list);
        drop_what_is_gone(&comparison);
        /* One without anything in it makes no record but this. */
        bool is_in_force = conductor_topic_month_of(topic, conductor->period) == conductor->period;
        if (changes->count > 0 || !is_in_force)
            add_version(&comparison);
        done = changes->count == 0 || (document_change_check(topic, conductor->period, error) &&
                                       kept_routing_add(topic, conductor->period, changes, error));
        if (!done)
            conductor_changes_done(changes);
    }
    intern_done(&comparison.wanted);
    free(comparison.values);
    buffer_done(&comparison.key);
    return done;
}

void conductor_changes_done(struct conductor_changes *changes)
{
    arena_done(&changes->arena);
    free(changes->items);
    *changes = (struct conductor_changes){ 0 };
}
