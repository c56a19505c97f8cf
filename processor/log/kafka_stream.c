/*
 * log/kafka_stream.c: librdkafka behind stream.h.
 *
 * A rebalance callback runs inside poll. It never assigns: the worker restores first and assigns then, with explicit
 * offsets, so whatever the batch at hand holds is from before and is dropped as a whole.
 */
#include "log/kafka_stream.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "observe/logging.h"

#define CALL_TIMEOUT_MS 30000
#define COMMITTED_TIMEOUT_MS 2000 /* asked again by who waits for it */
#define REACHABLE_TIMEOUT_MS 100
#define BATCH_MAX 4096
#define HEADERS_MAX 16
#define PRODUCE_RETRY_MS 1
#define FETCH_BYTES ((size_t)64 * 1024 * 1024) /* of a command, which has no limit of its own */
#define FETCH_PARTITION_BYTES ((size_t)1024 * 1024)

struct kafka_stream {
    struct stream port;
    const struct kafka_settings *settings;
    rd_kafka_t *consumer, *producer, *restorer;
    rd_kafka_t *measurer; /* is told of ends whatever is open in front of them; reads nothing */
    rd_kafka_queue_t *queue, *restore_queue, *trim_queue;
    bool trim_refused;
    rd_kafka_topic_t *output_topics[STREAM_TOPIC_COUNT];
    int32_t partition_counts[STREAM_TOPIC_COUNT];
    rd_kafka_message_t **batch;
    size_t taken_bytes, restored_bytes; /* since the fetcher was last woken */
    /* Of the poll at hand. */
    const struct stream_handler *handler;
    struct error *error;
    bool handler_failed, rebalanced;
    bool met[STREAM_TOPIC_COUNT]; /* by the restorer */
    /* Of the restore at hand. */
    enum stream_topic restore_topic;
    int32_t restore_partition;
    int64_t restore_next;
    char transactional_id[256];
    _Atomic bool is_down;
    _Atomic unsigned connection_failures; /* of the producer, since it is there */
    bool is_worker, is_stale;             /* stale: an end may have been sent twice; only a new epoch makes that harmless */
    bool is_closing;                      /* the consumer: who asks it now may never be answered */
    int64_t asked_s;                      /* when a broker was last asked whether it is there */
};

static struct kafka_stream *stream_of(struct stream *stream)
{
    return (struct kafka_stream *)stream;
}

static void kafka_number(size_t number, char out[24])
{
    snprintf(out, 24, "%zu", number);
}

/* ---- errors ---- */

static bool is_denied(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

/* By what has to be done next; takes the error over. In this order, as librdkafka wants it. */
static enum stream_outcome outcome_of(rd_kafka_error_t *reason, const char *doing, struct error *error)
{
    if (!reason)
        return OUTCOME_DONE;
    error_fail(error, ERROR_FAILED, "kafka: %s: %s", doing, rd_kafka_error_string(reason));
    rd_kafka_resp_err_t code = rd_kafka_error_code(reason);
    enum stream_outcome outcome = OUTCOME_INDETERMINATE;
    if (is_denied(code))
        outcome = OUTCOME_REFUSED;
    else if (rd_kafka_error_txn_requires_abort(reason))
        outcome = OUTCOME_ABORT;
    else if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
             code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
        outcome = OUTCOME_FENCED;
    rd_kafka_error_destroy(reason);
    return outcome;
}

static bool fail_with(struct error *error, const char *doing, rd_kafka_resp_err_t code)
{
    return error_fail(error, is_denied(code) ? ERROR_REFUSED : ERROR_FAILED, "kafka: %s: %s", doing, rd_kafka_err2str(code));
}

/* ---- assignment ---- */

/* An offset's metadata is the number of its transaction, in decimal; librdkafka frees it. */
static void set_transaction(rd_kafka_topic_partition_t *partition, int64_t transaction)
{
    if (transaction <= 0)
        return;
    char number[24];
    int size = snprintf(number, sizeof number, "%lld", (long long)transaction);
    partition->metadata = malloc((size_t)size + 1);
    CHECK(partition->metadata);
    memcpy(partition->metadata, number, (size_t)size + 1);
    partition->metadata_size = (size_t)size;
}

/* 0 where an offset was committed by somebody else's hand. */
static int64_t transaction_of(const rd_kafka_topic_partition_t *partition)
{
    int64_t number = 0;
    const char *digits = partition->metadata;
    if (!digits || partition->metadata_size == 0 || partition->metadata_size > 18)
        return 0;
    for (size_t i = 0; i < partition->metadata_size && digits[i]; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return 0;
        number = number * 10 + (digits[i] - '0');
    }
    return number;
}

static rd_kafka_topic_partition_list_t *list_of(const struct kafka_stream *stream, const struct stream_partition *partitions,
                                                size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, partitions[i].topic, name);
        rd_kafka_topic_partition_t *added = rd_kafka_topic_partition_list_add(list, name, partitions[i].partition);
        added->offset = partitions[i].offset == OFFSET_NONE ? RD_KAFKA_OFFSET_BEGINNING : partitions[i].offset;
        set_transaction(added, partitions[i].transaction);
    }
    return list;
}

