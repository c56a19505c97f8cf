/* cli/serve.c: proforma serve. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/validate.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/serving.h"

#define CONNECTIONS_MAX 4096u
#define CONNECTIONS_MIN 64u
#define REQUEST_MS (60 * 1000u)
#define FILES_OF_STORE 512u /* descriptors that are not connections */
#define PEM_BYTES_MAX ((size_t)256 * 1024)

static const char serve_help[] =
    "usage: proforma serve [--out DIR] [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Serves the Billing Conductor API, bills and line items, and the bills page: on the topics,\n"
    "or, with --out, of a folder that `proforma price` wrote, read-only. Until SIGTERM or SIGINT.\n";

static void show_progress(uint64_t rows)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%llu rows read", (unsigned long long)rows);
}

static bool read_pem(const char *path, struct buffer *pem, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_fail(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    size_t got;
    while (pem->size < PEM_BYTES_MAX && (got = fread(buffer_reserve(pem, 4096), 1, 4096, file)) > 0)
        pem->size += got;
    bool failed = ferror(file) != 0;
    fclose(file);
    buffer_append_byte(pem, '\0');
    return !failed || error_fail(error, ERROR_FAILED, "%s: cannot be read", path);
}

static bool read_keys(struct serving *serving, struct error *error)
{
    const struct settings *settings = &serving->connection.settings;
    if (settings->api_credentials[0] && !credentials_read(settings->api_credentials, &serving->credentials, error))
        return false;
    return settings->api_tls_certificate[0] == '\0' ||
           (read_pem(settings->api_tls_certificate, &serving->certificate, error) &&
            read_pem(settings->api_tls_key, &serving->key, error));
}

static bool open_folder(struct serving *serving, const char *path, struct error *error)
{
    if (!folder_open(path, show_progress, &serving->folder, error))
        return false;
    serving->api.book = folder_book(serving->folder);
    serving->api.view = folder_view(serving->folder);
    serving->api.source = folder_source(serving->folder);
    serving->api.events = events_new(serving->api.book, &serving->api.source);
    return true;
}

/* ---- serving ---- */

/* As many as there may be descriptors for. */
static unsigned connections_max(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return CONNECTIONS_MIN;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur >= CONNECTIONS_MAX + FILES_OF_STORE)
        return CONNECTIONS_MAX;
    return files.rlim_cur > CONNECTIONS_MIN + FILES_OF_STORE ? (unsigned)files.rlim_cur - FILES_OF_STORE : CONNECTIONS_MIN;
}

static bool listen_on(struct serving *serving, struct error *error)
{
    const struct settings *settings = &serving->connection.settings;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned connections = connections_max();
    struct http_options options = {
        .listen = settings->api_listen,
        .threads = cores > 8   ? 8
                   : cores > 2 ? (unsigned)cores
                               : 2,
        .connections = connections,
        .streams = connections / 4,
        .request_ms = REQUEST_MS,
        .certificate = serving->certificate.data,
        .key = serving->key.data,
        .handler = api_handle,
        .context = &serving->api,
    };
    serving->api.behind_proxy = settings->api_behind_proxy;
    serving->api.credentials = serving->credentials.count ? &serving->credentials : NULL;
    validate_start();
    return http_server_start(&options, &serving->server, error);
}

void serving_tell_address(const struct serving *serving)
{
    printf("%s://%s/\n", serving->certificate.data ? "https" : "http", serving->connection.settings.api_listen);
    fflush(stdout);
}

/* Streams are asked every second whether they have to say that they live. */
static bool serve_until(const sigset_t *signals, struct serving *serving, struct error *error)
{
    const struct timespec second = { 1, 0 };
    if (serving->folder)
        serving_tell_address(serving);
    else
        serving_open_topics(serving);
    while (sigtimedwait(signals, NULL, &second) < 0)
        http_server_wake(serving->server);
    bool failed = atomic_load(&serving->opening.failed);
    if (failed)
        *error = serving->opening.error;
    return !failed;
}

static void stop(struct serving *serving)
{
    serving_stop_opening(serving);
    changes_stop(serving->api.changes);
    previews_stop(serving->api.previews);
    /* The reading thread wakes streams of the server. */
    topics_stop(serving->topics);
    http_server_stop(serving->server);
    changes_free(serving->api.changes);
    previews_free(serving->api.previews);
    events_free(serving->api.events);
    topics_close(serving->topics);
    folder_close(serving->folder);
    for (size_t i = 0; i < ARRAY_COUNT(serving->wires); i++) {
        wire_free(serving->wires[i]);
        schemas_source_close(&serving->schemas[i]);
    }
    state_dir_release(serving->state);
    buffer_done(&serving->directory);
    buffer_done(&serving->report_directory);
    validate_stop();
    credentials_done(&serving->credentials);
    if (serving->key.data)
        explicit_bzero(serving->key.data, serving->key.capacity);
    buffer_done(&serving->key);
    buffer_done(&serving->certificate);
    connection_close(&serving->connection);
}

int command_serve(int argc, char **argv)
{
    struct arguments arguments;
    struct serving serving = { 0 };
    struct error error = { 0 };
    sigset_t signals;
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_SETTINGS | OPTION_OUT, &arguments, &error);
    if (done && arguments.help) {
        fputs(serve_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1); /* the opening has failed */
    sigprocmask(SIG_BLOCK, &signals, NULL);
    done = done && connection_settings(&arguments, &serving.connection, &error) && read_keys(&serving, &error) &&
           (arguments.out ? open_folder(&serving, arguments.out, &error) : serving_prepare_topics(&serving, &error)) &&
           listen_on(&serving, &error) && serve_until(&signals, &serving, &error);
    if (!done)
        code = print_failure("serve", &error);
    stop(&serving);
    arguments_done(&arguments);
    return code;
}
