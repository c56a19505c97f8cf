/*
 * pipeline/ledger_save.c: what is committed goes to the store in one batch: the rows that changed as new pages of their
 * leaves, the totals that equal them, pools, and the place in the line-items partition where a replay goes on.
 */
#include <stdlib.h>

#include "pipeline/ledger_stored.h"
#include "store/bytes.h"

/* A leaf of so many pages is written anew as a whole. */
#define PAGES_MAX 6

size_t ledger_unsaved_rows(const struct ledger *ledger)
{
    return ledger->unsaved_rows;
}

/* ---- rows ---- */

static void put_page(struct ledger *ledger, struct leaf *leaf)
{
    if (ledger->page_writer.row_count == 0)
        return;
    ledger_store_put_page(ledger->store, &leaf->key, leaf->end_page++, page_value(&ledger->page_writer));
    page_clear(&ledger->page_writer);
}

static void save_row(struct ledger *ledger, struct leaf *leaf, const struct entry *entry)
{
    struct row_view NOT_CLEARED view;
    row_table_read(ledger->table, entry->row, &view);
    buffer_clear(&ledger->extra);
    stored_parts_write(entry, &ledger->extra);
    if (!page_has_room(&ledger->page_writer))
        put_page(ledger, leaf);
    page_add_with(&ledger->page_writer, &view, buffer_text(&ledger->extra));
}

/* A row that is gone matters only where earlier pages have it. */
static bool is_none(const struct ledger *ledger, const struct entry *entry)
{
    return entry->part_count == 0 && row_table_events(ledger->table, entry->row) == 0;
}

/* From here on its entries count as saved: if the write fails the ledger goes as a whole. */
static void save_leaf(struct ledger *ledger, struct leaf *leaf)
{
    uint32_t before_first = leaf->first_page, before_end = leaf->end_page;
    bool whole = leaf->whole || before_end - before_first >= PAGES_MAX;
    for (uint32_t at = leaf->first; at != 0; at = ledger->entries[at - 1].next) {
        struct entry *entry = &ledger->entries[at - 1];
        if (whole ? !is_none(ledger, entry) : entry->unsaved)
            save_row(ledger, leaf, entry);
        entry->unsaved = false;
    }
    put_page(ledger, leaf);
    for (uint32_t number = before_first; whole && number < before_end; number++)
        ledger_store_drop_page(ledger->store, &leaf->key, number);
    if (whole)
        leaf->first_page = before_end;
    leaf->whole = leaf->unsaved = false;
    buffer_clear(&ledger->extra);
    stored_leaf_write(leaf, &ledger->extra);
    ledger_store_put_leaf(ledger->store, &leaf->key, buffer_text(&ledger->extra));
}

/* ---- small records ---- */

static void save_totals(struct ledger *ledger, struct buffer *key, struct buffer *value)
{
    for (size_t m = 0; m < ledger->month_count; m++) {
        struct month *month = &ledger->months[m];
        for (size_t i = 0; i < month->totals.count; i++) {
            struct total *total = &month->totals.items[i];
            if (!total->unsaved)
                continue;
            total->unsaved = false;
            buffer_clear(key);
            buffer_clear(value);
            stored_total_write(ledger, month->period, total, &month->totals, key, value);
            ledger_store_put(ledger->store, LEDGER_STORE_TOTAL, buffer_text(key), buffer_text(value));
        }
    }
}

static void save_pools(struct ledger *ledger, struct buffer *value)
{
    struct pools *pools = &ledger->prices.pools;
    for (uint32_t i = 0; i < pools->keys.count; i++) {
        struct pool *pool = &pools->items[i];
        if (!pool->unsaved)
            continue;
        pool->unsaved = false;
        buffer_clear(value);
        bytes_put_signed(value, ledger->totals_tag);
        bytes_put_sum(value, &pool->position);
        bytes_put_sum(value, &pool->waiting);
        for (uint32_t s = 0; s < pool->share_count; s++)
            bytes_put_sum(value, &pools->shares[pool->first_share + s].held);
        ledger_store_put(ledger->store, LEDGER_STORE_POOL, intern_text(&pools->keys, i), buffer_text(value));
    }
}

bool ledger_save(struct ledger *ledger, const struct ledger_point *point, struct error *error)
{
    struct buffer key = { 0 }, value = { 0 };
    CHECK(ledger->dirty_count == 0);
    for (size_t i = 0; i < ledger->unsaved_count; i++)
        save_leaf(ledger, &ledger->directory.leaves[ledger->unsaved[i]]);
    ledger->unsaved_count = ledger->unsaved_rows = 0;
    if (ledger->totals_hold) {
        save_totals(ledger, &key, &value);
        save_pools(ledger, &value);
    }
    buffer_clear(&value);
    stored_point_write(ledger, point, &value);
    ledger_store_put(ledger->store, LEDGER_STORE_POINT, TEXT_NONE, buffer_text(&value));
    buffer_done(&key);
    buffer_done(&value);
    ledger->store_failed = !ledger_store_write(ledger->store, error);
    return !ledger->store_failed;
}

