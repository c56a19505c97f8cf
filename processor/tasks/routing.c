/*
 * tasks/routing.c: usage of tiered meters on its way to the tier task whose pools it is of: events as they come, and whole
 * rows when another version of the document sends their meter elsewhere (SEMANTICS 3.5).
 *
 * Tasks learn of a version one after the other. A tier task takes what is sent to it under an older version than its own,
 * and sends on what is another's under its own: so a record is never sent back and forth.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "tasks/task_parts.h"

#define PARCEL_BYTES ((size_t)8 * 1024)    /* some forty events: what a record costs hardly counts any more */
#define PARCELS_BYTES ((size_t)512 * 1024) /* of all partitions of a task together */

static const struct routing *routing_of(const struct task *task, billing_period period)
{
    return &document_version_of(task->world->document, period)->routing;
}

static int32_t partition_of(const struct task *task, billing_period period, struct text usage_type)
{
    return task_partition_for(task, STREAM_TIERED, routing_family(routing_of(task, period), usage_type));
}

bool task_is_elsewhere(const struct task *task, billing_period period, const struct meter *meter)
{
    return routing_is_tiered(routing_of(task, period), meter) &&
           (task->kind == TASK_USAGE || partition_of(task, period, meter->usage_type) != task->input.partition);
}

/* ---- parcels ---- */

static struct outgoing_parcel *outgoing_to(struct task *task, int32_t partition)
{
    if (!task->outgoing) {
        task->outgoing_count = task->world->stream->ops->partition_count(task->world->stream, STREAM_TIERED);
        task->outgoing = memory_new_array((size_t)task->outgoing_count, sizeof *task->outgoing);
    }
    return &task->outgoing[partition];
}

static size_t parcel_bytes(const struct task *task)
{
    size_t share = PARCELS_BYTES / (size_t)task->outgoing_count;
    return share < PARCEL_BYTES ? share : PARCEL_BYTES;
}

static enum stream_outcome send_parcel(struct task *task, int32_t partition, struct text key, struct error *error)
{
    struct outgoing_parcel *out = outgoing_to(task, partition);
    struct tier_headers headers;
    if (out->messages.size == 0)
        return OUTCOME_DONE;
    tier_parcel_write(&out->parcel, &headers);
    const struct stream_record record = { .topic = STREAM_TIERED,
                                          .partition = partition,
                                          .key = key,
                                          .value = buffer_text(&out->messages),
                                          .headers = headers.headers,
                                          .header_count = TIER_HEADERS };
    enum stream_outcome outcome = task_produce_raw(task, &record, error);
    if (out->messages.capacity > 2 * parcel_bytes(task)) /* a large one is rare, and there are many partitions */
        buffer_done(&out->messages);
    buffer_clear(&out->messages);
    return outcome;
}

enum stream_outcome task_send_parcels(struct task *task, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    for (int32_t partition = 0; partition < task->outgoing_count && outcome == OUTCOME_DONE; partition++)
        outcome = send_parcel(task, partition, TEXT_NONE, error);
    return outcome;
}

void task_forget_parcels(struct task *task)
{
    for (int32_t partition = 0; partition < task->outgoing_count; partition++)
        buffer_done(&task->outgoing[partition].messages);
    free(task->outgoing);
}

/* Whether a message may go with those that wait. One that is large goes alone, so a record is no larger than it must be. */
static bool fits(const struct task *task, const struct outgoing_parcel *out, billing_period period, size_t size)
{
    return out->parcel.period == period && out->parcel.version == task->world->document->number &&
           out->messages.size + size <= parcel_bytes(task);
}

enum stream_outcome task_send_to_tier(struct task *task, int32_t partition, billing_period period,
                                      const struct tier_message *message, struct error *error)
{
    struct outgoing_parcel *out = outgoing_to(task, partition);
    int64_t number = ++*marker_sent(&task->marker, partition);
    bool is_barrier = message->kind != TIER_MESSAGE_EVENT && message->kind != TIER_MESSAGE_ROW;
    enum stream_outcome outcome = OUTCOME_DONE;
    if (is_barrier || !fits(task, out, period, message->value.size))
        outcome = send_parcel(task, partition, TEXT_NONE, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (out->messages.size == 0)
        out->parcel = (struct tier_parcel){ task->number, number, task->world->document->number, period };
    tier_message_append(message, &out->messages);
    bool is_full = is_barrier || out->messages.size >= parcel_bytes(task);
    return is_full ? send_parcel(task, partition, is_barrier ? TEXT("#barrier") : TEXT_NONE, error) : OUTCOME_DONE;
}

enum stream_outcome task_route(struct task *task, billing_period period, struct text usage_type,
                               const struct tier_message *message, struct error *error)
{
    return task_send_to_tier(task, partition_of(task, period, usage_type), period, message, error);
}

enum stream_outcome task_route_event(struct task *task, billing_period period, const struct decoded_event *decoded,
                                     const struct tier_message *message, struct error *error)
{
    struct handing handing = { task, OUTCOME_DONE };
    const struct ledger_handover handover = task_handover(&handing);
    if (!ledger_hand_over_met(task->ledger, &decoded->event, buffer_text(&decoded->facts), period, &handover, error))
        return handing.outcome != OUTCOME_DONE ? handing.outcome : task_ledger_failed(task, error);
    return task_route(task, period, decoded->event.usage_type, message, error);
}

/* ---- rows that a sweep hands over ---- */

static bool is_elsewhere(void *context, billing_period period, const struct facts *facts)
{
    const struct handing *handing = context;
    const struct meter meter = { .product_code = facts->product_code,
                                 .usage_type = facts->usage_type,
                                 .operation = facts->operation,
                                 .service_code = facts->service_code };
    return task_is_elsewhere(handing->task, period, &meter);
}

static bool hand_over(void *context, const struct line_item *row, struct error *error)
{
    struct handing *handing = context;
    struct task *task = handing->task;
    billing_period period;
    bool encoded = period_parse(row->billing_period, &period);
    buffer_clear(&task->value);
    /* In the schema under which line items are known. */
    encoded = encoded && wire_encode(task->world->wire, stream_topic_name(STREAM_LINE_ITEMS), &line_item_type, row,
                                     &task->value, error);
    const struct tier_message message = { .kind = TIER_MESSAGE_ROW, .value = buffer_text(&task->value) };
    handing->outcome = encoded ? task_route(task, period, row->usage_type, &message, error) : OUTCOME_ABORT;
    return handing->outcome == OUTCOME_DONE;
}

struct ledger_handover task_handover(struct handing *handing)
{
    return (struct ledger_handover){ handing, is_elsewhere, hand_over };
}
