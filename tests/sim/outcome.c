/* sim/outcome.c: topics read back by key, and held against the world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buffer.h"
#include "sim/outcome.h"

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
    json_t *item = world_parse(record->value.data, record->value.size);
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
        json_object_set_new(into, key, world_parse(record->value.data, record->value.size));
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
    json_t *row = world_parse(record->value.data, record->value.size);
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
        world_count_line_item(counts, item);
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
        char *id = world_bill_key(bill);
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

size_t outcome_manifests(struct memory_log *log)
{
    struct topics topics = { .manifests = json_object() };
    memory_log_each(log, STREAM_CUR_MANIFESTS, take_manifest, &topics);
    size_t count = json_object_size(topics.manifests);
    json_decref(topics.manifests);
    return count;
}

void outcome_check(struct world *world, struct memory_log *log)
{
    struct topics topics = read_topics(log);
    check_line_items(world, &topics);
    check_bills(world, &topics);
    check_reports(world, &topics);
    assert_int_equal(topics.dead, world->poison_count);
    topics_done(&topics);
}
