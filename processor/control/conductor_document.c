/* control/conductor_document.c: the document and the prices that are in force in a month, out of the topic's values. */
#include <jansson.h>
#include <stdlib.h>

#include "control/conductor_parts.h"

static void append_kind(const struct conductor_topic *topic, const char *month, const char *kind, struct buffer *out)
{
    const char *between = "";
    buffer_printf(out, ",\n \"%s\": [", kind);
    for (size_t i = 0; i < topic->keys.count; i++) {
        struct topic_key key;
        if (!topic->values[i] || !conductor_key_split(intern_text(&topic->keys, (uint32_t)i), &key) ||
            !text_equal(key.period, text_of(month)) || !text_equal(key.kind, text_of(kind)))
            continue;
        buffer_printf(out, "%s\n  %s", between, topic->values[i]);
        between = ",";
    }
    buffer_append_text(out, TEXT("]"));
}

static const char *currency_of(const struct conductor_topic *topic, const char *month)
{
    struct buffer key = { 0 };
    buffer_printf(&key, "%s/%s/CurrencyCode", month, KIND_DOCUMENT);
    uint32_t number = intern_find(&topic->keys, buffer_text(&key));
    buffer_done(&key);
    return number != INTERN_NONE && topic->values[number] ? topic->values[number] : "\"USD\"";
}

bool conductor_topic_export(const struct conductor_topic *topic, billing_period period, struct buffer *out,
                            struct error *error)
{
    const struct month_version *version = conductor_version_of(topic, period);
    char month[TIME_TEXT_MAX];
    if (!version || version->number == 0)
        return error_fail(error, ERROR_FAILED, "no document is in force; proforma apply publishes one");
    period_format(version->period, month);
    buffer_printf(out, "{\n \"BillingPeriod\": \"%s\",\n \"CurrencyCode\": %s", month, currency_of(topic, month));
    for (size_t i = 0; i < ENTITY_KINDS; i++)
        append_kind(topic, month, conductor_entity_kinds[i], out);
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

bool conductor_topic_prices(const struct conductor_topic *topic, billing_period period, struct price_list *list,
                            struct error *error)
{
    const struct month_version *version = conductor_version_of(topic, period);
    char month[TIME_TEXT_MAX] = "";
    if (version)
        period_format(version->period, month);
    for (size_t i = 0; i < topic->keys.count && version; i++) {
        struct topic_key key;
        struct text text = intern_text(&topic->keys, (uint32_t)i);
        if (!topic->values[i] || !conductor_key_split(text, &key) || !text_equal(key.kind, text_of(KIND_PRICE)) ||
            !text_equal(key.period, text_of(month)))
            continue;
        if (!read_price(topic->values[i], list))
            return error_fail(error, ERROR_FAILED, "conductor topic: the price %.*s cannot be read", TEXT_ARGS(text));
    }
    price_list_index(list);
    return true;
}

bool conductor_topic_document(const struct conductor_topic *topic, billing_period period, struct conductor **ret_conductor,
                              struct price_list *list, struct error *error)
{
    struct buffer json = { 0 };
    struct problems problems = { 0 };
    bool done = conductor_topic_export(topic, period, &json, error);
    if (done) {
        struct input *input = input_from_memory(json.data, json.size, "conductor topic");
        problems_begin(&problems, "conductor topic");
        done = conductor_read(input, ret_conductor, &problems, error);
        input_close(input);
        if (!done && problems.count > 0) {
            char first[PROBLEM_TEXT_MAX];
            problems_first(&problems, first);
            error_fail(error, ERROR_INVALID, "%s", first);
        }
    }
    problems_done(&problems);
    buffer_done(&json);
    if (!done)
        return false;
    (*ret_conductor)->version = conductor_version_of(topic, period)->number;
    if (conductor_topic_prices(topic, period, list, error))
        return true;
    conductor_done(*ret_conductor);
    free(*ret_conductor);
    price_list_done(list);
    return false;
}
