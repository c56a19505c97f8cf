/* documents/conductor_whole.c: AWS's own counts and tokens against what the document has: a reply cut short prices wrongly.
 */
#include "documents/conductor_draft.h"

#include <stdio.h>
#include <stdlib.h>

#define CALL "aws billingconductor "

static const char *const claim_names[SECTION_COUNT] = {
    [SECTION_GROUPS] = "Size",
    [SECTION_PLANS] = "Size",
    [SECTION_RULES] = "AssociatedPricingPlanCount",
    [SECTION_ITEMS] = "AssociationSize",
};

static void note_count(struct draft *draft, enum section section, const struct node *node)
{
    static const struct number_rule count = { 0, 0, 1000000000, PROBLEM_FIELD_VALIDATION_FAILED, "a count from 0" };
    struct node member = node_member(node, claim_names[section]);
    i128 value;
    if (!node_is_present(&member) || !node_decimal(&member, &count, &value) || value == 0)
        return;
    draft->claims = memory_reserve_one(draft->claims, draft->claim_count, &draft->claim_capacity, sizeof *draft->claims);
    draft->claims[draft->claim_count++] = (struct claim){ section, (uint32_t)node->place.index, (uint64_t)value };
}

static bool is_token(const struct node *node)
{
    return node_is_present(node) && json_is_string(node->value) && json_string_length(node->value) > 0;
}

/* A reply of one plan's rules or one item's resources; several of one are its pages. */
static void note_page(struct draft *draft, enum section section, const struct node *node)
{
    struct node of = node_member(node, section == SECTION_PLAN_RULES ? "PricingPlanArn" : "Arn");
    struct node token = node_member(node, "NextToken");
    struct buffer key = { 0 };
    buffer_append_byte(&key, (char)section);
    if (of.value && json_is_string(of.value))
        buffer_append_text(&key, text_of(json_string_value(of.value)));
    size_t known = draft->paged.count;
    uint32_t number = intern_add(&draft->paged, buffer_text(&key));
    buffer_done(&key);
    if (draft->paged.count > known) {
        draft->pages = memory_reserve_one(draft->pages, number, &draft->pages_capacity, sizeof *draft->pages);
        draft->pages[number] = (struct pages){ .index = (uint32_t)node->place.index };
    }
    draft->pages[number].replies++;
    draft->pages[number].tokens += is_token(&token);
}

void draft_note_claims(struct draft *draft, enum section section, const struct node *node)
{
    if (section == SECTION_NEXT_TOKEN && is_token(node))
        node_problem(node, PROBLEM_FIELD_VALIDATION_FAILED,
                     "whole lists: " CALL "list-billing-groups, list-account-associations, list-pricing-plans, "
                     "list-pricing-rules and list-custom-line-items, each with its next pages (--starting-token, or without "
                     "--max-items)");
    if (!json_is_object(node->value))
        return;
    if (claim_names[section])
        note_count(draft, section, node);
    if (section == SECTION_PLAN_RULES || section == SECTION_INPUTS)
        note_page(draft, section, node);
}

/* ---- after all is resolved ---- */

static void check_pages(struct draft *draft)
{
    for (uint32_t i = 0; i < draft->paged.count; i++) {
        const struct pages *pages = &draft->pages[i];
        struct text key = intern_text(&draft->paged, i);
        enum section section = (enum section)key.data[0];
        char expected[300];
        if (pages->tokens < pages->replies)
            continue;
        snprintf(expected, sizeof expected, "its next pages too: " CALL "%s %.*s",
                 section == SECTION_PLAN_RULES ? "list-pricing-rules-associated-to-pricing-plan --pricing-plan-arn"
                                               : "list-resources-associated-to-custom-line-item --arn",
                 (int)(key.size - 1), key.data + 1);
        draft_problem(draft, (struct origin){ pages->index, INDEX_NONE, section }, "NextToken",
                      PROBLEM_FIELD_VALIDATION_FAILED, TEXT_NONE, expected);
    }
}

