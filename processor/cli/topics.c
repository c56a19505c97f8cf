/* cli/topics.c: proforma topics create | describe. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"

static const char topics_help[] = "usage: proforma topics create|describe [--config FILE] [--set KEY=VALUE]...\n"
                                  "\n"
                                  "create makes the topics that are not there yet; describe shows all and what is\n"
                                  "wrong with them.\n";

static bool describe(const struct connection *connection, struct error *error)
{
    struct topic_plan plan = connection_topics(connection);
    struct buffer lines = { 0 }, faults = { 0 };
    size_t count;
    bool done = kafka_topics_check(&connection->kafka, &plan, &lines, &faults, &count, error);
    printf("%.*s", (int)lines.size, lines.data ? lines.data : "");
    fprintf(stderr, "%.*s", (int)faults.size, faults.data ? faults.data : "");
    if (done && count > 0)
        done = error_fail(error, ERROR_INVALID, "%zu fault%s", count, count == 1 ? "" : "s");
    buffer_done(&lines);
    buffer_done(&faults);
    return done;
}

static bool create(const struct connection *connection, struct error *error)
{
    struct topic_plan plan = connection_topics(connection);
    size_t made;
    if (!kafka_topics_create(&connection->kafka, &plan, &made, error))
        return false;
    printf("%zu topics made\n", made);
    return true;
}

int command_topics(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS, &arguments, &error);
    if (done && arguments.help) {
        fputs(topics_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    const char *what = done && arguments.operand_count == 1 ? arguments.operands[0] : "";
    bool creates = strcmp(what, "create") == 0;
    if (done && !creates && strcmp(what, "describe") != 0)
        done = error_fail(&error, ERROR_INVALID, "create or describe is expected");
    done = done && connection_settings(&arguments, &connection, &error) &&
           (creates ? create(&connection, &error) : describe(&connection, &error));
    if (!done)
        code = print_failure("topics", &error);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
