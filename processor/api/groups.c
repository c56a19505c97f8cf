/* api/groups.c: billing groups. */
#include <stdio.h>
#include <unistd.h>

#include "api/lookup.h"
#include "documents/arn.h"

/* ---- reading ---- */

static const char *type_of(const json_t *group)
{
    return group_is_transfer(group) ? "TRANSFER_BILLING" : "STANDARD";
}

static const char *status_of(const json_t *group)
{
    const char *status = entity_text(group, "Status");
    return status ? status : "ACTIVE";
}

static bool auto_associates(const json_t *group)
{
    return json_is_true(json_object_get(json_object_get(group, "AccountGrouping"), "AutoAssociate"));
}

static const char *transfer_of(const json_t *group)
{
    return entity_text(json_object_get(group, "AccountGrouping"), "ResponsibilityTransferArn");
}

static json_t *grouping_value(const json_t *group)
{
    json_t *grouping = json_pack("{s:b}", "AutoAssociate", auto_associates(group));
    if (transfer_of(group))
        json_object_set_new(grouping, "ResponsibilityTransferArn", json_string(transfer_of(group)));
    return grouping;
}

static json_t *group_element(struct call *call, const char *id, const json_t *group)
{
    static const char *const copied[] = { "Name",         "Description",      "PrimaryAccountId",
                                          "CreationTime", "LastModifiedTime", "StatusReason" };
    json_t *element = json_object();
    copy_members(element, group, copied, ARRAY_COUNT(copied));
    json_object_set_new(element, "Arn", arn_value(call, call->document, ENTITY_GROUP, id));
    if (group_plan(group))
        json_object_set_new(
            element, "ComputationPreference",
            json_pack("{s:o}", "PricingPlanArn", arn_value(call, call->document, ENTITY_PLAN, group_plan(group))));
    size_t size = json_array_size(json_object_get(call->document->members, id));
    json_object_set_new(element, "Size", json_integer((json_int_t)size));
    json_object_set_new(element, "Status", json_string(status_of(group)));
    json_object_set_new(element, "BillingGroupType", json_string(type_of(group)));
    json_object_set_new(element, "AccountGrouping", grouping_value(group));
    return element;
}

static bool name_begins(const json_t *searches, const json_t *group)
{
    const char *name = entity_text(group, "Name");
    const char *start = entity_text(json_array_get(searches, 0), "SearchValue");
    return !searches || (name && text_starts_with(text_of(name), text_of(start)));
}

static bool has_plan(struct call *call, const char *arn, const json_t *group)
{
    const char *wanted = input_id(call, arn), *own = group_plan(group);
    failure_done(&call->failure); /* another payer's is none of these */
    return wanted && own && strcmp(wanted, own) == 0;
}

static bool passes(struct call *call, const char *id, const json_t *group)
{
    const json_t *filters = input_member(call, "Filters"), *automatic = json_object_get(filters, "AutoAssociate");
    const char *plan = entity_text(filters, "PricingPlan");
    return filter_has(call, json_object_get(filters, "Arns"), id) && (!plan || has_plan(call, plan, group)) &&
           filter_has_text(json_object_get(filters, "Statuses"), status_of(group)) &&
           (!automatic || json_is_true(automatic) == auto_associates(group)) &&
           filter_has_text(json_object_get(filters, "PrimaryAccountIds"), entity_text(group, "PrimaryAccountId")) &&
           filter_has_text(json_object_get(filters, "BillingGroupTypes"), type_of(group)) &&
           name_begins(json_object_get(filters, "Names"), group) &&
           filter_has_text(json_object_get(filters, "ResponsibilityTransferArns"), transfer_of(group));
}

json_t *operation_ListBillingGroups(struct call *call)
{
    const struct document *document = call->document;
    struct list_page page;
    if (!list_begin(call, 100, &page))
        return NULL;
    size_t at = page.after ? document_after(document, ENTITY_GROUP, page.after) : 0;
    for (; at < document_count(document, ENTITY_GROUP); at++) {
        const char *id = document->order[ENTITY_GROUP][at];
        json_t *group = document_find(document, ENTITY_GROUP, id);
        if (passes(call, id, group) && !list_add(&page, id, group_element(call, id, group)))
            break;
    }
    json_t *reply = json_object();
    list_end(call, &page, "BillingGroups", reply);
    return reply;
}

/* ---- creating ---- */

