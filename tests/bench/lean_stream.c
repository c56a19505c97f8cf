/* bench/lean_stream.c: the port log/stream.h on the lean log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/lean_parts.h"

struct reading {
    enum stream_topic topic;
    int32_t partition;
    struct place place;
};

struct lean_stream {
    struct stream port;
    struct lean_log *log;
    unsigned number;
    bool has_assignment;
    struct reading *readings;
    size_t reading_count, turn;
    struct reading restore;
    char sink[CHUNK_BYTES];
    size_t sunk;
};

/* ---- reading ---- */

static struct lean_stream *stream_of(struct stream *port)
{
    return (struct lean_stream *)port;
}

static bool give_assignment(struct lean_stream *stream, const struct stream_handler *handler, struct error *error)
{
    static const enum stream_topic inputs[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };
    struct stream_partition assigned[3 * 4096];
    size_t count = 0;
    for (size_t t = 0; t < ARRAY_COUNT(inputs); t++)
        for (int32_t i = (int32_t)stream->number; i < stream->log->options.partitions[inputs[t]];
             i += (int32_t)stream->log->options.streams)
            assigned[count++] = (struct stream_partition){ inputs[t], i, OFFSET_NONE, 0 };
    stream->has_assignment = true;
    return handler->assigned(handler->context, assigned, count, error);
}

/* Tells of usage that comes a little later, up to `end`. `soon` goes on ahead. */
static void expect_soon(struct partition *partition, const struct reading *from, int64_t end, struct place *soon,
                        const struct stream_handler *handler)
{
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record = { .topic = from->topic, .partition = from->partition };
    if (soon->offset < from->place.offset)
        *soon = from->place;
    while (soon->offset < end && soon->offset <= from->place.offset + STREAM_EXPECTED) {
        record.offset = soon->offset;
        const struct stored *stored = lean_next(partition, soon);
        if (stored->is_aborted)
            continue;
        lean_load(stored, headers, &record);
        handler->expect(handler->context, &record);
    }
}

/* Of one partition after the other, as a consumer hands its fetched batches over. */
static bool read_some(struct lean_stream *stream, struct reading *from, size_t records_max, size_t *taken,
                      const struct stream_handler *handler, struct error *error)
{
    struct lean_log *log = stream->log;
    struct partition *partition = lean_partition_of(log, from->topic, from->partition);
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record = { .topic = from->topic, .partition = from->partition };
    int64_t end = lean_stable_end(log, partition);
    if (from->topic == STREAM_USAGE && !atomic_load(&log->is_open))
        return true;
    int64_t room = (int64_t)(records_max - *taken),
            handed = end - from->place.offset < room ? end : from->place.offset + room;
    struct place soon = from->place;
    for (; from->place.offset < end && *taken < records_max; ++*taken) {
        if (from->topic == STREAM_USAGE && handler->expect)
            expect_soon(partition, from, handed, &soon, handler);
        record.offset = from->place.offset;
        const struct stored *stored = lean_next(partition, &from->place);
        if (stored->is_aborted)
            continue;
        lean_load(stored, headers, &record);
        if (!handler->record(handler->context, &record, error))
            return false;
    }
    if (*taken > 0 && from->topic == STREAM_USAGE)
        atomic_fetch_add(&log->taken, *taken);
    lean_forget(log, partition, &from->place);
    if (from->place.offset == end && handler->ended)
        handler->ended(handler->context, from->topic, from->partition, end);
    return true;
}

static enum stream_outcome lean_poll(struct stream *port, int timeout_ms, size_t records_max,
                                     const struct stream_handler *handler, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    size_t taken = 0;
    if (!stream->has_assignment && !give_assignment(stream, handler, error))
        return OUTCOME_INDETERMINATE;
    lean_log_refill(stream->log);
    for (size_t i = 0; i < stream->reading_count && taken == 0; i++) {
        stream->turn = (stream->turn + 1) % stream->reading_count;
        if (!read_some(stream, &stream->readings[stream->turn], records_max, &taken, handler, error))
            return OUTCOME_INDETERMINATE;
    }
    if (taken == 0)
        atomic_fetch_add(&stream->log->idle_ms, timeout_ms);
    return OUTCOME_DONE;
}

