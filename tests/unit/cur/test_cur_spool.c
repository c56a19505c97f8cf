/* cur/cur_spool: rows go in in any order and come out report by report, in the order of a report. */
#include "support/unit.h"

#include "cur/cur_spool.h"
#include "support/avro_random.h"
#include "support/cur_sample.h"
#include "support/record_text.h"
#include "support/scratch.h"

static struct rocks *open_rocks(void)
{
    const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };
    struct rocks *rocks;
    struct error error;
    if (!rocks_open(scratch_path("cur"), &small, &rocks, &error))
        fail_msg("%s", error.message);
    return rocks;
}

struct added {
    uint32_t group;
    unsigned hour, account, number;
    bool is_custom;
};

static int compare_added(const void *left, const void *right)
{
    const struct added *a = left, *b = right;
    if (a->hour != b->hour)
        return a->hour < b->hour ? -1 : 1;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->is_custom != b->is_custom)
        return a->is_custom ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static void check_report(struct cur_spool *spool, struct cur_report report, const struct added *sorted, size_t count)
{
    struct cur_reader *reader;
    struct cur_row row;
    struct error error;
    bool found;
    assert_true(cur_reader_open(spool, report, &reader, &error));
    for (size_t i = 0; i < count; i++) {
        if (sorted[i].group != report.group ||
            (report.account != CUR_WHOLE_GROUP && sorted[i].account + 100000000000u != report.account))
            continue;
        assert_true(cur_reader_next(reader, &row, &found, &error));
        assert_true(found);
        assert_int_equal(atoi(row.identity_line_item_id.data), sorted[i].number);
    }
    assert_true(cur_reader_next(reader, &row, &found, &error));
    assert_false(found);
    cur_reader_close(reader);
}

static void every_report_has_its_rows_in_order(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    static struct added added[COUNT];
    struct rocks *rocks = open_rocks();
    struct cur_spool *spool = cur_spool_new(rocks, JUNE_2026);
    struct error error;
    bool has_report[3][4] = { 0 };
    random_state = 4;
    for (unsigned i = 0; i < COUNT; i++) {
        char id[16], account[16], start[32];
        added[i] = (struct added){ (uint32_t)random_below(3) * 1000000u, (unsigned)random_below(5),
                                   (unsigned)random_below(4), i, random_below(5) == 0 };
        has_report[added[i].group / 1000000u][added[i].account] = true;
        snprintf(id, sizeof id, "%06u", i);
        snprintf(account, sizeof account, "10000000000%u", added[i].account);
        snprintf(start, sizeof start, "2026-06-0%uT0%u:00:00Z", 1 + added[i].hour / 3, added[i].hour % 3);
        struct cur_row row = cur_row_with(id, account, start, "AmazonEC2", "1");
        if (added[i].is_custom)
            record_set_text(&row, &cur_row_type, CUR_ROW_custom_line_item, TEXT("cli"));
        assert_true(cur_spool_add(spool, added[i].group, &row, &error));
    }
    assert_true(cur_spool_finish(spool, &error));
    qsort(added, COUNT, sizeof *added, compare_added);
    size_t count, at = 0;
    struct cur_report *reports = cur_spool_reports(spool, &count);
    for (uint32_t group = 0; group < 3; group++) { /* a group before its accounts */
        assert_true(reports[at].group == group * 1000000u && reports[at].account == CUR_WHOLE_GROUP);
        check_report(spool, reports[at++], added, COUNT);
        for (unsigned account = 0; account < 4; account++) {
            assert_true(has_report[group][account]);
            assert_true(reports[at].group == group * 1000000u && reports[at].account == 100000000000u + account);
            check_report(spool, reports[at++], added, COUNT);
        }
    }
    assert_int_equal(at, count);
    free(reports);
    cur_spool_free(spool);
    rocks_close(rocks);
    remove_tree(scratch_path("cur"));
}

