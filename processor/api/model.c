/* api/model.c: shapes first, the operations last. Lengths count characters; patterns are of the whole text. */
#include "api/model.h"

#include "base/error.h"

/* clang-format off */
static const struct shape shape_billing_group_arn = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:billinggroup/)?[a-zA-Z0-9]{10,12}" };
static const struct shape shape_account_id = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = "[0-9]{12}" };
static const struct shape shape_account_id_list = { SHAPE_LIST, .min = 0, .max = 30, .element = &shape_account_id };
static const struct member associate_accounts_input_members[] = {
    { "Arn", &shape_billing_group_arn, true, IN_BODY },
    { "AccountIds", &shape_account_id_list, true, IN_BODY },
};
static const struct shape shape_associate_accounts_input = { .type = SHAPE_STRUCTURE, .members = associate_accounts_input_members,
                                    .member_count = ARRAY_COUNT(associate_accounts_input_members) };
static const struct shape shape_pricing_plan_arn = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "(arn:aws(-cn)?:billingconductor::(aws|[0-9]{12}):pricingplan/)?(BasicPricingPlan|Passthrough|[a-zA-Z0-9]{10})" };
static const struct shape shape_pricing_rule_arn = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:pricingrule/)?[a-zA-Z0-9]{10}" };
static const struct shape shape_pricing_rule_arns_non_empty_input = { SHAPE_LIST, .min = 1, .max = 30, .element = &shape_pricing_rule_arn };
static const struct member associate_pricing_rules_input_members[] = {
    { "Arn", &shape_pricing_plan_arn, true, IN_BODY },
    { "PricingRuleArns", &shape_pricing_rule_arns_non_empty_input, true, IN_BODY },
};
static const struct shape shape_associate_pricing_rules_input = { .type = SHAPE_STRUCTURE, .members = associate_pricing_rules_input_members,
                                    .member_count = ARRAY_COUNT(associate_pricing_rules_input_members) };
static const struct shape shape_custom_line_item_arn = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:customlineitem/)?[a-zA-Z0-9]{10}" };
static const struct shape shape_custom_line_item_association_element = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:(customlineitem|billinggroup)/)?[a-zA-Z0-9]{10,12}" };
static const struct shape shape_custom_line_item_batch_associations_list = { SHAPE_LIST, .min = 1, .max = 30, .element = &shape_custom_line_item_association_element };
static const struct shape shape_billing_period = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = "[0-9]{4}-(0?[1-9]|1[012])" };
static const struct member custom_line_item_billing_period_range_members[] = {
    { "InclusiveStartBillingPeriod", &shape_billing_period, true, IN_BODY },
    { "ExclusiveEndBillingPeriod", &shape_billing_period, false, IN_BODY },
};
static const struct shape shape_custom_line_item_billing_period_range = { .type = SHAPE_STRUCTURE, .members = custom_line_item_billing_period_range_members,
                                    .member_count = ARRAY_COUNT(custom_line_item_billing_period_range_members) };
static const struct member batch_associate_resources_to_custom_line_item_input_members[] = {
    { "TargetArn", &shape_custom_line_item_arn, true, IN_BODY },
    { "ResourceArns", &shape_custom_line_item_batch_associations_list, true, IN_BODY },
    { "BillingPeriodRange", &shape_custom_line_item_billing_period_range, false, IN_BODY },
};
static const struct shape shape_batch_associate_resources_to_custom_line_item_input = { .type = SHAPE_STRUCTURE, .members = batch_associate_resources_to_custom_line_item_input_members,
                                    .member_count = ARRAY_COUNT(batch_associate_resources_to_custom_line_item_input_members) };
static const struct shape shape_custom_line_item_batch_disassociations_list = { SHAPE_LIST, .min = 1, .max = 30, .element = &shape_custom_line_item_association_element };
static const struct member batch_disassociate_resources_from_custom_line_item_input_members[] = {
    { "TargetArn", &shape_custom_line_item_arn, true, IN_BODY },
    { "ResourceArns", &shape_custom_line_item_batch_disassociations_list, true, IN_BODY },
    { "BillingPeriodRange", &shape_custom_line_item_billing_period_range, false, IN_BODY },
};
static const struct shape shape_batch_disassociate_resources_from_custom_line_item_input = { .type = SHAPE_STRUCTURE, .members = batch_disassociate_resources_from_custom_line_item_input_members,
                                    .member_count = ARRAY_COUNT(batch_disassociate_resources_from_custom_line_item_input_members) };
static const struct shape shape_client_token = { SHAPE_STRING, .min = 1, .max = 64, .pattern = "[a-zA-Z0-9-]+" };
static const struct shape shape_billing_group_name = { SHAPE_STRING, .min = 1, .max = 128, .pattern = "[a-zA-Z0-9_+=.@-]+" };
static const struct shape shape_boolean = { .type = SHAPE_BOOLEAN };
static const struct shape shape_responsibility_transfer_arn = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "arn:[a-z0-9][a-z0-9.-]{0,62}:organizations::[0-9]{12}:transfer/o-[a-z0-9]{10,32}/(billing)/(inbound|outbound)/rt-[0-9a-z]{8,32}" };
static const struct member account_grouping_members[] = {
    { "LinkedAccountIds", &shape_account_id_list, false, IN_BODY },
    { "AutoAssociate", &shape_boolean, false, IN_BODY },
    { "ResponsibilityTransferArn", &shape_responsibility_transfer_arn, false, IN_BODY },
};
static const struct shape shape_account_grouping = { .type = SHAPE_STRUCTURE, .members = account_grouping_members,
                                    .member_count = ARRAY_COUNT(account_grouping_members) };
static const struct shape shape_pricing_plan_full_arn = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "arn:aws(-cn)?:billingconductor::(aws|[0-9]{12}):pricingplan/(BasicPricingPlan|Passthrough|[a-zA-Z0-9]{10})" };
static const struct member computation_preference_members[] = {
    { "PricingPlanArn", &shape_pricing_plan_full_arn, true, IN_BODY },
};
static const struct shape shape_computation_preference = { .type = SHAPE_STRUCTURE, .members = computation_preference_members,
                                    .member_count = ARRAY_COUNT(computation_preference_members) };
