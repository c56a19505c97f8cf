/* rate/line_item_class: what the pro forma domain does with each type (SEMANTICS 3.1). */
#include "rate/line_item_class.h"
#include "support/fixtures.h"
#include "support/unit.h"

static void each_type_has_its_class(void **state)
{
    (void)state;
    static const struct {
        const char *type, *product;
        enum line_item_class class;
    } rows[] = {
        { "Usage", "AmazonEC2", CLASS_USAGE },
        { "DiscountedUsage", "AmazonEC2", CLASS_COVERED },
        { "SavingsPlanCoveredUsage", "AmazonEC2", CLASS_COVERED },
        { "SavingsPlanNegation", "AmazonEC2", CLASS_NEGATION },
        { "RIFee", "AmazonEC2", CLASS_FEE },
        { "SavingsPlanRecurringFee", "ComputeSavingsPlans", CLASS_FEE },
        { "SavingsPlanUpfrontFee", "ComputeSavingsPlans", CLASS_FEE },
        { "Fee", "AmazonRegistrar", CLASS_FEE },
        { "Tax", "AmazonEC2", CLASS_TAX },
        { "Credit", "AmazonEC2", CLASS_LEFT_OUT },
        { "Refund", "AmazonEC2", CLASS_LEFT_OUT },
        { "EdpDiscount", "AmazonEC2", CLASS_LEFT_OUT },
        { "PrivateRateDiscount", "AmazonEC2", CLASS_LEFT_OUT },
        { "SppDiscount", "AmazonEC2", CLASS_LEFT_OUT },
        { "BundledDiscount", "AmazonEC2", CLASS_LEFT_OUT },
        { "NotYetInvented", "AmazonEC2", CLASS_LEFT_OUT },
        { "usage", "AmazonEC2", CLASS_LEFT_OUT },
        { "Fee", "AWSSupportBusiness", CLASS_LEFT_OUT },
        { "Usage", "AWSSupportEnterprise", CLASS_LEFT_OUT },
        { "RIFee", "OCBPremiumSupport", CLASS_LEFT_OUT },
        { "Tax", "AWSSupportBusiness", CLASS_TAX }, /* all but Tax count as billable, also here */
        { "Fee", "support", CLASS_FEE },
    };
    struct buffer bytes = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = event_with(.line_item_type = rows[i].type, .product_code = rows[i].product);
        struct facts facts = facts_of(&event, &bytes);
        expect_number(rows[i].type, (long long)line_item_class(&facts), (long long)rows[i].class);
    }
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
