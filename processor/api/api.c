/* api/api.c: the order in which a request is judged, and the shapes of what goes back. */
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "api/validate.h"
#include "codec/json_write.h"
#include "http/signature.h"

#define TAGS_PATH "/tags/"

/* ---- answers ---- */

void respond_failure(const struct failure *failure, struct http_response *response)
{
    const char *name;
    response->status = failure_write(failure, &name, &response->body);
    response->content_type = "application/json";
    http_response_header(response, "x-amzn-ErrorType", "%s", name);
    if (failure->kind == FAILURE_INTERNAL || failure->kind == FAILURE_UNAVAILABLE)
        http_response_header(response, "Retry-After", "1");
}

static bool respond(struct http_response *response, enum failure_kind kind, const char *reason, const char *message)
{
    struct failure failure = { .kind = kind, .reason = reason };
    snprintf(failure.message, sizeof failure.message, "%s", message);
    respond_failure(&failure, response);
    return true;
}

bool api_is_whole(const struct api *api)
{
    return api->source.health(api->source.context) != SOURCE_UNREAD;
}

void respond_unread(struct http_response *response)
{
    http_response_done(response);
    http_response_header(response, "Cache-Control", "no-store");
    respond(response, FAILURE_INTERNAL, NULL, "bills and line items are being read anew from their topics; try again");
}

static void respond_reply(enum operation operation, const json_t *reply, struct http_response *response)
{
    if (operation == OPERATION_TagResource || operation == OPERATION_UntagResource) {
        response->status = 204;
        return;
    }
    response->status = 200;
    response->content_type = "application/json";
    reply_write(reply, &response->body);
}

static bool respond_signature(enum signature_verdict verdict, struct http_response *response)
{
    response->status = 403;
    response->content_type = "application/json";
    buffer_printf(&response->body, "{\"__type\":\"%s\",\"message\":", signature_error_name(verdict));
    json_write_text(&response->body, text_of(signature_error_message(verdict)));
    buffer_append_byte(&response->body, '}');
    http_response_header(response, "x-amzn-ErrorType", "%s", signature_error_name(verdict));
    return true;
}

/* ---- who asks ---- */

/* "127.0.0.1:9465", "[::1]:9465", "localhost" */
static bool is_own_host(struct text host)
{
    if (host.size && host.data[0] == '[')
        return text_starts_with(host, TEXT("[::1]"));
    const char *colon = host.size ? memchr(host.data, ':', host.size) : NULL;
    struct text name = { host.data, colon ? (size_t)(colon - host.data) : host.size };
    return http_name_equal(name, TEXT("localhost")) || text_starts_with(name, TEXT("127."));
}

/*
 * Without keys everyone on this machine is the payer, but not every page that its browsers show: one that was loaded from
 * elsewhere, or under a name that leads here, is turned away.
 */
static bool is_from_elsewhere(const struct api *api, const struct http_request *request)
{
    struct text origin = http_header(request, "origin"), host = http_header(request, "host");
    if (!api->behind_proxy && !is_own_host(host))
        return true;
    if (!origin.size)
        return false;
    const char *slashes = memmem(origin.data, origin.size, "//", 2);
    size_t skip = slashes ? (size_t)(slashes + 2 - origin.data) : origin.size;
    return !http_name_equal((struct text){ origin.data + skip, origin.size - skip }, host);
}

/* False: the answer is in *response. */
static bool identify(const struct api *api, const struct http_request *request, struct caller *caller,
                     struct http_response *response)
{
    const struct credential *credential = NULL;
    *caller = (struct caller){ .is_payer = true };
    if (!api->credentials) {
        if (!is_from_elsewhere(api, request))
            return true;
        respond(response, FAILURE_ACCESS_DENIED, NULL, "without credentials only this machine's own pages may ask");
        return false;
    }
    enum signature_verdict verdict = signature_verify(request, api->credentials, (int64_t)time(NULL), &credential);
    if (verdict != SIGNATURE_VALID) {
        respond_signature(verdict, response);
        return false;
    }
    caller->is_payer = credential->is_payer;
    snprintf(caller->account, sizeof caller->account, "%.*s", TEXT_ARGS(credential->account));
    return true;
}

/* ---- operations ---- */

/* What is behind /tags/ is one ARN, in whatever escapes; a path that climbs or doubles is none. */
static bool tags_path_is_sound(struct text rest)
{
    return rest.size > 0 && rest.data[rest.size - 1] != '/' && !text_contains(rest, TEXT("..")) &&
           !text_contains(rest, TEXT("//")) && !text_contains(rest, TEXT("%00"));
}

