/* codec/cur_csv.c: a table says which field of the event each column of a row is. */
#include "codec/cur_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"
#include "base/intern.h"
#include "codec/csv_row.h"
#include "codec/cur_tags.h"
#include "codec/foreign_heading.h"

/* What a column feeds besides the fields of the event. */
enum column_target {
    COLUMN_IGNORED = USAGE_EVENT_FIELD_COUNT,
    COLUMN_LINE_ITEM_ID,
    COLUMN_TIME_INTERVAL,
    COLUMN_PERIOD_START,
    COLUMN_PARENT,      /* of a share of it that split cost allocation shows */
    COLUMN_REGION_NAME, /* product/region: only where there is no regionCode */
    COLUMN_TAG,
};

/* Headings compare without case: AWS itself writes SavingsPlanARN and SavingsPlanArn. */
static const struct {
    const char *legacy, *cur2;
    int target;
} known_columns[] = {
    { "identity/LineItemId", "identity_line_item_id", COLUMN_LINE_ITEM_ID },
    { "identity/TimeInterval", "identity_time_interval", COLUMN_TIME_INTERVAL },
    { "bill/PayerAccountId", "bill_payer_account_id", USAGE_EVENT_payer_account_id },
    { "bill/BillingEntity", "bill_billing_entity", USAGE_EVENT_billing_entity },
    { "bill/BillingPeriodStartDate", "bill_billing_period_start_date", COLUMN_PERIOD_START },
    { "lineItem/UsageAccountId", "line_item_usage_account_id", USAGE_EVENT_usage_account_id },
    { "lineItem/LineItemType", "line_item_line_item_type", USAGE_EVENT_line_item_type },
    { "lineItem/ProductCode", "line_item_product_code", USAGE_EVENT_product_code },
    { "product/servicecode", "product_servicecode", USAGE_EVENT_service_code },
    { "lineItem/UsageType", "line_item_usage_type", USAGE_EVENT_usage_type },
    { "lineItem/Operation", "line_item_operation", USAGE_EVENT_operation },
    { "product/sku", "product_sku", USAGE_EVENT_sku },
    { "product/regionCode", "product_region_code", USAGE_EVENT_region },
    { "product/region", "product_region", COLUMN_REGION_NAME },
    { "lineItem/AvailabilityZone", "line_item_availability_zone", USAGE_EVENT_availability_zone },
    { "lineItem/ResourceId", "line_item_resource_id", USAGE_EVENT_resource_id },
    { "lineItem/UsageStartDate", "line_item_usage_start_date", USAGE_EVENT_usage_start },
    { "lineItem/UsageEndDate", "line_item_usage_end_date", USAGE_EVENT_usage_end },
    { "lineItem/UsageAmount", "line_item_usage_amount", USAGE_EVENT_usage_amount },
    { "pricing/unit", "pricing_unit", USAGE_EVENT_unit },
    { "lineItem/CurrencyCode", "line_item_currency_code", USAGE_EVENT_currency },
    { "pricing/publicOnDemandRate", "pricing_public_on_demand_rate", USAGE_EVENT_public_on_demand_rate },
    { "pricing/publicOnDemandCost", "pricing_public_on_demand_cost", USAGE_EVENT_public_on_demand_cost },
    { "lineItem/UnblendedCost", "line_item_unblended_cost", USAGE_EVENT_unblended_cost },
    { "lineItem/NetUnblendedCost", "line_item_net_unblended_cost", USAGE_EVENT_net_unblended_cost },
    { "reservation/ReservationARN", "reservation_reservation_a_r_n", USAGE_EVENT_reservation_arn },
    { "reservation/EffectiveCost", "reservation_effective_cost", USAGE_EVENT_reservation_effective_cost },
    { "savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n", USAGE_EVENT_savings_plan_arn },
    { "savingsPlan/SavingsPlanRate", "savings_plan_savings_plan_rate", USAGE_EVENT_savings_plan_rate },
    { "savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost",
      USAGE_EVENT_savings_plan_effective_cost },
    { "splitLineItem/ParentResourceId", "split_line_item_parent_resource_id", COLUMN_PARENT },
    { "lineItem/NormalizationFactor", "line_item_normalization_factor", USAGE_EVENT_normalization_factor },
    { "lineItem/LineItemDescription", "line_item_line_item_description", USAGE_EVENT_description },
};

#define NULL_SIZE_MAX 4 /* of a cell that cur_is_null may take for none */

struct column {
    int target;
    size_t at;                 /* in the row */
    struct cur_tag_column tag; /* COLUMN_TAG */
};

struct cur_csv {
    char *source;
    struct csv_row *row;
    struct arena names;
    struct column *columns; /* those that mean something */
    size_t column_count, column_capacity, field_count;
    bool has_net_costs;
    struct intern headings; /* what each column is */
    uint64_t heading;       /* sum of the headings' hashes */
    bool is_legacy;
    const char *twice; /* the first heading that says what another said */
    struct cur_tags tags;
    /* Of the row at hand. */
    struct usage_event *event;
    struct arena *arena;
    struct refusal *refusal;
    enum excess_decimals excess;
    struct text line_item_id, time_interval, region_name;
    bool is_share;
};

