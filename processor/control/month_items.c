/* control/month_items.c: plain JSON of what conductor.h holds of a group and its items. */
#include "control/month_items.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json_write.h"
#include "period/custom_line_items.h"

/* ---- writing ---- */

static void write_member(struct buffer *out, const char *name, struct text value)
{
    buffer_printf(out, ",\"%s\":", name);
    json_write_text(out, value);
}

static void write_flat_items(const struct conductor *conductor, const struct custom_line_item *item, billing_period period,
                             struct buffer *out)
{
    const char *between = "";
    buffer_append_text(out, TEXT(",\"of_items\":["));
    for (uint32_t i = 0; i < item->flat_item_count; i++) {
        const struct custom_line_item *flat = &conductor->custom_line_items[item->flat_items[i]];
        if (!custom_line_item_applies(conductor, flat, period))
            continue;
        buffer_printf(out, "%s", between);
        json_write_text(out, flat->id);
        between = ",";
    }
    buffer_append_byte(out, ']');
}

static void write_item(const struct conductor *conductor, const struct custom_line_item *item, billing_period period,
                       struct buffer *out)
{
    buffer_printf(out, "{\"credit\":%s,\"percentage\":%s,\"itemized\":%s,\"of_group\":%s,\"filter\":%d,\"value\":",
                  item->is_credit ? "true" : "false", item->is_percentage ? "true" : "false",
                  item->is_itemized ? "true" : "false", item->of_group ? "true" : "false", (int)item->filter);
    json_write_decimal(out, item->value, item->is_percentage ? PERCENT_SCALE : AMOUNT_SCALE);
    write_member(out, "id", item->id);
    write_member(out, "name", item->name);
    write_member(out, "description", item->description);
    write_member(out, "account", item->account);
    write_member(out, "service", item->service);
    write_member(out, "filter_service", item->filter_service);
    write_flat_items(conductor, item, period, out);
    buffer_append_byte(out, '}');
}

static void write_group(const struct conductor *conductor, const struct billing_group *group, struct buffer *out)
{
    buffer_printf(out, ",\"group\":{\"pending\":%s", group->status == GROUP_PENDING ? "true" : "false");
    write_member(out, "id", group->id);
    write_member(out, "name", group->name);
    write_member(out, "primary_account", group->primary_account);
    write_member(out, "payer", group->payer);
    write_member(out, "plan", conductor->plans[group->plan].id);
    buffer_append_byte(out, '}');
}

void month_items_write(const struct conductor *conductor, uint32_t group, billing_period period, struct buffer *key,
                       struct buffer *value)
{
    char text[TIME_TEXT_MAX];
    const char *between = "";
    period_format(period, text);
    buffer_printf(key, "%s/" MONTH_ITEMS_KIND "/%.*s", text, TEXT_ARGS(conductor->groups[group].id));
    buffer_printf(value, "{\"version\":%lld", (long long)conductor->version);
    write_member(value, "document", text_of(conductor->hash));
    write_member(value, "currency", conductor->currency);
    write_group(conductor, &conductor->groups[group], value);
    buffer_append_text(value, TEXT(",\"items\":["));
    for (size_t i = 0; i < conductor->custom_line_item_count; i++) {
        const struct custom_line_item *item = &conductor->custom_line_items[i];
        if (item->group != group || !custom_line_item_applies(conductor, item, period))
            continue;
        buffer_printf(value, "%s", between);
        write_item(conductor, item, period, value);
        between = ",";
    }
    buffer_append_text(value, TEXT("]}"));
}

/* ---- changing ---- */

static bool is_among(const json_t *ids, const json_t *item)
{
    const char *id = json_string_value(json_object_get(item, "id"));
    return id && json_object_get(ids, id);
}

static bool has_item(const json_t *items, const json_t *id)
{
    size_t index;
    const json_t *item;
    json_array_foreach (items, index, item)
        if (json_equal(json_object_get(item, "id"), id))
            return true;
    return false;
}

/* A percentage counts no flat item that is not charged. */
static void drop_missing(json_t *items)
{
    size_t index;
    json_t *item;
    json_array_foreach (items, index, item) {
        json_t *of_items = json_object_get(item, "of_items");
        for (size_t i = json_array_size(of_items); i-- > 0;)
            if (!has_item(items, json_array_get(of_items, i)))
                json_array_remove(of_items, i);
    }
}

