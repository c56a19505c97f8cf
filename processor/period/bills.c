/* period/bills.c: margin is cost − billable cost; tax is on neither side. */
#include "period/bills.h"

bool margin_percentage(i128 margin, i128 cost, i128 *percentage)
{
    if (cost == 0)
        return false;
    /* The divisor is a magnitude: a negative cost turns the sign. */
    return decimal_multiply_divide(cost < 0 ? -margin : margin, decimal_power(PERCENT_SCALE + 2),
                                   decimal_magnitude(cost), percentage);
}

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

bool bill_from_total(const struct total *total, struct text group, struct text period, struct text account,
                     struct text service, struct text type, struct text currency, struct bill *bill,
                     struct error *error)
{
    i128 billable;
    *bill = (struct bill){
        .billing_group = group,
        .billing_period = period,
        .usage_account_id = account,
        .product_code = service,
        .line_item_type = type,
        .usage_events = (int64_t)total->usage_events,
        .currency = currency,
        .as_of = total->latest_end_ms,
    };
    bill->present = ((uint64_t)1 << BILL_FIELD_COUNT) - 1;
    if (!sum_value(&total->cost, &bill->cost) || !sum_value(&total->public_cost, &bill->public_cost) ||
        !sum_value(&total->billable_cost, &bill->billable_cost) || !sum_value(&total->tax, &bill->tax) ||
        !decimal_multiply(bill->billable_cost, decimal_power(COST_SCALE - AMOUNT_SCALE), &billable) ||
        !decimal_add(bill->cost, -billable, &bill->margin))
        return error_fail(error, ERROR_FAILED,
                          "bill of group '%.*s', period %.*s, account '%.*s', service '%.*s': a total reaches 10^14, "
                          "more than a bill can hold",
                          TEXT_ARGS(group), TEXT_ARGS(period), TEXT_ARGS(account), TEXT_ARGS(service));
    if (!margin_percentage(bill->margin, bill->cost, &bill->margin_percentage))
        bill->present &= ~((uint64_t)1 << BILL_margin_percentage);
    if (total->latest_end_ms == INT64_MIN)
        bill->present &= ~((uint64_t)1 << BILL_as_of);
    return true;
}