static bool heading_is(struct text heading, const char *name)
{
    return name && strlen(name) == heading.size && strncasecmp(heading.data, name, heading.size) == 0;
}

/* What a column is; *ret_name is the same for two that are the same. */
static struct column column_of(struct cur_csv *csv, struct text heading, struct text *ret_name)
{
    *ret_name = heading;
    for (size_t i = 0; i < ARRAY_COUNT(known_columns); i++) {
        if (heading_is(heading, known_columns[i].legacy) || heading_is(heading, known_columns[i].cur2)) {
            *ret_name = text_of(known_columns[i].cur2);
            return (struct column){ .target = known_columns[i].target };
        }
    }
    struct cur_tag_column tag = cur_tag_column_of(heading, &csv->names);
    return (struct column){ .target = tag.kind == CUR_TAG_NONE ? COLUMN_IGNORED : COLUMN_TAG, .tag = tag };
}

static void take_heading(struct cur_csv *csv, size_t at)
{
    struct text heading = csv_row_field(csv->row, at), name;
    struct column column = column_of(csv, heading, &name);
    column.at = at;
    csv->columns = memory_reserve_one(csv->columns, csv->column_count, &csv->column_capacity, sizeof *csv->columns);
    if (column.target != COLUMN_IGNORED)
        csv->columns[csv->column_count++] = column;
    csv->heading += hash64(name.data, name.size);
    csv->is_legacy = csv->is_legacy || heading_is(heading, "lineItem/UsageAccountId");
    size_t known = csv->headings.count;
    intern_add(&csv->headings, name);
    if (csv->headings.count == known && !csv->twice && heading.size > 0)
        csv->twice = arena_copy_string(&csv->names, heading);
}

/* A row is on the invoice of the month that it names, a correction of an earlier day too. */
static bool set_period(struct cur_csv *csv, struct text text)
{
    int64_t start;
    char month[TIME_TEXT_MAX];
    if (!time_parse(text, &start))
        return refuse(csv->refusal, REFUSAL_BAD_TIME, "billing_period", text,
                      "bill/BillingPeriodStartDate must be ISO 8601 in UTC, as 2026-06-01T00:00:00Z");
    period_format(period_of(start), month);
    record_set_text(csv->event, &usage_event_type, USAGE_EVENT_billing_period, arena_copy(csv->arena, text_of(month)));
    return true;
}

/* False: refused. */
static bool take_value(struct cur_csv *csv, const struct column *column, struct text text)
{
    switch (column->target) {
    case COLUMN_LINE_ITEM_ID:
        csv->line_item_id = text;
        return true;
    case COLUMN_TIME_INTERVAL:
        csv->time_interval = text;
        return true;
    case COLUMN_PERIOD_START:
        return set_period(csv, text);
    case COLUMN_PARENT:
        csv->is_share = true;
        return true;
    case COLUMN_REGION_NAME:
        csv->region_name = text;
        return true;
    case COLUMN_TAG:
        if (column->tag.kind == CUR_TAG_MAP)
            return cur_tags_add_map(&csv->tags, &column->tag, text, csv->arena, csv->refusal);
        cur_tags_add(&csv->tags, column->tag.text, text);
        return true;
    default:
        break;
    }
    size_t index = (size_t)column->target;
    return usage_event_type.fields[index].kind == FIELD_DECIMAL
               ? usage_event_set_decimal(csv->event, index, text, csv->excess, csv->refusal)
               : usage_event_set_text(csv->event, index, text, csv->refusal);
}

static bool take_values(struct cur_csv *csv)
{
    bool is_borrowed = csv_row_is_borrowed(csv->row);
    for (size_t i = 0; i < csv->column_count; i++) {
        const struct column *column = &csv->columns[i];
        struct text text = csv_row_field(csv->row, column->at);
        if (text.size == 0 || (text.size <= NULL_SIZE_MAX && column->target != COLUMN_TAG && cur_is_null(text)))
            continue;
        if (!take_value(csv, column, is_borrowed ? text : arena_copy(csv->arena, text)))
            return false;
    }
    return true;
}

static bool has_column(const struct cur_csv *csv, int target)
{
    for (size_t i = 0; i < csv->column_count; i++)
        if (csv->columns[i].target == target)
            return true;
    return false;
}

static bool check_columns(const struct cur_csv *csv, struct text heading, struct error *error)
{
    static const int needed[] = { COLUMN_LINE_ITEM_ID, USAGE_EVENT_usage_account_id, USAGE_EVENT_product_code,
                                  USAGE_EVENT_usage_start };
    char missing[256] = "";
    for (size_t i = 0; i < ARRAY_COUNT(needed); i++) {
        if (has_column(csv, needed[i]))
            continue;
        for (size_t c = 0; c < ARRAY_COUNT(known_columns); c++)
            if (known_columns[c].target == needed[i])
                snprintf(missing + strlen(missing), sizeof missing - strlen(missing), "%s%s", missing[0] ? ", " : "",
                         known_columns[c].legacy);
    }
    if (missing[0])
        return foreign_heading_fail(heading, csv->source, missing, error);
    return !csv->twice || error_fail(error, ERROR_FAILED,
                                     "%s: the column %s comes twice in the heading, and which of them counts is unknown; "
                                     "expected each once",
                                     csv->source, csv->twice);
}

