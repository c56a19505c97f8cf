/* registry/registry: what is asked of a schema registry and how often, and what its answers come to. */
#include "support/unit.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/schemas.h"
#include "model/bill.h"
#include "model/line_item.h"
#include "registry/registry.h"

#define DEADLINE_MS 30000
#define RETRY_MS 1000 /* after an outage a schema is left alone for so long */
#define HANG_UP 0     /* a status: closes without a word */

/* ---- a registry of the test's own: one answer for everything, one connection after the other ---- */

struct server {
    int listener, stop[2];
    pthread_t thread;
    char url[64];
    pthread_mutex_t lock; /* over what follows */
    int status;
    struct text body;
    unsigned asked;
    struct buffer request; /* the last one, headers and body, a NUL behind */
};

static void answer_with(struct server *server, int status, struct text body)
{
    pthread_mutex_lock(&server->lock);
    server->status = status;
    server->body = body;
    pthread_mutex_unlock(&server->lock);
}

static unsigned asked(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    unsigned count = server->asked;
    pthread_mutex_unlock(&server->lock);
    return count;
}

static void send_all(int connection, struct text bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(connection, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the client has had enough */
        bytes.data += sent;
        bytes.size -= (size_t)sent;
    }
}

/* Bytes that the body takes; 0 before the headers have ended. */
static size_t whole_size(const struct buffer *request)
{
    static const char length[] = "\r\nContent-Length: ";
    const char *end = strstr(request->data, "\r\n\r\n"), *found = strcasestr(request->data, length);
    if (!end)
        return 0;
    size_t body = found && found < end ? strtoul(found + sizeof length - 1, NULL, 10) : 0;
    return (size_t)(end + 4 - request->data) + body;
}

static bool read_request(int connection, struct buffer *request)
{
    buffer_clear(request);
    for (;;) {
        ssize_t got = recv(connection, buffer_reserve(request, 65536), 65535, 0);
        if (got <= 0)
            return false;
        request->size += (size_t)got;
        request->data[request->size] = '\0';
        size_t whole = whole_size(request);
        if (whole > 0 && request->size >= whole)
            return true;
    }
}

static void serve(struct server *server, int connection, struct buffer *request)
{
    char head[128];
    if (!read_request(connection, request))
        return;
    pthread_mutex_lock(&server->lock);
    server->asked++;
    buffer_clear(&server->request);
    buffer_append(&server->request, request->data, request->size + 1);
    int status = server->status;
    struct text body = server->body;
    pthread_mutex_unlock(&server->lock);
    if (status == HANG_UP)
        return;
    int size = snprintf(head, sizeof head, "HTTP/1.1 %d Told\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
                        body.size);
    send_all(connection, (struct text){ head, (size_t)size });
    send_all(connection, body);
}

