/*
 * tests/bench/kafka_latency.c: how long an event takes to be a line item that a read_committed reader has in its hands.
 *
 *   kafka_latency BOOTSTRAP USAGE LINE_ITEMS PARTITIONS TASK MONTH SHAPE FIRST EVENTS PER_SECOND
 *
 * Sends a part of a month (bench/month.h) at a steady rate, and with it PROBES_A_SECOND events of partition 0, each with a
 * resource of its own that holds the time of sending. Reads the line items of that partition's task, TASK, where they come
 * back. Prints "count p50_ms p99_ms max_ms late_ms": late is how far the sender was behind at worst.
 */
#include <pthread.h>
#include <string.h>

#include "bench/kafka_handle.h"
#include "bench/month_feed.h"

#define PROBES_A_SECOND 500
#define SLICE_US 1000

struct work {
    const char *bootstrap, *usage;
    int partitions;
    uint64_t per_second, probes;
    long long late_us;
    struct month_feed feed;
};

static uint64_t due(long long elapsed_us, uint64_t per_second, uint64_t most)
{
    uint64_t count = (uint64_t)elapsed_us * per_second / 1000000;
    return count < most ? count : most;
}

static void *send_events(void *context)
{
    struct work *work = context;
    const char *const properties[][2] = {
        { "bootstrap.servers", work->bootstrap }, { "compression.codec", "lz4" }, { "linger.ms", "1" }, { NULL, NULL }
    };
    rd_kafka_t *producer = open_handle(RD_KAFKA_PRODUCER, properties);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, work->usage, NULL);
    long long started = real_us();
    uint64_t sent = 0, probes = 0;
    while (sent < work->feed.count || probes < work->probes) {
        nanosleep(&(struct timespec){ 0, SLICE_US * 1000 }, NULL);
        long long elapsed = real_us() - started;
        for (uint64_t until = due(elapsed, work->per_second, work->feed.count); sent < until; sent++)
            month_feed_send(&work->feed, sent, producer, topic, work->partitions);
        for (uint64_t until = due(elapsed, PROBES_A_SECOND, work->probes); probes < until; probes++)
            month_feed_send_probe(&work->feed, work->feed.first + probes, real_us(), topic, producer);
        rd_kafka_poll(producer, 0);
        long long late = real_us() - started - elapsed;
        work->late_us = late > work->late_us ? late : work->late_us;
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

static rd_kafka_t *open_reader(const char *bootstrap, const char *topic, int32_t partition)
{
    const char *const properties[][2] = { { "bootstrap.servers", bootstrap },
                                          { "group.id", "latency" },
                                          { "isolation.level", "read_committed" },
                                          { "auto.offset.reset", "latest" },
                                          { "fetch.wait.max.ms", "5" },
                                          { "enable.auto.commit", "false" },
                                          { "enable.partition.eof", "true" },
                                          { NULL, NULL } };
    rd_kafka_t *reader = open_handle(RD_KAFKA_CONSUMER, properties);
    rd_kafka_poll_set_consumer(reader);
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, topic, partition)->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_assign(reader, one);
    rd_kafka_topic_partition_list_destroy(one);
    /* The end is where it was when nothing had been sent. */
    for (int at_end = 0; !at_end;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 1000);
        at_end = message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (message)
            rd_kafka_message_destroy(message);
    }
    return reader;
}

static uint64_t read_probes(rd_kafka_t *reader, long long *latencies, uint64_t probes)
{
    uint64_t count = 0;
    for (double heard = seconds_of(CLOCK_MONOTONIC); count < probes && seconds_of(CLOCK_MONOTONIC) - heard < 30;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 1000);
        if (!message)
            continue;
        const char *sent = message->err ? NULL : memmem(message->payload, message->len, SENT_AT, strlen(SENT_AT));
        if (sent) {
            latencies[count++] = real_us() - atoll(sent + strlen(SENT_AT));
            heard = seconds_of(CLOCK_MONOTONIC);
        }
        rd_kafka_message_destroy(message);
    }
    return count;
}

static double ms(long long us)
{
    return (double)us / 1000;
}

int main(int argc, char **argv)
{
    must(argc == 11, "usage",
         "kafka_latency BOOTSTRAP USAGE LINE_ITEMS PARTITIONS TASK MONTH SHAPE FIRST EVENTS PER_SECOND");
    struct work work = { .bootstrap = argv[1], .usage = argv[2], .partitions = atoi(argv[4]) };
    work.per_second = strtoull(argv[10], NULL, 10);
    month_feed_make(&work.feed, argv[6], strtoull(argv[7], NULL, 10), strtoull(argv[8], NULL, 10),
                    strtoull(argv[9], NULL, 10));
    work.probes = work.feed.count * PROBES_A_SECOND / work.per_second + 1;
    rd_kafka_t *reader = open_reader(argv[1], argv[3], atoi(argv[5]));
    pthread_t sender;
    must(pthread_create(&sender, NULL, send_events, &work) == 0, "kafka_latency", "no thread");
    long long *latencies = calloc(work.probes, sizeof *latencies);
    must(latencies != NULL, "kafka_latency", "no memory");
    uint64_t count = read_probes(reader, latencies, work.probes);
    pthread_join(sender, NULL);
    must(count > 0, "kafka_latency", "no line item came");
    qsort(latencies, count, sizeof *latencies, compare);
    printf("%llu %.1f %.1f %.1f %.1f\n", (unsigned long long)count, ms(latencies[count / 2]),
           ms(latencies[count * 99 / 100]), ms(latencies[count - 1]), ms(work.late_us));
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    free(latencies);
    month_feed_done(&work.feed);
    return 0;
}
