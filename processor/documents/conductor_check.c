/* documents/conductor_check.c: the rules between entities of a resolved document: names, primaries, plans. */
#include "documents/conductor_draft.h"

#include <stdlib.h>

/* `seen` holds the names so far, each with what it must be unique in. */
static void check_name(struct draft *draft, struct intern *seen, struct text name, struct text within, enum section section,
                       uint32_t index)
{
    if (name.size == 0)
        return;
    struct buffer key = { 0 };
    buffer_append_text(&key, within);
    buffer_append_byte(&key, '\0');
    buffer_append_text(&key, name);
    size_t count = seen->count;
    intern_add(seen, buffer_text(&key));
    buffer_done(&key);
    if (seen->count == count)
        draft_problem(draft, (struct origin){ index, INDEX_NONE, section }, "Name", PROBLEM_RESOURCE_NAME_CONFLICT, name,
                      "a name of its own");
}

static void check_names(struct draft *draft)
{
    const struct conductor *conductor = draft->conductor;
    struct intern groups = { 0 }, plans = { 0 }, rules = { 0 }, items = { 0 };
    for (uint32_t i = 0; i < conductor->group_count; i++)
        check_name(draft, &groups, conductor->groups[i].name, TEXT_NONE, SECTION_GROUPS, i);
    /* Not those made for managed plans: they stand in no section. */
    for (uint32_t i = 0; i < conductor->plan_count; i++)
        if (conductor->plans[i].kind == PLAN_CUSTOM)
            check_name(draft, &plans, conductor->plans[i].name, TEXT_NONE, SECTION_PLANS, i);
    for (uint32_t i = 0; i < conductor->rule_count; i++)
        check_name(draft, &rules, conductor->rules[i].name, TEXT_NONE, SECTION_RULES, i);
    for (uint32_t i = 0; i < conductor->custom_line_item_count; i++) {
        const struct custom_line_item *item = &conductor->custom_line_items[i];
        struct text group = item->group == GROUP_NONE ? TEXT_NONE : conductor->groups[item->group].id;
        check_name(draft, &items, item->name, group, SECTION_ITEMS, i);
    }
    intern_done(&groups);
    intern_done(&plans);
    intern_done(&rules);
    intern_done(&items);
}

static uint64_t account_number(struct text digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++)
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
    return number;
}

/* The payer is the account in the group's own ARN; a bare id leaves it to the ARN of the group's plan. */
static struct text payer_of(const struct draft *draft, uint32_t index)
{
    const struct group_draft *group = &draft->groups[index];
    uint32_t account = group->self.account != INTERN_NONE ? group->self.account : group->plan.account;
    return account == INTERN_NONE ? TEXT_NONE : intern_text(&draft->accounts, account);
}

static void check_primary(struct draft *draft, uint32_t index)
{
    const struct conductor *conductor = draft->conductor;
    const struct billing_group *group = &conductor->groups[index];
    struct origin origin = { index, INDEX_NONE, SECTION_GROUPS };
    if (!draft->groups[index].is_complete)
        return;
    if (text_equal(group->primary_account, payer_of(draft, index))) {
        draft_problem(draft, origin, "PrimaryAccountId", PROBLEM_ILLEGAL_PRIMARY_ACCOUNT, group->primary_account,
                      "a member account, not the payer");
        return;
    }
    /* A transfer's accounts come with it, and a primary that is reported missing has left the organisation. */
    if (group->is_transfer || group->status != GROUP_ACTIVE)
        return;
    const struct linked_account *account = conductor_find_account(conductor, account_number(group->primary_account));
    if (!account || account->group != index)
        draft_problem(draft, origin, "PrimaryAccountId", PROBLEM_PRIMARY_NOT_ASSOCIATED, group->primary_account,
                      "an account of this group");
}

static void check_groups(struct draft *draft)
{
    struct conductor *conductor = draft->conductor;
    for (uint32_t i = 0; i < conductor->group_count; i++) {
        const struct billing_group *group = &conductor->groups[i];
        struct origin origin = { i, INDEX_NONE, SECTION_GROUPS };
        check_primary(draft, i);
        if (group->plan != INDEX_NONE && conductor->plans[group->plan].kind == PLAN_PASSTHROUGH && !group->is_transfer)
            draft_problem(draft, origin, "ComputationPreference.PricingPlanArn", PROBLEM_ILLEGAL_BILLING_GROUP_PRICING_PLAN,
                          MANAGED_PLAN_PASSTHROUGH, "another plan: Passthrough is for TRANSFER_BILLING groups");
        if (!group->auto_associate)
            continue;
        if (conductor->auto_associate_group == GROUP_NONE)
            conductor->auto_associate_group = i;
        else
            draft_problem(draft, origin, "AccountGrouping.AutoAssociate", PROBLEM_TOO_MANY_AUTO_ASSOCIATE_BILLING_GROUPS,
                          TEXT("true"), "at most one group with AutoAssociate");
    }
}

