/* period/custom_line_items: what is charged beside usage (SEMANTICS 3.4). */
#include "period/custom_line_items.h"
#include "support/fixtures.h"
#include "support/unit.h"

#define JUNE 24317 /* 2026 × 12 + 5 */
#define OWN_SERVICE               \
    {                             \
        "AWSBillingConductor", 19 \
    }

/* An item of group 0 on its primary account; a flat fee of 50 unless a field says otherwise. */
#define ITEM(...)                                                                                \
    {                                                                                            \
        .account = { "111111111111", 12 }, .start = PERIOD_NONE, .end = PERIOD_NONE, __VA_ARGS__ \
    }
#define FLAT(value_, ...) ITEM(.service = OWN_SERVICE, .value = value_ * DOLLAR, __VA_ARGS__)
#define PERCENT(value_, ...) \
    ITEM(.service = OWN_SERVICE, .is_percentage = true, .of_group = true, .value = value_ * PERCENT_UNIT, __VA_ARGS__)
#define DOLLAR ((i128)10000000000 * 10000000000)
#define PERCENT_UNIT ((i128)10000000000)

static void add_total(struct totals *totals, uint32_t group, uint64_t account, const char *service, const char *type,
                      const char *cost, int64_t charged_rows)
{
    struct total *total = totals_get(totals, group, account, text_of(service), text_of(type));
    total->charged_rows += charged_rows;
    total->usage_events++;
    sum_add(&total->cost, decimal(cost, COST_SCALE));
}

/* Group 0 is charged 1000: EC2 800 on two accounts, S3 300, and a savings plan takes back 100. */
static void add_usage(struct totals *totals)
{
    add_total(totals, 0, 111111111111, "AmazonEC2", "Usage", "500", 2);
    add_total(totals, 0, 111111111111, "AmazonEC2", "SavingsPlanNegation", "-100", 1);
    add_total(totals, 0, 111111111112, "AmazonEC2", "Usage", "300", 1);
    add_total(totals, 0, 111111111112, "AmazonS3", "Usage", "300", 1);
    add_total(totals, 0, 111111111112, "AmazonS3", "Credit", "0", 0);
    add_total(totals, 1, 222222222222, "AmazonEC2", "Usage", "77777", 1);
    totals_sort(totals);
}

static size_t rows_of_group(const struct totals *totals, uint32_t group, size_t *first)
{
    size_t count = 0;
    *first = totals->count;
    for (size_t i = 0; i < totals->count; i++) {
        if (totals->items[i].key.group != group)
            continue;
        *first = count ? *first : i;
        count++;
    }
    return count;
}

static void compute(struct document_fixture *fixture, const struct totals *totals, uint32_t group, billing_period period,
                    struct custom_charges *charges)
{
    size_t first, count = rows_of_group(totals, group, &first);
    *charges = (struct custom_charges){ 0 };
    custom_charges_compute(&fixture->conductor, group, period, totals, first, count, charges);
}

