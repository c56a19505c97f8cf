/* admin/http: which requests are answered with what, over sockets of the test's own. */
#include "support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/http.h"

#define DEADLINE_SECONDS 30
#define ANY_PORT "127.0.0.1:0"

/* ---- pages that count ---- */

struct shown {
    _Atomic unsigned metrics, health, ready, ready_status;
    _Atomic size_t metrics_size; /* of the page; 0: its usual text */
};

static unsigned show_metrics(void *context, struct buffer *body)
{
    struct shown *shown = context;
    size_t size = atomic_load(&shown->metrics_size);
    atomic_fetch_add(&shown->metrics, 1);
    if (size == 0)
        buffer_append_text(body, TEXT("proforma_rows 7\n"));
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(body, (char)('a' + i % 26));
    return 200;
}

static unsigned show_health(void *context, struct buffer *body)
{
    struct shown *shown = context;
    (void)body; /* a page may be empty */
    atomic_fetch_add(&shown->health, 1);
    return 200;
}

static unsigned show_ready(void *context, struct buffer *body)
{
    struct shown *shown = context;
    atomic_fetch_add(&shown->ready, 1);
    buffer_append_text(body, TEXT("not ready\n"));
    return atomic_load(&shown->ready_status);
}

static unsigned calls(struct shown *shown)
{
    return atomic_load(&shown->metrics) + atomic_load(&shown->health) + atomic_load(&shown->ready);
}

static struct http_server *start(struct shown *shown, const char *listen)
{
    struct http_pages pages = { shown, show_metrics, show_health, show_ready };
    struct http_server *server;
    struct error error;
    atomic_store(&shown->ready_status, 503);
    if (!http_start(listen, &pages, &server, &error))
        fail_msg("%s: %s", listen, error.message);
    return server;
}

/* ---- a client ---- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timeval patience = { DEADLINE_SECONDS, 0 };
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connection >= 0);
    CHECK(setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
        fail_msg("port %u: nobody listens", port);
    return connection;
}

struct response {
    struct buffer bytes; /* whole, a NUL behind */
    int status;
    const char *headers;
    struct text body;
};

static void take_apart(const char *row, struct response *response)
{
    *buffer_reserve(&response->bytes, 1) = '\0';
    const char *end = strstr(response->bytes.data, "\r\n\r\n");
    if (!end || sscanf(response->bytes.data, "HTTP/1.1 %d ", &response->status) != 1)
        fail_msg("%s: found '%s', expected an answer of HTTP", row, response->bytes.data);
    response->headers = response->bytes.data;
    response->body = text_of(end + 4);
}

/* Sends a request whose answer ends the connection, and reads all of it. The caller frees its bytes. */
static struct response ask(uint16_t port, const char *method, const char *path, const char *rest)
{
    struct response response = { 0 };
    char request[512];
    int connection = connect_to(port);
    int size = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s", method,
                        path, rest);
    CHECK(size > 0 && (size_t)size < sizeof request);
    CHECK(send(connection, request, (size_t)size, MSG_NOSIGNAL) == size);
    for (;;) {
        ssize_t got = recv(connection, buffer_reserve(&response.bytes, 65536), 65536, 0);
        if (got <= 0)
            break;
        response.bytes.size += (size_t)got;
    }
    close(connection);
    take_apart(path, &response);
    return response;
}

static struct response get(uint16_t port, const char *path)
{
    return ask(port, "GET", path, "\r\n");
}

static void expect_header(const char *row, const struct response *response, const char *line)
{
    char wanted[128];
    const char *end = strstr(response->headers, "\r\n\r\n");
    snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
    const char *found = strcasestr(response->headers, wanted);
    if (!found || found > end)
        fail_msg("%s: '%s' is not among the headers of:\n%s", row, line, response->headers);
}

/* ---- tests ---- */

static void each_page_answers_with_its_text_and_status(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *body, *length;
    } rows[] = {
        { "/metrics", 200, "proforma_rows 7\n", "Content-Length: 16" },
        { "/healthz", 200, "", "Content-Length: 0" },
        { "/readyz", 503, "not ready\n", "Content-Length: 10" },
        { "/metrics?name[]=proforma_rows", 200, "proforma_rows 7\n", "Content-Length: 16" },
    };
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct response response = get(http_port(server), rows[i].path);
        expect_number(rows[i].path, response.status, rows[i].status);
        expect_text(rows[i].path, response.body, rows[i].body);
        expect_header(rows[i].path, &response, rows[i].length);
        expect_header(rows[i].path, &response, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
        buffer_done(&response.bytes);
    }
    expect_number("metrics", atomic_load(&shown.metrics), 2);
    expect_number("health", atomic_load(&shown.health), 1);
    expect_number("ready", atomic_load(&shown.ready), 1);
    http_stop(server);
}