static const struct shape shape_billing_group_description = { SHAPE_STRING, .min = 0, .max = 1024 };
static const struct shape shape_tag_key = { SHAPE_STRING, .min = 1, .max = 128 };
static const struct shape shape_tag_value = { SHAPE_STRING, .min = 0, .max = 256 };
static const struct shape shape_tag_map = { SHAPE_MAP, .min = 1, .max = 200, .key = &shape_tag_key, .element = &shape_tag_value };
static const struct member create_billing_group_input_members[] = {
    { "ClientToken", &shape_client_token, false, IN_CLIENT_TOKEN },
    { "Name", &shape_billing_group_name, true, IN_BODY },
    { "AccountGrouping", &shape_account_grouping, true, IN_BODY },
    { "ComputationPreference", &shape_computation_preference, true, IN_BODY },
    { "PrimaryAccountId", &shape_account_id, false, IN_BODY },
    { "Description", &shape_billing_group_description, false, IN_BODY },
    { "Tags", &shape_tag_map, false, IN_BODY },
};
static const struct shape shape_create_billing_group_input = { .type = SHAPE_STRUCTURE, .members = create_billing_group_input_members,
                                    .member_count = ARRAY_COUNT(create_billing_group_input_members) };
static const struct shape shape_custom_line_item_description = { SHAPE_STRING, .min = 1, .max = 255 };
static const struct shape shape_custom_line_item_charge_value = { SHAPE_DOUBLE, .min = 0, .max = 1000000 };
static const struct member custom_line_item_flat_charge_details_members[] = {
    { "ChargeValue", &shape_custom_line_item_charge_value, true, IN_BODY },
};
static const struct shape shape_custom_line_item_flat_charge_details = { .type = SHAPE_STRUCTURE, .members = custom_line_item_flat_charge_details_members,
                                    .member_count = ARRAY_COUNT(custom_line_item_flat_charge_details_members) };
static const struct shape shape_custom_line_item_percentage_charge_value = { SHAPE_DOUBLE, .min = 0, .max = 10000 };
static const struct shape shape_custom_line_item_associations_list = { SHAPE_LIST, .min = 0, .max = 5, .element = &shape_custom_line_item_association_element };
static const struct member custom_line_item_percentage_charge_details_members[] = {
    { "PercentageValue", &shape_custom_line_item_percentage_charge_value, true, IN_BODY },
    { "AssociatedValues", &shape_custom_line_item_associations_list, false, IN_BODY },
};
static const struct shape shape_custom_line_item_percentage_charge_details = { .type = SHAPE_STRUCTURE, .members = custom_line_item_percentage_charge_details_members,
                                    .member_count = ARRAY_COUNT(custom_line_item_percentage_charge_details_members) };
static const char *const custom_line_item_type_words[] = { "CREDIT", "FEE", NULL };
static const struct shape shape_custom_line_item_type = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = custom_line_item_type_words };
static const char *const line_item_filter_attribute_name_words[] = { "LINE_ITEM_TYPE", "SERVICE", NULL };
static const struct shape shape_line_item_filter_attribute_name = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = line_item_filter_attribute_name_words };
static const char *const match_option_words[] = { "NOT_EQUAL", "EQUAL", NULL };
static const struct shape shape_match_option = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = match_option_words };
static const char *const line_item_filter_value_words[] = { "SAVINGS_PLAN_NEGATION", NULL };
static const struct shape shape_line_item_filter_value = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = line_item_filter_value_words };
static const struct shape shape_line_item_filter_values_list = { SHAPE_LIST, .min = 0, .max = 1, .element = &shape_line_item_filter_value };
static const struct shape shape_attribute_value = { SHAPE_STRING, .min = 1, .max = 128, .pattern = "[a-zA-Z0-9]+" };
static const struct shape shape_attribute_value_list = { SHAPE_LIST, .min = 0, .max = 1, .element = &shape_attribute_value };
static const struct member line_item_filter_members[] = {
    { "Attribute", &shape_line_item_filter_attribute_name, true, IN_BODY },
    { "MatchOption", &shape_match_option, true, IN_BODY },
    { "Values", &shape_line_item_filter_values_list, false, IN_BODY },
    { "AttributeValues", &shape_attribute_value_list, false, IN_BODY },
};
static const struct shape shape_line_item_filter = { .type = SHAPE_STRUCTURE, .members = line_item_filter_members,
                                    .member_count = ARRAY_COUNT(line_item_filter_members) };
static const struct shape shape_line_item_filters_list = { SHAPE_LIST, .min = 0, .max = 1, .element = &shape_line_item_filter };
static const struct member custom_line_item_charge_details_members[] = {
    { "Flat", &shape_custom_line_item_flat_charge_details, false, IN_BODY },
    { "Percentage", &shape_custom_line_item_percentage_charge_details, false, IN_BODY },
    { "Type", &shape_custom_line_item_type, true, IN_BODY },
    { "LineItemFilters", &shape_line_item_filters_list, false, IN_BODY },
};
static const struct shape shape_custom_line_item_charge_details = { .type = SHAPE_STRUCTURE, .members = custom_line_item_charge_details_members,
                                    .member_count = ARRAY_COUNT(custom_line_item_charge_details_members) };
static const char *const computation_rule_enum_words[] = { "ITEMIZED", "CONSOLIDATED", NULL };
static const struct shape shape_computation_rule_enum = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = computation_rule_enum_words };
static const struct member presentation_object_members[] = {
    { "Service", &shape_attribute_value, true, IN_BODY },
};
static const struct shape shape_presentation_object = { .type = SHAPE_STRUCTURE, .members = presentation_object_members,
                                    .member_count = ARRAY_COUNT(presentation_object_members) };
