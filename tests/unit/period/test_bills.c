/* period/bills: bill rows and margins (SEMANTICS 3.1, 6). */
#include "period/bills.h"
#include "support/unit.h"

static struct total total_of(const char *cost, const char *billable, const char *tax)
{
    struct total total = { .usage_events = 3, .charged_rows = 1, .latest_end_ms = 1000 };
    sum_add(&total.cost, decimal(cost, COST_SCALE));
    sum_add(&total.billable_cost, decimal(billable, AMOUNT_SCALE));
    sum_add(&total.tax, decimal(tax, AMOUNT_SCALE));
    return total;
}

static struct bill bill_of(const struct total *total)
{
    struct bill bill;
    bill_from_total(total, TEXT("G"), TEXT("2026-06"), TEXT("111111111111"), TEXT("AmazonEC2"), TEXT("Usage"), TEXT("USD"),
                    &bill);
    return bill;
}

static void the_margin_is_cost_without_billable_cost(void **state)
{
    (void)state;
    static const struct {
        const char *cost, *billable, *tax, *margin, *percentage; /* "": none */
    } rows[] = {
        { "1133", "900", "0", "233", "20.5648720212" },
        { "900", "1000", "0", "-100", "-11.1111111111" },
        { "1000", "1000", "0", "0", "0" },
        { "0", "5", "0", "-5", "" },
        { "0", "0", "0", "0", "" },
        { "100", "97", "8", "3", "3" },   /* tax is on neither side */
        { "-10", "-5", "0", "-5", "50" }, /* both sides are credits */
        { "-10", "5", "0", "-15", "150" },
        { "0.000000000000000000000001", "0.00000000000000000001", "0", "-0.000000000000000000009999", "-999900" },
        { "3", "1", "0", "2", "66.6666666667" },
        { "3", "2", "0", "1", "33.3333333333" },
        { "80000000000", "79999999999.96", "0", "0.04", "0" }, /* 0.5 of the tenth decimal: to even */
        { "80000000000", "79999999999.88", "0", "0.12", "0.0000000002" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct total total = total_of(rows[i].cost, rows[i].billable, rows[i].tax);
        struct bill bill = bill_of(&total);
        expect_sum(rows[i].cost, bill.margin, COST_SCALE, rows[i].margin);
        expect_sum(rows[i].cost, bill.tax, AMOUNT_SCALE, rows[i].tax);
        expect(rows[i].cost, record_has(&bill, BILL_margin_percentage), rows[i].percentage[0] != '\0');
        if (record_has(&bill, BILL_margin_percentage))
            expect_sum(rows[i].cost, bill.margin_percentage, PERCENT_SCALE, rows[i].percentage);
    }
}

static void a_bill_row_tells_its_key_and_its_sums(void **state)
{
    (void)state;
    struct total total = total_of("2", "1", "0.5");
    sum_add(&total.public_cost, decimal("3", AMOUNT_SCALE));
    struct bill bill = bill_of(&total);
    expect_text("group", bill.billing_group, "G");
    expect_text("period", bill.billing_period, "2026-06");
    expect_text("account", bill.usage_account_id, "111111111111");
    expect_text("service", bill.product_code, "AmazonEC2");
    expect_text("type", bill.line_item_type, "Usage");
    expect_text("currency", bill.currency, "USD");
    assert_int_equal(bill.usage_events, 3);
    expect_sum("cost", bill.cost, COST_SCALE, "2");
    expect_sum("billable", bill.billable_cost, AMOUNT_SCALE, "1");
    expect_sum("public", bill.public_cost, AMOUNT_SCALE, "3");
}

/* Whatever events add up to, a bill holds it; DECIMAL values end at 10^14. */
static void no_total_is_too_large_for_a_bill(void **state)
{
    (void)state;
    static const struct {
        const char *cost, *billable;
        int doublings;
        const char *margin, *percentage;
    } rows[] = {
        { "90000000000000", "-90000000000000", 0, "180000000000000", "200" },
        { "90000000000000", "30000000000000.00000000000000000001", 1, "119999999999999.99999999999999999998",
          "66.6666666667" },
        { "0", "90000000000000", 1, "-180000000000000", "" },
        { "99999999999999.999999999999999999999999", "-99999999999999.99999999999999999999", 20,
          "209715199999999999999.999999999999989513191424", "200" },
        { "0.000000000000000000000001", "-99999999999999.99999999999999999999", 20,
          "104857599999999999999.999999999999989515288576", "9999999999999999999999999999999999000100" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct total total = total_of(rows[i].cost, rows[i].billable, rows[i].billable);
        for (int n = 0; n < rows[i].doublings; n++) {
            sum_add_sum(&total.cost, &total.cost);
            sum_add_sum(&total.billable_cost, &total.billable_cost);
        }
        struct bill bill = bill_of(&total);
        expect_sum(rows[i].margin, bill.margin, COST_SCALE, rows[i].margin);
        expect(rows[i].margin, record_has(&bill, BILL_margin_percentage), rows[i].percentage[0] != '\0');
        if (rows[i].percentage[0])
            expect_sum(rows[i].margin, bill.margin_percentage, PERCENT_SCALE, rows[i].percentage);
    }
}

static void a_total_without_usage_has_no_time(void **state)
{
    (void)state;
    struct total total = total_of("1", "0", "0");
    struct bill bill = bill_of(&total);
    assert_true(record_has(&bill, BILL_as_of));
    total.latest_end_ms = INT64_MIN;
    bill = bill_of(&total);
    assert_false(record_has(&bill, BILL_as_of));
}

static void wider_keys_add_up_what_is_under_them(void **state)
{
    (void)state;
    struct total parts[3] = { total_of("1", "2", "3"), total_of("10", "20", "30"), total_of("-100", "-200", "-300") };
    parts[1].latest_end_ms = 5000;
    parts[2].latest_end_ms = INT64_MIN;
    static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 } };
    for (size_t i = 0; i < ARRAY_COUNT(orders); i++) {
        struct total total = { .latest_end_ms = INT64_MIN };
        for (size_t p = 0; p < 3; p++)
            total_add(&total, &parts[orders[i][p]]);
        assert_int_equal(total.usage_events, 9);
        assert_int_equal(total.charged_rows, 3);
        assert_true(total.latest_end_ms == 5000);
        struct bill bill = bill_of(&total);
        expect_sum("cost", bill.cost, COST_SCALE, "-89");
        expect_sum("billable", bill.billable_cost, AMOUNT_SCALE, "-178");
        expect_sum("tax", bill.tax, AMOUNT_SCALE, "-267");
        expect_sum("margin", bill.margin, COST_SCALE, "89");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_margin_is_cost_without_billable_cost), cmocka_unit_test(a_bill_row_tells_its_key_and_its_sums),
        cmocka_unit_test(no_total_is_too_large_for_a_bill),         cmocka_unit_test(a_total_without_usage_has_no_time),
        cmocka_unit_test(wider_keys_add_up_what_is_under_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
