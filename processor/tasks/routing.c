/*
 * tasks/routing.c: usage of tiered meters on its way to the tier task whose pools it is of: events as they come, and whole
 * rows when another version of the document sends their meter elsewhere (SEMANTICS 3.5).
 *
 * Tasks learn of a version one after the other. A tier task takes what is sent to it under an older version than its own,
 * and sends on what is another's under its own: so a record is never sent back and forth.
 */
#include "tasks/task_parts.h"

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

enum stream_outcome task_send_to_tier(struct task *task, int32_t partition, struct tier_message message, struct text key,
                                      struct text value, struct error *error)
{
    struct tier_headers headers;
    message.sender = task->number;
    message.number = ++*marker_sent(&task->marker, partition);
    message.version = task->world->document->number;
    tier_message_write(&message, &headers);
    struct stream_record out = { .topic = STREAM_TIERED,
                                 .partition = partition,
                                 .key = key,
                                 .value = value,
                                 .headers = headers.headers,
                                 .header_count = headers.count };
    return task_produce_raw(task, &out, error);
}

enum stream_outcome task_route(struct task *task, struct tier_message message, struct text usage_type, struct text value,
                               struct error *error)
{
    return task_send_to_tier(task, partition_of(task, message.period, usage_type), message,
                             routing_family(routing_of(task, message.period), usage_type), value, error);
}

enum stream_outcome task_route_event(struct task *task, struct tier_message message, const struct usage_event *event,
                                     struct text facts, struct text value, struct error *error)
{
    struct handing handing = { task, OUTCOME_DONE };
    const struct ledger_handover handover = task_handover(&handing);
    if (!ledger_hand_over_met(task->ledger, event, facts, message.period, &handover, error))
        return handing.outcome != OUTCOME_DONE ? handing.outcome : task_ledger_failed(task, error);
    return task_route(task, message, event->usage_type, value, error);
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
    struct tier_message message = { .kind = TIER_MESSAGE_ROW };
    bool encoded = period_parse(row->billing_period, &message.period);
    buffer_clear(&task->value);
    /* In the schema under which line items are known. */
    encoded = encoded && wire_encode(task->world->wire, stream_topic_name(STREAM_LINE_ITEMS), &line_item_type, row,
                                     &task->value, error);
    handing->outcome =
        encoded ? task_route(task, message, row->usage_type, buffer_text(&task->value), error) : OUTCOME_ABORT;
    return handing->outcome == OUTCOME_DONE;
}

struct ledger_handover task_handover(struct handing *handing)
{
    return (struct ledger_handover){ handing, is_elsewhere, hand_over };
}
