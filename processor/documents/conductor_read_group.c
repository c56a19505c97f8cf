/* documents/conductor_read_group.c: billing groups, linked accounts, pricing plans and their rules. */
#include "documents/conductor_draft.h"

#include <stdio.h>

static void read_status(const struct node *node, struct billing_group *group)
{
    static const char *const statuses[] = {
        [GROUP_ACTIVE] = "ACTIVE",
        [GROUP_PRIMARY_ACCOUNT_MISSING] = "PRIMARY_ACCOUNT_MISSING",
        [GROUP_PENDING] = "PENDING",
    };
    struct node status = node_member(node, "Status");
    int choice = node_choice(&status, statuses, ARRAY_COUNT(statuses), PROBLEM_INVALID_BILLING_GROUP_STATUS);
    group->status = choice < 0 ? GROUP_ACTIVE : (enum group_status)choice;
}

/* The type is implied by a transfer ARN in the create form, which has no BillingGroupType. */
static void read_type(const struct node *node, const struct node *grouping, struct billing_group *group)
{
    static const char *const types[] = { "STANDARD", "TRANSFER_BILLING" };
    struct node type = node_member(node, "BillingGroupType");
    struct node transfer = node_member(grouping, "ResponsibilityTransferArn");
    int choice = node_choice(&type, types, ARRAY_COUNT(types), PROBLEM_ILLEGAL_BILLING_GROUP_TYPE);
    struct text arn;
    bool has_transfer = node_text(&transfer, &arn);
    if (has_transfer && !arn_is_responsibility_transfer(arn))
        node_problem(&transfer, PROBLEM_INVALID_ARN, "arn:aws:organizations::<12 digits>:transfer/o-…/billing/…/rt-…");
    if (choice == 0 && has_transfer)
        node_problem(&type, PROBLEM_ILLEGAL_BILLING_GROUP_TYPE, "TRANSFER_BILLING beside a ResponsibilityTransferArn");
    group->is_transfer = choice == 1 || has_transfer;
    if (group->is_transfer && group->auto_associate) {
        struct node automatic = node_member(grouping, "AutoAssociate");
        node_problem(&automatic, PROBLEM_ILLEGAL_BILLING_GROUP_TYPE, "AutoAssociate only in a STANDARD group");
    }
}

static void add_member(struct draft *draft, struct member_draft member)
{
    draft->members = memory_reserve_one(draft->members, draft->member_count, &draft->member_capacity, sizeof member);
    draft->members[draft->member_count++] = member;
}

static void read_grouping(struct draft *draft, const struct node *grouping, uint32_t group_index)
{
    struct billing_group *group = &draft->conductor->groups[group_index];
    if (!node_is_object(grouping))
        return;
    struct node automatic = node_member(grouping, "AutoAssociate");
    node_bool(&automatic, &group->auto_associate);
    struct node ids = node_member(grouping, "LinkedAccountIds");
    for (size_t i = 0, count = node_count(&ids); i < count; i++) {
        struct node id = node_element(&ids, i);
        struct member_draft member = {
            .group = { INTERN_NONE, INTERN_NONE },
            .group_index = group_index,
            .origin = { group_index, (uint32_t)i, SECTION_GROUPS },
        };
        if (node_account(&id, PROBLEM_ILLEGAL_ACCOUNT_ID, &member.account))
            add_member(draft, member);
    }
}

/* A transfer's primary account comes with the transfer; every other group names it. */
static void read_primary(struct draft *draft, const struct node *node, uint32_t group_index)
{
    struct billing_group *group = &draft->conductor->groups[group_index];
    struct node primary = node_member(node, "PrimaryAccountId");
    uint64_t number;
    if (!node_is_present(&primary) && !group->is_transfer)
        node_problem(&primary, PROBLEM_ILLEGAL_PRIMARY_ACCOUNT, "an account id of 12 digits");
    if (!node_account(&primary, PROBLEM_ILLEGAL_PRIMARY_ACCOUNT, &number))
        return;
    char digits[32];
    int size = snprintf(digits, sizeof digits, "%012llu", (unsigned long long)number);
    group->primary_account = draft_copy(draft, (struct text){ digits, (size_t)size });
    draft->groups[group_index].is_complete = true;
}

static void read_preference(struct draft *draft, const struct node *node, struct group_draft *group)
{
    struct node preference = node_member(node, "ComputationPreference");
    struct node plan = node_member(&preference, "PricingPlanArn");
    if (node_is_present(&preference) && !node_is_object(&preference))
        return;
    if (draft_require(&plan, PROBLEM_MISSING_PRICING_PLAN_ARN, "a pricing plan's ARN"))
        draft_read_reference(draft, &plan, ARN_PLAN, &group->plan);
}

