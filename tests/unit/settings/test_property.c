/* settings/property: the table keeps its own promises; every kind takes what it should and nothing else. */
#include "support/unit.h"

#include "settings/document.h"
#include "settings/property.h"
#include "settings/value.h"

static const struct property *named(const char *name)
{
    const struct property *property = property_find(text_of(name));
    if (!property)
        fail_msg("%s: no such property", name);
    return property;
}

static void every_default_is_sound_and_reads_back_as_it_is_written(void **state)
{
    (void)state;
    struct settings settings = { 0 };
    struct buffer out = { 0 };
    for (size_t i = 0; i < property_count; i++) {
        const struct property *property = &properties[i];
        if (property->kind == PROPERTY_KAFKA)
            continue;
        expect(property->name, property_set(property, text_of(property->standard), &settings), true);
        buffer_clear(&out);
        property_get(property, &settings, &out);
        expect_text(property->name, buffer_text(&out), property->standard);
    }
    buffer_done(&out);
    settings_done(&settings);
}

static void every_row_is_complete(void **state)
{
    (void)state;
    expect("first section", properties[0].section != NULL, true);
    for (size_t i = 0; i < property_count; i++) {
        const struct property *row = &properties[i];
        size_t length = strlen(row->text);
        expect(row->name, length > 10 && row->text[length - 1] == '.', true);
        expect(row->name, (row->kind == PROPERTY_ENUM) == (row->words != NULL), true);
        expect(row->name, (row->accepts != NULL) == (row->form != NULL), true);
        expect(row->name, (row->kind == PROPERTY_KAFKA) == text_starts_with(text_of(row->name), TEXT("kafka.")), true);
        expect(row->name, property_find(text_of(row->name)) == row, true);
        expect(row->name, property_index(row) == i, true);
    }
}

static void no_two_properties_share_a_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < property_count; i++)
        for (size_t j = i + 1; j < property_count; j++)
            if (properties[i].kind != PROPERTY_KAFKA && properties[j].kind != PROPERTY_KAFKA)
                expect(properties[j].name, properties[i].offset != properties[j].offset, true);
}

static void a_value_is_taken_only_if_it_is_of_its_kind_and_within_its_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        bool taken;
    } rows[] = {
        { "partitions.usage", "1", true },
        { "partitions.usage", "0", false },
        { "partitions.usage", "30000", true },
        { "partitions.usage", "30001", false },
        { "partitions.usage", "-1", false },
        { "partitions.usage", "+1", false },
        { "partitions.usage", "1.5", false },
        { "partitions.usage", "12x", false },
        { "partitions.usage", "", false },
        { "partitions.usage", "99999999999999999999", false },
        { "workers", "0", true },
        { "workers", "257", false },
        { "report.resource.ids", "true", true },
        { "report.resource.ids", "false", true },
        { "report.resource.ids", "yes", false },
        { "report.resource.ids", "TRUE", false },
        { "report.resource.ids", "", false },
        { "memory.limit", "32MiB", true },
        { "memory.limit", "31MiB", false },
        { "memory.limit", "1TiB", true },
        { "memory.limit", "1025GiB", false },
        { "memory.limit", "512 MiB", false },
        { "memory.limit", "512mib", false },
        { "commit.interval", "10ms", true },
        { "commit.interval", "9ms", false },
        { "commit.interval", "3m", true },
        { "commit.interval", "181s", false },
        { "commit.interval", "100", false },
        { "commit.interval", "0", false },
        { "dedup.window", "0", true },
        { "dedup.window", "90d", true },
        { "dedup.window", "91d", false },
        { "report.time.granularity", "hourly", true },
        { "report.time.granularity", "daily", true },
        { "report.time.granularity", "monthly", true },
        { "report.time.granularity", "weekly", false },
        { "report.time.granularity", "Hourly", false },
        { "format", "json", true },
        { "format", "jsonl", false },
        { "late.usage", "reject", true },
        { "usage.excess.decimals", "reject", true },
        { "log.level", "debug", true },
        { "log.level", "trace", false },
        { "state.dir", "state", true },
        { "state.dir", "/a path/with blanks", true },
        { "state.dir", "", false },
        { "group.id", "a.b_C-9", true },
        { "group.id", "", false },
        { "group.id", "a b", false },
        { "group.id", "a/b", false },
        { "instance.id", "", true },
        { "instance.id", "host-1", true },
        { "instance.id", "..x", true },
        { "instance.id", ".", false }, /* state.dir itself, and what lies above it */
        { "instance.id", "..", false },
        { "instance.id", "../other", false },
        { "instance.id", "/etc", false },
        { "instance.id", "h\xc3\xb6st", false },
        { "topic.prefix", "", true },
        { "topic.prefix", "a:", false },
        { "schema.registry.url", "", true },
        { "schema.registry.url", "http://registry:8081", true },
        { "schema.registry.url", "https://registry", true },
        { "schema.registry.url", "registry:8081", false },
        { "schema.registry.url", "http://user:word@registry", false },
        { "http.listen", "", true },
        { "http.listen", "[::]:1", true },
        { "http.listen", "host.example:65535", true },
        { "http.listen", "127.0.0.1:0", false },
        { "http.listen", "127.0.0.1:65536", false },
        { "http.listen", "127.0.0.1", false },
        { "http.listen", ":9464", false },
        { "http.listen", "::1:9464", false },
        { "http.listen", "a b:1", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct settings settings = { 0 };
        char row[128];
        snprintf(row, sizeof row, "%s = %s", rows[i].name, rows[i].value);
        expect(row, property_set(named(rows[i].name), text_of(rows[i].value), &settings), rows[i].taken);
        settings_done(&settings);
    }
}

