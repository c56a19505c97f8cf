/* settings/load: from a file and --set to settings, or to every fault at once. */
#include "support/settings_load.h"

#include "settings/kafka_keys.h"

static void nothing_set_means_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load("");
    assert_true(loaded.done);
    const struct settings *settings = &loaded.settings;
    assert_string_equal(settings_kafka(settings, "bootstrap.servers")->value, "127.0.0.1:9092");
    assert_int_equal(settings->kafka_count, 1);
    assert_string_equal(settings->group_id, "proforma");
    assert_string_equal(settings->topic_prefix, "proforma.");
    assert_string_equal(settings->instance_id, "");
    assert_int_equal(settings->format, SETTINGS_AVRO);
    assert_int_equal(settings->partitions_usage, 12);
    assert_int_equal(settings->commit_interval_ms, 100);
    assert_int_equal(settings->memory_limit_bytes, 512 * 1024 * 1024);
    assert_int_equal(settings->dedup_window_ms, 24 * 3600 * 1000);
    assert_int_equal(settings->report_time_granularity, GRANULARITY_HOURLY);
    assert_int_equal(settings->log_level, LEVEL_INFO);
    assert_true(settings->report_resource_ids);
    assert_false(settings->insecure);
    unload(&loaded);
}

static void a_line_is_a_key_and_a_value_whatever_the_blanks(void **state)
{
    (void)state;
    static const struct {
        const char *file, *value;
    } rows[] = {
        { "state.dir=/a", "/a" },
        { "  state.dir  =  /a  \r\n", "/a" },
        { "\xef\xbb\xbfstate.dir = /a", "/a" },
        { "# comment\n\n \t \n  # more\nstate.dir = /a\n", "/a" },
        { "state.dir = /a # b", "/a # b" },
        { "state.dir = /a=b", "/a=b" },
        { "state.dir = \"  /a  \"", "  /a  " },
        { "state.dir = \"/a\\\"b\\\\c\\d\"", "/a\"b\\c\\d" },
        { "state.dir = /a\"b\"", "/a\"b\"" },
        { "state.dir = /\xc3\xa4", "/\xc3\xa4" },
        { "state.dir = /a$b", "/a$b" },
        { "state.dir = /a$${b}", "/a${b}" },
        { "state.dir = /$$$${b}", "/$$${b}" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct loaded loaded = load(rows[i].file), again;
        expect_text(rows[i].file, buffer_text(&loaded.problems), "");
        expect_text(rows[i].file, text_of(loaded.settings.state_dir), rows[i].value);
        *buffer_reserve(&loaded.printed, 1) = '\0';
        again = load(loaded.printed.data);
        expect_text("what was printed", buffer_text(&again.problems), "");
        expect_text("what was printed", text_of(again.settings.state_dir), rows[i].value);
        unload(&again);
        unload(&loaded);
    }
}

static void a_fault_names_line_key_value_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *file, *expected;
    } rows[] = {
        { "workers", "t.conf:1: expected \"key = value\"\n" },
        { "\n= 4", "t.conf:2: expected \"key = value\"\n" },
        { "a\x01 = 4", "t.conf:1: expected UTF-8 without control characters\n" },
        { "workers = \xff", "t.conf:1: expected UTF-8 without control characters\n" },
        { "workers = \"4", "t.conf:1: workers: expected a closing quote at the end of the line\n" },
        { "workers = \"4\" 5", "t.conf:1: workers: expected a closing quote at the end of the line\n" },
        { "workers = four", "t.conf:1: workers: found \"four\", expected a number from 0 to 256\n" },
        { "workers =", "t.conf:1: workers: found \"\", expected a number from 0 to 256\n" },
        { "\nformat = xml", "t.conf:2: format: found \"xml\", expected avro or json\n" },
        { "comit.interval = 1s", "t.conf:1: comit.interval: no such property; did you mean commit.interval?\n" },
        { "colour = red", "t.conf:1: colour: no such property; proforma run --help lists them\n" },
        { "kafka.A b = c", "t.conf:1: kafka.A b: no such property; proforma run --help lists them\n" },
        { "workers = 1\n\nworkers = 1", "t.conf:3: workers: is set in line 1 already\n" },
        { "kafka.x = 1\nkafka.x = 2", "t.conf:2: kafka.x: is set in line 1 already\n" },
        { "workers = x\nformat = y", "t.conf:1: workers: found \"x\", expected a number from 0 to 256\n"
                                     "t.conf:2: format: found \"y\", expected avro or json\n" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_fault(rows[i].file, rows[i].expected);
}

static void set_wins_over_the_file_and_the_last_one_over_the_others(void **state)
{
    (void)state;
    const char *sets[] = { "workers=2", "workers = 3", "kafka.linger.ms=7" };
    struct loaded loaded = load_with("workers = none\nkafka.linger.ms = 5\n", false, sets, 3);
    assert_true(loaded.done);
    assert_int_equal(loaded.settings.workers, 3);
    assert_string_equal(settings_kafka(&loaded.settings, "linger.ms")->value, "7");
    assert_int_equal(loaded.settings.kafka_count, 2);
    unload(&loaded);
    const char *wrong[] = { "workers", "workers=x" };
    loaded = load_with("", false, wrong, 2);
    expect_text("--set", buffer_text(&loaded.problems),
                "--set: expected \"key = value\"\n--set: workers: found \"x\", expected a number from 0 to 256\n");
    assert_string_equal(loaded.error.message, "2 faults in the settings");
    assert_int_equal(loaded.error.kind, ERROR_INVALID);
    unload(&loaded);
}

static void properties_of_librdkafka_go_through_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct loaded loaded = load("kafka.linger.ms = 5\nkafka.compression.codec =\nkafka.bootstrap.servers = a:1,b:2\n"
                                "kafka.debug = broker\n");
    static const char *const expected[][2] = { { "linger.ms", "5" },
                                               { "bootstrap.servers", "a:1,b:2" },
                                               { "debug", "broker" } };
    assert_true(loaded.done);
    assert_int_equal(loaded.settings.kafka_count, ARRAY_COUNT(expected));
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        assert_string_equal(loaded.settings.kafka[i].name, expected[i][0]);
        assert_string_equal(loaded.settings.kafka[i].value, expected[i][1]);
        assert_false(loaded.settings.kafka[i].secret);
    }
    unload(&loaded);
}

