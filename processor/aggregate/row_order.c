/* aggregate/row_order.c: ranks that fit a word together are sorted digit by digit; others by comparing. */
#include "aggregate/row_order.h"

#include <stdlib.h>

#include "base/error.h"

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

struct keyed {
    uint64_t key;
    uint32_t handle;
};

static int compare_ranks(const void *left, const void *right)
{
    const struct row_rank *a = left, *b = right;
    for (size_t i = 0; i < RANK_COUNT; i++)
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i] ? -1 : 1;
    return 0;
}

static unsigned bits_of(uint32_t value)
{
    return value ? 32 - (unsigned)__builtin_clz(value) : 0;
}

/* How many bits each part takes above its least value, and that value. Returns the sum of the bits. */
static unsigned measure(const struct row_rank *ranks, size_t count, uint32_t least[RANK_COUNT], unsigned bits[RANK_COUNT])
{
    unsigned sum = 0;
    for (size_t part = 0; part < RANK_COUNT; part++) {
        uint32_t low = UINT32_MAX, high = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t value = ranks[i].parts[part];
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        least[part] = low;
        bits[part] = count ? bits_of(high - low) : 0;
        sum += bits[part];
    }
    return sum;
}

static struct keyed *pack(const struct row_rank *ranks, size_t count, const uint32_t least[RANK_COUNT],
                          const unsigned bits[RANK_COUNT])
{
    struct keyed *keys = memory_grow(NULL, count, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        uint64_t key = 0;
        for (size_t part = 0; part < RANK_COUNT; part++)
            key = key << bits[part] | (ranks[i].parts[part] - least[part]);
        keys[i] = (struct keyed){ key, ranks[i].handle };
    }
    return keys;
}

/* One digit, keeping the order of what is equal in it. */
static void sort_digit(const struct keyed *from, struct keyed *to, size_t count, unsigned shift)
{
    size_t starts[DIGITS] = { 0 };
    for (size_t i = 0; i < count; i++)
        starts[from[i].key >> shift & (DIGITS - 1)]++;
    size_t at = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t found = starts[digit];
        starts[digit] = at;
        at += found;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

static struct keyed *sort_keys(struct keyed *keys, size_t count, unsigned bits)
{
    struct keyed *other = memory_grow(NULL, count, sizeof *other);
    for (unsigned shift = 0; shift < bits; shift += DIGIT_BITS) {
        sort_digit(keys, other, count, shift);
        struct keyed *sorted = other;
        other = keys;
        keys = sorted;
    }
    free(other);
    return keys;
}

uint32_t *row_order_make(struct row_rank *ranks, size_t count)
{
    uint32_t least[RANK_COUNT], *handles = memory_grow(NULL, count, sizeof *handles);
    unsigned bits[RANK_COUNT], sum = measure(ranks, count, least, bits);
    if (sum <= 64) {
        struct keyed *keys = sort_keys(pack(ranks, count, least, bits), count, sum);
        for (size_t i = 0; i < count; i++)
            handles[i] = keys[i].handle;
        free(keys);
        return handles;
    }
    qsort(ranks, count, sizeof *ranks, compare_ranks);
    for (size_t i = 0; i < count; i++)
        handles[i] = ranks[i].handle;
    return handles;
}

/* ---- texts ---- */

struct ranked {
    uint64_t next; /* the bytes behind what all texts begin with, the first one highest */
    struct text text;
    uint32_t number;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->next != b->next)
        return a->next < b->next ? -1 : 1;
    return text_compare(a->text, b->text);
}

/* The size of what all texts begin with. */
static size_t shared_prefix(const struct intern *intern)
{
    struct text first = intern->count ? intern_text(intern, 0) : TEXT_NONE;
    size_t shared = first.size;
    for (size_t i = 1; i < intern->count && shared > 0; i++) {
        struct text text = intern_text(intern, (uint32_t)i);
        size_t same = 0;
        while (same < shared && same < text.size && text.data[same] == first.data[same])
            same++;
        shared = same;
    }
    return shared;
}

static uint64_t eight_bytes(struct text text, size_t from)
{
    uint64_t bytes = 0;
    for (size_t i = from; i < from + 8; i++)
        bytes = bytes << 8 | (i < text.size ? (unsigned char)text.data[i] : 0);
    return bytes;
}

uint32_t *row_order_rank_texts(const struct intern *intern)
{
    struct ranked *ranked = memory_grow(NULL, intern->count, sizeof *ranked);
    size_t shared = shared_prefix(intern);
    for (size_t i = 0; i < intern->count; i++) {
        struct text text = intern_text(intern, (uint32_t)i);
        ranked[i] = (struct ranked){ eight_bytes(text, shared), text, (uint32_t)i };
    }
    qsort(ranked, intern->count, sizeof *ranked, compare_ranked);
    uint32_t *ranks = memory_grow(NULL, intern->count, sizeof *ranks);
    for (size_t i = 0; i < intern->count; i++)
        ranks[ranked[i].number] = (uint32_t)i;
    free(ranked);
    return ranks;
}
