/* admin/http.c: one thread, no bodies taken, and no client that can keep the others out. */
#include "admin/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/memory.h"

/* Some stay free, so that whoever comes is let in and the oldest goes. */
#define CONNECTIONS_MAX 192u
#define CONNECTIONS_KEPT 128u
#define TIMEOUT_SECONDS 10u

struct connection {
    struct connection *older, *newer;
    int socket;
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_pages pages;
    /* Those that are open, by age. Of the server's thread. */
    struct connection *oldest, *newest;
    size_t open;
};

/*
 * A client that sends a byte now and then never times out. Where many are open, the one that has been there the longest is
 * hung up on: a probe is answered at once and gone long before its turn.
 */
static void hang_up_on_oldest(struct http_server *server)
{
    struct connection *connection = server->oldest;
    for (size_t i = server->open; i > CONNECTIONS_KEPT; i--, connection = connection->newer)
        shutdown(connection->socket, SHUT_RDWR); /* it is closed, and forgotten, when the server next looks at it */
}

static void add_connection(struct http_server *server, struct connection *connection)
{
    connection->older = server->newest;
    *(server->newest ? &server->newest->newer : &server->oldest) = connection;
    server->newest = connection;
    server->open++;
    hang_up_on_oldest(server);
}

static void remove_connection(struct http_server *server, struct connection *connection)
{
    *(connection->older ? &connection->older->newer : &server->oldest) = connection->newer;
    *(connection->newer ? &connection->newer->older : &server->newest) = connection->older;
    server->open--;
}

static void on_connection(void *context, struct MHD_Connection *handle, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *connection = memory_new(sizeof *connection);
        connection->socket = info->connect_fd;
        *state = connection;
        add_connection(context, connection);
    } else {
        remove_connection(context, *state);
        free(*state);
    }
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct buffer *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(body->size, body->data ? body->data : (void *)"",
                                                                    MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct http_server *server = context;
    const struct {
        const char *path;
        http_page *page;
    } pages[] = { { "/metrics", server->pages.metrics }, { "/healthz", server->pages.health },
                  { "/readyz", server->pages.ready } };
    struct buffer body = { 0 };
    unsigned status = MHD_HTTP_NOT_FOUND;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    for (size_t i = 0; i < ARRAY_COUNT(pages); i++)
        if (strcmp(url, pages[i].path) == 0)
            status = reads ? pages[i].page(server->pages.context, &body) : MHD_HTTP_METHOD_NOT_ALLOWED;
    enum MHD_Result result = answer(connection, status, &body);
    buffer_done(&body);
    return result;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* A number, of IPv6 in brackets, or localhost. */
static bool parse_host(char *host, size_t size, uint16_t port, union address *address)
{
    if (size > 1 && host[0] == '[' && host[size - 1] == ']') {
        host[size - 1] = '\0';
        address->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
        return inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1;
    }
    address->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
    return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &address->v4.sin_addr) == 1;
}

static bool parse_listen(const char *listen, union address *address)
{
    char host[64], *end;
    const char *colon = strrchr(listen, ':');
    size_t size = colon ? (size_t)(colon - listen) : sizeof host;
    if (size >= sizeof host || colon[1] < '0' || colon[1] > '9')
        return false;
    memcpy(host, listen, size);
    host[size] = '\0';
    unsigned long port = strtoul(colon + 1, &end, 10);
    return *end == '\0' && port <= 65535 && parse_host(host, size, (uint16_t)port, address);
}

bool http_start(const char *listen, const struct http_pages *pages, struct http_server **ret_server,
                struct error *error)
{
    union address address;
    if (!parse_listen(listen, &address))
        return error_fail(error, ERROR_INVALID, "http.listen: found '%s', expected an address and a port, as "
                                                "127.0.0.1:9464 or [::1]:9464", listen);
    struct http_server *server = memory_new(sizeof *server);
    server->pages = *pages;
    errno = 0;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | (address.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address.any,
                                      MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                                      TIMEOUT_SECONDS, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    if (!server->daemon) {
        free(server);
        return error_fail(error, ERROR_FAILED, "http.listen: cannot listen on %s: %s", listen,
                          errno ? strerror(errno) : "the server does not start");
    }
    *ret_server = server;
    return true;
}

uint16_t http_port(const struct http_server *server)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void http_stop(struct http_server *server)
{
    if (!server)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}
