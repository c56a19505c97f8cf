/* log/kafka_topic_wait.h: a topic that was made is told of by one broker after the other; this waits for the last one. */
#ifndef LOG_KAFKA_TOPIC_WAIT_H
#define LOG_KAFKA_TOPIC_WAIT_H

#include "log/kafka_client.h"

/*
 * Ends when every partition has a leader and each broker knows every topic: whoever connects now, anywhere, finds them.
 * `partitions` says how many each has at least. Fails after a minute: the topic, and the broker that lacks it.
 */
MUST_USE bool kafka_topics_wait(rd_kafka_t *handle, const struct kafka_settings *settings,
                                const int32_t partitions[STREAM_TOPIC_COUNT], struct error *error);

#endif
