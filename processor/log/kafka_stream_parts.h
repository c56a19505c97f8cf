/* log/kafka_stream_parts.h: what the files of a stream over Kafka share of it. Not for others. */
#ifndef LOG_KAFKA_STREAM_PARTS_H
#define LOG_KAFKA_STREAM_PARTS_H

#include <stdatomic.h>
#include <stdio.h>

#include "log/kafka_stream.h"

#define CALL_TIMEOUT_MS STREAM_ANSWER_MS
#define BATCH_MAX 4096
#define HEADERS_MAX 16

struct kafka_stream {
    struct stream port;
    const struct kafka_settings *settings;
    rd_kafka_t *consumer, *producer, *restorer;
    rd_kafka_t *asker;    /* is told of offsets; reads nothing */
    rd_kafka_t *measurer; /* is told of ends whatever is open in front of them; reads nothing */
    rd_kafka_queue_t *queue, *restore_queue, *trim_queue;
    bool trim_refused;
    rd_kafka_topic_t *output_topics[STREAM_TOPIC_COUNT];
    int32_t partition_counts[STREAM_TOPIC_COUNT];
    rd_kafka_message_t **batch;
    struct kafka_waiting *waiting;      /* records that are on their way to the producer; NULL before the first */
    size_t taken_bytes, restored_bytes; /* since the fetcher was last woken */
    /* Of the poll at hand. */
    const struct stream_handler *handler;
    struct error *error;
    bool handler_failed, rebalanced;
    const rd_kafka_topic_t *polled_rkt; /* of the record that was last looked at; NULL: of none */
    enum stream_topic polled_topic;
    bool met[STREAM_TOPIC_COUNT]; /* by the restorer */
    /* Of the restore at hand. */
    enum stream_topic restore_topic;
    int32_t restore_partition;
    int64_t restore_next;
    _Atomic bool is_down;
    _Atomic unsigned connection_failures; /* of the producer, since it is there */
    bool is_worker, is_stale;             /* stale: an end may have been sent twice; only a new epoch makes that harmless */
    bool is_closing;                      /* the consumer: who asks it now may never be answered */
    int64_t asked_s;                      /* when a broker was last asked whether it is there */
};

static inline struct kafka_stream *kafka_stream_of(struct stream *stream)
{
    return (struct kafka_stream *)stream;
}

static inline void kafka_number(size_t number, char out[24])
{
    snprintf(out, 24, "%zu", number);
}

/* kafka_stream_errors.c */
bool kafka_is_denied(rd_kafka_resp_err_t code);
/* Takes the reason over; NULL: OUTCOME_DONE. */
enum stream_outcome kafka_outcome_of(rd_kafka_error_t *reason, const char *doing, struct error *error);
/* False, always. */
bool kafka_fail(struct error *error, const char *doing, rd_kafka_resp_err_t code);

/* kafka_stream_lists.c */
/* The caller destroys it. */
rd_kafka_topic_partition_list_t *kafka_list_of(const struct kafka_stream *stream, const struct stream_partition *partitions,
                                               size_t count);
/* 0 where an offset was committed by somebody else's hand. */
int64_t kafka_transaction_of(const rd_kafka_topic_partition_t *partition);

/* kafka_stream_reader.c */
/* How many bytes may wait to be taken. */
size_t kafka_fetch_bytes(const struct kafka_stream *stream);
/* What every reader of ours is: it reads what is committed, from where it is told, and hears of every end. */
MUST_USE bool kafka_set_reader(rd_kafka_conf_t *conf, const char *group, struct error *error);
/* Fails where a message is an error that librdkafka does not get over by itself. */
MUST_USE bool kafka_check_message(const rd_kafka_message_t *message, struct error *error);
/* Sees to it that fetching goes on once half of the queue has been taken; `message` is the last of a batch. */
void kafka_wake_fetcher(const struct kafka_stream *stream, rd_kafka_t *consumer, const rd_kafka_message_t *message,
                        size_t *taken_bytes);

/* kafka_stream_group.c */
MUST_USE bool kafka_subscribe(struct kafka_stream *stream, const enum stream_topic *topics, size_t count,
                              struct error *error);
/* Assigns, and waits until what was assigned before is at rest. NULL: nothing. */
rd_kafka_resp_err_t kafka_assign_at_rest(const struct kafka_stream *stream, rd_kafka_t *consumer,
                                         const rd_kafka_topic_partition_list_t *list);
void kafka_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t *list,
                        void *context);
bool kafka_assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error);
bool kafka_committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                     struct error *error);

/* kafka_stream_consumer.c */
MUST_USE bool kafka_open_consumer(struct kafka_stream *stream, struct error *error);
enum stream_outcome kafka_poll(struct stream *port, int timeout_ms, size_t records_max, const struct stream_handler *handler,
                               struct error *error);
bool kafka_is_reachable(struct stream *port);

/* kafka_stream_producer.c */
/* Ends what a producer of the same transactional id has left open. */
MUST_USE bool kafka_open_producer(struct kafka_stream *stream, struct error *error);
enum stream_outcome kafka_begin(struct stream *port, struct error *error);
enum stream_outcome kafka_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                 struct error *error);
enum stream_outcome kafka_abort(struct stream *port, struct error *error);

/* kafka_stream_produce.c */
/* A worker's records wait until they are a batch: of a failure any later call may tell, at the latest the commit. */
enum stream_outcome kafka_produce(struct stream *port, const struct stream_record *record, struct error *error);
/* Hands over what waits. */
enum stream_outcome kafka_produce_waiting(struct kafka_stream *stream, struct error *error);
void kafka_drop_waiting(struct kafka_stream *stream);

/* kafka_stream_restorer.c */
bool kafka_restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                         struct error *error);
bool kafka_restore_step(struct stream *port, size_t records_max,
                        bool (*take)(void *, const struct stream_record *, struct error *), void *context,
                        struct stream_reading *reading, struct error *error);

/* kafka_stream_ends.c */
bool kafka_range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                 struct error *error);
bool kafka_high(struct stream *port, enum stream_topic topic, int32_t partition, int timeout_ms, int64_t *high,
                struct error *error);
bool kafka_offset_of_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms, int64_t *offset,
                          struct error *error);
int64_t kafka_known_end(const struct stream *port, enum stream_topic topic, int32_t partition);
void kafka_trim(struct stream *port, enum stream_topic topic, int32_t partition, int64_t before);

#endif
