/* log/kafka_stream_ends.c: where partitions begin and end, and the request to begin later. */
#include "log/kafka_offsets.h"
#include "log/kafka_stream_parts.h"
#include "observe/logging.h"

/*
 * Clients that do nothing but ask. A broker answers a connection's requests one after the other, and those of the consumer
 * would wait for its fetch. The isolation level says which end is answered: the last stable offset or the very end.
 */
static bool open_asker(const struct kafka_stream *stream, const char *isolation, rd_kafka_t **asker, struct error *error)
{
    if (*asker)
        return true;
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, NULL, 0, error);
    if (!conf)
        return false;
    if (!kafka_conf_set(conf, "isolation.level", isolation, error)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    *asker = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    return *asker != NULL;
}

bool kafka_range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                 struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    if (!open_asker(stream, "read_committed", &stream->asker, error))
        return false;
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_resp_err_t result =
        kafka_ask_offset(stream->asker, name, partition, RD_KAFKA_OFFSET_BEGINNING, CALL_TIMEOUT_MS, first);
    if (!result)
        result = kafka_ask_offset(stream->asker, name, partition, RD_KAFKA_OFFSET_END, CALL_TIMEOUT_MS, end);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fail(error, "cannot ask for the end of a partition", result);
}

bool kafka_high(struct stream *port, enum stream_topic topic, int32_t partition, int timeout_ms, int64_t *high,
                struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    if (!open_asker(stream, "read_uncommitted", &stream->measurer, error))
        return false;
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_resp_err_t result = kafka_ask_offset(stream->measurer, name, partition, RD_KAFKA_OFFSET_END, timeout_ms, high);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fail(error, "cannot ask for the end of a partition", result);
}

bool kafka_offset_of_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms, int64_t *offset,
                          struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    char name[KAFKA_TOPIC_NAME_MAX];
    if (!open_asker(stream, "read_committed", &stream->asker, error))
        return false;
    kafka_topic_name(stream->settings, topic, name);
    /* To brokers times below 0 are words with a meaning of their own, and to most of them they say no. */
    rd_kafka_resp_err_t result =
        kafka_ask_offset(stream->asker, name, partition, time_ms < 0 ? 0 : time_ms, CALL_TIMEOUT_MS, offset);
    if (result)
        return kafka_fail(error, "cannot find an offset by its time", result);
    int64_t first;
    return *offset >= 0 || kafka_range(port, topic, partition, &first, offset, error);
}

int64_t kafka_known_end(const struct stream *port, enum stream_topic topic, int32_t partition)
{
    const struct kafka_stream *stream = (const struct kafka_stream *)port;
    char name[KAFKA_TOPIC_NAME_MAX];
    int64_t first, end;
    kafka_topic_name(stream->settings, topic, name);
    rd_kafka_resp_err_t result = rd_kafka_get_watermark_offsets(stream->consumer, name, partition, &first, &end);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR && end >= 0 ? end : OFFSET_NONE;
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

void kafka_trim(struct stream *port, enum stream_topic topic, int32_t partition, int64_t before)
{
    struct kafka_stream *stream = kafka_stream_of(port);
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
