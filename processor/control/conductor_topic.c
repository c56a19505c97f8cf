/* control/conductor_topic.c: the topic's latest values by key, and the records that a new document needs. */
#include "control/conductor_topic.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/hash.h"
#include "codec/json_text.h"
#include "codec/json_write.h"
#include "control/document_change.h"
#include "control/kept_routing.h"
#include "control/month_items.h"
#include "documents/json_walk.h"
#include "model/line_item.h"

/* Parts of the document, each an array of entities; the kinds of keys. */
static const char *const entity_kinds[] = {
    "BillingGroups",
    "LinkedAccounts",
    "PricingPlans",
    "PricingRules",
    "PricingRulesAssociatedToPricingPlan",
    "CustomLineItems",
    "CustomLineItemVersions",
    "ResourcesAssociatedToCustomLineItem",
    "BillingTransferPreferences",
};
static const char price_kind[] = "Price", version_kind[] = "version", close_kind[] = "close",
                  announcement_kind[] = "closing", closed_kind[] = "closed", import_kind[] = "import",
                  document_kind[] = "document";

struct conductor_topic {
    struct intern keys;
    char **values; /* by key; NULL: none */
    size_t value_capacity;
    int64_t version;
    bool is_half;                       /* parts of a document have come, but not its version record */
    char version_period[TIME_TEXT_MAX]; /* "2026-06": the month of the newest version's document */
    int64_t items_offset;               /* of the newest custom line items of a closed month; OFFSET_NONE */
    billing_period announced;           /* PERIOD_NONE: no close was */
    int64_t announced_offset;
    struct close_record *closes;
    size_t close_count, close_capacity;
    struct buffer scratch;
};

struct conductor_topic *conductor_topic_new(void)
{
    struct conductor_topic *topic = memory_new(sizeof *topic);
    topic->announced = PERIOD_NONE;
    topic->items_offset = OFFSET_NONE;
    return topic;
}

void conductor_topic_free(struct conductor_topic *topic)
{
    if (!topic)
        return;
    for (size_t i = 0; i < topic->keys.count; i++)
        free(topic->values[i]);
    for (size_t i = 0; i < topic->close_count; i++)
        close_record_done(&topic->closes[i]);
    free(topic->values);
    free(topic->closes);
    intern_done(&topic->keys);
    buffer_done(&topic->scratch);
    free(topic);
}

/* "2026-06/PricingRules/ruleGlob05" in its three parts. */
struct topic_key {
    struct text period, kind, id;
};

