/* sim/outcome.c: topics read back by key, and held against what is expected. */
#include "sim/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "model/bill.h"
#include "model/line_item.h"
#include "sim/markers.h"
#include "sim/trace.h"
#include "sim/values.h"

struct topics {
    struct verdict *verdict;
    struct latest items, bills, manifests;
    struct sum *deltas; /* of line items, by key */
    size_t delta_capacity;
    struct intern revisions;
    json_t *cur; /* rows by report */
    size_t dead;
};

void verdict_fail(struct verdict *verdict, const char *format, ...)
{
    va_list args;
    char reason[sizeof verdict->reason];
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    trace("wrong: %s", reason);
    if (!verdict->is_bad)
        memcpy(verdict->reason, reason, sizeof reason);
    verdict->is_bad = true;
}

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

static void fail_unreadable(struct topics *topics, const struct stream_record *record)
{
    verdict_fail(topics->verdict, "%s partition %d, offset %lld cannot be read", stream_topic_name(record->topic),
                 record->partition, (long long)record->offset);
}

/* ---- reading ---- */

static void check_revision(struct topics *topics, struct text key, int64_t revision)
{
    struct buffer seen = { 0 };
    size_t before = topics->revisions.count;
    buffer_printf(&seen, "%.*s@%lld", TEXT_ARGS(key), (long long)revision);
    intern_add(&topics->revisions, buffer_text(&seen));
    if (topics->revisions.count == before)
        verdict_fail(topics->verdict, "revision %.*s comes twice", (int)seen.size, seen.data);
    buffer_done(&seen);
}

static void take_line_item(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    struct line_item item = { 0 };
    if (value_is_marker(record))
        return;
    if (!record->is_null && !value_decode(record->value, &line_item_type, &item)) {
        fail_unreadable(topics, record);
        return;
    }
    size_t known = topics->items.keys.count;
    uint32_t number = latest_take(&topics->items, record);
    topics->deltas = memory_reserve_one(topics->deltas, number, &topics->delta_capacity, sizeof *topics->deltas);
    if (topics->items.keys.count > known)
        topics->deltas[number] = (struct sum){ 0 };
    if (record->is_null)
        return;
    sum_add_sum(&topics->deltas[number], &item.cost_delta);
    check_revision(topics, record->key, item.revision);
}

static void take_bill(void *context, const struct stream_record *record)
{
    latest_take(&((struct topics *)context)->bills, record);
}

static void take_manifest(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    size_t known = topics->manifests.keys.count;
    latest_take(&topics->manifests, record);
    if (topics->manifests.keys.count == known)
        verdict_fail(topics->verdict, "manifest %.*s comes twice", TEXT_ARGS(record->key));
}

/* The key is that of the manifest to which a row belongs. */
static void take_cur_row(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    char key[256];
    snprintf(key, sizeof key, "%.*s", TEXT_ARGS(record->key));
    json_int_t before = json_integer_value(json_object_get(topics->cur, key));
    json_object_set_new(topics->cur, key, json_integer(before + 1));
}

static void take_dead(void *context, const struct stream_record *record)
{
    (void)record;
    ((struct topics *)context)->dead++;
}

static struct topics read_topics(struct memory_log *log, struct verdict *verdict)
{
    struct topics topics = { .verdict = verdict, .cur = json_object() };
    memory_log_each(log, STREAM_LINE_ITEMS, take_line_item, &topics);
    memory_log_each(log, STREAM_BILLS, take_bill, &topics);
    memory_log_each(log, STREAM_CUR_MANIFESTS, take_manifest, &topics);
    memory_log_each(log, STREAM_CUR, take_cur_row, &topics);
    memory_log_each(log, STREAM_DEAD_LETTERS, take_dead, &topics);
    return topics;
}

static void topics_done(struct topics *topics)
{
    latest_done(&topics->items);
    latest_done(&topics->bills);
    latest_done(&topics->manifests);
    intern_done(&topics->revisions);
    free(topics->deltas);
    json_decref(topics->cur);
}

/* ---- checking ---- */

static void check_delta(const struct topics *topics, uint32_t number, const struct line_item *item)
{
    char is[SUM_TEXT_MAX], cost[SUM_TEXT_MAX];
    struct sum wanted = sum_of(item->cost);
    if (sum_equal(&topics->deltas[number], &wanted))
        return;
    sum_format(&topics->deltas[number], COST_SCALE, is);
    sum_format(&wanted, COST_SCALE, cost);
    verdict_fail(topics->verdict, "line item %.*s: deltas add up to %s, its cost is %s",
                 TEXT_ARGS(intern_text(&topics->items.keys, number)), is, cost);
}

/* A line item that is gone costs nothing. */
static struct contents count_line_items(const struct expected *expected, const struct topics *topics)
{
    struct contents there = { 0 };
    for (uint32_t i = 0; i < topics->items.keys.count; i++) {
        struct line_item item = { 0 };
        bool is_there = topics->items.values[i].data && value_decode(topics->items.values[i], &line_item_type, &item);
        check_delta(topics, i, &item);
        if (is_there && !is_provisional_line_item(expected, &item))
            contents_add(&there, &item);
    }
    return there;
}

