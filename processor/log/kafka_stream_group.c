/*
 * log/kafka_stream_group.c: what the consumer is of its group: subscriptions, assignments, committed offsets.
 *
 * A rebalance callback runs inside poll. It never assigns: the worker restores first and assigns then, with explicit
 * offsets, so whatever the batch at hand holds is from before and is dropped as a whole.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "log/kafka_stream_parts.h"

#define COMMITTED_TIMEOUT_MS 2000 /* asked again by who waits for it */

bool kafka_subscribe(struct kafka_stream *stream, const enum stream_topic *topics, size_t count, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(stream->settings, topics[i], name);
        rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t result = rd_kafka_subscribe(stream->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fail(error, "cannot subscribe", result);
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
rd_kafka_resp_err_t kafka_assign_at_rest(const struct kafka_stream *stream, rd_kafka_t *consumer,
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

void kafka_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t *list,
                        void *context)
{
    struct kafka_stream *stream = context;
    stream->rebalanced = true;
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        /* Confirms the assignment without reading anything yet. */
        rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
        kafka_assign_at_rest(stream, consumer, none);
        rd_kafka_topic_partition_list_destroy(none);
        if (stream->handler && !stream->handler_failed)
            hand_over_assignment(stream, list);
        return;
    }
    bool lost = event != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || rd_kafka_assignment_lost(consumer);
    if (stream->handler && !stream->handler_failed &&
        !stream->handler->revoked(stream->handler->context, lost, stream->error))
        stream->handler_failed = true;
    kafka_assign_at_rest(stream, consumer, NULL);
}

bool kafka_assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    rd_kafka_topic_partition_list_t *list = kafka_list_of(stream, partitions, count);
    rd_kafka_resp_err_t result = kafka_assign_at_rest(stream, stream->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fail(error, "cannot assign partitions", result);
}

bool kafka_committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                     struct error *error)
{
    struct kafka_stream *stream = kafka_stream_of(port);
    rd_kafka_topic_partition_list_t *list = kafka_list_of(stream, partitions, count);
    rd_kafka_resp_err_t result = rd_kafka_committed(stream->consumer, list, COMMITTED_TIMEOUT_MS);
    *stable = true;
    for (size_t i = 0; i < count && result == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        if (answer->err == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
            *stable = false;
        else if (answer->err)
            result = answer->err;
        partitions[i].offset = answer->offset < 0 ? OFFSET_NONE : answer->offset;
        partitions[i].transaction = answer->offset < 0 ? 0 : kafka_transaction_of(answer);
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (result == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || result == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        *stable = false;
        return true;
    }
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fail(error, "cannot ask for committed offsets", result);
}
