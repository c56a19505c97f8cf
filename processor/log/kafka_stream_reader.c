/* log/kafka_stream_reader.c: what consumer and restorer have in common. */
#include "log/kafka_offsets.h"
#include "log/kafka_stream_parts.h"

#define FETCH_BYTES ((size_t)64 * 1024 * 1024) /* of a command, which has no limit of its own */

size_t kafka_fetch_bytes(const struct kafka_stream *stream)
{
    return stream->settings->fetch_bytes_max ? stream->settings->fetch_bytes_max : FETCH_BYTES;
}

bool kafka_set_reader(rd_kafka_conf_t *conf, const char *group, struct error *error)
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

bool kafka_check_message(const rd_kafka_message_t *message, struct error *error)
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
        return error_fail(error, kafka_is_denied(message->err) ? ERROR_REFUSED : ERROR_FAILED, "kafka: reading: %s",
                          rd_kafka_message_errstr(message));
    }
}

/*
 * A full queue stops librdkafka from fetching, and what is taken out of it does not wake the thread that would fetch: it
 * looks again by itself within a second. Any request wakes it; the answer to this one does not matter.
 */
void kafka_wake_fetcher(const struct kafka_stream *stream, rd_kafka_t *consumer, const rd_kafka_message_t *message,
                        size_t *taken_bytes)
{
    int64_t end;
    size_t queue_max = stream->settings->fetch_bytes_max;
    if (queue_max == 0 || *taken_bytes < queue_max / 2 || !message->rkt)
        return;
    *taken_bytes = 0;
    kafka_ask_offset_once(consumer, rd_kafka_topic_name(message->rkt), message->partition, RD_KAFKA_OFFSET_END, 1, &end);
}
