/* log/stream: how many partitions there may be. */
#include "support/unit.h"

#include "log/stream.h"

static void each_task_has_a_name_and_a_place_of_its_own(void **state)
{
    (void)state;
    static const struct row {
        const char *row;
        int32_t usage, tiered, subtotals, line_items;
        const char *expected; /* of the error; NULL: none */
    } rows[] = {
        { "as they are made", 12, 4, 4, 20, NULL },
        { "line-items has room for more", 12, 4, 4, 30, NULL },
        { "as many as there are names", 30000, 1000, 1000, 32000, NULL },
        { "usage has outgrown the names", 30001, 4, 4, 40000,
          "topic p.usage: found 30001 partitions, expected at most 30000" },
        { "tiered has", 12, 1001, 4, 2000, "topic p.tiered: found 1001 partitions, expected at most 1000" },
        { "subtotals has", 12, 4, 1001, 2000, "topic p.subtotals: found 1001 partitions, expected at most 1000" },
        { "usage was given partitions and line-items was not", 13, 4, 4, 20,
          "topic p.line-items: found 20 partitions, expected at least 21: one for each of usage (13), tiered (4) and "
          "subtotals (4)" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = { 0 };
        int32_t counts[STREAM_TOPIC_COUNT] = { [STREAM_USAGE] = rows[i].usage,
                                               [STREAM_TIERED] = rows[i].tiered,
                                               [STREAM_SUBTOTALS] = rows[i].subtotals,
                                               [STREAM_LINE_ITEMS] = rows[i].line_items };
        expect(rows[i].row, stream_check_partitions("p.", counts, &error), rows[i].expected == NULL);
        if (rows[i].expected)
            assert_string_equal(error.message, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_task_has_a_name_and_a_place_of_its_own) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
