/*
 * property/tiers: tiers against a model that walks the line of quantities: each bound cuts what lies on either side of
 * it. The model works on intervals from low to high and knows no direction until its last line.
 */
#include "base/memory.h"
#include "rate/rate.h"
#include "support/property.h"

enum { TIERS_MOST = 8 };

struct tiers {
    struct tier items[TIERS_MOST];
    struct schedule schedule;
};

static void random_tiers(struct random *random, i128 reach, struct tiers *tiers)
{
    uint32_t count = 1 + (uint32_t)random_below(random, TIERS_MOST);
    i128 begin = 0;
    for (uint32_t i = 0; i < count; i++) {
        i128 width = (i128)decimal_magnitude(random_number(random, reach)) + 1;
        i128 rate = random_one_in(random, 4) ? 0 : (i128)decimal_magnitude(random_number(random, 1000000));
        tiers->items[i] = (struct tier){ begin, begin + width, rate };
        begin += width;
    }
    tiers->items[count - 1].end = TIER_NO_END;
    tiers->schedule = (struct schedule){ tiers->items, count };
}

/* The rate of the unit that begins at `at`. */
static uint32_t tier_of_unit(const struct schedule *schedule, i128 at)
{
    uint32_t tier = 0;
    for (uint32_t i = 1; i < schedule->count; i++)
        if (at >= schedule->tiers[i].begin)
            tier = i;
    return tier;
}

/* Signed quantities by tier: how much of (-∞, end) lies in a tier, minus how much of (-∞, start) does. */
static void cut_by_model(const struct schedule *schedule, i128 start, i128 end, i128 *quantities)
{
    for (uint32_t i = 0; i < schedule->count; i++) {
        i128 reached[2], places[2] = { start, end };
        for (int p = 0; p < 2; p++) {
            i128 at = places[p];
            if (i > 0 && at < schedule->tiers[i].begin)
                at = schedule->tiers[i].begin;
            if (i + 1 < schedule->count && at > schedule->tiers[i].end)
                at = schedule->tiers[i].end;
            reached[p] = at;
        }
        quantities[i] = reached[1] - reached[0];
    }
}

static void check_slices(const struct schedule *schedule, i128 quantity, const struct tier_slice *slices, uint32_t count)
{
    i128 sum = 0;
    CLAIM(count >= 1 && count <= schedule->count, "%u slices of %u tiers", count, schedule->count);
    for (uint32_t i = 0; i < count; i++) {
        CLAIM(slices[i].tier < schedule->count && (i == 0 || slices[i - 1].tier < slices[i].tier), "tier %u",
              slices[i].tier);
        CLAIM(quantity == 0 ? slices[i].quantity == 0
                            : (slices[i].quantity > 0) == (quantity > 0) && slices[i].quantity != 0,
              "%s of %s", shown(slices[i].quantity), shown(quantity));
        sum += slices[i].quantity;
    }
    CLAIM(sum == quantity, "the parts are %s, the whole %s", shown(sum), shown(quantity));
}

static void small_quantities_are_cut_unit_by_unit(struct random *random)
{
    struct tiers tiers;
    struct tier_slice slices[TIERS_MOST];
    i128 quantities[TIERS_MOST] = { 0 };
    random_tiers(random, 12, &tiers);
    i128 position = (i128)random_below(random, 100) - 30, quantity = (i128)random_below(random, 161) - 80;
    for (i128 at = position; at < position + quantity; at++)
        quantities[tier_of_unit(&tiers.schedule, at)]++;
    for (i128 at = position; at > position + quantity; at--)
        quantities[tier_of_unit(&tiers.schedule, at - 1)]--; /* the highest unit goes first */
    uint32_t count = tier_cut(&tiers.schedule, position, quantity, slices);
    check_slices(&tiers.schedule, quantity, slices, count);
    for (uint32_t i = 0; i < count; i++) {
        CLAIM(quantities[slices[i].tier] == slices[i].quantity, "tier %u: %s", slices[i].tier, shown(slices[i].quantity));
        quantities[slices[i].tier] = 0;
    }
    for (uint32_t i = 0; i < TIERS_MOST; i++)
        CLAIM(quantities[i] == 0, "tier %u is missing", i);
    if (quantity == 0)
        CLAIM(slices[0].tier == tier_of_unit(&tiers.schedule, position), "tier %u", slices[0].tier);
}

