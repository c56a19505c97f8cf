/* cur/cur_files: a report's files and the manifest that tells what is in them. */
#include "support/unit.h"

#include "codec/json_text.h"
#include "cur/cur_files.h"
#include "support/cur_sample.h"
#include "support/file_limit.h"
#include "support/scratch.h"

struct spool {
    struct rocks *rocks;
    struct cur_spool *spool;
};

static void spool_open(struct spool *spool)
{
    /* Nothing is flushed behind the back of a test that limits the size of files. */
    const struct rocks_options small = { .write_buffer_bytes = 64 * 1024 * 1024, .cache_bytes = 64 * 1024 };
    struct error error;
    if (!rocks_open(scratch_path("state"), &small, &spool->rocks, &error))
        fail_msg("%s", error.message);
    spool->spool = cur_spool_new(spool->rocks, JUNE_2026);
}

static void spool_close(struct spool *spool)
{
    cur_spool_free(spool->spool);
    rocks_close(spool->rocks);
    remove_tree(scratch_path("state"));
}

static void add(struct spool *spool, struct cur_row row)
{
    struct error error;
    assert_true(cur_spool_add(spool->spool, 0, &row, &error));
}

static struct cur_row tagged(struct cur_row row, const struct tag *tag)
{
    row.resource_tags = (struct tags){ tag, 1 };
    record_set(&row, CUR_ROW_resource_tags);
    return row;
}

static const struct tag team = { { "user:team", 9 }, { "web", 3 } }, app = { { "user:app", 8 }, { "a,b", 3 } };

