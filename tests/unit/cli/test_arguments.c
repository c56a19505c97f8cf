/* cli/arguments: options of the commands. Rows write a command line with blanks between its words. */
#include "support/unit.h"

#include "cli/arguments.h"

#define PRICE (OPTION_CONDUCTOR | OPTION_PRICE_LIST | OPTION_PRICING | OPTION_OUT | OPTION_RESULT)
#define COMPARE (OPTION_CONDUCTOR | OPTION_SECOND_CONDUCTOR | OPTION_PRICE_LIST | OPTION_PRICING)

struct line {
    char text[256];
    char *words[40];
    int count;
};

static bool parse(struct line *line, const char *text, unsigned options, struct arguments *arguments, struct error *error)
{
    snprintf(line->text, sizeof line->text, "price %s", text);
    line->count = 0;
    for (char *word = strtok(line->text, " "); word; word = strtok(NULL, " "))
        line->words[line->count++] = word;
    line->words[line->count] = NULL;
    return arguments_parse(line->count, line->words, options, arguments, error);
}

static void options_have_defaults(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    struct error error;
    assert_true(parse(&line, "", PRICE, &arguments, &error));
    assert_int_equal(arguments.conductor_count, 0);
    assert_int_equal(arguments.price_list_count, 0);
    assert_int_equal(arguments.granularity, GRANULARITY_HOURLY);
    assert_false(arguments.resource_ids || arguments.strict || arguments.help);
    assert_int_equal(arguments.closings.count, 0);
    assert_int_equal(arguments.format, RECORD_JSONL);
    assert_int_equal(arguments.excess, EXCESS_ROUND);
    assert_null(arguments.out);
    assert_int_equal(arguments.memory_bytes, (size_t)512 << 20);
    assert_int_equal(arguments.operand_count, 0);
    arguments_done(&arguments);
}

static void every_option_is_taken(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    struct error error;
    assert_true(parse(
        &line,
        "--conductor c.json --price-list a --price-list=b --granularity monthly --resource-ids "
        "--close 2026-06 --close 2026-05 --close 2026-06 --format avro --excess-decimals reject --memory 1GiB --threads 3 "
        "--strict --out d u1 - u2",
        PRICE, &arguments, &error));
    assert_int_equal(arguments.conductor_count, 1);
    assert_string_equal(arguments.conductors[0], "c.json");
    assert_int_equal(arguments.price_list_count, 2);
    assert_string_equal(arguments.price_lists[0], "a");
    assert_string_equal(arguments.price_lists[1], "b");
    assert_int_equal(arguments.granularity, GRANULARITY_MONTHLY);
    assert_true(arguments.resource_ids && arguments.strict);
    assert_int_equal(arguments.closings.count, 2);
    assert_int_equal(arguments.closings.items[0], 2026 * 12 + 4);
    assert_int_equal(arguments.closings.items[1], 2026 * 12 + 5);
    assert_int_equal(arguments.format, RECORD_AVRO);
    assert_int_equal(arguments.excess, EXCESS_REJECT);
    assert_int_equal(arguments.memory_bytes, (size_t)1 << 30);
    assert_int_equal(arguments.threads, 3);
    assert_string_equal(arguments.out, "d");
    assert_int_equal(arguments.operand_count, 3);
    assert_string_equal(arguments.operands[0], "u1");
    assert_string_equal(arguments.operands[1], "-");
    assert_string_equal(arguments.operands[2], "u2");
    arguments_done(&arguments);
}

static void operands_may_stand_anywhere(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    struct error error;
    assert_true(parse(&line, "u1 --strict u2 -- --u3", PRICE, &arguments, &error));
    assert_true(arguments.strict);
    assert_int_equal(arguments.operand_count, 3);
    assert_string_equal(arguments.operands[2], "--u3");
    arguments_done(&arguments);
    assert_true(parse(&line, "--conductor a --conductor b u", COMPARE, &arguments, &error));
    assert_int_equal(arguments.conductor_count, 2);
    assert_string_equal(arguments.conductors[1], "b");
    arguments_done(&arguments);
    assert_true(parse(&line, "--help", COMPARE, &arguments, &error));
    assert_true(arguments.help);
    arguments_done(&arguments);
}

