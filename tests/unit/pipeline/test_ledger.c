/*
 * pipeline/ledger: the sample month taken event by event, flushed now and then, must end as the batch run prices it, and
 * its line items alone must give the same ledger again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/intern.h"
#include "cli/documents.h"
#include "codec/usage_reader.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "pipeline/ledger.h"
#include "pipeline/sweep.h"
#include "rate/routing.h"

#define USAGE "tests/data/cur_2026-06_hourly_normalized.csv.gz"
#define PERIOD (2026 * 12 + 5)

/* Line items as the topic holds them: the last version of each id, the sum of its deltas. */
struct topic {
    struct intern ids;
    char **json;      /* last value; NULL: no value */
    struct sum *deltas;
    int64_t *revisions;
    size_t capacity, written;
    size_t letters_from; /* the id's first letter that counts: 0, or behind the task's */
};

static uint32_t slot_of(struct topic *topic, struct text id)
{
    struct text counted = { id.data + topic->letters_from, id.size - topic->letters_from };
    size_t before = topic->ids.count;
    uint32_t slot = intern_add(&topic->ids, counted);
    if (topic->ids.count > before && slot >= topic->capacity) {
        size_t capacity = topic->capacity ? topic->capacity * 2 : 1024;
        topic->json = memory_grow(topic->json, capacity, sizeof *topic->json);
        topic->deltas = memory_grow(topic->deltas, capacity, sizeof *topic->deltas);
        topic->revisions = memory_grow(topic->revisions, capacity, sizeof *topic->revisions);
        memset(topic->json + topic->capacity, 0, (capacity - topic->capacity) * sizeof *topic->json);
        memset(topic->deltas + topic->capacity, 0, (capacity - topic->capacity) * sizeof *topic->deltas);
        memset(topic->revisions + topic->capacity, 0, (capacity - topic->capacity) * sizeof *topic->revisions);
        topic->capacity = capacity;
    }
    return slot;
}

static bool put(void *context, const struct line_item *item, struct error *error)
{
    (void)error;
    struct topic *topic = context;
    struct buffer json = { 0 };
    uint32_t slot = slot_of(topic, item->line_item_id);
    json_write_record(&json, &line_item_type, item, JSON_ABSENT_LEFT_OUT);
    buffer_append_byte(&json, '\0');
    free(topic->json[slot]);
    topic->json[slot] = json.data;
    sum_add(&topic->deltas[slot], item->cost_delta);
    assert_true(item->revision > topic->revisions[slot]); /* once a transaction, and only growing */
    topic->revisions[slot] = item->revision;
    topic->written++;
    return true;
}

static bool forget(void *context, struct text id, struct error *error)
{
    (void)error;
    struct topic *topic = context;
    uint32_t slot = slot_of(topic, id);
    i128 left;
    assert_non_null(topic->json[slot]);
    assert_true(sum_value(&topic->deltas[slot], &left) && left == 0);
    free(topic->json[slot]);
    topic->json[slot] = NULL;
    return true;
}

static bool put_from_sweep(void *context, const struct line_item *item, uint32_t group, const struct price *price,
                           struct error *error)
{
    (void)group;
    (void)price;
    return record_has(item, LINE_ITEM_custom_line_item) || put(context, item, error);
}

static bool ignore_bill(void *context, const struct bill *bill, uint32_t group, struct error *error)
{
    (void)context;
    (void)bill;
    (void)group;
    (void)error;
    return true;
}

static void topic_done(struct topic *topic)
{
    for (size_t i = 0; i < topic->ids.count; i++)
        free(topic->json[i]);
    free(topic->json);
    free(topic->deltas);
    free(topic->revisions);
    intern_done(&topic->ids);
}

struct fixture {
    struct documents documents;
    struct routing routing;
};

static int setup(void **state)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonS3.json", "tests/data/pricelist/AmazonEC2.json" };
    struct fixture *fixture = memory_new(sizeof *fixture);
    struct error error;
    if (!documents_read("tests/data/conductor.json", lists, ARRAY_COUNT(lists), &fixture->documents, &error))
        return 1;
    routing_init(&fixture->routing, fixture->documents.conductor, &fixture->documents.list);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    routing_done(&fixture->routing);
    documents_done(&fixture->documents);
    free(fixture);
    return 0;
}

/* Hands every event of the month to `take`, in the file's order or turned around in runs. */
static void each_event(void (*take)(void *context, const struct usage_event *event, struct text facts), void *context)
{
    struct usage_reader_options options = { 256 * 1024, EXCESS_ROUND };
    struct usage_reader *reader;
    struct error error;
    struct arena arena = { 0 };
    struct buffer facts = { 0 };
    struct usage_entry entry;
    bool found;
    assert_true(usage_reader_open(USAGE, &options, &reader, &error));
    for (;;) {
        arena_reset(&arena);
        assert_true(usage_reader_next(reader, &arena, &entry, &found, &error));
        if (!found)
            break;
        assert_false(entry.refused);
        buffer_clear(&facts);
        facts_encode(&entry.event, &facts);
        take(context, &entry.event, buffer_text(&facts));
    }
    usage_reader_close(reader);
    arena_done(&arena);
    buffer_done(&facts);
}

