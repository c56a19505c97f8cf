/* period/custom_line_items.c: flat items first, then percentages of the group's charged rows and of flat items. */
#include "period/custom_line_items.h"

#include <stdlib.h>

#include "model/account.h"

#define WHOLE_PERCENT_EXPONENT (PERCENT_SCALE + 2) /* 100 % at PERCENT_SCALE is 10^12 */

static const struct text conductor_service = { "AWSBillingConductor", sizeof "AWSBillingConductor" - 1 };

bool custom_line_item_applies(const struct conductor *conductor, const struct custom_line_item *item,
                              billing_period period)
{
    if (item->own_period_only)
        return conductor->period == PERIOD_NONE || conductor->period == period;
    return (item->start == PERIOD_NONE || period >= item->start) && (item->end == PERIOD_NONE || period < item->end);
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
    charge.service = custom->service;
    charge.type = shown_type(custom);
    charges->items = memory_reserve_one(charges->items, charges->count, &charges->capacity, sizeof *charges->items);
    charges->items[charges->count++] = charge;
}

static bool percentage_of(const struct custom_line_item *item, i128 base, i128 *cost)
{
    i128 share;
    if (!decimal_multiply_divide(base, item->value, (u128)decimal_power(WHOLE_PERCENT_EXPONENT), &share))
        return false;
    *cost = item->is_credit ? -share : share;
    return true;
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

static bool too_large(const struct custom_line_item *item, struct error *error)
{
    return error_fail(error, ERROR_FAILED,
                      "custom line item %.*s: its base or charge reaches 10^14, more than a cost can hold",
                      TEXT_ARGS(item->id));
}

/* What an item reads: the group's totals of the period. */
struct base {
    const struct conductor *conductor;
    const struct totals *totals;
    const struct total *rows;
    size_t row_count;
    billing_period period;
};

static bool charge_consolidated(const struct base *base, uint32_t index, struct custom_charges *charges,
                                struct error *error)
{
    const struct custom_line_item *item = &base->conductor->custom_line_items[index];
    struct sum sum = { 0 };
    for (size_t i = 0; i < base->row_count && item->of_group; i++)
        if (in_base(item, base->totals, &base->rows[i]))
            sum_add_sum(&sum, &base->rows[i].cost);
    for (uint32_t i = 0; i < item->flat_item_count; i++) {
        const struct custom_line_item *flat = &base->conductor->custom_line_items[item->flat_items[i]];
        if (custom_line_item_applies(base->conductor, flat, base->period))
            sum_add(&sum, custom_line_item_flat_cost(flat));
    }
    i128 value, cost;
    if (!sum_value(&sum, &value) || !percentage_of(item, value, &cost))
        return too_large(item, error);
    add_charge(charges, base->conductor, index,
               (struct custom_charge){ .account = account_parse(item->account), .cost = cost });
    return true;
}

static bool charge_itemized(const struct base *base, uint32_t index, struct custom_charges *charges,
                            struct error *error)
{
    const struct custom_line_item *item = &base->conductor->custom_line_items[index];
    i128 value, cost;
    for (size_t i = 0; i < base->row_count && item->of_group; i++) {
        const struct total *row = &base->rows[i];
        if (!in_base(item, base->totals, row))
            continue;
        if (!sum_value(&row->cost, &value) || !percentage_of(item, value, &cost))
            return too_large(item, error);
        add_charge(charges, base->conductor, index,
                   (struct custom_charge){ .account = row->key.account, .cost = cost,
                                           .of_service = total_service(base->totals, row),
                                           .of_type = total_type(base->totals, row) });
    }
    for (uint32_t i = 0; i < item->flat_item_count; i++) {
        const struct custom_line_item *flat = &base->conductor->custom_line_items[item->flat_items[i]];
        if (!custom_line_item_applies(base->conductor, flat, base->period))
            continue;
        if (!percentage_of(item, custom_line_item_flat_cost(flat), &cost))
            return too_large(item, error);
        add_charge(charges, base->conductor, index,
                   (struct custom_charge){ .account = account_parse(flat->account), .cost = cost,
                                           .of_service = flat->service, .of_type = shown_type(flat),
                                           .of_item = flat->id });
    }
    return true;
}

bool custom_charges_compute(const struct conductor *conductor, uint32_t group, billing_period period,
                            const struct totals *totals, size_t first, size_t count, struct custom_charges *charges,
                            struct error *error)
{
    struct base base = { conductor, totals, totals->items + first, count, period };
    for (size_t i = 0; i < conductor->custom_line_item_count; i++) {
        const struct custom_line_item *item = &conductor->custom_line_items[i];
        if (item->group != group || !custom_line_item_applies(conductor, item, period))
            continue;
        if (!item->is_percentage)
            add_charge(charges, conductor, (uint32_t)i,
                       (struct custom_charge){ .account = account_parse(item->account),
                                               .cost = custom_line_item_flat_cost(item) });
        else if (item->is_itemized ? !charge_itemized(&base, (uint32_t)i, charges, error)
                                   : !charge_consolidated(&base, (uint32_t)i, charges, error))
            return false;
    }
    return true;
}

void custom_charges_done(struct custom_charges *charges)
{
    free(charges->items);
    *charges = (struct custom_charges){ 0 };
}
