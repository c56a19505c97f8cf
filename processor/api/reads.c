/* api/reads.c: GET /v1/…: months, bills, days, line items, reports, events. */
#include "api/reads.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "service/explanation.h"

/* Rows a page, and rows that may be looked at for one. */
#define BILLS_A_PAGE 5000
#define LINE_ITEMS_A_PAGE 1000
#define ROWS_LOOKED_AT_MAX 20000

bool read_fail(struct read *read, enum failure_kind kind, const char *message)
{
    struct failure failure = { .kind = kind };
    snprintf(failure.message, sizeof failure.message, "%.500s", message);
    if (kind == FAILURE_VALIDATION)
        failure.reason = "FIELD_VALIDATION_FAILED";
    respond_failure(&failure, read->response);
    return true;
}

bool read_fail_error(struct read *read, const struct error *error)
{
    buffer_clear(&read->response->body);
    return read_fail(read, FAILURE_INTERNAL, error->message);
}

/* A parameter's value; empty if it is not there. False: the failure is answered. */
bool read_parameter(struct read *read, const char *name, struct text *ret)
{
    bool sound;
    char message[96];
    struct buffer value = { 0 };
    struct text text = http_parameter(read->request->query, name, &value, &sound);
    *ret = arena_copy(&read->arena, text);
    buffer_done(&value);
    if (sound && !(ret->size && memchr(ret->data, '\0', ret->size)))
        return true;
    snprintf(message, sizeof message, "%s: expected one, percent-encoded UTF-8", name);
    return !read_fail(read, FAILURE_VALIDATION, message);
}

/* The month, its document and the caller's role in it. */
static bool begin_month(struct read *read, struct text period)
{
    if (!period_parse(period, &read->period))
        return !read_fail(read, FAILURE_VALIDATION, "period: expected a month, as 2026-06");
    period_format(read->period, read->month);
    read->document = book_at(read->api->book, read->period);
    read->role = caller_role(read->caller, read->document, &read->group);
    return true;
}

bool read_asked_month(struct read *read)
{
    struct text period;
    return read_parameter(read, "period", &period) && begin_month(read, period);
}

/* ---- lists of rows ---- */

struct rows {
    struct read *read;
    struct view_range range;
    struct text service; /* filter that is not in the prefix; empty: none */
    bool nothing;        /* the caller may see none */
    size_t max, count, looked_at;
    uint64_t arguments; /* hash that a token is bound to */
    struct buffer last, after;
    bool more;
    void (*write)(struct rows *rows, const struct text parts[5], struct text value);
};

/* What the caller may see of what was asked for, as a prefix of keys. */
static void choose_prefix(struct rows *rows, struct text group, struct text account)
{
    struct read *read = rows->read;
    if (!role_may(read->role, MAY_SEE_OWN_ACCOUNT)) {
        rows->nothing = true;
        return;
    }
    if (!role_may(read->role, MAY_SEE_ALL)) {
        rows->nothing = group.size && !text_equal(group, text_of(read->group));
        group = text_of(read->group);
    }
    if (!role_may(read->role, MAY_SEE_GROUP)) {
        rows->nothing = rows->nothing || (account.size && !text_equal(account, text_of(read->caller->account)));
        account = text_of(read->caller->account);
    }
    bool knows_group = group.size > 0;
    if (account.size && !knows_group) {
        struct buffer number = { 0 };
        buffer_printf(&number, "%.*s", TEXT_ARGS(account));
        buffer_append_byte(&number, '\0');
        const char *found = document_group_of(read->document, number.data);
        group = arena_copy(&read->arena, text_of(found ? found : ""));
        knows_group = true;
        buffer_done(&number);
    }
    rows->range.parts[0] = group;
    rows->range.parts[1] = account;
    rows->range.part_count = !knows_group ? 0 : account.size ? 2 : 1;
}

static bool take_token(struct rows *rows, struct text token)
{
    char hash[17];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)rows->arguments);
    if (!token.size)
        return true;
    bool sound = token.size > 16 && token.size % 2 == 0 && memcmp(token.data, hash, 16) == 0;
    for (size_t i = 16; i < token.size && sound; i += 2) {
        unsigned byte;
        char pair[3] = { token.data[i], token.data[i + 1], '\0' };
        sound = strspn(pair, "0123456789abcdef") == 2 && sscanf(pair, "%x", &byte) == 1;
        if (sound)
            buffer_append_byte(&rows->after, (char)byte);
    }
    rows->range.after = buffer_text(&rows->after);
    return sound ||
           !read_fail(rows->read, FAILURE_VALIDATION, "next: expected what the page before gave, with the same question");
}

