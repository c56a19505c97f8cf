/* rate/rate.c: exact products; what does not fit is UNPRICED, never cut. */
#include "rate/rate.h"

#include <stdlib.h>

#include "base/memory.h"

static void make_room(struct rater *rater, uint32_t count)
{
    if (rater->room >= count)
        return;
    rater->room = count < 16 ? 16 : count;
    rater->slices = memory_grow(rater->slices, rater->room, sizeof *rater->slices);
    rater->cuts = memory_grow(rater->cuts, rater->room, sizeof *rater->cuts);
    rater->public_cuts = memory_grow(rater->public_cuts, rater->room, sizeof *rater->public_cuts);
}

static bool unpriced(struct rater *rater, struct rated_row *rated, enum line_item_status status, enum unpriced_reason reason)
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

/* Of a schedule behind the price's allowances. */
static i128 highest_rate(const struct price *price, const struct schedule *schedule)
{
    i128 highest = schedule_highest_rate(schedule);
    for (uint32_t i = 0; i < price->allowance_count; i++) {
        i128 rate = price_allowance(price, i).rate;
        highest = rate > highest ? rate : highest;
    }
    return highest;
}

/* "Too large": the net quantity at the schedule's highest rate does not fit a cost; neither may the public cost. */
static bool fits_schedule(const struct price *price, const struct schedule *charged, const struct schedule *published,
                          i128 quantity)
{
    i128 rate, ignored;
    return apply_modifier(highest_rate(price, charged), price->modifier, &rate) &&
           decimal_multiply(quantity, rate, &ignored) &&
           (!published || decimal_multiply(quantity, highest_rate(price, published), &ignored));
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
    struct priced_slice NOT_CLEARED whole;
    i128 quantity;
    return sum_value(&values->amount, &quantity) && fits_schedule(price, &charged, price->published, quantity) &&
           (price->published || own_public_cost(price, values, quantity, true, &whole));
}

/* The rate of a part, allowances first, and its number from 1; 0: there is only one. */
static i128 rate_of_cut(const struct price *price, const struct schedule *charged, uint32_t cut)
{
    if (cut < price->allowance_count)
        return price_allowance(price, cut).rate;
    return tier_rate(charged, cut - price->allowance_count, price->free_tier || price->base != BASE_PRICE_LIST);
}

static uint32_t tier_of_cut(const struct price *price, const struct schedule *charged, uint32_t cut)
{
    return price->allowance_count + charged->count > 1 ? cut + 1 : 0;
}

/* What of a row lies in tiers, and how much of that has been cut before. */
struct behind {
    i128 position, quantity, done;
};

static bool rate_slice(struct rater *rater, const struct price *price, const struct row_values *values,
                       const struct schedule *charged, const struct tier_slice *cut, struct behind *behind, bool is_lowest,
                       struct priced_slice *slice)
{
    i128 part = cut->quantity;
    *slice = (struct priced_slice){ .has_quantity = true, .quantity = part, .has_rate = true };
    slice->tier = tier_of_cut(price, charged, cut->tier);
    bool fits = apply_modifier(rate_of_cut(price, charged, cut->tier), price->modifier, &slice->rate) &&
                decimal_multiply(part, slice->rate, &slice->cost);
    if (cut->tier < price->allowance_count) {
        slice->has_public_rate = true;
        slice->public_rate = price_allowance(price, cut->tier).rate;
        return decimal_multiply(part, slice->public_rate, &slice->public_cost) && fits;
    }
    if (price->published)
        slice->public_cost = published_cost(
            rater, price->published, slice_position(behind->position, behind->quantity, behind->done, part), part, slice);
    else
        fits = own_public_cost(price, values, part, is_lowest, slice) && fits;
    behind->done += part;
    return fits;
}

static bool rate_tiers(struct rater *rater, const struct price *price, const struct row_values *values,
                       const struct pool_place *place, struct rated_row *rated)
{
    struct schedule charged = price_schedule(price);
    struct behind behind = { .position = place->position };
    i128 quantity;
    if (!rate_fits(price, values) || !sum_value(&values->amount, &quantity))
        return unpriced(rater, rated, STATUS_UNPRICED, UNPRICED_TOO_LARGE);
    CHECK(place->allowance_count == price->allowance_count);
    uint32_t published_count = price->published ? price->published->count : 1;
    make_room(rater, price->allowance_count + (charged.count > published_count ? charged.count : published_count));
    uint32_t count = pool_cut(&charged, place, quantity, rater->cuts, &behind.quantity);
    for (uint32_t i = 0; i < count; i++) {
        bool fits = rate_slice(rater, price, values, &charged, &rater->cuts[i], &behind, i == 0, &rater->slices[i]);
        CHECK(fits); /* rate_fits has seen the highest rate and the whole of the public cost */
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
    uint32_t cut = tier ? tier - 1 : 0;
    CHECK(cut < price->allowance_count + charged.count);
    slice->tier = tier;
    slice->has_quantity = slice->has_rate = true;
    bool fits = apply_modifier(rate_of_cut(price, &charged, cut), price->modifier, &slice->rate);
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

void rate_row(struct rater *rater, const struct price *price, const struct row_values *values,
              const struct pool_place *place, struct rated_row *rated)
{
    static const struct pool_place nowhere = { 0 };
    switch (price->kind) {
    case PRICE_NOTHING:
        unpriced(rater, rated, price->status, price->reason);
        break;
    case PRICE_RATE:
        rate_tiers(rater, price, values, price_is_tiered(price) ? place : &nowhere, rated);
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
