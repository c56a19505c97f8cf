/* codec/report_manifest: the manifests of reports and of data exports. */
#include "support/unit.h"

#include "codec/report_manifest.h"
#include "support/quotes.h"
#include "support/scratch.h"

/* "assembly bucket path|path path", or "error …". */
static const char *read_manifest(const char *json)
{
    static struct buffer out;
    struct arena arena = { 0 };
    struct report_manifest manifest;
    struct error error = { 0 };
    const char *path = scratch_path("m-Manifest.json");
    write_bytes(path, quoted(json));
    buffer_clear(&out);
    if (report_manifest_read(path, &manifest, &arena, &error)) {
        buffer_printf(&out, "%.*s %.*s", TEXT_ARGS(manifest.assembly), TEXT_ARGS(manifest.bucket));
        for (size_t i = 0; i < manifest.key_count; i++)
            for (size_t p = 0; p < manifest.keys[i].path_count; p++)
                buffer_printf(&out, "%s%s", p ? "|" : " ", manifest.keys[i].paths[p]);
    } else {
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, path));
        buffer_printf(&out, "error %s", error.message);
    }
    arena_done(&arena);
    return out.data;
}

static void manifests_name_their_files_pretty_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *json, *expected;
    } rows[] = {
        { "{'assemblyId':'x','bucket':'b','reportKeys':['p/r/1.csv.gz','p/r/2.csv.gz']}", "x b p/r/1.csv.gz p/r/2.csv.gz" },
        { "\xef\xbb\xbf{\n 'columns': [{'category': 'a', 'name': 'b'}],\n 'reportKeys': [\n  'a/b.csv'\n ]\n}\n",
          "  a/b.csv" },
        { "{'executionId':'e','dataFiles':['s3://buck/pre/data/BILLING_PERIOD=2026-06/x-1.csv.gz']}",
          "e buck pre/data/BILLING_PERIOD=2026-06/x-1.csv.gz" },
        { "{'reportKeys':['/a.csv','p//b.csv','//p///c.csv']}", "  a.csv p/b.csv p/c.csv" },
        { "{'reportKeys':['D%3D1/my%20a+b.csv']}", "  D%3D1/my%20a+b.csv|D=1/my a+b.csv|D=1/my a b.csv" },
        { "{'reportKeys':['100%.csv','%zz/a%4','+.csv']}", "  100%.csv %zz/a%4 +.csv| .csv" },
        { "{'reportKeys':['a%2f%2e%2E%2fb','%00a']}", "  a%2f%2e%2E%2fb %00a" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_string_equal(read_manifest(rows[i].json), rows[i].expected);
        assert_true(report_manifest_is_file(scratch_path("m-Manifest.json")));
    }
}

static void what_is_no_manifest_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *json, *named;
    } rows[] = {
        { "", "no manifest" },
        { "{'reportKeys':[", "line 1" },
        { "[]", "no reportKeys" },
        { "{'BillingGroups':[]}", "no reportKeys" },
        { "{'reportKeys':[]}", "reportKeys is empty" },
        { "{'reportKeys':[7]}", "reportKeys[0]" },
        { "{'reportKeys':['a','../../etc/passwd']}", "reportKeys[1]" },
        { "{'reportKeys':['/../etc/passwd']}", "reportKeys[0]" },
        { "{'reportKeys':['a/b/']}", "reportKeys[0]" },
        { "{'reportKeys':['//']}", "reportKeys[0]" },
        { "{'reportKeys':['a/b','a//b']}", "twice" },
        { "{'reportKeys':['']}", "reportKeys[0]" },
        { "{'dataFiles':['s3://bucket']}", "dataFiles[0]" },
        { "{'reportKeys':['a/b','a/b']}", "twice" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found = read_manifest(rows[i].json);
        if (strncmp(found, "error ", 6) != 0 || !strstr(found, rows[i].named))
            fail_msg("%s: %s, expected %s", rows[i].json, found, rows[i].named);
    }
}

static void names_and_contents_tell_a_manifest(void **state)
{
    (void)state;
    assert_true(report_manifest_is_name("x/report-Manifest.json"));
    assert_true(report_manifest_is_name("manifest.json"));
    assert_false(report_manifest_is_name("events.json"));
    write_bytes(scratch_path("e.json"), quoted("{'event_id':'1'}\n{'event_id':'2'}\n"));
    assert_false(report_manifest_is_file(scratch_path("e.json")));
    assert_false(report_manifest_is_file(scratch_path("missing.json")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifests_name_their_files_pretty_or_not),
        cmocka_unit_test(what_is_no_manifest_says_why),
        cmocka_unit_test(names_and_contents_tell_a_manifest),
    };
    return cmocka_run_group_tests_name("codec/report_manifest", tests, scratch_setup, scratch_teardown);
}