/* The plan that a request names exists and suits the group. */
static const char *choose_plan(struct call *call, bool is_transfer)
{
    const char *arn = entity_text(input_member(call, "ComputationPreference"), "PricingPlanArn"), *id;
    if (plan_is_managed(arn_id(arn))) {
        if (!is_transfer && text_equal(text_of(arn_id(arn)), MANAGED_PLAN_PASSTHROUGH)) {
            fail_validation(call, "ILLEGAL_BILLING_GROUP_PRICING_PLAN", "Passthrough is for billing transfers");
            return NULL;
        }
        return arn_id(arn);
    }
    return look_up_named(call, ENTITY_PLAN, arn, &id) ? id : NULL;
}

static json_t *check_accounts(struct call *call, json_t *accounts)
{
    size_t index;
    json_t *account, *seen = json_object();
    json_array_foreach (accounts, index, account) {
        const char *id = json_string_value(account);
        json_t *known = document_find(call->draft, ENTITY_ACCOUNT, id);
        if (json_object_get(seen, id))
            fail_validation(call, "DUPLICATE_ACCOUNT", "account %s is named twice", id);
        else if (!known)
            fail_validation(call, "ILLEGAL_ACCOUNTS", "account %s is not of this payer's family", id);
        else if (entity_group(known))
            fail_validation(call, "ACCOUNTS_ALREADY_ASSOCIATED", "account %s is in a billing group", id);
        if (call->failure.kind != FAILURE_NONE)
            break;
        json_object_set_new(seen, id, json_true());
    }
    json_decref(seen);
    return call->failure.kind == FAILURE_NONE ? accounts : NULL;
}

static void associate(struct call *call, json_t *accounts, const char *group)
{
    size_t index;
    json_t *account;
    json_array_foreach (accounts, index, account)
        json_object_set_new(document_edit(call->draft, ENTITY_ACCOUNT, json_string_value(account)), "BillingGroupArn",
                            arn_value(call, call->draft, ENTITY_GROUP, group));
}

static bool other_auto_associates(const struct document *draft, const char *own_id)
{
    const char *id;
    json_t *group;
    json_object_foreach (draft->entities[ENTITY_GROUP], id, group)
        if (auto_associates(group) && (!own_id || strcmp(id, own_id) != 0))
            return true;
    return false;
}

static bool check_primary(struct call *call, json_t *accounts)
{
    const char *primary = input_text(call, "PrimaryAccountId");
    if (!primary)
        fail_validation(call, "ILLEGAL_PRIMARY_ACCOUNT", "PrimaryAccountId is needed");
    else if (json_array_size(accounts) == 0)
        fail_validation(call, "MISSING_LINKED_ACCOUNT_IDS", "AccountGrouping.LinkedAccountIds is needed");
    else if (strcmp(primary, call->draft->payer) == 0)
        fail_validation(call, "ILLEGAL_PRIMARY_ACCOUNT", "the payer cannot be a primary account");
    else if (!filter_has_text(accounts, primary))
        fail_validation(call, "PRIMARY_NOT_ASSOCIATED", "account %s is not among the group's accounts", primary);
    return call->failure.kind == FAILURE_NONE && check_accounts(call, accounts);
}

/* Any of the payer's own: this server knows no organizations. */
static bool check_transfer(struct call *call, const char *transfer, const json_t *grouping)
{
    const char *at = strstr(transfer, ":organizations::");
    if (!at || strncmp(at + sizeof ":organizations::" - 1, call->draft->payer, 12) != 0)
        fail_validation(call, "INVALID_ARN", "%.200s: expected a transfer of the payer %s", transfer, call->draft->payer);
    else if (json_is_true(json_object_get(grouping, "AutoAssociate")))
        fail_validation(call, "ILLEGAL_BILLING_GROUP_TYPE", "a transfer's accounts come with it: no AutoAssociate");
    else if (json_array_size(json_object_get(grouping, "LinkedAccountIds")) > 0)
        fail_validation(call, "ILLEGAL_BILLING_GROUP_TYPE", "a transfer's accounts come with it: no LinkedAccountIds");
    return call->failure.kind == FAILURE_NONE;
}

static void transfer_id(const struct document *draft, char out[13])
{
    uint64_t random;
    do {
        if (getentropy(&random, sizeof random) != 0)
            CHECK(!"the system has randomness");
        snprintf(out, 13, "%012llu", (unsigned long long)(random % 1000000000000));
    } while (document_find(draft, ENTITY_GROUP, out) || document_find(draft, ENTITY_ACCOUNT, out));
}

