/* log/kafka_stream_producer.c: the transactional producer of a worker: how it is set up, and its transactions. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log/kafka_stream_parts.h"

#define TRANSACTIONAL_ID_MAX 256
#define SMALL_QUEUE ((size_t)16 * 1024 * 1024)

/* On a thread of librdkafka's. */
static void on_producer_log(const rd_kafka_t *handle, int severity, const char *facility, const char *text)
{
    struct kafka_stream *stream = rd_kafka_opaque(handle);
    if (stream && strcmp(facility, "FAIL") == 0)
        atomic_fetch_add(&stream->connection_failures, 1);
    kafka_log(handle, severity, facility, text);
}

/* Of an instance's worker always the same; else nobody's orphan to end: a name of its own, that no other process has. */
static void make_transactional_id(const struct kafka_settings *settings, char out[TRANSACTIONAL_ID_MAX])
{
    if (settings->instance_id && settings->instance_id[0]) {
        snprintf(out, TRANSACTIONAL_ID_MAX, "%s-%s-%u", settings->group_id, settings->instance_id, settings->worker);
        return;
    }
    char host[64] = "";
    struct timespec now;
    gethostname(host, sizeof host - 1);
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(out, TRANSACTIONAL_ID_MAX, "%s-%s-%ld-%lld-%u", settings->group_id, host, (long)getpid(), (long long)now.tv_sec,
             settings->worker);
}

bool kafka_open_producer(struct kafka_stream *stream, struct error *error)
{
    size_t bytes_max = stream->settings->send_bytes_max ? stream->settings->send_bytes_max : (size_t)128 * 1024 * 1024;
    char queued[24];
    kafka_number(bytes_max / 1024, queued);
    /* Nobody reads a transaction before its end, and a commit sends at once: a batch may wait, unless it fills the queue. */
    const struct kafka_property tuning[] = { { "log.connection.close", "true" }, /* it is counted */
                                             { "compression.codec", "lz4" },
                                             { "linger.ms", bytes_max < SMALL_QUEUE ? "5" : "50" },
                                             { "retry.backoff.ms", "20" },
                                             { "queue.buffering.max.messages", "1000000" },
                                             { "queue.buffering.max.kbytes", queued },
                                             { "batch.num.messages", "100000" } };
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, tuning, ARRAY_COUNT(tuning), error);
    if (!conf)
        return false;
    char id[TRANSACTIONAL_ID_MAX], timeout[24];
    make_transactional_id(stream->settings, id);
    snprintf(timeout, sizeof timeout, "%d", stream->settings->transaction_timeout_ms);
    bool done = kafka_conf_set(conf, "transactional.id", id, error) &&
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
    return kafka_outcome_of(reason, "cannot begin with transactions", error) == OUTCOME_DONE;
}

enum stream_outcome kafka_begin(struct stream *port, struct error *error)
{
    if (kafka_stream_of(port)->is_stale) {
        error_fail(error, ERROR_FAILED, "kafka: a connection broke while a transaction ended: a new one takes over");
        return OUTCOME_INDETERMINATE;
    }
    return kafka_outcome_of(rd_kafka_begin_transaction(kafka_stream_of(port)->producer), "cannot begin a transaction",
                            error);
}

/*
 * A transaction that has failed already refuses its offsets as "erroneous state"; why it failed only the commit tells,
 * which from that state on can do nothing else.
 */
static enum stream_outcome failed_earlier(struct kafka_stream *stream, struct error *error)
{
    rd_kafka_error_t *reason = rd_kafka_commit_transaction(stream->producer, CALL_TIMEOUT_MS);
    if (reason)
        return kafka_outcome_of(reason, "cannot commit", error);
    error_fail(error, ERROR_FAILED, "kafka: a transaction whose offsets were refused went through");
    return OUTCOME_INDETERMINATE;
}

static enum stream_outcome send_offsets(struct kafka_stream *stream, const struct stream_partition *partitions, size_t count,
                                        struct error *error)
{
    rd_kafka_topic_partition_list_t *list = kafka_list_of(stream, partitions, count);
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
    return kafka_outcome_of(reason, "cannot send offsets", error);
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

enum stream_outcome kafka_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                 struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    enum stream_outcome outcome = kafka_produce_waiting(stream, error);
    /* A command's transaction reads nothing and so has no offsets. */
    if (outcome == OUTCOME_DONE && count > 0)
        outcome = send_offsets(stream, partitions, count, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    unsigned failures = atomic_load(&stream->connection_failures);
    rd_kafka_error_t *reason = rd_kafka_commit_transaction(stream->producer, -1);
    note_end(stream, failures);
    /* A timed-out commit may have happened: only the broker knows, and only a new epoch makes it say so. */
    return kafka_outcome_of(reason, "cannot commit", error);
}

enum stream_outcome kafka_abort(struct stream *port, struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    unsigned failures = atomic_load(&stream->connection_failures);
    rd_kafka_error_t *reason;
    kafka_drop_waiting(stream);
    while ((reason = rd_kafka_abort_transaction(stream->producer, -1)) && rd_kafka_error_is_retriable(reason)) {
        rd_kafka_error_destroy(reason);
        stream->is_stale = stream->is_worker;
    }
    note_end(stream, failures);
    return kafka_outcome_of(reason, "cannot abort", error);
}
