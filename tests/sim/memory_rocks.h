/*
 * sim/memory_rocks.h: store/rocks.h in memory, in place of RocksDB: folders that survive a crash as far as they were
 * flushed, and that fill up, fail and rot by dice. One disk for the whole test program. Thread: one.
 *
 * What it keeps to: a batch is there whole or not at all; what was written before a close is there after it; a crash keeps
 * some first part of what was written since the last finished flush, in order; one open handle a folder; after a failed
 * write a handle takes no more of them.
 */
#ifndef SIM_MEMORY_ROCKS_H
#define SIM_MEMORY_ROCKS_H

#include "sim/dice.h"
#include "store/rocks.h"

struct memory_disk_faults {
    unsigned fail_per_mille;    /* of writes and reads: an input/output error */
    unsigned corrupt_per_mille; /* of opens: the folder is damaged, and stays so until it is removed */
};

/* Empties the disk. `dice` is borrowed until the next call. */
void memory_disk_reset(struct dice *dice);
void memory_disk_set_faults(const struct memory_disk_faults *faults);
/* While it is full every write fails for want of space. */
void memory_disk_set_full(bool full);
/* Somebody else holds the folder (NULL: none), and those below it: who opens one is told so. */
void memory_disk_lock(const char *path);
/* All folders below `path` that are open lose, when they are closed, what no flush had brought to disk. */
void memory_disk_crash(const char *path);
/* They are gone, as after rm -rf. None may be open. */
void memory_disk_remove(const char *path);
size_t memory_disk_open_count(void);

#endif
