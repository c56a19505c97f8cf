/*
 * sim/test_simulator.c: workers on a log in memory that crash, are expelled, fenced, left without an answer and refused, by
 * a seed; whatever happens, the topics must end as a batch run on the same usage prices it.
 *
 *   sim_simulator [SEED [RUNS]]     one seed again, or as many as RUNS from it on
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/hash.h"
#include "cli/documents.h"
#include "codec/json_write.h"
#include "codec/usage_reader.h"
#include "control/conductor_topic.h"
#include "observe/logging.h"
#include "pipeline/sweep.h"
#include "run/worker.h"
#include "settings/load.h"
#include "sim/memory_log.h"
#include "support/scratch.h"

#define DOCUMENT "tests/data/conductor.json"
#define USAGE "tests/data/cur_2026-06_hourly_normalized.csv.gz"
#define PERIOD (2026 * 12 + 5)
#define TAKEN_OF 9 /* one event of so many */
#define POISON_EVERY 150
#define SLOTS 3
#define ZOMBIES 4
#define CHAOS_STEPS 6000
#define CALM_STEPS 30000

static const int32_t partitions[STREAM_TOPIC_COUNT] = {
    [STREAM_USAGE] = 3, [STREAM_CONDUCTOR] = 1, [STREAM_TIERED] = 2, [STREAM_LINE_ITEMS] = 7, [STREAM_SUBTOTALS] = 2,
    [STREAM_BILLS] = 2, [STREAM_CUR] = 2,       [STREAM_CUR_MANIFESTS] = 2, [STREAM_DEAD_LETTERS] = 2,
};

/* ---- what is given and what is expected: made once ---- */

struct usage {
    char *json;
    size_t size;
    int32_t partition;
};

struct world {
    struct documents documents;
    struct settings settings;
    struct usage *usage;
    size_t usage_count, usage_capacity, poison_count;
    json_t *line_items, *bills; /* content → how often; key → bill */
    json_t *manifests;          /* of the first run */
};

static void add_usage(struct world *world, const char *json, size_t size, int32_t partition)
{
    world->usage = memory_reserve_one(world->usage, world->usage_count, &world->usage_capacity, sizeof *world->usage);
    struct usage *added = &world->usage[world->usage_count++];
    *added = (struct usage){ memory_new(size + 1), size, partition };
    memcpy(added->json, json, size);
}

static json_t *parse(const char *text, size_t size)
{
    json_error_t error;
    json_t *json = json_loadb(text, size, 0, &error);
    if (!json)
        fail_msg("%s: %.*s", error.text, (int)size, text);
    return json;
}

/* A line item without what tells where and when it was written. */
static char *content_of(json_t *item)
{
    json_t *copy = json_copy(item);
    static const char *const members[] = { "line_item_id", "revision", "cost_delta" };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        json_object_del(copy, members[i]);
    char *text = json_dumps(copy, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(copy);
    return text;
}

static void count_content(json_t *counts, json_t *item)
{
    char *text = content_of(item);
    json_int_t before = json_integer_value(json_object_get(counts, text));
    json_object_set_new(counts, text, json_integer(before + 1));
    free(text);
}

static char *bill_key(const json_t *bill)
{
    struct buffer key = { 0 };
    static const char *const members[] = { "billing_group", "billing_period", "usage_account_id", "product_code",
                                           "line_item_type" };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        const char *value = json_string_value(json_object_get(bill, members[i]));
        buffer_printf(&key, "%s/", value ? value : "");
    }
    buffer_append_byte(&key, '\0');
    return key.data;
}

static bool expect_line_item(void *context, const struct line_item *item, uint32_t group, const struct price *price,
                             struct error *error)
{
    (void)group;
    (void)price;
    (void)error;
    struct world *world = context;
    struct buffer json = { 0 };
    json_write_record(&json, &line_item_type, item, JSON_ABSENT_LEFT_OUT);
    json_t *parsed = parse(json.data, json.size);
    count_content(world->line_items, parsed);
    json_decref(parsed);
    buffer_done(&json);
    return true;
}

static bool expect_bill(void *context, const struct bill *bill, uint32_t group, struct error *error)
{
    (void)group;
    (void)error;
    struct world *world = context;
    struct buffer json = { 0 };
    json_write_record(&json, &bill_type, bill, JSON_ABSENT_LEFT_OUT);
    json_t *parsed = parse(json.data, json.size);
    char *key = bill_key(parsed);
    json_object_set_new(world->bills, key, parsed);
    free(key);
    buffer_done(&json);
    return true;
}