static void percentages_are_of_charged_usage_and_chosen_flat_items(void **state)
{
    (void)state;
    static const uint32_t fee[] = { 0 }, both[] = { 0, 1 };
    static const struct {
        struct custom_line_item item; /* beside item 0, a fee of 50, and item 1, a credit of 20 */
        const char *expected, *why;
    } rows[] = {
        { PERCENT(10), "100", "the group without its flat items" },
        { PERCENT(10, .flat_items = fee, .flat_item_count = 1), "105", "and the fee" },
        { PERCENT(10, .flat_items = both, .flat_item_count = 2), "103", "and the credit, which counts negative" },
        { ITEM(.service = OWN_SERVICE, .is_percentage = true, .value = 10 * PERCENT_UNIT, .flat_items = both,
               .flat_item_count = 2),
          "3", "flat items alone" },
        { ITEM(.service = OWN_SERVICE, .is_percentage = true, .value = 10 * PERCENT_UNIT), "0", "nothing associated" },
        { PERCENT(10, .is_credit = true), "-100", "a credit" },
        { PERCENT(0), "0", "0 percent" },
        { PERCENT(10000), "100000", "the largest percentage" },
        { ITEM(.service = OWN_SERVICE, .is_percentage = true, .of_group = true, .value = 1), "0.000000001", "ten decimals" },
        { PERCENT(10, .filter = FILTER_SERVICE_EQUAL, .filter_service = { "AmazonEC2", 9 }), "70", "EC2 only" },
        { PERCENT(10, .filter = FILTER_SERVICE_NOT_EQUAL, .filter_service = { "AmazonEC2", 9 }), "30", "all but EC2" },
        { PERCENT(10, .filter = FILTER_NO_SAVINGS_PLAN_NEGATION), "110", "without savings plan discounts" },
        { PERCENT(10, .filter = FILTER_SERVICE_EQUAL, .filter_service = { "AmazonRDS", 9 }), "0",
          "a service without usage" },
        { PERCENT(10, .filter = FILTER_SERVICE_EQUAL, .filter_service = { "AmazonEC2", 9 }, .flat_items = fee,
                  .flat_item_count = 1),
          "75", "a filter does not narrow flat items" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        struct totals totals = { 0 };
        struct custom_charges charges;
        document_fixture_init(&fixture);
        add_usage(&totals);
        document_add_item(&fixture, (struct custom_line_item)FLAT(50));
        document_add_item(&fixture, (struct custom_line_item)FLAT(20, .is_credit = true));
        document_add_item(&fixture, rows[i].item);
        compute(&fixture, &totals, 0, JUNE, &charges);
        expect_number(rows[i].why, (long long)charges.count, 3);
        for (uint32_t c = 0; c < 3; c++)
            assert_int_equal(charges.items[c].item, c); /* document order */
        expect_decimal(rows[i].why, charges.items[0].cost, COST_SCALE, "50");
        expect_decimal(rows[i].why, charges.items[1].cost, COST_SCALE, "-20");
        expect_decimal(rows[i].why, charges.items[2].cost, COST_SCALE, rows[i].expected);
        assert_true(charges.items[2].account == 111111111111);
        custom_charges_done(&charges);
        totals_done(&totals);
        document_fixture_done(&fixture);
    }
}

static void a_percentage_is_rounded_half_to_even_at_the_24th_decimal(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        int percent_tenths;
        bool credit;
        const char *expected;
    } rows[] = {
        { "0.000000000000000000000001", 500, false, "0" },
        { "0.000000000000000000000003", 500, false, "0.000000000000000000000002" },
        { "0.000000000000000000000005", 500, false, "0.000000000000000000000002" },
        { "-0.000000000000000000000005", 500, false, "-0.000000000000000000000002" },
        { "0.000000000000000000000003", 500, true, "-0.000000000000000000000002" },
        { "0.000000000000000000000001", 501, false, "0.000000000000000000000001" },
        { "99999999999999.999999999999999999999999", 1000, false, "99999999999999.999999999999999999999999" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        struct totals totals = { 0 };
        struct custom_charges charges;
        document_fixture_init(&fixture);
        add_total(&totals, 0, 111111111111, "S", "Usage", rows[i].base, 1);
        document_add_item(&fixture, (struct custom_line_item)ITEM(.service = OWN_SERVICE, .is_percentage = true,
                                                                  .of_group = true, .is_credit = rows[i].credit,
                                                                  .value = rows[i].percent_tenths * PERCENT_UNIT / 10));
        compute(&fixture, &totals, 0, JUNE, &charges);
        expect_decimal(rows[i].base, charges.items[0].cost, COST_SCALE, rows[i].expected);
        custom_charges_done(&charges);
        totals_done(&totals);
        document_fixture_done(&fixture);
    }
}

static void the_type_says_where_a_charge_is_shown(void **state)
{
    (void)state;
    static const struct {
        struct custom_line_item item;
        const char *service, *type;
    } rows[] = {
        { FLAT(1), "AWSBillingConductor", "Fee" },
        { FLAT(1, .is_credit = true), "AWSBillingConductor", "Credit" },
        { PERCENT(1), "AWSBillingConductor", "Fee" },
        { ITEM(.service = { "AmazonEC2", 9 }, .value = DOLLAR), "AmazonEC2", "Proforma_Fee" },
        { ITEM(.service = { "AmazonEC2", 9 }, .value = DOLLAR, .is_credit = true), "AmazonEC2", "Proforma_Credit" },
        { PERCENT(1, .is_itemized = true), "AWSBillingConductor", "Proforma_Fee" },
        { PERCENT(1, .is_itemized = true, .is_credit = true), "AWSBillingConductor", "Proforma_Credit" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        struct totals totals = { 0 };
        struct custom_charges charges;
        document_fixture_init(&fixture);
        add_usage(&totals);
        document_add_item(&fixture, rows[i].item);
        compute(&fixture, &totals, 0, JUNE, &charges);
        assert_true(charges.count > 0);
        for (size_t c = 0; c < charges.count; c++) {
            expect_text(rows[i].type, charges.items[c].service, rows[i].service);
            expect_text(rows[i].type, charges.items[c].type, rows[i].type);
        }
        custom_charges_done(&charges);
        totals_done(&totals);
        document_fixture_done(&fixture);
    }
}

static void an_itemized_percentage_has_a_row_per_bill_row(void **state)
{
    (void)state;
    static const struct {
        uint64_t account;
        const char *service, *type, *cost;
    } expected[] = {
        { 111111111111, "AmazonEC2", "SavingsPlanNegation", "-10" },
        { 111111111111, "AmazonEC2", "Usage", "50" },
        { 111111111112, "AmazonEC2", "Usage", "30" },
        { 111111111112, "AmazonS3", "Usage", "30" },             /* S3's credits are not charged: no row */
        { 111111111113, "AWSBillingConductor", "Credit", "-2" }, /* the flat item, on its own account */
    };
    static const uint32_t flat[] = { 1 };
    struct document_fixture fixture;
    struct totals totals = { 0 };
    struct custom_charges charges;
    document_fixture_init(&fixture);
    add_usage(&totals);
    document_add_item(&fixture,
                      (struct custom_line_item)PERCENT(10, .is_itemized = true, .flat_items = flat, .flat_item_count = 1));
    fixture.conductor.custom_line_items[0].service = TEXT_NONE; /* none is named */
    document_add_item(&fixture, (struct custom_line_item){ .account = TEXT("111111111113"),
                                                           .service = OWN_SERVICE,
                                                           .value = 20 * DOLLAR,
                                                           .is_credit = true,
                                                           .start = PERIOD_NONE,
                                                           .end = PERIOD_NONE });
    compute(&fixture, &totals, 0, JUNE, &charges);
    assert_int_equal(charges.count, ARRAY_COUNT(expected) + 1);
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        assert_true(charges.items[i].account == expected[i].account);
        expect_text("of service", charges.items[i].of_service, expected[i].service);
        expect_text("shown under", charges.items[i].service, expected[i].service);
        expect_text("of type", charges.items[i].of_type, expected[i].type);
        expect_decimal("cost", charges.items[i].cost, COST_SCALE, expected[i].cost);
    }
    custom_charges_done(&charges);
    totals_done(&totals);
    document_fixture_done(&fixture);
}

static void items_are_charged_in_the_periods_of_their_range(void **state)
{
    (void)state;
    static const struct {
        billing_period start, end, document, period;
        bool own_period_only, applies;
        const char *why;
    } rows[] = {
        { JUNE, JUNE + 1, PERIOD_NONE, JUNE, false, true, "one month" },
        { JUNE, JUNE + 1, PERIOD_NONE, JUNE + 1, false, false, "the end is exclusive" },
        { JUNE, JUNE + 1, PERIOD_NONE, JUNE - 1, false, false, "before" },
        { JUNE, PERIOD_NONE, PERIOD_NONE, JUNE + 100, false, true, "recurring" },
        { PERIOD_NONE, JUNE, PERIOD_NONE, JUNE - 100, false, true, "no start" },
        { PERIOD_NONE, PERIOD_NONE, JUNE, JUNE + 3, false, true, "no bound" },
        { PERIOD_NONE, PERIOD_NONE, JUNE, JUNE, true, true, "the document's own period" },
        { PERIOD_NONE, PERIOD_NONE, JUNE, JUNE + 1, true, false, "only that one" },
        { PERIOD_NONE, PERIOD_NONE, PERIOD_NONE, JUNE, true, true, "a document of any period" },
    };
    static const uint32_t flat[] = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        struct totals totals = { 0 };
        struct custom_charges charges;
        document_fixture_init(&fixture);
        fixture.conductor.period = rows[i].document;
        struct custom_line_item item = FLAT(50);
        item.start = rows[i].start;
        item.end = rows[i].end;
        item.own_period_only = rows[i].own_period_only;
        expect(rows[i].why, custom_line_item_applies(&fixture.conductor, &item, rows[i].period), rows[i].applies);
        document_add_item(&fixture, item);
        document_add_item(&fixture, (struct custom_line_item)PERCENT(10, .flat_items = flat, .flat_item_count = 1));
        compute(&fixture, &totals, 0, rows[i].period, &charges);
        expect_number(rows[i].why, (long long)charges.count, rows[i].applies ? 2 : 1);
        /* An item that is not charged is in no base either. */
        expect_decimal(rows[i].why, charges.items[charges.count - 1].cost, COST_SCALE, rows[i].applies ? "5" : "0");
        custom_charges_done(&charges);
        totals_done(&totals);
        document_fixture_done(&fixture);
    }
}

