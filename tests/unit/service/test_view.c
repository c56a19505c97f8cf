/* service/view: rows by month, group, account and service; a line item in place of its earlier self; days that add up. */
#include "support/unit.h"

#include "service/view.h"
#include "support/scratch.h"

static struct view *view;

static int open_view(void **state)
{
    struct error error;
    return scratch_setup(state) == 0 && view_open(scratch_path("view"), 16 << 20, &view, &error) ? 0 : -1;
}

static int close_view(void **state)
{
    view_close(view);
    return scratch_teardown(state);
}

static struct line_item item_of(const char *id, const char *group, const char *account, const char *service, int64_t start,
                                i128 cost)
{
    struct line_item item = { 0 };
    const struct {
        size_t field;
        const char *text;
    } texts[] = { { LINE_ITEM_line_item_id, id },          { LINE_ITEM_status, "CHARGED" },
                  { LINE_ITEM_billing_period, "2026-06" }, { LINE_ITEM_billing_group, group },
                  { LINE_ITEM_usage_account_id, account }, { LINE_ITEM_product_code, service } };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        record_set_text(&item, &line_item_type, texts[i].field, text_of(texts[i].text));
    item.usage_start = start;
    item.cost = cost;
    record_set(&item, LINE_ITEM_revision);
    record_set(&item, LINE_ITEM_usage_start);
    record_set(&item, LINE_ITEM_cost);
    return item;
}

struct seen {
    struct buffer text;
    size_t max;
    struct buffer last;
};

static bool see(void *context, struct text key, const struct text parts[5], struct text value)
{
    struct seen *seen = context;
    (void)value;
    buffer_clear(&seen->last);
    buffer_append_text(&seen->last, key);
    buffer_printf(&seen->text, "%.*s/%.*s/%.*s/%.*s ", TEXT_ARGS(parts[0]), TEXT_ARGS(parts[1]), TEXT_ARGS(parts[2]),
                  TEXT_ARGS(parts[3]));
    return --seen->max > 0;
}

static void expect_rows(struct view_range range, size_t max, const char *expected)
{
    struct seen seen = { .max = max };
    struct error error;
    memcpy(range.period, "2026-06", 8);
    assert_true(view_walk(view, &range, see, &seen, &error));
    expect_text("rows", buffer_text(&seen.text), expected);
    buffer_done(&seen.text);
    buffer_done(&seen.last);
}

static void put(const struct line_item *item)
{
    struct error error;
    assert_true(view_put_line_item(view, item, &error));
}

#define DAY INT64_C(86400000)
#define JUNE INT64_C(1780272000000)

static void rows_are_found_by_prefix_and_pages_go_on_behind_a_key(void **state)
{
    (void)state;
    struct error error;
    const struct line_item items[] = {
        item_of("a", "g", "1", "EC2", JUNE, 5), item_of("b", "g", "1", "S3", JUNE, 7),
        item_of("c", "g", "2", "EC2", JUNE, 1), item_of("d", "gg", "1", "EC2", JUNE, 1),
        item_of("e", "", "3", "EC2", JUNE, 0),
    };
    for (size_t i = 0; i < ARRAY_COUNT(items); i++)
        put(&items[i]);
    assert_true(view_commit(view, &error));
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS }, 100, "/3/EC2/e g/1/EC2/a g/1/S3/b g/2/EC2/c gg/1/EC2/d ");
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS, .parts = { TEXT("g") }, .part_count = 1 }, 100,
                "g/1/EC2/a g/1/S3/b g/2/EC2/c ");
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS, .parts = { TEXT("g"), TEXT("1") }, .part_count = 2 }, 100,
                "g/1/EC2/a g/1/S3/b ");
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS, .parts = { TEXT("") }, .part_count = 1 }, 100, "/3/EC2/e ");
    struct view_range range = {
        .table = VIEW_LINE_ITEMS, .parts = { TEXT("g") }, .part_count = 1, .after = BYTES("g\0001\000EC2\000a\0")
    };
    expect_rows(range, 100, "g/1/S3/b g/2/EC2/c ");
    range.after = BYTES("a\0");
    expect_rows(range, 1, "g/1/EC2/a ");
    range.after = BYTES("z\0");
    expect_rows(range, 100, "");
}

static bool sum_days(void *context, struct text key, const struct text parts[5], struct text value)
{
    struct view_daily daily = view_daily_read(value);
    (void)key;
    (void)parts;
    sum_add_sum(context, &daily.cost);
    return true;
}

static i128 days_of_group(const char *group)
{
    struct sum sum = { 0 };
    struct error error;
    i128 value = -1;
    struct view_range range = { .table = VIEW_DAILY, .period = "2026-06", .parts = { text_of(group) }, .part_count = 1 };
    assert_true(view_walk(view, &range, sum_days, &sum, &error));
    assert_true(sum_value(&sum, &value));
    return value;
}

