/* tasks/task_base.c: what every file of tasks/ stands on: numbers, stopping, waiting, producing. */
#include <stdarg.h>
#include <stdio.h>

#include "base/hash.h"
#include "tasks/task_parts.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 5000

uint32_t task_number_of(const struct stream *stream, enum stream_topic input, int32_t partition)
{
    uint32_t bills = (uint32_t)stream->ops->partition_count(stream, STREAM_SUBTOTALS);
    uint32_t tiers = (uint32_t)stream->ops->partition_count(stream, STREAM_TIERED);
    uint32_t before = input == STREAM_SUBTOTALS ? 0 : input == STREAM_TIERED ? bills : bills + tiers;
    return before + (uint32_t)partition;
}

bool task_stop(struct task *task, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(task->reason, sizeof task->reason, format, args);
    va_end(args);
    task->state = TASK_STOPPED;
    return true;
}

enum stream_outcome task_wait(struct task *task, const struct error *error)
{
    task->backoff_ms = task->backoff_ms == 0                   ? BACKOFF_FIRST_MS
                       : task->backoff_ms < BACKOFF_MAX_MS / 2 ? task->backoff_ms * 2
                                                               : BACKOFF_MAX_MS;
    task->retry_ms = task->world->now_ms + task->backoff_ms;
    snprintf(task->reason, sizeof task->reason, "%.*s", (int)sizeof task->reason - 1, error->message);
    return OUTCOME_LATER;
}

void task_restore_begin(struct task *task)
{
    task->state = TASK_RESTORING;
    task->stage = RESTORE_OFFSET;
    task->step_begun = false;
    task->newest_row = 0;
    task->closed_before = PERIOD_NONE;
    task->first_row_ms = -1;
    task->beginning_is_gone = false;
    task->waited_ms = task->waited_at_ms = 0;
    task->resume_from = OFFSET_NONE;
}

/* ---- producing ---- */

int32_t task_partition_for(const struct task *task, enum stream_topic topic, struct text key)
{
    uint32_t count = (uint32_t)task->world->stream->ops->partition_count(task->world->stream, topic);
    return (int32_t)(hash64(key.data, key.size) % count);
}

enum stream_outcome task_produce_raw(struct task *task, const struct stream_record *record, struct error *error)
{
    return task->world->stream->ops->produce(task->world->stream, record, error);
}

enum stream_outcome task_produce(struct task *task, enum stream_topic topic, int32_t partition, struct text key,
                                 const struct record_type *type, const void *record, struct error *error)
{
    buffer_clear(&task->value);
    if (!wire_encode(task->world->wire, stream_topic_name(topic), type, record, &task->value, error))
        return OUTCOME_ABORT;
    struct stream_record out = { .topic = topic, .partition = partition, .key = key, .value = buffer_text(&task->value) };
    return task_produce_raw(task, &out, error);
}
