/* log/kafka_admin.h: makes and checks the topics (SEMANTICS 4). Nothing else ever makes one. */
#ifndef LOG_KAFKA_ADMIN_H
#define LOG_KAFKA_ADMIN_H

#include "base/buffer.h"
#include "log/kafka_client.h"

struct topic_plan {
    int32_t partitions_usage, partitions_tier, partitions_bill, replication_factor;
    int64_t dedup_window_ms;
    size_t event_bytes_max;
};

/*
 * Makes the topics that are not there yet, *made counts them, and waits until every broker tells of all of them. Fails: the
 * broker's reason, with the topic's name.
 */
MUST_USE bool kafka_topics_create(const struct kafka_settings *settings, const struct topic_plan *plan, size_t *made,
                                  struct error *error);

/*
 * Holds the topics against the plan: there, as many partitions, the policy that exactly-once needs. Appends a line per
 * topic to `out` and a line per fault to `faults`; *fault_count counts them.
 */
MUST_USE bool kafka_topics_check(const struct kafka_settings *settings, const struct topic_plan *plan, struct buffer *out,
                                 struct buffer *faults, size_t *fault_count, struct error *error);

/* Whether there is a broker that lets us in. Fails: ERROR_LATER, none answers; at once where waiting is of no use. */
MUST_USE bool kafka_reachable(const struct kafka_settings *settings, struct error *error);

/* The cluster's own id; `out` holds it with a final NUL. Fails as kafka_reachable. */
#define KAFKA_CLUSTER_ID_MAX 128
MUST_USE bool kafka_cluster_id(const struct kafka_settings *settings, char out[KAFKA_CLUSTER_ID_MAX], struct error *error);

#endif
