/* documents/conductor_read_item.c: custom line items, their versions and their inputs. */
#include "documents/conductor_draft.h"

#define CHARGE_VALUE_MAX 1000000
#define PERCENTAGE_VALUE_MAX 10000

static void read_inputs_of(struct draft *draft, const struct node *list, struct input_draft input);

/* Known to be: charge details that say neither have their problem already. */
static bool is_flat(const struct draft *draft, uint32_t index)
{
    return draft->items[index].has_charge && !draft->conductor->custom_line_items[index].is_percentage;
}

static void read_value(struct draft *draft, const struct node *details, uint32_t index)
{
    const struct number_rule charge = { AMOUNT_SCALE, 0, CHARGE_VALUE_MAX * decimal_power(AMOUNT_SCALE),
                                        PROBLEM_ILLEGAL_CHARGE_DETAILS,
                                        "an amount from 0 to 1000000, of at most 20 decimals" };
    const struct number_rule percentage = { PERCENT_SCALE, 0, PERCENTAGE_VALUE_MAX * decimal_power(PERCENT_SCALE),
                                            PROBLEM_ILLEGAL_CHARGE_DETAILS,
                                            "a percentage from 0 to 10000, of at most 10 decimals" };
    struct custom_line_item *item = &draft->conductor->custom_line_items[index];
    struct node flat = node_member(details, "Flat"), percent = node_member(details, "Percentage");
    if (node_is_present(&flat) == node_is_present(&percent)) {
        node_problem(details, PROBLEM_ILLEGAL_CHARGE_DETAILS, "exactly one of Flat and Percentage");
        return;
    }
    item->is_percentage = node_is_present(&percent);
    draft->items[index].has_charge = true;
    const struct node *form = item->is_percentage ? &percent : &flat;
    const struct number_rule *rule = item->is_percentage ? &percentage : &charge;
    if (!node_is_object(form))
        return;
    struct node value = node_member(form, item->is_percentage ? "PercentageValue" : "ChargeValue");
    if (draft_require(&value, PROBLEM_ILLEGAL_CHARGE_DETAILS, rule->expected))
        node_decimal(&value, rule, &item->value);
    struct node associated = node_member(form, "AssociatedValues");
    read_inputs_of(draft, &associated,
                   (struct input_draft){ .item_index = index, .origin = { index, INDEX_NONE, SECTION_ITEMS } });
}

/* The single value of a filter's list. The other list must be empty. */
static bool read_filter_value(const struct node *filter, const char *used, const char *unused, struct text *ret)
{
    struct node values = node_member(filter, used), others = node_member(filter, unused);
    if (node_count(&others) > 0)
        node_problem(&others, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "no such values with this Attribute");
    if (node_count(&values) != 1) {
        node_problem(&values, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "exactly one value");
        return false;
    }
    struct node value = node_element(&values, 0);
    return node_text_of(&value, TEXT_ANY, 1, 128, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, ret);
}

static void read_type_filter(const struct node *filter, int match, struct custom_line_item *item)
{
    struct node match_node = node_member(filter, "MatchOption");
    struct text value;
    if (match != 0)
        node_problem(&match_node, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "NOT_EQUAL with LINE_ITEM_TYPE");
    if (!read_filter_value(filter, "Values", "AttributeValues", &value))
        return;
    if (text_equal(value, TEXT("SAVINGS_PLAN_NEGATION"))) {
        item->filter = FILTER_NO_SAVINGS_PLAN_NEGATION;
        return;
    }
    struct node values = node_member(filter, "Values"), first = node_element(&values, 0);
    node_problem(&first, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "SAVINGS_PLAN_NEGATION");
}

