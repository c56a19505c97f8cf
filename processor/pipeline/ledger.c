/*
 * pipeline/ledger.c: rows with what was last written of them.
 *
 * A flat row is one line item whose cost follows from its values. A tiered row has a part per tier: its events were cut
 * where the pool stood when they came, so a part's quantity is state of its own until the final sweep cuts anew.
 */
#include "pipeline/ledger.h"

#include <stdlib.h>

#include "assign/assign.h"
#include "pipeline/ledger_parts.h"

struct ledger *ledger_new(const struct ledger_options *options, const struct pricing *pricing, struct ledger_store *store)
{
    struct ledger *ledger = memory_new(sizeof *ledger);
    ledger->options = *options;
    ledger->store = store;
    ledger->table = row_table_new(options->granularity, options->resource_ids);
    ledger->prices.pricing = pricing;
    ledger->page = memory_new(sizeof *ledger->page);
    ledger->totals_hold = true;
    ledger->totals_tag = 1; /* no sweep has this number */
    ledger->final.from = ledger->report.from = PERIOD_NONE;
    line_item_builder_init(&ledger->builder);
    ledger->builder.tasks[TASK_USAGE] = ledger->builder.tasks[TASK_TIER] = options->task;
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    ledger_unload(ledger);
    ledger_leaves_done(ledger);
    for (size_t i = 0; i < ledger->month_count; i++)
        ledger_month_done(&ledger->months[i]);
    row_table_free(ledger->table);
    price_cache_done(&ledger->prices);
    rater_done(&ledger->rater);
    line_item_builder_done(&ledger->builder);
    free(ledger->dirty);
    free(ledger->unsaved);
    free(ledger->months);
    buffer_done(&ledger->gone);
    intern_done(&ledger->replayed_zeros);
    intern_done(&ledger->unmet);
    free(ledger->unmet_holds);
    buffer_done(&ledger->facts);
    buffer_done(&ledger->scratch);
    buffer_done(&ledger->extra);
    page_done(ledger->page);
    free(ledger->page);
    page_writer_done(&ledger->page_writer);
    free(ledger);
}

/* ---- usage in ---- */

static bool is_empty(const struct entry *entry)
{
    for (uint16_t i = 0; i < entry->part_count; i++)
        if (entry->parts[i].live)
            return false;
    return true;
}

/* A part may leave the range while its row stays inside: what went into one tier may have gone out of another. */
static bool parts_fit(const struct entry *entry)
{
    for (uint16_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        i128 ignored;
        if (!sum_value(&part->quantity, &ignored) || !sum_value(&part->public_cost, &ignored) ||
            !sum_value(&part->cost, &ignored))
            return false;
    }
    return true;
}

static void take_out(struct ledger *ledger, struct entry *entry, uint32_t pool)
{
    ledger_leave_pool(ledger, entry, pool);
    ledger_empty_parts(entry);
}

void ledger_price_added(struct ledger *ledger, struct entry *entry, const struct resolved *resolved,
                        const struct row_view *row, const struct row_values *added)
{
    if (!rate_fits(&resolved->price, &row->values)) {
        take_out(ledger, entry, resolved->pool);
        return;
    }
    /* A row comes in whole when it was too large a moment ago, when what is added alone is, or when a part would be. */
    if (!is_empty(entry) && ledger_add_to_parts(ledger, entry, resolved, added) && parts_fit(entry))
        return;
    take_out(ledger, entry, resolved->pool);
    bool fits = ledger_add_to_parts(ledger, entry, resolved, &row->values);
    CHECK(fits); /* rate_fits has said so */
}

static void price_tiered_event(struct ledger *ledger, struct entry *entry, const struct resolved *resolved,
                               const struct row_view *row, const struct usage_event *event)
{
    struct row_values added = { .has_amount = true };
    sum_add(&added.amount, event->usage_amount);
    if (record_has(event, USAGE_EVENT_public_on_demand_cost))
        sum_add(&added.costs[CARRIED_PUBLIC_COST], event->public_on_demand_cost);
    ledger_price_added(ledger, entry, resolved, row, &added);
}

/* What a row that is taken back has left in tiers that others reached with it stays, so that the pool's total is right. */
static void forget_parts_of_nothing(struct entry *entry, const struct row_view *row)
{
    if (row->values.usage_events == 0 && ledger_parts_are_zero(entry))
        ledger_empty_parts(entry);
}

static void add_event_to_total(struct total *total, const struct usage_event *event, uint64_t count,
                               const struct price *price)
{
    int64_t end = record_has(event, USAGE_EVENT_usage_end) ? event->usage_end : event->usage_start;
    total->usage_events += count;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    if (record_has(event, USAGE_EVENT_net_unblended_cost))
        sum_add(price->counts_as_tax ? &total->tax : &total->billable_cost, event->net_unblended_cost);
    else if (record_has(event, USAGE_EVENT_unblended_cost))
        sum_add(price->counts_as_tax ? &total->tax : &total->billable_cost, event->unblended_cost);
}

