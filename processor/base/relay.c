/* base/relay.c: a ring of jobs under one lock; every thread takes whatever step is next. */
#include "base/relay.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

enum job_state { JOB_EMPTY, JOB_FILLED, JOB_WORKING, JOB_WORKED };

struct relay {
    struct relay_hands hands;
    void *context;
    void *const *jobs;
    enum job_state *states;
    size_t job_count;
    uint64_t filled, drained; /* jobs so far; the ring holds those between */
    bool filling, draining;   /* somebody is at it; the owner while it holds a job */
    bool ended, failed, stopping;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t waiting;
    pthread_t threads[RELAY_WORKERS_MAX];
    size_t thread_count;
};

struct thread_start {
    struct relay *relay;
    size_t worker;
};

static size_t place_of(const struct relay *relay, uint64_t number)
{
    return (size_t)(number % relay->job_count);
}

static void tell(struct relay *relay)
{
    if (relay->waiting > 0)
        pthread_cond_broadcast(&relay->changed);
}

static void wait_for_change(struct relay *relay)
{
    relay->waiting++;
    pthread_cond_wait(&relay->changed, &relay->lock);
    relay->waiting--;
}

/* ---- the steps; each is called under the lock and leaves it while it is at it. False: there is nothing to do ---- */

static bool is_drainable(const struct relay *relay)
{
    return !relay->draining && !relay->failed && relay->drained < relay->filled &&
           relay->states[place_of(relay, relay->drained)] == JOB_WORKED;
}

static void end_drain(struct relay *relay)
{
    relay->states[place_of(relay, relay->drained)] = JOB_EMPTY;
    relay->drained++;
    relay->draining = false;
    tell(relay);
}

static bool drain_step(struct relay *relay)
{
    if (!relay->hands.drain || !is_drainable(relay))
        return false;
    void *job = relay->jobs[place_of(relay, relay->drained)];
    relay->draining = true;
    pthread_mutex_unlock(&relay->lock);
    bool done = relay->hands.drain(relay->context, job);
    pthread_mutex_lock(&relay->lock);
    relay->failed = !done;
    end_drain(relay);
    return true;
}

static bool work_step(struct relay *relay, size_t worker)
{
    for (uint64_t number = relay->drained; number < relay->filled; number++) {
        size_t place = place_of(relay, number);
        if (relay->states[place] != JOB_FILLED)
            continue;
        relay->states[place] = JOB_WORKING;
        pthread_mutex_unlock(&relay->lock);
        relay->hands.work(relay->context, relay->jobs[place], worker);
        pthread_mutex_lock(&relay->lock);
        relay->states[place] = JOB_WORKED;
        tell(relay);
        return true;
    }
    return false;
}

static bool has_room(const struct relay *relay)
{
    return !relay->filling && !relay->ended && relay->filled - relay->drained < relay->job_count;
}

static void end_fill(struct relay *relay)
{
    relay->states[place_of(relay, relay->filled)] = JOB_FILLED;
    relay->filled++;
    relay->filling = false;
    tell(relay);
}

static bool fill_step(struct relay *relay)
{
    if (!relay->hands.fill || !has_room(relay))
        return false;
    void *job = relay->jobs[place_of(relay, relay->filled)];
    relay->filling = true;
    pthread_mutex_unlock(&relay->lock);
    bool more = relay->hands.fill(relay->context, job);
    pthread_mutex_lock(&relay->lock);
    relay->ended = !more;
    end_fill(relay);
    return true;
}

static bool help(struct relay *relay, size_t worker)
{
    return drain_step(relay) || work_step(relay, worker) || fill_step(relay);
}

/* ---- threads ---- */

static void *run_thread(void *context)
{
    struct thread_start start = *(struct thread_start *)context;
    struct relay *relay = start.relay;
    free(context);
    pthread_mutex_lock(&relay->lock);
    while (!relay->stopping)
        if (!help(relay, start.worker))
            wait_for_change(relay);
    pthread_mutex_unlock(&relay->lock);
    return NULL;
}

/* Fewer threads than asked for are fine. */
static void start_threads(struct relay *relay, size_t workers)
{
    for (size_t worker = 1; worker < workers && worker < RELAY_WORKERS_MAX; worker++) {
        struct thread_start *start = memory_new(sizeof *start);
        *start = (struct thread_start){ relay, worker };
        if (pthread_create(&relay->threads[relay->thread_count], NULL, run_thread, start) != 0) {
            free(start);
            return;
        }
        relay->thread_count++;
    }
}

struct relay *relay_new(const struct relay_hands *hands, void *context, void *const *jobs, size_t job_count, size_t workers)
{
    CHECK(job_count > 0 && !hands->fill != !hands->drain);
    struct relay *relay = memory_new(sizeof *relay);
    relay->hands = *hands;
    relay->context = context;
    relay->jobs = jobs;
    relay->states = memory_new_array(job_count, sizeof *relay->states);
    relay->job_count = job_count;
    pthread_mutex_init(&relay->lock, NULL);
    pthread_cond_init(&relay->changed, NULL);
    start_threads(relay, workers);
    return relay;
}

void *relay_take(struct relay *relay)
{
    void *job = NULL;
    pthread_mutex_lock(&relay->lock);
    if (relay->draining)
        end_drain(relay);
    while (!job && !(relay->ended && relay->drained == relay->filled)) {
        if (is_drainable(relay)) {
            relay->draining = true;
            job = relay->jobs[place_of(relay, relay->drained)];
        } else if (!help(relay, 0)) {
            wait_for_change(relay);
        }
    }
    pthread_mutex_unlock(&relay->lock);
    return job;
}

void *relay_next(struct relay *relay)
{
    void *job = NULL;
    pthread_mutex_lock(&relay->lock);
    if (relay->filling)
        end_fill(relay);
    while (!job && !relay->failed) {
        if (has_room(relay)) {
            relay->filling = true;
            job = relay->jobs[place_of(relay, relay->filled)];
        } else if (!help(relay, 0)) {
            wait_for_change(relay);
        }
    }
    pthread_mutex_unlock(&relay->lock);
    return job;
}

bool relay_finish(struct relay *relay)
{
    pthread_mutex_lock(&relay->lock);
    if (relay->filling)
        end_fill(relay);
    while (relay->draining || (relay->drained < relay->filled && !relay->failed))
        if (!help(relay, 0))
            wait_for_change(relay);
    bool done = !relay->failed;
    pthread_mutex_unlock(&relay->lock);
    return done;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    pthread_mutex_lock(&relay->lock);
    relay->stopping = true;
    pthread_cond_broadcast(&relay->changed);
    pthread_mutex_unlock(&relay->lock);
    for (size_t i = 0; i < relay->thread_count; i++)
        pthread_join(relay->threads[i], NULL);
    pthread_cond_destroy(&relay->changed);
    pthread_mutex_destroy(&relay->lock);
    free(relay->states);
    free(relay);
}
