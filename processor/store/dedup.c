/* store/dedup.c: a hash set, a filter, and sorted runs behind them. */
#include "store/dedup.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/buffer.h"

#define KEY_PREFIX 'd'
#define BATCH_BYTES ((size_t)1024 * 1024)
#define FILTER_PROBES 6

struct id_slot {
    struct hash128 id; /* both halves 0: free */
    uint64_t content;
};

/* A filter in blocks of one cache line: all probes of an id fall into one block. */
struct filter {
    uint64_t (*blocks)[8];
    size_t block_count;
};

struct dedup {
    struct rocks *rocks;
    size_t bytes_max;
    struct id_slot *slots;
    size_t slot_count, count;
    struct filter filter;
    uint64_t spilled;
};

struct dedup *dedup_new(struct rocks *rocks, size_t bytes_max)
{
    struct dedup *dedup = memory_new(sizeof *dedup);
    dedup->rocks = rocks;
    dedup->bytes_max = bytes_max;
    return dedup;
}

uint64_t usage_event_content_hash(const struct usage_event *event, struct text facts)
{
    struct {
        uint64_t facts, resource, description, present;
        int64_t start, end;
        i128 numbers[5];
    } content = {
        .facts = hash64(facts.data, facts.size),
        .resource = hash64(event->resource_id.data, event->resource_id.size),
        .description = hash64(event->description.data, event->description.size),
        .present = event->present,
        .start = event->usage_start,
        .end = event->usage_end,
        .numbers = { event->usage_amount, event->public_on_demand_cost, event->unblended_cost,
                     event->reservation_effective_cost, event->savings_plan_effective_cost },
    };
    return hash64(&content, sizeof content);
}

struct hash128 usage_event_id_hash(const struct usage_event *event)
{
    /* The account has a fixed size, so that account and id run together without a doubt. */
    char bytes[1024];
    size_t size = event->usage_account_id.size + event->event_id.size;
    char *all = size <= sizeof bytes ? bytes : memory_new(size);
    memcpy(all, event->usage_account_id.data, event->usage_account_id.size);
    memcpy(all + event->usage_account_id.size, event->event_id.data, event->event_id.size);
    struct hash128 id = hash128(all, size);
    if (all != bytes)
        free(all);
    if (id.high == 0 && id.low == 0)
        id.low = 1;
    return id;
}

static size_t find_slot(const struct id_slot *slots, size_t slot_count, struct hash128 id)
{
    size_t slot = (size_t)id.low & (slot_count - 1);
    while ((slots[slot].id.high | slots[slot].id.low) != 0 &&
           (slots[slot].id.high != id.high || slots[slot].id.low != id.low))
        slot = (slot + 1) & (slot_count - 1);
    return slot;
}

static void rehash(struct dedup *dedup, size_t slot_count)
{
    struct id_slot *slots = memory_new_array(slot_count, sizeof *slots);
    for (size_t i = 0; i < dedup->slot_count; i++)
        if ((dedup->slots[i].id.high | dedup->slots[i].id.low) != 0)
            slots[find_slot(slots, slot_count, dedup->slots[i].id)] = dedup->slots[i];
    free(dedup->slots);
    dedup->slots = slots;
    dedup->slot_count = slot_count;
}

static uint64_t *filter_block(const struct filter *filter, struct hash128 id)
{
    return filter->blocks[(size_t)((u128)id.high * filter->block_count >> 64)];
}

static void filter_add(struct filter *filter, struct hash128 id)
{
    uint64_t *block = filter_block(filter, id);
    for (unsigned i = 0; i < FILTER_PROBES; i++) {
        unsigned bit = (unsigned)(id.low >> (9 * i)) & 511;
        block[bit / 64] |= (uint64_t)1 << bit % 64;
    }
}

static bool filter_may_hold(const struct filter *filter, struct hash128 id)
{
    if (filter->block_count == 0)
        return false;
    const uint64_t *block = filter_block(filter, id);
    for (unsigned i = 0; i < FILTER_PROBES; i++) {
        unsigned bit = (unsigned)(id.low >> (9 * i)) & 511;
        if (!((block[bit / 64] >> bit % 64) & 1))
            return false;
    }
    return true;
}

struct id_key {
    char bytes[17];
};

static struct id_key key_of(struct hash128 id)
{
    struct id_key key = { { KEY_PREFIX } };
    for (unsigned i = 0; i < 8; i++) {
        key.bytes[1 + i] = (char)(unsigned char)(id.high >> (56 - 8 * i));
        key.bytes[9 + i] = (char)(unsigned char)(id.low >> (56 - 8 * i));
    }
    return key;
}

