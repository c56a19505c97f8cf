/* cur/cur_rows: which figure of a charged line item stands under which column. */
#include "support/unit.h"

#include "cur/cur_rows.h"
#include "support/record_text.h"

struct item_texts {
#define X(kind, name, scale, required) const char *name;
    LINE_ITEM_FIELDS(X)
#undef X
};

/* Absent where NULL; no tags. */
static struct line_item item_of(struct item_texts texts)
{
    const char *const given[] = {
#define X(kind, name, scale, required) texts.name,
        LINE_ITEM_FIELDS(X)
#undef X
    };
    struct line_item item = { 0 };
    for (size_t i = 0; i < LINE_ITEM_FIELD_COUNT; i++) {
        const struct field *field = &line_item_type.fields[i];
        void *member = record_member(&item, field);
        bool known = true;
        if (!given[i])
            continue;
        if (field->kind == FIELD_DECIMAL) {
            known = decimal_parse(text_of(given[i]), field->scale, member) == DECIMAL_EXACT;
        } else if (field->kind == FIELD_SUM) {
            known = sum_parse(text_of(given[i]), field->scale, member) == DECIMAL_EXACT;
        } else if (field->kind == FIELD_TIME) {
            known = time_parse(text_of(given[i]), member);
        } else if (field->kind == FIELD_LONG) {
            *(int64_t *)member = atoi(given[i]);
        } else {
            *(struct text *)member = text_of(given[i]);
        }
        CHECK(known);
        record_set(&item, i);
    }
    return item;
}

#define ITEM                                                                                                              \
    .line_item_id = "aacbcdefghijklmnopqrstuvwx", .billing_group = "g", .billing_period = "2026-06", .status = "CHARGED", \
    .usage_start = "2026-06-01T00:00:00Z", .usage_end = "2026-06-01T01:00:00Z", .usage_account_id = "111111111111",       \
    .product_code = "AmazonEC2", .currency = "USD", .line_item_type = "DiscountedUsage", .cost = "1.5"

static const char *row_text(const struct line_item *item, bool shown_as_usage)
{
    static struct buffer out;
    struct cur_row_builder builder = { 0 };
    struct cur_row row;
    cur_row_of_line_item(&builder, item, shown_as_usage, &row);
    record_text(&cur_row_type, &row, &out);
    cur_row_builder_done(&builder);
    return out.data;
}

static void expect_fields(const struct line_item *item, bool shown_as_usage, const char *const *wanted, size_t count,
                          bool there)
{
    const char *found = row_text(item, shown_as_usage);
    char padded[4096];
    snprintf(padded, sizeof padded, " %s ", found);
    for (size_t i = 0; i < count; i++) {
        char field[256];
        snprintf(field, sizeof field, there ? " %s " : " %s", wanted[i]);
        if ((strstr(padded, field) != NULL) != there)
            fail_msg("%s: %s", wanted[i], found);
    }
}

