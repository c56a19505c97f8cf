/*
 * documents/conductor_json: which documents are read, what they become, and how each broken one is reported.
 * A row of a table is the smallest change to a valid document: one piece of its text replaced by another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "documents/conductor_json.h"
#include "documents/offer_file.h"

#define ABC "arn:aws:billingconductor::123456789012:"

/* Every entity once, with ARNs and bare ids mixed. */
static const char valid[] =
    "{\"BillingPeriod\": \"2026-6\", \"CurrencyCode\": \"USD\", \"NextToken\": \"ignored\","
    "\"BillingGroups\": ["
    "{\"Name\": \"TeamA\", \"Arn\": \"" ABC "billinggroup/111111111111\", \"PrimaryAccountId\": \"111111111111\","
    " \"Status\": \"ACTIVE\", \"BillingGroupType\": \"STANDARD\", \"Size\": 2, \"CreationTime\": 1782000000,"
    " \"ComputationPreference\": {\"PricingPlanArn\": \"" ABC "pricingplan/planAAAAAA\"},"
    " \"AccountGrouping\": {\"AutoAssociate\": false}},"
    "{\"Name\": \"TeamB\", \"Arn\": \"" ABC "billinggroup/333333333333\", \"PrimaryAccountId\": \"333333333333\","
    " \"ComputationPreference\": {\"PricingPlanArn\": \"arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan\"},"
    " \"AccountGrouping\": {\"AutoAssociate\": true}}],"
    "\"LinkedAccounts\": ["
    "{\"AccountId\": \"111111111111\", \"BillingGroupArn\": \"111111111111\"},"
    "{\"AccountId\": \"222222222222\", \"BillingGroupArn\": \"" ABC "billinggroup/111111111111\"},"
    "{\"AccountId\": \"333333333333\", \"BillingGroupArn\": \"333333333333\"},"
    "{\"AccountId\": \"999999999999\", \"AccountName\": \"unmonitored\"}],"
    "\"PricingPlans\": [{\"Name\": \"Retail\", \"Arn\": \"" ABC "pricingplan/planAAAAAA\", \"Size\": 5}],"
    "\"PricingRulesAssociatedToPricingPlan\": [{\"PricingPlanArn\": \"planAAAAAA\", \"PricingRuleArns\":"
    " [\"" ABC "pricingrule/ruleGLOBAL\", \"ruleEC2000\", \"ruleFREE00\", \"ruleSKU000\", \"ruleMARKET\"]}],"
    "\"PricingRules\": ["
    "{\"Name\": \"g20\", \"Arn\": \"" ABC "pricingrule/ruleGLOBAL\", \"Scope\": \"GLOBAL\", \"Type\": \"MARKUP\","
    " \"ModifierPercentage\": 20.0},"
    "{\"Name\": \"ec2-10\", \"Arn\": \"ruleEC2000\", \"Scope\": \"SERVICE\", \"Type\": \"DISCOUNT\","
    " \"ModifierPercentage\": 10.0, \"Service\": \"AmazonEC2\"},"
    "{\"Name\": \"no-free\", \"Arn\": \"ruleFREE00\", \"Scope\": \"SERVICE\", \"Type\": \"TIERING\","
    " \"Service\": \"AWSLambda\", \"Tiering\": {\"FreeTier\": {\"Activated\": false}}},"
    "{\"Name\": \"egress\", \"Arn\": \"ruleSKU000\", \"Scope\": \"SKU\", \"Type\": \"TIERING\","
    " \"Service\": \"AmazonS3\", \"UsageType\": \"USW2-DataTransfer-Out-Bytes\", \"Operation\": \"GetObject\","
    " \"Tiering\": {\"CustomTiers\": [{\"BeginRangeInclusive\": 0.0, \"EndRangeExclusive\": 10240.0,"
    " \"RateValue\": 0.05}, {\"BeginRangeInclusive\": 10240.0, \"RateValue\": 0.0000000001}]}},"
    "{\"Name\": \"market\", \"Arn\": \"ruleMARKET\", \"Scope\": \"BILLING_ENTITY\", \"Type\": \"MARKUP\","
    " \"ModifierPercentage\": 3, \"BillingEntity\": \"AWS Marketplace\"}],"
    "\"CustomLineItems\": ["
    "{\"Name\": \"support\", \"Arn\": \"" ABC "customlineitem/cliFLAT000\", \"Description\": \"Support share\","
    " \"BillingGroupArn\": \"" ABC "billinggroup/111111111111\", \"CurrencyCode\": \"USD\","
    " \"ProductCode\": \"AWSBillingConductor\","
    " \"ChargeDetails\": {\"Type\": \"CREDIT\", \"Flat\": {\"ChargeValue\": 50.25}}},"
    "{\"Name\": \"fee\", \"Arn\": \"cliPERC000\", \"Description\": \"Service fee\", \"BillingGroupArn\": \"111111111111\","
    " \"AccountId\": \"222222222222\", \"ComputationRule\": \"ITEMIZED\","
    " \"PresentationDetails\": {\"Service\": \"AmazonRDS\"},"
    " \"ChargeDetails\": {\"Type\": \"FEE\", \"Percentage\": {\"PercentageValue\": 3.5}, \"LineItemFilters\":"
    " [{\"Attribute\": \"SERVICE\", \"MatchOption\": \"NOT_EQUAL\", \"AttributeValues\": [\"AmazonEKS\"]}]}},"
    "{\"Name\": \"other\", \"Arn\": \"cliOTHER00\", \"Description\": \"Of TeamB\", \"BillingGroupArn\": \"333333333333\","
    " \"BillingPeriodRange\": {\"InclusiveStartBillingPeriod\": \"2026-05\", \"ExclusiveEndBillingPeriod\": \"2026-08\"},"
    " \"ChargeDetails\": {\"Type\": \"FEE\", \"Flat\": {\"ChargeValue\": 1000000}}}],"
    "\"CustomLineItemVersions\": ["
    "{\"Arn\": \"cliFLAT000\", \"StartBillingPeriod\": \"2026-06\", \"EndBillingPeriod\": \"2026-07\"},"
    "{\"Arn\": \"cliFLAT000\", \"StartBillingPeriod\": \"2026-02\", \"EndBillingPeriod\": \"2026-06\"}],"
    "\"ResourcesAssociatedToCustomLineItem\": [{\"Arn\": \"cliPERC000\", \"AssociatedResources\": ["
    "{\"Arn\": \"" ABC "billinggroup/111111111111\", \"Relationship\": \"CHILD\"},"
    "{\"Arn\": \"" ABC "customlineitem/cliFLAT000\", \"Relationship\": \"CHILD\"}]}]}";

/* The document with its one occurrence of `from` replaced. */
static void replace_once(const char *document, const char *from, const char *to, struct buffer *out)
{
    const char *at = strstr(document, from);
    if (!at || strstr(at + 1, from))
        fail_msg("\"%s\" is in the document %s", from, at ? "twice" : "not at all");
    buffer_append(out, document, (size_t)(at - document));
    buffer_append_text(out, text_of(to));
    buffer_append_text(out, text_of(at + strlen(from)));
}

static bool read_text(struct text document, struct conductor **conductor, struct problems *problems, struct error *error)
{
    struct input *input = input_from_memory(document.data, document.size, "test.json");
    bool done = conductor_read(input, conductor, problems, error);
    input_close(input);
    return done;
}

