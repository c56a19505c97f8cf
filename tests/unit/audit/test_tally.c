/* audit/tally: parts of a key come together, whether they were in memory or on disk, and each key is compared once. */
#include "support/unit.h"

#include "audit/tally.h"
#include "support/scratch_rocks.h"

struct told {
    struct buffer lines;
};

static void keep(void *context, struct text lines)
{
    struct told *told = context;
    buffer_append_text(&told->lines, lines);
}

static void add(struct tally *tally, enum audit_kind kind, const char *key, enum audit_source source, i128 cost)
{
    struct audit_figures figures = { .rows = 1, .usage_events = 1 };
    struct error error;
    sum_add(&figures.amounts[AUDIT_COST], cost * decimal_power(COST_SCALE));
    if (!tally_add(tally, kind, text_of(key), source, &figures, &error))
        fail_msg("%s", error.message);
}

static void parts_come_together_wherever_they_are(void **state)
{
    (void)state;
    static const size_t rooms[] = { 1, 2, 3, 1000 };
    for (size_t i = 0; i < ARRAY_COUNT(rooms); i++) {
        struct rocks *rocks = open_rocks();
        struct tally *tally = tally_new(rocks, rooms[i]);
        struct told told = { 0 };
        struct tally_result result = { 0 };
        struct error error;
        const unsigned may_lack[AUDIT_KIND_COUNT] = { 0 };
        for (int round = 0; round < 5; round++) {
            add(tally, AUDIT_BILL, "a", AUDIT_LINE_ITEMS, 2);
            add(tally, AUDIT_BILL, "a/b", AUDIT_LINE_ITEMS, 1);
            add(tally, AUDIT_SUBTOTAL, "a", AUDIT_LINE_ITEMS, 7); /* another kind's key of the same name */
            add(tally, AUDIT_BILL, "", AUDIT_LINE_ITEMS, 3);
            add(tally, AUDIT_BILL, "a", AUDIT_BILLS, 2);
            add(tally, AUDIT_BILL, "a/b", AUDIT_BILLS, round == 4 ? 2 : 1);
            add(tally, AUDIT_SUBTOTAL, "a", AUDIT_SUBTOTALS, 7);
        }
        if (!tally_compare(tally, may_lack, keep, &told, &result, &error))
            fail_msg("%s", error.message);
        expect_text("lines", buffer_text(&told.lines), "bill : bills: missing\nbill a/b: cost: line items 5, bills 6\n");
        assert_int_equal(result.differences, 2);
        assert_int_equal(result.keys[AUDIT_BILL], 3);
        assert_int_equal(result.keys[AUDIT_SUBTOTAL], 1);
        buffer_done(&told.lines);
        tally_free(tally);
        close_rocks(rocks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parts_come_together_wherever_they_are) };
    return cmocka_run_group_tests_name("audit/tally", tests, scratch_setup, scratch_teardown);
}
