/* cli/run.c: proforma run. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "admin/http.h"
#include "observe/logging.h"
#include "run/memory_shares.h"
#include "run/metrics_page.h"
#include "settings/document.h"
#include "store/state_dir.h"

#define AWAIT_MS 500
#define LOOK_MS 100
#define CLOSING_MS 5000

static const char run_help[] = "usage: proforma run [--repair TASK|all] [--config FILE] [--set KEY=VALUE]...\n\n"
                               "Runs the processor until SIGTERM or SIGINT. --repair lets a task whose transaction was\n"
                               "torn go on from its marker. Settings:\n\n";

struct worker_thread {
    pthread_t thread;
    struct worker_options options;
    struct kafka_settings kafka;
    struct schemas_source schemas;
    struct worker_status status;
    struct error error;
    enum worker_end end;
    _Atomic bool *stop;
};

static void *run_worker(void *context)
{
    struct worker_thread *thread = context;
    thread->end = worker_run(&thread->options, &thread->status, &thread->error);
    /* A worker that ends on its own ends the process: the supervisor decides. */
    atomic_store(thread->stop, true);
    return NULL;
}

static size_t worker_count(const struct settings *settings)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return settings->workers > 0 ? (size_t)settings->workers : cores > 0 ? (size_t)cores : 1;
}

/* Waits for a signal that asks for the end, and then that the end comes in time: SIGUSR1 says that it has. */
struct watch {
    _Atomic bool *stop;
    int64_t shutdown_timeout_ms;
    const struct worker_thread *threads;
    size_t count;
};

static sigset_t watched_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    return signals;
}

static bool has_ended_in_time(int64_t timeout_ms)
{
    sigset_t ended;
    struct timespec time = { timeout_ms / 1000, timeout_ms % 1000 * 1000000 };
    sigemptyset(&ended);
    sigaddset(&ended, SIGUSR1);
    int number;
    while ((number = sigtimedwait(&ended, NULL, &time)) < 0 && errno == EINTR)
        ;
    return number == SIGUSR1;
}

static bool all_have_left(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        if (!atomic_load(&watch->threads[i].status.has_left))
            return false;
    return true;
}

/*
 * Once all is committed nothing is lost by going: a connection that does not end (librdkafka's closing waits for answers
 * that may not come) gets a few seconds. What is cut short before is as safe as after a crash: it is read again.
 */
static void await_the_end(const struct watch *watch)
{
    for (int64_t waited = 0; waited < watch->shutdown_timeout_ms && !all_have_left(watch); waited += LOOK_MS)
        if (has_ended_in_time(LOOK_MS))
            return;
    bool has_left = all_have_left(watch);
    if (has_left && has_ended_in_time(CLOSING_MS))
        return;
    if (has_left)
        log_event(LOGGING_WARN, "closing_cut_short", LOG_NUMBER("closing_ms", CLOSING_MS));
    else
        log_event(LOGGING_ERROR, "cut_short", LOG_NUMBER("shutdown_timeout_ms", watch->shutdown_timeout_ms));
    _exit(has_left ? EXIT_DONE : EXIT_FAILED);
}

static void *watch_for_the_end(void *context)
{
    const struct watch *watch = context;
    sigset_t signals = watched_signals();
    int number;
    sigwait(&signals, &number);
    atomic_store(watch->stop, true);
    if (number == SIGUSR1)
        return NULL;
    log_event(LOGGING_INFO, "stopping", LOG_NUMBER("signal", number));
    await_the_end(watch);
    return NULL;
}