static void the_unblended_cost_is_the_pro_forma_cost(void **state)
{
    (void)state;
    struct line_item item = item_of((struct item_texts){
        ITEM, .payer_account_id = "100000000001", .billing_entity = "AWS", .usage_type = "Box", .operation = "Run",
        .sku = "S", .region = "eu", .availability_zone = "eu-a", .resource_id = "i-1", .unit = "Hrs", .usage_amount = "2",
        .public_rate = "0.9", .rate = "0.75", .public_cost = "1.8", .billable_cost = "99", .normalization_factor = "4",
        .public_on_demand_rate = "77" });
    static const char *const wanted[] = {
        "billing_group=g",
        "bill_bill_type=Anniversary",
        "bill_billing_entity=AWS",
        "bill_payer_account_id=100000000001",
        "bill_billing_period_start_date=1780272000000",
        "bill_billing_period_end_date=1782864000000",
        "identity_time_interval=2026-06-01T00%3a00%3a00Z/2026-06-01T01%3a00%3a00Z",
        "line_item_unblended_cost=1.5",
        "line_item_unblended_rate=0.75",
        "line_item_blended_cost=1.5",
        "line_item_blended_rate=0.75",
        "line_item_usage_amount=2",
        "line_item_normalization_factor=4",
        "line_item_normalized_usage_amount=8",
        "line_item_line_item_type=DiscountedUsage",
        "line_item_product_code=AmazonEC2",
        "line_item_usage_type=Box",
        "line_item_operation=Run",
        "line_item_availability_zone=eu-a",
        "line_item_resource_id=i-1",
        "line_item_currency_code=USD",
        "line_item_usage_account_id=111111111111",
        "line_item_usage_start_date=1780272000000",
        "line_item_usage_end_date=1780275600000",
        "product_region_code=eu",
        "product_sku=S",
        "pricing_unit=Hrs",
        "pricing_public_on_demand_rate=0.9",
        "pricing_public_on_demand_cost=1.8",
        "pricing_term=OnDemand",
    };
    static const char *const absent[] = { "bill_invoice_id=", "reservation_", "savings_plan_", "snapshot_id=" };
    expect_fields(&item, false, wanted, ARRAY_COUNT(wanted), true);
    expect_fields(&item, false, absent, ARRAY_COUNT(absent), false);
    assert_null(strstr(row_text(&item, false), "99")); /* no billable figure anywhere */
}

static void the_id_leaves_the_task_out(void **state)
{
    (void)state;
    struct line_item usage = item_of((struct item_texts){ ITEM }), tier = usage;
    tier.line_item_id = TEXT("aabbcdefghijklmnopqrstuvwx");
    static const char *const wanted[] = { "identity_line_item_id=bcdefghijklmnopqrstuvwx" };
    expect_fields(&usage, false, wanted, 1, true);
    expect_fields(&tier, false, wanted, 1, true);
}

static void a_commitment_of_somebody_else_is_not_shown(void **state)
{
    (void)state;
    struct line_item item = item_of((struct item_texts){ ITEM, .reservation_arn = "r", .reservation_effective_cost = "1",
                                                         .savings_plan_arn = "s", .savings_plan_rate = "2",
                                                         .savings_plan_effective_cost = "3" });
    static const char *const commitment[] = {
        "reservation_reservation_a_r_n=r",
        "reservation_effective_cost=1",
        "savings_plan_savings_plan_a_r_n=s",
        "savings_plan_savings_plan_rate=2",
        "savings_plan_savings_plan_effective_cost=3",
    };
    static const char *const own[] = { "line_item_line_item_type=DiscountedUsage" }, *const other[] = {
        "line_item_line_item_type=Usage"
    };
    expect_fields(&item, false, commitment, ARRAY_COUNT(commitment), true);
    expect_fields(&item, false, own, 1, true);
    expect_fields(&item, true, commitment, ARRAY_COUNT(commitment), false);
    expect_fields(&item, true, other, 1, true);
}

