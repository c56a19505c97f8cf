/* bench/month_feed.h: a part of a month as values of the usage topic, made before anything is timed. */
#ifndef BENCH_MONTH_FEED_H
#define BENCH_MONTH_FEED_H

#include <librdkafka/rdkafka.h>

#include "bench/month.h"

struct feed_event {
    size_t at; /* in the bytes */
    uint32_t size, account;
};

struct month_feed {
    struct month month;
    struct buffer bytes;
    struct feed_event *events;
    uint64_t first, count;
};

/* Ends the process for a month that there is not. `shape`: how many events the whole month has. */
void month_feed_make(struct month_feed *feed, const char *month, uint64_t shape, uint64_t first, uint64_t count);
void month_feed_done(struct month_feed *feed);
/* Sends event `index` to the partition of its account; waits while the producer is full. */
void month_feed_send(const struct month_feed *feed, uint64_t index, rd_kafka_t *producer, rd_kafka_topic_t *topic,
                     int32_t partitions);

/* An event of partition 0 whose resource, and so whose line item, says when it was made: "sent-MICROSECONDS-…". */
#define SENT_AT "sent-"
void month_feed_send_probe(const struct month_feed *feed, uint64_t number, long long sent_us, rd_kafka_topic_t *topic,
                           rd_kafka_t *producer);

#endif
