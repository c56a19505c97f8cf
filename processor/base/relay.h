/*
 * base/relay.h: jobs that go through three hands: filled in order, worked on by whoever is free, drained in the order in
 * which they were filled.
 *
 * Filling and draining go on one at a time. One of the two is the owner's own doing, on the thread that made the relay
 * (relay_next or relay_take); the other, and the work, is done by any thread. The owner helps where it would wait, so that
 * no thread beside it is needed. What comes out does not depend on how many there are.
 */
#ifndef BASE_RELAY_H
#define BASE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#define RELAY_WORKERS_MAX 64

struct relay_hands {
    bool (*fill)(void *context, void *job); /* NULL: the owner fills. False: this job is the last */
    /* One worker is one thread at a time: 0 is the owner. */
    void (*work)(void *context, void *job, size_t worker);
    bool (*drain)(void *context, void *job); /* NULL: the owner drains. False: no further one is */
};

struct relay;

/* `workers` counts the owner: 1 makes no thread. Jobs and context are borrowed; as many jobs are under way at most. */
struct relay *relay_new(const struct relay_hands *hands, void *context, void *const *jobs, size_t job_count, size_t workers);

/* The owner drains: the next job, filled and worked on, until the next call; NULL behind the last. */
void *relay_take(struct relay *relay);

/* The owner fills: an empty job, which is passed on with the next call; NULL once draining has failed. */
void *relay_next(struct relay *relay);
/* Passes the job at hand on and waits until all are drained. False: draining has failed. */
bool relay_finish(struct relay *relay);

/* Ends the threads, each behind what it is doing. Jobs may be in any state. */
void relay_free(struct relay *relay);

#endif
