/* cli/replay.c: proforma replay: dead letters of a reason back to the usage topic, each once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "model/refusal.h"

#define STEP_RECORDS 4096

static const char replay_help[] = "usage: proforma replay --reason R [--config FILE] [--set KEY=VALUE]...\n"
                                  "\n"
                                  "Puts the dead letters of a reason back to the usage topic, for when what was wrong has\n"
                                  "been put right. Each goes once, and what is refused again is a new letter: how far a\n"
                                  "reason's letters have been sent is the offset of the group\n"
                                  "<group.id>-replay-<reason>. A letter that was cut is left where it is.\n";

struct replay {
    struct connection *connection;
    struct text reason;
    char group[300];
    int64_t end; /* of the partition at hand: what is refused again meanwhile is for the next time */
    uint64_t sent, cut;
};

static struct text header(const struct stream_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return TEXT_NONE;
}

/* Where it came from, so that its id is known where it was seen; by its key if that is no longer told. */
static int32_t partition_for(const struct stream_record *record, int32_t count)
{
    struct text from = header(record, "partition");
    i128 number;
    if (decimal_parse(from, 0, &number) == DECIMAL_EXACT && number >= 0 && number < count)
        return (int32_t)number;
    return (int32_t)(hash64(record->key.data, record->key.size) % (uint32_t)count);
}

static bool take(void *context, const struct stream_record *record, struct error *error)
{
    struct replay *replay = context;
    struct stream *stream = replay->connection->stream;
    if (record->offset >= replay->end || !text_equal(header(record, "reason"), replay->reason))
        return true;
    if (header(record, "size").size || record->is_null) {
        replay->cut++;
        return true;
    }
    int32_t partition = partition_for(record, stream->ops->partition_count(stream, STREAM_USAGE));
    struct stream_record out = { .topic = STREAM_USAGE, .key = record->key, .value = record->value, .partition = partition };
    replay->sent++;
    return stream->ops->produce(stream, &out, error) == OUTCOME_DONE;
}

/* A step is a transaction: what it sends and how far it has read. */
static bool replay_step(struct replay *replay, struct stream_partition *at, bool *ended, struct error *error)
{
    struct stream *stream = replay->connection->stream;
    struct stream_reading reading;
    int64_t before = at->offset;
    if (stream->ops->begin(stream, error) != OUTCOME_DONE ||
        !stream->ops->restore_step(stream, STEP_RECORDS, take, replay, &reading, error))
        return false;
    at->offset = reading.next < replay->end ? reading.next : replay->end;
    *ended = reading.ended || at->offset == replay->end;
    if (at->offset == before) {
        struct error ignored;
        return stream->ops->abort(stream, &ignored) == OUTCOME_DONE;
    }
    return stream->ops->commit(stream, at, 1, error) == OUTCOME_DONE;
}

/* Retention may have taken what lay behind the last replay. */
static bool find_start(struct stream *stream, struct stream_partition *at, int64_t *end, struct error *error)
{
    int64_t first;
    if (!stream->ops->range(stream, at->topic, at->partition, &first, end, error))
        return false;
    if (at->offset < first)
        at->offset = first;
    return true;
}

static bool replay_partition(struct replay *replay, int32_t partition, struct error *error)
{
    struct stream *stream = replay->connection->stream;
    struct stream_partition at = { STREAM_DEAD_LETTERS, partition, OFFSET_NONE, 0 };
    bool stable = false, ended = false;
    while (!stable)
        if (!stream->ops->committed(stream, &at, 1, &stable, error))
            return false;
    if (!find_start(stream, &at, &replay->end, error))
        return false;
    if (at.offset >= replay->end)
        return true;
    if (!stream->ops->restore_begin(stream, at.topic, partition, at.offset, error))
        return false;
    while (!ended)
        if (!replay_step(replay, &at, &ended, error))
            return false;
    return true;
}

static bool replay_all(struct replay *replay, struct error *error)
{
    struct connection *connection = replay->connection;
    snprintf(replay->group, sizeof replay->group, "%s-replay-%.*s", connection->settings.group_id,
             TEXT_ARGS(replay->reason));
    connection->kafka.group_id = replay->group;
    if (!connection_open(connection, "replay", error))
        return false;
    const struct stream *stream = connection->stream;
    for (int32_t p = 0; p < stream->ops->partition_count(stream, STREAM_DEAD_LETTERS); p++)
        if (!replay_partition(replay, p, error))
            return false;
    return true;
}

static bool check_reason(const char *reason, struct error *error)
{
    if (!reason)
        return error_fail(error, ERROR_INVALID, "--reason R is needed");
    struct buffer known = { 0 };
    bool found = false;
    for (enum refusal_reason i = REFUSAL_NONE + 1; i < REFUSAL_REASON_COUNT; i++) {
        found = found || strcmp(reason, refusal_reason_text(i)) == 0;
        buffer_printf(&known, "%s%s", known.size ? ", " : "", refusal_reason_text(i));
    }
    if (!found)
        error_fail(error, ERROR_INVALID, "--reason: found '%s', expected one of %.*s", reason,
                   TEXT_ARGS(buffer_text(&known)));
    buffer_done(&known);
    return found;
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
    done = done && check_reason(arguments.reason, &error);
    replay.reason = text_of(done ? arguments.reason : NULL);
    done = done && connection_settings(&arguments, &connection, &error) && replay_all(&replay, &error);
    if (done)
        printf("%llu dead letters sent again, %llu left: they were cut\n", (unsigned long long)replay.sent,
               (unsigned long long)replay.cut);
    else
        code = print_failure("replay", &error);
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
