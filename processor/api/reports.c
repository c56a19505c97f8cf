/* api/reports.c: margins of groups, from the bills. */
#include <stdio.h>
#include <stdlib.h>

#include "api/lookup.h"
#include "money/sum.h"

#define RANGE_MONTHS_MAX 12

/* ---- a row ---- */

/* What a bill row says, summed over rows. */
struct figures {
    struct sum billable, cost; /* AMOUNT_SCALE, COST_SCALE */
    char currency[8];
};

static void add_member(const json_t *bill, const char *name, unsigned scale, struct sum *sum)
{
    struct sum value;
    const char *text = entity_text(bill, name);
    if (text && sum_parse(text_of(text), scale, &value) == DECIMAL_EXACT)
        sum_add_sum(sum, &value);
}

static void add_bill(struct figures *figures, struct text json)
{
    json_error_t reason;
    json_t *bill = json_loadb(json.data, json.size, 0, &reason);
    const char *currency = entity_text(bill, "currency");
    if (currency)
        snprintf(figures->currency, sizeof figures->currency, "%s", currency);
    add_member(bill, "billable_cost", AMOUNT_SCALE, &figures->billable);
    add_member(bill, "cost", COST_SCALE, &figures->cost);
    json_decref(bill);
}

static void set_sum(json_t *row, const char *name, const struct sum *value, unsigned scale)
{
    char text[SUM_TEXT_MAX];
    sum_format(value, scale, text);
    json_object_set_new(row, name, json_string(text));
}

/* The bills' own arithmetic: margin / cost in percent, half-even at ten decimals. */
static json_t *figures_row(struct call *call, const char *group, const struct figures *figures)
{
    json_t *row = json_pack("{s:o}", "Arn", arn_value(call, call->document, ENTITY_GROUP, group));
    struct sum billable, margin = figures->cost, percentage;
    set_sum(row, "AWSCost", &figures->billable, AMOUNT_SCALE);
    set_sum(row, "ProformaCost", &figures->cost, COST_SCALE);
    if (sum_multiply_power(&figures->billable, COST_SCALE - AMOUNT_SCALE, &billable)) {
        sum_subtract(&margin, &billable);
        set_sum(row, "Margin", &margin, COST_SCALE);
        if (sum_percentage(&margin, &figures->cost, &percentage))
            set_sum(row, "MarginPercentage", &percentage, PERCENT_SCALE);
    }
    json_object_set_new(row, "Currency", json_string(figures->currency));
    return row;
}

static struct figures no_figures(const struct call *call)
{
    struct figures figures = { 0 };
    snprintf(figures.currency, sizeof figures.currency, "%s", call->document->currency);
    return figures;
}

/* The group's total of a month; *found tells whether it has one. */
static bool month_total(struct call *call, billing_period month, const char *group, struct figures *figures, bool *found)
{
    struct error error;
    char text[TIME_TEXT_MAX];
    period_format(month, text);
    if (!view_fetch_bill(call->view, text, text_of(group), TEXT_NONE, TEXT_NONE, TEXT_NONE, &call->scratch, found, &error)) {
        fail_internal(call, &error);
        return false;
    }
    if (*found)
        add_bill(figures, buffer_text(&call->scratch));
    return true;
}

/* ---- a month's groups ---- */

json_t *operation_ListBillingGroupCostReports(struct call *call)
{
    const struct document *document = call->document;
    const json_t *arns = json_object_get(input_member(call, "Filters"), "BillingGroupArns");
    struct list_page page;
    bool found;
    if (!list_begin(call, 100, &page))
        return NULL;
    size_t at = page.after ? document_after(document, ENTITY_GROUP, page.after) : 0;
    for (; at < document_count(document, ENTITY_GROUP); at++) {
        const char *id = document->order[ENTITY_GROUP][at];
        struct figures figures = no_figures(call);
        if (!filter_has(call, arns, id))
            continue;
        if (!month_total(call, call->month, id, &figures, &found) || !list_add(&page, id, figures_row(call, id, &figures)))
            break;
    }
    json_t *reply = json_object();
    list_end(call, &page, "BillingGroupCostReports", reply);
    if (call->failure.kind == FAILURE_NONE)
        return reply;
    json_decref(reply);
    return NULL;
}

/* ---- a group's months and services ---- */

struct breakdown {
    struct call *call;
    const char *group;
    bool by_service, by_month;
    char month[TIME_TEXT_MAX]; /* of the rows that are walked */
    json_t *places;            /* key of a row to its number */
    struct figures *rows;
    char **keys;
    size_t count, capacity, key_capacity;
};

static struct figures *row_of(struct breakdown *breakdown, const char *month, struct text service)
{
    struct buffer key = { 0 };
    buffer_printf(&key, "%s/%.*s", breakdown->by_month ? month : "", TEXT_ARGS(breakdown->by_service ? service : TEXT_NONE));
    buffer_append_byte(&key, '\0');
    json_t *place = json_object_get(breakdown->places, key.data);
    if (!place) {
        breakdown->rows =
            memory_reserve_one(breakdown->rows, breakdown->count, &breakdown->capacity, sizeof *breakdown->rows);
        breakdown->keys =
            memory_reserve_one(breakdown->keys, breakdown->count, &breakdown->key_capacity, sizeof *breakdown->keys);
        breakdown->rows[breakdown->count] = no_figures(breakdown->call);
        breakdown->keys[breakdown->count] = memory_copy_string(key.data);
        json_object_set_new(breakdown->places, key.data, place = json_integer((json_int_t)breakdown->count++));
    }
    buffer_done(&key);
    return &breakdown->rows[json_integer_value(place)];
}

