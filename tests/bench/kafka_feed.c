/*
 * tests/bench/kafka_feed.c: fills a usage topic with a part of a month (bench/month.h).
 *
 *   kafka_feed BOOTSTRAP TOPIC PARTITIONS MONTH SHAPE FIRST COUNT
 *
 * SHAPE: events of the whole month. Prints "bytes": of the values, on average.
 */
#include <string.h>

#include "bench/kafka_handle.h"
#include "bench/month_feed.h"

int main(int argc, char **argv)
{
    must(argc == 8, "usage", "kafka_feed BOOTSTRAP TOPIC PARTITIONS MONTH SHAPE FIRST COUNT");
    const char *const properties[][2] = { { "bootstrap.servers", argv[1] },
                                          { "compression.codec", "lz4" },
                                          { "linger.ms", "20" },
                                          { "batch.num.messages", "100000" },
                                          { NULL, NULL } };
    struct month_feed feed;
    month_feed_make(&feed, argv[4], strtoull(argv[5], NULL, 10), strtoull(argv[6], NULL, 10), strtoull(argv[7], NULL, 10));
    rd_kafka_t *producer = open_handle(RD_KAFKA_PRODUCER, properties);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, argv[2], NULL);
    for (uint64_t i = 0; i < feed.count; i++)
        month_feed_send(&feed, i, producer, topic, atoi(argv[3]));
    must(rd_kafka_flush(producer, 120000) == 0, "flush", "the broker does not take it");
    printf("%.1f\n", feed.count ? (double)feed.bytes.size / (double)feed.count : 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    month_feed_done(&feed);
    return 0;
}
