/* api/transfers.c: what a new billing transfer's group is made with. */
#include "api/lookup.h"

#define PREFERENCE "AutoBillingTransferBillingGroupCreation"

static bool is_own(const struct call *call, const char *transfer)
{
    const struct document *document = call->draft ? call->draft : call->document;
    const char *at = strstr(transfer, ":organizations::");
    return at && strncmp(at + sizeof ":organizations::" - 1, document->payer, 12) == 0;
}

json_t *operation_GetBillingTransferPreference(struct call *call)
{
    static const char *const copied[] = { "ResponsibilityTransferArn", PREFERENCE, "LastModifiedTime" };
    const char *transfer = input_text(call, "ResponsibilityTransferArn");
    json_t *entity = document_find(call->document, ENTITY_PREFERENCE, transfer), *reply = json_object();
    if (entity) {
        copy_members(reply, entity, copied, ARRAY_COUNT(copied));
        return reply;
    }
    json_decref(reply);
    if (!is_own(call, transfer))
        return fail_not_found(call, ENTITY_PREFERENCE, transfer);
    return json_pack("{s:s,s:{s:b}}", "ResponsibilityTransferArn", transfer, PREFERENCE, "Enabled", 0);
}

json_t *operation_UpdateBillingTransferPreference(struct call *call)
{
    const char *transfer = input_text(call, "ResponsibilityTransferArn"), *plan_id;
    json_t *given = input_member(call, PREFERENCE);
    const char *plan = entity_text(given, "PricingPlanArn");
    bool enabled = json_is_true(json_object_get(given, "Enabled"));
    if (!is_own(call, transfer))
        return fail_not_found(call, ENTITY_PREFERENCE, transfer);
    if (enabled && !plan)
        return fail_validation(call, "MISSING_PRICING_PLAN_ARN", "PricingPlanArn is needed with Enabled");
    if (!enabled && plan)
        return fail_validation(call, "OTHER", "PricingPlanArn is for an enabled preference");
    if (plan && !plan_is_managed(arn_id(plan)) && !look_up(call, ENTITY_PLAN, plan, &plan_id))
        return NULL;
    json_t *preference = json_pack("{s:b}", "Enabled", enabled);
    if (plan)
        json_object_set_new(preference, "PricingPlanArn", arn_value(call, call->draft, ENTITY_PLAN, arn_id(plan)));
    json_t *entity = json_pack("{s:s,s:o}", "ResponsibilityTransferArn", transfer, PREFERENCE, preference);
    set_created(call, entity);
    document_add(call->draft, ENTITY_PREFERENCE, transfer, entity);
    json_t *reply = json_copy(entity);
    json_object_del(reply, "CreationTime");
    return reply;
}
