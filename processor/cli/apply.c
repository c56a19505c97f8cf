/* cli/apply.c: proforma apply and proforma export. */
#include <stdio.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/documents.h"
#include "cli/failure.h"
#include "service/apply.h"

static const char apply_help[] = "usage: proforma apply --conductor DOC [--price-list FILE]... [--strict] [--expect N]\n"
                                 "                      [--dry-run] [--config FILE] [--set KEY=VALUE]...\n"
                                 "\n"
                                 "Validates a document and publishes what differs from the one in force, in one\n"
                                 "transaction. A document without a BillingPeriod is for the running month.\n"
                                 "\n"
                                 "  --strict      skus of a price list that are at fault are an error\n"
                                 "  --expect N    only if version N is in force (0: none yet)\n"
                                 "  --dry-run     show the difference; exit 4 if there is any\n";

static const char export_help[] = "usage: proforma export [--config FILE] [--set KEY=VALUE]...\n\n"
                                  "Prints the document in force.\n";

static billing_period running_month(void)
{
    return period_of((int64_t)time(NULL) * 1000);
}

static bool show_and_publish(struct connection *connection, const struct arguments *arguments, struct documents *documents,
                             int *code, struct error *error)
{
    struct conductor_changes changes;
    struct input *input;
    int64_t version = conductor_topic_version(connection->control);
    if (arguments->expect >= 0 && arguments->expect != version)
        return error_fail(error, ERROR_FAILED, "version %lld is in force, expected %lld", (long long)version,
                          (long long)arguments->expect);
    if (documents->conductor->period == PERIOD_NONE)
        documents->conductor->period = running_month();
    if (!input_open(arguments->conductors[0], &input, error))
        return false;
    bool done =
        conductor_changes_compute(connection->control, input, documents->conductor, &documents->list, &changes, error);
    input_close(input);
    if (done) {
        printf("%zu added, %zu changed, %zu removed\n", changes.added, changes.changed, changes.removed);
        for (size_t i = 0; i < changes.count && i < 50; i++)
            printf("  %s %.*s\n", changes.items[i].value.size ? "+" : "-", TEXT_ARGS(changes.items[i].key));
    }
    if (done && changes.count > 0 && arguments->dry_run)
        *code = EXIT_CHANGES;
    else if (done && changes.count > 0)
        done = apply_publish(connection->stream, &changes, NULL, 0, error) == OUTCOME_DONE &&
               printf("version %lld is in force\n", (long long)version + 1) > 0;
    else if (done)
        printf("version %lld stays in force\n", (long long)version);
    conductor_changes_done(&changes);
    return done;
}

int command_apply(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct documents documents = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done =
        arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_CONDUCTOR | OPTION_PRICE_LIST | OPTION_STRICT | OPTION_APPLY,
                        &arguments, &error);
    if (done && arguments.help) {
        fputs(apply_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.conductor_count == 0)
        done = error_fail(&error, ERROR_INVALID, "--conductor DOC is needed");
    done = done && connection_settings(&arguments, &connection, &error) &&
           documents_of_arguments(&arguments, 0, &documents, &error) && connection_open(&connection, "apply", &error) &&
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
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS, &arguments, &error);
    if (done && arguments.help) {
        fputs(export_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "export", &error) &&
           connection_read_control(&connection, &error) && conductor_topic_export(connection.control, &json, &error);
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
