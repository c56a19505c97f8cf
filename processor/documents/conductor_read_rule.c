/* documents/conductor_read_rule.c: pricing rules: scope, selectors, modifier, free tier, custom tiers. */
#include "documents/conductor_draft.h"

#include "documents/price_bounds.h"

#define CUSTOM_TIERS_MAX 10
#define PERCENT (decimal_power(MODIFIER_SCALE))
/* Far above any markup, and low enough that a modified rate always fits. */
#define MODIFIER_PERCENT_MAX 1000000

/* A selector's member: what it may hold, and the scopes that have it. */
struct selector {
    const char *member;
    enum text_class class;
    size_t max;
    enum problem_reason reason;
    unsigned scopes; /* bits of enum rule_scope */
    size_t offset;   /* in struct pricing_rule */
};

#define SCOPE_BIT(scope) (1u << (scope))

static const struct selector selectors[] = {
    { "Service", TEXT_ALPHANUMERIC, 128, PROBLEM_ILLEGAL_SERVICE, SCOPE_BIT(SCOPE_SERVICE) | SCOPE_BIT(SCOPE_SKU),
      offsetof(struct pricing_rule, service) },
    { "UsageType", TEXT_NO_SPACE, 256, PROBLEM_ILLEGAL_USAGE_TYPE, SCOPE_BIT(SCOPE_SKU),
      offsetof(struct pricing_rule, usage_type) },
    { "Operation", TEXT_NO_SPACE, 256, PROBLEM_ILLEGAL_OPERATION, SCOPE_BIT(SCOPE_SKU),
      offsetof(struct pricing_rule, operation) },
    { "BillingEntity", TEXT_ENTITY, 128, PROBLEM_ILLEGAL_BILLING_ENTITY, SCOPE_BIT(SCOPE_BILLING_ENTITY),
      offsetof(struct pricing_rule, billing_entity) },
};

static bool read_selector(struct draft *draft, const struct node *node, const struct selector *selector,
                          struct pricing_rule *rule)
{
    struct node member = node_member(node, selector->member);
    bool in_scope = selector->scopes & SCOPE_BIT(rule->scope);
    if (node_is_present(&member) && !in_scope) {
        node_problem(&member, selector->reason, "no such member in this scope");
        return false;
    }
    /* A SKU rule may leave out one of UsageType and Operation: looked at when both are read. */
    bool is_needed = in_scope && (rule->scope != SCOPE_SKU || selector->reason == PROBLEM_ILLEGAL_SERVICE);
    if (is_needed && !draft_require(&member, selector->reason, "a value, as the scope needs it"))
        return false;
    struct text text;
    if (!node_is_present(&member))
        return true;
    if (!node_text_of(&member, selector->class, 1, selector->max, selector->reason, &text))
        return false;
    *(struct text *)((char *)rule + selector->offset) = draft_copy(draft, text);
    return true;
}

static bool read_selectors(struct draft *draft, const struct node *node, struct pricing_rule *rule)
{
    bool is_sound = true;
    for (size_t i = 0; i < ARRAY_COUNT(selectors); i++)
        is_sound = read_selector(draft, node, &selectors[i], rule) && is_sound;
    if (is_sound && rule->scope == SCOPE_SKU && !rule->usage_type.size && !rule->operation.size) {
        node_problem(node, PROBLEM_INVALID_SKU_COMBO, "a UsageType or an Operation in a SKU rule");
        return false;
    }
    return is_sound;
}

/*
 * Half away from zero at 2 decimals, as AWS rounds. decimal_parse rounds half to even, which differs only in a tie; a
 * tie is a number with exactly three decimals that ends in 5.
 */
static enum decimal_status parse_modifier(struct text text, i128 *ret)
{
    i128 thousandths;
    enum decimal_status status = decimal_parse(text, MODIFIER_SCALE, ret);
    if (status == DECIMAL_ROUNDED && decimal_parse(text, MODIFIER_SCALE + 1, &thousandths) == DECIMAL_EXACT &&
        decimal_magnitude(thousandths) % 10 == 5)
        *ret = thousandths / 10 + (thousandths < 0 ? -1 : 1);
    return status;
}

