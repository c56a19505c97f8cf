/* cli/price.c: proforma price and proforma compare. */
#include <stdio.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/bill_table.h"
#include "cli/commands.h"
#include "cli/compare_topics.h"
#include "cli/documents.h"
#include "cli/failure.h"
#include "cli/progress.h"

#define EVENT_BYTES_MAX ((size_t)256 * 1024)

static const char price_help[] = "usage: proforma price --conductor DOC [--price-list FILE]... --out DIR USAGE...\n"
                                 "\n"
                                 "Prices usage under a conductor document and writes line items, bills and, for a\n"
                                 "closed period, Cost and Usage Reports into DIR, which must be new or empty.\n"
                                 "USAGE is .jsonl, .avro or a CUR .csv, each also .gz or .zip, or a CUR's\n"
                                 "...-Manifest.json, which stands for its files; - is standard input.\n"
                                 "\n"
                                 "  --conductor DOC          the conductor document, JSON\n"
                                 "  --price-list FILE        an AWS offer file; several make one list\n"
                                 "  --granularity G          hourly (default), daily or monthly\n"
                                 "  --resource-ids           keep resource ids apart\n"
                                 "  --close YYYY-MM          close this period: write its reports; may be given again\n"
                                 "  --format F               jsonl (default) or avro\n"
                                 "  --excess-decimals E      round (default) or reject numbers with too many decimals\n"
                                 "  --memory SIZE            bound of the working memory, default 512MiB\n"
                                 "  --threads N              default one a core, up to 8; a few MiB each beside the\n"
                                 "                           working memory; results do not depend on it\n"
                                 "  --strict                 exit 3 if events are dead or unpriced, 2 if\n"
                                 "                           skus of a price list are at fault\n"
                                 "  --out DIR                where results go\n";

static const char compare_help[] = "usage: proforma compare --conductor A --conductor B [--price-list FILE]... USAGE...\n"
                                   "       proforma compare --config FILE [--set KEY=VALUE]... [--period YYYY-MM]\n"
                                   "                        --conductor B [--price-list FILE]...\n"
                                   "\n"
                                   "Shows what each billing group would pay under document B instead of A, exactly.\n"
                                   "With --config or --set: what the running month on the topics would cost under B\n"
                                   "instead of the document in force; the topics are only read.\n"
                                   "Takes --granularity, --resource-ids, --excess-decimals, --memory, --threads and\n"
                                   "--strict as price does; on the topics --memory and --strict.\n";

/* More have nothing to do: the fold, on one of them, takes about a third of what decoding does. */
#define THREADS_DEFAULT_MAX 8

static size_t default_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > THREADS_DEFAULT_MAX ? THREADS_DEFAULT_MAX : (size_t)cores;
}

static void set_run_options(const struct arguments *arguments, const char *out, struct progress_line *line,
                            struct price_run_options *options)
{
    *options = (struct price_run_options){
        .files = { .usage = arguments->operands,
                   .usage_count = arguments->operand_count,
                   .reader = { .event_bytes_max = EVENT_BYTES_MAX, .excess = arguments->excess },
                   .threads = arguments->threads ? arguments->threads : default_threads(),
                   .out = out,
                   .format = arguments->format },
        .granularity = arguments->granularity,
        .resource_ids = arguments->resource_ids,
        .closings = &arguments->closings,
        .memory_bytes = arguments->memory_bytes,
        .progress = progress_line_start(line),
    };
}

#define HINTS_SHOWN 10

/* Not a fault, but nobody writes a rule for nothing. */
static void report_unmatched(const struct price_run_result *result, const struct conductor *conductor)
{
    for (size_t i = 0; i < result->unmatched_count && i < HINTS_SHOWN; i++) {
        const struct pricing_rule *rule = &conductor->rules[result->unmatched[i].rule];
        struct text like = result->unmatched[i].like;
        fprintf(stderr, "hint: the pricing rule %.*s", TEXT_ARGS(rule->name.size ? rule->name : rule->id));
        if (rule->service.size)
            fprintf(stderr, " for %.*s", TEXT_ARGS(rule->service));
        if (like.size)
            fprintf(stderr, " matched no usage; the usage has %.*s\n", TEXT_ARGS(like));
        else
            fprintf(stderr, " matched no usage\n");
    }
    if (result->unmatched_count > HINTS_SHOWN)
        fprintf(stderr, "hint: and %zu more rules matched no usage\n", result->unmatched_count - HINTS_SHOWN);
}

