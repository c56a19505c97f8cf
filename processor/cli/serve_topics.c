/* cli/serve_topics.c: from settings to topics that are read, however long that takes. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/serving.h"
#include "observe/logging.h"

#define VIEW_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define RETRY_MS 1000
#define STEP_MS 50
#define END_SECONDS 2

/* ---- on the topics ---- */

static void on_changed(void *context, struct text period, struct text group)
{
    struct serving *serving = context;
    events_add(serving->api.events, period, group);
}

static void on_committed(void *context)
{
    struct serving *serving = context;
    http_server_wake(serving->server);
}

/* Of this process, for one cluster, group and prefix. */
static bool take_state(struct serving *serving, const char *cluster, struct error *error)
{
    const struct settings *settings = &serving->connection.settings;
    struct buffer root = { 0 }, installation = { 0 };
    buffer_printf(&root, "%s/serve", settings->state_dir);
    buffer_append_byte(&root, '\0');
    buffer_printf(&installation, "%s-%s%s", settings->group_id, settings->topic_prefix, cluster);
    buffer_append_byte(&installation, '\0');
    bool done = state_dir_take(root.data, settings->instance_id, installation.data, &serving->state, error);
    if (done) {
        buffer_printf(&serving->directory, "%s/view", state_dir_path(serving->state));
        buffer_append_byte(&serving->directory, '\0');
        buffer_printf(&serving->report_directory, "%s/reports", state_dir_path(serving->state));
        buffer_append_byte(&serving->report_directory, '\0');
    }
    buffer_done(&root);
    buffer_done(&installation);
    return done;
}

/* The brokers may be others' when they are back. */
static void leave_state(struct serving *serving)
{
    state_dir_release(serving->state);
    serving->state = NULL;
    buffer_done(&serving->directory);
    buffer_done(&serving->report_directory);
}

/* The payer of an installation without a document is the one who may sign as such. */
static struct text payer_of_keys(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->count; i++)
        if (credentials->items[i].is_payer)
            return credentials->items[i].account;
    return TEXT_NONE;
}

bool serving_prepare_topics(struct serving *serving, struct error *error)
{
    const struct settings *settings = &serving->connection.settings;
    for (size_t i = 0; i < ARRAY_COUNT(serving->wires); i++) {
        if (!schemas_source_open(settings, &serving->schemas[i], error))
            return false;
        serving->wires[i] = wire_new(settings->format == SETTINGS_JSON ? WIRE_JSON : WIRE_AVRO, &serving->schemas[i].port,
                                     settings->usage_excess_decimals);
    }
    atomic_store(&serving->api.awaited, "the brokers have not answered yet");
    return true;
}

static bool read_topics(struct serving *serving, struct error *error)
{
    const struct settings *settings = &serving->connection.settings;
    struct topics_options options = {
        .kafka = &serving->connection.kafka,
        .directory = serving->directory.data,
        .memory_bytes =
            settings->memory_limit_bytes / 2 < VIEW_BYTES_MAX ? settings->memory_limit_bytes / 2 : VIEW_BYTES_MAX,
        .months = settings->api_months,
        .payer = payer_of_keys(&serving->credentials),
        .wire = serving->wires[0],
        .report_wire = serving->wires[1],
        .report_directory = serving->report_directory.data,
        .stop = &serving->opening.stop,
        .context = serving,
        .changed = on_changed,
        .committed = on_committed,
    };
    return topics_open(&options, &serving->topics, error);
}

static void serve_topics(struct serving *serving)
{
    struct api *api = &serving->api;
    serving->publisher = topics_publisher(serving->topics);
    api->book = topics_book(serving->topics);
    api->view = topics_view(serving->topics);
    api->source = topics_source(serving->topics);
    api->events = events_new(api->book, &api->source);
    api->changes = changes_start(api->book, &serving->publisher, serving->connection.settings.api_batch_interval_ms);
    api->previews = previews_start(api->book, api->view, &api->source);
    topics_start(serving->topics);
    atomic_store(&api->awaited, NULL);
}

/* ---- until they are there ---- */

/*
 * *ret_final: another try is of no use. What is wrong on this machine does not mend itself; what brokers refuse is told
 * when they are first asked, and later it may be that they have only begun.
 */
static bool try_to_open(struct serving *serving, bool is_first, bool *ret_final, struct error *error)
{
    char cluster[KAFKA_CLUSTER_ID_MAX];
    if (kafka_cluster_id(&serving->connection.kafka, cluster, error)) {
        atomic_store(&serving->api.awaited, "bills and line items are being read from their topics");
        *ret_final = !take_state(serving, cluster, error);
        if (*ret_final)
            return false;
        if (read_topics(serving, error))
            return true;
        leave_state(serving);
    }
    *ret_final = is_first && (error->kind == ERROR_INVALID || error->kind == ERROR_REFUSED);
    atomic_store(&serving->api.awaited, error->kind == ERROR_LATER ? "the brokers have not answered yet"
                                                                   : "the topics cannot be read yet; the log says why");
    return false;
}

static void wait_for_next_try(const struct opening *opening)
{
    for (int waited = 0; waited < RETRY_MS && !atomic_load(&opening->stop); waited += STEP_MS)
        nanosleep(&(struct timespec){ 0, STEP_MS * 1000000L }, NULL);
}

static void *open_topics(void *context)
{
    struct serving *serving = context;
    struct opening *opening = &serving->opening;
    for (bool is_first = true; !atomic_load(&opening->stop); is_first = false) {
        bool final, done = try_to_open(serving, is_first, &final, &opening->error);
        if (final) {
            atomic_store(&opening->failed, true);
            pthread_kill(opening->waiting, SIGUSR1);
            return NULL;
        }
        if (done)
            serve_topics(serving);
        else
            log_event(LOGGING_WARN, "topics_awaited", LOG_TEXT("reason", opening->error.message));
        if (is_first)
            serving_tell_address(serving);
        if (done)
            return NULL;
        wait_for_next_try(opening);
    }
    return NULL;
}

void serving_open_topics(struct serving *serving)
{
    struct opening *opening = &serving->opening;
    opening->waiting = pthread_self();
    CHECK(pthread_create(&opening->thread, NULL, open_topics, serving) == 0);
    opening->started = true;
}

void serving_stop_opening(struct serving *serving)
{
    struct opening *opening = &serving->opening;
    struct timespec end;
    if (!opening->started)
        return;
    atomic_store(&opening->stop, true);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += END_SECONDS;
    /* Nothing is served yet, and the view is whole at every moment. */
    if (pthread_timedjoin_np(opening->thread, NULL, &end) != 0)
        _exit(EXIT_DONE);
    opening->started = false;
}
