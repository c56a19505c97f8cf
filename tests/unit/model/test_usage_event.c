/* model/usage_event: which events are accepted, and why the others are not (SEMANTICS 6). */
#include "support/fixtures.h"
#include "support/unit.h"

/* "REASON field", or "" for an accepted event. */
static const char *outcome(bool accepted, const struct refusal *refusal)
{
    static char text[64];
    snprintf(text, sizeof text, "%s %s", refusal_reason_text(refusal->reason), refusal->field ? refusal->field : "");
    return accepted ? "" : text;
}

static void an_event_without_options_is_completed(void **state)
{
    (void)state;
    struct usage_event event = raw_event_with(.sku = "");
    struct refusal refusal;
    assert_true(usage_event_accept(&event, &refusal));
    expect_text("line_item_type", event.line_item_type, "Usage");
    expect_text("billing_entity", event.billing_entity, "AWS");
    assert_false(record_has(&event, USAGE_EVENT_currency)); /* the document's: the event does not know it */
    assert_false(record_has(&event, USAGE_EVENT_usage_end));
}

static void given_types_and_entities_stay(void **state)
{
    (void)state;
    struct usage_event event = event_with(.line_item_type = "Tax", .billing_entity = "AWS Marketplace");
    expect_text("line_item_type", event.line_item_type, "Tax");
    expect_text("billing_entity", event.billing_entity, "AWS Marketplace");
}

