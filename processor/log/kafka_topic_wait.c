/* log/kafka_topic_wait.c: metadata for partitions and leaders, then a question about each topic to each broker. */
#include "log/kafka_topic_wait.h"

#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

#define PATIENCE_MS 60000
#define STEP_MS 50
#define REQUEST_TIMEOUT_MS 5000

struct brokers {
    int32_t *ids;
    size_t count;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_led(const struct rd_kafka_metadata *metadata, int32_t partitions)
{
    const struct rd_kafka_metadata_topic *topic = metadata->topics;
    if (metadata->topic_cnt != 1 || topic->err || topic->partition_cnt < partitions)
        return false;
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].err || topic->partitions[i].leader < 0)
            return false;
    return true;
}

static void take_brokers(const struct rd_kafka_metadata *metadata, struct brokers *brokers)
{
    brokers->count = (size_t)metadata->broker_cnt;
    brokers->ids = memory_grow(brokers->ids, brokers->count, sizeof *brokers->ids);
    for (size_t i = 0; i < brokers->count; i++)
        brokers->ids[i] = metadata->brokers[i].id;
}

/* As some broker sees it; also which brokers there are. */
static bool has_leaders(rd_kafka_t *handle, const char *name, int32_t partitions, struct brokers *brokers,
                        struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(handle, name, NULL);
    rd_kafka_resp_err_t result = rd_kafka_metadata(handle, 0, topic, &metadata, REQUEST_TIMEOUT_MS);
    rd_kafka_topic_destroy(topic);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_fail(error, ERROR_FAILED, "topic %s: no broker answers: %s", name, rd_kafka_err2str(result));
    bool led = is_led(metadata, partitions);
    take_brokers(metadata, brokers);
    rd_kafka_metadata_destroy(metadata);
    return led || error_fail(error, ERROR_FAILED, "topic %s: not all of its partitions have a leader yet", name);
}

static bool check_answer(rd_kafka_event_t *event, int32_t broker, struct error *error)
{
    const rd_kafka_DescribeConfigs_result_t *result = event ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_ConfigResource_t **answers = result ? rd_kafka_DescribeConfigs_result_resources(result, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(answers[i]);
        /* Who may not ask learns nothing here; the command that needs the right says so. */
        if (code && code != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            return error_fail(error, ERROR_FAILED, "topic %s: broker %d does not know it yet: %s",
                              rd_kafka_ConfigResource_name(answers[i]), broker, rd_kafka_err2str(code));
    }
    return count > 0 || error_fail(error, ERROR_FAILED, "kafka: broker %d does not answer: %s", broker,
                                   event && rd_kafka_event_error(event) ? rd_kafka_event_error_string(event) : "timed out");
}

/* Metadata comes from any broker, this from the one that is meant. */
static bool is_known_by(rd_kafka_t *handle, int32_t broker, rd_kafka_ConfigResource_t **topics, struct error *error)
{
    char reason[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_TIMEOUT_MS, reason, sizeof reason);
    rd_kafka_AdminOptions_set_broker(options, broker, reason, sizeof reason);
    rd_kafka_DescribeConfigs(handle, topics, STREAM_TOPIC_COUNT, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, REQUEST_TIMEOUT_MS + 1000);
    bool known = check_answer(event, broker, error);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return known;
}

static bool are_everywhere(rd_kafka_t *handle, rd_kafka_ConfigResource_t **topics,
                           const int32_t partitions[STREAM_TOPIC_COUNT], struct error *error)
{
    struct brokers brokers = { 0 };
    bool there = true;
    for (size_t i = 0; i < STREAM_TOPIC_COUNT && there; i++)
        there = has_leaders(handle, rd_kafka_ConfigResource_name(topics[i]), partitions[i], &brokers, error);
    for (size_t i = 0; i < brokers.count && there; i++)
        there = is_known_by(handle, brokers.ids[i], topics, error);
    free(brokers.ids);
    return there;
}

bool kafka_topics_wait(rd_kafka_t *handle, const struct kafka_settings *settings,
                       const int32_t partitions[STREAM_TOPIC_COUNT], struct error *error)
{
    rd_kafka_ConfigResource_t *topics[STREAM_TOPIC_COUNT];
    int64_t deadline = now_ms() + PATIENCE_MS;
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++) {
        char name[KAFKA_TOPIC_NAME_MAX];
        kafka_topic_name(settings, topic, name);
        topics[topic] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
    }
    bool there;
    while (!(there = are_everywhere(handle, topics, partitions, error)) && now_ms() < deadline)
        rd_kafka_poll(handle, STEP_MS);
    rd_kafka_ConfigResource_destroy_array(topics, STREAM_TOPIC_COUNT);
    return there;
}
