/* cli/apply.c: proforma apply and proforma export. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/documents.h"
#include "cli/failure.h"
#include "control/document_difference.h"
#include "control/month_items.h"
#include "service/apply.h"

/* Whoever only looks has another name than who publishes, so as to be in nobody's way. */
#define LOOKS "look"
#define LINES_SHOWN 50

static const char apply_help[] =
    "usage: proforma apply --conductor DOC [--price-list FILE]... [--strict] [--expect N]\n"
    "                      [--period YYYY-MM] [--dry-run] [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Validates a document, shows what differs from the one in force, and publishes that\n"
    "in one transaction, unless somebody else has published another meanwhile. A document\n"
    "without a BillingPeriod is for the running month.\n"
    "\n"
    "  --strict      skus of a price list that are at fault are an error\n"
    "  --expect N    only if version N is in force (0: none yet)\n"
    "  --period P    only the document's custom line items, for P, the month that was closed\n"
    "                last: its bills follow, its reports get a new revision\n"
    "  --dry-run     show the difference; exit 4 if there is any\n";

static const char export_help[] = "usage: proforma export [--period YYYY-MM] [--config FILE] [--set KEY=VALUE]...\n\n"
                                  "Prints the document that is in force in the running month, or in another one.\n";

static bool check_expected(const struct arguments *arguments, int64_t version, struct error *error)
{
    return arguments->expect < 0 || arguments->expect == version ||
           error_fail(error, ERROR_FAILED, "version %lld is in force, expected %lld: look again at what is to be changed",
                      (long long)version, (long long)arguments->expect);
}

/* What has to be published so that the topic, as it has been read, holds the document. */
static bool compute(struct connection *connection, const struct arguments *arguments, struct documents *documents,
                    struct conductor_changes *changes, struct error *error)
{
    struct input *input;
    if (arguments->period != PERIOD_NONE)
        return month_items_changes(connection->control, documents->conductor, arguments->period, changes, error);
    if (!input_open(arguments->conductors[0], &input, error))
        return false;
    bool done =
        conductor_changes_compute(connection->control, input, documents->conductor, &documents->list, changes, error);
    input_close(input);
    return done;
}

/* Of a closed month: groups, each with the items that it is to be charged. */
static void show_items(const struct conductor_changes *changes)
{
    for (size_t i = 0; i < changes->changed && i < LINES_SHOWN; i++) {
        struct conductor *group;
        struct error ignored;
        if (!month_items_read(changes->items[i].value, &group, &ignored))
            continue;
        printf("  billing group \"%.*s\" (%.*s): %zu custom line items", TEXT_ARGS(group->groups[0].name),
               TEXT_ARGS(group->groups[0].id), group->custom_line_item_count);
        for (size_t item = 0; item < group->custom_line_item_count; item++)
            printf("%s %.*s", item ? "," : ":", TEXT_ARGS(group->custom_line_items[item].name));
        printf("\n");
        conductor_done(group);
        free(group);
    }
    if (changes->changed > LINES_SHOWN)
        printf("  and %zu more\n", changes->changed - LINES_SHOWN);
}

static void show(const struct connection *connection, const struct documents *documents,
                 const struct conductor_changes *changes)
{
    struct document_difference difference;
    document_difference_tell(connection->control, documents->conductor->period, changes, LINES_SHOWN, &difference);
    size_t all = difference.added + difference.changed + difference.removed;
    printf("%zu added, %zu changed, %zu removed\n", difference.added, difference.changed, difference.removed);
    for (struct text rest = buffer_text(&difference.words); rest.size > 0;) {
        const char *end = memchr(rest.data, '\n', rest.size);
        struct text line = { rest.data, (size_t)(end - rest.data) };
        printf("  %.*s\n", TEXT_ARGS(line));
        rest = (struct text){ end + 1, rest.size - line.size - 1 };
    }
    if (all > difference.lines)
        printf("  and %zu more\n", all - difference.lines);
    document_difference_done(&difference);
}