static void a_page_is_made_anew_for_each_request(void **state)
{
    (void)state;
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    static const unsigned statuses[] = { 503, 200, 503 };
    for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
        atomic_store(&shown.ready_status, statuses[i]);
        struct response response = get(http_port(server), "/readyz");
        expect_number("ready", response.status, statuses[i]);
        expect_number("calls", calls(&shown), (long long)i + 1);
        buffer_done(&response.bytes);
    }
    http_stop(server);
}

static void a_large_page_comes_whole(void **state)
{
    (void)state;
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    atomic_store(&shown.metrics_size, (size_t)3 * 1024 * 1024 + 17);
    struct response response = get(http_port(server), "/metrics");
    assert_int_equal(response.status, 200);
    assert_int_equal(response.body.size, 3 * 1024 * 1024 + 17);
    for (size_t i = 0; i < response.body.size; i++)
        if (response.body.data[i] != (char)('a' + i % 26))
            fail_msg("byte %zu is another", i);
    buffer_done(&response.bytes);
    http_stop(server);
}

static void other_paths_are_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = { "/",         "/metrics/", "/metricsx",   "/metric",     "/METRICS",    "/readyz/x",
                                         "//metrics", "/health",   "/../metrics", "/metrics%2f", "/favicon.ico" };
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct response response = get(http_port(server), paths[i]);
        expect_number(paths[i], response.status, 404);
        expect_text(paths[i], response.body, "");
        buffer_done(&response.bytes);
    }
    expect_number("calls", calls(&shown), 0);
    http_stop(server);
}

static void only_reading_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *rest;
        int status;
    } rows[] = {
        { "POST", "/metrics", "Content-Length: 5\r\n\r\na=b&c", 405 },
        { "POST", "/readyz", "Content-Length: 0\r\n\r\n", 405 },
        { "PUT", "/metrics", "Content-Length: 2\r\n\r\nok", 405 },
        { "DELETE", "/healthz", "\r\n", 405 },
        { "OPTIONS", "/readyz", "\r\n", 405 },
        { "PATCH", "/metrics", "Content-Length: 0\r\n\r\n", 405 },
        { "get", "/metrics", "\r\n", 405 },
        { "POST", "/elsewhere", "Content-Length: 0\r\n\r\n", 404 },
        { "DELETE", "/", "\r\n", 404 },
    };
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct response response = ask(http_port(server), rows[i].method, rows[i].path, rows[i].rest);
        expect_number(rows[i].method, response.status, rows[i].status);
        expect_text(rows[i].method, response.body, "");
        buffer_done(&response.bytes);
    }
    expect_number("calls", calls(&shown), 0);
    struct response response = get(http_port(server), "/metrics"); /* it goes on answering */
    expect_number("afterwards", response.status, 200);
    buffer_done(&response.bytes);
    http_stop(server);
}

static void head_answers_as_get_does_without_the_body(void **state)
{
    (void)state;
    static const struct {
        const char *path, *length;
        int status;
    } rows[] = { { "/metrics", "Content-Length: 16", 200 },
                 { "/healthz", "Content-Length: 0", 200 },
                 { "/readyz", "Content-Length: 10", 503 },
                 { "/nowhere", "Content-Length: 0", 404 } };
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct response response = ask(http_port(server), "HEAD", rows[i].path, "\r\n");
        expect_number(rows[i].path, response.status, rows[i].status);
        expect_text(rows[i].path, response.body, "");
        expect_header(rows[i].path, &response, rows[i].length);
        buffer_done(&response.bytes);
    }
    http_stop(server);
}

static void connections_that_say_nothing_do_not_keep_others_out(void **state)
{
    (void)state;
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    int idle[8];
    for (size_t i = 0; i < ARRAY_COUNT(idle); i++)
        idle[i] = connect_to(http_port(server));
    CHECK(send(idle[0], "GET /metr", 9, MSG_NOSIGNAL) == 9);
    struct response response = get(http_port(server), "/healthz");
    expect_number("answer", response.status, 200);
    buffer_done(&response.bytes);
    for (size_t i = 0; i < ARRAY_COUNT(idle); i++)
        close(idle[i]);
    http_stop(server);
}