static bool split_key(struct text key, struct topic_key *parts)
{
    const char *end = key.data + key.size;
    const char *first = key.size ? memchr(key.data, '/', key.size) : NULL;
    const char *second = first ? memchr(first + 1, '/', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return false;
    parts->period = (struct text){ key.data, (size_t)(first - key.data) };
    parts->kind = (struct text){ first + 1, (size_t)(second - first - 1) };
    parts->id = (struct text){ second + 1, (size_t)(end - second - 1) };
    return true;
}

static bool take_version(struct conductor_topic *topic, const struct topic_key *key, struct text value, struct error *error)
{
    json_error_t reason;
    json_int_t number;
    json_t *object = json_loadb(value.data, value.size, 0, &reason);
    bool done =
        object && json_unpack(object, "{s:I}", "number", &number) == 0 && key->period.size < sizeof topic->version_period;
    json_decref(object);
    if (!done)
        return error_fail(error, ERROR_FAILED, "conductor topic: a version record cannot be read");
    if (number >= topic->version) {
        topic->version = number;
        memcpy(topic->version_period, key->period.data, key->period.size);
        topic->version_period[key->period.size] = '\0';
    }
    return true;
}

/* NULL and no count where the list is not one of offsets. */
static int64_t *read_offsets(json_t *offsets, size_t *count)
{
    size_t index;
    json_t *offset;
    *count = json_is_array(offsets) ? json_array_size(offsets) : 0;
    if (*count == 0 || *count > USAGE_TASKS_MAX) {
        *count = 0;
        return NULL;
    }
    int64_t *read = memory_new_array(*count, sizeof *read);
    json_array_foreach (offsets, index, offset)
        read[index] = json_is_integer(offset) ? json_integer_value(offset) : OFFSET_NONE;
    return read;
}

static bool read_close(struct text value, struct close_record *close)
{
    json_error_t reason;
    const char *period;
    json_int_t version;
    json_t *offsets, *reports = NULL;
    json_t *object = json_loadb(value.data, value.size, 0, &reason);
    bool done = object &&
                json_unpack(object, "{s:s,s:I,s:o,s?:o}", "period", &period, "version", &version, "offsets", &offsets,
                            "reports", &reports) == 0 &&
                json_is_array(offsets) && json_array_size(offsets) <= USAGE_TASKS_MAX &&
                period_parse(text_of(period), &close->period);
    if (done) {
        close->version = version;
        close->ends = read_offsets(offsets, &close->end_count);
        close->report_from = read_offsets(reports, &close->report_count);
    }
    json_decref(object);
    return done;
}

/* The first close of a period counts; later ones of the same are passed over. */
static bool take_close(struct conductor_topic *topic, struct text value, struct error *error)
{
    struct close_record close = { 0 };
    if (!read_close(value, &close))
        return error_fail(error, ERROR_FAILED, "conductor topic: a close record cannot be read");
    size_t at = 0;
    while (at < topic->close_count && topic->closes[at].period < close.period)
        at++;
    if (at < topic->close_count && topic->closes[at].period == close.period) {
        close_record_done(&close);
        return true;
    }
    topic->closes = memory_reserve_one(topic->closes, topic->close_count, &topic->close_capacity, sizeof *topic->closes);
    memmove(&topic->closes[at + 1], &topic->closes[at], (topic->close_count - at) * sizeof *topic->closes);
    topic->closes[at] = close;
    topic->close_count++;
    return true;
}

static void keep_value(struct conductor_topic *topic, struct text key, struct text value, bool is_null)
{
    size_t before = topic->keys.count;
    uint32_t number = intern_add(&topic->keys, key);
    if (topic->keys.count > before) {
        topic->values = memory_reserve_one(topic->values, number, &topic->value_capacity, sizeof *topic->values);
        topic->values[number] = NULL;
    }
    free(topic->values[number]);
    topic->values[number] = NULL;
    if (is_null)
        return;
    topic->values[number] = memory_new(value.size + 1);
    if (value.size)
        memcpy(topic->values[number], value.data, value.size);
}

/* What else lies there is somebody else's, perhaps of a later release. */
static bool is_of_document(struct text kind)
{
    bool is = text_equal(kind, text_of(price_kind)) || text_equal(kind, text_of(document_kind));
    for (size_t i = 0; i < ARRAY_COUNT(entity_kinds) && !is; i++)
        is = text_equal(kind, text_of(entity_kinds[i]));
    return is;
}

bool conductor_topic_take(struct conductor_topic *topic, const struct stream_record *record, struct error *error)
{
    struct topic_key key;
    if (!split_key(record->key, &key))
        return error_fail(error, ERROR_FAILED, "conductor topic: offset %lld: the key is not period/kind/id",
                          (long long)record->offset);
    if (!record->is_null && text_equal(key.kind, text_of(close_kind)) && !take_close(topic, record->value, error))
        return false;
    if (!record->is_null && text_equal(key.kind, text_of(version_kind)) && !take_version(topic, &key, record->value, error))
        return false;
    if (!record->is_null && text_equal(key.kind, text_of(announcement_kind)) && period_parse(key.period, &topic->announced))
        topic->announced_offset = record->offset;
    if (text_equal(key.kind, TEXT(MONTH_ITEMS_KIND)))
        topic->items_offset = record->offset;
    if (is_of_document(key.kind))
        topic->is_half = true;
    else if (text_equal(key.kind, text_of(version_kind)))
        topic->is_half = false;
    keep_value(topic, record->key, record->value, record->is_null);
    return true;
}

billing_period conductor_topic_announced(const struct conductor_topic *topic, int64_t *offset)
{
    *offset = topic->announced_offset;
    for (size_t i = 0; i < topic->close_count && topic->announced != PERIOD_NONE; i++)
        if (topic->closes[i].period >= topic->announced)
            return PERIOD_NONE;
    return topic->announced;
}

int64_t conductor_topic_items_offset(const struct conductor_topic *topic)
{
    return topic->items_offset;
}

int64_t conductor_topic_version(const struct conductor_topic *topic)
{
    return topic->version;
}

bool conductor_topic_is_whole(const struct conductor_topic *topic)
{
    return !topic->is_half;
}

size_t conductor_topic_close_count(const struct conductor_topic *topic)
{
    return topic->close_count;
}

const struct close_record *conductor_topic_close(const struct conductor_topic *topic, size_t index)
{
    return &topic->closes[index];
}

void conductor_topic_each(const struct conductor_topic *topic,
                          void (*visit)(void *context, struct text period, struct text kind, struct text id,
                                        struct text value),
                          void *context)
{
    for (size_t i = 0; i < topic->keys.count; i++) {
        struct topic_key key;
        if (topic->values[i] && split_key(intern_text(&topic->keys, (uint32_t)i), &key))
            visit(context, key.period, key.kind, key.id, text_of(topic->values[i]));
    }
}

billing_period conductor_topic_period(const struct conductor_topic *topic)
{
    billing_period period;
    return topic->version > 0 && period_parse(text_of(topic->version_period), &period) ? period : PERIOD_NONE;
}

struct conductor_topic *conductor_topic_copy(const struct conductor_topic *topic)
{
    struct conductor_topic *copy = conductor_topic_new();
    for (size_t i = 0; i < topic->keys.count; i++)
        if (topic->values[i])
            keep_value(copy, intern_text(&topic->keys, (uint32_t)i), text_of(topic->values[i]), false);
    copy->version = topic->version;
    memcpy(copy->version_period, topic->version_period, sizeof copy->version_period);
    return copy;
}

/* How many there are of whom a record is; 0: it cannot be read. */
static json_int_t task_count_of(const char *value)
{
    json_error_t reason;
    json_t *object = json_loads(value, 0, &reason);
    json_int_t count = json_integer_value(json_object_get(object, "tasks"));
    json_decref(object);
    return count;
}

bool conductor_topic_is_closed(const struct conductor_topic *topic, billing_period period)
{
    char text[TIME_TEXT_MAX];
    json_int_t said = 0, tasks = 0;
    period_format(period, text);
    for (size_t i = 0; i < topic->keys.count; i++) {
        struct topic_key key;
        if (!topic->values[i] || !split_key(intern_text(&topic->keys, (uint32_t)i), &key) ||
            !text_equal(key.period, text_of(text)) || !text_equal(key.kind, text_of(closed_kind)))
            continue;
        tasks = task_count_of(topic->values[i]);
        said++;
    }
    return tasks > 0 && said >= tasks;
}

struct text conductor_topic_value(const struct conductor_topic *topic, struct text key)
{
    uint32_t number = intern_find(&topic->keys, key);
    return number == INTERN_NONE || !topic->values[number] ? TEXT_NONE : text_of(topic->values[number]);
}

struct text conductor_topic_import(const struct conductor_topic *topic, billing_period period, struct text payer)
{
    struct buffer key = { 0 }, value = { 0 };
    import_record_write(period, payer, &key, &value);
    uint32_t number = intern_find(&topic->keys, buffer_text(&key));
    buffer_done(&key);
    buffer_done(&value);
    return number == INTERN_NONE ? TEXT_NONE : text_of(topic->values[number]);
}

/* ---- the document ---- */

static void append_kind(const struct conductor_topic *topic, const char *kind, struct buffer *out)
{
    const char *between = "";
    buffer_printf(out, ",\n \"%s\": [", kind);
    for (size_t i = 0; i < topic->keys.count; i++) {
        struct topic_key key;
        if (!topic->values[i] || !split_key(intern_text(&topic->keys, (uint32_t)i), &key) ||
            !text_equal(key.period, text_of(topic->version_period)) || !text_equal(key.kind, text_of(kind)))
            continue;
        buffer_printf(out, "%s\n  %s", between, topic->values[i]);
        between = ",";
    }
    buffer_append_text(out, TEXT("]"));
}

static const char *currency_of(const struct conductor_topic *topic)
{
    struct buffer key = { 0 };
    buffer_printf(&key, "%s/%s/CurrencyCode", topic->version_period, document_kind);
    uint32_t number = intern_find(&topic->keys, buffer_text(&key));
    buffer_done(&key);
    return number != INTERN_NONE && topic->values[number] ? topic->values[number] : "\"USD\"";
}

bool conductor_topic_export(const struct conductor_topic *topic, struct buffer *out, struct error *error)
{
    if (topic->version == 0)
        return error_fail(error, ERROR_FAILED, "no document is in force; proforma apply publishes one");
    buffer_printf(out, "{\n \"BillingPeriod\": \"%s\",\n \"CurrencyCode\": %s", topic->version_period, currency_of(topic));
    for (size_t i = 0; i < ARRAY_COUNT(entity_kinds); i++)
        append_kind(topic, entity_kinds[i], out);
    buffer_append_text(out, TEXT("\n}\n"));
    return true;
}

static bool read_tier(json_t *triple, struct tier *tier)
{
    const char *begin = json_string_value(json_array_get(triple, 0));
    const char *end = json_string_value(json_array_get(triple, 1)); /* null: no end */
    const char *rate = json_string_value(json_array_get(triple, 2));
    if (!begin || !rate)
        return false;
    tier->end = TIER_NO_END;
    return decimal_parse(text_of(begin), QUANTITY_SCALE, &tier->begin) == DECIMAL_EXACT &&
           (!end || decimal_parse(text_of(end), QUANTITY_SCALE, &tier->end) == DECIMAL_EXACT) &&
           decimal_parse(text_of(rate), RATE_SCALE, &tier->rate) == DECIMAL_EXACT;
}

/* Of a term that is not in force from the beginning on, and of an allowance. */
static bool read_optional(json_t *object, struct price_list_entry *entry, struct text **ret_skus)
{
    json_t *since = json_object_get(object, "since"), *skus = json_object_get(object, "applies_to"), *sku;
    size_t index;
    if (since && (!json_is_string(since) || !period_parse(text_of(json_string_value(since)), &entry->since)))
        return false;
    *ret_skus = memory_new_array(json_array_size(skus), sizeof **ret_skus);
    json_array_foreach (skus, index, sku) {
        if (!json_is_string(sku))
            return false;
        (*ret_skus)[entry->applies_to_count++] = text_of(json_string_value(sku));
    }
    entry->applies_to = *ret_skus;
    return true;
}

static bool read_price(const char *value, struct price_list *list)
{
    json_error_t reason;
    const char *sku, *service, *usage_type, *operation, *unit;
    json_t *tiers, *tier;
    size_t index;
    json_t *object = json_loads(value, 0, &reason);
    bool done = object &&
                json_unpack(object, "{s:s,s:s,s:s,s:s,s:s,s:o}", "sku", &sku, "service", &service, "usage_type", &usage_type,
                            "operation", &operation, "unit", &unit, "tiers", &tiers) == 0 &&
                json_is_array(tiers) && json_array_size(tiers) > 0;
    if (done) {
        struct text *skus = NULL;
        struct tier *read = memory_new_array(json_array_size(tiers), sizeof *read);
        json_array_foreach (tiers, index, tier)
            done = done && read_tier(tier, &read[index]);
        struct price_list_entry entry = { .sku = text_of(sku),
                                          .service = text_of(service),
                                          .usage_type = text_of(usage_type),
                                          .operation = text_of(operation),
                                          .unit = text_of(unit),
                                          .schedule = { read, (uint32_t)json_array_size(tiers) } };
        done = done && read_optional(object, &entry, &skus);
        if (done)
            price_list_add(list, &entry);
        free(read);
        free(skus);
    }
    json_decref(object);
    return done;
}

bool conductor_topic_prices(const struct conductor_topic *topic, struct price_list *list, struct error *error)
{
    for (size_t i = 0; i < topic->keys.count; i++) {
        struct topic_key key;
        struct text text = intern_text(&topic->keys, (uint32_t)i);
        if (!topic->values[i] || !split_key(text, &key) || !text_equal(key.kind, text_of(price_kind)) ||
            !text_equal(key.period, text_of(topic->version_period)))
            continue;
        if (!read_price(topic->values[i], list))
            return error_fail(error, ERROR_FAILED, "conductor topic: the price %.*s cannot be read", TEXT_ARGS(text));
    }
    price_list_index(list);
    return true;
}

bool conductor_topic_document(const struct conductor_topic *topic, struct conductor **ret_conductor, struct price_list *list,
                              struct error *error)
{
    struct buffer json = { 0 };
    struct problems problems = { 0 };
    bool done = conductor_topic_export(topic, &json, error);
    if (done) {
        struct input *input = input_from_memory(json.data, json.size, "conductor topic");
        problems_begin(&problems, "conductor topic");
        done = conductor_read(input, ret_conductor, &problems, error);
        input_close(input);
        if (!done && problems.count > 0) {
            buffer_clear(&json);
            problem_format(&problems.items[0], &json);
            error_fail(error, ERROR_INVALID, "%.*s", (int)(json.size < 400 ? json.size : 400), json.data);
        }
    }
    problems_done(&problems);
    buffer_done(&json);
    if (!done)
        return false;
    (*ret_conductor)->version = topic->version;
    if (conductor_topic_prices(topic, list, error))
        return true;
    conductor_done(*ret_conductor);
    free(*ret_conductor);
    price_list_done(list);
    return false;
}

/* ---- publishing ---- */

void conductor_changes_add(struct conductor_changes *changes, struct text key, struct text value)
{
    changes->items = memory_reserve_one(changes->items, changes->count, &changes->capacity, sizeof *changes->items);
    changes->items[changes->count++] =
        (struct conductor_change){ arena_copy(&changes->arena, key), arena_copy(&changes->arena, value) };
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
    if (item->target < ARRAY_COUNT(entity_kinds)) {
        buffer_printf(&comparison->key, "%s/%s/", comparison->period, entity_kinds[item->target]);
        append_id(&comparison->key, entity_kinds[item->target], item->value);
    } else {
        buffer_printf(&comparison->key, "%s/%s/CurrencyCode", comparison->period, document_kind);
    }
    want(comparison, text_of(value));
    free(value);
    return true;
}

static bool want_entities(struct comparison *comparison, struct input *document, struct error *error)
{
    struct json_target targets[ARRAY_COUNT(entity_kinds) + 1];
    char paths[ARRAY_COUNT(entity_kinds)][64];
    for (size_t i = 0; i < ARRAY_COUNT(entity_kinds); i++) {
        snprintf(paths[i], sizeof paths[i], "/%s", entity_kinds[i]);
        targets[i] = (struct json_target){ paths[i], JSON_ELEMENTS };
    }
    targets[ARRAY_COUNT(entity_kinds)] = (struct json_target){ "/CurrencyCode", JSON_WHOLE };
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
        buffer_printf(&comparison->key, "%s/%s/%.*s/%.*s", comparison->period, price_kind, TEXT_ARGS(list->entries[i].sku),
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
        if (!topic->values[i] || !split_key(text, &key) || !text_equal(key.period, text_of(comparison->period)) ||
            !is_of_document(key.kind) || intern_find(&comparison->wanted, text) != INTERN_NONE)
            continue;
        comparison->changes->removed++;
        conductor_changes_add(comparison->changes, text, TEXT_NONE);
    }
}

static void add_version(struct comparison *comparison)
{
    struct buffer value = { 0 };
    buffer_clear(&comparison->key);
    buffer_printf(&comparison->key, "%s/%s/", comparison->period, version_kind);
    buffer_printf(&value, "{\"number\":%lld,\"count\":%zu,\"hash\":\"%016llx%016llx\"}",
                  (long long)comparison->topic->version + 1, comparison->count, (unsigned long long)comparison->hash.high,
                  (unsigned long long)comparison->hash.low);
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
        /* The same document again, but another month's is in force. */
        bool is_in_force = strcmp(topic->version_period, comparison.period) == 0;
        if (changes->count > 0 || !is_in_force)
            add_version(&comparison);
        done = changes->count == 0 ||
               (document_change_check(topic, conductor->period, error) && kept_routing_add(topic, changes, error));
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

static void write_offsets(struct buffer *out, const char *name, const int64_t *offsets, size_t count)
{
    buffer_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%lld", i ? "," : "", (long long)offsets[i]);
    buffer_append_byte(out, ']');
}

void close_record_write(const struct close_record *close, uint64_t nonce, struct buffer *key, struct buffer *value)
{
    char period[TIME_TEXT_MAX], id[16];
    size_t start = value->size;
    period_format(close->period, period);
    buffer_printf(value, "{\"period\":\"%s\",\"version\":%lld", period, (long long)close->version);
    write_offsets(value, "offsets", close->ends, close->end_count);
    write_offsets(value, "reports", close->report_from, close->report_count);
    buffer_append_byte(value, '}');
    struct hash128 hash = hash128(value->data + start, value->size - start);
    hash.high = hash_mix(hash.high, nonce);
    hash_letters(hash, sizeof id, id);
    buffer_printf(key, "%s/%s/%.*s", period, close_kind, (int)sizeof id, id);
}

void close_announcement_write(billing_period period, struct buffer *key, struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(key, "%s/%s/", text, announcement_kind);
    buffer_append_text(value, TEXT("{}"));
}

static int64_t *measure(struct stream *stream, enum stream_topic topic, size_t *count, struct error *error)
{
    *count = (size_t)stream->ops->partition_count(stream, topic);
    int64_t *ends = memory_new_array(*count, sizeof *ends);
    for (size_t i = 0; i < *count; i++)
        if (!stream->ops->high(stream, topic, (int32_t)i, &ends[i], error)) {
            free(ends);
            return NULL;
        }
    return ends;
}

bool close_record_measure(struct stream *stream, billing_period period, int64_t version, struct close_record *close,
                          struct error *error)
{
    *close = (struct close_record){ .period = period, .version = version };
    close->ends = measure(stream, STREAM_USAGE, &close->end_count, error);
    close->report_from = close->ends ? measure(stream, STREAM_CUR, &close->report_count, error) : NULL;
    return close->report_from != NULL;
}

void close_record_done(struct close_record *close)
{
    free(close->ends);
    free(close->report_from);
    *close = (struct close_record){ .period = PERIOD_NONE };
}

void closed_record_write(billing_period period, uint32_t task, int32_t tasks, struct buffer *key, struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(key, "%s/%s/%u", text, closed_kind, task);
    buffer_printf(value, "{\"tasks\":%d}", tasks);
}

void import_record_write(billing_period period, struct text payer, struct buffer *key, struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    buffer_printf(key, "%s/%s/%.*s", text, import_kind, TEXT_ARGS(payer));
    buffer_append_text(value, TEXT("{}"));
}
