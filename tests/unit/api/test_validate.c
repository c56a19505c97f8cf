/* api/validate: requests held against the model: what comes out, and which members are named when it does not fit. */
#include "support/unit.h"

#include "api/validate.h"

static json_t *validate(enum operation operation, const char *body, struct failure *failure)
{
    struct http_request request = { .method = TEXT("POST"), .body = text_of(body) };
    *failure = (struct failure){ 0 };
    return validate_request(operation, &request, TEXT_NONE, failure);
}

static void every_operation_has_a_model_of_its_own(void **state)
{
    (void)state;
    for (enum operation i = 0; i < OPERATION_COUNT; i++) {
        assert_non_null(operation_models[i].name);
        assert_non_null(operation_models[i].input);
        assert_non_null(operation_functions[i]);
        for (enum operation j = 0; j < i; j++)
            assert_false(strcmp(operation_models[i].path, operation_models[j].path) == 0 &&
                         strcmp(operation_models[i].method, operation_models[j].method) == 0);
    }
}

static void unknown_members_and_nulls_are_left_out_and_digits_kept(void **state)
{
    (void)state;
    struct failure failure;
    json_t *input = validate(OPERATION_UpdatePricingRule,
                             "{\"Arn\":\"abcdefghij\",\"Name\":null,\"New\":{},\"ModifierPercentage\":1.50e0}", &failure);
    assert_int_equal(json_object_size(input), 2);
    expect_text("digits", text_of(entity_text(input, "ModifierPercentage")), "1.50e0");
    json_decref(input);
    input = validate(OPERATION_ListBillingGroups, "", &failure);
    assert_int_equal(json_object_size(input), 0);
    json_decref(input);
}

static void what_breaks_the_model_is_named(void **state)
{
    (void)state;
    static const struct {
        enum operation operation;
        const char *body, *names; /* of Fields, in order */
    } rows[] = {
        { OPERATION_DeleteBillingGroup, "{}", "Arn " },
        { OPERATION_DeleteBillingGroup, "{\"Arn\":\"short\"}", "Arn " },
        { OPERATION_DeleteBillingGroup, "{\"Arn\":\"abcdefghij\\n\"}", "Arn " },
        { OPERATION_DeleteBillingGroup, "{\"Arn\":\"abcdefghij\\u0000\"}", "Arn " },
        { OPERATION_DeleteBillingGroup, "{\"Arn\":1}", "Arn " },
        { OPERATION_AssociateAccounts, "{\"Arn\":\"abcdefghij\",\"AccountIds\":[\"1\",\"123456789012\",2]}",
          "AccountIds[0] AccountIds[2] " },
        { OPERATION_AssociatePricingRules, "{\"Arn\":\"abcdefghij\",\"PricingRuleArns\":[]}", "PricingRuleArns " },
        { OPERATION_ListPricingRules, "{\"MaxResults\":101}", "MaxResults " },
        { OPERATION_ListPricingRules, "{\"MaxResults\":\"5\"}", "MaxResults " },
        { OPERATION_ListPricingRules, "{\"MaxResults\":5.0}", "MaxResults " },
        { OPERATION_CreatePricingRule, "{\"Name\":\"a b\",\"Scope\":\"ALL\",\"Type\":\"MARKUP\",\"ModifierPercentage\":-1}",
          "Name Scope ModifierPercentage " },
        { OPERATION_UpdatePricingRule, "{\"Arn\":\"abcdefghij\",\"ModifierPercentage\":-1e-300}", "ModifierPercentage " },
        { OPERATION_CreatePricingRule,
          "{\"Name\":\"a\",\"Scope\":\"SKU\",\"Type\":\"TIERING\",\"Tiering\":{\"CustomTiers\":[{\"RateValue\":1}]}}",
          "Tiering.CustomTiers[0].BeginRangeInclusive " },
        { OPERATION_CreateCustomLineItem,
          "{\"Name\":\"a\",\"Description\":\"\",\"BillingGroupArn\":\"abcdefghij\",\"ChargeDetails\":{\"Type\":\"FEE\","
          "\"Flat\":"
          "{\"ChargeValue\":1000000.01}},\"Tags\":{}}",
          "Description Tags ChargeDetails.Flat.ChargeValue " },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct failure failure;
        struct buffer names = { 0 };
        size_t index;
        json_t *field;
        assert_null(validate(rows[i].operation, rows[i].body, &failure));
        assert_string_equal(failure.reason, "FIELD_VALIDATION_FAILED");
        json_array_foreach (failure.fields, index, field)
            buffer_printf(&names, "%s ", entity_text(field, "Name"));
        expect_text(rows[i].body, buffer_text(&names), rows[i].names);
        failure_done(&failure);
        buffer_done(&names);
    }
}

static void lengths_count_characters(void **state)
{
    (void)state;
    struct failure failure;
    struct buffer body = { 0 };
    buffer_append_text(&body, TEXT("{\"Arn\":\"abcdefghij\",\"Description\":\""));
    for (int i = 0; i < 255; i++)
        buffer_append_text(&body, TEXT("\xc3\xbc"));
    size_t size = body.size;
    buffer_append_text(&body, TEXT("\"}"));
    buffer_append_byte(&body, '\0');
    json_t *input = validate(OPERATION_UpdateCustomLineItem, body.data, &failure);
    assert_non_null(input);
    json_decref(input);
    body.size = size;
    buffer_append_text(&body, TEXT("x\"}"));
    buffer_append_byte(&body, '\0');
    assert_null(validate(OPERATION_UpdateCustomLineItem, body.data, &failure));
    failure_done(&failure);
    buffer_done(&body);
}

static void what_is_no_json_object_cannot_be_parsed(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{", "[]", "1", "\"a\"", "{\"a\":NaN}", "{\"a\":1e999}", "{\"a\":1,\"a\":2}", "{\"a\":\"\\ud800\"}", "\xff", "{} x"
    };
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        struct failure failure;
        assert_null(validate(OPERATION_ListBillingGroups, bodies[i], &failure));
        assert_string_equal(failure.reason, "CANNOT_PARSE");
        failure_done(&failure);
    }
}

static int start(void **state)
{
    (void)state;
    validate_start();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    validate_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_a_model_of_its_own),
        cmocka_unit_test(unknown_members_and_nulls_are_left_out_and_digits_kept),
        cmocka_unit_test(what_breaks_the_model_is_named),
        cmocka_unit_test(lengths_count_characters),
        cmocka_unit_test(what_is_no_json_object_cannot_be_parsed),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