static void it_listens_on_the_address_it_is_told_and_on_no_other(void **state)
{
    (void)state;
    static const char *const addresses[] = { "127.0.0.1:0", "localhost:0", "127.0.0.2:0" };
    for (size_t i = 0; i < ARRAY_COUNT(addresses); i++) {
        struct shown shown = { 0 };
        struct http_server *server = start(&shown, addresses[i]);
        uint16_t port = http_port(server);
        expect(addresses[i], port != 0, true);
        /* The port of an address that is listened on can not be taken a second time, any other one can. */
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
        int probe = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(inet_pton(AF_INET, i == 2 ? "127.0.0.2" : "127.0.0.1", &address.sin_addr) == 1);
        expect(addresses[i], bind(probe, (struct sockaddr *)&address, sizeof address) == 0, false);
        CHECK(inet_pton(AF_INET, "127.0.0.3", &address.sin_addr) == 1);
        expect(addresses[i], bind(probe, (struct sockaddr *)&address, sizeof address) == 0, true);
        close(probe);
        http_stop(server);
    }
}

static void what_is_no_address_is_refused_and_named(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "9464",
        "127.0.0.1",
        "127.0.0.1:x",
        "127.0.0.1:94x",
        "127.0.0.1:65536",
        ":9464",
        "[::1]:9464",
        "::1:9464",
        "127.0.0:9464",
        "127.0.0.1.1:9464",
        "256.0.0.1:9464",
        "no.host.invalid:9464",
        "127.0.0.1:-1",
        "http://127.0.0.1:9464",
        "0000000000000000000000000000000000000000000000000000000000000000000000127.0.0.1:9464",
    };
    struct http_pages pages = { NULL, show_metrics, show_health, show_ready };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct http_server *server = NULL;
        struct error error = { 0 };
        char wanted[128];
        snprintf(wanted, sizeof wanted, "http.listen: found '%s', expected ", rows[i]);
        expect(rows[i], http_start(rows[i], &pages, &server, &error), false);
        expect_number(rows[i], error.kind, ERROR_INVALID);
        if (strncmp(error.message, wanted, strlen(wanted)) != 0)
            fail_msg("found \"%s\", expected \"%s\"", error.message, wanted);
    }
}

static void a_port_that_is_taken_is_named(void **state)
{
    (void)state;
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT), *second = NULL;
    struct http_pages pages = { &shown, show_metrics, show_health, show_ready };
    struct error error = { 0 };
    char listen[64], wanted[128];
    snprintf(listen, sizeof listen, "127.0.0.1:%u", http_port(server));
    snprintf(wanted, sizeof wanted, "http.listen: cannot listen on %s: Address already in use", listen);
    assert_false(http_start(listen, &pages, &second, &error));
    assert_null(second);
    assert_int_equal(error.kind, ERROR_FAILED);
    assert_string_equal(error.message, wanted);
    struct response response = get(http_port(server), "/healthz"); /* the first one does not mind */
    assert_int_equal(response.status, 200);
    buffer_done(&response.bytes);
    http_stop(server);
}

static void stopping_ends_connections_and_gives_the_port_back(void **state)
{
    (void)state;
    struct shown shown = { 0 };
    struct http_server *server = start(&shown, ANY_PORT);
    int connection = connect_to(http_port(server));
    char byte, listen[64];
    CHECK(send(connection, "GET /metr", 9, MSG_NOSIGNAL) == 9);
    struct response response = get(http_port(server), "/metrics"); /* by now the open one is known, too */
    buffer_done(&response.bytes);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", http_port(server));
    http_stop(server);
    ssize_t got = recv(connection, &byte, 1, 0);
    assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
    close(connection);

    server = start(&shown, listen);
    response = get(http_port(server), "/metrics");
    assert_int_equal(response.status, 200);
    buffer_done(&response.bytes);
    http_stop(server);
    http_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_page_answers_with_its_text_and_status),
        cmocka_unit_test(a_page_is_made_anew_for_each_request),
        cmocka_unit_test(a_large_page_comes_whole),
        cmocka_unit_test(other_paths_are_not_found),
        cmocka_unit_test(only_reading_is_allowed),
        cmocka_unit_test(head_answers_as_get_does_without_the_body),
        cmocka_unit_test(connections_that_say_nothing_do_not_keep_others_out),
        cmocka_unit_test(it_listens_on_the_address_it_is_told_and_on_no_other),
        cmocka_unit_test(what_is_no_address_is_refused_and_named),
        cmocka_unit_test(a_port_that_is_taken_is_named),
        cmocka_unit_test(stopping_ends_connections_and_gives_the_port_back),
    };
    return cmocka_run_group_tests_name("admin/http", tests, NULL, NULL);
}
