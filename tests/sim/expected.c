/* sim/expected.c: fold, sweep, and report rows of what is closed. */
#include "sim/expected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "codec/json_write.h"
#include "cur/cur_rows.h"
#include "model/account.h"
#include "pipeline/sweep.h"

#define WHOLE_GROUP UINT64_MAX
#define MEMORY ((size_t)64 * 1024 * 1024)

struct report {
    uint32_t group;
    uint64_t account;
    int64_t rows;
    struct sum cost;
    struct hash128 checksum;
};

/* A month on its way into `expected`. */
struct pricing_month {
    const struct world *world;
    const struct documents *documents;
    struct expected *expected;
    billing_period period;
    bool is_closed;
    struct report *reports;
    size_t report_count, report_capacity;
    struct cur_row_builder rows;
    bool rejects_late;
};

/* ---- texts ---- */

void contents_add(struct contents *contents, const struct line_item *item)
{
    struct line_item content = *item;
    struct buffer text = { 0 };
    content.line_item_id = TEXT_NONE;
    content.revision = 0;
    content.present &= ~((uint64_t)1 << LINE_ITEM_cost_delta | (uint64_t)1 << LINE_ITEM_conductor_version);
    json_write_record(&text, &line_item_type, &content, JSON_ABSENT_LEFT_OUT);
    size_t before = contents->texts.count;
    uint32_t number = intern_add(&contents->texts, buffer_text(&text));
    contents->times = memory_reserve_one(contents->times, number, &contents->capacity, sizeof *contents->times);
    contents->times[number] = contents->texts.count > before ? 1 : contents->times[number] + 1;
    buffer_done(&text);
}

int64_t contents_times(const struct contents *contents, struct text text)
{
    uint32_t number = intern_find(&contents->texts, text);
    return number == INTERN_NONE ? 0 : contents->times[number];
}

void contents_done(struct contents *contents)
{
    intern_done(&contents->texts);
    free(contents->times);
}

char *bill_key(const json_t *bill)
{
    struct buffer key = { 0 };
    static const char *const members[] = { "billing_group", "billing_period", "usage_account_id", "product_code",
                                           "line_item_type" };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        const char *value = json_string_value(json_object_get(bill, members[i]));
        buffer_printf(&key, "%s/", value ? value : "");
    }
    buffer_append_byte(&key, '\0');
    return key.data;
}

static bool is_open(const struct expected *expected, struct text period)
{
    return period.size > 0 && text_compare(period, text_of(expected->first_open)) >= 0;
}

bool is_provisional_line_item(const struct expected *expected, const struct line_item *item)
{
    bool follows_totals = expected->has_allowances && record_has(item, LINE_ITEM_custom_line_item);
    /* Of one custom tier the public cost is by published tiers: by where its pool stands. */
    bool is_of_pool = record_has(item, LINE_ITEM_tier) || text_equal(item->base, price_base_text(BASE_CUSTOM_TIERS));
    return is_open(expected, item->billing_period) && (is_of_pool || follows_totals);
}

bool is_provisional_bill(const struct expected *expected, const json_t *bill)
{
    const char *account = json_string_value(json_object_get(bill, "usage_account_id"));
    const char *period = json_string_value(json_object_get(bill, "billing_period"));
    return is_open(expected, text_of(period)) && (expected->has_allowances || (account && account[0]));
}

static bool is_zero(const json_t *bill, const char *member)
{
    const char *text = json_string_value(json_object_get(bill, member));
    return text && strcmp(text, "0") == 0;
}

bool is_left_until_close(const struct expected *expected, const json_t *bill)
{
    const char *period = json_string_value(json_object_get(bill, "billing_period"));
    return is_open(expected, text_of(period)) && json_integer_value(json_object_get(bill, "usage_events")) == 0 &&
           (is_provisional_bill(expected, bill) || (is_zero(bill, "cost") && is_zero(bill, "public_cost")));
}

json_t *json_of(const struct record_type *type, const void *record)
{
    struct buffer json = { 0 };
    json_write_record(&json, type, record, JSON_ABSENT_LEFT_OUT);
    json_t *parsed = json_loadb(json.data, json.size, 0, NULL);
    buffer_done(&json);
    return parsed;
}

