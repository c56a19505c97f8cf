/* tasks/tier_task.c: usage of tiered meters, sent here by the usage tasks, priced where its pools are. */
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

/* Sent here under an older version than this task's, under which it is another's. */
static bool is_to_be_sent_on(const struct task *task, const struct tier_message *message, const struct meter *meter)
{
    return message->version < task->world->document->number && task_is_elsewhere(task, message->period, meter);
}

static enum stream_outcome price(struct task *task, const struct stream_record *record, const struct tier_message *message,
                                 struct error *error)
{
    struct usage_event NOT_CLEARED event;
    struct refusal NOT_CLEARED refusal;
    enum wire_answer answer = task_decode_event(task, record->value, &event, &refusal, &task->arena, error);
    if (answer == WIRE_LATER)
        return OUTCOME_LATER;
    if (answer != WIRE_DONE)
        return stop(task, record, refusal.detail, error);
    const struct meter meter = meter_of_event(&event);
    buffer_clear(&task->facts);
    facts_encode(&event, &task->facts);
    if (is_to_be_sent_on(task, message, &meter))
        return task_route_event(task, *message, &event, buffer_text(&task->facts), record->value, error);
    return ledger_take(task->ledger, &event, buffer_text(&task->facts), message->period, error)
               ? OUTCOME_DONE
               : task_ledger_failed(task, error);
}

static enum stream_outcome take_row(struct task *task, const struct stream_record *record,
                                    const struct tier_message *message, struct error *error)
{
    struct line_item row;
    struct refusal refusal;
    arena_reset(&task->arena);
    switch (wire_decode(task->world->wire, &line_item_type, record->value, &row, &task->arena, &refusal, error)) {
    case WIRE_LATER:
        return OUTCOME_LATER;
    case WIRE_REFUSED:
        return stop(task, record, refusal.detail, error);
    case WIRE_DONE:
        break;
    }
    const struct meter meter = { .product_code = row.product_code,
                                 .usage_type = row.usage_type,
                                 .operation = row.operation,
                                 .service_code = row.service_code };
    if (is_to_be_sent_on(task, message, &meter))
        return task_route(task, *message, row.usage_type, record->value, error);
    return ledger_take_row(task->ledger, &row, error) ? OUTCOME_DONE : task_ledger_failed(task, error);
}

static enum stream_outcome take_message(struct task *task, const struct stream_record *record,
                                        const struct tier_message *message, struct error *error)
{
    switch (message->kind) {
    case TIER_MESSAGE_EVENT:
        return price(task, record, message, error);
    case TIER_MESSAGE_ROW:
        return take_row(task, record, message, error);
    case TIER_MESSAGE_BARRIER:
    case TIER_MESSAGE_SWEPT:
    case TIER_MESSAGE_LAST:
    case TIER_MESSAGE_COUNT:
        break;
    }
    marker_add_barrier(&task->marker, message->period, (int32_t)message->sender, message->kind == TIER_MESSAGE_LAST);
    return OUTCOME_DONE;
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
    outcome = take_message(task, record, &message, error);
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
