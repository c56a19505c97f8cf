/* log/kafka_offsets.c: a request for offsets by time, of the two times that stand for beginning and end. */
#include "log/kafka_offsets.h"

#include <stdbool.h>
#include <time.h>

#define TRY_MS 2000 /* then the leader may be another one */

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

rd_kafka_resp_err_t kafka_ask_offset_once(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t place,
                                          int timeout_ms, int64_t *offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = place;
    rd_kafka_resp_err_t result = rd_kafka_offsets_for_times(handle, list, timeout_ms);
    if (!result)
        result = list->elems[0].err;
    if (!result)
        *offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return result;
}

/* From whichever broker answers. */
static void look_for_leader(rd_kafka_t *handle, const char *topic, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *asked = rd_kafka_topic_new(handle, topic, NULL);
    if (!asked)
        return;
    if (!rd_kafka_metadata(handle, 0, asked, &metadata, timeout_ms))
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(asked);
}

static int one_try(int64_t left_ms)
{
    return (int)(left_ms < TRY_MS ? left_ms : TRY_MS);
}

static bool may_be_elsewhere(rd_kafka_resp_err_t result)
{
    switch (result) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
        return true;
    default:
        return false;
    }
}

rd_kafka_resp_err_t kafka_ask_offset(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t place, int timeout_ms,
                                     int64_t *offset)
{
    const struct timespec pause = { 0, 50 * 1000000 }; /* an election takes a moment */
    int64_t end = clock_ms() + timeout_ms;
    rd_kafka_resp_err_t result = kafka_ask_offset_once(handle, topic, partition, place, one_try(timeout_ms), offset);
    for (int64_t left; may_be_elsewhere(result) && (left = end - clock_ms()) > 0;) {
        look_for_leader(handle, topic, one_try(left));
        nanosleep(&pause, NULL);
        if ((left = end - clock_ms()) > 0)
            result = kafka_ask_offset_once(handle, topic, partition, place, one_try(left), offset);
    }
    return result;
}
