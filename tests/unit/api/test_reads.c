/* api/reads: every path for every role, on a small folder; questions that are none. */
#include "support/result_folder.h"
#include "support/unit.h"

#include "api/api.h"
#include "service/folder.h"

static struct folder *folder;
static struct api api;

static int set_up(void **state)
{
    struct error error;
    if (scratch_setup(state) != 0 || setenv("TMPDIR", scratch_folder, 1) != 0)
        return -1;
    if (!folder_open(result_folder("out"), NULL, &folder, &error))
        return -1;
    api = (struct api){ .book = folder_book(folder), .view = folder_view(folder), .source = folder_source(folder) };
    api.events = events_new(api.book, &api.source);
    return 0;
}

static int tear_down(void **state)
{
    events_free(api.events);
    folder_close(folder);
    return scratch_teardown(state);
}

/* Status, or 0: there is no such path. The body is in *body. */
static unsigned ask(const struct caller *caller, const char *method, const char *path, const char *query,
                    struct buffer *body)
{
    struct http_request request = { .method = text_of(method), .path = text_of(path), .query = text_of(query) };
    struct http_response response = HTTP_RESPONSE_NONE;
    bool known = reads_handle(&api, caller, &request, &response);
    unsigned status = known ? response.status : 0;
    buffer_clear(body);
    buffer_append_text(body, buffer_text(&response.body));
    http_response_done(&response);
    return status;
}

static size_t count(struct text text, const char *word)
{
    size_t found = 0;
    for (const char *at = text.size ? memmem(text.data, text.size, word, strlen(word)) : NULL; at; found++) {
        size_t skip = (size_t)(at - text.data) + 1;
        text = (struct text){ text.data + skip, text.size - skip };
        at = memmem(text.data, text.size, word, strlen(word));
    }
    return found;
}

enum { PAYER, PRIMARY, MEMBER, OTHER, STRANGER, CALLERS };

static const struct caller callers[CALLERS] = {
    { true, "123456789012" },  { false, "111111111111" }, { false, "222222222222" },
    { false, "333333333333" }, { false, "444444444444" },
};

static void each_role_sees_its_rows_and_the_payer_alone_what_aws_bills(void **state)
{
    (void)state;
    static const struct {
        const char *path, *query;
        size_t rows[CALLERS]; /* payer, primary, member, the other group's primary, stranger */
    } rows[] = {
        { "/v1/bills", "period=2026-06", { 5, 3, 1, 2, 0 } },
        { "/v1/bills", "period=2026-6&group=111111111111", { 3, 3, 1, 0, 0 } },
        { "/v1/bills", "period=2026-06&group=333333333333", { 2, 0, 0, 2, 0 } },
        { "/v1/bills", "period=2026-06&group=nobody", { 0, 0, 0, 0, 0 } },
        { "/v1/bills", "period=2026-05", { 0, 0, 0, 0, 0 } },
        { "/v1/daily", "period=2026-06", { 3, 2, 1, 1, 0 } },
        { "/v1/daily", "period=2026-06&group=333333333333", { 1, 0, 0, 1, 0 } },
        { "/v1/line-items", "period=2026-06", { 3, 2, 1, 1, 0 } },
        { "/v1/line-items", "period=2026-06&account=222222222222", { 1, 1, 1, 0, 0 } },
        { "/v1/line-items", "period=2026-06&account=111111111111", { 1, 1, 0, 0, 0 } },
        { "/v1/line-items", "period=2026-06&service=S3", { 1, 0, 0, 1, 0 } },
    };
    struct buffer body = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        for (size_t c = 0; c < CALLERS; c++) {
            char name[160];
            snprintf(name, sizeof name, "%s?%s by %s", rows[i].path, rows[i].query, callers[c].account);
            expect_number(name, ask(&callers[c], "GET", rows[i].path, rows[i].query, &body), 200);
            expect_number(name, (long long)count(buffer_text(&body), "\"product_code\""), (long long)rows[i].rows[c]);
            size_t told = count(buffer_text(&body), "billable_cost") + count(buffer_text(&body), "margin");
            expect(name, told > 0, c == PAYER && rows[i].rows[c] > 0);
        }
    buffer_done(&body);
}

