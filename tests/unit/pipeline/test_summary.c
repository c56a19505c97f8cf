/* pipeline/summary: what became of the events, and each group's totals, as JSON. */
#include "support/unit.h"

#include "codec/json_text.h"
#include "pipeline/summary.h"
#include "support/fixtures.h"

static json_t *summary_of(const struct price_run_result *result, const struct conductor *conductor)
{
    struct buffer out = { 0 }, scratch = { 0 };
    json_error_t error;
    summary_write(&out, result, conductor);
    assert_int_equal(out.data[out.size - 1], '\n');
    json_t *object = json_parse_exact(buffer_text(&out), &scratch, &error);
    if (!object)
        fail_msg("%s: %.*s", error.text, TEXT_ARGS(buffer_text(&out)));
    buffer_done(&out);
    buffer_done(&scratch);
    return object;
}

static void every_count_and_every_groups_total_is_there(void **state)
{
    (void)state;
    struct document_fixture fixture;
    document_fixture_init(&fixture);
    fixture.groups[0].name = TEXT("Retail \"shops\"");
    struct bill_line bills[] = {
        { .group = 0,
          .usage_events = 5,
          .period = 2026 * 12 + 5,
          .cost = sum_from("1.000000000000000000000001", COST_SCALE),
          .public_cost = sum_from("2", AMOUNT_SCALE),
          .billable_cost = sum_from("0.5", AMOUNT_SCALE),
          .margin = sum_from("0.500000000000000000000001", COST_SCALE),
          .tax = sum_from("0.1", AMOUNT_SCALE),
          .has_margin_percentage = true,
          .margin_percentage = sum_from("50", PERCENT_SCALE) },
        { .group = 0, .service = TEXT("AmazonEC2"), .period = 2026 * 12 + 5 },
        { .group = GROUP_NONE, .usage_events = 1, .period = 2026 * 12 + 6 },
    };
    struct price_run_result result = {
        .fold = { .events_in = 20, .duplicate = 2, .dead = 3, .excess_decimals = 4 },
        .sweep = { .priced = 5,
                   .left_out = 6,
                   .unmonitored = 7,
                   .unpriced = 8,
                   .untiered = 9,
                   .line_items = 10,
                   .before_document = 11,
                   .free_tier = 12,
                   .ambiguous = 13,
                   .unpriced_by_reason = { [UNPRICED_NO_PRICE] = 8 } },
        .bills = bills,
        .bill_count = ARRAY_COUNT(bills),
    };
    json_t *object = summary_of(&result, &fixture.conductor);
    static const struct {
        const char *name, *expected;
    } counts[] = { { "events_in", "20" },      { "priced", "5" },           { "duplicate", "2" },  { "dead", "3" },
                   { "left_out", "6" },        { "unmonitored", "7" },      { "unpriced", "8" },   { "untiered", "9" },
                   { "excess_decimals", "4" }, { "before_document", "11" }, { "free_tier", "12" }, { "ambiguous", "13" },
                   { "currency", "USD" } };
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++)
        expect_text(counts[i].name, text_of(json_string_value(json_object_get(object, counts[i].name))), counts[i].expected);
    json_t *groups = json_object_get(object, "groups");
    assert_int_equal(json_array_size(groups), 2);
    static const struct {
        const char *name, *expected;
    } members[] = { { "billing_group", "111111111111" },
                    { "name", "Retail \"shops\"" },
                    { "billing_period", "2026-06" },
                    { "usage_events", "5" },
                    { "cost", "1.000000000000000000000001" },
                    { "public_cost", "2" },
                    { "billable_cost", "0.5" },
                    { "tax", "0.1" },
                    { "margin", "0.500000000000000000000001" },
                    { "margin_percentage", "50" } };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        expect_text(members[i].name, text_of(json_string_value(json_object_get(json_array_get(groups, 0), members[i].name))),
                    members[i].expected);
    json_t *nobody = json_array_get(groups, 1);
    expect_text("unmonitored", text_of(json_string_value(json_object_get(nobody, "billing_group"))), "");
    assert_true(json_is_null(json_object_get(nobody, "margin_percentage")));
    json_decref(object);
    document_fixture_done(&fixture);
}

static void nothing_is_a_summary_too(void **state)
{
    (void)state;
    struct document_fixture fixture;
    document_fixture_init(&fixture);
    json_t *object = summary_of(&(struct price_run_result){ 0 }, &fixture.conductor);
    assert_string_equal(json_string_value(json_object_get(object, "events_in")), "0");
    assert_int_equal(json_array_size(json_object_get(object, "groups")), 0);
    json_decref(object);
    document_fixture_done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_count_and_every_groups_total_is_there),
        cmocka_unit_test(nothing_is_a_summary_too),
    };
    return cmocka_run_group_tests_name("pipeline/summary", tests, NULL, NULL);
}