/* OPERATION_COUNT: none; `allowed` then has the methods that the path knows, if any. */
static enum operation route(const struct http_request *request, struct buffer *allowed)
{
    struct text path = request->path;
    bool is_tags = text_starts_with(path, TEXT(TAGS_PATH)) &&
                   tags_path_is_sound((struct text){ path.data + sizeof TAGS_PATH - 1, path.size - sizeof TAGS_PATH + 1 });
    for (enum operation operation = 0; operation < OPERATION_COUNT; operation++) {
        const struct operation_model *model = &operation_models[operation];
        bool matches = strcmp(model->path, TAGS_PATH) == 0 ? is_tags : text_equal(path, text_of(model->path));
        if (!matches)
            continue;
        if (text_equal(request->method, text_of(model->method)))
            return operation;
        buffer_printf(allowed, "%s%s", allowed->size ? ", " : "", model->method);
    }
    return OPERATION_COUNT;
}

static bool media_type_is_sound(const struct http_request *request)
{
    struct text type = http_header(request, "content-type");
    const char *end = type.size ? memchr(type.data, ';', type.size) : NULL;
    size_t size = end ? (size_t)(end - type.data) : type.size;
    while (size && (type.data[size - 1] == ' ' || type.data[size - 1] == '\t'))
        size--;
    return !request->body.size || !type.size || http_name_equal((struct text){ type.data, size }, TEXT("application/json"));
}

static billing_period asked_month(const struct api *api, const json_t *input)
{
    const char *text = entity_text(input, "BillingPeriod");
    return text ? input_month(text) : api->source.running_month(api->source.context);
}

static bool shows_figures(enum operation operation)
{
    return operation == OPERATION_GetBillingGroupCostReport || operation == OPERATION_ListBillingGroupCostReports;
}

static void do_read(const struct api *api, enum operation operation, json_t *input, struct http_response *response)
{
    struct call call = {
        .operation = operation, .input = input, .now_s = (int64_t)time(NULL), .book = api->book, .view = api->view
    };
    call.now = api->source.running_month(api->source.context);
    call.month = asked_month(api, input);
    call.document = book_at(api->book, call.month);
    bool whole = api_is_whole(api);
    json_t *reply = operation_functions[operation](&call);
    if (reply && shows_figures(operation) && !(whole && api_is_whole(api)))
        respond_unread(response);
    else if (reply)
        respond_reply(operation, reply, response);
    else
        respond_failure(&call.failure, response);
    json_decref(reply);
    failure_done(&call.failure);
    buffer_done(&call.scratch);
    buffer_done(&call.arn);
    document_release(call.document);
    json_decref(input);
}

/* A change that waits for its commit. */
struct waiting {
    struct http_exchange *exchange;
    enum operation operation;
};

static void on_done(void *context, const json_t *reply, const struct failure *failure)
{
    struct waiting *waiting = context;
    struct http_response response = HTTP_RESPONSE_NONE;
    if (reply)
        respond_reply(waiting->operation, reply, &response);
    else
        respond_failure(failure, &response);
    http_answer(waiting->exchange, &response);
    free(waiting);
}

static bool call_operation(const struct api *api, enum operation operation, struct http_exchange *exchange,
                           const struct http_request *request, struct http_response *response)
{
    struct failure failure = { 0 };
    struct buffer arn = { 0 };
    bool is_tags = strcmp(operation_models[operation].path, TAGS_PATH) == 0;
    if (!media_type_is_sound(request))
        return respond(response, FAILURE_MEDIA_TYPE, "CANNOT_PARSE", "expected Content-Type: application/json");
    struct text rest = { request->path.data + sizeof TAGS_PATH - 1, request->path.size - sizeof TAGS_PATH + 1 };
    if (is_tags && !http_decode(rest, &arn))
        return buffer_done(&arn), respond(response, FAILURE_UNKNOWN_OPERATION, NULL, "no such path");
    json_t *input = validate_request(operation, request, buffer_text(&arn), &failure);
    buffer_done(&arn);
    if (!input) {
        respond_failure(&failure, response);
        failure_done(&failure);
        return true;
    }
    if (!operation_changes(operation)) {
        do_read(api, operation, input, response);
        return true;
    }
    if (!api->changes) {
        json_decref(input);
        return respond(response, FAILURE_ACCESS_DENIED, NULL,
                       "this server shows a folder of results: nothing can be changed");
    }
    struct waiting *waiting = memory_new(sizeof *waiting);
    *waiting = (struct waiting){ exchange, operation };
    http_defer(exchange);
    changes_add(api->changes, operation, input, on_done, waiting);
    return false;
}

