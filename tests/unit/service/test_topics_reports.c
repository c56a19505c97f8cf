/*
 * service/topics_reports: a closed month's reports out of a log in memory: made when they are asked for, kept while their
 * manifest is the same, never half.
 */
#include "support/cur_sample.h"
#include "support/topics_fixture.h"

#include "codec/cur_manifest.h"
#include "cur/cur_rows.h"

#define MANIFEST_KEY "g/2026-06/"

static struct topics *topics;

static int set_up(void **state)
{
    topics = NULL;
    return topics_set_up(state);
}

static int tear_down(void **state)
{
    topics_close(topics);
    return topics_tear_down(state);
}

/* As it is begun again: what is on the log by now is in the view. */
static void open_topics(void)
{
    const struct topics_options options = topics_options_of_test();
    topics_close(topics);
    topics = topics_open_with(&options);
}

/* ---- what a close writes ---- */

struct sample_row {
    const char *id, *account, *cost;
};

static void add_row(const struct sample_row *sample, const char *snapshot, struct hash128 *checksum)
{
    struct buffer value = { 0 }, scratch = { 0 }, key = { 0 };
    struct error error;
    struct cur_row row = cur_row_with(sample->id, sample->account, "2026-06-02T00:00:00Z", "AmazonEC2", sample->cost);
    record_set_text(&row, &cur_row_type, CUR_ROW_snapshot_id, text_of(snapshot));
    checksum_add(checksum, cur_row_hash(&row, &scratch));
    CHECK(wire_encode(wire, "cur", &cur_row_type, &row, &value, &error));
    buffer_append_byte(&value, '\0');
    buffer_printf(&key, "%s%s", MANIFEST_KEY, sample->account);
    buffer_append_byte(&key, '\0');
    memory_log_add(STREAM_CUR, key.data, value.data, NULL, 0);
    buffer_done(&value);
    buffer_done(&scratch);
    buffer_done(&key);
}

/* Of the first `count` rows; the manifest says that there are `said`. */
static void add_report(const struct sample_row *rows, size_t count, size_t said, const char *snapshot, int64_t revision)
{
    struct hash128 checksum = { 0 };
    struct cur_manifest_total totals[4];
    struct buffer value = { 0 };
    struct error error;
    char text[33];
    CHECK(count <= ARRAY_COUNT(totals));
    for (size_t i = 0; i < count; i++) {
        add_row(&rows[i], snapshot, &checksum);
        totals[i] = (struct cur_manifest_total){ .usage_account_id = text_of(rows[i].account),
                                                 .product_code = TEXT("AmazonEC2"),
                                                 .rows = 1,
                                                 .cost = sum_from(rows[i].cost, COST_SCALE) };
    }
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)checksum.high, (unsigned long long)checksum.low);
    struct cur_manifest manifest = { .snapshots = { text_of(snapshot) },
                                     .snapshot_count = 1,
                                     .snapshot_id = text_of(snapshot),
                                     .billing_group = TEXT("g"),
                                     .billing_period = TEXT("2026-06"),
                                     .status = TEXT("FINAL"),
                                     .currency = TEXT("USD"),
                                     .checksum = text_of(text),
                                     .payer_account_id = TEXT("123456789012"),
                                     .revision = revision,
                                     .rows = (int64_t)said,
                                     .totals = totals,
                                     .total_count = count };
    CHECK(wire_encode_manifest(wire, &manifest, &value, &error));
    buffer_append_byte(&value, '\0');
    memory_log_add(STREAM_CUR_MANIFESTS, MANIFEST_KEY, value.data, NULL, 0);
    buffer_done(&value);
}

/* ---- what is asked ---- */

enum answer { REPORT, NONE, FAILED };

/* Of a report also its number of rows that are not its heading, and whether it names a line item. */
static enum answer ask(const char *group, const char *account, const char *id, int *ret_rows, bool *ret_has_id)
{
    struct source source = topics_source(topics);
    struct buffer name = { 0 }, csv = { 0 };
    struct error error = { 0 };
    uint64_t bytes = 0;
    int file;
    bool done = source.open_report(source.context, JUNE_2026, text_of(group), text_of(account), &file, &bytes, &error);
    assert_int_equal(done, error.kind == ERROR_NONE);
    if (file < 0)
        return done ? NONE : FAILED;
    buffer_printf(&name, "/proc/self/fd/%d", file);
    buffer_append_byte(&name, '\0');
    assert_true(bytes > 0 && gzip_read(name.data, &csv));
    *ret_rows = -1;
    for (size_t i = 0; i < csv.size; i++)
        *ret_rows += csv.data[i] == '\n';
    *ret_has_id = text_contains(buffer_text(&csv), text_of(id));
    close(file);
    buffer_done(&name);
    buffer_done(&csv);
    return REPORT;
}

static const struct sample_row rows_of_june[] = { { "line-a", "111111111111", "1.5" },
                                                  { "line-b", "222222222222", "2" },
                                                  { "line-c", "222222222222", "3" } };

