/* cli/arguments.c: getopt_long over one table. */
#include "cli/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "tasks/task.h"

#define MEMORY_BYTES_DEFAULT ((size_t)512 * 1024 * 1024)
#define THREADS_MAX 64
#define THREADS_EXPECTED "a number from 1 to 64"
#define MEMORY_BYTES_MIN ((size_t)64 * 1024 * 1024)

enum option_code {
    CODE_CONDUCTOR = 256,
    CODE_PRICE_LIST,
    CODE_GRANULARITY,
    CODE_RESOURCE_IDS,
    CODE_CLOSE,
    CODE_FORMAT,
    CODE_OUT,
    CODE_MEMORY,
    CODE_THREADS,
    CODE_STRICT,
    CODE_EXCESS,
    CODE_HELP,
    CODE_CONFIG,
    CODE_SET,
    CODE_EXPECT,
    CODE_DRY_RUN,
    CODE_AGAIN,
    CODE_EARLY,
    CODE_PERIOD,
    CODE_GROUP,
    CODE_REASON,
    CODE_REPAIR
};

static const struct {
    struct option option;
    unsigned set;
} known_options[] = {
    { { "conductor", required_argument, NULL, CODE_CONDUCTOR }, OPTION_CONDUCTOR },
    { { "price-list", required_argument, NULL, CODE_PRICE_LIST }, OPTION_PRICE_LIST },
    { { "granularity", required_argument, NULL, CODE_GRANULARITY }, OPTION_PRICING },
    { { "resource-ids", no_argument, NULL, CODE_RESOURCE_IDS }, OPTION_PRICING },
    { { "memory", required_argument, NULL, CODE_MEMORY }, OPTION_PRICING },
    { { "threads", required_argument, NULL, CODE_THREADS }, OPTION_PRICING },
    { { "strict", no_argument, NULL, CODE_STRICT }, OPTION_PRICING | OPTION_STRICT },
    { { "excess-decimals", required_argument, NULL, CODE_EXCESS }, OPTION_PRICING },
    { { "close", required_argument, NULL, CODE_CLOSE }, OPTION_RESULT },
    { { "format", required_argument, NULL, CODE_FORMAT }, OPTION_RESULT },
    { { "out", required_argument, NULL, CODE_OUT }, OPTION_OUT },
    { { "config", required_argument, NULL, CODE_CONFIG }, OPTION_SETTINGS },
    { { "set", required_argument, NULL, CODE_SET }, OPTION_SETTINGS },
    { { "expect", required_argument, NULL, CODE_EXPECT }, OPTION_APPLY },
    { { "dry-run", no_argument, NULL, CODE_DRY_RUN }, OPTION_APPLY | OPTION_IMPORT },
    { { "again", no_argument, NULL, CODE_AGAIN }, OPTION_IMPORT },
    { { "early", no_argument, NULL, CODE_EARLY }, OPTION_CLOSE },
    { { "period", required_argument, NULL, CODE_PERIOD }, OPTION_PERIOD },
    { { "group", required_argument, NULL, CODE_GROUP }, OPTION_GROUP },
    { { "reason", required_argument, NULL, CODE_REASON }, OPTION_REASON },
    { { "repair", required_argument, NULL, CODE_REPAIR }, OPTION_REPAIR },
    { { "help", no_argument, NULL, CODE_HELP }, ~0u },
};

bool size_parse(const char *text, size_t *bytes)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } units[] = {
        { "", 1 },      { "B", 1 },        { "KiB", 1024 },     { "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 },
        { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }
    };
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno == ERANGE)
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(units); i++)
        if (strcmp(end, units[i].suffix) == 0)
            return !__builtin_mul_overflow((uint64_t)number, units[i].factor, bytes);
    return false;
}

static bool bad_value(const char *option, const char *value, const char *expected, struct error *error)
{
    return error_fail(error, ERROR_INVALID, "--%s: found '%s', expected %s", option, value, expected);
}

static bool parse_granularity(const char *value, enum granularity *granularity, struct error *error)
{
    static const char *const names[] = {
        [GRANULARITY_HOURLY] = "hourly", [GRANULARITY_DAILY] = "daily", [GRANULARITY_MONTHLY] = "monthly"
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (strcmp(value, names[i]) != 0)
            continue;
        *granularity = (enum granularity)i;
        return true;
    }
    return bad_value("granularity", value, "hourly, daily or monthly", error);
}

static bool add_conductor(struct arguments *arguments, unsigned options, const char *path, struct error *error)
{
    size_t most = options & OPTION_SECOND_CONDUCTOR ? 2 : 1;
    if (arguments->conductor_count == most)
        return bad_value("conductor", path, most == 2 ? "exactly two documents" : "one document", error);
    arguments->conductors[arguments->conductor_count++] = path;
    return true;
}

static void add_price_list(struct arguments *arguments, const char *path)
{
    arguments->price_lists = memory_reserve_one(arguments->price_lists, arguments->price_list_count,
                                                &arguments->price_list_capacity, sizeof *arguments->price_lists);
    arguments->price_lists[arguments->price_list_count++] = path;
}

static void add_set(struct arguments *arguments, const char *set)
{
    arguments->sets =
        memory_reserve_one(arguments->sets, arguments->set_count, &arguments->set_capacity, sizeof *arguments->sets);
    arguments->sets[arguments->set_count++] = set;
}