static void read_usage(struct world *world, struct fold *fold)
{
    struct usage_reader_options options = { 256 * 1024, EXCESS_ROUND };
    struct usage_reader *reader;
    struct arena arena = { 0 };
    struct buffer json = { 0 };
    struct error error;
    struct usage_entry entry;
    struct refusal refusal;
    bool found = true;
    assert_true(usage_reader_open(USAGE, &options, &reader, &error));
    for (size_t number = 0; found; number++) {
        arena_reset(&arena);
        assert_true(usage_reader_next(reader, &arena, &entry, &found, &error));
        if (!found || number % TAKEN_OF != 0)
            continue;
        buffer_clear(&json);
        json_write_record(&json, &usage_event_type, &entry.event, JSON_ABSENT_LEFT_OUT);
        struct text account = entry.event.usage_account_id;
        int32_t partition = (int32_t)(hash64(account.data, account.size) % (uint64_t)partitions[STREAM_USAGE]);
        add_usage(world, json.data, json.size, partition);
        assert_true(fold_take(fold, &entry, &refusal, &error));
        if (world->usage_count % POISON_EVERY == 0) {
            add_usage(world, json.data, json.size / 2, partition);
            world->poison_count++;
        }
    }
    usage_reader_close(reader);
    buffer_done(&json);
    arena_done(&arena);
}

static void load_settings(struct world *world)
{
    static const char *const sets[] = { "format=json",        "commit.interval=10ms", "bills.interval=100ms",
                                        "store.lag=1000",     "memory.limit=32MiB",   "dedup.memory=1MiB",
                                        "partitions.usage=3", "partitions.tier=2",    "partitions.bill=2" };
    struct buffer problems = { 0 };
    struct error error;
    if (!settings_load(NULL, sets, ARRAY_COUNT(sets), &world->settings, &problems, &error))
        fail_msg("%s %.*s", error.message, (int)problems.size, problems.data);
    buffer_done(&problems);
}

static int setup(void **state)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonS3.json", "tests/data/pricelist/AmazonEC2.json" };
    struct world *world = memory_new(sizeof *world);
    struct error error;
    scratch_setup(state);
    logging_set_level(getenv("SIM_LOG") ? LOGGING_DEBUG : LOGGING_ERROR);
    *state = world;
    assert_true(documents_read(DOCUMENT, lists, ARRAY_COUNT(lists), &world->documents, &error));
    world->line_items = json_object();
    world->bills = json_object();
    load_settings(world);
    struct fold_options options = { GRANULARITY_HOURLY, true, 256 * 1024 * 1024 };
    struct fold *fold = fold_new(&options, NULL);
    struct sweep_sink sink = { world, expect_line_item, expect_bill };
    struct sweep *sweep;
    bool done = false;
    read_usage(world, fold);
    assert_true(sweep_open(fold, &world->documents.pricing, PERIOD, &sink, &sweep, &error));
    while (!done)
        assert_true(sweep_step(sweep, 1000, &done, &error));
    sweep_close(sweep);
    fold_free(fold);
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < world->usage_count; i++)
        free(world->usage[i].json);
    free(world->usage);
    json_decref(world->line_items);
    json_decref(world->bills);
    json_decref(world->manifests);
    settings_done(&world->settings);
    documents_done(&world->documents);
    free(world);
    scratch_teardown(state);
    return 0;
}

/* ---- the simulation ---- */

struct process {
    struct sim *sim;
    char id[16], state_dir[160];
    struct worker *worker;
    struct stream *stream; /* NULL: it has none at the moment */
    struct worker_options options;
    struct worker_status status;
    struct kafka_settings kafka;
    _Atomic bool stop;
    bool paused;
};

struct sim {
    struct world *world;
    struct memory_log *log;
    struct fixed_schemas *schemas;
    struct wire_schemas port;
    struct process *slots[SLOTS], *zombies[ZOMBIES]; /* a zombie's slot has been given to another process of its name */
    unsigned folders, crashes, fenced, expelled, aborts, commits;
    size_t fed, *order;
    bool closed;
};

static bool open_stream(void *context, const enum stream_topic *topics, size_t topic_count, struct stream **ret_stream,
                        struct error *error)
{
    (void)topics;
    (void)topic_count;
    (void)error;
    struct process *process = context;
    memory_stream_open(process->sim->log, process->id, &process->stream);
    *ret_stream = process->stream;
    return true;
}

