/* api/items.c: custom line items. */
#include "api/items.h"

#include "documents/arn.h"

json_t *item_details(const json_t *item)
{
    json_t *details = json_copy(json_object_get(item, "ChargeDetails"));
    json_t *percentage = json_object_get(details, "Percentage");
    if (percentage) {
        percentage = json_copy(percentage);
        json_object_del(percentage, "AssociatedValues");
        json_object_set_new(details, "Percentage", percentage);
    }
    return details;
}

json_t *item_element(struct call *call, const struct document *document, const char *id, const json_t *item)
{
    static const char *const copied[] = { "Name",        "CurrencyCode",    "Description",
                                          "ProductCode", "CreationTime",    "LastModifiedTime",
                                          "AccountId",   "ComputationRule", "PresentationDetails" };
    json_t *element = json_object();
    copy_members(element, item, copied, ARRAY_COUNT(copied));
    json_object_set_new(element, "Arn", arn_value(call, document, ENTITY_ITEM, id));
    json_object_set_new(element, "ChargeDetails", item_details(item));
    const char *group = entity_group(item);
    if (group)
        json_object_set_new(element, "BillingGroupArn", arn_value(call, document, ENTITY_GROUP, group));
    const char *primary = entity_text(document_find(document, ENTITY_GROUP, group), "PrimaryAccountId");
    if (!json_object_get(element, "AccountId") && primary)
        json_object_set_new(element, "AccountId", json_string(primary));
    if (!json_object_get(element, "ComputationRule"))
        json_object_set_new(element, "ComputationRule", json_string("CONSOLIDATED"));
    if (!json_object_get(element, "ProductCode"))
        json_object_set_new(element, "ProductCode", json_string("AWSBillingConductor"));
    bool in_model = strcmp(document->currency, "USD") == 0 || strcmp(document->currency, "CNY") == 0;
    if (!json_object_get(element, "CurrencyCode") && in_model)
        json_object_set_new(element, "CurrencyCode", json_string(document->currency));
    size_t size = json_array_size(json_object_get(item, "Inputs"));
    json_object_set_new(element, "AssociationSize", json_integer((json_int_t)size));
    return element;
}

bool item_is_percentage(const json_t *item)
{
    return json_object_get(json_object_get(item, "ChargeDetails"), "Percentage") != NULL;
}

static bool passes(struct call *call, const struct document *document, const char *id, const json_t *item)
{
    const json_t *filters = input_member(call, "Filters"), *accounts = json_object_get(filters, "AccountIds");
    const char *group = entity_group(item), *account = entity_text(item, "AccountId");
    if (!account)
        account = entity_text(document_find(document, ENTITY_GROUP, group), "PrimaryAccountId");
    return item_covers(item, call->month) && filter_has(call, json_object_get(filters, "Arns"), id) &&
           filter_has_text(json_object_get(filters, "Names"), entity_text(item, "Name")) &&
           filter_has(call, json_object_get(filters, "BillingGroups"), group ? group : "") &&
           (json_array_size(accounts) == 0 || filter_has_text(accounts, account));
}

/* The document whose item comes next, of the month's and today's; NULL: there is none. */
static const struct document *next_item(const struct document *const documents[2], size_t at[2], const char **ret_id)
{
    const char *ids[2] = { NULL, NULL };
    for (size_t i = 0; i < 2; i++)
        if (documents[i] && at[i] < document_count(documents[i], ENTITY_ITEM))
            ids[i] = documents[i]->order[ENTITY_ITEM][at[i]];
    if (!ids[0] && !ids[1])
        return NULL;
    int order = !ids[0] ? 1 : !ids[1] ? -1 : strcmp(ids[0], ids[1]);
    at[0] += order <= 0;
    at[1] += order >= 0;
    /* Of one that both have, today's: it was changed since. */
    *ret_id = order < 0 ? ids[0] : ids[1];
    return order < 0 ? documents[0] : documents[1];
}

/* With the values that it has in the month; a new reference. */
static json_t *item_of_month(json_t *item, billing_period month)
{
    static const char *const values[] = { "Name", "Description", "ChargeDetails" };
    const json_t *version = item_version_at(item, month);
    if (!version || !json_object_get(version, "ChargeDetails"))
        return json_incref(item);
    json_t *copy = json_copy(item);
    copy_members(copy, version, values, ARRAY_COUNT(values));
    return copy;
}

