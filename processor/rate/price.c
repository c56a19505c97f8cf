/* rate/price.c: from facts to a price, in the order of DESIGN 3.1 and 3.2. */
#include "rate/price.h"

#include "assign/assign.h"
#include "model/account.h"
#include "rate/line_item_class.h"

void pricing_init(struct pricing *pricing, const struct conductor *conductor, const struct price_list *list)
{
    *pricing = (struct pricing){ conductor, list, rule_index_new(conductor) };
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

static void choose_base(const struct pricing *pricing, const struct facts *facts, const struct pricing_rule *rule,
                        struct price *price)
{
    uint32_t entry = price_list_find(pricing->list, facts->sku, facts->product_code, facts->usage_type, facts->operation);
    if (entry != ENTRY_NONE)
        price->published = &pricing->list->entries[entry].schedule;
    if (rule && rule->custom.count > 0) {
        charge_rate(price, BASE_CUSTOM_TIERS, &rule->custom);
        return;
    }
    if (rule) {
        price->modifier = rule->modifier;
        price->has_modifier = true;
    }
    if (entry != ENTRY_NONE) {
        price->entry = entry;
        charge_rate(price, BASE_PRICE_LIST, price->published);
    } else if (facts->has_own_rate) {
        price->untiered = price_list_is_tiered(pricing->list, facts->product_code, facts->usage_type);
        charge_rate(price, BASE_PUBLIC_ON_DEMAND_RATE, NULL);
    } else if (facts_carry(facts, CARRIED_PUBLIC_COST)) {
        charge_amount(price, BASE_PUBLIC_ON_DEMAND_COST, CARRIED_PUBLIC_COST);
    } else if (facts_carry(facts, CARRIED_UNBLENDED)) {
        charge_amount(price, BASE_UNBLENDED_COST, CARRIED_UNBLENDED);
    } else {
        leave(price, STATUS_UNPRICED, UNPRICED_NO_PRICE);
    }
}

static void price_usage(const struct pricing *pricing, const struct facts *facts, struct price *price)
{
    struct meter meter = { facts->product_code, facts->usage_type, facts->operation, facts->billing_entity };
    uint32_t free_tier_rule;
    price->free_tier = rule_free_tier(pricing->rules, price->plan, facts->product_code, &free_tier_rule);
    price->rule = rule_match(pricing->rules, price->plan, &meter);
    choose_base(pricing, facts, price->rule == RULE_NONE ? NULL : &pricing->conductor->rules[price->rule], price);
    if (price->status != STATUS_CHARGED) {
        price->rule = RULE_NONE;
        price->modifier = 0;
        price->has_modifier = false;
    }
}

/* A commitment belongs to the account in its ARN; without one it belongs to nobody of the group. */
static bool owned_in_group(const struct pricing *pricing, uint32_t group, billing_period period,
                           const struct facts *facts)
{
    struct text arn = text_equal(facts->line_item_type, TEXT("DiscountedUsage")) ? facts->reservation_arn
                                                                                 : facts->savings_plan_arn;
    struct text account = arn_account(arn);
    return account.size && assign_group(pricing->conductor, account_parse(account), period) == group;
}

static void price_class(const struct pricing *pricing, billing_period period, const struct facts *facts,
                        struct price *price)
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

void price_resolve(const struct pricing *pricing, uint32_t group, billing_period period, const struct facts *facts,
                   struct price *price)
{
    const struct conductor *conductor = pricing->conductor;
    *price = (struct price){ .group = group, .rule = RULE_NONE, .entry = ENTRY_NONE, .free_tier = true, .in_sums = true };
    price->has_own_rate = facts->has_own_rate;
    price->own_tier = (struct tier){ 0, TIER_NO_END, facts->own_rate };
    price->counts_as_tax = text_equal(facts->line_item_type, TEXT("Tax"));
    if (group != GROUP_NONE)
        price->plan = conductor->groups[group].plan;
    if (facts->currency.size && !text_equal(facts->currency, conductor->currency)) {
        price->in_sums = false;
        leave(price, STATUS_UNPRICED, UNPRICED_CURRENCY);
    } else if (group == GROUP_NONE) {
        leave(price, STATUS_UNMONITORED, UNPRICED_NONE);
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

void price_pool_key(const struct pricing *pricing, const struct price *price, const struct facts *facts,
                    struct buffer *out)
{
    put_name(out, pricing->conductor->groups[price->group].id);
    if (price->base == BASE_CUSTOM_TIERS) {
        buffer_append_text(out, TEXT("rule/"));
        put_name(out, pricing->conductor->rules[price->rule].id);
        buffer_append_text(out, facts->usage_type);
        return;
    }
    char modifier[DECIMAL_TEXT_MAX];
    const struct price_list_entry *entry = &pricing->list->entries[price->entry];
    decimal_format(price->modifier, MODIFIER_SCALE, modifier);
    buffer_append_text(out, TEXT("entry/"));
    put_name(out, entry->sku);
    put_name(out, entry->usage_type);
    buffer_append_text(out, text_of(modifier));
}
