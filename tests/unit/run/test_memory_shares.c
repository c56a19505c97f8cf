/* run/memory_shares: all parts together stay within the limit, and rows always have one. */
#include "support/unit.h"

#include "run/memory_shares.h"

#define MIB ((size_t)1024 * 1024)

static void all_shares_together_are_no_more_than_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t limit, ids, workers;
    } rows[] = {
        { "the least", 32 * MIB, MIB, 1 },           { "half of it ids", 32 * MIB, 16 * MIB, 1 },
        { "many workers", 32 * MIB, 16 * MIB, 64 },  { "the default", 512 * MIB, 128 * MIB, 2 },
        { "much", 1024 * 1024 * MIB, 128 * MIB, 8 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct settings settings = { .memory_limit_bytes = rows[i].limit,
                                     .dedup_memory_bytes = rows[i].ids,
                                     .partitions_usage = 12,
                                     .partitions_tier = 4 };
        struct memory_shares shares = memory_shares_of(&settings, rows[i].workers);
        size_t counted = rows[i].workers * (shares.send + shares.fetch + shares.ids + shares.rows);
        expect(rows[i].why, counted <= rows[i].limit - rows[i].limit / 4, true);
        expect(rows[i].why, shares.rows > 0 && shares.ids > 0, true);
    }
}

static void what_libraries_take_at_least_and_at_most_is_kept_to(void **state)
{
    (void)state;
    struct settings settings = {
        .memory_limit_bytes = 32 * MIB, .dedup_memory_bytes = MIB, .partitions_usage = 30000, .partitions_tier = 1000
    };
    assert_int_equal(memory_shares_of(&settings, 1).store, 256 * 1024);
    settings.memory_limit_bytes = 1024 * 1024 * MIB;
    assert_int_equal(memory_shares_of(&settings, 1).send, 1024 * MIB);
    assert_int_equal(memory_shares_of(&settings, 1).fetch, 1024 * MIB);
    settings.partitions_usage = settings.partitions_tier = 1;
    assert_int_equal(memory_shares_of(&settings, 1).store, 1024 * 1024 * MIB / 8 / 4 / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shares_together_are_no_more_than_the_limit),
        cmocka_unit_test(what_libraries_take_at_least_and_at_most_is_kept_to),
    };
    return cmocka_run_group_tests_name("run/memory_shares", tests, NULL, NULL);
}
