/* store/seen.c: a hash table in front of the runs; an id that is found there comes back into the table with its new time. */
#include "store/seen.h"

#include <stdlib.h>

#include "base/memory.h"

#define SLOTS_MIN 1024
#define IDS_OF_STEP 4096
#define CONTENT_UNKNOWN 0 /* no event has it, but for one in 2^64 */

struct seen {
    struct seen_options options;
    int64_t latest_ms;
    struct id_entry *slots;
    size_t slot_count, count;
    struct id_runs *runs;
};

bool seen_open(const struct seen_options *options, struct rocks *rocks, struct seen **ret_seen, struct error *error)
{
    struct seen *seen = memory_new(sizeof *seen);
    struct id_runs_options runs = { options->window_ms, options->bytes_max / 2 };
    seen->options = *options;
    if (rocks && options->window_ms > 0 && !id_runs_open(rocks, &runs, &seen->runs, error)) {
        seen_close(seen);
        return false;
    }
    seen->latest_ms = seen->runs ? id_runs_latest_ms(seen->runs) : 0;
    *ret_seen = seen;
    return true;
}

void seen_close(struct seen *seen)
{
    if (!seen)
        return;
    id_runs_close(seen->runs);
    free(seen->slots);
    free(seen);
}

/* ---- the table ---- */

static size_t find_slot(const struct seen *seen, struct hash128 id)
{
    size_t slot = (size_t)id.low & (seen->slot_count - 1);
    while (!id_is_none(seen->slots[slot].id) && id_compare(seen->slots[slot].id, id) != 0)
        slot = (slot + 1) & (seen->slot_count - 1);
    return slot;
}

static bool is_within(const struct seen *seen, int64_t time_ms)
{
    return seen->latest_ms - time_ms <= seen->options.window_ms;
}

static bool is_kept(const struct seen *seen, const struct id_entry *entry)
{
    return !id_is_none(entry->id) && is_within(seen, entry->time_ms);
}

/* As large as what is still in the window needs. */
static void make_room(struct seen *seen)
{
    if (seen->count * 10 < seen->slot_count * 7)
        return;
    struct id_entry *old = seen->slots;
    size_t old_count = seen->slot_count, kept = 0;
    for (size_t i = 0; i < old_count; i++)
        kept += is_kept(seen, &old[i]);
    seen->slot_count = SLOTS_MIN;
    while (seen->slot_count < kept * 2)
        seen->slot_count *= 2;
    seen->slots = memory_new_table(seen->slot_count, sizeof *seen->slots);
    seen->count = kept;
    for (size_t i = 0; i < old_count; i++)
        if (is_kept(seen, &old[i]))
            seen->slots[find_slot(seen, old[i].id)] = old[i];
    free(old);
}

/* What is known of an id, in the table or on disk. */
static bool find(struct seen *seen, const struct id_entry *slot, struct hash128 id, struct id_entry *known, bool *found,
                 struct error *error)
{
    *known = *slot;
    *found = !id_is_none(slot->id);
    return *found || !seen->runs || id_runs_find(seen->runs, id, known, found, error);
}

bool seen_take(struct seen *seen, const struct usage_event *event, struct text facts, int64_t time_ms,
               enum seen_answer *answer, struct error *error)
{
    *answer = SEEN_NEW;
    if (seen->options.window_ms == 0)
        return true;
    struct row_hashes hashes = row_hashes_of(facts, event->resource_id);
    struct id_entry entry = id_entry_of(event, &hashes, time_ms);
    return seen_take_id(seen, &entry, answer, error);
}

/* Where an id's place is, and what is known of it within the window. */
static bool look_up(struct seen *seen, const struct id_entry *entry, struct id_entry **slot, struct id_entry *known,
                    bool *is_known, struct error *error)
{
    if (entry->time_ms > seen->latest_ms)
        seen->latest_ms = entry->time_ms;
    make_room(seen);
    *slot = &seen->slots[find_slot(seen, entry->id)];
    if (!find(seen, *slot, entry->id, known, is_known, error))
        return false;
    *is_known = *is_known && entry->time_ms - known->time_ms <= seen->options.window_ms;
    return true;
}