static void *server_run(void *context)
{
    struct server *server = context;
    struct buffer request = { 0 };
    for (;;) {
        struct pollfd waits[] = { { server->listener, POLLIN, 0 }, { server->stop[0], POLLIN, 0 } };
        CHECK(poll(waits, ARRAY_COUNT(waits), -1) > 0);
        if (waits[1].revents)
            break;
        int connection = accept(server->listener, NULL, NULL);
        if (connection < 0)
            continue;
        const struct timeval patience = { DEADLINE_MS / 1000, 0 };
        CHECK(setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
        serve(server, connection, &request);
        close(connection);
    }
    buffer_done(&request);
    return NULL;
}

/* A socket on a port that was free, and the URL of it. */
static int bind_socket(char *url, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int bound = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bound >= 0 && bind(bound, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(bound, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return bound;
}

static void server_start(struct server *server, int status, const char *body)
{
    *server = (struct server){ .status = status, .body = text_of(body) };
    server->listener = bind_socket(server->url, sizeof server->url);
    CHECK(listen(server->listener, 16) == 0 && pipe(server->stop) == 0);
    CHECK(pthread_mutex_init(&server->lock, NULL) == 0);
    CHECK(pthread_create(&server->thread, NULL, server_run, server) == 0);
}

static void server_stop(struct server *server)
{
    CHECK(write(server->stop[1], "", 1) == 1 && pthread_join(server->thread, NULL) == 0);
    close(server->listener);
    close(server->stop[0]);
    close(server->stop[1]);
    pthread_mutex_destroy(&server->lock);
    buffer_done(&server->request);
}

/* The last request's text. Only the thread of the server writes it, and that has answered. */
static const char *last_request(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    const char *request = server->request.data ? server->request.data : "";
    pthread_mutex_unlock(&server->lock);
    return request;
}

static void expect_request(struct server *server, const char *line)
{
    const char *request = last_request(server);
    size_t size = strlen(line);
    if (strncmp(request, line, size) != 0 || request[size] != '\r')
        fail_msg("found '%.*s', expected '%s'", (int)strcspn(request, "\r"), request, line);
}

/* ---- a client ---- */

struct client {
    struct registry *registry;
    struct wire_schemas port;
    struct wire *wire;
    struct arena arena;
    struct refusal refusal;
    struct error error;
    struct usage_event event;
    struct bill bill;
};

static void client_open(struct client *client, const char *url, const char *prefix)
{
    *client = (struct client){ 0 };
    if (!registry_open(url, prefix, &client->registry, &client->error))
        fail_msg("%s", client->error.message);
    client->port = registry_port(client->registry);
    client->wire = wire_new(WIRE_AVRO, &client->port, EXCESS_ROUND);
}

static void client_close(struct client *client)
{
    wire_free(client->wire);
    registry_close(client->registry);
    arena_done(&client->arena);
}

static bool id_of(struct client *client, const char *topic, const struct record_type *type, uint32_t *id)
{
    client->error = (struct error){ 0 };
    return client->port.id_of(client->port.context, topic, type, id, &client->error);
}

static enum wire_answer decode_event(struct client *client, struct text value)
{
    client->error = (struct error){ 0 };
    return wire_decode(client->wire, &usage_event_type, value, &client->event, &client->arena, &client->refusal,
                       &client->error);
}

static void expect_part(const char *row, const char *found, const char *part)
{
    if (!strstr(found, part))
        fail_msg("%s: '%s' is not in '%s'", row, part, found);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void rest(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* A writer's schema of its own shape, as the registry answers, and a datum of it: e, a, p and 1000 ms. */
static const char own_shape[] = "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"Meter\\\",\\\"fields\\\":["
                                "{\\\"name\\\":\\\"usage_start\\\",\\\"type\\\":\\\"long\\\"},"
                                "{\\\"name\\\":\\\"product_code\\\",\\\"type\\\":\\\"string\\\"},"
                                "{\\\"name\\\":\\\"unknown\\\",\\\"type\\\":\\\"boolean\\\"},"
                                "{\\\"name\\\":\\\"usage_account_id\\\",\\\"type\\\":\\\"string\\\"},"
                                "{\\\"name\\\":\\\"event_id\\\",\\\"type\\\":\\\"string\\\"}]}\"}";
#define OWN_SHAPE_DATUM "\xd0\x0f\2p\1\2a\2e"
#define VALUE_42 BYTES("\0\0\0\0\x2a" OWN_SHAPE_DATUM)

/* ---- writing ---- */

static void a_schema_is_registered_once_for_a_topic_and_a_record(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        const struct record_type *type;
        const char *line;
    } rows[] = {
        { "usage", &usage_event_type, "POST /subjects/acme.usage-value/versions HTTP/1.1" },
        { "tiered", &usage_event_type, "POST /subjects/acme.tiered-value/versions HTTP/1.1" },
        { "line-items", &line_item_type, "POST /subjects/acme.line-items-value/versions HTTP/1.1" },
        { "bills", &bill_type, "POST /subjects/acme.bills-value/versions HTTP/1.1" },
        { "bills", &subtotal_type, "POST /subjects/acme.bills-value/versions HTTP/1.1" },
    };
    struct server server;
    struct client client;
    char answers[ARRAY_COUNT(rows)][32];
    server_start(&server, 200, "");
    client_open(&client, server.url, "acme.");
    for (unsigned round = 0; round < 3; round++) { /* all but the first ask nobody */
        for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
            uint32_t id = 0;
            if (round == 0) {
                snprintf(answers[i], sizeof answers[i], "{\"id\":%zu}", 100000 + i);
                answer_with(&server, 200, text_of(answers[i]));
            }
            if (!id_of(&client, rows[i].topic, rows[i].type, &id))
                fail_msg("%s: %s", rows[i].topic, client.error.message);
            expect_number(rows[i].topic, id, (long long)(100000 + i));
            if (round == 0)
                expect_request(&server, rows[i].line);
            expect_number(rows[i].topic, asked(&server), round == 0 ? (long long)i + 1 : (long long)ARRAY_COUNT(rows));
        }
    }
    client_close(&client);
    server_stop(&server);
}

static void what_is_registered_is_the_shipped_schema_word_for_word(void **state)
{
    (void)state;
    static const struct record_type *const types[] = { &usage_event_type, &line_item_type, &bill_type, &subtotal_type };
    struct server server;
    struct client client;
    server_start(&server, 200, "{\"id\":1}");
    client_open(&client, server.url, "");
    for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
        uint32_t id;
        assert_true(id_of(&client, "t", types[i], &id));
        expect_part(types[i]->name, last_request(&server), "\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n");
        json_error_t reason;
        json_t *body = json_loads(strstr(last_request(&server), "\r\n\r\n") + 4, 0, &reason);
        json_t *schema = json_object_get(body, "schema");
        assert_true(json_is_string(schema));
        assert_true(
            text_equal((struct text){ json_string_value(schema), json_string_length(schema) }, avro_schema_text(types[i])));
        json_decref(body);
    }
    client_close(&client);
    server_stop(&server);
}

static void a_written_value_begins_with_the_id_that_the_registry_gave(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    struct buffer value = { 0 };
    server_start(&server, 200, "{\"id\":16909060,\"version\":3}");
    client_open(&client, server.url, "");
    for (int i = 0; i < 5; i++) {
        buffer_clear(&value);
        assert_true(wire_encode(client.wire, "bills", &bill_type, &client.bill, &value, &client.error));
        assert_memory_equal(value.data, "\0\1\2\3\4", WIRE_HEADER_BYTES);
    }
    assert_int_equal(asked(&server), 1);
    buffer_done(&value);
    client_close(&client);
    server_stop(&server);
}

static void a_registry_that_gives_no_id_fails_and_is_asked_again(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int status;
        const char *body, *message;
    } rows[] = {
        { "an outage", 500, "{\"error_code\":50001}", "status 500: {\"error_code\":50001}" },
        { "unavailable", 503, "", "status 503: " },
        { "an outage with an id", 502, "{\"id\":5}", "status 502: {\"id\":5}" },
        { "incompatible", 409, "{\"error_code\":409,\"message\":\"not compatible\"}", "not compatible" },
        { "no login", 401, "Unauthorized", "status 401: Unauthorized" },
        { "no such path", 404, "", "status 404: " },
        { "no JSON", 200, "<html>hello</html>", "<html>hello</html>" },
        { "nothing", 200, "", "status 200" },
        { "no id", 200, "{\"version\":1}", "{\"version\":1}" },
        { "an id as text", 200, "{\"id\":\"5\"}", "{\"id\":\"5\"}" },
        { "a broken id", 200, "{\"id\":1.5}", "{\"id\":1.5}" },
        { "cut off", 200, "{\"id\":5", "{\"id\":5" },
        { "an array", 200, "[5]", "[5]" },
        { "hangs up", HANG_UP, "", "schema registry: /subjects/p-usage-value/versions: " },
    };
    struct server server;
    struct client client;
    struct buffer value = { 0 };
    server_start(&server, 200, "");
    client_open(&client, server.url, "p-");
    unsigned before = 0;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        answer_with(&server, rows[i].status, text_of(rows[i].body));
        bool done = wire_encode(client.wire, "usage", &usage_event_type, &client.event, &value, &client.error);
        expect(rows[i].why, done, false);
        expect_number(rows[i].why, client.error.kind, ERROR_FAILED);
        expect_part(rows[i].why, client.error.message, "schema registry: /subjects/p-usage-value/versions");
        expect_part(rows[i].why, client.error.message, rows[i].message);
        expect_number(rows[i].why, (long long)value.size, 0);
        expect(rows[i].why, asked(&server) > before, true); /* libcurl tries a hung up connection again */
        before = asked(&server);
    }
    answer_with(&server, 200, TEXT("{\"id\":9}"));
    assert_true(wire_encode(client.wire, "usage", &usage_event_type, &client.event, &value, &client.error));
    assert_memory_equal(value.data, "\0\0\0\0\x09", WIRE_HEADER_BYTES);
    buffer_done(&value);
    client_close(&client);
    server_stop(&server);
}