static void hand_over_assignment(struct kafka_stream *stream, const rd_kafka_topic_partition_list_t *list)
{
    struct stream_partition *partitions = memory_new_array((size_t)list->cnt, sizeof *partitions);
    size_t count = 0;
    for (int i = 0; i < list->cnt; i++) {
        enum stream_topic topic;
        if (kafka_topic_of_name(stream->settings, list->elems[i].topic, &topic))
            partitions[count++] = (struct stream_partition){ topic, list->elems[i].partition, OFFSET_NONE, 0 };
    }
    if (!stream->handler->assigned(stream->handler->context, partitions, count, stream->error))
        stream->handler_failed = true;
    free(partitions);
}

/*
 * librdkafka (2.0.2, and later ones) asks a partition that leaves an assignment to stop, and ends the process by an
 * assertion where it is asked a second time before it has answered the first. The answer has come when two questions have
 * been answered that were asked behind it: an assignment that follows at once finds the partition at rest. Behind the last
 * assignment of a consumer that is being closed nothing follows, and nobody answers any more.
 */
static rd_kafka_resp_err_t assign(const struct kafka_stream *stream, rd_kafka_t *consumer,
                                  const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t result = rd_kafka_assign(consumer, list);
    for (int i = 0; i < 2 && !stream->is_closing; i++) {
        rd_kafka_topic_partition_list_t *assigned = NULL;
        if (rd_kafka_assignment(consumer, &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_topic_partition_list_destroy(assigned);
    }
    return result;
}

static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t *list,
                         void *context)
{
    struct kafka_stream *stream = context;
    stream->rebalanced = true;
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        /* Confirms the assignment without reading anything yet. */
        rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
        assign(stream, consumer, none);
        rd_kafka_topic_partition_list_destroy(none);
        if (stream->handler && !stream->handler_failed)
            hand_over_assignment(stream, list);
        return;
    }
    bool lost = event != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || rd_kafka_assignment_lost(consumer);
    if (stream->handler && !stream->handler_failed &&
        !stream->handler->revoked(stream->handler->context, lost, stream->error))
        stream->handler_failed = true;
    assign(stream, consumer, NULL);
}

static bool stream_assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    rd_kafka_topic_partition_list_t *list = list_of(stream, partitions, count);
    rd_kafka_resp_err_t result = assign(stream, stream->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || fail_with(error, "cannot assign partitions", result);
}

static bool stream_committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                             struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    rd_kafka_topic_partition_list_t *list = list_of(stream, partitions, count);
    rd_kafka_resp_err_t result = rd_kafka_committed(stream->consumer, list, COMMITTED_TIMEOUT_MS);
    *stable = true;
    for (size_t i = 0; i < count && result == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        if (answer->err == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
            *stable = false;
        else if (answer->err)
            result = answer->err;
        partitions[i].offset = answer->offset < 0 ? OFFSET_NONE : answer->offset;
        partitions[i].transaction = answer->offset < 0 ? 0 : transaction_of(answer);
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (result == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || result == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        *stable = false;
        return true;
    }
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || fail_with(error, "cannot ask for committed offsets", result);
}

/* ---- reading ---- */

static bool check_message(const rd_kafka_message_t *message, struct error *error)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
        return true; /* librdkafka tries again */
    case RD_KAFKA_RESP_ERR__FATAL:
    default:
        return error_fail(error, is_denied(message->err) ? ERROR_REFUSED : ERROR_FAILED, "kafka: reading: %s",
                          rd_kafka_message_errstr(message));
    }
}

