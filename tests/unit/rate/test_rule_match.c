/* rate/rule_match: which rule of a plan prices a meter. Plans are built in code, so every case shows its whole input. */
#include "rate/rule_match.h"
#include "support/fixtures.h"
#include "support/unit.h"

#define SKU_RULE(service_, type_, operation_)                                                   \
    {                                                                                           \
        .scope = SCOPE_SKU, .type = RULE_MARKUP, .service = { service_, sizeof(service_) - 1 }, \
        .usage_type = { type_, sizeof(type_) - 1 }, .operation = {                              \
            operation_,                                                                         \
            sizeof(operation_) - 1                                                              \
        }                                                                                       \
    }
#define SERVICE_RULE(service_)                                                                     \
    {                                                                                              \
        .scope = SCOPE_SERVICE, .type = RULE_MARKUP, .service = { service_, sizeof(service_) - 1 } \
    }
#define ENTITY_RULE(entity_)                                                                                   \
    {                                                                                                          \
        .scope = SCOPE_BILLING_ENTITY, .type = RULE_MARKUP, .billing_entity = { entity_, sizeof(entity_) - 1 } \
    }
#define GLOBAL_RULE                                \
    {                                              \
        .scope = SCOPE_GLOBAL, .type = RULE_MARKUP \
    }
#define FREE_TIER(scope_, service_, on_)                                                                              \
    {                                                                                                                 \
        .scope = scope_, .type = RULE_TIERING, .service = { service_, sizeof(service_) - 1 }, .sets_free_tier = true, \
        .free_tier_activated = on_                                                                                    \
    }

static const struct meter ec2_box = { { "AmazonEC2", 9 }, { "BoxUsage", 8 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } };

static void the_most_specific_rule_wins(void **state)
{
    (void)state;
    /* From the most specific to the least: the first rows of every tail of this list decide. */
    static const struct pricing_rule in_order[] = {
        SKU_RULE("AmazonEC2", "BoxUsage", "Run"),
        SKU_RULE("AmazonEC2", "BoxUsage", ""),
        SKU_RULE("AmazonEC2", "", "Run"),
        SERVICE_RULE("AmazonEC2"),
        ENTITY_RULE("AWS"),
        GLOBAL_RULE,
    };
    for (size_t first = 0; first <= ARRAY_COUNT(in_order); first++) {
        struct document_fixture fixture;
        document_fixture_init(&fixture);
        uint32_t most_specific = RULE_NONE;
        for (size_t i = ARRAY_COUNT(in_order); i-- > first;) /* the widest rule comes first in the plan */
            most_specific = plan_add_rule(&fixture, 0, in_order[i]);
        struct rule_index *index = rule_index_new(&fixture.conductor);
        assert_int_equal(rule_match(index, 0, &ec2_box), most_specific);
        rule_index_free(index);
        document_fixture_done(&fixture);
    }
}

