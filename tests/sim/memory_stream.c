/* sim/memory_stream.c: the port log/stream.h on the log in memory: reading, restoring, opening and closing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory_log_parts.h"

/* ---- reading ---- */

static bool check_begin(const struct partition *read, int64_t offset, struct error *error)
{
    return offset >= (int64_t)read->first ||
           error_fail(error, ERROR_FAILED, "simulated: offset %lld is out of range", (long long)offset);
}

/* A record in memory of its own, as a client library has it until it has been handed over. */
struct fetched {
    struct stream_record record;
    int64_t offset;
    char *value;
};

static void fetch(const struct partition *read, int64_t offset, struct fetched *fetched)
{
    const struct stream_record *record = &read->records[offset].record;
    *fetched = (struct fetched){ *record, offset, NULL };
    if (record->value.size == 0)
        return;
    fetched->value = memory_new(record->value.size);
    memcpy(fetched->value, record->value.data, record->value.size);
    fetched->record.value.data = fetched->value;
}

/* Records up to `offset` and those that are expected behind it, each in its place by its offset. */
#define FETCHED (STREAM_EXPECTED + 1)

static void fetch_ahead(const struct partition *read, int64_t *next, int64_t until, struct fetched fetched[FETCHED],
                        const struct stream_handler *handler)
{
    for (; *next < until; ++*next) {
        if (!log_is_readable(&read->records[*next]))
            continue;
        struct fetched *place = &fetched[*next % FETCHED];
        fetch(read, *next, place);
        if (place->record.topic == STREAM_USAGE && handler->expect)
            handler->expect(handler->context, &place->record);
    }
}

static bool hand_over(struct fetched *fetched, const struct stream_handler *handler, struct error *error)
{
    bool done = handler->record(handler->context, &fetched->record, error);
    free(fetched->value);
    fetched->value = NULL;
    return done;
}

static bool read_partition(struct memory_stream *stream, struct stream_partition *from, size_t records_max,
                           const struct stream_handler *handler, struct error *error)
{
    const struct partition *read = &stream->log->partitions[from->topic][from->partition];
    int64_t end = log_stable_end(stream->log, from->topic, from->partition);
    if (from->offset == OFFSET_NONE)
        from->offset = (int64_t)read->first;
    if (!check_begin(read, from->offset, error))
        return false;
    struct fetched fetched[FETCHED] = { 0 };
    int64_t next = from->offset;
    bool done = true;
    for (size_t taken = 0; from->offset < end && taken < records_max && done; from->offset++) {
        fetch_ahead(read, &next, from->offset + FETCHED < end ? from->offset + FETCHED : end, fetched, handler);
        if (!log_is_readable(&read->records[from->offset]))
            continue;
        taken++;
        done = hand_over(&fetched[from->offset % FETCHED], handler, error);
    }
    for (size_t i = 0; i < FETCHED; i++)
        free(fetched[i].value);
    if (!done)
        return false;
    if (from->offset == end && handler->ended)
        handler->ended(handler->context, from->topic, from->partition, end);
    return true;
}

static enum stream_outcome poll(struct stream *port, int timeout_ms, size_t records_max,
                                const struct stream_handler *handler, struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    (void)timeout_ms;
    (void)records_max;
    if (!group_take_part(stream, handler, error))
        return OUTCOME_INDETERMINATE;
    for (size_t i = 0; i < stream->reading_count; i++)
        if (dice_percent(stream->log->dice, 60) &&
            !read_partition(stream, &stream->reading[i], 1 + dice_below(stream->log->dice, 40), handler, error))
            return OUTCOME_INDETERMINATE;
    return OUTCOME_DONE;
}

static bool assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    (void)error;
    stream->reading = memory_grow(stream->reading, count + 1, sizeof *stream->reading);
    if (count)
        memcpy(stream->reading, partitions, count * sizeof *partitions);
    stream->reading_count = count;
    return true;
}

static bool committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                      struct error *error)
{
    const struct memory_log *log = memory_stream_of(port)->log;
    (void)error;
    *stable = true;
    for (size_t i = 0; i < count; i++) {
        *stable = *stable && !transactions_pend(log, &partitions[i]);
        partitions[i].offset = log->partitions[partitions[i].topic][partitions[i].partition].committed;
        partitions[i].transaction = log->partitions[partitions[i].topic][partitions[i].partition].transaction;
    }
    return true;
}

/* ---- restoring ---- */