/* Rows of account "" are the services' totals and, of service "", the group's. */
static bool take_row(void *context, struct text key, const struct text parts[5], struct text value)
{
    struct breakdown *breakdown = context;
    (void)key;
    bool is_service = parts[2].size > 0;
    if (is_service != breakdown->by_service)
        return true;
    add_bill(row_of(breakdown, breakdown->month, parts[2]), value);
    return true;
}

static bool walk_month(struct breakdown *breakdown, billing_period month)
{
    struct view_range range = { .table = VIEW_BILLS, .parts = { text_of(breakdown->group), TEXT_NONE }, .part_count = 2 };
    struct error error;
    period_format(month, breakdown->month);
    snprintf(range.period, sizeof range.period, "%.7s", breakdown->month);
    if (view_walk(breakdown->call->view, &range, take_row, breakdown, &error))
        return true;
    fail_internal(breakdown->call, &error);
    return false;
}

/* "Nov 2023" */
static void month_name(const char *month, char out[16])
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int number = atoi(month + 5);
    snprintf(out, 16, "%.3s %.4s", names + 3 * (number - 1), month);
}

static json_t *attributes(const struct breakdown *breakdown, const char *key)
{
    json_t *list = json_array();
    char name[16];
    if (breakdown->by_month) {
        month_name(key, name);
        json_array_append_new(list, json_pack("{s:s,s:s}", "Key", "BILLING_PERIOD", "Value", name));
    }
    if (breakdown->by_service)
        json_array_append_new(list, json_pack("{s:s,s:s}", "Key", "PRODUCT_NAME", "Value", strchr(key, '/') + 1));
    return list;
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static json_t *breakdown_reply(struct breakdown *breakdown, struct list_page *page)
{
    struct call *call = breakdown->call;
    bool grouped = breakdown->by_month || breakdown->by_service;
    if (breakdown->count)
        qsort(breakdown->keys, breakdown->count, sizeof *breakdown->keys, compare_keys);
    for (size_t i = 0; i < breakdown->count; i++) {
        const char *key = breakdown->keys[i];
        if (page->after && strcmp(key, page->after) <= 0)
            continue;
        json_int_t at = json_integer_value(json_object_get(breakdown->places, key));
        json_t *row = figures_row(call, breakdown->group, &breakdown->rows[at]);
        if (grouped)
            json_object_set_new(row, "Attributes", attributes(breakdown, key));
        if (!list_add(page, key, row))
            break;
    }
    json_t *reply = json_object();
    list_end(call, page, "BillingGroupCostReportResults", reply);
    return reply;
}

static bool read_range(struct call *call, billing_period *start, billing_period *end)
{
    const json_t *range = input_member(call, "BillingPeriodRange");
    *start = call->now;
    *end = call->now + 1;
    if (!range)
        return true;
    *start = input_month(entity_text(range, "InclusiveStartBillingPeriod"));
    *end = input_month(entity_text(range, "ExclusiveEndBillingPeriod"));
    bool sound = *end > *start && *end - *start <= RANGE_MONTHS_MAX;
    if (!sound)
        fail_validation(call, "ILLEGAL_BILLING_PERIOD_RANGE", "expected 1 to %d months, the end exclusive",
                        RANGE_MONTHS_MAX);
    return sound;
}

/* The group is one of the range's last month, or of an earlier one: today's document may no longer have it. */
static bool find_group(struct call *call, billing_period start, billing_period end, const char **ret_id)
{
    json_t *group = NULL;
    for (billing_period month = end - 1; month >= start && !group; month--) {
        document_release(call->document);
        call->document = book_at(call->book, month);
        group = look_up(call, ENTITY_GROUP, input_text(call, "Arn"), ret_id);
    }
    if (group)
        failure_done(&call->failure);
    return group != NULL;
}

json_t *operation_GetBillingGroupCostReport(struct call *call)
{
    struct breakdown breakdown = { .call = call };
    billing_period start, end;
    struct list_page page;
    json_t *by = input_member(call, "GroupBy"), *reply = NULL;
    if (!read_range(call, &start, &end))
        return NULL;
    if (!find_group(call, start, end, &breakdown.group) || !list_begin(call, 300, &page))
        return NULL;
    breakdown.places = json_object();
    breakdown.by_service = by && filter_has_text(by, "PRODUCT_NAME");
    breakdown.by_month = by && filter_has_text(by, "BILLING_PERIOD");
    if (!breakdown.by_service && !breakdown.by_month)
        row_of(&breakdown, "", TEXT_NONE); /* one row, also of a group without usage */
    bool sound = true;
    for (billing_period month = start; month < end && sound; month++)
        sound = walk_month(&breakdown, month);
    if (sound)
        reply = breakdown_reply(&breakdown, &page);
    for (size_t i = 0; i < breakdown.count; i++)
        free(breakdown.keys[i]);
    free(breakdown.keys);
    free(breakdown.rows);
    json_decref(breakdown.places);
    return reply;
}
