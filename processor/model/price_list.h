/*
 * model/price_list.h: published on-demand prices from AWS's offer files, several files as one list.
 *
 * Owns its entries and texts; never changes once price_list_index has run. Thread: any number of readers.
 */
#ifndef MODEL_PRICE_LIST_H
#define MODEL_PRICE_LIST_H

#include "base/intern.h"
#include "model/conductor.h"

#define ENTRY_NONE UINT32_MAX

struct price_list_entry {
    struct text sku, service, usage_type, operation, unit; /* operation may be empty: any */
    struct schedule schedule;
};

struct price_list {
    struct arena arena;
    struct price_list_entry *entries; /* sorted by sku, then usage type */
    size_t count, capacity;
    size_t left_out; /* skus that the files have and that are at fault */
    /* Slots of entry number + 1, open addressing; several keys may lead to one entry. */
    uint32_t *by_sku, *by_operation, *by_usage_type, *tiered;
    size_t slot_count;
};

/* Adds a copy of an entry; tiers and texts are copied too. */
void price_list_add(struct price_list *list, const struct price_list_entry *entry);

/* Sorts and indexes. Of two entries with the same sku and usage type the later added one stays. */
void price_list_index(struct price_list *list);

/*
 * The entry that prices a meter (DESIGN 3.2): by sku of the same usage type, else by service, usage type and
 * operation, else by service and usage type where the entry names no operation. Where several would do, the one with
 * the smallest sku. ENTRY_NONE if there is none.
 */
uint32_t price_list_find(const struct price_list *list, struct text sku, struct text service, struct text usage_type,
                         struct text operation);

/* True if any entry of this service and usage type has more than one tier. */
bool price_list_is_tiered(const struct price_list *list, struct text service, struct text usage_type);

void price_list_done(struct price_list *list);

#endif