static void the_url_may_have_a_path_slashes_and_a_login(void **state)
{
    (void)state;
    static const struct {
        const char *before, *behind, *line, *header; /* around 127.0.0.1:port */
    } rows[] = {
        { "", "/", "POST /subjects/bills-value/versions HTTP/1.1", "\r\nHost: 127.0.0.1:" },
        { "", "//", "POST /subjects/bills-value/versions HTTP/1.1", "\r\nHost: 127.0.0.1:" },
        { "", "/registry/", "POST /registry/subjects/bills-value/versions HTTP/1.1", "\r\nHost: 127.0.0.1:" },
        { "anna:secret@", "", "POST /subjects/bills-value/versions HTTP/1.1",
          "\r\nAuthorization: Basic YW5uYTpzZWNyZXQ=\r\n" },
    };
    struct server server;
    server_start(&server, 200, "{\"id\":1}");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct client client;
        char url[192];
        uint32_t id;
        snprintf(url, sizeof url, "http://%s%s%s", rows[i].before, server.url + sizeof "http://" - 1, rows[i].behind);
        client_open(&client, url, "");
        expect(url, id_of(&client, "bills", &bill_type, &id), true);
        expect_request(&server, rows[i].line);
        expect_part(url, last_request(&server), rows[i].header);
        client_close(&client);
    }
    server_stop(&server);
}

