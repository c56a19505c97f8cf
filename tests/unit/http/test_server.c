/* http/server: what is answered without the handler, what reaches it, answers that come later, streams. Over sockets. */
#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"

#define DEADLINE_SECONDS 30
#define STREAMS 2u

/* ---- a handler that says what came ---- */

struct shown {
    struct http_server *server;
    _Atomic unsigned calls, freed;
    _Atomic bool speaks; /* streams have a word to say */
    pthread_t answerer;
    struct http_exchange *deferred;
};

static long read_word(void *stream, char *out, size_t size)
{
    struct shown *shown = stream;
    if (!atomic_exchange(&shown->speaks, false))
        return 0;
    return snprintf(out, size, "word\n");
}

static void free_stream(void *stream)
{
    struct shown *shown = stream;
    atomic_fetch_add(&shown->freed, 1);
}

static void say(struct http_response *response, const char *text)
{
    response->status = 200;
    response->content_type = "text/plain";
    buffer_append_text(&response->body, text_of(text));
}

static void *answer_later(void *context)
{
    struct shown *shown = context;
    struct http_response response = HTTP_RESPONSE_NONE;
    usleep(20000);
    say(&response, "later");
    http_answer(shown->deferred, &response);
    return NULL;
}

static bool handle(void *context, struct http_exchange *exchange, const struct http_request *request,
                   struct http_response *response)
{
    struct shown *shown = context;
    atomic_fetch_add(&shown->calls, 1);
    if (text_equal(request->path, TEXT("/later"))) {
        shown->deferred = exchange;
        http_defer(exchange);
        CHECK(pthread_create(&shown->answerer, NULL, answer_later, shown) == 0);
        return false;
    }
    if (text_equal(request->path, TEXT("/stream"))) {
        response->status = 200;
        response->stream = shown;
        response->stream_read = read_word;
        response->stream_free = free_stream;
        return true;
    }
    response->status = 200;
    response->content_type = "text/plain";
    buffer_printf(&response->body, "%.*s|%.*s|%.*s|%zu|%.*s", TEXT_ARGS(request->method), TEXT_ARGS(request->path),
                  TEXT_ARGS(request->query), request->body.size, request->body.size > 20 ? 0 : (int)request->body.size,
                  request->body.data ? request->body.data : "");
    return true;
}

static void start(struct shown *shown)
{
    struct error error;
    *shown = (struct shown){ 0 };
    const struct http_options options = { .listen = "127.0.0.1:0",
                                          .threads = 2,
                                          .connections = 64,
                                          .streams = STREAMS,
                                          .request_ms = DEADLINE_SECONDS * 1000,
                                          .handler = handle,
                                          .context = shown };
    if (!http_server_start(&options, &shown->server, &error))
        fail_msg("%s", error.message);
}

