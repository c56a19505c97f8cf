/* rate/price.c: from facts to a price, in the order of SEMANTICS 3.1 and 3.2. */
#include "rate/price.h"

#include "assign/assign.h"
#include "model/account.h"
#include "rate/line_item_class.h"
#include "rate/tier.h"

void pricing_init(struct pricing *pricing, const struct conductor *conductor, const struct price_list *list)
{
    *pricing = (struct pricing){
        .conductor = conductor, .list = list, .rules = rule_index_new(conductor), .version = conductor->version
    };
}

void pricing_done(struct pricing *pricing)
{
    rule_index_free(pricing->rules);
    *pricing = (struct pricing){ 0 };
}

struct schedule price_schedule(const struct price *price)
{
    return price->charged ? *price->charged : (struct schedule){ &price->own_tier, 1 };
}

static void leave(struct price *price, enum line_item_status status, enum unpriced_reason reason)
{
    price->status = status;
    price->reason = reason;
    price->kind = PRICE_NOTHING;
    price->base = BASE_NONE;
}

static void charge_amount(struct price *price, enum price_base base, enum carried_cost amount)
{
    price->status = STATUS_CHARGED;
    price->kind = PRICE_AMOUNT;
    price->base = base;
    price->amount = amount;
}

/* Kept at what AWS bills, without any rule. */
static void keep_unblended(struct price *price, const struct facts *facts)
{
    if (facts_carry(facts, CARRIED_UNBLENDED))
        charge_amount(price, BASE_UNBLENDED_COST, CARRIED_UNBLENDED);
    else
        leave(price, STATUS_UNPRICED, UNPRICED_NO_PRICE);
}

static void charge_rate(struct price *price, enum price_base base, const struct schedule *schedule)
{
    price->status = STATUS_CHARGED;
    price->kind = PRICE_RATE;
    price->base = base;
    price->charged = schedule;
}

static uint32_t find_entry(const struct pricing *pricing, const struct facts *facts, struct price *price)
{
    struct price_query query = { facts->sku,       facts->service_code, facts->product_code, facts->usage_type,
                                 facts->operation, facts->has_own_rate, facts->own_rate,     price->period };
    return price_list_find(pricing->list, &query, &price->ambiguous);
}

static void charge_entry(const struct pricing *pricing, uint32_t index, struct price *price)
{
    const struct price_list_entry *entry = &pricing->list->entries[index];
    price->entry = index;
    charge_rate(price, BASE_PRICE_LIST, price->published);
    if (!price->free_tier)
        return;
    price->allowances = entry->allowances;
    price->allowance_count = entry->allowance_count;
}

static bool meter_is_tiered(const struct price_list *list, const struct facts *facts)
{
    return price_list_is_tiered(list, facts->product_code, facts->usage_type) ||
           (facts->service_code.size && price_list_is_tiered(list, facts->service_code, facts->usage_type));
}

/* What the event says itself, where nothing published has it. */
static void charge_own(const struct pricing *pricing, const struct facts *facts, struct price *price)
{
    static const struct tier nothing = { 0, TIER_NO_END, 0 };
    static const struct schedule free_of_charge = { &nothing, 1 };
    if (facts->billed_at_nothing && price->free_tier) {
        charge_rate(price, BASE_FREE_TIER, &free_of_charge);
    } else if (facts->has_own_rate) {
        price->untiered = meter_is_tiered(pricing->list, facts);
        charge_rate(price, BASE_PUBLIC_ON_DEMAND_RATE, NULL);
    } else if (facts_carry(facts, CARRIED_PUBLIC_COST)) {
        charge_amount(price, BASE_PUBLIC_ON_DEMAND_COST, CARRIED_PUBLIC_COST);
    } else if (facts_carry(facts, CARRIED_UNBLENDED)) {
        charge_amount(price, BASE_UNBLENDED_COST, CARRIED_UNBLENDED);
    } else {
        leave(price, STATUS_UNPRICED, UNPRICED_NO_PRICE);
    }
}

