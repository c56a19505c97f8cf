/* pipeline/price_cache.c: interned keys beside what they resolve to. */
#include "pipeline/price_cache.h"

#include <stdlib.h>

#define BYTES_MAX ((size_t)32 * 1024 * 1024)

size_t price_cache_bytes(const struct price_cache *cache)
{
    return intern_bytes(&cache->keys) + cache->arena.bytes + cache->resolved_capacity * sizeof *cache->resolved;
}

void price_cache_forget(struct price_cache *cache)
{
    intern_reset(&cache->keys);
    arena_done(&cache->arena);
    cache->generation++;
}

/* "24317/" in front of a pool's name. */
static struct text take_period(struct text key, billing_period *period)
{
    size_t at = 0;
    *period = 0;
    for (; at < key.size && at < 8 && key.data[at] >= '0' && key.data[at] <= '9'; at++)
        *period = *period * 10 + (key.data[at] - '0');
    at += at < key.size && key.data[at] == '/';
    return (struct text){ key.data + at, key.size - at };
}

static void join_pool(struct price_cache *cache, uint32_t pool, billing_period period, const struct joined_pool *joined)
{
    struct pool *added = &cache->pools.items[pool];
    added->highest_rate = joined->highest_rate;
    added->modifier = joined->modifier;
    added->sku = joined->sku;
    added->usage_type = joined->usage_type;
    for (uint32_t i = 0; i < joined->allowance_count; i++) {
        struct tier range = price_list_allowance(pricing_of(cache->pricing, period)->list, joined->allowances[i], period);
        struct buffer key = { 0 };
        buffer_printf(&key, "%d/%u/%.*s", period, joined->allowances[i], TEXT_ARGS(joined->group));
        pools_add_share(&cache->pools, pool, buffer_text(&key), range.end - range.begin);
        buffer_done(&key);
    }
}

uint32_t price_cache_pool(struct price_cache *cache, struct text key)
{
    billing_period period;
    struct joined_pool joined;
    bool is_new;
    take_period(key, &period);
    uint32_t pool = pools_get(&cache->pools, key, period, &is_new);
    if (!is_new)
        return pool;
    struct text name = take_period(intern_text(&cache->pools.keys, pool), &period);
    if (price_pool_is_joined(pricing_of(cache->pricing, period), name, period, &joined))
        join_pool(cache, pool, period, &joined);
    return pool;
}

struct pool_place price_cache_place(struct price_cache *cache, uint32_t pool)
{
    if (pool == POOL_NONE)
        return (struct pool_place){ 0 };
    uint32_t count = cache->pools.items[pool].share_count;
    if (count > cache->place_capacity) {
        cache->place_capacity = count;
        cache->place = memory_grow(cache->place, count, sizeof *cache->place);
    }
    return pools_place(&cache->pools, pool, cache->place);
}

static uint32_t find_pool(struct price_cache *cache, billing_period period, const struct resolved *resolved)
{
    if (!price_is_tiered(&resolved->price))
        return POOL_NONE;
    buffer_clear(&cache->key);
    buffer_printf(&cache->key, "%d/", period);
    price_pool_key(pricing_of(cache->pricing, period), &resolved->price, &resolved->facts, &cache->key);
    uint32_t pool = price_cache_pool(cache, buffer_text(&cache->key));
    CHECK(cache->pools.items[pool].share_count == resolved->price.allowance_count);
    return pool;
}

const struct resolved *price_cache_get(struct price_cache *cache, uint32_t group, billing_period period, struct text facts)
{
    if (intern_bytes(&cache->keys) + cache->arena.bytes > BYTES_MAX)
        price_cache_forget(cache);
    const size_t prefix = sizeof group + sizeof period;
    buffer_clear(&cache->key);
    buffer_append(&cache->key, &group, sizeof group);
    buffer_append(&cache->key, &period, sizeof period);
    buffer_append_text(&cache->key, facts);
    size_t before = cache->keys.count;
    uint32_t number = intern_add(&cache->keys, buffer_text(&cache->key));
    if (cache->keys.count == before)
        return cache->resolved[number];
    cache->resolved = memory_reserve_one(cache->resolved, number, &cache->resolved_capacity, sizeof *cache->resolved);
    struct resolved *resolved = arena_take(&cache->arena, sizeof *resolved, _Alignof(struct resolved));
    cache->resolved[number] = resolved;
    struct text kept = intern_text(&cache->keys, number);
    facts_decode((struct text){ kept.data + prefix, kept.size - prefix }, &resolved->facts);
    price_resolve(pricing_of(cache->pricing, period), group, period, &resolved->facts, &resolved->price);
    resolved->pool = find_pool(cache, period, resolved);
    return resolved;
}

void price_cache_done(struct price_cache *cache)
{
    price_cache_forget(cache);
    pools_done(&cache->pools);
    free(cache->resolved);
    free(cache->place);
    buffer_done(&cache->key);
    *cache = (struct price_cache){ 0 };
}