static struct conductor *read_valid(const char *document)
{
    struct conductor *conductor = NULL;
    struct problems problems = { 0 };
    struct error error = { 0 };
    if (!read_text(text_of(document), &conductor, &problems, &error)) {
        struct buffer line = { 0 };
        if (problems.count)
            problem_format(&problems.items[0], &line);
        fail_msg("%s: %.*s", error.message, TEXT_ARGS(buffer_text(&line)));
    }
    problems_done(&problems);
    return conductor;
}

static struct conductor *read_changed(const char *from, const char *to)
{
    struct buffer document = { 0 };
    replace_once(valid, from, to, &document);
    buffer_append_byte(&document, '\0');
    struct conductor *conductor = read_valid(document.data);
    buffer_done(&document);
    return conductor;
}

static void free_conductor(struct conductor *conductor)
{
    conductor_done(conductor);
    free(conductor);
}

static void assert_text(struct text text, const char *expected)
{
    if (!text_equal(text, text_of(expected)))
        fail_msg("found \"%.*s\", expected \"%s\"", TEXT_ARGS(text), expected);
}

static void assert_decimal(i128 value, unsigned scale, const char *expected)
{
    char text[DECIMAL_TEXT_MAX];
    decimal_format(value, scale, text);
    assert_string_equal(text, expected);
}

struct rejected {
    const char *from, *to, *reason, *path;
};

static const struct rejected rejected_groups[] = {
    { "\"AccountId\": \"222222222222\", \"BillingGroupArn\"", "\"AccountId\": \"111111111111\", \"BillingGroupArn\"",
      "DUPLICATE_ACCOUNT", "LinkedAccounts[1].AccountId" },
    { "\"AccountId\": \"222222222222\", \"BillingGroupArn\"", "\"AccountId\": \"333333333333\", \"BillingGroupArn\"",
      "ACCOUNTS_ALREADY_ASSOCIATED", "LinkedAccounts[2].AccountId" },
    { "\"999999999999\"", "\"22222222222\"", "ILLEGAL_ACCOUNT_ID", "LinkedAccounts[3].AccountId" },
    { "{\"AccountId\": \"999999999999\", ", "{", "ILLEGAL_ACCOUNT_ID", "LinkedAccounts[3].AccountId" },
    { "\"999999999999\"", "true", "FIELD_VALIDATION_FAILED", "LinkedAccounts[3].AccountId" },
    { "{\"AccountId\": \"999999999999\", \"AccountName\": \"unmonitored\"}", "[]", "FIELD_VALIDATION_FAILED",
      "LinkedAccounts[3]" },
    { "\"AccountId\": \"333333333333\", \"BillingGroupArn\": \"333333333333\"",
      "\"AccountId\": \"333333333333\", \"BillingGroupArn\": \"444444444444\"", "MISSING_BILLINGGROUP",
      "LinkedAccounts[2].BillingGroupArn" },
    { "\"AccountId\": \"222222222222\", \"BillingGroupArn\": \"arn:aws:billingconductor::123456789012:",
      "\"AccountId\": \"222222222222\", \"BillingGroupArn\": \"arn:aws:billingconductor::555555555555:",
      "MISMATCHED_BILLINGGROUP_ARN", "LinkedAccounts[1].BillingGroupArn" },
    { "\"AccountId\": \"222222222222\", \"BillingGroupArn\": \"arn:aws:billingconductor::123456789012:billinggroup",
      "\"AccountId\": \"222222222222\", \"BillingGroupArn\": \"arn:aws:billingconductor::123456789012:pricingplan",
      "INVALID_ARN", "LinkedAccounts[1].BillingGroupArn" },
    { "\"Arn\": \"" ABC "billinggroup/111111111111\", \"PrimaryAccountId\"",
      "\"Arn\": \"arn:aws:billingconductor::12345678901:billinggroup/111111111111\", \"PrimaryAccountId\"", "INVALID_ARN",
      "BillingGroups[0].Arn" },
    { "\"Arn\": \"" ABC "billinggroup/333333333333\"", "\"Arn\": \"" ABC "billinggroup/111111111111\"",
      "BILLING_GROUP_ALREADY_EXIST_IN_CURRENT_BILLING_PERIOD", "BillingGroups[1]" },
    { "\"TeamB\"", "\"TeamA\"", "RESOURCE_NAME_CONFLICT", "BillingGroups[1].Name" },
    { "\"TeamB\"", "\"Team B\"", "FIELD_VALIDATION_FAILED", "BillingGroups[1].Name" },
    { "{\"Name\": \"TeamB\", ", "{", "FIELD_VALIDATION_FAILED", "BillingGroups[1].Name" },
    { "\"PrimaryAccountId\": \"333333333333\"", "\"PrimaryAccountId\": \"3333\"", "ILLEGAL_PRIMARY_ACCOUNT",
      "BillingGroups[1].PrimaryAccountId" },
    { "\"PrimaryAccountId\": \"333333333333\",", "", "ILLEGAL_PRIMARY_ACCOUNT", "BillingGroups[1].PrimaryAccountId" },
    { "\"PrimaryAccountId\": \"333333333333\"", "\"PrimaryAccountId\": \"123456789012\"", "ILLEGAL_PRIMARY_ACCOUNT",
      "BillingGroups[1].PrimaryAccountId" },
    { "\"PrimaryAccountId\": \"333333333333\"", "\"PrimaryAccountId\": \"222222222222\"", "PRIMARY_NOT_ASSOCIATED",
      "BillingGroups[1].PrimaryAccountId" },
    { "\"AutoAssociate\": false", "\"AutoAssociate\": true", "TOO_MANY_AUTO_ASSOCIATE_BILLING_GROUPS",
      "BillingGroups[1].AccountGrouping.AutoAssociate" },
    { "\"AutoAssociate\": false", "\"AutoAssociate\": 0", "FIELD_VALIDATION_FAILED",
      "BillingGroups[0].AccountGrouping.AutoAssociate" },
    { "\"ACTIVE\"", "\"active\"", "INVALID_BILLING_GROUP_STATUS", "BillingGroups[0].Status" },
    { "\"STANDARD\"", "\"OTHER\"", "ILLEGAL_BILLING_GROUP_TYPE", "BillingGroups[0].BillingGroupType" },
    { "\"AutoAssociate\": false",
      "\"ResponsibilityTransferArn\": \"arn:aws:organizations::123456789012:transfer/"
      "o-abcdefghij/billing/inbound/rt-12345678\"",
      "ILLEGAL_BILLING_GROUP_TYPE", "BillingGroups[0].BillingGroupType" },
    { "\"AutoAssociate\": true}}]", "\"AutoAssociate\": true}, \"BillingGroupType\": \"TRANSFER_BILLING\"}]",
      "ILLEGAL_BILLING_GROUP_TYPE", "BillingGroups[1].AccountGrouping.AutoAssociate" },
    { "\"AutoAssociate\": true", "\"ResponsibilityTransferArn\": \"arn:aws:organizations::12345:transfer/o-a/b\"",
      "INVALID_ARN", "BillingGroups[1].AccountGrouping.ResponsibilityTransferArn" },
    { "BasicPricingPlan", "Passthrough", "ILLEGAL_BILLING_GROUP_PRICING_PLAN",
      "BillingGroups[1].ComputationPreference.PricingPlanArn" },
    { "aws:pricingplan/BasicPricingPlan", "aws:pricingplan/planAAAAAA", "INVALID_ARN",
      "BillingGroups[1].ComputationPreference.PricingPlanArn" },
    { "{\"PricingPlanArn\": \"arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan\"}", "{}",
      "MISSING_PRICING_PLAN_ARN", "BillingGroups[1].ComputationPreference.PricingPlanArn" },
    { "{\"PricingPlanArn\": \"" ABC "pricingplan/planAAAAAA\"}", "{\"PricingPlanArn\": \"planBBBBBB\"}",
      "MISSING_PRICINGPLAN", "BillingGroups[0].ComputationPreference.PricingPlanArn" },
    { "\"2026-6\"", "\"2026-13\"", "ILLEGAL_BILLING_PERIOD", "BillingPeriod" },
    { "{\"BillingPeriod\": \"2026-6\", \"CurrencyCode\": \"USD\"", "{\"CurrencyCode\": \"EUR\"", "FIELD_VALIDATION_FAILED",
      "CurrencyCode" },
};

