/*
 * http/server.h: HTTP/1.1 over libmicrohttpd: bounded in threads, connections, headers, bodies and time.
 *
 * What is no HTTP is answered here with 400 and the end of its connection; the rest goes to the handler, whole. What
 * libmicrohttpd cannot read (request line, lengths, chunks, headers beyond 64 KiB) it answers by itself, with 4xx or 505 and
 * a page of its own that it lets nobody change, and ends the connection too. Threads: the handler is called on any thread of
 * the server, for several requests at once.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/message.h"

struct http_server;
struct http_exchange;

/*
 * Answers a request: fills *response and returns true. False, after http_defer: the answer comes by http_answer from any
 * thread; the request lives as long.
 */
typedef bool http_handler(void *context, struct http_exchange *exchange, const struct http_request *request,
                          struct http_response *response);

struct http_options {
    const char *listen;                     /* "127.0.0.1:9465", "[::1]:9465", "localhost:0" */
    unsigned threads, connections, streams; /* connections that may be streams */
    unsigned request_ms;                    /* within which a whole request has to come, however it drips */
    const char *certificate, *key;          /* PEM, for TLS; NULL: none */
    http_handler *handler;
    void *context;
};

/* Fails: the address cannot be listened on, or the key does not fit. */
MUST_USE bool http_server_start(const struct http_options *options, struct http_server **ret_server, struct error *error);
uint16_t http_server_port(const struct http_server *server);

/* Before the exchange is handed to whoever answers it. */
void http_defer(struct http_exchange *exchange);
/* Takes the response over. Exactly once for an exchange that was deferred. */
void http_answer(struct http_exchange *exchange, struct http_response *response);

/* Asks streams that had nothing to say again. */
void http_server_wake(struct http_server *server);

/* After the last http_answer. Streams end. NULL is fine. */
void http_server_stop(struct http_server *server);

#endif
