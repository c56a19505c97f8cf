/* documents/conductor_read.c: the walk over a conductor document, and what all its elements share. */
#include <stdio.h>
#include <stdlib.h>

#include "documents/conductor_draft.h"
#include "documents/conductor_json.h"
#include "documents/json_walk.h"

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

static const struct json_target targets[SECTION_COUNT] = {
    [SECTION_GROUPS] = { "/BillingGroups", JSON_ELEMENTS },
    [SECTION_ACCOUNTS] = { "/LinkedAccounts", JSON_ELEMENTS },
    [SECTION_PLANS] = { "/PricingPlans", JSON_ELEMENTS },
    [SECTION_PLAN_RULES] = { "/PricingRulesAssociatedToPricingPlan", JSON_ELEMENTS },
    [SECTION_RULES] = { "/PricingRules", JSON_ELEMENTS },
    [SECTION_ITEMS] = { "/CustomLineItems", JSON_ELEMENTS },
    [SECTION_VERSIONS] = { "/CustomLineItemVersions", JSON_ELEMENTS },
    [SECTION_INPUTS] = { "/ResourcesAssociatedToCustomLineItem", JSON_ELEMENTS },
    [SECTION_PERIOD] = { "/BillingPeriod", JSON_WHOLE },
    [SECTION_CURRENCY] = { "/CurrencyCode", JSON_WHOLE },
    [SECTION_NEXT_TOKEN] = { "/NextToken", JSON_WHOLE },
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

struct reference draft_read_self(struct draft *draft, const struct node *entity, enum arn_type type,
                                 struct text otherwise, struct text *ret_id)
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

static void read_period(struct draft *draft, const struct node *node)
{
    draft_read_period(node, &draft->conductor->period);
}

static void read_currency(struct draft *draft, const struct node *node)
{
    static const char *const currencies[] = { "USD", "CNY" };
    int choice = node_choice(node, currencies, ARRAY_COUNT(currencies), PROBLEM_FIELD_VALIDATION_FAILED);
    if (choice >= 0)
        draft->conductor->currency = draft_copy(draft, text_of(currencies[choice]));
}

static bool visit(void *context, const struct json_item *item, struct error *error)
{
    static void (*const read[SECTION_COUNT])(struct draft *, const struct node *) = {
        [SECTION_GROUPS] = draft_read_group,
        [SECTION_ACCOUNTS] = draft_read_linked_account,
        [SECTION_PLANS] = draft_read_plan,
        [SECTION_PLAN_RULES] = draft_read_plan_rules,
        [SECTION_RULES] = draft_read_rule,
        [SECTION_ITEMS] = draft_read_item,
        [SECTION_VERSIONS] = draft_read_version,
        [SECTION_INPUTS] = draft_read_inputs,
        [SECTION_PERIOD] = read_period,
        [SECTION_CURRENCY] = read_currency,
    };
    struct draft *draft = context;
    struct place section = { NULL, text_of(section_names[item->target]), 0 };
    (void)error;
    if (!item->value) {
        problem_add(draft->problems, &section, PROBLEM_FIELD_VALIDATION_FAILED, text_of(item->found), "an array");
        return true;
    }
    struct node node = { section, item->value, draft->problems };
    if (targets[item->target].kind == JSON_ELEMENTS)
        node.place = (struct place){ &section, TEXT_NONE, item->index };
    if (read[item->target])
        read[item->target](draft, &node);
    if (draft->must_be_whole)
        draft_note_claims(draft, (enum section)item->target, &node);
    return true;
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

static void draft_done(struct draft *draft)
{
    intern_done(&draft->ids);
    intern_done(&draft->accounts);
    free(draft->groups);
    free(draft->plans);
    free(draft->rules);
    free(draft->items);
    free(draft->members);
    free(draft->plan_rules);
    free(draft->versions);
    free(draft->inputs);
    for (enum arn_type type = 0; type < ARN_TYPE_COUNT; type++)
        free(draft->index_of[type]);
    draft_whole_done(draft);
}

/* All that is between an open file and a sound document. */
static bool read_draft(struct draft *draft, struct input *input, struct error *error)
{
    uint64_t problems_before = draft->problems->total;
    bool seen[SECTION_COUNT];
    if (!json_walk(input, targets, SECTION_COUNT, visit, draft, seen, error))
        return false;
    draft->has_groups = seen[SECTION_GROUPS];
    draft_resolve(draft);
    draft_resolve_items(draft);
    draft_check(draft);
    if (draft->must_be_whole)
        draft_check_whole(draft);
    uint64_t found = draft->problems->total - problems_before;
    if (found)
        return error_fail(error, ERROR_INVALID, "%s: not a valid conductor document: %llu problem%s", input_name(input),
                          (unsigned long long)found, found == 1 ? "" : "s");
    return true;
}

static bool read_conductor(struct input *input, bool must_be_whole, struct conductor **ret_conductor,
                           struct problems *problems, struct error *error)
{
    struct conductor *conductor = memory_new(sizeof *conductor);
    conductor->period = PERIOD_NONE;
    conductor->currency = arena_copy(&conductor->arena, TEXT("USD"));
    conductor->auto_associate_group = GROUP_NONE;
    problems_begin(problems, input_name(input));
    struct draft draft = { .conductor = conductor, .problems = problems, .must_be_whole = must_be_whole };
    bool done = read_draft(&draft, input, error);
    draft_done(&draft);
    if (!done) {
        conductor_done(conductor);
        free(conductor);
        return false;
    }
    struct hash128 hash = conductor_hash(conductor);
    snprintf(conductor->hash, sizeof conductor->hash, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
    *ret_conductor = conductor;
    return true;
}

bool conductor_read(struct input *input, struct conductor **ret_conductor, struct problems *problems, struct error *error)
{
    return read_conductor(input, false, ret_conductor, problems, error);
}

bool conductor_read_whole(struct input *input, struct conductor **ret_conductor, struct problems *problems,
                          struct error *error)
{
    return read_conductor(input, true, ret_conductor, problems, error);
}