static bool take_row(void *context, struct text key, const struct text parts[5], struct text value)
{
    struct rows *rows = context;
    bool passes = !rows->service.size || text_equal(parts[2], rows->service);
    if ((passes && rows->count == rows->max) || rows->looked_at == ROWS_LOOKED_AT_MAX) {
        rows->more = true;
        return false;
    }
    rows->looked_at++;
    buffer_clear(&rows->last);
    buffer_append_text(&rows->last, key);
    if (!passes)
        return true;
    buffer_append_text(&rows->read->response->body, rows->count++ ? TEXT(",") : TEXT_NONE);
    rows->write(rows, parts, value);
    return true;
}

static void write_next(struct rows *rows, struct buffer *body)
{
    buffer_printf(body, ",\"next\":\"%016llx", (unsigned long long)rows->arguments);
    for (size_t i = 0; i < rows->last.size; i++)
        buffer_printf(body, "%02x", (unsigned char)rows->last.data[i]);
    buffer_append_byte(body, '"');
}

static void bind_arguments(struct rows *rows, struct text group, struct text account, struct text service)
{
    struct buffer bytes = { 0 };
    const struct read *read = rows->read;
    buffer_printf(&bytes, "%d\n%s\n%.*s\n%.*s\n%.*s\n%s", (int)rows->range.table, read->month, TEXT_ARGS(group),
                  TEXT_ARGS(account), TEXT_ARGS(service), read->caller->account);
    rows->arguments = hash64(bytes.data, bytes.size);
    buffer_done(&bytes);
}

static bool list_rows(struct rows *rows, const char *name)
{
    struct read *read = rows->read;
    struct buffer *body = &read->response->body;
    struct text group, account, service, token;
    struct error error;
    if (!read_asked_month(read) || !read_parameter(read, "group", &group) || !read_parameter(read, "account", &account) ||
        !read_parameter(read, "service", &service) || !read_parameter(read, "next", &token))
        return true;
    snprintf(rows->range.period, sizeof rows->range.period, "%.7s", read->month);
    rows->service = service;
    choose_prefix(rows, group, account);
    bind_arguments(rows, group, account, service);
    if (!take_token(rows, token))
        return true;
    if (rows->range.part_count == 2 && service.size) {
        rows->range.parts[2] = service;
        rows->range.part_count = 3;
    }
    read->response->status = 200;
    read->response->content_type = "application/json";
    buffer_printf(body, "{\"%s\":[", name);
    if (!rows->nothing && !view_walk(read->api->view, &rows->range, take_row, rows, &error))
        return read_fail_error(read, &error);
    buffer_append_byte(body, ']');
    if (rows->more)
        write_next(rows, body);
    buffer_append_byte(body, '}');
    return true;
}

static bool do_rows(struct rows *rows, const char *name)
{
    bool done = list_rows(rows, name);
    buffer_done(&rows->last);
    buffer_done(&rows->after);
    return done;
}

/* ---- what a row shows ---- */

/* As in the CUR: a commitment that is not the group's is none of its business, nor what it makes the row cost AWS. */
static void hide_foreign_commitment(json_t *record)
{
    static const char *const members[] = { "reservation_arn", "reservation_effective_cost", "savings_plan_arn",
                                           "savings_plan_rate", "savings_plan_effective_cost" };
    if (text_equal(text_of(entity_text(record, "base")), price_base_text(BASE_UNBLENDED_COST)))
        return;
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        json_object_del(record, members[i]);
}

void read_write_record(const struct read *read, struct text json, struct buffer *out)
{
    static const char *const hidden[] = { "billable_cost", "margin", "margin_percentage", "unblended_cost",
                                          "net_unblended_cost" };
    json_error_t reason;
    if (role_may(read->role, MAY_SEE_BILLABLE)) {
        buffer_append_text(out, json);
        return;
    }
    json_t *record = json_loadb(json.data, json.size, 0, &reason);
    for (size_t i = 0; i < ARRAY_COUNT(hidden); i++)
        json_object_del(record, hidden[i]);
    hide_foreign_commitment(record);
    char *text = json_dumps(record, JSON_COMPACT);
    buffer_append_text(out, text ? text_of(text) : TEXT("{}"));
    free(text);
    json_decref(record);
}

static void write_record(struct rows *rows, const struct text parts[5], struct text value)
{
    (void)parts;
    read_write_record(rows->read, value, &rows->read->response->body);
}

