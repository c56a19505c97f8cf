/* model/price_list.c: hash indexes over one sorted array. */
#include "model/price_list.h"

#include <stdlib.h>

#include "base/hash.h"
#include "model/price_join.h"

void price_list_begin_file(struct price_list *list)
{
    list->files++;
}

static struct schedule copy_schedule(struct arena *arena, struct schedule schedule)
{
    struct tier *tiers = arena_take(arena, schedule.count * sizeof *tiers, _Alignof(struct tier));
    memcpy(tiers, schedule.tiers, schedule.count * sizeof *tiers);
    return (struct schedule){ tiers, schedule.count };
}

static const struct text *copy_texts(struct arena *arena, const struct text *texts, uint32_t count)
{
    struct text *copies = arena_take(arena, count * sizeof *copies, _Alignof(struct text));
    for (uint32_t i = 0; i < count; i++)
        copies[i] = arena_copy(arena, texts[i]);
    return copies;
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
        .since = entry->since,
        .applies_to = copy_texts(&list->arena, entry->applies_to, entry->applies_to_count),
        .applies_to_count = entry->applies_to_count,
        .file = list->files,
    };
}

/* ---- order ---- */

static int compare_meters(const struct price_list_entry *a, const struct price_list_entry *b)
{
    int order = text_compare(a->sku, b->sku);
    return order ? order : text_compare(a->usage_type, b->usage_type);
}

