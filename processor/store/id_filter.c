/* store/id_filter.c: blocks of 512 bits. */
#include "store/id_filter.h"

#include <stdlib.h>

#include "base/memory.h"

#define BITS_PER_ID 14
#define BLOCK_BITS 512
#define PROBES 5
#define HALVINGS 6

struct id_filter id_filter_new(size_t ids)
{
    size_t unit = (size_t)1 << HALVINGS;
    struct id_filter filter = { .block_count = (ids / (BLOCK_BITS / BITS_PER_ID) / unit + 1) * unit };
    filter.blocks = memory_new_array(filter.block_count, sizeof *filter.blocks);
    return filter;
}

void id_filter_done(struct id_filter *filter)
{
    free(filter->blocks);
    *filter = (struct id_filter){ 0 };
}

/* Equal ranges of ids have a block each, so that halving folds neighbours onto each other. */
static uint64_t *block_of(const struct id_filter *filter, struct hash128 id)
{
    return filter->blocks[(size_t)((u128)id.high * filter->block_count >> 64)];
}

static unsigned probe(struct hash128 id, unsigned number)
{
    return (unsigned)(id.low >> (9 * number)) & (BLOCK_BITS - 1);
}

void id_filter_add(struct id_filter *filter, struct hash128 id)
{
    if (filter->block_count == 0)
        return;
    uint64_t *block = block_of(filter, id);
    for (unsigned i = 0; i < PROBES; i++)
        block[probe(id, i) / 64] |= (uint64_t)1 << probe(id, i) % 64;
}

void id_filter_expect(const struct id_filter *filter, struct hash128 id)
{
    if (filter->block_count > 0)
        __builtin_prefetch(block_of(filter, id));
}

bool id_filter_may_hold(const struct id_filter *filter, struct hash128 id)
{
    if (filter->block_count == 0)
        return true;
    const uint64_t *block = block_of(filter, id);
    for (unsigned i = 0; i < PROBES; i++)
        if (!((block[probe(id, i) / 64] >> probe(id, i) % 64) & 1))
            return false;
    return true;
}

void id_filter_halve(struct id_filter *filter)
{
    if (filter->block_count == 0 || filter->block_count % 2 != 0) {
        id_filter_done(filter);
        return;
    }
    filter->block_count /= 2;
    for (size_t i = 0; i < filter->block_count; i++)
        for (unsigned word = 0; word < 8; word++)
            filter->blocks[i][word] = filter->blocks[2 * i][word] | filter->blocks[2 * i + 1][word];
    filter->blocks = memory_grow(filter->blocks, filter->block_count, sizeof *filter->blocks);
}
