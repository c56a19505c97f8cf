/* api/access: the table of roles, and the role that a document gives an account. */
#include "support/unit.h"

#include "api/access.h"

static const char document_json[] =
    "{\"BillingGroups\":[{\"Name\":\"a\",\"Arn\":\"arn:aws:billingconductor::123456789012:billinggroup/111111111111\","
    "\"PrimaryAccountId\":\"111111111111\"},{\"Name\":\"b\",\"PrimaryAccountId\":\"333333333333\","
    "\"AccountGrouping\":{\"AutoAssociate\":true}}],"
    "\"LinkedAccounts\":[{\"AccountId\":\"111111111111\",\"BillingGroupArn\":\"111111111111\"},"
    "{\"AccountId\":\"222222222222\",\"BillingGroupArn\":\"111111111111\"},{\"AccountId\":\"444444444444\"}]}";

static void a_role_follows_from_the_document(void **state)
{
    (void)state;
    static const struct {
        struct caller caller;
        enum caller_role role;
        const char *group;
    } rows[] = {
        { { true, "" }, ROLE_PAYER, NULL },
        { { true, "222222222222" }, ROLE_PAYER, NULL },
        { { false, "111111111111" }, ROLE_PRIMARY, "111111111111" },
        { { false, "222222222222" }, ROLE_MEMBER, "111111111111" },
        { { false, "444444444444" }, ROLE_STRANGER, NULL },         /* listed, in no group */
        { { false, "555555555555" }, ROLE_MEMBER, "333333333333" }, /* not listed: joins by itself */
        { { false, "333333333333" }, ROLE_PRIMARY, "333333333333" },
    };
    struct document *document;
    struct error error;
    assert_true(document_parse(TEXT(document_json), TEXT_NONE, 1, &document, &error));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *group;
        assert_int_equal(caller_role(&rows[i].caller, document, &group), rows[i].role);
        expect_text(rows[i].caller.account, text_of(group), rows[i].group ? rows[i].group : "");
    }
    document_release(document);
}

static void the_table_of_roles(void **state)
{
    (void)state;
    /* operations, group, own account, billable, all */
    static const char *const rows[ROLE_COUNT] = {
        [ROLE_PAYER] = "yyyyy",
        [ROLE_PRIMARY] = "nyynn",
        [ROLE_MEMBER] = "nnynn",
        [ROLE_STRANGER] = "nnnnn",
    };
    for (enum caller_role role = 0; role < ROLE_COUNT; role++)
        for (enum permission permission = 0; permission < PERMISSION_COUNT; permission++)
            assert_int_equal(role_may(role, permission), rows[role][permission] == 'y');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_follows_from_the_document),
        cmocka_unit_test(the_table_of_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
