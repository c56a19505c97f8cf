/*
 * support/memory_log.h: a log in memory in place of log/kafka_stream: what topics are read from and documents are
 * written to. Each topic has one partition; transactions are whole or not there. It fails where it is told to. One log a
 * process: for the one source file that includes it.
 */
#ifndef SUPPORT_MEMORY_LOG_H
#define SUPPORT_MEMORY_LOG_H

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/kafka_stream.h"

struct memory_record {
    enum stream_topic topic;
    char *key, *value; /* value NULL: a deletion */
    char *reason;      /* a header; NULL: none */
    int64_t timestamp_ms;
};

static struct {
    struct memory_record *records;
    size_t count, capacity;
    atomic_uint opened, handed_over;
    atomic_uint to_refuse; /* connections */
    atomic_uint to_fail;   /* polls */
    _Atomic bool is_away;  /* ends are not told */
    /* What the next transaction comes to, and where; DONE: as it should be. */
    enum stream_outcome produced, committed, aborted;
    bool commits_all_the_same; /* and the answer is lost */
    unsigned publisher;        /* who opened last of those with a name */
} memory_log;

struct memory_stream {
    struct stream stream;
    struct stream_partition positions[STREAM_TOPIC_COUNT];
    size_t count;
    struct memory_record *pending;
    size_t pending_count, pending_capacity;
    unsigned publisher; /* 0: without a name */
};

static inline char *memory_text(struct text text)
{
    char *copy = malloc(text.size + 1);
    CHECK(copy);
    memcpy(copy, text.data ? text.data : "", text.size);
    copy[text.size] = '\0';
    return copy;
}

static inline void memory_log_add(enum stream_topic topic, const char *key, const char *value, const char *reason,
                                  int64_t timestamp_ms)
{
    memory_log.records =
        memory_reserve_one(memory_log.records, memory_log.count, &memory_log.capacity, sizeof *memory_log.records);
    memory_log.records[memory_log.count++] =
        (struct memory_record){ topic, memory_text(text_of(key)), value ? memory_text(text_of(value)) : NULL,
                                reason ? memory_text(text_of(reason)) : NULL, timestamp_ms };
}

static inline void memory_record_done(struct memory_record *record)
{
    free(record->key);
    free(record->value);
    free(record->reason);
}

static inline void memory_log_done(void)
{
    for (size_t i = 0; i < memory_log.count; i++)
        memory_record_done(&memory_log.records[i]);
    free(memory_log.records);
    memset(&memory_log, 0, sizeof memory_log);
}

/* The newest value of a key; NULL: there is none, or it is deleted. */
static inline const char *memory_log_value(enum stream_topic topic, const char *key)
{
    for (size_t i = memory_log.count; i-- > 0;)
        if (memory_log.records[i].topic == topic && strcmp(memory_log.records[i].key, key) == 0)
            return memory_log.records[i].value;
    return NULL;
}

/* ---- reading ---- */

static inline bool memory_hand_over(const struct memory_record *kept, int64_t offset, const struct stream_handler *handler,
                                    struct error *error)
{
    struct stream_header header = { "reason", text_of(kept->reason) };
    struct stream_record record = { .topic = kept->topic,
                                    .offset = offset,
                                    .timestamp_ms = kept->timestamp_ms,
                                    .key = text_of(kept->key),
                                    .value = text_of(kept->value),
                                    .is_null = kept->value == NULL,
                                    .headers = &header,
                                    .header_count = kept->reason != NULL };
    memory_log.handed_over++;
    return handler->record(handler->context, &record, error);
}

static inline enum stream_outcome memory_poll(struct stream *port, int timeout_ms, size_t records_max,
                                              const struct stream_handler *handler, struct error *error)
{
    struct memory_stream *memory = (struct memory_stream *)port;
    (void)records_max;
    (void)timeout_ms;
    if (memory_log.to_fail > 0) {
        memory_log.to_fail--;
        error_fail(error, ERROR_FAILED, "a failure that was asked for");
        return OUTCOME_INDETERMINATE;
    }
    for (size_t p = 0; p < memory->count; p++) {
        struct stream_partition *position = &memory->positions[p];
        int64_t offset = 0;
        for (size_t i = 0; i < memory_log.count; i++) {
            if (memory_log.records[i].topic != position->topic || offset++ < position->offset)
                continue;
            position->offset = offset;
            if (!memory_hand_over(&memory_log.records[i], offset - 1, handler, error))
                return OUTCOME_INDETERMINATE;
        }
        handler->ended(handler->context, position->topic, 0, offset);
    }
    usleep(1000);
    return OUTCOME_DONE;
}