static void read_service_filter(struct draft *draft, const struct node *filter, int match, struct custom_line_item *item)
{
    struct text value;
    if (!read_filter_value(filter, "AttributeValues", "Values", &value))
        return;
    if (!text_is_class(value, TEXT_ALPHANUMERIC)) {
        struct node values = node_member(filter, "AttributeValues"), first = node_element(&values, 0);
        node_problem(&first, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "a service code of letters and digits");
        return;
    }
    item->filter = match == 0 ? FILTER_SERVICE_NOT_EQUAL : FILTER_SERVICE_EQUAL;
    item->filter_service = draft_copy(draft, value);
}

static void read_filter(struct draft *draft, const struct node *details, uint32_t index)
{
    static const char *const attributes[] = { "LINE_ITEM_TYPE", "SERVICE" };
    static const char *const matches[] = { "NOT_EQUAL", "EQUAL" };
    struct custom_line_item *item = &draft->conductor->custom_line_items[index];
    struct node filters = node_member(details, "LineItemFilters");
    size_t count = node_count(&filters);
    if (count == 0)
        return;
    if (count > 1 || is_flat(draft, index)) {
        node_problem(&filters, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "at most one filter, of a percentage item");
        return;
    }
    struct node filter = node_element(&filters, 0);
    if (!node_is_object(&filter))
        return;
    struct node attribute = node_member(&filter, "Attribute"), match = node_member(&filter, "MatchOption");
    draft_require(&attribute, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "LINE_ITEM_TYPE or SERVICE");
    draft_require(&match, PROBLEM_ILLEGAL_LINE_ITEM_FILTER, "NOT_EQUAL or EQUAL");
    int attribute_choice = node_choice(&attribute, attributes, ARRAY_COUNT(attributes), PROBLEM_ILLEGAL_LINE_ITEM_FILTER);
    int match_choice = node_choice(&match, matches, ARRAY_COUNT(matches), PROBLEM_ILLEGAL_LINE_ITEM_FILTER);
    if (attribute_choice < 0 || match_choice < 0)
        return;
    if (attribute_choice == 0)
        read_type_filter(&filter, match_choice, item);
    else
        read_service_filter(draft, &filter, match_choice, item);
}

static void read_charge(struct draft *draft, const struct node *node, uint32_t index)
{
    static const char *const types[] = { "FEE", "CREDIT" };
    struct custom_line_item *item = &draft->conductor->custom_line_items[index];
    struct node details = node_member(node, "ChargeDetails");
    if (!draft_require(&details, PROBLEM_ILLEGAL_CHARGE_DETAILS, "charge details") || !node_is_object(&details))
        return;
    struct node type = node_member(&details, "Type");
    draft_require(&type, PROBLEM_ILLEGAL_CHARGE_DETAILS, "FEE or CREDIT");
    item->is_credit = node_choice(&type, types, ARRAY_COUNT(types), PROBLEM_ILLEGAL_CHARGE_DETAILS) == 1;
    read_value(draft, &details, index);
    read_filter(draft, &details, index);
}

static void read_presentation(struct draft *draft, const struct node *node, uint32_t index)
{
    static const char *const rules[] = { "CONSOLIDATED", "ITEMIZED" };
    struct custom_line_item *item = &draft->conductor->custom_line_items[index];
    struct node rule = node_member(node, "ComputationRule");
    item->is_itemized = node_choice(&rule, rules, ARRAY_COUNT(rules), PROBLEM_ILLEGAL_COMPUTATION_RULE) == 1;
    if (item->is_itemized && is_flat(draft, index))
        node_problem(&rule, PROBLEM_ILLEGAL_COMPUTATION_RULE, "CONSOLIDATED for a flat item");
    struct text service = item->is_itemized ? TEXT_NONE : TEXT("AWSBillingConductor");
    struct node details = node_member(node, "PresentationDetails");
    struct node shown = node_member(&details, "Service");
    if (node_is_object(&details) && draft_require(&shown, PROBLEM_ILLEGAL_SERVICE, "a service code"))
        node_text_of(&shown, TEXT_ALPHANUMERIC, 1, 128, PROBLEM_ILLEGAL_SERVICE, &service);
    item->service = draft_copy(draft, service);
}

