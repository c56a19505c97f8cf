/* period/custom_line_items.c: flat items first, then percentages of the group's charged rows and of flat items. */
#include "period/custom_line_items.h"

#include <stdlib.h>

#include "model/account.h"

static const struct text conductor_service = { "AWSBillingConductor", sizeof "AWSBillingConductor" - 1 };

bool custom_line_item_applies(const struct conductor *conductor, const struct custom_line_item *item, billing_period period)
{
    if (item->own_period_only)
        return conductor->period == PERIOD_NONE || conductor->period == period;
    return (item->start == PERIOD_NONE || period >= item->start) && (item->end == PERIOD_NONE || period < item->end);
}

bool custom_line_items_are_due(const struct conductor *conductor, uint32_t group, billing_period period, bool has_usage,
                               bool closing)
{
    if (conductor->custom_line_item_count == 0 || conductor->groups[group].status == GROUP_PENDING)
        return false;
    return (conductor->period == PERIOD_NONE || period >= conductor->period) && (closing || has_usage);
}

i128 custom_line_item_flat_cost(const struct custom_line_item *item)
{
    i128 cost;
    bool fits = decimal_multiply(item->value, decimal_power(COST_SCALE - AMOUNT_SCALE), &cost);
    CHECK(fits); /* a charge value is at most 1,000,000 */
    return item->is_credit ? -cost : cost;
}

static struct text shown_type(const struct custom_line_item *item)
{
    bool plain = !item->is_itemized && text_equal(item->service, conductor_service);
    if (item->is_credit)
        return plain ? TEXT("Credit") : TEXT("Proforma_Credit");
    return plain ? TEXT("Fee") : TEXT("Proforma_Fee");
}

static void add_charge(struct custom_charges *charges, const struct conductor *conductor, uint32_t item,
                       struct custom_charge charge)
{
    const struct custom_line_item *custom = &conductor->custom_line_items[item];
    charge.item = item;
    charge.service = custom->service.size ? custom->service : charge.of_service;
    charge.type = shown_type(custom);
    charges->items = memory_reserve_one(charges->items, charges->count, &charges->capacity, sizeof *charges->items);
    charges->items[charges->count++] = charge;
}

static void set_percentage_of(const struct custom_line_item *item, const struct sum *base, struct custom_charge *charge)
{
    struct sum share;
    i128 cost = 0;
    charge->too_large = !sum_share(base, item->value, &share) || !sum_value(&share, &cost);
    charge->cost = item->is_credit ? -cost : cost;
}

static bool in_base(const struct custom_line_item *item, const struct totals *totals, const struct total *total)
{
    if (total->charged_rows == 0)
        return false;
    switch (item->filter) {
    case FILTER_NONE:
        return true;
    case FILTER_SERVICE_EQUAL:
        return text_equal(total_service(totals, total), item->filter_service);
    case FILTER_SERVICE_NOT_EQUAL:
        return !text_equal(total_service(totals, total), item->filter_service);
    case FILTER_NO_SAVINGS_PLAN_NEGATION:
        return !text_equal(total_type(totals, total), TEXT("SavingsPlanNegation"));
    }
    return false;
}

/* What an item reads: the group's totals of the period. */
struct base {
    const struct conductor *conductor;
    const struct totals *totals;
    const struct total *rows;
    size_t row_count;
    billing_period period;
};

static void charge_consolidated(const struct base *base, uint32_t index, struct custom_charges *charges)
{
    const struct custom_line_item *item = &base->conductor->custom_line_items[index];
    struct custom_charge charge = { .account = account_parse(item->account) };
    struct sum sum = { 0 };
    for (size_t i = 0; i < base->row_count && item->of_group; i++)
        if (in_base(item, base->totals, &base->rows[i]))
            sum_add_sum(&sum, &base->rows[i].cost);
    for (uint32_t i = 0; i < item->flat_item_count; i++) {
        const struct custom_line_item *flat = &base->conductor->custom_line_items[item->flat_items[i]];
        if (custom_line_item_applies(base->conductor, flat, base->period))
            sum_add(&sum, custom_line_item_flat_cost(flat));
    }
    set_percentage_of(item, &sum, &charge);
    add_charge(charges, base->conductor, index, charge);
}

static void charge_itemized(const struct base *base, uint32_t index, struct custom_charges *charges)
{
    const struct custom_line_item *item = &base->conductor->custom_line_items[index];
    for (size_t i = 0; i < base->row_count && item->of_group; i++) {
        const struct total *row = &base->rows[i];
        if (!in_base(item, base->totals, row))
            continue;
        struct custom_charge charge = { .account = row->key.account,
                                        .of_service = total_service(base->totals, row),
                                        .of_type = total_type(base->totals, row) };
        set_percentage_of(item, &row->cost, &charge);
        add_charge(charges, base->conductor, index, charge);
    }
    for (uint32_t i = 0; i < item->flat_item_count; i++) {
        const struct custom_line_item *flat = &base->conductor->custom_line_items[item->flat_items[i]];
        if (!custom_line_item_applies(base->conductor, flat, base->period))
            continue;
        struct custom_charge charge = { .account = account_parse(flat->account),
                                        .of_service = flat->service,
                                        .of_type = shown_type(flat),
                                        .of_item = flat->id };
        struct sum cost = sum_of(custom_line_item_flat_cost(flat));
        set_percentage_of(item, &cost, &charge);
        add_charge(charges, base->conductor, index, charge);
    }
}

void custom_charges_compute(const struct conductor *conductor, uint32_t group, billing_period period,
                            const struct totals *totals, size_t first, size_t count, struct custom_charges *charges)
{
    struct base base = { conductor, totals, totals->items + first, count, period };
    for (size_t i = 0; i < conductor->custom_line_item_count; i++) {
        const struct custom_line_item *item = &conductor->custom_line_items[i];
        if (item->group != group || !custom_line_item_applies(conductor, item, period))
            continue;
        if (!item->is_percentage)
            add_charge(
                charges, conductor, (uint32_t)i,
                (struct custom_charge){ .account = account_parse(item->account), .cost = custom_line_item_flat_cost(item) });
        else if (item->is_itemized)
            charge_itemized(&base, (uint32_t)i, charges);
        else
            charge_consolidated(&base, (uint32_t)i, charges);
    }
}

void custom_charges_done(struct custom_charges *charges)
{
    free(charges->items);
    *charges = (struct custom_charges){ 0 };
}
