/* support/result_folder.h: a small folder as `price` writes it: two groups, one with two accounts, and an account in none.
 */
#ifndef SUPPORT_RESULT_FOLDER_H
#define SUPPORT_RESULT_FOLDER_H

#include "support/scratch.h"

#define RESULT_ITEM(letter) "aaaaaaaaaaaaaaaaaaaaaaaaa" letter /* a line item's id */

static const struct {
    const char *name, *text;
} result_files[] = {
    { "summary.json", "{\"events_in\":4,\"priced\":3,\"dead\":3,\"currency\":\"USD\"}" },
    { "conductor.json",
      "{\"BillingPeriod\":\"2026-06\",\"BillingGroups\":[{\"Name\":\"a\",\"Arn\":\"arn:aws:billingconductor::123456789012:"
      "billinggroup/"
      "111111111111\",\"PrimaryAccountId\":\"111111111111\",\"ComputationPreference\":{\"PricingPlanArn\":\"arn:aws:"
      "billingconductor::aws:pricingplan/BasicPricingPlan\"}},{\"Name\":\"b\",\"PrimaryAccountId\":\"333333333333\","
      "\"ComputationPreference\":{\"PricingPlanArn\":\"arn:aws:billingconductor::aws:pricingplan/BasicPricingPlan\"}}],"
      "\"LinkedAccounts\":[{\"AccountId\":\"111111111111\",\"BillingGroupArn\":\"111111111111\"},{\"AccountId\":"
      "\"222222222222\","
      "\"BillingGroupArn\":\"111111111111\"},{\"AccountId\":\"333333333333\",\"BillingGroupArn\":\"333333333333\"},"
      "{\"AccountId\":\"444444444444\"}]}" },
#define RESULT_BILL(group, account, service, cost)                                                                      \
    "{\"billing_group\":\"" group "\",\"billing_period\":\"2026-06\",\"usage_account_id\":\"" account                   \
    "\",\"product_code\":\"" service "\",\"line_item_type\":\"\",\"usage_events\":1,\"public_cost\":\"" cost            \
    "\",\"cost\":\"" cost "\",\"billable_cost\":\"0.25\",\"tax\":\"0\",\"margin\":\"77\",\"margin_percentage\":\"88\"," \
    "\"currency\":\"USD\",\"as_of\":\"2026-07-01T00:00:00Z\"}\n"
    { "bills.jsonl", RESULT_BILL("111111111111", "", "", "3") RESULT_BILL("111111111111", "111111111111", "EC2", "1")
                         RESULT_BILL("111111111111", "222222222222", "EC2", "2") RESULT_BILL("333333333333", "", "", "4")
                             RESULT_BILL("333333333333", "333333333333", "S3", "4") },
#define RESULT_LINE(letter, group, account, service, cost)                                                              \
    "{\"line_item_id\":\"" RESULT_ITEM(                                                                                 \
        letter) "\",\"status\":\"CHARGED\",\"revision\":1,\"billing_period\":\"2026-06\",\"usage_start\":\"2026-06-02T" \
                "00:00:00Z\",\"payer_account_id\":\"123456789012\",\"usage_account_id\":\"" account                     \
                "\",\"billing_entity\":\"AWS\",\"line_item_type\":\"Usage\",\"product_code\":\"" service                \
                "\",\"currency\":\"USD\",\"billing_group\":\"" group                                                    \
                "\",\"usage_amount\":\"1\",\"usage_events\":1,\"cost\":\"" cost "\",\"billable_cost\":\"0.25\"}\n"
    { "line-items.jsonl", RESULT_LINE("a", "111111111111", "111111111111", "EC2", "1")
                              RESULT_LINE("b", "111111111111", "222222222222", "EC2", "2")
                                  RESULT_LINE("c", "333333333333", "333333333333", "S3", "4") },
    { "dead-letters.jsonl", "{\"reason\":\"MALFORMED\"}\n{\"reason\":\"FUTURE\"}\n{\"reason\":\"MALFORMED\"}\n" },
};

/* Writes it into the scratch folder as `name`; its path lives like scratch_path's. */
static inline const char *result_folder(const char *name)
{
    char file[256];
    CHECK(mkdir(scratch_path(name), 0700) == 0);
    for (size_t i = 0; i < ARRAY_COUNT(result_files); i++) {
        snprintf(file, sizeof file, "%s/%s", name, result_files[i].name);
        write_bytes(scratch_path(file), text_of(result_files[i].text));
    }
    static const char *const reports[] = { "cur/111111111111/20260601-20260701/111111111111-00001.csv.gz",
                                           "cur/111111111111/accounts/222222222222/20260601-20260701/"
                                           "222222222222-00001.csv.gz" };
    for (size_t i = 0; i < ARRAY_COUNT(reports); i++) {
        snprintf(file, sizeof file, "%s/%s", name, reports[i]);
        char *path = strdup(scratch_path(file));
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            *slash = '\0';
            mkdir(path, 0700);
            *slash = '/';
        }
        write_bytes(path, TEXT("a report"));
        free(path);
    }
    return scratch_path(name);
}

#endif
