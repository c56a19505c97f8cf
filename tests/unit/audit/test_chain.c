/* audit/chain: versions of a line item that add up, and each way in which they do not. */
#include "support/unit.h"

#include "audit/chain.h"

#define ID TEXT("abcdefghijklmnopqrstuvwxyz")

enum step_kind { END, SAYS, DELETED };

struct step {
    enum step_kind kind;
    int64_t revision;
    int cost, delta; /* whole units */
};

static struct sum units(int value)
{
    return sum_of((i128)value * decimal_power(COST_SCALE));
}

static void the_versions_of_a_row_add_up_or_a_line_says_where_not(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        bool is_whole;
        struct step steps[4];
        const char *told;
    } rows[] = {
        { "one version", true, { { SAYS, 1, 5, 5 } }, "" },
        { "it grows", true, { { SAYS, 1, 5, 5 }, { SAYS, 3, 7, 2 } }, "" },
        { "it is taken back and deleted", true, { { SAYS, 1, 5, 5 }, { SAYS, 2, 0, -5 }, { DELETED, 0, 0, 0 } }, "" },
        { "it comes again", true, { { SAYS, 1, 5, 5 }, { SAYS, 2, 0, -5 }, { DELETED, 0, 0, 0 }, { SAYS, 9, 3, 3 } }, "" },
        { "its beginning is compacted away", false, { { SAYS, 7, 5, 1 }, { SAYS, 9, 6, 1 } }, "" },
        { "deleted long ago, then again", false, { { DELETED, 0, 0, 0 }, { SAYS, 9, 6, 6 } }, "" },
        { "its beginning is not there", true, { { SAYS, 7, 5, 1 } }, "at offset 10: cost before 0, cost_delta 1, cost 5\n" },
        { "a version is not there",
          true,
          { { SAYS, 1, 5, 5 }, { SAYS, 3, 9, 2 } },
          "at offset 11: cost before 5, cost_delta 2, cost 9\n" },
        { "a version behind a compacted one is not there",
          false,
          { { SAYS, 7, 5, 1 }, { SAYS, 9, 9, 1 } },
          "at offset 11: cost before 5, cost_delta 1, cost 9\n" },
        { "it comes again with the cost that it had",
          true,
          { { SAYS, 1, 5, 5 }, { SAYS, 2, 0, -5 }, { DELETED, 0, 0, 0 }, { SAYS, 9, 5, 0 } },
          "at offset 13: cost before 0, cost_delta 0, cost 5\n" },
        { "deleted with its cost",
          true,
          { { SAYS, 1, 5, 5 }, { DELETED, 0, 0, 0 } },
          "at offset 11: deleted while its cost was 5\n" },
        { "twice in one transaction",
          true,
          { { SAYS, 1, 5, 5 }, { SAYS, 1, 5, 0 } },
          "at offset 11: revision 1 follows revision 1\n" },
        { "from an older transaction",
          true,
          { { SAYS, 4, 5, 5 }, { SAYS, 3, 6, 1 } },
          "at offset 11: revision 3 follows revision 4\n" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct audit_chain chain;
        struct buffer out = { 0 };
        char told[256];
        audit_chain_begin(&chain, rows[i].is_whole);
        for (size_t s = 0; s < ARRAY_COUNT(rows[i].steps) && rows[i].steps[s].kind != END; s++) {
            const struct step *step = &rows[i].steps[s];
            struct audit_version version = { .offset = 10 + (int64_t)s,
                                             .revision = step->revision,
                                             .is_null = step->kind == DELETED,
                                             .cost = units(step->cost),
                                             .cost_delta = units(step->delta) };
            audit_chain_take(&chain, ID, &version, &out);
        }
        snprintf(told, sizeof told, "%s%s", rows[i].told[0] ? "line item abcdefghijklmnopqrstuvwxyz " : "", rows[i].told);
        expect_text(rows[i].why, buffer_text(&out), told);
        expect_number(rows[i].why, (long long)chain.faults, rows[i].told[0] ? 1 : 0);
        buffer_done(&out);
    }
}

static void a_lost_beginning_is_counted_and_no_fault(void **state)
{
    (void)state;
    struct audit_chain chain;
    struct buffer out = { 0 };
    audit_chain_begin(&chain, false);
    audit_chain_take(&chain, ID, &(struct audit_version){ .revision = 7, .cost = units(5), .cost_delta = units(1) }, &out);
    assert_true(chain.beginning_lost);
    assert_int_equal(chain.faults, 0);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_versions_of_a_row_add_up_or_a_line_says_where_not),
        cmocka_unit_test(a_lost_beginning_is_counted_and_no_fault),
    };
    return cmocka_run_group_tests_name("audit/chain", tests, NULL, NULL);
}