static void on_error(rd_kafka_t *consumer, int code, const char *reason, void *context)
{
    struct kafka_stream *stream = context;
    (void)consumer;
    (void)reason;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        atomic_store(&stream->is_down, true);
}

/* What librdkafka itself cannot get over. */
static enum stream_outcome check_consumer(const struct kafka_stream *stream, struct error *error)
{
    char reason[256];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(stream->consumer, reason, sizeof reason);
    if (!code)
        return OUTCOME_DONE;
    error_fail(error, ERROR_FAILED, "kafka: the consumer cannot go on: %s", reason);
    return code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ? OUTCOME_FENCED : OUTCOME_INDETERMINATE;
}

static bool hand_over_message(struct kafka_stream *stream, const rd_kafka_message_t *message, struct error *error)
{
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record;
    enum stream_topic topic;
    if (!check_message(message, error))
        return false;
    bool is_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if ((message->err && !is_end) || !message->rkt ||
        !kafka_topic_of_name(stream->settings, rd_kafka_topic_name(message->rkt), &topic))
        return true;
    if (is_end) {
        if (stream->handler->ended)
            stream->handler->ended(stream->handler->context, topic, message->partition, message->offset);
        return true;
    }
    kafka_record_of_message(message, topic, headers, HEADERS_MAX, &record);
    return stream->handler->record(stream->handler->context, &record, error);
}

/*
 * A full queue stops librdkafka from fetching, and what is taken out of it does not wake the thread that would fetch: it
 * looks again by itself within a second. Any request wakes it; the answer to this one does not matter.
 */
static void wake_fetcher(const struct kafka_stream *stream, rd_kafka_t *consumer, const rd_kafka_message_t *message,
                         size_t *taken_bytes)
{
    int64_t first, end;
    size_t queue_max = stream->settings->fetch_bytes_max;
    if (queue_max == 0 || *taken_bytes < queue_max / 2 || !message->rkt)
        return;
    *taken_bytes = 0;
    rd_kafka_query_watermark_offsets(consumer, rd_kafka_topic_name(message->rkt), message->partition, &first, &end, 1);
}

static enum stream_outcome stream_poll(struct stream *port, int timeout_ms, size_t records_max,
                                       const struct stream_handler *handler, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    stream->handler = handler;
    stream->error = error;
    stream->handler_failed = stream->rebalanced = false;
    size_t room = records_max < BATCH_MAX ? records_max : BATCH_MAX;
    ssize_t count = rd_kafka_consume_batch_queue(stream->queue, timeout_ms, stream->batch, room);
    bool done = !stream->handler_failed;
    for (ssize_t i = 0; i < count; i++) {
        if (done && !stream->rebalanced)
            done = hand_over_message(stream, stream->batch[i], error);
        stream->taken_bytes += stream->batch[i]->len + stream->batch[i]->key_len;
        if (i == count - 1)
            wake_fetcher(stream, stream->consumer, stream->batch[i], &stream->taken_bytes);
        rd_kafka_message_destroy(stream->batch[i]);
    }
    stream->handler = NULL;
    if (!done)
        return OUTCOME_INDETERMINATE;
    if (count < 0) {
        fail_with(error, "reading", rd_kafka_last_error());
        return OUTCOME_INDETERMINATE;
    }
    return check_consumer(stream, error);
}

static bool stream_is_reachable(struct stream *port)
{
    struct kafka_stream *stream = stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    int64_t first, end;
    if (!atomic_load(&stream->is_down))
        return true;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec == stream->asked_s)
        return false;
    stream->asked_s = now.tv_sec;
    kafka_topic_name(stream->settings, STREAM_CONDUCTOR, name);
    if (rd_kafka_query_watermark_offsets(stream->consumer, name, 0, &first, &end, REACHABLE_TIMEOUT_MS))
        return false;
    atomic_store(&stream->is_down, false);
    return true;
}

/* ---- transactions ---- */

