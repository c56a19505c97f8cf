/* api/item_versions.c: what a custom line item was in which months. */
#include <stdio.h>
#include <stdlib.h>

#include "api/items.h"

/* Order and token: start, then StartTime, then place. */
static void version_key(const json_t *version, size_t index, char out[64])
{
    const char *start = entity_text(version, "StartBillingPeriod"), *time = entity_text(version, "StartTime");
    snprintf(out, 64, "%.8s/%020lld/%06zu", start ? start : "0000-00", time ? atoll(time) : 0LL, index);
}

/* Overlaps [start, end) of the filter; a version of no month counts at the month that it began in. */
static bool passes(const json_t *filter, const json_t *version)
{
    billing_period start, end;
    const char *from_text = entity_text(filter, "StartBillingPeriod"), *until_text = entity_text(filter, "EndBillingPeriod");
    const char *start_text = entity_text(version, "StartBillingPeriod"),
               *end_text = entity_text(version, "EndBillingPeriod");
    if (!start_text || !period_parse(text_of(start_text), &start))
        return true;
    if (!end_text || !period_parse(text_of(end_text), &end))
        end = INT32_MAX;
    else if (end == start)
        end = start + 1;
    return (!until_text || start < input_month(until_text)) && (!from_text || end > input_month(from_text));
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(left, right);
}

static json_t *version_element(struct call *call, const char *id, const json_t *item, const json_t *version)
{
    static const char *const own[] = { "Name",     "Description", "ChargeDetails", "StartBillingPeriod", "EndBillingPeriod",
                                       "StartTime" };
    json_t *element = item_element(call, call->document, id, item);
    copy_members(element, version, own, ARRAY_COUNT(own));
    if (!json_object_get(element, "StartTime"))
        json_object_set(element, "StartTime", json_object_get(item, "CreationTime"));
    return element;
}

json_t *operation_ListCustomLineItemVersions(struct call *call)
{
    const char *id;
    struct list_page page;
    json_t *item = look_up_named(call, ENTITY_ITEM, input_text(call, "Arn"), &id);
    if (!item || !list_begin(call, 100, &page))
        return NULL;
    const json_t *versions = json_object_get(item, "Versions");
    const json_t *filter = json_object_get(input_member(call, "Filters"), "BillingPeriodRange");
    size_t count = json_array_size(versions);
    char(*keys)[64] = memory_new_array(count, sizeof *keys);
    for (size_t i = 0; i < count; i++)
        version_key(json_array_get(versions, i), i, keys[i]);
    if (count)
        qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        json_t *version = json_array_get(versions, (size_t)atoll(strrchr(keys[i], '/') + 1));
        bool is_later = !page.after || strcmp(keys[i], page.after) > 0;
        if (is_later && passes(filter, version) && !list_add(&page, keys[i], version_element(call, id, item, version)))
            break;
    }
    free(keys);
    json_t *reply = json_object();
    list_end(call, &page, "CustomLineItemVersions", reply);
    return reply;
}