/* How many the document has, by index of the group, plan, rule and item. */
struct counts {
    uint64_t *of[SECTION_COUNT];
};

static void add(uint64_t *counts, size_t size, uint32_t index)
{
    if (index < size)
        counts[index]++;
}

static void count_all(const struct draft *draft, struct counts *counts)
{
    const struct conductor *conductor = draft->conductor;
    counts->of[SECTION_GROUPS] = memory_new_array(conductor->group_count, sizeof(uint64_t));
    counts->of[SECTION_PLANS] = memory_new_array(conductor->plan_count, sizeof(uint64_t));
    counts->of[SECTION_RULES] = memory_new_array(conductor->rule_count, sizeof(uint64_t));
    counts->of[SECTION_ITEMS] = memory_new_array(conductor->custom_line_item_count, sizeof(uint64_t));
    for (size_t i = 0; i < conductor->account_count; i++)
        add(counts->of[SECTION_GROUPS], conductor->group_count, conductor->accounts[i].group);
    for (size_t i = 0; i < draft->plan_rule_count; i++) {
        const struct plan_rule_draft *link = &draft->plan_rules[i];
        add(counts->of[SECTION_PLANS], conductor->plan_count, link->plan_index);
        if (link->rule.id != INTERN_NONE)
            add(counts->of[SECTION_RULES], conductor->rule_count, draft->index_of[ARN_RULE][link->rule.id]);
    }
    for (size_t i = 0; i < draft->input_count; i++)
        add(counts->of[SECTION_ITEMS], conductor->custom_line_item_count, draft->inputs[i].item_index);
}

/* Accounts that no list names are this group's all the same, or nothing of it is priced or known yet. */
static bool needs_no_accounts(const struct billing_group *group)
{
    return group->auto_associate || group->is_transfer || group->status != GROUP_ACTIVE;
}

/* Where the entities are that a claim counts, and the call that lists them. NULL: it is held against nothing. */
static const char *source_of(const struct draft *draft, const struct claim *claim)
{
    const struct conductor *conductor = draft->conductor;
    switch (claim->section) {
    case SECTION_GROUPS:
        return needs_no_accounts(&conductor->groups[claim->index]) ? NULL
                                                                   : "LinkedAccounts: " CALL "list-account-associations";
    case SECTION_PLANS:
    case SECTION_RULES:
        return "PricingRulesAssociatedToPricingPlan: " CALL "list-pricing-rules-associated-to-pricing-plan, one a plan";
    default:
        return conductor->custom_line_items[claim->index].is_percentage
                   ? "ResourcesAssociatedToCustomLineItem: " CALL
                     "list-resources-associated-to-custom-line-item, one an item"
                   : NULL;
    }
}

static void check_claim(struct draft *draft, const struct claim *claim, uint64_t found)
{
    char value[32], expected[300];
    const char *where = source_of(draft, claim);
    if (!where || found >= claim->count)
        return;
    int size = snprintf(value, sizeof value, "%llu", (unsigned long long)claim->count);
    snprintf(expected, sizeof expected, "as many in the document, which has %llu of them in %s", (unsigned long long)found,
             where);
    draft_problem(draft, (struct origin){ claim->index, INDEX_NONE, claim->section }, claim_names[claim->section],
                  PROBLEM_FIELD_VALIDATION_FAILED, (struct text){ value, (size_t)size }, expected);
}

void draft_check_whole(struct draft *draft)
{
    struct counts counts = { 0 };
    check_pages(draft);
    count_all(draft, &counts);
    for (size_t i = 0; i < draft->claim_count; i++)
        check_claim(draft, &draft->claims[i], counts.of[draft->claims[i].section][draft->claims[i].index]);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        free(counts.of[i]);
}

void draft_whole_done(struct draft *draft)
{
    free(draft->claims);
    free(draft->pages);
    intern_done(&draft->paged);
}
