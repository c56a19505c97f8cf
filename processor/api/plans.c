/* api/plans.c: pricing plans and the rules in them. */
#include "api/lookup.h"

static json_t *rules_of(const json_t *plan)
{
    return json_object_get(plan, "PricingRuleArns");
}

/* ---- reading ---- */

json_t *operation_ListPricingPlans(struct call *call)
{
    static const char *const copied[] = { "Name", "Description", "CreationTime", "LastModifiedTime" };
    const struct document *document = call->document;
    struct list_page page;
    if (!list_begin(call, 100, &page))
        return NULL;
    const json_t *arns = json_object_get(input_member(call, "Filters"), "Arns");
    size_t at = page.after ? document_after(document, ENTITY_PLAN, page.after) : 0;
    for (; at < document_count(document, ENTITY_PLAN); at++) {
        const char *id = document->order[ENTITY_PLAN][at];
        json_t *plan = document_find(document, ENTITY_PLAN, id), *element;
        if (!filter_has(call, arns, id))
            continue;
        element = json_object();
        copy_members(element, plan, copied, ARRAY_COUNT(copied));
        json_object_set_new(element, "Arn", arn_value(call, document, ENTITY_PLAN, id));
        json_object_set_new(element, "Size", json_integer((json_int_t)json_array_size(rules_of(plan))));
        if (!list_add(&page, id, element))
            break;
    }
    json_t *reply = month_reply(call);
    list_end(call, &page, "PricingPlans", reply);
    return reply;
}

/* Ids of a list as ARNs, a page of them in byte order. */
static json_t *list_arns(struct call *call, const json_t *ids, enum entity_kind kind, const char *list_name, json_t *reply)
{
    struct list_page page;
    size_t index;
    json_t *id, *sorted = json_object();
    if (!list_begin(call, 100, &page)) {
        json_decref(sorted);
        json_decref(reply);
        return NULL;
    }
    json_array_foreach ((json_t *)(uintptr_t)ids, index, id)
        json_object_set_new(sorted, json_string_value(id), json_true());
    for (size_t at = page.after ? document_after(call->document, kind, page.after) : 0;
         at < document_count(call->document, kind); at++) {
        const char *name = call->document->order[kind][at];
        if (json_object_get(sorted, name) && !list_add(&page, name, arn_value(call, call->document, kind, name)))
            break;
    }
    json_decref(sorted);
    list_end(call, &page, list_name, reply);
    return reply;
}

json_t *operation_ListPricingPlansAssociatedWithPricingRule(struct call *call)
{
    const char *id;
    if (!look_up(call, ENTITY_RULE, input_text(call, "PricingRuleArn"), &id))
        return NULL;
    json_t *reply = month_reply(call);
    json_object_set_new(reply, "PricingRuleArn", arn_value(call, call->document, ENTITY_RULE, id));
    return list_arns(call, json_object_get(call->document->plans_of, id), ENTITY_PLAN, "PricingPlanArns", reply);
}

json_t *operation_ListPricingRulesAssociatedToPricingPlan(struct call *call)
{
    const char *arn = input_text(call, "PricingPlanArn"), *id = arn_id(arn);
    json_t *plan = plan_is_managed(id) ? NULL : look_up(call, ENTITY_PLAN, arn, &id);
    if (!plan && !plan_is_managed(id))
        return NULL;
    json_t *reply = month_reply(call);
    json_object_set_new(reply, "PricingPlanArn", arn_value(call, call->document, ENTITY_PLAN, id));
    return list_arns(call, rules_of(plan), ENTITY_RULE, "PricingRuleArns", reply);
}

/* ---- changing ---- */

/* Every rule exists, each is named once; NULL: a failure. Their ids. */
static json_t *choose_rules(struct call *call, const json_t *arns)
{
    size_t index;
    json_t *arn, *ids = json_array(), *seen = json_object();
    json_array_foreach ((json_t *)(uintptr_t)arns, index, arn) {
        const char *id;
        if (!look_up_named(call, ENTITY_RULE, json_string_value(arn), &id))
            break;
        if (json_object_get(seen, id)) {
            fail_validation(call, "DUPLICATE_PRICINGRULE_ARNS", "rule %s is named twice", id);
            break;
        }
        json_object_set_new(seen, id, json_true());
        json_array_append_new(ids, json_string(id));
    }
    json_decref(seen);
    if (call->failure.kind == FAILURE_NONE)
        return ids;
    json_decref(ids);
    return NULL;
}

json_t *operation_CreatePricingPlan(struct call *call)
{
    char id[11];
    json_t *rules = choose_rules(call, input_member(call, "PricingRuleArns"));
    if (!rules)
        return NULL;
    if (!name_is_free(call, ENTITY_PLAN, input_text(call, "Name"), NULL, NULL)) {
        json_decref(rules);
        return NULL;
    }
    new_id(call->draft, ENTITY_PLAN, id);
    json_t *plan = new_entity(call, ENTITY_PLAN, id);
    json_object_set_new(plan, "PricingRuleArns", rules);
    document_add(call->draft, ENTITY_PLAN, id, plan);
    return arn_reply(call, ENTITY_PLAN, id);
}