static const struct rejected rejected_plans_and_rules[] = {
    { "[{\"Name\": \"Retail\", \"Arn\": \"" ABC "pricingplan/planAAAAAA\", \"Size\": 5}]", "{}", "FIELD_VALIDATION_FAILED",
      "PricingPlans" },
    { "\"PricingPlans\": [", "\"PricingPlans\": [{\"Name\": \"R\", \"Arn\": \"planAAAAAA\"}, ", "RESOURCE_NAME_CONFLICT",
      "PricingPlans[1]" },
    { "\"PricingPlanArn\": \"planAAAAAA\"", "\"PricingPlanArn\": \"planBBBBBB\"", "MISSING_PRICINGPLAN",
      "PricingRulesAssociatedToPricingPlan[0].PricingPlanArn" },
    { "\"PricingPlanArn\": \"planAAAAAA\"", "\"PricingPlanArn\": \"BasicPricingPlan\"", "MISMATCHED_PRICINGPLAN_ARN",
      "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns" },
    { "\"PricingPlanArn\": \"planAAAAAA\", ", "", "MISSING_PRICING_PLAN_ARN",
      "PricingRulesAssociatedToPricingPlan[0].PricingPlanArn" },
    { ", \"ruleEC2000\"", ", \"ruleEC2001\"", "PRICINGRULES_NOT_EXIST",
      "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns[1]" },
    { ", \"ruleEC2000\"", ", \"rule/EC2000\"", "INVALID_ARN", "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns[1]" },
    { "\"" ABC "pricingrule/ruleGLOBAL\", \"ruleEC2000\"",
      "\"arn:aws:billingconductor::999999999999:pricingrule/ruleGLOBAL\", \"ruleEC2000\"", "MISMATCHED_PRICINGRULE_ARN",
      "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns[0]" },
    { ", \"ruleMARKET\"]", ", \"ruleEC2000\"]", "DUPLICATE_PRICINGRULE_ARNS",
      "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns[4]" },
    { "\"Scope\": \"BILLING_ENTITY\", \"Type\": \"MARKUP\", \"ModifierPercentage\": 3, \"BillingEntity\": \"AWS "
      "Marketplace\"",
      "\"Scope\": \"SERVICE\", \"Type\": \"MARKUP\", \"ModifierPercentage\": 3, \"Service\": \"AmazonEC2\"",
      "PRICING_RULE_IN_PRICING_PLAN_CONFLICT", "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns[4]" },
    { "\"Scope\": \"BILLING_ENTITY\", \"Type\": \"MARKUP\", \"ModifierPercentage\": 3, \"BillingEntity\": \"AWS "
      "Marketplace\"",
      "\"Scope\": \"SKU\", \"Type\": \"MARKUP\", \"ModifierPercentage\": 3, \"Service\": \"AmazonS3\", \"UsageType\":"
      " \"USW2-DataTransfer-Out-Bytes\", \"Operation\": \"GetObject\"",
      "PRICING_RULE_IN_PRICING_PLAN_CONFLICT", "PricingRulesAssociatedToPricingPlan[0].PricingRuleArns[4]" },
    { "\"Name\": \"market\", \"Arn\": \"ruleMARKET\"", "\"Name\": \"market\", \"Arn\": \"ruleSKU000\"",
      "DUPLICATE_PRICINGRULE_ARNS", "PricingRules[4]" },
    { "\"market\"", "\"egress\"", "RESOURCE_NAME_CONFLICT", "PricingRules[4].Name" },
    { "\"Scope\": \"GLOBAL\", ", "", "ILLEGAL_SCOPE", "PricingRules[0].Scope" },
    { "\"GLOBAL\"", "\"ALL\"", "ILLEGAL_SCOPE", "PricingRules[0].Scope" },
    { "\"Type\": \"DISCOUNT\"", "\"Type\": \"REBATE\"", "ILLEGAL_TYPE", "PricingRules[1].Type" },
    { "\"GLOBAL\", \"Type\": \"MARKUP\"", "\"GLOBAL\"", "ILLEGAL_TYPE", "PricingRules[0].Type" },
    { ", \"Service\": \"AmazonEC2\"", "", "ILLEGAL_SERVICE", "PricingRules[1].Service" },
    { "\"AmazonEC2\"", "\"Amazon EC2\"", "ILLEGAL_SERVICE", "PricingRules[1].Service" },
    { "\"ModifierPercentage\": 20.0", "\"ModifierPercentage\": 20.0, \"Service\": \"AmazonS3\"", "ILLEGAL_SERVICE",
      "PricingRules[0].Service" },
    { "\"Service\": \"AmazonEC2\"", "\"Service\": \"AmazonEC2\", \"UsageType\": \"Bytes\"", "ILLEGAL_USAGE_TYPE",
      "PricingRules[1].UsageType" },
    { "\"USW2-DataTransfer-Out-Bytes\"", "\"USW2 DataTransfer\"", "ILLEGAL_USAGE_TYPE", "PricingRules[3].UsageType" },
    { "\"Operation\": \"GetObject\"", "\"Operation\": \"\"", "ILLEGAL_OPERATION", "PricingRules[3].Operation" },
    { "\"UsageType\": \"USW2-DataTransfer-Out-Bytes\", \"Operation\": \"GetObject\",", "", "INVALID_SKU_COMBO",
      "PricingRules[3]" },
    { ", \"BillingEntity\": \"AWS Marketplace\"", "", "ILLEGAL_BILLING_ENTITY", "PricingRules[4].BillingEntity" },
    { "\"AWS Marketplace\"", "\"AWS_Marketplace\"", "ILLEGAL_BILLING_ENTITY", "PricingRules[4].BillingEntity" },
    { "\"ModifierPercentage\": 10.0", "\"ModifierPercentage\": 100.005", "ILLEGAL_MODIFIER_PERCENTAGE",
      "PricingRules[1].ModifierPercentage" },
    { "\"ModifierPercentage\": 10.0,", "", "ILLEGAL_MODIFIER_PERCENTAGE", "PricingRules[1].ModifierPercentage" },
    { "\"ModifierPercentage\": 10.0", "\"ModifierPercentage\": -0.001", "ILLEGAL_MODIFIER_PERCENTAGE",
      "PricingRules[1].ModifierPercentage" },
    { "\"ModifierPercentage\": 20.0", "\"ModifierPercentage\": 1E99", "ILLEGAL_MODIFIER_PERCENTAGE",
      "PricingRules[0].ModifierPercentage" },
    { "\"ModifierPercentage\": 10.0", "\"ModifierPercentage\": \"ten\"", "FIELD_VALIDATION_FAILED",
      "PricingRules[1].ModifierPercentage" },
    { "\"ModifierPercentage\": 10.0", "\"ModifierPercentage\": {}", "FIELD_VALIDATION_FAILED",
      "PricingRules[1].ModifierPercentage" },
    { "\"Service\": \"AWSLambda\"", "\"Service\": \"AWSLambda\", \"ModifierPercentage\": 1", "ILLEGAL_MODIFIER_PERCENTAGE",
      "PricingRules[2].ModifierPercentage" },
    { "\"Activated\": false", "\"Activated\": \"no\"", "FIELD_VALIDATION_FAILED",
      "PricingRules[2].Tiering.FreeTier.Activated" },
    { "{\"Activated\": false}", "{}", "FIELD_VALIDATION_FAILED", "PricingRules[2].Tiering.FreeTier.Activated" },
    { "\"Tiering\": {\"FreeTier\": {\"Activated\": false}}", "\"Tiering\": {}", "ILLEGAL_TIERING_INPUT",
      "PricingRules[2].Tiering" },
    { ", \"Tiering\": {\"FreeTier\": {\"Activated\": false}}", "", "ILLEGAL_TIERING_INPUT", "PricingRules[2].Tiering" },
    { "{\"FreeTier\": {\"Activated\": false}}", "{\"CustomTiers\": [{\"BeginRangeInclusive\": 0, \"RateValue\": 1}]}",
      "ILLEGAL_SCOPE", "PricingRules[2].Scope" },
    { "\"AmazonS3\"", "\"AmazonS3\", \"Tiering2\": 0, \"BillingEntity\": \"AWS\"", "ILLEGAL_BILLING_ENTITY",
      "PricingRules[3].BillingEntity" },
    { "\"ModifierPercentage\": 20.0", "\"ModifierPercentage\": 20.0, \"Tiering\": {}", "ILLEGAL_TIERING_INPUT",
      "PricingRules[0].Tiering" },
    { "\"BILLING_ENTITY\", \"Type\": \"MARKUP\", \"ModifierPercentage\": 3", "\"BILLING_ENTITY\", \"Type\": \"TIERING\"",
      "ILLEGAL_TYPE", "PricingRules[4].Type" },
};