static void only_http_is_spoken(void **state)
{
    (void)state;
    static const char *const urls[] = { "file:///dev/null#", "ftp://127.0.0.1:1", "gopher://127.0.0.1:1" };
    for (size_t i = 0; i < ARRAY_COUNT(urls); i++) {
        struct client client;
        uint32_t id;
        client_open(&client, urls[i], "");
        expect(urls[i], id_of(&client, "bills", &bill_type, &id), false);
        expect_part(urls[i], client.error.message, "rotocol"); /* libcurl's word for it, whatever its version */
        assert_int_equal(decode_event(&client, VALUE_42), WIRE_LATER);
        client_close(&client);
    }
}

/* ---- reading ---- */

static void a_writers_schema_is_fetched_once(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    server_start(&server, 200, own_shape);
    client_open(&client, server.url, "");
    for (int i = 0; i < 100; i++) {
        if (decode_event(&client, VALUE_42) != WIRE_DONE)
            fail_msg("%s%s", client.refusal.detail, client.error.message);
        expect_text("event_id", client.event.event_id, "e");
        expect_text("usage_account_id", client.event.usage_account_id, "a");
        expect_text("product_code", client.event.product_code, "p");
        assert_int_equal(client.event.usage_start, 1000);
    }
    assert_int_equal(asked(&server), 1);
    expect_request(&server, "GET /schemas/ids/42 HTTP/1.1");
    assert_int_equal(decode_event(&client, BYTES("\0\xff\xff\xff\xff" OWN_SHAPE_DATUM)), WIRE_DONE);
    assert_int_equal(asked(&server), 2);
    expect_request(&server, "GET /schemas/ids/4294967295 HTTP/1.1");

    answer_with(&server, 500, TEXT_NONE); /* what is known is known for ever */
    assert_int_equal(decode_event(&client, VALUE_42), WIRE_DONE);
    assert_int_equal(asked(&server), 2);
    client_close(&client);
    server_stop(&server);
}

