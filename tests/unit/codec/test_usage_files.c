/* codec/usage_files: which files the names on a command line stand for. */
#include "support/unit.h"

#include "codec/usage_files.h"
#include "support/quotes.h"
#include "support/scratch.h"
#include "support/zip_make.h"

#define ASM1 "11111111-aaaa-bbbb-cccc-123456789abc"
#define ASM2 "22222222-aaaa-bbbb-cccc-123456789abc"

static void put(const char *name, struct text bytes)
{
    char path[600];
    snprintf(path, sizeof path, "%s", scratch_path(name));
    for (char *slash = path + strlen(scratch_folder) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(path, 0700);
    }
    write_bytes(path, bytes);
}

/* "path@assembly" of each, below the scratch folder; or "error …". */
static const char *find(const char *const *names, size_t count)
{
    static struct buffer out;
    const char *paths[8];
    struct usage_files files;
    struct error error = { 0 };
    for (size_t i = 0; i < count; i++)
        paths[i] = strcmp(names[i], "-") == 0 ? "-" : scratch_path(names[i]);
    buffer_clear(&out);
    if (!usage_files_find(paths, count, &files, &error)) {
        assert_int_equal(error.kind, ERROR_FAILED);
        buffer_printf(&out, "error %s", error.message);
        return out.data;
    }
    for (size_t i = 0; i < files.count; i++) {
        const char *name = files.items[i].name;
        const char *below = strstr(name, scratch_folder) ? name + strlen(scratch_folder) + 1 : name;
        buffer_printf(&out, "%s%s@%.*s", i ? " " : "", below, TEXT_ARGS(files.items[i].assembly));
    }
    usage_files_done(&files);
    return out.data;
}

static const char *find_one(const char *name)
{
    return find(&name, 1);
}

static const char *content_of(const char *name)
{
    static char content[64];
    const char *path = scratch_path(name);
    struct usage_files files;
    struct input *input;
    struct error error;
    size_t got;
    assert_true(usage_files_find(&path, 1, &files, &error));
    assert_int_equal(files.count, 1);
    assert_true(usage_file_open(&files.items[0], &input, &error));
    assert_int_equal(input_read(input, content, sizeof content - 1, &got), INPUT_OK);
    content[got] = '\0';
    input_close(input);
    usage_files_done(&files);
    return content;
}

