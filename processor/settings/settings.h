/*
 * settings/settings.h: everything an operator may choose, as the program uses it. Immutable once loaded (load.h).
 *
 * Owns its texts. Times are milliseconds, sizes bytes. No text is NULL; an empty one means that it was not chosen.
 * Every member has its row in property.c, which says what it means and what it may be.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "base/buffer.h"
#include "base/memory.h"
#include "model/calendar.h"
#include "model/usage_event.h"

enum settings_format { SETTINGS_AVRO, SETTINGS_JSON };
enum late_usage { LATE_NEXT, LATE_REJECT };
enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

/* One of librdkafka's own properties, "kafka." taken off. */
struct settings_pair {
    const char *name, *value;
    bool secret; /* never to be printed */
};

struct settings {
    struct arena arena;
    uint64_t hidden; /* a bit per property: its value came from a reference and is not to be printed */

    struct settings_pair *kafka; /* in the order of the file; bootstrap.servers is always among them */
    size_t kafka_count, kafka_capacity;
    bool insecure;

    const char *group_id, *topic_prefix, *schema_registry_url, *oauth_token_file;
    enum settings_format format;
    int32_t partitions_usage, partitions_tier, partitions_bill, replication_factor;

    const char *instance_id;
    int32_t workers; /* 0: as many as cores */
    int64_t session_timeout_ms, transaction_timeout_ms, commit_interval_ms, bills_interval_ms, shutdown_timeout_ms;
    int32_t commit_events;

    const char *state_dir;
    size_t memory_limit_bytes, dedup_memory_bytes;
    int32_t store_lag_rows;

    size_t event_max_bytes;
    int64_t dedup_window_ms, future_max_ms;
    enum excess_decimals usage_excess_decimals;
    enum late_usage late_usage;

    enum granularity report_time_granularity;
    bool report_resource_ids;
    int64_t period_close_after_ms;

    const char *api_listen, *api_credentials, *api_tls_certificate, *api_tls_key;
    bool api_behind_proxy;
    int64_t api_batch_interval_ms;
    int32_t api_months;

    const char *http_listen;
    bool http_allow_remote;
    enum log_level log_level;
};

/* One of librdkafka's properties; NULL if it was not given. */
const struct settings_pair *settings_kafka(const struct settings *settings, const char *name);

/* Appends what is in force, a line "key = value" each, secrets as "********". Without secrets it can be loaded again.
 */
void settings_print(const struct settings *settings, struct buffer *out);

/* Wipes secrets. */
void settings_done(struct settings *settings);

#endif