static bool lean_assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct reading *readings = memory_new_array(count + 1, sizeof *readings);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        struct partition *partition = lean_partition_of(stream->log, partitions[i].topic, partitions[i].partition);
        int64_t offset = partitions[i].offset == OFFSET_NONE ? partition->begin : partitions[i].offset;
        readings[i].topic = partitions[i].topic;
        readings[i].partition = partitions[i].partition;
        done = lean_seek(partition, offset, &readings[i].place) ||
               error_fail(error, ERROR_FAILED, "offset %lld of %s is not there", (long long)offset,
                          stream_topic_name(partitions[i].topic));
    }
    free(stream->readings);
    stream->readings = readings;
    stream->reading_count = count;
    stream->turn = 0;
    return done;
}

static bool lean_committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                           struct error *error)
{
    (void)error;
    *stable = true;
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = lean_partition_of(stream_of(port)->log, partitions[i].topic, partitions[i].partition);
        partitions[i].offset = atomic_load(&partition->committed);
        partitions[i].transaction = atomic_load(&partition->transaction);
    }
    return true;
}

/* ---- transactions ---- */

static enum stream_outcome lean_begin(struct stream *port, struct error *error)
{
    (void)port;
    (void)error;
    return OUTCOME_DONE;
}

/* Nobody will read it: it is copied as a producer would, and that is all. */
static void sink(struct lean_stream *stream, const struct stream_record *record)
{
    size_t size = record->key.size + record->value.size;
    if (stream->sunk + size > sizeof stream->sink)
        stream->sunk = 0;
    CHECK(size <= sizeof stream->sink);
    append_text(append_text(stream->sink + stream->sunk, record->key), record->value);
    stream->sunk += size;
}

static enum stream_outcome lean_produce(struct stream *port, const struct stream_record *record, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct lean_log *log = stream->log;
    struct partition *partition = lean_partition_of(log, record->topic, record->partition);
    (void)error;
    atomic_fetch_add_explicit(&log->records[record->topic], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&log->bytes[record->topic], record->key.size + record->value.size, memory_order_relaxed);
    if (partition->is_counted_only) {
        sink(stream, record);
        atomic_fetch_add(&partition->end, 1);
        return OUTCOME_DONE;
    }
    struct stream_record stamped = *record;
    stamped.timestamp_ms = lean_log_wall_clock_ms(log);
    lean_partition_append(log, partition, &stamped, stream->number);
    return OUTCOME_DONE;
}

static enum stream_outcome lean_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                       struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct lean_log *log = stream->log;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = lean_partition_of(log, partitions[i].topic, partitions[i].partition);
        atomic_store(&partition->committed, partitions[i].offset);
        atomic_store(&partition->transaction, partitions[i].transaction);
    }
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++)
        for (int32_t i = 0; i < log->options.partitions[topic]; i++)
            atomic_store(&log->partitions[topic][i].open_from[stream->number], INT64_MAX);
    atomic_fetch_add(&log->commits, 1);
    uint64_t own = lean_log_own_bytes();
    if (own > atomic_load(&log->peak_bytes))
        atomic_store(&log->peak_bytes, own);
    return OUTCOME_DONE;
}

/* A bench has no faults. */
static enum stream_outcome lean_abort(struct stream *port, struct error *error)
{
    (void)port;
    fprintf(stderr, "lean_log: a transaction is aborted: %s\n", error->message);
    exit(1);
}

/* ---- restoring ---- */

