/* log/kafka_admin.c: librdkafka's admin client, one request at a time. */
#include "log/kafka_admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "log/kafka_topic_wait.h"

#define REQUEST_TIMEOUT_MS 30000
#define CONNECT_TIMEOUT_MS 10000
#define CONNECT_STEP_MS 50
#define OUTPUT_ALLOWANCE ((size_t)64 * 1024)
#define RECORD_OVERHEAD ((size_t)4096)
#define BATCH_BYTES_DEFAULT ((size_t)1048588)
#define LINE_ITEM_RETENTION_MS "8640000000" /* 100 days */
/* A month and two weeks: a newer delivery is held against what was published of its month. */
#define USAGE_RETENTION_MS "3888000000"
/* A store that is behind by less than half of it still meets every deletion that it has missed (tasks/task_store.c). */
#define DELETIONS_KEPT_MS INT64_C(86400000)
#define DELETIONS_KEPT "86400000"

struct topic_config {
    const char *name, *value;
};

/* What a topic has to be. Values that depend on the plan are filled in by configs_of. */
static const struct {
    const char *cleanup, *retention_ms, *timestamp_type;
} policies[STREAM_TOPIC_COUNT] = {
    [STREAM_USAGE] = { "delete", USAGE_RETENTION_MS, "LogAppendTime" },
    [STREAM_CONDUCTOR] = { "compact", NULL, NULL },
    [STREAM_TIERED] = { "delete", "-1", NULL },
    [STREAM_LINE_ITEMS] = { "compact,delete", LINE_ITEM_RETENTION_MS, NULL },
    [STREAM_SUBTOTALS] = { "compact", NULL, "LogAppendTime" }, /* bill task 0 reads the broker's clock off it */
    [STREAM_BILLS] = { "compact", NULL, NULL },
    [STREAM_CUR] = { "delete", "-1", NULL },
    [STREAM_CUR_MANIFESTS] = { "compact", NULL, NULL },
    [STREAM_DEAD_LETTERS] = { "delete", NULL, NULL },
};

static bool is_compacted(enum stream_topic topic)
{
    return strstr(policies[topic].cleanup, "compact") != NULL;
}

static int32_t partitions_of(const struct topic_plan *plan, enum stream_topic topic)
{
    switch (topic) {
    case STREAM_USAGE:
        return plan->partitions_usage;
    case STREAM_CONDUCTOR:
        return 1;
    case STREAM_TIERED:
        return plan->partitions_tier;
    case STREAM_LINE_ITEMS:
        return plan->partitions_bill + plan->partitions_tier + plan->partitions_usage;
    case STREAM_SUBTOTALS:
    case STREAM_BILLS:
    case STREAM_CUR:
    case STREAM_CUR_MANIFESTS:
    case STREAM_DEAD_LETTERS:
    case STREAM_TOPIC_COUNT:
        break;
    }
    return plan->partitions_bill;
}

struct admin {
    rd_kafka_t *handle;
    const _Atomic bool *stop;
    bool refused; /* trying again is of no use */
    char reason[512];
};

/* What librdkafka says of its connections; ours to hear when we poll. */
static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    struct admin *admin = opaque;
    if (admin->refused || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return;
    admin->refused = code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL;
    snprintf(admin->reason, sizeof admin->reason, "%s", reason);
}

/* Since CVE-2024-56128 brokers look closely at what librdkafka answers, and before 2.6.1 it answered wrongly. */
static const char *scram_hint(const struct admin *admin)
{
    bool wrong = admin->refused && strstr(admin->reason, "SCRAM") && rd_kafka_version() < 0x020601ff;
    return wrong ? " (brokers from 3.7.2, 3.8.1 and 3.9 on take SCRAM of librdkafka 2.6.1 or later only; this one is older: "
                   "log in by OAUTHBEARER, by PLAIN over TLS or with a certificate)"
                 : "";
}

static bool is_waited_for(const struct admin *admin)
{
    return !admin->refused && !(admin->stop && atomic_load(admin->stop));
}

/* Waits for a broker that lets us in. */
static bool connect_to_broker(struct admin *admin, struct error *error)
{
    for (int waited = 0; waited < CONNECT_TIMEOUT_MS && is_waited_for(admin); waited += CONNECT_STEP_MS) {
        char *cluster = rd_kafka_clusterid(admin->handle, CONNECT_STEP_MS);
        rd_kafka_poll(admin->handle, 0);
        if (cluster) {
            rd_kafka_mem_free(admin->handle, cluster);
            return true;
        }
    }
    return error_fail(error, admin->refused ? ERROR_REFUSED : ERROR_LATER, "kafka: %s: %s%s",
                      admin->refused ? "a broker does not let us in" : "no broker answers",
                      admin->reason[0] ? admin->reason : "timed out", scram_hint(admin));
}

