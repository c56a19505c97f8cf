/* codec/cur_csv: rows of a Cost and Usage Report under legacy and CUR 2.0 headings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/cur_csv.h"
#include "support/record_text.h"

#define HEADING                                                                               \
    "identity/LineItemId,identity/TimeInterval,lineItem/UsageAccountId,lineItem/ProductCode," \
    "lineItem/UsageStartDate"
#define ROW "id1,2026-06-01T00:00:00Z/2026-06-01T01:00:00Z,200000000011,AmazonEC2,2026-06-01T00:00:00Z"
#define EVENT                                                                                       \
    "event_id=id1/2026-06-01T00%3a00%3a00Z/2026-06-01T01%3a00%3a00Z usage_account_id=200000000011 " \
    "product_code=AmazonEC2"
#define START " usage_start=1780272000000"

static struct cur_csv *open_heading(const char *heading)
{
    struct cur_csv *csv;
    struct error error;
    if (!cur_csv_open(text_of(heading), "test.csv", &csv, &error))
        fail_msg("%s: %s", heading, error.message);
    return csv;
}

/* Fields of the event, or "REASON field". */
static const char *decode(struct cur_csv *csv, struct text row, enum excess_decimals excess)
{
    static struct buffer out;
    struct arena arena = { 0 };
    struct usage_event event;
    struct refusal refusal = { 0 };
    if (cur_csv_decode(csv, row, excess, &event, &arena, &refusal)) {
        record_text(&usage_event_type, &event, &out);
        if (event.excess_decimals)
            buffer_printf(&out, " rounded=%u", event.excess_decimals);
    } else {
        buffer_clear(&out);
        buffer_printf(&out, "%s %s", refusal_reason_text(refusal.reason), refusal.field ? refusal.field : "-");
        assert_true(refusal.detail[0] != '\0');
    }
    *buffer_reserve(&out, 1) = '\0';
    arena_done(&arena);
    return out.data;
}

struct row {
    const char *heading, *row, *expected;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cur_csv *csv = open_heading(rows[i].heading);
        const char *found = decode(csv, text_of(rows[i].row), EXCESS_ROUND);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s\n%s\n%s, expected\n%s", rows[i].heading, rows[i].row, found, rows[i].expected);
        cur_csv_free(csv);
    }
}

