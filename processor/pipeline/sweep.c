/* pipeline/sweep.c: assign → rate → line items → totals → custom line items → bills, a period at a time. */
#include "pipeline/sweep.h"

#include <stdlib.h>

#include "assign/assign.h"
#include "period/statement.h"
#include "pipeline/price_cache.h"

struct sweep {
    struct fold *fold;
    const struct pricing *pricing;
    struct sweep_sink sink;
    struct row_cursor *cursor;
    bool filling;                   /* the walk that fills the pools of allowances, before the one that prices */
    billing_period period;          /* at hand; PERIOD_NONE before the first row */
    const struct periods *closings; /* the first `closed` of them are done */
    size_t closed;
    struct price_cache prices;
    struct totals totals;
    struct rater rater;
    struct line_item_builder builder;
    struct sweep_counts counts;
};

bool sweep_open(struct fold *fold, const struct pricing *pricing, const struct periods *closings,
                const struct sweep_sink *sink, struct sweep **ret_sweep, struct error *error)
{
    struct sweep *sweep = memory_new(sizeof *sweep);
    sweep->fold = fold;
    sweep->pricing = pricing;
    sweep->prices.pricing = pricing;
    line_item_builder_init(&sweep->builder);
    sweep->sink = *sink;
    sweep->closings = closings;
    sweep->period = PERIOD_NONE;
    sweep->filling = pricing->list->allowance_count > 0;
    if (!row_cursor_open(fold_rows(fold), &sweep->cursor, error)) {
        sweep_close(sweep);
        return false;
    }
    *ret_sweep = sweep;
    return true;
}

static void count_row(struct sweep_counts *counts, const struct resolved *resolved, const struct rated_row *rated,
                      uint64_t events)
{
    const struct price *price = &resolved->price;
    counts->rows++;
    switch (rated->status) {
    case STATUS_CHARGED:
        counts->priced += events;
        counts->untiered += price->untiered ? events : 0;
        counts->ambiguous += price->ambiguous ? events : 0;
        counts->free_tier += price->base == BASE_FREE_TIER ? events : 0;
        break;
    case STATUS_LEFT_OUT:
        counts->left_out += events;
        counts->refunds += text_equal(resolved->facts.line_item_type, TEXT("Refund")) ? events : 0;
        break;
    case STATUS_UNMONITORED:
        counts->unmonitored += events;
        counts->before_document += rated->reason == UNMONITORED_BEFORE_DOCUMENT ? events : 0;
        break;
    case STATUS_UNPRICED:
        counts->unpriced += events;
        counts->unpriced_by_reason[rated->reason] += events;
        break;
    case STATUS_COUNT:
        break;
    }
}

static void add_to_totals(struct sweep *sweep, const struct row_view *row, const struct resolved *resolved,
                          const struct rated_row *rated)
{
    const struct price *price = &resolved->price;
    if (!price->in_sums)
        return;
    struct total *total = totals_get(&sweep->totals, price->group, row->account, resolved->facts.product_code,
                                     price_shown_type(price, &resolved->facts));
    const struct row_values *values = &row->values;
    int64_t end = values->usage_end_ms != USAGE_END_NONE ? values->usage_end_ms : row->bucket_ms;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    total->usage_events += values->usage_events;
    sum_add_sum(price->counts_as_tax ? &total->tax : &total->billable_cost, row_billable(values, &resolved->facts));
    if (rated->status != STATUS_CHARGED)
        return;
    total->charged_rows++;
    for (uint32_t i = 0; i < rated->slice_count; i++) {
        sum_add(&total->cost, rated->slices[i].cost);
        sum_add(&total->public_cost, rated->slices[i].public_cost);
    }
}

static bool emit_row(struct sweep *sweep, const struct row_view *row, const struct resolved *resolved,
                     const struct rated_row *rated, struct error *error)
{
    for (uint32_t i = 0; i < rated->slice_count; i++) {
        struct line_item item;
        sweep->counts.line_items++;
        line_item_of_slice(&sweep->builder, row, &resolved->facts, &resolved->price, rated, i, &item);
        if (!sweep->sink.line_item(sweep->sink.context, &item, resolved->price.group,
                                   rated->status == STATUS_CHARGED ? &resolved->price : NULL, error))
            return false;
    }
    return true;
}