static inline bool memory_assign(struct stream *port, const struct stream_partition *partitions, size_t count,
                                 struct error *error)
{
    struct memory_stream *memory = (struct memory_stream *)port;
    (void)error;
    CHECK(count <= STREAM_TOPIC_COUNT);
    memcpy(memory->positions, partitions, count * sizeof *partitions);
    memory->count = count;
    return true;
}

static inline bool memory_range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first,
                                int64_t *end, struct error *error)
{
    (void)port;
    (void)partition;
    *first = *end = 0;
    for (size_t i = 0; i < memory_log.count; i++)
        *end += memory_log.records[i].topic == topic;
    return !memory_log.is_away || error_fail(error, ERROR_LATER, "nobody answers");
}

static inline bool memory_high(struct stream *port, enum stream_topic topic, int32_t partition, int timeout_ms,
                               int64_t *high, struct error *error)
{
    (void)timeout_ms;
    int64_t first;
    return memory_range(port, topic, partition, &first, high, error);
}

static inline int32_t memory_partition_count(const struct stream *port, enum stream_topic topic)
{
    (void)port;
    (void)topic;
    return 1;
}

/* ---- transactions ---- */

static inline enum stream_outcome memory_outcome(enum stream_outcome *planned, struct error *error)
{
    enum stream_outcome outcome = *planned;
    *planned = OUTCOME_DONE;
    if (outcome != OUTCOME_DONE)
        error_fail(error, ERROR_FAILED, "an outcome that was asked for");
    return outcome;
}

static inline void memory_drop_pending(struct memory_stream *memory)
{
    for (size_t i = 0; i < memory->pending_count; i++)
        memory_record_done(&memory->pending[i]);
    memory->pending_count = 0;
}

static inline enum stream_outcome memory_begin(struct stream *port, struct error *error)
{
    struct memory_stream *memory = (struct memory_stream *)port;
    (void)error;
    CHECK(memory->pending_count == 0);
    return OUTCOME_DONE;
}

static inline enum stream_outcome memory_produce(struct stream *port, const struct stream_record *record,
                                                 struct error *error)
{
    struct memory_stream *memory = (struct memory_stream *)port;
    enum stream_outcome outcome = memory_outcome(&memory_log.produced, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    memory->pending =
        memory_reserve_one(memory->pending, memory->pending_count, &memory->pending_capacity, sizeof *memory->pending);
    memory->pending[memory->pending_count++] = (struct memory_record){
        .topic = record->topic, .key = memory_text(record->key), .value = record->is_null ? NULL : memory_text(record->value)
    };
    return OUTCOME_DONE;
}

static inline enum stream_outcome memory_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                                struct error *error)
{
    struct memory_stream *memory = (struct memory_stream *)port;
    (void)partitions;
    (void)count;
    if (memory->publisher && memory->publisher != memory_log.publisher) {
        error_fail(error, ERROR_FAILED, "somebody else has opened since");
        return OUTCOME_FENCED;
    }
    enum stream_outcome outcome = memory_outcome(&memory_log.committed, error);
    if (outcome != OUTCOME_DONE && !memory_log.commits_all_the_same)
        return outcome;
    for (size_t i = 0; i < memory->pending_count; i++)
        memory_log_add(memory->pending[i].topic, memory->pending[i].key, memory->pending[i].value, NULL,
                       (int64_t)time(NULL) * 1000);
    memory_drop_pending(memory);
    return outcome;
}

static inline enum stream_outcome memory_abort(struct stream *port, struct error *error)
{
    memory_drop_pending((struct memory_stream *)port);
    return memory_outcome(&memory_log.aborted, error);
}

static inline void memory_close(struct stream *port)
{
    struct memory_stream *memory = (struct memory_stream *)port;
    memory_drop_pending(memory);
    free(memory->pending);
    free(memory);
}

/* In place of Kafka's. */
bool kafka_stream_open(const struct kafka_settings *settings, const enum stream_topic *topics, size_t topic_count,
                       struct stream **ret_stream, struct error *error)
{
    static const struct stream_ops ops = { .poll = memory_poll,
                                           .assign = memory_assign,
                                           .range = memory_range,
                                           .high = memory_high,
                                           .partition_count = memory_partition_count,
                                           .begin = memory_begin,
                                           .produce = memory_produce,
                                           .commit = memory_commit,
                                           .abort = memory_abort,
                                           .close = memory_close };
    (void)topics;
    (void)topic_count;
    if (memory_log.to_refuse > 0) {
        memory_log.to_refuse--;
        return error_fail(error, ERROR_LATER, "nobody answers");
    }
    struct memory_stream *memory = calloc(1, sizeof *memory);
    CHECK(memory);
    memory->stream.ops = &ops;
    memory->publisher = settings->instance_id ? ++memory_log.publisher : 0;
    memory_log.opened++;
    *ret_stream = &memory->stream;
    return true;
}

#endif
