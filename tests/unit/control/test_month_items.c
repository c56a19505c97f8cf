/* control/month_items: what a group is charged in a closed month comes back as it was written, and only when it may change.
 */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>

#include "control/month_items.h"
#include "period/custom_line_items.h"
#include "support/fixtures.h"

#define JUNE (2026 * 12 + 5)

static void read_sample(struct conductor **conductor)
{
    struct problems problems = { 0 };
    struct input *input;
    struct error error;
    if (!input_open("tests/data/conductor.json", &input, &error) || !conductor_read(input, conductor, &problems, &error))
        fail_msg("%s", error.message);
    input_close(input);
    problems_done(&problems);
    (*conductor)->version = 7;
}

static void read_back(struct text value, struct conductor **conductor)
{
    struct error error;
    if (!month_items_read(value, conductor, &error))
        fail_msg("%.*s: %s", TEXT_ARGS(value), error.message);
}

/* Rows of two services, so that percentages and filters have a base. */
static void fill_totals(const struct conductor *conductor, uint32_t group, struct totals *totals)
{
    static const char *const services[] = { "AmazonEC2", "AmazonS3", "AmazonRoute53" };
    for (size_t i = 0; i < ARRAY_COUNT(services); i++) {
        struct total *total = totals_get(totals, group, account_parse(conductor->groups[group].primary_account),
                                         text_of(services[i]), TEXT("Usage"));
        total->charged_rows = 1;
        sum_add(&total->cost, (i128)(i + 1) * 12345 * decimal_power(COST_SCALE - 2));
    }
    totals_sort(totals);
}

static void a_group_is_charged_the_same_by_what_comes_back(void **state)
{
    (void)state;
    struct conductor *conductor, *back;
    size_t charges = 0;
    read_sample(&conductor);
    for (uint32_t group = 0; group < conductor->group_count; group++) {
        struct buffer key = { 0 }, value = { 0 };
        struct totals totals = { 0 }, of_back = { 0 };
        struct custom_charges expected = { 0 }, found = { 0 };
        month_items_write(conductor, group, JUNE, &key, &value);
        read_back(buffer_text(&value), &back);
        fill_totals(conductor, group, &totals);
        fill_totals(back, 0, &of_back);
        custom_charges_compute(conductor, group, JUNE, &totals, 0, totals.count, &expected);
        custom_charges_compute(back, 0, JUNE, &of_back, 0, of_back.count, &found);
        assert_int_equal(found.count, expected.count);
        for (size_t i = 0; i < expected.count; i++) {
            const struct custom_charge *a = &found.items[i], *b = &expected.items[i];
            assert_true(text_equal(a->service, b->service) && text_equal(a->type, b->type) && a->account == b->account &&
                        a->cost == b->cost && text_equal(a->of_service, b->of_service));
            assert_true(text_equal(back->custom_line_items[a->item].id, conductor->custom_line_items[b->item].id));
            assert_true(
                text_equal(back->custom_line_items[a->item].description, conductor->custom_line_items[b->item].description));
        }
        charges += expected.count;
        assert_true(text_equal(back->groups[0].payer, conductor->groups[group].payer));
        assert_true(text_equal(back->plans[0].id, conductor->plans[conductor->groups[group].plan].id));
        assert_string_equal(back->hash, conductor->hash);
        assert_int_equal(back->version, 7);
        custom_charges_done(&expected);
        custom_charges_done(&found);
        totals_done(&totals);
        totals_done(&of_back);
        conductor_done(back);
        free(back);
        buffer_done(&key);
        buffer_done(&value);
    }
    assert_true(charges >= 3);
    conductor_done(conductor);
    free(conductor);
}

static void what_is_no_such_record_is_refused(void **state)
{
    (void)state;
    struct conductor *conductor, *back;
    struct buffer key = { 0 }, value = { 0 };
    struct error error;
    read_sample(&conductor);
    month_items_write(conductor, 0, JUNE, &key, &value);
    for (size_t size = 0; size < value.size; size++)
        assert_false(month_items_read((struct text){ value.data, size }, &back, &error));
    static const char *const damaged[] = {
        "[]", "{}", "{\"currency\":1}", "{\"version\":1,\"document\":\"\",\"currency\":\"USD\",\"group\":{},\"items\":[]}"
    };
    for (size_t i = 0; i < ARRAY_COUNT(damaged); i++)
        assert_false(month_items_read(text_of(damaged[i]), &back, &error));
    expect_text("key", buffer_text(&key), "2026-06/items/200000000011");
    buffer_done(&key);
    buffer_done(&value);
    conductor_done(conductor);
    free(conductor);
}

static void put(struct conductor_topic *topic, const char *key, const char *value)
{
    struct error error;
    struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = text_of(key), .value = text_of(value), .offset = 4 };
    if (!conductor_topic_take(topic, &record, &error))
        fail_msg("%s: %s", key, error.message);
}

