/* api/events: what a stream tells, in which order, and when. */
#include "support/unit.h"

#include "api/events.h"

static enum source_health health;

static enum source_health health_now(void *context)
{
    (void)context;
    return health;
}

static void expect_read(struct event_stream *stream, const char *wanted)
{
    char out[4096];
    long size = event_stream_read(stream, out, sizeof out - 1);
    assert_true(size >= 0);
    out[size] = '\0';
    assert_string_equal(out, wanted);
}

static void a_stream_tells_first_and_at_each_change_whether_what_is_shown_is_of_now(void **state)
{
    (void)state;
    struct book *book = book_new(TEXT("123456789012"));
    const struct source source = { .health = health_now };
    const struct caller payer = { .is_payer = true };
    struct events *events = events_new(book, &source);
    health = SOURCE_UNREAD;
    struct event_stream *stream = event_stream_new(events, &payer, 0);
    expect_read(stream, "retry: 2000\n\nevent: state\ndata: {\"health\":\"unread\"}\n\n");
    expect_read(stream, "");
    health = SOURCE_READY;
    events_add(events, TEXT("2026-06"), TEXT("a"));
    expect_read(stream, "event: state\ndata: {\"health\":\"ready\"}\n\n"
                        "id: 1\nevent: bill\ndata: {\"period\":\"2026-06\",\"group\":\"a\"}\n\n");
    events_add(events, TEXT("2026-06"), TEXT("b"));
    expect_read(stream, "id: 2\nevent: bill\ndata: {\"period\":\"2026-06\",\"group\":\"b\"}\n\n");
    health = SOURCE_AWAY;
    expect_read(stream, "event: state\ndata: {\"health\":\"away\"}\n\n");
    expect_read(stream, "");
    event_stream_free(stream);
    events_free(events);
    book_free(book);
}

static void a_stream_that_goes_on_tells_what_came_since(void **state)
{
    (void)state;
    struct book *book = book_new(TEXT("123456789012"));
    const struct source source = { .health = health_now };
    const struct caller payer = { .is_payer = true };
    struct events *events = events_new(book, &source);
    health = SOURCE_READY;
    events_add(events, TEXT("2026-06"), TEXT("a"));
    events_add(events, TEXT("2026-06"), TEXT("b"));
    struct event_stream *stream = event_stream_new(events, &payer, 1);
    expect_read(stream, "retry: 2000\n\nevent: state\ndata: {\"health\":\"ready\"}\n\n"
                        "id: 2\nevent: bill\ndata: {\"period\":\"2026-06\",\"group\":\"b\"}\n\n");
    event_stream_free(stream);
    events_free(events);
    book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_tells_first_and_at_each_change_whether_what_is_shown_is_of_now),
        cmocka_unit_test(a_stream_that_goes_on_tells_what_came_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