/* At its own rate of 0, whatever a list or a rule's tiers say of its meter. */
static void charge_share(const struct pricing_rule *rule, struct price *price)
{
    if (rule && rule->custom.count > 0)
        price->rule = RULE_NONE;
    price->has_modifier = price->rule != RULE_NONE;
    price->modifier = price->has_modifier ? rule->modifier : 0;
    charge_rate(price, BASE_PUBLIC_ON_DEMAND_RATE, NULL);
}

static void choose_base(const struct pricing *pricing, const struct facts *facts, const struct pricing_rule *rule,
                        struct price *price)
{
    if (is_share_of_instance(facts)) {
        charge_share(rule, price);
        return;
    }
    uint32_t entry = find_entry(pricing, facts, price);
    if (entry != ENTRY_NONE)
        price->published = &pricing->list->entries[entry].schedule;
    if (rule && rule->custom.count > 0) {
        price->ambiguous = false;
        charge_rate(price, BASE_CUSTOM_TIERS, &rule->custom);
        return;
    }
    if (rule) {
        price->modifier = rule->modifier;
        price->has_modifier = true;
    }
    if (entry != ENTRY_NONE)
        charge_entry(pricing, entry, price);
    else
        charge_own(pricing, facts, price);
}

static void price_usage(const struct pricing *pricing, const struct facts *facts, struct price *price)
{
    struct meter meter = { facts->product_code, facts->usage_type, facts->operation, facts->billing_entity,
                           facts->service_code };
    price->free_tier = rule_free_tier(pricing->rules, price->plan, &meter);
    price->rule = rule_match(pricing->rules, price->plan, &meter);
    choose_base(pricing, facts, price->rule == RULE_NONE ? NULL : &pricing->conductor->rules[price->rule], price);
    if (price->status != STATUS_CHARGED) {
        price->rule = RULE_NONE;
        price->modifier = 0;
        price->has_modifier = false;
    }
}

/* A commitment belongs to the account in its ARN; without one it belongs to nobody of the group. */
static bool owned_in_group(const struct pricing *pricing, uint32_t group, billing_period period, const struct facts *facts)
{
    struct text arn =
        text_equal(facts->line_item_type, TEXT("DiscountedUsage")) ? facts->reservation_arn : facts->savings_plan_arn;
    struct text account = arn_account(arn);
    return account.size && assign_group(pricing->conductor, account_parse(account), period) == group;
}

static void price_class(const struct pricing *pricing, billing_period period, const struct facts *facts, struct price *price)
{
    bool owned = false;
    switch (line_item_class(facts)) {
    case CLASS_USAGE:
        price_usage(pricing, facts, price);
        break;
    case CLASS_COVERED:
        owned = owned_in_group(pricing, price->group, period, facts);
        price->shown_as_usage = !owned;
        if (owned)
            keep_unblended(price, facts);
        else
            price_usage(pricing, facts, price);
        break;
    case CLASS_NEGATION:
        if (owned_in_group(pricing, price->group, period, facts))
            keep_unblended(price, facts);
        else
            leave(price, STATUS_LEFT_OUT, UNPRICED_NONE);
        break;
    case CLASS_FEE:
        keep_unblended(price, facts);
        break;
    case CLASS_TAX:
    case CLASS_LEFT_OUT:
        leave(price, STATUS_LEFT_OUT, UNPRICED_NONE);
        break;
    }
}

static bool is_before(const struct conductor *conductor, billing_period period)
{
    return conductor->period != PERIOD_NONE && period < conductor->period;
}

