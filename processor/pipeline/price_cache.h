/*
 * pipeline/price_cache.h: prices resolved once per group, month and facts, and the pools they belong to.
 *
 * Facts may be as many as rows where tags differ: past its bound the cache forgets and resolves again. Pools are never
 * forgotten. Borrows the pricing. Thread: one.
 */
#ifndef PIPELINE_PRICE_CACHE_H
#define PIPELINE_PRICE_CACHE_H

#include "base/buffer.h"
#include "period/pools.h"
#include "rate/price.h"

#define POOL_NONE UINT32_MAX

struct resolved {
    struct facts facts; /* borrows from the cache */
    struct price price;
    uint32_t pool; /* POOL_NONE: flat */
};

struct price_cache {
    const struct pricing *pricing; /* of all months */
    struct intern keys;            /* group, month and facts; number = place in `resolved` */
    struct resolved **resolved;
    size_t resolved_capacity;
    struct arena arena;
    struct buffer key;
    uint64_t generation; /* changes whenever answers become invalid */
    struct pools pools;
    struct allowance_place *place; /* scratch */
    size_t place_capacity;
};

/* The answer lives until the generation changes, which a call may do. */
const struct resolved *price_cache_get(struct price_cache *cache, uint32_t group, billing_period period, struct text facts);

/* The pool of a name (month and price_pool_key), also of one that no row has been priced in yet. */
uint32_t price_cache_pool(struct price_cache *cache, struct text key);

/* How a pool stands, until the next call. Of POOL_NONE: at nothing. */
struct pool_place price_cache_place(struct price_cache *cache, uint32_t pool);

/* The part of its pool that a tier's quantity lies in. */
static inline uint32_t pool_part_of_tier(uint32_t tier)
{
    return tier ? tier - 1 : 0;
}

size_t price_cache_bytes(const struct price_cache *cache);
/* Forgets prices, to have the memory back. */
void price_cache_forget(struct price_cache *cache);
void price_cache_done(struct price_cache *cache);

#endif
