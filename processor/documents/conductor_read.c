/* documents/conductor_read.c: the walk over a conductor document. */
#include <stdio.h>
#include <stdlib.h>

#include "documents/conductor_draft.h"
#include "documents/conductor_json.h"
#include "documents/json_walk.h"

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
        [SECTION_GROUPS] = draft_read_group,     [SECTION_ACCOUNTS] = draft_read_linked_account,
        [SECTION_PLANS] = draft_read_plan,       [SECTION_PLAN_RULES] = draft_read_plan_rules,
        [SECTION_RULES] = draft_read_rule,       [SECTION_ITEMS] = draft_read_item,
        [SECTION_VERSIONS] = draft_read_version, [SECTION_INPUTS] = draft_read_inputs,
        [SECTION_PERIOD] = read_period,          [SECTION_CURRENCY] = read_currency,
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
