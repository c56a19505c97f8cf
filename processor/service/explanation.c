/* service/explanation.c: what was used, how it is priced, the sum, as a person would check it by hand. */
#include "service/explanation.h"

#define WHOLE_PERCENT 10000 /* 100 % at MODIFIER_SCALE */

static void print_text(struct buffer *out, const char *label, struct text value)
{
    if (value.size)
        buffer_printf(out, "  %-22s %.*s\n", label, TEXT_ARGS(value));
}

static void print_decimal(struct buffer *out, const char *label, const struct line_item *item, enum line_item_field field)
{
    const struct field *described = &line_item_type.fields[field];
    char text[SUM_TEXT_MAX];
    if (!record_has(item, field))
        return;
    const void *member = record_member_const(item, described);
    struct sum value = described->kind == FIELD_SUM ? *(const struct sum *)member : sum_of(*(const i128 *)member);
    sum_format(&value, described->scale, text);
    buffer_printf(out, "  %-22s %s\n", label, text);
}

static void print_what(struct buffer *out, const struct line_item *item)
{
    char start[TIME_TEXT_MAX];
    time_format(item->usage_start, start);
    buffer_printf(out, "Line item %.*s, revision %lld\n\nWhat was used\n", TEXT_ARGS(item->line_item_id),
                  (long long)item->revision);
    print_text(out, "account", item->usage_account_id);
    print_text(out, "from", text_of(start));
    print_text(out, "type", item->line_item_type);
    print_text(out, "service", item->product_code);
    print_text(out, "usage type", item->usage_type);
    print_text(out, "operation", item->operation);
    print_text(out, "sku", item->sku);
    print_text(out, "resource", item->resource_id);
    print_text(out, "description", item->description);
    print_decimal(out, "quantity", item, LINE_ITEM_usage_amount);
    print_text(out, "unit", item->unit);
    if (record_has(item, LINE_ITEM_usage_events))
        buffer_printf(out, "  %-22s %lld\n", "usage events", (long long)item->usage_events);
}

/* What AWS bills is not a customer's to hear, in no base's words. */
static const char *base_meaning(struct text base, enum explanation_reader reader)
{
    static const char *const meanings[BASE_COUNT] = {
        [BASE_CUSTOM_TIERS] = "the rule's own tiers; no modifier applies",
        [BASE_PRICE_LIST] = "the published price list",
        [BASE_FREE_TIER] = "free usage: AWS bills it at nothing, and the plan's free tier is on",
        [BASE_PUBLIC_ON_DEMAND_RATE] = "the event's own public rate: no price list has the meter",
        [BASE_PUBLIC_ON_DEMAND_COST] = "the event's own public cost: there is no rate",
        [BASE_UNBLENDED_COST] = "what AWS bills: the row is kept as billed, or has no public price",
        [BASE_FLAT] = "the custom line item's charge value",
        [BASE_PERCENTAGE] = "a percentage of what the custom line item is associated with",
    };
    if (reader == EXPLAIN_TO_CUSTOMER && text_equal(base, price_base_text(BASE_FREE_TIER)))
        return "free usage: the plan's free tier is on";
    for (enum price_base i = BASE_NONE + 1; i < BASE_COUNT; i++)
        if (text_equal(base, price_base_text(i)))
            return meanings[i];
    return "";
}

static bool is_as_billed(const struct line_item *item)
{
    return text_equal(item->base, TEXT("UNBLENDED_COST"));
}

static bool is_in_free_tier(const struct line_item *item)
{
    return text_equal(item->base, TEXT("PRICE_LIST")) && record_has(item, LINE_ITEM_tier) &&
           record_has(item, LINE_ITEM_rate) && item->rate == 0 && item->public_rate == 0;
}

static void print_how(struct buffer *out, const struct line_item *item, enum explanation_reader reader)
{
    buffer_printf(out, "\nHow it is priced\n");
    print_text(out, "status", item->status);
    print_text(out, "reason", item->reason);
    if (text_equal(item->reason, TEXT(REASON_TAKEN_BACK)))
        buffer_printf(out, "  %-22s its usage is; this part of the pool's cost goes to other rows when the month closes\n",
                      "taken back");
    if (text_equal(item->reason, unpriced_reason_text(UNMONITORED_BEFORE_DOCUMENT)))
        buffer_printf(out, "  %-22s none: its month is before the document's\n", "billing group");
    else if (item->billing_group.size)
        print_text(out, "billing group", item->billing_group);
    else
        buffer_printf(out, "  %-22s none: the account is in no group\n", "billing group");
    buffer_printf(out, "  %-22s %lld\n", "document version", (long long)item->conductor_version);
    print_text(out, "pricing plan", item->pricing_plan);
    print_text(out, "pricing rule", item->pricing_rule);
    print_decimal(out, "modifier, percent", item, LINE_ITEM_modifier);
    print_text(out, "custom line item", item->custom_line_item);
    if (item->base.size && (reader == EXPLAIN_TO_PAYER || !is_as_billed(item)))
        buffer_printf(out, "  %-22s %.*s: %s\n", "base", TEXT_ARGS(item->base), base_meaning(item->base, reader));
    if (record_has(item, LINE_ITEM_tier))
        buffer_printf(out, "  %-22s %lld: this part of the row lies in that tier of the group's pool\n", "tier",
                      (long long)item->tier);
    if (is_in_free_tier(item))
        buffer_printf(out, "  %-22s this part is free: a first tier, or an allowance that the group shares, at no cost\n",
                      "free tier");
    print_decimal(out, "public rate", item, LINE_ITEM_public_rate);
    print_decimal(out, "public cost", item, LINE_ITEM_public_cost);
    if (reader == EXPLAIN_TO_PAYER)
        print_decimal(out, "AWS bills", item, LINE_ITEM_billable_cost);
}

