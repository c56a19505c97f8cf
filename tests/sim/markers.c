/* sim/markers.c: the last `#task` record of every line-items partition. */
#include "sim/markers.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sim/values.h"

#define TASKS_MAX 32

struct markers {
    struct marker items[TASKS_MAX];
    bool found[TASKS_MAX];
};

static void markers_done(struct markers *markers)
{
    for (size_t i = 0; i < TASKS_MAX; i++)
        if (markers->found[i])
            marker_done(&markers->items[i]);
    free(markers);
}

static struct markers *read_markers(struct memory_log *log)
{
    struct markers *markers = memory_new(sizeof *markers);
    int32_t count = memory_log_partitions(log, STREAM_LINE_ITEMS);
    CHECK(count <= TASKS_MAX);
    for (int32_t task = 0; task < count; task++) {
        const struct stream_record *record = memory_log_last(log, STREAM_LINE_ITEMS, task, value_is_marker);
        markers->items[task] = marker_none();
        markers->found[task] = record && value_decode_marker(record, &markers->items[task]);
    }
    return markers;
}

/* The task of an input partition. */
static size_t task_of(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    int32_t bills = memory_log_partitions(log, STREAM_SUBTOTALS), tiers = memory_log_partitions(log, STREAM_TIERED);
    return (size_t)((topic == STREAM_SUBTOTALS ? 0 : topic == STREAM_TIERED ? bills : bills + tiers) + partition);
}

static const enum stream_topic inputs[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };

static void check_offset(struct memory_log *log, struct markers *markers, enum stream_topic topic, int32_t partition,
                         struct verdict *verdict)
{
    size_t task = task_of(log, topic, partition);
    int64_t committed = memory_log_committed(log, topic, partition);
    int64_t marked = markers->found[task] ? markers->items[task].offset : OFFSET_NONE;
    if (committed != marked)
        verdict_fail(verdict, "%s-%d: the group is at %lld, task %zu at %lld", stream_topic_name(topic), partition,
                     (long long)committed, task, (long long)marked);
}

static void check_counts(struct memory_log *log, struct markers *markers, size_t sender, int32_t tier,
                         struct verdict *verdict)
{
    size_t reader = task_of(log, STREAM_TIERED, tier);
    if (!markers->found[sender] || !markers->found[reader])
        return;
    int64_t sent = *marker_sent(&markers->items[sender], tier);
    int64_t received = *marker_received(&markers->items[reader], (int32_t)sender);
    if (sent != received)
        verdict_fail(verdict, "task %zu sent task %zu %lld records, it took %lld", sender, reader, (long long)sent,
                     (long long)received);
}

void markers_check(struct memory_log *log, struct verdict *verdict)
{
    struct markers *markers = read_markers(log);
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++)
        for (int32_t p = 0; p < memory_log_partitions(log, inputs[i]); p++)
            check_offset(log, markers, inputs[i], p, verdict);
    for (int32_t tier = 0; tier < memory_log_partitions(log, STREAM_TIERED); tier++) {
        for (int32_t usage = 0; usage < memory_log_partitions(log, STREAM_USAGE); usage++)
            check_counts(log, markers, task_of(log, STREAM_USAGE, usage), tier, verdict);
        for (int32_t other = 0; other < memory_log_partitions(log, STREAM_TIERED); other++)
            check_counts(log, markers, task_of(log, STREAM_TIERED, other), tier, verdict);
    }
    markers_done(markers);
}

static void check_taken(struct memory_log *log, struct verdict *verdict)
{
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++)
        for (int32_t p = 0; p < memory_log_partitions(log, inputs[i]); p++) {
            const struct stream_record *last = memory_log_last(log, inputs[i], p, NULL);
            int64_t committed = memory_log_committed(log, inputs[i], p);
            if (last && committed <= last->offset)
                verdict_fail(verdict, "%s-%d is taken up to %lld of %lld", stream_topic_name(inputs[i]), p,
                             (long long)committed, (long long)last->offset + 1);
        }
}

static void check_closed(struct memory_log *log, billing_period closed, int64_t version, struct verdict *verdict)
{
    struct markers *markers = read_markers(log);
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++)
        for (int32_t p = 0; p < memory_log_partitions(log, inputs[i]); p++) {
            char text[TIME_TEXT_MAX];
            size_t task = task_of(log, inputs[i], p);
            period_format(closed, text);
            if (!markers->found[task] || markers->items[task].closed < closed)
                verdict_fail(verdict, "task %zu (%s-%d) has not closed %s", task, stream_topic_name(inputs[i]), p, text);
            else if (markers->items[task].version != version)
                verdict_fail(verdict, "task %zu (%s-%d) is at version %lld of %lld", task, stream_topic_name(inputs[i]), p,
                             (long long)markers->items[task].version, (long long)version);
        }
    markers_done(markers);
}

bool markers_are_through(struct memory_log *log, billing_period closed, int64_t version, struct verdict *verdict)
{
    *verdict = (struct verdict){ 0 };
    if (!memory_log_is_settled(log))
        verdict_fail(verdict, "a transaction is still open");
    check_taken(log, verdict);
    if (!verdict->is_bad)
        check_closed(log, closed, version, verdict);
    return !verdict->is_bad;
}

bool markers_close(struct memory_log *log, billing_period period)
{
    struct markers *markers = read_markers(log);
    bool all = true;
    for (int32_t p = 0; p < memory_log_partitions(log, STREAM_USAGE); p++) {
        size_t task = task_of(log, STREAM_USAGE, p);
        all =
            all && markers->found[task] && (markers->items[task].closed >= period || markers->items[task].closing >= period);
    }
    markers_done(markers);
    return all;
}