static void count_event(struct ledger_counts *counts, const struct price *price)
{
    if (price->status == STATUS_CHARGED) {
        counts->free_tier += price->base == BASE_FREE_TIER;
        counts->untiered += price->untiered;
        counts->ambiguous += price->ambiguous;
    } else {
        counts->before_document += price->reason == UNMONITORED_BEFORE_DOCUMENT;
    }
}

struct ledger_counts ledger_take_counts(struct ledger *ledger)
{
    struct ledger_counts counts = ledger->counts;
    ledger->counts = (struct ledger_counts){ 0 };
    return counts;
}

/* In a month that is not its own a correction finds nothing of what it corrects: it is an event like any other. */
static const struct usage_event *without_claims(const struct usage_event *event, struct usage_event *scratch)
{
    *scratch = *event;
    scratch->correction.events = 1;
    scratch->correction.anew = false;
    return scratch;
}

struct row_identity ledger_identity(const struct ledger *ledger, const struct usage_event *event, struct text facts)
{
    return row_table_identity(ledger->table, event, facts, PERIOD_NONE);
}

void ledger_expect(const struct ledger *ledger, const struct row_identity *identity, const struct row_hashes *hashes,
                   unsigned step)
{
    row_table_expect(ledger->table, identity, hashes, step);
}

bool ledger_take(struct ledger *ledger, const struct usage_event *event, const struct row_identity *identity,
                 const struct row_hashes *hashes, struct error *error)
{
    struct usage_event NOT_CLEARED scratch;
    if (event->correction.is_one && identity->period != usage_event_period(event))
        event = without_claims(event, &scratch);
    uint32_t row = row_table_take_hashed(ledger->table, identity, hashes);
    struct entry *entry;
    if (!ledger_entry_of(ledger, row, identity, &entry, error))
        return false;
    uint64_t before = row_table_events(ledger->table, row);
    ledger_sweep_meet(ledger, entry, before == 0);
    row_table_add_event(ledger->table, row, event);
    if (event->correction.is_one || entry->owed != 0)
        ledger_settle(ledger, entry);
    const struct resolved *resolved = ledger_resolve_entry(ledger, entry, identity);
    count_event(&ledger->counts, &resolved->price);
    if (resolved->pool != POOL_NONE) {
        struct row_view NOT_CLEARED view;
        row_table_read(ledger->table, row, &view);
        price_tiered_event(ledger, entry, resolved, &view, event);
        forget_parts_of_nothing(entry, &view);
    }
    if (resolved->price.in_sums)
        add_event_to_total(ledger_total_of_entry(ledger, entry, identity), event,
                           row_table_events(ledger->table, row) - before, &resolved->price);
    ledger_mark_dirty(ledger, entry);
    return true;
}

/* ---- line items out ---- */

/* Parts that once were written but are no longer among the line items: cost 0 now, no value from the next flush on. */
static bool is_among(const struct rated_row *rated, uint32_t tier)
{
    for (uint32_t i = 0; i < rated->slice_count; i++)
        if (rated->slices[i].tier == tier)
            return true;
    return false;
}

static bool write_item(struct part *part, i128 cost, i128 public_cost, struct line_item *item, struct total *total,
                       const struct ledger_sink *sink, struct error *error)
{
    item->cost_delta = sum_of(cost);
    sum_add(&item->cost_delta, -part->written_cost);
    if (total) {
        sum_add_sum(&total->cost, &item->cost_delta);
        sum_add(&total->public_cost, public_cost);
        sum_add(&total->public_cost, -part->written_public_cost);
    }
    part->written = true;
    part->written_cost = cost;
    part->written_public_cost = public_cost;
    part->written_hash = line_item_price_hash(item);
    return sink->line_item(sink->context, item, error);
}

static bool write_gone(struct ledger *ledger, struct entry *entry, const struct row_view *view,
                       const struct resolved *resolved, const struct rated_row *rated, struct total *total,
                       const struct ledger_sink *sink, struct error *error)
{
    for (uint32_t i = 0; i < entry->part_count;) {
        struct part *part = &entry->parts[i];
        if (is_among(rated, part->tier)) {
            i++;
            continue;
        }
        if (part->written) {
            /* Written as a slice behind the others, so that it carries nothing of the row. */
            struct priced_slice nothing = { .tier = part->tier, .has_quantity = true };
            struct rated_row gone = { STATUS_CHARGED, UNPRICED_NONE, (struct priced_slice[2]){ nothing, nothing }, 2 };
            struct line_item item;
            line_item_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &gone, 1, &item);
            if (!write_item(part, 0, 0, &item, total, sink, error))
                return false;
            buffer_append_text(&ledger->gone, item.line_item_id);
        }
        memmove(part, part + 1, (size_t)(entry->part_count - i - 1) * sizeof *part);
        entry->part_count--;
    }
    return true;
}