/* ---- for whoever runs it: alive, and able to answer; nothing that needs a key ---- */

static const struct {
    unsigned status;
    const char *text;
} health_answers[] = {
    [SOURCE_READY] = { 200, "ready\n" },
    [SOURCE_AWAY] = { 503, "not ready: the brokers do not answer; what they told last is shown\n" },
    [SOURCE_UNREAD] = { 503, "not ready: bills and line items are being read anew\n" },
};

static bool tell_health(const struct api *api, struct text path, struct http_response *response)
{
    bool ready = text_equal(path, TEXT("/readyz"));
    if (!ready && !text_equal(path, TEXT("/healthz")))
        return false;
    const char *awaited = atomic_load(&api->awaited);
    response->content_type = "text/plain; charset=utf-8";
    http_response_header(response, "Cache-Control", "no-store");
    if (ready && awaited) {
        response->status = 503;
        buffer_printf(&response->body, "not ready: %s\n", awaited);
        return true;
    }
    enum source_health health = ready ? api->source.health(api->source.context) : SOURCE_READY;
    response->status = health_answers[health].status;
    buffer_append_text(&response->body, ready ? text_of(health_answers[health].text) : TEXT("alive\n"));
    return true;
}

/* Files and the two of health are not of the API: what else is tried with them is told how they are read. */
static bool is_page_or_health(const struct http_request *request)
{
    return web_knows(request->path) || text_equal(request->path, TEXT("/readyz")) ||
           text_equal(request->path, TEXT("/healthz"));
}

static bool is_read(struct text method)
{
    return text_equal(method, TEXT("GET")) || text_equal(method, TEXT("HEAD"));
}

static bool respond_no_operation(const struct buffer *allowed, struct http_response *response)
{
    if (!allowed->size)
        return respond(response, FAILURE_UNKNOWN_OPERATION, NULL, "no such path");
    http_response_header(response, "Allow", "%.*s", TEXT_ARGS(buffer_text(allowed)));
    return respond(response, FAILURE_METHOD, NULL, "no such method here");
}

static bool ask_for_preview(const struct api *api, const struct caller *caller, struct http_exchange *exchange,
                            const struct http_request *request, struct http_response *response)
{
    if (!text_equal(request->method, TEXT("POST"))) {
        http_response_header(response, "Allow", "POST");
        return respond(response, FAILURE_METHOD, NULL, "only POST here");
    }
    if (!caller->is_payer)
        return respond(response, FAILURE_ACCESS_DENIED, NULL, "changes are the payer's to make");
    if (!media_type_is_sound(request))
        return respond(response, FAILURE_MEDIA_TYPE, "CANNOT_PARSE", "expected Content-Type: application/json");
    if (!api->previews)
        return respond(response, FAILURE_ACCESS_DENIED, NULL,
                       "this server shows a folder of results: there is no change to preview");
    return !previews_ask(api->previews, exchange, request, response);
}

bool api_handle(void *context, struct http_exchange *exchange, const struct http_request *request,
                struct http_response *response)
{
    const struct api *api = context;
    struct caller caller;
    struct buffer allowed = { 0 };
    if (is_read(request->method) && (web_handle(request, response) || tell_health(api, request->path, response)))
        return true;
    http_response_header(response, "Cache-Control", "no-store");
    if (!identify(api, request, &caller, response))
        return true;
    const char *awaited = atomic_load(&api->awaited);
    if (awaited)
        return respond(response, FAILURE_UNAVAILABLE, NULL, awaited);
    if (text_equal(request->path, TEXT("/v1/preview")))
        return ask_for_preview(api, &caller, exchange, request, response);
    if (text_starts_with(request->path, TEXT("/v1/"))) {
        if (reads_handle(api, &caller, request, response))
            return true;
        return respond(response, FAILURE_UNKNOWN_OPERATION, NULL, "no such path");
    }
    enum operation operation = route(request, &allowed);
    if (is_page_or_health(request))
        buffer_append_text(&allowed, TEXT("GET, HEAD"));
    if (operation == OPERATION_COUNT)
        respond_no_operation(&allowed, response);
    buffer_done(&allowed);
    if (operation == OPERATION_COUNT)
        return true;
    if (!caller.is_payer)
        return respond(response, FAILURE_ACCESS_DENIED, NULL, "Billing Conductor's operations are the payer's");
    return call_operation(api, operation, exchange, request, response);
}