static enum stream_outcome stream_begin(struct stream *port, struct error *error)
{
    if (stream_of(port)->is_stale) {
        error_fail(error, ERROR_FAILED, "kafka: a connection broke while a transaction ended: a new one takes over");
        return OUTCOME_INDETERMINATE;
    }
    return outcome_of(rd_kafka_begin_transaction(stream_of(port)->producer), "cannot begin a transaction", error);
}

static rd_kafka_topic_t *output_topic(struct kafka_stream *stream, enum stream_topic topic)
{
    if (!stream->output_topics[topic]) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, topic, name);
        stream->output_topics[topic] = rd_kafka_topic_new(stream->producer, name, NULL);
    }
    return stream->output_topics[topic];
}

static rd_kafka_resp_err_t produce_once(struct kafka_stream *stream, const struct stream_record *record)
{
    void *value = record->is_null ? NULL : (void *)(uintptr_t)(record->value.data ? record->value.data : "");
    if (record->header_count == 0) {
        int result = rd_kafka_produce(output_topic(stream, record->topic), record->partition, RD_KAFKA_MSG_F_COPY, value,
                                      record->is_null ? 0 : record->value.size, record->key.data, record->key.size, NULL);
        return result == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++)
        rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value.data,
                            (ssize_t)record->headers[i].value.size);
    rd_kafka_resp_err_t result = rd_kafka_producev(
        stream->producer, RD_KAFKA_V_RKT(output_topic(stream, record->topic)), RD_KAFKA_V_PARTITION(record->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, record->is_null ? 0 : record->value.size),
        RD_KAFKA_V_KEY(record->key.data, record->key.size), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (result)
        rd_kafka_headers_destroy(headers);
    return result;
}

static enum stream_outcome stream_produce(struct stream *port, const struct stream_record *record, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    for (;;) {
        rd_kafka_resp_err_t result = produce_once(stream, record);
        if (result == RD_KAFKA_RESP_ERR_NO_ERROR)
            return OUTCOME_DONE;
        if (result == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(stream->producer, PRODUCE_RETRY_MS);
            continue;
        }
        fail_with(error, "cannot produce", result);
        return is_denied(result)                     ? OUTCOME_REFUSED
               : result == RD_KAFKA_RESP_ERR__FENCED ? OUTCOME_FENCED
               : result == RD_KAFKA_RESP_ERR__FATAL  ? OUTCOME_INDETERMINATE
                                                     : OUTCOME_ABORT;
    }
}

/*
 * A transaction that has failed already refuses its offsets as "erroneous state"; why it failed only the commit tells,
 * which from that state on can do nothing else.
 */
static enum stream_outcome failed_earlier(struct kafka_stream *stream, struct error *error)
{
    rd_kafka_error_t *reason = rd_kafka_commit_transaction(stream->producer, CALL_TIMEOUT_MS);
    if (reason)
        return outcome_of(reason, "cannot commit", error);
    error_fail(error, ERROR_FAILED, "kafka: a transaction whose offsets were refused went through");
    return OUTCOME_INDETERMINATE;
}

static enum stream_outcome send_offsets(struct kafka_stream *stream, const struct stream_partition *partitions, size_t count,
                                        struct error *error)
{
    rd_kafka_topic_partition_list_t *list = list_of(stream, partitions, count);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(stream->consumer);
    rd_kafka_error_t *reason;
    while ((reason = rd_kafka_send_offsets_to_transaction(stream->producer, list, group, CALL_TIMEOUT_MS)) &&
           rd_kafka_error_is_retriable(reason))
        rd_kafka_error_destroy(reason);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
    if (reason && rd_kafka_error_code(reason) == RD_KAFKA_RESP_ERR__STATE) {
        rd_kafka_error_destroy(reason);
        return failed_earlier(stream, error);
    }
    return outcome_of(reason, "cannot send offsets", error);
}

/*
 * librdkafka sends an end again by itself when a connection breaks, and the first may still arrive: within the next
 * transaction, which it would tear.
 */
static void note_end(struct kafka_stream *stream, unsigned failures_before)
{
    if (stream->is_worker && atomic_load(&stream->connection_failures) != failures_before)
        stream->is_stale = true;
}