static void read_modifier(const struct node *node, struct pricing_rule *rule)
{
    struct node modifier = node_member(node, "ModifierPercentage");
    struct text text;
    i128 value = 0;
    if (rule->type != RULE_TIERING && !draft_require(&modifier, PROBLEM_ILLEGAL_MODIFIER_PERCENTAGE, "a percentage"))
        return;
    if (!node_text(&modifier, &text))
        return;
    enum decimal_status status = parse_modifier(text, &value);
    i128 max = (rule->type == RULE_DISCOUNT ? 100 : MODIFIER_PERCENT_MAX) * PERCENT;
    if (status == DECIMAL_NOT_A_NUMBER)
        node_problem(&modifier, PROBLEM_FIELD_VALIDATION_FAILED, "a number");
    else if (rule->type == RULE_TIERING && (status == DECIMAL_TOO_LARGE || value != 0))
        node_problem(&modifier, PROBLEM_ILLEGAL_MODIFIER_PERCENTAGE, "no modifier in a TIERING rule");
    else if (status == DECIMAL_TOO_LARGE || value < 0 || value > max || text.data[0] == '-')
        node_problem(&modifier, PROBLEM_ILLEGAL_MODIFIER_PERCENTAGE,
                     rule->type == RULE_DISCOUNT ? "a percentage from 0 to 100" : "a percentage from 0 to 1000000");
    else
        rule->modifier = rule->type == RULE_DISCOUNT ? -value : value;
}

static bool read_tier(const struct node *node, bool is_last, i128 expected_begin, struct tier *tier)
{
    static const struct number_rule range = { QUANTITY_SCALE, 0, PRICE_RANGE_MAX, PROBLEM_ILLEGAL_TIERING_INPUT,
                                              "a quantity from 0, of at most 10 decimals" };
    static const struct number_rule rate = { RATE_SCALE, 0, PRICE_RATE_MAX, PROBLEM_ILLEGAL_TIERING_INPUT,
                                             "a rate from 0 to below 10^14, of at most 10 decimals" };
    if (!node_is_object(node))
        return false;
    struct node begin = node_member(node, "BeginRangeInclusive"), end = node_member(node, "EndRangeExclusive");
    struct node value = node_member(node, "RateValue");
    bool has_rate =
        draft_require(&value, PROBLEM_ILLEGAL_TIERING_INPUT, rate.expected) && node_decimal(&value, &rate, &tier->rate);
    if (!draft_require(&begin, PROBLEM_ILLEGAL_TIERING_INPUT, range.expected) || !node_decimal(&begin, &range, &tier->begin))
        return false;
    if (tier->begin != expected_begin) {
        node_problem(&begin, PROBLEM_ILLEGAL_TIERING_INPUT, "0 in the first tier, else the end of the tier before");
        return false;
    }
    tier->end = TIER_NO_END;
    if (is_last && node_is_present(&end))
        node_problem(&end, PROBLEM_ILLEGAL_TIERING_INPUT, "no end in the last tier");
    if (is_last)
        return has_rate && !node_is_present(&end);
    if (!draft_require(&end, PROBLEM_ILLEGAL_TIERING_INPUT, "an end, as only the last tier has none") ||
        !node_decimal(&end, &range, &tier->end))
        return false;
    if (tier->end <= tier->begin)
        node_problem(&end, PROBLEM_ILLEGAL_TIERING_INPUT, "an end above the tier's begin");
    return tier->end > tier->begin;
}

static void read_custom_tiers(struct draft *draft, const struct node *tiers_node, struct pricing_rule *rule)
{
    size_t count = node_count(tiers_node);
    if (!json_is_array(tiers_node->value))
        return;
    if (count < 1 || count > CUSTOM_TIERS_MAX) {
        node_problem(tiers_node, PROBLEM_ILLEGAL_TIERING_INPUT, "1 to 10 tiers");
        return;
    }
    struct tier *tiers = arena_take(&draft->conductor->arena, count * sizeof *tiers, _Alignof(struct tier));
    i128 begin = 0;
    for (size_t i = 0; i < count; i++) {
        struct node node = node_element(tiers_node, i);
        /* What follows a broken tier cannot be judged. */
        if (!read_tier(&node, i + 1 == count, begin, &tiers[i]))
            return;
        begin = tiers[i].end;
    }
    rule->custom = (struct schedule){ tiers, (uint32_t)count };
}

static void read_free_tier(const struct node *free_tier, struct pricing_rule *rule)
{
    if (!node_is_object(free_tier))
        return;
    struct node activated = node_member(free_tier, "Activated");
    draft_require(&activated, PROBLEM_FIELD_VALIDATION_FAILED, "true or false");
    rule->sets_free_tier = node_bool(&activated, &rule->free_tier_activated);
}