static void decimal_text(i128 value, unsigned scale, char out[DECIMAL_TEXT_MAX])
{
    decimal_format(value, scale, out);
}

/* Says the sum, does it, and tells whether the line item says the same. */
static bool check_product(struct buffer *out, const char *name, i128 a, unsigned scale_a, i128 b, unsigned scale_b,
                          i128 expected, unsigned scale)
{
    char a_text[DECIMAL_TEXT_MAX], b_text[DECIMAL_TEXT_MAX], text[DECIMAL_TEXT_MAX];
    i128 product = 0;
    bool equal = decimal_multiply(a, b, &product) && product == expected;
    decimal_text(a, scale_a, a_text);
    decimal_text(b, scale_b, b_text);
    decimal_text(expected, scale, text);
    buffer_printf(out, "  %-22s %s x %s = %s  %s\n", name, a_text, b_text, text, equal ? "(checked)" : "DOES NOT ADD UP");
    return equal;
}

/* Of a row that has a cost they fit. */
static i128 decimal_of(const struct sum *sum)
{
    i128 value = 0;
    return sum_value(sum, &value) ? value : 0;
}

static bool sum_of_rate(struct buffer *out, const struct line_item *item)
{
    i128 factor = WHOLE_PERCENT + (record_has(item, LINE_ITEM_modifier) ? item->modifier : 0);
    bool equal = true;
    bool from_public = record_has(item, LINE_ITEM_public_rate) && !text_equal(item->base, TEXT("CUSTOM_TIERS")) &&
                       !text_equal(item->base, TEXT("FREE_TIER"));
    if (from_public && item->public_rate == 0 && item->rate != 0)
        buffer_printf(out, "  %-22s the free tier is off: the first paid rate counts\n", "rate");
    else if (from_public)
        equal = check_product(out, "rate", item->public_rate, RATE_SCALE, factor, MODIFIER_SCALE + 2, item->rate,
                              PRICED_RATE_SCALE);
    return check_product(out, "cost", decimal_of(&item->usage_amount), QUANTITY_SCALE, item->rate, PRICED_RATE_SCALE,
                         item->cost, COST_SCALE) &&
           equal;
}

static bool sum_of_amount(struct buffer *out, const struct line_item *item)
{
    i128 factor = WHOLE_PERCENT + (record_has(item, LINE_ITEM_modifier) ? item->modifier : 0);
    bool public_base = text_equal(item->base, TEXT("PUBLIC_ON_DEMAND_COST"));
    const struct sum *own = record_has(item, LINE_ITEM_unblended_cost) ? &item->unblended_cost : &item->billable_cost;
    return check_product(out, "cost", decimal_of(public_base ? &item->public_on_demand_cost : own), AMOUNT_SCALE, factor,
                         MODIFIER_SCALE + 2, item->cost, COST_SCALE);
}

static bool print_sum(struct buffer *out, const struct line_item *item, enum explanation_reader reader)
{
    char cost[DECIMAL_TEXT_MAX];
    buffer_printf(out, "\nThe sum\n");
    decimal_text(item->cost, COST_SCALE, cost);
    if (record_has(item, LINE_ITEM_rate))
        return sum_of_rate(out, item);
    bool as_billed = is_as_billed(item) && reader == EXPLAIN_TO_PAYER;
    if (text_equal(item->base, TEXT("PUBLIC_ON_DEMAND_COST")) || as_billed)
        return sum_of_amount(out, item);
    buffer_printf(out, "  %-22s %s %.*s\n", "cost", cost, TEXT_ARGS(item->currency));
    return true;
}

bool explanation_write(const struct line_item *item, enum explanation_reader reader, struct buffer *out)
{
    print_what(out, item);
    print_how(out, item, reader);
    return print_sum(out, item, reader);
}