static const struct member create_custom_line_item_input_members[] = {
    { "ClientToken", &shape_client_token, false, IN_CLIENT_TOKEN },
    { "Name", &shape_billing_group_name, true, IN_BODY },
    { "Description", &shape_custom_line_item_description, true, IN_BODY },
    { "BillingGroupArn", &shape_billing_group_arn, true, IN_BODY },
    { "BillingPeriodRange", &shape_custom_line_item_billing_period_range, false, IN_BODY },
    { "Tags", &shape_tag_map, false, IN_BODY },
    { "ChargeDetails", &shape_custom_line_item_charge_details, true, IN_BODY },
    { "AccountId", &shape_account_id, false, IN_BODY },
    { "ComputationRule", &shape_computation_rule_enum, false, IN_BODY },
    { "PresentationDetails", &shape_presentation_object, false, IN_BODY },
};
static const struct shape shape_create_custom_line_item_input = { .type = SHAPE_STRUCTURE, .members = create_custom_line_item_input_members,
                                    .member_count = ARRAY_COUNT(create_custom_line_item_input_members) };
static const struct shape shape_pricing_rule_arns_input = { SHAPE_LIST, .min = 0, .max = 30, .element = &shape_pricing_rule_arn };
static const struct member create_pricing_plan_input_members[] = {
    { "ClientToken", &shape_client_token, false, IN_CLIENT_TOKEN },
    { "Name", &shape_billing_group_name, true, IN_BODY },
    { "Description", &shape_billing_group_description, false, IN_BODY },
    { "PricingRuleArns", &shape_pricing_rule_arns_input, false, IN_BODY },
    { "Tags", &shape_tag_map, false, IN_BODY },
};
static const struct shape shape_create_pricing_plan_input = { .type = SHAPE_STRUCTURE, .members = create_pricing_plan_input_members,
                                    .member_count = ARRAY_COUNT(create_pricing_plan_input_members) };
static const char *const pricing_rule_scope_words[] = { "GLOBAL", "SERVICE", "BILLING_ENTITY", "SKU", NULL };
static const struct shape shape_pricing_rule_scope = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = pricing_rule_scope_words };
static const char *const pricing_rule_type_words[] = { "MARKUP", "DISCOUNT", "TIERING", NULL };
static const struct shape shape_pricing_rule_type = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = pricing_rule_type_words };
static const struct shape shape_modifier_percentage = { SHAPE_DOUBLE, .min = 0, .max = SHAPE_NO_LIMIT };
static const struct shape shape_billing_entity = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = "[a-zA-Z0-9() ]+" };
static const struct member create_free_tier_config_members[] = {
    { "Activated", &shape_boolean, true, IN_BODY },
};
static const struct shape shape_create_free_tier_config = { .type = SHAPE_STRUCTURE, .members = create_free_tier_config_members,
                                    .member_count = ARRAY_COUNT(create_free_tier_config_members) };
static const struct member custom_tier_members[] = {
    { "BeginRangeInclusive", &shape_modifier_percentage, true, IN_BODY },
    { "EndRangeExclusive", &shape_modifier_percentage, false, IN_BODY },
    { "RateValue", &shape_modifier_percentage, true, IN_BODY },
};
static const struct shape shape_custom_tier = { .type = SHAPE_STRUCTURE, .members = custom_tier_members,
                                    .member_count = ARRAY_COUNT(custom_tier_members) };
static const struct shape shape_custom_tiers_list = { SHAPE_LIST, .min = 1, .max = 10, .element = &shape_custom_tier };
static const struct member create_tiering_input_members[] = {
    { "FreeTier", &shape_create_free_tier_config, false, IN_BODY },
    { "CustomTiers", &shape_custom_tiers_list, false, IN_BODY },
};
static const struct shape shape_create_tiering_input = { .type = SHAPE_STRUCTURE, .members = create_tiering_input_members,
                                    .member_count = ARRAY_COUNT(create_tiering_input_members) };
static const struct shape shape_usage_type = { SHAPE_STRING, .min = 1, .max = 256, .pattern = "[^[:space:]]+" };
static const struct member create_pricing_rule_input_members[] = {
    { "ClientToken", &shape_client_token, false, IN_CLIENT_TOKEN },
    { "Name", &shape_billing_group_name, true, IN_BODY },
    { "Description", &shape_billing_group_description, false, IN_BODY },
    { "Scope", &shape_pricing_rule_scope, true, IN_BODY },
    { "Type", &shape_pricing_rule_type, true, IN_BODY },
    { "ModifierPercentage", &shape_modifier_percentage, false, IN_BODY },
    { "Service", &shape_attribute_value, false, IN_BODY },
    { "Tags", &shape_tag_map, false, IN_BODY },
    { "BillingEntity", &shape_billing_entity, false, IN_BODY },
    { "Tiering", &shape_create_tiering_input, false, IN_BODY },
    { "UsageType", &shape_usage_type, false, IN_BODY },
    { "Operation", &shape_usage_type, false, IN_BODY },
};
static const struct shape shape_create_pricing_rule_input = { .type = SHAPE_STRUCTURE, .members = create_pricing_rule_input_members,
                                    .member_count = ARRAY_COUNT(create_pricing_rule_input_members) };
static const struct member delete_billing_group_input_members[] = {
    { "Arn", &shape_billing_group_arn, true, IN_BODY },
};
static const struct shape shape_delete_billing_group_input = { .type = SHAPE_STRUCTURE, .members = delete_billing_group_input_members,
                                    .member_count = ARRAY_COUNT(delete_billing_group_input_members) };
static const struct member delete_custom_line_item_input_members[] = {
    { "Arn", &shape_custom_line_item_arn, true, IN_BODY },
    { "BillingPeriodRange", &shape_custom_line_item_billing_period_range, false, IN_BODY },
};
static const struct shape shape_delete_custom_line_item_input = { .type = SHAPE_STRUCTURE, .members = delete_custom_line_item_input_members,
                                    .member_count = ARRAY_COUNT(delete_custom_line_item_input_members) };