bool month_items_merge(struct text base, struct text changed, const json_t *ids, struct buffer *value, struct error *error)
{
    json_error_t reason;
    size_t index;
    json_t *into = json_loadb(base.data ? base.data : "", base.size, 0, &reason), *item, *items = json_array();
    json_t *from = json_loadb(changed.data ? changed.data : "", changed.size, 0, &reason);
    bool done = into && from;
    json_array_foreach (json_object_get(into, "items"), index, item)
        if (!is_among(ids, item))
            json_array_append(items, item);
    json_array_foreach (json_object_get(from, "items"), index, item)
        if (is_among(ids, item))
            json_array_append(items, item);
    drop_missing(items);
    json_object_set_new(into, "items", items);
    char *text = done ? json_dumps(into, JSON_COMPACT) : NULL;
    if (text)
        buffer_append_text(value, text_of(text));
    free(text);
    json_decref(into);
    json_decref(from);
    return text ? true : error_fail(error, ERROR_FAILED, "custom line items of a closed month cannot be read");
}

bool month_items_can_change(const struct conductor_topic *topic, billing_period period)
{
    size_t count = conductor_topic_close_count(topic);
    return count > 0 && conductor_topic_close(topic, count - 1)->period == period &&
           conductor_topic_is_closed(topic, period);
}

static bool check_month(const struct conductor_topic *topic, const struct conductor *conductor, billing_period period,
                        struct error *error)
{
    size_t count = conductor_topic_close_count(topic);
    billing_period last = count ? conductor_topic_close(topic, count - 1)->period : PERIOD_NONE;
    char text[TIME_TEXT_MAX], other[TIME_TEXT_MAX];
    period_format(period, text);
    if (last == PERIOD_NONE || period > last)
        return error_fail(error, ERROR_FAILED, "%s is not closed: its custom line items are those of its document", text);
    period_format(last, other);
    if (period < last)
        return error_fail(error, ERROR_FAILED,
                          "%s is closed for good: custom line items can change until the next month closes, and that is %s",
                          text, other);
    if (!conductor_topic_is_closed(topic, period))
        return error_fail(error, ERROR_FAILED, "%s is being closed: its custom line items can change when that is done",
                          text);
    if (conductor->period == PERIOD_NONE || conductor->period <= period)
        return true;
    period_format(conductor->period, other);
    return error_fail(error, ERROR_FAILED, "the document is for %s and later, not for %s", other, text);
}

/* What is charged; not the document that says so. */
static struct text charged_part(struct text value)
{
    static const char mark[] = ",\"currency\":";
    const char *at = value.size ? memmem(value.data, value.size, mark, sizeof mark - 1) : NULL;
    return at ? (struct text){ at, value.size - (size_t)(at - value.data) } : TEXT_NONE;
}

/* Records of months that are closed for good are read by nobody. */
struct forgetting {
    const char *month; /* what lies before it goes */
    struct conductor_changes *changes;
    struct buffer key;
};

static void forget(void *context, struct text period, struct text kind, struct text id, struct text value)
{
    struct forgetting *forgetting = context;
    (void)value;
    if (!text_equal(kind, TEXT(MONTH_ITEMS_KIND)) || text_compare(period, text_of(forgetting->month)) >= 0)
        return;
    buffer_clear(&forgetting->key);
    buffer_printf(&forgetting->key, "%.*s/" MONTH_ITEMS_KIND "/%.*s", TEXT_ARGS(period), TEXT_ARGS(id));
    conductor_changes_add(forgetting->changes, buffer_text(&forgetting->key), TEXT_NONE);
}

static void forget_earlier_months(const struct conductor_topic *topic, billing_period period,
                                  struct conductor_changes *changes)
{
    char month[TIME_TEXT_MAX];
    struct forgetting forgetting = { .month = month, .changes = changes };
    period_format(period, month);
    conductor_topic_each(topic, forget, &forgetting);
    buffer_done(&forgetting.key);
}

bool month_items_changes(const struct conductor_topic *topic, const struct conductor *conductor, billing_period period,
                         struct conductor_changes *changes, struct error *error)
{
    struct buffer key = { 0 }, value = { 0 };
    *changes = (struct conductor_changes){ 0 };
    if (!check_month(topic, conductor, period, error))
        return false;
    for (uint32_t group = 0; group < conductor->group_count; group++) {
        buffer_clear(&key);
        buffer_clear(&value);
        month_items_write(conductor, group, period, &key, &value);
        struct text known = conductor_topic_value(topic, buffer_text(&key));
        if (known.size && text_equal(charged_part(known), charged_part(buffer_text(&value))))
            continue;
        changes->changed++;
        conductor_changes_add(changes, buffer_text(&key), buffer_text(&value));
    }
    buffer_done(&key);
    buffer_done(&value);
    if (changes->count > 0)
        forget_earlier_months(topic, period, changes);
    return true;
}

/* ---- reading ---- */

struct reading {
    struct conductor *conductor;
    bool failed;
};

static struct text take_text(struct reading *reading, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    reading->failed = reading->failed || !json_is_string(value);
    return reading->failed ? TEXT_NONE
                           : arena_copy(&reading->conductor->arena,
                                        (struct text){ json_string_value(value), json_string_length(value) });
}

