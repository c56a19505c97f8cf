/*
 * base/memory.h: allocation that cannot return NULL, and the arena.
 *
 * Out of memory ends the process with a message: nothing that this program holds is worth more than its inputs,
 * and every output appears by a rename or a committed transaction.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#include "base/text.h"

void *memory_new(size_t size);                     /* zeroed; free() it */
void *memory_new_array(size_t count, size_t size); /* zeroed, the product is checked */
/* The same for a table that is read and written all over: a large one is there as a whole, in large pages where the machine
 * has them. */
void *memory_new_table(size_t count, size_t size);
void *memory_grow(void *memory, size_t count, size_t size);
char *memory_copy_string(const char *string);

/* Fetches bytes into the processor's caches, without waiting; harmless where they are nobody's. */
static inline void memory_expect(const void *memory, size_t size)
{
    for (size_t at = 0; at < size; at += 64) /* a line */
        __builtin_prefetch((const char *)memory + at);
}

/* Makes room for one more element: doubles `*capacity`. Returns the (moved) array. */
void *memory_reserve_one(void *array, size_t count, size_t *capacity, size_t size);

/*
 * Many small objects with one lifetime. Owns all it gave out; arena_reset keeps the first chunk for the next round.
 * Thread: one.
 */
struct arena_chunk;
struct arena {
    struct arena_chunk *chunk;
    size_t bytes; /* held from the system, all chunks */
};

void *arena_take(struct arena *arena, size_t size, size_t alignment);
struct text arena_copy(struct arena *arena, struct text text);
char *arena_copy_string(struct arena *arena, struct text text); /* with a final NUL */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

#endif
