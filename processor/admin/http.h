/*
 * admin/http.h: /metrics, /healthz and /readyz: read-only, on loopback unless told otherwise (libmicrohttpd).
 */
#ifndef ADMIN_HTTP_H
#define ADMIN_HTTP_H

#include "base/buffer.h"

struct http_server;

/* Fills `body`; the answer is the HTTP status. Called on the server's thread. */
typedef unsigned http_page(void *context, struct buffer *body);

struct http_pages {
    void *context;
    http_page *metrics, *health, *ready;
};

/* `listen` is "127.0.0.1:9464". Fails: it is no address, or the port is taken. */
MUST_USE bool http_start(const char *listen, const struct http_pages *pages, struct http_server **ret_server,
                         struct error *error);
uint16_t http_port(const struct http_server *server);
void http_stop(struct http_server *server);

#endif
