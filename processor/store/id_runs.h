/*
 * store/id_runs.h: event ids on disk, in sorted runs (SEMANTICS 3.7). A run is written once, from what came within a stretch
 * of time; runs of like size are merged, in bounded steps; one whose ids have all left the window goes as a whole.
 *
 * A filter per run in memory says which need a look at the disk; filters shrink to stay within their memory. Shares its
 * RocksDB with others: keys begin with I, J and K. Thread: one.
 */
#ifndef STORE_ID_RUNS_H
#define STORE_ID_RUNS_H

#include "store/event_id.h"
#include "store/rocks.h"

struct id_runs;

#define ID_RUNS_NONE INT64_C(-1)

struct id_runs_options {
    int64_t window_ms;
    size_t filter_bytes_max;
};

/* Opens the runs that are there. Fails if one of them cannot be read. `rocks` is borrowed. */
MUST_USE bool id_runs_open(struct rocks *rocks, const struct id_runs_options *options, struct id_runs **ret_runs,
                           struct error *error);
/* Deletes all runs. */
MUST_USE bool id_runs_wipe(struct rocks *rocks, struct error *error);
void id_runs_close(struct id_runs *runs);

/* The input's offset behind the last id that was written; ID_RUNS_NONE: nothing was. */
int64_t id_runs_next(const struct id_runs *runs);
/* The latest time of an id that was written; 0: none. */
int64_t id_runs_latest_ms(const struct id_runs *runs);

/* Fetches from memory what id_runs_find will look at. */
void id_runs_expect(const struct id_runs *runs, struct hash128 id);
/* The entry that was written last for the id, however old. */
MUST_USE bool id_runs_find(struct id_runs *runs, struct hash128 id, struct id_entry *entry, bool *found,
                           struct error *error);

/* Writes entries of distinct ids as a run, and the offset behind them. Sorts them. */
MUST_USE bool id_runs_add(struct id_runs *runs, struct id_entry *entries, size_t count, int64_t next, struct error *error);

/* A step of whatever is to be merged; drops what has left the window. */
MUST_USE bool id_runs_work(struct id_runs *runs, int64_t latest_ms, struct error *error);

size_t id_runs_bytes(const struct id_runs *runs); /* of memory */
size_t id_runs_count(const struct id_runs *runs); /* runs, for tests */

#endif
