/* tasks/bill_auto_close.c: months close by themselves (DESIGN 3.6). */
#include <stdlib.h>

#include "tasks/bill_state.h"

/* The last month for which there is a close record. */
static billing_period last_close(const struct task *task)
{
    size_t count = conductor_topic_close_count(task->world->control);
    billing_period last = task->marker.closed;
    if (count > 0 && conductor_topic_close(task->world->control, count - 1)->period > last)
        last = conductor_topic_close(task->world->control, count - 1)->period;
    return last;
}

static enum stream_outcome send_close(struct task *task, billing_period period, struct error *error)
{
    struct stream *stream = task->world->stream;
    int32_t count = stream->ops->partition_count(stream, STREAM_USAGE);
    struct close_record close = { .period = period, .version = task->world->document->number,
                                  .end_count = (size_t)count };
    enum stream_outcome outcome = OUTCOME_DONE;
    close.ends = memory_new_array((size_t)count, sizeof *close.ends);
    for (int32_t i = 0; i < count && outcome == OUTCOME_DONE; i++)
        if (!stream->ops->offset_of_time(stream, STREAM_USAGE, i, INT64_MAX / 2, &close.ends[i], error))
            outcome = OUTCOME_ABORT;
    if (outcome == OUTCOME_DONE) {
        buffer_clear(&task->key);
        buffer_clear(&task->value);
        close_record_write(&close, &task->key, &task->value);
        struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = buffer_text(&task->key),
                                        .value = buffer_text(&task->value) };
        outcome = task_produce_raw(task, &record, error);
    }
    free(close.ends);
    return outcome;
}

/* Months close in order: the oldest open one decides. NULL: it is not due. */
static struct bill_month *due_month(const struct task *task)
{
    billing_period last = last_close(task);
    int64_t now = task->world->real_now_ms;
    for (size_t i = 0; i < task->bills->month_count; i++) {
        struct bill_month *month = &task->bills->months[i];
        if (month->period <= last || month->latest_arrival_ms == 0)
            continue;
        bool due = !month->close_sent && now >= period_end(month->period) + task->world->close_after_ms &&
                   now >= month->latest_arrival_ms + task->world->close_after_ms;
        return due ? month : NULL;
    }
    return NULL;
}

bool bill_auto_close_is_due(const struct task *task)
{
    return task->input.partition == 0 && due_month(task) != NULL;
}

enum stream_outcome bill_auto_close(struct task *task, struct error *error)
{
    struct bill_month *month = task->input.partition == 0 ? due_month(task) : NULL;
    if (!month)
        return OUTCOME_DONE;
    month->close_sent = true;
    task->moved = true;
    return send_close(task, month->period, error);
}
