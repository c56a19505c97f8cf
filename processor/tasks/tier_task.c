/* tasks/tier_task.c: usage of tiered meters, sent here by the usage tasks, priced where its pools are. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tasks/task_parts.h"

/* A parcel as it is taken, message by message. */
struct unpacking {
    const struct stream_record *record;
    struct tier_parcel parcel;
    struct byte_reader rest;          /* what is not decoded yet */
    int64_t decoded, taken;           /* messages */
    struct decoded_message *messages; /* the last that were decoded */
};

static enum stream_outcome stop(struct task *task, const struct stream_record *record, const char *reason,
                                struct error *error)
{
    error_fail(error, ERROR_FAILED, "tiered partition %d, offset %lld: %s", record->partition, (long long)record->offset,
               reason);
    task_stop(task, "%s", error->message);
    return OUTCOME_ABORT;
}

/* A gap means that a message was lost on the way: nothing may be priced behind it. */
static enum stream_outcome check_number(struct task *task, const struct unpacking *unpacking, struct error *error)
{
    const struct tier_parcel *parcel = &unpacking->parcel;
    int64_t received = *marker_received(&task->marker, (int32_t)parcel->sender);
    if (parcel->first <= received + 1)
        return OUTCOME_DONE;
    char reason[128];
    snprintf(reason, sizeof reason, "message %lld of task %u follows message %lld", (long long)parcel->first, parcel->sender,
             (long long)received);
    return stop(task, unpacking->record, reason, error);
}

/* Sent here under an older version than this task's, under which it is another's. */
static bool is_to_be_sent_on(const struct task *task, const struct tier_parcel *parcel, const struct meter *meter)
{
    return parcel->version < task->world->document->number && task_is_elsewhere(task, parcel->period, meter);
}

static enum stream_outcome price(struct task *task, const struct unpacking *unpacking, struct decoded_message *at,
                                 struct error *error)
{
    struct decoded_event *decoded = &at->decoded;
    if (decoded->answer == WIRE_LATER)
        task_decode_event(task, at->message.value, decoded, error); /* it may be known by now; else, why not */
    if (decoded->answer == WIRE_LATER)
        return OUTCOME_LATER;
    if (decoded->answer != WIRE_DONE)
        return stop(task, unpacking->record, decoded->refusal.detail, error);
    const struct meter meter = meter_of_event(&decoded->event);
    if (is_to_be_sent_on(task, &unpacking->parcel, &meter))
        return task_route_event(task, unpacking->parcel.period, decoded, &at->message, error);
    struct row_identity identity = decoded->identity;
    identity.period = unpacking->parcel.period;
    return ledger_take(task->ledger, &decoded->event, &identity, &decoded->hashes, error) ? OUTCOME_DONE
                                                                                          : task_ledger_failed(task, error);
}

static enum stream_outcome take_row(struct task *task, const struct unpacking *unpacking, const struct tier_message *message,
                                    struct error *error)
{
    struct line_item row;
    struct refusal refusal;
    arena_reset(&task->arena);
    switch (wire_decode(task->world->wire, &line_item_type, message->value, &row, &task->arena, &refusal, error)) {
    case WIRE_LATER:
        return OUTCOME_LATER;
    case WIRE_REFUSED:
        return stop(task, unpacking->record, refusal.detail, error);
    case WIRE_DONE:
        break;
    }
    const struct meter meter = { .product_code = row.product_code,
                                 .usage_type = row.usage_type,
                                 .operation = row.operation,
                                 .service_code = row.service_code };
    if (is_to_be_sent_on(task, &unpacking->parcel, &meter))
        return task_route(task, unpacking->parcel.period, row.usage_type, message, error);
    return ledger_take_row(task->ledger, &row, error) ? OUTCOME_DONE : task_ledger_failed(task, error);
}

