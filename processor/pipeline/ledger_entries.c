/*
 * pipeline/ledger_entries.c: an entry of the ledger and its parts: what it is worth, which totals and pools it is in, what
 * is to be written or saved of it.
 */
#include <stdlib.h>

#include "assign/assign.h"
#include "pipeline/ledger_parts.h"

void ledger_leaf_mark_unsaved(struct ledger *ledger, uint32_t leaf)
{
    if (ledger->directory.leaves[leaf].unsaved)
        return;
    ledger->directory.leaves[leaf].unsaved = true;
    ledger->unsaved =
        memory_reserve_one(ledger->unsaved, ledger->unsaved_count, &ledger->unsaved_capacity, sizeof *ledger->unsaved);
    ledger->unsaved[ledger->unsaved_count++] = leaf;
}

void ledger_mark_unsaved(struct ledger *ledger, struct entry *entry)
{
    if (entry->unsaved)
        return;
    entry->unsaved = true;
    ledger_leaf_mark_unsaved(ledger, entry->leaf);
    ledger->unsaved_rows++;
}

void ledger_mark_dirty(struct ledger *ledger, struct entry *entry)
{
    ledger_mark_unsaved(ledger, entry);
    if (entry->dirty)
        return;
    entry->dirty = true;
    ledger->dirty = memory_reserve_one(ledger->dirty, ledger->dirty_count, &ledger->dirty_capacity, sizeof *ledger->dirty);
    ledger->dirty[ledger->dirty_count++] = (uint32_t)(entry - ledger->entries);
}

static void make_room_for_part(struct ledger *ledger, struct entry *entry)
{
    if (entry->part_count < entry->part_room)
        return;
    CHECK(entry->part_room < UINT16_MAX / 2);
    uint16_t room = (uint16_t)(entry->part_room ? entry->part_room * 2 : 1);
    struct part *parts = arena_take(&ledger->parts, room * sizeof *parts, _Alignof(struct part));
    if (entry->part_count)
        memcpy(parts, entry->parts, entry->part_count * sizeof *parts);
    entry->parts = parts;
    entry->part_room = room;
}

struct part *ledger_part_of(struct ledger *ledger, struct entry *entry, uint32_t tier)
{
    uint16_t at = 0;
    while (at < entry->part_count && entry->parts[at].tier < tier)
        at++;
    if (at < entry->part_count && entry->parts[at].tier == tier)
        return &entry->parts[at];
    make_room_for_part(ledger, entry);
    memmove(&entry->parts[at + 1], &entry->parts[at], (size_t)(entry->part_count - at) * sizeof *entry->parts);
    entry->part_count++;
    entry->parts[at] = (struct part){ .tier = tier };
    return &entry->parts[at];
}

static const struct resolved *resolve(struct price_cache *prices, const struct row_identity *identity)
{
    uint32_t group =
        assign_group(pricing_of(prices->pricing, identity->period)->conductor, identity->account, identity->period);
    return price_cache_get(prices, group, identity->period, identity->facts);
}

const struct resolved *ledger_resolve(struct ledger *ledger, const struct row_view *view)
{
    struct row_identity identity = row_view_identity(view);
    return resolve(&ledger->prices, &identity);
}

/* Places outlive the cache's answers, and are as good as they. */
#define TOTAL_NONE UINT32_MAX

static bool is_valid(const struct row_memo *memo, billing_period period, uint64_t generation)
{
    return memo->period == period && memo->generation == generation && memo->value;
}

/* Rows of the same facts and account follow each other hour by hour: what prices one prices the next. */
const struct resolved *ledger_resolve_entry(struct ledger *ledger, struct entry *entry, const struct row_identity *identity)
{
    struct price_cache *prices = &ledger->prices;
    if (entry->resolved && entry->generation == prices->generation)
        return entry->resolved;
    struct row_memo *memo = row_table_memo(ledger->table, entry->row);
    if (!is_valid(memo, identity->period, prices->generation)) {
        memo->value = resolve(prices, identity);
        memo->period = identity->period;
        memo->generation = prices->generation; /* as it is behind the call */
        memo->number = TOTAL_NONE;
    }
    entry->resolved = memo->value;
    entry->generation = memo->generation;
    entry->total = memo->number;
    return entry->resolved;
}

struct month *ledger_month_of(struct ledger *ledger, billing_period period)
{
    for (size_t i = 0; i < ledger->month_count; i++)
        if (ledger->months[i].period == period)
            return &ledger->months[i];
    ledger->months =
        memory_reserve_one(ledger->months, ledger->month_count, &ledger->month_capacity, sizeof *ledger->months);
    ledger->months[ledger->month_count] = (struct month){ .period = period };
    return &ledger->months[ledger->month_count++];
}

static struct total *find_total(struct month *month, uint64_t account, const struct resolved *resolved)
{
    return totals_get(&month->totals, resolved->price.group, account, resolved->facts.product_code,
                      price_shown_type(&resolved->price, &resolved->facts));
}

struct total *ledger_total_of(struct ledger *ledger, const struct row_view *view, const struct resolved *resolved)
{
    struct month *month = ledger_month_of(ledger, view->period);
    struct total *total = find_total(month, view->account, resolved);
    ledger_total_changed(month, total);
    return total;
}

void ledger_total_changed(struct month *month, struct total *total)
{
    total->unsaved = true;
    if (total->changed)
        return;
    total->changed = true;
    month->changed =
        memory_reserve_one(month->changed, month->changed_count, &month->changed_capacity, sizeof *month->changed);
    month->changed[month->changed_count++] = (uint32_t)(total - month->totals.items);
}