static int compare_entries(const struct price_list_entry *a, const struct price_list_entry *b)
{
    int order = compare_meters(a, b);
    return order ? order : (a->since > b->since) - (a->since < b->since);
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

/* Of the terms of a sku those of its last file stay, of two from one month the later one. */
static void drop_replaced(struct price_list *list)
{
    size_t kept = 0;
    for (size_t first = 0, end; first < list->count; first = end) {
        uint32_t file = 0;
        for (end = first; end < list->count && (end == first || price_list_continues(list, end)); end++)
            file = list->entries[end].file > file ? list->entries[end].file : file;
        size_t group = kept;
        for (size_t i = first; i < end; i++) {
            if (list->entries[i].file != file)
                continue;
            if (kept > group && list->entries[kept - 1].since == list->entries[i].since)
                kept--;
            list->entries[kept++] = list->entries[i];
        }
    }
    list->count = kept;
}

/* ---- indexes ---- */

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

static void make_slots(struct price_list *list)
{
    list->slot_count = 16;
    while (list->slot_count < list->count * 2)
        list->slot_count *= 2;
    uint32_t **const indexes[] = { &list->by_sku, &list->by_operation, &list->by_usage_type, &list->tiered };
    for (size_t i = 0; i < ARRAY_COUNT(indexes); i++) {
        free(*indexes[i]);
        *indexes[i] = memory_new_array(list->slot_count, sizeof **indexes[i]);
    }
}

static bool has_tiers(const struct price_list *list, size_t first)
{
    for (size_t i = first; i < list->count && (i == first || price_list_continues(list, i)); i++)
        if (list->entries[i].schedule.count > 1 || list->entries[i].allowance_count > 0)
            return true;
    return false;
}

/* The first term of a sku stands for all. */
static void index_entry(struct price_list *list, size_t i)
{
    const struct price_list_entry *entry = &list->entries[i];
    uint64_t meter = hash_texts(entry->service, entry->usage_type, TEXT_NONE);
    if (price_list_continues(list, i))
        return;
    put(list->by_sku, list->slot_count, sku_hash(entry->sku, entry->usage_type), i);
    if (price_list_entry_is_allowance(entry))
        return;
    if (entry->operation.size)
        put(list->by_operation, list->slot_count, hash_texts(entry->service, entry->usage_type, entry->operation), i);
    else
        put(list->by_usage_type, list->slot_count, meter, i);
    if (has_tiers(list, i))
        put(list->tiered, list->slot_count, meter, i);
}

void price_list_index(struct price_list *list)
{
    struct price_list_entry *spare = memory_new_array(list->count, sizeof *spare);
    sort_entries(list->entries, spare, list->count);
    free(spare);
    drop_replaced(list);
    price_list_join(list);
    make_slots(list);
    for (size_t i = 0; i < list->count; i++)
        index_entry(list, i);
}

/* ---- finding ---- */

static bool is_sku(const struct price_list_entry *entry, struct text sku, struct text usage_type)
{
    return text_equal(entry->sku, sku) && text_equal(entry->usage_type, usage_type);
}

static bool is_meter(const struct price_list_entry *entry, struct text service, struct text usage_type)
{
    return text_equal(entry->usage_type, usage_type) && text_equal(entry->service, service);
}

static uint32_t in_force(const struct price_list *list, uint32_t first, billing_period period)
{
    uint32_t found = first;
    for (uint32_t i = first + 1; i < list->count && price_list_continues(list, i) && list->entries[i].since <= period; i++)
        found = i;
    return found;
}

/* Goes through the entries of a chain that match. */
#define EACH(list, slots, hash, matches)                                              \
    for (size_t slot = (size_t)(hash) & ((list)->slot_count - 1); (slots)[slot] != 0; \
         slot = (slot + 1) & ((list)->slot_count - 1))                                \
        for (const struct price_list_entry *entry = &(list)->entries[(slots)[slot] - 1]; entry && (matches); entry = NULL)

static uint32_t first_of_sku(const struct price_list *list, struct text sku, struct text usage_type)
{
    if (list->count == 0 || sku.size == 0)
        return ENTRY_NONE;
    EACH(list, list->by_sku, sku_hash(sku, usage_type), is_sku(entry, sku, usage_type))
    return list->by_sku[slot] - 1;
    return ENTRY_NONE;
}

uint32_t price_list_find_sku(const struct price_list *list, struct text sku, struct text usage_type, billing_period period)
{
    uint32_t first = first_of_sku(list, sku, usage_type);
    return first == ENTRY_NONE ? ENTRY_NONE : in_force(list, first, period);
}

/* The entries of one meter: the first, whether others have other prices, and the same of those with the row's rate. */
struct choice {
    uint32_t first, confirmed;
    bool differ, confirmed_differ;
};

static bool same_prices(const struct price_list *list, uint32_t a, uint32_t b)
{
    struct schedule left = list->entries[a].schedule, right = list->entries[b].schedule;
    return left.count == right.count && memcmp(left.tiers, right.tiers, left.count * sizeof *left.tiers) == 0;
}

static bool has_rate(struct schedule schedule, i128 rate)
{
    for (uint32_t i = 0; i < schedule.count; i++)
        if (schedule.tiers[i].rate == rate)
            return true;
    return false;
}

static void choose(const struct price_list *list, uint32_t entry, const struct price_query *query, struct choice *choice)
{
    if (choice->first == ENTRY_NONE)
        choice->first = entry;
    choice->differ = choice->differ || !same_prices(list, choice->first, entry);
    if (!query->has_rate || !has_rate(list->entries[entry].schedule, query->rate))
        return;
    if (choice->confirmed == ENTRY_NONE)
        choice->confirmed = entry;
    choice->confirmed_differ = choice->confirmed_differ || !same_prices(list, choice->confirmed, entry);
}

static uint32_t chosen(const struct choice *choice, bool *ambiguous)
{
    if (!choice->differ)
        return choice->first;
    *ambiguous = choice->confirmed == ENTRY_NONE || choice->confirmed_differ;
    return *ambiguous ? ENTRY_NONE : choice->confirmed;
}

static uint32_t find_in_service(const struct price_list *list, const struct price_query *query, struct text service,
                                bool *ambiguous)
{
    struct choice choice = { ENTRY_NONE, ENTRY_NONE, false, false };
    if (query->operation.size)
        EACH(list, list->by_operation, hash_texts(service, query->usage_type, query->operation),
             is_meter(entry, service, query->usage_type) && text_equal(entry->operation, query->operation))
    choose(list, in_force(list, list->by_operation[slot] - 1, query->period), query, &choice);
    if (choice.first == ENTRY_NONE)
        EACH(list, list->by_usage_type, hash_texts(service, query->usage_type, TEXT_NONE),
             is_meter(entry, service, query->usage_type))
    choose(list, in_force(list, list->by_usage_type[slot] - 1, query->period), query, &choice);
    return chosen(&choice, ambiguous);
}

uint32_t price_list_find(const struct price_list *list, const struct price_query *query, bool *ambiguous)
{
    const struct text services[] = { query->service_code, query->product_code,
                                     query->service_code.size ? TEXT_NONE : TEXT("AWSDataTransfer") };
    *ambiguous = false;
    if (list->count == 0)
        return ENTRY_NONE;
    uint32_t found = price_list_find_sku(list, query->sku, query->usage_type, query->period);
    if (found != ENTRY_NONE && !price_list_entry_is_allowance(&list->entries[found]))
        return found;
    found = ENTRY_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(services) && found == ENTRY_NONE && !*ambiguous; i++)
        if (services[i].size)
            found = find_in_service(list, query, services[i], ambiguous);
    return found;
}

bool price_list_is_tiered(const struct price_list *list, struct text service, struct text usage_type)
{
    if (list->count == 0)
        return false;
    EACH(list, list->tiered, hash_texts(service, usage_type, TEXT_NONE), is_meter(entry, service, usage_type))
    return true;
    return false;
}

struct tier price_list_allowance(const struct price_list *list, uint32_t allowance, billing_period period)
{
    const struct allowance *found = &list->allowances[allowance];
    const struct price_list_entry *entry = &list->entries[in_force(list, found->entry, period)];
    if (!price_list_entry_is_allowance(entry) || found->range >= entry->schedule.count)
        return (struct tier){ 0 };
    return entry->schedule.tiers[found->range];
}

void price_list_done(struct price_list *list)
{
    arena_done(&list->arena);
    free(list->entries);
    free(list->allowances);
    free(list->by_sku);
    free(list->by_operation);
    free(list->by_usage_type);
    free(list->tiered);
    *list = (struct price_list){ 0 };
}