static void our_own_schemas_come_back_from_the_registry(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    struct buffer value = { 0 };
    struct text schema = avro_schema_named("UsageEvent");
    json_t *body = json_pack("{s:s%,s:s}", "schema", schema.data, schema.size, "schemaType", "AVRO");
    char *text = json_dumps(body, JSON_COMPACT);
    struct usage_event event = { .event_id = TEXT("e1"),
                                 .usage_account_id = TEXT("111111111111"),
                                 .product_code = TEXT("AmazonS3"),
                                 .usage_start = 5,
                                 .usage_amount = 7 };
    static const size_t set[] = { USAGE_EVENT_event_id, USAGE_EVENT_usage_account_id, USAGE_EVENT_product_code,
                                  USAGE_EVENT_usage_start, USAGE_EVENT_usage_amount };
    for (size_t i = 0; i < ARRAY_COUNT(set); i++)
        record_set(&event, set[i]);
    server_start(&server, 200, "{\"id\":3}");
    client_open(&client, server.url, "");
    assert_true(wire_encode(client.wire, "usage", &usage_event_type, &event, &value, &client.error));
    answer_with(&server, 200, text_of(text));
    if (decode_event(&client, buffer_text(&value)) != WIRE_DONE)
        fail_msg("%s%s", client.refusal.detail, client.error.message);
    expect_text("event_id", client.event.event_id, "e1");
    assert_true(client.event.usage_amount == 7);
    assert_int_equal(client.event.usage_start, 5);
    client_close(&client);
    server_stop(&server);
    buffer_done(&value);
    free(text);
    json_decref(body);
}

static void an_id_that_the_registry_does_not_know_is_refused(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    server_start(&server, 404, "{\"error_code\":40403,\"message\":\"Schema 42 not found\"}");
    client_open(&client, server.url, "");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(decode_event(&client, VALUE_42), WIRE_REFUSED);
        assert_int_equal(client.refusal.reason, REFUSAL_MALFORMED);
        assert_string_equal(client.refusal.detail, "the registry knows no schema 42");
    }
    assert_int_equal(asked(&server), 1);
    client_close(&client);
    server_stop(&server);
}