static bool take_flag(struct reading *reading, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    reading->failed = reading->failed || !json_is_boolean(value);
    return json_is_true(value);
}

static void take_group(struct reading *reading, json_t *object)
{
    struct conductor *conductor = reading->conductor;
    conductor->groups = memory_new_array(1, sizeof *conductor->groups);
    conductor->plans = memory_new_array(1, sizeof *conductor->plans);
    conductor->group_count = conductor->plan_count = 1;
    conductor->groups[0] = (struct billing_group){
        .id = take_text(reading, object, "id"),
        .name = take_text(reading, object, "name"),
        .primary_account = take_text(reading, object, "primary_account"),
        .payer = take_text(reading, object, "payer"),
        .status = take_flag(reading, object, "pending") ? GROUP_PENDING : GROUP_ACTIVE,
    };
    conductor->plans[0].id = conductor->plans[0].name = take_text(reading, object, "plan");
}

static void take_item(struct reading *reading, json_t *object, struct custom_line_item *item)
{
    json_int_t filter = json_integer_value(json_object_get(object, "filter"));
    *item = (struct custom_line_item){
        .id = take_text(reading, object, "id"),
        .name = take_text(reading, object, "name"),
        .description = take_text(reading, object, "description"),
        .account = take_text(reading, object, "account"),
        .service = take_text(reading, object, "service"),
        .filter_service = take_text(reading, object, "filter_service"),
        .is_credit = take_flag(reading, object, "credit"),
        .is_percentage = take_flag(reading, object, "percentage"),
        .is_itemized = take_flag(reading, object, "itemized"),
        .of_group = take_flag(reading, object, "of_group"),
        .start = PERIOD_NONE,
        .end = PERIOD_NONE,
    };
    struct text value = take_text(reading, object, "value");
    reading->failed =
        reading->failed || filter < FILTER_NONE || filter > FILTER_NO_SAVINGS_PLAN_NEGATION ||
        decimal_parse(value, item->is_percentage ? PERCENT_SCALE : AMOUNT_SCALE, &item->value) != DECIMAL_EXACT;
    item->filter = reading->failed ? FILTER_NONE : (enum filter_attribute)filter;
}

static void take_flat_items(struct reading *reading, json_t *ids, struct custom_line_item *item)
{
    struct conductor *conductor = reading->conductor;
    size_t index, at;
    json_t *id;
    uint32_t *flat = arena_take(&conductor->arena, (json_array_size(ids) + 1) * sizeof *flat, _Alignof(uint32_t));
    json_array_foreach (ids, index, id) {
        for (at = 0; at < conductor->custom_line_item_count; at++)
            if (json_is_string(id) && text_equal(conductor->custom_line_items[at].id, text_of(json_string_value(id))))
                break;
        if (at == conductor->custom_line_item_count)
            reading->failed = true;
        else
            flat[item->flat_item_count++] = (uint32_t)at;
    }
    item->flat_items = flat;
}

static void take_items(struct reading *reading, json_t *items)
{
    struct conductor *conductor = reading->conductor;
    size_t index;
    json_t *object;
    conductor->custom_line_items = memory_new_array(json_array_size(items), sizeof *conductor->custom_line_items);
    conductor->custom_line_item_count = json_array_size(items);
    json_array_foreach (items, index, object)
        take_item(reading, object, &conductor->custom_line_items[index]);
    json_array_foreach (items, index, object)
        take_flat_items(reading, json_object_get(object, "of_items"), &conductor->custom_line_items[index]);
}

bool month_items_read(struct text value, struct conductor **ret_conductor, struct error *error)
{
    json_error_t reason;
    json_t *object = json_loadb(value.data ? value.data : "", value.size, 0, &reason);
    struct conductor *conductor = memory_new(sizeof *conductor);
    struct reading reading = { conductor, !object };
    conductor->period = PERIOD_NONE;
    conductor->auto_associate_group = GROUP_NONE;
    conductor->currency = take_text(&reading, object, "currency");
    conductor->version = json_integer_value(json_object_get(object, "version"));
    struct text hash = take_text(&reading, object, "document");
    reading.failed = reading.failed || hash.size >= sizeof conductor->hash;
    if (!reading.failed && hash.size)
        memcpy(conductor->hash, hash.data, hash.size);
    take_group(&reading, json_object_get(object, "group"));
    take_items(&reading, json_object_get(object, "items"));
    json_decref(object);
    if (!reading.failed) {
        *ret_conductor = conductor;
        return true;
    }
    conductor_done(conductor);
    free(conductor);
    return error_fail(error, ERROR_FAILED, "custom line items of a closed month cannot be read");
}