static void only_the_month_that_was_closed_last_changes(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        billing_period close, closed, document, period; /* 0: none */
        const char *refusal;
    } rows[] = {
        { "no month is closed", 0, 0, JUNE, JUNE, "2026-06 is not closed" },
        { "an earlier one is", JUNE - 1, JUNE - 1, JUNE - 1, JUNE, "2026-06 is not closed" },
        { "it is being closed", JUNE, 0, JUNE, JUNE, "2026-06 is being closed" },
        { "it is closed", JUNE, JUNE, JUNE, JUNE, NULL },
        { "under a document of every month", JUNE, JUNE, PERIOD_NONE, JUNE, NULL },
        { "under an older document", JUNE, JUNE, JUNE - 3, JUNE, NULL },
        { "under a later document", JUNE, JUNE, JUNE + 1, JUNE, "the document is for 2026-07 and later" },
        { "a later one is closed", JUNE + 1, JUNE + 1, JUNE, JUNE, "2026-06 is closed for good" },
    };
    struct conductor *conductor;
    read_sample(&conductor);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct conductor_topic *topic = conductor_topic_new();
        struct conductor_changes changes;
        struct error error = { 0 };
        char month[TIME_TEXT_MAX], key[64], value[128];
        period_format(rows[i].close, month);
        snprintf(key, sizeof key, "%s/close/x", month);
        snprintf(value, sizeof value, "{\"period\":\"%s\",\"version\":4,\"offsets\":[1]}", month);
        if (rows[i].close)
            put(topic, key, value);
        snprintf(key, sizeof key, "%s/closed/0", month);
        if (rows[i].closed)
            put(topic, key, "{\"tasks\":1}");
        conductor->period = rows[i].document;
        bool can = month_items_changes(topic, conductor, rows[i].period, &changes, &error);
        if (can != !rows[i].refusal || (!can && !strstr(error.message, rows[i].refusal)))
            fail_msg("%s: %s", rows[i].what, can ? "it changes" : error.message);
        conductor_changes_done(&changes);
        conductor_topic_free(topic);
    }
    conductor_done(conductor);
    free(conductor);
}

static void what_is_known_already_is_no_change(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    struct conductor *conductor;
    struct conductor_changes changes;
    struct error error;
    read_sample(&conductor);
    put(topic, "2026-06/close/x", "{\"period\":\"2026-06\",\"version\":4,\"offsets\":[1]}");
    put(topic, "2026-06/closed/0", "{\"tasks\":1}");
    assert_true(month_items_changes(topic, conductor, JUNE, &changes, &error));
    assert_int_equal(changes.count, conductor->group_count);
    assert_int_equal(conductor_topic_items_offset(topic), OFFSET_NONE);
    for (size_t i = 0; i < changes.count; i++) {
        struct stream_record record = {
            .topic = STREAM_CONDUCTOR, .key = changes.items[i].key, .value = changes.items[i].value, .offset = 9
        };
        assert_true(conductor_topic_take(topic, &record, &error));
    }
    conductor_changes_done(&changes);
    assert_int_equal(conductor_topic_items_offset(topic), 9);
    conductor->version = 99; /* another document with the same items */
    conductor->hash[0] = conductor->hash[0] == '0' ? '1' : '0';
    assert_true(month_items_changes(topic, conductor, JUNE, &changes, &error));
    assert_int_equal(changes.count, 0);
    conductor_changes_done(&changes);
    put(topic, "2026-05/items/g", "{}"); /* of a month that is closed for good */
    assert_true(month_items_changes(topic, conductor, JUNE, &changes, &error));
    assert_int_equal(changes.count, 0);
    conductor_changes_done(&changes);
    conductor->custom_line_items[0].value++;
    assert_true(month_items_changes(topic, conductor, JUNE, &changes, &error));
    assert_int_equal(changes.changed, 1);
    assert_int_equal(changes.count, 2);
    expect_text("what goes", changes.items[1].key, "2026-05/items/g");
    assert_int_equal(changes.items[1].value.size, 0);
    conductor_changes_done(&changes);
    conductor_topic_free(topic);
    conductor_done(conductor);
    free(conductor);
}

#define RECORD(items) "{\"version\":1,\"currency\":\"USD\",\"group\":{},\"items\":[" items "]}"
#define ITEM(id, value, of) "{\"id\":\"" id "\",\"value\":\"" value "\",\"of_items\":[" of "]}"

static void some_items_are_taken_from_another_record(void **state)
{
    (void)state;
    static const struct {
        const char *what, *ids, *base, *changed, *merged;
    } rows[] = {
        { "none", "{}", RECORD(ITEM("a", "1", "")), RECORD(ITEM("b", "2", "")), RECORD(ITEM("a", "1", "")) },
        { "one more", "{\"b\":\"g\"}", RECORD(ITEM("a", "1", "")), RECORD(ITEM("a", "9", "") "," ITEM("b", "2", "")),
          RECORD(ITEM("a", "1", "") "," ITEM("b", "2", "")) },
        { "one changed", "{\"a\":\"g\"}", RECORD(ITEM("a", "1", "") "," ITEM("b", "2", "")), RECORD(ITEM("a", "9", "")),
          RECORD(ITEM("b", "2", "") "," ITEM("a", "9", "")) },
        { "one gone, which a percentage counted", "{\"a\":\"g\"}",
          RECORD(ITEM("a", "1", "") "," ITEM("p", "5", "\"a\",\"b\"") "," ITEM("b", "2", "")), RECORD(""),
          RECORD(ITEM("p", "5", "\"b\"") "," ITEM("b", "2", "")) },
    };
    struct error error;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer merged = { 0 };
        json_error_t reason;
        json_t *ids = json_loads(rows[i].ids, 0, &reason);
        assert_true(month_items_merge(text_of(rows[i].base), text_of(rows[i].changed), ids, &merged, &error));
        expect_text(rows[i].what, buffer_text(&merged), rows[i].merged);
        assert_false(month_items_merge(TEXT("{"), text_of(rows[i].changed), ids, &merged, &error));
        assert_false(month_items_merge(text_of(rows[i].base), TEXT_NONE, ids, &merged, &error));
        json_decref(ids);
        buffer_done(&merged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_charged_the_same_by_what_comes_back),
        cmocka_unit_test(what_is_no_such_record_is_refused),
        cmocka_unit_test(only_the_month_that_was_closed_last_changes),
        cmocka_unit_test(some_items_are_taken_from_another_record),
        cmocka_unit_test(what_is_known_already_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
