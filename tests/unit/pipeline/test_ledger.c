/*
 * pipeline/ledger: the sample month taken event by event, flushed now and then, must end as the batch run prices it, and
 * its line items alone must give the same ledger again; so must the store, with the line items that came after it was
 * saved, however often rows leave memory meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/intern.h"
#include "cli/documents.h"
#include "codec/usage_reader.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "log/output_dir.h"
#include "pipeline/ledger.h"
#include "pipeline/sweep.h"
#include "rate/routing.h"
#include "support/fixtures.h"
#include "support/ledger_take.h"

#define USAGE "tests/data/cur_2026-06_hourly_normalized.csv.gz"
#define PERIOD (2026 * 12 + 5)

/* Line items as the topic holds them: the last version of each id, the sum of its deltas. */
struct topic {
    struct intern ids;
    char **json; /* last value; NULL: no value */
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
    sum_add_sum(&topic->deltas[slot], &item->cost_delta);
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

static int set_up_with(size_t list_count, void **state)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonS3.json", "tests/data/pricelist/AmazonEC2.json",
                                         "tests/data/allowances/Allowances.json" };
    struct fixture *fixture = memory_new(sizeof *fixture);
    struct error error;
    if (!documents_read("tests/data/conductor.json", lists, list_count, &fixture->documents, &error))
        return 1;
    routing_init(&fixture->routing, fixture->documents.conductor, &fixture->documents.list);
    *state = fixture;
    return 0;
}

static int setup(void **state)
{
    return set_up_with(2, state);
}

/* Storage and transfer behind allowances, which several regions, accounts and hours share. */
static int set_up_with_allowances(void **state)
{
    return set_up_with(3, state);
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
    const struct periods closings = { (billing_period[]){ PERIOD }, 1, 1 };
    assert_true(sweep_open(fold, &fixture->documents.pricing, &closings, &sink, &sweep, &error));
    while (!done)
        assert_true(sweep_step(sweep, 1000, &done, &error));
    sweep_close(sweep);
    fold_free(fold);
}

struct tasks {
    const struct fixture *fixture;
    struct ledger *usage, *tier;
    struct ledger_store *stores[2];
    char directory[64];
    struct topic *topic;
    int64_t revision;
    uint64_t events;
    /* In flushes: 0 is never. */
    unsigned save_every, forget_every, reopen_every, flushes;
};

static void flush(struct tasks *tasks)
{
    struct ledger_sink sink = { tasks->topic, put, forget };
    struct error error;
    tasks->revision++;
    if (!ledger_flush(tasks->usage, tasks->revision, &sink, &error) ||
        !ledger_flush(tasks->tier, tasks->revision, &sink, &error))
        fail_msg("%s", error.message);
}

static void save(struct tasks *tasks)
{
    struct ledger_point point = { tasks->revision, 1, TEXT("{marker}"), 7 };
    struct error error;
    assert_true(ledger_save(tasks->usage, &point, &error));
    assert_true(ledger_save(tasks->tier, &point, &error));
    assert_int_equal(ledger_unsaved_rows(tasks->usage), 0);
}

static void open_ledger(struct tasks *tasks, enum task_kind kind, struct ledger **ledger)
{
    struct ledger_options options = { GRANULARITY_HOURLY, true, kind, kind == TASK_TIER ? 5 : 8 };
    struct rocks_options rocks = { 1024 * 1024, 1024 * 1024 };
    struct ledger_store **store = &tasks->stores[kind == TASK_TIER];
    char path[96];
    struct error error;
    snprintf(path, sizeof path, "%s/%u", tasks->directory, options.task);
    if (!ledger_store_open(path, &rocks, store, &error))
        fail_msg("%s", error.message);
    *ledger = ledger_new(&options, &tasks->fixture->documents.pricing, *store);
}

static void open_ledgers(struct tasks *tasks)
{
    open_ledger(tasks, TASK_USAGE, &tasks->usage);
    open_ledger(tasks, TASK_TIER, &tasks->tier);
}

static void close_ledgers(struct tasks *tasks)
{
    ledger_free(tasks->usage);
    ledger_free(tasks->tier);
    ledger_store_close(tasks->stores[0]);
    ledger_store_close(tasks->stores[1]);
}

static void restore(struct ledger *ledger, int64_t revision)
{
    struct ledger_point point;
    struct arena arena = { 0 };
    struct error error;
    bool found;
    if (!ledger_restore(ledger, &point, &arena, &found, &error))
        fail_msg("%s", error.message);
    assert_true(found && point.line_items_next == revision && point.version == 1 && point.time_ms == 7);
    assert_true(text_equal(point.marker, TEXT("{marker}")));
    arena_done(&arena);
}

