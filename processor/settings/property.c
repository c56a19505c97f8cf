/* settings/property.c: the table. */
#include "settings/property.h"

#include "model/line_item.h"

#define AT(member) offsetof(struct settings, member)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define TIB (1024 * 1024 * MIB)

static const char *const format_words[] = { [SETTINGS_AVRO] = "avro", [SETTINGS_JSON] = "json", NULL };
static const char *const late_words[] = { [LATE_NEXT] = "next", [LATE_REJECT] = "reject", NULL };
static const char *const level_words[] = {
    [LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn", [LEVEL_INFO] = "info", [LEVEL_DEBUG] = "debug", NULL
};
static const char *const granularity_words[] = {
    [GRANULARITY_HOURLY] = "hourly", [GRANULARITY_DAILY] = "daily", [GRANULARITY_MONTHLY] = "monthly", NULL
};
static const char *const excess_words[] = { [EXCESS_ROUND] = "round", [EXCESS_REJECT] = "reject", NULL };

/* What Kafka takes in a topic's name. */
static bool name_is_sound(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    }
    return true;
}

/* It names a folder below state.dir, and must not lead out of it. */
static bool instance_is_sound(struct text name)
{
    return name_is_sound(name) && !text_equal(name, TEXT(".")) && !text_equal(name, TEXT(".."));
}

/* A password in a URL would be in every log that names the URL. */
static bool url_is_sound(struct text url)
{
    return (text_starts_with(url, TEXT("http://")) || text_starts_with(url, TEXT("https://"))) &&
           !text_contains(url, TEXT("@")) && !text_contains(url, TEXT(" "));
}

#define NAME_FORM "letters, digits, '.', '_' and '-'"

