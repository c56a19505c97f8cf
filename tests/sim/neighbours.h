/* sim/neighbours.h: a task that waits, waits alone: those of the same process go on meanwhile. */
#ifndef SIM_NEIGHBOURS_H
#define SIM_NEIGHBOURS_H

#include "log/stream.h"

struct process;

#define WATCHED_PARTITIONS 8

/* How far a partition was when it last moved, and how many turns of its process ago that was. */
struct watched {
    int64_t committed;
    unsigned turns;
};

struct neighbours {
    struct watched partitions[STREAM_TOPIC_COUNT][WATCHED_PARTITIONS];
    int64_t restores; /* of all tasks at once, after which they count anew */
    unsigned waits;   /* turns with a task that waited while another had something to do */
};

/* Behind a turn: fails the run if a task has stood still for long, with input at hand, while another one waits. */
void neighbours_check(struct process *process);

#endif
