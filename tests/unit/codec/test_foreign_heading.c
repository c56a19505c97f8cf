/* codec/foreign_heading: a heading that is no report's is named for what it is. */
#include "support/unit.h"

#include "codec/foreign_heading.h"

static void a_heading_of_another_kind_is_named_with_the_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *heading, *named, *way_out;
    } rows[] = {
        { "identity/LineItemId;lineItem/UsageAccountId;lineItem/UsageAmount", "semicolons", "delimiter=';'" },
        { "identity_line_item_id\tline_item_usage_account_id\tline_item_usage_type", "tabs", "delimiter='\\t'" },
        { "identity/LineItemId|lineItem/UsageAccountId", "bars", "delimiter='|'" },
        { "\"identity/LineItemId\";\"lineItem/UsageAccountId\";\"a,b\"", "semicolons", "delimiter=';'" },
        { "AvailabilityZone,BilledCost,BillingAccountId,ChargeCategory,ChargePeriodStart", "FOCUS",
          "COST_AND_USAGE_REPORT" },
        { "ChargePeriodStart,ListCost", "FOCUS", "COST_AND_USAGE_REPORT" },
        { "InvoiceID,PayerAccountId,LinkedAccountId,RecordType,RecordId,ProductName", "detailed billing report", "CUR 2.0" },
        { "\"InvoiceID\",\"PayerAccountId\",\"LinkedAccountId\"", "detailed billing report", "CUR 2.0" },
        { "SKU,OfferTermCode,RateCode,TermType,PriceDescription,PricePerUnit", "offer file", "--price-list" },
        { "id1,2026-06-01T00:00:00Z/2026-06-01T01:00:00Z,200000000011,AmazonEC2", "line 1 is a row", "heading" },
        { "a,b,c", "lacks this and that", "" },
        { "", "lacks this and that", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = { 0 };
        assert_false(foreign_heading_fail(text_of(rows[i].heading), "some.csv", "this and that", &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        if (!strstr(error.message, rows[i].named) || !strstr(error.message, rows[i].way_out) ||
            !strstr(error.message, "some.csv"))
            fail_msg("%s: %s", rows[i].heading, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heading_of_another_kind_is_named_with_the_way_out),
    };
    return cmocka_run_group_tests_name("codec/foreign_heading", tests, NULL, NULL);
}
