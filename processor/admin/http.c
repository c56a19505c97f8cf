/* admin/http.c: one thread, few connections, no bodies taken. */
#include "admin/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/memory.h"

#define CONNECTIONS_MAX 16u
#define TIMEOUT_SECONDS 10u

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_pages pages;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct buffer *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->size, body->data ? body->data : (void *)"", MHD_RESPMEM_MUST_COPY);
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
    } pages[] = { { "/metrics", server->pages.metrics },
                  { "/healthz", server->pages.health },
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

static bool parse_listen(const char *listen, struct sockaddr_in *address)
{
    char host[64];
    const char *colon = strrchr(listen, ':');
    size_t size = colon ? (size_t)(colon - listen) : sizeof host;
    if (size >= sizeof host)
        return false;
    memcpy(host, listen, size);
    host[size] = '\0';
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    return *end == '\0' && port <= 65535 && inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

bool http_start(const char *listen, const struct http_pages *pages, struct http_server **ret_server, struct error *error)
{
    struct sockaddr_in address;
    if (!parse_listen(listen, &address))
        return error_fail(error, ERROR_INVALID,
                          "http.listen: found '%s', expected an IPv4 address and a port, as "
                          "127.0.0.1:9464",
                          listen);
    struct http_server *server = memory_new(sizeof *server);
    server->pages = *pages;
    errno = 0;
    server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, server,
                                      MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT,
                                      CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_END);
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
