/*
 * base/intern.h: gives equal byte strings one small number, counted from 0.
 * Compares bytes, not only hashes. Owns copies; texts it returns live until intern_reset. Thread: one.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include "base/memory.h"

#define INTERN_NONE UINT32_MAX

struct intern_entry {
    struct text text;
    uint64_t hash;
};

struct intern {
    struct arena arena;
    struct intern_entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* entry number + 1, 0 is free */
    size_t slot_count;
};

uint32_t intern_add(struct intern *intern, struct text text);
uint32_t intern_add_hashed(struct intern *intern, struct text text, uint64_t hash); /* its hash64 */
uint32_t intern_find(const struct intern *intern, struct text text);                /* INTERN_NONE if absent */

/*
 * Fetches from memory what intern_add_hashed will look at. What lies where is known of one thing by the one before: so in
 * three steps, the first one 0, with other work between them.
 */
void intern_expect(const struct intern *intern, uint64_t hash, unsigned step);
/* Steps 1 and 2 of a text that has its number. */
void intern_expect_text(const struct intern *intern, uint32_t number, unsigned step);

static inline struct text intern_text(const struct intern *intern, uint32_t number)
{
    return intern->entries[number].text;
}

size_t intern_bytes(const struct intern *intern); /* memory held */
void intern_reset(struct intern *intern);         /* forgets all, keeps little */
void intern_done(struct intern *intern);

#endif
