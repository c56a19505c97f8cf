/* sim/memory_log.c: vectors of records. */
#include "sim/memory_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/intern.h"
#include "sim/memory_log_parts.h"

struct memory_log *memory_log_new(struct dice *dice, int64_t now_ms, const int32_t partitions[STREAM_TOPIC_COUNT],
                                  const int32_t partitions_max[STREAM_TOPIC_COUNT])
{
    struct memory_log *log = memory_new(sizeof *log);
    log->dice = dice;
    log->now_ms = now_ms;
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++) {
        log->partition_counts[i] = partitions[i];
        log->partitions_max[i] = partitions_max[i];
        log->partitions[i] = memory_new_array((size_t)partitions_max[i], sizeof **log->partitions);
        for (int32_t p = 0; p < partitions_max[i]; p++)
            log->partitions[i][p].committed = OFFSET_NONE;
    }
    return log;
}

void memory_log_free(struct memory_log *log)
{
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++) {
        for (int32_t p = 0; p < log->partitions_max[i]; p++)
            free(log->partitions[i][p].records);
        free(log->partitions[i]);
    }
    transactions_free(log);
    group_free(log);
    arena_done(&log->arena);
    free(log);
}

void memory_log_set_faults(struct memory_log *log, const struct memory_log_faults *faults)
{
    log->faults = *faults;
}

int64_t memory_log_now_ms(const struct memory_log *log)
{
    return log->now_ms;
}

void memory_log_advance(struct memory_log *log, int64_t milliseconds)
{
    log->now_ms += milliseconds;
    trace_set_time(log->now_ms);
    transactions_advance(log);
    group_advance(log);
}

int32_t memory_log_partitions(const struct memory_log *log, enum stream_topic topic)
{
    return log->partition_counts[topic];
}

void memory_log_add_partition(struct memory_log *log, enum stream_topic topic)
{
    CHECK(log->partition_counts[topic] < log->partitions_max[topic]);
    log->partition_counts[topic]++;
    group_changed(log);
}

/* ---- records ---- */

static const struct stream_header *copy_headers(struct memory_log *log, const struct stream_record *record)
{
    struct stream_header *headers =
        arena_take(&log->arena, (record->header_count + 1) * sizeof *headers, _Alignof(struct stream_header));
    for (size_t i = 0; i < record->header_count; i++) {
        char *name = arena_copy_string(&log->arena, text_of(record->headers[i].name));
        headers[i] = (struct stream_header){ name, arena_copy(&log->arena, record->headers[i].value) };
    }
    return headers;
}

void log_keep(struct memory_log *log, const struct stream_record *record, struct piece *piece, bool is_mark)
{
    struct partition *partition = &log->partitions[record->topic][record->partition];
    partition->records =
        memory_reserve_one(partition->records, partition->count, &partition->capacity, sizeof *partition->records);
    struct kept_record *kept = &partition->records[partition->count];
    *kept = (struct kept_record){ .record = *record, .piece = piece, .is_mark = is_mark };
    kept->record.offset = (int64_t)partition->count++;
    kept->record.timestamp_ms = log->now_ms;
    kept->record.key = arena_copy(&log->arena, record->key);
    kept->record.value = arena_copy(&log->arena, record->value);
    kept->record.headers = copy_headers(log, record);
}

int64_t memory_log_append(struct memory_log *log, enum stream_topic topic, int32_t partition, struct text key,
                          struct text value, bool is_null)
{
    struct stream_record record = { .topic = topic, .partition = partition, .key = key, .value = value, .is_null = is_null };
    log_keep(log, &record, NULL, false);
    return memory_log_end(log, topic, partition) - 1;
}

int64_t memory_log_end(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    return (int64_t)log->partitions[topic][partition].count;
}

int64_t memory_log_committed(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    return log->partitions[topic][partition].committed;
}

static bool is_open(const struct kept_record *record)
{
    return record->piece && !record->is_mark && !record->piece->is_marked;
}

static bool was_readable(const struct kept_record *record)
{
    return !record->is_mark && (!record->piece || record->piece->transaction->fate == FATE_COMMITTED);
}

