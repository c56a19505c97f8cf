/* tasks/offset_runs: a set of offsets. */
#include "support/unit.h"

#include "tasks/offset_runs.h"

static void offsets_are_there_whatever_order_they_come_in(void **state)
{
    (void)state;
    static const struct row {
        const char *row;
        int64_t offsets[8];
        size_t count, runs;
    } rows[] = {
        { "none", { 0 }, 0, 0 },
        { "consecutive ones are one run", { 3, 4, 5, 6 }, 4, 1 },
        { "backwards, too", { 6, 5, 4, 3 }, 4, 1 },
        { "a gap that is filled joins its neighbours", { 1, 3, 2 }, 3, 1 },
        { "gaps stay", { 9, 1, 5, 7, 3 }, 5, 5 },
        { "twice is once", { 2, 2, 4, 4, 2 }, 5, 2 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct offset_runs runs = { 0 };
        for (size_t k = 0; k < rows[i].count; k++)
            offset_runs_add(&runs, rows[i].offsets[k]);
        for (int64_t offset = 0; offset < 12; offset++) {
            bool given = false;
            for (size_t k = 0; k < rows[i].count; k++)
                given = given || rows[i].offsets[k] == offset;
            expect(rows[i].row, offset_runs_have(&runs, offset), given);
        }
        expect(rows[i].row, runs.count == rows[i].runs, true);
        offset_runs_done(&runs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(offsets_are_there_whatever_order_they_come_in) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