void draft_read_group(struct draft *draft, const struct node *node)
{
    struct conductor *conductor = draft->conductor;
    uint32_t index = (uint32_t)conductor->group_count;
    conductor->groups = memory_reserve_one(conductor->groups, index, &draft->group_capacity, sizeof *conductor->groups);
    draft->groups = memory_reserve_one(draft->groups, index, &draft->group_draft_capacity, sizeof *draft->groups);
    struct billing_group *group = &conductor->groups[conductor->group_count++];
    *group = (struct billing_group){ .plan = INDEX_NONE };
    struct reference none = { INTERN_NONE, INTERN_NONE };
    draft->groups[index] = (struct group_draft){ .self = none, .plan = none };
    if (!node_is_object(node))
        return;
    group->name = draft_read_name(draft, node);
    struct node description = node_member(node, "Description");
    struct text ignored;
    node_text_of(&description, TEXT_ANY, 0, 1024, PROBLEM_FIELD_VALIDATION_FAILED, &ignored);
    struct node grouping = node_member(node, "AccountGrouping");
    read_grouping(draft, &grouping, index);
    read_status(node, group);
    read_type(node, &grouping, group);
    read_primary(draft, node, index);
    read_preference(draft, node, &draft->groups[index]);
    struct text otherwise = group->primary_account.size ? group->primary_account : group->name;
    draft->groups[index].self = draft_read_self(draft, node, ARN_GROUP, otherwise, &group->id);
    if (draft->groups[index].self.account != INTERN_NONE)
        group->payer = draft_copy(draft, intern_text(&draft->accounts, draft->groups[index].self.account));
}

void draft_read_linked_account(struct draft *draft, const struct node *node)
{
    struct member_draft member = { .group_index = INDEX_NONE };
    /* Not the count of members so far: broken elements add none. */
    member.origin = (struct origin){ (uint32_t)node->place.index, INDEX_NONE, SECTION_ACCOUNTS };
    if (!node_is_object(node))
        return;
    struct node account = node_member(node, "AccountId");
    struct node group = node_member(node, "BillingGroupArn");
    bool is_sound = draft_require(&account, PROBLEM_ILLEGAL_ACCOUNT_ID, "an account id of 12 digits") &&
                    node_account(&account, PROBLEM_ILLEGAL_ACCOUNT_ID, &member.account);
    /* Both are read before either decides: each may have its problem. */
    if (!draft_read_reference(draft, &group, ARN_GROUP, &member.group) && node_is_present(&group))
        return;
    if (is_sound)
        add_member(draft, member);
}

/* PricingRuleArns of a plan's create form (plan_index) or of an association reply (plan). */
static void read_rule_arns(struct draft *draft, const struct node *node, struct plan_rule_draft link)
{
    struct node arns = node_member(node, "PricingRuleArns");
    for (size_t i = 0, count = node_count(&arns); i < count; i++) {
        struct node arn = node_element(&arns, i);
        link.origin.element = (uint32_t)i;
        if (!draft_read_reference(draft, &arn, ARN_RULE, &link.rule))
            continue;
        draft->plan_rules =
            memory_reserve_one(draft->plan_rules, draft->plan_rule_count, &draft->plan_rule_capacity, sizeof link);
        draft->plan_rules[draft->plan_rule_count++] = link;
    }
}

void draft_read_plan(struct draft *draft, const struct node *node)
{
    struct conductor *conductor = draft->conductor;
    uint32_t index = (uint32_t)conductor->plan_count;
    conductor->plans = memory_reserve_one(conductor->plans, index, &draft->plan_capacity, sizeof *conductor->plans);
    draft->plans = memory_reserve_one(draft->plans, index, &draft->plan_draft_capacity, sizeof *draft->plans);
    struct pricing_plan *plan = &conductor->plans[conductor->plan_count++];
    struct reference none = { INTERN_NONE, INTERN_NONE };
    *plan = (struct pricing_plan){ .kind = PLAN_CUSTOM };
    draft->plans[index] = (struct plan_draft){ none };
    if (!node_is_object(node))
        return;
    plan->name = draft_read_name(draft, node);
    struct node description = node_member(node, "Description");
    struct text ignored;
    node_text_of(&description, TEXT_ANY, 0, 1024, PROBLEM_FIELD_VALIDATION_FAILED, &ignored);
    draft->plans[index].self = draft_read_self(draft, node, ARN_PLAN, plan->name, &plan->id);
    if (text_equal(plan->id, MANAGED_PLAN_BASIC))
        plan->kind = PLAN_BASIC;
    else if (text_equal(plan->id, MANAGED_PLAN_PASSTHROUGH))
        plan->kind = PLAN_PASSTHROUGH;
    read_rule_arns(
        draft, node,
        (struct plan_rule_draft){ .plan = none, .plan_index = index, .origin = { index, INDEX_NONE, SECTION_PLANS } });
}

void draft_read_plan_rules(struct draft *draft, const struct node *node)
{
    struct plan_rule_draft link = { .plan_index = INDEX_NONE };
    link.origin = (struct origin){ (uint32_t)node->place.index, INDEX_NONE, SECTION_PLAN_RULES };
    if (!node_is_object(node))
        return;
    struct node plan = node_member(node, "PricingPlanArn");
    if (draft_require(&plan, PROBLEM_MISSING_PRICING_PLAN_ARN, "a pricing plan's ARN") &&
        draft_read_reference(draft, &plan, ARN_PLAN, &link.plan))
        read_rule_arns(draft, node, link);
}
