/* model/price_list.c: three hash indexes over one sorted array. */
#include "model/price_list.h"

#include <stdlib.h>

#include "base/hash.h"

static struct schedule copy_schedule(struct arena *arena, struct schedule schedule)
{
    struct tier *tiers = arena_take(arena, schedule.count * sizeof *tiers, _Alignof(struct tier));
    memcpy(tiers, schedule.tiers, schedule.count * sizeof *tiers);
    return (struct schedule){ tiers, schedule.count };
}

void price_list_add(struct price_list *list, const struct price_list_entry *entry)
{
    list->entries = memory_reserve_one(list->entries, list->count, &list->capacity, sizeof *list->entries);
    list->entries[list->count++] = (struct price_list_entry){
        .sku = arena_copy(&list->arena, entry->sku),
        .service = arena_copy(&list->arena, entry->service),
        .usage_type = arena_copy(&list->arena, entry->usage_type),
        .operation = arena_copy(&list->arena, entry->operation),
        .unit = arena_copy(&list->arena, entry->unit),
        .schedule = copy_schedule(&list->arena, entry->schedule),
    };
}

static int compare_entries(const struct price_list_entry *a, const struct price_list_entry *b)
{
    int order = text_compare(a->sku, b->sku);
    return order ? order : text_compare(a->usage_type, b->usage_type);
}

/* Merge sort by hand: qsort is not stable, and the later of two equal entries must win. */
static void sort_entries(struct price_list_entry *entries, struct price_list_entry *spare, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, left = 0, right = half, out = 0;
    sort_entries(entries, spare, half);
    sort_entries(entries + half, spare + half, count - half);
    while (left < half && right < count)
        spare[out++] = compare_entries(&entries[left], &entries[right]) <= 0 ? entries[left++] : entries[right++];
    while (left < half)
        spare[out++] = entries[left++];
    while (right < count)
        spare[out++] = entries[right++];
    memcpy(entries, spare, count * sizeof *entries);
}

static uint64_t hash_texts(struct text a, struct text b, struct text c)
{
    uint64_t hash = hash_mix(hash64(a.data, a.size), hash64(b.data, b.size));
    return hash_mix(hash, hash64(c.data, c.size));
}

static uint64_t sku_hash(struct text sku, struct text usage_type)
{
    return hash_texts(sku, usage_type, TEXT_NONE);
}

/* Puts an entry in the first free slot of its chain: entries come in sku order, so the smallest is met first. */
static void put(uint32_t *slots, size_t slot_count, uint64_t hash, size_t index)
{
    size_t slot = (size_t)hash & (slot_count - 1);
    while (slots[slot] != 0)
        slot = (slot + 1) & (slot_count - 1);
    slots[slot] = (uint32_t)index + 1;
}

void price_list_index(struct price_list *list)
{
    struct price_list_entry *spare = memory_new_array(list->count, sizeof *spare);
    sort_entries(list->entries, spare, list->count);
    free(spare);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && compare_entries(&list->entries[kept - 1], &list->entries[i]) == 0)
            kept--;
        list->entries[kept++] = list->entries[i];
    }
    list->count = kept;
    list->slot_count = 16;
    while (list->slot_count < list->count * 2)
        list->slot_count *= 2;
    uint32_t **const indexes[] = { &list->by_sku, &list->by_operation, &list->by_usage_type, &list->tiered };
    for (size_t i = 0; i < ARRAY_COUNT(indexes); i++) {
        free(*indexes[i]);
        *indexes[i] = memory_new_array(list->slot_count, sizeof **indexes[i]);
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct price_list_entry *entry = &list->entries[i];
        put(list->by_sku, list->slot_count, sku_hash(entry->sku, entry->usage_type), i);
        if (entry->operation.size)
            put(list->by_operation, list->slot_count, hash_texts(entry->service, entry->usage_type, entry->operation), i);
        else
            put(list->by_usage_type, list->slot_count, hash_texts(entry->service, entry->usage_type, TEXT_NONE), i);
        if (entry->schedule.count > 1)
            put(list->tiered, list->slot_count, hash_texts(entry->service, entry->usage_type, TEXT_NONE), i);
    }
}

static bool is_sku(const struct price_list_entry *entry, struct text sku, struct text usage_type)
{
    return text_equal(entry->sku, sku) && text_equal(entry->usage_type, usage_type);
}

static bool is_meter(const struct price_list_entry *entry, struct text service, struct text usage_type)
{
    return text_equal(entry->usage_type, usage_type) && text_equal(entry->service, service);
}

#define FIND(list, slots, hash, matches)                                             \
    for (size_t slot = (size_t)(hash) & ((list)->slot_count - 1); (slots)[slot] != 0; \
         slot = (slot + 1) & ((list)->slot_count - 1)) {                             \
        const struct price_list_entry *entry = &(list)->entries[(slots)[slot] - 1];  \
        if (matches)                                                                 \
            return (slots)[slot] - 1;                                                \
    }

uint32_t price_list_find(const struct price_list *list, struct text sku, struct text service, struct text usage_type,
                         struct text operation)
{
    if (list->count == 0)
        return ENTRY_NONE;
    if (sku.size)
        FIND(list, list->by_sku, sku_hash(sku, usage_type), is_sku(entry, sku, usage_type))
    if (operation.size)
        FIND(list, list->by_operation, hash_texts(service, usage_type, operation),
             is_meter(entry, service, usage_type) && text_equal(entry->operation, operation))
    FIND(list, list->by_usage_type, hash_texts(service, usage_type, TEXT_NONE), is_meter(entry, service, usage_type))
    return ENTRY_NONE;
}

static uint32_t find_tiered(const struct price_list *list, struct text service, struct text usage_type)
{
    FIND(list, list->tiered, hash_texts(service, usage_type, TEXT_NONE), is_meter(entry, service, usage_type))
    return ENTRY_NONE;
}

bool price_list_is_tiered(const struct price_list *list, struct text service, struct text usage_type)
{
    return list->count > 0 && find_tiered(list, service, usage_type) != ENTRY_NONE;
}

void price_list_done(struct price_list *list)
{
    arena_done(&list->arena);
    free(list->entries);
    free(list->by_sku);
    free(list->by_operation);
    free(list->by_usage_type);
    free(list->tiered);
    *list = (struct price_list){ 0 };
}