static void a_group_sees_only_its_own_items(void **state)
{
    (void)state;
    struct document_fixture fixture;
    struct totals totals = { 0 };
    struct custom_charges charges;
    document_fixture_init(&fixture);
    add_usage(&totals);
    document_add_item(&fixture, (struct custom_line_item)FLAT(1, .group = 1));
    document_add_item(&fixture, (struct custom_line_item)PERCENT(100));
    document_add_item(&fixture, (struct custom_line_item)PERCENT(100, .group = 1));
    compute(&fixture, &totals, 1, JUNE, &charges);
    assert_int_equal(charges.count, 2);
    expect_decimal("flat", charges.items[0].cost, COST_SCALE, "1");
    expect_decimal("percentage", charges.items[1].cost, COST_SCALE, "77777");
    assert_int_equal(charges.items[1].item, 2);
    custom_charges_done(&charges);
    totals_done(&totals);
    document_fixture_done(&fixture);
}

static void charges_are_appended(void **state)
{
    (void)state;
    struct document_fixture fixture;
    struct totals totals = { 0 };
    struct custom_charges charges = { 0 };
    document_fixture_init(&fixture);
    document_add_item(&fixture, (struct custom_line_item)FLAT(1));
    for (size_t i = 1; i <= 20; i++) {
        custom_charges_compute(&fixture.conductor, 0, JUNE, &totals, 0, 0, &charges);
        assert_int_equal(charges.count, i);
    }
    custom_charges_done(&charges);
    custom_charges_done(&charges); /* twice does no harm */
    document_fixture_done(&fixture);
}