static int64_t sim_clock(void *context)
{
    return memory_log_now_ms(((struct process *)context)->sim->log);
}

/* An older self that still lives holds on to its folder: the new one gets another. */
static struct process *start(struct sim *sim, size_t slot, unsigned folder)
{
    struct process *process = memory_new(sizeof *process);
    process->sim = sim;
    snprintf(process->id, sizeof process->id, "p%zu", slot);
    snprintf(process->state_dir, sizeof process->state_dir, "%s-%zu-%u", scratch_path("state"), slot, folder);
    process->options = (struct worker_options){ .settings = &sim->world->settings, .kafka = &process->kafka,
                                                .schemas = &sim->port, .worker_count = 1, .state_dir = process->state_dir,
                                                .stop = &process->stop, .repair_task = -1, .open_stream = open_stream,
                                                .clock_ms = sim_clock, .port_context = process };
    process->worker = worker_new(&process->options, &process->status);
    return process;
}

static void end(struct process **process, bool crash)
{
    if (!*process)
        return;
    if (crash && (*process)->stream)
        memory_stream_crash((*process)->stream);
    (*process)->sim->aborts += (unsigned)(*process)->status.aborts;
    (*process)->sim->commits += (unsigned)(*process)->status.commits;
    worker_free((*process)->worker);
    free(*process);
    *process = NULL;
}

static void step(struct process **process)
{
    struct error error;
    enum worker_end how = worker_step((*process)->worker, &error);
    if (how == WORKER_FAILED)
        fail_msg("a worker failed: %s", error.message);
    (*process)->sim->fenced += how == WORKER_FENCED;
    /* Without an answer it would ask again; some do not live to. */
    bool dies = how == WORKER_GOES_ON && !(*process)->stream && memory_log_random((*process)->sim->log, 3) == 0;
    if (how != WORKER_GOES_ON || dies)
        end(process, dies);
}

static uint64_t dice(struct sim *sim, uint64_t sides)
{
    return memory_log_random(sim->log, sides);
}

static void feed(struct sim *sim, size_t count)
{
    for (; count > 0 && sim->fed < sim->world->usage_count; count--, sim->fed++) {
        const struct usage *usage = &sim->world->usage[sim->order[sim->fed]];
        struct text json = { usage->json, usage->size };
        memory_log_append(sim->log, STREAM_USAGE, usage->partition, TEXT_NONE, json, false);
        /* Now and then an event that came before comes again. */
        usage = &sim->world->usage[sim->order[dice(sim, sim->fed + 1)]];
        json = (struct text){ usage->json, usage->size };
        if (dice(sim, 20) == 0 && usage->json[usage->size - 1] == '}')
            memory_log_append(sim->log, STREAM_USAGE, usage->partition, TEXT_NONE, json, false);
    }
}

static void publish(struct sim *sim)
{
    struct conductor_topic *empty = conductor_topic_new();
    struct conductor_changes changes;
    struct input *input;
    struct error error;
    assert_true(input_open(DOCUMENT, &input, &error));
    assert_true(conductor_changes_compute(empty, input, sim->world->documents.conductor, &sim->world->documents.list,
                                          &changes, &error));
    for (size_t i = 0; i < changes.count; i++)
        memory_log_append(sim->log, STREAM_CONDUCTOR, 0, changes.items[i].key, changes.items[i].value,
                          changes.items[i].value.data == NULL);
    input_close(input);
    conductor_changes_done(&changes);
    conductor_topic_free(empty);
}

static void close_month(struct sim *sim)
{
    int64_t ends[8];
    struct buffer key = { 0 }, value = { 0 };
    for (int32_t p = 0; p < partitions[STREAM_USAGE]; p++)
        ends[p] = memory_log_end(sim->log, STREAM_USAGE, p);
    struct close_record record = { PERIOD, 1, ends, (size_t)partitions[STREAM_USAGE] };
    close_record_write(&record, &key, &value);
    memory_log_append(sim->log, STREAM_CONDUCTOR, 0, buffer_text(&key), buffer_text(&value), false);
    buffer_done(&key);
    buffer_done(&value);
    sim->closed = true;
}

