/* tasks/bill_auto_close.c: months close by themselves (SEMANTICS 3.6). */
#include <stdlib.h>

#include "tasks/bill_state.h"

/* A clock of our own that jumps ahead asks the broker for its time, and no oftener than this. */
#define CLOCK_MS 60000

/* The last month for which there is a close record. */
static billing_period last_close(const struct task *task)
{
    size_t count = conductor_topic_close_count(task->world->control);
    billing_period last = task->marker.closed;
    if (count > 0 && conductor_topic_close(task->world->control, count - 1)->period > last)
        last = conductor_topic_close(task->world->control, count - 1)->period;
    return last;
}

/* When a month may be closed: it is over, and no usage of it has come for as long as it is left open. */
static int64_t due_time(const struct task *task, const struct bill_month *month)
{
    int64_t end = period_end(month->period), arrival = month->latest_arrival_ms;
    return (end > arrival ? end : arrival) + task->world->close_after_ms;
}

/* Months close in order: the oldest open one decides. NULL: by our clock it is not due. */
static struct bill_month *due_month(const struct task *task)
{
    billing_period last = last_close(task);
    for (size_t i = 0; i < task->bills->month_count && task->input.partition == 0; i++) {
        struct bill_month *month = &task->bills->months[i];
        if (month->period <= last || month->latest_arrival_ms == 0)
            continue;
        return !month->close_sent && task->world->real_now_ms >= due_time(task, month) ? month : NULL;
    }
    return NULL;
}

/* By the broker's clock, too: ours may have jumped. */
static bool broker_agrees(const struct task *task, const struct bill_month *month)
{
    return task->bills->broker_ms >= due_time(task, month);
}

static bool may_ask(const struct task *task)
{
    const struct bill_state *bills = task->bills;
    return bills->clock_asked_ms == 0 || task->world->now_ms - bills->clock_asked_ms >= CLOCK_MS;
}

/* An announcement is out, and not everybody has heard of it yet. */
static bool is_announced_lately(const struct task *task, const struct bill_month *month)
{
    return month->announced_ms != 0 && task->world->now_ms - month->announced_ms < 2 * CLOSE_ANNOUNCED_MS;
}

bool bill_auto_close_is_due(const struct task *task)
{
    const struct bill_month *month = due_month(task);
    return month && !is_announced_lately(task, month) && (broker_agrees(task, month) || may_ask(task));
}

/* A record to ourselves, which comes back with the time of the broker that took it. */
static enum stream_outcome ask_broker(struct task *task, billing_period period, struct error *error)
{
    char text[TIME_TEXT_MAX];
    period_format(period, text);
    struct subtotal subtotal = { .task = task->number,
                                 .revision = task->marker.revision + 1,
                                 .billing_period = text_of(text) };
    bill_message_set(&subtotal, BILL_MESSAGE_CLOCK);
    bill_message_key(&subtotal, &task->key);
    task->bills->clock_asked_ms = task->world->now_ms;
    return task_produce(task, STREAM_SUBTOTALS, task->input.partition, buffer_text(&task->key), &subtotal_type, &subtotal,
                        error);
}

static enum stream_outcome produce_control(struct task *task, struct error *error)
{
    struct stream_record record = { .topic = STREAM_CONDUCTOR,
                                    .key = buffer_text(&task->key),
                                    .value = buffer_text(&task->value) };
    return task_produce_raw(task, &record, error);
}

static enum stream_outcome announce(struct task *task, struct bill_month *month, struct error *error)
{
    month->announced_ms = task->world->now_ms;
    buffer_clear(&task->key);
    buffer_clear(&task->value);
    close_announcement_write(month->period, &task->key, &task->value);
    return produce_control(task, error);
}

static enum stream_outcome send_close(struct task *task, billing_period period, struct error *error)
{
    struct close_record close;
    enum stream_outcome outcome = OUTCOME_ABORT;
    if (close_record_measure(task->world->stream, period, task->world->document->number, &close, error)) {
        buffer_clear(&task->key);
        buffer_clear(&task->value);
        close_record_write(&close, hash_mix((uint64_t)task->marker.revision, (uint64_t)task->world->real_now_ms), &task->key,
                           &task->value);
        outcome = produce_control(task, error);
    }
    close_record_done(&close);
    return outcome;
}

enum stream_outcome bill_auto_close(struct task *task, struct error *error)
{
    struct bill_month *month = due_month(task);
    if (!month || is_announced_lately(task, month) || (!broker_agrees(task, month) && !may_ask(task)))
        return OUTCOME_DONE;
    task->moved = true;
    if (!broker_agrees(task, month))
        return ask_broker(task, month->period, error);
    if (month->announced_ms == 0)
        return announce(task, month, error);
    month->close_sent = true;
    return send_close(task, month->period, error);
}
