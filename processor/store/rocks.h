/*
 * store/rocks.h: an ordered map of bytes in RocksDB, the only room that includes its header.
 *
 * One column family, no write-ahead log: what is in here can always be made again (DESIGN 1, 5). Any error means that
 * the directory is to be thrown away. Owns the directory while open. Thread: one.
 */
#ifndef STORE_ROCKS_H
#define STORE_ROCKS_H

#include "base/error.h"
#include "base/text.h"

struct rocks;
struct rocks_batch;
struct rocks_iterator;

struct rocks_options {
    size_t write_buffer_bytes; /* each of at most three */
    size_t cache_bytes;        /* blocks, indexes and filters */
};

/* Opens or makes the directory. */
MUST_USE bool rocks_open(const char *directory, const struct rocks_options *options, struct rocks **ret_rocks,
                         struct error *error);
void rocks_close(struct rocks *rocks);

/* Puts go in whole batches: all or nothing. The batch is empty after a write. */
struct rocks_batch *rocks_batch_new(void);
void rocks_batch_put(struct rocks_batch *batch, struct text key, struct text value);
size_t rocks_batch_bytes(const struct rocks_batch *batch);
MUST_USE bool rocks_write(struct rocks *rocks, struct rocks_batch *batch, struct error *error);
void rocks_batch_free(struct rocks_batch *batch);

/* *found tells whether there is a value; it is copied to `value` (up to `room` bytes, *size is its whole length). */
MUST_USE bool rocks_get(struct rocks *rocks, struct text key, void *value, size_t room, size_t *size, bool *found,
                        struct error *error);

/* Keys that begin with `prefix`, in byte order. The prefix is copied. */
struct rocks_iterator *rocks_iterate(struct rocks *rocks, struct text prefix);
/* False at the end. Key and value live until the next call. */
bool rocks_iterator_next(struct rocks_iterator *iterator, struct text *key, struct text *value);
/* After the end: whether it was the end, or a failed read. */
MUST_USE bool rocks_iterator_check(struct rocks_iterator *iterator, struct error *error);
void rocks_iterator_close(struct rocks_iterator *iterator);

#endif