static enum stream_outcome stream_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                         struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    /* A command's transaction reads nothing and so has no offsets. */
    enum stream_outcome outcome = count > 0 ? send_offsets(stream, partitions, count, error) : OUTCOME_DONE;
    if (outcome != OUTCOME_DONE)
        return outcome;
    unsigned failures = atomic_load(&stream->connection_failures);
    rd_kafka_error_t *reason = rd_kafka_commit_transaction(stream->producer, -1);
    note_end(stream, failures);
    /* A timed-out commit may have happened: only the broker knows, and only a new epoch makes it say so. */
    return outcome_of(reason, "cannot commit", error);
}

static enum stream_outcome stream_abort(struct stream *port, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    unsigned failures = atomic_load(&stream->connection_failures);
    rd_kafka_error_t *reason;
    while ((reason = rd_kafka_abort_transaction(stream->producer, -1)) && rd_kafka_error_is_retriable(reason)) {
        rd_kafka_error_destroy(reason);
        stream->is_stale = stream->is_worker;
    }
    note_end(stream, failures);
    return outcome_of(reason, "cannot abort", error);
}

/* ---- restoring ---- */

static size_t fetch_bytes(const struct kafka_stream *stream)
{
    return stream->settings->fetch_bytes_max ? stream->settings->fetch_bytes_max : FETCH_BYTES;
}

/* What every reader of ours is: it reads what is committed, from where it is told, and hears of every end. */
static bool set_reader(rd_kafka_conf_t *conf, const char *group, struct error *error)
{
    static const struct kafka_property properties[] = { { "enable.auto.commit", "false" },
                                                        { "enable.partition.eof", "true" },
                                                        { "auto.offset.reset", "error" },
                                                        { "isolation.level", "read_committed" } };
    bool done = kafka_conf_set(conf, "group.id", group, error);
    for (size_t i = 0; i < ARRAY_COUNT(properties) && done; i++)
        done = kafka_conf_set(conf, properties[i].name, properties[i].value, error);
    return done;
}

static bool open_restorer(struct kafka_stream *stream, struct error *error)
{
    if (stream->restorer)
        return true;
    char queued[24];
    kafka_number(fetch_bytes(stream) / 1024, queued);
    const struct kafka_property tuning[] = { { "fetch.wait.max.ms", "10" },
                                             { "queued.max.messages.kbytes", queued },
                                             { "queued.min.messages", "10000000" } };
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, tuning, ARRAY_COUNT(tuning), error);
    char group[300];
    snprintf(group, sizeof group, "%s-restore", stream->settings->group_id); /* a name librdkafka asks for; never joined */
    if (!conf)
        return false;
    if (!set_reader(conf, group, error)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    stream->restorer = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    if (!stream->restorer)
        return false;
    rd_kafka_poll_set_consumer(stream->restorer);
    stream->restore_queue = rd_kafka_queue_get_consumer(stream->restorer);
    return true;
}

/*
 * A consumer learns of a topic's leader when its metadata comes by, up to half a second after it was assigned; asked for
 * beforehand it is there at once.
 */
static void meet_topic(struct kafka_stream *stream, enum stream_topic topic)
{
    char name[KAFKA_TOPIC_NAME_MAX];
    int32_t count;
    struct error ignored;
    kafka_topic_name(stream->settings, topic, name);
    stream->met[topic] = stream->met[topic] || kafka_partition_count(stream->restorer, name, &count, &ignored);
}

static bool stream_restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                                 struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    if (!open_restorer(stream, error))
        return false;
    meet_topic(stream, topic);
    struct stream_partition from = { topic, partition, offset, 0 };
    rd_kafka_topic_partition_list_t *list = list_of(stream, &from, 1);
    rd_kafka_resp_err_t result = assign(stream, stream->restorer, list);
    rd_kafka_topic_partition_list_destroy(list);
    stream->restore_topic = topic;
    stream->restore_partition = partition;
    stream->restore_next = offset;
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || fail_with(error, "cannot restore", result);
}

/* The end as the last answer to a fetch told it, whatever is open in front of it. */
static int64_t restored_high(const struct kafka_stream *stream)
{
    char name[KAFKA_TOPIC_NAME_MAX];
    int64_t first, high;
    kafka_topic_name(stream->settings, stream->restore_topic, name);
    rd_kafka_resp_err_t result =
        rd_kafka_get_watermark_offsets(stream->restorer, name, stream->restore_partition, &first, &high);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR && high > stream->restore_next ? high : stream->restore_next;
}

