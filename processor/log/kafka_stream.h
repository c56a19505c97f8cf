/*
 * log/kafka_stream.h: the running processor's port over Kafka: one consumer, one transactional producer, and a reader for
 * restores, all of one worker. Eager assignment; librdkafka 2.0.2 and later.
 */
#ifndef LOG_KAFKA_STREAM_H
#define LOG_KAFKA_STREAM_H

#include "log/kafka_client.h"

/*
 * Connects, ends this worker's orphaned transaction (init_transactions) and subscribes to `topics`; a command that only
 * restores and produces has none.
 * Fails: ERROR_INVALID for settings and topics that do not fit, ERROR_FAILED where no broker answers. Blocks until then.
 */
MUST_USE bool kafka_stream_open(const struct kafka_settings *settings, const enum stream_topic *topics, size_t topic_count,
                                struct stream **ret_stream, struct error *error);

#endif
