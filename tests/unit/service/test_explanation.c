/* service/explanation: the sum as a person would check it; a customer hears nothing of what AWS bills. */
#include "support/unit.h"

#include "service/explanation.h"

static struct line_item priced(void)
{
    struct line_item item = { 0 };
    record_set_text(&item, &line_item_type, LINE_ITEM_line_item_id, TEXT("abc"));
    record_set_text(&item, &line_item_type, LINE_ITEM_base, TEXT("PRICE_LIST"));
    record_set_text(&item, &line_item_type, LINE_ITEM_pricing_rule, TEXT("rule000001"));
    item.usage_amount = sum_of(40 * decimal_power(QUANTITY_SCALE));
    item.public_rate = decimal_power(RATE_SCALE) / 10;
    item.modifier = 2000;
    item.rate = 12 * decimal_power(PRICED_RATE_SCALE) / 100;
    item.cost = 48 * decimal_power(COST_SCALE) / 10;
    item.billable_cost = sum_of(36 * decimal_power(AMOUNT_SCALE) / 10);
    static const size_t set[] = { LINE_ITEM_usage_amount, LINE_ITEM_public_rate, LINE_ITEM_modifier,
                                  LINE_ITEM_rate,         LINE_ITEM_cost,        LINE_ITEM_billable_cost };
    for (size_t i = 0; i < ARRAY_COUNT(set); i++)
        record_set(&item, set[i]);
    return item;
}

static bool says(const struct line_item *item, enum explanation_reader reader, const char *part)
{
    struct buffer out = { 0 };
    explanation_write(item, reader, &out);
    bool found = text_contains(buffer_text(&out), text_of(part));
    buffer_done(&out);
    return found;
}

static void the_sum_is_done_again(void **state)
{
    (void)state;
    struct line_item item = priced();
    struct buffer out = { 0 };
    assert_true(explanation_write(&item, EXPLAIN_TO_PAYER, &out));
    assert_true(says(&item, EXPLAIN_TO_PAYER, "0.1 x 1.2 = 0.12  (checked)"));
    assert_true(says(&item, EXPLAIN_TO_PAYER, "40 x 0.12 = 4.8  (checked)"));
    assert_true(says(&item, EXPLAIN_TO_PAYER, "rule000001"));
    item.cost++;
    assert_false(explanation_write(&item, EXPLAIN_TO_PAYER, &out));
    assert_true(says(&item, EXPLAIN_TO_PAYER, "DOES NOT ADD UP"));
    buffer_done(&out);
}

static void a_customer_hears_nothing_of_what_aws_bills(void **state)
{
    (void)state;
    struct line_item item = priced();
    assert_true(says(&item, EXPLAIN_TO_PAYER, "3.6"));
    assert_false(says(&item, EXPLAIN_TO_CUSTOMER, "3.6"));
    assert_false(says(&item, EXPLAIN_TO_CUSTOMER, "AWS bills"));
    assert_true(says(&item, EXPLAIN_TO_CUSTOMER, "40 x 0.12 = 4.8"));
    for (enum price_base base = BASE_NONE + 1; base < BASE_COUNT; base++) {
        record_set_text(&item, &line_item_type, LINE_ITEM_base, price_base_text(base));
        assert_false(says(&item, EXPLAIN_TO_CUSTOMER, "AWS"));
        assert_false(says(&item, EXPLAIN_TO_CUSTOMER, "billed"));
    }
}

static void what_is_left_of_usage_that_was_taken_back_says_so(void **state)
{
    (void)state;
    struct line_item item = priced();
    assert_false(says(&item, EXPLAIN_TO_PAYER, "taken back"));
    record_set_text(&item, &line_item_type, LINE_ITEM_reason, TEXT(REASON_TAKEN_BACK));
    assert_true(says(&item, EXPLAIN_TO_PAYER, "goes to other rows when the month closes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_done_again),
        cmocka_unit_test(a_customer_hears_nothing_of_what_aws_bills),
        cmocka_unit_test(what_is_left_of_usage_that_was_taken_back_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
