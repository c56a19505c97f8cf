/*
 * pipeline/ledger_replay.c: a line item that was written as the row it came from. A replayed row takes its place in totals
 * and pools at once, so that a replay may begin in the middle: at what the store has.
 */
#include "pipeline/ledger_parts.h"
#include "pipeline/ledger_stored.h"
#include "pipeline/line_item_row.h"

/* ---- a row's share of totals and pools ---- */

void ledger_add_share(struct total *total, const struct entry *entry, const struct row_view *view,
                      const struct resolved *resolved)
{
    int64_t end = view->values.usage_end_ms != USAGE_END_NONE ? view->values.usage_end_ms : view->bucket_ms;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    total->usage_events += view->values.usage_events;
    total->charged_rows += entry->charged;
    sum_add_sum(resolved->price.counts_as_tax ? &total->tax : &total->billable_cost,
                row_billable(&view->values, &resolved->facts));
    for (uint16_t i = 0; i < entry->part_count; i++) {
        sum_add(&total->cost, entry->parts[i].written_cost);
        sum_add(&total->public_cost, entry->parts[i].written_public_cost);
    }
}

static void take_share(struct total *total, const struct entry *entry, const struct row_view *view,
                       const struct resolved *resolved)
{
    total->usage_events -= view->values.usage_events;
    total->charged_rows -= entry->charged;
    sum_subtract(resolved->price.counts_as_tax ? &total->tax : &total->billable_cost,
                 row_billable(&view->values, &resolved->facts));
    for (uint16_t i = 0; i < entry->part_count; i++) {
        sum_add(&total->cost, -entry->parts[i].written_cost);
        sum_add(&total->public_cost, -entry->parts[i].written_public_cost);
    }
}

/* ---- the row ---- */

/* Of a row that is priced, a part holds what its line item says; of one that is not, nothing. */
static void replay_part(struct part *part, const struct line_item *item, bool charged)
{
    *part = (struct part){ .tier = part->tier,
                           .written = !line_item_is_nothing(item),
                           .written_cost = item->cost,
                           .written_public_cost = item->public_cost,
                           .written_hash = line_item_price_hash(item),
                           .has_public_rate = record_has(item, LINE_ITEM_public_rate),
                           .public_rate = item->public_rate };
    if (!charged)
        return;
    part->live = part->written;
    part->quantity = item->usage_amount;
    sum_add(&part->public_cost, item->public_cost);
    sum_add(&part->cost, item->cost);
}

/* A tiered row's quantity is that of its parts; only they say it all. */
static void restore_amount(struct ledger *ledger, const struct entry *entry)
{
    struct row_view view;
    row_table_read(ledger->table, entry->row, &view);
    view.values.amount = (struct sum){ 0 };
    for (uint16_t i = 0; i < entry->part_count; i++)
        sum_add_sum(&view.values.amount, &entry->parts[i].quantity);
    row_table_set(ledger->table, entry->row, &view.values, view.description);
}

/* Of a flat row that the document in force has priced. Its parts of other versions are nothing. */
static bool costs_match(struct ledger *ledger, const struct entry *entry, const struct resolved *resolved,
                        const struct row_view *view, const struct line_item *item)
{
    struct rated_row rated;
    if (resolved->pool != POOL_NONE || item->usage_events == 0 ||
        item->conductor_version != pricing_of(ledger->prices.pricing, view->period)->conductor->version)
        return true;
    ledger_rate_entry(ledger, entry, resolved, view, &rated);
    return !record_has(item, LINE_ITEM_tier) && item->cost == rated.slices[0].cost;
}

static bool is_written(const struct entry *entry)
{
    for (uint16_t i = 0; i < entry->part_count; i++)
        if (entry->parts[i].written)
            return true;
    return false;
}

static void forget_values(struct ledger *ledger, const struct entry *entry)
{
    static const struct row_values nothing = { .usage_end_ms = USAGE_END_NONE };
    row_table_set(ledger->table, entry->row, &nothing, TEXT_NONE);
}