#define TIERS "PricingRules[3].Tiering.CustomTiers"

static const struct rejected rejected_tiers[] = {
    { "\"BeginRangeInclusive\": 0.0", "\"BeginRangeInclusive\": 1", "ILLEGAL_TIERING_INPUT",
      TIERS "[0].BeginRangeInclusive" },
    { "\"BeginRangeInclusive\": 0.0, ", "", "ILLEGAL_TIERING_INPUT", TIERS "[0].BeginRangeInclusive" },
    { "\"EndRangeExclusive\": 10240.0", "\"EndRangeExclusive\": 10239.9999999999", "ILLEGAL_TIERING_INPUT",
      TIERS "[1].BeginRangeInclusive" },
    { "\"EndRangeExclusive\": 10240.0", "\"EndRangeExclusive\": 0", "ILLEGAL_TIERING_INPUT", TIERS "[0].EndRangeExclusive" },
    { " \"EndRangeExclusive\": 10240.0,", "", "ILLEGAL_TIERING_INPUT", TIERS "[0].EndRangeExclusive" },
    { "\"RateValue\": 0.0000000001", "\"RateValue\": 0.0000000001, \"EndRangeExclusive\": 20000", "ILLEGAL_TIERING_INPUT",
      TIERS "[1].EndRangeExclusive" },
    { "\"RateValue\": 0.0000000001", "\"RateValue\": 0.00000000001", "ILLEGAL_TIERING_INPUT", TIERS "[1].RateValue" },
    { "\"RateValue\": 0.05", "\"RateValue\": -0.05", "ILLEGAL_TIERING_INPUT", TIERS "[0].RateValue" },
    { "\"RateValue\": 0.05", "\"RateValue\": 1E14", "ILLEGAL_TIERING_INPUT", TIERS "[0].RateValue" },
    { "\"EndRangeExclusive\": 10240.0, \"RateValue\": 0.05", "\"EndRangeExclusive\": 10240.0", "ILLEGAL_TIERING_INPUT",
      TIERS "[0].RateValue" },
    { "[{\"BeginRangeInclusive\": 0.0, \"EndRangeExclusive\": 10240.0, \"RateValue\": 0.05}, {\"BeginRangeInclusive\":"
      " 10240.0, \"RateValue\": 0.0000000001}]",
      "[]", "ILLEGAL_TIERING_INPUT", TIERS },
    { "[{\"BeginRangeInclusive\": 0.0, ", "[0,0,0,0,0,0,0,0,0,0,{\"BeginRangeInclusive\": 0.0, ", "ILLEGAL_TIERING_INPUT",
      TIERS },
    { "\"RateValue\": 0.05}", "\"RateValue\": 0.05}, 7", "FIELD_VALIDATION_FAILED", TIERS "[1]" },
};

#define FILTER "{\"Attribute\": \"SERVICE\", \"MatchOption\": \"NOT_EQUAL\", \"AttributeValues\": [\"AmazonEKS\"]}"
#define FILTER_PATH "CustomLineItems[1].ChargeDetails.LineItemFilters"
#define GROUP_INPUT "\"" ABC "billinggroup/111111111111\", \"Relationship\": \"CHILD\""
#define FLAT_INPUT "\"" ABC "customlineitem/cliFLAT000\", \"Relationship\": \"CHILD\""
#define INPUTS "ResourcesAssociatedToCustomLineItem[0]"

