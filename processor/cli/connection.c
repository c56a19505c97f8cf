/* cli/connection.c: settings to connection. */
#include "cli/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "log/kafka_admin.h"
#include "log/kafka_stream.h"
#include "observe/logging.h"
#include "settings/load.h"

#define READ_RECORDS 8192
#define AWAIT_MS 20

bool connection_settings(const struct arguments *arguments, struct connection *connection, struct error *error)
{
    struct buffer problems = { 0 };
    bool done =
        settings_load(arguments->config, arguments->sets, arguments->set_count, &connection->settings, &problems, error);
    if (problems.size)
        fprintf(stderr, "%.*s", (int)problems.size, problems.data);
    buffer_done(&problems);
    if (!done)
        return false;
    const struct settings *settings = &connection->settings;
    connection->properties = memory_new_array(settings->kafka_count, sizeof *connection->properties);
    for (size_t i = 0; i < settings->kafka_count; i++)
        connection->properties[i] = (struct kafka_property){ settings->kafka[i].name, settings->kafka[i].value };
    connection->kafka = (struct kafka_settings){
        .properties = connection->properties,
        .property_count = settings->kafka_count,
        .group_id = settings->group_id,
        .topic_prefix = settings->topic_prefix,
        .oauth_token_file = settings->oauth_token_file,
        .instance_id = settings->instance_id,
        .session_timeout_ms = (int)settings->session_timeout_ms,
        .transaction_timeout_ms = (int)settings->transaction_timeout_ms,
    };
    return true;
}

bool schemas_source_open(const struct settings *settings, struct schemas_source *source, struct error *error)
{
    *source = (struct schemas_source){ 0 };
    if (settings->schema_registry_url[0]) {
        if (!registry_open(settings->schema_registry_url, settings->topic_prefix, &source->registry, error))
            return false;
        source->port = registry_port(source->registry);
        return true;
    }
    source->fixed = fixed_schemas_new();
    source->port = fixed_schemas_port(source->fixed);
    return true;
}

void schemas_source_close(struct schemas_source *source)
{
    registry_close(source->registry);
    fixed_schemas_free(source->fixed);
    *source = (struct schemas_source){ 0 };
}

bool connection_open(struct connection *connection, const char *command, struct error *error)
{
    logging_set_level(LOGGING_ERROR); /* a command says itself what it could not do */
    snprintf(connection->instance, sizeof connection->instance, "command-%s", command);
    connection->kafka.instance_id = connection->instance;
    connection->kafka.reads_headers = true;
    if (!kafka_reachable(&connection->kafka, error) ||
        !schemas_source_open(&connection->settings, &connection->schemas, error))
        return false;
    connection->wire = wire_new(connection->settings.format == SETTINGS_JSON ? WIRE_JSON : WIRE_AVRO,
                                &connection->schemas.port, connection->settings.usage_excess_decimals);
    return kafka_stream_open(&connection->kafka, NULL, 0, &connection->stream, error);
}

bool connection_reopen(struct connection *connection, const char *command, struct error *error)
{
    if (connection->stream)
        connection->stream->ops->close(connection->stream);
    conductor_topic_free(connection->control);
    connection->stream = NULL;
    connection->control = NULL;
    snprintf(connection->instance, sizeof connection->instance, "command-%s", command);
    return kafka_stream_open(&connection->kafka, NULL, 0, &connection->stream, error);
}

bool connection_read(struct connection *connection, enum stream_topic topic, int32_t partition,
                     bool (*take)(void *context, const struct stream_record *record, struct error *error), void *context,
                     struct error *error)
{
    return connection_read_from(connection, topic, partition, OFFSET_NONE, take, context, error);
}

bool connection_read_from(struct connection *connection, enum stream_topic topic, int32_t partition, int64_t from,
                          bool (*take)(void *context, const struct stream_record *record, struct error *error),
                          void *context, struct error *error)
{
    const struct stream_ops *ops = connection->stream->ops;
    struct stream_reading reading = { .ended = false };
    if (!ops->restore_begin(connection->stream, topic, partition, from, error))
        return false;
    while (!reading.ended)
        if (!ops->restore_step(connection->stream, READ_RECORDS, take, context, &reading, error))
            return false;
    return true;
}

static bool take_control(void *context, const struct stream_record *record, struct error *error)
{
    return conductor_topic_take(context, record, error);
}

bool connection_read_control(struct connection *connection, struct error *error)
{
    connection->control = conductor_topic_new();
    return connection_read(connection, STREAM_CONDUCTOR, 0, take_control, connection->control, error);
}

bool connection_await_control(struct connection *connection, struct error *error)
{
    const struct stream_ops *ops = connection->stream->ops;
    const struct timespec pause = { 0, AWAIT_MS * 1000000 };
    int64_t first, stable, high;
    for (int64_t waited = 0; waited < 2 * connection->settings.transaction_timeout_ms; waited += AWAIT_MS) {
        if (!ops->range(connection->stream, STREAM_CONDUCTOR, 0, &first, &stable, error) ||
            !ops->high(connection->stream, STREAM_CONDUCTOR, 0, STREAM_ANSWER_MS, &high, error))
            return false;
        if (stable >= high)
            return true;
        nanosleep(&pause, NULL);
    }
    return error_fail(error, ERROR_FAILED, "somebody's transaction on the conductor topic stays open: look again later");
}

bool connection_end(struct connection *connection, enum stream_topic topic, int32_t partition, int64_t *end,
                    struct error *error)
{
    return connection->stream->ops->offset_of_time(connection->stream, topic, partition, INT64_MAX / 2, end, error);
}

struct topic_plan connection_topics(const struct connection *connection)
{
    const struct settings *settings = &connection->settings;
    return (struct topic_plan){ settings->partitions_usage,   settings->partitions_tier, settings->partitions_bill,
                                settings->replication_factor, settings->dedup_window_ms, settings->event_max_bytes };
}

void connection_close(struct connection *connection)
{
    if (connection->stream)
        connection->stream->ops->close(connection->stream);
    conductor_topic_free(connection->control);
    wire_free(connection->wire);
    schemas_source_close(&connection->schemas);
    free(connection->properties);
    settings_done(&connection->settings);
    *connection = (struct connection){ 0 };
}
