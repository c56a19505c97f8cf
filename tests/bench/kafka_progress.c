/*
 * tests/bench/kafka_progress.c: watches the committed offsets of a group on a topic, gently.
 *
 *   kafka_progress BOOTSTRAP GROUP TOPIC PARTITIONS EVENTS SECONDS
 *
 * Prints "started EVENTS" when something is committed and "done EVENTS SECONDS" when all is; the seconds are those between.
 * What is committed already when it begins counts as nothing. Fails after SECONDS.
 */
#include <unistd.h>

#include "bench/kafka_handle.h"

#define EVERY_US 20000

static long committed(rd_kafka_t *handle, rd_kafka_topic_partition_list_t *list)
{
    long sum = 0;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
    /* While a transaction is open on them the group's offsets are not told; the next look may be luckier. */
    if (rd_kafka_committed(handle, list, 5000) != 0)
        return -1;
    for (int i = 0; i < list->cnt; i++)
        sum += list->elems[i].offset > 0 ? (long)list->elems[i].offset : 0;
    return sum;
}

int main(int argc, char **argv)
{
    must(argc == 7, "usage", "kafka_progress BOOTSTRAP GROUP TOPIC PARTITIONS EVENTS SECONDS");
    const char *const properties[][2] = {
        { "bootstrap.servers", argv[1] }, { "group.id", argv[2] }, { "isolation.level", "read_uncommitted" }, { NULL, NULL }
    };
    rd_kafka_t *handle = open_handle(RD_KAFKA_CONSUMER, properties);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (int i = 0; i < atoi(argv[4]); i++)
        rd_kafka_topic_partition_list_add(list, argv[3], i);
    long events = atol(argv[5]), now = -1, before;
    double begun = seconds_of(CLOCK_MONOTONIC), limit = atof(argv[6]), started = 0;
    while ((before = committed(handle, list)) < 0)
        usleep(EVERY_US);
    while (now < events) {
        must(seconds_of(CLOCK_MONOTONIC) - begun < limit, "kafka_progress", "not in time");
        usleep(EVERY_US);
        now = committed(handle, list);
        if (started == 0 && now > before) {
            started = seconds_of(CLOCK_MONOTONIC);
            printf("started %ld\n", now);
            fflush(stdout);
        }
    }
    printf("done %ld %.3f\n", now, seconds_of(CLOCK_MONOTONIC) - started);
    fflush(stdout);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(handle);
    return 0;
}