static void a_schema_that_can_not_be_read_as_the_record_is_refused_once_for_all(void **state)
{
    (void)state;
    static const struct {
        const char *why, *body, *detail;
    } rows[] = {
        { "another language", "{\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = 'proto3';\"}",
          "schema 42 is PROTOBUF, expected AVRO" },
        { "JSON Schema", "{\"schemaType\":\"JSON\",\"schema\":\"{}\"}", "schema 42 is JSON, expected AVRO" },
        { "no Avro", "{\"schema\":\"{\"}", "schema 42: " },
        { "no record", "{\"schema\":\"\\\"string\\\"\"}", "schema 42: " },
        { "a field is missing", "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\",\\\"fields\\\":[]}\"}",
          "event_id" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct server server;
        struct client client;
        server_start(&server, 200, rows[i].body);
        client_open(&client, server.url, "");
        for (int round = 0; round < 3; round++) {
            expect_number(rows[i].why, decode_event(&client, VALUE_42), WIRE_REFUSED);
            expect_number(rows[i].why, client.refusal.reason, REFUSAL_MALFORMED);
            expect_part(rows[i].why, client.refusal.detail, rows[i].detail);
        }
        expect_number(rows[i].why, asked(&server), 1);
        client_close(&client);
        server_stop(&server);
    }
}

static void a_schema_is_held_against_each_record_that_is_read_with_it(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    server_start(&server, 200, own_shape);
    client_open(&client, server.url, "");
    assert_int_equal(decode_event(&client, VALUE_42), WIRE_DONE);
    enum wire_answer answer =
        wire_decode(client.wire, &bill_type, VALUE_42, &client.bill, &client.arena, &client.refusal, &client.error);
    assert_int_equal(answer, WIRE_REFUSED);
    expect_part("a bill", client.refusal.detail, "billing_group");
    assert_int_equal(decode_event(&client, VALUE_42), WIRE_DONE);
    client_close(&client);
    server_stop(&server);
}

static void what_is_no_answer_never_gives_a_record(void **state)
{
    (void)state;
    static const char *const bodies[] = { "",
                                          "<html>maintenance</html>",
                                          "{",
                                          "[]",
                                          "null",
                                          "{}",
                                          "{\"schema\":5}",
                                          "{\"schema\":null}",
                                          "{\"schema\":{\"type\":\"record\"}}",
                                          "\xff\xfe" };
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        struct server server;
        struct client client;
        server_start(&server, 200, bodies[i]);
        client_open(&client, server.url, "");
        enum wire_answer answer = decode_event(&client, VALUE_42);
        expect(bodies[i], answer != WIRE_DONE, true);
        const char *said = answer == WIRE_LATER ? client.error.message : client.refusal.detail;
        expect(bodies[i], said[0] != '\0', true);
        assert_int_equal(asked(&server), 1);
        client_close(&client);
        server_stop(&server);
    }
}

/* ---- outages ---- */

static void an_outage_is_no_refusal_and_passes(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int status;
        const char *message;
    } rows[] = {
        { "an error", 500, "schema registry: /schemas/ids/42: status 500" },
        { "unavailable", 503, "schema registry: /schemas/ids/42: status 503" },
        { "too many requests", 429, "schema registry: /schemas/ids/42: status 429" },
        { "no login", 401, "schema registry: /schemas/ids/42: status 401" },
        { "elsewhere", 302, "schema registry: /schemas/ids/42: status 302" },
        { "hangs up", HANG_UP, "schema registry: /schemas/ids/42: " },
    };
    struct server servers[ARRAY_COUNT(rows)];
    struct client clients[ARRAY_COUNT(rows)];
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) { /* all at once: each waits for its second */
        server_start(&servers[i], rows[i].status, "{\"error_code\":1}");
        client_open(&clients[i], servers[i].url, "");
        expect_number(rows[i].why, decode_event(&clients[i], VALUE_42), WIRE_LATER);
        expect_number(rows[i].why, clients[i].refusal.reason, REFUSAL_NONE);
        expect_part(rows[i].why, clients[i].error.message, rows[i].message);
        answer_with(&servers[i], 200, text_of(own_shape));
    }
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t deadline = now_ms() + DEADLINE_MS;
        enum wire_answer answer = decode_event(&clients[i], VALUE_42);
        for (; answer == WIRE_LATER && now_ms() < deadline; answer = decode_event(&clients[i], VALUE_42)) {
            expect_part(rows[i].why, clients[i].error.message, "42");
            rest();
        }
        expect_number(rows[i].why, answer, WIRE_DONE);
        expect_text(rows[i].why, clients[i].event.event_id, "e");
        client_close(&clients[i]);
        server_stop(&servers[i]);
    }
}

static void an_outage_does_not_hold_up_every_record(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    server_start(&server, 503, "");
    client_open(&client, server.url, "");
    int64_t begin = now_ms();
    for (int i = 0; i < 2000; i++)
        assert_int_equal(decode_event(&client, VALUE_42), WIRE_LATER);
    int64_t passed = now_ms() - begin;
    /* However slow the machine: a second lies between two requests. */
    assert_in_range(asked(&server), 1, (uintmax_t)(2 + passed / RETRY_MS));
    unsigned before = asked(&server);
    answer_with(&server, 200, text_of(own_shape));
    /* Another id may be asked for. */
    assert_int_equal(decode_event(&client, BYTES("\0\0\0\0\x2b" OWN_SHAPE_DATUM)), WIRE_DONE);
    assert_int_equal(asked(&server), before + 1);
    client_close(&client);
    server_stop(&server);
}