static void write_daily(struct rows *rows, const struct text parts[5], struct text value)
{
    struct buffer *out = &rows->read->response->body;
    struct view_daily daily = view_daily_read(value);
    static const char *const names[] = { "billing_group", "usage_account_id", "product_code", "day" };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        buffer_printf(out, "%s\"%s\":", i ? "," : "{", names[i]);
        json_write_text(out, parts[i]);
    }
    buffer_append_text(out, TEXT(",\"cost\":"));
    json_write_sum(out, &daily.cost, COST_SCALE);
    if (role_may(rows->read->role, MAY_SEE_BILLABLE)) {
        buffer_append_text(out, TEXT(",\"billable_cost\":"));
        json_write_sum(out, &daily.billable_cost, AMOUNT_SCALE);
    }
    buffer_append_byte(out, '}');
}

static bool read_bills(struct read *read)
{
    struct rows rows = { .read = read, .range = { .table = VIEW_BILLS }, .max = BILLS_A_PAGE, .write = write_record };
    return do_rows(&rows, "bills");
}

static bool read_daily(struct read *read)
{
    struct rows rows = { .read = read, .range = { .table = VIEW_DAILY }, .max = BILLS_A_PAGE, .write = write_daily };
    return do_rows(&rows, "daily");
}

static bool read_line_items(struct read *read)
{
    struct rows rows = {
        .read = read, .range = { .table = VIEW_LINE_ITEMS }, .max = LINE_ITEMS_A_PAGE, .write = write_record
    };
    return do_rows(&rows, "line_items");
}

/* ---- one line item ---- */

static bool may_see_item(struct read *read, const struct line_item *item)
{
    if (!begin_month(read, item->billing_period))
        return false;
    if (role_may(read->role, MAY_SEE_ALL))
        return true;
    bool own_group = read->group && text_equal(item->billing_group, text_of(read->group));
    bool own_account = text_equal(item->usage_account_id, text_of(read->caller->account));
    return own_group && (role_may(read->role, MAY_SEE_GROUP) || (own_account && role_may(read->role, MAY_SEE_OWN_ACCOUNT)));
}

static bool show_item(struct read *read, struct text json, const struct line_item *item)
{
    struct buffer *out = &read->response->body;
    struct buffer text = { 0 };
    bool all = role_may(read->role, MAY_SEE_BILLABLE);
    explanation_write(item, all ? EXPLAIN_TO_PAYER : EXPLAIN_TO_CUSTOMER, &text);
    read_write_record(read, json, out);
    out->size--; /* its closing brace */
    buffer_append_text(out, TEXT(",\"explanation\":"));
    json_write_text(out, buffer_text(&text));
    buffer_append_byte(out, '}');
    buffer_done(&text);
    read->response->status = 200;
    read->response->content_type = "application/json";
    return true;
}

static bool read_line_item(struct read *read, struct text id)
{
    struct buffer json = { 0 }, scratch = { 0 };
    struct line_item item;
    struct error error;
    bool found;
    bool done = view_fetch_line_item(read->api->view, id, &json, &found, &error) &&
                (!found || json_read_record(buffer_text(&json), &line_item_type, &item, &read->arena, &scratch, &error));
    if (!done)
        read_fail_error(read, &error);
    else if (found && may_see_item(read, &item))
        show_item(read, buffer_text(&json), &item);
    else
        read_fail(read, FAILURE_NOT_FOUND, "no such line item");
    buffer_done(&json);
    buffer_done(&scratch);
    return true;
}

/* ---- months ---- */