static void requirements_are_named_when_broken(void **state)
{
    (void)state;
    const struct {
        struct event_texts event;
        const char *expected;
    } rows[] = {
        { { .event_id = "" }, "MISSING_FIELD event_id" },
        { { .usage_account_id = "" }, "MISSING_FIELD usage_account_id" },
        { { .product_code = "" }, "MISSING_FIELD product_code" },
        { { .usage_start = "" }, "MISSING_FIELD usage_start" },
        { { .usage_type = "" }, "MISSING_FIELD usage_type" },
        { { .usage_amount = "" }, "MISSING_FIELD usage_amount" },
        { { .usage_type = "", .line_item_type = "Usage" }, "MISSING_FIELD usage_type" },
        { { .usage_type = "", .line_item_type = "DiscountedUsage" }, "MISSING_FIELD usage_type" },
        { { .usage_amount = "", .line_item_type = "SavingsPlanCoveredUsage" }, "MISSING_FIELD usage_amount" },
        { { .usage_type = "", .usage_amount = "", .line_item_type = "Fee" }, "" },
        { { .usage_type = "", .usage_amount = "", .line_item_type = "Tax" }, "" },
        { { .usage_type = "", .usage_amount = "", .line_item_type = "SavingsPlanNegation" }, "" },
        { { .usage_type = "", .usage_amount = "", .line_item_type = "SomethingNew" }, "" },
        { { .usage_account_id = "11111111111" }, "BAD_ACCOUNT usage_account_id" },
        { { .usage_account_id = "1111111111111" }, "BAD_ACCOUNT usage_account_id" },
        { { .usage_account_id = "11111111111a" }, "BAD_ACCOUNT usage_account_id" },
        { { .usage_account_id = "000000000042" }, "" },
        { { .usage_end = "2026-05-31T23:59:59.999Z" }, "END_BEFORE_START usage_end" },
        { { .usage_end = "2026-06-01T00:00:00Z" }, "" },
        { { .billing_period = "2026-13" }, "BAD_TIME billing_period" },
        { { .billing_period = "2026-06-01T00:00:00Z" }, "BAD_TIME billing_period" },
        { { .billing_period = "2026-05" }, "" },
        { { .billing_period = "2026-5" }, "" },
        { { .net_unblended_cost = "100000000000000" }, "NUMBER_TOO_LARGE net_unblended_cost" },
        { { .usage_amount = "0" }, "" },
        { { .usage_amount = "-5" }, "" },
        { { .usage_amount = "9999999999999999999999999999.9999999999" }, "" },
        { { .unblended_cost = "99999999999999.99999999999999999999" }, "" },
        { { .unblended_cost = "100000000000000" }, "NUMBER_TOO_LARGE unblended_cost" },
        { { .unblended_cost = "-100000000000000" }, "NUMBER_TOO_LARGE unblended_cost" },
        { { .public_on_demand_cost = "100000000000000" }, "NUMBER_TOO_LARGE public_on_demand_cost" },
        { { .reservation_effective_cost = "100000000000000" }, "NUMBER_TOO_LARGE reservation_effective_cost" },
        { { .savings_plan_effective_cost = "100000000000000" }, "NUMBER_TOO_LARGE savings_plan_effective_cost" },
        { { .tags = "a=1;b=2" }, "" },
        { { .event_id = "\xc3\xa9v\xc3\xa9nement" }, "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct event_texts texts = rows[i].event;
        texts.unaccepted = true;
        struct usage_event event = event_of(texts);
        struct refusal refusal = { 0 };
        char row[32];
        snprintf(row, sizeof row, "row %zu", i);
        expect_text(row, text_of(outcome(usage_event_accept(&event, &refusal), &refusal)), rows[i].expected);
    }
}

static void an_event_is_of_its_invoice_s_month_before_that_of_its_usage(void **state)
{
    (void)state;
    const struct {
        struct event_texts event;
        billing_period expected;
    } rows[] = {
        { { .usage_start = "2026-05-31T23:59:59Z" }, 2026 * 12 + 4 },
        { { .usage_start = "2026-05-31T23:59:59Z", .billing_period = "2026-06" }, 2026 * 12 + 5 },
        { { .usage_start = "2026-06-01T00:00:00Z", .billing_period = "2026-5" }, 2026 * 12 + 4 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = event_of(rows[i].event);
        assert_int_equal(usage_event_period(&event), rows[i].expected);
    }
}

static void texts_of_any_codec_are_checked(void **state)
{
    (void)state;
    static const struct {
        struct text text;
        const char *expected;
    } rows[] = {
        { { "a\0b", 3 }, "NUL_BYTE resource_id" },
        { { "\0", 1 }, "NUL_BYTE resource_id" },
        { { "a\xff", 2 }, "BAD_ENCODING resource_id" },
        { { "i-1", 3 }, "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = event_with(.resource_id = "");
        struct refusal refusal = { 0 };
        record_set_text(&event, &usage_event_type, USAGE_EVENT_resource_id, rows[i].text);
        expect_text("accept", text_of(outcome(usage_event_accept(&event, &refusal), &refusal)), rows[i].expected);
        event = event_with(.resource_id = "");
        bool set = usage_event_set_text(&event, USAGE_EVENT_resource_id, rows[i].text, &refusal);
        expect_text("set", text_of(outcome(set, &refusal)), rows[i].expected);
    }
}

static void keys_and_values_of_tags_are_checked(void **state)
{
    (void)state;
    const struct tag bad_value = { TEXT("k"), { "\xff", 1 } }, bad_key = { { "k\0", 2 }, TEXT("v") };
    struct usage_event event = event_with(.sku = "");
    struct refusal refusal = { 0 };
    record_set(&event, USAGE_EVENT_tags);
    event.tags = (struct tags){ &bad_value, 1 };
    expect_text("value", text_of(outcome(usage_event_accept(&event, &refusal), &refusal)), "BAD_ENCODING tags");
    event.tags = (struct tags){ &bad_key, 1 };
    expect_text("key", text_of(outcome(usage_event_accept(&event, &refusal), &refusal)), "NUL_BYTE tags");
}

static void times_of_any_codec_are_checked(void **state)
{
    (void)state;
    struct usage_event event = event_with(.sku = "");
    struct refusal refusal = { 0 };
    event.usage_start = -1;
    expect_text("before 1970", text_of(outcome(usage_event_accept(&event, &refusal), &refusal)), "BAD_TIME usage_start");
    event.usage_start = INT64_MAX;
    expect_text("after 9999", text_of(outcome(usage_event_accept(&event, &refusal), &refusal)), "BAD_TIME usage_start");
}

static void numbers_are_set_from_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum excess_decimals excess;
        const char *expected; /* "value excess", "absent" or "REASON field" */
    } rows[] = {
        { "1.5", EXCESS_REJECT, "1.5 0" },
        { "1.50000000000000", EXCESS_REJECT, "1.5 0" },
        { "1.0416666667E-4", EXCESS_ROUND, "0.0001041667 1" },
        { "1.0416666667E-4", EXCESS_REJECT, "EXCESS_DECIMALS usage_amount" },
        { "", EXCESS_REJECT, "absent" },
        { "one", EXCESS_ROUND, "BAD_NUMBER usage_amount" },
        { "1E28", EXCESS_ROUND, "NUMBER_TOO_LARGE usage_amount" },
        { "9999999999999999999999999999", EXCESS_ROUND, "9999999999999999999999999999 0" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct usage_event event = { 0 };
        struct refusal refusal = { 0 };
        char found[96];
        bool set =
            usage_event_set_decimal(&event, USAGE_EVENT_usage_amount, text_of(rows[i].text), rows[i].excess, &refusal);
        if (!set) {
            snprintf(found, sizeof found, "%s", outcome(set, &refusal));
        } else if (!record_has(&event, USAGE_EVENT_usage_amount)) {
            snprintf(found, sizeof found, "absent");
        } else {
            char number[DECIMAL_TEXT_MAX];
            decimal_format(event.usage_amount, QUANTITY_SCALE, number);
            snprintf(found, sizeof found, "%s %u", number, event.excess_decimals);
        }
        expect_text(rows[i].text, text_of(found), rows[i].expected);
        expect(rows[i].text, record_has(&event, USAGE_EVENT_usage_amount), set && rows[i].text[0] != '\0');
    }
}

static void times_are_set_from_text(void **state)
{
    (void)state;
    struct usage_event event = { 0 };
    struct refusal refusal = { 0 };
    assert_true(usage_event_set_text(&event, USAGE_EVENT_usage_start, TEXT("1970-01-01T00:00:01Z"), &refusal));
    assert_int_equal(event.usage_start, 1000);
    assert_true(record_has(&event, USAGE_EVENT_usage_start));
    assert_true(usage_event_set_text(&event, USAGE_EVENT_usage_end, TEXT(""), &refusal));
    assert_false(record_has(&event, USAGE_EVENT_usage_end));
    bool set = usage_event_set_text(&event, USAGE_EVENT_usage_end, TEXT("June"), &refusal);
    expect_text("no time", text_of(outcome(set, &refusal)), "BAD_TIME usage_end");
    assert_false(record_has(&event, USAGE_EVENT_usage_end));
}

static void tags_are_sorted_and_empty_values_dropped(void **state)
{
    (void)state;
    static const struct {
        struct tag tags[4];
        size_t count;
        const char *expected; /* keys and values in order, or "twice" */
    } rows[] = {
        { { { { NULL, 0 }, { NULL, 0 } } }, 0, "" },
        { { { { "b", 1 }, { "1", 1 } }, { { "a", 1 }, { "2", 1 } } }, 2, "a2b1" },
        { { { { "a", 1 }, { "1", 1 } }, { { "b", 1 }, { "2", 1 } } }, 2, "a1b2" },
        { { { { "b", 1 }, { "1", 1 } }, { { "B", 1 }, { "2", 1 } }, { { "ab", 2 }, { "3", 1 } } }, 3, "B2ab3b1" },
        { { { { "a", 1 }, { "", 0 } }, { { "b", 1 }, { "2", 1 } } }, 2, "b2" },
        { { { { "a", 1 }, { "", 0 } } }, 1, "" },
        { { { { "a", 1 }, { "1", 1 } }, { { "a", 1 }, { "1", 1 } } }, 2, "twice" },
        { { { { "a", 1 }, { "1", 1 } }, { { "b", 1 }, { "1", 1 } }, { { "a", 1 }, { "2", 1 } } }, 3, "twice" },
        { { { { "a", 1 }, { "", 0 } }, { { "a", 1 }, { "2", 1 } } }, 2, "a2" }, /* empty is absent */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct tag tags[4];
        size_t count = rows[i].count;
        struct refusal refusal = { 0 };
        struct buffer found = { 0 };
        memcpy(tags, rows[i].tags, sizeof tags);
        if (tags_normalize(tags, &count, &refusal)) {
            for (size_t t = 0; t < count; t++)
                buffer_printf(&found, "%.*s%.*s", TEXT_ARGS(tags[t].key), TEXT_ARGS(tags[t].value));
        } else {
            assert_string_equal(refusal.field, "tags");
            buffer_append_text(&found, TEXT("twice"));
        }
        expect_text(rows[i].expected, buffer_text(&found), rows[i].expected);
        buffer_done(&found);
    }
}

static void the_account_of_an_arn_is_its_fifth_part(void **state)
{
    (void)state;
    static const struct {
        const char *arn, *account;
    } rows[] = {
        { "arn:aws:ec2:eu-west-1:123456789012:reserved-instances/7a-2", "123456789012" },
        { "arn:aws:savingsplans::123456789012:savingsplan/1", "123456789012" },
        { "arn:aws-cn:rds:cn-north-1:000000000001:ri:x", "000000000001" },
        { "arn:aws:ec2:eu-west-1:123456789012", "123456789012" },
        { "arn:aws:ec2:eu-west-1:12345678901:reserved-instances/7", "" },
        { "arn:aws:ec2:eu-west-1:1234567890123:reserved-instances/7", "" },
        { "arn:aws:ec2:eu-west-1::reserved-instances/7", "" },
        { "arn:aws:ec2:123456789012:x:y", "" },
        { "arn:aws:ec2", "" },
        { "123456789012", "" },
        { "", "" },
        { "::::", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_text(rows[i].arn, arn_account(text_of(rows[i].arn)), rows[i].account);
    assert_int_equal(arn_account(TEXT_NONE).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_without_options_is_completed),
        cmocka_unit_test(given_types_and_entities_stay),
        cmocka_unit_test(requirements_are_named_when_broken),
        cmocka_unit_test(an_event_is_of_its_invoice_s_month_before_that_of_its_usage),
        cmocka_unit_test(texts_of_any_codec_are_checked),
        cmocka_unit_test(keys_and_values_of_tags_are_checked),
        cmocka_unit_test(times_of_any_codec_are_checked),
        cmocka_unit_test(numbers_are_set_from_text),
        cmocka_unit_test(times_are_set_from_text),
        cmocka_unit_test(tags_are_sorted_and_empty_values_dropped),
        cmocka_unit_test(the_account_of_an_arn_is_its_fifth_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