/* Not met yet: the line item that says how many events the row has. */
static bool lacks_first(const struct entry *entry, const struct row_view *view)
{
    return view->values.usage_events == 0 && is_written(entry) && !entry->taken_back;
}

/* What the line item says takes the place of what was known of its row. */
static void replay_row(struct ledger *ledger, struct entry *entry, uint32_t tier, const struct line_item *item)
{
    bool charged = text_equal(item->status, line_item_status_text(STATUS_CHARGED));
    struct row_values values;
    replay_part(ledger_part_of(ledger, entry, tier), item, charged);
    if (item->usage_events > 0) {
        entry->charged = charged;
        entry->taken_back = false;
        line_item_row_values(item, &values);
        row_table_set(ledger->table, entry->row, &values, item->description);
    } else if (text_equal(item->reason, TEXT(REASON_TAKEN_BACK)) || !is_written(entry)) {
        entry->charged = entry->taken_back = is_written(entry);
        forget_values(ledger, entry);
    }
    bool is_whole = tier == 0 && item->usage_events > 0; /* parts of tiers that it had are about to go */
    if (entry->charged && !is_whole && (tier > 0 || entry->part_count > 1))
        restore_amount(ledger, entry);
}

/* An id that is written again, or whose value is taken away, needs no taking away any more. */
static bool take_from_gone(struct ledger *ledger, struct text id)
{
    for (size_t at = 0; at + LINE_ITEM_ID_LETTERS <= ledger->gone.size; at += LINE_ITEM_ID_LETTERS) {
        char *found = ledger->gone.data + at;
        if (id.size != LINE_ITEM_ID_LETTERS || memcmp(found, id.data, id.size) != 0)
            continue;
        ledger->gone.size -= LINE_ITEM_ID_LETTERS;
        memmove(found, found + LINE_ITEM_ID_LETTERS, ledger->gone.size - at);
        return true;
    }
    return false;
}

bool ledger_replay_gone(struct ledger *ledger, struct text line_item_id)
{
    if (take_from_gone(ledger, line_item_id) || intern_find(&ledger->replayed_zeros, line_item_id) != INTERN_NONE)
        return true;
    uint32_t number = intern_add(&ledger->unmet, line_item_id);
    if (number >= ledger->unmet_capacity) {
        ledger->unmet_capacity = (size_t)number * 2 + 64;
        ledger->unmet_holds = memory_grow(ledger->unmet_holds, ledger->unmet_capacity, sizeof *ledger->unmet_holds);
    }
    ledger->unmet_holds[number] = true;
    return false;
}

/* A value has followed. */
static void take_from_unmet(struct ledger *ledger, struct text id)
{
    uint32_t number = ledger->unmet.count ? intern_find(&ledger->unmet, id) : INTERN_NONE;
    if (number != INTERN_NONE)
        ledger->unmet_holds[number] = false;
}

/* A part that came to nothing: unless its deletion or another value follows, it still has to be deleted. */
static void replay_nothing(struct ledger *ledger, const struct line_item *item)
{
    intern_add(&ledger->replayed_zeros, item->line_item_id);
    buffer_append_text(&ledger->gone, item->line_item_id);
}

bool ledger_replay(struct ledger *ledger, const struct line_item *item, struct error *error)
{
    struct row_identity identity;
    struct entry *entry;
    uint32_t tier = record_has(item, LINE_ITEM_tier) ? (uint32_t)item->tier : 0;
    if (!line_item_row(item, tier, &ledger->facts, &ledger->scratch, &identity))
        return error_fail(error, ERROR_FAILED, "line item %.*s: its id is not that of its facts",
                          TEXT_ARGS(item->line_item_id));
    uint32_t row = row_table_take(ledger->table, &identity);
    if (!ledger_entry_of(ledger, row, &identity, &entry, error))
        return false;
    struct row_view view;
    row_table_read(ledger->table, row, &view);
    const struct resolved *resolved = ledger_resolve_entry(ledger, entry, &identity);
    struct total *total = resolved->price.in_sums ? ledger_total_of_entry(ledger, entry, &identity) : NULL;
    ledger->rows_without_events -= lacks_first(entry, &view);
    if (total)
        take_share(total, entry, &view, resolved);
    ledger_leave_pool(ledger, entry, resolved->pool);
    replay_row(ledger, entry, tier, item);
    row_table_read(ledger->table, row, &view);
    if (total)
        ledger_add_share(total, entry, &view, resolved);
    ledger_enter_pool(ledger, entry, resolved->pool);
    ledger->rows_without_events += lacks_first(entry, &view);
    ledger->mismatches += !costs_match(ledger, entry, resolved, &view, item);
    take_from_gone(ledger, item->line_item_id);
    take_from_unmet(ledger, item->line_item_id);
    if (line_item_is_nothing(item))
        replay_nothing(ledger, item);
    ledger_mark_unsaved(ledger, entry);
    return true;
}