static void start_worker(struct worker_thread *thread, const struct connection *connection, unsigned number, size_t count,
                         const char *state_dir, int64_t repair_task, _Atomic bool *stop)
{
    thread->kafka = connection->kafka;
    thread->kafka.worker = number;
    struct memory_shares shares = memory_shares_of(&connection->settings, count);
    thread->kafka.send_bytes_max = shares.send;
    thread->kafka.fetch_bytes_max = shares.fetch;
    thread->stop = stop;
    thread->options = (struct worker_options){ .settings = &connection->settings,
                                               .kafka = &thread->kafka,
                                               .schemas = &thread->schemas.port,
                                               .number = number,
                                               .stop = stop,
                                               .worker_count = (unsigned)count,
                                               .state_dir = state_dir,
                                               .repair_task = repair_task };
    int result = pthread_create(&thread->thread, NULL, run_worker, thread);
    CHECK(result == 0);
}

/* The pages live as long as the workers do; without http.listen there are none. */
static bool start_pages(const struct connection *connection, struct worker_thread *threads, size_t count,
                        struct shown_workers *shown, struct http_server **server, struct error *error)
{
    shown->statuses = memory_new_array(count, sizeof *shown->statuses);
    shown->count = count;
    for (size_t i = 0; i < count; i++)
        shown->statuses[i] = &threads[i].status;
    struct http_pages pages = { shown, metrics_page, health_page, ready_page };
    return !connection->settings.http_listen[0] || http_start(connection->settings.http_listen, &pages, server, error);
}

/* What is there from before the first broker answers to the end. */
struct running {
    struct worker_thread *threads;
    size_t count;
    _Atomic bool stop;
    struct shown_workers shown;
    struct http_server *server;
    struct watch watch;
    pthread_t watcher;
};

/* Fails: nothing has begun. */
static bool begin(struct running *running, const struct connection *connection, struct error *error)
{
    sigset_t watched = watched_signals();
    running->count = worker_count(&connection->settings);
    running->threads = memory_new_array(running->count, sizeof *running->threads);
    running->watch =
        (struct watch){ &running->stop, connection->settings.shutdown_timeout_ms, running->threads, running->count };
    pthread_sigmask(SIG_BLOCK, &watched, NULL);
    if (!start_pages(connection, running->threads, running->count, &running->shown, &running->server, error)) {
        free(running->shown.statuses);
        free(running->threads);
        return false;
    }
    CHECK(pthread_create(&running->watcher, NULL, watch_for_the_end, &running->watch) == 0);
    return true;
}

static void end(struct running *running, int code)
{
    pthread_kill(running->watcher, SIGUSR1);
    pthread_join(running->watcher, NULL);
    http_stop(running->server);
    log_event(LOGGING_INFO, "stopped", LOG_NUMBER("code", code));
    free(running->shown.statuses);
    free(running->threads);
}

static int run_workers(struct running *running, const struct connection *connection, const char *state_dir,
                       int64_t repair_task, struct error *error)
{
    struct worker_thread *threads = running->threads;
    size_t count = running->count;
    int code = EXIT_DONE;
    log_event(LOGGING_INFO, "started", LOG_NUMBER("workers", count), LOG_TEXT("http", connection->settings.http_listen));
    bool opened = true;
    for (size_t i = 0; i < count && opened; i++)
        opened = schemas_source_open(&connection->settings, &threads[i].schemas, error);
    if (!opened) {
        atomic_store(&running->stop, true);
        code = EXIT_FAILED;
    }
    for (size_t i = 0; i < count; i++)
        start_worker(&threads[i], connection, (unsigned)i, count, state_dir, repair_task, &running->stop);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i].thread, NULL);
        schemas_source_close(&threads[i].schemas);
        if (threads[i].end == WORKER_FENCED)
            code = EXIT_FENCED;
        else if (threads[i].end == WORKER_FAILED && code == EXIT_DONE)
            code = threads[i].error.kind == ERROR_INVALID ? EXIT_INVALID : EXIT_FAILED;
        if (threads[i].end != WORKER_STOPPED)
            *error = threads[i].error;
    }
    return code;
}

