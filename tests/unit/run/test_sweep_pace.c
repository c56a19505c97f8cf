/* run/sweep_pace: steps follow what commits take, within bounds; events get as much time as the sweep. */
#include "support/unit.h"

#include "run/sweep_pace.h"

static void steps_grow_while_commits_are_short_and_shrink_when_they_are_long(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t rows;
        int64_t took_ms;
        size_t next;
    } rows[] = {
        { "short", 4000, 20, 8000 },          { "just short", 4000, 99, 8000 },     { "as it is to be", 4000, 100, 4000 },
        { "still", 4000, 250, 4000 },         { "long", 4000, 251, 2000 },          { "very long", 4000, 60000, 2000 },
        { "at its most", 20000, 0, 20000 },   { "near its most", 15000, 0, 20000 }, { "at its least", 500, 1000, 500 },
        { "near its least", 700, 1000, 500 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_number(rows[i].name, (long long)sweep_pace_rows(rows[i].rows, rows[i].took_ms), (long long)rows[i].next);
}

static void events_get_as_much_time_as_a_commit_took(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t begun_ms, ended_ms, due_ms, next_ms;
    } rows[] = {
        { "a short commit", 1000, 1010, 1100, 1100 },
        { "half of the interval", 1000, 1050, 1100, 1100 },
        { "a long one", 1000, 1400, 1100, 1800 },
        { "no time at all", 1000, 1000, 1100, 1100 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_number(rows[i].name, sweep_pace_next(rows[i].begun_ms, rows[i].ended_ms, rows[i].due_ms), rows[i].next_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_grow_while_commits_are_short_and_shrink_when_they_are_long),
        cmocka_unit_test(events_get_as_much_time_as_a_commit_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
