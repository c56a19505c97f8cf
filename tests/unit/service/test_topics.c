/*
 * service/topics: records of a log in memory into the view: what is newer takes its place, what is deleted goes; a view goes
 * on, or is made anew; who is away.
 */
#include "support/topics_fixture.h"

#include <time.h>

static void add(enum stream_topic topic, const char *key, const char *value, const char *reason)
{
    memory_log_add(topic, key, value, reason, 0);
}

/* ---- records ---- */

#define BILL(group, month, cost)                                                                                         \
    "{\"billing_group\":\"" group "\",\"billing_period\":\"" month "\",\"usage_account_id\":\"\",\"product_code\":\"\"," \
    "\"line_item_type\":\"\",\"usage_events\":1,\"public_cost\":\"0\",\"cost\":\"" cost                                  \
    "\",\"billable_cost\":\"0\",\"tax\":\"0\",\"margin\":\"0\",\"currency\":\"USD\",\"as_of\":\"2026-07-01T00:00:00Z\"}"
#define ITEM "aaaaaaaaaaaaaaaaaaaaaaaaab"
#define LINE(month, cost)                                                                                              \
    "{\"line_item_id\":\"" ITEM "\",\"status\":\"CHARGED\",\"revision\":1,\"billing_period\":\"" month                 \
    "\",\"usage_start\":\"2026-06-02T00:00:00Z\",\"payer_account_id\":\"123456789012\",\"usage_account_id\":"          \
    "\"111111111111\","                                                                                                \
    "\"billing_entity\":\"AWS\",\"line_item_type\":\"Usage\",\"product_code\":\"EC2\",\"currency\":\"USD\",\"billing_" \
    "group\":"                                                                                                         \
    "\"g\",\"usage_amount\":\"1\",\"usage_events\":1,\"cost\":\"" cost "\",\"billable_cost\":\"0\"}"

static struct topics *open_topics(void)
{
    const struct topics_options options = topics_options_of_test();
    return topics_open_with(&options);
}

/* The cost of a bill or item as text, "" if there is none. */
static const char *cost_of(struct topics *topics, const char *month, const char *group)
{
    static char cost[64];
    struct buffer json = { 0 };
    struct error error;
    bool found;
    assert_true(group ? view_fetch_bill(topics_view(topics), month, text_of(group), TEXT_NONE, TEXT_NONE, TEXT_NONE, &json,
                                        &found, &error)
                      : view_fetch_line_item(topics_view(topics), TEXT(ITEM), &json, &found, &error));
    if (found)
        buffer_append_byte(&json, '\0');
    const char *at = found ? memmem(json.data, json.size, "\"cost\":\"", 8) : NULL;
    cost[0] = '\0';
    if (at)
        sscanf(at + 8, "%63[0-9.]", cost);
    buffer_done(&json);
    return cost;
}

static void records_are_in_the_view_when_it_is_open_the_latest_of_each_key(void **state)
{
    (void)state;
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "1"), NULL);
    add(STREAM_BILLS, "h/2026-06///", BILL("h", "2026-06", "5"), NULL);
    add(STREAM_LINE_ITEMS, ITEM, LINE("2026-06", "7"), NULL);
    add(STREAM_LINE_ITEMS, "#1", NULL, NULL); /* no marker, and no line item */
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "2"), NULL);
    add(STREAM_BILLS, "h/2026-06///", NULL, NULL);
    add(STREAM_BILLS, "x", "no bill at all", NULL);
    struct topics *topics = open_topics();
    assert_string_equal(cost_of(topics, "2026-06", "g"), "2");
    assert_string_equal(cost_of(topics, "2026-06", "h"), "");
    assert_string_equal(cost_of(topics, "2026-06", NULL), "7");
    topics_close(topics);
}

static void a_view_goes_on_where_it_ended_and_is_made_anew_when_it_is_gone(void **state)
{
    (void)state;
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "1"), NULL);
    add(STREAM_LINE_ITEMS, ITEM, LINE("2026-06", "7"), NULL);
    topics_close(open_topics());
    assert_int_equal(memory_log.handed_over, 2);
    add(STREAM_LINE_ITEMS, ITEM, NULL, NULL);
    struct topics *topics = open_topics();
    assert_int_equal(memory_log.handed_over, 3); /* only what was new */
    assert_string_equal(cost_of(topics, "2026-06", "g"), "1");
    assert_string_equal(cost_of(topics, "2026-06", NULL), "");
    topics_close(topics);
    remove_tree(scratch_path("view"));
    topics = open_topics();
    assert_int_equal(memory_log.handed_over, 6);
    assert_string_equal(cost_of(topics, "2026-06", "g"), "1");
    topics_close(topics);
}

