/* http/server.c: libmicrohttpd's callbacks; the only file of this room that sees it. */
#include "http/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/watch.h"

#define CONNECTION_MEMORY ((size_t)64 * 1024) /* request line and headers */
#define TIMEOUT_SECONDS 30u                   /* without a byte */
/* What is sent and not acknowledged for so long is to somebody who is no longer there. */
#define UNACKNOWLEDGED_MS (60 * 1000u)
/* A body that is too large is read on this far, so that its sender hears why. */
#define REFUSED_BODY_BYTES_MAX (64 * HTTP_BODY_BYTES_MAX)
#define STREAM_BLOCK_BYTES 4096

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_options options;
    struct watch *watch;
    pthread_mutex_t lock; /* of all below */
    struct http_exchange *streams;
    unsigned stream_count;
    bool stopping;
};

struct http_exchange {
    struct http_server *server;
    struct MHD_Connection *connection;
    char *uri, *method;
    struct http_header *headers;
    size_t header_count;
    struct buffer body;
    struct http_request request;
    struct http_response response;
    bool started, answered;
    uint64_t body_bytes;
    /* Of a stream, under the server's lock. */
    struct http_exchange *previous, *next;
    bool is_stream, asleep, gone;
};

/* ---- connections ---- */

static struct watched *watched_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **watched,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int socket = socket_of(connection);
        unsigned limit = UNACKNOWLEDGED_MS;
        setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
        *watched = watch_add(server->watch, socket);
    } else {
        watch_remove(server->watch, *watched);
    }
}

/* ---- what came ---- */

static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct http_exchange *exchange = memory_new(sizeof *exchange);
    exchange->server = context;
    exchange->connection = connection;
    exchange->uri = memory_copy_string(uri);
    exchange->response = HTTP_RESPONSE_NONE;
    return exchange;
}

static void leave_streams(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        server->streams = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    server->stream_count--;
    pthread_mutex_unlock(&server->lock);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *state;
    struct http_server *server = context;
    (void)code;
    if (!exchange)
        return;
    if (exchange->is_stream)
        leave_streams(exchange);
    watch_answered(server->watch, watched_of(connection));
    http_response_done(&exchange->response);
    buffer_done(&exchange->body);
    free(exchange->headers);
    free(exchange->method);
    free(exchange->uri);
    free(exchange);
    *state = NULL;
}

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    size_t *count = context;
    (void)kind;
    (void)name;
    (void)value;
    ++*count;
    return MHD_YES;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct http_exchange *exchange = context;
    (void)kind;
    if (exchange->header_count < HTTP_HEADERS_MAX)
        exchange->headers[exchange->header_count++] = (struct http_header){ text_of(name), text_of(value) };
    return MHD_YES;
}

static bool is_token(struct text name)
{
    static const char specials[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(specials, c);
        if (!fits)
            return false;
    }
    return name.size > 0;
}

static bool is_printable(struct text value)
{
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* A length is digits, once, and not beside a transfer encoding: two readings of one body are two requests. */
static bool framing_is_sound(const struct http_request *request)
{
    size_t lengths = http_header_count(request, "content-length"),
           encodings = http_header_count(request, "transfer-encoding");
    struct text length = http_header(request, "content-length");
    if (lengths > 1 || encodings > 1 || (lengths && encodings))
        return false;
    if (encodings && !http_name_equal(http_header(request, "transfer-encoding"), TEXT("chunked")))
        return false;
    return !lengths || (length.size > 0 && length.size <= 18 && text_is_digits(length, length.size));
}

static bool headers_are_sound(const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (!is_token(request->headers[i].name) || !is_printable(request->headers[i].value))
            return false;
    return http_header_count(request, "host") == 1 && http_header(request, "host").size > 0;
}

static bool begin(struct http_exchange *exchange, const char *method)
{
    size_t count = 0;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_header, &count);
    exchange->headers = memory_new_array(HTTP_HEADERS_MAX, sizeof *exchange->headers);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take_header, exchange);
    exchange->method = memory_copy_string(method);
    exchange->request = (struct http_request){
        .method = text_of(exchange->method),
        .headers = exchange->headers,
        .header_count = exchange->header_count,
    };
    http_target_split(text_of(exchange->uri), &exchange->request.path, &exchange->request.query);
    return count <= HTTP_HEADERS_MAX && headers_are_sound(&exchange->request) && framing_is_sound(&exchange->request) &&
           is_printable(text_of(exchange->uri));
}

