/*
 * tests/bench/bare_loop.c: what any exactly-once processor has to do at least: consume, copy, produce in transactions with
 * the offsets. Writes as many bytes under as random a key as proforma does; the yardstick of tests/bench/kafka.sh.
 *
 *   bare_loop BOOTSTRAP IN OUT EVENTS VALUE_BYTES KEY_BYTES COMMIT_MS
 *
 * Prints "events seconds cpu_seconds commits".
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 4096

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int holds, const char *what, const char *why)
{
    if (holds)
        return;
    fprintf(stderr, "bare_loop: %s: %s\n", what, why);
    exit(1);
}

static rd_kafka_t *open_handle(rd_kafka_type_t type, const char *const (*properties)[2], size_t count)
{
    char reason[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < count; i++)
        must(rd_kafka_conf_set(conf, properties[i][0], properties[i][1], reason, sizeof reason) == RD_KAFKA_CONF_OK,
             properties[i][0], reason);
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    must(handle != NULL, "rd_kafka_new", reason);
    return handle;
}

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

int main(int argc, char **argv)
{
    must(argc == 8, "usage", "bare_loop BOOTSTRAP IN OUT EVENTS VALUE_BYTES KEY_BYTES COMMIT_MS");
    const char *const consumer_properties[][2] = {
        { "bootstrap.servers", argv[1] },          { "group.id", "bare-loop" },           { "enable.auto.commit", "false" },
        { "isolation.level", "read_committed" },   { "auto.offset.reset", "earliest" },   { "socket.nagle.disable", "true" },
        { "queued.max.messages.kbytes", "65536" }, { "queued.min.messages", "10000000" }, { "fetch.wait.max.ms", "20" }
    };
    const char *const producer_properties[][2] = { { "bootstrap.servers", argv[1] },
                                                   { "transactional.id", "bare-loop" },
                                                   { "compression.codec", "lz4" },
                                                   { "linger.ms", "5" },
                                                   { "retry.backoff.ms", "20" },
                                                   { "queue.buffering.max.messages", "1000000" },
                                                   { "queue.buffering.max.kbytes", "131072" },
                                                   { "batch.num.messages", "100000" },
                                                   { "socket.nagle.disable", "true" } };
    rd_kafka_t *consumer =
        open_handle(RD_KAFKA_CONSUMER, consumer_properties, sizeof consumer_properties / sizeof *consumer_properties);
    rd_kafka_t *producer =
        open_handle(RD_KAFKA_PRODUCER, producer_properties, sizeof producer_properties / sizeof *producer_properties);
    long events = atol(argv[4]), value_bytes = atol(argv[5]), key_bytes = atol(argv[6]), commit_ms = atol(argv[7]);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, argv[2], RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(consumer, topics);
    rd_kafka_topic_t *out = rd_kafka_topic_new(producer, argv[3], NULL);
    must_be_done(rd_kafka_init_transactions(producer, 30000), "init");
    rd_kafka_message_t **batch = calloc(BATCH, sizeof *batch);
    char *value = calloc(1, (size_t)value_bytes + 1024), *key = calloc(1, (size_t)key_bytes + 8);
    double started = 0, cpu = 0, next = 0;
    long taken = 0, commits = 0;
    unsigned long long chance = 88172645463325252u;
    int open = 0;
    while (taken < events) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, 5, batch, BATCH);
        for (ssize_t i = 0; i < count; i++) {
            if (!batch[i]->err) {
                if (started == 0) {
                    started = seconds(CLOCK_MONOTONIC);
                    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
                    next = started;
                }
                if (!open)
                    must_be_done(rd_kafka_begin_transaction(producer), "begin");
                open = 1;
                size_t copied = batch[i]->len < (size_t)value_bytes ? batch[i]->len : (size_t)value_bytes;
                memcpy(value, batch[i]->payload, copied);
                for (long k = 0; k < key_bytes; k += 8) {
                    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
                    memcpy(key + k, &chance, 8);
                }
                memcpy(value + value_bytes - key_bytes, key, (size_t)key_bytes);
                while (rd_kafka_produce(out, batch[i]->partition, RD_KAFKA_MSG_F_COPY, value, (size_t)value_bytes, key,
                                        (size_t)key_bytes, NULL) != 0)
                    rd_kafka_poll(producer, 10);
                taken++;
            }
            rd_kafka_message_destroy(batch[i]);
        }
        double now = seconds(CLOCK_MONOTONIC);
        if (open && (now >= next || taken >= events)) {
            commit(consumer, producer);
            commits++;
            open = 0;
            next = seconds(CLOCK_MONOTONIC) + (double)commit_ms / 1000;
        }
    }
    printf("%ld %.3f %.3f %ld\n", taken, seconds(CLOCK_MONOTONIC) - started, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           commits);
    return 0;
}