bool cur_csv_open(struct text heading, const char *source, struct cur_csv **ret_csv, struct error *error)
{
    struct cur_csv *csv = memory_new(sizeof *csv);
    csv->source = memory_copy_string(source);
    csv->row = csv_row_new();
    bool done = csv_row_parse(csv->row, heading) ||
                foreign_heading_fail(heading, source, "commas between its quotation marks", error);
    csv->field_count = csv_row_count(csv->row);
    for (size_t i = 0; i < csv->field_count && done; i++)
        take_heading(csv, i);
    done = done && check_columns(csv, heading, error);
    if (!done) {
        cur_csv_free(csv);
        return false;
    }
    csv->has_net_costs = has_column(csv, USAGE_EVENT_net_unblended_cost);
    *ret_csv = csv;
    return true;
}

uint64_t cur_csv_heading(const struct cur_csv *csv, bool *is_legacy)
{
    *is_legacy = csv->is_legacy;
    return csv->heading;
}

static void set_id(struct cur_csv *csv)
{
    if (csv->line_item_id.size == 0)
        return;
    size_t size = csv->line_item_id.size + 1 + csv->time_interval.size;
    char *id = arena_take(csv->arena, size, 1);
    memcpy(id, csv->line_item_id.data, csv->line_item_id.size);
    id[csv->line_item_id.size] = '/';
    if (csv->time_interval.size)
        memcpy(id + csv->line_item_id.size + 1, csv->time_interval.data, csv->time_interval.size);
    record_set_text(csv->event, &usage_event_type, USAGE_EVENT_event_id, (struct text){ id, size });
}

/* What a pod or a task has of its instance is in the instance's row: its own costs nothing, whatever it shows. */
static void empty_share(struct usage_event *event)
{
    static const enum usage_event_field costs[] = {
        USAGE_EVENT_public_on_demand_rate, USAGE_EVENT_public_on_demand_cost,      USAGE_EVENT_unblended_cost,
        USAGE_EVENT_net_unblended_cost,    USAGE_EVENT_reservation_effective_cost, USAGE_EVENT_savings_plan_effective_cost,
    };
    for (size_t i = 0; i < ARRAY_COUNT(costs); i++)
        *(i128 *)record_member(event, &usage_event_type.fields[costs[i]]) = 0;
    record_set(event, USAGE_EVENT_public_on_demand_rate);
    record_set(event, USAGE_EVENT_unblended_cost);
}

/* Where rows have net costs they carry their discounts; a discount's own row then counts by its net cost alone. */
static void set_discount(struct cur_csv *csv)
{
    if (!csv->has_net_costs || record_has(csv->event, USAGE_EVENT_net_unblended_cost) ||
        !text_ends_with(csv->event->line_item_type, TEXT("Discount")))
        return;
    csv->event->net_unblended_cost = 0;
    record_set(csv->event, USAGE_EVENT_net_unblended_cost);
}

bool cur_csv_decode(struct cur_csv *csv, struct text row, enum excess_decimals excess, struct usage_event *event,
                    struct arena *arena, struct refusal *refusal)
{
    *event = (struct usage_event){ .is_ascii = text_is_ascii(row) };
    csv->event = event;
    csv->arena = arena;
    csv->refusal = refusal;
    csv->excess = excess;
    csv->line_item_id = csv->time_interval = csv->region_name = TEXT_NONE;
    cur_tags_begin(&csv->tags);
    csv->is_share = false;
    if (!csv_row_parse(csv->row, row))
        return refuse(refusal, REFUSAL_MALFORMED, NULL, row, "no CSV row: %s", csv_row_failure(csv->row));
    if (csv_row_count(csv->row) != csv->field_count)
        return refuse(refusal, REFUSAL_MALFORMED, NULL, row, "the row has %zu fields, the heading %zu",
                      csv_row_count(csv->row), csv->field_count);
    if (!take_values(csv) || !cur_tags_set(&csv->tags, event, arena, refusal))
        return false;
    set_id(csv);
    set_discount(csv);
    if (csv->is_share)
        empty_share(event);
    if (!record_has(event, USAGE_EVENT_region) && csv->region_name.size)
        return usage_event_set_text(event, USAGE_EVENT_region, csv->region_name, refusal);
    return true;
}

void cur_csv_free(struct cur_csv *csv)
{
    if (!csv)
        return;
    csv_row_free(csv->row);
    cur_tags_done(&csv->tags);
    intern_done(&csv->headings);
    arena_done(&csv->names);
    free(csv->columns);
    free(csv->source);
    free(csv);
}