/* Which of the two tierings a scope may have: the free tier globally or per service, custom tiers per SKU. */
static void check_tiering_scope(const struct node *node, const struct node *free_tier, const struct pricing_rule *rule)
{
    struct node scope = node_member(node, "Scope");
    bool wants_free_tier = node_is_present(free_tier);
    bool has_free_tier = rule->scope == SCOPE_GLOBAL || rule->scope == SCOPE_SERVICE;
    bool fits = wants_free_tier ? has_free_tier : rule->scope == SCOPE_SKU;
    if (!fits)
        node_problem(&scope, PROBLEM_ILLEGAL_SCOPE,
                     wants_free_tier ? "GLOBAL or SERVICE with a FreeTier" : "SKU with CustomTiers");
}

static void read_tiering(struct draft *draft, const struct node *node, struct pricing_rule *rule)
{
    struct node tiering = node_member(node, "Tiering");
    if (rule->type != RULE_TIERING) {
        if (node_is_present(&tiering))
            node_problem(&tiering, PROBLEM_ILLEGAL_TIERING_INPUT, "no Tiering in a MARKUP or DISCOUNT rule");
        return;
    }
    if (rule->scope == SCOPE_BILLING_ENTITY) {
        struct node type = node_member(node, "Type");
        node_problem(&type, PROBLEM_ILLEGAL_TYPE, "MARKUP or DISCOUNT with BILLING_ENTITY");
        return;
    }
    if (!draft_require(&tiering, PROBLEM_ILLEGAL_TIERING_INPUT, "a Tiering in a TIERING rule") || !node_is_object(&tiering))
        return;
    struct node free_tier = node_member(&tiering, "FreeTier"), custom = node_member(&tiering, "CustomTiers");
    if (node_is_present(&free_tier) == node_is_present(&custom)) {
        node_problem(&tiering, PROBLEM_ILLEGAL_TIERING_INPUT, "exactly one of FreeTier and CustomTiers");
        return;
    }
    check_tiering_scope(node, &free_tier, rule);
    read_free_tier(&free_tier, rule);
    read_custom_tiers(draft, &custom, rule);
}

static bool read_scope_and_type(const struct node *node, struct pricing_rule *rule)
{
    static const char *const scopes[] = {
        [SCOPE_GLOBAL] = "GLOBAL",
        [SCOPE_BILLING_ENTITY] = "BILLING_ENTITY",
        [SCOPE_SERVICE] = "SERVICE",
        [SCOPE_SKU] = "SKU",
    };
    static const char *const types[] = {
        [RULE_MARKUP] = "MARKUP",
        [RULE_DISCOUNT] = "DISCOUNT",
        [RULE_TIERING] = "TIERING",
    };
    struct node scope = node_member(node, "Scope"), type = node_member(node, "Type");
    draft_require(&scope, PROBLEM_ILLEGAL_SCOPE, "GLOBAL or BILLING_ENTITY or SERVICE or SKU");
    draft_require(&type, PROBLEM_ILLEGAL_TYPE, "MARKUP or DISCOUNT or TIERING");
    int scope_choice = node_choice(&scope, scopes, ARRAY_COUNT(scopes), PROBLEM_ILLEGAL_SCOPE);
    int type_choice = node_choice(&type, types, ARRAY_COUNT(types), PROBLEM_ILLEGAL_TYPE);
    if (scope_choice < 0 || type_choice < 0)
        return false;
    rule->scope = (enum rule_scope)scope_choice;
    rule->type = (enum rule_type)type_choice;
    return true;
}

void draft_read_rule(struct draft *draft, const struct node *node)
{
    struct conductor *conductor = draft->conductor;
    size_t index = conductor->rule_count++;
    conductor->rules = memory_reserve_one(conductor->rules, index, &draft->rule_capacity, sizeof *conductor->rules);
    draft->rules = memory_reserve_one(draft->rules, index, &draft->rule_draft_capacity, sizeof *draft->rules);
    struct pricing_rule *rule = &conductor->rules[index];
    *rule = (struct pricing_rule){ 0 };
    draft->rules[index] = (struct rule_draft){ .self = { INTERN_NONE, INTERN_NONE } };
    if (!node_is_object(node))
        return;
    rule->name = draft_read_name(draft, node);
    draft->rules[index].self = draft_read_self(draft, node, ARN_RULE, rule->name, &rule->id);
    struct node description = node_member(node, "Description");
    struct text ignored;
    node_text_of(&description, TEXT_ANY, 0, 1024, PROBLEM_FIELD_VALIDATION_FAILED, &ignored);
    if (!read_scope_and_type(node, rule))
        return;
    uint64_t problems_before = draft->problems->total;
    read_selectors(draft, node, rule);
    read_modifier(node, rule);
    read_tiering(draft, node, rule);
    draft->rules[index].is_sound = draft->problems->total == problems_before;
}
