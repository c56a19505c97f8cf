/* sim/outcome.c: topics read back by key, and held against what is expected. */
#include "sim/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "money/decimal.h"
#include "model/line_item.h"
#include "sim/markers.h"
#include "sim/trace.h"

struct topics {
    struct verdict *verdict;
    json_t *items, *deltas, *revisions, *bills, *manifests, *cur; /* by key, or by report */
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

static json_t *parse(struct topics *topics, const struct stream_record *record)
{
    json_t *json = json_loadb(record->value.data ? record->value.data : "", record->value.size, 0, NULL);
    if (!json)
        verdict_fail(topics->verdict, "%s partition %d, offset %lld: no JSON", stream_topic_name(record->topic),
                     record->partition, (long long)record->offset);
    return json ? json : json_object();
}

/* ---- reading ---- */

static void take_delta(struct topics *topics, const char *key, const json_t *item)
{
    i128 before = 0, delta = 0;
    char sum[DECIMAL_TEXT_MAX], seen[96];
    const json_t *known = json_object_get(topics->deltas, key);
    if ((known && decimal_parse(text_of(json_string_value(known)), COST_SCALE, &before) != DECIMAL_EXACT) ||
        decimal_parse(text_of(text_at(item, "cost_delta")), COST_SCALE, &delta) != DECIMAL_EXACT)
        verdict_fail(topics->verdict, "line item %s: no cost_delta", key);
    decimal_format(before + delta, COST_SCALE, sum);
    json_object_set_new(topics->deltas, key, json_string(sum));
    snprintf(seen, sizeof seen, "%s@%lld", key, json_integer_value(json_object_get(item, "revision")));
    if (json_object_get(topics->revisions, seen))
        verdict_fail(topics->verdict, "revision %s comes twice", seen);
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
    json_t *item = parse(topics, record);
    if (strcmp(text_at(item, "status"), "MARKER") == 0) {
        json_decref(item);
        return;
    }
    take_delta(topics, key, item);
    json_object_set_new(topics->items, key, item);
}

static void take_keyed(struct topics *topics, json_t *into, const struct stream_record *record)
{
    char key[256];
    snprintf(key, sizeof key, "%.*s", TEXT_ARGS(record->key));
    if (record->is_null)
        json_object_del(into, key);
    else
        json_object_set_new(into, key, parse(topics, record));
}

static void take_bill(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    take_keyed(topics, topics->bills, record);
}

static void take_manifest(void *context, const struct stream_record *record)
{
    struct topics *topics = context;
    char key[256];
    snprintf(key, sizeof key, "%.*s", TEXT_ARGS(record->key));
    if (json_object_get(topics->manifests, key))
        verdict_fail(topics->verdict, "manifest %s comes twice", key);
    take_keyed(topics, topics->manifests, record);
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
    struct topics topics = { .verdict = verdict,
                             .items = json_object(),
                             .deltas = json_object(),
                             .revisions = json_object(),
                             .bills = json_object(),
                             .manifests = json_object(),
                             .cur = json_object() };
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

/* ---- checking ---- */

static void check_deltas(const struct topics *topics)
{
    const char *key;
    json_t *sum;
    json_object_foreach (topics->deltas, key, sum) {
        const json_t *item = json_object_get(topics->items, key);
        const char *cost = item ? text_at(item, "cost") : "0";
        if (strcmp(json_string_value(sum), cost) != 0)
            verdict_fail(topics->verdict, "line item %s: deltas add up to %s, its cost is %s", key, json_string_value(sum),
                         cost);
    }
}

static void check_line_items(const struct expected *expected, const struct topics *topics)
{
    json_t *counts = json_object(), *item, *count;
    const char *key, *content;
    json_object_foreach (topics->items, key, item)
        if (!is_provisional_line_item(expected, item))
            count_line_item(counts, item);
    json_object_foreach (counts, content, count)
        if (!json_equal(json_object_get(expected->line_items, content), count))
            verdict_fail(topics->verdict, "line item: %lld times, not %lld: %s", json_integer_value(count),
                         json_integer_value(json_object_get(expected->line_items, content)), content);
    json_object_foreach (expected->line_items, content, count)
        if (!json_object_get(counts, content))
            verdict_fail(topics->verdict, "line item: missing: %s", content);
    json_decref(counts);
}

static void check_bills(const struct expected *expected, const struct topics *topics)
{
    json_t *bill, *value;
    const char *key, *member;
    json_object_foreach (topics->bills, key, bill) {
        char *id = bill_key(bill);
        json_t *wanted = json_object_get(expected->bills, id);
        if (!wanted)
            verdict_fail(topics->verdict, "bill %s is not expected", id);
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
    }
    if (json_object_size(topics->bills) != json_object_size(expected->bills))
        verdict_fail(topics->verdict, "%zu bills, not %zu", json_object_size(topics->bills),
                     json_object_size(expected->bills));
}

/* Every planned close has happened, and the rows of its reports are on the topic once. */
static void check_reports(const struct expected *expected, const struct topics *topics)
{
    json_t *wanted, *value, *rows;
    const char *key, *member;
    json_object_foreach (expected->manifests, key, wanted) {
        const json_t *manifest = json_object_get(topics->manifests, key);
        if (!manifest)
            verdict_fail(topics->verdict, "report %s is missing", key);
        json_object_foreach (wanted, member, value)
            if (manifest && !json_equal(json_object_get(manifest, member), value))
                verdict_fail(topics->verdict, "report %s: %s is %s, not %s", key, member, text_at(manifest, member),
                             text_at(wanted, member));
    }
    json_object_foreach (topics->manifests, key, value)
        if (!json_object_get(expected->manifests, key))
            verdict_fail(topics->verdict, "report %s is not expected", key);
    json_object_foreach (topics->cur, key, rows)
        if (!json_equal(json_object_get(json_object_get(topics->manifests, key), "rows"), rows))
            verdict_fail(topics->verdict, "report %s: %lld rows are on the topic", key, json_integer_value(rows));
}

void outcome_check(const struct expected *expected, struct memory_log *log, struct verdict *verdict)
{
    struct topics topics = read_topics(log, verdict);
    check_deltas(&topics);
    check_line_items(expected, &topics);
    check_bills(expected, &topics);
    check_reports(expected, &topics);
    if (topics.dead < expected->dead || (topics.dead > expected->dead && !expected->dead_may_repeat))
        verdict_fail(verdict, "%zu dead letters, not %zu", topics.dead, expected->dead);
    topics_done(&topics);
    markers_check(log, verdict);
}
