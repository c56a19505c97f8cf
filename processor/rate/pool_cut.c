/* rate/pool_cut.c: allowances before tiers. */
#include "rate/pool_cut.h"

static i128 smaller(i128 a, i128 b)
{
    return a < b ? a : b;
}

static i128 at_least_zero(i128 value)
{
    return value > 0 ? value : 0;
}

/* How much more an allowance takes: what it may, and what it has given back below zero. */
static i128 room_of(const struct allowance_place *place)
{
    return place->left + at_least_zero(-place->held);
}

static uint32_t first_open(const struct pool_place *place)
{
    uint32_t index = 0;
    while (index < place->allowance_count && !place->allowances[index].open)
        index++;
    return index;
}

/* What an addition puts into the tiers; the rest fills allowances, into slices[index].quantity. */
static i128 cut_addition(const struct pool_place *place, i128 quantity, struct tier_slice *slices)
{
    i128 behind = smaller(quantity, at_least_zero(-place->position)), rest = quantity - behind;
    for (uint32_t i = 0; i < place->allowance_count; i++) {
        slices[i].quantity = smaller(rest, room_of(&place->allowances[i]));
        rest -= slices[i].quantity;
    }
    return behind + rest;
}

/* The same of a correction: from the tiers as far as they were reached, then from the allowances, last to first. */
static i128 cut_correction(const struct pool_place *place, i128 quantity, struct tier_slice *slices)
{
    i128 behind = -smaller(-quantity, at_least_zero(place->position)), rest = quantity - behind;
    for (uint32_t i = place->allowance_count; i-- > 0;) {
        slices[i].quantity = -smaller(-rest, at_least_zero(place->allowances[i].held));
        rest -= slices[i].quantity;
    }
    uint32_t open = first_open(place);
    if (open == place->allowance_count)
        return behind + rest;
    slices[open].quantity += rest;
    return behind;
}

/* Where a quantity of nothing lies. */
static uint32_t allowance_at(const struct pool_place *place)
{
    uint32_t index = 0;
    while (index < place->allowance_count && (place->position != 0 || room_of(&place->allowances[index]) == 0))
        index++;
    return index;
}

/* Of the quantities beside allowances those that are any move to the front. */
static uint32_t keep_used(struct tier_slice *slices, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (slices[i].quantity != 0)
            slices[kept++] = (struct tier_slice){ i, slices[i].quantity };
    return kept;
}

uint32_t pool_cut(const struct schedule *schedule, const struct pool_place *place, i128 quantity, struct tier_slice *slices,
                  i128 *behind)
{
    uint32_t allowances = place->allowance_count, count = 0;
    *behind = quantity;
    if (allowances > 0 && quantity != 0) {
        *behind = quantity > 0 ? cut_addition(place, quantity, slices) : cut_correction(place, quantity, slices);
        count = keep_used(slices, allowances);
    } else if (allowance_at(place) < allowances) {
        slices[0] = (struct tier_slice){ allowance_at(place), 0 };
        return 1;
    }
    if (*behind == 0 && count > 0)
        return count;
    uint32_t tiers = tier_cut(schedule, place->position, *behind, slices + count);
    for (uint32_t i = count; i < count + tiers; i++)
        slices[i].tier += allowances;
    return count + tiers;
}