static void read_description(struct draft *draft, const struct node *node, struct custom_line_item *item)
{
    struct node description = node_member(node, "Description"), product = node_member(node, "ProductCode");
    struct text text;
    if (draft_require(&description, PROBLEM_FIELD_VALIDATION_FAILED, "a description") &&
        node_text_of(&description, TEXT_ANY, 1, 255, PROBLEM_FIELD_VALIDATION_FAILED, &text))
        item->description = draft_copy(draft, text);
    node_text_of(&product, TEXT_ANY, 1, 29, PROBLEM_FIELD_VALIDATION_FAILED, &text);
}

static void add_version(struct draft *draft, struct version_draft version)
{
    draft->versions = memory_reserve_one(draft->versions, draft->version_count, &draft->version_capacity, sizeof version);
    draft->versions[draft->version_count++] = version;
}

/* `end_is_above`: an empty range is a problem. An edited version may be empty: replaced in the month it began. */
static bool read_range(const struct node *start, const struct node *end, bool end_is_above, struct version_draft *version)
{
    version->start = version->end = PERIOD_NONE;
    bool has_start = draft_require(start, PROBLEM_ILLEGAL_BILLING_PERIOD_RANGE, "the first billing period") &&
                     draft_read_period(start, &version->start);
    bool has_end = draft_read_period(end, &version->end);
    if (!has_start || (node_is_present(end) && !has_end))
        return false;
    if (has_end && version->end < version->start + end_is_above) {
        node_problem(end, PROBLEM_ILLEGAL_BILLING_PERIOD_RANGE,
                     "a billing period after the first one (the end is exclusive)");
        return false;
    }
    return true;
}

static void read_item_range(struct draft *draft, const struct node *node, uint32_t index)
{
    struct node range = node_member(node, "BillingPeriodRange");
    if (!node_is_object(&range))
        return;
    struct version_draft version = { .item_index = index, .origin = { index, INDEX_NONE, SECTION_ITEMS } };
    struct node start = node_member(&range, "InclusiveStartBillingPeriod");
    struct node end = node_member(&range, "ExclusiveEndBillingPeriod");
    if (read_range(&start, &end, true, &version))
        add_version(draft, version);
}

/* Held against the document's currency when that is known: the key may come later. */
static void read_item_currency(struct draft *draft, const struct node *node, uint32_t index)
{
    static const char *const currencies[] = { "USD", "CNY" };
    struct node currency = node_member(node, "CurrencyCode");
    int choice = node_choice(&currency, currencies, ARRAY_COUNT(currencies), PROBLEM_FIELD_VALIDATION_FAILED);
    draft->items[index].currency = choice < 0 ? NULL : currencies[choice];
}

void draft_read_item(struct draft *draft, const struct node *node)
{
    struct conductor *conductor = draft->conductor;
    uint32_t index = (uint32_t)conductor->custom_line_item_count++;
    conductor->custom_line_items =
        memory_reserve_one(conductor->custom_line_items, index, &draft->item_capacity, sizeof *conductor->custom_line_items);
    draft->items = memory_reserve_one(draft->items, index, &draft->item_draft_capacity, sizeof *draft->items);
    struct custom_line_item *item = &conductor->custom_line_items[index];
    struct reference none = { INTERN_NONE, INTERN_NONE };
    *item = (struct custom_line_item){ .group = GROUP_NONE, .start = PERIOD_NONE, .end = PERIOD_NONE };
    draft->items[index] = (struct item_draft){ .self = none, .group = none };
    if (!node_is_object(node))
        return;
    item->name = draft_read_name(draft, node);
    draft->items[index].self = draft_read_self(draft, node, ARN_ITEM, item->name, &item->id);
    read_description(draft, node, item);
    struct node group = node_member(node, "BillingGroupArn"), account = node_member(node, "AccountId");
    if (draft_require(&group, PROBLEM_MISSING_BILLINGGROUP, "a billing group's ARN"))
        draft_read_reference(draft, &group, ARN_GROUP, &draft->items[index].group);
    uint64_t number;
    struct text digits;
    draft->items[index].names_account = node_is_present(&account);
    if (node_account(&account, PROBLEM_ILLEGAL_ACCOUNT_ID, &number) && node_text(&account, &digits)) {
        item->account = draft_copy(draft, digits);
        draft->items[index].account = number;
    }
    read_charge(draft, node, index);
    read_presentation(draft, node, index);
    read_item_range(draft, node, index);
    read_item_currency(draft, node, index);
}

