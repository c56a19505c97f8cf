/* assign/assign: whose usage it is (SEMANTICS 3.1, 3.2). */
#include "assign/assign.h"
#include "support/fixtures.h"
#include "support/unit.h"

#define JUNE 24317 /* 2026-06 as a period: 2026 × 12 + 5 */

static void an_account_belongs_to_the_group_that_lists_it(void **state)
{
    (void)state;
    static const struct {
        uint64_t account;
        uint32_t auto_group, expected;
        const char *why;
    } rows[] = {
        { 111111111111, GROUP_NONE, 0, "listed in group 0" },
        { 222222222222, GROUP_NONE, 1, "listed in group 1" },
        { 999999999999, GROUP_NONE, GROUP_NONE, "listed in no group" },
        { 999999999999, 1, GROUP_NONE, "listed in no group: auto-association is for what is not listed" },
        { 333333333333, GROUP_NONE, GROUP_NONE, "not listed" },
        { 333333333333, 1, 1, "not listed, auto-associated" },
        { 0, 1, 1, "before all listed" },
        { 0, GROUP_NONE, GROUP_NONE, "before all listed" },
        { 999999999998, 0, 0, "between two listed" },
        { 111111111111, 1, 0, "listed wins over auto-association" },
    };
    struct document_fixture fixture;
    document_fixture_init(&fixture);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        fixture.conductor.auto_associate_group = rows[i].auto_group;
        expect_number(rows[i].why, assign_group(&fixture.conductor, rows[i].account, JUNE), rows[i].expected);
    }
    document_fixture_done(&fixture);
}

static void the_status_of_a_group_decides_whether_it_prices(void **state)
{
    (void)state;
    static const struct {
        enum group_status status;
        uint32_t expected;
    } rows[] = { { GROUP_ACTIVE, 0 }, { GROUP_PRIMARY_ACCOUNT_MISSING, 0 }, { GROUP_PENDING, GROUP_NONE } };
    struct document_fixture fixture;
    document_fixture_init(&fixture);
    fixture.conductor.auto_associate_group = 0;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        fixture.groups[0].status = rows[i].status;
        assert_int_equal(assign_group(&fixture.conductor, 111111111111, JUNE), rows[i].expected);
        assert_int_equal(assign_group(&fixture.conductor, 333333333333, JUNE), rows[i].expected);
    }
    document_fixture_done(&fixture);
}

static void periods_before_the_document_have_no_groups(void **state)
{
    (void)state;
    static const struct {
        billing_period document, usage;
        uint32_t expected;
    } rows[] = {
        { JUNE, JUNE, 0 },
        { JUNE, JUNE + 1, 0 },
        { JUNE, JUNE - 1, GROUP_NONE },
        { PERIOD_NONE, JUNE - 100, 0 },
    };
    struct document_fixture fixture;
    document_fixture_init(&fixture);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        fixture.conductor.period = rows[i].document;
        assert_int_equal(assign_group(&fixture.conductor, 111111111111, rows[i].usage), rows[i].expected);
    }
    document_fixture_done(&fixture);
}

static void every_one_of_many_accounts_is_found(void **state)
{
    (void)state;
    enum { ACCOUNTS = 101 };
    struct document_fixture fixture;
    struct linked_account accounts[ACCOUNTS];
    document_fixture_init(&fixture);
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        accounts[i] = (struct linked_account){ 10 + 2 * (uint64_t)i, i % 2 };
    fixture.conductor.accounts = accounts;
    for (size_t count = 0; count <= ACCOUNTS; count++) {
        fixture.conductor.account_count = count;
        for (uint64_t account = 9; account < 10 + 2 * ACCOUNTS; account++) {
            uint64_t index = (account - 10) / 2;
            bool listed = account >= 10 && account % 2 == 0 && index < count;
            assert_int_equal(assign_group(&fixture.conductor, account, JUNE), listed ? (uint32_t)(index % 2) : GROUP_NONE);
        }
    }
    document_fixture_done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_belongs_to_the_group_that_lists_it),
        cmocka_unit_test(the_status_of_a_group_decides_whether_it_prices),
        cmocka_unit_test(periods_before_the_document_have_no_groups),
        cmocka_unit_test(every_one_of_many_accounts_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
