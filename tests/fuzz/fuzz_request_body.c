/*
 * fuzz_request_body: any bytes as the body of any operation. What the model lets through is run on a small document; what
 * changes it leaves a document that can be checked and printed.
 */
#include <stdlib.h>

#include "api/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char json[] =
    "{\"BillingPeriod\":\"2026-06\",\"BillingGroups\":[{\"Name\":\"g\",\"PrimaryAccountId\":\"111111111111\","
    "\"ComputationPreference\":{\"PricingPlanArn\":\"pppppppppp\"}}],\"LinkedAccounts\":[{\"AccountId\":\"111111111111\","
    "\"BillingGroupArn\":\"111111111111\"},{\"AccountId\":\"222222222222\"}],\"PricingPlans\":[{\"Name\":\"p\",\"Arn\":"
    "\"pppppppppp\",\"PricingRuleArns\":[\"rrrrrrrrrr\"]}],\"PricingRules\":[{\"Name\":\"r\",\"Arn\":\"rrrrrrrrrr\","
    "\"Scope\":"
    "\"GLOBAL\",\"Type\":\"MARKUP\",\"ModifierPercentage\":1}],\"CustomLineItems\":[{\"Name\":\"i\",\"Arn\":\"iiiiiiiiii\","
    "\"Description\":\"d\",\"BillingGroupArn\":\"111111111111\",\"ChargeDetails\":{\"Type\":\"FEE\",\"Percentage\":"
    "{\"PercentageValue\":1,\"AssociatedValues\":[\"111111111111\"]}}}]}";

static void run(enum operation operation, json_t *input, struct document *document)
{
    struct call call = { .operation = operation,
                         .input = input,
                         .now_s = 1780315200,
                         .now = document->period,
                         .month = document->period,
                         .document = document };
    struct problems problems = { 0 };
    struct buffer out = { 0 };
    problems_begin(&problems, "request");
    if (operation_changes(operation))
        call.draft = document_draft(document, call.now);
    json_t *reply = operation_functions[operation](&call);
    CHECK(!reply == (call.failure.kind != FAILURE_NONE));
    if (reply)
        reply_write(reply, &out);
    if (reply && call.draft && document_check(call.draft, NULL, &problems)) {
        document_publish(call.draft);
        document_print(call.draft, &out);
    }
    json_decref(reply);
    failure_done(&call.failure);
    problems_done(&problems);
    document_release(call.draft);
    buffer_done(&out);
    buffer_done(&call.scratch);
    buffer_done(&call.arn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct document *document;
    struct error error;
    struct failure failure = { 0 };
    if (!document) {
        validate_start();
        CHECK(document_parse(TEXT(json), TEXT("123456789012"), 1, &document, &error));
    }
    if (size == 0)
        return 0;
    enum operation operation = (enum operation)(data[0] % OPERATION_COUNT);
    /* Cost reports read a view, which has tests of its own. */
    if (operation == OPERATION_GetBillingGroupCostReport || operation == OPERATION_ListBillingGroupCostReports)
        return 0;
    struct http_request request = { .method = TEXT("POST"),
                                    .body = { (const char *)data + 1, size - 1 },
                                    .query = { (const char *)data + 1, size - 1 } };
    json_t *input = validate_request(operation, &request, TEXT("iiiiiiiiii"), &failure);
    CHECK(!input == (failure.kind != FAILURE_NONE));
    if (input)
        run(operation, input, document);
    json_decref(input);
    failure_done(&failure);
    return 0;
}
