/* documents/conductor_resolve_item.c: custom line items: group, bearer, periods, and what a percentage is taken of. */
#include "documents/conductor_draft.h"

#include <stdlib.h>

/* Among the accounts, or not listed at all in a document whose new accounts join this group. */
static bool is_member(const struct conductor *conductor, uint64_t account, uint32_t group)
{
    const struct linked_account *found = conductor_find_account(conductor, account);
    return found ? found->group == group : conductor->groups[group].auto_associate;
}

static void resolve_bearer(struct draft *draft, uint32_t index)
{
    struct conductor *conductor = draft->conductor;
    struct custom_line_item *item = &conductor->custom_line_items[index];
    struct origin origin = { index, INDEX_NONE, SECTION_ITEMS };
    if (item->group == GROUP_NONE)
        return;
    if (!draft->items[index].names_account) {
        item->account = conductor->groups[item->group].primary_account;
        if (item->account.size == 0 && conductor->groups[item->group].is_transfer)
            draft_problem(draft, origin, "AccountId", PROBLEM_ILLEGAL_ACCOUNT_ID, TEXT_NONE,
                          "an account id, as the group names no primary account");
    } else if (item->account.size && !is_member(conductor, draft->items[index].account, item->group)) {
        draft_problem(draft, origin, "AccountId", PROBLEM_ACCOUNTS_NOT_ASSOCIATED, item->account,
                      "a member of the item's group");
    }
}

static void resolve_item_groups(struct draft *draft)
{
    struct conductor *conductor = draft->conductor;
    for (uint32_t i = 0; i < conductor->custom_line_item_count; i++) {
        struct origin origin = { i, INDEX_NONE, SECTION_ITEMS };
        uint32_t group = draft_find(draft, draft->items[i].group, ARN_GROUP, origin, "BillingGroupArn");
        conductor->custom_line_items[i].group = group;
        resolve_bearer(draft, i);
        const char *currency = draft->items[i].currency;
        if (currency && !text_equal(conductor->currency, text_of(currency)))
            draft_problem(draft, origin, "CurrencyCode", PROBLEM_FIELD_VALIDATION_FAILED, text_of(currency),
                          "the document's own currency (CurrencyCode at the top, USD by default)");
    }
}

/* By item, then by start; of versions that start together the one that ends last comes last, an open one after all. */
static int compare_versions(const void *left, const void *right)
{
    const struct version_draft *a = left, *b = right;
    if (a->item_index != b->item_index)
        return a->item_index < b->item_index ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end == b->end)
        return 0;
    if (a->end == PERIOD_NONE || b->end == PERIOD_NONE)
        return a->end == PERIOD_NONE ? 1 : -1;
    return a->end < b->end ? -1 : 1;
}

/* An item that paused and had ended by the document's month starts anew; what it was before is of no month that is to come.
 */
static bool starts_anew(const struct conductor *conductor, const struct custom_line_item *item, billing_period start)
{
    return item->own_period_only || (item->end != PERIOD_NONE && item->end < start && conductor->period != PERIOD_NONE &&
                                     item->end <= conductor->period);
}

static void resolve_versions(struct draft *draft)
{
    for (size_t i = 0; i < draft->version_count; i++) {
        struct version_draft *version = &draft->versions[i];
        if (version->item_index == INDEX_NONE)
            version->item_index = draft_find(draft, version->item, ARN_ITEM, version->origin, "Arn");
    }
    if (draft->version_count)
        qsort(draft->versions, draft->version_count, sizeof *draft->versions, compare_versions);
    for (uint32_t i = 0; i < draft->conductor->custom_line_item_count; i++)
        draft->conductor->custom_line_items[i].own_period_only = true;
    for (size_t i = 0; i < draft->version_count; i++) {
        const struct version_draft *version = &draft->versions[i];
        if (version->item_index == INDEX_NONE)
            continue;
        struct custom_line_item *item = &draft->conductor->custom_line_items[version->item_index];
        if (starts_anew(draft->conductor, item, version->start))
            item->start = version->start;
        item->end = version->end;
        item->own_period_only = false;
    }
}

/* A bare id is the item's own group or a custom line item. */
static bool names_group(const struct draft *draft, const struct input_draft *input)
{
    if (!input->is_bare)
        return input->is_group;
    return draft->index_of[ARN_GROUP][input->resource.id] != INDEX_NONE;
}

static void take_group(struct draft *draft, const struct input_draft *input, struct custom_line_item *item)
{
    const char *member = input->origin.section == SECTION_INPUTS ? "Arn" : NULL;
    struct text id = intern_text(&draft->ids, input->resource.id);
    uint32_t group = draft_find(draft, input->resource, ARN_GROUP, input->origin, member);
    if (group == INDEX_NONE || item->group == GROUP_NONE)
        return;
    if (group != item->group)
        draft_problem(draft, input->origin, member, PROBLEM_MISMATCHED_BILLINGGROUP_ARN, id, "the item's own group");
    else if (item->of_group)
        draft_problem(draft, input->origin, member, PROBLEM_CUSTOM_LINE_ITEM_ASSOCIATION_EXISTS, id, "each resource once");
    item->of_group = true;
}