static const struct resolved *resolve_row(struct sweep *sweep, const struct row_view *row)
{
    uint32_t group = assign_group(sweep->pricing->conductor, row->account, row->period);
    return price_cache_get(&sweep->prices, group, row->period, row->facts);
}

static void move_pool(struct sweep *sweep, uint32_t pool, const struct rated_row *rated)
{
    for (uint32_t i = 0; i < rated->slice_count; i++) {
        struct sum quantity = sum_of(rated->slices[i].quantity);
        pools_add(&sweep->prices.pools, pool, pool_part_of_tier(rated->slices[i].tier), &quantity);
    }
}

static bool sweep_row(struct sweep *sweep, const struct row_view *row, struct error *error)
{
    const struct resolved *resolved = resolve_row(sweep, row);
    struct pool_place place = price_cache_place(&sweep->prices, resolved->pool);
    struct rated_row rated;
    rate_row(&sweep->rater, &resolved->price, &row->values, &place, &rated);
    if (resolved->pool != POOL_NONE && rated.status == STATUS_CHARGED)
        move_pool(sweep, resolved->pool, &rated);
    count_row(&sweep->counts, resolved, &rated, row->values.usage_events);
    add_to_totals(sweep, row, resolved, &rated);
    return emit_row(sweep, row, resolved, &rated, error);
}

/* What a pool has in all, wherever in it: it is shared out before the first row is priced. */
static void fill_pool(struct sweep *sweep, const struct row_view *row)
{
    const struct resolved *resolved = resolve_row(sweep, row);
    if (resolved->price.allowance_count > 0 && rate_fits(&resolved->price, &row->values))
        pools_add(&sweep->prices.pools, resolved->pool, resolved->price.allowance_count, &row->values.amount);
}

/* ---- the end of a period ---- */

static bool emit_charges(struct sweep *sweep, uint32_t group, const struct custom_charges *charges, struct error *error)
{
    for (size_t i = 0; i < charges->count; i++) {
        const struct custom_charge *charge = &charges->items[i];
        struct line_item item;
        line_item_of_charge(&sweep->builder, charge, &item);
        sweep->counts.line_items++;
        sweep->counts.unpriced_charges += charge->too_large;
        if (!sweep->sink.line_item(sweep->sink.context, &item, group, NULL, error))
            return false;
    }
    return true;
}

static bool emit_statement(struct sweep *sweep, uint32_t group, struct statement *statement, struct error *error)
{
    const struct conductor *conductor = sweep->pricing->conductor;
    statement->group = group == GROUP_NONE ? TEXT_NONE : conductor->groups[group].id;
    statement->period = text_of(sweep->builder.period_text);
    statement->currency = conductor->currency;
    for (size_t i = 0; i < statement_row_count(statement); i++) {
        struct bill bill;
        statement_row(statement, i, &bill);
        if (!sweep->sink.bill(sweep->sink.context, &bill, group, error))
            return false;
    }
    return true;
}

static bool is_charged(const struct sweep *sweep, uint32_t group)
{
    const struct conductor *conductor = sweep->pricing->conductor;
    return group != GROUP_NONE &&
           custom_line_items_are_due(conductor, group, sweep->period,
                                     fold_has_usage(sweep->fold, sweep->period, conductor->groups[group].payer),
                                     periods_find(sweep->closings, sweep->period) != PERIODS_NOT_FOUND);
}