static void wrong_usage_names_the_option_its_value_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned options;
        const char *named[3];
    } rows[] = {
        { "--granularity weekly", PRICE, { "--granularity", "weekly", "hourly" } },
        { "--granularity", PRICE, { "--granularity" } },
        { "--close 2026-13", PRICE, { "--close", "2026-13", "2026-06" } },
        { "--close june", PRICE, { "--close", "june" } },
        { "--format xml", PRICE, { "--format", "xml", "jsonl" } },
        { "--excess-decimals cut", PRICE, { "--excess-decimals", "cut", "round" } },
        { "--memory 1MiB", PRICE, { "--memory", "1MiB", "64MiB" } },
        { "--threads 0", PRICE, { "--threads", "'0'", "1 to 64" } },
        { "--threads 65", PRICE, { "--threads", "65" } },
        { "--threads all", PRICE, { "--threads", "all" } },
        { "--memory lots", PRICE, { "--memory", "lots" } },
        { "--memory 99999999999999999999", PRICE, { "--memory", "99999999999999999999" } },
        { "--conductor a --conductor b", PRICE, { "--conductor", "b", "one" } },
        { "--conductor a --conductor b --conductor c", COMPARE, { "--conductor", "c", "two" } },
        { "--wat", PRICE, { "--wat" } },
        { "--out d", COMPARE, { "--out" } }, /* no option of that command */
        { "--close 2026-06", COMPARE, { "--close" } },
        { "--strict=yes", PRICE, { "--strict" } },
        { "-x", PRICE, { "-x" } },
        { "usage.csv -xy", PRICE, { "-x:" } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct line line;
        struct arguments arguments;
        struct error error = { 0 };
        if (parse(&line, rows[i].line, rows[i].options, &arguments, &error))
            fail_msg("%s is taken", rows[i].line);
        assert_int_equal(error.kind, ERROR_INVALID);
        for (size_t n = 0; n < 3 && rows[i].named[n]; n++)
            if (!strstr(error.message, rows[i].named[n]))
                fail_msg("%s: %s", rows[i].line, error.message);
        arguments_done(&arguments);
    }
}

static void sizes_have_decimal_and_binary_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned long long bytes; /* 0 with `wrong` */
        bool wrong;
    } rows[] = {
        { "0", 0, false },
        { "65536", 65536, false },
        { "7B", 7, false },
        { "1KiB", 1024, false },
        { "512MiB", 536870912, false },
        { "2GiB", 2147483648, false },
        { "1kB", 1000, false },
        { "3MB", 3000000, false },
        { "1GB", 1000000000, false },
        { "17179869183GiB", 18446744072635809792u, false },
        { "17179869184GiB", 0, true },
        { "18446744073709551616", 0, true },
        { "99999999999999999999", 0, true },
        { "", 0, true },
        { "-1", 0, true },
        { "+1", 0, true },
        { " 1", 0, true },
        { "1 MiB", 0, true },
        { "1mib", 0, true },
        { "1M", 0, true },
        { "MiB", 0, true },
        { "1.5GiB", 0, true },
        { "0x10", 0, true },
        { "1MiBx", 0, true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        size_t bytes = 0;
        expect(rows[i].text, size_parse(rows[i].text, &bytes), !rows[i].wrong);
        if (!rows[i].wrong && bytes != rows[i].bytes)
            fail_msg("%s: %zu", rows[i].text, bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_have_defaults),
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(operands_may_stand_anywhere),
        cmocka_unit_test(wrong_usage_names_the_option_its_value_and_what_was_expected),
        cmocka_unit_test(sizes_have_decimal_and_binary_units),
    };
    return cmocka_run_group_tests_name("cli/arguments", tests, NULL, NULL);
}