static void put(struct seen *seen, struct id_entry *slot, const struct id_entry *entry)
{
    seen->count += id_is_none(slot->id);
    *slot = *entry;
}

bool seen_take_id(struct seen *seen, const struct id_entry *id, enum seen_answer *answer, struct error *error)
{
    struct id_entry entry = *id, known, *slot;
    bool is_known;
    *answer = SEEN_NEW;
    if (seen->options.window_ms == 0)
        return true;
    if (!look_up(seen, &entry, &slot, &known, &is_known, error))
        return false;
    if (is_known) {
        *answer = known.content == entry.content ? SEEN_DUPLICATE : SEEN_REUSED;
        /* The first content stays the one that counts for as long as its id keeps coming. */
        entry.content = known.content;
    }
    put(seen, slot, &entry);
    return true;
}

bool seen_replay(struct seen *seen, const struct id_entry *id, bool was_reused, struct error *error)
{
    struct id_entry entry = *id, known, *slot;
    bool is_known;
    if (seen->options.window_ms == 0)
        return true;
    if (!look_up(seen, &entry, &slot, &known, &is_known, error))
        return false;
    if (was_reused)
        entry.content = is_known ? known.content : CONTENT_UNKNOWN;
    put(seen, slot, &entry);
    return true;
}

void seen_expect(const struct seen *seen, struct hash128 id)
{
    if (seen->slot_count > 0)
        __builtin_prefetch(&seen->slots[(size_t)id.low & (seen->slot_count - 1)], 1);
    if (seen->runs)
        id_runs_expect(seen->runs, id);
}

/* ---- saving ---- */

size_t seen_unsaved(const struct seen *seen)
{
    return seen->runs ? seen->count : 0;
}

/* The largest table that fits is the one whose next size would not. Before the first run there are no filters. */
bool seen_is_full(const struct seen *seen)
{
    bool is_first = seen->runs && id_runs_count(seen->runs) == 0;
    size_t table_max = is_first ? seen->options.bytes_max : seen->options.bytes_max / 2;
    return seen->runs && seen->slot_count * 2 * sizeof *seen->slots > table_max && seen->count * 10 >= seen->slot_count * 6;
}

bool seen_save(struct seen *seen, int64_t next, struct error *error)
{
    size_t kept = 0;
    if (!seen->runs)
        return true;
    for (size_t i = 0; i < seen->slot_count; i++)
        if (is_kept(seen, &seen->slots[i]))
            seen->slots[kept++] = seen->slots[i];
    bool done = id_runs_add(seen->runs, seen->slots, kept, next, error);
    seen->count = 0;
    if (seen->slot_count * sizeof *seen->slots <= seen->options.bytes_max / 2) {
        memset(seen->slots, 0, seen->slot_count * sizeof *seen->slots); /* as many will come again */
        return done;
    }
    free(seen->slots);
    seen->slots = NULL;
    seen->slot_count = 0;
    return done;
}

/* An id is written anew a few times at most, however many there come. */
bool seen_save_and_work(struct seen *seen, int64_t next, struct error *error)
{
    size_t steps = 1 + seen->count / IDS_OF_STEP;
    bool done = seen_save(seen, next, error);
    for (size_t i = 0; i < steps && done; i++)
        done = seen_work(seen, error);
    return done;
}

bool seen_work(struct seen *seen, struct error *error)
{
    return !seen->runs || id_runs_work(seen->runs, seen->latest_ms, error);
}

int64_t seen_next(const struct seen *seen)
{
    return seen->runs ? id_runs_next(seen->runs) : ID_RUNS_NONE;
}

size_t seen_bytes(const struct seen *seen)
{
    return seen->slot_count * sizeof *seen->slots + (seen->runs ? id_runs_bytes(seen->runs) : 0);
}
