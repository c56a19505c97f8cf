/*
 * pipeline/ledger_final.c: walks over a month in canonical order, group by group: the final sweep, and the report.
 *
 * A walk may stop between any two groups and rows may leave memory meanwhile; groups come back from the store.
 */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"

/* ---- the rows of a group in order ---- */

struct ordered {
    struct text resource, facts;
    uint32_t entry;
};

static int compare_ordered(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;
    int order = text_compare(a->resource, b->resource);
    return order ? order : text_compare(a->facts, b->facts);
}

uint32_t *ledger_order_group(const struct ledger *ledger, const struct group *group, size_t *count)
{
    struct ordered *rows = memory_new_array(group->row_count, sizeof *rows);
    *count = 0;
    for (uint32_t at = group->first; at != 0; at = ledger->entries[at - 1].next) {
        struct row_view view;
        row_table_read(ledger->table, ledger->entries[at - 1].row, &view);
        if (view.values.usage_events > 0)
            rows[(*count)++] = (struct ordered){ view.resource, view.facts, at - 1 };
    }
    qsort(rows, *count, sizeof *rows, compare_ordered);
    uint32_t *places = memory_new_array(*count, sizeof *places);
    for (size_t i = 0; i < *count; i++)
        places[i] = rows[i].entry;
    free(rows);
    return places;
}

bool ledger_next_group(struct ledger *ledger, struct group_walk *walk, struct group_key *key, uint32_t *group, bool *found,
                       struct error *error)
{
    if (!group_walk_next(walk, key, found, error)) {
        ledger->store_failed = true;
        return false;
    }
    return !*found || ledger_group_of(ledger, key, group, error);
}

/* ---- the final sweep ---- */

void ledger_final_begin(struct ledger *ledger, billing_period period)
{
    ledger->final.period = period;
    ledger->final.has_after = false;
    ledger->final.rows = 0;
    ledger->final.extent.known = false;
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
            !sum_equal(&a->public_cost, &b->public_cost))
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
    if (rate_fits(&resolved->price, &view->values)) {
        bool fits = ledger_add_to_parts(ledger, entry, resolved, &view->values);
        CHECK(fits);
    }
    if (!same_parts(before, count, entry))
        ledger_mark_dirty(ledger, entry);
    free(before);
}

static void allocate_group(struct ledger *ledger, uint32_t group, size_t *rows)
{
    uint32_t *places = ledger_order_group(ledger, &ledger->groups[group], rows);
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
    if (!ledger_note_extent(ledger, ledger->final.period, ledger->final.period + 1, &ledger->final.extent, error))
        return false;
    const struct group_key *after = ledger->final.has_after ? &ledger->final.after : NULL;
    struct group_walk *walk = group_walk_open(ledger->store, ledger->final.period, after);
    struct group_key key;
    bool found = true, went = true;
    for (size_t taken = 0; taken < rows_max;) {
        uint32_t group;
        size_t rows;
        went = ledger_next_group(ledger, walk, &key, &group, &found, error);
        if (!went || !found)
            break;
        allocate_group(ledger, group, &rows);
        ledger->final.after = key;
        ledger->final.has_after = true;
        taken += rows;
        ledger->final.rows += rows;
    }
    group_walk_close(walk);
    *done = went && !found;
    return went;
}

size_t ledger_final_rows(const struct ledger *ledger)
{
    return ledger->final.rows;
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
        ledger_drop_empty_parts(&rated);
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct line_item item;
        line_item_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &rated, i, &item);
        if (!sink->line_item(sink->context, &item, resolved->price.group, resolved->price.shown_as_usage, error))
            return false;
    }
    return true;
}

/* Reports rows of a group from `first` on. */
static bool report_group(struct ledger *ledger, uint32_t group, size_t first, size_t rows_max, size_t *rows, size_t *taken,
                         const struct ledger_report_sink *sink, struct error *error)
{
    uint32_t *places = ledger_order_group(ledger, &ledger->groups[group], rows);
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
    ledger->report.has_after = false;
    ledger->report.rows = 0;
}

bool ledger_report(struct ledger *ledger, billing_period period, size_t *cursor, size_t rows_max, bool *done,
                   const struct ledger_report_sink *sink, struct error *error)
{
    place_report(ledger, period, *cursor);
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, period);
    struct group_walk *walk =
        group_walk_open(ledger->store, period, ledger->report.has_after ? &ledger->report.after : NULL);
    struct group_key key;
    bool found = true, went = true;
    for (size_t left = rows_max; left > 0;) {
        uint32_t group;
        size_t rows, taken;
        went = ledger_next_group(ledger, walk, &key, &group, &found, error);
        if (!went || !found)
            break;
        size_t first = *cursor - ledger->report.rows;
        went = report_group(ledger, group, first, left, &rows, &taken, sink, error);
        if (!went)
            break;
        *cursor += taken;
        left -= taken;
        if (first + taken < rows)
            break;
        ledger->report.rows += rows;
        ledger->report.after = key;
        ledger->report.has_after = true;
    }
    group_walk_close(walk);
    *done = went && !found;
    return went;
}
