/* period/pools.c: positions beside interned keys. */
#include "period/pools.h"

#include <stdlib.h>

uint32_t pools_get(struct pools *pools, struct text key)
{
    size_t before = pools->keys.count;
    uint32_t pool = intern_add(&pools->keys, key);
    if (pools->keys.count == before)
        return pool;
    pools->positions = memory_reserve_one(pools->positions, before, &pools->capacity, sizeof *pools->positions);
    pools->positions[pool] = (struct sum){ 0 };
    return pool;
}

void pools_done(struct pools *pools)
{
    intern_done(&pools->keys);
    free(pools->positions);
    *pools = (struct pools){ 0 };
}
