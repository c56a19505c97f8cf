/* settings/reference: values from files and the environment; and no secret in any text. */
#include "support/settings_load.h"

static void references_bring_in_files_and_variables(void **state)
{
    (void)state;
    write_bytes(scratch_path("word"), TEXT("/from-file\n\n"));
    setenv("PROFORMA_TEST_DIR", "/from-env${x}", 1);
    char file[1024];
    snprintf(file, sizeof file, "kafka.client.id = a-${file:%s}-${env:PROFORMA_TEST_DIR}-$${z}\nstate.dir = ${env:HOME}",
             scratch_path("word"));
    setenv("HOME", "/home/unseen", 1);
    struct loaded loaded = load(file);
    assert_true(loaded.done);
    assert_string_equal(settings_kafka(&loaded.settings, "client.id")->value, "a-/from-file\n-/from-env${x}-${z}");
    assert_string_equal(loaded.settings.state_dir, "/home/unseen");
    expect_line("printed", &loaded.printed, "kafka.client.id = ********\n");
    expect_line("printed", &loaded.printed, "state.dir = ********\n");
    assert_false(text_contains(buffer_text(&loaded.printed), TEXT("unseen")));
    unload(&loaded);
}

static void a_reference_that_leads_nowhere_is_named(void **state)
{
    (void)state;
    unsetenv("PROFORMA_TEST_NONE");
    static const struct {
        const char *value, *expected;
    } rows[] = {
        { "${env:PROFORMA_TEST_NONE}", "${env:PROFORMA_TEST_NONE}: not in the environment" },
        { "${file:/none/such}", "${file:/none/such}: cannot read: No such file or directory" },
        { "${file:relative}", "${file:relative}: expected a path from / on" },
        { "${file:/tmp}", "${file:/tmp}: not a file" },
        { "${file:/dev/zero}", "${file:/dev/zero}: not a file" },
        { "${file:}", "expected ${file:/path} or ${env:NAME} (a plain \"${\" is \"$${\")" },
        { "${HOME}", "expected ${file:/path} or ${env:NAME} (a plain \"${\" is \"$${\")" },
        { "${vault:/x}", "expected ${file:/path} or ${env:NAME} (a plain \"${\" is \"$${\")" },
        { "${}", "expected ${file:/path} or ${env:NAME} (a plain \"${\" is \"$${\")" },
        { "a${env:X", "\"${\" without its \"}\"" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char file[256], expected[256];
        snprintf(file, sizeof file, "state.dir = %s", rows[i].value);
        snprintf(expected, sizeof expected, "t.conf:1: state.dir: %s\n", rows[i].expected);
        expect_fault(file, expected);
    }
}

static void a_file_that_is_too_large_or_binary_is_no_value(void **state)
{
    (void)state;
    char file[600];
    char *large = memory_new(70000);
    memset(large, 'a', 69999);
    write_bytes(scratch_path("large"), text_of(large));
    snprintf(file, sizeof file, "state.dir = ${file:%s}", scratch_path("large"));
    expect_fault(file, "t.conf:1: state.dir: longer than 65536 bytes\n");
    setenv("PROFORMA_TEST_LARGE", large, 1);
    expect_fault("state.dir = ${env:PROFORMA_TEST_LARGE}", "t.conf:1: state.dir: longer than 65536 bytes\n");
    unsetenv("PROFORMA_TEST_LARGE");
    free(large);
    write_bytes(scratch_path("binary"), BYTES("a\0b"));
    snprintf(file, sizeof file, "state.dir = ${file:%s}", scratch_path("binary"));
    expect_fault(file, "t.conf:1: state.dir: expected UTF-8 without zero bytes\n");
}

static void no_secret_is_in_what_is_printed_or_complained_about(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "kafka.sasl.password",         "kafka.ssl.key.password",
        "kafka.ssl.key.pem",           "kafka.sasl.oauthbearer.client.secret",
        "kafka.ssl.keystore.password", "kafka.sasl.oauthbearer.config",
        "kafka.some.new.token",
    };
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        char file[256], line[128];
        snprintf(file, sizeof file, "%s = hunter2\n", keys[i]);
        struct loaded loaded = load(file);
        expect(keys[i], loaded.done, true);
        snprintf(line, sizeof line, "%s = ********\n", keys[i]);
        expect_line(keys[i], &loaded.printed, line);
        expect(keys[i], text_contains(buffer_text(&loaded.printed), TEXT("hunter2")), false);
        unload(&loaded);
    }
    setenv("PROFORMA_TEST_WORD", "hunter2", 1);
    static const char *const faulty[] = {
        "workers = ${env:PROFORMA_TEST_WORD}",
        "commit.interval = a${env:PROFORMA_TEST_WORD}",
        "sasl.password = hunter2",
        "kafka.sasl.password = \"hunter2",
        "kafka.sasl.password: hunter2",
        "kafka.group.id = hunter2",
        "kafka.sasl.password = x\nkafka.sasl.password = hunter2",
        "http.listen = ${env:PROFORMA_TEST_WORD}:80",
        "kafka.sasl.password = hunter2${env:PROFORMA_TEST_NONE}",
        "event.max.bytes = 8MiB\nkafka.message.max.bytes = ${env:PROFORMA_TEST_WORD}\nworkers = x",
    };
    for (size_t i = 0; i < ARRAY_COUNT(faulty); i++) {
        struct loaded loaded = load(faulty[i]);
        expect(faulty[i], loaded.done, false);
        expect(faulty[i], text_contains(buffer_text(&loaded.problems), TEXT("hunter2")), false);
        unload(&loaded);
    }
    expect_fault("workers = ${env:PROFORMA_TEST_WORD}",
                 "t.conf:1: workers: found ********, expected a number from 0 to 256\n");
}