static void crash(struct sim *sim, size_t slot)
{
    if (!sim->slots[slot])
        return;
    char folder[160];
    snprintf(folder, sizeof folder, "%s", sim->slots[slot]->state_dir);
    end(&sim->slots[slot], true);
    sim->crashes++;
    if (dice(sim, 3) == 0)
        remove_tree(folder);
}

/* It is taken for dead, and another process starts under its name while it goes on. */
static void make_zombie(struct sim *sim, size_t slot)
{
    for (size_t i = 0; i < ZOMBIES; i++) {
        if (!sim->slots[slot] || sim->zombies[i])
            continue;
        sim->zombies[i] = sim->slots[slot];
        sim->slots[slot] = start(sim, slot, ++sim->folders);
        return;
    }
}

/* One thing that may go wrong, or does not. */
static void chance(struct sim *sim)
{
    size_t slot = (size_t)dice(sim, SLOTS), zombie = (size_t)dice(sim, ZOMBIES);
    struct process *process = sim->slots[slot];
    switch (dice(sim, 1200)) {
    case 0: case 1: case 2: case 3:
        crash(sim, slot);
        break;
    case 4: case 5:
        make_zombie(sim, slot);
        break;
    case 6: case 7:
        if (process && process->stream) {
            memory_stream_expel(process->stream);
            sim->expelled++;
        }
        break;
    case 8: case 9: case 10:
        if (process)
            process->paused = !process->paused;
        break;
    case 11:
        if (process) {
            atomic_store(&process->stop, true); /* an orderly end */
            process->paused = false;
        }
        break;
    case 12: case 13: case 14: case 15: case 16: case 17: case 18: case 19:
        if (!process)
            sim->slots[slot] = start(sim, slot, 0);
        break;
    case 20: case 21: case 22: case 23:
        memory_log_expel_silent(sim->log);
        memory_log_expire_transactions(sim->log);
        break;
    case 24: case 25: case 26: case 27: case 28: case 29:
        if (sim->zombies[zombie])
            step(&sim->zombies[zombie]);
        break;
    default:
        if (process && !process->paused)
            step(&sim->slots[slot]);
        break;
    }
}

/* ---- what has to hold at the end ---- */

struct topics {
    json_t *items, *deltas, *revisions, *bills, *manifests, *cur; /* by key, or by report */
    size_t dead;
};

static void take_delta(struct topics *topics, const char *key, const json_t *item)
{
    i128 before = 0, delta;
    char sum[DECIMAL_TEXT_MAX], seen[96];
    const json_t *known = json_object_get(topics->deltas, key);
    if (known)
        assert_int_equal(decimal_parse(text_of(json_string_value(known)), COST_SCALE, &before), DECIMAL_EXACT);
    assert_int_equal(decimal_parse(text_of(json_string_value(json_object_get(item, "cost_delta"))), COST_SCALE, &delta),
                     DECIMAL_EXACT);
    decimal_format(before + delta, COST_SCALE, sum);
    json_object_set_new(topics->deltas, key, json_string(sum));
    snprintf(seen, sizeof seen, "%s@%lld", key, json_integer_value(json_object_get(item, "revision")));
    if (json_object_get(topics->revisions, seen))
        fail_msg("revision %s comes twice", seen);
    json_object_set_new(topics->revisions, seen, json_true());
}

static void take_line_item(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    char key[64];
    snprintf(key, sizeof key, "%.*s", TEXT_ARGS(record->key));
    if (record->is_null) {
        json_object_del(topics->items, key);
        return;
    }
    json_t *item = parse(record->value.data, record->value.size);
    if (strcmp(json_string_value(json_object_get(item, "status")), "MARKER") == 0) {
        json_decref(item);
        return;
    }
    take_delta(topics, key, item);
    json_object_set_new(topics->items, key, item);
}

static void take_keyed(json_t *into, const struct stream_record *record)
{
    char key[256];
    snprintf(key, sizeof key, "%.*s", TEXT_ARGS(record->key));
    if (record->is_null)
        json_object_del(into, key);
    else
        json_object_set_new(into, key, parse(record->value.data, record->value.size));
}

static void take_bill(void *context, const struct stream_record *record)
{
    take_keyed(((struct topics *)context)->bills, record);
}

static void take_manifest(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    char key[256];
    snprintf(key, sizeof key, "%.*s", TEXT_ARGS(record->key));
    if (json_object_get(topics->manifests, key))
        fail_msg("manifest %s comes twice", key);
    take_keyed(topics->manifests, record);
}