static const struct member delete_pricing_plan_input_members[] = {
    { "Arn", &shape_pricing_plan_arn, true, IN_BODY },
};
static const struct shape shape_delete_pricing_plan_input = { .type = SHAPE_STRUCTURE, .members = delete_pricing_plan_input_members,
                                    .member_count = ARRAY_COUNT(delete_pricing_plan_input_members) };
static const struct member delete_pricing_rule_input_members[] = {
    { "Arn", &shape_pricing_rule_arn, true, IN_BODY },
};
static const struct shape shape_delete_pricing_rule_input = { .type = SHAPE_STRUCTURE, .members = delete_pricing_rule_input_members,
                                    .member_count = ARRAY_COUNT(delete_pricing_rule_input_members) };
static const struct member disassociate_accounts_input_members[] = {
    { "Arn", &shape_billing_group_arn, true, IN_BODY },
    { "AccountIds", &shape_account_id_list, true, IN_BODY },
};
static const struct shape shape_disassociate_accounts_input = { .type = SHAPE_STRUCTURE, .members = disassociate_accounts_input_members,
                                    .member_count = ARRAY_COUNT(disassociate_accounts_input_members) };
static const struct member disassociate_pricing_rules_input_members[] = {
    { "Arn", &shape_pricing_plan_arn, true, IN_BODY },
    { "PricingRuleArns", &shape_pricing_rule_arns_non_empty_input, true, IN_BODY },
};
static const struct shape shape_disassociate_pricing_rules_input = { .type = SHAPE_STRUCTURE, .members = disassociate_pricing_rules_input_members,
                                    .member_count = ARRAY_COUNT(disassociate_pricing_rules_input_members) };
static const struct member billing_period_range_members[] = {
    { "InclusiveStartBillingPeriod", &shape_billing_period, true, IN_BODY },
    { "ExclusiveEndBillingPeriod", &shape_billing_period, true, IN_BODY },
};
static const struct shape shape_billing_period_range = { .type = SHAPE_STRUCTURE, .members = billing_period_range_members,
                                    .member_count = ARRAY_COUNT(billing_period_range_members) };
static const char *const group_by_attribute_name_words[] = { "PRODUCT_NAME", "BILLING_PERIOD", NULL };
static const struct shape shape_group_by_attribute_name = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = group_by_attribute_name_words };
static const struct shape shape_group_by_attributes_list = { SHAPE_LIST, .min = 0, .max = SHAPE_NO_LIMIT, .element = &shape_group_by_attribute_name };
static const struct shape shape_max_billing_group_cost_report_results = { SHAPE_INTEGER, .min = 200, .max = 300 };
static const struct shape shape_token = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT };
static const struct member get_billing_group_cost_report_input_members[] = {
    { "Arn", &shape_billing_group_arn, true, IN_BODY },
    { "BillingPeriodRange", &shape_billing_period_range, false, IN_BODY },
    { "GroupBy", &shape_group_by_attributes_list, false, IN_BODY },
    { "MaxResults", &shape_max_billing_group_cost_report_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
};
static const struct shape shape_get_billing_group_cost_report_input = { .type = SHAPE_STRUCTURE, .members = get_billing_group_cost_report_input_members,
                                    .member_count = ARRAY_COUNT(get_billing_group_cost_report_input_members) };
static const struct member get_billing_transfer_preference_input_members[] = {
    { "ResponsibilityTransferArn", &shape_responsibility_transfer_arn, true, IN_BODY },
};
static const struct shape shape_get_billing_transfer_preference_input = { .type = SHAPE_STRUCTURE, .members = get_billing_transfer_preference_input_members,
                                    .member_count = ARRAY_COUNT(get_billing_transfer_preference_input_members) };
static const struct shape shape_association = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .pattern = 
              "((arn:aws(-cn)?:billingconductor::[0-9]{12}:billinggroup/)?[a-zA-Z0-9]{10,12}|MONITORED|UNMONITORED)" };
static const struct shape shape_account_id_filter_list = { SHAPE_LIST, .min = 1, .max = 30, .element = &shape_account_id };
static const struct member list_account_associations_filter_members[] = {
    { "Association", &shape_association, false, IN_BODY },
    { "AccountId", &shape_account_id, false, IN_BODY },
    { "AccountIds", &shape_account_id_filter_list, false, IN_BODY },
};
static const struct shape shape_list_account_associations_filter = { .type = SHAPE_STRUCTURE, .members = list_account_associations_filter_members,
                                    .member_count = ARRAY_COUNT(list_account_associations_filter_members) };
static const struct member list_account_associations_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "Filters", &shape_list_account_associations_filter, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
};
static const struct shape shape_list_account_associations_input = { .type = SHAPE_STRUCTURE, .members = list_account_associations_input_members,
                                    .member_count = ARRAY_COUNT(list_account_associations_input_members) };
static const struct shape shape_max_billing_group_results = { SHAPE_INTEGER, .min = 1, .max = 100 };
static const struct shape shape_billing_group_arn_list = { SHAPE_LIST, .min = 1, .max = 100, .element = &shape_billing_group_arn };
static const struct member list_billing_group_cost_reports_filter_members[] = {
    { "BillingGroupArns", &shape_billing_group_arn_list, false, IN_BODY },
};
static const struct shape shape_list_billing_group_cost_reports_filter = { .type = SHAPE_STRUCTURE, .members = list_billing_group_cost_reports_filter_members,
                                    .member_count = ARRAY_COUNT(list_billing_group_cost_reports_filter_members) };
static const struct member list_billing_group_cost_reports_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
    { "Filters", &shape_list_billing_group_cost_reports_filter, false, IN_BODY },
};
static const struct shape shape_list_billing_group_cost_reports_input = { .type = SHAPE_STRUCTURE, .members = list_billing_group_cost_reports_input_members,
                                    .member_count = ARRAY_COUNT(list_billing_group_cost_reports_input_members) };