static void restore_both(struct tasks *tasks, int64_t revision)
{
    restore(tasks->usage, revision);
    restore(tasks->tier, revision);
}

/* As after a stop, or a kill, from a store that heard of `saved` last. */
static void reopen(struct tasks *tasks, int64_t saved)
{
    close_ledgers(tasks);
    open_ledgers(tasks);
    restore_both(tasks, saved);
}

static bool is_time(const struct tasks *tasks, unsigned every)
{
    return every > 0 && tasks->flushes % every == 0;
}

static void keep_store(struct tasks *tasks)
{
    tasks->flushes++;
    if (!is_time(tasks, tasks->save_every))
        return;
    save(tasks);
    if (is_time(tasks, tasks->forget_every)) {
        ledger_forget(tasks->usage);
        ledger_forget(tasks->tier);
        assert_int_equal(ledger_row_count(tasks->usage), 0);
    }
    if (is_time(tasks, tasks->reopen_every))
        reopen(tasks, tasks->revision);
}

static void take_in_tasks(void *context, const struct usage_event *event, struct text facts)
{
    struct tasks *tasks = context;
    struct error error;
    const struct meter meter = meter_of_event(event);
    bool tiered = routing_is_tiered(&tasks->fixture->routing, &meter);
    assert_true(take_into_ledger(tiered ? tasks->tier : tasks->usage, event, facts, period_of(event->usage_start), &error));
    if (++tasks->events % 997 != 0)
        return;
    flush(tasks);
    keep_store(tasks);
}

static void open_tasks(const struct fixture *fixture, struct topic *topic, struct tasks *tasks)
{
    *tasks = (struct tasks){ .fixture = fixture, .topic = topic };
    snprintf(tasks->directory, sizeof tasks->directory, "/tmp/proforma-ledger-XXXXXX");
    assert_non_null(mkdtemp(tasks->directory));
    open_ledgers(tasks);
}

/* Flushes and walks in steps, as the close does. */
static void finish_month(struct tasks *tasks, size_t rows_max)
{
    struct error error;
    bool done = false;
    unsigned reopen_once = tasks->reopen_every;
    tasks->reopen_every = 0;
    flush(tasks);
    save(tasks);
    ledger_final_begin(tasks->tier, PERIOD);
    for (size_t step = 0; !done; step++) {
        assert_true(ledger_final_step(tasks->tier, rows_max, &done, &error));
        if (tasks->save_every == 0)
            continue;
        flush(tasks);
        keep_store(tasks);
        if (step == reopen_once && step > 0) { /* a walk that was cut off begins anew */
            save(tasks);
            reopen(tasks, tasks->revision);
            ledger_final_begin(tasks->tier, PERIOD);
        }
    }
    flush(tasks);
}

static void run_tasks(const struct fixture *fixture, struct topic *topic, const struct tasks *how, struct tasks *tasks)
{
    open_tasks(fixture, topic, tasks);
    tasks->save_every = how->save_every;
    tasks->forget_every = how->forget_every;
    tasks->reopen_every = how->reopen_every;
    each_event(take_in_tasks, tasks);
    finish_month(tasks, 100);
    flush(tasks); /* what is gone loses its value in a later transaction */
}

static void close_tasks(struct tasks *tasks)
{
    close_ledgers(tasks);
    remove_tree(tasks->directory);
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

static void assert_same_topics(const struct topic *stream, const struct topic *batch)
{
    assert_int_equal(living(stream), living(batch));
    for (size_t i = 0; i < batch->ids.count; i++) {
        uint32_t slot = intern_find(&stream->ids, intern_text(&batch->ids, (uint32_t)i));
        assert_true(slot != INTERN_NONE && stream->json[slot]);
        assert_same_line_item(stream->json[slot], batch->json[i]);
        i128 a, b;
        assert_true(sum_value(&stream->deltas[slot], &a) && sum_value(&batch->deltas[i], &b));
        assert_true(a == b);
    }
}

static void a_streamed_and_closed_month_is_the_batch_run_to_the_last_row(void **state)
{
    struct fixture *fixture = *state;
    struct topic batch = { .letters_from = LINE_ITEM_TASK_LETTERS };
    static const struct tasks ways[] = {
        { 0 },
        { .save_every = 1 },
        { .save_every = 3, .forget_every = 3 },
        { .save_every = 2, .forget_every = 4, .reopen_every = 6 },
        { .save_every = 1, .forget_every = 1, .reopen_every = 5 },
    };
    price_in_batch(fixture, &batch);
    for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
        struct topic stream = { .letters_from = LINE_ITEM_TASK_LETTERS };
        struct tasks tasks;
        run_tasks(fixture, &stream, &ways[i], &tasks);
        assert_same_topics(&stream, &batch);
        close_tasks(&tasks);
        topic_done(&stream);
    }
    topic_done(&batch);
}

