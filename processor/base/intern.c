/* base/intern.c: open addressing over a dense array of entries. */
#include "base/intern.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

#define EXPECTED_BYTES_MAX 256

static size_t intern_slot(const struct intern *intern, struct text text, uint64_t hash)
{
    size_t mask = intern->slot_count - 1;
    size_t slot = (size_t)hash & mask;
    while (intern->slots[slot] != 0) {
        const struct intern_entry *entry = &intern->entries[intern->slots[slot] - 1];
        if (entry->hash == hash && text_equal(entry->text, text))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void intern_rehash(struct intern *intern, size_t slot_count)
{
    free(intern->slots);
    intern->slots = memory_new_table(slot_count, sizeof *intern->slots);
    intern->slot_count = slot_count;
    for (size_t i = 0; i < intern->count; i++) {
        size_t slot = (size_t)intern->entries[i].hash & (slot_count - 1);
        while (intern->slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        intern->slots[slot] = (uint32_t)i + 1;
    }
}

uint32_t intern_add(struct intern *intern, struct text text)
{
    return intern_add_hashed(intern, text, hash64(text.data, text.size));
}

uint32_t intern_add_hashed(struct intern *intern, struct text text, uint64_t hash)
{
    if (intern->slot_count == 0)
        intern_rehash(intern, 256);
    size_t slot = intern_slot(intern, text, hash);
    if (intern->slots[slot] != 0)
        return intern->slots[slot] - 1;
    CHECK(intern->count < INTERN_NONE - 1);
    intern->entries = memory_reserve_one(intern->entries, intern->count, &intern->capacity, sizeof *intern->entries);
    intern->entries[intern->count] = (struct intern_entry){ arena_copy(&intern->arena, text), hash };
    intern->slots[slot] = (uint32_t)++intern->count;
    if (intern->count * 10 > intern->slot_count * 6)
        intern_rehash(intern, intern->slot_count * 2);
    return (uint32_t)intern->count - 1;
}

uint32_t intern_find(const struct intern *intern, struct text text)
{
    if (intern->slot_count == 0)
        return INTERN_NONE;
    size_t slot = intern_slot(intern, text, hash64(text.data, text.size));
    return intern->slots[slot] == 0 ? INTERN_NONE : intern->slots[slot] - 1;
}

void intern_expect_text(const struct intern *intern, uint32_t number, unsigned step)
{
    const struct intern_entry *entry = &intern->entries[number];
    if (step == 1)
        memory_expect(entry, 1);
    else
        memory_expect(entry->text.data, entry->text.size < EXPECTED_BYTES_MAX ? entry->text.size : EXPECTED_BYTES_MAX);
}

void intern_expect(const struct intern *intern, uint64_t hash, unsigned step)
{
    if (intern->slot_count == 0)
        return;
    const uint32_t *slot = &intern->slots[(size_t)hash & (intern->slot_count - 1)];
    if (step == 0)
        __builtin_prefetch(slot);
    else if (*slot != 0)
        intern_expect_text(intern, *slot - 1, step);
}

size_t intern_bytes(const struct intern *intern)
{
    return intern->arena.bytes + intern->capacity * sizeof *intern->entries + intern->slot_count * sizeof *intern->slots;
}

void intern_reset(struct intern *intern)
{
    intern_done(intern);
}

void intern_done(struct intern *intern)
{
    arena_done(&intern->arena);
    free(intern->entries);
    free(intern->slots);
    *intern = (struct intern){ 0 };
}
