/*
 * model/price_list.h: published on-demand prices from AWS's offer files, several files as one list.
 *
 * An entry is one term of a sku: a later one takes over from the first month that begins with it in force. Entries whose
 * ranges end are allowances: they price nothing by themselves, but come before the tiers of the meters that they join.
 *
 * Owns its entries and texts; never changes once price_list_index has run. Thread: any number of readers.
 */
#ifndef MODEL_PRICE_LIST_H
#define MODEL_PRICE_LIST_H

#include "base/intern.h"
#include "model/conductor.h"

#define ENTRY_NONE UINT32_MAX
/* A month after all others: what is in force in the end. */
#define PERIOD_LATEST INT32_MAX

struct price_list_entry {
    struct text sku, service, usage_type, operation, unit; /* operation may be empty: any */
    struct schedule schedule;
    billing_period since; /* the first month at whose start it is in force; 0: always */
    /* Of an allowance: the skus that it is for; none: the service's meters that its "Global-" stands for. */
    const struct text *applies_to;
    uint32_t applies_to_count;
    /* Set by price_list_index: the allowances that join a meter, as numbers in `allowances`. */
    const uint32_t *allowances;
    uint32_t allowance_count;
    uint32_t file; /* of those that were read; a later file's sku replaces an earlier one's */
};

/* A range of an allowance. */
struct allowance {
    uint32_t entry; /* the first term of its sku */
    uint32_t range; /* from 0 */
};

struct price_list {
    struct arena arena;
    struct price_list_entry *entries; /* sorted by sku, usage type, since */
    size_t count, capacity;
    size_t left_out; /* skus that the files have and that are at fault */
    uint32_t files;
    struct allowance *allowances; /* sorted by sku, usage type, range */
    size_t allowance_count, allowance_capacity;
    /* Slots of entry number + 1, open addressing; several keys may lead to one entry. */
    uint32_t *by_sku, *by_operation, *by_usage_type, *tiered;
    size_t slot_count;
};

/* Begins a file: of two files that have a sku the later one's stays. */
void price_list_begin_file(struct price_list *list);
/* Adds a copy of an entry; tiers and texts are copied too. */
void price_list_add(struct price_list *list, const struct price_list_entry *entry);

/* Sorts and indexes, and joins allowances to meters. Of two entries alike the later added one stays. */
void price_list_index(struct price_list *list);

/* What of a row finds its price. Texts may be empty. */
struct price_query {
    struct text sku, service_code, product_code, usage_type, operation;
    bool has_rate;
    i128 rate; /* the row's own public rate, which tells entries of one meter apart */
    billing_period period;
};

/*
 * The entry that prices a meter in a month (SEMANTICS 3.2): by sku of the same usage type, else by service, usage type and
 * operation, else by service and usage type where the entry names no operation. The service is the service code before the
 * product; transfer that names no service code is looked for where AWS lists all of it. Of several entries of one price
 * the one with the smallest sku; of several prices the one that the own rate confirms, else none and *ambiguous. No
 * allowance is found. ENTRY_NONE if there is none.
 */
uint32_t price_list_find(const struct price_list *list, const struct price_query *query, bool *ambiguous);

/* The entry of a sku and usage type that is in force in a month; of none, its first. ENTRY_NONE: no such sku. */
uint32_t price_list_find_sku(const struct price_list *list, struct text sku, struct text usage_type, billing_period period);

/* True if any entry of this service and usage type has more than one tier, or an allowance before them. */
bool price_list_is_tiered(const struct price_list *list, struct text service, struct text usage_type);

/* The range of an allowance in a month: its quantity is end − begin. Empty in months in which it is none. */
struct tier price_list_allowance(const struct price_list *list, uint32_t allowance, billing_period period);

static inline bool price_list_entry_is_allowance(const struct price_list_entry *entry)
{
    return entry->schedule.tiers[entry->schedule.count - 1].end != TIER_NO_END;
}

/* Whether an entry is a term of the same sku and usage type as the one before it. */
static inline bool price_list_continues(const struct price_list *list, size_t index)
{
    return index > 0 && text_equal(list->entries[index - 1].sku, list->entries[index].sku) &&
           text_equal(list->entries[index - 1].usage_type, list->entries[index].usage_type);
}

/* Whether a usage type is `meter`, alone or behind a region's prefix: "USW2-Request" is a "Request". */
bool usage_type_is_of_meter(struct text usage_type, struct text meter);

void price_list_done(struct price_list *list);

#endif