static void dead_letters_are_counted_by_reason_over_restarts(void **state)
{
    (void)state;
    static const char *const expected[] = { "\"reason\":\"FUTURE\",\"count\":1", "\"reason\":\"MALFORMED\",\"count\":2",
                                            "\"reason\":\"unknown\",\"count\":1" };
    add(STREAM_DEAD_LETTERS, "", "a", "MALFORMED");
    add(STREAM_DEAD_LETTERS, "", "b", "FUTURE");
    topics_close(open_topics());
    add(STREAM_DEAD_LETTERS, "", "c", "MALFORMED");
    add(STREAM_DEAD_LETTERS, "", "d", NULL);
    struct topics *topics = open_topics();
    struct source source = topics_source(topics);
    struct buffer out = { 0 };
    struct error error;
    assert_true(source.state(source.context, &out, &error));
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
        expect(expected[i], text_contains(buffer_text(&out), text_of(expected[i])), true);
    buffer_done(&out);
    topics_close(topics);
}

static void wait_until(struct topics *topics, enum source_health wanted)
{
    struct source source = topics_source(topics);
    while (source.health(source.context) != wanted)
        usleep(1000);
}

static void a_view_that_fails_or_is_deleted_while_it_is_read_is_made_anew(void **state)
{
    (void)state;
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "1"), NULL);
    struct topics *topics = open_topics();
    remove_tree(scratch_path("view"));
    topics_start(topics);
    while (!path_exists(scratch_path("view/CURRENT")))
        usleep(1000);
    wait_until(topics, SOURCE_READY);
    assert_string_equal(cost_of(topics, "2026-06", "g"), "1");
    topics_stop(topics);
    assert_true(memory_log.opened >= 2);
    topics_close(topics);
}

/* Reads on while the bill of g comes to 3. */
static void run_to_the_end(struct topics *topics)
{
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "3"), NULL);
    topics_start(topics);
    while (strcmp(cost_of(topics, "2026-06", "g"), "3") != 0) {
        assert_int_equal(topics_source(topics).health(topics) == SOURCE_UNREAD, false);
        usleep(1000);
    }
    topics_stop(topics);
    assert_int_equal(memory_log.handed_over, 2); /* it went on where it was */
    topics_close(topics);
}

static void a_connection_that_fails_is_made_again_and_nothing_is_lost(void **state)
{
    (void)state;
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "1"), NULL);
    struct topics *topics = open_topics();
    memory_log.to_fail = 1;
    run_to_the_end(topics);
    assert_int_equal(memory_log.opened, 2);
}

/* Each try takes a second. */
static void a_view_outlives_brokers_that_cannot_be_reached_for_long(void **state)
{
    (void)state;
    add(STREAM_BILLS, "g/2026-06///", BILL("g", "2026-06", "1"), NULL);
    struct topics *topics = open_topics();
    memory_log.to_fail = 1;
    memory_log.to_refuse = 6;
    run_to_the_end(topics);
    assert_int_equal(memory_log.to_refuse, 0);
}

static void opening_ends_when_nobody_waits_for_it(void **state)
{
    (void)state;
    static const _Atomic bool stop = true;
    struct topics *topics;
    struct error error = { 0 };
    struct topics_options options = topics_options_of_test();
    options.stop = &stop;
    assert_false(topics_open(&options, &topics, &error));
    assert_int_equal(error.kind, ERROR_LATER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_in_the_view_when_it_is_open_the_latest_of_each_key, topics_set_up,
                                        topics_tear_down),
        cmocka_unit_test_setup_teardown(a_view_goes_on_where_it_ended_and_is_made_anew_when_it_is_gone, topics_set_up,
                                        topics_tear_down),
        cmocka_unit_test_setup_teardown(dead_letters_are_counted_by_reason_over_restarts, topics_set_up, topics_tear_down),
        cmocka_unit_test_setup_teardown(a_view_that_fails_or_is_deleted_while_it_is_read_is_made_anew, topics_set_up,
                                        topics_tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_fails_is_made_again_and_nothing_is_lost, topics_set_up,
                                        topics_tear_down),
        cmocka_unit_test_setup_teardown(a_view_outlives_brokers_that_cannot_be_reached_for_long, topics_set_up,
                                        topics_tear_down),
        cmocka_unit_test_setup_teardown(opening_ends_when_nobody_waits_for_it, topics_set_up, topics_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
