/* api/rules.c: pricing rules. What fits together is the document check's to say, but for what is AWS's own pairing. */
#include "api/lookup.h"

#include "money/decimal.h"

static json_t *rule_element(struct call *call, const char *id, const json_t *rule, size_t plans)
{
    static const char *const copied[] = { "Name",         "Description",      "Scope",         "Type",    "Service",
                                          "CreationTime", "LastModifiedTime", "BillingEntity", "Tiering", "UsageType",
                                          "Operation" };
    const char *type = entity_text(rule, "Type");
    json_t *element = arn_reply(call, ENTITY_RULE, id), *modifier = json_object_get(rule, "ModifierPercentage");
    copy_members(element, rule, copied, ARRAY_COUNT(copied));
    if (modifier && type && strcmp(type, "TIERING") != 0)
        json_object_set(element, "ModifierPercentage", modifier);
    json_object_set_new(element, "AssociatedPricingPlanCount", json_integer((json_int_t)plans));
    return element;
}

json_t *operation_ListPricingRules(struct call *call)
{
    const struct document *document = call->document;
    struct list_page page;
    if (!list_begin(call, 100, &page))
        return NULL;
    const json_t *arns = json_object_get(input_member(call, "Filters"), "Arns");
    size_t at = page.after ? document_after(document, ENTITY_RULE, page.after) : 0;
    for (; at < document_count(document, ENTITY_RULE); at++) {
        const char *id = document->order[ENTITY_RULE][at];
        size_t plans = json_array_size(json_object_get(document->plans_of, id));
        json_t *rule = document_find(document, ENTITY_RULE, id);
        if (filter_has(call, arns, id) && !list_add(&page, id, rule_element(call, id, rule, plans)))
            break;
    }
    json_t *reply = month_reply(call);
    list_end(call, &page, "PricingRules", reply);
    return reply;
}

/* ---- changing ---- */

/* Half away from zero at two decimals, as AWS rounds. */
static json_t *round_modifier(const char *text)
{
    i128 value = 0, exact = 0;
    char out[DECIMAL_TEXT_MAX];
    if (decimal_parse(text_of(text), AMOUNT_SCALE, &exact) == DECIMAL_TOO_LARGE)
        return json_string(text); /* refused by the document's check */
    i128 step = decimal_power(AMOUNT_SCALE - MODIFIER_SCALE);
    value = exact / step + (exact % step >= step / 2);
    decimal_format(value, MODIFIER_SCALE, out);
    return json_string(out);
}

static bool is_type(const json_t *rule, const char *type)
{
    const char *own = entity_text(rule, "Type");
    return own && strcmp(own, type) == 0;
}

/* Modifier and tiering as a request gives them, and what is left of the earlier ones when the type changes. */
static void set_pricing(struct call *call, json_t *rule)
{
    const char *modifier = input_text(call, "ModifierPercentage");
    set_text(call, rule, "Type");
    bool is_tiering = is_type(rule, "TIERING");
    if (is_tiering)
        json_object_del(rule, "ModifierPercentage");
    else
        json_object_del(rule, "Tiering");
    set_text(call, rule, "Tiering");
    if (modifier)
        json_object_set_new(rule, "ModifierPercentage", round_modifier(modifier));
}

static bool pricing_is_sound(struct call *call, const json_t *rule)
{
    const json_t *tiering = json_object_get(rule, "Tiering");
    const char *scope = entity_text(rule, "Scope");
    bool has_free = json_object_get(tiering, "FreeTier"), has_custom = json_object_get(tiering, "CustomTiers");
    bool is_sku = scope && strcmp(scope, "SKU") == 0, is_entity = scope && strcmp(scope, "BILLING_ENTITY") == 0;
    if (is_type(rule, "TIERING") && json_object_get(rule, "ModifierPercentage"))
        fail_validation(call, "ILLEGAL_MODIFIER_PERCENTAGE", "a TIERING rule has no ModifierPercentage");
    else if (is_type(rule, "TIERING") && !is_entity && has_free != has_custom && has_custom != is_sku)
        fail_validation(call, "ILLEGAL_TIERING_INPUT", "FreeTier is for GLOBAL and SERVICE, CustomTiers for SKU");
    return call->failure.kind == FAILURE_NONE;
}

json_t *operation_CreatePricingRule(struct call *call)
{
    static const char *const selectors[] = { "Scope", "Service", "BillingEntity", "UsageType", "Operation" };
    char id[11];
    if (!name_is_free(call, ENTITY_RULE, input_text(call, "Name"), NULL, NULL))
        return NULL;
    new_id(call->draft, ENTITY_RULE, id);
    json_t *rule = new_entity(call, ENTITY_RULE, id);
    copy_members(rule, call->input, selectors, ARRAY_COUNT(selectors));
    document_add(call->draft, ENTITY_RULE, id, rule);
    /* A new rule has no earlier pricing: what does not fit its type is the request's fault. */
    set_text(call, rule, "Type");
    set_text(call, rule, "Tiering");
    if (input_text(call, "ModifierPercentage"))
        json_object_set_new(rule, "ModifierPercentage", round_modifier(input_text(call, "ModifierPercentage")));
    return pricing_is_sound(call, rule) ? arn_reply(call, ENTITY_RULE, id) : NULL;
}

static size_t count_plans(const struct document *draft, const char *rule)
{
    const char *id;
    json_t *plan;
    size_t count = 0;
    json_object_foreach (draft->entities[ENTITY_PLAN], id, plan)
        count += json_array_size(json_object_get(plan, "PricingRuleArns")) > 0 &&
                 filter_has_text(json_object_get(plan, "PricingRuleArns"), rule);
    return count;
}

json_t *operation_UpdatePricingRule(struct call *call)
{
    const char *id, *name = input_text(call, "Name");
    if (!look_up(call, ENTITY_RULE, input_text(call, "Arn"), &id) ||
        (name && !name_is_free(call, ENTITY_RULE, name, NULL, id)))
        return NULL;
    json_t *rule = document_edit(call->draft, ENTITY_RULE, id);
    set_text(call, rule, "Name");
    set_description(call, rule);
    set_pricing(call, rule);
    set_modified(call, rule);
    if (!pricing_is_sound(call, rule))
        return NULL;
    json_t *reply = rule_element(call, id, rule, count_plans(call->draft, id));
    json_object_del(reply, "CreationTime");
    return reply;
}

json_t *operation_DeletePricingRule(struct call *call)
{
    const char *id;
    if (!look_up_named(call, ENTITY_RULE, input_text(call, "Arn"), &id))
        return NULL;
    if (count_plans(call->draft, id) > 0)
        return fail_conflict(call, "PRICING_RULE_ATTACHED_TO_PRICING_PLAN_DELETE_CONFLICT", ENTITY_RULE, id,
                             "a pricing plan has the rule");
    json_t *reply = arn_reply(call, ENTITY_RULE, id);
    document_remove(call->draft, ENTITY_RULE, id);
    return reply;
}