/* ---- reports ---- */

static void add_to_report(struct pricing_month *month, uint32_t group, uint64_t account, const struct sum *cost,
                          struct hash128 part)
{
    size_t at = 0;
    while (at < month->report_count && (month->reports[at].group != group || month->reports[at].account != account))
        at++;
    if (at == month->report_count) {
        month->reports = memory_reserve_one(month->reports, at, &month->report_capacity, sizeof *month->reports);
        month->reports[month->report_count++] = (struct report){ .group = group, .account = account };
    }
    month->reports[at].rows++;
    sum_add_sum(&month->reports[at].cost, cost);
    checksum_add(&month->reports[at].checksum, part);
}

static void add_report_row(struct pricing_month *month, const struct line_item *item, uint32_t group, bool shown_as_usage)
{
    struct buffer scratch = { 0 };
    struct cur_row row;
    cur_row_of_line_item(&month->rows, item, shown_as_usage, &row);
    struct hash128 part = cur_row_hash(&row, &scratch);
    add_to_report(month, group, WHOLE_GROUP, &row.line_item_unblended_cost, part);
    add_to_report(month, group, account_parse(row.line_item_usage_account_id), &row.line_item_unblended_cost, part);
    buffer_done(&scratch);
}

static void keep_report(const struct pricing_month *month, const struct report *report)
{
    char key[128], period[TIME_TEXT_MAX], account[ACCOUNT_DIGITS + 1] = "", cost[SUM_TEXT_MAX], checksum[33];
    period_format(month->period, period);
    if (report->account != WHOLE_GROUP)
        account_format(report->account, account);
    snprintf(key, sizeof key, "%.*s/%s/%s", TEXT_ARGS(month->documents->conductor->groups[report->group].id), period,
             account);
    sum_format(&report->cost, COST_SCALE, cost);
    snprintf(checksum, sizeof checksum, "%016llx%016llx", (unsigned long long)report->checksum.high,
             (unsigned long long)report->checksum.low);
    json_object_set_new(month->expected->manifests, key,
                        json_pack("{s:I,s:s,s:s}", "rows", (json_int_t)report->rows, "cost", cost, "checksum", checksum));
}

/* ---- a month ---- */

static bool take_line_item(void *context, const struct line_item *item, uint32_t group, const struct price *price,
                           struct error *error)
{
    struct pricing_month *month = context;
    (void)error;
    if (!is_provisional_line_item(month->expected, item))
        contents_add(&month->expected->line_items, item);
    if (month->is_closed && group != GROUP_NONE && (price || record_has(item, LINE_ITEM_custom_line_item)))
        add_report_row(month, item, group, price && price->shown_as_usage);
    return true;
}

static bool take_bill(void *context, const struct bill *bill, uint32_t group, struct error *error)
{
    struct pricing_month *month = context;
    (void)group;
    (void)error;
    json_t *json = json_of(&bill_type, bill);
    char *key = bill_key(json);
    json_object_set_new(month->expected->bills, key, json);
    free(key);
    return true;
}

static void price_month(struct pricing_month *month, struct fold *fold)
{
    struct sweep_sink sink = { month, take_line_item, take_bill };
    struct error error;
    struct sweep *sweep;
    const struct periods closings = { &month->period, month->is_closed, 1 };
    bool done = false, went = sweep_open(fold, &month->documents->pricing, &closings, &sink, &sweep, &error);
    while (went && !done)
        went = sweep_step(sweep, 1000, &done, &error);
    CHECK(went);
    sweep_close(sweep);
    for (size_t i = 0; i < month->report_count; i++)
        keep_report(month, &month->reports[i]);
    free(month->reports);
    cur_row_builder_done(&month->rows);
}

/* ---- which event counts where ---- */

static billing_period own_month(const struct fed *fed)
{
    return SIM_FIRST_PERIOD + (billing_period)fed->usage->month;
}

static billing_period billed_in(const struct fed *fed, const struct planned_close *closes, size_t close_count)
{
    billing_period period = own_month(fed);
    for (size_t i = 0; i < close_count; i++) {
        size_t partition = (size_t)fed->partition;
        int64_t end = partition < closes[i].end_count ? closes[i].ends[partition] : 0;
        if (closes[i].period >= period && fed->offset >= end)
            period = closes[i].period + 1;
    }
    return period;
}

