/* cur/cur_fold: parts of a row, their order and their sum (SEMANTICS 3.6). */
#include "support/unit.h"

#include "cur/cur_fold.h"
#include "support/cur_sample.h"

static const struct tag web = { { "team", 4 }, { "web", 3 } }, app = { { "team", 4 }, { "app", 3 } };

static struct cur_row sample(void)
{
    return cur_row_with("id", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", "1");
}

static void set_text(struct cur_row *row, enum cur_row_field field, const char *text)
{
    record_set_text(row, &cur_row_type, field, text_of(text));
}

static void set_sum(struct cur_row *row, enum cur_row_field field, const char *value)
{
    const struct field *described = &cur_row_type.fields[field];
    *(struct sum *)record_member(row, described) = sum_from(value, described->scale);
    record_set(row, field);
}

static void set_decimal(struct cur_row *row, enum cur_row_field field, const char *value)
{
    const struct field *described = &cur_row_type.fields[field];
    *(i128 *)record_member(row, described) = decimal(value, described->scale);
    record_set(row, field);
}

static int compare(const struct cur_row *a, const struct cur_row *b)
{
    struct buffer one = { 0 }, other = { 0 };
    cur_row_key(a, &one);
    cur_row_key(b, &other);
    int order = text_compare(buffer_text(&one), buffer_text(&other));
    buffer_done(&one);
    buffer_done(&other);
    return order;
}

/* Each row differs from the one before it in what the order asks next. */
static void rows_stand_by_hour_account_custom_resource_facts_tier_and_id(void **state)
{
    (void)state;
    struct cur_row rows[20];
    size_t count = 0;
    rows[count++] = sample();
    set_text(&rows[0], CUR_ROW_custom_line_item, "cli1");
    set_text(&rows[0], CUR_ROW_line_item_resource_id, "z");
    rows[count] = rows[0];
    set_text(&rows[count++], CUR_ROW_custom_line_item, "cli2");
    rows[count++] = sample();
    rows[count] = sample();
    set_text(&rows[count++], CUR_ROW_identity_line_item_id, "ie");
    rows[count] = sample();
    rows[count].tier = 1;
    record_set(&rows[count++], CUR_ROW_tier);
    rows[count] = rows[count - 1];
    rows[count++].tier = 2;
    static const struct {
        enum cur_row_field field;
        const char *text;
    } facts[] = { { CUR_ROW_line_item_currency_code, "USE" },    { CUR_ROW_pricing_unit, "Hrs" },
                  { CUR_ROW_line_item_operation, "Run" },        { CUR_ROW_line_item_usage_type, "Box" },
                  { CUR_ROW_line_item_usage_type, "Box:large" }, { CUR_ROW_line_item_product_code, "AmazonS3" },
                  { CUR_ROW_line_item_resource_id, "i-1" } };
    rows[count] = sample();
    rows[count].resource_tags = (struct tags){ &app, 1 };
    record_set(&rows[count++], CUR_ROW_resource_tags);
    rows[count] = rows[count - 1];
    rows[count++].resource_tags = (struct tags){ &web, 1 };
    rows[count] = sample();
    set_decimal(&rows[count++], CUR_ROW_line_item_normalization_factor, "-1");
    rows[count] = sample();
    set_decimal(&rows[count++], CUR_ROW_line_item_normalization_factor, "2");
    for (size_t i = 0; i < ARRAY_COUNT(facts); i++) {
        rows[count] = sample();
        set_text(&rows[count++], facts[i].field, facts[i].text);
    }
    rows[count++] = cur_row_with("a", "222222222222", "2026-06-01T00:00:00Z", "AmazonEC2", "1");
    rows[count++] = cur_row_with("a", "111111111111", "2026-06-01T01:00:00Z", "AmazonEC2", "1");
    for (size_t i = 1; i < count; i++)
        if (compare(&rows[i - 1], &rows[i]) >= 0)
            fail_msg("row %zu does not stand behind row %zu", i, i - 1);
}

static void sums_ends_and_descriptions_are_no_part_of_a_key(void **state)
{
    (void)state;
    struct cur_row row = sample(), other = cur_row_with("id", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", "-77");
    other.line_item_usage_end_date += 1000;
    set_text(&other, CUR_ROW_line_item_line_item_description, "d");
    set_text(&other, CUR_ROW_snapshot_id, "2026-06.1");
    set_sum(&other, CUR_ROW_line_item_usage_amount, "5");
    set_decimal(&other, CUR_ROW_pricing_public_on_demand_rate, "5");
    assert_int_equal(compare(&row, &other), 0);
}

static void parts_add_up_and_the_latest_end_counts(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct cur_row row = sample(), other = sample();
    static const enum cur_row_field sums[] = { CUR_ROW_line_item_blended_cost, CUR_ROW_line_item_usage_amount,
                                               CUR_ROW_pricing_public_on_demand_cost, CUR_ROW_reservation_effective_cost,
                                               CUR_ROW_savings_plan_savings_plan_effective_cost };
    for (size_t i = 0; i < ARRAY_COUNT(sums); i++)
        set_sum(&other, sums[i], "99999999999999.5");
    for (size_t i = 2; i < ARRAY_COUNT(sums); i++)
        set_sum(&row, sums[i], "99999999999999.25");
    set_decimal(&row, CUR_ROW_line_item_normalization_factor, "4");
    set_decimal(&other, CUR_ROW_line_item_normalization_factor, "4");
    set_decimal(&row, CUR_ROW_pricing_public_on_demand_rate, "4");
    set_decimal(&row, CUR_ROW_line_item_unblended_rate, "3");
    set_decimal(&other, CUR_ROW_line_item_unblended_rate, "3");
    other.line_item_usage_end_date += 30 * 60 * 1000;
    cur_row_fold(&row, &other, &arena);
    expect_sum("cost", row.line_item_unblended_cost, COST_SCALE, "2");
    expect_sum("amount", row.line_item_usage_amount, QUANTITY_SCALE, "99999999999999.5");
    expect_sum("public", row.pricing_public_on_demand_cost, AMOUNT_SCALE, "199999999999998.75");
    expect_sum("savings plan", row.savings_plan_savings_plan_effective_cost, AMOUNT_SCALE, "199999999999998.75");
    expect_decimal("normalized", row.line_item_normalized_usage_amount, AMOUNT_SCALE, "399999999999998");
    expect("only one part had the rate", record_has(&row, CUR_ROW_pricing_public_on_demand_rate), false);
    expect_decimal("both had the rate", row.line_item_unblended_rate, PRICED_RATE_SCALE, "3");
    expect_text("interval", row.identity_time_interval, "2026-06-01T00:00:00Z/2026-06-01T01:30:00Z");
    struct cur_row earlier = sample();
    cur_row_fold(&row, &earlier, &arena);
    expect_text("the interval stays", row.identity_time_interval, "2026-06-01T00:00:00Z/2026-06-01T01:30:00Z");
    arena_done(&arena);
}

/* The label stands behind the description and must not take part in the comparison: '!' stands before '(', 'b' behind it. */
static void the_smallest_description_counts_whatever_its_label(void **state)
{
    (void)state;
    static const struct {
        const char *modifier, *mine, *theirs, *expected;
    } rows[] = {
        { "0", "b", "a", "a" },
        { "0", "a", "b", "a" },
        { "0", "", "b", "b" },
        { "0", "a", "", "a" },
        { "20", "a (+20%)", "a ! (+20%)", "a (+20%)" },
        { "20", "a ! (+20%)", "a (+20%)", "a (+20%)" },
        { "20", "(+20%)", "b (+20%)", "b (+20%)" },
        { "20", "b (+20%)", "(+20%)", "b (+20%)" },
        { "-7.5", "b (-7.5%)", "a (-7.5%)", "a (-7.5%)" },
        { "0", "a (+20%)", "a ! (+20%)", "a ! (+20%)" }, /* no label, for once */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct arena arena = { 0 };
        struct cur_row row = sample(), other = sample();
        set_text(&row, CUR_ROW_line_item_line_item_description, rows[i].mine);
        set_text(&other, CUR_ROW_line_item_line_item_description, rows[i].theirs);
        set_decimal(&row, CUR_ROW_modifier, rows[i].modifier);
        set_decimal(&other, CUR_ROW_modifier, rows[i].modifier);
        cur_row_fold(&row, &other, &arena);
        expect_text(rows[i].mine, row.line_item_line_item_description, rows[i].expected);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stand_by_hour_account_custom_resource_facts_tier_and_id),
        cmocka_unit_test(sums_ends_and_descriptions_are_no_part_of_a_key),
        cmocka_unit_test(parts_add_up_and_the_latest_end_counts),
        cmocka_unit_test(the_smallest_description_counts_whatever_its_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