json_t *operation_CreateBillingGroup(struct call *call)
{
    json_t *grouping = input_member(call, "AccountGrouping"), *accounts = json_object_get(grouping, "LinkedAccountIds");
    const char *transfer = entity_text(grouping, "ResponsibilityTransferArn"), *plan = NULL;
    bool automatic = json_is_true(json_object_get(grouping, "AutoAssociate"));
    char id[13];
    bool sound = (transfer ? check_transfer(call, transfer, grouping) : check_primary(call, accounts)) &&
                 (plan = choose_plan(call, transfer != NULL)) &&
                 name_is_free(call, ENTITY_GROUP, input_text(call, "Name"), NULL, NULL);
    if (sound && automatic && other_auto_associates(call->draft, NULL))
        sound = fail_validation(call, "TOO_MANY_AUTO_ASSOCIATE_BILLING_GROUPS", "another group has AutoAssociate") != NULL;
    if (!sound)
        return NULL;
    if (transfer)
        transfer_id(call->draft, id);
    else
        snprintf(id, sizeof id, "%s", input_text(call, "PrimaryAccountId"));
    json_t *group = new_entity(call, ENTITY_GROUP, id);
    set_text(call, group, "PrimaryAccountId");
    json_object_set_new(group, "ComputationPreference",
                        json_pack("{s:o}", "PricingPlanArn", arn_value(call, call->draft, ENTITY_PLAN, plan)));
    json_object_set_new(group, "Status", json_string("ACTIVE"));
    json_object_set_new(group, "BillingGroupType", json_string(transfer ? "TRANSFER_BILLING" : "STANDARD"));
    json_t *own = json_pack("{s:b}", "AutoAssociate", automatic);
    if (transfer)
        json_object_set_new(own, "ResponsibilityTransferArn", json_string(transfer));
    json_object_set_new(group, "AccountGrouping", own);
    document_add(call->draft, ENTITY_GROUP, id, group);
    if (!transfer)
        associate(call, accounts, id);
    return arn_reply(call, ENTITY_GROUP, id);
}

/* ---- accounts ---- */

json_t *operation_AssociateAccounts(struct call *call)
{
    const char *id;
    json_t *group = look_up(call, ENTITY_GROUP, input_text(call, "Arn"), &id), *accounts = input_member(call, "AccountIds");
    if (!group)
        return NULL;
    if (group_is_transfer(group))
        return fail_validation(call, "ILLEGAL_BILLING_GROUP_TYPE", "a transfer's accounts come with it");
    if (!check_accounts(call, accounts))
        return NULL;
    associate(call, accounts, id);
    set_modified(call, document_edit(call->draft, ENTITY_GROUP, id));
    return arn_reply(call, ENTITY_GROUP, id);
}

static bool check_leaving(struct call *call, const char *group_id, const json_t *group, json_t *accounts)
{
    const char *primary = entity_text(group, "PrimaryAccountId");
    size_t index;
    json_t *account, *seen = json_object();
    json_array_foreach (accounts, index, account) {
        const char *id = json_string_value(account);
        json_t *known = document_find(call->draft, ENTITY_ACCOUNT, id);
        const char *in = known ? entity_group(known) : NULL;
        if (json_object_get(seen, id))
            fail_validation(call, "DUPLICATE_ACCOUNT", "account %s is named twice", id);
        else if (primary && strcmp(primary, id) == 0)
            fail_validation(call, "PRIMARY_CANNOT_DISASSOCIATE", "account %s is the group's primary account", id);
        else if (!in || strcmp(in, group_id) != 0)
            fail_validation(call, "ACCOUNTS_NOT_ASSOCIATED", "account %s is not in the group", id);
        if (call->failure.kind != FAILURE_NONE)
            break;
        json_object_set_new(seen, id, json_true());
    }
    json_decref(seen);
    return call->failure.kind == FAILURE_NONE;
}

json_t *operation_DisassociateAccounts(struct call *call)
{
    const char *id;
    size_t index;
    json_t *group = look_up(call, ENTITY_GROUP, input_text(call, "Arn"), &id), *accounts = input_member(call, "AccountIds");
    json_t *account;
    if (!group || !check_leaving(call, id, group, accounts))
        return NULL;
    json_array_foreach (accounts, index, account)
        json_object_del(document_edit(call->draft, ENTITY_ACCOUNT, json_string_value(account)), "BillingGroupArn");
    set_modified(call, document_edit(call->draft, ENTITY_GROUP, id));
    return arn_reply(call, ENTITY_GROUP, id);
}

/* ---- changing and deleting ---- */