void draft_read_version(struct draft *draft, const struct node *node)
{
    struct version_draft version = { .item_index = INDEX_NONE };
    version.origin = (struct origin){ (uint32_t)node->place.index, INDEX_NONE, SECTION_VERSIONS };
    if (!node_is_object(node))
        return;
    struct node arn = node_member(node, "Arn");
    struct node start = node_member(node, "StartBillingPeriod"), end = node_member(node, "EndBillingPeriod");
    bool has_item = draft_require(&arn, PROBLEM_MISSING_CUSTOMLINEITEM, "a custom line item's ARN") &&
                    draft_read_reference(draft, &arn, ARN_ITEM, &version.item);
    if (read_range(&start, &end, false, &version) && has_item)
        add_version(draft, version);
}

/* False: a PARENT, which states from the other side what the percentage item's own list says, or a problem. */
static bool read_relationship(const struct node *resource, struct input_draft *input)
{
    static const char *const relationships[] = { "CHILD", "PARENT" };
    struct node relationship = node_member(resource, "Relationship"), end = node_member(resource, "EndBillingPeriod");
    int choice = node_choice(&relationship, relationships, ARRAY_COUNT(relationships), PROBLEM_FIELD_VALIDATION_FAILED);
    input->end = PERIOD_NONE;
    if (node_is_present(&end) && !draft_read_period(&end, &input->end))
        return false;
    return choice == 0 || !node_is_present(&relationship);
}

static void read_inputs_of(struct draft *draft, const struct node *list, struct input_draft input)
{
    bool is_reply = input.origin.section == SECTION_INPUTS;
    for (size_t i = 0, count = node_count(list); i < count; i++) {
        struct node element = node_element(list, i), member = node_member(&element, "Arn");
        const struct node *arn_node = is_reply ? &member : &element;
        struct arn arn;
        input.origin.element = (uint32_t)i;
        input.end = PERIOD_NONE;
        if (is_reply && (!node_is_object(&element) || !read_relationship(&element, &input)))
            continue;
        if (!draft_require(arn_node, PROBLEM_INVALID_ARN, "an ARN") ||
            !draft_read_arn(draft, arn_node, ARN_MASK(ARN_GROUP) | ARN_MASK(ARN_ITEM), &input.resource, &arn))
            continue;
        input.is_bare = arn.is_bare;
        input.is_group = arn.type == ARN_GROUP;
        draft->inputs = memory_reserve_one(draft->inputs, draft->input_count, &draft->input_capacity, sizeof input);
        draft->inputs[draft->input_count++] = input;
    }
}

void draft_read_inputs(struct draft *draft, const struct node *node)
{
    struct input_draft input = { .item_index = INDEX_NONE };
    input.origin = (struct origin){ (uint32_t)node->place.index, INDEX_NONE, SECTION_INPUTS };
    if (!node_is_object(node))
        return;
    struct node arn = node_member(node, "Arn"), resources = node_member(node, "AssociatedResources");
    if (draft_require(&arn, PROBLEM_MISSING_CUSTOMLINEITEM, "a custom line item's ARN") &&
        draft_read_reference(draft, &arn, ARN_ITEM, &input.item))
        read_inputs_of(draft, &resources, input);
}
