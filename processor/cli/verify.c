/* cli/verify.c: proforma verify: every way to add up a month's bill gives the same number, or a line says where not. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/verify_topics.h"

#define PASSES_MAX 5
#define LINES_MAX 1000 /* that are printed; all are counted */

static const char verify_help[] =
    "usage: proforma verify --period YYYY-MM [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Audits a month on the topics, as committed: every version of every line item, markers,\n"
    "subtotals, bills, report rows and manifests. Each way to add up gives the same number, or\n"
    "a line says where it does not, to the last digit. Exit 1 if there is one. Needs room in\n"
    "TMPDIR (/tmp), some 300 bytes for each version of a line item of the largest partition.\n";

struct verify {
    struct connection *connection;
    struct conductor *conductor;
    struct price_list list;
    char scratch[512];
    struct buffer lines; /* of the pass at hand */
    uint64_t line_count;
};

static void keep_lines(void *context, struct text lines)
{
    struct verify *verify = context;
    if (verify->line_count++ < LINES_MAX)
        buffer_append_text(&verify->lines, lines);
}

/* ---- a folder for the time being ---- */

static bool make_scratch(struct verify *verify, struct error *error)
{
    const char *folder = getenv("TMPDIR");
    snprintf(verify->scratch, sizeof verify->scratch, "%s/proforma-verify-XXXXXX", folder && folder[0] ? folder : "/tmp");
    if (mkdtemp(verify->scratch))
        return true;
    error_fail(error, ERROR_FAILED, "cannot make %s: %s", verify->scratch, strerror(errno));
    verify->scratch[0] = '\0';
    return false;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_scratch(const struct verify *verify)
{
    if (verify->scratch[0])
        nftw(verify->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- an open month moves ---- */

static bool sum_of_ends(const struct connection *connection, int64_t *sum, struct error *error)
{
    static const enum stream_topic topics[] = { STREAM_LINE_ITEMS, STREAM_SUBTOTALS, STREAM_BILLS, STREAM_CUR,
                                                STREAM_CUR_MANIFESTS };
    struct stream *stream = connection->stream;
    *sum = 0;
    for (size_t i = 0; i < ARRAY_COUNT(topics); i++)
        for (int32_t p = 0; p < stream->ops->partition_count(stream, topics[i]); p++) {
            int64_t first, end;
            if (!stream->ops->range(stream, topics[i], p, &first, &end, error))
                return false;
            *sum += end;
        }
    return true;
}

static void rest(int64_t milliseconds)
{
    nanosleep(&(struct timespec){ milliseconds / 1000, milliseconds % 1000 * 1000000 }, NULL);
}

/* A difference of an open month may be a bill on its way: it is one only if the topics stand still. */
static bool run_passes(struct verify *verify, billing_period period, struct verify_pass *pass, bool *moving,
                       struct error *error)
{
    struct progress_line line;
    bool done = true;
    *moving = true;
    for (unsigned i = 0; i < PASSES_MAX && done && *moving; i++) {
        int64_t before, after = 0;
        buffer_clear(&verify->lines);
        verify->line_count = 0;
        *pass = (struct verify_pass){ .connection = verify->connection,
                                      .conductor = verify->conductor,
                                      .period = period,
                                      .scratch = verify->scratch,
                                      .tell = keep_lines,
                                      .context = verify };
        pass->progress = progress_line_start(&line);
        done = sum_of_ends(verify->connection, &before, error) && verify_pass_run(pass, error);
        progress_line_clear(&line);
        if (!done || pass->counts.differences == 0 || pass->closed) {
            *moving = false;
            break;
        }
        rest(verify->connection->settings.bills_interval_ms + 1000);
        done = sum_of_ends(verify->connection, &after, error);
        *moving = after != before;
    }
    return done;
}

/* ---- telling ---- */

static void print_counts(const struct verify_pass *pass, const char *period)
{
    const struct verify_counts *counts = &pass->counts;
    printf(
        "%s is %s: %llu line items in %llu versions, %llu markers, %llu subtotals, %llu bills, %llu manifests, %llu report "
        "rows\n",
        period, pass->closed ? "closed" : "open", (unsigned long long)counts->line_items,
        (unsigned long long)counts->versions, (unsigned long long)counts->markers, (unsigned long long)counts->subtotals,
        (unsigned long long)counts->bills, (unsigned long long)counts->manifests, (unsigned long long)counts->report_rows);
    if (counts->begun_late > 0)
        printf("of %llu line items the first versions have been compacted away: their deltas are checked from there on\n",
               (unsigned long long)counts->begun_late);
    if (counts->partitions_trimmed > 0)
        printf("%zu partitions of line-items have lost their beginning: rows of the month may be among it\n",
               counts->partitions_trimmed);
}

static int report(const struct verify *verify, const struct verify_pass *pass, bool moving)
{
    char period[TIME_TEXT_MAX];
    period_format(pass->period, period);
    fwrite(verify->lines.data ? verify->lines.data : "", 1, verify->lines.size, stdout);
    if (verify->line_count > LINES_MAX)
        printf("and more, up to %llu differences\n", (unsigned long long)pass->counts.differences);
    print_counts(pass, period);
    if (pass->counts.differences == 0) {
        printf("all agree\n");
        return EXIT_DONE;
    }
    printf("%llu difference%s%s\n", (unsigned long long)pass->counts.differences, pass->counts.differences == 1 ? "" : "s",
           moving ? "; the month is open and moves: some may be on their way" : "");
    return EXIT_FAILED;
}

static bool verify_period(struct verify *verify, billing_period period, int *code, struct error *error)
{
    struct verify_pass pass = { 0 };
    bool moving;
    if (!connection_open(verify->connection, "verify", error) || !connection_read_control(verify->connection, error))
        return false;
    if (!conductor_topic_document(verify->connection->control, period, &verify->conductor, &verify->list, error))
        return false;
    bool done = make_scratch(verify, error) && run_passes(verify, period, &pass, &moving, error);
    if (done)
        *code = report(verify, &pass, moving);
    return done;
}

int command_verify(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct verify verify = { .connection = &connection };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_PERIOD, &arguments, &error);
    if (done && arguments.help) {
        fputs(verify_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.period == PERIOD_NONE)
        done = error_fail(&error, ERROR_INVALID, "--period YYYY-MM is needed");
    done = done && connection_settings(&arguments, &connection, &error) &&
           verify_period(&verify, arguments.period, &code, &error);
    if (!done)
        code = print_failure("verify", &error);
    remove_scratch(&verify);
    buffer_done(&verify.lines);
    if (verify.conductor) {
        conductor_done(verify.conductor);
        free(verify.conductor);
        price_list_done(&verify.list);
    }
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
