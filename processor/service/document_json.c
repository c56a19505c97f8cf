/* service/document_json.c: a document from the JSON that is pasted or kept on the topic, and back. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "codec/json_text.h"
#include "service/document.h"

/* ---- reading ---- */

static const char *own_id(enum entity_kind kind, const json_t *entity)
{
    const char *id = arn_id(entity_text(entity, "Arn"));
    if (kind == ENTITY_ACCOUNT)
        return entity_text(entity, "AccountId");
    if (kind == ENTITY_PREFERENCE)
        return entity_text(entity, "ResponsibilityTransferArn");
    if (!id && kind == ENTITY_GROUP)
        id = entity_text(entity, "PrimaryAccountId");
    return id ? id : entity_text(entity, "Name");
}

/* The account of the first ARN that has one is the payer's. */
static void learn_payer(struct document *document, const char *arn, bool *known)
{
    const char *at = arn;
    for (int colons = 0; at && colons < 4; colons++)
        at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL;
    if (*known || !at || strlen(at) < 13 || !text_is_digits((struct text){ at, 12 }, 12))
        return;
    memcpy(document->payer, at, 12);
    document->payer[12] = '\0';
    if (strncmp(arn, "arn:aws-cn:", 11) == 0)
        memcpy(document->partition, "aws-cn", sizeof "aws-cn");
    *known = true;
}

static void drop_nulls(json_t *entity)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(entity, next, name, value) if (json_is_null(value)) json_object_del(entity, name);
}

/* Times are epoch seconds; others are as good as none. */
static void set_times(json_t *entity, int64_t applied_s)
{
    static const char *const names[] = { "CreationTime", "LastModifiedTime" };
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)applied_s);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const char *given = entity_text(entity, names[i]);
        size_t size = given ? strlen(given) : 0;
        if (size == 0 || size > 12 || !text_is_digits(text_of(given), size))
            json_object_set_new(entity, names[i], json_string(text));
    }
}

static void take_members(struct document *document, json_t *group, const char *id)
{
    size_t index;
    json_t *grouping = json_object_get(group, "AccountGrouping"), *account;
    json_array_foreach (json_object_get(grouping, "LinkedAccountIds"), index, account) {
        const char *number = json_string_value(account);
        if (!number)
            continue;
        json_t *known = document_find(document, ENTITY_ACCOUNT, number);
        if (!known)
            document_add(document, ENTITY_ACCOUNT, number, known = json_pack("{s:s}", "AccountId", number));
        json_object_set_new(known, "BillingGroupArn", json_string(id));
    }
    json_object_del(grouping, "LinkedAccountIds");
}

static void take_section(struct document *document, const json_t *root, const char *name, enum entity_kind kind,
                         int64_t applied_s)
{
    size_t index;
    json_t *entity;
    json_array_foreach (json_object_get(root, name), index, entity) {
        const char *id = own_id(kind, entity);
        if (!json_is_object(entity) || !id)
            continue;
        drop_nulls(entity);
        if (kind != ENTITY_ACCOUNT)
            set_times(entity, applied_s);
        json_t *known = document_find(document, kind, id);
        if (known)
            json_object_update(known, entity);
        else
            document_add(document, kind, id, json_incref(entity));
        if (kind == ENTITY_GROUP)
            take_members(document, entity, id);
    }
}

/* Association replies are moved to their owners. */
static void take_plan_rules(struct document *document, const json_t *root)
{
    size_t index, at;
    json_t *reply, *rule;
    const char *id;
    json_t *plan;
    json_object_foreach (document->entities[ENTITY_PLAN], id, plan) {
        json_t *rules = json_array();
        json_array_foreach (json_object_get(plan, "PricingRuleArns"), at, rule)
            json_array_append_new(rules, json_string(arn_id(json_string_value(rule))));
        json_object_set_new(plan, "PricingRuleArns", rules);
    }
    json_array_foreach (json_object_get(root, "PricingRulesAssociatedToPricingPlan"), index, reply) {
        plan = document_find(document, ENTITY_PLAN, arn_id(entity_text(reply, "PricingPlanArn")));
        json_array_foreach (json_object_get(reply, "PricingRuleArns"), at, rule)
            json_array_append_new(json_object_get(plan, "PricingRuleArns"), json_string(arn_id(json_string_value(rule))));
    }
}

static void add_period(json_t *version, const char *name, const char *text)
{
    billing_period period;
    char normal[TIME_TEXT_MAX];
    if (!text || !period_parse(text_of(text), &period))
        return;
    period_format(period, normal);
    json_object_set_new(version, name, json_string(normal));
}

static void take_own_range(json_t *item)
{
    json_t *range = json_object_get(item, "BillingPeriodRange"), *versions = json_array();
    if (range) {
        json_t *version = json_object();
        add_period(version, "StartBillingPeriod", entity_text(range, "InclusiveStartBillingPeriod"));
        add_period(version, "EndBillingPeriod", entity_text(range, "ExclusiveEndBillingPeriod"));
        json_array_append_new(versions, version);
        json_object_del(item, "BillingPeriodRange");
    }
    json_object_set_new(item, "Versions", versions);
    json_t *inputs = json_array(), *percentage = json_object_get(json_object_get(item, "ChargeDetails"), "Percentage"),
           *value;
    size_t index;
    json_array_foreach (json_object_get(percentage, "AssociatedValues"), index, value)
        json_array_append_new(inputs, json_pack("{s:O}", "Arn", value));
    json_object_del(percentage, "AssociatedValues");
    json_object_set_new(item, "Inputs", inputs);
}