/* One that came before within the window, in its partition, of any kind. */
static bool is_duplicate(const struct world *world, const struct fed *fed, size_t at)
{
    for (size_t before = at; before-- > 0;)
        if (fed[before].usage == fed[at].usage)
            return fed[at].time_ms - fed[before].time_ms <= world->settings.dedup_window_ms;
    return false;
}

/* Late usage keeps its dates; only the month is another. */
static struct usage_entry entry_of(const struct fed *fed, billing_period period, char text[TIME_TEXT_MAX])
{
    struct usage_entry entry = fed->usage->entry;
    if (usage_event_period(&entry.event) == period)
        return entry;
    entry.event.billing_period = (struct text){ text, period_format(period, text) };
    record_set(&entry.event, USAGE_EVENT_billing_period);
    return entry;
}

static void fold_month(const struct pricing_month *month, const struct fed *fed, size_t fed_count,
                       const struct planned_close *closes, size_t close_count, struct fold *fold)
{
    struct refusal refusal;
    struct error error;
    for (size_t i = 0; i < fed_count; i++)
        if (!fed[i].usage->is_poison && billed_in(&fed[i], closes, close_count) == month->period &&
            (!month->rejects_late || own_month(&fed[i]) == month->period) && !is_duplicate(month->world, fed, i)) {
            char text[TIME_TEXT_MAX];
            char id[24];
            struct usage_entry entry = entry_of(&fed[i], month->period, text);
            /* One that comes again behind the window is another one; a batch run knows no window. */
            entry.event.event_id = (struct text){ id, (size_t)snprintf(id, sizeof id, "%zu", i) };
            bool went = fold_take(fold, &entry, &refusal, &error);
            CHECK(went);
        }
}

/* NULL: the month is open. */
static const struct planned_close *close_of(billing_period period, const struct planned_close *closes, size_t close_count)
{
    for (size_t i = 0; i < close_count; i++)
        if (closes[i].period == period)
            return &closes[i];
    return NULL;
}

/* A record is refused by its bytes, or by its time. */
static bool is_dead(const struct fed *fed, bool rejects_late, const struct planned_close *closes, size_t close_count)
{
    return fed->usage->is_poison || (rejects_late && billed_in(fed, closes, close_count) != own_month(fed));
}

struct expected *expected_new(const struct world *world, const struct documents *const documents[SIM_MONTHS + 1],
                              bool rejects_late, const struct fed *fed, size_t fed_count, const struct planned_close *closes,
                              size_t close_count)
{
    struct expected *expected = memory_new(sizeof *expected);
    struct fold_options options = { world->settings.report_time_granularity, world->settings.report_resource_ids, MEMORY };
    expected->has_allowances = world->documents.list.allowance_count > 0;
    expected->bills = json_object();
    expected->manifests = json_object();
    char first_open[TIME_TEXT_MAX];
    period_format(SIM_FIRST_PERIOD + (billing_period)close_count, first_open);
    memcpy(expected->first_open, first_open, sizeof expected->first_open);
    for (billing_period period = SIM_FIRST_PERIOD; period <= SIM_FIRST_PERIOD + SIM_MONTHS; period++) {
        const struct planned_close *close = close_of(period, closes, close_count);
        struct pricing_month month = { .world = world,
                                       .documents = close ? close->documents : documents[period - SIM_FIRST_PERIOD],
                                       .expected = expected,
                                       .period = period,
                                       .rejects_late = rejects_late,
                                       .is_closed = close };
        struct fold *fold = fold_new(&options, NULL);
        fold_month(&month, fed, fed_count, closes, close_count, fold);
        price_month(&month, fold);
        fold_free(fold);
    }
    for (size_t i = 0; i < fed_count; i++)
        expected->dead += is_dead(&fed[i], rejects_late, closes, close_count);
    return expected;
}

void expected_free(struct expected *expected)
{
    if (!expected)
        return;
    contents_done(&expected->line_items);
    json_decref(expected->bills);
    json_decref(expected->manifests);
    free(expected);
}