static const char *const billing_group_status_words[] = { "ACTIVE", "PRIMARY_ACCOUNT_MISSING", "PENDING", NULL };
static const struct shape shape_billing_group_status = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = billing_group_status_words };
static const struct shape shape_billing_group_status_list = { SHAPE_LIST, .min = 1, .max = 2, .element = &shape_billing_group_status };
static const struct shape shape_primary_account_id_list = { SHAPE_LIST, .min = 1, .max = 100, .element = &shape_account_id };
static const char *const billing_group_type_words[] = { "STANDARD", "TRANSFER_BILLING", NULL };
static const struct shape shape_billing_group_type = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = billing_group_type_words };
static const struct shape shape_billing_group_type_list = { SHAPE_LIST, .min = 1, .max = 2, .element = &shape_billing_group_type };
static const char *const search_option_words[] = { "STARTS_WITH", NULL };
static const struct shape shape_search_option = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = search_option_words };
static const struct shape shape_search_value = { SHAPE_STRING, .min = 1, .max = 128, .pattern = "[a-zA-Z0-9_+=.@ -]+" };
static const struct member string_search_members[] = {
    { "SearchOption", &shape_search_option, true, IN_BODY },
    { "SearchValue", &shape_search_value, true, IN_BODY },
};
static const struct shape shape_string_search = { .type = SHAPE_STRUCTURE, .members = string_search_members,
                                    .member_count = ARRAY_COUNT(string_search_members) };
static const struct shape shape_string_searches = { SHAPE_LIST, .min = 1, .max = 1, .element = &shape_string_search };
static const struct shape shape_responsibility_transfer_arns_list = { SHAPE_LIST, .min = 1, .max = 30, .element = &shape_responsibility_transfer_arn };
static const struct member list_billing_groups_filter_members[] = {
    { "Arns", &shape_billing_group_arn_list, false, IN_BODY },
    { "PricingPlan", &shape_pricing_plan_full_arn, false, IN_BODY },
    { "Statuses", &shape_billing_group_status_list, false, IN_BODY },
    { "AutoAssociate", &shape_boolean, false, IN_BODY },
    { "PrimaryAccountIds", &shape_primary_account_id_list, false, IN_BODY },
    { "BillingGroupTypes", &shape_billing_group_type_list, false, IN_BODY },
    { "Names", &shape_string_searches, false, IN_BODY },
    { "ResponsibilityTransferArns", &shape_responsibility_transfer_arns_list, false, IN_BODY },
};
static const struct shape shape_list_billing_groups_filter = { .type = SHAPE_STRUCTURE, .members = list_billing_groups_filter_members,
                                    .member_count = ARRAY_COUNT(list_billing_groups_filter_members) };
static const struct member list_billing_groups_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
    { "Filters", &shape_list_billing_groups_filter, false, IN_BODY },
};
static const struct shape shape_list_billing_groups_input = { .type = SHAPE_STRUCTURE, .members = list_billing_groups_input_members,
                                    .member_count = ARRAY_COUNT(list_billing_groups_input_members) };
static const struct member list_custom_line_item_versions_billing_period_range_filter_members[] = {
    { "StartBillingPeriod", &shape_billing_period, false, IN_BODY },
    { "EndBillingPeriod", &shape_billing_period, false, IN_BODY },
};
static const struct shape shape_list_custom_line_item_versions_billing_period_range_filter = { .type = SHAPE_STRUCTURE, .members = list_custom_line_item_versions_billing_period_range_filter_members,
                                    .member_count = ARRAY_COUNT(list_custom_line_item_versions_billing_period_range_filter_members) };
static const struct member list_custom_line_item_versions_filter_members[] = {
    { "BillingPeriodRange", &shape_list_custom_line_item_versions_billing_period_range_filter, false, IN_BODY },
};
static const struct shape shape_list_custom_line_item_versions_filter = { .type = SHAPE_STRUCTURE, .members = list_custom_line_item_versions_filter_members,
                                    .member_count = ARRAY_COUNT(list_custom_line_item_versions_filter_members) };
static const struct member list_custom_line_item_versions_input_members[] = {
    { "Arn", &shape_custom_line_item_arn, true, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
    { "Filters", &shape_list_custom_line_item_versions_filter, false, IN_BODY },
};
static const struct shape shape_list_custom_line_item_versions_input = { .type = SHAPE_STRUCTURE, .members = list_custom_line_item_versions_input_members,
                                    .member_count = ARRAY_COUNT(list_custom_line_item_versions_input_members) };
static const struct shape shape_custom_line_item_name_list = { SHAPE_LIST, .min = 1, .max = 100, .element = &shape_billing_group_name };
static const struct shape shape_custom_line_item_arns = { SHAPE_LIST, .min = 1, .max = 100, .element = &shape_custom_line_item_arn };
static const struct member list_custom_line_items_filter_members[] = {
    { "Names", &shape_custom_line_item_name_list, false, IN_BODY },
    { "BillingGroups", &shape_billing_group_arn_list, false, IN_BODY },
    { "Arns", &shape_custom_line_item_arns, false, IN_BODY },
    { "AccountIds", &shape_account_id_list, false, IN_BODY },
};
static const struct shape shape_list_custom_line_items_filter = { .type = SHAPE_STRUCTURE, .members = list_custom_line_items_filter_members,
                                    .member_count = ARRAY_COUNT(list_custom_line_items_filter_members) };
static const struct member list_custom_line_items_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
    { "Filters", &shape_list_custom_line_items_filter, false, IN_BODY },
};
static const struct shape shape_list_custom_line_items_input = { .type = SHAPE_STRUCTURE, .members = list_custom_line_items_input_members,
                                    .member_count = ARRAY_COUNT(list_custom_line_items_input_members) };
static const struct shape shape_pricing_plan_arns = { SHAPE_LIST, .min = 1, .max = 100, .element = &shape_pricing_plan_arn };
static const struct member list_pricing_plans_filter_members[] = {
    { "Arns", &shape_pricing_plan_arns, false, IN_BODY },
};
static const struct shape shape_list_pricing_plans_filter = { .type = SHAPE_STRUCTURE, .members = list_pricing_plans_filter_members,
                                    .member_count = ARRAY_COUNT(list_pricing_plans_filter_members) };