static int connect_to(const struct shown *shown)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(http_server_port(shown->server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { DEADLINE_SECONDS, 0 };
    int client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(client >= 0 && setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    return client;
}

static void send_all(int client, struct text bytes)
{
    while (bytes.size) {
        ssize_t sent = send(client, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* hung up on: what was said before is there to be read */
        bytes = (struct text){ bytes.data + sent, bytes.size - (size_t)sent };
    }
}

/* Until the end, or until the text has come. */
static void receive(int client, const char *until, struct buffer *answer)
{
    ssize_t got;
    buffer_clear(answer);
    while ((got = recv(client, buffer_reserve(answer, 4096), 4096, 0)) > 0) {
        answer->size += (size_t)got;
        if (until && text_contains(buffer_text(answer), text_of(until)))
            break;
    }
    *buffer_reserve(answer, 1) = '\0';
}

static void ask(const struct shown *shown, struct text request, struct buffer *answer)
{
    int client = connect_to(shown);
    send_all(client, request);
    receive(client, NULL, answer);
    close(client);
}

/* ---- requests ---- */

#define POST "POST /a?b=c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"

static void a_request_reaches_the_handler_whole_or_is_refused_before(void **state)
{
    (void)state;
    static const struct {
        const char *name, *request;
        const char *status, *body; /* of the answer; body NULL: the handler was not asked */
    } rows[] = {
        { "no body", "GET /a?b=%20c&d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "GET|/a|b=%20c&d|0|" },
        { "an unknown method", "BREW / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "BREW|/||0|" },
        { "a body", POST "Content-Length: 3\r\n\r\nxyz", "200", "POST|/a|b=c|3|xyz" },
        { "chunks", POST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n", "200", "POST|/a|b=c|3|xyz" },
        { "escapes stay", "GET /%2e%2E/%00 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "GET|/%2e%2E/%00||0|" },
        { "an absolute target", "GET http://h/a?b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", "GET|/a|b|0|" },
        { "100-continue", POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nxyz", "100", "POST|/a|b=c|3|xyz" },
        { "two lengths", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nxyz", "400", NULL },
        { "a length and chunks", POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", NULL },
        { "another encoding", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400", NULL },
        { "a negative length", POST "Content-Length: -3\r\n\r\n", "400", NULL },
        { "a length with a sign", POST "Content-Length: +3\r\n\r\nxyz", "400", NULL },
        { "no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "400", NULL },
        { "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", NULL },
        { "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400", NULL },
        { "a name with a blank", "GET / HTTP/1.1\r\nHost: h\r\nA b: c\r\n\r\n", "400", NULL },
        { "a control character", "GET / HTTP/1.1\r\nHost: h\r\nA: \x01\r\n\r\n", "400", NULL },
        { "chunks that are none", POST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400", NULL },
        { "a length beyond all", POST "Content-Length: 99999999999\r\n\r\n", "413", NULL },
        { "too much, asked before", POST "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", "413", NULL },
    };
    struct shown shown;
    struct buffer answer = { 0 };
    start(&shown);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        unsigned before = atomic_load(&shown.calls);
        char first[32];
        snprintf(first, sizeof first, "HTTP/1.1 %s ", rows[i].status);
        ask(&shown, text_of(rows[i].request), &answer);
        expect(rows[i].name, text_starts_with(buffer_text(&answer), text_of(first)), true);
        expect_number(rows[i].name, atomic_load(&shown.calls) - before, rows[i].body != NULL);
        if (rows[i].body)
            expect(rows[i].name, text_ends_with(buffer_text(&answer), text_of(rows[i].body)), true);
    }
    buffer_done(&answer);
    http_server_stop(shown.server);
}

static void a_body_of_a_mebibyte_is_read_and_one_byte_more_refused_in_either_framing(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        bool chunked;
        const char *status;
    } rows[] = {
        { HTTP_BODY_BYTES_MAX, false, "HTTP/1.1 200" },    { HTTP_BODY_BYTES_MAX + 1, false, "HTTP/1.1 413" },
        { HTTP_BODY_BYTES_MAX, true, "HTTP/1.1 200" },     { HTTP_BODY_BYTES_MAX + 1, true, "HTTP/1.1 413" },
        { 3 * HTTP_BODY_BYTES_MAX, true, "HTTP/1.1 413" },
    };
    struct shown shown;
    struct buffer request = { 0 }, answer = { 0 };
    start(&shown);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buffer_clear(&request);
        if (rows[i].chunked)
            buffer_printf(&request, POST "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", rows[i].bytes);
        else
            buffer_printf(&request, POST "Content-Length: %zu\r\n\r\n", rows[i].bytes);
        memset(buffer_reserve(&request, rows[i].bytes), ' ', rows[i].bytes);
        request.size += rows[i].bytes;
        buffer_append_text(&request, rows[i].chunked ? TEXT("\r\n0\r\n\r\n") : TEXT_NONE);
        ask(&shown, buffer_text(&request), &answer);
        expect(rows[i].status, text_starts_with(buffer_text(&answer), text_of(rows[i].status)), true);
    }
    buffer_done(&request);
    buffer_done(&answer);
    http_server_stop(shown.server);
}

static void every_answer_has_a_date_and_an_id_of_its_own_and_the_connection_goes_on(void **state)
{
    (void)state;
    struct shown shown;
    struct buffer answer = { 0 };
    char ids[2][40];
    start(&shown);
    int client = connect_to(&shown);
    for (int i = 0; i < 2; i++) {
        send_all(client, TEXT("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"));
        receive(client, "GET|/x", &answer);
        assert_non_null(strstr(answer.data, "\r\nDate: "));
        const char *id = strstr(answer.data, "x-amzn-RequestId: ");
        assert_non_null(id);
        assert_int_equal(sscanf(id, "x-amzn-RequestId: %36[0-9a-f-]", ids[i]), 1);
        assert_int_equal(strlen(ids[i]), 36);
    }
    assert_string_not_equal(ids[0], ids[1]);
    close(client);
    buffer_done(&answer);
    http_server_stop(shown.server);
}

static void an_answer_may_come_later_from_another_thread(void **state)
{
    (void)state;
    struct shown shown;
    struct buffer answer = { 0 };
    start(&shown);
    ask(&shown, TEXT("GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), &answer);
    assert_true(text_ends_with(buffer_text(&answer), TEXT("later")));
    pthread_join(shown.answerer, NULL);
    assert_int_equal(atomic_load(&shown.calls), 1);
    buffer_done(&answer);
    http_server_stop(shown.server);
}

/* ---- streams ---- */

static int open_stream(struct shown *shown, const char *until, struct buffer *answer)
{
    int client = connect_to(shown);
    send_all(client, TEXT("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
    receive(client, until, answer);
    return client;
}

static void a_stream_sleeps_until_it_is_woken_and_is_freed_when_its_reader_goes(void **state)
{
    (void)state;
    struct shown shown;
    struct buffer answer = { 0 };
    start(&shown);
    int client = open_stream(&shown, "\r\n\r\n", &answer);
    usleep(20000);
    atomic_store(&shown.speaks, true);
    http_server_wake(shown.server);
    receive(client, "word", &answer);
    assert_non_null(strstr(answer.data, "word"));
    assert_int_equal(atomic_load(&shown.freed), 0);
    close(client);
    while (atomic_load(&shown.freed) == 0)
        usleep(1000); /* nobody wakes it: that its reader has gone does */
    buffer_done(&answer);
    http_server_stop(shown.server);
}

static void there_are_no_more_streams_than_may_be_and_room_is_made_by_leaving(void **state)
{
    (void)state;
    struct shown shown;
    struct buffer answer = { 0 };
    int clients[STREAMS];
    start(&shown);
    for (unsigned i = 0; i < STREAMS; i++)
        clients[i] = open_stream(&shown, "\r\n\r\n", &answer);
    close(open_stream(&shown, "}", &answer));
    assert_non_null(strstr(answer.data, "HTTP/1.1 429"));
    assert_non_null(strstr(answer.data, "\r\nRetry-After: "));
    assert_non_null(strstr(answer.data, "x-amzn-ErrorType: ThrottlingException"));
    assert_int_equal(atomic_load(&shown.freed), 1);
    close(clients[0]);
    while (atomic_load(&shown.freed) < 2)
        usleep(1000);
    clients[0] = open_stream(&shown, "\r\n\r\n", &answer);
    assert_non_null(strstr(answer.data, "HTTP/1.1 200"));
    for (unsigned i = 0; i < STREAMS; i++)
        close(clients[i]);
    buffer_done(&answer);
    http_server_stop(shown.server);
    assert_int_equal(atomic_load(&shown.freed), 2 + STREAMS);
}

static void stopping_ends_streams_and_connections_that_wait(void **state)
{
    (void)state;
    struct shown shown;
    struct buffer answer = { 0 };
    start(&shown);
    int stream = open_stream(&shown, "\r\n\r\n", &answer), idle = connect_to(&shown), half = connect_to(&shown);
    send_all(half, TEXT("GET / HT"));
    http_server_stop(shown.server);
    assert_int_equal(atomic_load(&shown.freed), 1);
    receive(stream, NULL, &answer);
    receive(idle, NULL, &answer);
    assert_int_equal(answer.size, 0);
    close(stream);
    close(idle);
    close(half);
    buffer_done(&answer);
}

static void an_address_that_cannot_be_listened_on_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *listen, *says;
    } rows[] = {
        { ":80", "expected an address and a port" },
        { "192.0.2.1:0", "192.0.2.1:0" },
        { "no such host:1", "no such host" },
    };
    struct http_server *server;
    struct error error;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct http_options options = { .listen = rows[i].listen, .threads = 1, .connections = 8, .handler = handle };
        assert_false(http_server_start(&options, &server, &error));
        expect(error.message, text_contains(text_of(error.message), text_of(rows[i].says)), true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_reaches_the_handler_whole_or_is_refused_before),
        cmocka_unit_test(a_body_of_a_mebibyte_is_read_and_one_byte_more_refused_in_either_framing),
        cmocka_unit_test(every_answer_has_a_date_and_an_id_of_its_own_and_the_connection_goes_on),
        cmocka_unit_test(an_answer_may_come_later_from_another_thread),
        cmocka_unit_test(a_stream_sleeps_until_it_is_woken_and_is_freed_when_its_reader_goes),
        cmocka_unit_test(there_are_no_more_streams_than_may_be_and_room_is_made_by_leaving),
        cmocka_unit_test(stopping_ends_streams_and_connections_that_wait),
        cmocka_unit_test(an_address_that_cannot_be_listened_on_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