static void take_in_fold(void *context, const struct usage_event *event, struct text facts)
{
    (void)facts;
    struct usage_entry entry = { .event = *event };
    struct refusal refusal;
    struct error error;
    assert_true(fold_take(context, &entry, &refusal, &error));
}

static void price_in_batch(const struct fixture *fixture, struct topic *topic)
{
    struct fold_options options = { GRANULARITY_HOURLY, true, 256 * 1024 * 1024 };
    struct fold *fold = fold_new(&options, NULL);
    struct sweep_sink sink = { topic, put_from_sweep, ignore_bill };
    struct sweep *sweep;
    struct error error;
    bool done = false;
    each_event(take_in_fold, fold);
    assert_true(sweep_open(fold, &fixture->documents.pricing, PERIOD, &sink, &sweep, &error));
    while (!done)
        assert_true(sweep_step(sweep, 1000, &done, &error));
    sweep_close(sweep);
    fold_free(fold);
}

struct tasks {
    const struct fixture *fixture;
    struct ledger *usage, *tier;
    struct topic *topic;
    int64_t revision;
    uint64_t events;
};

static void flush(struct tasks *tasks)
{
    struct ledger_sink sink = { tasks->topic, put, forget };
    struct error error;
    tasks->revision++;
    assert_true(ledger_flush(tasks->usage, tasks->revision, &sink, &error));
    assert_true(ledger_flush(tasks->tier, tasks->revision, &sink, &error));
}

static void take_in_tasks(void *context, const struct usage_event *event, struct text facts)
{
    struct tasks *tasks = context;
    bool tiered = routing_is_tiered(&tasks->fixture->routing, event->product_code, event->usage_type, event->operation);
    ledger_take(tiered ? tasks->tier : tasks->usage, event, facts, period_of(event->usage_start));
    if (++tasks->events % 997 == 0)
        flush(tasks);
}

static void open_tasks(const struct fixture *fixture, struct topic *topic, struct tasks *tasks)
{
    struct ledger_options usage = { GRANULARITY_HOURLY, true, TASK_USAGE, 8 }, tier = { GRANULARITY_HOURLY, true, TASK_TIER, 5 };
    *tasks = (struct tasks){ .fixture = fixture, .topic = topic };
    tasks->usage = ledger_new(&usage, &fixture->documents.pricing);
    tasks->tier = ledger_new(&tier, &fixture->documents.pricing);
}

static void run_tasks(const struct fixture *fixture, struct topic *topic, struct tasks *tasks)
{
    open_tasks(fixture, topic, tasks);
    each_event(take_in_tasks, tasks);
    flush(tasks);
    bool done = false;
    ledger_final_begin(tasks->tier, PERIOD);
    while (!done)
        ledger_final_step(tasks->tier, 100, &done);
    flush(tasks);
    flush(tasks); /* what is gone loses its value in a later transaction */
}

static void close_tasks(struct tasks *tasks)
{
    ledger_free(tasks->usage);
    ledger_free(tasks->tier);
}

/* Members that tell where and when a line item was written, not what it says. */
static void strip(struct line_item *item)
{
    static const enum line_item_field fields[] = { LINE_ITEM_line_item_id, LINE_ITEM_revision, LINE_ITEM_cost_delta };
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        item->present &= ~((uint64_t)1 << fields[i]);
    item->revision = 0;
    item->line_item_id = TEXT_NONE;
}

static void assert_same_line_item(const char *a, const char *b)
{
    const char *texts[] = { a, b };
    struct buffer json[2] = { { 0 }, { 0 } }, scratch = { 0 };
    struct arena arena = { 0 };
    struct error error;
    for (size_t i = 0; i < 2; i++) {
        struct line_item item;
        assert_true(json_read_record(text_of(texts[i]), &line_item_type, &item, &arena, &scratch, &error));
        strip(&item);
        json_write_record(&json[i], &line_item_type, &item, JSON_ABSENT_LEFT_OUT);
        buffer_append_byte(&json[i], '\0');
    }
    assert_string_equal(json[0].data, json[1].data);
    buffer_done(&json[0]);
    buffer_done(&json[1]);
    buffer_done(&scratch);
    arena_done(&arena);
}

static size_t living(const struct topic *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < topic->ids.count; i++)
        count += topic->json[i] != NULL;
    return count;
}