static bool stream_restore_step(struct stream *port, size_t records_max,
                                bool (*take)(void *, const struct stream_record *, struct error *), void *context,
                                struct stream_reading *reading, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    size_t room = records_max < BATCH_MAX ? records_max : BATCH_MAX;
    ssize_t count = rd_kafka_consume_batch_queue(stream->restore_queue, 20, stream->batch, room);
    bool done = true, ended = false;
    for (ssize_t i = 0; i < count; i++) {
        const rd_kafka_message_t *message = stream->batch[i];
        struct stream_header headers[HEADERS_MAX];
        struct stream_record record;
        done = done && check_message(message, error);
        if (done && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            ended = true;
            stream->restore_next = message->offset;
        } else if (done && !message->err) {
            kafka_record_of_message(message, stream->restore_topic, headers, HEADERS_MAX, &record);
            if (stream->settings->reads_headers)
                kafka_headers_of_message(message, headers, HEADERS_MAX, &record);
            done = take(context, &record, error);
            stream->restore_next = message->offset + done;
        }
        stream->restored_bytes += message->len + message->key_len;
        if (i == count - 1)
            wake_fetcher(stream, stream->restorer, message, &stream->restored_bytes);
        rd_kafka_message_destroy(stream->batch[i]);
    }
    *reading = (struct stream_reading){ ended, stream->restore_next, ended ? restored_high(stream) : OFFSET_NONE };
    if (ended || !done)
        assign(stream, stream->restorer, NULL);
    return done;
}

/* The consumer's isolation level makes the broker answer with the last stable offset. */
static bool stream_range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                         struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_resp_err_t result =
        rd_kafka_query_watermark_offsets(stream->consumer, name, partition, first, end, CALL_TIMEOUT_MS);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || fail_with(error, "cannot ask for the end of a partition", result);
}

/* Answers to earlier requests; why one was refused is told once. */
static void take_trim_answers(struct kafka_stream *stream)
{
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(stream->trim_queue, 0))) {
        rd_kafka_resp_err_t code = rd_kafka_event_error(event);
        if (code && !stream->trim_refused) {
            stream->trim_refused = true;
            log_event(LOGGING_WARN, "tiered_not_trimmed", LOG_TEXT("reason", rd_kafka_err2str(code)));
        }
        rd_kafka_event_destroy(event);
    }
}

static void stream_trim(struct stream *port, enum stream_topic topic, int32_t partition, int64_t before)
{
    struct kafka_stream *stream = stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    if (!stream->trim_queue)
        stream->trim_queue = rd_kafka_queue_new(stream->producer);
    take_trim_answers(stream);
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, name, partition)->offset = before;
    rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(stream->producer, &records, 1, NULL, stream->trim_queue);
    rd_kafka_DeleteRecords_destroy(records);
    rd_kafka_topic_partition_list_destroy(list);
}

static bool open_measurer(struct kafka_stream *stream, struct error *error)
{
    if (stream->measurer)
        return true;
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, NULL, 0, error);
    if (!conf)
        return false;
    if (!kafka_conf_set(conf, "isolation.level", "read_uncommitted", error)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    stream->measurer = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    return stream->measurer != NULL;
}

static bool stream_high(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *high, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    int64_t first;
    if (!open_measurer(stream, error))
        return false;
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_resp_err_t result =
        rd_kafka_query_watermark_offsets(stream->measurer, name, partition, &first, high, CALL_TIMEOUT_MS);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || fail_with(error, "cannot ask for the end of a partition", result);
}

static bool stream_offset_of_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms,
                                  int64_t *offset, struct error *error)
{
    struct kafka_stream *stream = stream_of(port);
    /* To brokers times below 0 are words with a meaning of their own, and to most of them they say no. */
    struct stream_partition asked = { topic, partition, time_ms < 0 ? 0 : time_ms, 0 };
    rd_kafka_topic_partition_list_t *list = list_of(stream, &asked, 1);
    rd_kafka_resp_err_t result = rd_kafka_offsets_for_times(stream->consumer, list, CALL_TIMEOUT_MS);
    if (!result)
        result = list->elems[0].err;
    *offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (result)
        return fail_with(error, "cannot find an offset by its time", result);
    int64_t first;
    return *offset >= 0 || stream_range(port, topic, partition, &first, offset, error);
}

