/*
 * tasks/event_decode.c: records become events.
 *
 * A task looks an event up in tables that are much larger than what the processor has at hand, and would wait for memory at
 * each. So an event is decoded a few events before its turn, and what it will be looked up in is fetched meanwhile.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "tasks/task_parts.h"

void task_decode_event(const struct task *task, struct text value, struct decoded_event *decoded, struct error *error)
{
    struct usage_event *event = &decoded->event;
    arena_reset(&decoded->arena);
    decoded->answer =
        wire_decode(task->world->wire, &usage_event_type, value, event, &decoded->arena, &decoded->refusal, error);
    if (decoded->answer == WIRE_DONE && !usage_event_accept(event, &decoded->refusal))
        decoded->answer = WIRE_REFUSED;
    if (decoded->answer != WIRE_DONE)
        return;
    buffer_clear(&decoded->facts);
    facts_encode(event, &decoded->facts);
    decoded->hashes = row_hashes_of(buffer_text(&decoded->facts), event->resource_id);
    decoded->identity = ledger_identity(task->ledger, event, buffer_text(&decoded->facts));
}

void task_expect_event(const struct task *task, const struct decoded_event *decoded, unsigned step)
{
    ledger_expect(task->ledger, &decoded->identity, &decoded->hashes, step);
}

void decoded_event_done(struct decoded_event *decoded)
{
    buffer_done(&decoded->facts);
    arena_done(&decoded->arena);
}

/* ---- usage records ---- */

static bool check_size(const struct task *task, const struct stream_record *record, struct refusal *refusal)
{
    if (record->is_null || record->value.size == 0)
        return refuse(refusal, REFUSAL_MALFORMED, NULL, TEXT_NONE, "the record has no value");
    if (record->value.size > task->world->event_bytes_max)
        return refuse(refusal, REFUSAL_TOO_LARGE, NULL, TEXT_NONE, "the record is larger than %zu bytes",
                      task->world->event_bytes_max);
    return true;
}

static struct decoded_usage *slot_of(struct task *task, int64_t offset)
{
    if (!task->decoded) {
        task->decoded = memory_new_array(DECODED_AHEAD, sizeof *task->decoded);
        for (size_t i = 0; i < DECODED_AHEAD; i++)
            task->decoded[i].offset = OFFSET_NONE;
    }
    return &task->decoded[offset % DECODED_AHEAD];
}

static bool holds(const struct task *task, const struct decoded_usage *slot, int64_t offset)
{
    return slot->offset == offset && slot->poll == task->world->polls;
}

static void decode(const struct task *task, const struct stream_record *record, struct decoded_usage *usage,
                   struct error *error)
{
    struct decoded_event *decoded = &usage->decoded;
    usage->offset = record->offset;
    usage->poll = task->world->polls;
    decoded->answer = WIRE_REFUSED;
    decoded->refusal.reason = REFUSAL_NONE;
    if (check_size(task, record, &decoded->refusal))
        task_decode_event(task, record->value, decoded, error);
    if (decoded->answer == WIRE_DONE)
        usage->id = id_entry_of(&decoded->event, &decoded->hashes, record->timestamp_ms);
}

struct decoded_usage *usage_task_decode(struct task *task, const struct stream_record *record, struct error *error)
{
    struct decoded_usage *usage = slot_of(task, record->offset);
    if (!holds(task, usage, record->offset) || usage->decoded.answer == WIRE_LATER)
        decode(task, record, usage, error);
    usage->offset = OFFSET_NONE;
    return usage;
}

static void expect(struct task *task, int64_t offset, unsigned step)
{
    const struct decoded_usage *usage = slot_of(task, offset);
    if (!holds(task, usage, offset) || usage->decoded.answer != WIRE_DONE)
        return;
    if (step == 0)
        seen_expect(task->seen, usage->id.id);
    task_expect_event(task, &usage->decoded, step);
}

void usage_task_expect(struct task *task, const struct stream_record *record)
{
    struct error NOT_CLEARED ignored;
    decode(task, record, slot_of(task, record->offset), &ignored);
    for (unsigned step = 0; step < STREAM_EXPECTED && step <= record->offset; step++)
        expect(task, record->offset - step, step);
}

void usage_task_forget_expected(struct task *task)
{
    for (size_t i = 0; i < DECODED_AHEAD && task->decoded; i++)
        decoded_event_done(&task->decoded[i].decoded);
    free(task->decoded);
}
