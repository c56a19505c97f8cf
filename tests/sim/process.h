/* sim/process.h: a process of the simulation: one worker, its folder, its clock. */
#ifndef SIM_PROCESS_H
#define SIM_PROCESS_H

#include "run/worker.h"
#include "sim/memory_log.h"
#include "sim/neighbours.h"

struct sim;

struct process {
    struct sim *sim;
    char id[16], state_dir[160];
    bool is_static;
    unsigned folder;
    struct worker *worker;
    struct stream *stream; /* NULL: it has none at the moment */
    struct worker_options options;
    struct worker_status status;
    struct kafka_settings kafka;
    _Atomic bool stop;
    bool asleep;
    int64_t clock_ahead_ms; /* its wall clock, of the broker's */
    struct neighbours neighbours;
};

/* `folder`: number of its folder, which no other process may hold. */
struct process *process_start(struct sim *sim, size_t slot, unsigned folder, bool is_static);
/* A turn of its loop, unless it sleeps. *process is NULL when that was its end. */
void process_step(struct process **process);
void process_sleep(struct process *process, bool asleep);
/* `crash`: at once, and its store loses what was not flushed. */
void process_end(struct process **process, bool crash);

#endif