static const struct rejected rejected_items[] = {
    { "\"Name\": \"fee\", \"Arn\": \"cliPERC000\"", "\"Name\": \"fee\", \"Arn\": \"cliOTHER00\"", "RESOURCE_NAME_CONFLICT",
      "CustomLineItems[2]" },
    { "\"Name\": \"fee\"", "\"Name\": \"support\"", "RESOURCE_NAME_CONFLICT", "CustomLineItems[1].Name" },
    { "\"Description\": \"Service fee\", ", "", "FIELD_VALIDATION_FAILED", "CustomLineItems[1].Description" },
    { "\"Service fee\"", "\"\"", "FIELD_VALIDATION_FAILED", "CustomLineItems[1].Description" },
    { "\"Service fee\"", "\"a\\u0000b\"", "FIELD_VALIDATION_FAILED", "CustomLineItems[1].Description" },
    { "\"Of TeamB\", \"BillingGroupArn\": \"333333333333\"", "\"Of TeamB\"", "MISSING_BILLINGGROUP",
      "CustomLineItems[2].BillingGroupArn" },
    { "\"Of TeamB\", \"BillingGroupArn\": \"333333333333\"", "\"Of TeamB\", \"BillingGroupArn\": \"444444444444\"",
      "MISSING_BILLINGGROUP", "CustomLineItems[2].BillingGroupArn" },
    { "\"CurrencyCode\": \"USD\", \"ProductCode\"", "\"CurrencyCode\": \"CNY\", \"ProductCode\"", "FIELD_VALIDATION_FAILED",
      "CustomLineItems[0].CurrencyCode" },
    { "\"AWSBillingConductor\"", "\"123456789012345678901234567890\"", "FIELD_VALIDATION_FAILED",
      "CustomLineItems[0].ProductCode" },
    { "\"AccountId\": \"222222222222\", \"ComputationRule\"", "\"AccountId\": \"333333333333\", \"ComputationRule\"",
      "ACCOUNTS_NOT_ASSOCIATED", "CustomLineItems[1].AccountId" },
    { "\"AccountId\": \"222222222222\", \"ComputationRule\"", "\"AccountId\": \"555555555555\", \"ComputationRule\"",
      "ACCOUNTS_NOT_ASSOCIATED", "CustomLineItems[1].AccountId" },
    { "\"AccountId\": \"222222222222\", \"ComputationRule\"", "\"AccountId\": \"2\", \"ComputationRule\"",
      "ILLEGAL_ACCOUNT_ID", "CustomLineItems[1].AccountId" },
    { "\"ITEMIZED\"", "\"SINGLE\"", "ILLEGAL_COMPUTATION_RULE", "CustomLineItems[1].ComputationRule" },
    { "\"ProductCode\"", "\"ComputationRule\": \"ITEMIZED\", \"ProductCode\"", "ILLEGAL_COMPUTATION_RULE",
      "CustomLineItems[0].ComputationRule" },
    { "\"AmazonRDS\"", "\"Amazon-RDS\"", "ILLEGAL_SERVICE", "CustomLineItems[1].PresentationDetails.Service" },
    { "{\"Service\": \"AmazonRDS\"}", "{}", "ILLEGAL_SERVICE", "CustomLineItems[1].PresentationDetails.Service" },
    { "\"CREDIT\"", "\"DEBIT\"", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[0].ChargeDetails.Type" },
    { "\"Type\": \"CREDIT\", ", "", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[0].ChargeDetails.Type" },
    { ", \"Flat\": {\"ChargeValue\": 50.25}", "", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[0].ChargeDetails" },
    { "{\"PercentageValue\": 3.5}", "{\"PercentageValue\": 3.5}, \"Flat\": {\"ChargeValue\": 1}", "ILLEGAL_CHARGE_DETAILS",
      "CustomLineItems[1].ChargeDetails" },
    { " \"ChargeDetails\": {\"Type\": \"FEE\", \"Flat\": {\"ChargeValue\": 1000000}}", " \"a\": 1", "ILLEGAL_CHARGE_DETAILS",
      "CustomLineItems[2].ChargeDetails" },
    { "1000000", "1000000.01", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[2].ChargeDetails.Flat.ChargeValue" },
    { "50.25", "-1", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[0].ChargeDetails.Flat.ChargeValue" },
    { "50.25", "\"much\"", "FIELD_VALIDATION_FAILED", "CustomLineItems[0].ChargeDetails.Flat.ChargeValue" },
    { "{\"ChargeValue\": 50.25}", "{}", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[0].ChargeDetails.Flat.ChargeValue" },
    { "3.5", "10000.0000000001", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[1].ChargeDetails.Percentage.PercentageValue" },
    { "3.5", "0.00000000001", "ILLEGAL_CHARGE_DETAILS", "CustomLineItems[1].ChargeDetails.Percentage.PercentageValue" },
    { "\"Flat\": {\"ChargeValue\": 50.25}", "\"Flat\": {\"ChargeValue\": 1}, \"LineItemFilters\": [{}]",
      "ILLEGAL_LINE_ITEM_FILTER", "CustomLineItems[0].ChargeDetails.LineItemFilters" },
    { FILTER, FILTER ", " FILTER, "ILLEGAL_LINE_ITEM_FILTER", FILTER_PATH },
    { "\"SERVICE\", \"MatchOption\"", "\"USAGE_TYPE\", \"MatchOption\"", "ILLEGAL_LINE_ITEM_FILTER",
      FILTER_PATH "[0].Attribute" },
    { "\"NOT_EQUAL\"", "\"LIKE\"", "ILLEGAL_LINE_ITEM_FILTER", FILTER_PATH "[0].MatchOption" },
    { "\"MatchOption\": \"NOT_EQUAL\", ", "", "ILLEGAL_LINE_ITEM_FILTER", FILTER_PATH "[0].MatchOption" },
    { "[\"AmazonEKS\"]", "[\"AmazonEKS\", \"AmazonECS\"]", "ILLEGAL_LINE_ITEM_FILTER", FILTER_PATH "[0].AttributeValues" },
    { "[\"AmazonEKS\"]", "[\"Amazon EKS\"]", "ILLEGAL_LINE_ITEM_FILTER", FILTER_PATH "[0].AttributeValues[0]" },
    { "\"AttributeValues\": [\"AmazonEKS\"]", "\"Values\": [\"SAVINGS_PLAN_NEGATION\"], \"AttributeValues\": [\"A\"]",
      "ILLEGAL_LINE_ITEM_FILTER", FILTER_PATH "[0].Values" },
    { "\"SERVICE\", \"MatchOption\": \"NOT_EQUAL\", \"AttributeValues\": [\"AmazonEKS\"]",
      "\"LINE_ITEM_TYPE\", \"MatchOption\": \"EQUAL\", \"Values\": [\"SAVINGS_PLAN_NEGATION\"]", "ILLEGAL_LINE_ITEM_FILTER",
      FILTER_PATH "[0].MatchOption" },
    { "\"SERVICE\", \"MatchOption\": \"NOT_EQUAL\", \"AttributeValues\": [\"AmazonEKS\"]",
      "\"LINE_ITEM_TYPE\", \"MatchOption\": \"NOT_EQUAL\", \"Values\": [\"TAX\"]", "ILLEGAL_LINE_ITEM_FILTER",
      FILTER_PATH "[0].Values[0]" },
    { "\"2026-08\"", "\"2026-05\"", "ILLEGAL_BILLING_PERIOD_RANGE",
      "CustomLineItems[2].BillingPeriodRange.ExclusiveEndBillingPeriod" },
    { "\"InclusiveStartBillingPeriod\": \"2026-05\", ", "", "ILLEGAL_BILLING_PERIOD_RANGE",
      "CustomLineItems[2].BillingPeriodRange.InclusiveStartBillingPeriod" },
    { "\"2026-05\"", "\"May\"", "ILLEGAL_BILLING_PERIOD",
      "CustomLineItems[2].BillingPeriodRange.InclusiveStartBillingPeriod" },
    { "\"EndBillingPeriod\": \"2026-07\"", "\"EndBillingPeriod\": \"2026-05\"", "ILLEGAL_BILLING_PERIOD_RANGE",
      "CustomLineItemVersions[0].EndBillingPeriod" },
    { "{\"Arn\": \"cliFLAT000\", \"StartBillingPeriod\": \"2026-02\"",
      "{\"Arn\": \"cliNONE000\", \"StartBillingPeriod\":"
      " \"2026-02\"",
      "MISSING_CUSTOMLINEITEM", "CustomLineItemVersions[1].Arn" },
    { "{\"Arn\": \"cliPERC000\", \"AssociatedResources\"", "{\"Arn\": \"cliNONE000\", \"AssociatedResources\"",
      "MISSING_CUSTOMLINEITEM", INPUTS ".Arn" },
    { "{\"Arn\": \"cliPERC000\", \"AssociatedResources\"", "{\"Arn\": \"cliOTHER00\", \"AssociatedResources\"",
      "ILLEGAL_CHILD_ASSOCIATE_RESOURCE", INPUTS ".AssociatedResources[0]" },
    { GROUP_INPUT, "\"" ABC "billinggroup/333333333333\"", "MISMATCHED_BILLINGGROUP_ARN",
      INPUTS ".AssociatedResources[0].Arn" },
    { GROUP_INPUT, "\"" ABC "billinggroup/444444444444\"", "MISSING_BILLINGGROUP", INPUTS ".AssociatedResources[0].Arn" },
    { GROUP_INPUT, "\"" ABC "pricingrule/ruleGLOBAL\"", "INVALID_ARN", INPUTS ".AssociatedResources[0].Arn" },
    { FLAT_INPUT, "\"111111111111\"", "CUSTOM_LINE_ITEM_ASSOCIATION_EXISTS", INPUTS ".AssociatedResources[1].Arn" },
    { FLAT_INPUT, "\"cliPERC000\"", "ILLEGAL_CUSTOMLINEITEM", INPUTS ".AssociatedResources[1].Arn" },
    { FLAT_INPUT, "\"cliOTHER00\"", "ILLEGAL_CHILD_ASSOCIATE_RESOURCE", INPUTS ".AssociatedResources[1].Arn" },
    { FLAT_INPUT, "\"cliNONE000\"", "MISSING_CUSTOMLINEITEM", INPUTS ".AssociatedResources[1].Arn" },
    { FLAT_INPUT, FLAT_INPUT "}, {\"Arn\": \"cliFLAT000\"", "CUSTOM_LINE_ITEM_ASSOCIATION_EXISTS",
      INPUTS ".AssociatedResources[2].Arn" },
    { FLAT_INPUT, "\"cliFLAT000\", \"Relationship\": \"SIBLING\"", "FIELD_VALIDATION_FAILED",
      INPUTS ".AssociatedResources[1].Relationship" },
};

static void assert_rejected(const struct rejected *row)
{
    struct buffer document = { 0 }, lines = { 0 };
    struct problems problems = { 0 };
    struct conductor *conductor = NULL;
    struct error error = { 0 };
    replace_once(valid, row->from, row->to, &document);
    bool done = read_text(buffer_text(&document), &conductor, &problems, &error);
    bool is_found = false;
    for (size_t i = 0; i < problems.count; i++) {
        const struct problem *problem = &problems.items[i];
        problem_format(problem, &lines);
        buffer_append_byte(&lines, '\n');
        is_found = is_found || (text_equal(problem->path, text_of(row->path)) &&
                                strcmp(problem_reason_text(problem->reason), row->reason) == 0);
    }
    /* A change may break references to what it changed, too; but no problem sets off a flood of others. */
    if (done || !is_found || problems.total > 4 || error.kind != ERROR_INVALID)
        fail_msg("with %s\nexpected %s: %s, found (%s):\n%.*s", row->to, row->path, row->reason, error.message,
                 TEXT_ARGS(buffer_text(&lines)));
    buffer_done(&document);
    buffer_done(&lines);
    problems_done(&problems);
}

#define ASSERT_ALL_REJECTED(rows)                  \
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) \
    assert_rejected(&(rows)[i])

static void broken_groups_and_accounts_are_reported_with_code_and_path(void **state)
{
    (void)state;
    ASSERT_ALL_REJECTED(rejected_groups);
}

static void broken_plans_and_rules_are_reported_with_code_and_path(void **state)
{
    (void)state;
    ASSERT_ALL_REJECTED(rejected_plans_and_rules);
}

static void broken_custom_tiers_are_reported_with_code_and_path(void **state)
{
    (void)state;
    ASSERT_ALL_REJECTED(rejected_tiers);
}

static void broken_custom_line_items_are_reported_with_code_and_path(void **state)
{
    (void)state;
    ASSERT_ALL_REJECTED(rejected_items);
}

static void all_problems_of_a_document_are_collected_and_counted_beyond_those_kept(void **state)
{
    (void)state;
    struct buffer document = { 0 };
    struct problems problems = { 0 };
    struct conductor *conductor = NULL;
    struct error error = { 0 };
    buffer_printf(&document, "{\"BillingGroups\": [], \"LinkedAccounts\": [0");
    for (int i = 1; i < 1500; i++)
        buffer_printf(&document, ",%d", i);
    buffer_printf(&document, "]}");
    assert_false(read_text(buffer_text(&document), &conductor, &problems, &error));
    assert_int_equal(problems.total, 1500);
    assert_int_equal(problems.count, PROBLEMS_KEPT);
    assert_string_equal(error.message, "test.json: not a valid conductor document: 1500 problems");
    problems_done(&problems);
    buffer_done(&document);
}

static void a_file_without_billing_groups_is_no_conductor_document(void **state)
{
    (void)state;
    struct problems problems = { 0 };
    struct conductor *conductor = NULL;
    struct error error = { 0 };
    assert_false(read_text(TEXT("{\"offerCode\": \"AmazonS3\", \"products\": {}}"), &conductor, &problems, &error));
    assert_int_equal(problems.total, 1);
    assert_text(problems.items[0].path, "BillingGroups");
    assert_int_equal(problems.items[0].reason, PROBLEM_MISSING_BILLINGGROUP);
    problems_done(&problems);
    free_conductor(read_valid("{\"BillingGroups\": []}"));
}

static void a_document_becomes_plain_structs_with_exact_numbers(void **state)
{
    (void)state;
    struct conductor *conductor = read_valid(valid);
    assert_int_equal(conductor->period, 2026 * 12 + 5);
    assert_text(conductor->currency, "USD");
    assert_int_equal(conductor->group_count, 2);
    assert_text(conductor->groups[0].id, "111111111111");
    assert_text(conductor->groups[0].payer, "123456789012");
    assert_text(conductor->plans[conductor->groups[0].plan].id, "planAAAAAA");
    assert_int_equal(conductor->plans[conductor->groups[1].plan].kind, PLAN_BASIC);
    assert_int_equal(conductor->auto_associate_group, 1);
    assert_int_equal(conductor->account_count, 4);
    assert_true(conductor->accounts[1].account == UINT64_C(222222222222));
    assert_int_equal(conductor->accounts[1].group, 0);
    assert_int_equal(conductor->accounts[3].group, GROUP_NONE);
    assert_int_equal(conductor->plans[0].rule_count, 5);
    assert_text(conductor->rules[conductor->plans[0].rules[1]].id, "ruleEC2000");
    assert_decimal(conductor->rules[1].modifier, MODIFIER_SCALE, "-10");
    assert_true(conductor->rules[2].sets_free_tier && !conductor->rules[2].free_tier_activated);
    assert_int_equal(conductor->rules[3].custom.count, 2);
    assert_decimal(conductor->rules[3].custom.tiers[0].end, QUANTITY_SCALE, "10240");
    assert_decimal(conductor->rules[3].custom.tiers[1].rate, RATE_SCALE, "0.0000000001");
    assert_true(conductor->rules[3].custom.tiers[1].end == TIER_NO_END);
    free_conductor(conductor);
}

static void custom_line_items_know_their_bearer_periods_and_inputs(void **state)
{
    (void)state;
    struct conductor *conductor = read_valid(valid);
    const struct custom_line_item *items = conductor->custom_line_items;
    assert_decimal(items[0].value, AMOUNT_SCALE, "50.25");
    assert_true(items[0].is_credit && !items[0].is_percentage && !items[0].own_period_only);
    assert_text(items[0].account, "111111111111");
    assert_text(items[0].service, "AWSBillingConductor");
    assert_int_equal(items[0].start, 2026 * 12 + 1); /* of the first version */
    assert_int_equal(items[0].end, 2026 * 12 + 6);   /* of the last one */
    assert_decimal(items[1].value, PERCENT_SCALE, "3.5");
    assert_true(items[1].is_percentage && items[1].is_itemized && items[1].of_group && items[1].own_period_only);
    assert_text(items[1].account, "222222222222");
    assert_text(items[1].service, "AmazonRDS");
    assert_int_equal(items[1].filter, FILTER_SERVICE_NOT_EQUAL);
    assert_text(items[1].filter_service, "AmazonEKS");
    assert_int_equal(items[1].flat_item_count, 1);
    assert_int_equal(items[1].flat_items[0], 0);
    assert_int_equal(items[2].start, 2026 * 12 + 4);
    assert_int_equal(items[2].end, 2026 * 12 + 7);
    free_conductor(conductor);
}

static void an_association_that_has_ended_is_dropped(void **state)
{
    (void)state;
    struct conductor *conductor = read_changed(FLAT_INPUT, FLAT_INPUT ", \"EndBillingPeriod\": \"2026-06\"");
    assert_int_equal(conductor->custom_line_items[1].flat_item_count, 0);
    free_conductor(conductor);
    conductor = read_changed(FLAT_INPUT, FLAT_INPUT ", \"EndBillingPeriod\": \"2026-07\"");
    assert_int_equal(conductor->custom_line_items[1].flat_item_count, 1);
    free_conductor(conductor);
}

static void a_last_version_without_an_end_leaves_the_item_open(void **state)
{
    (void)state;
    struct conductor *conductor = read_changed(", \"EndBillingPeriod\": \"2026-07\"", "");
    assert_int_equal(conductor->custom_line_items[0].start, 2026 * 12 + 1);
    assert_int_equal(conductor->custom_line_items[0].end, PERIOD_NONE);
    free_conductor(conductor);
}

static void an_item_that_paused_before_the_month_starts_where_it_goes_on(void **state)
{
    (void)state;
    struct conductor *conductor = read_changed("\"StartBillingPeriod\": \"2026-06\", \"EndBillingPeriod\": \"2026-07\"",
                                               "\"StartBillingPeriod\": \"2026-08\"");
    assert_int_equal(conductor->custom_line_items[0].start, 2026 * 12 + 7);
    assert_int_equal(conductor->custom_line_items[0].end, PERIOD_NONE);
    free_conductor(conductor);
}

static void modifiers_are_rounded_to_two_decimals_half_away_from_zero(void **state)
{
    (void)state;
    static const struct {
        const char *modifier, *expected;
    } rows[] = {
        { "0", "0" },         { "12.345", "-12.35" },    { "12.335", "-12.34" }, { "12.3349999999999999", "-12.33" },
        { "0.005", "-0.01" }, { "0.0049999", "0" },      { "99.995", "-100" },   { "100.004", "-100" },
        { "1.2E1", "-12" },   { "7.25000000", "-7.25" }, { "\"7.5\"", "-7.5" },  { "12.34500000000000001", "-12.35" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char member[80];
        snprintf(member, sizeof member, "\"ModifierPercentage\": %s", rows[i].modifier);
        struct conductor *conductor = read_changed("\"ModifierPercentage\": 10.0", member);
        assert_decimal(conductor->rules[1].modifier, MODIFIER_SCALE, rows[i].expected);
        free_conductor(conductor);
    }
}

static void small_changes_that_stay_valid_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } rows[] = {
        { "\"Description\": \"Service fee\"", "\"Description\": \"\xc3\xa9\", \"AccountName\": null" },
        { "\"CustomLineItemVersions\": [", "\"CustomLineItemVersions\": [{\"Arn\": \"cliFLAT000\", \"StartBillingPeriod\":"
                                           " \"2026-06\", \"EndBillingPeriod\": \"2026-06\"}," },
        { "\"PricingPlans\": [", "\"PricingPlans\": [{\"Name\": \"BasicPricingPlan\", \"Arn\":"
                                 " \"arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan\"}," },
        { "\"Service\": \"AWSLambda\"", "\"Service\": \"AWSLambda\", \"ModifierPercentage\": 0.0" },
        { "\"Service\": \"AWSLambda\"", "\"Service\": \"AmazonEC2\"" }, /* a free tier switch beside a modifier */
        { "\"Operation\": \"GetObject\",", "" },
        { "\"Status\": \"ACTIVE\", \"BillingGroupType\": \"STANDARD\"", "\"Status\": \"PENDING\"" },
        { "\"PrimaryAccountId\": \"333333333333\",", "\"PrimaryAccountId\": \"333333333333\", \"Status\":"
                                                     " \"PRIMARY_ACCOUNT_MISSING\"," },
        { "\"Name\": \"other\"", "\"Name\": \"support\"" }, /* names of items are unique within their group */
        { "\"Name\": \"other\"", "\"Name\": \"other\", \"AccountId\": \"777777777777\"" }, /* AutoAssociate */
        { FLAT_INPUT, "\"cliNONE000\", \"Relationship\": \"PARENT\"" },
        { "\"SERVICE\", \"MatchOption\": \"NOT_EQUAL\", \"AttributeValues\": [\"AmazonEKS\"]",
          "\"LINE_ITEM_TYPE\", \"MatchOption\": \"NOT_EQUAL\", \"Values\": [\"SAVINGS_PLAN_NEGATION\"]" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        free_conductor(read_changed(rows[i].from, rows[i].to));
}

static const char create_forms[] =
    "{\"CustomLineItems\": ["
    "{\"Name\": \"flat\", \"Description\": \"d\", \"BillingGroupArn\": \"111111111111\","
    " \"ChargeDetails\": {\"Type\": \"FEE\", \"Flat\": {\"ChargeValue\": 1}}},"
    "{\"Name\": \"share\", \"Description\": \"d\", \"BillingGroupArn\": \"111111111111\", \"ChargeDetails\": {\"Type\":"
    " \"FEE\", \"Percentage\": {\"PercentageValue\": 1, \"AssociatedValues\": [\"111111111111\", \"flat\"]}}}],"
    "\"BillingGroups\": [{\"Name\": \"A\", \"PrimaryAccountId\": \"111111111111\", \"AccountGrouping\":"
    " {\"LinkedAccountIds\": [\"222222222222\", \"111111111111\"]}, \"ComputationPreference\": {\"PricingPlanArn\":"
    " \"my-plan\"}}, {\"Name\": \"Moved\", \"AccountGrouping\": {\"ResponsibilityTransferArn\":"
    " \"arn:aws:organizations::123456789012:transfer/o-abcdefghij/billing/inbound/rt-12345678\"},"
    " \"ComputationPreference\": {\"PricingPlanArn\": \"arn:aws:billingconductor::aws:pricingplan/Passthrough\"}}],"
    "\"PricingPlans\": [{\"Name\": \"my-plan\", \"PricingRuleArns\": [\"all\"]}],"
    "\"PricingRules\": [{\"Name\": \"all\", \"Scope\": \"GLOBAL\", \"Type\": \"MARKUP\", \"ModifierPercentage\": 1}]}";

static void create_forms_take_their_ids_from_primary_account_and_name(void **state)
{
    (void)state;
    struct conductor *conductor = read_valid(create_forms);
    assert_text(conductor->groups[0].id, "111111111111");
    assert_text(conductor->groups[1].id, "Moved");
    assert_true(conductor->groups[1].is_transfer);
    assert_int_equal(conductor->plans[conductor->groups[1].plan].kind, PLAN_PASSTHROUGH);
    assert_text(conductor->plans[conductor->groups[0].plan].id, "my-plan");
    assert_int_equal(conductor->plans[0].rule_count, 1);
    assert_int_equal(conductor->account_count, 2);
    assert_int_equal(conductor->period, PERIOD_NONE);
    assert_text(conductor->custom_line_items[1].id, "share");
    assert_true(conductor->custom_line_items[1].of_group);
    assert_int_equal(conductor->custom_line_items[1].flat_item_count, 1);
    free_conductor(conductor);
}

static bool hash_equal(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

static void the_content_hash_ignores_order_and_spelling_but_no_number(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool is_equal;
    } rows[] = {
        { "\"2026-6\"", "\"2026-06\"", true },
        { "\"ModifierPercentage\": 20.0", "\"ModifierPercentage\": 2E1", true },
        { "{\"BillingPeriod\": \"2026-6\", \"CurrencyCode\": \"USD\", \"NextToken\": \"ignored\",",
          "{\"CurrencyCode\": \"USD\",\"BillingPeriod\": \"2026-6\",", true },
        { "\"ruleEC2000\", \"ruleFREE00\"", "\"ruleFREE00\", \"ruleEC2000\"", true },
        { "{\"AccountId\": \"333333333333\", \"BillingGroupArn\": \"333333333333\"},"
          "{\"AccountId\": \"999999999999\", \"AccountName\": \"unmonitored\"}",
          "{\"AccountId\": \"999999999999\"},{\"BillingGroupArn\": \"333333333333\", \"AccountId\": \"333333333333\"}",
          true },
        { "\"ModifierPercentage\": 20.0", "\"ModifierPercentage\": 20.01", false },
        { ", \"ruleMARKET\"]", "]", false },
        { ",{\"AccountId\": \"999999999999\", \"AccountName\": \"unmonitored\"}", "", false },
        { "\"RateValue\": 0.05", "\"RateValue\": 0.06", false },
        { "BasicPricingPlan", "BasicPricingPlan", true },
        { "\"Activated\": false", "\"Activated\": true", false },
    };
    struct conductor *conductor = read_valid(valid);
    struct hash128 expected = conductor_hash(conductor);
    free_conductor(conductor);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        conductor = read_changed(rows[i].from, rows[i].to);
        if (hash_equal(conductor_hash(conductor), expected) != rows[i].is_equal)
            fail_msg("%s: hash %s", rows[i].to, rows[i].is_equal ? "differs" : "is the same");
        free_conductor(conductor);
    }
}

static void read_offer_file(const char *path, struct price_list *list)
{
    struct problems problems = { 0 };
    struct input *input;
    struct error error = { 0 };
    assert_true(input_open(path, &input, &error));
    if (!offer_file_read(input, TEXT("USD"), list, &problems, &error))
        fail_msg("%s", error.message);
    assert_int_equal(problems.total, 0);
    input_close(input);
    problems_done(&problems);
}

static void the_sample_document_is_valid_with_the_sample_price_lists(void **state)
{
    (void)state;
    struct price_list list = { 0 };
    struct problems problems = { 0 };
    struct conductor *conductor = NULL;
    struct input *input;
    struct error error = { 0 };
    read_offer_file("tests/data/pricelist/AmazonS3.json", &list);
    read_offer_file("tests/data/pricelist/AmazonEC2.json", &list);
    price_list_index(&list);
    assert_int_equal(list.count, 4);
    assert_true(input_open("tests/data/conductor.json", &input, &error));
    if (!conductor_read(input, &conductor, &problems, &error))
        fail_msg("%s", error.message);
    conductor_check_prices(conductor, &list, &problems);
    assert_int_equal(problems.total, 0);
    assert_int_equal(conductor->group_count, 3);
    assert_int_equal(conductor->plan_count, 3);
    assert_int_equal(conductor->rule_count, 7);
    assert_int_equal(conductor->custom_line_item_count, 4);
    assert_int_equal(conductor->account_count, 8);
    input_close(input);
    free_conductor(conductor);
    price_list_done(&list);
    problems_done(&problems);
}

static void custom_tiers_are_held_against_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        const char *published_rate, *path; /* NULL: valid */
    } rows[] = {
        { "0.025", TIERS },                        /* two tiers where one is published */
        { "0.0249999999", TIERS "[0].RateValue" }, /* and twice the rate is below 0.05 */
    };
    struct conductor *conductor = read_valid(valid);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct tier tier = { 0, TIER_NO_END, 0 };
        assert_int_equal(decimal_parse(text_of(rows[i].published_rate), RATE_SCALE, &tier.rate), DECIMAL_EXACT);
        struct price_list list = { 0 };
        struct price_list_entry entry = { .sku = TEXT("S"),
                                          .service = TEXT("AmazonS3"),
                                          .usage_type = TEXT("USW2-DataTransfer-Out-Bytes"),
                                          .schedule = { &tier, 1 } };
        price_list_add(&list, &entry);
        price_list_index(&list);
        struct problems problems = { 0 };
        conductor_check_prices(conductor, &list, &problems);
        assert_int_equal(problems.total, i + 1);
        assert_text(problems.items[i].path, rows[i].path);
        assert_int_equal(problems.items[i].reason, PROBLEM_ILLEGAL_TIERING_INPUT);
        problems_done(&problems);
        price_list_done(&list);
    }
    free_conductor(conductor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_groups_and_accounts_are_reported_with_code_and_path),
        cmocka_unit_test(broken_plans_and_rules_are_reported_with_code_and_path),
        cmocka_unit_test(broken_custom_tiers_are_reported_with_code_and_path),
        cmocka_unit_test(broken_custom_line_items_are_reported_with_code_and_path),
        cmocka_unit_test(all_problems_of_a_document_are_collected_and_counted_beyond_those_kept),
        cmocka_unit_test(a_file_without_billing_groups_is_no_conductor_document),
        cmocka_unit_test(a_document_becomes_plain_structs_with_exact_numbers),
        cmocka_unit_test(custom_line_items_know_their_bearer_periods_and_inputs),
        cmocka_unit_test(an_association_that_has_ended_is_dropped),
        cmocka_unit_test(a_last_version_without_an_end_leaves_the_item_open),
        cmocka_unit_test(an_item_that_paused_before_the_month_starts_where_it_goes_on),
        cmocka_unit_test(modifiers_are_rounded_to_two_decimals_half_away_from_zero),
        cmocka_unit_test(small_changes_that_stay_valid_are_accepted),
        cmocka_unit_test(create_forms_take_their_ids_from_primary_account_and_name),
        cmocka_unit_test(the_content_hash_ignores_order_and_spelling_but_no_number),
        cmocka_unit_test(the_sample_document_is_valid_with_the_sample_price_lists),
        cmocka_unit_test(custom_tiers_are_held_against_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
