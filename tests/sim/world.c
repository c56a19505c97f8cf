/* sim/world.c: the sample month, thinned, as JSON for the topic, and priced by fold and sweep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/memory.h"
#include "codec/json_write.h"
#include "codec/usage_reader.h"
#include "pipeline/sweep.h"
#include "settings/load.h"
#include "sim/world.h"

#define USAGE "tests/data/cur_2026-06_hourly_normalized.csv.gz"
#define TAKEN_OF 9 /* one event of so many */
#define POISON_EVERY 150

const int32_t sim_partitions[STREAM_TOPIC_COUNT] = {
    [STREAM_USAGE] = 3, [STREAM_CONDUCTOR] = 1, [STREAM_TIERED] = 2, [STREAM_LINE_ITEMS] = 7, [STREAM_SUBTOTALS] = 2,
    [STREAM_BILLS] = 2, [STREAM_CUR] = 2,       [STREAM_CUR_MANIFESTS] = 2, [STREAM_DEAD_LETTERS] = 2,
};

static void add_usage(struct world *world, const char *json, size_t size, int32_t partition)
{
    world->usage = memory_reserve_one(world->usage, world->usage_count, &world->usage_capacity, sizeof *world->usage);
    struct usage *added = &world->usage[world->usage_count++];
    *added = (struct usage){ memory_new(size + 1), size, partition };
    memcpy(added->json, json, size);
}

json_t *world_parse(const char *text, size_t size)
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

void world_count_line_item(json_t *counts, json_t *item)
{
    char *text = content_of(item);
    json_int_t before = json_integer_value(json_object_get(counts, text));
    json_object_set_new(counts, text, json_integer(before + 1));
    free(text);
}

char *world_bill_key(const json_t *bill)
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
    json_t *parsed = world_parse(json.data, json.size);
    world_count_line_item(world->line_items, parsed);
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
    json_t *parsed = world_parse(json.data, json.size);
    char *key = world_bill_key(parsed);
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
        int32_t partition = (int32_t)(hash64(account.data, account.size) % (uint64_t)sim_partitions[STREAM_USAGE]);
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

struct world *world_new(void)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonS3.json", "tests/data/pricelist/AmazonEC2.json" };
    struct world *world = memory_new(sizeof *world);
    struct error error;
    assert_true(documents_read(SIM_DOCUMENT, lists, ARRAY_COUNT(lists), &world->documents, &error));
    world->line_items = json_object();
    world->bills = json_object();
    load_settings(world);
    struct fold_options options = { GRANULARITY_HOURLY, true, 256 * 1024 * 1024 };
    struct fold *fold = fold_new(&options, NULL);
    struct sweep_sink sink = { world, expect_line_item, expect_bill };
    struct sweep *sweep;
    bool done = false;
    read_usage(world, fold);
    assert_true(sweep_open(fold, &world->documents.pricing, SIM_PERIOD, &sink, &sweep, &error));
    while (!done)
        assert_true(sweep_step(sweep, 1000, &done, &error));
    sweep_close(sweep);
    fold_free(fold);
    return world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->usage_count; i++)
        free(world->usage[i].json);
    free(world->usage);
    json_decref(world->line_items);
    json_decref(world->bills);
    json_decref(world->manifests);
    settings_done(&world->settings);
    documents_done(&world->documents);
    free(world);
}