static void take_cur_row(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    json_t *row = parse(record->value.data, record->value.size);
    char key[64];
    snprintf(key, sizeof key, "%s/2026-06/", json_string_value(json_object_get(row, "billing_group")));
    json_int_t before = json_integer_value(json_object_get(topics->cur, key));
    json_object_set_new(topics->cur, key, json_integer(before + 1));
    json_decref(row);
}

static void take_dead(void *context, const struct stream_record *record)
{
    (void)record;
    ((struct topics *)context)->dead++;
}

static struct topics read_topics(struct memory_log *log)
{
    struct topics topics = { json_object(), json_object(), json_object(), json_object(), json_object(), json_object(), 0 };
    memory_log_each(log, STREAM_LINE_ITEMS, take_line_item, &topics);
    memory_log_each(log, STREAM_BILLS, take_bill, &topics);
    memory_log_each(log, STREAM_CUR_MANIFESTS, take_manifest, &topics);
    memory_log_each(log, STREAM_CUR, take_cur_row, &topics);
    memory_log_each(log, STREAM_DEAD_LETTERS, take_dead, &topics);
    return topics;
}

static void topics_done(struct topics *topics)
{
    json_decref(topics->items);
    json_decref(topics->deltas);
    json_decref(topics->revisions);
    json_decref(topics->bills);
    json_decref(topics->manifests);
    json_decref(topics->cur);
}

static void check_line_items(const struct world *world, const struct topics *topics)
{
    json_t *counts = json_object(), *item;
    const char *key, *content;
    json_object_foreach (topics->items, key, item) {
        const char *sum = json_string_value(json_object_get(topics->deltas, key));
        const char *cost = json_string_value(json_object_get(item, "cost"));
        if (strcmp(sum, cost) != 0)
            fail_msg("line item %s: deltas add up to %s, its cost is %s", key, sum, cost);
        count_content(counts, item);
    }
    json_object_foreach (counts, content, item)
        if (!json_equal(json_object_get(world->line_items, content), item))
            fail_msg("%lld times, not %lld: %s", json_integer_value(item),
                     json_integer_value(json_object_get(world->line_items, content)), content);
    assert_int_equal(json_object_size(counts), json_object_size(world->line_items));
    json_decref(counts);
}

static void check_bills(const struct world *world, const struct topics *topics)
{
    json_t *bill, *value;
    const char *key, *member;
    json_object_foreach (topics->bills, key, bill) {
        char *id = bill_key(bill);
        const json_t *expected = json_object_get(world->bills, id);
        if (!expected)
            fail_msg("bill %s is not expected", id);
        json_object_foreach ((json_t *)(uintptr_t)expected, member, value)
            if (strcmp(member, "as_of") != 0 && !json_equal(json_object_get(bill, member), value))
                fail_msg("bill %s: %s: %s", id, member, json_string_value(json_object_get(bill, member)));
        free(id);
    }
    assert_int_equal(json_object_size(topics->bills), json_object_size(world->bills));
}

/* Reports do not depend on what happened on the way: the same in every run, and their rows are on the topic once. */
static void check_reports(struct world *world, const struct topics *topics)
{
    static const char *const members[] = { "rows", "cost", "checksum" };
    json_t *manifest, *rows;
    const char *key;
    json_object_foreach (topics->cur, key, rows)
        if (!json_equal(json_object_get(json_object_get(topics->manifests, key), "rows"), rows))
            fail_msg("report %s: %lld rows are on the topic", key, json_integer_value(rows));
    if (!world->manifests)
        world->manifests = json_incref(topics->manifests);
    assert_int_equal(json_object_size(topics->manifests), json_object_size(world->manifests));
    json_object_foreach (topics->manifests, key, manifest)
        for (size_t i = 0; i < ARRAY_COUNT(members); i++)
            if (!json_equal(json_object_get(manifest, members[i]),
                            json_object_get(json_object_get(world->manifests, key), members[i])))
                fail_msg("report %s: %s differs between runs", key, members[i]);
}

static size_t count_manifests(struct memory_log *log)
{
    struct topics topics = { .manifests = json_object() };
    memory_log_each(log, STREAM_CUR_MANIFESTS, take_manifest, &topics);
    size_t count = json_object_size(topics.manifests);
    json_decref(topics.manifests);
    return count;
}

/* ---- a run ---- */

