/* aggregate/totals.c: a hash table of totals. */
#include "aggregate/totals.h"

#include <stdlib.h>

#include "base/hash.h"

static uint64_t key_hash(const struct total_key *key)
{
    return hash_mix(hash_mix(key->account, key->group), (uint64_t)key->service << 32 | key->type);
}

static bool keys_equal(const struct total_key *a, const struct total_key *b)
{
    return a->group == b->group && a->account == b->account && a->service == b->service && a->type == b->type;
}

static void rehash(struct totals *totals, size_t slot_count)
{
    free(totals->slots);
    totals->slots = memory_new_array(slot_count, sizeof *totals->slots);
    totals->slot_count = slot_count;
    for (size_t i = 0; i < totals->count; i++) {
        size_t slot = (size_t)key_hash(&totals->items[i].key) & (slot_count - 1);
        while (totals->slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        totals->slots[slot] = (uint32_t)i + 1;
    }
}

struct total *totals_get(struct totals *totals, uint32_t group, uint64_t account, struct text service, struct text type)
{
    if (totals->count * 10 >= totals->slot_count * 6)
        rehash(totals, totals->slot_count ? totals->slot_count * 2 : 64);
    struct total_key key = { group, account, intern_add(&totals->texts, service), intern_add(&totals->texts, type) };
    size_t slot = (size_t)key_hash(&key) & (totals->slot_count - 1);
    for (; totals->slots[slot] != 0; slot = (slot + 1) & (totals->slot_count - 1)) {
        struct total *total = &totals->items[totals->slots[slot] - 1];
        if (keys_equal(&total->key, &key))
            return total;
    }
    totals->items = memory_reserve_one(totals->items, totals->count, &totals->capacity, sizeof *totals->items);
    totals->slots[slot] = (uint32_t)totals->count + 1;
    struct total *total = &totals->items[totals->count++];
    *total = (struct total){ .key = key, .latest_end_ms = INT64_MIN };
    return total;
}

bool total_is_nothing(const struct total *total)
{
    return total->usage_events == 0 && total->charged_rows == 0 && sum_is_zero(&total->public_cost) &&
           sum_is_zero(&total->billable_cost) && sum_is_zero(&total->tax) && sum_is_zero(&total->cost);
}

static int compare_totals(const void *left, const void *right, void *context)
{
    const struct total *a = left, *b = right;
    const struct totals *totals = context;
    if (a->key.group != b->key.group)
        return a->key.group < b->key.group ? -1 : 1;
    if (a->key.account != b->key.account)
        return a->key.account < b->key.account ? -1 : 1;
    int order = text_compare(total_service(totals, a), total_service(totals, b));
    return order ? order : text_compare(total_type(totals, a), total_type(totals, b));
}

void totals_sort(struct totals *totals)
{
    if (totals->count > 0)
        qsort_r(totals->items, totals->count, sizeof *totals->items, compare_totals, totals);
    rehash(totals, totals->slot_count ? totals->slot_count : 64);
}

static size_t first_from_group(const struct totals *totals, uint32_t group)
{
    size_t low = 0, high = totals->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (totals->items[middle].key.group < group)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t totals_of_group(const struct totals *totals, uint32_t group, size_t *ret_first)
{
    *ret_first = first_from_group(totals, group);
    return (group == UINT32_MAX ? totals->count : first_from_group(totals, group + 1)) - *ret_first;
}

void totals_reset(struct totals *totals)
{
    totals_done(totals);
}

void totals_done(struct totals *totals)
{
    intern_done(&totals->texts);
    free(totals->items);
    free(totals->slots);
    *totals = (struct totals){ 0 };
}