/* An item may still be made for the previous month: it is then in today's document, and listed there and then. */
json_t *operation_ListCustomLineItems(struct call *call)
{
    struct document *today = call->month == call->now - 1 ? book_at(call->book, call->now) : NULL;
    const struct document *const documents[2] = { call->document, today }, *document;
    struct list_page page;
    const char *id;
    json_t *reply = NULL;
    if (list_begin(call, 100, &page)) {
        size_t at[2] = { 0, 0 };
        for (size_t i = 0; i < 2; i++)
            at[i] = page.after && documents[i] ? document_after(documents[i], ENTITY_ITEM, page.after) : 0;
        while ((document = next_item(documents, at, &id))) {
            json_t *item = item_of_month(document_find(document, ENTITY_ITEM, id), call->month);
            bool is_full = passes(call, document, id, item) && !list_add(&page, id, item_element(call, document, id, item));
            json_decref(item);
            if (is_full)
                break;
        }
        reply = json_object();
        list_end(call, &page, "CustomLineItems", reply);
    }
    document_release(today);
    return reply;
}

/* ---- ranges ---- */

bool item_range_read(struct call *call, struct item_range *ret)
{
    const json_t *range = input_member(call, "BillingPeriodRange");
    const char *start = entity_text(range, "InclusiveStartBillingPeriod"),
               *end = entity_text(range, "ExclusiveEndBillingPeriod");
    *ret = (struct item_range){ .is_given = range != NULL, .start = call->now, .end = call->now + 1 };
    if (!range)
        return true;
    ret->start = input_month(start);
    ret->end = end ? input_month(end) : PERIOD_NONE;
    if (end && ret->end <= ret->start)
        fail_validation(call, "ILLEGAL_BILLING_PERIOD_RANGE", "ExclusiveEndBillingPeriod has to be a later month than %s",
                        start);
    else if (ret->start < call->now - 1)
        fail_validation(call, "ILLEGAL_BILLING_PERIOD", "%s is before the previous month", start);
    return call->failure.kind == FAILURE_NONE;
}

void item_note_earlier(struct call *call, const struct item_range *range, const char *id, const char *group)
{
    if (range->is_given && range->start < call->now && group)
        document_note_earlier(call->draft, id, group);
}

json_t *item_version(struct call *call, billing_period start, billing_period end)
{
    char text[TIME_TEXT_MAX];
    json_t *version = json_pack("{s:o}", "StartTime", epoch_value(call->now_s));
    period_format(start, text);
    json_object_set_new(version, "StartBillingPeriod", json_string(text));
    if (end != PERIOD_NONE) {
        period_format(end, text);
        json_object_set_new(version, "EndBillingPeriod", json_string(text));
    }
    return version;
}

/* ---- creating ---- */

static bool bearer_is_member(struct call *call, const char *group)
{
    const char *account = input_text(call, "AccountId"), *in = account ? document_group_of(call->draft, account) : NULL;
    if (!account || (in && strcmp(in, group) == 0))
        return true;
    fail_validation(call, "ILLEGAL_ACCOUNT_ID", "account %s is not in the billing group", account);
    return false;
}

const char *item_input(struct call *call, const char *arn, enum entity_kind *ret_kind)
{
    const char *id = input_id(call, arn);
    struct arn parsed;
    bool is_whole = arn_parse(text_of(arn), ARN_MASK(ARN_GROUP) | ARN_MASK(ARN_ITEM), &parsed) && !parsed.is_bare;
    if (id && !is_whole)
        *ret_kind = document_find(call->draft, ENTITY_GROUP, id) ? ENTITY_GROUP : ENTITY_ITEM;
    else if (id)
        *ret_kind = parsed.type == ARN_GROUP ? ENTITY_GROUP : ENTITY_ITEM;
    return id;
}

/* Associated values move to Inputs, under full ARNs. */
static bool take_inputs(struct call *call, json_t *item, json_t *details)
{
    json_t *percentage = json_object_get(details, "Percentage"), *inputs = json_array(), *value;
    size_t index;
    json_object_set_new(item, "Inputs", inputs);
    json_array_foreach (json_object_get(percentage, "AssociatedValues"), index, value) {
        enum entity_kind kind = ENTITY_ITEM;
        const char *id = item_input(call, json_string_value(value), &kind);
        if (id && !document_find(call->draft, kind, id))
            fail_validation(call, kind == ENTITY_GROUP ? "MISSING_BILLINGGROUP" : "MISSING_CUSTOMLINEITEM",
                            "%.200s does not exist", json_string_value(value));
        if (call->failure.kind != FAILURE_NONE)
            return false;
        json_array_append_new(inputs, json_pack("{s:o}", "Arn", arn_value(call, call->draft, kind, id)));
    }
    json_object_del(percentage, "AssociatedValues");
    return true;
}

