/* model/price_join.c: allowances by the skus that they name, or by the meters that their "Global-" stands for. */
#include "model/price_join.h"

#include <stdlib.h>

#include "base/hash.h"

#define GLOBAL TEXT("Global-")
#define REGION_LETTERS_MIN 2
#define REGION_LETTERS_MAX 5

/* That an allowance is before the tiers of an entry. */
struct join {
    uint32_t entry, allowance;
};

struct joins {
    struct join *items;
    size_t count, capacity;
};

/* The size of "USW2-" in front of a usage type; 0 without a region's prefix. */
static size_t region_prefix(struct text usage_type)
{
    size_t size = 0;
    for (; size < usage_type.size && usage_type.data[size] != '-'; size++) {
        char letter = usage_type.data[size];
        if (!(letter >= 'A' && letter <= 'Z') && !(size > 0 && letter >= '0' && letter <= '9'))
            return 0;
    }
    bool is_region = size >= REGION_LETTERS_MIN && size <= REGION_LETTERS_MAX && size < usage_type.size;
    return is_region ? size + 1 : 0;
}

static struct text behind(struct text text, size_t prefix)
{
    return (struct text){ text.data + prefix, text.size - prefix };
}

bool usage_type_is_of_meter(struct text usage_type, struct text meter)
{
    return text_equal(usage_type, meter) || text_equal(behind(usage_type, region_prefix(usage_type)), meter);
}

static bool is_first(const struct price_list *list, size_t index)
{
    return !price_list_continues(list, index);
}

static void join(struct joins *joins, size_t entry, size_t allowance)
{
    joins->items = memory_reserve_one(joins->items, joins->count, &joins->capacity, sizeof *joins->items);
    joins->items[joins->count++] = (struct join){ (uint32_t)entry, (uint32_t)allowance };
}

/* ---- by sku ---- */

static size_t first_with_sku(const struct price_list *list, struct text sku)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (text_compare(list->entries[middle].sku, sku) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void join_skus(const struct price_list *list, size_t allowance, const struct price_list_entry *from,
                      struct joins *joins)
{
    for (uint32_t i = 0; i < from->applies_to_count; i++) {
        struct text sku = from->applies_to[i];
        for (size_t e = first_with_sku(list, sku); e < list->count && text_equal(list->entries[e].sku, sku); e++)
            if (is_first(list, e) && !price_list_entry_is_allowance(&list->entries[e]))
                join(joins, e, allowance);
    }
}

/* ---- by meter ---- */

struct meters {
    uint32_t *slots; /* allowance + 1 */
    size_t slot_count;
};

static uint64_t meter_hash(struct text service, struct text meter)
{
    return hash_mix(hash64(service.data, service.size), hash64(meter.data, meter.size));
}

static const struct price_list_entry *entry_of(const struct price_list *list, size_t allowance)
{
    return &list->entries[list->allowances[allowance].entry];
}

static void put_meter(struct meters *meters, const struct price_list *list, size_t allowance)
{
    const struct price_list_entry *entry = entry_of(list, allowance);
    size_t slot = (size_t)meter_hash(entry->service, behind(entry->usage_type, GLOBAL.size)) & (meters->slot_count - 1);
    while (meters->slots[slot] != 0)
        slot = (slot + 1) & (meters->slot_count - 1);
    meters->slots[slot] = (uint32_t)allowance + 1;
}

static void join_meter(const struct meters *meters, const struct price_list *list, size_t e, struct text meter,
                       struct joins *joins)
{
    struct text service = list->entries[e].service;
    size_t slot = (size_t)meter_hash(service, meter) & (meters->slot_count - 1);
    for (; meters->slots[slot] != 0; slot = (slot + 1) & (meters->slot_count - 1)) {
        const struct price_list_entry *allowance = entry_of(list, meters->slots[slot] - 1);
        if (text_equal(allowance->service, service) && text_equal(behind(allowance->usage_type, GLOBAL.size), meter))
            join(joins, e, meters->slots[slot] - 1);
    }
}

static void join_meters(const struct price_list *list, struct joins *joins)
{
    struct meters meters = { .slot_count = 16 };
    while (meters.slot_count < list->allowance_count * 2)
        meters.slot_count *= 2;
    meters.slots = memory_new_array(meters.slot_count, sizeof *meters.slots);
    for (size_t a = 0; a < list->allowance_count; a++)
        if (entry_of(list, a)->applies_to_count == 0 && text_starts_with(entry_of(list, a)->usage_type, GLOBAL))
            put_meter(&meters, list, a);
    for (size_t e = 0; e < list->count; e++) {
        struct text usage_type = list->entries[e].usage_type;
        size_t prefix = region_prefix(usage_type);
        if (!is_first(list, e) || price_list_entry_is_allowance(&list->entries[e]))
            continue;
        join_meter(&meters, list, e, usage_type, joins);
        if (prefix > 0)
            join_meter(&meters, list, e, behind(usage_type, prefix), joins);
    }
    free(meters.slots);
}

/* ---- both ---- */

static void add_allowances(struct price_list *list)
{
    for (size_t e = 0; e < list->count; e++) {
        uint32_t ranges = 0;
        if (!is_first(list, e) || !price_list_entry_is_allowance(&list->entries[e]))
            continue;
        for (size_t i = e; i < list->count && (i == e || price_list_continues(list, i)); i++)
            ranges = list->entries[i].schedule.count > ranges ? list->entries[i].schedule.count : ranges;
        for (uint32_t range = 0; range < ranges; range++) {
            list->allowances = memory_reserve_one(list->allowances, list->allowance_count, &list->allowance_capacity,
                                                  sizeof *list->allowances);
            list->allowances[list->allowance_count++] = (struct allowance){ (uint32_t)e, range };
        }
    }
}

static int compare_joins(const void *left, const void *right)
{
    const struct join *a = left, *b = right;
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
    return (a->allowance > b->allowance) - (a->allowance < b->allowance);
}

/* All terms of a sku have the allowances of its first. */
static void set_allowances(struct price_list *list, const struct joins *joins, size_t first, size_t end)
{
    uint32_t *allowances = arena_take(&list->arena, (end - first) * sizeof *allowances, _Alignof(uint32_t));
    uint32_t count = 0;
    for (size_t i = first; i < end; i++)
        if (count == 0 || allowances[count - 1] != joins->items[i].allowance)
            allowances[count++] = joins->items[i].allowance;
    size_t entry = joins->items[first].entry;
    for (size_t e = entry; e < list->count && (e == entry || price_list_continues(list, e)); e++) {
        list->entries[e].allowances = allowances;
        list->entries[e].allowance_count = count;
    }
}

void price_list_join(struct price_list *list)
{
    struct joins joins = { 0 };
    list->allowance_count = 0;
    add_allowances(list);
    for (size_t a = 0; a < list->allowance_count; a++)
        join_skus(list, a, entry_of(list, a), &joins);
    if (list->allowance_count > 0)
        join_meters(list, &joins);
    if (joins.count > 0)
        qsort(joins.items, joins.count, sizeof *joins.items, compare_joins);
    for (size_t first = 0, end; first < joins.count; first = end) {
        for (end = first; end < joins.count && joins.items[end].entry == joins.items[first].entry; end++)
            continue;
        set_allowances(list, &joins, first, end);
    }
    free(joins.items);
}
