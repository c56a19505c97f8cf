/*
 * pipeline/ledger_sweep.c: rows from the version of the document that priced them to the one in force (SEMANTICS 3.5).
 *
 * No old document is needed: a row tells what was written of it, and totals and pools are built anew from nothing, of the
 * rows that have come over. A row whose line items stay as they are is not written.
 */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"

/* Their groups are places in the document that was. Closed months are still to be dropped. */
static void forget_totals(struct ledger *ledger, billing_period from)
{
    size_t kept = 0;
    for (size_t i = 0; i < ledger->month_count; i++) {
        struct month *month = &ledger->months[i];
        ledger_month_done(month);
        if (month->period < from)
            ledger->months[kept++] = (struct month){ .period = month->period };
    }
    ledger->month_count = kept;
}

void ledger_sweep_begin(struct ledger *ledger, const struct pricing *pricing, billing_period from, int64_t number)
{
    CHECK(ledger->dirty_count == 0);
    uint64_t generation = ledger->prices.generation;
    price_cache_done(&ledger->prices);
    ledger->prices.pricing = pricing;
    ledger->prices.generation = generation + 1;
    forget_totals(ledger, from);
    ledger->totals_hold = false;
    ledger->totals_tag = number;
    ledger->sweep.active = true;
    ledger->sweep.number = number;
    ledger->sweep.walk = (struct leaf_walk){ .from = from, .later_too = true };
}

void ledger_sweep_end(struct ledger *ledger)
{
    ledger->sweep.active = false;
    ledger->totals_hold = true;
}

size_t ledger_sweep_rows(const struct ledger *ledger)
{
    return ledger->sweep.walk.rows;
}

unsigned ledger_sweep_percent(const struct ledger *ledger)
{
    return ledger_walk_percent(ledger, &ledger->sweep.walk);
}

bool ledger_totals_hold(const struct ledger *ledger)
{
    return ledger->totals_hold;
}

/* ---- a row ---- */

static const struct part *find_part(const struct entry *entry, uint32_t tier)
{
    for (uint16_t i = 0; i < entry->part_count; i++)
        if (entry->parts[i].tier == tier)
            return &entry->parts[i];
    return NULL;
}

/* Whether its line items would be written as they were written last. */
static bool is_as_written(struct ledger *ledger, const struct entry *entry, const struct row_view *view,
                          const struct resolved *resolved)
{
    struct rated_row rated;
    uint32_t written = 0;
    ledger_rate_entry(ledger, entry, resolved, view, &rated);
    if (resolved->pool != POOL_NONE && rated.status == STATUS_CHARGED)
        ledger_drop_empty_parts(&rated, view->values.usage_events == 0);
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        const struct part *part = find_part(entry, rated.slices[i].tier);
        if (!part || !part->written ||
            part->written_hash !=
                line_item_price_hash_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &rated, i))
            return false;
    }
    for (uint16_t i = 0; i < entry->part_count; i++)
        written += entry->parts[i].written;
    return written == rated.slice_count;
}

static void restate(struct ledger *ledger, struct entry *entry, const struct row_view *view)
{
    const struct resolved *resolved = ledger_resolve(ledger, view);
    ledger_empty_parts(entry);
    if (resolved->pool != POOL_NONE && view->values.usage_events > 0 && rate_fits(&resolved->price, &view->values)) {
        bool fits = ledger_add_to_parts(ledger, entry, resolved, &view->values);
        CHECK(fits);
    }
    if (resolved->price.in_sums)
        ledger_add_share(ledger_total_of(ledger, view, resolved), entry, view, resolved);
    entry->sweep = ledger->sweep.number;
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, view->period);
    if (!is_as_written(ledger, entry, view, resolved))
        ledger_mark_dirty(ledger, entry);
}

void ledger_sweep_meet(struct ledger *ledger, struct entry *entry, bool is_new)
{
    struct row_view view;
    if (!ledger->sweep.active || entry->sweep == ledger->sweep.number)
        return;
    if (is_new && entry->part_count == 0) {
        entry->sweep = ledger->sweep.number;
        return;
    }
    row_table_read(ledger->table, entry->row, &view);
    restate(ledger, entry, &view);
}

/* ---- the walk ---- */

static bool bring_over(struct ledger *ledger, struct entry *entry, const struct ledger_handover *handover,
                       struct error *error)
{
    struct row_view view;
    row_table_read(ledger->table, entry->row, &view);
    if (handover && view.values.usage_events > 0) {
        const struct resolved *resolved = ledger_resolve(ledger, &view);
        if (handover->is_elsewhere(handover->context, view.period, &resolved->facts))
            return ledger_hand_over(ledger, entry, &view, resolved, handover, error);
    }
    restate(ledger, entry, &view);
    return true;
}

static bool bring_leaf_over(struct ledger *ledger, uint32_t leaf, const struct ledger_handover *handover, size_t *rows,
                            struct error *error)
{
    uint32_t *places = ledger_order_leaf(ledger, leaf, true, rows);
    bool done = true;
    for (size_t i = 0; i < *rows && done; i++) {
        struct entry *entry = &ledger->entries[places[i]];
        done = entry->sweep == ledger->sweep.number || bring_over(ledger, entry, handover, error);
    }
    free(places);
    return done;
}

bool ledger_sweep_step(struct ledger *ledger, size_t rows_max, const struct ledger_handover *handover, bool *done,
                       struct error *error)
{
    uint32_t leaf;
    *done = false;
    for (size_t taken = 0, rows; taken < rows_max; taken += rows + 1) {
        if (!ledger_walk_next(ledger, &ledger->sweep.walk, &leaf, done, error))
            return *done;
        if (!bring_leaf_over(ledger, leaf, handover, &rows, error))
            return false;
        ledger_walk_move(ledger, &ledger->sweep.walk, leaf, rows);
    }
    return true;
}