static bool flush_entry(struct ledger *ledger, struct entry *entry, const struct ledger_sink *sink, struct error *error)
{
    struct row_view NOT_CLEARED view;
    struct rated_row rated;
    row_table_read(ledger->table, entry->row, &view);
    struct row_identity identity = row_view_identity(&view);
    const struct resolved *resolved = ledger_resolve_entry(ledger, entry, &identity);
    struct total *total = resolved->price.in_sums ? ledger_total_of_entry(ledger, entry, &identity) : NULL;
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, view.period);
    ledger_rate_entry(ledger, entry, resolved, &view, &rated);
    if (resolved->pool != POOL_NONE && rated.status == STATUS_CHARGED)
        ledger_drop_empty_parts(&rated, view.values.usage_events == 0);
    entry->taken_back = view.values.usage_events == 0 && rated.slice_count > 0;
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct line_item NOT_CLEARED item;
        struct part *part = ledger_part_of(ledger, entry, rated.slices[i].tier);
        i128 cost = rated.slices[i].cost, public_cost = rated.slices[i].public_cost;
        line_item_of_slice(&ledger->builder, &view, &resolved->facts, &resolved->price, &rated, i, &item);
        if (entry->taken_back)
            record_set_text(&item, &line_item_type, LINE_ITEM_reason, TEXT(REASON_TAKEN_BACK));
        if (!write_item(part, cost, public_cost, &item, total, sink, error))
            return false;
    }
    if (!write_gone(ledger, entry, &view, resolved, &rated, total, sink, error))
        return false;
    bool charged = rated.status == STATUS_CHARGED && rated.slice_count > 0;
    if (total)
        total->charged_rows += charged - entry->charged;
    entry->charged = charged;
    return true;
}

size_t ledger_dirty_count(const struct ledger *ledger)
{
    return ledger->dirty_count + ledger->gone.size / LINE_ITEM_ID_LETTERS;
}

/* Fetches from memory what the entries behind one that is being flushed will need: nearer ones further. */
static void expect_flush(const struct ledger *ledger, size_t at)
{
    const uint32_t *dirty = ledger->dirty + at;
    size_t left = ledger->dirty_count - at;
    if (left > 8)
        __builtin_prefetch(&ledger->entries[dirty[8]]);
    if (left > 6) {
        const struct entry *entry = &ledger->entries[dirty[6]];
        row_table_expect_read(ledger->table, entry->row, 0);
        __builtin_prefetch(entry->parts);
        if (entry->resolved)
            memory_expect(entry->resolved, sizeof *entry->resolved);
    }
    if (left > 4)
        row_table_expect_read(ledger->table, ledger->entries[dirty[4]].row, 1);
    if (left > 2)
        row_table_expect_read(ledger->table, ledger->entries[dirty[2]].row, 2);
}

bool ledger_flush(struct ledger *ledger, int64_t revision, const struct ledger_sink *sink, struct error *error)
{
    ledger->builder.revision = revision;
    for (size_t at = 0; at < ledger->gone.size; at += LINE_ITEM_ID_LETTERS)
        if (!sink->gone(sink->context, (struct text){ ledger->gone.data + at, LINE_ITEM_ID_LETTERS }, error))
            return false;
    buffer_clear(&ledger->gone);
    for (size_t i = 0; i < ledger->dirty_count; i++) {
        struct entry *entry = &ledger->entries[ledger->dirty[i]];
        expect_flush(ledger, i);
        entry->dirty = false;
        if (!flush_entry(ledger, entry, sink, error))
            return false;
    }
    ledger->dirty_count = 0;
    return true;
}

/* ---- totals ---- */

size_t ledger_period_count(const struct ledger *ledger)
{
    return ledger->month_count;
}

billing_period ledger_period(const struct ledger *ledger, size_t index)
{
    return ledger->months[index].period;
}

const struct totals *ledger_totals(const struct ledger *ledger, size_t index)
{
    return &ledger->months[index].totals;
}

const uint32_t *ledger_changed_totals(const struct ledger *ledger, size_t index, size_t *count)
{
    *count = ledger->months[index].changed_count;
    return ledger->months[index].changed;
}

void ledger_totals_told(struct ledger *ledger, size_t index)
{
    struct month *month = &ledger->months[index];
    for (size_t i = 0; i < month->changed_count; i++)
        month->totals.items[month->changed[i]].changed = false;
    month->changed_count = 0;
}

void ledger_month_done(struct month *month)
{
    totals_done(&month->totals);
    free(month->changed);
}

bool ledger_store_failed(const struct ledger *ledger)
{
    return ledger->store_failed;
}

size_t ledger_row_count(const struct ledger *ledger)
{
    return row_table_count(ledger->table);
}

size_t ledger_bytes(const struct ledger *ledger)
{
    return row_table_bytes(ledger->table) + ledger->entry_capacity * sizeof *ledger->entries + ledger->parts.bytes +
           (ledger->dirty_capacity + ledger->unsaved_capacity) * sizeof *ledger->dirty + price_cache_bytes(&ledger->prices);
}
