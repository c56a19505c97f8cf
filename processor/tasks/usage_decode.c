/*
 * tasks/usage_decode.c: usage records become events.
 *
 * A task looks an event up in tables that are much larger than what the processor has at hand, and would wait for memory at
 * each. So a record is decoded a few records before its turn, and what it will be looked up in is fetched meanwhile.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "tasks/task_parts.h"

#define SLOTS (STREAM_EXPECTED + 1) /* and the one at hand */

enum wire_answer task_decode_event(const struct task *task, struct text value, struct usage_event *event,
                                   struct refusal *refusal, struct arena *arena, struct error *error)
{
    arena_reset(arena);
    enum wire_answer answer = wire_decode(task->world->wire, &usage_event_type, value, event, arena, refusal, error);
    return answer == WIRE_DONE && !usage_event_accept(event, refusal) ? WIRE_REFUSED : answer;
}

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
        task->decoded = memory_new_array(SLOTS, sizeof *task->decoded);
        for (size_t i = 0; i < SLOTS; i++)
            task->decoded[i].offset = OFFSET_NONE;
    }
    return &task->decoded[offset % SLOTS];
}

static bool holds(const struct task *task, const struct decoded_usage *slot, int64_t offset)
{
    return slot->offset == offset && slot->poll == task->world->polls;
}

static void decode(const struct task *task, const struct stream_record *record, struct decoded_usage *usage,
                   struct error *error)
{
    usage->offset = record->offset;
    usage->poll = task->world->polls;
    usage->answer = WIRE_REFUSED;
    usage->refusal.reason = REFUSAL_NONE;
    if (check_size(task, record, &usage->refusal))
        usage->answer = task_decode_event(task, record->value, &usage->event, &usage->refusal, &usage->arena, error);
    if (usage->answer != WIRE_DONE)
        return;
    buffer_clear(&usage->facts);
    facts_encode(&usage->event, &usage->facts);
    usage->hashes = row_hashes_of(buffer_text(&usage->facts), usage->event.resource_id);
    usage->identity = ledger_identity(task->ledger, &usage->event, buffer_text(&usage->facts));
    usage->id = id_entry_of(&usage->event, &usage->hashes, record->timestamp_ms);
}

struct decoded_usage *usage_task_decode(struct task *task, const struct stream_record *record, struct error *error)
{
    struct decoded_usage *usage = slot_of(task, record->offset);
    if (!holds(task, usage, record->offset) || usage->answer == WIRE_LATER)
        decode(task, record, usage, error);
    usage->offset = OFFSET_NONE;
    return usage;
}

/* ---- ahead ---- */

static void expect(struct task *task, int64_t offset, unsigned step)
{
    const struct decoded_usage *usage = slot_of(task, offset);
    if (!holds(task, usage, offset) || usage->answer != WIRE_DONE)
        return;
    if (step == 0)
        seen_expect(task->seen, usage->id.id);
    ledger_expect(task->ledger, &usage->identity, &usage->hashes, step);
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
    for (size_t i = 0; i < SLOTS && task->decoded; i++) {
        buffer_done(&task->decoded[i].facts);
        arena_done(&task->decoded[i].arena);
    }
    free(task->decoded);
}