/* Everything that would go wrong later is told now. */
static bool check_topics(const struct connection *connection, struct error *error)
{
    struct topic_plan plan = connection_topics(connection);
    struct buffer lines = { 0 }, faults = { 0 };
    size_t count;
    bool done = kafka_topics_check(&connection->kafka, &plan, &lines, &faults, &count, error);
    fprintf(stderr, "%.*s", (int)faults.size, faults.data ? faults.data : "");
    if (done && count > 0)
        done = error_fail(error, ERROR_INVALID, "%zu fault%s in the topics", count, count == 1 ? "" : "s");
    buffer_done(&lines);
    buffer_done(&faults);
    return done;
}

/*
 * Brokers may begin later than this: they are waited for as when they go away later. *ret_cluster is then theirs. Fails:
 * waiting does not mend it, or nobody waits any more (ERROR_LATER).
 */
static bool await_brokers(struct running *running, const struct connection *connection,
                          char ret_cluster[KAFKA_CLUSTER_ID_MAX], struct error *error)
{
    while (!check_topics(connection, error) || !kafka_cluster_id(&connection->kafka, ret_cluster, error)) {
        if (error->kind != ERROR_LATER || atomic_load(&running->stop))
            return false;
        for (size_t i = 0; i < running->count; i++)
            atomic_store(&running->threads[i].status.away, true);
        log_event(LOGGING_WARN, "brokers_awaited", LOG_TEXT("reason", error->message));
        nanosleep(&(struct timespec){ 0, AWAIT_MS * 1000000L }, NULL);
    }
    return true;
}

/* Local state is of one cluster, group and prefix; of another it would only be in the way. */
static bool take_state_dir(const struct connection *connection, const char *cluster, struct state_dir **dir,
                           struct error *error)
{
    struct buffer installation = { 0 };
    const struct settings *settings = &connection->settings;
    buffer_printf(&installation, "%s-%s%s", settings->group_id, settings->topic_prefix, cluster);
    buffer_append_byte(&installation, '\0');
    bool done = state_dir_take(settings->state_dir, settings->instance_id, installation.data, dir, error);
    buffer_done(&installation);
    return done;
}

static int run(struct connection *connection, int64_t repair_task, struct error *error)
{
    struct running running = { 0 };
    struct state_dir *state = NULL;
    char cluster[KAFKA_CLUSTER_ID_MAX];
    int code;
    if (!begin(&running, connection, error))
        return error->kind == ERROR_INVALID ? EXIT_INVALID : EXIT_FAILED;
    connection->kafka.stop = &running.stop;
    if (await_brokers(&running, connection, cluster, error) && take_state_dir(connection, cluster, &state, error))
        code = run_workers(&running, connection, state_dir_path(state), repair_task, error);
    else if (atomic_load(&running.stop) && error->kind == ERROR_LATER)
        code = EXIT_DONE;
    else
        code = error->kind == ERROR_INVALID ? EXIT_INVALID : EXIT_FAILED;
    end(&running, code);
    state_dir_release(state);
    return code;
}

static void print_help(void)
{
    struct buffer help = { 0 };
    settings_help(&help);
    printf("%s%.*s", run_help, (int)help.size, help.data);
    buffer_done(&help);
}

int command_run(int argc, char **argv)
{
    struct arguments arguments;
    struct connection connection = { 0 };
    struct error error = { 0 };
    int code = EXIT_FAILED;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_REPAIR, &arguments, &error);
    if (done && arguments.help) {
        print_help();
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.operand_count > 0)
        done = error_fail(&error, ERROR_INVALID, "%s: nothing is expected here", arguments.operands[0]);
    if (done && connection_settings(&arguments, &connection, &error)) {
        logging_set_level((enum logging_level)connection.settings.log_level);
        code = run(&connection, arguments.repair, &error);
        if (code != EXIT_DONE)
            fprintf(stderr, "proforma run: %s\n", error.message);
    } else {
        code = print_failure("run", &error);
    }
    connection_close(&connection);
    arguments_done(&arguments);
    return code;
}