static void an_answer_that_is_too_large_is_not_taken(void **state)
{
    (void)state;
    struct server server;
    struct client client;
    struct buffer large = { 0 };
    char *room = buffer_reserve(&large, 3 * 1024 * 1024);
    memset(room, ' ', 3 * 1024 * 1024);
    large.size = 3 * 1024 * 1024;
    uint32_t id;
    server_start(&server, 200, "");
    answer_with(&server, 200, buffer_text(&large));
    client_open(&client, server.url, "");
    assert_int_equal(decode_event(&client, VALUE_42), WIRE_LATER);
    expect_part("reading", client.error.message, "the answer is larger than 2 MiB");
    assert_false(id_of(&client, "bills", &bill_type, &id));
    expect_part("writing", client.error.message, "the answer is larger than 2 MiB");
    answer_with(&server, HANG_UP, TEXT_NONE); /* nothing of it stays behind */
    assert_false(id_of(&client, "bills", &bill_type, &id));
    assert_null(strstr(client.error.message, "2 MiB"));
    answer_with(&server, 200, TEXT("{\"id\":4}"));
    assert_true(id_of(&client, "bills", &bill_type, &id));
    assert_int_equal(id, 4);
    client_close(&client);
    server_stop(&server);
    buffer_done(&large);
}

static void a_registry_that_nobody_serves_is_an_outage(void **state)
{
    (void)state;
    struct client client;
    struct buffer value = { 0 };
    char url[64];
    int bound = bind_socket(url, sizeof url); /* taken, so that nobody else listens there, but it does not listen */
    client_open(&client, url, "");
    assert_int_equal(decode_event(&client, VALUE_42), WIRE_LATER);
    assert_int_equal(client.refusal.reason, REFUSAL_NONE);
    expect_part("reading", client.error.message, "schema registry: /schemas/ids/42: ");
    assert_false(wire_encode(client.wire, "bills", &bill_type, &client.bill, &value, &client.error));
    assert_int_equal(client.error.kind, ERROR_FAILED);
    expect_part("writing", client.error.message, "schema registry: /subjects/bills-value/versions: ");
    assert_int_equal(value.size, 0);
    client_close(&client);
    close(bound);
    buffer_done(&value);
}

static int no_proxy(void **state)
{
    (void)state;
    return setenv("no_proxy", "*", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_is_registered_once_for_a_topic_and_a_record),
        cmocka_unit_test(what_is_registered_is_the_shipped_schema_word_for_word),
        cmocka_unit_test(a_written_value_begins_with_the_id_that_the_registry_gave),
        cmocka_unit_test(a_registry_that_gives_no_id_fails_and_is_asked_again),
        cmocka_unit_test(the_url_may_have_a_path_slashes_and_a_login),
        cmocka_unit_test(only_http_is_spoken),
        cmocka_unit_test(a_writers_schema_is_fetched_once),
        cmocka_unit_test(our_own_schemas_come_back_from_the_registry),
        cmocka_unit_test(an_id_that_the_registry_does_not_know_is_refused),
        cmocka_unit_test(a_schema_that_can_not_be_read_as_the_record_is_refused_once_for_all),
        cmocka_unit_test(a_schema_is_held_against_each_record_that_is_read_with_it),
        cmocka_unit_test(what_is_no_answer_never_gives_a_record),
        cmocka_unit_test(an_outage_is_no_refusal_and_passes),
        cmocka_unit_test(an_outage_does_not_hold_up_every_record),
        cmocka_unit_test(an_answer_that_is_too_large_is_not_taken),
        cmocka_unit_test(a_registry_that_nobody_serves_is_an_outage),
    };
    return cmocka_run_group_tests_name("registry/registry", tests, no_proxy, NULL);
}
