/*
 * store/id_filter.h: says of most ids that they are not in a set: a Bloom filter in blocks of one cache line, all probes of
 * an id in one block. Halves some times on demand, at the price of more false alarms. Pure.
 */
#ifndef STORE_ID_FILTER_H
#define STORE_ID_FILTER_H

#include "store/event_id.h"

struct id_filter {
    uint64_t (*blocks)[8];
    size_t block_count; /* 0: it says of every id that it may be there */
};

/* Sized for `ids` of them. */
struct id_filter id_filter_new(size_t ids);
void id_filter_done(struct id_filter *filter);

void id_filter_add(struct id_filter *filter, struct hash128 id);
/* Fetches from memory what id_filter_may_hold will look at. */
void id_filter_expect(const struct id_filter *filter, struct hash128 id);
bool id_filter_may_hold(const struct id_filter *filter, struct hash128 id);

/* Half the memory; down to nothing. */
void id_filter_halve(struct id_filter *filter);
static inline size_t id_filter_bytes(const struct id_filter *filter)
{
    return filter->block_count * sizeof *filter->blocks;
}

#endif