static void note_month(void *context, struct text period)
{
    json_t *months = context;
    json_object_setn_new(months, period.data, period.size, json_true());
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void write_month(struct read *read, const char *month, bool *first)
{
    static const char *const states[] = { [MONTH_OPEN] = "open", [MONTH_CLOSING] = "closing", [MONTH_CLOSED] = "closed" };
    const struct source *source = &read->api->source;
    struct buffer *out = &read->response->body;
    billing_period period;
    const char *group;
    if (!period_parse(text_of(month), &period))
        return;
    struct document *document = book_at(read->api->book, period);
    enum month_state state = source->month_state(source->context, period);
    bool visible = caller_role(read->caller, document, &group) != ROLE_STRANGER && state != MONTH_GONE;
    billing_period since = document->period;
    document_release(document);
    if (!visible)
        return;
    buffer_printf(out, "%s{\"period\":\"%s\",\"state\":\"%s\"", *first ? "" : ",", month, states[state]);
    if (since != PERIOD_NONE) {
        char text[TIME_TEXT_MAX];
        period_format(since, text);
        buffer_printf(out, ",\"document\":\"%s\"", text);
    }
    buffer_append_byte(out, '}');
    *first = false;
}

static bool read_periods(struct read *read)
{
    json_t *months = json_object();
    const char *name;
    json_t *value;
    struct error error;
    size_t count = 0;
    bool first = true;
    book_months(read->api->book, note_month, months);
    if (!view_periods(read->api->view, note_month, months, &error)) {
        json_decref(months);
        return read_fail_error(read, &error);
    }
    const char **names = memory_new_array(json_object_size(months), sizeof *names);
    json_object_foreach (months, name, value)
        names[count++] = name;
    if (count)
        qsort(names, count, sizeof *names, compare_names);
    read->response->status = 200;
    read->response->content_type = "application/json";
    buffer_append_text(&read->response->body, TEXT("{\"periods\":["));
    for (size_t i = 0; i < count; i++)
        write_month(read, names[i], &first);
    buffer_append_text(&read->response->body, TEXT("]}"));
    free(names);
    json_decref(months);
    return true;
}

/* ---- reports ---- */

bool read_may_see_report(const struct read *read, struct text group, struct text account)
{
    if (role_may(read->role, MAY_SEE_ALL))
        return true;
    if (!read->group || !text_equal(group, text_of(read->group)))
        return false;
    return role_may(read->role, MAY_SEE_GROUP) ||
           (role_may(read->role, MAY_SEE_OWN_ACCOUNT) && text_equal(account, text_of(read->caller->account)));
}

static void write_report(void *context, struct text group, struct text account)
{
    struct read *read = context;
    struct buffer *out = &read->response->body;
    if (!read_may_see_report(read, group, account))
        return;
    buffer_printf(out, "%s{\"billing_period\":\"%s\",\"billing_group\":", out->data[out->size - 1] == '[' ? "" : ",",
                  read->month);
    json_write_text(out, group);
    buffer_append_text(out, TEXT(",\"usage_account_id\":"));
    json_write_text(out, account);
    buffer_printf(out, ",\"path\":\"/v1/reports/%s/%.*s%s%.*s\"}", read->month, TEXT_ARGS(group), account.size ? "/" : "",
                  TEXT_ARGS(account));
}

static bool read_reports(struct read *read)
{
    const struct source *source = &read->api->source;
    struct error error;
    if (!read_asked_month(read))
        return true;
    read->response->status = 200;
    read->response->content_type = "application/json";
    buffer_append_text(&read->response->body, TEXT("{\"reports\":["));
    if (!source->reports(source->context, read->period, write_report, read, &error))
        return read_fail_error(read, &error);
    buffer_append_text(&read->response->body, TEXT("]}"));
    return true;
}

static struct text take_segment(struct text *rest)
{
    const char *slash = rest->size ? memchr(rest->data, '/', rest->size) : NULL;
    struct text part = { rest->data, slash ? (size_t)(slash - rest->data) : rest->size };
    *rest = slash ? (struct text){ slash + 1, rest->size - part.size - 1 } : TEXT_NONE;
    return part;
}

/* A name in a path becomes one in a folder: letters, digits and what group names have, but no way up. */
static bool name_is_sound(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_+=.@-", c);
        if (!fits)
            return false;
    }
    return name.size > 0 && name.size <= 128 && name.data[0] != '.';
}

static bool read_report(struct read *read, struct text rest)
{
    const struct source *source = &read->api->source;
    struct text period = take_segment(&rest), group = take_segment(&rest), account = rest;
    struct error error;
    int file = -1;
    uint64_t bytes = 0;
    billing_period parsed;
    if (!name_is_sound(group) || (account.size && !name_is_sound(account)) || !period_parse(period, &parsed))
        return read_fail(read, FAILURE_NOT_FOUND, "no such report");
    if (!begin_month(read, period))
        return true;
    bool visible = read_may_see_report(read, group, account);
    if (visible && !source->open_report(source->context, read->period, group, account, &file, &bytes, &error))
        return read_fail_error(read, &error);
    if (file < 0)
        return read_fail(read, FAILURE_NOT_FOUND, "no such report");
    read->response->status = 200;
    read->response->content_type = "application/gzip";
    read->response->file = file;
    read->response->file_bytes = bytes;
    http_response_header(read->response, "Content-Disposition", "attachment; filename=\"%.*s-%s.csv.gz\"",
                         TEXT_ARGS(account.size ? account : group), read->month);
    return true;
}

/* ---- events, and who asks ---- */