static enum stream_outcome take_message(struct task *task, const struct unpacking *unpacking, struct decoded_message *at,
                                        struct error *error)
{
    const struct tier_parcel *parcel = &unpacking->parcel;
    switch (at->message.kind) {
    case TIER_MESSAGE_EVENT:
        return price(task, unpacking, at, error);
    case TIER_MESSAGE_ROW:
        return take_row(task, unpacking, &at->message, error);
    case TIER_MESSAGE_BARRIER:
    case TIER_MESSAGE_SWEPT:
    case TIER_MESSAGE_LAST:
    case TIER_MESSAGE_COUNT:
        break;
    }
    marker_add_barrier(&task->marker, parcel->period, (int32_t)parcel->sender, at->message.kind == TIER_MESSAGE_LAST);
    return OUTCOME_DONE;
}

/* ---- message by message ---- */

static struct decoded_message *message_at(const struct unpacking *unpacking, int64_t index)
{
    return &unpacking->messages[index % DECODED_AHEAD];
}

/* The tables that an event is looked up in are large: their memory is fetched while others have their turn. */
static void expect(const struct task *task, const struct unpacking *unpacking)
{
    for (unsigned step = 0; step < STREAM_EXPECTED; step++) {
        int64_t index = unpacking->decoded - 1 - step;
        if (index < unpacking->taken)
            return;
        const struct decoded_message *at = message_at(unpacking, index);
        if (at->message.kind == TIER_MESSAGE_EVENT && at->decoded.answer == WIRE_DONE)
            task_expect_event(task, &at->decoded, step);
    }
}

/* Decodes as many messages ahead as may be. False: no task has written this. */
static bool decode_ahead(const struct task *task, struct unpacking *unpacking)
{
    struct error NOT_CLEARED ignored;
    while (unpacking->decoded < unpacking->taken + DECODED_AHEAD && unpacking->rest.at < unpacking->rest.end) {
        struct decoded_message *at = message_at(unpacking, unpacking->decoded);
        if (!tier_message_take(&unpacking->rest, &at->message))
            return false;
        if (at->message.kind == TIER_MESSAGE_EVENT)
            task_decode_event(task, at->message.value, &at->decoded, &ignored);
        unpacking->decoded++;
        expect(task, unpacking);
    }
    return true;
}

/* Messages that came before, with a parcel that was not taken to its end, are known by their numbers. */
static enum stream_outcome unpack(struct task *task, struct unpacking *unpacking, struct error *error)
{
    const struct tier_parcel *parcel = &unpacking->parcel;
    enum stream_outcome outcome = OUTCOME_DONE;
    while (outcome == OUTCOME_DONE) {
        if (!decode_ahead(task, unpacking))
            return stop(task, unpacking->record, "its messages cannot be read", error);
        if (unpacking->taken == unpacking->decoded)
            break;
        int64_t number = parcel->first + unpacking->taken;
        bool is_known = number <= *marker_received(&task->marker, (int32_t)parcel->sender);
        if (!is_known)
            outcome = take_message(task, unpacking, message_at(unpacking, unpacking->taken), error);
        if (!is_known && outcome == OUTCOME_DONE) {
            *marker_received(&task->marker, (int32_t)parcel->sender) = number;
            task->moved = true; /* also if the next one has to wait: what was sent on may be on its way already */
        }
        unpacking->taken++;
    }
    task->world->taken += (uint64_t)unpacking->taken;
    return outcome;
}

static enum stream_outcome tier_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    struct unpacking unpacking = { .record = record, .rest = bytes_reader(record->value) };
    if (!tier_parcel_read(record, &unpacking.parcel))
        return stop(task, record, "its headers cannot be read", error);
    enum stream_outcome outcome = check_number(task, &unpacking, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (!task->messages)
        task->messages = memory_new_array(DECODED_AHEAD, sizeof *task->messages);
    unpacking.messages = task->messages;
    return unpack(task, &unpacking, error);
}

void tier_task_forget_messages(struct task *task)
{
    for (size_t i = 0; i < DECODED_AHEAD && task->messages; i++)
        decoded_event_done(&task->messages[i].decoded);
    free(task->messages);
}

const struct task_operations tier_task_operations = {
    .take = tier_task_take,
    .is_due = ledger_task_is_due,
    .work = ledger_task_work,
    .flush = ledger_task_flush,
    .replay_line_item = ledger_task_replay_line_item,
    .behind_ledger = RESTORE_DONE,
};
