/* period/pools: how far each pool has got, and who gets what of an allowance. */
#include "period/pools.h"
#include "support/unit.h"

#define JUNE (2026 * 12 + 5)

static void a_pool_begins_at_zero_and_keeps_its_place(void **state)
{
    (void)state;
    struct pools pools = { 0 };
    char key[16];
    bool is_new;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 1000; i++) {
            snprintf(key, sizeof key, "0/entry/%u", i);
            assert_int_equal(pools_get(&pools, text_of(key), JUNE, &is_new), i);
            assert_int_equal(is_new, round == 0);
            struct pool_place place = pools_place(&pools, i, NULL);
            assert_true(place.position == (round ? i : 0) && place.allowance_count == 0);
            struct sum quantity = sum_of(i);
            if (round == 0)
                pools_add(&pools, i, 0, &quantity);
        }
    }
    pools_done(&pools);
    pools_done(&pools); /* twice does no harm */
}

/* ---- one allowance of 100, several pools ---- */

static uint32_t add_pool(struct pools *pools, const char *sku, i128 highest_rate, i128 modifier, const char *allowance)
{
    char key[64];
    bool is_new;
    snprintf(key, sizeof key, "%s/%lld", sku, (long long)modifier);
    uint32_t pool = pools_get(pools, text_of(key), JUNE, &is_new);
    pools->items[pool].sku = text_of(sku);
    pools->items[pool].highest_rate = highest_rate;
    pools->items[pool].modifier = modifier;
    pools_add_share(pools, pool, text_of(allowance), 100);
    return pool;
}

static void put(struct pools *pools, uint32_t pool, uint32_t part, i128 quantity)
{
    struct sum sum = sum_of(quantity);
    if (quantity < 0) {
        sum = sum_of(-quantity);
        pools_subtract(pools, pool, part, &sum);
    } else {
        pools_add(pools, pool, part, &sum);
    }
}

static void the_dearest_pool_is_served_first_and_takes_at_most_what_it_has(void **state)
{
    (void)state;
    static const struct {
        i128 quantities[4]; /* of pools that come as c, a, b (the dearest), d (another allowance) */
        i128 reserved[4];
        bool open[4];
        const char *why;
    } rows[] = {
        { { 50, 50, 50, 50 }, { 0, 50, 50, 50 }, { false, true, true, true }, "the cheapest gets nothing" },
        { { 500, 0, 30, 150 }, { 70, 0, 30, 100 }, { true, true, true, true }, "what is left goes on" },
        { { 5, 7, -40, 0 }, { 5, 7, 0, 0 }, { true, true, true, true }, "less than nothing takes nothing" },
        { { 5, 100, 100, -1 }, { 0, 0, 100, 0 }, { false, false, true, true }, "all is gone" },
        { { 0, 0, 0, 0 }, { 0, 0, 0, 0 }, { true, true, true, true }, "nobody came" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct pools pools = { 0 };
        uint32_t ids[] = { add_pool(&pools, "c", 10, 0, "one"), add_pool(&pools, "a", 10, 0, "one"),
                           add_pool(&pools, "b", 11, 20, "one"), add_pool(&pools, "d", 99, 0, "other") };
        for (size_t p = 0; p < 4; p++) {
            put(&pools, ids[p], 0, rows[i].quantities[p] > 30 ? 20 : 0); /* wherever in the pool it lies by now */
            put(&pools, ids[p], 1, rows[i].quantities[p] - (rows[i].quantities[p] > 30 ? 20 : 0));
        }
        pools_share_out(&pools, JUNE);
        for (size_t p = 0; p < 4; p++) {
            struct allowance_place place;
            struct pool_place found = pools_place(&pools, ids[p], &place);
            assert_true(found.position == 0 && place.held == 0);
            expect_number(rows[i].why, (long long)place.left, (long long)rows[i].reserved[p]);
            expect(rows[i].why, place.open, rows[i].open[p]);
        }
        pools_done(&pools);
    }
}

static void of_equally_dear_pools_sku_then_modifier_decide(void **state)
{
    (void)state;
    struct pools pools = { 0 };
    uint32_t last = add_pool(&pools, "b", 0, 0, "one"), second = add_pool(&pools, "a", 0, 500, "one"),
             first = add_pool(&pools, "a", 0, -500, "one");
    const uint32_t ids[] = { first, second, last };
    const i128 expected[] = { 60, 40, 0 };
    for (size_t i = 0; i < 3; i++)
        put(&pools, ids[i], 1, 60);
    pools_share_out(&pools, JUNE);
    for (size_t i = 0; i < 3; i++) {
        struct allowance_place place;
        pools_place(&pools, ids[i], &place);
        assert_true(place.left == expected[i]);
    }
    pools_done(&pools);
}

/* A walk that was cut off begins again with the same shares. */
static void what_has_not_come_back_counts_when_it_is_shared_out_again(void **state)
{
    (void)state;
    struct pools pools = { 0 };
    struct allowance_place place;
    uint32_t cheap = add_pool(&pools, "a", 1, 0, "one"), dear = add_pool(&pools, "b", 9, 0, "one");
    put(&pools, cheap, 1, 70);
    put(&pools, dear, 1, 60);
    for (int walk = 0; walk < 3; walk++) {
        pools_share_out(&pools, JUNE);
        pools_place(&pools, dear, &place);
        assert_true(place.left == 60 && place.held == 0);
        pools_place(&pools, cheap, &place);
        assert_true(place.left == 40 && place.held == 0);
        struct sum part = sum_of(25); /* a row of the cheap one comes back, elsewhere */
        pools_come_back(&pools, cheap, &part);
        put(&pools, cheap, 0, 25);
    }
    pools_done(&pools);
}

static void until_it_is_shared_out_whoever_comes_first_takes_of_an_allowance(void **state)
{
    (void)state;
    struct pools pools = { 0 };
    struct allowance_place place;
    uint32_t cheap = add_pool(&pools, "a", 1, 0, "one"), dear = add_pool(&pools, "b", 9, 0, "one");
    put(&pools, cheap, 0, 80);
    pools_place(&pools, dear, &place);
    assert_true(place.left == 20 && place.open);
    put(&pools, dear, 0, 20);
    pools_place(&pools, cheap, &place);
    assert_true(place.left == 0 && place.held == 80 && place.open);
    put(&pools, cheap, 0, -90); /* what is below zero is nobody else's */
    pools_place(&pools, dear, &place);
    assert_true(place.left == 80 && place.held == 20);
    pools_share_out(&pools, JUNE + 1); /* of another month */
    pools_place(&pools, dear, &place);
    assert_true(place.left == 80 && place.held == 20);
    pools_done(&pools);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_begins_at_zero_and_keeps_its_place),
        cmocka_unit_test(the_dearest_pool_is_served_first_and_takes_at_most_what_it_has),
        cmocka_unit_test(of_equally_dear_pools_sku_then_modifier_decide),
        cmocka_unit_test(what_has_not_come_back_counts_when_it_is_shared_out_again),
        cmocka_unit_test(until_it_is_shared_out_whoever_comes_first_takes_of_an_allowance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