static bool restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                          struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    (void)error;
    stream->restore_topic = topic;
    stream->restore_partition = partition;
    stream->restore_next = offset == OFFSET_NONE ? (int64_t)stream->log->partitions[topic][partition].first : offset;
    return true;
}

static bool restore_step(struct stream *port, size_t records_max,
                         bool (*take)(void *context, const struct stream_record *record, struct error *error), void *context,
                         struct stream_reading *reading, struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    const struct partition *read = &stream->log->partitions[stream->restore_topic][stream->restore_partition];
    int64_t end = log_stable_end(stream->log, stream->restore_topic, stream->restore_partition);
    size_t most = 1 + dice_below(stream->log->dice, dice_percent(stream->log->dice, 20) ? 50 : records_max);
    if (!check_begin(read, stream->restore_next, error))
        return false;
    for (; stream->restore_next < end && most > 0; stream->restore_next++, most--) {
        struct stream_record record = read->records[stream->restore_next].record;
        if (log_is_readable(&read->records[stream->restore_next]) && !take(context, &record, error)) {
            *reading = (struct stream_reading){ false, stream->restore_next, OFFSET_NONE };
            return false;
        }
    }
    *reading = (struct stream_reading){ stream->restore_next >= end, stream->restore_next, (int64_t)read->count };
    return true;
}

static bool range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                  struct error *error)
{
    struct memory_log *log = memory_stream_of(port)->log;
    (void)error;
    *first = (int64_t)log->partitions[topic][partition].first;
    *end = log_stable_end(log, topic, partition);
    return true;
}

static bool offset_of_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms, int64_t *offset,
                           struct error *error)
{
    struct memory_log *log = memory_stream_of(port)->log;
    const struct partition *read = &log->partitions[topic][partition];
    int64_t end = log_stable_end(log, topic, partition);
    (void)error;
    *offset = (int64_t)read->first;
    while (*offset < end && read->records[*offset].record.timestamp_ms < time_ms)
        ++*offset;
    return true;
}

static bool high(struct stream *port, enum stream_topic topic, int32_t partition, int timeout_ms, int64_t *end,
                 struct error *error)
{
    (void)timeout_ms;
    (void)error;
    *end = memory_log_end(memory_stream_of(port)->log, topic, partition);
    return true;
}

/* The broker takes its time, and sometimes does not. */
static void trim(struct stream *port, enum stream_topic topic, int32_t partition, int64_t before)
{
    struct memory_log *log = memory_stream_of(port)->log;
    struct partition *trimmed = &log->partitions[topic][partition];
    if (before > (int64_t)trimmed->first && before <= (int64_t)trimmed->count && dice_percent(log->dice, 50))
        trimmed->first = (size_t)before;
}

static int64_t known_end(const struct stream *port, enum stream_topic topic, int32_t partition)
{
    return memory_log_end(((const struct memory_stream *)port)->log, topic, partition);
}

static bool is_reachable(struct stream *port)
{
    (void)port;
    return true;
}

static int32_t partition_count(const struct stream *port, enum stream_topic topic)
{
    return ((const struct memory_stream *)port)->partition_counts[topic];
}

/* ---- opening and closing ---- */

static void close_stream(struct stream *port)
{
    struct memory_stream *stream = memory_stream_of(port);
    producer_close(stream);
    group_leave(stream);
    *stream->owner = NULL;
    free(stream->reading);
    free(stream);
}

static const struct stream_ops operations = {
    .poll = poll,
    .assign = assign,
    .committed = committed,
    .begin = memory_begin,
    .produce = memory_produce,
    .commit = memory_commit,
    .abort = memory_abort,
    .restore_begin = restore_begin,
    .restore_step = restore_step,
    .offset_of_time = offset_of_time,
    .range = range,
    .high = high,
    .trim = trim,
    .known_end = known_end,
    .partition_count = partition_count,
    .is_reachable = is_reachable,
    .close = close_stream,
};

void memory_stream_open(struct memory_log *log, const char *instance, struct stream **owner)
{
    struct memory_stream *stream = memory_new(sizeof *stream);
    stream->port.ops = &operations;
    stream->log = log;
    if (instance)
        snprintf(stream->instance, sizeof stream->instance, "%s", instance);
    memcpy(stream->partition_counts, log->partition_counts, sizeof stream->partition_counts);
    producer_open(stream);
    group_join(stream);
    stream->owner = owner;
    *owner = &stream->port;
}

void memory_stream_crash(struct stream *stream)
{
    memory_stream_of(stream)->crashed = true;
}
