/* log/kafka_stream_restorer.c: the reader that restores: one partition at a time, from an offset to its end. */
#include <stdio.h>

#include "log/kafka_stream_parts.h"

#define RESTORE_POLL_MS 3 /* waited to its end unless a batch is full */

static bool open_restorer(struct kafka_stream *stream, struct error *error)
{
    if (stream->restorer)
        return true;
    char queued[24];
    kafka_number(kafka_fetch_bytes(stream) / 1024, queued);
    const struct kafka_property tuning[] = { { "fetch.wait.max.ms", "2" }, /* its end is what is waited for */
                                             { "queued.max.messages.kbytes", queued },
                                             { "queued.min.messages", "10000000" } };
    rd_kafka_conf_t *conf = kafka_conf_new(stream->settings, tuning, ARRAY_COUNT(tuning), error);
    char group[300];
    snprintf(group, sizeof group, "%s-restore", stream->settings->group_id); /* a name librdkafka asks for; never joined */
    if (!conf)
        return false;
    if (!kafka_set_reader(conf, group, error)) {
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

bool kafka_restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                         struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    if (!open_restorer(stream, error))
        return false;
    meet_topic(stream, topic);
    struct stream_partition from = { topic, partition, offset, 0 };
    rd_kafka_topic_partition_list_t *list = kafka_list_of(stream, &from, 1);
    rd_kafka_resp_err_t result = kafka_assign_at_rest(stream, stream->restorer, list);
    rd_kafka_topic_partition_list_destroy(list);
    stream->restore_topic = topic;
    stream->restore_partition = partition;
    stream->restore_next = offset;
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fail(error, "cannot restore", result);
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

bool kafka_restore_step(struct stream *port, size_t records_max,
                        bool (*take)(void *, const struct stream_record *, struct error *), void *context,
                        struct stream_reading *reading, struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    size_t room = records_max < BATCH_MAX ? records_max : BATCH_MAX;
    ssize_t count = rd_kafka_consume_batch_queue(stream->restore_queue, RESTORE_POLL_MS, stream->batch, room);
    bool done = true, ended = false;
    for (ssize_t i = 0; i < count; i++) {
        const rd_kafka_message_t *message = stream->batch[i];
        struct stream_header headers[HEADERS_MAX];
        struct stream_record record;
        done = done && kafka_check_message(message, error);
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
            kafka_wake_fetcher(stream, stream->restorer, message, &stream->restored_bytes);
        rd_kafka_message_destroy(stream->batch[i]);
    }
    *reading = (struct stream_reading){ ended, stream->restore_next, ended ? restored_high(stream) : OFFSET_NONE };
    if (ended || !done)
        kafka_assign_at_rest(stream, stream->restorer, NULL);
    return done;
}
