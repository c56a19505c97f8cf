/* control/document_difference: what a publication changes is told in words, by name. */
#include "support/control_records.h"

#include "control/document_difference.h"

#define JUNE (2026 * 12 + 5)
#define ARN(kind, id) "arn:aws:billingconductor::100000000001:" kind "/" id

static struct conductor_topic *topic_in_force(void)
{
    struct conductor_topic *topic = conductor_topic_new();
    control_put(topic, "2026-05/PricingRules/old", "{\"Name\":\"of May\"}");
    control_put(topic, "2026-06/BillingGroups/1",
                "{\"Name\":\"Retail\",\"Status\":\"ACTIVE\",\"ComputationPreference\":"
                "{\"PricingPlanArn\":\"" ARN("pricingplan", "planA") "\"}}");
    control_put(topic, "2026-06/BillingGroups/2", "{\"Name\":\"Platform\"}");
    control_put(topic, "2026-06/LinkedAccounts/111111111111",
                "{\"AccountId\":\"111111111111\",\"BillingGroupArn\":\"" ARN("billinggroup", "1") "\"}");
    control_put(topic, "2026-06/PricingRules/ruleA", "{\"Name\":\"plus five\",\"ModifierPercentage\":\"5\"}");
    control_put(topic, "2026-06/PricingRulesAssociatedToPricingPlan/planA",
                "{\"PricingRuleArns\":[\"" ARN("pricingrule", "ruleA") "\",\"" ARN("pricingrule", "ruleB") "\"]}");
    control_put(topic, "2026-06/PricingPlans/planA", "{\"Name\":\"Standard\"}");
    control_put(topic, "2026-06/CustomLineItems/care",
                "{\"Name\":\"support\",\"ChargeDetails\":{\"Type\":\"FEE\",\"Flat\":"
                "{\"ChargeValue\":\"150\"}}}");
    control_put(topic, "2026-06/CustomLineItemVersions/care/2026-06",
                "{\"Arn\":\"" ARN("customlineitem", "care") "\",\"StartBillingPeriod\":\"2026-06\"}");
    control_put(topic, "2026-06/Price/SKU1/Requests",
                "{\"sku\":\"SKU1\",\"service\":\"AmazonS3\",\"tiers\":[[\"0\",null,\"0.1\"]]}");
    control_put(topic, "2026-06/document/CurrencyCode", "\"USD\"");
    control_put(topic, "2026-06/version/", "{\"number\":4}");
    return topic;
}