static void a_row_comes_back_with_every_field(void **state)
{
    (void)state;
    static const struct tag items[] = { { { "a", 1 }, { "1", 1 } }, { { "b", 1 }, { "2", 1 } } };
    struct rocks *rocks = open_rocks();
    struct cur_spool *spool = cur_spool_new(rocks, JUNE_2026);
    struct buffer wanted = { 0 }, found_text = { 0 };
    struct error error;
    struct cur_row row = cur_row_with("id", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", "1"), back;
    for (size_t i = 0; i < cur_row_type.field_count; i++) { /* whatever is not there yet */
        const struct field *field = &cur_row_type.fields[i];
        if (record_has(&row, i))
            continue;
        if (field->kind == FIELD_TEXT)
            *(struct text *)record_member(&row, field) = text_of(field->name);
        else if (field->kind == FIELD_SUM)
            *(struct sum *)record_member(&row, field) = (struct sum){ .low = i, .wraps = (int64_t)i - 30 };
        else if (field->kind == FIELD_DECIMAL)
            *(i128 *)record_member(&row, field) = -(decimal_power(38) - 1) + (i128)i;
        else if (field->kind == FIELD_TAGS)
            *(struct tags *)record_member(&row, field) = (struct tags){ items, 2 };
        record_set(&row, i);
    }
    assert_true(cur_spool_add(spool, 0, &row, &error));
    assert_true(cur_spool_finish(spool, &error));
    struct cur_reader *reader;
    bool found;
    assert_true(cur_reader_open(spool, (struct cur_report){ 0, 111111111111 }, &reader, &error));
    assert_true(cur_reader_next(reader, &back, &found, &error));
    assert_true(found);
    record_text(&cur_row_type, &row, &wanted);
    assert_string_equal(record_text(&cur_row_type, &back, &found_text), wanted.data);
    cur_reader_close(reader);
    cur_spool_free(spool);
    rocks_close(rocks);
    remove_tree(scratch_path("cur"));
    buffer_done(&wanted);
    buffer_done(&found_text);
}

/* Parts of rows, from several tasks and in any order, and another month's in the same store. */
static void parts_of_a_row_come_out_as_one(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct cur_spool *spool = cur_spool_new(rocks, JUNE_2026), *other = cur_spool_new(rocks, JUNE_2026 + 1);
    struct error error;
    random_state = 9;
    for (int i = 0; i < 900; i++) {
        static const char *const ids[] = { "a", "b", "c" };
        struct cur_row row =
            cur_row_with(ids[i % 3], "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", i % 3 ? "1" : "0.5");
        assert_true(cur_spool_add(i < 600 ? spool : other, 0, &row, &error));
    }
    assert_true(cur_spool_finish(spool, &error) && cur_spool_finish(other, &error));
    struct cur_reader *reader;
    struct cur_row row;
    bool found;
    assert_true(cur_reader_open(spool, (struct cur_report){ 0, CUR_WHOLE_GROUP }, &reader, &error));
    static const char *const costs[] = { "100", "200", "200" };
    for (int i = 0; i < 3; i++) {
        assert_true(cur_reader_next(reader, &row, &found, &error) && found);
        expect_sum("cost", row.line_item_unblended_cost, COST_SCALE, costs[i]);
    }
    assert_true(cur_reader_next(reader, &row, &found, &error));
    assert_false(found);
    assert_true(cur_reader_next(reader, &row, &found, &error)); /* and stays at its end */
    assert_false(found);
    cur_reader_close(reader);
    cur_spool_free(spool);
    cur_spool_free(other);
    rocks_close(rocks);
    remove_tree(scratch_path("cur"));
}

static void an_empty_spool_has_no_reports(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct cur_spool *spool = cur_spool_new(rocks, JUNE_2026);
    struct error error;
    size_t count = 7;
    assert_true(cur_spool_finish(spool, &error));
    free(cur_spool_reports(spool, &count));
    assert_int_equal(count, 0);
    cur_spool_free(spool);
    cur_spool_free(NULL);
    rocks_close(rocks);
    remove_tree(scratch_path("cur"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_report_has_its_rows_in_order),
        cmocka_unit_test(a_row_comes_back_with_every_field),
        cmocka_unit_test(parts_of_a_row_come_out_as_one),
        cmocka_unit_test(an_empty_spool_has_no_reports),
    };
    return cmocka_run_group_tests_name("cur/cur_spool", tests, scratch_setup, scratch_teardown);
}
