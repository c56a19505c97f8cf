/*
 * store/rocks.h: an ordered map of bytes in RocksDB, the only room that includes its header.
 *
 * One column family, no write-ahead log: what is in here can always be made again (SEMANTICS 1, 5). Any error means that
 * the directory is to be thrown away. Owns the directory while open. Thread: one; while nothing is written,
 * iterators may be made by several, and each is one's.
 */
#ifndef STORE_ROCKS_H
#define STORE_ROCKS_H

#include "base/buffer.h"

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
/* Where it is, for files that come and go with it. */
const char *rocks_directory(const struct rocks *rocks);
/* What was written is on disk afterwards. */
void rocks_close(struct rocks *rocks);
/* Deletes what rocks_open made, and the directory. Not while it is open. */
void rocks_remove(const char *directory);

/* Puts go in whole batches: all or nothing. The batch is empty after a write. */
struct rocks_batch *rocks_batch_new(void);
void rocks_batch_put(struct rocks_batch *batch, struct text key, struct text value);
void rocks_batch_delete(struct rocks_batch *batch, struct text key);
/* All keys from `first` to before `end`. */
void rocks_batch_delete_range(struct rocks_batch *batch, struct text first, struct text end);
size_t rocks_batch_bytes(const struct rocks_batch *batch);
MUST_USE bool rocks_write(struct rocks *rocks, struct rocks_batch *batch, struct error *error);
void rocks_batch_free(struct rocks_batch *batch);

/* Begins to bring what was written to disk, where it survives a kill; batches arrive there in their order. */
MUST_USE bool rocks_flush(struct rocks *rocks, struct error *error);
/* Bytes on disk, about. */
uint64_t rocks_disk_bytes(const struct rocks *rocks);

/* *found tells whether there is a value; it takes the place of what the buffer held. */
MUST_USE bool rocks_fetch(struct rocks *rocks, struct text key, struct buffer *value, bool *found, struct error *error);

/* Keys that begin with `prefix`, in byte order, as they are now. The prefix is copied. */
struct rocks_iterator *rocks_iterate(struct rocks *rocks, struct text prefix);
/* The same from the first key on that is not below `start`. */
struct rocks_iterator *rocks_iterate_from(struct rocks *rocks, struct text prefix, struct text start);
/* False at the end. Key and value live until the next call. */
bool rocks_iterator_next(struct rocks_iterator *iterator, struct text *key, struct text *value);
/* After the end: whether it was the end, or a failed read. */
MUST_USE bool rocks_iterator_check(struct rocks_iterator *iterator, struct error *error);
void rocks_iterator_close(struct rocks_iterator *iterator);

#endif
