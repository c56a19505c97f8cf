/* cli/replay.c: proforma replay: dead letters of a reason back to the usage topic. */
#include <stdio.h>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"

static const char replay_help[] =
    "usage: proforma replay --reason R [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Puts the dead letters of a reason back to the usage topic, in one transaction, for\n"
    "when what was wrong has been put right. A letter that was cut is left where it is.\n";

struct replay {
    struct connection *connection;
    struct text reason;
    uint64_t sent, cut;
};

static struct text header(const struct stream_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return TEXT_NONE;
}

static bool take(void *context, const struct stream_record *record, struct error *error)
{
    struct replay *replay = context;
    struct stream *stream = replay->connection->stream;
    uint32_t partitions = (uint32_t)stream->ops->partition_count(stream, STREAM_USAGE);
    if (!text_equal(header(record, "reason"), replay->reason))
        return true;
    if (header(record, "size").size || record->is_null) {
        replay->cut++;
        return true;
    }
    struct stream_record out = { .topic = STREAM_USAGE, .key = record->key, .value = record->value,
                                 .partition = (int32_t)(hash64(record->key.data, record->key.size) % partitions) };
    replay->sent++;
    return stream->ops->produce(stream, &out, error) == OUTCOME_DONE;
}

static bool replay_all(struct replay *replay, struct error *error)
{
    struct stream *stream = replay->connection->stream;
    bool done = stream->ops->begin(stream, error) == OUTCOME_DONE;
    for (int32_t p = 0; p < stream->ops->partition_count(stream, STREAM_DEAD_LETTERS) && done; p++)
        done = connection_read(replay->connection, STREAM_DEAD_LETTERS, p, take, replay, error);
    return done && stream->ops->commit(stream, NULL, 0, error) == OUTCOME_DONE;
}

int command_replay(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct replay replay = { .connection = &connection };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_REASON, &arguments, &error);
    if (done && arguments.help) {
        fputs(replay_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && !arguments.reason)
        done = error_fail(&error, ERROR_INVALID, "--reason R is needed");
    replay.reason = text_of(done ? arguments.reason : NULL);
    done = done && connection_settings(&arguments, &connection, &error) && connection_open(&connection, "replay", &error) &&
           replay_all(&replay, &error);
    if (done)
        printf("%llu dead letters sent again, %llu left: they were cut\n", (unsigned long long)replay.sent,
               (unsigned long long)replay.cut);
    else
        code = print_failure("replay", &error);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