static void a_charge_that_reaches_the_bound_is_none_and_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        int percent;
        bool itemized, fits;
    } rows[] = {
        { "50000000000000", 199, false, true },   { "50000000000000", 200, false, false },
        { "-50000000000000", 200, false, false }, { "50000000000000", 200, true, false },
        { "50000000000000", 199, true, true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        struct totals totals = { 0 };
        struct custom_charges charges;
        document_fixture_init(&fixture);
        add_total(&totals, 0, 111111111111, "S", "Usage", rows[i].base, 1);
        document_add_item(&fixture, (struct custom_line_item)PERCENT(rows[i].percent, .id = { "cli-7", 5 },
                                                                     .is_itemized = rows[i].itemized));
        compute(&fixture, &totals, 0, JUNE, &charges);
        assert_int_equal(charges.count, 1);
        expect(rows[i].base, charges.items[0].too_large, !rows[i].fits);
        if (!rows[i].fits)
            expect_decimal(rows[i].base, charges.items[0].cost, COST_SCALE, "0");
        custom_charges_done(&charges);
        totals_done(&totals);
        document_fixture_done(&fixture);
    }
}

/* 10^6 × 10^14 and more: a base may be far beyond what a cost holds while the charge is not. */
static void a_share_of_a_base_that_no_cost_could_hold_is_charged(void **state)
{
    (void)state;
    struct document_fixture fixture;
    struct totals totals = { 0 };
    struct custom_charges charges;
    document_fixture_init(&fixture);
    add_total(&totals, 0, 1, "S", "Usage", "90000000000000", 1);
    struct total *total = &totals.items[0];
    for (int i = 0; i < 20; i++)
        sum_add_sum(&total->cost, &total->cost); /* × 2^20 */
    document_add_item(&fixture, (struct custom_line_item)PERCENT(3, .is_credit = true));
    fixture.conductor.custom_line_items[0].value /= 1000000;
    compute(&fixture, &totals, 0, JUNE, &charges);
    assert_false(charges.items[0].too_large);
    expect_decimal("share", charges.items[0].cost, COST_SCALE, "-2831155200000"); /* 9e13 × 2^20 × 3e-8 */
    custom_charges_done(&charges);
    totals_done(&totals);
    document_fixture_done(&fixture);
}

static void a_base_may_be_too_large_on_the_way(void **state)
{
    (void)state;
    struct document_fixture fixture;
    struct totals totals = { 0 };
    struct custom_charges charges;
    document_fixture_init(&fixture);
    add_total(&totals, 0, 1, "S", "Usage", "90000000000000", 1);
    add_total(&totals, 0, 2, "S", "Usage", "90000000000000", 1);
    add_total(&totals, 0, 3, "S", "Usage", "-90000000000000", 1);
    document_add_item(&fixture, (struct custom_line_item)PERCENT(100));
    compute(&fixture, &totals, 0, JUNE, &charges);
    expect_decimal("cost", charges.items[0].cost, COST_SCALE, "90000000000000");
    custom_charges_done(&charges);
    totals_done(&totals);
    document_fixture_done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_are_of_charged_usage_and_chosen_flat_items),
        cmocka_unit_test(a_percentage_is_rounded_half_to_even_at_the_24th_decimal),
        cmocka_unit_test(the_type_says_where_a_charge_is_shown),
        cmocka_unit_test(an_itemized_percentage_has_a_row_per_bill_row),
        cmocka_unit_test(items_are_charged_in_the_periods_of_their_range),
        cmocka_unit_test(a_group_sees_only_its_own_items),
        cmocka_unit_test(charges_are_appended),
        cmocka_unit_test(a_charge_that_reaches_the_bound_is_none_and_says_so),
        cmocka_unit_test(a_share_of_a_base_that_no_cost_could_hold_is_charged),
        cmocka_unit_test(a_base_may_be_too_large_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
