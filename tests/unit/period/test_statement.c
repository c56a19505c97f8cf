/* period/statement: the rows of a group's bill (SEMANTICS 4, 6). */
#include "base/buffer.h"
#include "period/statement.h"
#include "support/unit.h"

static void add(struct totals *totals, uint32_t group, uint64_t account, const char *service, const char *type,
                const char *cost, const char *billable, int64_t end_ms)
{
    struct total *total = totals_get(totals, group, account, text_of(service), text_of(type));
    sum_add(&total->cost, decimal(cost, COST_SCALE));
    sum_add(&total->billable_cost, decimal(billable, AMOUNT_SCALE));
    total->usage_events++;
    total->latest_end_ms = end_ms;
}

static void expect_rows(struct statement *statement, const char *expected)
{
    struct buffer found = { 0 };
    for (size_t i = 0; i < statement_row_count(statement); i++) {
        struct bill bill;
        char cost[SUM_TEXT_MAX], margin[SUM_TEXT_MAX];
        statement_row(statement, i, &bill);
        sum_format(&bill.cost, COST_SCALE, cost);
        sum_format(&bill.margin, COST_SCALE, margin);
        buffer_printf(&found, "%.*s/%.*s/%.*s/%.*s/%.*s %lld events %s %s until %lld\n", TEXT_ARGS(bill.billing_group),
                      TEXT_ARGS(bill.billing_period), TEXT_ARGS(bill.usage_account_id), TEXT_ARGS(bill.product_code),
                      TEXT_ARGS(bill.line_item_type), (long long)bill.usage_events, cost, margin,
                      record_has(&bill, BILL_as_of) ? (long long)bill.as_of : -1);
    }
    expect_text("rows", buffer_text(&found), expected);
    buffer_done(&found);
}

static void name(struct statement *statement)
{
    statement->group = TEXT("g");
    statement->period = TEXT("2026-06");
    statement->currency = TEXT("USD");
}

static void the_group_comes_first_then_services_then_accounts_with_charges_in_them(void **state)
{
    (void)state;
    struct totals totals = { 0 };
    struct statement statement;
    add(&totals, 3, 222222222222, "S3", "Usage", "5", "1", 7);
    add(&totals, 3, 111111111111, "S3", "Usage", "3", "1", 9);
    add(&totals, 3, 111111111111, "EC2", "Usage", "100", "50", 8);
    add(&totals, 2, 111111111111, "EC2", "Usage", "77777", "0", 99); /* another group's */
    totals_sort(&totals);
    struct custom_charge items[] = {
        { .account = 111111111111, .service = TEXT("EC2"), .type = TEXT("Proforma_Fee"), .cost = decimal("10", COST_SCALE) },
        { .account = 111111111111, .service = TEXT("EC2"), .type = TEXT("Proforma_Fee"), .cost = decimal("1", COST_SCALE) },
        { .account = 222222222222, .service = TEXT("S3"), .type = TEXT("Usage"), .cost = decimal("-0.5", COST_SCALE) },
    };
    struct custom_charges charges = { items, ARRAY_COUNT(items), ARRAY_COUNT(items) };
    size_t first, count = totals_of_group(&totals, 3, &first);
    statement_make(&statement, &totals, first, count, &charges);
    name(&statement);
    expect_rows(&statement, "g/2026-06/// 3 events 118.5 66.5 until 9\n"
                            "g/2026-06//EC2/ 1 events 111 61 until 8\n"
                            "g/2026-06//S3/ 2 events 7.5 5.5 until 9\n"
                            "g/2026-06/111111111111/EC2/Proforma_Fee 0 events 11 11 until -1\n"
                            "g/2026-06/111111111111/EC2/Usage 1 events 100 50 until 8\n"
                            "g/2026-06/111111111111/S3/Usage 1 events 3 2 until 9\n"
                            "g/2026-06/222222222222/S3/Usage 1 events 4.5 3.5 until 7\n");
    statement_done(&statement);
    totals_done(&totals);
}

static void charges_alone_are_a_bill_and_nothing_is_none(void **state)
{
    (void)state;
    struct totals totals = { 0 };
    struct statement statement;
    struct custom_charge fee = {
        .account = 111111111111, .service = TEXT("Own"), .type = TEXT("Fee"), .cost = decimal("7", COST_SCALE)
    };
    struct custom_charges charges = { &fee, 1, 1 };
    statement_make(&statement, &totals, 0, 0, &charges);
    name(&statement);
    expect_rows(&statement, "g/2026-06/// 0 events 7 7 until -1\n"
                            "g/2026-06//Own/ 0 events 7 7 until -1\n"
                            "g/2026-06/111111111111/Own/Fee 0 events 7 7 until -1\n");
    statement_done(&statement);
    statement_make(&statement, &totals, 0, 0, &(struct custom_charges){ 0 });
    assert_int_equal(statement_row_count(&statement), 0);
    statement_done(&statement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_group_comes_first_then_services_then_accounts_with_charges_in_them),
        cmocka_unit_test(charges_alone_are_a_bill_and_nothing_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