static int64_t stream_known_end(const struct stream *port, enum stream_topic topic, int32_t partition)
{
    const struct kafka_stream *stream = (const struct kafka_stream *)port;
    char name[KAFKA_TOPIC_NAME_MAX];
    int64_t first, end;
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_resp_err_t result = rd_kafka_get_watermark_offsets(stream->consumer, name, partition, &first, &end);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR && end >= 0 ? end : OFFSET_NONE;
}

static int32_t stream_partition_count(const struct stream *port, enum stream_topic topic)
{
    return ((const struct kafka_stream *)port)->partition_counts[topic];
}

/* ---- opening and closing ---- */

static bool open_consumer(struct kafka_stream *stream, struct error *error)
{
    size_t bytes_max = fetch_bytes(stream);
    char queued[24], of_partition[24];
    kafka_number(bytes_max / 1024, queued);
    /* Of every partition one answer may come on top of what is queued. */
    kafka_number(bytes_max / 8 < FETCH_PARTITION_BYTES ? bytes_max / 8 : FETCH_PARTITION_BYTES, of_partition);
    const struct kafka_property tuning[] = { { "queued.max.messages.kbytes", queued },
                                             { "queued.min.messages", "10000000" }, /* their bytes are what counts */
                                             { "fetch.message.max.bytes", of_partition },
                                             { "fetch.wait.max.ms", "20" } };
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, tuning, ARRAY_COUNT(tuning), error);
    if (!conf)
        return false;
    const struct kafka_settings *settings = stream->settings;
    char session[24], instance[256];
    snprintf(session, sizeof session, "%d", settings->session_timeout_ms);
    snprintf(instance, sizeof instance, "%s-%u", settings->instance_id ? settings->instance_id : "", settings->worker);
    bool is_static = settings->instance_id && settings->instance_id[0];
    bool done = set_reader(conf, settings->group_id, error) &&
                kafka_conf_set(conf, "enable.auto.offset.store", "false", error) &&
                kafka_conf_set(conf, "partition.assignment.strategy", "range", error) &&
                kafka_conf_set(conf, "session.timeout.ms", session, error) &&
                (!is_static || kafka_conf_set(conf, "group.instance.id", instance, error));
    if (!done) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, stream);
    stream->consumer = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    if (!stream->consumer)
        return false;
    rd_kafka_poll_set_consumer(stream->consumer);
    stream->queue = rd_kafka_queue_get_consumer(stream->consumer);
    return true;
}

/* On a thread of librdkafka's. */
static void on_producer_log(const rd_kafka_t *handle, int severity, const char *facility, const char *text)
{
    struct kafka_stream *stream = rd_kafka_opaque(handle);
    if (stream && strcmp(facility, "FAIL") == 0)
        atomic_fetch_add(&stream->connection_failures, 1);
    kafka_log(handle, severity, facility, text);
}

static void make_transactional_id(struct kafka_stream *stream)
{
    const struct kafka_settings *settings = stream->settings;
    if (settings->instance_id && settings->instance_id[0]) {
        snprintf(stream->transactional_id, sizeof stream->transactional_id, "%s-%s-%u", settings->group_id,
                 settings->instance_id, settings->worker);
        return;
    }
    /* Nobody's orphan to end: a name of its own, that no other process has. */
    char host[64] = "";
    struct timespec now;
    gethostname(host, sizeof host - 1);
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(stream->transactional_id, sizeof stream->transactional_id, "%s-%s-%ld-%lld-%u", settings->group_id, host,
             (long)getpid(), (long long)now.tv_sec, settings->worker);
}

