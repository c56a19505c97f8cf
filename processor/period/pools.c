/* period/pools.c: positions and parts beside interned keys; the dearest pool is served first. */
#include "period/pools.h"

#include <stdlib.h>

#include "base/memory.h"

uint32_t pools_get(struct pools *pools, struct text key, billing_period period, bool *is_new)
{
    size_t before = pools->keys.count;
    uint32_t pool = intern_add(&pools->keys, key);
    *is_new = pools->keys.count > before;
    if (!*is_new)
        return pool;
    pools->items = memory_reserve_one(pools->items, before, &pools->capacity, sizeof *pools->items);
    pools->items[pool] = (struct pool){ .period = period, .first_share = (uint32_t)pools->share_count };
    return pool;
}

void pools_add_share(struct pools *pools, uint32_t pool, struct text allowance_key, i128 quantity)
{
    size_t before = pools->allowance_keys.count;
    uint32_t allowance = intern_add(&pools->allowance_keys, allowance_key);
    struct pool *owner = &pools->items[pool];
    CHECK(owner->first_share + owner->share_count == pools->share_count);
    if (pools->allowance_keys.count > before) {
        pools->allowances =
            memory_reserve_one(pools->allowances, before, &pools->allowance_capacity, sizeof *pools->allowances);
        pools->allowances[allowance] = (struct pool_allowance){ .period = owner->period, .quantity = quantity };
    }
    pools->shares = memory_reserve_one(pools->shares, pools->share_count, &pools->share_capacity, sizeof *pools->shares);
    pools->shares[pools->share_count++] = (struct pool_share){ .allowance = allowance };
    owner->share_count++;
}

static i128 at_least_zero(i128 value)
{
    return value > 0 ? value : 0;
}

struct pool_place pools_place(const struct pools *pools, uint32_t pool, struct allowance_place *scratch)
{
    const struct pool *found = &pools->items[pool];
    for (uint32_t i = 0; i < found->share_count; i++) {
        const struct pool_share *share = &pools->shares[found->first_share + i];
        const struct pool_allowance *allowance = &pools->allowances[share->allowance];
        i128 held = sum_clamped(&share->held);
        i128 left = allowance->is_shared_out ? at_least_zero(share->reserved - at_least_zero(held))
                                             : at_least_zero(allowance->quantity - sum_clamped(&allowance->used));
        scratch[i] = (struct allowance_place){ held, left, allowance->is_shared_out ? share->open : left > 0 || held != 0 };
    }
    return (struct pool_place){ sum_clamped(&found->position), scratch, found->share_count };
}

/* What is held below zero is nobody's: others may not take it. */
static void count_use(struct pool_allowance *allowance, i128 before, i128 after)
{
    sum_add(&allowance->used, at_least_zero(after) - at_least_zero(before));
}

void pools_add(struct pools *pools, uint32_t pool, uint32_t part, const struct sum *quantity)
{
    struct pool *found = &pools->items[pool];
    found->unsaved = true;
    if (part >= found->share_count) {
        sum_add_sum(&found->position, quantity);
        return;
    }
    struct pool_share *share = &pools->shares[found->first_share + part];
    i128 before = sum_clamped(&share->held);
    sum_add_sum(&share->held, quantity);
    count_use(&pools->allowances[share->allowance], before, sum_clamped(&share->held));
}

void pools_subtract(struct pools *pools, uint32_t pool, uint32_t part, const struct sum *quantity)
{
    struct sum negative = { 0 };
    sum_subtract(&negative, quantity);
    pools_add(pools, pool, part, &negative);
}

/* ---- sharing out ---- */

static int compare_served(const void *left, const void *right)
{
    const struct pool *a = *(const struct pool *const *)left, *b = *(const struct pool *const *)right;
    if (a->highest_rate != b->highest_rate)
        return a->highest_rate > b->highest_rate ? -1 : 1;
    int order = text_compare(a->sku, b->sku);
    order = order ? order : text_compare(a->usage_type, b->usage_type);
    return order ? order : (a->modifier > b->modifier) - (a->modifier < b->modifier);
}

/* The period's pools that take part in allowances, in the order in which they are served. free() it. */
static struct pool **served_pools(struct pools *pools, billing_period period, size_t *count)
{
    struct pool **served = memory_new_array(pools->keys.count, sizeof *served);
    *count = 0;
    for (size_t i = 0; i < pools->keys.count; i++)
        if (pools->items[i].period == period && pools->items[i].share_count > 0)
            served[(*count)++] = &pools->items[i];
    if (*count > 0)
        qsort(served, *count, sizeof *served, compare_served);
    return served;
}

/* All that a pool holds waits from now on. */
static void empty_pool(struct pools *pools, struct pool *pool)
{
    sum_add_sum(&pool->waiting, &pool->position);
    pool->position = (struct sum){ 0 };
    for (uint32_t i = 0; i < pool->share_count; i++) {
        struct pool_share *share = &pools->shares[pool->first_share + i];
        sum_add_sum(&pool->waiting, &share->held);
        share->held = (struct sum){ 0 };
    }
    pool->unsaved = true;
}

void pools_come_back(struct pools *pools, uint32_t pool, const struct sum *quantity)
{
    sum_subtract(&pools->items[pool].waiting, quantity);
    pools->items[pool].unsaved = true;
}

/* Allowances are served one after the other; each pool takes at most what it has not got from those before. */
static void serve(struct pools *pools, struct pool *pool)
{
    i128 wanted = at_least_zero(sum_clamped(&pool->waiting));
    for (uint32_t i = 0; i < pool->share_count; i++) {
        struct pool_share *share = &pools->shares[pool->first_share + i];
        struct pool_allowance *allowance = &pools->allowances[share->allowance];
        i128 left = at_least_zero(allowance->quantity - sum_clamped(&allowance->used));
        share->open = left > 0;
        share->reserved = wanted < left ? wanted : left;
        wanted -= share->reserved;
        sum_add(&allowance->used, share->reserved);
    }
}

void pools_share_out(struct pools *pools, billing_period period)
{
    size_t count;
    struct pool **served = served_pools(pools, period, &count);
    for (size_t i = 0; i < pools->keys.count; i++)
        if (pools->items[i].period == period)
            empty_pool(pools, &pools->items[i]);
    for (size_t i = 0; i < pools->allowance_keys.count; i++)
        if (pools->allowances[i].period == period)
            pools->allowances[i] = (struct pool_allowance){ period, pools->allowances[i].quantity, { 0 }, true };
    for (size_t i = 0; i < count; i++)
        serve(pools, served[i]);
    free(served);
}

void pools_done(struct pools *pools)
{
    intern_done(&pools->keys);
    intern_done(&pools->allowance_keys);
    free(pools->items);
    free(pools->shares);
    free(pools->allowances);
    *pools = (struct pools){ 0 };
}
