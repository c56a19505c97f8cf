/* cur/cur_columns: headings in AWS's legacy form, rows with every digit. */
#include "support/unit.h"

#include "codec/cur_csv.h"
#include "cur/cur_columns.h"
#include "support/cur_sample.h"
#include "support/record_text.h"

/* The value under a heading, of one unquoted row. */
static struct text value_under(const char *heading, struct text row)
{
    size_t column = 0;
    while (column < cur_column_count) {
        char name[128];
        snprintf(name, sizeof name, "%s/%s", cur_columns[column].category, cur_columns[column].name);
        if (strcmp(name, heading) == 0)
            break;
        column++;
    }
    if (column == cur_column_count)
        fail_msg("no column %s", heading);
    const char *at = row.data, *end = row.data + row.size - 1; /* without the newline */
    for (; column > 0; column--)
        at = (const char *)memchr(at, ',', (size_t)(end - at)) + 1;
    const char *stop = memchr(at, ',', (size_t)(end - at));
    return (struct text){ at, (size_t)((stop ? stop : end) - at) };
}

static void columns_stand_in_their_groups_and_none_twice(void **state)
{
    (void)state;
    static const char *const groups[] = {
        "identity", "bill", "lineItem", "product", "pricing", "reservation", "savingsPlan"
    };
    size_t group = 0;
    for (size_t i = 0; i < cur_column_count; i++) {
        while (group < ARRAY_COUNT(groups) && strcmp(groups[group], cur_columns[i].category) != 0)
            group++;
        if (group == ARRAY_COUNT(groups))
            fail_msg("%s/%s is out of its group", cur_columns[i].category, cur_columns[i].name);
        for (size_t other = 0; other < i; other++)
            assert_false(strcmp(cur_columns[i].name, cur_columns[other].name) == 0 &&
                         strcmp(cur_columns[i].category, cur_columns[other].category) == 0);
        assert_null(strcasestr(cur_columns[i].name, "billable")); /* may be given to a customer */
        assert_null(strstr(cur_columns[i].name, "Net"));
    }
}

static void a_heading_has_the_tags_of_its_report(void **state)
{
    (void)state;
    const struct text tags[] = { TEXT("aws:createdBy"), TEXT("user:a,b"), TEXT("user:team") };
    struct buffer plain = { 0 }, tagged = { 0 };
    cur_write_heading(&plain, NULL, 0);
    cur_write_heading(&tagged, tags, ARRAY_COUNT(tags));
    assert_true(text_starts_with(buffer_text(&plain), TEXT("identity/LineItemId,identity/TimeInterval,bill/BillType,")));
    assert_int_equal(plain.data[plain.size - 1], '\n');
    assert_memory_equal(tagged.data, plain.data, plain.size - 1);
    struct text rest = { tagged.data + plain.size - 1, tagged.size - plain.size + 1 };
    expect_text("tags", rest, ",resourceTags/aws:createdBy,\"resourceTags/user:a,b\",resourceTags/user:team\n");
    buffer_done(&plain);
    buffer_done(&tagged);
}

static void figures_have_all_their_digits(void **state)
{
    (void)state;
    struct cur_row row =
        cur_row_with("id", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", "-1.000000000000000000000001");
    row.line_item_usage_amount = sum_of(15000000000);
    record_set(&row, CUR_ROW_line_item_usage_amount);
    struct buffer out = { 0 };
    cur_write_row(&out, &row, NULL, 0);
    static const struct {
        const char *heading, *expected;
    } rows[] = {
        { "identity/LineItemId", "id" },
        { "bill/BillType", "Anniversary" },
        { "bill/InvoiceId", "" },
        { "bill/BillingPeriodStartDate", "2026-06-01T00:00:00Z" },
        { "bill/BillingPeriodEndDate", "2026-07-01T00:00:00Z" },
        { "lineItem/UnblendedCost", "-1.000000000000000000000001" },
        { "lineItem/UsageAmount", "1.5" },
        { "lineItem/UsageStartDate", "2026-06-01T00:00:00Z" },
        { "lineItem/UsageEndDate", "2026-06-01T01:00:00Z" },
        { "lineItem/UsageAccountId", "111111111111" },
        { "lineItem/ResourceId", "" },
        { "pricing/publicOnDemandCost", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_text(rows[i].heading, value_under(rows[i].heading, buffer_text(&out)), rows[i].expected);
    buffer_done(&out);
}

static void our_own_reader_reads_what_is_written(void **state)
{
    (void)state;
    static const struct tag items[] = { { { "user:a", 6 }, { "x,y\"z\"", 6 } }, { { "user:c", 6 }, { " b ", 3 } } };
    const struct text tags[] = { TEXT("user:a"), TEXT("user:b"), TEXT("user:c") };
    struct cur_row row = cur_row_with("id", "111111111111", "2026-06-01T00:00:00Z", "Amazon \"EC2\",\r\nnew", "1.5");
    row.resource_tags = (struct tags){ items, 2 };
    record_set(&row, CUR_ROW_resource_tags);
    record_set_text(&row, &cur_row_type, CUR_ROW_line_item_line_item_description, TEXT(" first and last blank "));
    record_set_text(&row, &cur_row_type, CUR_ROW_line_item_usage_type, TEXT("BoxUsage"));
    struct buffer heading = { 0 }, bytes = { 0 }, found = { 0 };
    struct cur_csv *csv;
    struct usage_event event;
    struct arena arena = { 0 };
    struct refusal refusal;
    struct error error;
    cur_write_heading(&heading, tags, ARRAY_COUNT(tags));
    cur_write_row(&bytes, &row, tags, ARRAY_COUNT(tags));
    heading.size--;
    bytes.size--;
    assert_true(cur_csv_open(buffer_text(&heading), "own", &csv, &error));
    if (!cur_csv_decode(csv, buffer_text(&bytes), EXCESS_REJECT, &event, &arena, &refusal))
        fail_msg("%s", refusal.detail);
    assert_string_equal(record_text(&usage_event_type, &event, &found),
                        "event_id=id/i usage_account_id=111111111111 billing_period=2026-06 line_item_type=Usage "
                        "product_code=Amazon%20\"EC2\"%2c%0d%0anew usage_type=BoxUsage usage_start=1780272000000 "
                        "usage_end=1780275600000 currency=USD unblended_cost=1.5 "
                        "description=%20first%20and%20last%20blank%20 tags=user%3aa:x%2cy\"z\",user%3ac:%20b%20");
    cur_csv_free(csv);
    arena_done(&arena);
    buffer_done(&heading);
    buffer_done(&bytes);
    buffer_done(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_in_their_groups_and_none_twice),
        cmocka_unit_test(a_heading_has_the_tags_of_its_report),
        cmocka_unit_test(figures_have_all_their_digits),
        cmocka_unit_test(our_own_reader_reads_what_is_written),
    };
    return cmocka_run_group_tests_name("cur/cur_columns", tests, NULL, NULL);
}
