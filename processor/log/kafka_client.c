/* log/kafka_client.c: our tuning, the operator's properties over it; what exactly-once needs is set over both. */
#include "log/kafka_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "log/oauth_token.h"
#include "observe/logging.h"

#define METADATA_TIMEOUT_MS 10000
#define TOKEN_FILE "sasl.oauthbearer.config" /* what librdkafka hands to the refresh */

bool kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char reason[512];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return true;
    /* The reason repeats the value; of a secret only the name may be told. */
    bool secret = strstr(name, "password") || strstr(name, "secret") || strstr(name, "pem");
    return error_fail(error, ERROR_INVALID, "kafka.%s: %s", name, secret ? "not accepted by librdkafka" : reason);
}

/* librdkafka's own lines, under our levels: what it tries again by itself is no error. */
void kafka_log(const rd_kafka_t *handle, int severity, const char *facility, const char *text)
{
    enum logging_level level = severity <= 3 ? LOGGING_WARN : severity <= 6 ? LOGGING_INFO : LOGGING_DEBUG;
    log_event(level, "librdkafka", LOG_TEXT("client", rd_kafka_name(handle)), LOG_TEXT("facility", facility),
              LOG_TEXT("text", text));
}

/* ---- OAUTHBEARER ---- */

static bool read_token_file(const char *path, struct buffer *bytes, struct error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_fail(error, ERROR_FAILED, "%s", strerror(errno));
    char part[4096];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0 && bytes->size <= OAUTH_TOKEN_BYTES_MAX)
        buffer_append(bytes, part, size);
    bool done = !ferror(file) || error_fail(error, ERROR_FAILED, "%s", strerror(errno));
    fclose(file);
    return done;
}

static bool set_token(rd_kafka_t *handle, const char *path, struct buffer *bytes, struct error *error)
{
    struct oauth_token token;
    struct timespec now;
    char reason[256];
    clock_gettime(CLOCK_REALTIME, &now);
    if (!read_token_file(path, bytes, error) ||
        !oauth_token_read(buffer_text(bytes), (int64_t)now.tv_sec * 1000, &token, error))
        return false;
    char *value = memory_new(token.token.size + 1);
    memcpy(value, token.token.data, token.token.size);
    rd_kafka_resp_err_t result =
        rd_kafka_oauthbearer_set_token(handle, value, token.good_until_ms, token.principal, NULL, 0, reason, sizeof reason);
    free(value);
    return result == RD_KAFKA_RESP_ERR_NO_ERROR || error_fail(error, ERROR_INVALID, "%s", reason);
}

/* On a thread of librdkafka's. What cannot be read now is tried again in a few seconds. */
static void refresh_token(rd_kafka_t *handle, const char *path, void *opaque)
{
    (void)opaque;
    struct buffer bytes = { 0 };
    struct error error;
    if (!set_token(handle, path, &bytes, &error)) {
        log_event(LOGGING_WARN, "oauth_token", LOG_TEXT("file", path), LOG_TEXT("reason", error.message));
        rd_kafka_oauthbearer_set_token_failure(handle, error.message);
    }
    buffer_done(&bytes);
}

static bool set_token_file(rd_kafka_conf_t *conf, const char *path, struct error *error)
{
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, refresh_token);
    rd_kafka_conf_enable_sasl_queue(conf, 1);
    return kafka_conf_set(conf, TOKEN_FILE, path, error);
}

static bool has_token_file(const rd_kafka_conf_t *conf)
{
    char path[4096] = "";
    size_t size = sizeof path;
    return rd_kafka_conf_get(conf, TOKEN_FILE, path, &size) == RD_KAFKA_CONF_OK && path[0] != '\0';
}

rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const struct kafka_property *tuning,
                                size_t tuning_count, struct error *error)
{
    static const struct kafka_property ours[] = {
        { "socket.nagle.disable", "true" },
        { "log.connection.close", "false" },
        { "client.software.name", "proforma" },
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool done = true;
    rd_kafka_conf_set_log_cb(conf, kafka_log);
    for (size_t i = 0; i < ARRAY_COUNT(ours) && done; i++)
        done = kafka_conf_set(conf, ours[i].name, ours[i].value, error);
    for (size_t i = 0; i < tuning_count && done; i++)
        done = kafka_conf_set(conf, tuning[i].name, tuning[i].value, error);
    for (size_t i = 0; i < settings->property_count && done; i++)
        done = kafka_conf_set(conf, settings->properties[i].name, settings->properties[i].value, error);
    if (done && settings->oauth_token_file && settings->oauth_token_file[0])
        done = set_token_file(conf, settings->oauth_token_file, error);
    if (done)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

rd_kafka_t *kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error)
{
    char reason[512];
    bool has_token = has_token_file(conf);
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    if (handle) {
        /* Refreshed in the background: commands do not poll all the time. */
        rd_kafka_error_destroy(has_token ? rd_kafka_sasl_background_callbacks_enable(handle) : NULL);
        return handle;
    }
    rd_kafka_conf_destroy(conf);
    error_fail(error, ERROR_INVALID, "kafka: %s", reason);
    return NULL;
}

void kafka_topic_name(const struct kafka_settings *settings, enum stream_topic topic, char out[KAFKA_TOPIC_NAME_MAX])
{
    snprintf(out, KAFKA_TOPIC_NAME_MAX, "%s%s", settings->topic_prefix, stream_topic_name(topic));
}

bool kafka_topic_of_name(const struct kafka_settings *settings, const char *name, enum stream_topic *topic)
{
    size_t prefix = strlen(settings->topic_prefix);
    if (strncmp(name, settings->topic_prefix, prefix) != 0)
        return false;
    for (enum stream_topic i = 0; i < STREAM_TOPIC_COUNT; i++) {
        if (strcmp(name + prefix, stream_topic_name(i)) != 0)
            continue;
        *topic = i;
        return true;
    }
    return false;
}

bool kafka_partition_count(rd_kafka_t *handle, const char *topic, int32_t *count, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *asked = rd_kafka_topic_new(handle, topic, NULL);
    rd_kafka_resp_err_t result = rd_kafka_metadata(handle, 0, asked, &metadata, METADATA_TIMEOUT_MS);
    rd_kafka_topic_destroy(asked);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_fail(error, ERROR_LATER, "kafka: no broker answers: %s", rd_kafka_err2str(result));
    bool denied = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    *count = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR
                 ? metadata->topics[0].partition_cnt
                 : 0;
    rd_kafka_metadata_destroy(metadata);
    return !denied || error_fail(error, ERROR_REFUSED, "kafka: topic %s: the broker denies the right to describe it", topic);
}

void kafka_record_of_message(const rd_kafka_message_t *message, enum stream_topic topic, struct stream_header *headers,
                             size_t room, struct stream_record *record)
{
    *record = (struct stream_record){
        .topic = topic,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .key = { message->key, message->key_len },
        .value = { message->payload, message->len },
        .is_null = message->payload == NULL,
        .headers = headers,
    };
    /* Nobody reads those of others, and librdkafka allocates for each message it is asked of. */
    if (topic == STREAM_TIERED || topic == STREAM_DEAD_LETTERS)
        kafka_headers_of_message(message, headers, room, record);
}

void kafka_headers_of_message(const rd_kafka_message_t *message, struct stream_header *headers, size_t room,
                              struct stream_record *record)
{
    rd_kafka_headers_t *of_message;
    record->header_count = 0;
    if (rd_kafka_message_headers(message, &of_message) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    const char *name;
    const void *value;
    size_t size;
    for (size_t i = 0;
         i < room && rd_kafka_header_get_all(of_message, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        headers[record->header_count++] = (struct stream_header){ name, { value, size } };
}