void price_resolve(const struct pricing *pricing, uint32_t group, billing_period period, const struct facts *facts,
                   struct price *price)
{
    const struct conductor *conductor = pricing->conductor;
    *price = (struct price){ .group = group,
                             .rule = RULE_NONE,
                             .entry = ENTRY_NONE,
                             .free_tier = true,
                             .in_sums = true,
                             .list = pricing->list,
                             .period = period };
    price->has_own_rate = facts->has_own_rate;
    price->own_tier = (struct tier){ 0, TIER_NO_END, facts->own_rate };
    price->counts_as_tax = text_equal(facts->line_item_type, TEXT("Tax"));
    if (group != GROUP_NONE)
        price->plan = conductor->groups[group].plan;
    if (facts->currency.size && !text_equal(facts->currency, conductor->currency)) {
        price->in_sums = false;
        leave(price, STATUS_UNPRICED, UNPRICED_CURRENCY);
    } else if (group == GROUP_NONE) {
        leave(price, STATUS_UNMONITORED, is_before(conductor, period) ? UNMONITORED_BEFORE_DOCUMENT : UNPRICED_NONE);
    } else if (conductor->plans[price->plan].kind == PLAN_PASSTHROUGH) {
        if (price->counts_as_tax)
            leave(price, STATUS_LEFT_OUT, UNPRICED_NONE);
        else
            keep_unblended(price, facts);
    } else {
        price_class(pricing, period, facts, price);
    }
}

/* With its length, so that no two lists of names read alike. */
static void put_name(struct buffer *out, struct text name)
{
    buffer_printf(out, "%zu:%.*s/", name.size, TEXT_ARGS(name));
}

#define OF_RULE TEXT("rule/")
#define OF_ENTRY TEXT("entry/")
#define OF_JOINED_ENTRY TEXT("joined/")

/*
 * Rows of an entry with the free tier off are in a pool of their own where the others have an allowance: it is none of
 * theirs.
 */
void price_pool_key(const struct pricing *pricing, const struct price *price, const struct facts *facts, struct buffer *out)
{
    put_name(out, pricing->conductor->groups[price->group].id);
    if (price->base == BASE_CUSTOM_TIERS) {
        buffer_append_text(out, OF_RULE);
        put_name(out, pricing->conductor->rules[price->rule].id);
        buffer_append_text(out, facts->usage_type);
        return;
    }
    char modifier[DECIMAL_TEXT_MAX];
    const struct price_list_entry *entry = &pricing->list->entries[price->entry];
    decimal_format(price->modifier, MODIFIER_SCALE, modifier);
    buffer_append_text(out, price->allowance_count > 0 ? OF_JOINED_ENTRY : OF_ENTRY);
    put_name(out, entry->sku);
    put_name(out, entry->usage_type);
    buffer_append_text(out, text_of(modifier));
}

static bool take_prefix(struct text *at, struct text prefix)
{
    if (!text_starts_with(*at, prefix))
        return false;
    *at = (struct text){ at->data + prefix.size, at->size - prefix.size };
    return true;
}

static bool take_name(struct text *at, struct text *name)
{
    size_t size = 0, digits = 0;
    while (digits < at->size && digits < 6 && at->data[digits] >= '0' && at->data[digits] <= '9')
        size = size * 10 + (size_t)(at->data[digits++] - '0');
    if (digits == 0 || digits + 1 + size + 1 > at->size || at->data[digits] != ':' || at->data[digits + 1 + size] != '/')
        return false;
    *name = (struct text){ at->data + digits + 1, size };
    *at = (struct text){ at->data + digits + size + 2, at->size - digits - size - 2 };
    return true;
}

bool price_pool_is_joined(const struct pricing *pricing, struct text key, billing_period period, struct joined_pool *ret)
{
    *ret = (struct joined_pool){ 0 };
    if (!take_name(&key, &ret->group) || !take_prefix(&key, OF_JOINED_ENTRY) || !take_name(&key, &ret->sku) ||
        !take_name(&key, &ret->usage_type) || decimal_parse(key, MODIFIER_SCALE, &ret->modifier) != DECIMAL_EXACT)
        return false;
    uint32_t index = price_list_find_sku(pricing->list, ret->sku, ret->usage_type, period);
    if (index == ENTRY_NONE)
        return false;
    const struct price_list_entry *entry = &pricing->list->entries[index];
    ret->allowances = entry->allowances;
    ret->allowance_count = entry->allowance_count;
    if (!decimal_multiply(schedule_highest_rate(&entry->schedule), WHOLE_PERCENT + ret->modifier, &ret->highest_rate))
        ret->highest_rate = decimal_power(DECIMAL_DIGITS);
    return entry->allowance_count > 0;
}
