/* audit/entry: which sources are held against which, in which figures, and what is said of a difference. */
#include "support/unit.h"

#include "audit/entry.h"

static struct audit_figures figures(int64_t rows, int64_t events, i128 cost, i128 billable)
{
    struct audit_figures made = { .said = true, .rows = rows, .usage_events = events };
    sum_add(&made.amounts[AUDIT_COST], cost);
    sum_add(&made.amounts[AUDIT_BILLABLE_COST], billable);
    return made;
}

static void expect_told(const char *row, enum audit_kind kind, const struct audit_entry *entry, unsigned may_lack,
                        const char *told)
{
    struct buffer out = { 0 };
    size_t lines = 0;
    for (const char *at = told; *at; at++)
        lines += *at == '\n';
    expect_number(row, (long long)audit_entry_compare(kind, TEXT("k"), entry, may_lack, &out), (long long)lines);
    expect_text(row, buffer_text(&out), told);
    buffer_done(&out);
}

static void sources_that_say_the_same_agree(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 };
    expect_told("nobody speaks", AUDIT_BILL, &entry, 0, "");
    entry.of[AUDIT_LINE_ITEMS] = figures(3, 7, 5, -2);
    entry.of[AUDIT_BILLS] = figures(0, 7, 5, -2); /* a bill says nothing of rows */
    expect_told("a bill", AUDIT_BILL, &entry, 0, "");
    entry.of[AUDIT_CUR_ROWS] = figures(1, 0, 1, 1); /* no part of a bill */
    expect_told("a bill", AUDIT_BILL, &entry, 0, "");
}

static void every_figure_is_compared_to_its_last_digit(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 };
    i128 million = (i128)1000000 * decimal_power(COST_SCALE);
    entry.of[AUDIT_LINE_ITEMS] = figures(3, 7, million, 5);
    entry.of[AUDIT_BILLS] = figures(0, 8, million + 1, 4);
    sum_add(&entry.of[AUDIT_BILLS].amounts[AUDIT_TAX], 1);
    sum_add(&entry.of[AUDIT_LINE_ITEMS].amounts[AUDIT_PUBLIC_COST], 100);
    expect_told("all", AUDIT_BILL, &entry, 0,
                "bill k: usage_events: line items 7, bills 8\n"
                "bill k: cost: line items 1000000, bills 1000000.000000000000000000000001\n"
                "bill k: public_cost: line items 0.000000000000000001, bills 0\n"
                "bill k: billable_cost: line items 0.00000000000000000005, bills 0.00000000000000000004\n"
                "bill k: tax: line items 0, bills 0.00000000000000000001\n");
}

static void sums_beyond_38_digits_are_told_whole(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 };
    i128 large = decimal_power(37) * 9;
    entry.of[AUDIT_LINE_ITEMS] = figures(1, 0, large, 0);
    for (int i = 0; i < 9; i++)
        sum_add(&entry.of[AUDIT_LINE_ITEMS].amounts[AUDIT_COST], large);
    entry.of[AUDIT_BILLS] = entry.of[AUDIT_LINE_ITEMS];
    expect_told("equal", AUDIT_BILL, &entry, 0, "");
    sum_add(&entry.of[AUDIT_BILLS].amounts[AUDIT_COST], 1);
    expect_told("by one", AUDIT_BILL, &entry, 0,
                "bill k: cost: line items 900000000000000, bills 900000000000000.000000000000000000000001\n");
}

static void a_source_that_is_silent_says_zero_but_not_of_rows_that_are_there(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 };
    entry.of[AUDIT_LINE_ITEMS] = figures(1, 0, 0, 0);
    expect_told("a row of nothing without a bill", AUDIT_BILL, &entry, 0, "bill k: bills: missing\n");
    expect_told("allowed", AUDIT_BILL, &entry, 1u << AUDIT_BILLS, "");
    entry = (struct audit_entry){ 0 };
    entry.of[AUDIT_BILLS] = figures(0, 0, 0, 0);
    expect_told("a bill of nothing, whose rows are gone", AUDIT_BILL, &entry, 0, "");
    entry.of[AUDIT_BILLS] = figures(0, 1, 0, 0);
    expect_told("a bill of something", AUDIT_BILL, &entry, 0, "bill k: bills: there is no such key in line items\n");
}