static void headings_come_in_both_forms_any_order_and_any_case(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING, ROW, EVENT START },
        { "identity_line_item_id,identity_time_interval,line_item_usage_account_id,line_item_product_code,"
          "line_item_usage_start_date",
          ROW, EVENT START },
        { "IDENTITY/LINEITEMID,identity/timeinterval,LINEITEM/USAGEACCOUNTID,lineitem/ProductCode,"
          "LineItem/usagestartdate",
          ROW, EVENT START },
        { "lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageAccountId,identity/TimeInterval,"
          "identity/LineItemId",
          "2026-06-01T00:00:00Z,AmazonEC2,200000000011,2026-06-01T00:00:00Z/2026-06-01T01:00:00Z,id1", EVENT START },
        { "\"identity/LineItemId\",\"identity/TimeInterval\",lineItem/UsageAccountId,lineItem/ProductCode,"
          "lineItem/UsageStartDate",
          ROW, EVENT START },
        { HEADING ",something/Else,bill/BillType", ROW ",1,Anniversary", EVENT START },
        { "Line_Item_Usage_Amount," HEADING, "2.50," ROW, EVENT START " usage_amount=2.5" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void every_column_feeds_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *legacy, *cur2, *value, *expected; /* NULL: no such heading */
    } rows[] = {
        { "bill/PayerAccountId", "bill_payer_account_id", "100000000001", "payer_account_id=100000000001" },
        { "bill/BillingPeriodStartDate", "bill_billing_period_start_date", "2026-05-01T00:00:00.000Z",
          "billing_period=2026-05" },
        { "bill/BillingEntity", "bill_billing_entity", "AWS Marketplace", "billing_entity=AWS%20Marketplace" },
        { "lineItem/LineItemType", "line_item_line_item_type", "Tax", "line_item_type=Tax" },
        { "product/servicecode", "product_servicecode", "AWSDataTransfer", "service_code=AWSDataTransfer" },
        { "lineItem/UsageType", "line_item_usage_type", "BoxUsage", "usage_type=BoxUsage" },
        { "lineItem/Operation", "line_item_operation", "Run", "operation=Run" },
        { "product/sku", "product_sku", "SKU1", "sku=SKU1" },
        { "product/regionCode", "product_region_code", "eu-west-1", "region=eu-west-1" },
        { "product/region", NULL, "eu-west-1", "region=eu-west-1" },
        { "lineItem/AvailabilityZone", "line_item_availability_zone", "eu-west-1a", "availability_zone=eu-west-1a" },
        { "lineItem/ResourceId", "line_item_resource_id", "i-1", "resource_id=i-1" },
        { "lineItem/UsageEndDate", "line_item_usage_end_date", "2026-06-01T01:00:00Z", "usage_end=1780275600000" },
        { "lineItem/UsageAmount", "line_item_usage_amount", "24.0000000000", "usage_amount=24" },
        { "pricing/unit", "pricing_unit", "Hrs", "unit=Hrs" },
        { "lineItem/CurrencyCode", "line_item_currency_code", "USD", "currency=USD" },
        { "pricing/publicOnDemandRate", "pricing_public_on_demand_rate", "0.0960000000", "public_on_demand_rate=0.096" },
        { "pricing/publicOnDemandCost", "pricing_public_on_demand_cost", "2.3", "public_on_demand_cost=2.3" },
        { "lineItem/UnblendedCost", "line_item_unblended_cost", "-1.5", "unblended_cost=-1.5" },
        { "lineItem/NetUnblendedCost", "line_item_net_unblended_cost", "0.9", "net_unblended_cost=0.9" },
        { "reservation/ReservationARN", "reservation_reservation_a_r_n", "arn", "reservation_arn=arn" },
        { "reservation/EffectiveCost", "reservation_effective_cost", "0.1", "reservation_effective_cost=0.1" },
        { "savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n", "arn", "savings_plan_arn=arn" },
        { "savingsPlan/SavingsPlanArn", NULL, "arn", "savings_plan_arn=arn" },
        { "savingsPlan/SavingsPlanRate", "savings_plan_savings_plan_rate", "0.1", "savings_plan_rate=0.1" },
        { "savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost", "0.2",
          "savings_plan_effective_cost=0.2" },
        { "lineItem/NormalizationFactor", "line_item_normalization_factor", "4", "normalization_factor=4" },
        { "lineItem/LineItemDescription", "line_item_line_item_description", "\"$0.1, per \"\"hour\"\"\"",
          "description=$0.1%2c%20per%20\"hour\"" },
        { "resourceTags/user:Team", "resource_tags", NULL, "tags=user%3aTeam:web" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        for (int cur2 = 0; cur2 < 2; cur2++) {
            const char *name = cur2 ? rows[i].cur2 : rows[i].legacy;
            if (!name)
                continue;
            char heading[256], row[256];
            const char *value = rows[i].value ? rows[i].value : cur2 ? "\"{\"\"user:Team\"\":\"\"web\"\"}\"" : "web";
            snprintf(heading, sizeof heading, HEADING ",%s", name);
            snprintf(row, sizeof row, ROW ",%s", value);
            struct cur_csv *csv = open_heading(heading);
            const char *found = decode(csv, text_of(row), EXCESS_REJECT);
            if (!strstr(found, rows[i].expected))
                fail_msg("%s: %s, expected %s", name, found, rows[i].expected);
            snprintf(row, sizeof row, ROW ","); /* empty is absent */
            assert_string_equal(decode(csv, text_of(row), EXCESS_REJECT), EVENT START);
            cur_csv_free(csv);
        }
    }
}

/* Rows with net costs carry their discounts, so that a discount's own row has only what it says itself. */
static void a_discount_without_a_net_cost_counts_nothing_beside_net_costs(void **state)
{
    (void)state;
#define NET HEADING ",lineItem/LineItemType,lineItem/UnblendedCost,lineItem/NetUnblendedCost"
    static const struct row rows[] = {
        { NET, ROW ",EdpDiscount,-0.1,", EVENT START " unblended_cost=-0.1 net_unblended_cost=0" },
        { NET, ROW ",PrivateRateDiscount,-0.1,-0.02", EVENT START " unblended_cost=-0.1 net_unblended_cost=-0.02" },
        { NET, ROW ",Usage,0.1,", EVENT START " unblended_cost=0.1" },
        { NET, ROW ",Credit,-0.1,", EVENT START " unblended_cost=-0.1" },
        { HEADING ",lineItem/LineItemType,lineItem/UnblendedCost", ROW ",EdpDiscount,-0.1",
          EVENT START " unblended_cost=-0.1" },
    };
#undef NET
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct cur_csv *csv = open_heading(rows[i].heading);
        const char *found = decode(csv, text_of(rows[i].row), EXCESS_ROUND);
        const char *costs = strstr(rows[i].expected, " unblended"), *found_costs = strstr(found, " unblended");
        assert_non_null(found_costs);
        assert_string_equal(found_costs, costs);
        cur_csv_free(csv);
    }
}

