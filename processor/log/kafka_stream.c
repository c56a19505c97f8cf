/* log/kafka_stream.c: librdkafka behind stream.h: opening and closing. */
#include <stdlib.h>

#include "base/memory.h"
#include "log/kafka_stream_parts.h"

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

static void stream_close(struct stream *port)
{
    struct kafka_stream *stream = kafka_stream_of(port);
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
    if (stream->asker)
        rd_kafka_destroy(stream->asker);
    if (stream->measurer)
        rd_kafka_destroy(stream->measurer);
    if (stream->producer)
        rd_kafka_destroy(stream->producer);
    free(stream->waiting);
    free(stream->batch);
    free(stream);
}

static int32_t stream_partition_count(const struct stream *port, enum stream_topic topic)
{
    return ((const struct kafka_stream *)port)->partition_counts[topic];
}

static const struct stream_ops kafka_stream_ops = {
    .poll = kafka_poll,
    .assign = kafka_assign,
    .committed = kafka_committed,
    .begin = kafka_begin,
    .produce = kafka_produce,
    .commit = kafka_commit,
    .abort = kafka_abort,
    .restore_begin = kafka_restore_begin,
    .restore_step = kafka_restore_step,
    .offset_of_time = kafka_offset_of_time,
    .range = kafka_range,
    .high = kafka_high,
    .trim = kafka_trim,
    .known_end = kafka_known_end,
    .partition_count = stream_partition_count,
    .is_reachable = kafka_is_reachable,
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
    if (!kafka_open_consumer(stream, error) || !count_partitions(stream, error) || !kafka_open_producer(stream, error) ||
        (topic_count > 0 && !kafka_subscribe(stream, topics, topic_count, error))) {
        stream_close(&stream->port);
        return false;
    }
    *ret_stream = &stream->port;
    return true;
}