static const struct member list_pricing_plans_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "Filters", &shape_list_pricing_plans_filter, false, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
};
static const struct shape shape_list_pricing_plans_input = { .type = SHAPE_STRUCTURE, .members = list_pricing_plans_input_members,
                                    .member_count = ARRAY_COUNT(list_pricing_plans_input_members) };
static const struct member list_pricing_plans_associated_with_pricing_rule_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "PricingRuleArn", &shape_pricing_rule_arn, true, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
};
static const struct shape shape_list_pricing_plans_associated_with_pricing_rule_input = { .type = SHAPE_STRUCTURE, .members = list_pricing_plans_associated_with_pricing_rule_input_members,
                                    .member_count = ARRAY_COUNT(list_pricing_plans_associated_with_pricing_rule_input_members) };
static const struct shape shape_pricing_rule_arns = { SHAPE_LIST, .min = 1, .max = 100, .element = &shape_pricing_rule_arn };
static const struct member list_pricing_rules_filter_members[] = {
    { "Arns", &shape_pricing_rule_arns, false, IN_BODY },
};
static const struct shape shape_list_pricing_rules_filter = { .type = SHAPE_STRUCTURE, .members = list_pricing_rules_filter_members,
                                    .member_count = ARRAY_COUNT(list_pricing_rules_filter_members) };
static const struct member list_pricing_rules_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "Filters", &shape_list_pricing_rules_filter, false, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
};
static const struct shape shape_list_pricing_rules_input = { .type = SHAPE_STRUCTURE, .members = list_pricing_rules_input_members,
                                    .member_count = ARRAY_COUNT(list_pricing_rules_input_members) };
static const struct member list_pricing_rules_associated_to_pricing_plan_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "PricingPlanArn", &shape_pricing_plan_arn, true, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
};
static const struct shape shape_list_pricing_rules_associated_to_pricing_plan_input = { .type = SHAPE_STRUCTURE, .members = list_pricing_rules_associated_to_pricing_plan_input_members,
                                    .member_count = ARRAY_COUNT(list_pricing_rules_associated_to_pricing_plan_input_members) };
static const char *const custom_line_item_relationship_words[] = { "PARENT", "CHILD", NULL };
static const struct shape shape_custom_line_item_relationship = { SHAPE_STRING, .min = 0, .max = SHAPE_NO_LIMIT, .words = custom_line_item_relationship_words };
static const struct member list_resources_associated_to_custom_line_item_filter_members[] = {
    { "Relationship", &shape_custom_line_item_relationship, false, IN_BODY },
};
static const struct shape shape_list_resources_associated_to_custom_line_item_filter = { .type = SHAPE_STRUCTURE, .members = list_resources_associated_to_custom_line_item_filter_members,
                                    .member_count = ARRAY_COUNT(list_resources_associated_to_custom_line_item_filter_members) };
static const struct member list_resources_associated_to_custom_line_item_input_members[] = {
    { "BillingPeriod", &shape_billing_period, false, IN_BODY },
    { "Arn", &shape_custom_line_item_arn, true, IN_BODY },
    { "MaxResults", &shape_max_billing_group_results, false, IN_BODY },
    { "NextToken", &shape_token, false, IN_BODY },
    { "Filters", &shape_list_resources_associated_to_custom_line_item_filter, false, IN_BODY },
};
static const struct shape shape_list_resources_associated_to_custom_line_item_input = { .type = SHAPE_STRUCTURE, .members = list_resources_associated_to_custom_line_item_input_members,
                                    .member_count = ARRAY_COUNT(list_resources_associated_to_custom_line_item_input_members) };
static const struct shape shape_arn = { SHAPE_STRING, .min = 0, .max = 100, .pattern = 
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:billinggroup/?[0-9]{12})|"
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:pricingplan/[a-zA-Z0-9]{10})|"
              "(arn:aws(-cn)?:billingconductor::[0-9]{12}:pricingrule/[a-zA-Z0-9]{10})|"
              "((arn:aws(-cn)?:billingconductor::[0-9]{12}:customlineitem/)?[a-zA-Z0-9]{10})" };
static const struct member list_tags_for_resource_request_members[] = {
    { "ResourceArn", &shape_arn, true, IN_PATH },
};
static const struct shape shape_list_tags_for_resource_request = { .type = SHAPE_STRUCTURE, .members = list_tags_for_resource_request_members,
                                    .member_count = ARRAY_COUNT(list_tags_for_resource_request_members) };
static const struct member tag_resource_request_members[] = {
    { "ResourceArn", &shape_arn, true, IN_PATH },
    { "Tags", &shape_tag_map, true, IN_BODY },
};
static const struct shape shape_tag_resource_request = { .type = SHAPE_STRUCTURE, .members = tag_resource_request_members,
                                    .member_count = ARRAY_COUNT(tag_resource_request_members) };
static const struct shape shape_tag_key_list = { SHAPE_LIST, .min = 1, .max = 200, .element = &shape_tag_key };
static const struct member untag_resource_request_members[] = {
    { "ResourceArn", &shape_arn, true, IN_PATH },
    { "TagKeys", &shape_tag_key_list, true, IN_TAG_KEYS },
};
static const struct shape shape_untag_resource_request = { .type = SHAPE_STRUCTURE, .members = untag_resource_request_members,
                                    .member_count = ARRAY_COUNT(untag_resource_request_members) };
static const struct member update_billing_group_account_grouping_members[] = {
    { "AutoAssociate", &shape_boolean, false, IN_BODY },
    { "ResponsibilityTransferArn", &shape_responsibility_transfer_arn, false, IN_BODY },
};
static const struct shape shape_update_billing_group_account_grouping = { .type = SHAPE_STRUCTURE, .members = update_billing_group_account_grouping_members,
                                    .member_count = ARRAY_COUNT(update_billing_group_account_grouping_members) };
