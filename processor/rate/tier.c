/* rate/tier.c: overlaps of an interval with the tiers. */
#include "rate/tier.h"

static i128 smaller(i128 a, i128 b)
{
    return a < b ? a : b;
}

static i128 larger(i128 a, i128 b)
{
    return a > b ? a : b;
}

static uint32_t tier_at(const struct schedule *schedule, i128 position)
{
    uint32_t tier = 0;
    while (tier + 1 < schedule->count && position >= schedule->tiers[tier].end)
        tier++;
    return tier;
}

/* Past 2^127 no bound is left to compare with. */
static i128 add_held(i128 a, i128 b)
{
    i128 result;
    if (!__builtin_add_overflow(a, b, &result))
        return result;
    return b < 0 ? -TIER_NO_END : TIER_NO_END;
}

uint32_t tier_cut(const struct schedule *schedule, i128 position, i128 quantity, struct tier_slice *slices)
{
    CHECK(schedule->count > 0);
    i128 end = add_held(position, quantity);
    i128 low = smaller(position, end), high = larger(position, end);
    uint32_t count = 0;
    i128 left = quantity;
    for (uint32_t i = 0; i < schedule->count && quantity != 0; i++) {
        bool is_last = i + 1 == schedule->count;
        i128 from = i == 0 ? low : larger(low, schedule->tiers[i].begin);
        i128 to = is_last ? high : smaller(high, schedule->tiers[i].end);
        if (from >= to)
            continue;
        /* The last part is what is left, so that the parts add up whatever the position was. */
        i128 part = to == high ? left : quantity < 0 ? from - to : to - from;
        slices[count++] = (struct tier_slice){ i, part };
        left -= part;
    }
    if (count == 0)
        slices[count++] = (struct tier_slice){ tier_at(schedule, position), quantity };
    return count;
}

i128 tier_rate(const struct schedule *schedule, uint32_t tier, bool free_tier)
{
    i128 rate = schedule->tiers[tier].rate;
    for (uint32_t i = 0; i < schedule->count && rate == 0 && !free_tier; i++)
        rate = schedule->tiers[i].rate;
    return rate;
}

i128 schedule_highest_rate(const struct schedule *schedule)
{
    i128 highest = 0;
    for (uint32_t i = 0; i < schedule->count; i++)
        highest = larger(highest, schedule->tiers[i].rate);
    return highest;
}
