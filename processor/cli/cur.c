/* cli/cur.c: proforma cur: a group's report from the topic, as files, checked against its manifest. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "service/report_files.h"

static const char cur_help[] =
    "usage: proforma cur --group G --period YYYY-MM --out DIR [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Writes the Cost and Usage Report of a closed month from the topic, for the group and\n"
    "each of its accounts, and checks it against the manifest.\n";

static bool read_partition(void *context, enum stream_topic topic, int32_t partition,
                           bool (*take)(void *taker, const struct stream_record *record, struct error *error), void *taker,
                           struct error *error)
{
    return connection_read(context, topic, partition, take, taker, error);
}

static bool write_report(struct connection *connection, const struct arguments *arguments, struct error *error)
{
    const struct stream *stream = connection->stream;
    struct report_port port = { connection, connection->wire, stream->ops->partition_count(stream, STREAM_CUR_MANIFESTS),
                                read_partition };
    uint64_t rows;
    if (!report_files_write(&port, text_of(arguments->group), arguments->period, arguments->out, &rows, error))
        return false;
    printf("%llu rows in %s, as the manifest says\n", (unsigned long long)rows, arguments->out);
    return true;
}

int command_cur(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_PERIOD | OPTION_GROUP | OPTION_OUT, &arguments, &error);
    if (done && arguments.help) {
        fputs(cur_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && (!arguments.group || arguments.period == PERIOD_NONE || !arguments.out))
        done = error_fail(&error, ERROR_INVALID, "--group G, --period YYYY-MM and --out DIR are needed");
    if (done && strchr(arguments.group, '/'))
        done = error_fail(&error, ERROR_INVALID, "--group: found '%s', expected a billing group's id", arguments.group);
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "cur", &error) &&
           write_report(&connection, &arguments, &error);
    if (!done)
        code = print_failure("cur", &error);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