/* Equal for rules that would price the same usage: one modifier or tiering, one free tier switch per selector. */
static uint32_t *number_selectors(const struct conductor *conductor, size_t *ret_count)
{
    uint32_t *numbers = memory_new_array(conductor->rule_count, sizeof *numbers);
    struct intern keys = { 0 };
    struct buffer key = { 0 };
    for (size_t i = 0; i < conductor->rule_count; i++) {
        const struct pricing_rule *rule = &conductor->rules[i];
        const struct text selectors[] = { rule->service, rule->usage_type, rule->operation, rule->billing_entity };
        buffer_clear(&key);
        buffer_append_byte(&key, rule->sets_free_tier ? 'F' : 'M');
        buffer_append_byte(&key, (char)('0' + rule->scope));
        for (size_t j = 0; j < ARRAY_COUNT(selectors); j++) {
            buffer_append_text(&key, selectors[j]);
            buffer_append_byte(&key, '\0');
        }
        numbers[i] = intern_add(&keys, buffer_text(&key));
    }
    *ret_count = keys.count;
    buffer_done(&key);
    intern_done(&keys);
    return numbers;
}

static int compare_links(const void *left, const void *right)
{
    const struct plan_rule_draft *a = left, *b = right;
    if (a->plan_index != b->plan_index)
        return a->plan_index < b->plan_index ? -1 : 1;
    if (a->origin.section != b->origin.section)
        return a->origin.section < b->origin.section ? -1 : 1;
    if (a->origin.index != b->origin.index)
        return a->origin.index < b->origin.index ? -1 : 1;
    return (a->origin.element > b->origin.element) - (a->origin.element < b->origin.element);
}

/* Once for a plan, not for each of its rules. */
static void report_managed(struct draft *draft, const struct plan_rule_draft *link)
{
    struct origin origin = { link->origin.index, INDEX_NONE, link->origin.section };
    draft_problem(draft, origin, "PricingRuleArns", PROBLEM_MISMATCHED_PRICINGPLAN_ARN,
                  draft->conductor->plans[link->plan_index].id, "a plan of one's own: a managed plan has no rules");
}

/* Walks the plans' rules plan by plan, and marks each rule and selector with the last plan that held it. */
static void check_plan_rules(struct draft *draft)
{
    const struct conductor *conductor = draft->conductor;
    size_t selector_count;
    uint32_t *selectors = number_selectors(conductor, &selector_count);
    uint32_t *rule_in = memory_new_array(conductor->rule_count, sizeof *rule_in); /* plan + 1 */
    uint32_t *selector_in = memory_new_array(selector_count, sizeof *selector_in);
    if (draft->plan_rule_count)
        qsort(draft->plan_rules, draft->plan_rule_count, sizeof *draft->plan_rules, compare_links);
    for (size_t i = 0; i < draft->plan_rule_count; i++) {
        const struct plan_rule_draft *link = &draft->plan_rules[i];
        struct text id = intern_text(&draft->ids, link->rule.id);
        uint32_t rule = draft->index_of[ARN_RULE][link->rule.id], plan = link->plan_index + 1;
        if (conductor->plans[link->plan_index].kind != PLAN_CUSTOM) {
            if (i == 0 || link[-1].plan_index != link->plan_index)
                report_managed(draft, link);
        } else if (rule_in[rule] == plan) {
            draft_problem(draft, link->origin, NULL, PROBLEM_DUPLICATE_PRICINGRULE_ARNS, id, "each rule once in a plan");
        } else if (draft->rules[rule].is_sound) {
            if (selector_in[selectors[rule]] == plan)
                draft_problem(draft, link->origin, NULL, PROBLEM_PRICING_RULE_IN_PRICING_PLAN_CONFLICT, id,
                              "one rule per selector in a plan");
            selector_in[selectors[rule]] = plan;
        }
        rule_in[rule] = plan;
    }
    free(selectors);
    free(rule_in);
    free(selector_in);
}

void draft_check(struct draft *draft)
{
    if (!draft->has_groups) {
        struct place groups = { NULL, text_of(section_names[SECTION_GROUPS]), 0 };
        problem_add(draft->problems, &groups, PROBLEM_MISSING_BILLINGGROUP, TEXT_NONE, "a list of billing groups");
    }
    check_names(draft);
    check_groups(draft);
    check_plan_rules(draft);
}