/* What may surprise in a bill is told with its reason. */
static void tell_surprises(const struct sweep_counts *sweep)
{
    const struct {
        uint64_t count;
        const char *kind, *message;
    } surprises[] = {
        { sweep->before_document, "warning",
          "are of months before the document's BillingPeriod and in no group: take the document of their month" },
        { sweep->ambiguous, "warning",
          "are not priced by the price list: it has several prices for their meter, and neither sku nor rate tells which" },
        { sweep->untiered, "warning", "are priced by their own rate though the price list has tiers for them" },
        { sweep->free_tier, "hint",
          "are free: AWS bills them at nothing; a rule with FreeTier Activated false charges their public price" },
        { sweep->refunds, "hint",
          "are refunds, which pro forma leaves out as AWS does, also of a fee that is charged: a custom line item gives "
          "them on" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(surprises); i++)
        if (surprises[i].count > 0)
            fprintf(stderr, "%s: %llu events %s\n", surprises[i].kind, (unsigned long long)surprises[i].count,
                    surprises[i].message);
}

/* What went wrong with single events is told, loudly where it costs money. */
static int report_events(const struct price_run_result *result, const struct arguments *arguments)
{
    const struct sweep_counts *sweep = &result->sweep;
    if (result->fold.dead > 0)
        fprintf(stderr, "warning: %llu dead letters%s\n", (unsigned long long)result->fold.dead,
                arguments->out ? ", see dead-letters.jsonl" : "");
    for (enum unpriced_reason reason = UNPRICED_NONE + 1; reason < UNPRICED_REASON_COUNT; reason++)
        if (sweep->unpriced_by_reason[reason] > 0)
            fprintf(stderr, "warning: %llu events have no pro forma price: %s\n",
                    (unsigned long long)sweep->unpriced_by_reason[reason], unpriced_reason_text(reason).data);
    if (sweep->unpriced_charges > 0)
        fprintf(stderr, "warning: %llu custom line items charge nothing: their charge is 10^14 or more\n",
                (unsigned long long)sweep->unpriced_charges);
    tell_surprises(sweep);
    return arguments->strict && (result->fold.dead > 0 || sweep->unpriced + sweep->unpriced_charges > 0) ? EXIT_STRICT
                                                                                                         : EXIT_DONE;
}

static void print_totals(const struct price_run_result *result, const struct arguments *arguments)
{
    printf("\n%llu events: %llu priced, %llu left out, %llu in no group, %llu unpriced, %llu duplicates, %llu dead\n",
           (unsigned long long)result->fold.events_in, (unsigned long long)result->sweep.priced,
           (unsigned long long)result->sweep.left_out, (unsigned long long)result->sweep.unmonitored,
           (unsigned long long)result->sweep.unpriced, (unsigned long long)result->fold.duplicate,
           (unsigned long long)result->fold.dead);
    printf("%llu line items in %s\n", (unsigned long long)result->sweep.line_items, arguments->out);
    if (arguments->closings.count > 0)
        printf("%zu Cost and Usage Reports in %s/cur\n", result->cur_report_count, arguments->out);
}

static bool run_price(const struct arguments *arguments, const struct documents *documents, struct price_run_result *result,
                      struct error *error)
{
    struct price_run_options options;
    struct progress_line line;
    struct price_run *run;
    set_run_options(arguments, arguments->out, &line, &options);
    options.document = buffer_text(&documents->json);
    bool done = price_run_fold(&options, &run, error);
    if (done) {
        done = price_run_write(run, &documents->pricing, result, error);
        price_run_close(run);
    }
    progress_line_clear(&line);
    return done;
}

static bool need_usage(const struct arguments *arguments, size_t conductors, struct error *error)
{
    if (arguments->conductor_count != conductors)
        return error_fail(error, ERROR_INVALID, "--conductor DOC is needed %s", conductors == 2 ? "twice" : "once");
    if (arguments->operand_count == 0)
        return error_fail(error, ERROR_INVALID, "no usage file is named; - is standard input");
    return true;
}

int command_price(int argc, char **argv)
{
    struct arguments arguments;
    struct documents documents = { 0 };
    struct price_run_result result = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(
        argc, argv, OPTION_CONDUCTOR | OPTION_PRICE_LIST | OPTION_PRICING | OPTION_OUT | OPTION_RESULT, &arguments, &error);
    if (done && arguments.help) {
        fputs(price_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    done = done && need_usage(&arguments, 1, &error);
    if (done && !arguments.out)
        done = error_fail(&error, ERROR_INVALID, "--out DIR is needed");
    done = done && documents_of_arguments(&arguments, 0, &documents, &error) &&
           run_price(&arguments, &documents, &result, &error);
    if (done) {
        bill_table_print(stdout, &result, documents.conductor);
        print_totals(&result, &arguments);
        report_unmatched(&result, documents.conductor);
        code = report_events(&result, &arguments);
    } else {
        code = print_failure("price", &error);
    }
    price_run_result_done(&result);
    documents_done(&documents);
    arguments_done(&arguments);
    return code;
}

static bool run_compare(const struct arguments *arguments, const struct documents documents[2],
                        struct price_run_result results[2], struct error *error)
{
    struct price_run_options options;
    struct progress_line line;
    struct price_run *run;
    set_run_options(arguments, NULL, &line, &options);
    bool done = price_run_fold(&options, &run, error);
    if (done) {
        done = price_run_compute(run, &documents[0].pricing, &results[0], error) &&
               price_run_compute(run, &documents[1].pricing, &results[1], error);
        price_run_close(run);
    }
    progress_line_clear(&line);
    return done;
}

static bool compare_files(const struct arguments *arguments, int *code, struct error *error)
{
    struct documents documents[2] = { 0 };
    struct price_run_result results[2] = { 0 };
    bool done = need_usage(arguments, 2, error);
    if (done && arguments->period != PERIOD_NONE)
        done = error_fail(error, ERROR_INVALID, "--period is for a month on the topics: with --config or --set");
    for (size_t i = 0; i < 2 && done; i++)
        done = documents_of_arguments(arguments, i, &documents[i], error);
    done = done && run_compare(arguments, documents, results, error);
    if (done) {
        comparison_print(stdout, &results[0], documents[0].conductor, &results[1], documents[1].conductor);
        report_unmatched(&results[1], documents[1].conductor);
        *code = report_events(&results[1], arguments);
    }
    for (size_t i = 0; i < 2; i++) {
        price_run_result_done(&results[i]);
        documents_done(&documents[i]);
    }
    return done;
}

static bool compare_with_topics(const struct arguments *arguments, int *code, struct error *error)
{
    struct documents documents = { 0 };
    struct price_run_result result = { 0 };
    bool done = true;
    if (arguments->conductor_count != 1)
        done = error_fail(error, ERROR_INVALID, "--conductor DOC is needed once: the other document is the one in force");
    else if (arguments->operand_count > 0)
        done = error_fail(error, ERROR_INVALID, "%s: the usage is that on the topics; files go without --config and --set",
                          arguments->operands[0]);
    done = done && documents_of_arguments(arguments, 0, &documents, error) &&
           compare_topics(arguments, &documents, &result, error);
    if (done) {
        report_unmatched(&result, documents.conductor);
        *code = report_events(&result, arguments);
    }
    price_run_result_done(&result);
    documents_done(&documents);
    return done;
}

int command_compare(int argc, char **argv)
{
    struct arguments arguments;
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv,
                                OPTION_CONDUCTOR | OPTION_SECOND_CONDUCTOR | OPTION_PRICE_LIST | OPTION_PRICING |
                                    OPTION_SETTINGS | OPTION_PERIOD,
                                &arguments, &error);
    if (done && arguments.help)
        fputs(compare_help, stdout);
    else if (done)
        done = arguments.config || arguments.set_count > 0 ? compare_with_topics(&arguments, &code, &error)
                                                           : compare_files(&arguments, &code, &error);
    if (!done)
        code = print_failure("compare", &error);
    arguments_done(&arguments);
    return code;
}