static const struct member update_billing_group_input_members[] = {
    { "Arn", &shape_billing_group_arn, true, IN_BODY },
    { "Name", &shape_billing_group_name, false, IN_BODY },
    { "Status", &shape_billing_group_status, false, IN_BODY },
    { "ComputationPreference", &shape_computation_preference, false, IN_BODY },
    { "Description", &shape_billing_group_description, false, IN_BODY },
    { "AccountGrouping", &shape_update_billing_group_account_grouping, false, IN_BODY },
};
static const struct shape shape_update_billing_group_input = { .type = SHAPE_STRUCTURE, .members = update_billing_group_input_members,
                                    .member_count = ARRAY_COUNT(update_billing_group_input_members) };
static const struct member auto_transfer_billing_group_creation_preference_members[] = {
    { "Enabled", &shape_boolean, true, IN_BODY },
    { "PricingPlanArn", &shape_pricing_plan_arn, false, IN_BODY },
};
static const struct shape shape_auto_transfer_billing_group_creation_preference = { .type = SHAPE_STRUCTURE, .members = auto_transfer_billing_group_creation_preference_members,
                                    .member_count = ARRAY_COUNT(auto_transfer_billing_group_creation_preference_members) };
static const struct member update_billing_transfer_preference_input_members[] = {
    { "ClientToken", &shape_client_token, false, IN_CLIENT_TOKEN },
    { "ResponsibilityTransferArn", &shape_responsibility_transfer_arn, true, IN_BODY },
    { "AutoBillingTransferBillingGroupCreation", &shape_auto_transfer_billing_group_creation_preference, true, IN_BODY },
};
static const struct shape shape_update_billing_transfer_preference_input = { .type = SHAPE_STRUCTURE, .members = update_billing_transfer_preference_input_members,
                                    .member_count = ARRAY_COUNT(update_billing_transfer_preference_input_members) };
static const struct member update_custom_line_item_flat_charge_details_members[] = {
    { "ChargeValue", &shape_custom_line_item_charge_value, true, IN_BODY },
};
static const struct shape shape_update_custom_line_item_flat_charge_details = { .type = SHAPE_STRUCTURE, .members = update_custom_line_item_flat_charge_details_members,
                                    .member_count = ARRAY_COUNT(update_custom_line_item_flat_charge_details_members) };
static const struct member update_custom_line_item_percentage_charge_details_members[] = {
    { "PercentageValue", &shape_custom_line_item_percentage_charge_value, true, IN_BODY },
};
static const struct shape shape_update_custom_line_item_percentage_charge_details = { .type = SHAPE_STRUCTURE, .members = update_custom_line_item_percentage_charge_details_members,
                                    .member_count = ARRAY_COUNT(update_custom_line_item_percentage_charge_details_members) };
static const struct member update_custom_line_item_charge_details_members[] = {
    { "Flat", &shape_update_custom_line_item_flat_charge_details, false, IN_BODY },
    { "Percentage", &shape_update_custom_line_item_percentage_charge_details, false, IN_BODY },
    { "LineItemFilters", &shape_line_item_filters_list, false, IN_BODY },
};
static const struct shape shape_update_custom_line_item_charge_details = { .type = SHAPE_STRUCTURE, .members = update_custom_line_item_charge_details_members,
                                    .member_count = ARRAY_COUNT(update_custom_line_item_charge_details_members) };
static const struct member update_custom_line_item_input_members[] = {
    { "Arn", &shape_custom_line_item_arn, true, IN_BODY },
    { "Name", &shape_billing_group_name, false, IN_BODY },
    { "Description", &shape_custom_line_item_description, false, IN_BODY },
    { "ChargeDetails", &shape_update_custom_line_item_charge_details, false, IN_BODY },
    { "BillingPeriodRange", &shape_custom_line_item_billing_period_range, false, IN_BODY },
};
static const struct shape shape_update_custom_line_item_input = { .type = SHAPE_STRUCTURE, .members = update_custom_line_item_input_members,
                                    .member_count = ARRAY_COUNT(update_custom_line_item_input_members) };
static const struct member update_pricing_plan_input_members[] = {
    { "Arn", &shape_pricing_plan_arn, true, IN_BODY },
    { "Name", &shape_billing_group_name, false, IN_BODY },
    { "Description", &shape_billing_group_description, false, IN_BODY },
};
static const struct shape shape_update_pricing_plan_input = { .type = SHAPE_STRUCTURE, .members = update_pricing_plan_input_members,
                                    .member_count = ARRAY_COUNT(update_pricing_plan_input_members) };
static const struct member update_free_tier_config_members[] = {
    { "Activated", &shape_boolean, true, IN_BODY },
};
static const struct shape shape_update_free_tier_config = { .type = SHAPE_STRUCTURE, .members = update_free_tier_config_members,
                                    .member_count = ARRAY_COUNT(update_free_tier_config_members) };
static const struct member update_tiering_input_members[] = {
    { "FreeTier", &shape_update_free_tier_config, false, IN_BODY },
    { "CustomTiers", &shape_custom_tiers_list, false, IN_BODY },
};
static const struct shape shape_update_tiering_input = { .type = SHAPE_STRUCTURE, .members = update_tiering_input_members,
                                    .member_count = ARRAY_COUNT(update_tiering_input_members) };
static const struct member update_pricing_rule_input_members[] = {
    { "Arn", &shape_pricing_rule_arn, true, IN_BODY },
    { "Name", &shape_billing_group_name, false, IN_BODY },
    { "Description", &shape_billing_group_description, false, IN_BODY },
    { "Type", &shape_pricing_rule_type, false, IN_BODY },
    { "ModifierPercentage", &shape_modifier_percentage, false, IN_BODY },
    { "Tiering", &shape_update_tiering_input, false, IN_BODY },
};
static const struct shape shape_update_pricing_rule_input = { .type = SHAPE_STRUCTURE, .members = update_pricing_rule_input_members,
                                    .member_count = ARRAY_COUNT(update_pricing_rule_input_members) };

