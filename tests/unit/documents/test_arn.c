/* documents/arn: which texts name an entity, and of which type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "documents/arn.h"

#define ABC "arn:aws:billingconductor::123456789012:"
#define ANY (ARN_MASK(ARN_GROUP) | ARN_MASK(ARN_PLAN) | ARN_MASK(ARN_RULE) | ARN_MASK(ARN_ITEM))

static void arns_and_bare_ids_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned allowed;
        enum arn_type type;
        const char *account, *id;
    } rows[] = {
        { ABC "billinggroup/111111111111", ANY, ARN_GROUP, "123456789012", "111111111111" },
        { "arn:aws-cn:billingconductor::123456789012:pricingrule/a", ANY, ARN_RULE, "123456789012", "a" },
        { ABC "customlineitem/cliSupport", ARN_MASK(ARN_ITEM), ARN_ITEM, "123456789012", "cliSupport" },
        { "arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan", ANY, ARN_PLAN, "aws", "BasicPricingPlan" },
        { ABC "pricingplan/Passthrough", ANY, ARN_PLAN, "123456789012", "Passthrough" },
        { "planRetail", ARN_MASK(ARN_PLAN), ARN_PLAN, "", "planRetail" },
        { "a.name_of+create=form@x-1", ARN_MASK(ARN_RULE), ARN_RULE, "", "a.name_of+create=form@x-1" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct arn arn;
        if (!arn_parse(text_of(rows[i].text), rows[i].allowed, &arn))
            fail_msg("%s is refused", rows[i].text);
        assert_int_equal(arn.type, rows[i].type);
        assert_true(text_equal(arn.account, text_of(rows[i].account)));
        assert_true(text_equal(arn.id, text_of(rows[i].id)));
        assert_int_equal(arn.is_bare, rows[i].account[0] == '\0');
    }
}

static void what_names_nothing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned allowed;
    } rows[] = {
        { "", ANY },
        { "two words", ANY },
        { "billinggroup/111111111111", ANY },
        { "arn:aws-us-gov:billingconductor::123456789012:billinggroup/111111111111", ANY },
        { "arn:aws:billing::123456789012:billinggroup/111111111111", ANY },
        { "arn:aws:billingconductor:us-east-1:123456789012:billinggroup/111111111111", ANY },
        { "arn:aws:billingconductor::12345678901:billinggroup/111111111111", ANY },
        { "arn:aws:billingconductor::aws:billinggroup/111111111111", ANY },
        { "arn:aws:billingconductor::aws:pricingplan/planRetail", ANY },
        { "arn:aws:billingconductor::123456789012", ANY },
        { ABC "billinggroup", ANY },
        { ABC "billinggroup/", ANY },
        { ABC "billinggroup/a/b", ANY },
        { ABC "billinggroup/a-b", ANY },
        { ABC "billinggroups/a", ANY },
        { ABC "pricingrule/ruleGlob05", ARN_MASK(ARN_PLAN) | ARN_MASK(ARN_GROUP) },
        { ABC "pricingrule/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ANY },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct arn arn;
        if (arn_parse(text_of(rows[i].text), rows[i].allowed, &arn))
            fail_msg("%s is accepted", rows[i].text);
    }
}

static void transfers_of_organizations_are_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_transfer;
    } rows[] = {
        { "arn:aws:organizations::123456789012:transfer/o-abcdefghij/billing/inbound/rt-12345678", true },
        { "arn:aws-cn:organizations::123456789012:transfer/o-abcdefghij/billing/outbound/rt-12345678", true },
        { "arn:aws:organizations::123456789012:transfer/o-abcdefghij/billing/sideways/rt-12345678", false },
        { "arn:aws:organizations::123456789012:transfer/o-abcdefghij/cost/inbound/rt-12345678", false },
        { "arn:aws:organizations::123456789012:transfer/x-abcdefghij/billing/inbound/rt-12345678", false },
        { "arn:aws:organizations::1234:transfer/o-abcdefghij/billing/inbound/rt-12345678", false },
        { "arn:aws:billing::123456789012:transfer/o-abcdefghij/billing/inbound/rt-12345678", false },
        { "transfer/o-abcdefghij/billing/inbound/rt-12345678", false },
        { "", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        if (arn_is_responsibility_transfer(text_of(rows[i].text)) != rows[i].is_transfer)
            fail_msg("%s is %s", rows[i].text, rows[i].is_transfer ? "refused" : "accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arns_and_bare_ids_are_taken_apart),
        cmocka_unit_test(what_names_nothing_is_refused),
        cmocka_unit_test(transfers_of_organizations_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