static void add_rows(struct spool *spool)
{
    add(spool, tagged(cur_row_with("1", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", "0.1"), &team));
    add(spool, cur_row_with("2", "111111111111", "2026-06-01T01:00:00Z", "AmazonS3", "0.000000000000000000000001"));
    add(spool, tagged(cur_row_with("3", "222222222222", "2026-06-01T00:00:00Z", "AmazonEC2", "-3"), &app));
    add(spool, cur_row_with("4", "222222222222", "2026-06-02T00:00:00Z", "AmazonEC2", "1.5"));
}

static struct cur_report_files files_in(const char *folder)
{
    assert_int_equal(mkdir(folder, 0755), 0);
    return (struct cur_report_files){ .folder = folder,
                                      .name = TEXT("group"),
                                      .period = JUNE_2026,
                                      .payer = TEXT("100000000001"),
                                      .currency = TEXT("USD"),
                                      .document_hash = TEXT("abcd"),
                                      .conductor_version = 3,
                                      .revision = 1 };
}

static void write_report(struct spool *spool, uint64_t account, const struct cur_report_files *files,
                         struct cur_report_totals *totals)
{
    struct error error;
    if (!cur_files_write(spool->spool, (struct cur_report){ 0, account }, files, totals, &error))
        fail_msg("%s", error.message);
}

static const char *string_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text)
        fail_msg("the manifest lacks %s", name);
    return text;
}

static void a_report_is_a_gzip_csv_and_a_manifest(void **state)
{
    (void)state;
    struct spool spool;
    struct cur_report_totals totals;
    struct buffer csv = { 0 }, manifest = { 0 }, scratch = { 0 };
    spool_open(&spool);
    add_rows(&spool);
    struct error error;
    assert_true(cur_spool_finish(spool.spool, &error));
    struct cur_report_files files = files_in(scratch_path("report"));
    write_report(&spool, CUR_WHOLE_GROUP, &files, &totals);
    assert_int_equal(totals.rows, 4);
    assert_int_equal(totals.files, 1);
    expect_sum("cost", totals.cost, COST_SCALE, "-1.399999999999999999999999");
    assert_true(gzip_read(scratch_path("report/20260601-20260701/group-00001.csv.gz"), &csv));
    const char *lines[8];
    size_t count = 0;
    for (char *line = strtok(csv.data, "\n"); line && count < 8; line = strtok(NULL, "\n"))
        lines[count++] = line;
    assert_int_equal(count, 5);
    assert_non_null(strstr(lines[0], ",resourceTags/user:app,resourceTags/user:team"));
    assert_memory_equal(lines[1], "1,i,", 4);
    assert_true(text_ends_with(text_of(lines[1]), TEXT(",,web")));
    assert_memory_equal(lines[2], "3,i,", 4);
    assert_true(text_ends_with(text_of(lines[2]), TEXT(",\"a,b\",")));
    assert_memory_equal(lines[3], "2,i,", 4);
    assert_memory_equal(lines[4], "4,i,", 4);
    assert_true(read_bytes(scratch_path("report/20260601-20260701/group-Manifest.json"), &manifest));
    json_error_t reason;
    json_t *object = json_parse_exact(buffer_text(&manifest), &scratch, &reason);
    assert_non_null(object);
    static const struct {
        const char *name, *expected;
    } members[] = {
        { "account", "100000000001" },
        { "charset", "UTF-8" },
        { "compression", "GZIP" },
        { "contentType", "text/csv" },
        { "reportName", "group" },
        { "documentHash", "abcd" },
        { "currency", "USD" },
        { "rows", "4" },
        { "conductorVersion", "3" },
        { "revision", "1" },
        { "cost", "-1.399999999999999999999999" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        expect_text(members[i].name, text_of(string_of(object, members[i].name)), members[i].expected);
    assert_int_equal(strlen(string_of(object, "assemblyId")), 36);
    assert_int_equal(strlen(string_of(object, "reportId")), 64);
    assert_int_equal(strlen(string_of(object, "checksum")), 32);
    json_t *period = json_object_get(object, "billingPeriod");
    assert_string_equal(string_of(period, "start"), "20260601T000000.000Z");
    assert_string_equal(string_of(period, "end"), "20260701T000000.000Z");
    json_t *keys = json_object_get(object, "reportKeys");
    assert_int_equal(json_array_size(keys), 1);
    assert_string_equal(json_string_value(json_array_get(keys, 0)), "20260601-20260701/group-00001.csv.gz");
    json_t *columns = json_object_get(object, "columns");
    size_t commas = 0;
    for (const char *at = lines[0]; *at; at++)
        commas += *at == ',';
    assert_int_equal(json_array_size(columns), commas + 1);
    json_t *last = json_array_get(columns, commas);
    assert_string_equal(string_of(last, "category"), "resourceTags");
    assert_string_equal(string_of(last, "name"), "user:team");
    /* The totals per account and service add up to the report's. */
    json_t *parts = json_object_get(object, "totals");
    assert_int_equal(json_array_size(parts), 3);
    i128 sum = 0;
    int rows = 0;
    for (size_t i = 0; i < 3; i++) {
        json_t *part = json_array_get(parts, i);
        sum += decimal(string_of(part, "cost"), COST_SCALE);
        rows += atoi(string_of(part, "rows"));
    }
    assert_int_equal(rows, 4);
    expect_decimal("sum of totals", sum, COST_SCALE, "-1.399999999999999999999999");
    json_decref(object);
    /* An account's report has its own rows and tags. */
    struct cur_report_files of_account = files_in(scratch_path("account"));
    of_account.name = TEXT("222222222222");
    write_report(&spool, 222222222222, &of_account, &totals);
    assert_int_equal(totals.rows, 2);
    expect_sum("account", totals.cost, COST_SCALE, "-1.5");
    assert_true(gzip_read(scratch_path("account/20260601-20260701/222222222222-00001.csv.gz"), &csv));
    assert_null(strstr(csv.data, "user:team"));
    assert_non_null(strstr(csv.data, "user:app"));
    spool_close(&spool);
    buffer_done(&csv);
    buffer_done(&manifest);
    buffer_done(&scratch);
}

static void equal_rows_give_equal_bytes(void **state)
{
    (void)state;
    static const char *const names[] = { "group-00001.csv.gz", "group-Manifest.json" };
    struct buffer found[2][2] = { { { 0 } } };
    for (size_t run = 0; run < 2; run++) {
        struct spool spool;
        struct cur_report_totals totals;
        struct error error;
        char folder[32];
        snprintf(folder, sizeof folder, "equal%zu", run);
        spool_open(&spool);
        if (run == 0)
            add_rows(&spool);
        else { /* other hours and accounts first */
            add(&spool, cur_row_with("4", "222222222222", "2026-06-02T00:00:00Z", "AmazonEC2", "1.5"));
            add(&spool, tagged(cur_row_with("3", "222222222222", "2026-06-01T00:00:00Z", "AmazonEC2", "-3"), &app));
            add(&spool, cur_row_with("2", "111111111111", "2026-06-01T01:00:00Z", "AmazonS3", "0.000000000000000000000001"));
            add(&spool, tagged(cur_row_with("1", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", "0.1"), &team));
        }
        assert_true(cur_spool_finish(spool.spool, &error));
        struct cur_report_files files = files_in(scratch_path(folder));
        write_report(&spool, CUR_WHOLE_GROUP, &files, &totals);
        for (size_t i = 0; i < 2; i++) {
            char path[64];
            snprintf(path, sizeof path, "%s/20260601-20260701/%s", folder, names[i]);
            assert_true(read_bytes(scratch_path(path), &found[run][i]));
        }
        spool_close(&spool);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(found[0][i].size, found[1][i].size);
        assert_memory_equal(found[0][i].data, found[1][i].data, found[0][i].size);
        buffer_done(&found[0][i]);
        buffer_done(&found[1][i]);
    }
}

static void another_cost_is_another_checksum_and_assembly(void **state)
{
    (void)state;
    char checksums[2][64], assemblies[2][64], reports[2][80];
    struct buffer manifest = { 0 }, scratch = { 0 };
    for (size_t run = 0; run < 2; run++) {
        struct spool spool;
        struct cur_report_totals totals;
        struct error error;
        char folder[32], path[80];
        snprintf(folder, sizeof folder, "other%zu", run);
        spool_open(&spool);
        add(&spool, cur_row_with("1", "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", run ? "1" : "2"));
        assert_true(cur_spool_finish(spool.spool, &error));
        struct cur_report_files files = files_in(scratch_path(folder));
        write_report(&spool, CUR_WHOLE_GROUP, &files, &totals);
        snprintf(path, sizeof path, "%s/20260601-20260701/group-Manifest.json", folder);
        assert_true(read_bytes(scratch_path(path), &manifest));
        json_error_t reason;
        json_t *object = json_parse_exact(buffer_text(&manifest), &scratch, &reason);
        snprintf(checksums[run], sizeof checksums[run], "%s", string_of(object, "checksum"));
        snprintf(assemblies[run], sizeof assemblies[run], "%s", string_of(object, "assemblyId"));
        snprintf(reports[run], sizeof reports[run], "%s", string_of(object, "reportId"));
        json_decref(object);
        spool_close(&spool);
    }
    assert_string_not_equal(checksums[0], checksums[1]);
    assert_string_not_equal(assemblies[0], assemblies[1]);
    assert_string_equal(reports[0], reports[1]);
    buffer_done(&manifest);
    buffer_done(&scratch);
}

static void a_full_disk_leaves_no_manifest(void **state)
{
    (void)state;
    static const unsigned long limits[] = { 10, 5000, 60000 };
    struct spool spool;
    struct error error = { 0 };
    spool_open(&spool);
    for (unsigned i = 0; i < 20000; i++) {
        char id[24], cost[32];
        snprintf(id, sizeof id, "%x%x", i * 2654435761u, i * 40503u);
        snprintf(cost, sizeof cost, "0.%u", i * 2654435761u % 1000000 + 1000000);
        add(&spool, cur_row_with(id, "111111111111", "2026-06-01T00:00:00Z", "AmazonEC2", cost));
    }
    assert_true(cur_spool_finish(spool.spool, &error));
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        struct cur_report_totals totals;
        char folder[32], path[80];
        snprintf(folder, sizeof folder, "full%zu", i);
        struct cur_report_files files = files_in(scratch_path(folder));
        file_limit_set(limits[i]);
        bool done = cur_files_write(spool.spool, (struct cur_report){ 0, CUR_WHOLE_GROUP }, &files, &totals, &error);
        file_limit_lift();
        assert_false(done);
        assert_int_equal(error.kind, ERROR_FAILED);
        if (!strstr(error.message, "group-00001.csv.gz") || !strstr(error.message, "File too large"))
            fail_msg("limit %lu: %s", limits[i], error.message);
        snprintf(path, sizeof path, "%s/20260601-20260701/group-Manifest.json", folder);
        assert_false(path_exists(scratch_path(path)));
    }
    struct cur_report_files nowhere = files_in(scratch_path("there"));
    nowhere.folder = scratch_path("not/there");
    struct cur_report_totals totals;
    assert_false(cur_files_write(spool.spool, (struct cur_report){ 0, CUR_WHOLE_GROUP }, &nowhere, &totals, &error));
    assert_non_null(strstr(error.message, "not/there"));
    spool_close(&spool);
}

static void a_total_may_be_larger_than_any_cost(void **state)
{
    (void)state;
    struct spool spool;
    struct cur_report_totals totals;
    struct error error = { 0 };
    spool_open(&spool);
    for (int i = 0; i < 2; i++)
        add(&spool, cur_row_with(i ? "1" : "2", "111111111111", "2026-06-01T00:00:00Z", i ? "AmazonEC2" : "AmazonS3",
                                 "60000000000000"));
    assert_true(cur_spool_finish(spool.spool, &error));
    struct cur_report_files files = files_in(scratch_path("large"));
    assert_true(cur_files_write(spool.spool, (struct cur_report){ 0, CUR_WHOLE_GROUP }, &files, &totals, &error));
    expect_sum("both", totals.cost, COST_SCALE, "120000000000000");
    spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_a_gzip_csv_and_a_manifest),         cmocka_unit_test(equal_rows_give_equal_bytes),
        cmocka_unit_test(another_cost_is_another_checksum_and_assembly), cmocka_unit_test(a_full_disk_leaves_no_manifest),
        cmocka_unit_test(a_total_may_be_larger_than_any_cost),
    };
    return cmocka_run_group_tests_name("cur/cur_files", tests, scratch_setup, scratch_teardown);
}
