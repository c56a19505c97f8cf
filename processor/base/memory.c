/* base/memory.c: checked allocation and the arena. */
#include "base/memory.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* By _exit: what runs at an orderly end would ask for memory again, or wait for a thread that waits for it. */
static _Noreturn void out_of_memory(size_t size)
{
    char line[96];
    int length = snprintf(line, sizeof line, "level=fatal event=out_of_memory bytes=%zu\n", size);
    ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written;
    _exit(1);
}

void *memory_new(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

void *memory_new_array(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory(count);
    return memory;
}

#define LARGE_PAGE_BYTES ((size_t)2 * 1024 * 1024)

/* Else each page of it is asked for one by one, and where it is read first, once more by the write. */
void *memory_new_table(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes < LARGE_PAGE_BYTES)
        return memory_new_array(count, size);
    size_t whole = bytes + (LARGE_PAGE_BYTES - bytes % LARGE_PAGE_BYTES) % LARGE_PAGE_BYTES;
    void *memory = whole < bytes ? NULL : aligned_alloc(LARGE_PAGE_BYTES, whole);
    if (!memory)
        out_of_memory(bytes);
    madvise(memory, whole, MADV_HUGEPAGE); /* a wish */
    return memset(memory, 0, bytes);
}

void *memory_grow(void *memory, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory(count);
    void *grown = realloc(memory, bytes ? bytes : 1);
    if (!grown)
        out_of_memory(bytes);
    return grown;
}

char *memory_copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(memory_new(size), string, size);
}

void *memory_reserve_one(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 8;
    return memory_grow(array, *capacity, size);
}

#define ARENA_CHUNK_BYTES ((size_t)64 * 1024)

struct arena_chunk {
    struct arena_chunk *before;
    size_t size, used;
    alignas(16) char bytes[];
};

static void arena_add_chunk(struct arena *arena, size_t least)
{
    size_t size = least > ARENA_CHUNK_BYTES ? least : ARENA_CHUNK_BYTES;
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        out_of_memory(size);
    chunk->before = arena->chunk;
    chunk->size = size;
    chunk->used = 0;
    arena->chunk = chunk;
    arena->bytes += size;
}

void *arena_take(struct arena *arena, size_t size, size_t alignment)
{
    struct arena_chunk *chunk = arena->chunk;
    size_t start = chunk ? (chunk->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!chunk || start > chunk->size || size > chunk->size - start) {
        arena_add_chunk(arena, size);
        chunk = arena->chunk;
        start = 0;
    }
    chunk->used = start + size;
    return chunk->bytes + start;
}

struct text arena_copy(struct arena *arena, struct text text)
{
    if (text.size == 0)
        return TEXT_NONE;
    char *copy = arena_take(arena, text.size, 1);
    memcpy(copy, text.data, text.size);
    return (struct text){ copy, text.size };
}

char *arena_copy_string(struct arena *arena, struct text text)
{
    char *copy = arena_take(arena, text.size + 1, 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

static void arena_drop_until(struct arena *arena, const struct arena_chunk *kept)
{
    while (arena->chunk && arena->chunk != kept) {
        struct arena_chunk *before = arena->chunk->before;
        arena->bytes -= arena->chunk->size;
        free(arena->chunk);
        arena->chunk = before;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *first = arena->chunk;
    while (first && first->before)
        first = first->before;
    arena_drop_until(arena, first);
    if (first)
        first->used = 0;
}

void arena_done(struct arena *arena)
{
    arena_drop_until(arena, NULL);
    *arena = (struct arena){ 0 };
}