static const struct row {
    const char *what, *key, *value; /* NULL: it is removed */
    const char *words;
    size_t added, changed, removed;
} rows[] = {
    { "a percentage", "2026-06/PricingRules/ruleA", "{\"Name\":\"plus five\",\"ModifierPercentage\":\"7.25\"}",
      "pricing rule \"plus five\" (ruleA): ModifierPercentage 7.25 instead of 5\n", 0, 1, 0 },
    { "a new name", "2026-06/PricingRules/ruleA", "{\"Name\":\"plus\",\"ModifierPercentage\":\"5\"}",
      "pricing rule \"plus\" (ruleA): Name plus instead of plus five\n", 0, 1, 0 },
    { "a rule more", "2026-06/PricingRules/ruleC", "{\"Name\":\"new\"}", "pricing rule \"new\" (ruleC) added\n", 1, 0, 0 },
    { "a rule less", "2026-06/PricingRules/ruleA", NULL, "pricing rule \"plus five\" (ruleA) removed\n", 0, 0, 1 },
    { "a nameless rule", "2026-06/PricingRules/ruleD", "{}", "pricing rule ruleD added\n", 1, 0, 0 },
    { "a plan's rules", "2026-06/PricingRulesAssociatedToPricingPlan/planA",
      "{\"PricingRuleArns\":[\"" ARN("pricingrule", "ruleB") "\",\"" ARN("pricingrule", "ruleC") "\"]}",
      "pricing plan \"Standard\" (planA): with ruleC, without ruleA\n", 0, 1, 0 },
    { "a group's plan", "2026-06/BillingGroups/1",
      "{\"Name\":\"Retail\",\"Status\":\"PENDING\",\"ComputationPreference\":{\"PricingPlanArn\":\"" ARN("pricingplan",
                                                                                                         "planB") "\"}}",
      "billing group \"Retail\" (1): Status PENDING instead of ACTIVE, PricingPlanArn planB instead of planA\n", 0, 1, 0 },
    { "an account moves", "2026-06/LinkedAccounts/111111111111",
      "{\"AccountId\":\"111111111111\",\"BillingGroupArn\":\"" ARN("billinggroup", "2") "\"}",
      "account 111111111111 moves from billing group \"Retail\" (1) to \"Platform\" (2)\n", 0, 1, 0 },
    { "an account leaves", "2026-06/LinkedAccounts/111111111111", "{\"AccountId\":\"111111111111\"}",
      "account 111111111111 leaves billing group \"Retail\" (1)\n", 0, 1, 0 },
    { "an account is gone", "2026-06/LinkedAccounts/111111111111", NULL,
      "account 111111111111 leaves billing group \"Retail\" (1), removed\n", 0, 0, 1 },
    { "an account comes", "2026-06/LinkedAccounts/222222222222",
      "{\"AccountId\":\"222222222222\",\"BillingGroupArn\":\"" ARN("billinggroup", "2") "\"}",
      "account 222222222222 joins billing group \"Platform\" (2), added\n", 1, 0, 0 },
    { "an account of no group", "2026-06/LinkedAccounts/222222222222", "{\"AccountId\":\"222222222222\"}",
      "account 222222222222 added\n", 1, 0, 0 },
    { "an account's name", "2026-06/LinkedAccounts/111111111111",
      "{\"AccountId\":\"111111111111\",\"AccountName\":\"prod\",\"BillingGroupArn\":\"" ARN("billinggroup", "1") "\"}",
      "account 111111111111: AccountName prod\n", 0, 1, 0 },
    { "a charge", "2026-06/CustomLineItems/care",
      "{\"Name\":\"support\",\"ChargeDetails\":{\"Type\":\"FEE\",\"Percentage\":{\"PercentageValue\":\"3.5\"}}}",
      "custom line item \"support\" (care): Flat none instead of {\"ChargeValue\":\"150\"}, Percentage "
      "{\"PercentageValue\":\"3.5\"}\n",
      0, 1, 0 },
    { "a version of an item", "2026-06/CustomLineItemVersions/care/2026-07",
      "{\"Arn\":\"" ARN("customlineitem", "care") "\",\"StartBillingPeriod\":\"2026-07\",\"EndBillingPeriod\":\"2026-09\"}",
      "custom line item \"support\" (care) from 2026-07 to before 2026-09 added\n", 1, 0, 0 },
    { "an item ends", "2026-06/CustomLineItemVersions/care/2026-06",
      "{\"Arn\":\"" ARN("customlineitem", "care") "\",\"StartBillingPeriod\":\"2026-06\",\"EndBillingPeriod\":\"2026-07\"}",
      "custom line item \"support\" (care) from 2026-06 to before 2026-07: EndBillingPeriod 2026-07\n", 0, 1, 0 },
    { "a price", "2026-06/Price/SKU1/Requests",
      "{\"sku\":\"SKU1\",\"service\":\"AmazonS3\",\"tiers\":[[\"0\",\"5\",\"0.2\"],[\"5\",null,\"0.1\"]]}",
      "price SKU1/Requests of AmazonS3: tiers [[\"0\",\"5\",\"0.2\"],[\"5\",null,\"0.1\"]] instead of "
      "[[\"0\",null,\"0.1\"]]\n",
      0, 1, 0 },
    { "the currency", "2026-06/document/CurrencyCode", "\"EUR\"", "document CurrencyCode: document EUR instead of USD\n", 0,
      1, 0 },
    { "what is no part of a document", "2026-06/import/1", "{}", "", 0, 0, 0 },
    { "the same again", "2026-06/PricingPlans/planA", "{\"Name\":\"Standard\"}", "", 0, 0, 0 },
};

