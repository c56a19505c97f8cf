/* registry/absent_ids.c: a short list, looked through. */
#include "registry/absent_ids.h"

#define MISSES_BELIEVED 2

void absent_ids_init(struct absent_ids *ids, int64_t now_ms)
{
    ids->count = 0;
    ids->looks = 0;
    ids->doubts = ABSENT_DOUBTS;
    ids->doubts_ms = now_ms;
}

static struct absent_id *find(struct absent_ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->items[i].id != id)
            continue;
        ids->items[i].looked = ++ids->looks;
        return &ids->items[i];
    }
    return NULL;
}

static struct absent_id *place_for(struct absent_ids *ids, uint32_t id)
{
    struct absent_id *place = find(ids, id);
    if (place)
        return place;
    if (ids->count < ABSENT_IDS_ROOM) {
        place = &ids->items[ids->count++];
    } else {
        place = &ids->items[0];
        for (size_t i = 1; i < ids->count; i++)
            if (ids->items[i].looked < place->looked)
                place = &ids->items[i];
    }
    *place = (struct absent_id){ .id = id, .looked = ++ids->looks };
    return place;
}

static int take_doubt(struct absent_ids *ids, int64_t now_ms)
{
    int64_t gained = (now_ms - ids->doubts_ms) / ABSENT_DOUBT_EVERY_MS;
    if (gained > 0) {
        ids->doubts = gained >= ABSENT_DOUBTS - (int64_t)ids->doubts ? ABSENT_DOUBTS : ids->doubts + (unsigned)gained;
        ids->doubts_ms += gained * ABSENT_DOUBT_EVERY_MS;
    }
    if (ids->doubts == 0)
        return 0;
    ids->doubts--;
    return 1;
}

enum absent_answer absent_ids_look(struct absent_ids *ids, uint32_t id, int64_t now_ms)
{
    const struct absent_id *known = find(ids, id);
    if (!known || now_ms >= known->until_ms)
        return ABSENT_ASK;
    return known->misses >= MISSES_BELIEVED ? ABSENT_UNKNOWN : ABSENT_WAIT;
}

void absent_ids_missed(struct absent_ids *ids, uint32_t id, int64_t now_ms)
{
    struct absent_id *place = place_for(ids, id);
    if (place->misses < MISSES_BELIEVED)
        place->misses++;
    if (place->misses >= MISSES_BELIEVED)
        place->until_ms = now_ms + ABSENT_BELIEVED_MS;
    else
        place->until_ms = take_doubt(ids, now_ms) ? now_ms + ABSENT_AGAIN_MS : now_ms;
}

/* An "unknown" that was believed before is no longer. */
void absent_ids_unanswered(struct absent_ids *ids, uint32_t id, int64_t now_ms)
{
    struct absent_id *place = place_for(ids, id);
    if (place->misses >= MISSES_BELIEVED)
        place->misses = MISSES_BELIEVED - 1;
    place->until_ms = now_ms + ABSENT_AGAIN_MS;
}

void absent_ids_found(struct absent_ids *ids, uint32_t id)
{
    struct absent_id *known = find(ids, id);
    if (known)
        *known = ids->items[--ids->count];
}