static void a_manifest_holds_the_rows_it_names(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 };
    entry.of[AUDIT_CUR_ROWS] = figures(2, 0, 5, 0);
    entry.of[AUDIT_CUR_ROWS].checksum = (struct hash128){ 1, 2 };
    entry.of[AUDIT_LINE_ITEMS] = figures(7, 0, 5, 0); /* of which the report says the cost alone */
    audit_figures_add_offset(&entry.of[AUDIT_CUR_ROWS], 3, 10);
    audit_figures_add_offset(&entry.of[AUDIT_CUR_ROWS], 3, 20);
    entry.of[AUDIT_MANIFESTS] = entry.of[AUDIT_CUR_ROWS];
    entry.of[AUDIT_MANIFESTS].first_offset = 0; /* wider is fine: other reports' rows lie between */
    expect_told("a report", AUDIT_REPORT, &entry, 0, "");
    entry.of[AUDIT_MANIFESTS].last_offset = 19;
    expect_told("a row behind it", AUDIT_REPORT, &entry, 0,
                "report k: offsets: cur rows 10 to 20 of partition 3, manifest 0 to 19 of partition 3\n");
    entry.of[AUDIT_MANIFESTS].last_offset = 20;
    entry.of[AUDIT_MANIFESTS].checksum.low = 3;
    entry.of[AUDIT_MANIFESTS].rows = 3;
    expect_told(
        "other rows", AUDIT_REPORT, &entry, 0,
        "report k: rows: cur rows 2, manifest 3\n"
        "report k: checksum: cur rows 00000000000000010000000000000002, manifest 00000000000000010000000000000003\n");
    audit_figures_add_offset(&entry.of[AUDIT_CUR_ROWS], 4, 1);
    entry.of[AUDIT_MANIFESTS].rows = 2;
    entry.of[AUDIT_MANIFESTS].checksum.low = 2;
    expect_told("rows in two partitions", AUDIT_REPORT, &entry, 0,
                "report k: offsets: cur rows 1 to 20 of partition 3 to 4, manifest 0 to 20 of partition 3\n");
}

static void an_open_month_has_no_reports(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 };
    unsigned may_lack = 1u << AUDIT_CUR_ROWS | 1u << AUDIT_MANIFESTS;
    entry.of[AUDIT_LINE_ITEMS] = figures(2, 0, 5, 0);
    expect_told("a report", AUDIT_REPORT, &entry, may_lack, "");
    expect_told("a row", AUDIT_REPORT_ROW, &entry, may_lack, "");
    expect_told("a closed month's row", AUDIT_REPORT_ROW, &entry, 0, "report row k: cur rows: missing\n");
}

static void what_is_stored_comes_back_and_adds_up(void **state)
{
    (void)state;
    struct audit_entry entry = { 0 }, back = { 0 };
    struct buffer bytes = { 0 };
    entry.of[AUDIT_LINE_ITEMS] = figures(-1, 7, -5, 9);
    entry.of[AUDIT_MANIFESTS] = figures(2, 0, 1, 0);
    entry.of[AUDIT_MANIFESTS].checksum = (struct hash128){ UINT64_MAX, UINT64_MAX };
    audit_figures_add_offset(&entry.of[AUDIT_MANIFESTS], 3, 10);
    audit_entry_write(&entry, &bytes);
    assert_true(audit_entry_add_stored(&back, buffer_text(&bytes)));
    assert_true(audit_entry_add_stored(&back, buffer_text(&bytes)));
    assert_int_equal(back.of[AUDIT_LINE_ITEMS].rows, -2);
    assert_int_equal(back.of[AUDIT_LINE_ITEMS].usage_events, 14);
    assert_true(
        sum_equal(&back.of[AUDIT_LINE_ITEMS].amounts[AUDIT_COST], &(struct sum){ .low = (uint64_t)-10, .high = -1 }));
    assert_true(back.of[AUDIT_MANIFESTS].checksum.high == UINT64_MAX &&
                back.of[AUDIT_MANIFESTS].checksum.low == UINT64_MAX - 1);
    assert_int_equal(back.of[AUDIT_MANIFESTS].last_offset, 10);
    assert_false(back.of[AUDIT_BILLS].said);
    for (size_t size = 0; size < bytes.size; size++)
        assert_false(audit_entry_add_stored(&back, (struct text){ bytes.data, size }));
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_that_say_the_same_agree),
        cmocka_unit_test(every_figure_is_compared_to_its_last_digit),
        cmocka_unit_test(sums_beyond_38_digits_are_told_whole),
        cmocka_unit_test(a_source_that_is_silent_says_zero_but_not_of_rows_that_are_there),
        cmocka_unit_test(a_manifest_holds_the_rows_it_names),
        cmocka_unit_test(an_open_month_has_no_reports),
        cmocka_unit_test(what_is_stored_comes_back_and_adds_up),
    };
    return cmocka_run_group_tests_name("audit/entry", tests, NULL, NULL);
}