/* The costs of a pod or a task lie in its instance's row; its tags are its own. */
static void a_share_of_another_row_costs_nothing_and_keeps_its_tags(void **state)
{
    (void)state;
#define SPLIT                                                                                     \
    HEADING                                                                                       \
    ",lineItem/UsageType,lineItem/UsageAmount,lineItem/UnblendedCost,pricing/publicOnDemandRate," \
    "pricing/publicOnDemandCost,splitLineItem/ParentResourceId,splitLineItem/SplitCost,resourceTags/aws:eks:namespace"
    static const char *const headings[] = {
        SPLIT,
        "identity_line_item_id,identity_time_interval,line_item_usage_account_id,line_item_product_code,"
        "line_item_usage_start_date,line_item_usage_type,line_item_usage_amount,line_item_unblended_cost,"
        "pricing_public_on_demand_rate,pricing_public_on_demand_cost,split_line_item_parent_resource_id,"
        "split_line_item_split_cost,resourceTags/aws:eks:namespace",
    };
#undef SPLIT
    static const struct {
        const char *row, *expected;
    } rows[] = {
        { ROW ",vCPU,0.25,0.01,0.04,0.01,i-0abc,0.01,shop",
          "usage_type=vCPU usage_start=1780272000000 usage_amount=0.25 public_on_demand_rate=0 public_on_demand_cost=0 "
          "unblended_cost=0 tags=aws%3aeks%3anamespace:shop" },
        { ROW ",vCPU,0.25,,,,i-0abc,0.01,shop",
          "usage_type=vCPU usage_start=1780272000000 usage_amount=0.25 public_on_demand_rate=0 unblended_cost=0 "
          "tags=aws%3aeks%3anamespace:shop" },
        { ROW ",vCPU,0.25,0.01,0.04,0.01,,0.01,shop", /* on Fargate its row is its own */
          "usage_type=vCPU usage_start=1780272000000 usage_amount=0.25 public_on_demand_rate=0.04 "
          "public_on_demand_cost=0.01 "
          "unblended_cost=0.01 tags=aws%3aeks%3anamespace:shop" },
    };
    for (size_t h = 0; h < ARRAY_COUNT(headings); h++) {
        struct cur_csv *csv = open_heading(headings[h]);
        for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
            assert_string_equal(strstr(decode(csv, text_of(rows[i].row), EXCESS_REJECT), "usage_type"), rows[i].expected);
        cur_csv_free(csv);
    }
}

