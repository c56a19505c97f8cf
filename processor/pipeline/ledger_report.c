/* pipeline/ledger_report.c: the line items of a month whose final sweep is done, in canonical order. */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"

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
    if (ledger->report.from != period || ledger->report.rows > cursor)
        ledger->report = (struct leaf_walk){ .from = period };
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
        if (!ledger_walk_next(ledger, &ledger->report, &leaf, done, error))
            return *done;
        if (!report_leaf(ledger, leaf, first, left, &rows, &taken, sink, error))
            return false;
        *cursor += taken;
        if (first + taken < rows)
            return true;
        ledger_walk_move(ledger, &ledger->report, leaf, rows);
    }
    return true;
}