static void a_line_item_takes_the_place_of_its_earlier_self(void **state)
{
    (void)state;
    struct error error;
    struct buffer json = { 0 };
    bool found;
    struct line_item item = item_of("x", "moves", "1", "EC2", JUNE, 100);
    put(&item);
    item.cost = 40; /* in the same batch */
    put(&item);
    assert_true(view_commit(view, &error));
    assert_int_equal(days_of_group("moves"), 40);
    item = item_of("x", "there", "1", "EC2", JUNE + DAY, 60);
    put(&item);
    assert_true(view_commit(view, &error));
    assert_int_equal(days_of_group("moves"), 0);
    assert_int_equal(days_of_group("there"), 60);
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS, .parts = { TEXT("moves") }, .part_count = 1 }, 9, "");
    assert_true(view_fetch_line_item(view, TEXT("x"), &json, &found, &error) && found);
    assert_true(view_delete_line_item(view, TEXT("x"), &error) && view_commit(view, &error));
    assert_int_equal(days_of_group("there"), 0);
    assert_true(view_fetch_line_item(view, TEXT("x"), &json, &found, &error));
    assert_false(found);
    assert_true(view_delete_line_item(view, TEXT("never there"), &error));
    buffer_done(&json);
}

static void marks_are_kept_and_all_can_be_cleared(void **state)
{
    (void)state;
    struct error error;
    struct buffer value = { 0 };
    bool found;
    view_put_mark(view, TEXT("positions"), TEXT("7"));
    assert_true(view_commit(view, &error));
    assert_true(view_fetch_mark(view, TEXT("positions"), &value, &found, &error) && found);
    expect_text("mark", buffer_text(&value), "7");
    assert_true(view_remake(view, &error));
    assert_true(view_commit(view, &error));
    assert_true(view_fetch_mark(view, TEXT("positions"), &value, &found, &error));
    assert_false(found);
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS }, 100, "");
    buffer_done(&value);
}

static void put_bill(const char *period)
{
    struct bill bill = { 0 };
    struct error error;
    record_set_text(&bill, &bill_type, BILL_billing_group, TEXT("g"));
    record_set_text(&bill, &bill_type, BILL_billing_period, text_of(period));
    assert_true(view_put_bill(view, &bill, &error));
}

static void list_period(void *context, struct text period)
{
    struct buffer *out = context;
    buffer_printf(out, "%.*s ", TEXT_ARGS(period));
}

static void expect_periods(const char *expected)
{
    struct buffer periods = { 0 };
    struct error error;
    assert_true(view_periods(view, list_period, &periods, &error));
    expect_text("periods", buffer_text(&periods), expected);
    buffer_done(&periods);
}

static void a_month_goes_in_steps_and_leaves_its_neighbours(void **state)
{
    (void)state;
    struct error error;
    struct buffer json = { 0 };
    bool whole, found;
    char id[8];
    unsigned steps = 0;
    assert_true(view_remake(view, &error));
    for (int i = 0; i < 25; i++) {
        snprintf(id, sizeof id, "a%02d", i);
        struct line_item item = item_of(id, "g", "1", "EC2", JUNE, 5);
        if (i >= 20)
            record_set_text(&item, &line_item_type, LINE_ITEM_billing_period, TEXT("2026-07"));
        put(&item);
    }
    put_bill("2026-06");
    put_bill("2026-07");
    assert_true(view_commit(view, &error));
    expect_periods("2026-06 2026-07 ");
    do {
        assert_true(view_drop_month(view, TEXT("2026-06"), 8, &whole, &error));
        expect_periods(whole ? "2026-07 " : "2026-06 2026-07 "); /* found again if this had ended here */
        expect_rows((struct view_range){ .table = VIEW_BILLS }, 100, "");
        expect_rows((struct view_range){ .table = VIEW_DAILY }, 100, "");
        steps++;
    } while (!whole);
    assert_int_equal(steps, 3);
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS }, 100, "");
    assert_true(view_fetch_line_item(view, TEXT("a00"), &json, &found, &error));
    assert_false(found);
    assert_true(view_fetch_line_item(view, TEXT("a24"), &json, &found, &error) && found);
    assert_true(view_fetch_bill(view, "2026-07", TEXT("g"), TEXT_NONE, TEXT_NONE, TEXT_NONE, &json, &found, &error) &&
                found);
    put_bill("2026-06"); /* it may come again */
    assert_true(view_commit(view, &error));
    expect_periods("2026-06 2026-07 ");
    buffer_done(&json);
}

static void a_folder_that_is_deleted_is_noticed_and_made_again(void **state)
{
    (void)state;
    struct error error;
    struct line_item item = item_of("a", "g", "1", "EC2", JUNE, 5);
    assert_true(view_remake(view, &error) && view_is_there(view));
    put(&item);
    assert_true(view_commit(view, &error));
    remove_tree(scratch_path("view"));
    assert_false(view_is_there(view));
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS }, 100, "g/1/EC2/a "); /* what was read is still right */
    put(&item);
    assert_true(view_remake(view, &error));
    assert_true(view_is_there(view));
    assert_true(view_commit(view, &error)); /* what waited is gone, too */
    expect_rows((struct view_range){ .table = VIEW_LINE_ITEMS }, 100, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_by_prefix_and_pages_go_on_behind_a_key),
        cmocka_unit_test(a_line_item_takes_the_place_of_its_earlier_self),
        cmocka_unit_test(marks_are_kept_and_all_can_be_cleared),
        cmocka_unit_test(a_month_goes_in_steps_and_leaves_its_neighbours),
        cmocka_unit_test(a_folder_that_is_deleted_is_noticed_and_made_again),
    };
    return cmocka_run_group_tests(tests, open_view, close_view);
}