static void the_region_code_goes_before_the_region(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING ",product/region,product/regionCode", ROW ",a,b", EVENT " region=b" START },
        { HEADING ",product/regionCode,product/region", ROW ",b,a", EVENT " region=b" START },
        { HEADING ",product/regionCode,product/region", ROW ",,a", EVENT " region=a" START },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void tags_come_as_columns_or_as_a_map(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING ",resourceTags/user:b,resourceTags/aws:createdBy,resourceTags/user:a", ROW ",1,,\"2, 3\"",
          EVENT START " tags=user%3aa:2%2c%203,user%3ab:1" },
        { HEADING ",RESOURCETAGS/user:Team", ROW ",web", EVENT START " tags=user%3aTeam:web" },
        { HEADING ",resource_tags", ROW ",\"{\"\"user_b\"\":\"\"1\"\",\"\"user_a\"\":\"\"2\"\"}\"",
          EVENT START " tags=user_a:2,user_b:1" },
        { HEADING ",resource_tags", ROW ",{}", EVENT START },
        { HEADING ",resource_tags", ROW ",", EVENT START },
        { HEADING ",resource_tags", ROW ",no map", "BAD_FIELD tags" },
        { HEADING ",resource_tags", ROW ",\"{\"\"a\"\":true}\"", "BAD_FIELD tags" },
        { HEADING ",resourceTags/a,resourceTags/A", ROW ",1,2", EVENT START " tags=A:2,a:1" },
        { HEADING ",product,discount,cost_category", ROW ",\"{\"\"a\"\":\"\"1\"\"}\",{},{}", EVENT START },
        { HEADING ",resource_tags_user_team,resource_tags_aws_created_by", ROW ",web,Root",
          EVENT START " tags=aws_created_by:Root,user_team:web" },
        { HEADING ",costCategory/Dept,resourceTags/user:a", ROW ",X,1", EVENT START " tags=costCategory/Dept:X,user%3aa:1" },
        { HEADING ",resource_tags,cost_category,tags", ROW ",{user_a=1},{Dept=X},{accountTag/o=Z}",
          EVENT START " tags=accountTag/o:Z,costCategory/Dept:X,user_a:1" },
        { HEADING ",resource_tags,resource_tags_user_b", ROW ",{user_a=1},2", EVENT START " tags=user_a:1,user_b:2" },
        { HEADING ",resource_tags,resource_tags_user_a", ROW ",{user_a=1},2", "BAD_FIELD tags" },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void what_exports_write_for_no_value_is_none(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING ",lineItem/UsageAmount,lineItem/ResourceId,resource_tags", ROW ",null,NULL,null", EVENT START },
        { HEADING ",lineItem/UsageEndDate,reservation/ReservationARN,tags", ROW ",\\N,\\N,\\N", EVENT START },
        { HEADING ",resourceTags/user:a", ROW ",null", EVENT START " tags=user%3aa:null" },
        { HEADING ",lineItem/UsageType", ROW ",nullable", EVENT " usage_type=nullable" START },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void a_column_that_comes_twice_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *more, *named;
    } rows[] = {
        { ",lineItem/UsageAmount,lineItem/UsageAmount", "lineItem/UsageAmount" },
        { ",lineItem/UsageAmount,lineitem/usageamount", "lineitem/usageamount" },
        { ",lineItem/UsageAmount,line_item_usage_amount", "line_item_usage_amount" },
        { ",resourceTags/user:env,x,resourceTags/user:env", "resourceTags/user:env" },
        { ",some/Thing,some/Thing", "some/Thing" },
        { ",identity/LineItemId", "identity/LineItemId" },
        { ",tags,tags", "tags" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char heading[256];
        struct cur_csv *csv;
        struct error error = { 0 };
        snprintf(heading, sizeof heading, HEADING "%s", rows[i].more);
        assert_false(cur_csv_open(text_of(heading), "some.csv", &csv, &error));
        assert_non_null(strstr(error.message, "some.csv"));
        if (!strstr(error.message, rows[i].named) || !strstr(error.message, "twice"))
            fail_msg("%s: %s", heading, error.message);
    }
}

static void numbers_may_have_an_exponent(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING ",lineItem/UsageAmount", ROW ",1.5E-4", EVENT START " usage_amount=0.00015" },
        { HEADING ",lineItem/UsageAmount", ROW ",1.0416666667E-4", EVENT START " usage_amount=0.0001041667 rounded=1" },
        { HEADING ",lineItem/UsageAmount", ROW ",2e3", EVENT START " usage_amount=2000" },
        { HEADING ",lineItem/UnblendedCost", ROW ",1.0416666667E-4", EVENT START " unblended_cost=0.00010416666667" },
        { HEADING ",lineItem/UsageAmount", ROW ",1.5F", "BAD_NUMBER usage_amount" },
        { HEADING ",lineItem/UsageAmount", ROW ",\"1,5\"", "BAD_NUMBER usage_amount" },
    };
    check(rows, ARRAY_COUNT(rows));
    struct cur_csv *csv = open_heading(HEADING ",lineItem/UsageAmount");
    assert_string_equal(decode(csv, TEXT(ROW ",1.0416666667E-4"), EXCESS_REJECT), "EXCESS_DECIMALS usage_amount");
    cur_csv_free(csv);
}

