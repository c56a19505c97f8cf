/*
 * log/kafka_client.h: what all uses of librdkafka share: configuration, topic names, errors as text.
 */
#ifndef LOG_KAFKA_CLIENT_H
#define LOG_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "log/stream.h"

struct kafka_property {
    const char *name, *value;
};

/* Borrowed for as long as anything made of it lives. */
struct kafka_settings {
    const struct kafka_property *properties; /* the operator's kafka.* keys, prefix taken off */
    size_t property_count;
    const char *group_id, *topic_prefix;
    const char *oauth_token_file; /* read again before the token in it ends; NULL or empty: none */
    const char *instance_id;      /* of the process; NULL or empty: none */
    unsigned worker;              /* its number, from 0 */
    int session_timeout_ms, transaction_timeout_ms;
    bool reads_headers;                     /* a restore hands over the headers of every topic */
    size_t fetch_bytes_max, send_bytes_max; /* what may wait to be taken and to be sent; 0: our default for a command */
    const _Atomic bool *stop;               /* set: a broker that does not answer is no longer waited for; NULL: never */
};

/* librdkafka's own lines, under our levels. */
void kafka_log(const rd_kafka_t *handle, int severity, const char *facility, const char *text);
/* A configuration with our tuning and, over it, the operator's properties. NULL: *error names the property. */
rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const struct kafka_property *tuning,
                                size_t tuning_count, struct error *error);
MUST_USE bool kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error);

/* Takes the configuration over, also when it fails. NULL: *error says why. */
rd_kafka_t *kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error);

/* "proforma.line-items"; `out` holds it with a final NUL. */
#define KAFKA_TOPIC_NAME_MAX 256
void kafka_topic_name(const struct kafka_settings *settings, enum stream_topic topic, char out[KAFKA_TOPIC_NAME_MAX]);

/* The topic of a name; false for one that is not ours. */
bool kafka_topic_of_name(const struct kafka_settings *settings, const char *name, enum stream_topic *topic);

/* Partitions of a topic: 0 if it is not there. Fails: no broker answers. */
MUST_USE bool kafka_partition_count(rd_kafka_t *handle, const char *topic, int32_t *count, struct error *error);

/* The record in a message; headers go to `headers` (room for `room`), those beyond are left out. */
void kafka_record_of_message(const rd_kafka_message_t *message, enum stream_topic topic, struct stream_header *headers,
                             size_t room, struct stream_record *record);
/* The headers alone, of whatever topic. */
void kafka_headers_of_message(const rd_kafka_message_t *message, struct stream_header *headers, size_t room,
                              struct stream_record *record);

#endif