static void every_kind_of_change_is_told_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct conductor_topic *topic = topic_in_force();
        struct conductor_change items[] = {
            { text_of(rows[i].key), rows[i].value ? text_of(rows[i].value) : TEXT_NONE },
            { TEXT("2026-06/version/"), TEXT("{\"number\":5}") },
        };
        struct conductor_changes changes = { .items = items, .count = ARRAY_COUNT(items) };
        struct document_difference difference;
        document_difference_tell(topic, JUNE, &changes, 50, &difference);
        expect_text(rows[i].what, buffer_text(&difference.words), rows[i].words);
        expect_number(rows[i].what, (long long)difference.added, (long long)rows[i].added);
        expect_number(rows[i].what, (long long)difference.changed, (long long)rows[i].changed);
        expect_number(rows[i].what, (long long)difference.removed, (long long)rows[i].removed);
        document_difference_done(&difference);
        conductor_topic_free(topic);
    }
}

static void a_new_month_is_held_against_the_last_one(void **state)
{
    (void)state;
    struct conductor_topic *topic = topic_in_force();
    struct conductor_change items[] = {
        { TEXT("2026-07/PricingRules/ruleA"), TEXT("{\"Name\":\"plus five\",\"ModifierPercentage\":\"6\"}") },
        { TEXT("2026-07/BillingGroups/2"), TEXT("{\"Name\":\"Platform\"}") },
    };
    struct conductor_changes changes = { .items = items, .count = ARRAY_COUNT(items) };
    struct document_difference difference;
    document_difference_tell(topic, JUNE + 1, &changes, 50, &difference);
    assert_int_equal(difference.added, 0);
    assert_int_equal(difference.changed, 1);
    assert_int_equal(difference.removed, 8);
    document_difference_done(&difference);
    conductor_topic_free(topic);
}

static void more_lines_than_one_reads_are_only_counted(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    struct conductor_change items[20];
    char keys[ARRAY_COUNT(items)][64];
    for (size_t i = 0; i < ARRAY_COUNT(items); i++) {
        snprintf(keys[i], sizeof keys[i], "2026-06/Price/SKU%02zu/Requests", i);
        items[i] = (struct conductor_change){ text_of(keys[i]), TEXT("{\"tiers\":[]}") };
    }
    struct conductor_changes changes = { .items = items, .count = ARRAY_COUNT(items) };
    struct document_difference difference;
    document_difference_tell(topic, JUNE, &changes, 2, &difference);
    expect_text("words", buffer_text(&difference.words), "price SKU00/Requests added\nprice SKU01/Requests added\n");
    assert_int_equal(difference.lines, 2);
    assert_int_equal(difference.added, ARRAY_COUNT(items));
    document_difference_done(&difference);
    conductor_topic_free(topic);
}

static void what_is_no_json_is_told_all_the_same(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    control_put(topic, "2026-06/PricingRules/a", "{\"Name\"");
    struct conductor_change items[] = { { TEXT("2026-06/PricingRules/a"), TEXT("[1,{\"Arn\":7}]") },
                                        { TEXT("2026-06/LinkedAccounts/b"), TEXT("\"text\"") } };
    struct conductor_changes changes = { .items = items, .count = ARRAY_COUNT(items) };
    struct document_difference difference;
    document_difference_tell(topic, JUNE, &changes, 9, &difference);
    expect_text("words", buffer_text(&difference.words),
                "account b added\npricing rule a: PricingRules [1,{\"Arn\":7}] instead of null\n");
    document_difference_done(&difference);
    conductor_topic_free(topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_change_is_told_by_name),
        cmocka_unit_test(a_new_month_is_held_against_the_last_one),
        cmocka_unit_test(more_lines_than_one_reads_are_only_counted),
        cmocka_unit_test(what_is_no_json_is_told_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