/* What a failed transaction left behind is asked of the topic: it may have come through. */
static bool settle(struct connection *connection, const struct arguments *arguments, struct documents *documents,
                   int64_t *version, enum stream_outcome outcome, struct error *error)
{
    struct conductor_changes left;
    struct error ignored;
    int64_t before = (*version)++;
    if (outcome == OUTCOME_DONE)
        return true;
    if (outcome == OUTCOME_FENCED)
        return error_fail(error, ERROR_FAILED,
                          "somebody else applies a document at this moment; nothing of this one is published: look again");
    if (!connection_reopen(connection, LOOKS, &ignored) || !connection_read_control(connection, &ignored) ||
        (*version = conductor_topic_version(connection->control)) <= before ||
        !compute(connection, arguments, documents, &left, &ignored))
        return false;
    bool is_there = left.count == 0;
    conductor_changes_done(&left);
    return is_there || error_fail(error, ERROR_FAILED, "somebody else has applied version %lld meanwhile: look again",
                                  (long long)*version);
}

/*
 * Under the name that all who publish documents share: who opens last is the one that can commit, and what it reads then is
 * still so when it does. What was shown must be what is published.
 */
static bool publish(struct connection *connection, const struct arguments *arguments, struct documents *documents,
                    int64_t shown, struct error *error)
{
    struct conductor_changes changes;
    if (!connection_reopen(connection, "apply", error) || !connection_await_control(connection, error) ||
        !connection_read_control(connection, error))
        return false;
    int64_t version = conductor_topic_version(connection->control);
    if (version != shown)
        return error_fail(error, ERROR_FAILED,
                          "somebody else has applied version %lld while this one was held against version %lld: look again",
                          (long long)version, (long long)shown);
    if (!compute(connection, arguments, documents, &changes, error))
        return false;
    enum stream_outcome outcome = apply_publish(connection->stream, &changes, NULL, 0, error);
    conductor_changes_done(&changes);
    if (!settle(connection, arguments, documents, &version, outcome, error))
        return false;
    if (arguments->period == PERIOD_NONE)
        printf("version %lld is in force\n", (long long)version);
    else
        printf("these are its custom line items\n");
    return true;
}

static bool show_and_publish(struct connection *connection, const struct arguments *arguments, struct documents *documents,
                             int *code, struct error *error)
{
    struct conductor_changes changes;
    int64_t version = conductor_topic_version(connection->control);
    if (!check_expected(arguments, version, error))
        return false;
    if (documents->conductor->period == PERIOD_NONE && arguments->period == PERIOD_NONE)
        documents->conductor->period = running_month();
    if (arguments->period != PERIOD_NONE)
        documents->conductor->version = version;
    if (!compute(connection, arguments, documents, &changes, error))
        return false;
    bool differs = changes.count > 0;
    if (arguments->period == PERIOD_NONE)
        show(connection, documents, &changes);
    else
        show_items(&changes);
    conductor_changes_done(&changes);
    if (differs && !arguments->dry_run)
        return publish(connection, arguments, documents, version, error);
    if (differs)
        *code = EXIT_CHANGES;
    else
        printf("version %lld stays in force\n", (long long)version);
    return true;
}

int command_apply(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct documents documents = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(
        argc, argv, OPTION_SETTINGS | OPTION_CONDUCTOR | OPTION_PRICE_LIST | OPTION_STRICT | OPTION_APPLY | OPTION_PERIOD,
        &arguments, &error);
    if (done && arguments.help) {
        fputs(apply_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.conductor_count == 0)
        done = error_fail(&error, ERROR_INVALID, "--conductor DOC is needed");
    done = done && connection_settings(&arguments, &connection, &error) &&
           documents_of_arguments(&arguments, 0, &documents, &error) && connection_open(&connection, LOOKS, &error) &&
           connection_read_control(&connection, &error) &&
           show_and_publish(&connection, &arguments, &documents, &code, &error);
    if (!done)
        code = print_failure("apply", &error);
    documents_done(&documents);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}

int command_export(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct buffer json = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_PERIOD, &arguments, &error);
    billing_period period = arguments.period == PERIOD_NONE ? running_month() : arguments.period;
    if (done && arguments.help) {
        fputs(export_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "export", &error) &&
           connection_read_control(&connection, &error) && conductor_topic_export(connection.control, period, &json, &error);
    if (done) {
        fwrite(json.data, 1, json.size, stdout);
        fprintf(stderr, "version %lld\n", (long long)conductor_topic_version(connection.control));
    } else {
        code = print_failure("export", &error);
    }
    buffer_done(&json);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