static void a_streamed_and_closed_month_is_the_batch_run_to_the_last_row(void **state)
{
    struct fixture *fixture = *state;
    struct topic batch = { .letters_from = LINE_ITEM_TASK_LETTERS }, stream = batch;
    struct tasks tasks;
    price_in_batch(fixture, &batch);
    run_tasks(fixture, &stream, &tasks);
    assert_int_equal(living(&stream), living(&batch));
    for (size_t i = 0; i < batch.ids.count; i++) {
        uint32_t slot = intern_find(&stream.ids, intern_text(&batch.ids, (uint32_t)i));
        assert_true(slot != INTERN_NONE && stream.json[slot]);
        assert_same_line_item(stream.json[slot], batch.json[i]);
        i128 a, b;
        assert_true(sum_value(&stream.deltas[slot], &a) && sum_value(&batch.deltas[i], &b));
        assert_true(a == b);
    }
    close_tasks(&tasks);
    topic_done(&batch);
    topic_done(&stream);
}

static void replay_topic(const struct topic *topic, struct tasks *tasks)
{
    struct arena arena = { 0 };
    struct buffer scratch = { 0 };
    struct error error;
    uint64_t mismatches;
    for (size_t i = 0; i < topic->ids.count; i++) {
        struct line_item item;
        if (!topic->json[i])
            continue;
        arena_reset(&arena);
        assert_true(json_read_record(text_of(topic->json[i]), &line_item_type, &item, &arena, &scratch, &error));
        bool tier = item.line_item_id.data[2] == 'f'; /* task 5 */
        if (!ledger_replay(tier ? tasks->tier : tasks->usage, &item, &error))
            fail_msg("%s", error.message);
    }
    struct ledger *ledgers[] = { tasks->usage, tasks->tier };
    for (size_t i = 0; i < 2; i++) {
        if (!ledger_replay_done(ledgers[i], &mismatches, &error))
            fail_msg("%s", error.message);
        assert_int_equal(mismatches, 0);
    }
    arena_done(&arena);
    buffer_done(&scratch);
}

static void assert_same_totals(struct ledger *a, struct ledger *b)
{
    assert_int_equal(ledger_period_count(a), ledger_period_count(b));
    for (size_t p = 0; p < ledger_period_count(a); p++) {
        struct totals *left = ledger_totals(a, p), *right = ledger_totals(b, p);
        assert_int_equal(left->count, right->count);
        for (size_t i = 0; i < left->count; i++) {
            const struct total *one = &left->items[i];
            const struct total *other = totals_get(right, one->key.group, one->key.account, total_service(left, one),
                                                   total_type(left, one));
            assert_int_equal(one->usage_events, other->usage_events);
            assert_int_equal(one->charged_rows, other->charged_rows);
            assert_int_equal(one->latest_end_ms, other->latest_end_ms);
            assert_memory_equal(&one->cost, &other->cost, sizeof one->cost);
            assert_memory_equal(&one->public_cost, &other->public_cost, sizeof one->public_cost);
            assert_memory_equal(&one->billable_cost, &other->billable_cost, sizeof one->billable_cost);
            assert_memory_equal(&one->tax, &other->tax, sizeof one->tax);
        }
    }
}

static void line_items_alone_give_the_same_ledger_again(void **state)
{
    struct fixture *fixture = *state;
    struct topic topic = { .letters_from = 0 };
    struct tasks tasks, again;
    open_tasks(fixture, &topic, &tasks);
    each_event(take_in_tasks, &tasks);
    flush(&tasks);
    open_tasks(fixture, &topic, &again);
    replay_topic(&topic, &again);
    assert_same_totals(tasks.usage, again.usage);
    assert_same_totals(tasks.tier, again.tier);
    /* Both close the month alike: what was replayed has forgotten nothing. */
    struct topic left = { 0 }, right = { 0 };
    struct tasks *both[] = { &tasks, &again };
    struct topic *topics[] = { &left, &right };
    for (size_t i = 0; i < 2; i++) {
        bool done = false;
        both[i]->topic = topics[i];
        both[i]->revision = 1000;
        ledger_final_begin(both[i]->tier, PERIOD);
        while (!done)
            ledger_final_step(both[i]->tier, 5000, &done);
        flush(both[i]);
    }
    assert_int_equal(left.written, right.written);
    assert_true(left.written > 0);
    for (size_t i = 0; i < left.ids.count; i++) {
        uint32_t slot = intern_find(&right.ids, intern_text(&left.ids, (uint32_t)i));
        assert_true(slot != INTERN_NONE);
        assert_string_equal(left.json[i], right.json[slot]);
    }
    close_tasks(&tasks);
    close_tasks(&again);
    topic_done(&topic);
    topic_done(&left);
    topic_done(&right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_streamed_and_closed_month_is_the_batch_run_to_the_last_row),
        cmocka_unit_test(line_items_alone_give_the_same_ledger_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
