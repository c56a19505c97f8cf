/* rate/rate.c: exact products; what does not fit is UNPRICED, never cut. */
#include "rate/rate.h"

#include <stdlib.h>

#include "base/memory.h"

#define WHOLE_PERCENT 10000 /* 100 % at MODIFIER_SCALE */

static void make_room(struct rater *rater, uint32_t count)
{
    if (rater->room >= count)
        return;
    rater->room = count < 16 ? 16 : count;
    rater->slices = memory_grow(rater->slices, rater->room, sizeof *rater->slices);
    rater->cuts = memory_grow(rater->cuts, rater->room, sizeof *rater->cuts);
    rater->public_cuts = memory_grow(rater->public_cuts, rater->room, sizeof *rater->public_cuts);
}

static bool unpriced(struct rater *rater, struct rated_row *rated, enum line_item_status status,
                     enum unpriced_reason reason)
{
    make_room(rater, 1);
    rater->slices[0] = (struct priced_slice){ 0 };
    *rated = (struct rated_row){ status, reason, rater->slices, 1 };
    return false;
}

/* rate × (100 ± modifier)/100, from RATE_SCALE to PRICED_RATE_SCALE; false if it does not fit. */
MUST_USE static bool apply_modifier(i128 value, i128 modifier, i128 *ret)
{
    return decimal_multiply(value, WHOLE_PERCENT + modifier, ret);
}

/* "Too large": the net quantity at the schedule's highest rate does not fit a cost; neither may the public cost. */
static bool fits_schedule(const struct price *price, const struct schedule *charged, const struct schedule *published,
                          i128 quantity)
{
    i128 rate, ignored;
    return apply_modifier(schedule_highest_rate(charged), price->modifier, &rate) &&
           decimal_multiply(quantity, rate, &ignored) &&
           (!published || decimal_multiply(quantity, schedule_highest_rate(published), &ignored));
}

/* The published cost of the quantity from `position` on; *ret_rate if one tier holds it all. */
static i128 published_cost(struct rater *rater, const struct schedule *published, i128 position, i128 quantity,
                           struct priced_slice *slice)
{
    i128 cost = 0;
    uint32_t count = tier_cut(published, position, quantity, rater->public_cuts);
    for (uint32_t i = 0; i < count; i++)
        cost += rater->public_cuts[i].quantity * published->tiers[rater->public_cuts[i].tier].rate;
    slice->has_public_rate = count == 1;
    slice->public_rate = count == 1 ? published->tiers[rater->public_cuts[0].tier].rate : 0;
    return cost;
}

/* public_cost for bases outside the list: own rate × quantity, else own cost (carried by the lowest slice), else 0. */
static bool own_public_cost(const struct price *price, const struct row_values *values, i128 quantity, bool is_lowest,
                            struct priced_slice *slice)
{
    slice->has_public_rate = price->has_own_rate;
    slice->public_rate = price->own_tier.rate;
    if (price->has_own_rate)
        return decimal_multiply(quantity, price->own_tier.rate, &slice->public_cost);
    slice->public_cost = 0;
    return !is_lowest || sum_value(&values->costs[CARRIED_PUBLIC_COST], &slice->public_cost);
}

/* Where a slice begins in its pool: slices come lowest tier first, but a negative row runs downwards. */
static i128 slice_position(i128 position, i128 row_quantity, i128 done, i128 slice_quantity)
{
    if (row_quantity >= 0)
        return position + done;
    return position + row_quantity - done - slice_quantity;
}

bool rate_fits(const struct price *price, const struct row_values *values)
{
    struct schedule charged = price_schedule(price);
    struct priced_slice whole;
    i128 quantity;
    return sum_value(&values->amount, &quantity) && fits_schedule(price, &charged, price->published, quantity) &&
           (price->published || own_public_cost(price, values, quantity, true, &whole));
}