/* What has been written since `revision`. */
static void replay_items(const struct topic *topic, int64_t revision, struct tasks *tasks)
{
    struct arena arena = { 0 };
    struct buffer scratch = { 0 };
    struct error error;
    for (size_t i = 0; i < topic->ids.count; i++) {
        struct line_item item;
        if (!topic->json[i] || topic->revisions[i] <= revision)
            continue;
        arena_reset(&arena);
        assert_true(json_read_record(text_of(topic->json[i]), &line_item_type, &item, &arena, &scratch, &error));
        bool tier = item.line_item_id.data[2] == 'f'; /* task 5 */
        if (!ledger_replay(tier ? tasks->tier : tasks->usage, &item, &error))
            fail_msg("%s", error.message);
    }
    arena_done(&arena);
    buffer_done(&scratch);
}

static void replay_topic(const struct topic *topic, int64_t revision, struct tasks *tasks)
{
    struct ledger *ledgers[] = { tasks->usage, tasks->tier };
    struct error error;
    uint64_t mismatches;
    replay_items(topic, revision, tasks);
    for (size_t i = 0; i < 2; i++) {
        if (!ledger_replay_done(ledgers[i], &mismatches, &error))
            fail_msg("%s", error.message);
        assert_int_equal(mismatches, 0);
    }
}