/* Connected; to be closed even if it could not be. */
static bool admin_open(struct admin *admin, const struct kafka_settings *settings, struct error *error)
{
    *admin = (struct admin){ .stop = settings->stop };
    rd_kafka_conf_t *conf = kafka_conf_new(settings, NULL, 0, error);
    if (!conf)
        return false;
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, admin);
    admin->handle = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    return admin->handle && connect_to_broker(admin, error);
}

static void admin_close(struct admin *admin)
{
    if (admin->handle)
        rd_kafka_destroy(admin->handle);
}

bool kafka_reachable(const struct kafka_settings *settings, struct error *error)
{
    struct admin admin;
    bool done = admin_open(&admin, settings, error);
    admin_close(&admin);
    return done;
}

static void set_config(rd_kafka_NewTopic_t *topic, const char *name, const char *value)
{
    if (value)
        rd_kafka_NewTopic_set_config(topic, name, value);
}

static rd_kafka_NewTopic_t *new_topic(const struct kafka_settings *settings, const struct topic_plan *plan,
                                      enum stream_topic topic, struct error *error)
{
    char name[KAFKA_TOPIC_NAME_MAX], reason[256], bytes[24];
    kafka_topic_name(settings, topic, name);
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(name, partitions_of(plan, topic), plan->replication_factor, reason, sizeof reason);
    if (!made) {
        error_fail(error, ERROR_INVALID, "topic %s: %s", name, reason);
        return NULL;
    }
    /* The limit is on batches: never below Kafka's own default, which producers' batches count on. */
    size_t largest = plan->event_bytes_max + OUTPUT_ALLOWANCE + RECORD_OVERHEAD;
    snprintf(bytes, sizeof bytes, "%zu", largest > BATCH_BYTES_DEFAULT ? largest : BATCH_BYTES_DEFAULT);
    set_config(made, "max.message.bytes", bytes);
    set_config(made, "cleanup.policy", policies[topic].cleanup);
    set_config(made, "delete.retention.ms", is_compacted(topic) ? DELETIONS_KEPT : NULL);
    set_config(made, "retention.ms", policies[topic].retention_ms);
    set_config(made, "message.timestamp.type", policies[topic].timestamp_type);
    return made;
}

static bool create_one(rd_kafka_t *admin, rd_kafka_NewTopic_t *topic, size_t *made, struct error *error)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char reason[256];
    rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_TIMEOUT_MS, reason, sizeof reason);
    rd_kafka_CreateTopics(admin, &topic, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, REQUEST_TIMEOUT_MS + 5000);
    bool done = false;
    const rd_kafka_CreateTopics_result_t *result = event ? rd_kafka_event_CreateTopics_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    if (count == 1 && rd_kafka_topic_result_error(topics[0]) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++*made;
        done = true;
    } else if (count == 1 && rd_kafka_topic_result_error(topics[0]) == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        done = true;
    } else if (count == 1) {
        error_fail(error, ERROR_FAILED, "topic %s: %s", rd_kafka_topic_result_name(topics[0]),
                   rd_kafka_topic_result_error_string(topics[0]));
    } else {
        error_fail(error, ERROR_FAILED, "kafka: no broker answers: %s",
                   event && rd_kafka_event_error(event) ? rd_kafka_event_error_string(event) : "timed out");
    }
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return done;
}

bool kafka_topics_create(const struct kafka_settings *settings, const struct topic_plan *plan, size_t *made,
                         struct error *error)
{
    struct admin admin;
    int32_t partitions[STREAM_TOPIC_COUNT];
    bool done = admin_open(&admin, settings, error);
    *made = 0;
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT && done; topic++) {
        rd_kafka_NewTopic_t *wanted = new_topic(settings, plan, topic, error);
        size_t before = *made;
        done = wanted && create_one(admin.handle, wanted, made, error);
        partitions[topic] = *made > before ? partitions_of(plan, topic) : 1; /* one that was there has its own number */
        if (wanted)
            rd_kafka_NewTopic_destroy(wanted);
    }
    done = done && kafka_topics_wait(admin.handle, settings, partitions, error);
    admin_close(&admin);
    return done;
}

/* ---- checking ---- */