static bool update_grouping(struct call *call, const char *id, json_t *group)
{
    json_t *given = input_member(call, "AccountGrouping"), *automatic = json_object_get(given, "AutoAssociate");
    const char *transfer = entity_text(given, "ResponsibilityTransferArn"), *own = transfer_of(group);
    bool on = json_is_true(automatic);
    if (transfer && (!own || strcmp(own, transfer) != 0))
        fail_validation(call, "ILLEGAL_BILLING_GROUP_TYPE", "ResponsibilityTransferArn cannot be changed");
    else if (on && group_is_transfer(group))
        fail_validation(call, "ILLEGAL_BILLING_GROUP_TYPE", "a transfer's accounts come with it: no AutoAssociate");
    else if (on && other_auto_associates(call->draft, id))
        fail_validation(call, "TOO_MANY_AUTO_ASSOCIATE_BILLING_GROUPS", "another group has AutoAssociate");
    if (call->failure.kind != FAILURE_NONE)
        return false;
    if (automatic) {
        json_t *grouping = grouping_value(group);
        json_object_set_new(grouping, "AutoAssociate", json_boolean(on));
        json_object_set_new(group, "AccountGrouping", grouping);
    }
    return true;
}

static bool update_plan(struct call *call, json_t *group)
{
    if (!input_member(call, "ComputationPreference"))
        return true;
    const char *plan = choose_plan(call, group_is_transfer(group));
    if (!plan)
        return false;
    json_object_set_new(group, "ComputationPreference",
                        json_pack("{s:o}", "PricingPlanArn", arn_value(call, call->draft, ENTITY_PLAN, plan)));
    return true;
}

static size_t count_members(const struct document *draft, const char *group)
{
    const char *id;
    json_t *account;
    size_t count = 0;
    json_object_foreach (draft->entities[ENTITY_ACCOUNT], id, account)
        count += text_equal(text_of(entity_group(account)), text_of(group));
    return count;
}

json_t *operation_UpdateBillingGroup(struct call *call)
{
    static const char *const copied[] = { "Name",   "Description", "PrimaryAccountId", "LastModifiedTime",
                                          "Status", "StatusReason" };
    const char *id, *name = input_text(call, "Name");
    if (!look_up(call, ENTITY_GROUP, input_text(call, "Arn"), &id) ||
        (name && !name_is_free(call, ENTITY_GROUP, name, NULL, id)))
        return NULL;
    json_t *group = document_edit(call->draft, ENTITY_GROUP, id);
    if (!update_plan(call, group) || !update_grouping(call, id, group))
        return NULL;
    set_text(call, group, "Name");
    set_text(call, group, "Status");
    set_description(call, group);
    set_modified(call, group);
    json_t *reply = arn_reply(call, ENTITY_GROUP, id);
    copy_members(reply, group, copied, ARRAY_COUNT(copied));
    if (group_plan(group))
        json_object_set_new(reply, "PricingPlanArn", arn_value(call, call->draft, ENTITY_PLAN, group_plan(group)));
    json_object_set_new(reply, "Size", json_integer((json_int_t)count_members(call->draft, id)));
    json_object_set_new(reply, "AccountGrouping", grouping_value(group));
    return reply;
}

/* Ids of all entities of a kind that belong to the group: they cannot be changed while they are walked. */
static json_t *ids_of_group(const struct document *draft, enum entity_kind kind, const char *group)
{
    const char *id;
    json_t *entity, *ids = json_array();
    json_object_foreach (draft->entities[kind], id, entity)
        if (text_equal(text_of(entity_group(entity)), text_of(group)))
            json_array_append_new(ids, json_string(id));
    return ids;
}

json_t *operation_DeleteBillingGroup(struct call *call)
{
    const char *id;
    size_t index;
    json_t *group = look_up_named(call, ENTITY_GROUP, input_text(call, "Arn"), &id), *element;
    if (!group)
        return NULL;
    if (auto_associates(group))
        return fail_validation(call, "CANNOT_DELETE_AUTO_ASSOCIATE_BILLING_GROUP", "the group has AutoAssociate");
    json_t *accounts = ids_of_group(call->draft, ENTITY_ACCOUNT, id), *items = ids_of_group(call->draft, ENTITY_ITEM, id);
    json_array_foreach (accounts, index, element)
        json_object_del(document_edit(call->draft, ENTITY_ACCOUNT, json_string_value(element)), "BillingGroupArn");
    json_array_foreach (items, index, element)
        document_remove(call->draft, ENTITY_ITEM, json_string_value(element));
    json_decref(accounts);
    json_decref(items);
    json_t *reply = arn_reply(call, ENTITY_GROUP, id);
    document_remove(call->draft, ENTITY_GROUP, id);
    return reply;
}
