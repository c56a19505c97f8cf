/* tasks/tier_task.c: usage of tiered meters, forwarded by the usage tasks, priced where its pools are. */
#include <stdio.h>

#include "tasks/task_parts.h"

static enum stream_outcome stop(struct task *task, const struct stream_record *record, const char *reason,
                                struct error *error)
{
    error_fail(error, ERROR_FAILED, "tiered partition %d, offset %lld: %s", record->partition, (long long)record->offset,
               reason);
    task_stop(task, "%s", error->message);
    return OUTCOME_ABORT;
}

/* A gap means that a record was lost on the way: nothing may be priced behind it. */
static enum stream_outcome check_number(struct task *task, const struct stream_record *record,
                                        const struct tier_message *message, struct error *error)
{
    int64_t received = *marker_received(&task->marker, (int32_t)message->sender);
    if (message->number <= received + 1)
        return OUTCOME_DONE;
    char reason[128];
    snprintf(reason, sizeof reason, "record %lld of task %u follows record %lld", (long long)message->number,
             message->sender, (long long)received);
    return stop(task, record, reason, error);
}

static enum stream_outcome price(struct task *task, const struct stream_record *record, const struct tier_message *message,
                                 struct error *error)
{
    struct usage_event event;
    struct refusal refusal;
    enum wire_answer answer;
    enum stream_outcome outcome = task_decode_event(task, record->value, &event, &answer, &refusal, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (answer != WIRE_DONE)
        return stop(task, record, refusal.detail, error);
    buffer_clear(&task->facts);
    facts_encode(&event, &task->facts);
    return ledger_take(task->ledger, &event, buffer_text(&task->facts), message->period, error)
               ? OUTCOME_DONE
               : task_ledger_failed(task, error);
}

static enum stream_outcome tier_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    struct tier_message message;
    if (!tier_message_read(record, &message))
        return stop(task, record, "its headers cannot be read", error);
    enum stream_outcome outcome = check_number(task, record, &message, error);
    bool is_known = message.number <= *marker_received(&task->marker, (int32_t)message.sender);
    if (outcome != OUTCOME_DONE || is_known)
        return outcome;
    if (message.is_barrier)
        marker_add_barrier(&task->marker, message.period, (int32_t)message.sender);
    else
        outcome = price(task, record, &message, error);
    if (outcome == OUTCOME_DONE)
        *marker_received(&task->marker, (int32_t)message.sender) = message.number;
    return outcome;
}

const struct task_operations tier_task_operations = {
    .take = tier_task_take,
    .is_due = ledger_task_is_due,
    .work = ledger_task_work,
    .flush = ledger_task_flush,
    .replay_line_item = ledger_task_replay_line_item,
    .behind_ledger = RESTORE_DONE,
};