static void assert_same_totals(struct ledger *a, struct ledger *b)
{
    assert_int_equal(ledger_period_count(a), ledger_period_count(b));
    for (size_t p = 0; p < ledger_period_count(a); p++) {
        const struct totals *left = ledger_totals(a, p);
        struct totals *right = (struct totals *)ledger_totals(b, p); /* to find in */
        assert_int_equal(left->count, right->count);
        for (size_t i = 0; i < left->count; i++) {
            const struct total *one = &left->items[i];
            const struct total *other =
                totals_get(right, one->key.group, one->key.account, total_service(left, one), total_type(left, one));
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

/* Both close the month alike: what was restored has forgotten nothing. */
static void assert_close_alike(struct tasks *one, struct tasks *other)
{
    struct topic left = { 0 }, right = { 0 };
    one->topic = &left;
    other->topic = &right;
    one->revision = other->revision = 1000;
    finish_month(one, 5000);
    finish_month(other, 70);
    assert_int_equal(left.written, right.written);
    assert_true(left.written > 0);
    for (size_t i = 0; i < left.ids.count; i++) {
        uint32_t slot = intern_find(&right.ids, intern_text(&left.ids, (uint32_t)i));
        assert_true(slot != INTERN_NONE);
        assert_string_equal(left.json[i], right.json[slot]);
    }
    topic_done(&left);
    topic_done(&right);
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
    replay_topic(&topic, 0, &again);
    assert_same_totals(tasks.usage, again.usage);
    assert_same_totals(tasks.tier, again.tier);
    assert_close_alike(&tasks, &again);
    close_tasks(&tasks);
    close_tasks(&again);
    topic_done(&topic);
}

/* AWS's costs, whether they are nothing, the price list's service and the invoice's month are facts that others replay. */
static void every_fact_comes_back(void **state)
{
    struct fixture *fixture = *state;
#define BOX(...) event_with(.usage_account_id = "200000000021", __VA_ARGS__)
    const struct usage_event events[] = {
        BOX(.public_on_demand_rate = "1"),
        BOX(.public_on_demand_rate = "1", .unblended_cost = "0.9"),
        BOX(.public_on_demand_rate = "1", .net_unblended_cost = "0.8"),
        BOX(.public_on_demand_rate = "1", .unblended_cost = "0.9", .net_unblended_cost = "0"),
        BOX(.public_on_demand_rate = "1", .unblended_cost = "0"),
        BOX(.public_on_demand_cost = "1", .unblended_cost = "0"),
        BOX(.public_on_demand_rate = "0", .unblended_cost = "0"),
        BOX(.public_on_demand_rate = "1", .service_code = "AWSDataTransfer"),
        BOX(.public_on_demand_rate = "1", .billing_period = "2026-05"),
        BOX(.line_item_type = "Tax", .unblended_cost = "2", .net_unblended_cost = "1"),
    };
#undef BOX
    struct topic topic = { 0 };
    struct tasks tasks, again;
    struct buffer facts = { 0 };
    struct error error;
    open_tasks(fixture, &topic, &tasks);
    for (size_t i = 0; i < 2 * ARRAY_COUNT(events); i++) {
        const struct usage_event *event = &events[i % ARRAY_COUNT(events)];
        buffer_clear(&facts);
        facts_encode(event, &facts);
        assert_true(take_into_ledger(tasks.usage, event, buffer_text(&facts), usage_event_period(event), &error));
    }
    flush(&tasks);
    assert_int_equal(living(&topic), ARRAY_COUNT(events));
    open_tasks(fixture, &topic, &again);
    replay_topic(&topic, 0, &again);
    assert_same_totals(tasks.usage, again.usage);
    buffer_done(&facts);
    close_tasks(&tasks);
    close_tasks(&again);
    topic_done(&topic);
}

/* Takes events until the store is no longer saved, as if the process had been killed then. */
static void the_store_and_the_line_items_behind_it_give_the_same_ledger_again(void **state)
{
    struct fixture *fixture = *state;
    static const unsigned last_saves[] = { 1, 5, 9 };
    for (size_t i = 0; i < ARRAY_COUNT(last_saves); i++) {
        struct topic topic = { .letters_from = 0 };
        struct tasks tasks;
        struct tasks killed = { .fixture = fixture, .topic = &topic };
        open_tasks(fixture, &topic, &tasks);
        tasks.save_every = last_saves[i];
        tasks.flushes = 0;
        each_event(take_in_tasks, &tasks);
        flush(&tasks);
        /* The copy of a store that is open: closed, opened by the other, and rows that came since from the topic. */
        struct tasks whole;
        open_tasks(fixture, &topic, &whole);
        replay_topic(&topic, 0, &whole);
        int64_t saved = (int64_t)(tasks.flushes / last_saves[i] * last_saves[i]);
        close_ledgers(&tasks);
        memcpy(killed.directory, tasks.directory, sizeof killed.directory);
        open_ledgers(&killed);
        restore_both(&killed, saved);
        /* A replay may begin earlier than it has to. */
        replay_topic(&topic, saved > 3 ? saved - 3 : 0, &killed);
        assert_same_totals(whole.usage, killed.usage);
        assert_same_totals(whole.tier, killed.tier);
        assert_close_alike(&whole, &killed);
        close_tasks(&killed);
        close_tasks(&whole);
        topic_done(&topic);
    }
}

static void a_store_of_other_settings_is_not_taken_up(void **state)
{
    struct fixture *fixture = *state;
    struct topic topic = { 0 };
    struct tasks tasks;
    open_tasks(fixture, &topic, &tasks);
    save(&tasks);
    ledger_free(tasks.usage);
    struct ledger_options options = { GRANULARITY_DAILY, true, TASK_USAGE, 8 };
    tasks.usage = ledger_new(&options, &fixture->documents.pricing, tasks.stores[0]);
    struct ledger_point point;
    struct arena arena = { 0 };
    struct error error;
    bool found = true;
    assert_true(ledger_restore(tasks.usage, &point, &arena, &found, &error));
    assert_false(found);
    arena_done(&arena);
    close_tasks(&tasks);
    topic_done(&topic);
}

static void damaged_records_of_the_store_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        char kind;
        const char *key, *value;
    } damaged[] = {
        { LEDGER_STORE_POINT, "", "\x06\x00\x01\x02" },
        { 'g', "0123456789", "\x01" },      /* a leaf's key cut short */
        { 'g', "0123456789a", "\x01\x01" }, /* a leaf without bounds */
        { 'g', "0123456789a",
          "\x01\x01\x05\x01r\x01"
          "f" }, /* no first leaf in its bucket */
        { LEDGER_STORE_TOTAL, "short", "\x02" },
        { LEDGER_STORE_TOTAL, "0123456789a\x01g\x01s\x01t", "" },
        { LEDGER_STORE_TOTAL, "0123456789a\x07nowhere\x01s\x01t", "\x02" },
        { LEDGER_STORE_POOL, "pool", "\x02\x11" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(damaged); i++) {
        struct topic topic = { 0 };
        struct tasks tasks;
        struct ledger_point point;
        struct arena arena = { 0 };
        struct error error;
        bool found;
        open_tasks(fixture, &topic, &tasks);
        save(&tasks);
        ledger_store_put(tasks.stores[0], damaged[i].kind, text_of(damaged[i].key), text_of(damaged[i].value));
        assert_true(ledger_store_write(tasks.stores[0], &error));
        assert_false(ledger_restore(tasks.usage, &point, &arena, &found, &error));
        assert_true(ledger_store_failed(tasks.usage));
        arena_done(&arena);
        close_tasks(&tasks);
        topic_done(&topic);
    }
}

static void the_month_has_free_and_paid_parts(void **state)
{
    struct fixture *fixture = *state;
    struct topic topic = { .letters_from = LINE_ITEM_TASK_LETTERS };
    size_t free_parts = 0, paid_parts = 0;
    assert_int_equal(fixture->documents.list.allowance_count, 2);
    price_in_batch(fixture, &topic);
    for (size_t i = 0; i < topic.ids.count; i++) {
        free_parts += topic.json[i] && strstr(topic.json[i], "\"tier\":1") && strstr(topic.json[i], "\"cost\":\"0\"");
        paid_parts += topic.json[i] && strstr(topic.json[i], "\"tier\":2") && !strstr(topic.json[i], "\"cost\":\"0\"");
    }
    assert_true(free_parts > 100 && paid_parts > 100);
    topic_done(&topic);
}

/* ---- numbers at the edge ---- */

static void take_storage_as(struct tasks *tasks, const char *id, const char *resource, const char *amount,
                            const char *public_cost)
{
    struct usage_event event = event_of((struct event_texts){ .event_id = id,
                                                              .usage_account_id = "200000000021",
                                                              .product_code = "AmazonS3",
                                                              .usage_type = "EU-TimedStorage-ByteHrs",
                                                              .operation = "StandardStorage",
                                                              .resource_id = resource,
                                                              .usage_amount = amount,
                                                              .public_on_demand_cost = public_cost });
    struct buffer facts = { 0 };
    struct error error;
    facts_encode(&event, &facts);
    if (!take_into_ledger(tasks->tier, &event, buffer_text(&facts), PERIOD, &error))
        fail_msg("%s", error.message);
    buffer_done(&facts);
}

static void take_storage(struct tasks *tasks, const char *resource, const char *amount, const char *public_cost)
{
    take_storage_as(tasks, "x", resource, amount, public_cost);
}

/* Nine tenths of what a public cost can be. */
static void take_much(struct tasks *tasks, const char *resource, const char *sign)
{
    char cost[32];
    snprintf(cost, sizeof cost, "%s99999999999999", sign);
    for (unsigned i = 0; i < 9000; i++)
        take_storage(tasks, resource, "0.001", cost);
}

static size_t count_written(const struct topic *topic, const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < topic->ids.count; i++)
        count += topic->json[i] && strstr(topic->json[i], part);
    return count;
}

static void assert_written(const struct topic *topic, const char *resource, size_t count, const char *part)
{
    for (size_t i = 0; i < topic->ids.count; i++)
        if (topic->json[i] && strstr(topic->json[i], resource)) {
            if (!strstr(topic->json[i], part))
                fail_msg("%s\nlacks %s", topic->json[i], part);
            count--;
        }
    assert_int_equal(count, 0);
}

/* The same without price lists: public costs are the events' own. */
struct unlisted {
    struct fixture fixture;
    struct topic topic;
    struct tasks tasks;
};

static void open_unlisted(struct unlisted *unlisted)
{
    struct error error;
    *unlisted = (struct unlisted){ 0 };
    assert_true(documents_read("tests/data/conductor.json", NULL, 0, &unlisted->fixture.documents, &error));
    open_tasks(&unlisted->fixture, &unlisted->topic, &unlisted->tasks);
}

static void close_unlisted(struct unlisted *unlisted)
{
    close_tasks(&unlisted->tasks);
    topic_done(&unlisted->topic);
    documents_done(&unlisted->fixture.documents);
}

/* Public costs of 18 digits, which a part of a row, or the row, cannot hold for a while. */
static void rows_that_reach_past_all_digits_on_the_way_are_priced_as_what_they_end_as(void **state)
{
    (void)state;
    struct unlisted unlisted;
    struct error error;
    bool done = false;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    const struct topic *topic = &unlisted.topic;
    take_much(tasks, "a", "");
    take_storage(tasks, "other", "6000", "0");
    take_much(tasks, "a", "-"); /* from the second tier */
    take_storage(tasks, "other", "-6000", "0");
    take_much(tasks, "a", ""); /* the first tier's part alone would hold twice that */
    take_much(tasks, "b", "");
    take_much(tasks, "b", ""); /* too large as a whole */
    take_much(tasks, "b", "-");
    flush(tasks);
    assert_written(topic, "\"a\"", 1, "\"public_cost\":\"899999999999991000\"");
    assert_written(topic, "\"b\"", 1, "\"public_cost\":\"899999999999991000\"");
    ledger_final_begin(tasks->tier, PERIOD);
    while (!done)
        assert_true(ledger_final_step(tasks->tier, 100, &done, &error));
    flush(tasks);
    assert_written(topic, "\"a\"", 1, "\"public_cost\":\"899999999999991000\"");
    close_unlisted(&unlisted);
}

/* ---- rows that are taken back ---- */

static void finish(struct tasks *tasks)
{
    struct error error;
    bool done = false;
    ledger_final_begin(tasks->tier, PERIOD);
    while (!done)
        assert_true(ledger_final_step(tasks->tier, 100, &done, &error));
}

/* The second row reached the second tier only because of the first: the pool's total needs the first until the close. */
static void what_is_taken_back_leaves_its_pool_the_total_of_the_rest(void **state)
{
    (void)state;
    struct unlisted unlisted;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    const struct topic *topic = &unlisted.topic;
    take_storage(tasks, "a", "6000", "0");
    flush(tasks);
    take_storage(tasks, "b", "3000", "0");
    flush(tasks);
    save(tasks);
    take_storage_as(tasks, "proforma/correction/-1,anew/x", "a", "-6000", "0");
    flush(tasks);
    assert_written(topic, "\"a\"", 2, "TAKEN_BACK");
    assert_written(topic, "\"a\"", 2, "\"usage_events\":0");
    for (int again = 0; again < 2; again++) {
        struct total *total = ledger_totals(tasks->tier, 0)->items;
        char cost[SUM_TEXT_MAX];
        assert_int_equal(ledger_totals(tasks->tier, 0)->count, 1);
        assert_int_equal(total->usage_events, 1);
        sum_format(&total->cost, COST_SCALE, cost);
        assert_string_equal(cost, "73.5"); /* 3000 of the first tier */
        reopen(tasks, 2);                  /* what is behind the store comes from the topic */
        replay_topic(topic, 2, tasks);
    }
    flush(tasks);
    save(tasks);
    finish(tasks);
    flush(tasks);
    flush(tasks);
    assert_written(topic, "\"a\"", 0, "");
    assert_written(topic, "\"b\"", 1, "\"usage_amount\":\"3000\"");
    close_unlisted(&unlisted);
}

static void a_row_that_is_taken_back_comes_back_as_a_new_one(void **state)
{
    (void)state;
    struct unlisted unlisted;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    const struct topic *topic = &unlisted.topic;
    take_storage(tasks, "a", "100", "7");
    take_storage(tasks, "a", "100", "7");
    flush(tasks);
    take_storage_as(tasks, "proforma/correction/-2,anew/x", "a", "-200", "-14");
    flush(tasks);
    assert_written(topic, "\"a\"", 1, "\"usage_events\":0");
    flush(tasks);
    assert_written(topic, "\"a\"", 0, "");
    assert_true(total_is_nothing(ledger_totals(tasks->tier, 0)->items));
    take_storage(tasks, "a", "50", "1");
    flush(tasks);
    assert_written(topic, "\"a\"", 1, "\"public_cost\":\"1\"");
    assert_written(topic, "\"a\"", 1, "\"usage_events\":1");
    close_unlisted(&unlisted);
}

static void assert_public_cost_in_all(struct tasks *tasks, const char *expected)
{
    char cost[SUM_TEXT_MAX];
    assert_int_equal(ledger_totals(tasks->tier, 0)->count, 1);
    sum_format(&ledger_totals(tasks->tier, 0)->items->public_cost, AMOUNT_SCALE, cost);
    assert_string_equal(cost, expected);
}

/*
 * Custom tiers of 5,000 and more, published ones of 51,200 and more: what row c got of the custom one goes out at another
 * published rate than it came in at. 70,000 cost 51,200 x 0.023 + 18,800 x 0.022, 100 more 2.2 more.
 */
static void a_part_of_no_quantity_keeps_what_its_public_cost_is_until_the_close(void **state)
{
    static const struct {
        const char *before, *back, *id, *total, *end, *c_at_the_end;
        size_t parts;
    } rows[] = {
        { "0", "-1000", "proforma/correction/-2,anew/x", "1591.2", "69.23", "\"usage_amount\":\"10\"", 1 },
        { "100", "-1000", "x", "1593.4", "71.53", "\"usage_amount\":\"110\"", 2 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct topic topic = { .letters_from = 0 };
        struct tasks tasks, again;
        open_tasks(*state, &topic, &tasks);
        take_storage(&tasks, "c", rows[i].before, "0"); /* in the first tier */
        take_storage(&tasks, "a", "10000", "0");
        take_storage(&tasks, "c", "1000", "0");
        take_storage(&tasks, "b", "60000", "0");
        flush(&tasks);
        save(&tasks);
        take_storage_as(&tasks, rows[i].id, "c", rows[i].back, "0");
        flush(&tasks);
        flush(&tasks);
        assert_int_equal(count_written(&topic, "\"c\""), rows[i].parts);
        assert_int_equal(count_written(&topic, "\"public_cost\":\"1\""), 1);
        assert_int_equal(count_written(&topic, "TAKEN_BACK"), i == 0);
        assert_public_cost_in_all(&tasks, rows[i].total);
        open_tasks(*state, &topic, &again); /* from line items alone, and from those behind the store */
        replay_topic(&topic, 0, &again);
        assert_same_totals(tasks.tier, again.tier);
        assert_int_equal(ledger_dirty_count(again.tier), 0); /* nothing counts as gone */
        close_tasks(&again);
        reopen(&tasks, 1);
        replay_topic(&topic, 1, &tasks);
        assert_public_cost_in_all(&tasks, rows[i].total);
        take_storage(&tasks, "b", "-67000", "0");
        take_storage(&tasks, "c", "10", "0"); /* in the first tier: the part of the second stands as it was */
        flush(&tasks);
        assert_public_cost_in_all(&tasks, rows[i].end);
        save(&tasks);
        finish(&tasks);
        flush(&tasks);
        flush(&tasks);
        assert_public_cost_in_all(&tasks, rows[i].end);
        assert_written(&topic, "\"c\"", 1, rows[i].c_at_the_end);
        close_tasks(&tasks);
        topic_done(&topic);
    }
}

/* Whoever writes what he likes: no sum is lost, and a restart finds what was there. */
static void corrections_that_cannot_be_lose_nothing(void **state)
{
    (void)state;
    struct unlisted unlisted;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    const struct topic *topic = &unlisted.topic;
    take_storage(tasks, "a", "6000", "0");
    flush(tasks);
    save(tasks);
    take_storage_as(tasks, "proforma/correction/-1/x", "a", "0", "0");
    take_storage_as(tasks, "proforma/correction/-999999999999,anew,without-amount/x", "b", "5", "0");
    take_storage_as(tasks, "proforma/correction/-3,free/x", "c", "0", "0"); /* of nothing */
    flush(tasks);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(ledger_totals(tasks->tier, 0)->items[0].usage_events, 2);
        assert_written(topic, "\"a\"", 2, "AmazonS3");
        assert_written(topic, "\"b\"", 1, "\"usage_events\":1");
        assert_written(topic, "\"c\"", 0, "");
        reopen(tasks, 1);
        replay_topic(topic, 1, tasks);
    }
    close_unlisted(&unlisted);
}

/* ---- parts that come to nothing ---- */

/* The store remembers that an id is to lose its value; behind it the topic says that it has one again. */
static void a_part_that_came_back_behind_the_store_keeps_its_line_item(void **state)
{
    (void)state;
    struct unlisted unlisted;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    const struct topic *topic = &unlisted.topic;
    take_storage(tasks, "a", "6000", "0");
    flush(tasks);
    take_storage(tasks, "a", "-2000", "0"); /* the second tier's part is nothing now */
    flush(tasks);
    save(tasks);
    take_storage(tasks, "a", "2000", "0");
    flush(tasks);
    assert_int_equal(living(topic), 2);
    reopen(tasks, 2);
    replay_topic(topic, 2, tasks);
    flush(tasks);
    assert_int_equal(living(topic), 2);
    close_unlisted(&unlisted);
}

/* The process ends between the line item that comes to nothing and its deletion. */
static void a_part_that_came_to_nothing_before_a_restart_is_deleted_after_it(void **state)
{
    (void)state;
    struct unlisted unlisted;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    const struct topic *topic = &unlisted.topic;
    take_storage(tasks, "a", "6000", "0");
    flush(tasks);
    save(tasks);
    take_storage(tasks, "a", "-2000", "0");
    flush(tasks);
    assert_int_equal(living(topic), 2);
    reopen(tasks, 1);
    replay_topic(topic, 1, tasks);
    flush(tasks);
    assert_int_equal(living(topic), 1);
    close_unlisted(&unlisted);
}

/* Compaction keeps that a value is gone longer than what it came to; then the store must not be believed. */
static void a_value_that_is_gone_is_believed_only_with_what_it_came_to(void **state)
{
    (void)state;
    for (int compacted = 0; compacted < 2; compacted++) {
        struct unlisted unlisted;
        open_unlisted(&unlisted);
        struct tasks *tasks = &unlisted.tasks;
        struct topic *topic = &unlisted.topic;
        take_storage(tasks, "a", "6000", "0");
        flush(tasks);
        save(tasks);
        take_storage(tasks, "a", "-2000", "0");
        flush(tasks);
        reopen(tasks, 1);
        uint32_t gone = 0;
        while (!strstr(topic->json[gone], "\"cost\":\"0\""))
            gone++;
        char *zero = topic->json[gone];
        if (compacted)
            topic->json[gone] = NULL;
        replay_items(topic, 1, tasks);
        topic->json[gone] = zero;
        assert_true(ledger_replay_gone(tasks->tier, intern_text(&topic->ids, gone)) == !compacted);
        close_unlisted(&unlisted);
    }
}

/* A row of nothing is one all the same: that its value is gone does not follow from it. */
static void a_row_of_zeros_does_not_say_that_its_value_will_go(void **state)
{
    (void)state;
    struct unlisted unlisted;
    struct error error;
    bool contradicted = false;
    open_unlisted(&unlisted);
    struct tasks *tasks = &unlisted.tasks;
    take_storage(tasks, "b", "1", "0");
    flush(tasks);
    save(tasks);
    take_storage(tasks, "a", "0", "0");
    flush(tasks);
    reopen(tasks, 1);
    replay_topic(&unlisted.topic, 1, tasks);
    assert_false(ledger_replay_gone(tasks->tier, intern_text(&unlisted.topic.ids, 1)));
    assert_true(ledger_replay_contradicted(tasks->tier, &contradicted, &error));
    assert_true(contradicted);
    close_unlisted(&unlisted);
}

/* Compaction may take what a row came to behind what a replay has read: only that its value is gone is left. */
static void a_row_that_has_lost_its_value_behind_what_was_read_is_found(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *name;
        bool gone_first, in_store, unknown, found;
    } rows[] = {
        { "in memory", false, false, false, true },
        { "in the store", false, true, false, true },
        { "its value comes behind", true, false, false, false },
        { "in the store, its value comes behind", true, true, false, false },
        { "an id that no row has", false, false, true, false },
        { "in the store, an id that no row has", false, true, true, false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct topic topic = { .letters_from = 0 };
        struct tasks tasks, again;
        struct error error;
        bool contradicted = false;
        open_tasks(fixture, &topic, &tasks);
        each_event(take_in_tasks, &tasks);
        flush(&tasks);
        open_tasks(fixture, &topic, &again);
        uint32_t slot = (uint32_t)topic.ids.count / 2;
        struct text id = rows[i].unknown ? TEXT("aaibcdefghijklmnopqrstuvwx") : intern_text(&topic.ids, slot);
        struct ledger *ledger = id.data[2] == 'f' ? again.tier : again.usage;
        if (rows[i].gone_first)
            assert_false(ledger_replay_gone(ledger, id));
        replay_items(&topic, 0, &again);
        if (!rows[i].gone_first)
            assert_false(ledger_replay_gone(ledger, id));
        if (rows[i].in_store) {
            save(&again);
            ledger_forget(ledger);
        }
        assert_true(ledger_replay_contradicted(ledger, &contradicted, &error));
        if (contradicted != rows[i].found)
            fail_msg("%s", rows[i].name);
        close_tasks(&tasks);
        close_tasks(&again);
        topic_done(&topic);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_streamed_and_closed_month_is_the_batch_run_to_the_last_row),
        cmocka_unit_test(line_items_alone_give_the_same_ledger_again),
        cmocka_unit_test(every_fact_comes_back),
        cmocka_unit_test(the_store_and_the_line_items_behind_it_give_the_same_ledger_again),
        cmocka_unit_test(a_store_of_other_settings_is_not_taken_up),
        cmocka_unit_test(a_row_that_has_lost_its_value_behind_what_was_read_is_found),
        cmocka_unit_test(damaged_records_of_the_store_are_refused),
        cmocka_unit_test(a_part_that_came_back_behind_the_store_keeps_its_line_item),
        cmocka_unit_test(a_part_that_came_to_nothing_before_a_restart_is_deleted_after_it),
        cmocka_unit_test(a_value_that_is_gone_is_believed_only_with_what_it_came_to),
        cmocka_unit_test(a_row_of_zeros_does_not_say_that_its_value_will_go),
        cmocka_unit_test(what_is_taken_back_leaves_its_pool_the_total_of_the_rest),
        cmocka_unit_test(a_row_that_is_taken_back_comes_back_as_a_new_one),
        cmocka_unit_test(a_part_of_no_quantity_keeps_what_its_public_cost_is_until_the_close),
        cmocka_unit_test(corrections_that_cannot_be_lose_nothing),
        cmocka_unit_test(rows_that_reach_past_all_digits_on_the_way_are_priced_as_what_they_end_as),
    };
    const struct CMUnitTest with_allowances[] = {
        cmocka_unit_test(the_month_has_free_and_paid_parts),
        cmocka_unit_test(a_streamed_and_closed_month_is_the_batch_run_to_the_last_row),
        cmocka_unit_test(line_items_alone_give_the_same_ledger_again),
        cmocka_unit_test(the_store_and_the_line_items_behind_it_give_the_same_ledger_again),
    };
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    return failed + cmocka_run_group_tests(with_allowances, set_up_with_allowances, teardown);
}