static bool lean_restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                               struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct partition *read = lean_partition_of(stream->log, topic, partition);
    int64_t from = offset == OFFSET_NONE ? read->begin : offset;
    stream->restore = (struct reading){ .topic = topic, .partition = partition };
    if (read->is_counted_only) {
        stream->restore.place.offset = atomic_load(&read->end);
        return true;
    }
    return lean_seek(read, from, &stream->restore.place) ||
           error_fail(error, ERROR_FAILED, "offset %lld of %s is not there", (long long)from, stream_topic_name(topic));
}

static bool lean_restore_step(struct stream *port, size_t records_max,
                              bool (*take)(void *context, const struct stream_record *record, struct error *error),
                              void *context, struct stream_reading *reading, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct reading *from = &stream->restore;
    struct partition *partition = lean_partition_of(stream->log, from->topic, from->partition);
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record = { .topic = from->topic, .partition = from->partition };
    int64_t end = lean_stable_end(stream->log, partition);
    for (; from->place.offset < end && records_max > 0; records_max--) {
        struct place before = from->place;
        record.offset = before.offset;
        const struct stored *stored = lean_next(partition, &from->place);
        if (stored->is_aborted)
            continue;
        lean_load(stored, headers, &record);
        if (!take(context, &record, error)) {
            from->place = before;
            *reading = (struct stream_reading){ false, before.offset, OFFSET_NONE };
            return false;
        }
    }
    *reading = (struct stream_reading){ from->place.offset >= end, from->place.offset, atomic_load(&partition->end) };
    return true;
}

static bool lean_range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                       struct error *error)
{
    const struct lean_log *log = stream_of(port)->log;
    const struct partition *asked = lean_partition_of(log, topic, partition);
    (void)error;
    *first = asked->begin;
    *end = lean_stable_end(log, asked);
    return true;
}

static bool lean_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms, int64_t *offset,
                      struct error *error)
{
    const struct lean_log *log = stream_of(port)->log;
    (void)error;
    *offset = lean_offset_of_time(log, lean_partition_of(log, topic, partition), time_ms);
    return true;
}

static bool lean_high(struct stream *port, enum stream_topic topic, int32_t partition, int timeout_ms, int64_t *high,
                      struct error *error)
{
    (void)timeout_ms;
    (void)error;
    *high = atomic_load(&lean_partition_of(stream_of(port)->log, topic, partition)->end);
    return true;
}

static void lean_trim(struct stream *port, enum stream_topic topic, int32_t partition, int64_t before)
{
    (void)port;
    (void)topic;
    (void)partition;
    (void)before;
}

static int64_t lean_known_end(const struct stream *port, enum stream_topic topic, int32_t partition)
{
    return atomic_load(&lean_partition_of(((const struct lean_stream *)port)->log, topic, partition)->end);
}

static int32_t lean_partition_count(const struct stream *port, enum stream_topic topic)
{
    return ((const struct lean_stream *)port)->log->options.partitions[topic];
}

static bool lean_is_reachable(struct stream *port)
{
    (void)port;
    return true;
}

static void lean_close(struct stream *port)
{
    free(stream_of(port)->readings);
    free(port);
}

static const struct stream_ops operations = {
    .poll = lean_poll,
    .assign = lean_assign,
    .committed = lean_committed,
    .begin = lean_begin,
    .produce = lean_produce,
    .commit = lean_commit,
    .abort = lean_abort,
    .restore_begin = lean_restore_begin,
    .restore_step = lean_restore_step,
    .offset_of_time = lean_time,
    .range = lean_range,
    .high = lean_high,
    .trim = lean_trim,
    .known_end = lean_known_end,
    .partition_count = lean_partition_count,
    .is_reachable = lean_is_reachable,
    .close = lean_close,
};

void lean_stream_open(struct lean_log *log, unsigned number, struct stream **ret_stream)
{
    struct lean_stream *stream = memory_new(sizeof *stream);
    CHECK(number < log->options.streams);
    stream->port.ops = &operations;
    stream->log = log;
    stream->number = number;
    *ret_stream = &stream->port;
}
