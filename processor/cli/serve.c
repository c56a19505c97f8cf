/* cli/serve.c: proforma serve. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "api/validate.h"
#include "cli/commands.h"
#include "cli/connection.h"
#include "cli/failure.h"
#include "service/folder.h"

#define CONNECTIONS_MAX 512u
#define PEM_BYTES_MAX ((size_t)256 * 1024)

static const char serve_help[] =
    "usage: proforma serve --out DIR [--config FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Serves the Billing Conductor API, bills and line items, and the bills page: of a folder that\n"
    "`proforma price` wrote, read-only. Until SIGTERM or SIGINT.\n";

/* All that a running server is made of. */
struct serving {
    struct connection connection; /* for its settings */
    struct folder *folder;
    struct credentials credentials;
    struct buffer certificate, key;
    struct api api;
    struct http_server *server;
};

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
    return true;
}

static bool listen_on(struct serving *serving, struct error *error)
{
    const struct settings *settings = &serving->connection.settings;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct http_options options = {
        .listen = settings->api_listen,
        .threads = cores > 8 ? 8 : cores > 2 ? (unsigned)cores : 2,
        .connections = CONNECTIONS_MAX,
        .certificate = serving->certificate.data,
        .key = serving->key.data,
        .handler = api_handle,
        .context = &serving->api,
    };
    serving->api.behind_proxy = settings->api_behind_proxy;
    serving->api.credentials = serving->credentials.count ? &serving->credentials : NULL;
    serving->api.events = events_new(serving->api.book);
    validate_start();
    if (!http_server_start(&options, &serving->server, error))
        return false;
    printf("%s://%s/\n", options.certificate ? "https" : "http", settings->api_listen);
    fflush(stdout);
    return true;
}

/* Streams are asked every second whether they have to say that they live. */
static void serve_until(const sigset_t *signals, struct serving *serving)
{
    const struct timespec second = { 1, 0 };
    while (sigtimedwait(signals, NULL, &second) < 0)
        http_server_wake(serving->server);
}

static void stop(struct serving *serving)
{
    changes_stop(serving->api.changes);
    http_server_stop(serving->server);
    events_free(serving->api.events);
    folder_close(serving->folder);
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
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (done && !arguments.out)
        done = error_fail(&error, ERROR_INVALID, "--out DIR is needed");
    done = done && connection_settings(&arguments, &serving.connection, &error) && read_keys(&serving, &error) &&
           open_folder(&serving, arguments.out, &error) && listen_on(&serving, &error);
    if (done)
        serve_until(&signals, &serving);
    else
        code = print_failure("serve", &error);
    stop(&serving);
    arguments_done(&arguments);
    return code;
}
