/* rate/price: status, base and rule of a meter in a group (SEMANTICS 3.1, 3.2). */
#include "rate/price.h"
#include "support/fixtures.h"
#include "support/unit.h"

#define JUNE 24317 /* 2026 × 12 + 5 */
#define OWNED_ARN "arn:aws:ec2:eu-west-1:111111111111:reserved-instances/1"
#define OTHER_ARN "arn:aws:ec2:eu-west-1:222222222222:reserved-instances/1"
#define UNKNOWN_ARN "arn:aws:ec2:eu-west-1:333333333333:reserved-instances/1"

struct price_fixture {
    struct document_fixture document;
    struct pricing pricing;
    struct buffer bytes;
    struct facts facts;
};

/* Lists: a flat EC2 meter, a tiered S3 meter. Rules of plan 0: 20 % off EC2, 5 % on Marketplace. */
static int setup(void **state)
{
    struct price_fixture *fixture = memory_new(sizeof *fixture);
    struct document_fixture *document = &fixture->document;
    document_fixture_init(document);
    list_add(document, "BOX", "AmazonEC2", "BoxUsage:t3.micro", "RunInstances", "0 0.0104");
    list_add(document, "STORE", "AmazonS3", "Storage", "", "0 0.023, 51200 0.022");
    list_add(document, "STORE-EU", "AmazonS3", "EU-Storage", "Put", "0 0.025, 51200 0.024");
    price_list_index(&document->list);
    plan_add_rule(document, 0,
                  (struct pricing_rule){ .id = TEXT("ec2"),
                                         .scope = SCOPE_SERVICE,
                                         .type = RULE_DISCOUNT,
                                         .service = TEXT("AmazonEC2"),
                                         .modifier = -2000 });
    plan_add_rule(document, 0,
                  (struct pricing_rule){ .id = TEXT("shop"),
                                         .scope = SCOPE_BILLING_ENTITY,
                                         .type = RULE_MARKUP,
                                         .billing_entity = TEXT("AWS Marketplace"),
                                         .modifier = 500 });
    pricing_init(&fixture->pricing, &document->conductor, &document->list);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct price_fixture *fixture = *state;
    pricing_done(&fixture->pricing);
    document_fixture_done(&fixture->document);
    buffer_done(&fixture->bytes);
    free(fixture);
    return 0;
}

/* After the test has changed the document. */
static void reindex(struct price_fixture *fixture)
{
    pricing_done(&fixture->pricing);
    pricing_init(&fixture->pricing, &fixture->document.conductor, &fixture->document.list);
}

static struct price resolve(struct price_fixture *fixture, uint32_t group, struct usage_event event)
{
    struct price price;
    fixture->facts = facts_of(&event, &fixture->bytes);
    price_resolve(&fixture->pricing, group, JUNE, &fixture->facts, &price);
    return price;
}

/* "STATUS reason base rule modifier", what is absent left out. */
static const char *told(const struct price_fixture *fixture, const struct price *price)
{
    static char text[160];
    char modifier[DECIMAL_TEXT_MAX];
    decimal_format(price->modifier, MODIFIER_SCALE, modifier);
    struct text reason = unpriced_reason_text(price->reason), base = price_base_text(price->base);
    struct text rule = price->rule == RULE_NONE ? TEXT_NONE : fixture->document.rules[price->rule].id;
    struct text status = line_item_status_text(price->status);
    snprintf(text, sizeof text, "%.*s%s%.*s%s%.*s%s%.*s%s%s", TEXT_ARGS(status), reason.size ? " " : "", TEXT_ARGS(reason),
             base.size ? " " : "", TEXT_ARGS(base), rule.size ? " " : "", TEXT_ARGS(rule), price->has_modifier ? " " : "",
             price->has_modifier ? modifier : "");
    return text;
}

