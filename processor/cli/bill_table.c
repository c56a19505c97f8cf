/* cli/bill_table.c: fixed columns, wide enough for any bill. */
#include "cli/bill_table.h"

#include <stdlib.h>

#include "base/memory.h"
#include "money/cents.h"

#define AMOUNT_TEXT (DECIMAL_TEXT_MAX + 16)
#define LINE_FORMAT "  %-32.*s %12llu %16s %16s %16s  %s\n"

/* Exactly the billable cost, at the cost's scale. */
static struct sum billable_at_cost_scale(const struct bill_line *bill)
{
    struct sum billable = bill->cost;
    sum_subtract(&billable, &bill->margin);
    return billable;
}

/* Margins as a person reads them: two decimals of a percent. */
static void percentage_text(const struct bill_line *bill, char out[AMOUNT_TEXT])
{
    struct sum percentage = sum_divide_power(&bill->margin_percentage, PERCENT_SCALE - 2);
    i128 rounded;
    if (!bill->has_margin_percentage)
        snprintf(out, AMOUNT_TEXT, "-");
    else if (!sum_value(&percentage, &rounded))
        snprintf(out, AMOUNT_TEXT, "%s10^36 %% and more", sum_is_negative(&percentage) ? "-" : "");
    else
        memcpy(out + cents_format(rounded, out), " %", sizeof " %");
}

static void print_line(FILE *out, struct text name, const struct bill_line *bill, i128 cost_cents, i128 billable_cents)
{
    char cost[AMOUNT_TEXT], billable[AMOUNT_TEXT], margin[AMOUNT_TEXT], percentage[AMOUNT_TEXT];
    cents_format(cost_cents, cost);
    cents_format(billable_cents, billable);
    cents_format(cost_cents - billable_cents, margin);
    percentage_text(bill, percentage);
    fprintf(out, LINE_FORMAT, TEXT_ARGS(name), (unsigned long long)bill->usage_events, cost, billable, margin, percentage);
}

static void print_heading(FILE *out, const struct bill_line *group, const struct conductor *conductor)
{
    char period[TIME_TEXT_MAX];
    period_format(group->period, period);
    if (group->group == GROUP_NONE)
        fprintf(out, "\nIn no billing group, %s, %.*s\n", period, TEXT_ARGS(conductor->currency));
    else
        fprintf(out, "\n%.*s (%.*s), %s, %.*s\n", TEXT_ARGS(conductor->groups[group->group].name),
                TEXT_ARGS(conductor->groups[group->group].id), period, TEXT_ARGS(conductor->currency));
    fprintf(out, "  %-32s %12s %16s %16s %16s  %s\n", "Service", "Usage events", "Pro forma", "AWS", "Margin", "Margin %");
}

/* A group's line comes first in the result, its services behind it; a person reads the total last. */
static size_t print_group(FILE *out, const struct price_run_result *result, size_t first, const struct conductor *conductor)
{
    const struct bill_line *group = &result->bills[first];
    size_t end = first + 1;
    while (end < result->bill_count && result->bills[end].service.size)
        end++;
    size_t count = end - first - 1;
    struct sum *costs = memory_new_array(count * 2, sizeof *costs), *billables = costs + count;
    i128 *cost_cents = memory_new_array(count * 2, sizeof *cost_cents), *billable_cents = cost_cents + count;
    struct sum billable = billable_at_cost_scale(group);
    for (size_t i = 0; i < count; i++) {
        costs[i] = group[i + 1].cost;
        billables[i] = billable_at_cost_scale(&group[i + 1]);
    }
    cents_allocate(costs, count, cost_cents);
    cents_allocate(billables, count, billable_cents);
    print_heading(out, group, conductor);
    for (size_t i = 0; i < count; i++)
        print_line(out, group[i + 1].service, &group[i + 1], cost_cents[i], billable_cents[i]);
    print_line(out, TEXT("Total"), group, cents_of(&group->cost), cents_of(&billable));
    if (!sum_is_zero(&group->tax)) {
        char tax[SUM_TEXT_MAX];
        sum_format(&group->tax, AMOUNT_SCALE, tax);
        fprintf(out, "  Tax, on neither side: %s\n", tax);
    }
    free(costs);
    free(cost_cents);
    return end;
}

void bill_table_print(FILE *out, const struct price_run_result *result, const struct conductor *conductor)
{
    for (size_t i = 0; i < result->bill_count;)
        i = print_group(out, result, i, conductor);
}

struct compared {
    struct text id, name;
    billing_period period;
    struct sum a, b;
};

static struct compared *find_compared(struct compared *items, size_t count, struct text id, billing_period period)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].period == period && text_equal(items[i].id, id))
            return &items[i];
    return NULL;
}

static size_t add_compared(struct compared *items, size_t count, const struct price_run_result *result,
                           const struct conductor *conductor, bool is_b)
{
    for (size_t i = 0; i < result->bill_count; i++) {
        const struct bill_line *bill = &result->bills[i];
        if (bill->service.size || bill->group == GROUP_NONE)
            continue;
        const struct billing_group *group = &conductor->groups[bill->group];
        struct compared *item = find_compared(items, count, group->id, bill->period);
        if (!item) {
            item = &items[count++];
            *item = (struct compared){ .id = group->id, .name = group->name, .period = bill->period };
        }
        *(is_b ? &item->b : &item->a) = bill->cost;
    }
    return count;
}

static void print_compared(FILE *out, const struct compared *item)
{
    char period[TIME_TEXT_MAX], a[SUM_TEXT_MAX], b[SUM_TEXT_MAX], change[SUM_TEXT_MAX];
    struct sum difference = item->b;
    period_format(item->period, period);
    sum_subtract(&difference, &item->a);
    sum_format(&item->a, COST_SCALE, a);
    sum_format(&item->b, COST_SCALE, b);
    sum_format(&difference, COST_SCALE, change);
    fprintf(out, "  %-24.*s %-14.*s %-8s %30s %30s %30s\n", TEXT_ARGS(item->name), TEXT_ARGS(item->id), period, a, b,
            change);
}

void comparison_print(FILE *out, const struct price_run_result *a, const struct conductor *under_a,
                      const struct price_run_result *b, const struct conductor *under_b)
{
    struct compared *items = memory_new_array(a->bill_count + b->bill_count, sizeof *items);
    size_t count = add_compared(items, 0, a, under_a, false);
    count = add_compared(items, count, b, under_b, true);
    fprintf(out, "  %-24s %-14s %-8s %30s %30s %30s\n", "Billing group", "Id", "Period", "Under A", "Under B", "B - A");
    for (size_t i = 0; i < count; i++)
        print_compared(out, &items[i]);
    free(items);
}