static void take_versions(struct document *document, const json_t *root)
{
    size_t index;
    json_t *version;
    json_array_foreach (json_object_get(root, "CustomLineItemVersions"), index, version) {
        json_t *item = document_find(document, ENTITY_ITEM, arn_id(entity_text(version, "Arn")));
        if (!item)
            continue;
        json_t *own = json_copy(version);
        json_object_del(own, "Arn");
        drop_nulls(own);
        add_period(own, "StartBillingPeriod", entity_text(version, "StartBillingPeriod"));
        add_period(own, "EndBillingPeriod", entity_text(version, "EndBillingPeriod"));
        json_array_append_new(json_object_get(item, "Versions"), own);
    }
}

static void take_inputs(struct document *document, const json_t *root)
{
    size_t index, at;
    json_t *reply, *resource;
    json_array_foreach (json_object_get(root, "ResourcesAssociatedToCustomLineItem"), index, reply) {
        json_t *item = document_find(document, ENTITY_ITEM, arn_id(entity_text(reply, "Arn")));
        json_array_foreach (json_object_get(reply, "AssociatedResources"), at, resource) {
            const char *relationship = entity_text(resource, "Relationship"),
                       *end = entity_text(resource, "EndBillingPeriod");
            if (!item || (relationship && strcmp(relationship, "CHILD") != 0))
                continue;
            json_t *input = json_pack("{s:O}", "Arn", json_object_get(resource, "Arn"));
            if (end)
                json_object_set_new(input, "EndBillingPeriod", json_string(end));
            json_array_append_new(json_object_get(item, "Inputs"), input);
        }
    }
}

/* An item without a range is the document's own month's only: said aloud, it stays so in a later month's document. */
static void finish_items(struct document *document)
{
    const char *id;
    json_t *item;
    json_object_foreach (document->entities[ENTITY_ITEM], id, item) {
        json_t *versions = json_object_get(item, "Versions");
        if (json_array_size(versions) > 0 || document->period == PERIOD_NONE)
            continue;
        char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
        period_format(document->period, start);
        period_format(document->period + 1, end);
        json_array_append_new(versions, json_pack("{s:s,s:s}", "StartBillingPeriod", start, "EndBillingPeriod", end));
    }
}

static void learn(struct document *document, const json_t *root)
{
    static const char *const names[] = { "BillingGroups", "PricingPlans", "PricingRules", "CustomLineItems" };
    bool known = false;
    size_t index;
    json_t *entity;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        json_array_foreach (json_object_get(root, names[i]), index, entity)
            learn_payer(document, entity_text(entity, "Arn"), &known);
    const char *currency = entity_text(root, "CurrencyCode"), *period = entity_text(root, "BillingPeriod");
    if (currency && strlen(currency) == 3)
        memcpy(document->currency, currency, 4);
    if (period && !period_parse(text_of(period), &document->period))
        document->period = PERIOD_NONE;
}

struct document *document_take(json_t *root, struct text payer, int64_t applied_s)
{
    struct document *empty = document_new(payer), *document = document_draft(empty, PERIOD_NONE);
    document_release(empty);
    learn(document, root);
    take_section(document, root, "LinkedAccounts", ENTITY_ACCOUNT, applied_s);
    take_section(document, root, "BillingGroups", ENTITY_GROUP, applied_s);
    take_section(document, root, "PricingPlans", ENTITY_PLAN, applied_s);
    take_section(document, root, "PricingRules", ENTITY_RULE, applied_s);
    take_section(document, root, "CustomLineItems", ENTITY_ITEM, applied_s);
    take_section(document, root, "BillingTransferPreferences", ENTITY_PREFERENCE, applied_s);
    take_plan_rules(document, root);
    const char *id;
    json_t *item;
    json_object_foreach (document->entities[ENTITY_ITEM], id, item)
        take_own_range(item);
    take_versions(document, root);
    take_inputs(document, root);
    finish_items(document);
    document_publish(document);
    return document;
}

bool document_parse(struct text json, struct text payer, int64_t applied_s, struct document **ret_document,
                    struct error *error)
{
    struct buffer scratch = { 0 };
    json_error_t reason;
    json_t *root = json_parse_exact(json, &scratch, &reason);
    bool done = json_is_object(root);
    buffer_done(&scratch);
    if (done)
        *ret_document = document_take(root, payer, applied_s);
    json_decref(root);
    return done || error_fail(error, ERROR_INVALID, "the conductor document is no JSON object: %s", reason.text);
}

/* ---- writing ---- */

static json_t *without(const json_t *entity, const char *a, const char *b)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)entity);
    json_object_del(copy, a);
    json_object_del(copy, b);
    return copy;
}