static void large_quantities_are_cut_as_the_model_cuts(struct random *random)
{
    struct tiers tiers;
    struct tier_slice slices[TIERS_MOST];
    i128 quantities[TIERS_MOST] = { 0 };
    random_tiers(random, decimal_power((unsigned)random_below(random, 36) + 1), &tiers);
    i128 quantity = random_number(random, decimal_power(37)), position = random_number(random, decimal_power(37));
    const struct tier *tier = &tiers.items[random_below(random, tiers.schedule.count)];
    if (random_one_in(random, 3)) /* begin at a bound, or next to it */
        position = tier->begin + (i128)random_below(random, 3) - 1;
    if (random_one_in(random, 3)) /* end at a bound */
        quantity = tiers.items[random_below(random, tiers.schedule.count)].begin - position;
    cut_by_model(&tiers.schedule, position, position + quantity, quantities);
    uint32_t count = tier_cut(&tiers.schedule, position, quantity, slices);
    check_slices(&tiers.schedule, quantity, slices, count);
    for (uint32_t i = 0; i < count; i++)
        CLAIM(quantities[slices[i].tier] == slices[i].quantity, "tier %u: %s", slices[i].tier, shown(slices[i].quantity));
}

/* Whatever the numbers that tier_cut may be given. */
static void the_parts_add_up_at_the_edge_of_all_numbers(struct random *random)
{
    struct tiers tiers;
    struct tier_slice slices[TIERS_MOST];
    random_tiers(random, decimal_power(36), &tiers);
    i128 position = random_number(random, decimal_power(38)), quantity = random_number(random, decimal_power(38));
    if (random_one_in(random, 3))
        position = random_one_in(random, 2) ? decimal_power(38) : -decimal_power(38);
    check_slices(&tiers.schedule, quantity, slices, tier_cut(&tiers.schedule, position, quantity, slices));
}

static i128 cost_of(const struct schedule *schedule, i128 position, i128 quantity, bool free_tier)
{
    struct tier_slice slices[TIERS_MOST];
    i128 cost = 0;
    uint32_t count = tier_cut(schedule, position, quantity, slices);
    for (uint32_t i = 0; i < count; i++)
        cost += slices[i].quantity * tier_rate(schedule, slices[i].tier, free_tier);
    return cost;
}

static void a_quantity_in_two_parts_costs_the_same(struct random *random)
{
    struct tiers tiers;
    i128 reach = decimal_power((unsigned)random_below(random, 25) + 1);
    random_tiers(random, reach, &tiers);
    i128 position = random_number(random, reach * 8), first = random_number(random, reach * 8),
         second = random_number(random, reach * 8);
    bool free_tier = random_one_in(random, 2);
    i128 whole = cost_of(&tiers.schedule, position, first + second, free_tier);
    i128 parts =
        cost_of(&tiers.schedule, position, first, free_tier) + cost_of(&tiers.schedule, position + first, second, free_tier);
    CLAIM(whole == parts, "%s, in parts %s", shown(whole), shown(parts));
    /* And what is taken back gives all of it back. */
    i128 back = cost_of(&tiers.schedule, position + first, -first, free_tier);
    CLAIM(back == -cost_of(&tiers.schedule, position, first, free_tier), "%s", shown(back));
}

struct pool_total {
    i128 cost, public_cost;
    i128 by_tier[TIERS_MOST + 1]; /* net quantity */
};

static void run_pool(const struct price *price, const i128 *quantities, const size_t *order, size_t count,
                     struct pool_total *total)
{
    struct rater rater = { 0 };
    struct sum position = { 0 };
    *total = (struct pool_total){ 0 };
    for (size_t i = 0; i < count; i++) {
        struct row_values values = { .usage_events = 1, .has_amount = true };
        struct rated_row rated;
        sum_add(&values.amount, quantities[order[i]]);
        rate_row(&rater, price, &values, &(struct pool_place){ .position = sum_clamped(&position) }, &rated);
        CLAIM(rated.status == STATUS_CHARGED, "%s", shown(quantities[order[i]]));
        i128 quantity = 0;
        for (uint32_t s = 0; s < rated.slice_count; s++) {
            const struct priced_slice *slice = &rated.slices[s];
            total->cost += slice->cost;
            total->public_cost += slice->public_cost;
            total->by_tier[slice->tier] += slice->quantity;
            quantity += slice->quantity;
            CLAIM(slice->cost == slice->quantity * slice->rate, "%s", shown(slice->cost));
        }
        CLAIM(quantity == quantities[order[i]], "%s", shown(quantity));
        sum_add_sum(&position, &values.amount);
    }
    rater_done(&rater);
}

