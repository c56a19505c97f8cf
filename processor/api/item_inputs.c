/* api/item_inputs.c: what a percentage item is taken of. */
#include "api/items.h"

/* ---- reading ---- */

static json_t *resource(struct call *call, enum entity_kind kind, const char *id, const char *relationship, const char *end)
{
    json_t *element = json_pack("{s:o,s:s}", "Arn", arn_value(call, call->document, kind, id), "Relationship", relationship);
    if (end)
        json_object_set_new(element, "EndBillingPeriod", json_string(end));
    return element;
}

static enum entity_kind kind_of(const struct document *document, const char *id)
{
    return document_find(document, ENTITY_GROUP, id) ? ENTITY_GROUP : ENTITY_ITEM;
}

static bool wants(const char *relationship, const char *filter)
{
    return !filter || strcmp(filter, relationship) == 0;
}

/* All of them by a key that sorts: CHILD before PARENT, then ids. */
static json_t *resources_of(struct call *call, const char *id, const json_t *item)
{
    const char *filter = entity_text(input_member(call, "Filters"), "Relationship");
    json_t *all = json_object(), *element;
    struct buffer key = { 0 };
    size_t index;
    json_array_foreach (json_object_get(item, "Inputs"), index, element) {
        const char *input = arn_id(entity_text(element, "Arn"));
        buffer_clear(&key);
        buffer_printf(&key, "CHILD/%s", input);
        buffer_append_byte(&key, '\0');
        if (wants("CHILD", filter))
            json_object_set_new(
                all, key.data,
                resource(call, kind_of(call->document, input), input, "CHILD", entity_text(element, "EndBillingPeriod")));
    }
    json_array_foreach (json_object_get(call->document->items_of, id), index, element) {
        buffer_clear(&key);
        buffer_printf(&key, "PARENT/%s", json_string_value(element));
        buffer_append_byte(&key, '\0');
        if (wants("PARENT", filter))
            json_object_set_new(all, key.data, resource(call, ENTITY_ITEM, json_string_value(element), "PARENT", NULL));
    }
    buffer_done(&key);
    return all;
}

/* One that was made for the previous month of a group that was not there yet is in today's document alone. */
static json_t *find_item(struct call *call, const char **ret_id)
{
    json_t *item = look_up(call, ENTITY_ITEM, input_text(call, "Arn"), ret_id);
    if (item || call->failure.kind != FAILURE_NOT_FOUND || call->month != call->now - 1)
        return item;
    struct document *then = call->document;
    call->document = book_at(call->book, call->now);
    item = look_up(call, ENTITY_ITEM, input_text(call, "Arn"), ret_id);
    if (item && item_covers(item, call->month))
        failure_done(&call->failure);
    else
        item = fail_not_found(call, ENTITY_ITEM, input_text(call, "Arn"));
    document_release(then);
    return item;
}

json_t *operation_ListResourcesAssociatedToCustomLineItem(struct call *call)
{
    const char *id, *key = NULL;
    struct list_page page;
    json_t *item = find_item(call, &id), *element;
    if (!item || !list_begin(call, 100, &page))
        return NULL;
    json_t *all = resources_of(call, id, item), *reply = arn_reply(call, ENTITY_ITEM, id);
    /* The least key that is behind the last one, again and again: there are few. */
    const char *last = page.after ? page.after : "";
    for (;;) {
        const char *next = NULL;
        json_object_foreach (all, key, element)
            if (strcmp(key, last) > 0 && (!next || strcmp(key, next) < 0))
                next = key;
        if (!next || !list_add(&page, next, json_incref(json_object_get(all, next))))
            break;
        last = next;
    }
    list_end(call, &page, "AssociatedResources", reply);
    json_decref(all);
    return reply;
}

/* ---- changing ---- */

static json_t *failed(json_t *arn, const char *reason, const char *message)
{
    return json_pack("{s:O,s:{s:s,s:s}}", "Arn", arn, "Error", "Reason", reason, "Message", message);
}

static size_t find_input(const json_t *inputs, const char *id)
{
    size_t index;
    json_t *input;
    json_array_foreach ((json_t *)(uintptr_t)inputs, index, input)
        if (text_equal(text_of(arn_id(entity_text(input, "Arn"))), text_of(id)))
            return index;
    return SIZE_MAX;
}

