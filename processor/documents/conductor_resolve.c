/* documents/conductor_resolve.c: references become indexes: groups to plans, accounts to groups, plans to rules. */
#include "documents/conductor_draft.h"

#include <stdlib.h>

static const enum section section_of[ARN_TYPE_COUNT] = {
    [ARN_GROUP] = SECTION_GROUPS,
    [ARN_PLAN] = SECTION_PLANS,
    [ARN_RULE] = SECTION_RULES,
    [ARN_ITEM] = SECTION_ITEMS,
};

static size_t entity_count(const struct draft *draft, enum arn_type type)
{
    switch (type) {
    case ARN_GROUP:
        return draft->conductor->group_count;
    case ARN_PLAN:
        return draft->conductor->plan_count;
    case ARN_RULE:
        return draft->conductor->rule_count;
    case ARN_ITEM:
    case ARN_TYPE_COUNT:
        break;
    }
    return draft->conductor->custom_line_item_count;
}

static struct reference entity_self(const struct draft *draft, enum arn_type type, uint32_t index)
{
    switch (type) {
    case ARN_GROUP:
        return draft->groups[index].self;
    case ARN_PLAN:
        return draft->plans[index].self;
    case ARN_RULE:
        return draft->rules[index].self;
    case ARN_ITEM:
    case ARN_TYPE_COUNT:
        break;
    }
    return draft->items[index].self;
}

static void index_entities(struct draft *draft, enum arn_type type)
{
    static const enum problem_reason duplicate[ARN_TYPE_COUNT] = {
        [ARN_GROUP] = PROBLEM_BILLING_GROUP_ALREADY_EXIST_IN_CURRENT_BILLING_PERIOD,
        [ARN_PLAN] = PROBLEM_RESOURCE_NAME_CONFLICT,
        [ARN_RULE] = PROBLEM_DUPLICATE_PRICINGRULE_ARNS,
        [ARN_ITEM] = PROBLEM_RESOURCE_NAME_CONFLICT,
    };
    uint32_t *index_of = memory_new_array(draft->ids.count, sizeof *index_of);
    for (size_t i = 0; i < draft->ids.count; i++)
        index_of[i] = INDEX_NONE;
    for (uint32_t i = 0; i < entity_count(draft, type); i++) {
        uint32_t id = entity_self(draft, type, i).id;
        if (id == INTERN_NONE)
            continue;
        if (index_of[id] == INDEX_NONE)
            index_of[id] = i;
        else
            draft_problem(draft, (struct origin){ i, INDEX_NONE, section_of[type] }, NULL, duplicate[type],
                          intern_text(&draft->ids, id), "an id of its own");
    }
    draft->index_of[type] = index_of;
}

uint32_t draft_find(struct draft *draft, struct reference reference, enum arn_type type, struct origin origin,
                    const char *member)
{
    static const struct {
        enum problem_reason missing, mismatched;
        const char *expected;
    } reports[ARN_TYPE_COUNT] = {
        [ARN_GROUP] = { PROBLEM_MISSING_BILLINGGROUP, PROBLEM_MISMATCHED_BILLINGGROUP_ARN, "a group of BillingGroups" },
        [ARN_PLAN] = { PROBLEM_MISSING_PRICINGPLAN, PROBLEM_MISMATCHED_PRICINGPLAN_ARN, "a plan of PricingPlans" },
        [ARN_RULE] = { PROBLEM_PRICINGRULES_NOT_EXIST, PROBLEM_MISMATCHED_PRICINGRULE_ARN, "a rule of PricingRules" },
        [ARN_ITEM] = { PROBLEM_MISSING_CUSTOMLINEITEM, PROBLEM_MISMATCHED_CUSTOMLINEITEM_ARN, "an item of CustomLineItems" },
    };
    if (reference.id == INTERN_NONE)
        return INDEX_NONE;
    uint32_t index = draft->index_of[type][reference.id];
    if (index == INDEX_NONE) {
        draft_problem(draft, origin, member, reports[type].missing, intern_text(&draft->ids, reference.id),
                      reports[type].expected);
        return INDEX_NONE;
    }
    uint32_t account = entity_self(draft, type, index).account;
    if (account != INTERN_NONE && reference.account != INTERN_NONE && account != reference.account) {
        draft_problem(draft, origin, member, reports[type].mismatched, intern_text(&draft->accounts, reference.account),
                      "the account in the entity's own ARN");
        return INDEX_NONE;
    }
    return index;
}

/* AWS's own plans need no entry in PricingPlans: one is made for the first group that names it. */
static uint32_t find_plan(struct draft *draft, struct reference plan, struct origin origin)
{
    static const char *const member = "ComputationPreference.PricingPlanArn";
    struct conductor *conductor = draft->conductor;
    struct text id = plan.id == INTERN_NONE ? TEXT_NONE : intern_text(&draft->ids, plan.id);
    bool is_basic = text_equal(id, MANAGED_PLAN_BASIC), is_passthrough = text_equal(id, MANAGED_PLAN_PASSTHROUGH);
    if (!is_basic && !is_passthrough)
        return draft_find(draft, plan, ARN_PLAN, origin, member);
    uint32_t index = draft->index_of[ARN_PLAN][plan.id];
    if (index != INDEX_NONE)
        return index;
    index = (uint32_t)conductor->plan_count;
    conductor->plans = memory_reserve_one(conductor->plans, index, &draft->plan_capacity, sizeof *conductor->plans);
    draft->plans = memory_reserve_one(draft->plans, index, &draft->plan_draft_capacity, sizeof *draft->plans);
    id = draft_copy(draft, id);
    conductor->plans[conductor->plan_count++] =
        (struct pricing_plan){ .id = id, .name = id, .kind = is_basic ? PLAN_BASIC : PLAN_PASSTHROUGH };
    draft->plans[index] = (struct plan_draft){ plan };
    draft->index_of[ARN_PLAN][plan.id] = index;
    return index;
}

