/*
 * store/seen.h: which event ids came within the last `window` of broker time (SEMANTICS 3.7).
 *
 * A record is a duplicate when one with the same account and id lies before it by at most the window. The latest ids are in
 * a table in memory; when it is full they are saved as a run on disk: never a smaller window. Thread: one.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include "store/id_runs.h"

enum seen_answer {
    SEEN_NEW,
    SEEN_DUPLICATE, /* same id, same content */
    SEEN_REUSED,    /* same id, other content */
};

#define SEEN_FOR_EVER (INT64_MAX / 4)

struct seen_options {
    int64_t window_ms; /* 0: nothing is ever a duplicate */
    size_t bytes_max;  /* half for the table, half for the filters of what is on disk */
};

struct seen;

/* Goes on from what was saved in `rocks`, which is borrowed. NULL: all ids stay in memory, without a bound. */
MUST_USE bool seen_open(const struct seen_options *options, struct rocks *rocks, struct seen **ret_seen,
                        struct error *error);
/* What was not saved is forgotten. */
void seen_close(struct seen *seen);

/* Takes the event's id. `facts` is facts_encode's answer for the event. Fails: the disk. */
MUST_USE bool seen_take(struct seen *seen, const struct usage_event *event, struct text facts, int64_t time_ms,
                        enum seen_answer *answer, struct error *error);

/* The same of what id_entry_of made. */
MUST_USE bool seen_take_id(struct seen *seen, const struct id_entry *id, enum seen_answer *answer, struct error *error);
/* Fetches from memory what seen_take_id will look at. */
void seen_expect(const struct seen *seen, struct hash128 id);

/* Takes it as it was taken before a restart. `was_reused`: it was refused, since its id had come with other content; that
 * may lie before the window, and then nothing counts as the same. */
MUST_USE bool seen_replay(struct seen *seen, const struct id_entry *id, bool was_reused, struct error *error);

/* Ids in memory that are not on disk yet, and whether they have filled their share. */
size_t seen_unsaved(const struct seen *seen);
bool seen_is_full(const struct seen *seen);
/* Saves them; `next` is the input's offset behind them. */
MUST_USE bool seen_save(struct seen *seen, int64_t next, struct error *error);
/* The same, and all steps of the work on disk that so many ids bring: for callers that save seldom. */
MUST_USE bool seen_save_and_work(struct seen *seen, int64_t next, struct error *error);
/* A step of the work on disk, of some ten milliseconds at most; to be called as often as there are a few thousand ids. */
MUST_USE bool seen_work(struct seen *seen, struct error *error);

/* Where the input goes on behind what was saved; ID_RUNS_NONE: nothing was. */
int64_t seen_next(const struct seen *seen);
size_t seen_bytes(const struct seen *seen); /* of memory */

#endif