/* The group's custom line items, then its bill. */
static bool finish_group(struct sweep *sweep, uint32_t group, struct error *error)
{
    struct custom_charges charges = { 0 };
    struct statement statement;
    size_t first, count = totals_of_group(&sweep->totals, group, &first);
    if (is_charged(sweep, group))
        custom_charges_compute(sweep->pricing->conductor, group, sweep->period, &sweep->totals, first, count, &charges);
    statement_make(&statement, &sweep->totals, first, count, &charges);
    bool done = emit_charges(sweep, group, &charges, error) && emit_statement(sweep, group, &statement, error);
    statement_done(&statement);
    custom_charges_done(&charges);
    return done;
}

static bool finish_period(struct sweep *sweep, struct error *error)
{
    totals_sort(&sweep->totals);
    bool done = true;
    for (uint32_t group = 0; group < sweep->pricing->conductor->group_count && done; group++)
        done = finish_group(sweep, group, error);
    done = done && finish_group(sweep, GROUP_NONE, error);
    totals_reset(&sweep->totals);
    sweep->closed += sweep->closed < sweep->closings->count && sweep->closings->items[sweep->closed] == sweep->period;
    return done;
}

static void begin_period(struct sweep *sweep, billing_period period)
{
    sweep->period = period;
    if (sweep->pricing->list->allowance_count > 0)
        pools_share_out(&sweep->prices.pools, period);
    line_item_builder_begin(&sweep->builder, sweep->pricing, period);
}

/* Periods being closed get their custom line items and bills even when they have no row. */
static bool close_empty_periods(struct sweep *sweep, billing_period before, struct error *error)
{
    while (sweep->closed < sweep->closings->count && sweep->closings->items[sweep->closed] < before) {
        begin_period(sweep, sweep->closings->items[sweep->closed]);
        if (!finish_period(sweep, error))
            return false;
    }
    return true;
}

static bool move_to_period(struct sweep *sweep, billing_period period, struct error *error)
{
    if (period == sweep->period)
        return true;
    if (sweep->period != PERIOD_NONE && !finish_period(sweep, error))
        return false;
    if (!close_empty_periods(sweep, period, error))
        return false;
    begin_period(sweep, period);
    return true;
}

static bool begin_pricing(struct sweep *sweep, struct error *error)
{
    sweep->filling = false;
    row_cursor_close(sweep->cursor);
    sweep->cursor = NULL;
    return row_cursor_open(fold_rows(sweep->fold), &sweep->cursor, error);
}

/* The next row that has not been taken back as a whole. */
static bool next_row(struct sweep *sweep, struct row_view *row, bool *found, struct error *error)
{
    do {
        if (!row_cursor_next(sweep->cursor, row, found, error))
            return false;
        if (*found)
            row_values_settle(&row->values);
    } while (*found && row->values.usage_events == 0);
    return true;
}

static bool fill_step(struct sweep *sweep, size_t rows_max, struct error *error)
{
    for (size_t i = 0; i < rows_max; i++) {
        struct row_view row;
        bool found;
        if (!next_row(sweep, &row, &found, error))
            return false;
        if (!found)
            return begin_pricing(sweep, error);
        fill_pool(sweep, &row);
    }
    return true;
}

bool sweep_step(struct sweep *sweep, size_t rows_max, bool *done, struct error *error)
{
    *done = false;
    if (sweep->filling)
        return fill_step(sweep, rows_max, error);
    for (size_t i = 0; i < rows_max; i++) {
        struct row_view row;
        bool found;
        if (!next_row(sweep, &row, &found, error))
            return false;
        if (!found) {
            *done = true;
            return (sweep->period == PERIOD_NONE || finish_period(sweep, error)) &&
                   close_empty_periods(sweep, INT32_MAX, error);
        }
        if (!move_to_period(sweep, row.period, error) || !sweep_row(sweep, &row, error))
            return false;
    }
    return true;
}

const struct sweep_counts *sweep_counts(const struct sweep *sweep)
{
    return &sweep->counts;
}

void sweep_close(struct sweep *sweep)
{
    if (!sweep)
        return;
    row_cursor_close(sweep->cursor);
    price_cache_done(&sweep->prices);
    totals_done(&sweep->totals);
    rater_done(&sweep->rater);
    line_item_builder_done(&sweep->builder);
    free(sweep);
}
