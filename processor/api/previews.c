/* api/previews.c: a queue, drafts that nobody publishes, totals as JSON. */
#include "api/previews.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "api/api.h"
#include "api/staging.h"
#include "api/validate.h"
#include "codec/json_text.h"
#include "codec/json_write.h"
#include "service/preview.h"

#define WAITING_MAX 8
#define CHANGES_MAX 30
/* More would keep whoever waits for too long: the answer says that it is not complete. */
#define LINE_ITEMS_MAX 2000000
#define MEMORY_BYTES ((size_t)64 * 1024 * 1024)

struct asked {
    struct asked *next;
    struct http_exchange *exchange;
    json_t *plain, *exact; /* lists of changes; exact: each number as its digits */
};

struct previews {
    struct book *book;
    struct view *view;
    struct source source;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct asked *first, **last;
    unsigned waiting;
    bool stopping;
};

/* ---- the question ---- */

static enum operation operation_named(const char *name)
{
    for (enum operation operation = 0; name && operation < OPERATION_COUNT; operation++)
        if (strcmp(operation_models[operation].name, name) == 0 && operation_changes(operation) &&
            operation_models[operation].path[1] != 't') /* tags change nothing that is priced */
            return operation;
    return OPERATION_COUNT;
}

static bool fail_question(struct failure *failure, const char *message)
{
    failure->kind = FAILURE_VALIDATION;
    failure->reason = "CANNOT_PARSE";
    snprintf(failure->message, sizeof failure->message, "%s", message);
    return false;
}

/* One change on the draft that the last one left, which it replaces. */
static bool stage_change(const json_t *plain, const json_t *exact, const struct price_list *prices, billing_period now,
                         struct document **draft, struct failure *failure)
{
    enum operation operation = operation_named(entity_text(plain, "Operation"));
    if (operation == OPERATION_COUNT)
        return fail_question(failure, "Operation: expected the name of one that changes what is priced");
    json_t *input = validate_body(operation, json_object_get(plain, "Input"), json_object_get(exact, "Input"), failure);
    if (!input)
        return false;
    struct call call = { .operation = operation, .input = input, .now_s = (int64_t)time(NULL), .now = now, .month = now };
    call.draft = document_draft(*draft, now);
    json_t *reply = stage_operation(&call, prices);
    *failure = call.failure;
    document_release(reply ? *draft : call.draft);
    if (reply)
        *draft = call.draft;
    buffer_done(&call.scratch);
    buffer_done(&call.arn);
    json_decref(input);
    bool stands = reply != NULL;
    json_decref(reply);
    return stands;
}

static bool stage_all(const struct asked *asked, const struct price_list *prices, billing_period now,
                      struct document **draft, struct failure *failure)
{
    for (size_t i = 0; i < json_array_size(asked->plain); i++)
        if (!stage_change(json_array_get(asked->plain, i), json_array_get(asked->exact, i), prices, now, draft, failure))
            return false;
    return true;
}

/* ---- the answer ---- */

static void write_total(const struct preview_total *total, bool is_first, struct buffer *out)
{
    buffer_append_text(out, is_first ? TEXT("{\"billing_group\":") : TEXT(",{\"billing_group\":"));
    json_write_text(out, total->group);
    if (total->was) {
        buffer_append_text(out, TEXT(",\"cost\":"));
        json_write_sum(out, &total->cost_now, COST_SCALE);
    }
    if (total->is) {
        buffer_append_text(out, TEXT(",\"cost_then\":"));
        json_write_sum(out, &total->cost_then, COST_SCALE);
    }
    buffer_append_byte(out, '}');
}

/* Groups whose total stays are not told of. */
static void write_preview(const struct preview *preview, billing_period month, struct http_response *response)
{
    char text[TIME_TEXT_MAX];
    struct buffer *out = &response->body;
    bool is_first = true;
    period_format(month, text);
    response->status = 200;
    response->content_type = "application/json";
    buffer_printf(out, "{\"period\":\"%s\",\"complete\":%s,\"line_items\":%llu,\"groups\":[", text,
                  preview->is_complete ? "true" : "false", (unsigned long long)preview->line_items);
    for (size_t i = 0; i < preview->count; i++) {
        const struct preview_total *total = &preview->totals[i];
        if (total->was == total->is && sum_compare(&total->cost_now, &total->cost_then) == 0)
            continue;
        write_total(total, is_first, out);
        is_first = false;
    }
    buffer_append_text(out, TEXT("]}"));
}

static void fail_internally(const struct error *error, struct http_response *response)
{
    struct call call = { 0 };
    fail_internal(&call, error);
    respond_failure(&call.failure, response);
}