/* A reference keeps the entity's own ARN where it has one: the two must name one account. */
static json_t *reference(const struct document *document, enum entity_kind kind, const char *id, const json_t *entity)
{
    struct buffer arn = { 0 };
    const char *own = entity_text(entity, "Arn");
    json_t *text = json_string(own ? own : kind == ENTITY_RULE ? id : document_arn(document, kind, id, &arn));
    buffer_done(&arn);
    return text;
}

/* Whether an entity of a slice is printed: all of them without a slice. */
static bool is_in(json_t *const slice[ENTITY_KIND_COUNT], enum entity_kind kind, const char *id)
{
    return !slice || json_object_get(slice[kind], id);
}

static json_t *print_entities(const struct document *document, json_t *const slice[], enum entity_kind kind)
{
    json_t *list = json_array(), *entity;
    const char *id;
    json_object_foreach (document->entities[kind], id, entity)
        if (is_in(slice, kind, id))
            json_array_append_new(list, kind == ENTITY_PLAN   ? without(entity, "PricingRuleArns", "")
                                        : kind == ENTITY_ITEM ? without(entity, "Versions", "Inputs")
                                                              : json_incref(entity));
    return list;
}

static json_t *print_plan_rules(const struct document *document, json_t *const slice[])
{
    json_t *list = json_array(), *plan, *rule;
    const char *id;
    size_t index;
    json_object_foreach (document->entities[ENTITY_PLAN], id, plan) {
        json_t *rules = json_object_get(plan, "PricingRuleArns"), *arns = json_array();
        json_array_foreach (rules, index, rule) {
            const char *name = json_string_value(rule);
            json_array_append_new(arns, reference(document, ENTITY_RULE, name, document_find(document, ENTITY_RULE, name)));
        }
        if (is_in(slice, ENTITY_PLAN, id) && json_array_size(arns))
            json_array_append_new(list, json_pack("{s:o,s:O}", "PricingPlanArn", reference(document, ENTITY_PLAN, id, plan),
                                                  "PricingRuleArns", arns));
        json_decref(arns);
    }
    return list;
}

static json_t *print_versions(const struct document *document, json_t *const slice[])
{
    json_t *list = json_array(), *item, *version;
    const char *id;
    size_t index;
    json_object_foreach (document->entities[ENTITY_ITEM], id, item)
        json_array_foreach (json_object_get(item, "Versions"), index, version) {
            if (!is_in(slice, ENTITY_ITEM, id))
                continue;
            json_t *printed = json_copy(version);
            json_object_set_new(printed, "Arn", reference(document, ENTITY_ITEM, id, item));
            json_array_append_new(list, printed);
        }
    return list;
}

static json_t *print_inputs(const struct document *document, json_t *const slice[])
{
    json_t *list = json_array(), *item, *input;
    const char *id;
    size_t index;
    json_object_foreach (document->entities[ENTITY_ITEM], id, item) {
        json_t *inputs = json_object_get(item, "Inputs"), *resources = json_array();
        json_array_foreach (inputs, index, input) {
            json_t *resource = json_copy(input);
            json_object_set_new(resource, "Relationship", json_string("CHILD"));
            json_array_append_new(resources, resource);
        }
        if (is_in(slice, ENTITY_ITEM, id) && json_array_size(resources))
            json_array_append_new(list, json_pack("{s:o,s:O}", "Arn", reference(document, ENTITY_ITEM, id, item),
                                                  "AssociatedResources", resources));
        json_decref(resources);
    }
    return list;
}

void document_print_slice(const struct document *document, json_t *const slice[ENTITY_KIND_COUNT], struct buffer *out)
{
    json_t *root = json_object();
    if (document->period != PERIOD_NONE) {
        char period[TIME_TEXT_MAX];
        period_format(document->period, period);
        json_object_set_new(root, "BillingPeriod", json_string(period));
    }
    json_object_set_new(root, "CurrencyCode", json_string(document->currency));
    json_object_set_new(root, "BillingGroups", print_entities(document, slice, ENTITY_GROUP));
    json_object_set_new(root, "LinkedAccounts", print_entities(document, slice, ENTITY_ACCOUNT));
    json_object_set_new(root, "PricingPlans", print_entities(document, slice, ENTITY_PLAN));
    json_object_set_new(root, "PricingRules", print_entities(document, slice, ENTITY_RULE));
    json_object_set_new(root, "PricingRulesAssociatedToPricingPlan", print_plan_rules(document, slice));
    json_object_set_new(root, "CustomLineItems", print_entities(document, slice, ENTITY_ITEM));
    json_object_set_new(root, "CustomLineItemVersions", print_versions(document, slice));
    json_object_set_new(root, "ResourcesAssociatedToCustomLineItem", print_inputs(document, slice));
    json_object_set_new(root, "BillingTransferPreferences", print_entities(document, slice, ENTITY_PREFERENCE));
    char *text = json_dumps(root, JSON_COMPACT);
    buffer_append_text(out, text_of(text));
    free(text);
    json_decref(root);
}

void document_print(const struct document *document, struct buffer *out)
{
    document_print_slice(document, NULL, out);
}
