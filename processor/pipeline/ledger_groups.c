/*
 * pipeline/ledger_groups.c: which rows are in memory: whole groups. Rows come back from the store when one of their group is
 * touched, so a group in memory knows whether a row is new without a look at the disk.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "pipeline/ledger_parts.h"
#include "pipeline/ledger_stored.h"

static uint64_t group_hash(const struct group_key *key)
{
    return hash_mix(key->account, (uint64_t)key->bucket_ms << 17 ^ (uint64_t)(uint32_t)key->period);
}

static bool same_key(const struct group_key *a, const struct group_key *b)
{
    return a->account == b->account && a->bucket_ms == b->bucket_ms && a->period == b->period;
}

static void rehash(struct ledger *ledger)
{
    size_t slot_count = ledger->group_slot_count ? ledger->group_slot_count * 2 : 256;
    free(ledger->group_slots);
    ledger->group_slots = memory_new_array(slot_count, sizeof *ledger->group_slots);
    ledger->group_slot_count = slot_count;
    for (size_t i = 0; i < ledger->group_count; i++) {
        size_t slot = (size_t)group_hash(&ledger->groups[i].key) & (slot_count - 1);
        while (ledger->group_slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        ledger->group_slots[slot] = (uint32_t)i + 1;
    }
}

/* ---- entries ---- */

static void add_entry(struct ledger *ledger, uint32_t row, uint32_t group)
{
    ledger->entries =
        memory_reserve_one(ledger->entries, ledger->entry_count, &ledger->entry_capacity, sizeof *ledger->entries);
    ledger->entries[ledger->entry_count++] =
        (struct entry){ .row = row, .group = group, .next = ledger->groups[group].first };
    *row_table_word(ledger->table, row) = ledger->groups[group].first = (uint32_t)ledger->entry_count;
    ledger->groups[group].row_count++;
}

/* ---- loading ---- */

/* A row of a page replaces what earlier pages said of it. */
static bool load_row(struct ledger *ledger, uint32_t group, const struct row_view *view, struct text extra,
                     struct error *error)
{
    struct row_identity identity = { view->period, view->bucket_ms, view->account, view->resource, view->facts };
    uint32_t row = row_table_take(ledger->table, &identity);
    if (*row_table_word(ledger->table, row) == 0)
        add_entry(ledger, row, group);
    row_table_set(ledger->table, row, &view->values, view->description);
    return stored_parts_read(ledger, &ledger->entries[*row_table_word(ledger->table, row) - 1], extra, error);
}

static bool load_group(struct ledger *ledger, uint32_t group, struct error *error)
{
    struct group_key key = ledger->groups[group].key;
    struct group_pages pages;
    if (!ledger_store_find_group(ledger->store, &key, &pages, error))
        return false;
    ledger->groups[group].pages = pages;
    for (uint32_t number = pages.first; number < pages.end; number++) {
        if (!ledger_store_read_page(ledger->store, &key, number, ledger->page, error))
            return false;
        for (size_t i = 0; i < ledger->page->row_count; i++)
            if (!load_row(ledger, group, &ledger->page->rows[i], ledger->page->extras[i], error))
                return false;
    }
    return true;
}

bool ledger_group_of(struct ledger *ledger, const struct group_key *key, uint32_t *ret_group, struct error *error)
{
    if (ledger->group_count * 10 >= ledger->group_slot_count * 6)
        rehash(ledger);
    size_t mask = ledger->group_slot_count - 1, slot = (size_t)group_hash(key) & mask;
    for (; ledger->group_slots[slot] != 0; slot = (slot + 1) & mask) {
        *ret_group = ledger->group_slots[slot] - 1;
        if (same_key(&ledger->groups[*ret_group].key, key))
            return true;
    }
    ledger->groups =
        memory_reserve_one(ledger->groups, ledger->group_count, &ledger->group_capacity, sizeof *ledger->groups);
    ledger->groups[ledger->group_count] = (struct group){ .key = *key };
    ledger->group_slots[slot] = (uint32_t)++ledger->group_count;
    *ret_group = (uint32_t)ledger->group_count - 1;
    ledger->store_failed = !load_group(ledger, *ret_group, error);
    return !ledger->store_failed;
}

bool ledger_entry_of(struct ledger *ledger, uint32_t row, const struct row_identity *identity, struct entry **ret_entry,
                     struct error *error)
{
    if (*row_table_word(ledger->table, row) == 0) {
        struct group_key key = { identity->period, identity->bucket_ms, identity->account };
        uint32_t group;
        if (!ledger_group_of(ledger, &key, &group, error))
            return false;
        /* Its group may just have brought the row along. */
        if (*row_table_word(ledger->table, row) == 0)
            add_entry(ledger, row, group);
    }
    *ret_entry = &ledger->entries[*row_table_word(ledger->table, row) - 1];
    return true;
}

void ledger_groups_reset(struct ledger *ledger)
{
    free(ledger->entries);
    free(ledger->groups);
    free(ledger->group_slots);
    arena_done(&ledger->parts);
    ledger->entries = NULL;
    ledger->groups = NULL;
    ledger->group_slots = NULL;
    ledger->entry_count = ledger->entry_capacity = 0;
    ledger->group_count = ledger->group_capacity = ledger->group_slot_count = 0;
}