/* `taken_by` has, by flat item, the last item that took it, plus 1. */
static void take_flat_item(struct draft *draft, const struct input_draft *input, struct custom_line_item *item,
                           uint32_t *flat_items, uint32_t *taken_by)
{
    const char *member = input->origin.section == SECTION_INPUTS ? "Arn" : NULL;
    struct text id = intern_text(&draft->ids, input->resource.id);
    uint32_t index = draft_find(draft, input->resource, ARN_ITEM, input->origin, member);
    if (index == INDEX_NONE)
        return;
    const struct custom_line_item *flat = &draft->conductor->custom_line_items[index];
    if (flat->is_percentage) {
        draft_problem(draft, input->origin, member, PROBLEM_ILLEGAL_CUSTOMLINEITEM, id, "a flat item, no percentage");
        return;
    }
    if (flat->group != item->group && flat->group != GROUP_NONE && item->group != GROUP_NONE) {
        draft_problem(draft, input->origin, member, PROBLEM_ILLEGAL_CHILD_ASSOCIATE_RESOURCE, id,
                      "a flat item of the item's own group");
        return;
    }
    if (taken_by[index] == input->item_index + 1) {
        draft_problem(draft, input->origin, member, PROBLEM_CUSTOM_LINE_ITEM_ASSOCIATION_EXISTS, id, "each resource once");
        return;
    }
    taken_by[index] = input->item_index + 1;
    flat_items[item->flat_item_count++] = index;
}

static int compare_inputs(const void *left, const void *right)
{
    const struct input_draft *a = left, *b = right;
    if (a->item_index != b->item_index)
        return a->item_index < b->item_index ? -1 : 1;
    /* As in the document, so that the later of two equal inputs is the one reported. */
    if (a->origin.section != b->origin.section)
        return a->origin.section < b->origin.section ? -1 : 1;
    if (a->origin.index != b->origin.index)
        return a->origin.index < b->origin.index ? -1 : 1;
    return (a->origin.element > b->origin.element) - (a->origin.element < b->origin.element);
}

static int compare_indexes(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* All inputs of one item, which stand together. */
static void resolve_inputs_of(struct draft *draft, const struct input_draft *inputs, size_t count, uint32_t *taken_by)
{
    struct conductor *conductor = draft->conductor;
    struct custom_line_item *item = &conductor->custom_line_items[inputs->item_index];
    uint32_t *flat_items = arena_take(&conductor->arena, count * sizeof *flat_items, _Alignof(uint32_t));
    for (size_t i = 0; i < count; i++) {
        const struct input_draft *input = &inputs[i];
        bool has_periods = input->end != PERIOD_NONE && conductor->period != PERIOD_NONE;
        if (has_periods && input->end <= conductor->period)
            continue;
        if (!item->is_percentage) {
            if (draft->items[input->item_index].has_charge)
                draft_problem(draft, input->origin, NULL, PROBLEM_ILLEGAL_CHILD_ASSOCIATE_RESOURCE,
                              intern_text(&draft->ids, input->resource.id), "no associated value of a flat item");
            continue;
        }
        if (names_group(draft, input))
            take_group(draft, input, item);
        else
            take_flat_item(draft, input, item, flat_items, taken_by);
    }
    if (item->flat_item_count)
        qsort(flat_items, item->flat_item_count, sizeof *flat_items, compare_indexes);
    item->flat_items = flat_items;
}

static void resolve_inputs(struct draft *draft)
{
    for (size_t i = 0; i < draft->input_count; i++) {
        struct input_draft *input = &draft->inputs[i];
        if (input->item_index != INDEX_NONE)
            continue;
        struct origin reply = { input->origin.index, INDEX_NONE, SECTION_INPUTS };
        /* All resources of a reply share its item: one that is missing is reported once. */
        bool is_repeated = i > 0 && input[-1].origin.section == SECTION_INPUTS && input[-1].origin.index == reply.index;
        input->item_index = is_repeated ? input[-1].item_index : draft_find(draft, input->item, ARN_ITEM, reply, "Arn");
    }
    if (draft->input_count)
        qsort(draft->inputs, draft->input_count, sizeof *draft->inputs, compare_inputs);
    uint32_t *taken_by = memory_new_array(draft->conductor->custom_line_item_count, sizeof *taken_by);
    for (size_t begin = 0, end = 0; begin < draft->input_count; begin = end) {
        uint32_t item_index = draft->inputs[begin].item_index;
        while (end < draft->input_count && draft->inputs[end].item_index == item_index)
            end++;
        if (item_index != INDEX_NONE)
            resolve_inputs_of(draft, &draft->inputs[begin], end - begin, taken_by);
    }
    free(taken_by);
}

void draft_resolve_items(struct draft *draft)
{
    resolve_item_groups(draft);
    resolve_versions(draft);
    resolve_inputs(draft);
}
