/* service/folder: what a result folder shows, and what is said of one that is not whole. */
#include "support/result_folder.h"
#include "support/unit.h"

#include "service/folder.h"

static int set_up(void **state)
{
    return scratch_setup(state) == 0 && setenv("TMPDIR", scratch_folder, 1) == 0 ? 0 : -1;
}

static bool count_row(void *context, struct text key, const struct text parts[5], struct text value)
{
    (void)key;
    (void)parts;
    (void)value;
    ++*(size_t *)context;
    return true;
}

static size_t count_rows(struct folder *folder, enum view_table table)
{
    struct view_range range = { .table = table, .period = "2026-06" };
    struct error error;
    size_t count = 0;
    assert_true(view_walk(folder_view(folder), &range, count_row, &count, &error));
    return count;
}

static void list_report(void *context, struct text group, struct text account)
{
    buffer_printf(context, "%.*s/%.*s ", TEXT_ARGS(group), TEXT_ARGS(account));
}

static void a_folder_shows_all_that_is_in_it(void **state)
{
    (void)state;
    struct folder *folder;
    struct error error;
    struct buffer out = { 0 };
    billing_period june;
    assert_true(folder_open(result_folder("whole"), NULL, &folder, &error));
    struct source source = folder_source(folder);
    assert_true(period_parse(TEXT("2026-06"), &june));
    assert_int_equal(count_rows(folder, VIEW_BILLS), 5);
    assert_int_equal(count_rows(folder, VIEW_DAILY), 3);
    assert_int_equal(count_rows(folder, VIEW_LINE_ITEMS), 3);
    assert_int_equal(source.running_month(source.context), june);
    assert_int_equal(source.month_state(source.context, june), MONTH_CLOSED);
    assert_int_equal(source.month_state(source.context, june + 1), MONTH_OPEN);
    assert_int_equal(source.health(source.context), SOURCE_READY);
    struct document *document = book_at(folder_book(folder), june);
    assert_int_equal(document_count(document, ENTITY_GROUP), 2);
    document_release(document);
    assert_true(source.state(source.context, &out, &error));
    expect_text(
        "state", buffer_text(&out),
        "{\"counts\":{\"events_in\":4,\"priced\":3,\"dead\":3},\"dead_letters\":[{\"reason\":\"MALFORMED\",\"count\":2},"
        "{\"reason\":\"FUTURE\",\"count\":1}]}");
    buffer_clear(&out);
    assert_true(source.reports(source.context, june, list_report, &out, &error));
    expect_text("reports", buffer_text(&out), "111111111111/ 111111111111/222222222222 ");
    buffer_done(&out);
    folder_close(folder);
}

static void a_report_is_opened_if_it_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *group, *account;
        int month;
        bool is_there;
    } rows[] = {
        { "111111111111", "", 0, true },  { "111111111111", "222222222222", 0, true },
        { "111111111111", "", 1, false }, { "111111111111", "333333333333", 0, false },
        { "333333333333", "", 0, false },
    };
    struct folder *folder;
    struct error error;
    billing_period june;
    assert_true(period_parse(TEXT("2026-06"), &june));
    assert_true(folder_open(result_folder("reports"), NULL, &folder, &error));
    struct source source = folder_source(folder);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int file;
        uint64_t bytes = 0;
        assert_true(source.open_report(source.context, june + rows[i].month, text_of(rows[i].group),
                                       text_of(rows[i].account), &file, &bytes, &error));
        expect(rows[i].group, file >= 0, rows[i].is_there);
        expect_number(rows[i].group, (long long)bytes, rows[i].is_there ? 8 : 0);
        if (file >= 0)
            close(file);
    }
    folder_close(folder);
}

static void what_is_wrong_is_named_with_its_file_and_nothing_is_left_behind(void **state)
{
    (void)state;
    static const struct {
        const char *name, *file, *text; /* text NULL: the file is gone */
        const char *says;               /* NULL: it does not matter */
        enum error_kind kind;
    } rows[] = {
        { "w1", "summary.json", NULL, "holds no summary.json", ERROR_INVALID },
        { "w2", "bills.jsonl", NULL, "holds no bills.jsonl or bills.avro", ERROR_INVALID },
        { "w3", "line-items.jsonl", NULL, "holds no line-items.jsonl or line-items.avro", ERROR_INVALID },
        { "w4", "bills.jsonl", "{\"billing_group\":\n", "bills.jsonl: line 1: ", ERROR_INVALID },
        { "w5", "line-items.jsonl", "{}\n{\"cost\":[]}\n", "line-items.jsonl: line 2: ", ERROR_INVALID },
        { "w6", "conductor.json", NULL, NULL, ERROR_FAILED },
        { "w7", "dead-letters.jsonl", NULL, NULL, ERROR_FAILED },
        { "w8", "bills.jsonl", "", NULL, ERROR_FAILED },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct folder *folder = NULL;
        struct error error = { 0 };
        char file[64];
        const char *path = result_folder(rows[i].name);
        snprintf(file, sizeof file, "%s/%s", rows[i].name, rows[i].file);
        if (rows[i].text)
            write_bytes(scratch_path(file), text_of(rows[i].text));
        else
            remove(scratch_path(file));
        bool opened = folder_open(path, NULL, &folder, &error);
        expect(rows[i].name, opened, rows[i].says == NULL);
        if (rows[i].says && !text_contains(text_of(error.message), text_of(rows[i].says)))
            fail_msg("%s: %s", rows[i].name, error.message);
        if (rows[i].says)
            assert_int_equal(error.kind, rows[i].kind);
        if (opened)
            folder_close(folder);
    }
    char command[128];
    snprintf(command, sizeof command, "test -z \"$(ls -d %s/proforma-serve-* 2>/dev/null)\"", scratch_folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_shows_all_that_is_in_it),
        cmocka_unit_test(a_report_is_opened_if_it_is_there),
        cmocka_unit_test(what_is_wrong_is_named_with_its_file_and_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_teardown);
}
