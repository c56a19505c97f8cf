/*
 * log/usage_ahead.h: usage of several files in turn, read and decoded by threads ahead of the one that takes it. Entries
 * come in the order of the input, and so do failures. Thread: the one that made it.
 */
#ifndef LOG_USAGE_AHEAD_H
#define LOG_USAGE_AHEAD_H

#include "codec/usage_reader.h"

/* Called for each accepted entry on the thread that decoded it; may set `prepared`, to what is in `arena`. */
typedef void usage_ahead_prepare(struct usage_entry *entry, struct arena *arena);

struct usage_ahead_options {
    struct usage_reader_options reader;
    size_t threads;               /* with the owner's; 0 is 1 */
    usage_ahead_prepare *prepare; /* NULL: not called */
};

struct usage_ahead;

/* Borrows the files. Nothing is opened before the first call of next. */
struct usage_ahead *usage_ahead_new(const struct usage_files *files, const struct usage_ahead_options *options);
/* *entry is NULL at the end; it lives until the next call. */
MUST_USE bool usage_ahead_next(struct usage_ahead *ahead, const struct usage_entry **entry, struct error *error);
uint64_t usage_ahead_position(const struct usage_ahead *ahead); /* bytes of all files up to the batch at hand */
void usage_ahead_free(struct usage_ahead *ahead);

#endif
