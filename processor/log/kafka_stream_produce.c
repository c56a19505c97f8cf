/*
 * log/kafka_stream_produce.c: how records get to librdkafka.
 *
 * Each call to it takes locks and looks at clocks, which costs as much as the record itself. So records of one partition
 * wait until they are a batch, or until something else is to be sent.
 */
#include "base/memory.h"
#include "log/kafka_stream_parts.h"

#define PRODUCE_RETRY_MS 1
#define WAITING_MAX 128
#define WAITING_BYTES ((size_t)64 * 1024)

struct kafka_waiting {
    enum stream_topic topic;
    int32_t partition;
    size_t count, size;
    rd_kafka_message_t messages[WAITING_MAX];
    char bytes[WAITING_BYTES]; /* of their keys and values */
};

static rd_kafka_topic_t *output_topic(struct kafka_stream *stream, enum stream_topic topic)
{
    if (!stream->output_topics[topic]) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, topic, name);
        stream->output_topics[topic] = rd_kafka_topic_new(stream->producer, name, NULL);
    }
    return stream->output_topics[topic];
}

static enum stream_outcome failed(rd_kafka_resp_err_t code, struct error *error)
{
    kafka_fail(error, "cannot produce", code);
    return kafka_is_denied(code)               ? OUTCOME_REFUSED
           : code == RD_KAFKA_RESP_ERR__FENCED ? OUTCOME_FENCED
           : code == RD_KAFKA_RESP_ERR__FATAL  ? OUTCOME_INDETERMINATE
                                               : OUTCOME_ABORT;
}

/* ---- one at a time ---- */

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

static enum stream_outcome produce_alone(struct kafka_stream *stream, const struct stream_record *record,
                                         struct error *error)
{
    rd_kafka_resp_err_t result;
    while ((result = produce_once(stream, record)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(stream->producer, PRODUCE_RETRY_MS);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR ? OUTCOME_DONE : failed(result, error);
}

/* ---- a batch ---- */

static bool is_batched(const struct kafka_stream *stream, const struct stream_record *record)
{
    return stream->is_worker && record->header_count == 0 && record->key.size + record->value.size <= WAITING_BYTES;
}

static bool fits(const struct kafka_waiting *waiting, const struct stream_record *record)
{
    return waiting->count == 0 ||
           (waiting->topic == record->topic && waiting->partition == record->partition && waiting->count < WAITING_MAX &&
            waiting->size + record->key.size + record->value.size <= WAITING_BYTES);
}

static void *keep(struct kafka_waiting *waiting, struct text text)
{
    char *at = waiting->bytes + waiting->size;
    text_copy(at, text);
    waiting->size += text.size;
    return at;
}

/* A value that deletes its key is NULL, one that is empty is not. */
static void add(struct kafka_waiting *waiting, const struct stream_record *record)
{
    rd_kafka_message_t *message = &waiting->messages[waiting->count++];
    waiting->topic = record->topic;
    waiting->partition = record->partition;
    *message = (rd_kafka_message_t){ .len = record->is_null ? 0 : record->value.size, .key_len = record->key.size };
    message->payload = record->is_null ? NULL : keep(waiting, record->value);
    message->key = record->key.data ? keep(waiting, record->key) : NULL;
}

/* A full queue refuses the rest of a batch, so what is left is still in order. Any other refusal ends the transaction. */
enum stream_outcome kafka_produce_waiting(struct kafka_stream *stream, struct error *error)
{
    struct kafka_waiting *waiting = stream->waiting;
    for (size_t done = 0; waiting && done < waiting->count;) {
        rd_kafka_message_t *messages = waiting->messages + done;
        int count = (int)(waiting->count - done), at = 0;
        if (rd_kafka_produce_batch(output_topic(stream, waiting->topic), waiting->partition, RD_KAFKA_MSG_F_COPY, messages,
                                   count) == count)
            break;
        while (at < count && !messages[at].err)
            at++;
        if (messages[at].err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            kafka_drop_waiting(stream);
            return failed(messages[at].err, error);
        }
        done += (size_t)at;
        rd_kafka_poll(stream->producer, PRODUCE_RETRY_MS);
    }
    kafka_drop_waiting(stream);
    return OUTCOME_DONE;
}

void kafka_drop_waiting(struct kafka_stream *stream)
{
    if (stream->waiting)
        stream->waiting->count = stream->waiting->size = 0;
}

enum stream_outcome kafka_produce(struct stream *port, const struct stream_record *record, struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    bool is_batched_now = is_batched(stream, record);
    if (!stream->waiting)
        stream->waiting = memory_new(sizeof *stream->waiting);
    enum stream_outcome outcome =
        is_batched_now && fits(stream->waiting, record) ? OUTCOME_DONE : kafka_produce_waiting(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (!is_batched_now)
        return produce_alone(stream, record, error);
    add(stream->waiting, record);
    return OUTCOME_DONE;
}