/* A row of few lines, not a line for each member. */
/* clang-format off */
const struct property properties[] = {
    { .section = "Kafka", .name = "kafka.bootstrap.servers", .kind = PROPERTY_KAFKA, .standard = "127.0.0.1:9092",
      .text = "Brokers to begin with, as host:port, separated by commas." },
    { .name = "kafka.security.protocol", .kind = PROPERTY_KAFKA, .standard = "",
      .text = "plaintext, ssl, sasl_plaintext or sasl_ssl. Empty: plaintext." },
    { .name = "kafka.sasl.mechanisms", .kind = PROPERTY_KAFKA, .standard = "",
      .text = "How to log in: SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, OAUTHBEARER or GSSAPI. Brokers of today take SCRAM from "
              "librdkafka 2.6.1 on." },
    { .name = "kafka.sasl.username", .kind = PROPERTY_KAFKA, .standard = "", .text = "User of SCRAM and PLAIN." },
    { .name = "kafka.sasl.password", .kind = PROPERTY_KAFKA, .standard = "", .secret = true,
      .text = "Password of SCRAM and PLAIN; best as ${file:/path}." },
    { .name = "oauth.token.file", .kind = PROPERTY_TEXT, .offset = AT(oauth_token_file), .standard = "", .max = 4000,
      .text = "File of the bearer token of OAUTHBEARER, kept fresh by another program; read again before the token ends." },
    { .name = "kafka.ssl.ca.location", .kind = PROPERTY_KAFKA, .standard = "",
      .text = "File or folder of the certificates that sign the brokers'. Empty: those of the system." },
    { .name = "kafka.ssl.certificate.location", .kind = PROPERTY_KAFKA, .standard = "",
      .text = "File of the client's certificate with its chain (PEM), for mutual TLS." },
    { .name = "kafka.ssl.key.location", .kind = PROPERTY_KAFKA, .standard = "",
      .text = "File of the client's private key (PEM)." },
    { .name = "kafka.ssl.key.password", .kind = PROPERTY_KAFKA, .standard = "", .secret = true,
      .text = "Password of the private key; best as ${file:/path}." },
    { .name = "insecure", .kind = PROPERTY_BOOLEAN, .offset = AT(insecure), .standard = "false",
      .text = "Allows TLS that does not check who the broker is. For tests only." },

    { .section = "Topics", .name = "topic.prefix", .kind = PROPERTY_TEXT, .offset = AT(topic_prefix),
      .standard = "proforma.", .max = 200, .accepts = name_is_sound, .form = NAME_FORM,
      .text = "What the names of all topics begin with. Two installations on one cluster need two prefixes." },
    { .name = "format", .kind = PROPERTY_ENUM, .offset = AT(format), .standard = "avro", .words = format_words,
      .text = "Encoding of all records: Avro in the Confluent wire format, or JSON." },
    { .name = "schema.registry.url", .kind = PROPERTY_TEXT, .offset = AT(schema_registry_url), .standard = "",
      .max = 2000, .accepts = url_is_sound, .form = "a URL of http or https without user and password",
      .text = "Schema registry of the Avro schemas. Empty: none, each shipped schema has its fixed id." },
    { .name = "partitions.usage", .kind = PROPERTY_INTEGER, .offset = AT(partitions_usage), .standard = "12", .min = 1,
      .max = USAGE_TASKS_MAX,
      .text = "Partitions of the usage topic, when it is made: the most workers that share the load. Can grow later." },
    { .name = "partitions.tier", .kind = PROPERTY_INTEGER, .offset = AT(partitions_tier), .standard = "4", .min = 1,
      .max = TIER_TASKS_MAX,
      .text = "Tasks that price meters with tiers. Fixed once the topics are made." },
    { .name = "partitions.bill", .kind = PROPERTY_INTEGER, .offset = AT(partitions_bill), .standard = "4", .min = 1,
      .max = BILL_TASKS_MAX, .text = "Tasks that add up bills. Fixed once the topics are made." },
    { .name = "replication.factor", .kind = PROPERTY_INTEGER, .offset = AT(replication_factor), .standard = "3",
      .min = 1, .max = 32, .text = "Copies of each partition, when topics are made. 1 on a single broker." },

    { .section = "Workers and commits", .name = "group.id", .kind = PROPERTY_TEXT, .offset = AT(group_id),
      .standard = "proforma", .min = 1, .max = 200, .accepts = name_is_sound, .form = NAME_FORM,
      .text = "The consumer group, and the beginning of every transactional id. All processes of an installation have "
              "the same." },
    { .name = "instance.id", .kind = PROPERTY_TEXT, .offset = AT(instance_id), .standard = "", .max = 128,
      .accepts = instance_is_sound, .form = NAME_FORM " (but not . or ..)",
      .text = "Name of this process, of its own in the group. With it a restart within session.timeout keeps its "
              "partitions and its state; empty, it gives them up when it stops." },
    { .name = "workers", .kind = PROPERTY_INTEGER, .offset = AT(workers), .standard = "0", .max = 256,
      .text = "Threads that process. 0: as many as there are cores." },
    { .name = "session.timeout", .kind = PROPERTY_DURATION, .offset = AT(session_timeout_ms), .standard = "10s",
      .min = 6 * SECOND, .max = 5 * MINUTE,
      .text = "How long the group waits for a silent worker before others take over. Brokers allow no less than "
              "their group.min.session.timeout.ms (6s)." },
    { .name = "transaction.timeout", .kind = PROPERTY_DURATION, .offset = AT(transaction_timeout_ms),
      .standard = "10s", .min = SECOND, .max = 15 * MINUTE,
      .text = "When the broker aborts a transaction that nobody ends: the longest that a crash holds up readers. "
              "Brokers allow no more than their transaction.max.timeout.ms (15m)." },
    { .name = "commit.interval", .kind = PROPERTY_DURATION, .offset = AT(commit_interval_ms), .standard = "100ms",
      .min = 10, .max = 3 * MINUTE,
      .text = "Longest time a transaction stays open: how soon a priced event is readable. Longer: fewer and cheaper "
              "commits. At most a fifth of transaction.timeout." },
    { .name = "commit.events", .kind = PROPERTY_INTEGER, .offset = AT(commit_events), .standard = "200000",
      .min = 1000, .max = 5000000,
      .text = "A transaction of this many events commits before commit.interval has passed: bounds memory and what is "
              "done again after a crash." },
    { .name = "bills.interval", .kind = PROPERTY_DURATION, .offset = AT(bills_interval_ms), .standard = "1s",
      .min = 100, .max = HOUR, .text = "Bills go out at most this often." },
    { .name = "shutdown.timeout", .kind = PROPERTY_DURATION, .offset = AT(shutdown_timeout_ms), .standard = "20s",
      .min = SECOND, .max = HOUR,
      .text = "How long an asked-for stop may take to commit and to write state, before it is cut short. Below the "
              "30s that orchestrators wait; no less than transaction.timeout." },

    { .section = "State and memory", .name = "state.dir", .kind = PROPERTY_PATH, .offset = AT(state_dir),
      .standard = "/var/lib/proforma", .max = 4000,
      .text = "Folder of local state, a view of the topics: it may be deleted at any time and is then rebuilt." },
    { .name = "memory.limit", .kind = PROPERTY_SIZE, .offset = AT(memory_limit_bytes), .standard = "512MiB",
      .min = 32 * MIB, .max = TIB,
      .text = "Memory of all workers together for rows, event ids, Kafka's buffers and caches. What does not fit waits "
              "on disk, in state.dir." },
    { .name = "dedup.memory", .kind = PROPERTY_SIZE, .offset = AT(dedup_memory_bytes), .standard = "128MiB",
      .min = MIB, .max = TIB,
      .text = "The part of memory.limit for event ids, at most half of it. More ids than fit are looked up on disk: "
              "slower, but never forgotten before dedup.window. Eight bytes for each event of the window are enough." },
    { .name = "store.lag", .kind = PROPERTY_INTEGER, .offset = AT(store_lag_rows), .standard = "500000", .min = 1000,
      .max = 100000000,
      .text = "Committed rows that a worker may hold back from its store: what a restart reads again, about a second "
              "for the default. Larger: fewer writes, slower restarts. memory.limit may force a write sooner." },

    { .section = "Usage", .name = "event.max.bytes", .kind = PROPERTY_SIZE, .offset = AT(event_max_bytes),
      .standard = "256KiB", .min = KIB, .max = 8 * MIB,
      .text = "A larger usage event is a dead letter. Above about 900KiB, kafka.message.max.bytes has to grow along." },
    { .name = "dedup.window", .kind = PROPERTY_DURATION, .offset = AT(dedup_window_ms), .standard = "24h",
      .max = 90 * DAY,
      .text = "How long an event_id is remembered, by broker time; the same id within it is a duplicate. The usage "
              "topic has to keep its records at least as long. 0: no duplicates are looked for." },
    { .name = "future.max", .kind = PROPERTY_DURATION, .offset = AT(future_max_ms), .standard = "2d", .max = 31 * DAY,
      .text = "An event whose usage starts later than this after the broker's time is a dead letter." },
    { .name = "late.usage", .kind = PROPERTY_ENUM, .offset = AT(late_usage), .standard = "next", .words = late_words,
      .text = "Usage of a closed period: goes to the oldest open one, or is a dead letter." },
    { .name = "usage.excess.decimals", .kind = PROPERTY_ENUM, .offset = AT(usage_excess_decimals), .standard = "round",
      .words = excess_words,
      .text = "A number with more decimals than its field has: is rounded half to even and counted, or makes its event "
              "a dead letter." },

    { .section = "Reports and periods", .name = "report.time.granularity", .kind = PROPERTY_ENUM,
      .offset = AT(report_time_granularity), .standard = "hourly", .words = granularity_words,
      .text = "The time that one line item covers. Changing it holds for usage to come." },
    { .name = "report.resource.ids", .kind = PROPERTY_BOOLEAN, .offset = AT(report_resource_ids), .standard = "true",
      .text = "Whether each resource has line items of its own." },
    { .name = "period.close.after", .kind = PROPERTY_DURATION, .offset = AT(period_close_after_ms), .standard = "5d",
      .min = SECOND, .max = 366 * DAY,
      .text = "A period closes by itself when this time has passed since its end and no usage of it has come for as "
              "long." },

    { .section = "API and page", .name = "api.listen", .kind = PROPERTY_TEXT, .offset = AT(api_listen),
      .standard = "127.0.0.1:9465", .max = 300, .min = 1, .accepts = address_is_sound,
      .form = "an address and a port, as 127.0.0.1:9465 or [::1]:9465",
      .text = "Where serve listens. Any address but loopback asks for api.credentials, and for TLS or a proxy." },
    { .name = "api.credentials", .kind = PROPERTY_TEXT, .offset = AT(api_credentials), .standard = "", .max = 4000,
      .text = "File of the keys that may sign, in the style of the AWS CLI's: a section each with aws_access_key_id, "
              "aws_secret_access_key, account and, for the payer, role = payer. Empty: everyone is the payer." },
    { .name = "api.tls.certificate", .kind = PROPERTY_TEXT, .offset = AT(api_tls_certificate), .standard = "", .max = 4000,
      .text = "File of the certificate with its chain (PEM). Empty: plain HTTP." },
    { .name = "api.tls.key", .kind = PROPERTY_TEXT, .offset = AT(api_tls_key), .standard = "", .max = 4000,
      .text = "File of the certificate's private key (PEM)." },
    { .name = "api.behind.proxy", .kind = PROPERTY_BOOLEAN, .offset = AT(api_behind_proxy), .standard = "false",
      .text = "A proxy in front speaks TLS: plain HTTP is then fine on any address." },
    { .name = "api.batch.interval", .kind = PROPERTY_DURATION, .offset = AT(api_batch_interval_ms), .standard = "50ms",
      .max = 10 * SECOND,
      .text = "Changes by the API that come within this time become one version of the document." },
    { .name = "api.months", .kind = PROPERTY_INTEGER, .offset = AT(api_months), .standard = "13", .min = 2, .max = 1200,
      .text = "Months that serve shows: the running one and those before it. Older ones leave its view when they have "
              "closed; their reports and documents stay, and so do the topics." },

    { .section = "Operation", .name = "http.listen", .kind = PROPERTY_TEXT, .offset = AT(http_listen),
      .standard = "127.0.0.1:9464", .max = 300, .accepts = address_is_sound,
      .form = "an address and a port, as 127.0.0.1:9464 or [::1]:9464",
      .text = "Where health and metrics are served. Empty: nowhere." },
    { .name = "http.allow.remote", .kind = PROPERTY_BOOLEAN, .offset = AT(http_allow_remote), .standard = "false",
      .text = "Allows http.listen on an address that other machines reach. There is no TLS and no login: put a proxy "
              "or a network policy in front." },
    { .name = "log.level", .kind = PROPERTY_ENUM, .offset = AT(log_level), .standard = "info", .words = level_words,
      .text = "The least important messages that are still logged." },
};
/* clang-format on */

const size_t property_count = ARRAY_COUNT(properties);
_Static_assert(ARRAY_COUNT(properties) <= PROPERTIES_MAX, "settings.hidden has a bit for each property");
