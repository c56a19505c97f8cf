/* pipeline/summary.c: JSON by hand, in the order a person reads it. */
#include "pipeline/summary.h"

#include "codec/json_write.h"

static void write_count(struct buffer *out, const char *name, uint64_t count)
{
    buffer_printf(out, "  \"%s\": %llu,\n", name, (unsigned long long)count);
}

static void write_reasons(struct buffer *out, const struct sweep_counts *counts)
{
    buffer_append_text(out, TEXT("  \"unpriced_reasons\": {"));
    const char *between = "";
    for (enum unpriced_reason reason = UNPRICED_NONE + 1; reason < UNPRICED_REASON_COUNT; reason++) {
        if (counts->unpriced_by_reason[reason] == 0)
            continue;
        buffer_printf(out, "%s\"%s\": %llu", between, unpriced_reason_text(reason).data,
                      (unsigned long long)counts->unpriced_by_reason[reason]);
        between = ", ";
    }
    buffer_append_text(out, TEXT("},\n"));
}

static void write_amount(struct buffer *out, const char *name, const struct sum *value, unsigned scale)
{
    buffer_printf(out, ", \"%s\": ", name);
    json_write_sum(out, value, scale);
}

static void write_group(struct buffer *out, const struct bill_line *bill, const struct conductor *conductor)
{
    char period[TIME_TEXT_MAX];
    period_format(bill->period, period);
    bool monitored = bill->group != GROUP_NONE;
    buffer_append_text(out, TEXT("    {\"billing_group\": "));
    json_write_text(out, monitored ? conductor->groups[bill->group].id : TEXT_NONE);
    buffer_append_text(out, TEXT(", \"name\": "));
    json_write_text(out, monitored ? conductor->groups[bill->group].name : TEXT_NONE);
    buffer_printf(out, ", \"billing_period\": \"%s\", \"usage_events\": %llu", period,
                  (unsigned long long)bill->usage_events);
    write_amount(out, "public_cost", &bill->public_cost, AMOUNT_SCALE);
    write_amount(out, "cost", &bill->cost, COST_SCALE);
    write_amount(out, "billable_cost", &bill->billable_cost, AMOUNT_SCALE);
    write_amount(out, "tax", &bill->tax, AMOUNT_SCALE);
    write_amount(out, "margin", &bill->margin, COST_SCALE);
    if (bill->has_margin_percentage)
        write_amount(out, "margin_percentage", &bill->margin_percentage, PERCENT_SCALE);
    else
        buffer_append_text(out, TEXT(", \"margin_percentage\": null"));
    buffer_append_byte(out, '}');
}

#define UNMATCHED_WRITTEN 1000

/* Rules that priced nothing, and what they may have been meant for. */
static void write_unmatched(struct buffer *out, const struct price_run_result *result, const struct conductor *conductor)
{
    write_count(out, "unmatched_rules", result->unmatched_count);
    buffer_append_text(out, TEXT("  \"unmatched\": ["));
    for (size_t i = 0; i < result->unmatched_count && i < UNMATCHED_WRITTEN; i++) {
        const struct pricing_rule *rule = &conductor->rules[result->unmatched[i].rule];
        buffer_append_text(out, i ? TEXT(", {\"pricing_rule\": ") : TEXT("{\"pricing_rule\": "));
        json_write_text(out, rule->id);
        buffer_append_text(out, TEXT(", \"name\": "));
        json_write_text(out, rule->name);
        if (rule->service.size) {
            buffer_append_text(out, TEXT(", \"service\": "));
            json_write_text(out, rule->service);
        }
        if (result->unmatched[i].like.size) {
            buffer_append_text(out, TEXT(", \"service_of_usage\": "));
            json_write_text(out, result->unmatched[i].like);
        }
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, TEXT("],\n"));
}

void summary_write(struct buffer *out, const struct price_run_result *result, const struct conductor *conductor)
{
    const struct fold_counts *fold = &result->fold;
    const struct sweep_counts *sweep = &result->sweep;
    buffer_append_text(out, TEXT("{\n"));
    write_count(out, "events_in", fold->events_in);
    write_count(out, "priced", sweep->priced);
    write_count(out, "duplicate", fold->duplicate);
    write_count(out, "dead", fold->dead);
    write_count(out, "left_out", sweep->left_out);
    write_count(out, "unmonitored", sweep->unmonitored);
    write_count(out, "unpriced", sweep->unpriced);
    write_reasons(out, sweep);
    if (sweep->unpriced_charges > 0)
        write_count(out, "unpriced_custom_line_items", sweep->unpriced_charges);
    write_count(out, "before_document", sweep->before_document);
    write_count(out, "free_tier", sweep->free_tier);
    write_count(out, "untiered", sweep->untiered);
    write_count(out, "ambiguous", sweep->ambiguous);
    write_count(out, "excess_decimals", fold->excess_decimals);
    write_count(out, "line_items", sweep->line_items);
    write_unmatched(out, result, conductor);
    buffer_append_text(out, TEXT("  \"currency\": "));
    json_write_text(out, conductor->currency);
    buffer_append_text(out, TEXT(",\n  \"groups\": ["));
    const char *between = "\n";
    for (size_t i = 0; i < result->bill_count; i++) {
        if (result->bills[i].service.size)
            continue;
        buffer_append_text(out, text_of(between));
        write_group(out, &result->bills[i], conductor);
        between = ",\n";
    }
    buffer_append_text(out, TEXT("\n  ]\n}\n"));
}
