/* pipeline/ledger_final.c: the final sweep of a month: tiered rows take their tiers anew, in canonical order. */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"

void ledger_final_begin(struct ledger *ledger, billing_period period)
{
    ledger->final = (struct leaf_walk){ .from = period };
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
        if (!ledger_walk_next(ledger, &ledger->final, &leaf, done, error))
            return *done;
        allocate_leaf(ledger, leaf, &rows);
        ledger_walk_move(ledger, &ledger->final, leaf, rows);
    }
    return true;
}

size_t ledger_final_rows(const struct ledger *ledger)
{
    return ledger->final.rows;
}

unsigned ledger_final_percent(const struct ledger *ledger)
{
    return ledger_walk_percent(ledger, &ledger->final);
}
