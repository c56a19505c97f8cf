/* pipeline/ledger_load.c: which rows are in memory: those of whole leaves, which come back when one of them is touched. */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"
#include "pipeline/ledger_stored.h"

static void add_entry(struct ledger *ledger, uint32_t row, uint32_t leaf)
{
    struct leaf *home = &ledger->directory.leaves[leaf];
    ledger->entries =
        memory_reserve_one(ledger->entries, ledger->entry_count, &ledger->entry_capacity, sizeof *ledger->entries);
    ledger->entries[ledger->entry_count++] = (struct entry){ .row = row, .leaf = leaf, .next = home->first };
    *row_table_word(ledger->table, row) = home->first = (uint32_t)ledger->entry_count;
    home->row_count++;
}

/* A row of a page replaces what earlier pages said of it. */
static bool load_row(struct ledger *ledger, uint32_t leaf, const struct row_view *view, struct text extra,
                     struct error *error)
{
    struct row_identity identity = { view->period, view->bucket_ms, view->account, view->resource, view->facts };
    uint32_t row = row_table_take(ledger->table, &identity);
    if (*row_table_word(ledger->table, row) == 0)
        add_entry(ledger, row, leaf);
    row_table_set(ledger->table, row, &view->values, view->description);
    return stored_parts_read(ledger, &ledger->entries[*row_table_word(ledger->table, row) - 1], extra, error);
}

static bool load_pages(struct ledger *ledger, uint32_t leaf, struct error *error)
{
    const struct leaf *loaded = &ledger->directory.leaves[leaf];
    for (uint32_t number = loaded->first_page; number < loaded->end_page; number++) {
        if (!ledger_store_read_page(ledger->store, &loaded->key, number, ledger->page, error))
            return false;
        for (size_t i = 0; i < ledger->page->row_count; i++)
            if (!load_row(ledger, leaf, &ledger->page->rows[i], ledger->page->extras[i], error))
                return false;
    }
    return true;
}

bool ledger_load_leaf(struct ledger *ledger, uint32_t leaf, struct error *error)
{
    if (ledger->directory.leaves[leaf].loaded)
        return true;
    ledger->store_failed = !load_pages(ledger, leaf, error);
    ledger->directory.leaves[leaf].loaded = true;
    return !ledger->store_failed;
}

bool ledger_entry_of(struct ledger *ledger, uint32_t row, const struct row_identity *identity, struct entry **ret_entry,
                     struct error *error)
{
    if (*row_table_word(ledger->table, row) == 0) {
        uint32_t leaf = ledger_leaf_of(ledger, identity);
        if (!ledger_load_leaf(ledger, leaf, error))
            return false;
        /* Its leaf may just have brought the row along. */
        if (*row_table_word(ledger->table, row) == 0) {
            add_entry(ledger, row, leaf);
            ledger_leaf_split_if_large(ledger, leaf);
        }
    }
    *ret_entry = &ledger->entries[*row_table_word(ledger->table, row) - 1];
    return true;
}

void ledger_unload(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->directory.leaf_count; i++) {
        struct leaf *leaf = &ledger->directory.leaves[i];
        leaf->first = leaf->row_count = 0;
        leaf->loaded = leaf->end_page == leaf->first_page;
    }
    free(ledger->entries);
    arena_done(&ledger->parts);
    ledger->entries = NULL;
    ledger->entry_count = ledger->entry_capacity = 0;
}
