/* log/kafka_stream_consumer.c: the consumer of a worker: how it is set up, and what a poll hands over. */
#include <stdio.h>
#include <time.h>

#include "log/kafka_offsets.h"
#include "log/kafka_stream_parts.h"

#define REACHABLE_TIMEOUT_MS 100
#define FETCH_PARTITION_BYTES ((size_t)1024 * 1024)

static void on_error(rd_kafka_t *consumer, int code, const char *reason, void *context)
{
    struct kafka_stream *stream = context;
    (void)consumer;
    (void)reason;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        atomic_store(&stream->is_down, true);
}

bool kafka_open_consumer(struct kafka_stream *stream, struct error *error)
{
    size_t bytes_max = kafka_fetch_bytes(stream);
    char queued[24], of_partition[24];
    kafka_number(bytes_max / 1024, queued);
    /* Of every partition one answer may come on top of what is queued. */
    kafka_number(bytes_max / 8 < FETCH_PARTITION_BYTES ? bytes_max / 8 : FETCH_PARTITION_BYTES, of_partition);
    const struct kafka_property tuning[] = { { "queued.max.messages.kbytes", queued },
                                             { "queued.min.messages", "10000000" }, /* their bytes are what counts */
                                             { "fetch.message.max.bytes", of_partition },
                                             { "fetch.min.bytes", "65536" },
                                             { "fetch.wait.max.ms", "20" } };
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, tuning, ARRAY_COUNT(tuning), error);
    if (!conf)
        return false;
    const struct kafka_settings *settings = stream->settings;
    char session[24], instance[256];
    snprintf(session, sizeof session, "%d", settings->session_timeout_ms);
    snprintf(instance, sizeof instance, "%s-%u", settings->instance_id ? settings->instance_id : "", settings->worker);
    bool is_static = settings->instance_id && settings->instance_id[0];
    bool done = kafka_set_reader(conf, settings->group_id, error) &&
                kafka_conf_set(conf, "enable.auto.offset.store", "false", error) &&
                kafka_conf_set(conf, "partition.assignment.strategy", "range", error) &&
                kafka_conf_set(conf, "session.timeout.ms", session, error) &&
                (!is_static || kafka_conf_set(conf, "group.instance.id", instance, error));
    if (!done) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    rd_kafka_conf_set_rebalance_cb(conf, kafka_on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, stream);
    stream->consumer = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    if (!stream->consumer)
        return false;
    rd_kafka_poll_set_consumer(stream->consumer);
    stream->queue = rd_kafka_queue_get_consumer(stream->consumer);
    return true;
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

/* Records come in runs of a topic: its name is looked at once a run. The pointers are good as long as the poll's records. */
static bool topic_of_message(struct kafka_stream *stream, const rd_kafka_message_t *message, enum stream_topic *topic)
{
    if (!message->rkt)
        return false;
    if (message->rkt != stream->polled_rkt) {
        if (!kafka_topic_of_name(stream->settings, rd_kafka_topic_name(message->rkt), &stream->polled_topic))
            return false;
        stream->polled_rkt = message->rkt;
    }
    *topic = stream->polled_topic;
    return true;
}

static bool hand_over_message(struct kafka_stream *stream, const rd_kafka_message_t *message, struct error *error)
{
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record;
    enum stream_topic topic;
    if (!kafka_check_message(message, error))
        return false;
    bool is_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if ((message->err && !is_end) || !topic_of_message(stream, message, &topic))
        return true;
    if (is_end) {
        if (stream->handler->ended)
            stream->handler->ended(stream->handler->context, topic, message->partition, message->offset);
        return true;
    }
    kafka_record_of_message(message, topic, headers, HEADERS_MAX, &record);
    return stream->handler->record(stream->handler->context, &record, error);
}

/* Only of usage: other records are few, or have headers, which cost. */
static void expect_message(struct kafka_stream *stream, const rd_kafka_message_t *message)
{
    struct stream_record record;
    enum stream_topic topic;
    if (message->err || !topic_of_message(stream, message, &topic) || topic != STREAM_USAGE)
        return;
    kafka_record_of_message(message, topic, NULL, 0, &record);
    stream->handler->expect(stream->handler->context, &record);
}

enum stream_outcome kafka_poll(struct stream *port, int timeout_ms, size_t records_max, const struct stream_handler *handler,
                               struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    stream->handler = handler;
    stream->error = error;
    stream->handler_failed = stream->rebalanced = false;
    stream->polled_rkt = NULL;
    size_t room = records_max < BATCH_MAX ? records_max : BATCH_MAX;
    ssize_t count = rd_kafka_consume_batch_queue(stream->queue, timeout_ms, stream->batch, room);
    bool done = !stream->handler_failed;
    for (ssize_t i = 0; i < count; i++) {
        if (done && !stream->rebalanced && handler->expect && i + STREAM_EXPECTED < count)
            expect_message(stream, stream->batch[i + STREAM_EXPECTED]);
        if (done && !stream->rebalanced)
            done = hand_over_message(stream, stream->batch[i], error);
        stream->taken_bytes += stream->batch[i]->len + stream->batch[i]->key_len;
        if (i == count - 1)
            kafka_wake_fetcher(stream, stream->consumer, stream->batch[i], &stream->taken_bytes);
        rd_kafka_message_destroy(stream->batch[i]);
    }
    stream->handler = NULL;
    if (!done)
        return OUTCOME_INDETERMINATE;
    if (count < 0) {
        kafka_fail(error, "reading", rd_kafka_last_error());
        return OUTCOME_INDETERMINATE;
    }
    return check_consumer(stream, error);
}

bool kafka_is_reachable(struct stream *port)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    int64_t end;
    if (!atomic_load(&stream->is_down))
        return true;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec == stream->asked_s)
        return false;
    stream->asked_s = now.tv_sec;
    kafka_topic_name(stream->settings, STREAM_CONDUCTOR, name);
    if (kafka_ask_offset_once(stream->consumer, name, 0, RD_KAFKA_OFFSET_END, REACHABLE_TIMEOUT_MS, &end))
        return false;
    atomic_store(&stream->is_down, false);
    return true;
}