static void the_base_is_the_first_that_there_is(void **state)
{
    struct price_fixture *fixture = *state;
    const struct {
        struct event_texts event;
        const char *expected;
    } rows[] = {
        { { .operation = "RunInstances" }, "CHARGED PRICE_LIST ec2 -20" },
        { { .operation = "RunInstances", .public_on_demand_rate = "9", .public_on_demand_cost = "9", .unblended_cost = "9" },
          "CHARGED PRICE_LIST ec2 -20" },
        { { .sku = "BOX", .operation = "Other" }, "CHARGED PRICE_LIST ec2 -20" },
        { { .sku = "BOX", .usage_type = "BoxUsage:t3.large", .unblended_cost = "1" }, "CHARGED UNBLENDED_COST ec2 -20" },
        { { .product_code = "AmazonS3", .usage_type = "Storage", .operation = "Any" }, "CHARGED PRICE_LIST" },
        { { .operation = "Other", .public_on_demand_rate = "0", .public_on_demand_cost = "9", .unblended_cost = "9" },
          "CHARGED PUBLIC_ON_DEMAND_RATE ec2 -20" },
        { { .operation = "Other", .public_on_demand_cost = "0", .unblended_cost = "9" },
          "CHARGED PUBLIC_ON_DEMAND_COST ec2 -20" },
        { { .operation = "Other", .unblended_cost = "0" }, "CHARGED UNBLENDED_COST ec2 -20" },
        /* AWS bills nothing, though there is a public price: free while the free tier is on; not where a list has it */
        { { .operation = "Other", .public_on_demand_rate = "9", .unblended_cost = "0" }, "CHARGED FREE_TIER ec2 -20" },
        { { .operation = "Other", .public_on_demand_cost = "9", .unblended_cost = "0" }, "CHARGED FREE_TIER ec2 -20" },
        { { .operation = "RunInstances", .public_on_demand_rate = "9", .unblended_cost = "0" },
          "CHARGED PRICE_LIST ec2 -20" },
        { { .operation = "Other" }, "UNPRICED NO_PRICE" },
        { { .product_code = "vendor", .billing_entity = "AWS Marketplace", .unblended_cost = "200" },
          "CHARGED UNBLENDED_COST shop 5" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = resolve(fixture, 0, event_of(rows[i].event));
        char row[16];
        snprintf(row, sizeof row, "row %zu", i);
        expect_text(row, text_of(told(fixture, &price)), rows[i].expected);
        expect(row, price.kind == PRICE_NOTHING, price.status != STATUS_CHARGED);
        expect(row, price.rule == RULE_NONE ? price.modifier != 0 : price.modifier == 0, false); /* 0 without a rule */
    }
}

static void free_usage_costs_its_public_price_once_the_free_tier_is_off(void **state)
{
    struct price_fixture *fixture = *state;
    plan_add_rule(
        &fixture->document, 1,
        (struct pricing_rule){
            .scope = SCOPE_SERVICE, .type = RULE_TIERING, .service = TEXT("AWSQueueService"), .sets_free_tier = true });
    reindex(fixture);
    const struct {
        struct event_texts event;
        const char *expected;
    } rows[] = {
        { { .product_code = "AWSQueueService", .public_on_demand_rate = "4.0E-7", .unblended_cost = "0" },
          "CHARGED PUBLIC_ON_DEMAND_RATE" },
        { { .product_code = "AWSQueueService", .public_on_demand_cost = "2", .unblended_cost = "0" },
          "CHARGED PUBLIC_ON_DEMAND_COST" },
        { { .product_code = "AmazonSNS",
            .service_code = "AWSQueueService",
            .public_on_demand_rate = "1",
            .unblended_cost = "0" },
          "CHARGED PUBLIC_ON_DEMAND_RATE" },
        { { .product_code = "AmazonSNS", .public_on_demand_rate = "1", .unblended_cost = "0" }, "CHARGED FREE_TIER" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = resolve(fixture, 1, event_of(rows[i].event));
        expect_text("free", text_of(told(fixture, &price)), rows[i].expected);
    }
}

static void usage_of_a_month_before_the_document_says_so(void **state)
{
    struct price_fixture *fixture = *state;
    fixture->document.conductor.period = JUNE + 1;
    struct price price = resolve(fixture, GROUP_NONE, event_with(.public_on_demand_rate = "1"));
    expect_text("before", text_of(told(fixture, &price)), "UNMONITORED BEFORE_DOCUMENT");
    fixture->document.conductor.period = JUNE;
    price = resolve(fixture, GROUP_NONE, event_with(.public_on_demand_rate = "1"));
    expect_text("in it", text_of(told(fixture, &price)), "UNMONITORED");
}

static void a_meter_of_several_prices_is_ambiguous_unless_its_own_rate_tells(void **state)
{
    struct price_fixture *fixture = *state;
    list_add(&fixture->document, "BOX2", "AmazonEC2", "BoxUsage:t3.micro", "RunInstances", "0 0.0208");
    price_list_index(&fixture->document.list);
    reindex(fixture);
    static const struct {
        const char *rate, *expected;
        bool ambiguous;
    } rows[] = {
        { "0.0208", "CHARGED PRICE_LIST ec2 -20", false },
        { "0.5", "CHARGED PUBLIC_ON_DEMAND_RATE ec2 -20", true },
        { "", "UNPRICED NO_PRICE", true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price =
            resolve(fixture, 0, event_with(.operation = "RunInstances", .public_on_demand_rate = rows[i].rate));
        expect_text(rows[i].rate, text_of(told(fixture, &price)), rows[i].expected);
        expect(rows[i].rate, price.ambiguous, rows[i].ambiguous);
    }
}

/* An allowance is before the tiers where the free tier is on and the list prices the row. */
static void allowances_come_before_a_meter_s_tiers(void **state)
{
    struct price_fixture *fixture = *state;
    static const struct tier free_gigabytes[] = { { 0, 100, 0 } };
    struct price_list_entry allowance = { .sku = TEXT("FREE"),
                                          .service = TEXT("AmazonS3"),
                                          .usage_type = TEXT("Global-Storage"),
                                          .schedule = { free_gigabytes, 1 } };
    price_list_add(&fixture->document.list, &allowance);
    price_list_index(&fixture->document.list);
    plan_add_rule(&fixture->document, 1,
                  (struct pricing_rule){ .scope = SCOPE_GLOBAL, .type = RULE_TIERING, .sets_free_tier = true });
    reindex(fixture);
    static const struct {
        uint32_t group;
        const char *usage_type;
        uint32_t count;
        const char *pool;
    } rows[] = {
        { 0, "Storage", 1, "12:111111111111/joined/5:STORE/7:Storage/0" },
        { 0, "EU-Storage", 1, "12:111111111111/joined/8:STORE-EU/10:EU-Storage/0" },
        { 1, "Storage", 0, "12:222222222222/entry/5:STORE/7:Storage/0" }, /* its free tier is off */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price =
            resolve(fixture, rows[i].group,
                    event_with(.product_code = "AmazonS3", .operation = "Put", .usage_type = rows[i].usage_type));
        struct buffer key = { 0 };
        struct joined_pool joined;
        assert_int_equal(price.allowance_count, rows[i].count);
        assert_true(price_is_tiered(&price));
        price_pool_key(&fixture->pricing, &price, &fixture->facts, &key);
        expect_text(rows[i].usage_type, buffer_text(&key), rows[i].pool);
        expect(rows[i].pool, price_pool_is_joined(&fixture->pricing, buffer_text(&key), JUNE, &joined), rows[i].count > 0);
        if (rows[i].count > 0) {
            assert_true(price_allowance(&price, 0).end == 100);
            assert_true(joined.allowances == price.allowances && joined.modifier == price.modifier);
            assert_true(joined.highest_rate == price.published->tiers[0].rate * WHOLE_PERCENT);
        }
        buffer_done(&key);
    }
}

static void only_names_of_joined_pools_are_read_back(void **state)
{
    struct price_fixture *fixture = *state;
    static const char *const names[] = { "",
                                         "joined/",
                                         "3:abc",
                                         "99:abc/joined/1:a/1:b/0",
                                         "3:abc/joined/1:a/1:b/x",
                                         "3:abc/joined/1:a/1:b/",
                                         "3:abc/joined/9:a/1:b/0",
                                         "3:abc/joined/1:a/1:b/0",
                                         "3:abc/joined/3:BOX/17:BoxUsage:t3.micro/0",
                                         "x:abc/joined/1:a/1:b/0" };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct joined_pool joined;
        expect(names[i], price_pool_is_joined(&fixture->pricing, text_of(names[i]), JUNE, &joined), false);
    }
}

static void the_amount_is_that_of_the_base(void **state)
{
    struct price_fixture *fixture = *state;
    struct price price =
        resolve(fixture, 0, event_with(.operation = "Other", .public_on_demand_cost = "2", .unblended_cost = "1"));
    assert_int_equal(price.kind, PRICE_AMOUNT);
    assert_int_equal(price.amount, CARRIED_PUBLIC_COST);
    price = resolve(fixture, 0, event_with(.operation = "Other", .unblended_cost = "1"));
    assert_int_equal(price.kind, PRICE_AMOUNT);
    assert_int_equal(price.amount, CARRIED_UNBLENDED);
}

static void custom_tiers_replace_list_and_modifier(void **state)
{
    struct price_fixture *fixture = *state;
    struct pricing_rule rule = { .id = TEXT("own"),
                                 .scope = SCOPE_SKU,
                                 .type = RULE_TIERING,
                                 .service = TEXT("AmazonEC2"),
                                 .usage_type = TEXT("BoxUsage:t3.micro"),
                                 .custom = schedule_of(&fixture->document.conductor.arena, "0 0.01, 100 0.009") };
    uint32_t index = plan_add_rule(&fixture->document, 0, rule);
    reindex(fixture);
    static const char *const operations[] = { "RunInstances", "Other" }; /* in the list, and not */
    for (size_t i = 0; i < ARRAY_COUNT(operations); i++) {
        struct price price = resolve(fixture, 0, event_with(.operation = operations[i]));
        expect_text(operations[i], text_of(told(fixture, &price)), "CHARGED CUSTOM_TIERS own");
        assert_int_equal(price.rule, index);
        assert_true(price.modifier == 0);
        assert_true(price_is_tiered(&price));
        assert_int_equal(price_schedule(&price).count, 2);
        assert_int_equal(price.published != NULL, i == 0);
    }
}

static void a_share_of_an_instance_costs_nothing_whatever_its_meter_costs(void **state)
{
    struct price_fixture *fixture = *state;
    static const struct {
        const char *operation, *rate, *expected;
    } rows[] = {
        { "EKSPod-EC2", "0", "CHARGED PUBLIC_ON_DEMAND_RATE" },
        { "ECSTask-EC2", "0.0", "CHARGED PUBLIC_ON_DEMAND_RATE" },
        { "EKSPod-EC2", "1", "CHARGED CUSTOM_TIERS own" }, /* it has a price of its own */
        { "RunInstances", "0", "CHARGED CUSTOM_TIERS own" },
    };
    plan_add_rule(&fixture->document, 0,
                  (struct pricing_rule){ .id = TEXT("own"),
                                         .scope = SCOPE_SKU,
                                         .type = RULE_TIERING,
                                         .service = TEXT("AmazonEC2"),
                                         .usage_type = TEXT("BoxUsage:t3.micro"),
                                         .custom = schedule_of(&fixture->document.conductor.arena, "0 0.01, 100 0.009") });
    reindex(fixture);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price =
            resolve(fixture, 0, event_with(.operation = rows[i].operation, .public_on_demand_rate = rows[i].rate));
        expect_text(rows[i].operation, text_of(told(fixture, &price)), rows[i].expected);
        assert_int_equal(price_is_tiered(&price), strstr(rows[i].expected, "CUSTOM") != NULL);
    }
}

static void what_the_pro_forma_domain_leaves_out_has_no_price(void **state)
{
    struct price_fixture *fixture = *state;
    static const struct {
        const char *type, *product, *expected;
        bool tax;
    } rows[] = {
        { "Credit", "AmazonEC2", "LEFT_OUT", false },
        { "Refund", "AmazonEC2", "LEFT_OUT", false },
        { "Tax", "AmazonEC2", "LEFT_OUT", true },
        { "EdpDiscount", "AmazonEC2", "LEFT_OUT", false },
        { "NotYetInvented", "AmazonEC2", "LEFT_OUT", false },
        { "Usage", "AWSSupportBusiness", "LEFT_OUT", false },
        { "Fee", "AWSSupportBusiness", "LEFT_OUT", false },
        { "Fee", "AmazonEC2", "CHARGED UNBLENDED_COST", false }, /* no rule, though there is one for EC2 */
        { "RIFee", "AmazonEC2", "CHARGED UNBLENDED_COST", false },
        { "SavingsPlanRecurringFee", "AmazonEC2", "CHARGED UNBLENDED_COST", false },
        { "SavingsPlanUpfrontFee", "AmazonEC2", "CHARGED UNBLENDED_COST", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = resolve(fixture, 0,
                                     event_with(.line_item_type = rows[i].type, .product_code = rows[i].product,
                                                .unblended_cost = "5", .public_on_demand_cost = "6"));
        expect_text(rows[i].type, text_of(told(fixture, &price)), rows[i].expected);
        expect(rows[i].type, price.counts_as_tax, rows[i].tax);
        assert_true(price.in_sums);
    }
    struct price price = resolve(fixture, 0, event_with(.line_item_type = "Fee"));
    expect_text("a fee without a cost", text_of(told(fixture, &price)), "UNPRICED NO_PRICE");
}

static void commitments_count_where_they_are_owned(void **state)
{
    struct price_fixture *fixture = *state;
    const struct {
        struct event_texts event;
        const char *expected;
        bool as_usage;
    } rows[] = {
        { { .line_item_type = "DiscountedUsage", .reservation_arn = OWNED_ARN }, "CHARGED UNBLENDED_COST", false },
        { { .line_item_type = "DiscountedUsage", .reservation_arn = OTHER_ARN }, "CHARGED PRICE_LIST ec2 -20", true },
        { { .line_item_type = "DiscountedUsage", .reservation_arn = UNKNOWN_ARN }, "CHARGED PRICE_LIST ec2 -20", true },
        { { .line_item_type = "DiscountedUsage", .reservation_arn = "nonsense" }, "CHARGED PRICE_LIST ec2 -20", true },
        { { .line_item_type = "DiscountedUsage" }, "CHARGED PRICE_LIST ec2 -20", true },
        { { .line_item_type = "SavingsPlanCoveredUsage", .savings_plan_arn = OWNED_ARN }, "CHARGED UNBLENDED_COST", false },
        { { .line_item_type = "SavingsPlanCoveredUsage", .savings_plan_arn = OTHER_ARN },
          "CHARGED PRICE_LIST ec2 -20",
          true },
        { { .line_item_type = "SavingsPlanCoveredUsage" }, "CHARGED PRICE_LIST ec2 -20", true },
        { { .line_item_type = "SavingsPlanNegation", .savings_plan_arn = OWNED_ARN }, "CHARGED UNBLENDED_COST", false },
        { { .line_item_type = "SavingsPlanNegation", .savings_plan_arn = OTHER_ARN }, "LEFT_OUT", false },
        { { .line_item_type = "SavingsPlanNegation" }, "LEFT_OUT", false },
        { { .line_item_type = "Usage", .reservation_arn = OWNED_ARN }, "CHARGED PRICE_LIST ec2 -20", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct event_texts texts = rows[i].event;
        texts.operation = "RunInstances";
        texts.unblended_cost = "0";
        struct price price = resolve(fixture, 0, event_of(texts));
        char row[16];
        snprintf(row, sizeof row, "row %zu", i);
        expect_text(row, text_of(told(fixture, &price)), rows[i].expected);
        expect(row, price.shown_as_usage, rows[i].as_usage);
        expect_text(row, price_shown_type(&price, &fixture->facts), rows[i].as_usage ? "Usage" : texts.line_item_type);
    }
    struct price price = resolve(fixture, 0, event_with(.line_item_type = "DiscountedUsage", .reservation_arn = OWNED_ARN));
    expect_text("owned, without a cost", text_of(told(fixture, &price)), "UNPRICED NO_PRICE");
    fixture->document.conductor.auto_associate_group = 0;
    price = resolve(fixture, 0,
                    event_with(.line_item_type = "DiscountedUsage", .reservation_arn = UNKNOWN_ARN, .unblended_cost = "0"));
    expect_text("owned by an auto-associated account", text_of(told(fixture, &price)), "CHARGED UNBLENDED_COST");
}

static void accounts_without_a_group_are_unmonitored(void **state)
{
    struct price_fixture *fixture = *state;
    static const char *const types[] = { "Usage", "Fee", "Credit", "Tax", "DiscountedUsage" };
    for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
        struct price price = resolve(fixture, GROUP_NONE, event_with(.line_item_type = types[i], .unblended_cost = "1"));
        expect_text(types[i], text_of(told(fixture, &price)), "UNMONITORED");
        expect(types[i], price.counts_as_tax, i == 3);
        assert_int_equal(price.kind, PRICE_NOTHING);
    }
}

static void another_currency_is_in_no_sum(void **state)
{
    struct price_fixture *fixture = *state;
    struct price price = resolve(fixture, 0, event_with(.operation = "RunInstances", .currency = "EUR"));
    expect_text("EUR", text_of(told(fixture, &price)), "UNPRICED CURRENCY");
    assert_false(price.in_sums);
    price = resolve(fixture, 0, event_with(.operation = "RunInstances", .currency = "USD"));
    expect_text("USD", text_of(told(fixture, &price)), "CHARGED PRICE_LIST ec2 -20");
    assert_true(price.in_sums);
    fixture->document.conductor.currency = TEXT("CNY");
    price = resolve(fixture, 0, event_with(.operation = "RunInstances", .currency = "USD"));
    assert_false(price.in_sums);
    price = resolve(fixture, 0, event_with(.operation = "RunInstances"));
    assert_true(price.in_sums); /* no currency: the document's */
}

static void managed_plans_price_in_their_own_way(void **state)
{
    struct price_fixture *fixture = *state;
    static const struct {
        enum plan_kind kind;
        const char *type, *unblended, *expected;
    } rows[] = {
        { PLAN_PASSTHROUGH, "Usage", "3", "CHARGED UNBLENDED_COST" },
        { PLAN_PASSTHROUGH, "Credit", "-3", "CHARGED UNBLENDED_COST" },
        { PLAN_PASSTHROUGH, "EdpDiscount", "-3", "CHARGED UNBLENDED_COST" },
        { PLAN_PASSTHROUGH, "SavingsPlanNegation", "-3", "CHARGED UNBLENDED_COST" },
        { PLAN_PASSTHROUGH, "Tax", "3", "LEFT_OUT" },
        { PLAN_PASSTHROUGH, "Usage", "", "UNPRICED NO_PRICE" },
        { PLAN_BASIC, "Usage", "3", "CHARGED PRICE_LIST" },
        { PLAN_BASIC, "Credit", "-3", "LEFT_OUT" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        fixture->document.plans[1].kind = rows[i].kind;
        struct price price = resolve(fixture, 1,
                                     event_with(.usage_account_id = "222222222222", .operation = "RunInstances",
                                                .line_item_type = rows[i].type, .unblended_cost = rows[i].unblended));
        expect_text(rows[i].type, text_of(told(fixture, &price)), rows[i].expected);
    }
    fixture->document.plans[1].kind = PLAN_PASSTHROUGH;
    struct price price = resolve(fixture, 1, event_with(.product_code = "AWSSupportBusiness", .unblended_cost = "12"));
    expect_text("support is passed through", text_of(told(fixture, &price)), "CHARGED UNBLENDED_COST");
}

static void own_rates_of_tiered_meters_are_counted(void **state)
{
    struct price_fixture *fixture = *state;
    const struct {
        struct event_texts event;
        bool untiered;
    } rows[] = {
        { { .product_code = "AmazonS3", .usage_type = "EU-Storage", .operation = "Get", .public_on_demand_rate = "1" },
          true },
        { { .product_code = "AmazonS3", .usage_type = "EU-Storage", .operation = "Put", .public_on_demand_rate = "1" },
          false },
        { { .product_code = "AmazonS3", .usage_type = "EU-Storage", .operation = "Get", .public_on_demand_cost = "1" },
          false },
        { { .product_code = "AmazonEC2", .usage_type = "BoxUsage:t3.micro", .operation = "x", .public_on_demand_rate = "1" },
          false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_int_equal(resolve(fixture, 0, event_of(rows[i].event)).untiered, rows[i].untiered);
}

static void free_tier_switches_reach_the_price(void **state)
{
    struct price_fixture *fixture = *state;
    assert_true(resolve(fixture, 0, event_with(.operation = "RunInstances")).free_tier);
    plan_add_rule(&fixture->document, 0,
                  (struct pricing_rule){ .scope = SCOPE_GLOBAL, .type = RULE_TIERING, .sets_free_tier = true });
    reindex(fixture);
    struct price price = resolve(fixture, 0, event_with(.operation = "RunInstances"));
    assert_false(price.free_tier);
    expect_text("beside the modifier", text_of(told(fixture, &price)), "CHARGED PRICE_LIST ec2 -20");
}

/* A pool: a group's quantity of one price list entry, or one custom-tier rule and usage type, under one modifier. */
static void pools_are_named_by_group_entry_and_modifier(void **state)
{
    struct price_fixture *fixture = *state;
    struct document_fixture *document = &fixture->document;
    struct schedule own = schedule_of(&document->conductor.arena, "0 1, 5 2");
    plan_add_rule(document, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_TIERING,
                                         .service = TEXT("AmazonS3"),
                                         .operation = TEXT("Own"),
                                         .custom = own });
    plan_add_rule(document, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_MARKUP,
                                         .service = TEXT("AmazonS3"),
                                         .operation = TEXT("Dear"),
                                         .modifier = 100 });
    plan_add_rule(document, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_MARKUP,
                                         .service = TEXT("AmazonS3"),
                                         .operation = TEXT("AlsoDear"),
                                         .modifier = 100 });
    plan_add_rule(document, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_MARKUP,
                                         .service = TEXT("AmazonS3"),
                                         .operation = TEXT("Zero"),
                                         .modifier = 0 });
    reindex(fixture);
    static const struct {
        uint32_t group;
        const char *usage_type, *operation;
        int pool; /* equal numbers: one pool */
    } rows[] = {
        { 0, "Storage", "Get", 0 },    { 0, "Storage", "List", 0 },
        { 0, "Storage", "Zero", 0 },                                    /* no rule is a modifier of 0 */
        { 1, "Storage", "Get", 1 },                                     /* another group */
        { 0, "Storage", "Dear", 2 },   { 0, "Storage", "AlsoDear", 2 }, /* the modifier's value counts, not the rule */
        { 0, "EU-Storage", "Put", 3 },                                  /* another entry */
        { 0, "Storage", "Own", 4 },    { 0, "EU-Storage", "Own", 5 },   /* the same rule, another usage type */
    };
    struct buffer keys[ARRAY_COUNT(rows)] = { { 0 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = resolve(
            fixture, rows[i].group,
            event_with(.product_code = "AmazonS3", .usage_type = rows[i].usage_type, .operation = rows[i].operation));
        assert_true(price_is_tiered(&price));
        price_pool_key(&fixture->pricing, &price, &fixture->facts, &keys[i]);
        for (size_t j = 0; j < i; j++)
            if (text_equal(buffer_text(&keys[i]), buffer_text(&keys[j])) != (rows[i].pool == rows[j].pool))
                fail_msg("rows %zu and %zu: %.*s, %.*s", j, i, TEXT_ARGS(buffer_text(&keys[j])),
                         TEXT_ARGS(buffer_text(&keys[i])));
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        buffer_done(&keys[i]);
}

static void flat_prices_have_no_pool(void **state)
{
    struct price_fixture *fixture = *state;
    const struct event_texts rows[] = {
        { .operation = "RunInstances" },
        { .operation = "x", .public_on_demand_rate = "1" },
        { .operation = "x", .unblended_cost = "1" },
        { .operation = "x" },
        { .line_item_type = "Credit", .unblended_cost = "1" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct price price = resolve(fixture, 0, event_of(rows[i]));
        assert_false(price_is_tiered(&price));
    }
}

int main(void)
{
#define PRICE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        PRICE_TEST(the_base_is_the_first_that_there_is),
        PRICE_TEST(free_usage_costs_its_public_price_once_the_free_tier_is_off),
        PRICE_TEST(usage_of_a_month_before_the_document_says_so),
        PRICE_TEST(a_meter_of_several_prices_is_ambiguous_unless_its_own_rate_tells),
        PRICE_TEST(allowances_come_before_a_meter_s_tiers),
        PRICE_TEST(only_names_of_joined_pools_are_read_back),
        PRICE_TEST(the_amount_is_that_of_the_base),
        PRICE_TEST(custom_tiers_replace_list_and_modifier),
        PRICE_TEST(a_share_of_an_instance_costs_nothing_whatever_its_meter_costs),
        PRICE_TEST(what_the_pro_forma_domain_leaves_out_has_no_price),
        PRICE_TEST(commitments_count_where_they_are_owned),
        PRICE_TEST(accounts_without_a_group_are_unmonitored),
        PRICE_TEST(another_currency_is_in_no_sum),
        PRICE_TEST(managed_plans_price_in_their_own_way),
        PRICE_TEST(own_rates_of_tiered_meters_are_counted),
        PRICE_TEST(free_tier_switches_reach_the_price),
        PRICE_TEST(pools_are_named_by_group_entry_and_modifier),
        PRICE_TEST(flat_prices_have_no_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