static bool parse_number(const char *option, const char *value, const char *expected, int64_t *ret_number,
                         struct error *error)
{
    i128 number;
    if (decimal_parse(text_of(value), 0, &number) != DECIMAL_EXACT || number < 0 || number > INT64_MAX)
        return bad_value(option, value, expected, error);
    *ret_number = (int64_t)number;
    return true;
}

/* Options of the commands that speak to Kafka. */
static bool take_kafka_option(struct arguments *arguments, int code, const char *value, struct error *error)
{
    switch (code) {
    case CODE_CONFIG:
        arguments->config = value;
        return true;
    case CODE_SET:
        add_set(arguments, value);
        return true;
    case CODE_EXPECT:
        return parse_number("expect", value, "a document version, as 3", &arguments->expect, error);
    case CODE_REPAIR:
        if (strcmp(value, "all") == 0)
            return arguments->repair = REPAIR_ALL, true;
        return parse_number("repair", value, "a task's number, as proforma status shows it, or all", &arguments->repair,
                            error);
    case CODE_DRY_RUN:
        return arguments->dry_run = true;
    case CODE_AGAIN:
        return arguments->again = true;
    case CODE_EARLY:
        return arguments->early = true;
    case CODE_PERIOD:
        return period_parse(text_of(value), &arguments->period) || bad_value("period", value, "a month, as 2026-06", error);
    case CODE_GROUP:
        arguments->group = value;
        return true;
    case CODE_REASON:
        arguments->reason = value;
        return true;
    default:
        return error_fail(error, ERROR_INVALID, "unknown option");
    }
}

static bool add_closing(struct arguments *arguments, const char *value, struct error *error)
{
    billing_period period;
    if (!period_parse(text_of(value), &period))
        return bad_value("close", value, "a month, as 2026-06", error);
    periods_add(&arguments->closings, period);
    return true;
}

static bool parse_threads(const char *value, size_t *ret_threads, struct error *error)
{
    int64_t threads = 0;
    if (!parse_number("threads", value, THREADS_EXPECTED, &threads, error))
        return false;
    *ret_threads = (size_t)threads;
    return (threads >= 1 && threads <= THREADS_MAX) || bad_value("threads", value, THREADS_EXPECTED, error);
}

static bool take_option(struct arguments *arguments, int code, const char *value, unsigned options, struct error *error)
{
    switch (code) {
    case CODE_CONDUCTOR:
        return add_conductor(arguments, options, value, error);
    case CODE_PRICE_LIST:
        add_price_list(arguments, value);
        return true;
    case CODE_GRANULARITY:
        return parse_granularity(value, &arguments->granularity, error);
    case CODE_RESOURCE_IDS:
        return arguments->resource_ids = true;
    case CODE_STRICT:
        return arguments->strict = true;
    case CODE_HELP:
        return arguments->help = true;
    case CODE_CLOSE:
        return add_closing(arguments, value, error);
    case CODE_FORMAT:
        arguments->format = strcmp(value, "avro") == 0 ? RECORD_AVRO : RECORD_JSONL;
        return arguments->format == RECORD_AVRO || strcmp(value, "jsonl") == 0 ||
               bad_value("format", value, "jsonl or avro", error);
    case CODE_EXCESS:
        arguments->excess = strcmp(value, "reject") == 0 ? EXCESS_REJECT : EXCESS_ROUND;
        return arguments->excess == EXCESS_REJECT || strcmp(value, "round") == 0 ||
               bad_value("excess-decimals", value, "round or reject", error);
    case CODE_OUT:
        arguments->out = value;
        return true;
    case CODE_MEMORY:
        return (size_parse(value, &arguments->memory_bytes) && arguments->memory_bytes >= MEMORY_BYTES_MIN) ||
               bad_value("memory", value, "a size of at least 64MiB, as 512MiB", error);
    case CODE_THREADS:
        return parse_threads(value, &arguments->threads, error);
    default:
        return take_kafka_option(arguments, code, value, error);
    }
}

bool arguments_parse(int argc, char **argv, unsigned options, struct arguments *arguments, struct error *error)
{
    *arguments = (struct arguments){
        .period = PERIOD_NONE, .expect = -1, .repair = REPAIR_NONE, .memory_bytes = MEMORY_BYTES_DEFAULT
    };
    struct option longs[ARRAY_COUNT(known_options) + 1] = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_COUNT(known_options); i++)
        if (known_options[i].set & options)
            longs[count++] = known_options[i].option;
    opterr = 0;
    optind = 0; /* begins anew, also behind a word that was left in its middle */
    int code;
    while ((code = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
        if (code == ':')
            return error_fail(error, ERROR_INVALID, "%s: a value is missing behind it", argv[optind - 1]);
        if (code == '?' && optopt > 0 && optopt < CODE_CONDUCTOR) /* one letter, maybe of several in a word */
            return error_fail(error, ERROR_INVALID, "-%c: no option of this command; --help lists them", optopt);
        if (code == '?')
            return error_fail(error, ERROR_INVALID, "%s: no option of this command; --help lists them", argv[optind - 1]);
        if (!take_option(arguments, code, optarg, options, error))
            return false;
    }
    arguments->operands = (const char *const *)argv + optind;
    arguments->operand_count = (size_t)(argc - optind);
    return true;
}

void arguments_done(struct arguments *arguments)
{
    free(arguments->price_lists);
    free(arguments->sets);
    periods_done(&arguments->closings);
}

billing_period running_month(void)
{
    return period_of((int64_t)time(NULL) * 1000);
}