struct total *ledger_total_of_entry(struct ledger *ledger, struct entry *entry, const struct row_identity *identity)
{
    const struct resolved *resolved = entry->resolved;
    struct month *month = ledger_month_of(ledger, identity->period);
    if (entry->total == TOTAL_NONE) {
        struct row_memo *memo = row_table_memo(ledger->table, entry->row);
        entry->total = (uint32_t)(find_total(month, identity->account, resolved) - month->totals.items);
        if (is_valid(memo, identity->period, entry->generation))
            memo->number = entry->total;
    }
    struct total *total = &month->totals.items[entry->total];
    ledger_total_changed(month, total);
    return total;
}

bool ledger_parts_are_zero(const struct entry *entry)
{
    for (uint16_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        if (!sum_is_zero(&part->quantity) || !sum_is_zero(&part->public_cost) || !sum_is_zero(&part->cost))
            return false;
    }
    return true;
}

void ledger_empty_parts(struct entry *entry)
{
    for (uint16_t i = 0; i < entry->part_count; i++) {
        struct part *part = &entry->parts[i];
        part->quantity = part->public_cost = part->cost = (struct sum){ 0 };
        part->live = false;
    }
}

void ledger_leave_pool(struct ledger *ledger, const struct entry *entry, uint32_t pool)
{
    for (uint16_t i = 0; i < entry->part_count && pool != POOL_NONE; i++)
        pools_subtract(&ledger->prices.pools, pool, pool_part_of_tier(entry->parts[i].tier), &entry->parts[i].quantity);
}

void ledger_enter_pool(struct ledger *ledger, const struct entry *entry, uint32_t pool)
{
    for (uint16_t i = 0; i < entry->part_count && pool != POOL_NONE; i++)
        pools_add(&ledger->prices.pools, pool, pool_part_of_tier(entry->parts[i].tier), &entry->parts[i].quantity);
}

static void note_public_rate(struct part *part, const struct priced_slice *slice)
{
    part->has_public_rate =
        slice->has_public_rate && (!part->live || (part->has_public_rate && part->public_rate == slice->public_rate));
    part->public_rate = slice->public_rate;
}

static void add_to_part(struct ledger *ledger, struct entry *entry, uint32_t pool, const struct priced_slice *slice)
{
    struct part *part = ledger_part_of(ledger, entry, slice->tier);
    struct sum quantity = sum_of(slice->quantity);
    note_public_rate(part, slice);
    part->live = true;
    sum_add_sum(&part->quantity, &quantity);
    sum_add(&part->public_cost, slice->public_cost);
    sum_add(&part->cost, slice->cost);
    pools_add(&ledger->prices.pools, pool, pool_part_of_tier(slice->tier), &quantity);
}

bool ledger_add_to_parts(struct ledger *ledger, struct entry *entry, const struct resolved *resolved,
                         const struct row_values *values)
{
    struct pool_place place = price_cache_place(&ledger->prices, resolved->pool);
    struct rated_row rated;
    rate_row(&ledger->rater, &resolved->price, values, &place, &rated);
    if (rated.status != STATUS_CHARGED)
        return false;
    for (uint32_t i = 0; i < rated.slice_count; i++)
        add_to_part(ledger, entry, resolved->pool, &rated.slices[i]);
    return true;
}

/* ---- line items of an entry ---- */

void ledger_rate_entry(struct ledger *ledger, const struct entry *entry, const struct resolved *resolved,
                       const struct row_view *view, struct rated_row *rated)
{
    const struct price *price = &resolved->price;
    if (resolved->pool == POOL_NONE && view->values.usage_events == 0) {
        *rated = (struct rated_row){ .status = STATUS_LEFT_OUT };
        return;
    }
    if (resolved->pool == POOL_NONE) {
        rate_row(&ledger->rater, price, &view->values, NULL, rated);
        return;
    }
    if (view->values.usage_events > 0 && !rate_fits(price, &view->values)) {
        struct price nothing = *price;
        nothing.kind = PRICE_NOTHING;
        nothing.status = STATUS_UNPRICED;
        nothing.reason = UNPRICED_TOO_LARGE;
        rate_row(&ledger->rater, &nothing, &view->values, NULL, rated);
        return;
    }
    rate_parts(&ledger->rater, entry->part_count, rated);
    rated->slice_count = 0;
    for (uint32_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        if (!part->live)
            continue;
        struct priced_slice *slice = &rated->slices[rated->slice_count++];
        bool fits = sum_value(&part->quantity, &slice->quantity) && sum_value(&part->public_cost, &slice->public_cost) &&
                    sum_value(&part->cost, &slice->cost);
        CHECK(fits); /* parts_fit has said so */
        slice->has_public_rate = part->has_public_rate;
        slice->public_rate = part->public_rate;
        rate_of_part(price, part->tier, slice);
    }
}

/* Of no quantity there is a public cost where what came in and what went out lay in different published tiers. */
static bool slice_is_nothing(const struct priced_slice *slice)
{
    return slice->quantity == 0 && slice->cost == 0 && slice->public_cost == 0;
}

void ledger_drop_empty_parts(struct rated_row *rated, bool is_taken_back)
{
    uint32_t kept = 0, least = is_taken_back ? 0 : 1;
    for (uint32_t i = 0; i < rated->slice_count; i++)
        if (!slice_is_nothing(&rated->slices[i]) || rated->slice_count == least)
            rated->slices[kept++] = rated->slices[i];
    /* A row whose parts have all become nothing keeps its lowest, unless it was taken back. */
    rated->slice_count = kept > least ? kept : least;
}
