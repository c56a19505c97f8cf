/* store/seen.c: a hash table that drops what has left the window whenever it would have to grow. */
#include "store/seen.h"

#include <stdlib.h>

#include "base/memory.h"

struct seen_slot {
    struct hash128 id; /* both halves 0: free */
    uint64_t content;
    int64_t time_ms; /* of the latest record with the id */
};

struct seen {
    int64_t window_ms, latest_ms;
    struct seen_slot *slots;
    size_t slot_count, count;
};

struct seen *seen_new(int64_t window_ms)
{
    struct seen *seen = memory_new(sizeof *seen);
    seen->window_ms = window_ms;
    return seen;
}

static bool is_free(const struct seen_slot *slot)
{
    return (slot->id.high | slot->id.low) == 0;
}

static size_t find_slot(const struct seen *seen, struct hash128 id)
{
    size_t slot = (size_t)id.low & (seen->slot_count - 1);
    while (!is_free(&seen->slots[slot]) &&
           (seen->slots[slot].id.high != id.high || seen->slots[slot].id.low != id.low))
        slot = (slot + 1) & (seen->slot_count - 1);
    return slot;
}

static void rebuild(struct seen *seen)
{
    struct seen_slot *old = seen->slots;
    size_t old_count = seen->slot_count, kept = 0;
    for (size_t i = 0; i < old_count; i++)
        kept += !is_free(&old[i]) && seen->latest_ms - old[i].time_ms <= seen->window_ms;
    seen->slot_count = 1024;
    while (seen->slot_count < kept * 3)
        seen->slot_count *= 2;
    seen->slots = memory_new_array(seen->slot_count, sizeof *seen->slots);
    seen->count = kept;
    for (size_t i = 0; i < old_count; i++)
        if (!is_free(&old[i]) && seen->latest_ms - old[i].time_ms <= seen->window_ms)
            seen->slots[find_slot(seen, old[i].id)] = old[i];
    free(old);
}

enum dedup_answer seen_take(struct seen *seen, const struct usage_event *event, struct text facts, int64_t time_ms)
{
    if (seen->window_ms == 0)
        return DEDUP_NEW;
    if (time_ms > seen->latest_ms)
        seen->latest_ms = time_ms;
    if (seen->count * 10 >= seen->slot_count * 7)
        rebuild(seen);
    struct hash128 id = usage_event_id_hash(event);
    uint64_t content = usage_event_content_hash(event, facts);
    struct seen_slot *slot = &seen->slots[find_slot(seen, id)];
    enum dedup_answer answer = DEDUP_NEW;
    if (is_free(slot))
        seen->count++;
    else if (time_ms - slot->time_ms <= seen->window_ms)
        answer = slot->content == content ? DEDUP_DUPLICATE : DEDUP_REUSED;
    /* The first content stays the one that counts for as long as its id keeps coming. */
    *slot = (struct seen_slot){ id, answer == DEDUP_NEW ? content : slot->content, time_ms };
    return answer;
}

size_t seen_count(const struct seen *seen)
{
    return seen->count;
}

void seen_free(struct seen *seen)
{
    if (!seen)
        return;
    free(seen->slots);
    free(seen);
}
