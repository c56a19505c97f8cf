/*
 * tests/bench/bare_loop.c: what any exactly-once processor has to do at least: consume, copy, produce in transactions with
 * the offsets. Writes as many bytes under as random a key as proforma does; the yardstick of tests/bench/kafka.sh.
 *
 *   bare_loop BOOTSTRAP IN OUT GROUP EVENTS VALUE_BYTES KEY_BYTES COMMIT_MS
 *
 * Prints "events seconds cpu_seconds commits commit_seconds mib".
 */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/kafka_handle.h"

#define BATCH 4096

static void must_be_done(rd_kafka_error_t *error, const char *what)
{
    must(error == NULL, what, error ? rd_kafka_error_string(error) : "");
}

static void commit(rd_kafka_t *consumer, rd_kafka_t *producer)
{
    rd_kafka_topic_partition_list_t *offsets;
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
    rd_kafka_assignment(consumer, &offsets);
    rd_kafka_position(consumer, offsets);
    must_be_done(rd_kafka_send_offsets_to_transaction(producer, offsets, group, 30000), "send offsets");
    must_be_done(rd_kafka_commit_transaction(producer, -1), "commit");
    rd_kafka_topic_partition_list_destroy(offsets);
    rd_kafka_consumer_group_metadata_destroy(group);
}

struct loop {
    rd_kafka_t *consumer, *producer;
    rd_kafka_topic_t *out;
    long value_bytes, key_bytes;
    char *value, *key;
    unsigned long long chance;
    long taken, commits;
    bool is_open;
    double started, cpu, committing;
};

static void open_loop(struct loop *loop, char **argv)
{
    const char *const consumer_properties[][2] = { { "bootstrap.servers", argv[1] },
                                                   { "group.id", argv[4] },
                                                   { "enable.auto.commit", "false" },
                                                   { "isolation.level", "read_committed" },
                                                   { "auto.offset.reset", "earliest" },
                                                   { "socket.nagle.disable", "true" },
                                                   { "queued.max.messages.kbytes", "65536" },
                                                   { "queued.min.messages", "10000000" },
                                                   { "fetch.wait.max.ms", "20" },
                                                   { NULL, NULL } };
    const char *const producer_properties[][2] = { { "bootstrap.servers", argv[1] },
                                                   { "transactional.id", argv[4] },
                                                   { "compression.codec", "lz4" },
                                                   { "linger.ms", "50" },
                                                   { "retry.backoff.ms", "20" },
                                                   { "queue.buffering.max.messages", "1000000" },
                                                   { "queue.buffering.max.kbytes", "131072" },
                                                   { "batch.num.messages", "100000" },
                                                   { "socket.nagle.disable", "true" },
                                                   { NULL, NULL } };
    loop->consumer = open_handle(RD_KAFKA_CONSUMER, consumer_properties);
    loop->producer = open_handle(RD_KAFKA_PRODUCER, producer_properties);
    loop->value_bytes = atol(argv[6]);
    loop->key_bytes = atol(argv[7]);
    loop->value = calloc(1, (size_t)loop->value_bytes + 1);
    loop->key = calloc(1, (size_t)loop->key_bytes + 8);
    loop->chance = 88172645463325252u;
    must(loop->value && loop->key && loop->value_bytes > loop->key_bytes, "bare_loop", "a value is larger than its key");
    rd_kafka_poll_set_consumer(loop->consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, argv[2], RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(loop->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    loop->out = rd_kafka_topic_new(loop->producer, argv[3], NULL);
    must_be_done(rd_kafka_init_transactions(loop->producer, 30000), "init");
}

/* The event, over and over to the wanted size, with a random key, which a line item has in its value, too. */
static void copy(struct loop *loop, const rd_kafka_message_t *message)
{
    size_t wanted = (size_t)loop->value_bytes;
    for (size_t at = 0; at < wanted && message->len > 0; at += message->len)
        memcpy(loop->value + at, message->payload, message->len < wanted - at ? message->len : wanted - at);
    for (long k = 0; k < loop->key_bytes; k += 8) {
        loop->chance ^= loop->chance << 13, loop->chance ^= loop->chance >> 7, loop->chance ^= loop->chance << 17;
        memcpy(loop->key + k, &loop->chance, 8);
    }
    memcpy(loop->value + wanted - loop->key_bytes, loop->key, (size_t)loop->key_bytes);
    while (rd_kafka_produce(loop->out, message->partition, RD_KAFKA_MSG_F_COPY, loop->value, wanted, loop->key,
                            (size_t)loop->key_bytes, NULL) != 0)
        rd_kafka_poll(loop->producer, 10);
}

static void take(struct loop *loop, const rd_kafka_message_t *message)
{
    if (message->err)
        return;
    if (loop->started == 0) {
        loop->started = seconds_of(CLOCK_MONOTONIC);
        loop->cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    }
    if (!loop->is_open)
        must_be_done(rd_kafka_begin_transaction(loop->producer), "begin");
    loop->is_open = true;
    copy(loop, message);
    loop->taken++;
}

static void run(struct loop *loop, long events, double interval)
{
    rd_kafka_message_t *batch[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(loop->consumer);
    double next = 0;
    while (loop->taken < events) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, 5, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            take(loop, batch[i]);
            rd_kafka_message_destroy(batch[i]);
        }
        double now = seconds_of(CLOCK_MONOTONIC);
        if (!loop->is_open || (now < next && loop->taken < events))
            continue;
        next = now + interval;
        commit(loop->consumer, loop->producer);
        loop->is_open = false;
        loop->commits++;
        loop->committing += seconds_of(CLOCK_MONOTONIC) - now;
    }
    rd_kafka_queue_destroy(queue);
}

int main(int argc, char **argv)
{
    must(argc == 9, "usage", "bare_loop BOOTSTRAP IN OUT GROUP EVENTS VALUE_BYTES KEY_BYTES COMMIT_MS");
    struct loop loop = { 0 };
    struct rusage usage;
    open_loop(&loop, argv);
    run(&loop, atol(argv[5]), atof(argv[8]) / 1000);
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld %.3f %.3f %ld %.3f %.1f\n", loop.taken, seconds_of(CLOCK_MONOTONIC) - loop.started,
           seconds_of(CLOCK_PROCESS_CPUTIME_ID) - loop.cpu, loop.commits, loop.committing, (double)usage.ru_maxrss / 1024);
    return 0;
}