static void a_text_may_be_as_long_as_its_row_says(void **state)
{
    (void)state;
    char letters[201];
    memset(letters, 'a', sizeof letters);
    struct settings settings = { 0 };
    expect("200", property_set(named("group.id"), (struct text){ letters, 200 }, &settings), true);
    expect("201", property_set(named("group.id"), (struct text){ letters, 201 }, &settings), false);
    settings_done(&settings);
}

static void durations_and_sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t duration, size; /* -1: none */
        const char *as_duration, *as_size;
    } rows[] = {
        { "0", 0, 0, "0", "0" },
        { "250ms", 250, -1, "250ms", "" },
        { "1000ms", 1000, -1, "1s", "" },
        { "90s", 90000, -1, "90s", "" },
        { "60m", 3600000, -1, "1h", "" },
        { "24h", 86400000, -1, "24h", "" },
        { "5d", 432000000, -1, "5d", "" },
        { "65536", -1, 65536, "", "64KiB" },
        { "100B", -1, 100, "", "100" },
        { "1kB", -1, 1000, "", "1000" },
        { "2MB", -1, 2000000, "", "2000000" },
        { "3GB", -1, 3000000000, "", "3000000000" },
        { "512MiB", -1, 536870912, "", "512MiB" },
        { "2GiB", -1, INT64_C(2147483648), "", "2GiB" },
        { "1TiB", -1, INT64_C(1099511627776), "", "1TiB" },
        { "1.5h", -1, -1, "", "" },
        { "-1s", -1, -1, "", "" },
        { "s", -1, -1, "", "" },
        { "10 s", -1, -1, "", "" },
        { "9223372036854775807d", -1, -1, "", "" },
        { "9223372036854775807TiB", -1, -1, "", "" },
        { "9223372036854775808", -1, -1, "", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t duration, size;
        char text[VALUE_TEXT_MAX];
        bool is_duration = value_duration(text_of(rows[i].text), &duration);
        bool is_size = value_size(text_of(rows[i].text), &size);
        expect_number(rows[i].text, is_duration ? duration : -1, rows[i].duration);
        expect_number(rows[i].text, is_size ? size : -1, rows[i].size);
        if (is_duration) {
            value_duration_format(duration, text);
            expect_text(rows[i].text, text_of(text), rows[i].as_duration);
        }
        if (is_size) {
            value_size_format(size, text);
            expect_text(rows[i].text, text_of(text), rows[i].as_size);
        }
    }
}

static void what_a_value_may_be_is_said_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *name, *expected;
    } rows[] = {
        { "partitions.tier", "a number from 1 to 1000" },
        { "memory.limit", "a size from 32MiB to 1TiB, as 512MiB" },
        { "commit.interval", "a duration from 10ms to 3m, as 100ms" },
        { "insecure", "true or false" },
        { "report.time.granularity", "hourly, daily or monthly" },
        { "state.dir", "a path" },
        { "group.id", "letters, digits, '.', '_' and '-', 1 to 200 bytes" },
        { "kafka.sasl.username", "what librdkafka takes" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer out = { 0 };
        property_expected(named(rows[i].name), &out);
        expect_text(rows[i].name, buffer_text(&out), rows[i].expected);
        buffer_done(&out);
    }
}

static void a_slip_finds_the_property_that_was_meant(void **state)
{
    (void)state;
    static const struct {
        const char *slip, *meant;
    } rows[] = {
        { "comit.interval", "commit.interval" },
        { "commit.intervall", "commit.interval" },
        { "commit-interval", "commit.interval" },
        { "partition.usage", "partitions.usage" },
        { "sasl.password", "kafka.sasl.password" },
        { "bootstrap.servers", "kafka.bootstrap.servers" },
        { "worker", "workers" },
        { "colour", NULL },
        { "", NULL },
        { "a.very.long.name.that.no.property.of.this.program.could.ever.have.had", NULL },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct property *found = property_nearest(text_of(rows[i].slip));
        expect_text(rows[i].slip, text_of(found ? found->name : NULL), rows[i].meant ? rows[i].meant : "");
    }
}

static void only_loopback_addresses_are_at_home(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = {
        { "127.0.0.1:9464", true }, { "127.9.9.9:1", true },
        { "localhost:9464", true }, { "[::1]:9464", true },
        { "0.0.0.0:9464", false },  { "[::]:9464", false },
        { "10.0.0.1:9464", false }, { "127.example.org:1", false },
        { "127.0.0:1", false },     { "localhost.example.org:1", false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].address, address_is_loopback(text_of(rows[i].address)), rows[i].loopback);
}

static void every_document_names_every_property(void **state)
{
    (void)state;
    void (*const documents[])(struct buffer *) = { settings_help, settings_sample_file, settings_reference };
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        struct buffer out = { 0 };
        documents[i](&out);
        for (size_t j = 0; j < property_count; j++)
            expect(properties[j].name, text_contains(buffer_text(&out), text_of(properties[j].name)), true);
        expect("ends in a newline", text_ends_with(buffer_text(&out), TEXT("\n")), true);
        buffer_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_sound_and_reads_back_as_it_is_written),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(no_two_properties_share_a_member),
        cmocka_unit_test(a_value_is_taken_only_if_it_is_of_its_kind_and_within_its_bounds),
        cmocka_unit_test(a_text_may_be_as_long_as_its_row_says),
        cmocka_unit_test(durations_and_sizes_have_units),
        cmocka_unit_test(what_a_value_may_be_is_said_in_words),
        cmocka_unit_test(a_slip_finds_the_property_that_was_meant),
        cmocka_unit_test(only_loopback_addresses_are_at_home),
        cmocka_unit_test(every_document_names_every_property),
    };
    return cmocka_run_group_tests_name("settings/property", tests, NULL, NULL);
}