static int compare_slots(const void *left, const void *right)
{
    const struct id_slot *a = left, *b = right;
    if (a->id.high != b->id.high)
        return a->id.high < b->id.high ? -1 : 1;
    return (a->id.low > b->id.low) - (a->id.low < b->id.low);
}

/* The first filter takes half of the budget and serves all runs: it only ever lets more through. */
static void make_filter(struct dedup *dedup)
{
    if (dedup->filter.block_count > 0)
        return;
    dedup->filter.block_count = dedup->bytes_max / 2 / sizeof *dedup->filter.blocks + 1;
    dedup->filter.blocks = memory_new_array(dedup->filter.block_count, sizeof *dedup->filter.blocks);
}

static bool spill(struct dedup *dedup, struct error *error)
{
    struct rocks_batch *batch = rocks_batch_new();
    make_filter(dedup);
    size_t used = 0;
    for (size_t i = 0; i < dedup->slot_count; i++)
        if ((dedup->slots[i].id.high | dedup->slots[i].id.low) != 0)
            dedup->slots[used++] = dedup->slots[i];
    qsort(dedup->slots, used, sizeof *dedup->slots, compare_slots);
    bool done = true;
    for (size_t i = 0; i < used && done; i++) {
        struct id_key key = key_of(dedup->slots[i].id);
        filter_add(&dedup->filter, dedup->slots[i].id);
        rocks_batch_put(batch, (struct text){ key.bytes, sizeof key.bytes },
                        (struct text){ (const char *)&dedup->slots[i].content, sizeof dedup->slots[i].content });
        if (rocks_batch_bytes(batch) >= BATCH_BYTES)
            done = rocks_write(dedup->rocks, batch, error);
    }
    done = done && rocks_write(dedup->rocks, batch, error);
    rocks_batch_free(batch);
    memset(dedup->slots, 0, dedup->slot_count * sizeof *dedup->slots);
    dedup->spilled += used;
    dedup->count = 0;
    return done;
}

static enum dedup_answer compare_content(uint64_t known, uint64_t content)
{
    return known == content ? DEDUP_DUPLICATE : DEDUP_REUSED;
}

static bool look_on_disk(struct dedup *dedup, struct hash128 id, uint64_t content, enum dedup_answer *answer,
                         struct error *error)
{
    struct id_key key = key_of(id);
    uint64_t known = 0;
    size_t size = 0;
    bool found;
    if (!rocks_get(dedup->rocks, (struct text){ key.bytes, sizeof key.bytes }, &known, sizeof known, &size, &found,
                   error))
        return false;
    *answer = found ? compare_content(known, content) : DEDUP_NEW;
    return true;
}

static bool make_room(struct dedup *dedup, struct error *error)
{
    if (dedup->slot_count == 0)
        rehash(dedup, 1024);
    if (dedup->count * 10 < dedup->slot_count * 7)
        return true;
    /* Growing holds both tables for a moment. */
    size_t budget = dedup->filter.block_count ? dedup->bytes_max / 2 : dedup->bytes_max;
    if (dedup->slot_count * 3 * sizeof *dedup->slots <= budget) {
        rehash(dedup, dedup->slot_count * 2);
        return true;
    }
    return spill(dedup, error);
}

bool dedup_take(struct dedup *dedup, const struct usage_event *event, struct text facts, enum dedup_answer *answer,
                struct error *error)
{
    struct hash128 id = usage_event_id_hash(event);
    uint64_t content = usage_event_content_hash(event, facts);
    if (!make_room(dedup, error))
        return false;
    size_t slot = find_slot(dedup->slots, dedup->slot_count, id);
    if ((dedup->slots[slot].id.high | dedup->slots[slot].id.low) != 0) {
        *answer = compare_content(dedup->slots[slot].content, content);
        return true;
    }
    *answer = DEDUP_NEW;
    if (filter_may_hold(&dedup->filter, id) && !look_on_disk(dedup, id, content, answer, error))
        return false;
    if (*answer != DEDUP_NEW)
        return true;
    dedup->slots[slot] = (struct id_slot){ id, content };
    dedup->count++;
    return true;
}

size_t dedup_bytes(const struct dedup *dedup)
{
    return dedup->slot_count * sizeof *dedup->slots + dedup->filter.block_count * sizeof *dedup->filter.blocks;
}

void dedup_free(struct dedup *dedup)
{
    if (!dedup)
        return;
    free(dedup->slots);
    free(dedup->filter.blocks);
    free(dedup);
}