static void shuffle(struct sim *sim)
{
    size_t count = sim->world->usage_count;
    sim->order = memory_new_array(count, sizeof *sim->order);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)dice(sim, i + 1);
        sim->order[i] = sim->order[at];
        sim->order[at] = i;
    }
}

static void chaos(struct sim *sim)
{
    static const struct memory_log_faults faults = { 4, 4, 10 };
    memory_log_set_faults(sim->log, &faults);
    for (unsigned i = 0; i < CHAOS_STEPS; i++) {
        memory_log_advance(sim->log, (int64_t)dice(sim, 15));
        if (dice(sim, CHAOS_STEPS / 100) == 0)
            feed(sim, (size_t)dice(sim, sim->world->usage_count / 25));
        if (!sim->closed && i > CHAOS_STEPS * 3 / 5) {
            feed(sim, sim->world->usage_count);
            close_month(sim);
        }
        chance(sim);
    }
}

/* Whatever was, is over: all must come to its end. */
static void calm(struct sim *sim)
{
    static const struct memory_log_faults none = { 0, 0, 0 };
    unsigned after = 0;
    memory_log_set_faults(sim->log, &none);
    for (size_t i = 0; i < ZOMBIES; i++)
        end(&sim->zombies[i], true);
    for (unsigned i = 0; i < CALM_STEPS && after < 300; i++) {
        size_t slot = i % SLOTS;
        memory_log_advance(sim->log, 20);
        memory_log_expel_silent(sim->log);
        memory_log_expire_transactions(sim->log);
        if (!sim->slots[slot])
            sim->slots[slot] = start(sim, slot, ++sim->folders);
        sim->slots[slot]->paused = false;
        step(&sim->slots[slot]);
        size_t expected = sim->world->manifests ? json_object_size(sim->world->manifests) : 0;
        if (after > 0 || (i % 50 == 0 && count_manifests(sim->log) >= (expected ? expected : 3)))
            after++;
    }
    assert_int_equal(after, 300);
}

/* Every other run has so little memory that rows and ids go to the disk and come back. */
static void choose_memory(struct settings *settings, uint64_t seed)
{
    settings->memory_limit_bytes = seed % 2 ? 768 * 1024 : 32 * 1024 * 1024;
    settings->dedup_memory_bytes = seed % 2 ? 32 * 1024 : 1024 * 1024;
}

static void run(struct world *world, uint64_t seed, bool with_faults)
{
    choose_memory(&world->settings, seed);
    struct sim sim = { .world = world, .log = memory_log_new(seed, partitions), .schemas = fixed_schemas_new() };
    sim.port = fixed_schemas_port(sim.schemas);
    shuffle(&sim);
    publish(&sim);
    for (size_t i = 0; i < SLOTS; i++)
        sim.slots[i] = start(&sim, i, 0);
    if (with_faults)
        chaos(&sim);
    feed(&sim, world->usage_count);
    if (!sim.closed)
        close_month(&sim);
    calm(&sim);
    for (size_t i = 0; i < SLOTS; i++)
        end(&sim.slots[i], false);
    struct topics topics = read_topics(sim.log);
    check_line_items(world, &topics);
    check_bills(world, &topics);
    check_reports(world, &topics);
    assert_int_equal(topics.dead, world->poison_count);
    printf("seed %llu: %u crashes, %u fenced, %u expelled, %u commits, %u aborts\n", (unsigned long long)seed, sim.crashes,
           sim.fenced, sim.expelled, sim.commits, sim.aborts);
    fflush(stdout);
    topics_done(&topics);
    memory_log_free(sim.log);
    fixed_schemas_free(sim.schemas);
    free(sim.order);
    remove_tree(scratch_folder);
    mkdir(scratch_folder, 0700);
}

static uint64_t first_seed = 0;
static unsigned run_count = 5;

static void a_quiet_run_ends_as_the_batch_prices_it(void **state)
{
    run(*state, 1, false);
}

static void whatever_happens_the_topics_end_as_the_batch_prices_it(void **state)
{
    uint64_t seed = first_seed ? first_seed : (uint64_t)time(NULL);
    for (unsigned i = 0; i < run_count; i++)
        run(*state, seed + i, true);
}

int main(int argc, char **argv)
{
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    run_count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : argc > 1 ? 1 : run_count;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_run_ends_as_the_batch_prices_it),
        cmocka_unit_test(whatever_happens_the_topics_end_as_the_batch_prices_it),
    };
    return cmocka_run_group_tests_name("simulator", tests, setup, teardown);
}
