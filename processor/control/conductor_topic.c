/* control/conductor_topic.c: the topic's latest values by key. */
#include "control/conductor_topic.h"

#include <jansson.h>
#include <stdlib.h>

#include "control/conductor_parts.h"
#include "control/month_items.h"
#include "model/line_item.h"

const char *const conductor_entity_kinds[ENTITY_KINDS] = {
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
    free(topic->versions);
    free(topic->closes);
    intern_done(&topic->keys);
    buffer_done(&topic->scratch);
    free(topic);
}

/* "2026-06/PricingRules/ruleGlob05" in its three parts. */
bool conductor_key_split(struct text key, struct topic_key *parts)
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

static void keep_version(struct conductor_topic *topic, billing_period period, int64_t number)
{
    size_t at = 0;
    while (at < topic->version_count && topic->versions[at].period < period)
        at++;
    if (at == topic->version_count || topic->versions[at].period != period) {
        topic->versions =
            memory_reserve_one(topic->versions, topic->version_count, &topic->version_capacity, sizeof *topic->versions);
        memmove(&topic->versions[at + 1], &topic->versions[at], (topic->version_count - at) * sizeof *topic->versions);
        topic->versions[at] = (struct month_version){ .period = period };
        topic->version_count++;
    }
    if (number > topic->versions[at].number)
        topic->versions[at].number = number;
}

static bool take_version(struct conductor_topic *topic, const struct topic_key *key, struct text value, struct error *error)
{
    json_error_t reason;
    json_int_t number;
    billing_period period;
    json_t *object = json_loadb(value.data, value.size, 0, &reason);
    bool done = object && json_unpack(object, "{s:I}", "number", &number) == 0 && period_parse(key->period, &period);
    json_decref(object);
    if (!done)
        return error_fail(error, ERROR_FAILED, "conductor topic: a version record cannot be read");
    keep_version(topic, period, number);
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
bool conductor_kind_is_of_document(struct text kind)
{
    bool is = text_equal(kind, text_of(KIND_PRICE)) || text_equal(kind, text_of(KIND_DOCUMENT));
    for (size_t i = 0; i < ENTITY_KINDS && !is; i++)
        is = text_equal(kind, text_of(conductor_entity_kinds[i]));
    return is;
}

bool conductor_topic_take(struct conductor_topic *topic, const struct stream_record *record, struct error *error)
{
    struct topic_key key;
    if (!conductor_key_split(record->key, &key))
        return error_fail(error, ERROR_FAILED, "conductor topic: offset %lld: the key is not period/kind/id",
                          (long long)record->offset);
    if (!record->is_null && text_equal(key.kind, text_of(KIND_CLOSE)) && !take_close(topic, record->value, error))
        return false;
    if (!record->is_null && text_equal(key.kind, text_of(KIND_VERSION)) && !take_version(topic, &key, record->value, error))
        return false;
    if (!record->is_null && text_equal(key.kind, text_of(KIND_ANNOUNCEMENT)) && period_parse(key.period, &topic->announced))
        topic->announced_offset = record->offset;
    if (text_equal(key.kind, TEXT(MONTH_ITEMS_KIND)))
        topic->items_offset = record->offset;
    if (conductor_kind_is_of_document(key.kind))
        topic->is_half = true;
    else if (text_equal(key.kind, text_of(KIND_VERSION)))
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

static const struct month_version *newest_version(const struct conductor_topic *topic)
{
    const struct month_version *newest = NULL;
    for (size_t i = 0; i < topic->version_count; i++)
        if (!newest || topic->versions[i].number > newest->number)
            newest = &topic->versions[i];
    return newest;
}

int64_t conductor_topic_version(const struct conductor_topic *topic)
{
    const struct month_version *newest = newest_version(topic);
    return newest ? newest->number : 0;
}

size_t conductor_topic_month_count(const struct conductor_topic *topic)
{
    return topic->version_count;
}

billing_period conductor_topic_month(const struct conductor_topic *topic, size_t index)
{
    return topic->versions[index].period;
}

int64_t conductor_topic_month_version(const struct conductor_topic *topic, size_t index)
{
    return topic->versions[index].number;
}

const struct month_version *conductor_version_of(const struct conductor_topic *topic, billing_period period)
{
    size_t at = 0;
    while (at + 1 < topic->version_count && topic->versions[at + 1].period <= period)
        at++;
    return topic->version_count > 0 ? &topic->versions[at] : NULL;
}

billing_period conductor_topic_month_of(const struct conductor_topic *topic, billing_period period)
{
    const struct month_version *version = conductor_version_of(topic, period);
    return version ? version->period : PERIOD_NONE;
}

billing_period conductor_topic_newest_month(const struct conductor_topic *topic)
{
    const struct month_version *newest = newest_version(topic);
    return newest ? newest->period : PERIOD_NONE;
}

/* Months close in order: with one all before it are closed. */
billing_period conductor_topic_first_open(const struct conductor_topic *topic)
{
    for (size_t i = topic->close_count; i > 0; i--)
        if (conductor_topic_is_closed(topic, topic->closes[i - 1].period))
            return topic->closes[i - 1].period + 1;
    return PERIOD_NONE;
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
        if (topic->values[i] && conductor_key_split(intern_text(&topic->keys, (uint32_t)i), &key))
            visit(context, key.period, key.kind, key.id, text_of(topic->values[i]));
    }
}

static int64_t *copy_offsets(const int64_t *offsets, size_t count)
{
    int64_t *copy = memory_new_array(count, sizeof *copy);
    if (count)
        memcpy(copy, offsets, count * sizeof *copy);
    return copy;
}

static void copy_closes(const struct conductor_topic *topic, struct conductor_topic *copy)
{
    copy->closes = memory_new_array(topic->close_count, sizeof *copy->closes);
    copy->close_count = copy->close_capacity = topic->close_count;
    for (size_t i = 0; i < topic->close_count; i++) {
        copy->closes[i] = topic->closes[i];
        copy->closes[i].ends = copy_offsets(topic->closes[i].ends, topic->closes[i].end_count);
        copy->closes[i].report_from = copy_offsets(topic->closes[i].report_from, topic->closes[i].report_count);
    }
    copy->announced = topic->announced;
    copy->announced_offset = topic->announced_offset;
    copy->items_offset = topic->items_offset;
}

struct conductor_topic *conductor_topic_copy(const struct conductor_topic *topic)
{
    struct conductor_topic *copy = conductor_topic_new();
    copy_closes(topic, copy);
    for (size_t i = 0; i < topic->keys.count; i++)
        if (topic->values[i])
            keep_value(copy, intern_text(&topic->keys, (uint32_t)i), text_of(topic->values[i]), false);
    for (size_t i = 0; i < topic->version_count; i++)
        keep_version(copy, topic->versions[i].period, topic->versions[i].number);
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
        if (!topic->values[i] || !conductor_key_split(intern_text(&topic->keys, (uint32_t)i), &key) ||
            !text_equal(key.period, text_of(text)) || !text_equal(key.kind, text_of(KIND_CLOSED)))
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