static void bad_rows_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING, "id1,i,200000000011,AmazonEC2", "MALFORMED -" },
        { HEADING, ROW ",more", "MALFORMED -" },
        { HEADING, "x", "MALFORMED -" },
        { HEADING, "\"id1\"x,i,200000000011,AmazonEC2,2026-06-01", "MALFORMED -" },
        { HEADING, "i\"d1,i,200000000011,AmazonEC2,2026-06-01", "MALFORMED -" },
        { HEADING, "\"id1,i,200000000011,AmazonEC2,2026-06-01", "MALFORMED -" },
        { HEADING, ROW "\n" ROW, "MALFORMED -" },
        { HEADING, "id1,i,200000000011,AmazonEC2,2026-06-99", "BAD_TIME usage_start" },
        { HEADING, "id1,i,200000000011,Ama\xffzon,2026-06-01", "BAD_ENCODING product_code" },
        { HEADING, "id1,i,200000000011,\"Amazon\nEC2\",2026-06-01",
          "event_id=id1/i usage_account_id=200000000011 product_code=Amazon%0aEC2" START },
    };
    check(rows, ARRAY_COUNT(rows));
    struct cur_csv *csv = open_heading(HEADING);
    assert_string_equal(decode(csv, (struct text){ "id1,i,200000000011,Ama\0n,2026-06-01", 35 }, EXCESS_ROUND),
                        "NUL_BYTE product_code");
    cur_csv_free(csv);
}

static void a_bad_row_leaves_no_trace_in_the_next(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"id1,i,200000000011,AmazonEC2,2026-06-01", "\"", "a,\"b", "\"a\"b", "a\"b", "", ",,,,,,,,,,", "id1,i,\xff,\xff,x"
    };
    struct cur_csv *csv = open_heading(HEADING);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        decode(csv, text_of(bad[i]), EXCESS_ROUND);
        const char *found = decode(csv, TEXT(ROW), EXCESS_ROUND);
        if (strcmp(found, EVENT START) != 0)
            fail_msg("after %s: %s", bad[i], found);
    }
    cur_csv_free(csv);
}

static void a_row_without_line_item_id_has_no_event_id(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { HEADING, ",i,200000000011,AmazonEC2,2026-06-01", "usage_account_id=200000000011 product_code=AmazonEC2" START },
    };
    check(rows, ARRAY_COUNT(rows));
}

static void a_heading_that_lacks_a_needed_column_is_no_report(void **state)
{
    (void)state;
    static const struct {
        const char *heading, *named[4];
    } rows[] = {
        { "identity/LineItemId,lineItem/UsageAccountId,lineItem/ProductCode", { "lineItem/UsageStartDate" } },
        { "line_item_usage_start_date,identity_line_item_id", { "lineItem/UsageAccountId", "lineItem/ProductCode" } },
        { "a,b,c", { "identity/LineItemId", "lineItem/UsageAccountId", "lineItem/ProductCode", "lineItem/UsageStartDate" } },
        { "{\"event_id\":\"1\"}", { "" } },
        { "\"identity/LineItemId", { "" } },
        { "", { "" } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct cur_csv *csv;
        struct error error = { 0 };
        assert_false(cur_csv_open(text_of(rows[i].heading), "some.csv", &csv, &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, "some.csv"));
        for (size_t n = 0; n < 4 && rows[i].named[n]; n++)
            if (!strstr(error.message, rows[i].named[n]))
                fail_msg("%s: %s", rows[i].heading, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings_come_in_both_forms_any_order_and_any_case),
        cmocka_unit_test(every_column_feeds_its_field),
        cmocka_unit_test(a_discount_without_a_net_cost_counts_nothing_beside_net_costs),
        cmocka_unit_test(a_share_of_another_row_costs_nothing_and_keeps_its_tags),
        cmocka_unit_test(the_region_code_goes_before_the_region),
        cmocka_unit_test(tags_come_as_columns_or_as_a_map),
        cmocka_unit_test(what_exports_write_for_no_value_is_none),
        cmocka_unit_test(a_column_that_comes_twice_is_named),
        cmocka_unit_test(numbers_may_have_an_exponent),
        cmocka_unit_test(bad_rows_are_refused_with_a_reason),
        cmocka_unit_test(a_bad_row_leaves_no_trace_in_the_next),
        cmocka_unit_test(a_row_without_line_item_id_has_no_event_id),
        cmocka_unit_test(a_heading_that_lacks_a_needed_column_is_no_report),
    };
    return cmocka_run_group_tests_name("codec/cur_csv", tests, NULL, NULL);
}