json_t *operation_CreateCustomLineItem(struct call *call)
{
    static const char *const taken[] = { "AccountId", "PresentationDetails" };
    const char *group, *rule = input_text(call, "ComputationRule");
    struct item_range range;
    char id[11];
    if (!look_up_named(call, ENTITY_GROUP, input_text(call, "BillingGroupArn"), &group) || !item_range_read(call, &range) ||
        !bearer_is_member(call, group) || !name_is_free(call, ENTITY_ITEM, input_text(call, "Name"), group, NULL))
        return NULL;
    new_id(call->draft, ENTITY_ITEM, id);
    json_t *item = new_entity(call, ENTITY_ITEM, id), *details = json_deep_copy(input_member(call, "ChargeDetails"));
    document_add(call->draft, ENTITY_ITEM, id, item);
    json_object_set_new(item, "BillingGroupArn", arn_value(call, call->draft, ENTITY_GROUP, group));
    json_object_set_new(item, "ChargeDetails", details);
    json_object_set_new(item, "ComputationRule", json_string(rule ? rule : "CONSOLIDATED"));
    copy_members(item, call->input, taken, ARRAY_COUNT(taken));
    json_object_set_new(item, "Versions", json_pack("[o]", item_version(call, range.start, range.end)));
    item_note_earlier(call, &range, id, group);
    return take_inputs(call, item, details) ? arn_reply(call, ENTITY_ITEM, id) : NULL;
}

/* ---- changing ---- */

/* Sets the value of the item's own kind and the filters; what is not named stays. */
static bool update_details(struct call *call, json_t *item)
{
    const json_t *given = input_member(call, "ChargeDetails");
    json_t *details = json_object_get(item, "ChargeDetails"), *filters = json_object_get(given, "LineItemFilters");
    const char *own = item_is_percentage(item) ? "Percentage" : "Flat",
               *other = item_is_percentage(item) ? "Flat" : "Percentage";
    json_t *value = json_object_get(given, own);
    if (!given)
        return true;
    if (json_object_get(given, other))
        fail_validation(call, value ? "ILLEGAL_CHARGE_DETAILS" : "ILLEGAL_UPDATE_CHARGE_DETAILS",
                        "the item has a %s charge: that cannot be changed", own);
    else if (!value && !filters)
        fail_validation(call, "ILLEGAL_CHARGE_DETAILS", "%s or LineItemFilters is needed", own);
    if (call->failure.kind != FAILURE_NONE)
        return false;
    if (value)
        json_object_set(details, own, value);
    if (filters)
        json_object_set(details, "LineItemFilters", filters);
    return true;
}

static billing_period version_start(const json_t *version)
{
    billing_period start = PERIOD_NONE;
    const char *text = entity_text(version, "StartBillingPeriod");
    return text && period_parse(text_of(text), &start) ? start : PERIOD_NONE;
}

static billing_period version_end(const json_t *version)
{
    billing_period end = PERIOD_NONE;
    const char *text = entity_text(version, "EndBillingPeriod");
    return text && period_parse(text_of(text), &end) ? end : PERIOD_NONE;
}

/* The values that a version had stay with it, when a later one has others. */
static void keep_values(json_t *version, const json_t *before)
{
    static const char *const kept[] = { "Name", "Description" };
    if (json_object_get(version, "Name"))
        return;
    copy_members(version, before, kept, ARRAY_COUNT(kept));
    json_object_set_new(version, "ChargeDetails", item_details(before));
}

/*
 * A new version from a month on: earlier versions end there, later ones go. One that began in that very month stays as a
 * version of no month at all, for who asks what there was.
 */
static void add_version(struct call *call, json_t *item, const json_t *before, billing_period start, billing_period end)
{
    json_t *versions = json_object_get(item, "Versions"), *kept = json_array(), *version;
    char text[TIME_TEXT_MAX];
    size_t index;
    period_format(start, text);
    json_array_foreach (versions, index, version) {
        if (version_start(version) > start)
            continue;
        version = json_copy(version);
        keep_values(version, before);
        if (version_end(version) == PERIOD_NONE || version_end(version) > start)
            json_object_set_new(version, "EndBillingPeriod", json_string(text));
        json_array_append_new(kept, version);
    }
    json_array_append_new(kept, item_version(call, start, end));
    json_object_set_new(item, "Versions", kept);
}

static void renew_version(struct call *call, json_t *item, const json_t *before, const struct item_range *range)
{
    json_t *versions = json_object_get(item, "Versions");
    json_t *last = json_array_get(versions, json_array_size(versions) - 1);
    billing_period start = last ? version_start(last) : call->now, end = last ? version_end(last) : PERIOD_NONE;
    if (range->is_given) {
        start = range->start;
        end = range->end;
    } else if (start < call->now && (end == PERIOD_NONE || end > call->now)) {
        start = call->now;
    }
    add_version(call, item, before, start, end);
}