static void resolve_groups(struct draft *draft)
{
    for (uint32_t i = 0; i < draft->conductor->group_count; i++)
        draft->conductor->groups[i].plan =
            find_plan(draft, draft->groups[i].plan, (struct origin){ i, INDEX_NONE, SECTION_GROUPS });
}

/* By account, then as in the document, so that the later of two entries is the one reported. */
static int compare_members(const void *left, const void *right)
{
    const struct member_draft *a = left, *b = right;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->origin.section != b->origin.section)
        return a->origin.section < b->origin.section ? -1 : 1;
    if (a->origin.index != b->origin.index)
        return a->origin.index < b->origin.index ? -1 : 1;
    return (a->origin.element > b->origin.element) - (a->origin.element < b->origin.element);
}

static void report_twice(struct draft *draft, const struct member_draft *member, bool same_group)
{
    char digits[12];
    uint64_t rest = member->account;
    for (size_t i = sizeof digits; i-- > 0; rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    draft_problem(draft, member->origin, member->origin.section == SECTION_ACCOUNTS ? "AccountId" : NULL,
                  same_group ? PROBLEM_DUPLICATE_ACCOUNT : PROBLEM_ACCOUNTS_ALREADY_ASSOCIATED,
                  (struct text){ digits, sizeof digits }, same_group ? "each account once" : "an account in one group only");
}

static void resolve_members(struct draft *draft)
{
    struct conductor *conductor = draft->conductor;
    for (size_t i = 0; i < draft->member_count; i++) {
        struct member_draft *member = &draft->members[i];
        if (member->group_index == INDEX_NONE)
            member->group_index = draft_find(draft, member->group, ARN_GROUP, member->origin, "BillingGroupArn");
    }
    if (draft->member_count)
        qsort(draft->members, draft->member_count, sizeof *draft->members, compare_members);
    conductor->accounts = memory_new_array(draft->member_count, sizeof *conductor->accounts);
    for (size_t i = 0; i < draft->member_count; i++) {
        const struct member_draft *member = &draft->members[i];
        struct linked_account *last = conductor->account_count ? &conductor->accounts[conductor->account_count - 1] : NULL;
        if (last && last->account == member->account) {
            bool both_in_groups = last->group != GROUP_NONE && member->group_index != INDEX_NONE;
            report_twice(draft, member, !both_in_groups || last->group == member->group_index);
            continue;
        }
        conductor->accounts[conductor->account_count++] = (struct linked_account){ member->account, member->group_index };
    }
}

/* Resolves plan and rule of each link; a broken link keeps an INDEX_NONE and is passed over afterwards. */
static void resolve_links(struct draft *draft)
{
    for (size_t i = 0; i < draft->plan_rule_count; i++) {
        struct plan_rule_draft *link = &draft->plan_rules[i];
        struct origin reply = { link->origin.index, INDEX_NONE, link->origin.section };
        if (link->plan_index == INDEX_NONE) {
            /* All rules of a reply share its plan: one that is missing is reported once. */
            bool is_repeated =
                i > 0 && link[-1].origin.section == link->origin.section && link[-1].origin.index == link->origin.index;
            link->plan_index =
                is_repeated ? link[-1].plan_index : draft_find(draft, link->plan, ARN_PLAN, reply, "PricingPlanArn");
        }
        uint32_t rule = draft_find(draft, link->rule, ARN_RULE, link->origin, NULL);
        if (rule == INDEX_NONE)
            link->rule.id = INTERN_NONE;
    }
}

static void resolve_plan_rules(struct draft *draft)
{
    struct conductor *conductor = draft->conductor;
    resolve_links(draft);
    size_t kept = 0;
    for (size_t i = 0; i < draft->plan_rule_count; i++)
        if (draft->plan_rules[i].plan_index != INDEX_NONE && draft->plan_rules[i].rule.id != INTERN_NONE)
            draft->plan_rules[kept++] = draft->plan_rules[i];
    draft->plan_rule_count = kept;
    for (size_t i = 0; i < kept; i++)
        conductor->plans[draft->plan_rules[i].plan_index].rule_count++;
    uint32_t *rules = arena_take(&conductor->arena, kept * sizeof *rules, _Alignof(uint32_t));
    uint32_t **ends = memory_new_array(conductor->plan_count, sizeof *ends);
    for (size_t i = 0; i < conductor->plan_count; i++) {
        conductor->plans[i].rules = ends[i] = rules;
        rules += conductor->plans[i].rule_count;
    }
    for (size_t i = 0; i < kept; i++) {
        const struct plan_rule_draft *link = &draft->plan_rules[i];
        *ends[link->plan_index]++ = draft->index_of[ARN_RULE][link->rule.id];
    }
    free(ends);
}

void draft_resolve(struct draft *draft)
{
    for (enum arn_type type = 0; type < ARN_TYPE_COUNT; type++)
        index_entities(draft, type);
    resolve_groups(draft);
    resolve_members(draft);
    resolve_plan_rules(draft);
}