bool log_is_readable(const struct kept_record *record)
{
    return !record->is_gone && was_readable(record);
}

int64_t log_stable_end(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    struct partition *read = &log->partitions[topic][partition];
    while (read->stable < read->count && !is_open(&read->records[read->stable]))
        read->stable++;
    return (int64_t)read->stable;
}

bool memory_log_has_ended(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    return log_stable_end(log, topic, partition) == memory_log_end(log, topic, partition);
}

void memory_log_each(const struct memory_log *log, enum stream_topic topic,
                     void (*take)(void *context, const struct stream_record *record), void *context)
{
    for (int32_t p = 0; p < log->partition_counts[topic]; p++) {
        const struct partition *read = &log->partitions[topic][p];
        for (size_t at = 0; at < read->count && !is_open(&read->records[at]); at++)
            if (was_readable(&read->records[at]))
                take(context, &read->records[at].record);
    }
}

const struct stream_record *memory_log_last(const struct memory_log *log, enum stream_topic topic, int32_t partition,
                                            bool (*is_it)(const struct stream_record *record))
{
    int64_t end = log_stable_end(log, topic, partition);
    for (const struct kept_record *kept = log->partitions[topic][partition].records + end; end > 0; end--)
        if (was_readable(--kept) && (!is_it || is_it(&kept->record)))
            return &kept->record;
    return NULL;
}

/* ---- what goes with time ---- */

/* Everything before the last stable offset, or before a point somewhere below it, as segments are full or not. */
/* A deletion stays for as long as was said from the first compaction on that came over it and took what it deletes. */
static bool is_over(const struct memory_log *log, struct kept_record *kept, int64_t delete_retention_ms)
{
    if (!kept->record.is_null)
        return false;
    if (kept->goes_at_ms == 0)
        kept->goes_at_ms = log->now_ms + delete_retention_ms;
    return log->now_ms > kept->goes_at_ms;
}

static void compact_partition(struct memory_log *log, enum stream_topic topic, int32_t number, int64_t delete_retention_ms)
{
    struct partition *partition = &log->partitions[topic][number];
    uint64_t stable = (uint64_t)log_stable_end(log, topic, number);
    size_t end = dice_percent(log->dice, 50) ? stable : (size_t)dice_below(log->dice, stable + 1), gone = 0;
    struct intern newer = { 0 };
    for (size_t at = end; at-- > partition->first;) {
        struct kept_record *kept = &partition->records[at];
        if (kept->is_mark || kept->is_gone)
            continue;
        size_t known = newer.count;
        bool is_old = !log_is_readable(kept) || intern_add(&newer, kept->record.key) < known;
        kept->is_gone = is_old || is_over(log, kept, delete_retention_ms);
        gone += kept->is_gone;
    }
    intern_done(&newer);
    trace("broker: %s-%d compacted below %zu, %zu records go", stream_topic_name(topic), number, end, gone);
}

void memory_log_compact(struct memory_log *log, enum stream_topic topic, int64_t delete_retention_ms)
{
    for (int32_t p = 0; p < log->partition_counts[topic]; p++)
        compact_partition(log, topic, p, delete_retention_ms);
}

void memory_log_retain(struct memory_log *log, enum stream_topic topic, int64_t retention_ms)
{
    for (int32_t p = 0; p < log->partition_counts[topic]; p++) {
        struct partition *partition = &log->partitions[topic][p];
        const struct kept_record *taken = partition->committed > 0 ? &partition->records[partition->committed - 1] : NULL;
        while (taken && &partition->records[partition->first] < taken &&
               taken->record.timestamp_ms - partition->records[partition->first].record.timestamp_ms > retention_ms)
            partition->first++;
        trace("broker: %s-%d begins at %zu", stream_topic_name(topic), p, partition->first);
    }
}

void memory_log_expire_offsets(struct memory_log *log)
{
    if (!memory_log_is_settled(log))
        return;
    trace("broker: the group's offsets are forgotten");
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++)
        for (int32_t p = 0; p < log->partition_counts[topic]; p++)
            log->partitions[topic][p].committed = OFFSET_NONE;
}