/* ---- what goes back ---- */

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t size)
{
    struct http_exchange *exchange = context;
    struct http_server *server = exchange->server;
    (void)position;
    pthread_mutex_lock(&server->lock);
    bool ends = server->stopping || exchange->gone;
    long got = ends ? HTTP_STREAM_END : exchange->response.stream_read(exchange->response.stream, out, size);
    if (got == 0) {
        exchange->asleep = true;
        MHD_suspend_connection(exchange->connection);
    }
    bool gone = exchange->gone;
    pthread_mutex_unlock(&server->lock);
    if (gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return got == HTTP_STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM : got;
}

/* False: there are as many as there may be. */
static bool join_streams(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    bool fits = server->stream_count < server->options.streams;
    if (fits) {
        exchange->is_stream = true;
        exchange->next = server->streams;
        if (exchange->next)
            exchange->next->previous = exchange;
        server->streams = exchange;
        server->stream_count++;
    }
    pthread_mutex_unlock(&server->lock);
    if (fits)
        watch_reader(server->watch, socket_of(exchange->connection));
    return fits;
}

static struct MHD_Response *make_stream(struct http_exchange *exchange)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, read_stream, exchange, NULL);
}

static bool is_hung_up(int socket)
{
    struct pollfd state = { .fd = socket, .events = POLLRDHUP };
    return poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* A socket number that is used again is another's by now: a stream in the list has its own, and it is asked. */
static void on_gone(void *context, int socket)
{
    struct http_server *server = context;
    struct MHD_Connection *woken = NULL;
    pthread_mutex_lock(&server->lock);
    for (struct http_exchange *stream = server->streams; stream; stream = stream->next) {
        if (socket_of(stream->connection) != socket || !is_hung_up(socket))
            continue;
        stream->gone = true;
        woken = stream->asleep ? stream->connection : NULL;
        stream->asleep = false;
        break;
    }
    pthread_mutex_unlock(&server->lock);
    if (woken)
        MHD_resume_connection(woken);
}

static struct MHD_Response *make_response(struct http_exchange *exchange)
{
    struct http_response *response = &exchange->response;
    if (response->stream)
        return make_stream(exchange);
    if (response->file >= 0) {
        struct MHD_Response *made = MHD_create_response_from_fd64(response->file_bytes, response->file);
        if (made)
            response->file = -1; /* libmicrohttpd closes it */
        return made;
    }
    /* The body lives as long as the exchange, which ends after the last byte went out. */
    struct text body = response->fixed_body.size ? response->fixed_body : buffer_text(&response->body);
    return MHD_create_response_from_buffer(body.size, (void *)(uintptr_t)(body.size ? body.data : ""),
                                           MHD_RESPMEM_PERSISTENT);
}

/* A random UUID (version 4), on every reply. */
static void add_request_id(struct MHD_Response *made)
{
    unsigned char id[16] = { 0 };
    char text[37];
    if (getentropy(id, sizeof id) != 0)
        CHECK(!"the system has randomness");
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    for (size_t i = 0, at = 0; i < sizeof id; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%02x", dash ? "-" : "", id[i]);
    }
    MHD_add_response_header(made, "x-amzn-RequestId", text);
}

static void refuse_with(struct http_response *response, unsigned status, const char *name, const char *message)
{
    http_response_done(response);
    response->status = status;
    response->content_type = "application/json";
    buffer_printf(&response->body, "{\"__type\":\"%s\",\"Message\":\"%s\"%s}", name, message,
                  status == MHD_HTTP_TOO_MANY_REQUESTS ? "" : ",\"Reason\":\"CANNOT_PARSE\"");
    http_response_header(response, "x-amzn-ErrorType", "%s", name);
}

static enum MHD_Result send_response(struct http_exchange *exchange)
{
    struct http_response *response = &exchange->response;
    if (response->stream && !exchange->is_stream && !join_streams(exchange)) {
        refuse_with(response, MHD_HTTP_TOO_MANY_REQUESTS, "ThrottlingException", "too many streams are open");
        http_response_header(response, "Retry-After", "10");
    }
    struct MHD_Response *made = make_response(exchange);
    if (!made)
        return MHD_NO;
    if (response->content_type)
        MHD_add_response_header(made, "Content-Type", response->content_type);
    add_request_id(made);
    if (response->closes)
        MHD_add_response_header(made, "Connection", "close");
    for (size_t i = 0; i < response->header_count; i++)
        MHD_add_response_header(made, response->headers[i].name, response->headers[i].value);
    enum MHD_Result result = MHD_queue_response(exchange->connection, response->status, made);
    MHD_destroy_response(made);
    return result;
}

static enum MHD_Result refuse(struct http_exchange *exchange, unsigned status, const char *message)
{
    refuse_with(&exchange->response, status, "ValidationException", message);
    exchange->response.closes = true;
    return send_response(exchange);
}

/* Who asks whether to send a body at all is told before; others are heard out, so that they hear the answer. */
static bool length_is_too_large(const struct http_request *request)
{
    struct text length = http_header(request, "content-length");
    bool asks = http_header_count(request, "expect") > 0;
    unsigned long long bytes = 0;
    for (size_t i = 0; i < length.size; i++)
        bytes = bytes * 10 + (unsigned)(length.data[i] - '0');
    return bytes > (asks ? HTTP_BODY_BYTES_MAX : REFUSED_BODY_BYTES_MAX);
}

static enum MHD_Result take_body(struct http_exchange *exchange, const char *upload, size_t *size)
{
    exchange->body_bytes += *size;
    if (exchange->body_bytes > REFUSED_BODY_BYTES_MAX)
        return MHD_NO;
    if (exchange->body_bytes <= HTTP_BODY_BYTES_MAX)
        buffer_append(&exchange->body, upload, *size);
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct http_server *server = context;
    struct http_exchange *exchange = *state;
    (void)url;
    (void)version;
    if (!exchange->started) {
        exchange->started = true;
        if (!begin(exchange, method))
            return refuse(exchange, 400, "no well-formed HTTP request");
        if (length_is_too_large(&exchange->request))
            return refuse(exchange, 413, "a body of at most 1 MiB");
        return MHD_YES;
    }
    if (*upload_size)
        return take_body(exchange, upload, upload_size);
    if (exchange->body_bytes > HTTP_BODY_BYTES_MAX)
        return refuse(exchange, 413, "a body of at most 1 MiB");
    if (exchange->answered)
        return send_response(exchange);
    watch_received(server->watch, watched_of(connection));
    exchange->request.body = buffer_text(&exchange->body);
    if (!server->options.handler(server->options.context, exchange, &exchange->request, &exchange->response))
        return MHD_YES;
    exchange->answered = true;
    return send_response(exchange);
}

void http_defer(struct http_exchange *exchange)
{
    MHD_suspend_connection(exchange->connection);
}

void http_answer(struct http_exchange *exchange, struct http_response *response)
{
    exchange->response = *response;
    exchange->answered = true;
    MHD_resume_connection(exchange->connection);
}

/* ---- start and stop ---- */

static bool resolve(const char *listen, struct addrinfo **ret_address, struct error *error)
{
    char host[300];
    const char *colon = strrchr(listen, ':');
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    bool brackets = listen[0] == '[' && colon && colon > listen + 1 && colon[-1] == ']';
    size_t size = colon ? (size_t)(colon - listen) - (brackets ? 2 : 0) : sizeof host;
    if (size == 0 || size >= sizeof host)
        return error_fail(error, ERROR_INVALID, "api.listen: found '%s', expected an address and a port", listen);
    memcpy(host, listen + brackets, size);
    host[size] = '\0';
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    int code = getaddrinfo(name, colon + 1, &hints, ret_address);
    return code == 0 || error_fail(error, ERROR_INVALID, "api.listen: %s: %s", listen, gai_strerror(code));
}

static struct MHD_Daemon *start(struct http_server *server, struct sockaddr *address)
{
    const struct http_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem extras[4];
    size_t count = 0;
    if (options->threads > 1)
        extras[count++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL };
    if (options->certificate) {
        flags |= MHD_USE_TLS;
        extras[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->certificate };
        extras[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->key };
    }
    extras[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    if (address->sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, address,
                            MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT,
                            options->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
                            MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 0,
                            MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, extras, MHD_OPTION_END);
}

bool http_server_start(const struct http_options *options, struct http_server **ret_server, struct error *error)
{
    struct addrinfo *address;
    if (!resolve(options->listen, &address, error))
        return false;
    struct http_server *server = memory_new(sizeof *server);
    server->options = *options;
    pthread_mutex_init(&server->lock, NULL);
    const struct watch_options watching = { options->connections, options->request_ms, on_gone, server };
    server->watch = watch_start(&watching);
    errno = 0;
    server->daemon = start(server, address->ai_addr);
    int reason = errno;
    freeaddrinfo(address);
    if (!server->daemon) {
        watch_free(server->watch);
        pthread_mutex_destroy(&server->lock);
        free(server);
        return error_fail(error, ERROR_FAILED, "api.listen: cannot listen on %s: %s", options->listen,
                          reason ? strerror(reason) : "the server does not start; do certificate and key belong together?");
    }
    *ret_server = server;
    return true;
}

uint16_t http_server_port(const struct http_server *server)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

/*
 * A connection that sleeps cannot end before it is resumed, and whoever has woken it up in the list is the one who resumes
 * it: outside the lock, because libmicrohttpd holds a lock of its own while it ends streams, which takes this one.
 */
void http_server_wake(struct http_server *server)
{
    struct MHD_Connection **woken = NULL;
    size_t count = 0, capacity = 0;
    pthread_mutex_lock(&server->lock);
    for (struct http_exchange *stream = server->streams; stream; stream = stream->next) {
        if (!stream->asleep)
            continue;
        stream->asleep = false;
        woken = memory_reserve_one(woken, count, &capacity, sizeof *woken);
        woken[count++] = stream->connection;
    }
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < count; i++)
        MHD_resume_connection(woken[i]);
    free(woken);
}

void http_server_stop(struct http_server *server)
{
    if (!server)
        return;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    http_server_wake(server);
    watch_stop(server->watch);
    MHD_stop_daemon(server->daemon);
    watch_free(server->watch);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