static void a_rule_applies_only_to_its_selector(void **state)
{
    (void)state;
    static const struct {
        struct pricing_rule rule;
        struct meter meter;
        bool applies;
        const char *why;
    } rows[] = {
        { SKU_RULE("AmazonEC2", "BoxUsage", "Run"),
          { { "AmazonS3", 8 }, { "BoxUsage", 8 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "service" },
        { SKU_RULE("AmazonEC2", "BoxUsage", "Run"),
          { { "AmazonEC2", 9 }, { "BoxUsag", 7 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "usage type" },
        { SKU_RULE("AmazonEC2", "BoxUsage", "Run"),
          { { "AmazonEC2", 9 }, { "BoxUsage", 8 }, { "Runs", 4 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "operation" },
        { SKU_RULE("AmazonEC2", "BoxUsage", "Run"),
          { { "AmazonEC2", 9 }, { "BoxUsage", 8 }, { NULL, 0 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "no operation" },
        { SKU_RULE("AmazonEC2", "BoxUsage", ""),
          { { "AmazonEC2", 9 }, { "BoxUsage", 8 }, { NULL, 0 }, { "AWS", 3 }, { NULL, 0 } },
          true,
          "any operation, none" },
        { SKU_RULE("AmazonEC2", "", "Run"),
          { { "AmazonEC2", 9 }, { "Other", 5 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } },
          true,
          "any usage type" },
        { SKU_RULE("AmazonEC2", "Run", ""),
          { { "AmazonEC2", 9 }, { "Other", 5 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "an operation is no usage type" },
        { SERVICE_RULE("AmazonEC2"),
          { { "AmazonEC2x", 10 }, { "BoxUsage", 8 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "another service" },
        { ENTITY_RULE("AWS Marketplace"),
          { { "AmazonEC2", 9 }, { "BoxUsage", 8 }, { "Run", 3 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "entity" },
        { ENTITY_RULE("AWS Marketplace"),
          { { "x", 1 }, { "y", 1 }, { NULL, 0 }, { "AWS Marketplace", 15 }, { NULL, 0 } },
          true,
          "entity" },
        { GLOBAL_RULE, { { "x", 1 }, { "y", 1 }, { NULL, 0 }, { "AWS Marketplace", 15 }, { NULL, 0 } }, true, "global" },
        { FREE_TIER(SCOPE_GLOBAL, "", false),
          { { "x", 1 }, { "y", 1 }, { NULL, 0 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "a switch prices nothing" },
        { FREE_TIER(SCOPE_SERVICE, "x", false),
          { { "x", 1 }, { "y", 1 }, { NULL, 0 }, { "AWS", 3 }, { NULL, 0 } },
          false,
          "a switch prices nothing" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        document_fixture_init(&fixture);
        uint32_t rule = plan_add_rule(&fixture, 0, rows[i].rule);
        struct rule_index *index = rule_index_new(&fixture.conductor);
        expect_number(rows[i].why, rule_match(index, 0, &rows[i].meter), rows[i].applies ? rule : RULE_NONE);
        rule_index_free(index);
        document_fixture_done(&fixture);
    }
}

/* Transfer is AWSDataTransfer's in the price list and, say, AmazonS3's in the report. */
static void the_service_code_comes_before_the_product(void **state)
{
    (void)state;
    static const struct meter transfer = {
        { "AmazonS3", 8 }, { "Out", 3 }, { "Get", 3 }, { "AWS", 3 }, { "AWSDataTransfer", 15 }
    };
    static const struct {
        struct pricing_rule first, second;
        int expected;
        const char *why;
    } rows[] = {
        { SERVICE_RULE("AmazonS3"), SERVICE_RULE("AWSDataTransfer"), 1, "two services" },
        { SERVICE_RULE("AmazonS3"), SERVICE_RULE("AmazonEC2"), 0, "the product where no rule has the service code" },
        { SKU_RULE("AmazonS3", "Out", ""), SERVICE_RULE("AWSDataTransfer"), 0, "a narrower scope comes first" },
        { SKU_RULE("AmazonS3", "Out", "Get"), SKU_RULE("AWSDataTransfer", "Out", ""), 0, "a narrower selector too" },
        { SKU_RULE("AmazonS3", "Out", ""), SKU_RULE("AWSDataTransfer", "Out", ""), 1, "one selector of two services" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        document_fixture_init(&fixture);
        uint32_t rules[] = { plan_add_rule(&fixture, 0, rows[i].first), plan_add_rule(&fixture, 0, rows[i].second) };
        plan_add_rule(&fixture, 1, (struct pricing_rule)FREE_TIER(SCOPE_SERVICE, "AWSDataTransfer", false));
        plan_add_rule(&fixture, 1, (struct pricing_rule)FREE_TIER(SCOPE_SERVICE, "AmazonS3", true));
        struct rule_index *index = rule_index_new(&fixture.conductor);
        expect_number(rows[i].why, rule_match(index, 0, &transfer), rules[rows[i].expected]);
        expect(rows[i].why, rule_free_tier(index, 1, &transfer), false);
        rule_index_free(index);
        document_fixture_done(&fixture);
    }
}

static void rules_belong_to_plans(void **state)
{
    (void)state;
    struct document_fixture fixture;
    document_fixture_init(&fixture);
    uint32_t global = plan_add_rule(&fixture, 0, (struct pricing_rule)GLOBAL_RULE);
    uint32_t service = plan_add_rule(&fixture, 1, (struct pricing_rule)SERVICE_RULE("AmazonEC2"));
    fixture.plan_rules[0][fixture.plans[0].rule_count++] = service; /* a rule may be in several plans */
    plan_add_rule(&fixture, 1, (struct pricing_rule)FREE_TIER(SCOPE_GLOBAL, "", false));
    struct rule_index *index = rule_index_new(&fixture.conductor);
    struct meter s3 = { TEXT("AmazonS3"), TEXT("x"), TEXT_NONE, TEXT("AWS"), TEXT_NONE };
    assert_int_equal(rule_match(index, 0, &ec2_box), service);
    assert_int_equal(rule_match(index, 1, &ec2_box), service);
    assert_int_equal(rule_match(index, 0, &s3), global);
    assert_int_equal(rule_match(index, 1, &s3), RULE_NONE);
    assert_true(rule_free_tier(index, 0, &ec2_box));
    assert_false(rule_free_tier(index, 1, &ec2_box));
    rule_index_free(index);
    document_fixture_done(&fixture);
}

static void managed_plans_have_no_rules(void **state)
{
    (void)state;
    static const enum plan_kind kinds[] = { PLAN_BASIC, PLAN_PASSTHROUGH };
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        struct document_fixture fixture;
        document_fixture_init(&fixture);
        fixture.plans[0].kind = kinds[i];
        struct rule_index *index = rule_index_new(&fixture.conductor);
        assert_int_equal(rule_match(index, 0, &ec2_box), RULE_NONE);
        assert_true(rule_free_tier(index, 0, &ec2_box));
        rule_index_free(index);
        document_fixture_done(&fixture);
    }
    rule_index_free(NULL);
}

static void the_free_tier_switch_of_a_service_beats_the_global_one(void **state)
{
    (void)state;
    enum { OFF = 0, ON = 1, NO_RULE = 2 };
    static const struct {
        int service, global;
        bool expected;
    } rows[] = {
        { NO_RULE, NO_RULE, true }, { NO_RULE, OFF, false }, { NO_RULE, ON, true }, { OFF, NO_RULE, false },
        { ON, OFF, true },          { OFF, ON, false },      { ON, NO_RULE, true },
    };
    const struct meter lambda = { .product_code = TEXT("AWSLambda") };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct document_fixture fixture;
        document_fixture_init(&fixture);
        plan_add_rule(&fixture, 0, (struct pricing_rule)GLOBAL_RULE); /* a modifier beside it */
        if (rows[i].service != NO_RULE)
            plan_add_rule(&fixture, 0, (struct pricing_rule)FREE_TIER(SCOPE_SERVICE, "AWSLambda", rows[i].service == ON));
        if (rows[i].global != NO_RULE)
            plan_add_rule(&fixture, 0, (struct pricing_rule)FREE_TIER(SCOPE_GLOBAL, "", rows[i].global == ON));
        struct rule_index *index = rule_index_new(&fixture.conductor);
        assert_int_equal(rule_free_tier(index, 0, &lambda), rows[i].expected);
        rule_index_free(index);
        document_fixture_done(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_rule_wins),
        cmocka_unit_test(a_rule_applies_only_to_its_selector),
        cmocka_unit_test(the_service_code_comes_before_the_product),
        cmocka_unit_test(rules_belong_to_plans),
        cmocka_unit_test(managed_plans_have_no_rules),
        cmocka_unit_test(the_free_tier_switch_of_a_service_beats_the_global_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
