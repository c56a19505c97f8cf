/* pipeline/line_items: a priced slice and a custom charge as line items, with their provenance. */
#include "support/unit.h"

#include "pipeline/line_items.h"
#include "support/fixtures.h"
#include "support/record_text.h"

#define JUNE (2026 * 12 + 5)

struct built {
    struct document_fixture document;
    struct pricing pricing;
    struct line_item_builder builder;
    struct buffer text;
};

static void built_open(struct built *built)
{
    memset(built, 0, sizeof *built);
    document_fixture_init(&built->document);
    built->document.plans[0].id = TEXT("plan0");
    list_add(&built->document, "T", "AmazonS3", "Tiered", "", "0 10, 10 1");
    price_list_index(&built->document.list);
    built->document.conductor.version = 12;
    line_item_builder_init(&built->builder);
}

static void built_close(struct built *built)
{
    line_item_builder_done(&built->builder);
    pricing_done(&built->pricing);
    buffer_done(&built->text);
    document_fixture_done(&built->document);
}

/* The line items of an event's row alone, "; " between them, ids left out. Ids go to `ids`, 27 characters each. */
static const char *items_of(struct built *built, struct usage_event event, char *ids)
{
    struct buffer bytes = { 0 }, one = { 0 };
    struct facts facts = facts_of(&event, &bytes);
    struct row_table *table = row_table_new(GRANULARITY_HOURLY, true);
    struct row_view row;
    struct price price;
    struct rater rater = { 0 };
    struct rated_row rated;
    uint64_t account = account_parse(event.usage_account_id);
    row_table_fold(table, &event, buffer_text(&bytes));
    row_table_sort(table);
    row_table_view(table, 0, &row);
    pricing_done(&built->pricing);
    pricing_init(&built->pricing, &built->document.conductor, &built->document.list);
    line_item_builder_begin(&built->builder, &built->pricing, JUNE);
    price_resolve(&built->pricing, account == 111111111111 ? 0 : GROUP_NONE, JUNE, &facts, &price);
    rate_row(&rater, &price, &row.values, &(struct pool_place){ 0 }, &rated);
    buffer_clear(&built->text);
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct line_item item;
        line_item_of_slice(&built->builder, &row, &facts, &price, &rated, i, &item);
        assert_int_equal(item.line_item_id.size, LINE_ITEM_ID_LETTERS);
        if (ids)
            snprintf(ids + 27 * i, 27, "%.*s", TEXT_ARGS(item.line_item_id));
        const char *text = strchr(record_text(&line_item_type, &item, &one), ' ') + 1;
        buffer_printf(&built->text, "%s%s", i ? "; " : "", text);
    }
    rater_done(&rater);
    row_table_free(table);
    buffer_done(&bytes);
    buffer_done(&one);
    buffer_append_byte(&built->text, '\0');
    return built->text.data;
}

static void a_flat_row_is_one_line_item_with_all_it_carries(void **state)
{
    (void)state;
    struct built built;
    built_open(&built);
    uint32_t rule = plan_add_rule(
        &built.document, 0,
        (struct pricing_rule){ .id = TEXT("rule0"), .scope = SCOPE_GLOBAL, .type = RULE_MARKUP, .modifier = 2050 });
    assert_int_equal(rule, 0);
    assert_string_equal(
        items_of(&built,
                 event_with(.payer_account_id = "100000000001", .usage_end = "2026-06-01T01:00:00Z", .usage_amount = "2",
                            .unit = "Hrs", .public_on_demand_rate = "0.1", .resource_id = "i-1",
                            .public_on_demand_cost = "0.2", .unblended_cost = "0.15", .description = "d", .tags = "a=1;b=2"),
                 NULL),
        "status=CHARGED revision=1 billing_period=2026-06 usage_start=1780272000000 payer_account_id=100000000001 "
        "usage_account_id=111111111111 billing_entity=AWS line_item_type=Usage product_code=AmazonEC2 "
        "usage_type=BoxUsage%3at3.micro resource_id=i-1 unit=Hrs currency=USD public_on_demand_rate=0.1 tags=a:1,b:2 "
        "billing_group=111111111111 usage_end=1780275600000 usage_amount=2 usage_events=1 "
        "base=PUBLIC_ON_DEMAND_RATE public_on_demand_cost=0.2 public_rate=0.1 public_cost=0.2 rate=0.1205 cost=0.241 "
        "cost_delta=0.241 billable_cost=0.15 pricing_plan=plan0 pricing_rule=rule0 modifier=20.5 conductor_version=12 "
        "description=d");
    built_close(&built);
}

