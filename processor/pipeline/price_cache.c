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
}

static uint32_t find_pool(struct price_cache *cache, billing_period period, const struct resolved *resolved)
{
    if (!price_is_tiered(&resolved->price))
        return POOL_NONE;
    buffer_clear(&cache->key);
    buffer_printf(&cache->key, "%d/", period);
    price_pool_key(cache->pricing, &resolved->price, &resolved->facts, &cache->key);
    return pools_get(&cache->pools, buffer_text(&cache->key));
}

const struct resolved *price_cache_get(struct price_cache *cache, uint32_t group, billing_period period,
                                       struct text facts)
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
    price_resolve(cache->pricing, group, period, &resolved->facts, &resolved->price);
    resolved->pool = find_pool(cache, period, resolved);
    return resolved;
}

void price_cache_done(struct price_cache *cache)
{
    price_cache_forget(cache);
    pools_done(&cache->pools);
    free(cache->resolved);
    buffer_done(&cache->key);
    *cache = (struct price_cache){ 0 };
}