static void a_secret_that_every_user_may_read_is_refused(void **state)
{
    (void)state;
    const char *open_file = "t.conf:1: kafka.sasl.password: a secret that every user of this machine may read; expected "
                            "${file:/path} or ${env:NAME}, or a chmod o-r of this file\n";
    struct loaded loaded = load_with("kafka.sasl.password = hunter2", true, NULL, 0);
    expect_text("open file", buffer_text(&loaded.problems), open_file);
    unload(&loaded);
    const char *sets[] = { "kafka.sasl.password=hunter2" };
    loaded = load_with("", false, sets, 1);
    expect_text("--set", buffer_text(&loaded.problems),
                "--set: kafka.sasl.password: a secret that every user of this machine may read; expected ${file:/path} or "
                "${env:NAME}\n");
    unload(&loaded);

    const char *path = scratch_path("password");
    char file[600], expected[800];
    write_bytes(path, TEXT("hunter2\n"));
    snprintf(file, sizeof file, "kafka.sasl.password = ${file:%s}", path);
    snprintf(expected, sizeof expected,
             "t.conf:1: kafka.sasl.password: ${file:%s}: a secret that every user of this machine may read or write; chmod "
             "o-rw it\n",
             path);
    assert_int_equal(chmod(path, 0644), 0);
    expect_fault(file, expected);
    assert_int_equal(chmod(path, 0640), 0);
    loaded = load_with(file, true, NULL, 0);
    expect_text("closed file", buffer_text(&loaded.problems), "");
    assert_string_equal(settings_kafka(&loaded.settings, "sasl.password")->value, "hunter2");
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_bring_in_files_and_variables),
        cmocka_unit_test(a_reference_that_leads_nowhere_is_named),
        cmocka_unit_test(a_file_that_is_too_large_or_binary_is_no_value),
        cmocka_unit_test(no_secret_is_in_what_is_printed_or_complained_about),
        cmocka_unit_test(a_secret_that_every_user_may_read_is_refused),
    };
    return cmocka_run_group_tests_name("settings/reference", tests, scratch_setup, scratch_teardown);
}