static bool open_producer(struct kafka_stream *stream, struct error *error)
{
    size_t bytes_max = stream->settings->send_bytes_max ? stream->settings->send_bytes_max : (size_t)128 * 1024 * 1024;
    char queued[24];
    kafka_number(bytes_max / 1024, queued);
    const struct kafka_property tuning[] = { { "log.connection.close", "true" }, /* it is counted */
                                             { "compression.codec", "lz4" },
                                             { "linger.ms", "5" },
                                             { "retry.backoff.ms", "20" },
                                             { "queue.buffering.max.messages", "1000000" },
                                             { "queue.buffering.max.kbytes", queued },
                                             { "batch.num.messages", "100000" } };
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, tuning, ARRAY_COUNT(tuning), error);
    if (!conf)
        return false;
    char timeout[24];
    snprintf(timeout, sizeof timeout, "%d", stream->settings->transaction_timeout_ms);
    bool done = kafka_conf_set(conf, "transactional.id", stream->transactional_id, error) &&
                kafka_conf_set(conf, "transaction.timeout.ms", timeout, error) &&
                kafka_conf_set(conf, "delivery.report.only.error", "true", error);
    if (!done) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    rd_kafka_conf_set_log_cb(conf, on_producer_log);
    rd_kafka_conf_set_opaque(conf, stream);
    stream->producer = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    if (!stream->producer)
        return false;
    rd_kafka_error_t *reason;
    while ((reason = rd_kafka_init_transactions(stream->producer, CALL_TIMEOUT_MS)) && rd_kafka_error_is_retriable(reason))
        rd_kafka_error_destroy(reason);
    return outcome_of(reason, "cannot begin with transactions", error) == OUTCOME_DONE;
}

static bool count_partitions(struct kafka_stream *stream, struct error *error)
{
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, topic, name);
        if (!kafka_partition_count(stream->consumer, name, &stream->partition_counts[topic], error))
            return false;
        if (stream->partition_counts[topic] == 0)
            return error_fail(error, ERROR_INVALID, "topic %s is not there; proforma topics create makes it", name);
    }
    return stream_check_partitions(stream->settings->topic_prefix, stream->partition_counts, error);
}

static bool subscribe(struct kafka_stream *stream, const enum stream_topic *topics, size_t count, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, topics[i], name);
        rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t result = rd_kafka_subscribe(stream->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || fail_with(error, "cannot subscribe", result);
}

static void stream_close(struct stream *port)
{
    struct kafka_stream *stream = stream_of(port);
    stream->is_closing = true;
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++)
        if (stream->output_topics[i])
            rd_kafka_topic_destroy(stream->output_topics[i]);
    if (stream->queue)
        rd_kafka_queue_destroy(stream->queue);
    if (stream->restore_queue)
        rd_kafka_queue_destroy(stream->restore_queue);
    if (stream->trim_queue)
        rd_kafka_queue_destroy(stream->trim_queue);
    if (stream->consumer) {
        rd_kafka_consumer_close(stream->consumer);
        rd_kafka_destroy(stream->consumer);
    }
    if (stream->restorer) {
        rd_kafka_consumer_close(stream->restorer);
        rd_kafka_destroy(stream->restorer);
    }
    if (stream->measurer)
        rd_kafka_destroy(stream->measurer);
    if (stream->producer)
        rd_kafka_destroy(stream->producer);
    free(stream->batch);
    free(stream);
}

static const struct stream_ops kafka_stream_ops = {
    .poll = stream_poll,
    .assign = stream_assign,
    .committed = stream_committed,
    .begin = stream_begin,
    .produce = stream_produce,
    .commit = stream_commit,
    .abort = stream_abort,
    .restore_begin = stream_restore_begin,
    .restore_step = stream_restore_step,
    .offset_of_time = stream_offset_of_time,
    .range = stream_range,
    .high = stream_high,
    .trim = stream_trim,
    .known_end = stream_known_end,
    .partition_count = stream_partition_count,
    .is_reachable = stream_is_reachable,
    .close = stream_close,
};

bool kafka_stream_open(const struct kafka_settings *settings, const enum stream_topic *topics, size_t topic_count,
                       struct stream **ret_stream, struct error *error)
{
    struct kafka_stream *stream = memory_new(sizeof *stream);
    stream->port.ops = &kafka_stream_ops;
    stream->settings = settings;
    stream->batch = memory_new_array(BATCH_MAX, sizeof *stream->batch);
    stream->is_worker = topic_count > 0;
    make_transactional_id(stream);
    if (!open_consumer(stream, error) || !count_partitions(stream, error) || !open_producer(stream, error) ||
        (topic_count > 0 && !subscribe(stream, topics, topic_count, error))) {
        stream_close(&stream->port);
        return false;
    }
    *ret_stream = &stream->port;
    return true;
}