static const char *config_value(const rd_kafka_ConfigResource_t *resource, const char *name)
{
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

/* Policies may be written in any order. */
static bool same_policy(const char *wanted, const char *found)
{
    if (!found)
        return false;
    bool compact = strstr(found, "compact") != NULL, deletes = strstr(found, "delete") != NULL;
    return compact == (strstr(wanted, "compact") != NULL) && deletes == (strstr(wanted, "delete") != NULL);
}

static void fault(struct buffer *faults, size_t *count, const char *topic, const char *what, const char *found,
                  const char *expected)
{
    buffer_printf(faults, "topic %s: %s: found %s, expected %s\n", topic, what, found ? found : "nothing", expected);
    ++*count;
}

static void check_config(enum stream_topic topic, const char *name, const rd_kafka_ConfigResource_t *resource,
                         const struct topic_plan *plan, struct buffer *faults, size_t *count)
{
    const char *cleanup = config_value(resource, "cleanup.policy");
    const char *retention = config_value(resource, "retention.ms");
    const char *stamped = config_value(resource, "message.timestamp.type");
    if (!same_policy(policies[topic].cleanup, cleanup))
        fault(faults, count, name, "cleanup.policy", cleanup, policies[topic].cleanup);
    if (policies[topic].timestamp_type && (!stamped || strcmp(stamped, policies[topic].timestamp_type) != 0))
        fault(faults, count, name, "message.timestamp.type", stamped, policies[topic].timestamp_type);
    if (policies[topic].retention_ms && strcmp(policies[topic].retention_ms, "-1") == 0 &&
        (!retention || strcmp(retention, "-1") != 0))
        fault(faults, count, name, "retention.ms", retention, "-1: no time limit");
    const char *deletions = config_value(resource, "delete.retention.ms");
    if (is_compacted(topic) && (!deletions || strtoll(deletions, NULL, 10) < DELETIONS_KEPT_MS))
        fault(faults, count, name, "delete.retention.ms", deletions, "at least " DELETIONS_KEPT ", a day");
    long long kept = retention ? strtoll(retention, NULL, 10) : 0;
    if (topic == STREAM_USAGE && kept >= 0 && kept < plan->dedup_window_ms)
        fault(faults, count, name, "retention.ms", retention, "at least dedup.window");
}

static bool describe_config(rd_kafka_t *admin, enum stream_topic topic, const char *name, const struct topic_plan *plan,
                            struct buffer *faults, size_t *fault_count, struct error *error)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
    rd_kafka_DescribeConfigs(admin, &asked, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, REQUEST_TIMEOUT_MS);
    const rd_kafka_DescribeConfigs_result_t *result = event ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources = result ? rd_kafka_DescribeConfigs_result_resources(result, &count) : NULL;
    bool done = count == 1 && rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (done)
        check_config(topic, name, resources[0], plan, faults, fault_count);
    else
        error_fail(error, count == 1 ? ERROR_FAILED : ERROR_LATER, "topic %s: its configuration cannot be read: %s", name,
                   count == 1 ? rd_kafka_err2str(rd_kafka_ConfigResource_error(resources[0])) : "no broker answers");
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy(asked);
    rd_kafka_queue_destroy(queue);
    return done;
}

bool kafka_topics_check(const struct kafka_settings *settings, const struct topic_plan *plan, struct buffer *out,
                        struct buffer *faults, size_t *fault_count, struct error *error)
{
    struct admin admin;
    bool done = admin_open(&admin, settings, error);
    *fault_count = 0;
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT && done; topic++) {
        char name[KAFKA_TOPIC_NAME_MAX], found[24], expected[64];
        int32_t partitions = 0, wanted = partitions_of(plan, topic);
        kafka_topic_name(settings, topic, name);
        done = kafka_partition_count(admin.handle, name, &partitions, error);
        if (!done)
            break;
        buffer_printf(out, "%-32s %4d partitions  %s\n", name, partitions, policies[topic].cleanup);
        snprintf(found, sizeof found, "%d", partitions);
        snprintf(expected, sizeof expected, "%d", wanted);
        if (partitions == 0)
            fault(faults, fault_count, name, "topic", NULL, "that it is there; proforma topics create makes it");
        else if (partitions != wanted)
            fault(faults, fault_count, name, "partitions", found, expected);
        if (partitions > 0)
            done = describe_config(admin.handle, topic, name, plan, faults, fault_count, error);
    }
    admin_close(&admin);
    return done;
}

bool kafka_cluster_id(const struct kafka_settings *settings, char out[KAFKA_CLUSTER_ID_MAX], struct error *error)
{
    struct admin admin;
    bool done = admin_open(&admin, settings, error);
    char *id = done ? rd_kafka_clusterid(admin.handle, REQUEST_TIMEOUT_MS) : NULL;
    if (id)
        snprintf(out, KAFKA_CLUSTER_ID_MAX, "%s", id);
    else if (done)
        done = error_fail(error, ERROR_LATER, "kafka: no broker tells the cluster's id");
    if (id)
        rd_kafka_mem_free(admin.handle, id);
    admin_close(&admin);
    return done;
}