static void a_manifest_stands_for_its_files_wherever_a_copy_keeps_them(void **state)
{
    (void)state;
    static const char key[] = "{'assemblyId':'" ASM1 "','reportKeys':['pre/rep/20260601-20260701/" ASM1 "/rep-1.csv.gz']}";
    static const struct {
        const char *manifest, *file, *expected;
    } rows[] = {
        { "beside/rep-Manifest.json", "beside/rep-1.csv.gz", "beside/rep-1.csv.gz" },
        { "below/rep-Manifest.json", "below/" ASM1 "/rep-1.csv.gz", "below/" ASM1 "/rep-1.csv.gz" },
        { "root/rep-Manifest.json", "root/pre/rep/20260601-20260701/" ASM1 "/rep-1.csv.gz",
          "root/pre/rep/20260601-20260701/" ASM1 "/rep-1.csv.gz" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char expected[300];
        put(rows[i].manifest, quoted(key));
        put(rows[i].file, TEXT("x"));
        snprintf(expected, sizeof expected, "%s@" ASM1, rows[i].expected);
        assert_string_equal(find_one(rows[i].manifest), expected);
    }
    /* The newest delivery's folder goes before a stale file of the same name beside the manifest. */
    put("below/rep-1.csv.gz", TEXT("stale"));
    assert_string_equal(find_one("below/rep-Manifest.json"), "below/" ASM1 "/rep-1.csv.gz@" ASM1);
}

static void a_data_export_keeps_its_files_beside_its_metadata(void **state)
{
    (void)state;
    put("exp/metadata/BILLING_PERIOD=2026-06/exp-Manifest.json",
        quoted("{'dataFiles':['s3://b/pre/exp/data/BILLING_PERIOD=2026-06/exp-1.csv.gz']}"));
    put("exp/data/BILLING_PERIOD=2026-06/exp-1.csv.gz", TEXT("x"));
    const char *found = find_one("exp/metadata/BILLING_PERIOD=2026-06/exp-Manifest.json");
    if (!strstr(found, "exp-1.csv.gz@") || strncmp(found, "error", 5) == 0)
        fail_msg("%s", found);
    /* A bare file name further up might be another delivery's. */
    put("up/m/rep-Manifest.json", quoted("{'reportKeys':['pre/other-1.csv']}"));
    put("up/other-1.csv", TEXT("x"));
    assert_non_null(strstr(find_one("up/m/rep-Manifest.json"), "pre/other-1.csv, is neither"));
}

static void a_zip_stands_for_its_members(void **state)
{
    (void)state;
    struct buffer zip = { 0 }, gzip = { 0 };
    gzip_append(TEXT("inner"), &gzip);
    const struct zip_item items[] = { { .name = "rep-1.csv", .content = TEXT("x") },
                                      { .name = "rep-Manifest.json", .content = TEXT("{}") },
                                      { .name = "rep-RedshiftCommands.sql", .content = TEXT("create") },
                                      { .name = "sub/rep-2.csv.gz", .content = buffer_text(&gzip) } };
    zip_make(items, 4, false, &zip);
    put("a.csv.zip", buffer_text(&zip));
    put("named.csv", buffer_text(&zip)); /* the name lies */
    assert_string_equal(find_one("a.csv.zip"), "a.csv.zip/rep-1.csv@ a.csv.zip/sub/rep-2.csv.gz@");
    assert_string_equal(find_one("named.csv"), "named.csv/rep-1.csv@ named.csv/sub/rep-2.csv.gz@");
    zip_make(&items[3], 1, false, &zip);
    put("b.zip", buffer_text(&zip));
    assert_string_equal(content_of("b.zip"), "inner");
    put("m-Manifest.json", quoted("{'assemblyId':'A','reportKeys':['x/b.zip']}"));
    assert_string_equal(find_one("m-Manifest.json"), "b.zip/sub/rep-2.csv.gz@A");
    zip_make(&items[1], 2, false, &zip);
    put("c.zip", buffer_text(&zip));
    assert_non_null(strstr(find_one("c.zip"), "holds no usage"));
    buffer_done(&zip);
    buffer_done(&gzip);
}

static void gzip_in_gzip_is_taken_out_of_both(void **state)
{
    (void)state;
    struct buffer once = { 0 }, twice = { 0 };
    gzip_append(TEXT("inner"), &once);
    gzip_append(buffer_text(&once), &twice);
    put("twice.csv", buffer_text(&twice));
    assert_string_equal(content_of("twice.csv"), "inner");
    buffer_done(&once);
    buffer_done(&twice);
}

static void the_folder_of_a_file_tells_its_delivery(void **state)
{
    (void)state;
    put("d/" ASM1 "/r-1.csv", TEXT("x"));
    put("d/plain/r-1.csv", TEXT("x"));
    assert_string_equal(find_one("d/" ASM1 "/r-1.csv"), "d/" ASM1 "/r-1.csv@" ASM1);
    assert_string_equal(find_one("d/plain/r-1.csv"), "d/plain/r-1.csv@");
}

static void a_file_by_two_ways_is_refused(void **state)
{
    (void)state;
    put("two/r-1.csv", TEXT("x"));
    put("two/r-Manifest.json", quoted("{'reportKeys':['k/r-1.csv']}"));
    put("two/s-Manifest.json", quoted("{'reportKeys':['k/r-1.csv']}"));
    const char *const by_hand[] = { "two/r-Manifest.json", "two/r-1.csv" };
    const char *const by_two[] = { "two/r-Manifest.json", "two/s-Manifest.json" };
    const char *const twice[] = { "two/r-1.csv", "two/r-1.csv" };
    assert_non_null(strstr(find(by_hand, 2), "comes twice"));
    assert_non_null(strstr(find(by_two, 2), "s-Manifest.json"));
    assert_string_equal(find(twice, 2), "two/r-1.csv@ two/r-1.csv@"); /* its events are duplicates by their ids */
}

static void what_is_not_there_is_told_at_once(void **state)
{
    (void)state;
    put("n/x-Manifest.json", quoted("{'bucket':'buck','reportKeys':['p/r-1.csv.gz','p/r-2.csv.gz']}"));
    put("n/r-1.csv.gz", TEXT("x"));
    const char *found = find_one("n/x-Manifest.json");
    assert_non_null(strstr(found, "file 2 of 2, p/r-2.csv.gz"));
    assert_non_null(strstr(found, "s3://buck/p/r-2.csv.gz"));
    assert_non_null(strstr(find_one("nowhere.csv"), "nowhere.csv: cannot read"));
    assert_non_null(strstr(find_one("n"), "is a directory"));
    assert_string_equal(find_one("-"), "-@");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_stands_for_its_files_wherever_a_copy_keeps_them),
        cmocka_unit_test(a_data_export_keeps_its_files_beside_its_metadata),
        cmocka_unit_test(a_zip_stands_for_its_members),
        cmocka_unit_test(gzip_in_gzip_is_taken_out_of_both),
        cmocka_unit_test(the_folder_of_a_file_tells_its_delivery),
        cmocka_unit_test(a_file_by_two_ways_is_refused),
        cmocka_unit_test(what_is_not_there_is_told_at_once),
    };
    return cmocka_run_group_tests_name("codec/usage_files", tests, scratch_setup, scratch_teardown);
}