static bool read_events(struct read *read)
{
    struct text last = http_header(read->request, "last-event-id");
    uint64_t after = 0;
    for (size_t i = 0; i < last.size && i < 18 && last.data[i] >= '0' && last.data[i] <= '9'; i++)
        after = after * 10 + (uint64_t)(last.data[i] - '0');
    read->response->status = 200;
    read->response->content_type = "text/event-stream";
    read->response->stream = event_stream_new(read->api->events, read->caller, after);
    read->response->stream_read = event_stream_read;
    read->response->stream_free = event_stream_free;
    return true;
}

static bool read_caller(struct read *read)
{
    static const char *const names[ROLE_COUNT] = { "payer", "primary", "member", "none" };
    const char *group;
    struct document *document = book_at(read->api->book, read->api->source.running_month(read->api->source.context));
    enum caller_role role = caller_role(read->caller, document, &group);
    struct buffer *out = &read->response->body;
    read->response->status = 200;
    read->response->content_type = "application/json";
    buffer_printf(out, "{\"account\":\"%s\",\"role\":\"%s\",\"billing_group\":",
                  read->caller->account[0] ? read->caller->account : document->payer, names[role]);
    json_write_text(out, text_of(group));
    bool live = read->api->changes != NULL;
    buffer_printf(out, ",\"may_change\":%s,\"live\":%s,\"running_month\":",
                  role_may(role, MAY_CALL_OPERATIONS) && live ? "true" : "false", live ? "true" : "false");
    char month[TIME_TEXT_MAX];
    period_format(read->api->source.running_month(read->api->source.context), month);
    buffer_printf(out, "\"%s\"}", month);
    document_release(document);
    return true;
}

/* The whole installation's: the payer's to see. */
static bool read_state(struct read *read)
{
    const struct source *source = &read->api->source;
    struct error error;
    if (!read->caller->is_payer)
        return read_fail(read, FAILURE_ACCESS_DENIED, "the state is the payer's to see");
    read->response->status = 200;
    read->response->content_type = "application/json";
    return source->state(source->context, &read->response->body, &error) || read_fail_error(read, &error);
}

/* ---- routes ---- */

static bool id_is_sound(struct text id)
{
    for (size_t i = 0; i < id.size; i++)
        if (!((id.data[i] >= 'a' && id.data[i] <= 'z') || (id.data[i] >= '2' && id.data[i] <= '7')))
            return false;
    return id.size == LINE_ITEM_ID_LETTERS;
}

static struct text behind(struct text path, struct text prefix)
{
    return text_starts_with(path, prefix) ? (struct text){ path.data + prefix.size, path.size - prefix.size } : TEXT_NONE;
}

static bool route(struct read *read)
{
    static const struct {
        const char *path;
        bool (*answer)(struct read *read);
    } routes[] = {
        { "/v1/periods", read_periods },       { "/v1/bills", read_bills },     { "/v1/daily", read_daily },
        { "/v1/line-items", read_line_items }, { "/v1/reports", read_reports }, { "/v1/events", read_events },
        { "/v1/caller", read_caller },         { "/v1/state", read_state },
    };
    struct text path = read->request->path, item = behind(path, TEXT("/v1/line-items/")),
                report = behind(path, TEXT("/v1/reports/"));
    bool (*answer)(struct read *) = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(routes); i++)
        if (text_equal(path, text_of(routes[i].path)))
            answer = routes[i].answer;
    if (!answer && !item.size && !report.size)
        return false;
    if (!text_equal(read->request->method, TEXT("GET")) && !text_equal(read->request->method, TEXT("HEAD"))) {
        http_response_header(read->response, "Allow", "GET, HEAD");
        return read_fail(read, FAILURE_METHOD, "only GET here");
    }
    if (answer)
        return answer(read);
    if (report.size)
        return read_report(read, report);
    return id_is_sound(item) ? read_line_item(read, item) : read_fail(read, FAILURE_NOT_FOUND, "no such line item");
}

/* What is told of the installation itself, as it is now. */
static bool shows_figures(struct text path)
{
    static const char *const others[] = { "/v1/caller", "/v1/state", "/v1/events" };
    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (text_equal(path, text_of(others[i])))
            return false;
    return true;
}

bool reads_handle(const struct api *api, const struct caller *caller, const struct http_request *request,
                  struct http_response *response)
{
    struct read read = { .api = api, .caller = caller, .request = request, .response = response };
    bool whole = api_is_whole(api), known = route(&read);
    if (response->status == 200 && shows_figures(request->path) && !(whole && api_is_whole(api)))
        respond_unread(response);
    document_release(read.document);
    arena_done(&read.arena);
    return known;
}
