/*
 * tests/bench/kafka_latency.c: how long an event takes to be a line item that a read_committed reader has in its hands.
 *
 *   kafka_latency BOOTSTRAP USAGE LINE_ITEMS PARTITIONS EVENTS PER_SECOND
 *
 * Sends JSON events at a steady rate, each with a resource of its own that holds the time of sending, and reads line items.
 * Prints "count p50_ms p99_ms max_ms".
 */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct work {
    const char *bootstrap, *usage;
    int partitions;
    long events, per_second;
};

static long long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "kafka_latency: %s\n", what);
    exit(1);
}

static rd_kafka_t *open_handle(rd_kafka_type_t type, const char *const (*properties)[2], size_t count)
{
    char reason[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < count; i++)
        must(rd_kafka_conf_set(conf, properties[i][0], properties[i][1], reason, sizeof reason) == RD_KAFKA_CONF_OK, reason);
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    must(handle != NULL, reason);
    return handle;
}

static void *send_events(void *context)
{
    const struct work *work = context;
    const char *const properties[][2] = { { "bootstrap.servers", work->bootstrap }, { "linger.ms", "1" } };
    rd_kafka_t *producer = open_handle(RD_KAFKA_PRODUCER, properties, 2);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, work->usage, NULL);
    long long started = now_us();
    for (long i = 0; i < work->events; i++) {
        char event[512];
        while (now_us() - started < i * 1000000ll / work->per_second)
            nanosleep(&(struct timespec){ 0, 200000 }, NULL);
        int size = snprintf(event, sizeof event,
                            "{\"event_id\":\"l%ld\",\"usage_account_id\":\"200000000011\",\"product_code\":\"AmazonEC2\","
                            "\"usage_type\":\"BoxUsage:m5.xlarge\",\"operation\":\"RunInstances\",\"usage_start\":"
                            "\"2026-06-01T00:00:00Z\",\"usage_amount\":\"1\",\"public_on_demand_rate\":\"0.192\","
                            "\"resource_id\":\"sent-%lld-%ld\"}",
                            i, now_us(), i);
        while (rd_kafka_produce(topic, (int)(i % work->partitions), RD_KAFKA_MSG_F_COPY, event, (size_t)size, NULL, 0, NULL))
            rd_kafka_poll(producer, 10);
        rd_kafka_poll(producer, 0);
    }
    rd_kafka_flush(producer, 30000);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    return NULL;
}

static int compare(const void *left, const void *right)
{
    long long a = *(const long long *)left, b = *(const long long *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    must(argc == 7, "usage: kafka_latency BOOTSTRAP USAGE LINE_ITEMS PARTITIONS EVENTS PER_SECOND");
    struct work work = { argv[1], argv[2], atoi(argv[4]), atol(argv[5]), atol(argv[6]) };
    const char *const properties[][2] = { { "bootstrap.servers", argv[1] },        { "group.id", "latency" },
                                          { "isolation.level", "read_committed" }, { "auto.offset.reset", "latest" },
                                          { "enable.auto.commit", "false" },       { "fetch.wait.max.ms", "5" } };
    rd_kafka_t *consumer = open_handle(RD_KAFKA_CONSUMER, properties, 6);
    rd_kafka_poll_set_consumer(consumer);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, argv[3], NULL);
    must(rd_kafka_metadata(consumer, 0, topic, &metadata, 10000) == 0, "no metadata");
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(16);
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(all, argv[3], i)->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_assign(consumer, all);
    nanosleep(&(struct timespec){ 1, 0 }, NULL);
    rd_kafka_message_t *first = rd_kafka_consumer_poll(consumer, 1000);
    if (first)
        rd_kafka_message_destroy(first);
    pthread_t sender;
    must(pthread_create(&sender, NULL, send_events, &work) == 0, "no thread");
    long long *latencies = calloc((size_t)work.events, sizeof *latencies);
    long count = 0;
    for (long long idle = 0; count < work.events && idle < 20;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 1000);
        if (!message) {
            idle++;
            continue;
        }
        long long now = now_us();
        const char *sent = message->err ? NULL : memmem(message->payload, message->len, "sent-", 5);
        if (sent) {
            latencies[count++] = now - atoll(sent + 5);
            idle = 0;
        }
        rd_kafka_message_destroy(message);
    }
    pthread_join(sender, NULL);
    must(count > 0, "no line item came");
    qsort(latencies, (size_t)count, sizeof *latencies, compare);
    printf("%ld %lld.%01lld %lld.%01lld %lld.%01lld\n", count, latencies[count / 2] / 1000,
           latencies[count / 2] % 1000 / 100, latencies[count * 99 / 100] / 1000, latencies[count * 99 / 100] % 1000 / 100,
           latencies[count - 1] / 1000, latencies[count - 1] % 1000 / 100);
    return 0;
}