static void what_would_break_exactly_once_is_refused_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < kafka_refusal_count; i++) {
        const struct kafka_refusal *refusal = &kafka_refusals[i];
        char file[256], expected[512];
        snprintf(file, sizeof file, "kafka.%s = other\n", refusal->name);
        snprintf(expected, sizeof expected, "t.conf:1: kafka.%s: refused%s%s: %s\n", refusal->name,
                 refusal->allowed ? " but for " : "", refusal->allowed ? refusal->allowed : "", refusal->reason);
        expect_fault(file, expected);
        snprintf(file, sizeof file, "kafka.%s = %s\n", refusal->name, refusal->allowed ? refusal->allowed : "other");
        expect_fault(file, refusal->allowed ? NULL : expected);
        snprintf(file, sizeof file, "kafka.%s = other\ninsecure = true\n", refusal->name);
        expect_fault(file, refusal->insecure ? NULL : expected);
    }
}

static void the_refusals_that_matter_are_there(void **state)
{
    (void)state;
    static const char *const names[] = {
        "enable.auto.commit",
        "isolation.level",
        "transactional.id",
        "group.id",
        "enable.idempotence",
        "partition.assignment.strategy",
        "group.protocol",
        "enable.auto.offset.store",
        "ssl.endpoint.identification.algorithm",
        "enable.sasl.oauthbearer.unsecure.jwt",
        "auto.offset.reset",
        "group.instance.id",
        "session.timeout.ms",
        "transaction.timeout.ms",
        "acks",
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        expect(names[i], kafka_key_refused(text_of(names[i]), TEXT("none"), false) != NULL, true);
}

static void properties_that_do_not_fit_together_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file, *expected;
    } rows[] = {
        { "commit.interval = 2s", NULL },
        { "commit.interval = 2001ms",
          "t.conf:1: commit.interval: found \"2001ms\", expected at most a fifth of transaction.timeout, which is "
          "\"10s\": a commit that meets a slow broker must still end in time\n" },
        { "commit.interval = 1s\ntransaction.timeout = 4s",
          "t.conf:1: commit.interval: found \"1s\", expected at most a fifth of transaction.timeout, which is \"4s\": "
          "a "
          "commit that meets a slow broker must still end in time\n" },
        { "\ntransaction.timeout = 30s",
          "t.conf:2: shutdown.timeout: found \"20s\" (the default), expected at least transaction.timeout, which is "
          "\"30s\": the last transaction must be able to end\n" },
        { "transaction.timeout = 30s\nshutdown.timeout = 30s", NULL },
        { "commit.interval = 5s\ntransaction.timeout = ten",
          "t.conf:2: transaction.timeout: found \"ten\", expected a duration from 1s to 15m, as 10s\n" },
        { "dedup.memory = 256MiB", NULL },
        { "dedup.memory = 257MiB", "t.conf:1: dedup.memory: found \"257MiB\", expected at most half of memory.limit, "
                                   "which is \"512MiB\": rows need the other half\n" },
        { "http.listen = 0.0.0.0:9464",
          "t.conf:1: http.listen: found \"0.0.0.0:9464\", expected a loopback address, or true for http.allow.remote, "
          "which is \"false\": whoever reaches it reads it: there is no login\n" },
        { "http.listen = 0.0.0.0:9464\nhttp.allow.remote = true", NULL },
        { "http.listen = ", NULL },
        { "event.max.bytes = 900KiB", NULL },
        { "event.max.bytes = 1MiB", "t.conf:1: event.max.bytes: found \"1MiB\", expected at most 64KiB less than "
                                    "kafka.message.max.bytes, which is "
                                    "\"librdkafka's default\": outputs are that much larger than events\n" },
        { "event.max.bytes = 1MiB\nkafka.message.max.bytes = 1114112", NULL },
        { "event.max.bytes = 1MiB\nkafka.message.max.bytes = many", NULL },
        { "kafka.sasl.mechanisms = OAUTHBEARER",
          "t.conf:1: oauth.token.file: found \"\" (the default), expected a file for kafka.sasl.mechanisms, which is "
          "\"OAUTHBEARER\": it logs in with a token\n" },
        { "kafka.sasl.mechanisms = OAUTHBEARER\noauth.token.file = /run/token", NULL },
        { "kafka.sasl.mechanisms = OAUTHBEARER\nkafka.sasl.oauthbearer.method = oidc", NULL },
        { "session.timeout = 5s", "t.conf:1: session.timeout: found \"5s\", expected a duration from 6s to 5m, as 10s\n" },
        { "instance.id = ../b", "t.conf:1: instance.id: found \"../b\", expected letters, digits, '.', '_' and '-' (but not "
                                ". or ..), at most 128 bytes\n" },
        { "instance.id = a b", "t.conf:1: instance.id: found \"a b\", expected letters, digits, '.', '_' and '-' (but not . "
                               "or ..), at most 128 bytes\n" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_fault(rows[i].file, rows[i].expected);
}

static void only_so_many_faults_are_told_but_all_are_counted(void **state)
{
    (void)state;
    struct buffer file = { 0 };
    for (unsigned i = 0; i < 60; i++)
        buffer_printf(&file, "unknown.%u = 1\n", i);
    struct loaded loaded = { 0 };
    assert_false(
        settings_load_text(buffer_text(&file), "t.conf", false, NULL, 0, &loaded.settings, &loaded.problems, &loaded.error));
    assert_true(text_ends_with(buffer_text(&loaded.problems), TEXT("lists them\nand 10 more\n")));
    assert_string_equal(loaded.error.message, "60 faults in the settings");
    buffer_done(&file);
    unload(&loaded);
}

static void a_file_is_read_from_disk_or_the_error_names_it(void **state)
{
    (void)state;
    struct loaded loaded = { 0 };
    write_bytes(scratch_path("p.conf"), TEXT("workers = 5\n"));
    assert_true(settings_load(scratch_path("p.conf"), NULL, 0, &loaded.settings, &loaded.problems, &loaded.error));
    assert_int_equal(loaded.settings.workers, 5);
    settings_done(&loaded.settings);
    assert_true(settings_load(NULL, NULL, 0, &loaded.settings, &loaded.problems, &loaded.error));
    settings_done(&loaded.settings);
    assert_false(settings_load("/none/p.conf", NULL, 0, &loaded.settings, &loaded.problems, &loaded.error));
    assert_string_equal(loaded.error.message, "/none/p.conf: cannot read: No such file or directory");
    assert_false(settings_load("/tmp", NULL, 0, &loaded.settings, &loaded.problems, &loaded.error));
    assert_string_equal(loaded.error.message, "/tmp: cannot read: Is a directory");
    struct buffer large = { 0 };
    memset(buffer_reserve(&large, 1024 * 1024 + 1), '#', 1024 * 1024 + 1);
    large.size = 1024 * 1024 + 1;
    write_bytes(scratch_path("large.conf"), buffer_text(&large));
    assert_false(settings_load(scratch_path("large.conf"), NULL, 0, &loaded.settings, &loaded.problems, &loaded.error));
    assert_true(text_ends_with(text_of(loaded.error.message), TEXT("larger than 1048576 bytes")));
    buffer_done(&large);
    unload(&loaded);
}

static void the_shipped_file_is_the_defaults_also_when_all_its_lines_count(void **state)
{
    (void)state;
    struct buffer file = { 0 };
    assert_true(read_bytes("config/proforma.conf", &file));
    struct loaded defaults = load(""), shipped = load(file.data);
    *buffer_reserve(&defaults.printed, 1) = '\0';
    expect_text("as it is", buffer_text(&shipped.printed), defaults.printed.data);
    unload(&shipped);
    /* "#key =" is a property, "# words" a comment. */
    for (size_t i = 0; i + 1 < file.size; i++)
        if ((i == 0 || file.data[i - 1] == '\n') && file.data[i] == '#' && file.data[i + 1] >= 'a')
            file.data[i] = ' ';
    shipped = load(file.data);
    expect_text("uncommented", buffer_text(&shipped.problems), "");
    expect_text("uncommented", buffer_text(&shipped.printed), defaults.printed.data);
    unload(&shipped);
    unload(&defaults);
    buffer_done(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_means_defaults),
        cmocka_unit_test(a_line_is_a_key_and_a_value_whatever_the_blanks),
        cmocka_unit_test(a_fault_names_line_key_value_and_what_was_expected),
        cmocka_unit_test(set_wins_over_the_file_and_the_last_one_over_the_others),
        cmocka_unit_test(properties_of_librdkafka_go_through_in_the_order_of_the_file),
        cmocka_unit_test(what_would_break_exactly_once_is_refused_with_its_reason),
        cmocka_unit_test(the_refusals_that_matter_are_there),
        cmocka_unit_test(properties_that_do_not_fit_together_are_refused),
        cmocka_unit_test(only_so_many_faults_are_told_but_all_are_counted),
        cmocka_unit_test(a_file_is_read_from_disk_or_the_error_names_it),
        cmocka_unit_test(the_shipped_file_is_the_defaults_also_when_all_its_lines_count),
    };
    return cmocka_run_group_tests_name("settings/load", tests, scratch_setup, scratch_teardown);
}