/* A line item tells which of AWS's costs its row carries, and the one that counts. */
static void the_net_cost_is_billable_where_there_is_one(void **state)
{
    (void)state;
    const struct {
        struct usage_event event;
        const char *expected;
    } rows[] = {
        { event_with(.public_on_demand_rate = "1"), " cost_delta=1 pricing_plan=" },
        { event_with(.public_on_demand_rate = "1", .unblended_cost = "0.9"), " billable_cost=0.9 pricing_plan=" },
        { event_with(.public_on_demand_rate = "1", .net_unblended_cost = "0.8"),
          " billable_cost=0.8 net_unblended_cost=0.8 pricing_plan=" },
        { event_with(.public_on_demand_rate = "1", .unblended_cost = "0.9", .net_unblended_cost = "0"),
          " billable_cost=0 unblended_cost=0.9 net_unblended_cost=0 pricing_plan=" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct built built;
        built_open(&built);
        const char *found = items_of(&built, rows[i].event, NULL);
        if (!strstr(found, rows[i].expected))
            fail_msg("%s, expected %s", found, rows[i].expected);
        built_close(&built);
    }
}

static void the_lowest_slice_carries_what_belongs_to_the_row(void **state)
{
    (void)state;
    struct built built;
    char ids[2 * 27], flat[27];
    built_open(&built);
    const char *found = items_of(
        &built, event_with(.product_code = "AmazonS3", .usage_type = "Tiered", .usage_amount = "12", .unblended_cost = "7"),
        ids);
    const char *second = strstr(found, "; ");
    assert_non_null(second);
    assert_non_null(strstr(found, " tier=1 "));
    assert_non_null(strstr(second, " tier=2 "));
    assert_non_null(strstr(found, " usage_events=1 "));
    assert_non_null(strstr(found, " billable_cost=7 "));
    assert_null(strstr(second, "usage_events=1"));
    assert_null(strstr(second, "billable_cost=7"));
    assert_non_null(strstr(second, " usage_amount=2 "));
    assert_non_null(strstr(second, " cost=2 "));
    assert_string_not_equal(ids, ids + 27); /* the tier is part of the identity */
    items_of(&built, event_with(.public_on_demand_rate = "1"), flat);
    assert_memory_equal(ids, ids + 27, 3);
    assert_memory_not_equal(ids, flat, 3); /* another task */
    built_close(&built);
}

static void an_id_follows_from_the_identity_alone(void **state)
{
    (void)state;
    struct built built;
    char base[27], other[27];
    built_open(&built);
#define SAME(...) event_with(.public_on_demand_rate = "1", __VA_ARGS__)
    const struct usage_event same[] = { SAME(.event_id = "other"), SAME(.usage_amount = "5"), SAME(.description = "d"),
                                        SAME(.usage_end = "2026-06-01T05:00:00Z"),
                                        SAME(.usage_start = "2026-06-01T00:59:59Z") };
    const struct usage_event differ[] = { SAME(.resource_id = "i"),
                                          SAME(.usage_start = "2026-06-01T01:00:00Z"),
                                          SAME(.operation = "o"),
                                          SAME(.tags = "a=1"),
                                          SAME(.sku = "s"),
                                          SAME(.unblended_cost = "0"),
                                          SAME(.unblended_cost = "1"),
                                          SAME(.net_unblended_cost = "1"),
                                          SAME(.service_code = "s"),
                                          SAME(.billing_period = "2026-05"),
                                          SAME(.currency = "USD"),
                                          SAME(.usage_account_id = "222222222222"),
                                          event_with(.public_on_demand_rate = "2") };
#undef SAME
    items_of(&built, event_with(.public_on_demand_rate = "1"), base);
    for (size_t i = 0; i < ARRAY_COUNT(same); i++) {
        items_of(&built, same[i], other);
        assert_string_equal(other, base);
    }
    for (size_t i = 0; i < ARRAY_COUNT(differ); i++) {
        items_of(&built, differ[i], other);
        assert_string_not_equal(other, base);
    }
    built_close(&built);
}

static void what_is_not_charged_names_no_price(void **state)
{
    (void)state;
    static const struct {
        const char *account, *type, *status;
    } rows[] = { { "111111111111", "Credit", "status=LEFT_OUT " },
                 { "999999999999", "Usage", "status=UNMONITORED " },
                 { "111111111111", "Usage", "status=UNPRICED " } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct built built;
        built_open(&built);
        const char *found =
            items_of(&built, event_with(.usage_account_id = rows[i].account, .line_item_type = rows[i].type), NULL);
        assert_non_null(strstr(found, rows[i].status));
        assert_non_null(strstr(found, " cost=0 "));
        static const char *const absent[] = { "base=", "pricing_plan=", "pricing_rule=", "modifier=" };
        for (size_t a = 0; a < ARRAY_COUNT(absent); a++)
            assert_null(strstr(found, absent[a]));
        assert_int_equal(strstr(found, "billing_group=") != NULL, i != 1);
        assert_int_equal(strstr(found, " reason=") != NULL, i == 2);
        built_close(&built);
    }
}

static void an_own_cost_of_a_row_may_be_larger_than_any_decimal(void **state)
{
    (void)state;
    struct built built;
    built_open(&built);
    struct usage_event event = event_with(.unblended_cost = "1", .line_item_type = "Credit");
    struct buffer bytes = { 0 };
    struct facts facts = facts_of(&event, &bytes);
    struct row_view row = { .bucket_ms = event.usage_start,
                            .period = JUNE,
                            .account = 111111111111,
                            .facts = buffer_text(&bytes),
                            .values = { .usage_events = 1, .usage_end_ms = USAGE_END_NONE } };
    for (int i = 0; i < 2; i++)
        sum_add(&row.values.costs[CARRIED_UNBLENDED], decimal_power(38) - 1);
    struct price price;
    struct rater rater = { 0 };
    struct rated_row rated;
    struct line_item item;
    pricing_init(&built.pricing, &built.document.conductor, &built.document.list);
    line_item_builder_begin(&built.builder, &built.pricing, JUNE);
    price_resolve(&built.pricing, 0, JUNE, &facts, &price);
    rate_row(&rater, &price, &row.values, NULL, &rated);
    line_item_of_slice(&built.builder, &row, &facts, &price, &rated, 0, &item);
    expect_text("left out", item.status, "LEFT_OUT");
    expect_sum("billable", item.billable_cost, AMOUNT_SCALE, "1999999999999999999.99999999999999999998");
    rater_done(&rater);
    buffer_done(&bytes);
    built_close(&built);
}

static void a_custom_charge_is_a_line_item_of_its_own(void **state)
{
    (void)state;
    struct built built;
    struct line_item item;
    struct buffer text = { 0 };
    built_open(&built);
    built.document.groups[0].payer = TEXT("100000000001");
    document_add_item(&built.document,
                      (struct custom_line_item){
                          .id = TEXT("cli1"), .description = TEXT("care"), .is_percentage = true, .is_itemized = true });
    pricing_init(&built.pricing, &built.document.conductor, &built.document.list);
    line_item_builder_begin(&built.builder, &built.pricing, JUNE);
    struct custom_charge charge = { .account = 111111111111,
                                    .service = TEXT("AmazonEC2"),
                                    .type = TEXT("Proforma_Fee"),
                                    .of_service = TEXT("AmazonEC2"),
                                    .of_type = TEXT("Usage"),
                                    .cost = decimal("-1.5", COST_SCALE) };
    line_item_of_charge(&built.builder, &charge, &item);
    const char *found = strchr(record_text(&line_item_type, &item, &text), ' ') + 1;
    assert_string_equal(
        found,
        "status=CHARGED revision=1 billing_period=2026-06 usage_start=1780272000000 payer_account_id=100000000001 "
        "usage_account_id=111111111111 billing_entity=AWS line_item_type=Proforma_Fee product_code=AmazonEC2 currency=USD "
        "custom_line_item=cli1 billing_group=111111111111 usage_end=1782864000000 usage_events=0 base=PERCENTAGE "
        "public_cost=0 cost=-1.5 cost_delta=-1.5 pricing_plan=plan0 conductor_version=12 "
        "description=care%20(AmazonEC2%2c%20Usage)");
    char id[27], other[27];
    snprintf(id, sizeof id, "%.*s", TEXT_ARGS(item.line_item_id));
    charge.cost = 0;
    line_item_of_charge(&built.builder, &charge, &item);
    snprintf(other, sizeof other, "%.*s", TEXT_ARGS(item.line_item_id));
    assert_string_equal(id, other); /* whatever it costs */
    charge.of_type = TEXT("Fee");
    line_item_of_charge(&built.builder, &charge, &item);
    snprintf(other, sizeof other, "%.*s", TEXT_ARGS(item.line_item_id));
    assert_string_not_equal(id, other);
    buffer_done(&text);
    built_close(&built);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_row_is_one_line_item_with_all_it_carries),
        cmocka_unit_test(the_net_cost_is_billable_where_there_is_one),
        cmocka_unit_test(the_lowest_slice_carries_what_belongs_to_the_row),
        cmocka_unit_test(an_id_follows_from_the_identity_alone),
        cmocka_unit_test(what_is_not_charged_names_no_price),
        cmocka_unit_test(an_own_cost_of_a_row_may_be_larger_than_any_decimal),
        cmocka_unit_test(a_custom_charge_is_a_line_item_of_its_own),
    };
    return cmocka_run_group_tests_name("pipeline/line_items", tests, NULL, NULL);
}