const struct operation_model operation_models[OPERATION_COUNT] = {
    [OPERATION_AssociateAccounts] = { "AssociateAccounts", "POST", "/associate-accounts",
        &shape_associate_accounts_input },
    [OPERATION_AssociatePricingRules] = { "AssociatePricingRules", "PUT", "/associate-pricing-rules",
        &shape_associate_pricing_rules_input },
    [OPERATION_BatchAssociateResourcesToCustomLineItem] = { "BatchAssociateResourcesToCustomLineItem", "PUT", "/batch-associate-resources-to-custom-line-item",
        &shape_batch_associate_resources_to_custom_line_item_input },
    [OPERATION_BatchDisassociateResourcesFromCustomLineItem] = { "BatchDisassociateResourcesFromCustomLineItem", "PUT", "/batch-disassociate-resources-from-custom-line-item",
        &shape_batch_disassociate_resources_from_custom_line_item_input },
    [OPERATION_CreateBillingGroup] = { "CreateBillingGroup", "POST", "/create-billing-group",
        &shape_create_billing_group_input },
    [OPERATION_CreateCustomLineItem] = { "CreateCustomLineItem", "POST", "/create-custom-line-item",
        &shape_create_custom_line_item_input },
    [OPERATION_CreatePricingPlan] = { "CreatePricingPlan", "POST", "/create-pricing-plan",
        &shape_create_pricing_plan_input },
    [OPERATION_CreatePricingRule] = { "CreatePricingRule", "POST", "/create-pricing-rule",
        &shape_create_pricing_rule_input },
    [OPERATION_DeleteBillingGroup] = { "DeleteBillingGroup", "POST", "/delete-billing-group",
        &shape_delete_billing_group_input },
    [OPERATION_DeleteCustomLineItem] = { "DeleteCustomLineItem", "POST", "/delete-custom-line-item",
        &shape_delete_custom_line_item_input },
    [OPERATION_DeletePricingPlan] = { "DeletePricingPlan", "POST", "/delete-pricing-plan",
        &shape_delete_pricing_plan_input },
    [OPERATION_DeletePricingRule] = { "DeletePricingRule", "POST", "/delete-pricing-rule",
        &shape_delete_pricing_rule_input },
    [OPERATION_DisassociateAccounts] = { "DisassociateAccounts", "POST", "/disassociate-accounts",
        &shape_disassociate_accounts_input },
    [OPERATION_DisassociatePricingRules] = { "DisassociatePricingRules", "PUT", "/disassociate-pricing-rules",
        &shape_disassociate_pricing_rules_input },
    [OPERATION_GetBillingGroupCostReport] = { "GetBillingGroupCostReport", "POST", "/get-billing-group-cost-report",
        &shape_get_billing_group_cost_report_input },
    [OPERATION_GetBillingTransferPreference] = { "GetBillingTransferPreference", "POST", "/get-billing-transfer-preference",
        &shape_get_billing_transfer_preference_input },
    [OPERATION_ListAccountAssociations] = { "ListAccountAssociations", "POST", "/list-account-associations",
        &shape_list_account_associations_input },
    [OPERATION_ListBillingGroupCostReports] = { "ListBillingGroupCostReports", "POST", "/list-billing-group-cost-reports",
        &shape_list_billing_group_cost_reports_input },
    [OPERATION_ListBillingGroups] = { "ListBillingGroups", "POST", "/list-billing-groups",
        &shape_list_billing_groups_input },
    [OPERATION_ListCustomLineItemVersions] = { "ListCustomLineItemVersions", "POST", "/list-custom-line-item-versions",
        &shape_list_custom_line_item_versions_input },
    [OPERATION_ListCustomLineItems] = { "ListCustomLineItems", "POST", "/list-custom-line-items",
        &shape_list_custom_line_items_input },
    [OPERATION_ListPricingPlans] = { "ListPricingPlans", "POST", "/list-pricing-plans",
        &shape_list_pricing_plans_input },
    [OPERATION_ListPricingPlansAssociatedWithPricingRule] = { "ListPricingPlansAssociatedWithPricingRule", "POST", "/list-pricing-plans-associated-with-pricing-rule",
        &shape_list_pricing_plans_associated_with_pricing_rule_input },
    [OPERATION_ListPricingRules] = { "ListPricingRules", "POST", "/list-pricing-rules",
        &shape_list_pricing_rules_input },
    [OPERATION_ListPricingRulesAssociatedToPricingPlan] = { "ListPricingRulesAssociatedToPricingPlan", "POST", "/list-pricing-rules-associated-to-pricing-plan",
        &shape_list_pricing_rules_associated_to_pricing_plan_input },
    [OPERATION_ListResourcesAssociatedToCustomLineItem] = { "ListResourcesAssociatedToCustomLineItem", "POST", "/list-resources-associated-to-custom-line-item",
        &shape_list_resources_associated_to_custom_line_item_input },
    [OPERATION_ListTagsForResource] = { "ListTagsForResource", "GET", "/tags/",
        &shape_list_tags_for_resource_request },
    [OPERATION_TagResource] = { "TagResource", "POST", "/tags/",
        &shape_tag_resource_request },
    [OPERATION_UntagResource] = { "UntagResource", "DELETE", "/tags/",
        &shape_untag_resource_request },
    [OPERATION_UpdateBillingGroup] = { "UpdateBillingGroup", "POST", "/update-billing-group",
        &shape_update_billing_group_input },
    [OPERATION_UpdateBillingTransferPreference] = { "UpdateBillingTransferPreference", "PUT", "/update-billing-transfer-preference",
        &shape_update_billing_transfer_preference_input },
    [OPERATION_UpdateCustomLineItem] = { "UpdateCustomLineItem", "POST", "/update-custom-line-item",
        &shape_update_custom_line_item_input },
    [OPERATION_UpdatePricingPlan] = { "UpdatePricingPlan", "PUT", "/update-pricing-plan",
        &shape_update_pricing_plan_input },
    [OPERATION_UpdatePricingRule] = { "UpdatePricingRule", "PUT", "/update-pricing-rule",
        &shape_update_pricing_rule_input },
};
/* clang-format on */
