/* bench/month_feed.c: events into Avro of the fixed schema ids, and into a producer. */
#include "bench/month_feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bench/kafka_handle.h"
#include "codec/wire.h"

static void encode(const struct usage_event *event, struct buffer *out)
{
    static struct wire *wire;
    static struct wire_schemas port;
    struct error error;
    if (!wire) {
        port = fixed_schemas_port(fixed_schemas_new());
        wire = wire_new(WIRE_AVRO, &port, EXCESS_ROUND);
    }
    bool done = wire_encode(wire, "usage", &usage_event_type, event, out, &error);
    must(done, "usage", error.message);
}

void month_feed_make(struct month_feed *feed, const char *month, uint64_t shape, uint64_t first, uint64_t count)
{
    *feed = (struct month_feed){ .first = first, .count = count };
    must(month_make(&feed->month, month, shape, 0, 0), month, "no such month");
    feed->events = memory_new_array(count + 1, sizeof *feed->events);
    for (uint64_t i = 0; i < count; i++) {
        struct month_texts texts;
        struct usage_event event;
        size_t at = feed->bytes.size;
        unsigned account = month_event(&feed->month, first + i, &texts, &event);
        encode(&event, &feed->bytes);
        feed->events[i] = (struct feed_event){ at, (uint32_t)(feed->bytes.size - at), account };
    }
}

void month_feed_done(struct month_feed *feed)
{
    buffer_done(&feed->bytes);
    free(feed->events);
}

static void send_value(rd_kafka_t *producer, rd_kafka_topic_t *topic, int32_t partition, const void *value, size_t size,
                       struct text key)
{
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value, size, key.data, key.size,
                            NULL) != 0) {
        must(rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL, "produce", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(producer, 10);
    }
}

void month_feed_send(const struct month_feed *feed, uint64_t index, rd_kafka_t *producer, rd_kafka_topic_t *topic,
                     int32_t partitions)
{
    const struct feed_event *event = &feed->events[index];
    char key[16];
    int size = snprintf(key, sizeof key, "3%011u", event->account);
    send_value(producer, topic, (int32_t)event->account % partitions, feed->bytes.data + event->at, event->size,
               (struct text){ key, (size_t)size });
}

void month_feed_send_probe(const struct month_feed *feed, uint64_t number, long long sent_us, rd_kafka_topic_t *topic,
                           rd_kafka_t *producer)
{
    struct month_texts texts;
    struct usage_event event;
    struct buffer value = { 0 };
    char id[40], resource[64];
    month_event(&feed->month, 0, &texts, &event); /* of the month's first account, at a flat price */
    snprintf(id, sizeof id, "probe-%llu", (unsigned long long)number);
    snprintf(resource, sizeof resource, SENT_AT "%lld-%llu", sent_us, (unsigned long long)number);
    record_set_text(&event, &usage_event_type, USAGE_EVENT_event_id, text_of(id));
    record_set_text(&event, &usage_event_type, USAGE_EVENT_resource_id, text_of(resource));
    encode(&event, &value);
    send_value(producer, topic, 0, value.data, value.size, event.usage_account_id);
    buffer_done(&value);
}