static void a_description_carries_what_a_rule_changed(void **state)
{
    (void)state;
    static const struct {
        const char *description, *modifier, *expected;
    } rows[] = {
        { "EC2", "20", "EC2%20(+20%25)" },
        { "EC2", "-7.5", "EC2%20(-7.5%25)" },
        { "EC2", "0", "EC2" },
        { "EC2", NULL, "EC2" },
        { NULL, "0.01", "(+0.01%25)" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct line_item item =
            item_of((struct item_texts){ ITEM, .description = rows[i].description, .modifier = rows[i].modifier });
        char wanted[128];
        snprintf(wanted, sizeof wanted, "line_item_line_item_description=%s", rows[i].expected);
        const char *const field[] = { wanted };
        expect_fields(&item, false, field, 1, true);
    }
    struct line_item bare = item_of((struct item_texts){ ITEM });
    assert_null(strstr(row_text(&bare, false), "line_item_line_item_description"));
}

/* What is free says so, and what AWS's own words call free says so where it is not. */
static void a_description_tells_free_usage(void **state)
{
    (void)state;
    static const struct {
        struct item_texts item;
        const char *expected;
    } rows[] = {
        { { ITEM, .base = "FREE_TIER", .billed_at_nothing = "1", .rate = "0", .modifier = "20" }, "SQS%20(free%20tier)" },
        { { ITEM, .base = "PRICE_LIST", .tier = "1", .rate = "0", .public_rate = "0", .modifier = "20" },
          "SQS%20(free%20tier)" },
        { { ITEM, .base = "PRICE_LIST", .tier = "1", .rate = "0", .public_rate = "0.1", .modifier = "-100" },
          "SQS%20(-100%25)" },
        { { ITEM, .base = "PRICE_LIST", .rate = "0", .public_rate = "0" }, "SQS" }, /* always free: no tier of it */
        { { ITEM, .base = "PRICE_LIST", .tier = "2", .rate = "1", .public_rate = "1", .billed_at_nothing = "1" },
          "SQS%20(charged%2c%20not%20in%20the%20free%20tier)" },
        { { ITEM, .base = "PUBLIC_ON_DEMAND_RATE", .rate = "1", .billed_at_nothing = "1", .modifier = "20" },
          "SQS%20(charged%2c%20not%20in%20the%20free%20tier)%20(+20%25)" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct item_texts texts = rows[i].item;
        texts.description = "SQS";
        struct line_item item = item_of(texts);
        char wanted[160];
        snprintf(wanted, sizeof wanted, "line_item_line_item_description=%s", rows[i].expected);
        const char *const field[] = { wanted };
        expect_fields(&item, false, field, 1, true);
    }
}

static void late_usage_stands_in_the_period_it_is_billed_in(void **state)
{
    (void)state;
    struct line_item item = item_of((struct item_texts){ ITEM });
    item.billing_period = TEXT("2026-08");
    static const char *const wanted[] = { "bill_billing_period_start_date=1785542400000",
                                          "bill_billing_period_end_date=1788220800000",
                                          "line_item_usage_start_date=1780272000000" };
    expect_fields(&item, false, wanted, ARRAY_COUNT(wanted), true);
}

static void a_checksum_is_of_content_in_any_order(void **state)
{
    (void)state;
    struct cur_row_builder builder = { 0 };
    struct line_item item = item_of((struct item_texts){ ITEM }), other = item;
    other.cost++;
    struct buffer scratch = { 0 };
    struct cur_row row;
    cur_row_of_line_item(&builder, &item, false, &row);
    struct hash128 first = cur_row_hash(&row, &scratch);
    record_set_text(&row, &cur_row_type, CUR_ROW_snapshot_id, TEXT("any"));
    struct hash128 again = cur_row_hash(&row, &scratch);
    assert_true(first.high == again.high && first.low == again.low);
    cur_row_of_line_item(&builder, &other, false, &row);
    struct hash128 second = cur_row_hash(&row, &scratch);
    assert_true(first.high != second.high || first.low != second.low);
    struct hash128 ab = { 0 }, ba = { 0 };
    checksum_add(&ab, first);
    checksum_add(&ab, second);
    checksum_add(&ba, second);
    checksum_add(&ba, first);
    assert_true(ab.high == ba.high && ab.low == ba.low);
    struct hash128 wrapped = { .high = UINT64_MAX, .low = UINT64_MAX };
    checksum_add(&wrapped, (struct hash128){ .high = 0, .low = 2 });
    assert_true(wrapped.high == 0 && wrapped.low == 1);
    cur_row_builder_done(&builder);
    buffer_done(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unblended_cost_is_the_pro_forma_cost),
        cmocka_unit_test(the_id_leaves_the_task_out),
        cmocka_unit_test(a_commitment_of_somebody_else_is_not_shown),
        cmocka_unit_test(a_description_carries_what_a_rule_changed),
        cmocka_unit_test(a_description_tells_free_usage),
        cmocka_unit_test(late_usage_stands_in_the_period_it_is_billed_in),
        cmocka_unit_test(a_checksum_is_of_content_in_any_order),
    };
    return cmocka_run_group_tests_name("cur/cur_rows", tests, NULL, NULL);
}