void ledger_forget(struct ledger *ledger)
{
    CHECK(ledger->dirty_count == 0 && ledger->unsaved_count == 0);
    row_table_reset(ledger->table);
    ledger_unload(ledger);
    price_cache_forget(&ledger->prices);
}

bool ledger_has_month_until(const struct ledger *ledger, billing_period period)
{
    for (size_t i = 0; i < ledger->month_count; i++)
        if (ledger->months[i].period <= period)
            return true;
    return false;
}

bool ledger_drop_until(struct ledger *ledger, billing_period period, struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < ledger->month_count; i++) {
        struct month *month = &ledger->months[i];
        if (month->period > period) {
            ledger->months[kept++] = *month;
            continue;
        }
        ledger_store_drop_month(ledger->store, month->period);
        ledger_month_done(month);
    }
    ledger->month_count = kept;
    ledger_forget(ledger);
    ledger_leaves_drop_until(ledger, period);
    ledger->store_failed = !ledger_store_write(ledger->store, error);
    return !ledger->store_failed;
}

/* ---- restoring ---- */

/* Ids of the billing groups of the document that prices a month, each interned as its place. */
struct group_places {
    const struct pricing *pricing; /* NULL: none yet */
    struct intern ids;
};

struct restoring {
    struct ledger *ledger;
    struct ledger_point *point;
    struct arena *arena;
    struct group_places groups; /* of the total at hand: they come in the order of their months */
    bool found, usable;
};

static const struct intern *groups_of(struct restoring *restoring, billing_period period)
{
    const struct pricing *pricing = pricing_of(restoring->ledger->prices.pricing, period);
    struct group_places *groups = &restoring->groups;
    if (groups->pricing == pricing)
        return &groups->ids;
    intern_done(&groups->ids);
    groups->pricing = pricing;
    for (size_t i = 0; i < pricing->conductor->group_count; i++)
        intern_add(&groups->ids, pricing->conductor->groups[i].id);
    return &groups->ids;
}

static bool take_point(void *context, struct text key, struct text value, struct error *error)
{
    struct restoring *restoring = context;
    (void)key;
    restoring->found = true;
    if (!stored_point_read(restoring->ledger, value, restoring->point, &restoring->usable, error))
        return false;
    restoring->point->marker = arena_copy(restoring->arena, restoring->point->marker);
    return true;
}

static bool take_leaf(void *context, const struct leaf_key *key, struct text value, struct error *error)
{
    struct restoring *restoring = context;
    return stored_leaf_read(restoring->ledger, key, value, error);
}

static bool take_total(void *context, struct text key, struct text value, struct error *error)
{
    struct restoring *restoring = context;
    return stored_total_read(restoring->ledger, groups_of(restoring, stored_total_period(key)), key, value, error);
}

static bool take_pool(void *context, struct text key, struct text value, struct error *error)
{
    struct restoring *restoring = context;
    struct price_cache *prices = &restoring->ledger->prices;
    struct byte_reader reader = bytes_reader(value);
    int64_t tag = bytes_take_signed(&reader);
    if (!reader.failed && (!restoring->ledger->totals_hold || tag != restoring->ledger->totals_tag))
        return true; /* of before a sweep */
    uint32_t pool = price_cache_pool(prices, key);
    prices->pools.items[pool].position = bytes_take_sum(&reader);
    prices->pools.items[pool].waiting = bytes_take_sum(&reader);
    for (uint32_t i = 0; i < prices->pools.items[pool].share_count; i++) {
        struct sum held = bytes_take_sum(&reader);
        pools_add(&prices->pools, pool, i, &held);
    }
    prices->pools.items[pool].unsaved = false;
    return (!reader.failed && reader.at == reader.end) ||
           error_fail(error, ERROR_FAILED, "state store: damaged pool of %zu bytes", value.size);
}

bool ledger_restore(struct ledger *ledger, struct ledger_point *point, struct arena *arena, bool *found, struct error *error)
{
    struct restoring restoring = { .ledger = ledger, .point = point, .arena = arena };
    bool done = ledger_store_each(ledger->store, LEDGER_STORE_POINT, take_point, &restoring, error);
    *found = restoring.found && restoring.usable;
    ledger->totals_hold = !*found || point->version == ledger->prices.pricing->version;
    if (done && *found)
        done = ledger_store_each_leaf(ledger->store, take_leaf, &restoring, error) &&
               (ledger_leaves_are_whole(ledger) ||
                error_fail(error, ERROR_FAILED, "state store: the first leaf of a bucket is missing")) &&
               ledger_store_each(ledger->store, LEDGER_STORE_TOTAL, take_total, &restoring, error) &&
               ledger_store_each(ledger->store, LEDGER_STORE_POOL, take_pool, &restoring, error);
    intern_done(&restoring.groups.ids);
    ledger->store_failed = !done;
    return done;
}