static void each_report_is_of_its_group_and_account_and_there_are_no_others(void **state)
{
    (void)state;
    static const struct {
        const char *name, *group, *account, *id;
        enum answer answer;
        int rows;
    } rows[] = {
        { "the group's", "g", "", "line-a", REPORT, 3 },
        { "one account's", "g", "222222222222", "line-c", REPORT, 2 },
        { "another account's", "g", "111111111111", "line-a", REPORT, 1 },
        { "an account without usage", "g", "333333333333", "", NONE, 0 },
        { "another group", "h", "", "", NONE, 0 },
        { "no group", "", "", "", NONE, 0 },
        { "a name that climbs", "../g", "", "", NONE, 0 },
        { "an account that climbs", "g", "../../x", "", NONE, 0 },
    };
    add_report(rows_of_june, 3, 3, "s1", 1);
    open_topics();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int found = 0;
        bool has_id = true;
        expect_number(rows[i].name, ask(rows[i].group, rows[i].account, rows[i].id, &found, &has_id), rows[i].answer);
        expect_number(rows[i].name, found, rows[i].rows);
        expect(rows[i].name, has_id, true);
    }
}

static void a_report_is_made_once_and_again_when_it_is_deleted_or_has_a_new_revision(void **state)
{
    (void)state;
    int rows;
    bool has_id;
    add_report(rows_of_june, 2, 2, "s1", 1);
    open_topics();
    unsigned opened = memory_log.opened;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask("g", "", "line-b", &rows, &has_id), REPORT);
        assert_int_equal(memory_log.opened - opened, 1);
    }
    assert_int_equal(ask("g", "111111111111", "line-a", &rows, &has_id), REPORT); /* of the same making */
    assert_int_equal(memory_log.opened - opened, 1);
    remove_tree(scratch_path("reports"));
    assert_int_equal(ask("g", "", "line-b", &rows, &has_id), REPORT);
    assert_int_equal(memory_log.opened - opened, 2);
    add_report(rows_of_june, 3, 3, "s2", 2);
    open_topics();
    opened = memory_log.opened;
    assert_int_equal(ask("g", "", "line-c", &rows, &has_id), REPORT);
    assert_true(has_id);
    assert_int_equal(rows, 3); /* and none of the first revision's, which are on the topic, too */
    assert_int_equal(memory_log.opened - opened, 1);
}

static void what_is_half_there_is_made_anew(void **state)
{
    (void)state;
    int rows;
    bool has_id;
    add_report(rows_of_june, 1, 1, "s1", 1);
    open_topics();
    assert_int_equal(mkdir(scratch_path("reports"), 0700), 0);
    assert_int_equal(mkdir(scratch_path("reports/2026-06-g-s1"), 0700), 0);
    write_bytes(scratch_path("reports/2026-06-g-s1/rest"), TEXT("of a crash"));
    assert_int_equal(ask("g", "", "line-a", &rows, &has_id), REPORT);
    assert_int_equal(rows, 1);
    assert_false(path_exists(scratch_path("reports/2026-06-g-s1/rest")));
}

static void a_report_that_is_not_what_its_manifest_says_is_told_and_nothing_of_it_stays(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned to_refuse, to_fail;
        bool is_away;
        size_t said; /* of two rows that are there */
        enum answer answer;
    } rows[] = {
        { "all is there", 0, 0, false, 2, REPORT },      { "a row is missing", 0, 0, false, 3, FAILED },
        { "a row too many", 0, 0, false, 1, FAILED },    { "brokers are away", 1, 0, false, 2, FAILED },
        { "the reading fails", 0, 1, false, 2, FAILED }, { "ends are not told", 0, 0, true, 2, FAILED },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int found;
        bool has_id;
        remove_tree(scratch_path("reports"));
        remove_tree(scratch_path("view"));
        topics_close(topics);
        topics = NULL;
        memory_log_done();
        add_report(rows_of_june, 2, rows[i].said, "s1", 1);
        open_topics();
        memory_log.to_refuse = rows[i].to_refuse;
        memory_log.to_fail = rows[i].to_fail;
        memory_log.is_away = rows[i].is_away;
        expect_number(rows[i].name, ask("g", "", "line-a", &found, &has_id), rows[i].answer);
        memory_log.is_away = false;
        expect(rows[i].name, path_exists(scratch_path("reports/2026-06-g-s1/g")), rows[i].answer == REPORT);
        /* What was in the way is gone, or what was missing comes. */
        enum answer then = rows[i].said == 2 ? REPORT : FAILED;
        expect_number(rows[i].name, ask("g", "", "line-a", &found, &has_id), then);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_report_is_of_its_group_and_account_and_there_are_no_others),
        TEST(a_report_is_made_once_and_again_when_it_is_deleted_or_has_a_new_revision),
        TEST(what_is_half_there_is_made_anew),
        TEST(a_report_that_is_not_what_its_manifest_says_is_told_and_nothing_of_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
