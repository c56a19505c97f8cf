/* run/sweep_log: a sweep is told when it begins and ends, and every few seconds between, however often one looks. */
#include "support/unit.h"

#include "run/sweep_log.h"

struct look {
    int64_t now_ms, sweeping, target;
    enum sweep_news news;
    int64_t since_ms;
};

static void expect_news(const char *name, const struct look *looks, size_t count)
{
    struct sweep_log log = { 0 };
    for (size_t i = 0; i < count; i++) {
        struct task_progress progress = { .sweeping = looks[i].sweeping, .target = looks[i].target };
        int64_t since_ms = 0;
        expect_number(name, sweep_log_take(&log, &progress, looks[i].now_ms, &since_ms), looks[i].news);
        expect_number(name, since_ms, looks[i].since_ms);
    }
}

#define EXPECT_NEWS(name, ...) \
    expect_news(name, (const struct look[]){ __VA_ARGS__ }, ARRAY_COUNT(((const struct look[]){ __VA_ARGS__ })))

static void without_a_sweep_there_is_nothing_to_tell(void **state)
{
    (void)state;
    EXPECT_NEWS("none", { 1, 0, 0, SWEEP_NO_NEWS, 0 }, { 100000, 0, 0, SWEEP_NO_NEWS, 0 });
}

static void a_short_sweep_is_told_twice(void **state)
{
    (void)state;
    EXPECT_NEWS("short", { 1000, 3, 7, SWEEP_BEGINS, 0 }, { 1100, 3, 7, SWEEP_NO_NEWS, 0 }, { 1200, 1, 7, SWEEP_NO_NEWS, 0 },
                { 1300, 0, 0, SWEEP_ENDS, 300 }, { 1400, 0, 0, SWEEP_NO_NEWS, 0 });
}

static void a_long_one_is_told_every_few_seconds(void **state)
{
    (void)state;
    EXPECT_NEWS("long", { 0, 3, 7, SWEEP_BEGINS, 0 }, { 4999, 3, 7, SWEEP_NO_NEWS, 0 }, { 5000, 3, 7, SWEEP_GOES_ON, 0 },
                { 5001, 3, 7, SWEEP_NO_NEWS, 0 }, { 9999, 2, 7, SWEEP_NO_NEWS, 0 }, { 10500, 2, 7, SWEEP_GOES_ON, 0 },
                { 60000, 0, 0, SWEEP_ENDS, 60000 });
}

static void a_newer_version_begins_another(void **state)
{
    (void)state;
    EXPECT_NEWS("two", { 0, 3, 7, SWEEP_BEGINS, 0 }, { 100, 3, 8, SWEEP_BEGINS, 0 }, { 150, 0, 0, SWEEP_ENDS, 50 },
                { 200, 1, 9, SWEEP_BEGINS, 0 });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_sweep_there_is_nothing_to_tell),
        cmocka_unit_test(a_short_sweep_is_told_twice),
        cmocka_unit_test(a_long_one_is_told_every_few_seconds),
        cmocka_unit_test(a_newer_version_begins_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
