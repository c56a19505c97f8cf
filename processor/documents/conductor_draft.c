/* documents/conductor_draft.c: what all elements of a document being read share: names, copies, references, problems. */
#include "documents/conductor_draft.h"

#include <stdio.h>
#include <stdlib.h>

const char *const section_names[SECTION_COUNT] = {
    [SECTION_GROUPS] = "BillingGroups",
    [SECTION_ACCOUNTS] = "LinkedAccounts",
    [SECTION_PLANS] = "PricingPlans",
    [SECTION_PLAN_RULES] = "PricingRulesAssociatedToPricingPlan",
    [SECTION_RULES] = "PricingRules",
    [SECTION_ITEMS] = "CustomLineItems",
    [SECTION_VERSIONS] = "CustomLineItemVersions",
    [SECTION_INPUTS] = "ResourcesAssociatedToCustomLineItem",
    [SECTION_PERIOD] = "BillingPeriod",
    [SECTION_CURRENCY] = "CurrencyCode",
    [SECTION_NEXT_TOKEN] = "NextToken",
};

struct text draft_copy(struct draft *draft, struct text text)
{
    return arena_copy(&draft->conductor->arena, text);
}

bool draft_require(const struct node *node, enum problem_reason reason, const char *expected)
{
    if (!node_is_present(node))
        node_problem(node, reason, expected);
    return node_is_present(node);
}

bool draft_read_arn(struct draft *draft, const struct node *node, unsigned allowed_types, struct reference *ret,
                    struct arn *ret_arn)
{
    struct text text;
    *ret = (struct reference){ INTERN_NONE, INTERN_NONE };
    if (!node_text(node, &text))
        return false;
    if (!arn_parse(text, allowed_types, ret_arn)) {
        struct buffer types = { 0 };
        for (enum arn_type type = 0; type < ARN_TYPE_COUNT; type++)
            if (allowed_types & ARN_MASK(type))
                buffer_printf(&types, "%s%s", types.size ? " or " : "", arn_type_names[type]);
        problem_add(node->problems, &node->place, PROBLEM_INVALID_ARN, text,
                    "arn:aws:billingconductor::<12 digits>:%.*s/<id>, or the id alone", TEXT_ARGS(buffer_text(&types)));
        buffer_done(&types);
        return false;
    }
    ret->id = intern_add(&draft->ids, ret_arn->id);
    if (ret_arn->account.size)
        ret->account = intern_add(&draft->accounts, ret_arn->account);
    return true;
}

bool draft_read_reference(struct draft *draft, const struct node *node, enum arn_type type, struct reference *ret)
{
    struct arn arn;
    return draft_read_arn(draft, node, ARN_MASK(type), ret, &arn);
}

/* The id of an ARN that does not hold: with it references to the entity are not reported as missing, too. */
static struct text guess_id(const struct node *arn)
{
    struct text text;
    if (!json_is_string(arn->value))
        return TEXT_NONE;
    text = (struct text){ json_string_value(arn->value), json_string_length(arn->value) };
    const char *slash = memrchr(text.data, '/', text.size);
    return slash ? (struct text){ slash + 1, (size_t)(text.data + text.size - slash - 1) } : text;
}

struct reference draft_read_self(struct draft *draft, const struct node *entity, enum arn_type type, struct text otherwise,
                                 struct text *ret_id)
{
    struct node node = node_member(entity, "Arn");
    struct reference self = { INTERN_NONE, INTERN_NONE };
    if (node_is_present(&node) && !draft_read_reference(draft, &node, type, &self))
        otherwise = guess_id(&node);
    if (self.id == INTERN_NONE && otherwise.size)
        self.id = intern_add(&draft->ids, otherwise);
    if (self.id != INTERN_NONE)
        *ret_id = draft_copy(draft, intern_text(&draft->ids, self.id));
    return self;
}

struct text draft_read_name(struct draft *draft, const struct node *entity)
{
    struct node node = node_member(entity, "Name");
    struct text name;
    if (!draft_require(&node, PROBLEM_FIELD_VALIDATION_FAILED, "a name") ||
        !node_text_of(&node, TEXT_NAME, 1, 128, PROBLEM_FIELD_VALIDATION_FAILED, &name))
        return TEXT_NONE;
    return draft_copy(draft, name);
}

bool draft_read_period(const struct node *node, billing_period *ret)
{
    struct text text;
    if (!node_text(node, &text))
        return false;
    if (period_parse(text, ret))
        return true;
    node_problem(node, PROBLEM_ILLEGAL_BILLING_PERIOD, "a billing period such as 2026-06");
    return false;
}

static const char *list_name(enum section section)
{
    switch (section) {
    case SECTION_GROUPS:
        return "AccountGrouping.LinkedAccountIds";
    case SECTION_PLANS:
    case SECTION_PLAN_RULES:
        return "PricingRuleArns";
    case SECTION_ITEMS:
        return "ChargeDetails.Percentage.AssociatedValues";
    case SECTION_INPUTS:
        return "AssociatedResources";
    default:
        return "";
    }
}

void draft_problem(struct draft *draft, struct origin origin, const char *member, enum problem_reason reason,
                   struct text value, const char *expected)
{
    struct place section = { NULL, text_of(section_names[origin.section]), 0 };
    struct place element = { &section, TEXT_NONE, origin.index };
    struct place list = { &element, text_of(list_name(origin.section)), 0 };
    struct place list_element = { &list, TEXT_NONE, origin.element };
    const struct place *at = origin.element == INDEX_NONE ? &element : &list_element;
    struct place last = { at, text_of(member), 0 };
    problem_add(draft->problems, member ? &last : at, reason, value, "%s", expected);
}

const struct linked_account *conductor_find_account(const struct conductor *conductor, uint64_t account)
{
    size_t low = 0, high = conductor->account_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (conductor->accounts[middle].account < account)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < conductor->account_count && conductor->accounts[low].account == account;
    return is_found ? &conductor->accounts[low] : NULL;
}
