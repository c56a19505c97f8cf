/* period/bills.c: margin is cost − billable cost; tax is on neither side. */
#include "period/bills.h"

void total_add(struct total *total, const struct total *part)
{
    total->usage_events += part->usage_events;
    total->charged_rows += part->charged_rows;
    if (part->latest_end_ms > total->latest_end_ms)
        total->latest_end_ms = part->latest_end_ms;
    sum_add_sum(&total->public_cost, &part->public_cost);
    sum_add_sum(&total->billable_cost, &part->billable_cost);
    sum_add_sum(&total->tax, &part->tax);
    sum_add_sum(&total->cost, &part->cost);
}

struct sum margin_of(const struct sum *cost, const struct sum *billable_cost)
{
    struct sum margin = *cost, billable;
    bool fits = sum_multiply_power(billable_cost, COST_SCALE - AMOUNT_SCALE, &billable);
    CHECK(fits); /* an event's is below 10^34, and there are less than 2^63 events */
    sum_subtract(&margin, &billable);
    return margin;
}

void bill_from_total(const struct total *total, struct text group, struct text period, struct text account,
                     struct text service, struct text type, struct text currency, struct bill *bill)
{
    *bill = (struct bill){
        .billing_group = group,
        .billing_period = period,
        .usage_account_id = account,
        .product_code = service,
        .line_item_type = type,
        .usage_events = (int64_t)total->usage_events,
        .public_cost = total->public_cost,
        .cost = total->cost,
        .billable_cost = total->billable_cost,
        .tax = total->tax,
        .margin = margin_of(&total->cost, &total->billable_cost),
        .currency = currency,
        .as_of = total->latest_end_ms,
    };
    bill->present = ((uint64_t)1 << BILL_FIELD_COUNT) - 1;
    if (!sum_percentage(&bill->margin, &bill->cost, &bill->margin_percentage))
        bill->present &= ~((uint64_t)1 << BILL_margin_percentage);
    if (total->latest_end_ms == INT64_MIN)
        bill->present &= ~((uint64_t)1 << BILL_as_of);
}