static void each_role_sees_its_things_and_others_are_as_good_as_absent(void **state)
{
    (void)state;
    static const struct {
        const char *path, *query;
        unsigned statuses[CALLERS];
    } rows[] = {
        { "/v1/line-items/" RESULT_ITEM("a"), "", { 200, 200, 404, 404, 404 } },
        { "/v1/line-items/" RESULT_ITEM("b"), "", { 200, 200, 200, 404, 404 } },
        { "/v1/line-items/" RESULT_ITEM("c"), "", { 200, 404, 404, 200, 404 } },
        { "/v1/line-items/" RESULT_ITEM("d"), "", { 404, 404, 404, 404, 404 } },
        { "/v1/line-items/x", "", { 404, 404, 404, 404, 404 } },
        { "/v1/reports/2026-06/111111111111", "", { 200, 200, 404, 404, 404 } },
        { "/v1/reports/2026-06/111111111111/222222222222", "", { 200, 200, 200, 404, 404 } },
        { "/v1/reports/2026-05/111111111111", "", { 404, 404, 404, 404, 404 } },
        { "/v1/reports/2026-06/..", "", { 404, 404, 404, 404, 404 } },
        { "/v1/periods", "", { 200, 200, 200, 200, 200 } },
        { "/v1/caller", "", { 200, 200, 200, 200, 200 } },
        { "/v1/events", "", { 200, 200, 200, 200, 200 } },
        { "/v1/state", "", { 200, 403, 403, 403, 403 } },
        { "/v1/", "", { 0, 0, 0, 0, 0 } },
        { "/v1/bills/", "", { 0, 0, 0, 0, 0 } },
    };
    struct buffer body = { 0 }, absent = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        for (size_t c = 0; c < CALLERS; c++) {
            expect_number(rows[i].path, ask(&callers[c], "GET", rows[i].path, rows[i].query, &body), rows[i].statuses[c]);
            expect_number(rows[i].path, ask(&callers[c], "HEAD", rows[i].path, rows[i].query, &absent), rows[i].statuses[c]);
            unsigned posted = ask(&callers[c], "POST", rows[i].path, rows[i].query, &absent);
            expect_number(rows[i].path, posted, rows[i].statuses[c] || rows[i].path[4] == 'l' ? 405 : 0);
            if (c != PAYER)
                expect(rows[i].path, text_contains(buffer_text(&body), TEXT("AWS bills")), false);
        }
    ask(&callers[MEMBER], "GET", "/v1/line-items/" RESULT_ITEM("a"), "", &body);
    ask(&callers[MEMBER], "GET", "/v1/line-items/" RESULT_ITEM("d"), "", &absent);
    assert_true(text_equal(buffer_text(&body), buffer_text(&absent)));
    buffer_done(&body);
    buffer_done(&absent);
}

static void a_month_names_the_one_whose_document_is_in_force(void **state)
{
    (void)state;
    struct buffer body = { 0 };
    struct document *later = document_new(TEXT("123456789012"));
    later->period = (billing_period)(period_of(0) + 12 * 60); /* 2030-01 */
    document_publish(later);
    book_put(api.book, later);
    assert_int_equal(ask(&callers[PAYER], "GET", "/v1/periods", "", &body), 200);
    assert_true(
        text_contains(buffer_text(&body), TEXT("\"document\":\"2026-06\"},{\"period\":\"2030-01\",\"state\":\"open\",")));
    assert_true(text_contains(buffer_text(&body), TEXT("\"document\":\"2030-01\"}]}")));
    buffer_done(&body);
}

static void a_question_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *path, *query;
    } rows[] = {
        { "/v1/bills", "" },
        { "/v1/bills", "period=" },
        { "/v1/bills", "period=2026-13" },
        { "/v1/bills", "period=2026-06&period=2026-06" },
        { "/v1/bills", "period=2026-06&group=%zz" },
        { "/v1/bills", "period=2026-06&group=%00" },
        { "/v1/bills", "period=2026-06&group=%ff" },
        { "/v1/bills", "period=2026-06&next=junk" },
        { "/v1/bills", "period=2026-06&next=0000000000000000000" },
        { "/v1/daily", "period=June" },
        { "/v1/line-items", "group=111111111111" },
        { "/v1/reports", "" },
    };
    struct buffer body = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        expect_number(rows[i].query, ask(&callers[PAYER], "GET", rows[i].path, rows[i].query, &body), 400);
        expect(rows[i].query, text_contains(buffer_text(&body), TEXT("\"Reason\":\"FIELD_VALIDATION_FAILED\"")), true);
    }
    buffer_done(&body);
}

static enum source_health unread(void *context)
{
    (void)context;
    return SOURCE_UNREAD;
}

static void figures_that_are_being_read_anew_are_not_shown(void **state)
{
    (void)state;
    static const struct {
        const char *path, *query;
        unsigned status;
    } rows[] = {
        { "/v1/bills", "period=2026-06", 500 },
        { "/v1/line-items/" RESULT_ITEM("a"), "", 500 },
        { "/v1/bills", "", 400 },
        { "/v1/caller", "", 200 },
        { "/v1/state", "", 200 },
    };
    struct buffer body = { 0 };
    struct source before = api.source;
    api.source.health = unread;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_number(rows[i].path, ask(&callers[PAYER], "GET", rows[i].path, rows[i].query, &body), rows[i].status);
    assert_false(text_contains(buffer_text(&body), TEXT("\"cost\"")));
    api.source = before;
    buffer_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_sees_its_rows_and_the_payer_alone_what_aws_bills),
        cmocka_unit_test(each_role_sees_its_things_and_others_are_as_good_as_absent),
        cmocka_unit_test(a_question_that_is_none_is_refused),
        cmocka_unit_test(a_month_names_the_one_whose_document_is_in_force),
        cmocka_unit_test(figures_that_are_being_read_anew_are_not_shown),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