/* ---- what compaction takes in the middle of a replay ---- */

/* Whether a part of the row is written whose id has lost its value. */
static bool is_contradicted(struct ledger *ledger, const struct row_identity *identity, const struct entry *entry)
{
    char id[LINE_ITEM_ID_LETTERS];
    line_item_task_letters(ledger->options.task, id);
    for (uint16_t i = 0; i < entry->part_count; i++) {
        if (!entry->parts[i].written)
            continue;
        line_item_identity_letters(identity, entry->parts[i].tier, &ledger->scratch, id + LINE_ITEM_TASK_LETTERS);
        uint32_t number = intern_find(&ledger->unmet, (struct text){ id, sizeof id });
        if (number != INTERN_NONE && ledger->unmet_holds[number])
            return true;
    }
    return false;
}

static bool look_in_memory(struct ledger *ledger, const struct leaf *leaf)
{
    for (uint32_t at = leaf->first; at != 0; at = ledger->entries[at - 1].next) {
        struct row_identity identity = row_table_identity_of(ledger->table, ledger->entries[at - 1].row);
        if (is_contradicted(ledger, &identity, &ledger->entries[at - 1]))
            return true;
    }
    return false;
}

/* Without bringing the leaf into memory. */
static bool look_in_store(struct ledger *ledger, const struct leaf *leaf, struct entry *scratch, bool *contradicted,
                          struct error *error)
{
    for (uint32_t number = leaf->first_page; number < leaf->end_page && !*contradicted; number++) {
        if (!ledger_store_read_page(ledger->store, &leaf->key, number, ledger->page, error))
            return false;
        for (size_t i = 0; i < ledger->page->row_count && !*contradicted; i++) {
            struct row_identity identity = row_view_identity(&ledger->page->rows[i]);
            if (!stored_parts_read(ledger, scratch, ledger->page->extras[i], error))
                return false;
            *contradicted = is_contradicted(ledger, &identity, scratch);
        }
    }
    return true;
}

bool ledger_replay_contradicted(struct ledger *ledger, bool *contradicted, struct error *error)
{
    struct leaf_walk walk = { .later_too = true };
    struct entry scratch = { 0 };
    uint32_t leaf;
    bool done = true, holds = false;
    *contradicted = false;
    for (size_t i = 0; i < ledger->unmet.count && !holds; i++)
        holds = ledger->unmet_holds[i];
    while (holds && done && !*contradicted && ledger_walk_sees(ledger, &walk, &leaf)) {
        const struct leaf *looked_at = &ledger->directory.leaves[leaf];
        if (looked_at->loaded)
            *contradicted = look_in_memory(ledger, looked_at);
        else
            done = look_in_store(ledger, looked_at, &scratch, contradicted, error);
        ledger_walk_move(ledger, &walk, leaf, 0);
    }
    intern_reset(&ledger->unmet);
    ledger->store_failed = ledger->store_failed || !done;
    return done;
}

bool ledger_replay_done(struct ledger *ledger, uint64_t *mismatches, struct error *error)
{
    *mismatches = ledger->mismatches;
    intern_reset(&ledger->replayed_zeros);
    if (ledger->rows_without_events > 0)
        return error_fail(error, ERROR_FAILED, "the ledger of task %u lacks the first line item of a row",
                          ledger->options.task);
    return true;
}
