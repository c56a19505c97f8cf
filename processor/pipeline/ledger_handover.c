/*
 * pipeline/ledger_handover.c: rows that another version of the document gives to another task (SEMANTICS 3.5): a line item
 * says of a row all that it is, there and here. What was written of a row that has gone is taken back by the flush behind.
 */
#include "pipeline/ledger_parts.h"
#include "pipeline/line_item_row.h"

/* ---- going ---- */

bool ledger_hand_over(struct ledger *ledger, struct entry *entry, const struct row_view *view,
                      const struct resolved *resolved, const struct ledger_handover *handover, struct error *error)
{
    struct priced_slice whole = { 0 };
    struct rated_row rated = { STATUS_UNMONITORED, UNPRICED_NONE, &whole, 1 };
    const struct row_values nothing = { .usage_end_ms = USAGE_END_NONE };
    struct line_item item;
    struct row_view left;
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, view->period);
    line_item_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &rated, 0, &item);
    if (!handover->take(handover->context, &item, error))
        return false;
    row_table_set(ledger->table, entry->row, &nothing, TEXT_NONE);
    ledger_empty_parts(entry);
    entry->sweep = ledger->sweep.number;
    entry->owed = 0;
    /* What was written of it is in its total until the flush takes it out. */
    row_table_read(ledger->table, entry->row, &left);
    if (resolved->price.in_sums)
        ledger_add_share(ledger_total_of(ledger, &left, resolved), entry, &left, resolved);
    ledger_mark_dirty(ledger, entry);
    return true;
}

bool ledger_hand_over_met(struct ledger *ledger, const struct usage_event *event, struct text facts, billing_period period,
                          const struct ledger_handover *handover, struct error *error)
{
    struct row_identity identity = row_table_identity(ledger->table, event, facts, period);
    struct entry *entry;
    struct row_view view;
    if (!ledger->sweep.active || period < ledger->sweep.walk.from)
        return true;
    uint32_t row = row_table_take(ledger->table, &identity);
    if (!ledger_entry_of(ledger, row, &identity, &entry, error))
        return false;
    row_table_read(ledger->table, row, &view);
    if (view.values.usage_events == 0 || entry->sweep == ledger->sweep.number)
        return true;
    return ledger_hand_over(ledger, entry, &view, ledger_resolve(ledger, &view), handover, error);
}

/* ---- coming ---- */

static void add_to_total(struct total *total, const struct row_values *values, const struct resolved *resolved,
                         int64_t bucket_ms)
{
    int64_t end = values->usage_end_ms != USAGE_END_NONE ? values->usage_end_ms : bucket_ms;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    total->usage_events += values->usage_events;
    sum_add_sum(resolved->price.counts_as_tax ? &total->tax : &total->billable_cost, row_billable(values, &resolved->facts));
}

/* What is here already came later than what was handed over: corrections say so. */
static void fold_behind(struct ledger *ledger, uint32_t row, const struct row_view *later, const struct row_values *values,
                        struct text description)
{
    struct row_view whole = *later;
    whole.values = *values;
    whole.description = description;
    row_view_fold(&whole, later);
    row_table_set(ledger->table, row, &whole.values, whole.description);
}

void ledger_settle(struct ledger *ledger, struct entry *entry)
{
    struct row_view view;
    row_table_read(ledger->table, entry->row, &view);
    view.values.usage_events += (uint64_t)(int64_t)entry->owed;
    int64_t claimed = (int64_t)view.values.usage_events;
    row_values_settle(&view.values);
    int64_t owed = claimed - (int64_t)view.values.usage_events;
    entry->owed = owed > INT32_MIN ? (int32_t)owed : INT32_MIN;
    row_table_set(ledger->table, entry->row, &view.values, view.description);
}

bool ledger_take_row(struct ledger *ledger, const struct line_item *item, struct error *error)
{
    struct row_identity identity;
    struct entry *entry;
    struct row_view view;
    if (record_has(item, LINE_ITEM_tier) || !line_item_row(item, 0, &ledger->facts, &ledger->scratch, &identity))
        return error_fail(error, ERROR_FAILED, "row %.*s: its id is not that of its facts", TEXT_ARGS(item->line_item_id));
    uint32_t row = row_table_take(ledger->table, &identity);
    if (!ledger_entry_of(ledger, row, &identity, &entry, error))
        return false;
    ledger_sweep_meet(ledger, entry, row_table_events(ledger->table, row) == 0);
    row_table_read(ledger->table, row, &view);
    uint64_t before = view.values.usage_events;
    struct row_values added;
    line_item_row_values(item, &added);
    fold_behind(ledger, row, &view, &added, item->description);
    ledger_settle(ledger, entry);
    row_table_read(ledger->table, row, &view);
    const struct resolved *resolved = ledger_resolve(ledger, &view);
    if (resolved->pool != POOL_NONE)
        ledger_price_added(ledger, entry, resolved, &view, &added);
    added.usage_events = view.values.usage_events - before;
    if (resolved->price.in_sums)
        add_to_total(ledger_total_of(ledger, &view, resolved), &added, resolved, view.bucket_ms);
    ledger_mark_dirty(ledger, entry);
    return true;
}