static void compute(struct previews *previews, const struct asked *asked, struct http_response *response)
{
    struct source *source = &previews->source;
    billing_period now = source->running_month(source->context);
    struct document *document = book_at(previews->book, now), *draft = document_hold(document);
    struct price_list prices = { 0 };
    struct failure failure = { 0 };
    struct error error = { 0 };
    struct preview preview = { 0 };
    if (!source->prices(source->context, now, &prices, &error)) {
        fail_internally(&error, response);
    } else if (!stage_all(asked, &prices, now, &draft, &failure)) {
        respond_failure(&failure, response);
        failure_done(&failure);
    } else {
        const struct preview_question question = { previews->view, now,         document, draft, &prices,
                                                   LINE_ITEMS_MAX, MEMORY_BYTES };
        if (preview_compute(&question, &preview, &error))
            write_preview(&preview, now, response);
        else
            fail_internally(&error, response);
    }
    preview_done(&preview);
    price_list_done(&prices);
    document_release(document);
    document_release(draft);
}

/* ---- the thread ---- */

static struct asked *take(struct previews *previews)
{
    pthread_mutex_lock(&previews->lock);
    while (!previews->first && !previews->stopping)
        pthread_cond_wait(&previews->arrived, &previews->lock);
    struct asked *asked = previews->first;
    if (asked) {
        previews->first = asked->next;
        previews->waiting--;
        if (!previews->first)
            previews->last = &previews->first;
    }
    pthread_mutex_unlock(&previews->lock);
    return asked;
}

static void *run(void *context)
{
    struct previews *previews = context;
    struct asked *asked;
    while ((asked = take(previews))) {
        struct http_response response = HTTP_RESPONSE_NONE;
        struct source *source = &previews->source;
        http_response_header(&response, "Cache-Control", "no-store");
        compute(previews, asked, &response);
        if (response.status == 200 && source->health(source->context) == SOURCE_UNREAD)
            respond_unread(&response);
        http_answer(asked->exchange, &response);
        json_decref(asked->plain);
        json_decref(asked->exact);
        free(asked);
    }
    return NULL;
}

struct previews *previews_start(struct book *book, struct view *view, const struct source *source)
{
    struct previews *previews = memory_new(sizeof *previews);
    previews->book = book;
    previews->view = view;
    previews->source = *source;
    previews->last = &previews->first;
    pthread_mutex_init(&previews->lock, NULL);
    pthread_cond_init(&previews->arrived, NULL);
    CHECK(pthread_create(&previews->thread, NULL, run, previews) == 0);
    return previews;
}

/* What it takes over is the computing thread's alone. */
static bool enqueue(struct previews *previews, struct http_exchange *exchange, json_t *plain, json_t *exact)
{
    pthread_mutex_lock(&previews->lock);
    bool fits = previews->waiting < WAITING_MAX && !previews->stopping;
    if (fits) {
        struct asked *asked = memory_new(sizeof *asked);
        *asked = (struct asked){ .exchange = exchange, .plain = plain, .exact = exact };
        http_defer(exchange);
        *previews->last = asked;
        previews->last = &asked->next;
        previews->waiting++;
        pthread_cond_signal(&previews->arrived);
    }
    pthread_mutex_unlock(&previews->lock);
    return fits;
}

/* The list, apart from the object that it came in, which goes. */
static json_t *take_changes(json_t *body)
{
    json_t *changes = json_incref(json_object_get(body, "Changes"));
    json_decref(body);
    return changes;
}

bool previews_ask(struct previews *previews, struct http_exchange *exchange, const struct http_request *request,
                  struct http_response *response)
{
    static const int flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    struct failure failure = { 0 };
    struct buffer scratch = { 0 };
    json_error_t reason;
    struct text body = text_is_utf8(request->body) ? request->body : TEXT_NONE;
    json_t *plain = take_changes(body.size ? json_loadb(body.data, body.size, flags, &reason) : NULL);
    json_t *exact = take_changes(plain ? json_parse_exact(body, &scratch, &reason) : NULL);
    buffer_done(&scratch);
    if (!exact || !json_is_array(plain) || json_array_size(plain) > CHANGES_MAX) {
        fail_question(&failure, "Changes: expected a list of at most 30, each with Operation and Input");
        respond_failure(&failure, response);
    } else if (enqueue(previews, exchange, plain, exact)) {
        return true;
    } else {
        fail_internally(&(struct error){ ERROR_FAILED, "others are being computed; try again" }, response);
    }
    json_decref(plain);
    json_decref(exact);
    return false;
}

void previews_stop(struct previews *previews)
{
    if (!previews)
        return;
    pthread_mutex_lock(&previews->lock);
    previews->stopping = true;
    pthread_cond_signal(&previews->arrived);
    pthread_mutex_unlock(&previews->lock);
    pthread_join(previews->thread, NULL);
}

void previews_free(struct previews *previews)
{
    if (!previews)
        return;
    pthread_cond_destroy(&previews->arrived);
    pthread_mutex_destroy(&previews->lock);
    free(previews);
}