static void check_line_items(const struct expected *expected, const struct topics *topics)
{
    struct contents there = count_line_items(expected, topics);
    for (uint32_t i = 0; i < there.texts.count; i++) {
        struct text content = intern_text(&there.texts, i);
        int64_t wanted = contents_times(&expected->line_items, content);
        if (there.times[i] != wanted)
            verdict_fail(topics->verdict, "line item: %lld times, not %lld: %.*s", (long long)there.times[i],
                         (long long)wanted, TEXT_ARGS(content));
    }
    for (uint32_t i = 0; i < expected->line_items.texts.count; i++) {
        struct text content = intern_text(&expected->line_items.texts, i);
        if (contents_times(&there, content) == 0)
            verdict_fail(topics->verdict, "line item: missing: %.*s", TEXT_ARGS(content));
    }
    contents_done(&there);
}

/* Whether it is one of those that are wanted, or should be. */
static bool check_bill(const struct expected *expected, const struct topics *topics, json_t *bill)
{
    json_t *value;
    const char *member;
    char *id = bill_key(bill);
    json_t *wanted = json_object_get(expected->bills, id);
    bool is_left = !wanted && is_left_until_close(expected, bill);
    if (!wanted && !is_left) {
        char *is = json_dumps(bill, JSON_COMPACT);
        verdict_fail(topics->verdict, "bill %s is not expected: %s", id, is);
        free(is);
    }
    json_object_foreach (wanted, member, value)
        if (strcmp(member, "as_of") != 0 && !is_provisional_bill(expected, bill) &&
            !json_equal(json_object_get(bill, member), value)) {
            char *is = json_dumps(json_object_get(bill, member), JSON_ENCODE_ANY);
            char *should = json_dumps(value, JSON_ENCODE_ANY);
            verdict_fail(topics->verdict, "bill %s: %s is %s, not %s", id, member, is ? is : "absent", should);
            free(is);
            free(should);
        }
    free(id);
    return !is_left;
}

static void check_bills(const struct expected *expected, const struct topics *topics)
{
    size_t count = 0;
    for (uint32_t i = 0; i < topics->bills.keys.count; i++) {
        struct bill bill;
        if (!topics->bills.values[i].data)
            continue;
        if (!value_decode(topics->bills.values[i], &bill_type, &bill)) {
            verdict_fail(topics->verdict, "bill %.*s cannot be read", TEXT_ARGS(intern_text(&topics->bills.keys, i)));
            continue;
        }
        json_t *json = json_of(&bill_type, &bill);
        count += check_bill(expected, topics, json);
        json_decref(json);
    }
    if (count != json_object_size(expected->bills))
        verdict_fail(topics->verdict, "%zu bills, not %zu", count, json_object_size(expected->bills));
}

/* By key, as the batch run's are. */
static json_t *read_manifests(const struct topics *topics)
{
    json_t *manifests = json_object();
    for (uint32_t i = 0; i < topics->manifests.keys.count; i++) {
        struct text key = intern_text(&topics->manifests.keys, i);
        struct cur_manifest manifest;
        char name[128], cost[SUM_TEXT_MAX];
        if (!value_decode_manifest(topics->manifests.values[i], &manifest)) {
            verdict_fail(topics->verdict, "manifest %.*s cannot be read", TEXT_ARGS(key));
            continue;
        }
        snprintf(name, sizeof name, "%.*s", TEXT_ARGS(key));
        sum_format(&manifest.cost, COST_SCALE, cost);
        json_object_set_new(manifests, name,
                            json_pack("{s:I,s:s,s:s%}", "rows", (json_int_t)manifest.rows, "cost", cost, "checksum",
                                      manifest.checksum.data, manifest.checksum.size));
    }
    return manifests;
}

/* Rows that a torn transaction has committed lie beside those that the manifest names. */
static bool is_row_count(const struct expected *expected, const json_t *named, const json_t *rows)
{
    return json_equal(named, rows) || (expected->dead_may_repeat && json_integer_value(rows) > json_integer_value(named));
}

/* Every planned close has happened, and the rows of its reports are on the topic once. */
static void check_reports(const struct expected *expected, const struct topics *topics)
{
    json_t *manifests = read_manifests(topics), *wanted, *value, *rows;
    const char *key, *member;
    json_object_foreach (expected->manifests, key, wanted) {
        const json_t *manifest = json_object_get(manifests, key);
        if (!manifest)
            verdict_fail(topics->verdict, "report %s is missing", key);
        json_object_foreach (wanted, member, value)
            if (manifest && !json_equal(json_object_get(manifest, member), value))
                verdict_fail(topics->verdict, "report %s: %s is %s, not %s", key, member, text_at(manifest, member),
                             text_at(wanted, member));
    }
    json_object_foreach (manifests, key, value)
        if (!json_object_get(expected->manifests, key))
            verdict_fail(topics->verdict, "report %s is not expected", key);
    json_object_foreach (topics->cur, key, rows)
        if (!is_row_count(expected, json_object_get(json_object_get(manifests, key), "rows"), rows))
            verdict_fail(topics->verdict, "report %s: %lld rows are on the topic", key, json_integer_value(rows));
    json_decref(manifests);
}

void outcome_check(const struct expected *expected, struct memory_log *log, struct verdict *verdict)
{
    struct topics topics = read_topics(log, verdict);
    check_line_items(expected, &topics);
    check_bills(expected, &topics);
    check_reports(expected, &topics);
    if (topics.dead < expected->dead || (topics.dead > expected->dead && !expected->dead_may_repeat))
        verdict_fail(verdict, "%zu dead letters, not %zu", topics.dead, expected->dead);
    topics_done(&topics);
    markers_check(log, verdict);
}