/* Its values are charged from the running month on at the latest, so they cannot be those of a later one. */
static bool begins_too_late(struct call *call, const json_t *item, const struct item_range *range)
{
    bool changes = input_member(call, "Name") || input_member(call, "Description") || input_member(call, "ChargeDetails");
    if (!changes || range->start <= call->now || !item_covers(item, call->now))
        return false;
    fail_validation(call, "ILLEGAL_BILLING_PERIOD", "an item that is charged changes from the current or previous month on");
    return true;
}

json_t *operation_UpdateCustomLineItem(struct call *call)
{
    static const char *const copied[] = {
        "Name", "Description", "LastModifiedTime", "BillingGroupArn", "AssociationSize", "ChargeDetails"
    };
    const char *id, *name = input_text(call, "Name");
    struct item_range range;
    json_t *found = look_up(call, ENTITY_ITEM, input_text(call, "Arn"), &id);
    if (!found || !item_range_read(call, &range) || begins_too_late(call, found, &range) ||
        (name && !name_is_free(call, ENTITY_ITEM, name, entity_group(found), id)))
        return NULL;
    json_t *before = json_deep_copy(found), *item = document_edit(call->draft, ENTITY_ITEM, id), *reply = NULL;
    if (update_details(call, item)) {
        set_text(call, item, "Name");
        set_text(call, item, "Description");
        set_modified(call, item);
        renew_version(call, item, before, &range);
        item_note_earlier(call, &range, id, entity_group(item));
        json_t *element = item_element(call, call->draft, id, item);
        reply = arn_reply(call, ENTITY_ITEM, id);
        copy_members(reply, element, copied, ARRAY_COUNT(copied));
        json_decref(element);
    }
    json_decref(before);
    return reply;
}

static void keep_part(json_t *kept, const json_t *version, const char *member, billing_period month)
{
    char text[TIME_TEXT_MAX];
    json_t *part = json_copy((json_t *)(uintptr_t)version);
    period_format(month, text);
    json_object_set_new(part, member, json_string(text));
    json_array_append_new(kept, part);
}

/* What there is of the item before and after the range stays; false: nothing would be left of it. */
static bool cut_out(struct document *draft, const char *id, const struct item_range *range)
{
    json_t *versions = json_object_get(document_find(draft, ENTITY_ITEM, id), "Versions"), *kept = json_array(), *version;
    size_t index;
    json_array_foreach (versions, index, version) {
        billing_period start = version_start(version), end = version_end(version);
        bool is_before = end != PERIOD_NONE && end <= range->start && start < range->start;
        bool is_after = range->end != PERIOD_NONE && start >= range->end;
        if (is_before || is_after) {
            json_array_append(kept, version);
            continue;
        }
        if (start < range->start)
            keep_part(kept, version, "EndBillingPeriod", range->start);
        if (range->end != PERIOD_NONE && (end == PERIOD_NONE || end > range->end))
            keep_part(kept, version, "StartBillingPeriod", range->end);
    }
    if (json_array_size(kept) == 0) {
        json_decref(kept);
        return false;
    }
    json_object_set_new(document_edit(draft, ENTITY_ITEM, id), "Versions", kept);
    return true;
}

/* Months to come are charged by what the document says of the item's first and last one. */
static bool would_pause(const struct call *call, const json_t *item, const struct item_range *range)
{
    return range->is_given && range->start > call->now && range->end != PERIOD_NONE && item_covers(item, range->start - 1) &&
           item_covers(item, range->end);
}

json_t *operation_DeleteCustomLineItem(struct call *call)
{
    const char *id;
    struct item_range range;
    if (!look_up_named(call, ENTITY_ITEM, input_text(call, "Arn"), &id) || !item_range_read(call, &range))
        return NULL;
    if (would_pause(call, document_find(call->draft, ENTITY_ITEM, id), &range))
        return fail_validation(call, "ILLEGAL_BILLING_PERIOD_RANGE",
                               "an item pauses in the current or the previous month alone");
    json_t *reply = arn_reply(call, ENTITY_ITEM, id);
    item_note_earlier(call, &range, id, entity_group(document_find(call->draft, ENTITY_ITEM, id)));
    if (range.is_given && cut_out(call->draft, id, &range)) {
        set_modified(call, document_edit(call->draft, ENTITY_ITEM, id));
        return reply;
    }
    document_drop_item(call->draft, id);
    return reply;
}
