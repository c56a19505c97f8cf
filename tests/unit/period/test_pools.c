/* period/pools: how far each pool has got. */
#include "period/pools.h"
#include "support/unit.h"

static void a_pool_begins_at_zero_and_keeps_its_place(void **state)
{
    (void)state;
    struct pools pools = { 0 };
    char key[16];
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "0/entry/%u", i);
        uint32_t pool = pools_get(&pools, text_of(key));
        i128 value;
        assert_int_equal(pool, i);
        assert_true(sum_value(pools_position(&pools, pool), &value) && value == 0);
        sum_add(pools_position(&pools, pool), i);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        i128 value;
        snprintf(key, sizeof key, "0/entry/%u", i);
        uint32_t pool = pools_get(&pools, text_of(key));
        assert_int_equal(pool, i);
        assert_true(sum_value(pools_position(&pools, pool), &value) && value == i);
    }
    pools_done(&pools);
    pools_done(&pools); /* twice does no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_begins_at_zero_and_keeps_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