/* The percentage item that a batch call changes; NULL: a failure. */
static json_t *target(struct call *call, const char **ret_id, struct item_range *range)
{
    json_t *item = look_up(call, ENTITY_ITEM, input_text(call, "TargetArn"), ret_id);
    if (!item || !item_range_read(call, range))
        return NULL;
    if (!item_is_percentage(item))
        return fail_validation(call, "ILLEGAL_CUSTOMLINEITEM", "a flat item has no associated resources");
    item = document_edit(call->draft, ENTITY_ITEM, *ret_id);
    set_modified(call, item);
    item_note_earlier(call, range, *ret_id, entity_group(item));
    return item;
}

/* NULL: it may be associated. */
static json_t *associate_error(struct call *call, const json_t *item, json_t *arn, const char **ret_id)
{
    enum entity_kind kind = ENTITY_ITEM;
    const char *id = item_input(call, json_string_value(arn), &kind), *group = entity_group(item);
    failure_done(&call->failure); /* one of the batch, not the call */
    const json_t *flat = id && kind == ENTITY_ITEM ? document_find(call->draft, ENTITY_ITEM, id) : NULL;
    *ret_id = id;
    if (id && kind == ENTITY_GROUP && group && strcmp(id, group) == 0)
        return NULL;
    if (!flat || !text_equal(text_of(entity_group(flat)), text_of(group)))
        return failed(arn, "INVALID_ARN", "neither the item's billing group nor a flat custom line item of it");
    return item_is_percentage(flat) ? failed(arn, "ILLEGAL_CUSTOMLINEITEM", "a percentage item cannot be counted") : NULL;
}

static void append(struct call *call, json_t *item, const char *id, const struct item_range *range)
{
    json_t *inputs = json_object_get(item, "Inputs");
    char end[TIME_TEXT_MAX];
    size_t at = find_input(inputs, id);
    if (at != SIZE_MAX)
        json_array_remove(inputs, at);
    json_t *input = json_pack("{s:o}", "Arn", arn_value(call, call->draft, kind_of(call->draft, id), id));
    if (range->is_given && range->end != PERIOD_NONE) {
        period_format(range->end, end);
        json_object_set_new(input, "EndBillingPeriod", json_string(end));
    }
    json_array_append_new(inputs, input);
}

json_t *operation_BatchAssociateResourcesToCustomLineItem(struct call *call)
{
    const char *target_id, *id;
    struct item_range range;
    json_t *item = target(call, &target_id, &range), *arn;
    size_t index;
    if (!item)
        return NULL;
    json_t *good = json_array(), *bad = json_array();
    json_array_foreach (input_member(call, "ResourceArns"), index, arn) {
        json_t *error = associate_error(call, item, arn, &id);
        if (error) {
            json_array_append_new(bad, error);
            continue;
        }
        append(call, item, id, &range);
        json_array_append_new(good, json_pack("{s:o}", "Arn", arn_value(call, call->draft, kind_of(call->draft, id), id)));
    }
    return json_pack("{s:o,s:o}", "SuccessfullyAssociatedResources", good, "FailedAssociatedResources", bad);
}

json_t *operation_BatchDisassociateResourcesFromCustomLineItem(struct call *call)
{
    const char *target_id;
    struct item_range range;
    json_t *item = target(call, &target_id, &range), *arn;
    size_t index;
    if (!item)
        return NULL;
    json_t *inputs = json_object_get(item, "Inputs"), *good = json_array(), *bad = json_array();
    json_array_foreach (input_member(call, "ResourceArns"), index, arn) {
        enum entity_kind kind = ENTITY_ITEM;
        const char *id = item_input(call, json_string_value(arn), &kind);
        failure_done(&call->failure);
        size_t at = id && kind == kind_of(call->draft, id) ? find_input(inputs, id) : SIZE_MAX;
        if (at == SIZE_MAX) {
            json_array_append_new(bad, failed(arn, "INVALID_ARN", "not associated with the item"));
            continue;
        }
        json_array_append_new(good, json_pack("{s:o}", "Arn", arn_value(call, call->draft, kind_of(call->draft, id), id)));
        json_array_remove(inputs, at);
    }
    return json_pack("{s:o,s:o}", "SuccessfullyDisassociatedResources", good, "FailedDisassociatedResources", bad);
}
