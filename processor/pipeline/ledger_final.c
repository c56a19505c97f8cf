/*
 * pipeline/ledger_final.c: walks over a month in canonical order, leaf by leaf: the final sweep, and the report.
 *
 * A walk may stop between any two leaves and rows may leave memory meanwhile; leaves come back from the store.
 */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"

/* ---- the final sweep ---- */

void ledger_final_begin(struct ledger *ledger, billing_period period)
{
    ledger->final.period = period;
    ledger->final.cursor.has_after = false;
    ledger->final.rows = 0;
    /* Every row of the month leaves its pool before the first comes back; allowances go by what each pool had. */
    pools_share_out(&ledger->prices.pools, period);
}

/* Parts are only ever added in between, so those from before are a subsequence of those of now. */
static bool same_parts(const struct part *before, uint16_t before_count, const struct entry *entry)
{
    if (before_count != entry->part_count)
        return false;
    for (uint16_t i = 0; i < before_count; i++) {
        const struct part *a = &before[i], *b = &entry->parts[i];
        if (a->tier != b->tier || a->live != b->live || !sum_equal(&a->quantity, &b->quantity) ||
            !sum_equal(&a->public_cost, &b->public_cost) || a->has_public_rate != b->has_public_rate ||
            (a->has_public_rate && a->public_rate != b->public_rate))
            return false;
    }
    return true;
}

static void allocate_anew(struct ledger *ledger, struct entry *entry, const struct row_view *view,
                          const struct resolved *resolved)
{
    uint16_t count = entry->part_count;
    struct part *before = memory_new_array(count, sizeof *before);
    if (count)
        memcpy(before, entry->parts, count * sizeof *before);
    for (uint16_t i = 0; i < count; i++)
        pools_come_back(&ledger->prices.pools, resolved->pool, &entry->parts[i].quantity);
    ledger_empty_parts(entry);
    if (view->values.usage_events > 0 && rate_fits(&resolved->price, &view->values)) {
        bool fits = ledger_add_to_parts(ledger, entry, resolved, &view->values);
        CHECK(fits);
    }
    if (!same_parts(before, count, entry))
        ledger_mark_dirty(ledger, entry);
    free(before);
}

static void allocate_leaf(struct ledger *ledger, uint32_t leaf, size_t *rows)
{
    uint32_t *places = ledger_order_leaf(ledger, leaf, true, rows);
    for (size_t i = 0; i < *rows; i++) {
        struct entry *entry = &ledger->entries[places[i]];
        struct row_view view;
        row_table_read(ledger->table, entry->row, &view);
        const struct resolved *resolved = ledger_resolve(ledger, &view);
        if (resolved->pool != POOL_NONE)
            allocate_anew(ledger, entry, &view, resolved);
    }
    free(places);
}

bool ledger_final_step(struct ledger *ledger, size_t rows_max, bool *done, struct error *error)
{
    uint32_t leaf;
    *done = false;
    for (size_t taken = 0, rows; taken < rows_max; taken += rows) {
        *done = !ledger_leaf_after(ledger, &ledger->final.cursor, ledger->final.period, false, &leaf);
        if (*done)
            return true;
        if (!ledger_load_leaf(ledger, leaf, error))
            return false;
        allocate_leaf(ledger, leaf, &rows);
        ledger_cursor_move(ledger, &ledger->final.cursor, leaf);
        ledger->final.rows += rows;
    }
    return true;
}

size_t ledger_final_rows(const struct ledger *ledger)
{
    return ledger->final.rows;
}

unsigned ledger_final_percent(const struct ledger *ledger)
{
    return ledger_walk_percent(ledger, &ledger->final.cursor, ledger->final.period, false);
}

/* ---- the report ---- */

static bool report_row(struct ledger *ledger, const struct entry *entry, const struct row_view *view,
                       const struct ledger_report_sink *sink, struct error *error)
{
    struct rated_row rated;
    const struct resolved *resolved = ledger_resolve(ledger, view);
    ledger_rate_entry(ledger, entry, resolved, view, &rated);
    if (rated.status != STATUS_CHARGED)
        return true;
    if (resolved->pool != POOL_NONE)
        ledger_drop_empty_parts(&rated, false);
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct line_item item;
        line_item_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &rated, i, &item);
        if (!sink->line_item(sink->context, &item, resolved->price.group, resolved->price.shown_as_usage, error))
            return false;
    }
    return true;
}

/* Reports rows of a leaf from `first` on. */
static bool report_leaf(struct ledger *ledger, uint32_t leaf, size_t first, size_t rows_max, size_t *rows, size_t *taken,
                        const struct ledger_report_sink *sink, struct error *error)
{
    uint32_t *places = ledger_order_leaf(ledger, leaf, false, rows);
    bool done = true;
    *taken = 0;
    for (size_t i = first; i < *rows && *taken < rows_max && done; i++, ++*taken) {
        const struct entry *entry = &ledger->entries[places[i]];
        struct row_view view;
        row_table_read(ledger->table, entry->row, &view);
        done = report_row(ledger, entry, &view, sink, error);
    }
    free(places);
    return done;
}

/* The walk goes on where it was, unless the cursor lies before that. */
static void place_report(struct ledger *ledger, billing_period period, size_t cursor)
{
    if (ledger->report.period == period && ledger->report.rows <= cursor)
        return;
    ledger->report.period = period;
    ledger->report.cursor.has_after = false;
    ledger->report.rows = 0;
}

bool ledger_report(struct ledger *ledger, billing_period period, size_t *cursor, size_t rows_max, bool *done,
                   const struct ledger_report_sink *sink, struct error *error)
{
    uint32_t leaf;
    place_report(ledger, period, *cursor);
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, period);
    *done = false;
    for (size_t left = rows_max, rows, taken; left > 0; left -= taken) {
        size_t first = *cursor - ledger->report.rows;
        *done = !ledger_leaf_after(ledger, &ledger->report.cursor, period, false, &leaf);
        if (*done)
            return true;
        if (!ledger_load_leaf(ledger, leaf, error) || !report_leaf(ledger, leaf, first, left, &rows, &taken, sink, error))
            return false;
        *cursor += taken;
        if (first + taken < rows)
            return true;
        ledger->report.rows += rows;
        ledger_cursor_move(ledger, &ledger->report.cursor, leaf);
    }
    return true;
}