static bool rate_tiers(struct rater *rater, const struct price *price, const struct row_values *values, i128 position,
                       struct rated_row *rated)
{
    struct schedule charged = price_schedule(price);
    i128 quantity;
    if (!rate_fits(price, values) || !sum_value(&values->amount, &quantity))
        return unpriced(rater, rated, STATUS_UNPRICED, UNPRICED_TOO_LARGE);
    uint32_t published_count = price->published ? price->published->count : 1;
    make_room(rater, charged.count > published_count ? charged.count : published_count);
    uint32_t count = tier_cut(&charged, position, quantity, rater->cuts);
    i128 done = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct priced_slice *slice = &rater->slices[i];
        i128 part = rater->cuts[i].quantity;
        *slice = (struct priced_slice){ .has_quantity = true, .quantity = part, .has_rate = true };
        slice->tier = charged.count > 1 ? rater->cuts[i].tier + 1 : 0;
        bool fits = apply_modifier(tier_rate(&charged, rater->cuts[i].tier,
                                             price->free_tier || price->base != BASE_PRICE_LIST),
                                   price->modifier, &slice->rate) &&
                    decimal_multiply(part, slice->rate, &slice->cost);
        if (price->published)
            slice->public_cost = published_cost(rater, price->published,
                                                slice_position(position, quantity, done, part), part, slice);
        else
            fits = own_public_cost(price, values, part, i == 0, slice) && fits;
        CHECK(fits); /* rate_fits has seen the highest rate and the whole of the public cost */
        done += part;
    }
    *rated = (struct rated_row){ STATUS_CHARGED, UNPRICED_NONE, rater->slices, count };
    return true;
}

void rate_parts(struct rater *rater, uint32_t count, struct rated_row *rated)
{

    make_room(rater, count ? count : 1);
    memset(rater->slices, 0, (count ? count : 1) * sizeof *rater->slices);
    *rated = (struct rated_row){ STATUS_CHARGED, UNPRICED_NONE, rater->slices, count ? count : 1 };
}

void rate_of_part(const struct price *price, uint32_t tier, struct priced_slice *slice)
{
    struct schedule charged = price_schedule(price);
    uint32_t index = tier ? tier - 1 : 0;
    CHECK(index < charged.count);
    slice->tier = tier;
    slice->has_quantity = slice->has_rate = true;
    bool fits = apply_modifier(tier_rate(&charged, index, price->free_tier || price->base != BASE_PRICE_LIST),
                               price->modifier, &slice->rate);
    CHECK(fits);
}

static bool rate_amount(struct rater *rater, const struct price *price, const struct row_values *values,
                        struct rated_row *rated)
{
    make_room(rater, 1);
    struct priced_slice *slice = &rater->slices[0];
    *slice = (struct priced_slice){ .has_quantity = values->has_amount };
    i128 amount;
    if (!sum_value(&values->amount, &slice->quantity) || !sum_value(&values->costs[price->amount], &amount) ||
        !apply_modifier(amount, price->modifier, &slice->cost) ||
        !own_public_cost(price, values, slice->quantity, true, slice))
        return unpriced(rater, rated, STATUS_UNPRICED, UNPRICED_TOO_LARGE);
    *rated = (struct rated_row){ STATUS_CHARGED, UNPRICED_NONE, rater->slices, 1 };
    return true;
}

void rate_row(struct rater *rater, const struct price *price, const struct row_values *values, const struct sum *position,
              struct rated_row *rated)
{
    switch (price->kind) {
    case PRICE_NOTHING:
        unpriced(rater, rated, price->status, price->reason);
        break;
    case PRICE_RATE:
        rate_tiers(rater, price, values, price_is_tiered(price) ? sum_clamped(position) : 0, rated);
        break;
    case PRICE_AMOUNT:
        rate_amount(rater, price, values, rated);
        break;
    }
}

void rater_done(struct rater *rater)
{
    free(rater->slices);
    free(rater->cuts);
    free(rater->public_cuts);
    *rater = (struct rater){ 0 };
}