/* The total of a pool and of each tier in it is exact in any order; so is what it costs in public. */
static void the_order_of_rows_does_not_change_a_pool(struct random *random)
{
    enum { MOST = 30 };
    struct tiers published, custom;
    i128 reach = decimal_power(6 + (unsigned)random_below(random, 12)), quantities[MOST], net = 0;
    size_t count = 1 + random_below(random, MOST), order[MOST];
    random_tiers(random, reach, &published);
    random_tiers(random, reach, &custom);
    struct price price = { .status = STATUS_CHARGED,
                           .kind = PRICE_RATE,
                           .base = BASE_PRICE_LIST,
                           .charged = &published.schedule,
                           .published = &published.schedule,
                           .free_tier = random_one_in(random, 2) };
    if (random_one_in(random, 3)) {
        price.base = BASE_CUSTOM_TIERS;
        price.charged = &custom.schedule;
    } else {
        price.modifier = (i128)random_below(random, 30001) - 10000;
    }
    for (size_t i = 0; i < count; i++) {
        quantities[i] = random_number(random, reach * 2);
        if (random_one_in(random, 2))
            quantities[i] = (i128)decimal_magnitude(quantities[i]);
        net += quantities[i];
        order[i] = i;
    }
    struct pool_total first, other;
    run_pool(&price, quantities, order, count, &first);
    for (int i = 0; i < 3; i++) {
        random_shuffle(random, order, count);
        run_pool(&price, quantities, order, count, &other);
        CLAIM(memcmp(&first, &other, sizeof first) == 0, "cost %s or %s, public %s or %s", shown(first.cost),
              shown(other.cost), shown(first.public_cost), shown(other.public_cost));
    }
    /* All at once, too; and by hand: the tiers of the net quantity. */
    size_t only = 0;
    run_pool(&price, &net, &only, 1, &other);
    CLAIM(first.cost == other.cost && first.public_cost == other.public_cost, "%s at once %s", shown(first.cost),
          shown(other.cost));
    i128 by_tier[TIERS_MOST], cost = 0, public_cost = 0;
    cut_by_model(price.charged, 0, net, by_tier);
    for (uint32_t i = 0; i < price.charged->count; i++) {
        bool free_tier = price.free_tier || price.base == BASE_CUSTOM_TIERS;
        cost += by_tier[i] * tier_rate(price.charged, i, free_tier) * (10000 + price.modifier);
    }
    cut_by_model(price.published, 0, net, by_tier);
    for (uint32_t i = 0; i < price.published->count; i++)
        public_cost += by_tier[i] * price.published->tiers[i].rate;
    CLAIM(first.cost == cost && first.public_cost == public_cost, "%s, model %s; public %s, model %s", shown(first.cost),
          shown(cost), shown(first.public_cost), shown(public_cost));
}

/* A rule of 0 % changes nothing: a cost is the public cost at a finer scale. */
static void without_a_modifier_the_cost_is_the_public_cost(struct random *random)
{
    struct tiers tiers;
    struct rater rater = { 0 };
    i128 reach = decimal_power(6 + (unsigned)random_below(random, 12));
    random_tiers(random, reach, &tiers);
    struct price price = { .status = STATUS_CHARGED,
                           .kind = PRICE_RATE,
                           .base = BASE_PRICE_LIST,
                           .free_tier = true,
                           .charged = &tiers.schedule,
                           .published = &tiers.schedule };
    struct row_values values = { .usage_events = 1, .has_amount = true };
    struct sum position = { 0 };
    struct rated_row rated;
    sum_add(&values.amount, random_number(random, reach * 8));
    sum_add(&position, random_number(random, reach * 8));
    rate_row(&rater, &price, &values, &(struct pool_place){ .position = sum_clamped(&position) }, &rated);
    for (uint32_t i = 0; i < rated.slice_count; i++)
        CLAIM(rated.slices[i].cost == rated.slices[i].public_cost * 10000 && rated.slices[i].has_public_rate &&
                  rated.slices[i].rate == rated.slices[i].public_rate * 10000,
              "%s and %s", shown(rated.slices[i].cost), shown(rated.slices[i].public_cost));
    rater_done(&rater);
}

int main(int argc, char **argv)
{
    static const struct law laws[] = {
        { "small quantities are cut unit by unit", small_quantities_are_cut_unit_by_unit, 40000 },
        { "large quantities are cut as the model cuts", large_quantities_are_cut_as_the_model_cuts, 60000 },
        { "the parts add up at the edge of all numbers", the_parts_add_up_at_the_edge_of_all_numbers, 30000 },
        { "a quantity in two parts costs the same", a_quantity_in_two_parts_costs_the_same, 60000 },
        { "the order of rows does not change a pool", the_order_of_rows_does_not_change_a_pool, 5000 },
        { "without a modifier the cost is the public cost", without_a_modifier_the_cost_is_the_public_cost, 20000 },
    };
    return property_main(argc, argv, laws, ARRAY_COUNT(laws));
}