/* A plan that may be changed; NULL: a failure. */
static json_t *own_plan(struct call *call, const char **ret_id,
                        json_t *(*find)(struct call *, enum entity_kind, const char *, const char **))
{
    const char *arn = input_text(call, "Arn");
    if (plan_is_managed(arn_id(arn)))
        return fail_validation(call, "OTHER", "%s is managed by AWS and cannot be changed", arn_id(arn));
    return find(call, ENTITY_PLAN, arn, ret_id);
}

json_t *operation_UpdatePricingPlan(struct call *call)
{
    static const char *const copied[] = { "Name", "Description", "LastModifiedTime" };
    const char *id, *name = input_text(call, "Name");
    if (!own_plan(call, &id, look_up) || (name && !name_is_free(call, ENTITY_PLAN, name, NULL, id)))
        return NULL;
    json_t *plan = document_edit(call->draft, ENTITY_PLAN, id);
    set_text(call, plan, "Name");
    set_description(call, plan);
    set_modified(call, plan);
    json_t *reply = arn_reply(call, ENTITY_PLAN, id);
    copy_members(reply, plan, copied, ARRAY_COUNT(copied));
    json_object_set_new(reply, "Size", json_integer((json_int_t)json_array_size(rules_of(plan))));
    return reply;
}

static size_t index_of(const json_t *list, const char *id)
{
    size_t index;
    json_t *element;
    json_array_foreach ((json_t *)(uintptr_t)list, index, element)
        if (strcmp(json_string_value(element), id) == 0)
            return index;
    return SIZE_MAX;
}

json_t *operation_AssociatePricingRules(struct call *call)
{
    const char *id;
    size_t index;
    json_t *element, *plan = own_plan(call, &id, look_up);
    json_t *rules = plan ? choose_rules(call, input_member(call, "PricingRuleArns")) : NULL;
    if (!rules)
        return NULL;
    plan = document_edit(call->draft, ENTITY_PLAN, id);
    json_array_foreach (rules, index, element) {
        const char *rule = json_string_value(element);
        if (index_of(rules_of(plan), rule) != SIZE_MAX)
            fail_validation(call, "PRICINGRULES_ALREADY_ASSOCIATED", "rule %s is in the plan", rule);
        else
            json_array_append(rules_of(plan), element);
    }
    json_decref(rules);
    set_modified(call, plan);
    return call->failure.kind == FAILURE_NONE ? arn_reply(call, ENTITY_PLAN, id) : NULL;
}

json_t *operation_DisassociatePricingRules(struct call *call)
{
    const char *id, *rule;
    size_t index;
    json_t *element, *plan = own_plan(call, &id, look_up);
    if (!plan)
        return NULL;
    plan = document_edit(call->draft, ENTITY_PLAN, id);
    json_t *before = json_copy(rules_of(plan)), *seen = json_object();
    json_array_foreach (input_member(call, "PricingRuleArns"), index, element) {
        if (!look_up(call, ENTITY_RULE, json_string_value(element), &rule))
            break;
        if (json_object_get(seen, rule))
            fail_validation(call, "DUPLICATE_PRICINGRULE_ARNS", "rule %s is named twice", rule);
        else if (index_of(before, rule) == SIZE_MAX)
            fail_validation(call, "PRICINGRULES_NOT_ASSOCIATED", "rule %s is not in the plan", rule);
        if (call->failure.kind != FAILURE_NONE)
            break;
        json_object_set_new(seen, rule, json_true());
        json_array_remove(rules_of(plan), index_of(rules_of(plan), rule));
    }
    json_decref(before);
    json_decref(seen);
    set_modified(call, plan);
    return call->failure.kind == FAILURE_NONE ? arn_reply(call, ENTITY_PLAN, id) : NULL;
}

json_t *operation_DeletePricingPlan(struct call *call)
{
    const char *id, *other;
    json_t *entity, *plan = own_plan(call, &id, look_up_named);
    if (!plan)
        return NULL;
    json_object_foreach (call->draft->entities[ENTITY_GROUP], other, entity)
        if (text_equal(text_of(group_plan(entity)), text_of(id)))
            return fail_conflict(call, "PRICING_PLAN_ATTACHED_TO_BILLING_GROUP_DELETE_CONFLICT", ENTITY_PLAN, id,
                                 "group %s has the plan", other);
    json_object_foreach (call->draft->entities[ENTITY_PREFERENCE], other, entity) {
        const json_t *preference = json_object_get(entity, "AutoBillingTransferBillingGroupCreation");
        if (text_equal(text_of(arn_id(entity_text(preference, "PricingPlanArn"))), text_of(id)))
            return fail_conflict(call, "PRICING_PLAN_REFERENCED_BY_PREFERENCE_DELETE_CONFLICT", ENTITY_PLAN, id,
                                 "a billing transfer's preference names the plan");
    }
    json_t *reply = arn_reply(call, ENTITY_PLAN, id);
    document_remove(call->draft, ENTITY_PLAN, id);
    return reply;
}
