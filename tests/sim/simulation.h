/*
 * sim/simulation.h: workers on a log in memory, a month after the other, and what goes wrong on the way, by a seed. When all
 * of it is over, the topics must hold what a batch run on the same usage gives.
 */
#ifndef SIM_SIMULATION_H
#define SIM_SIMULATION_H

#include "sim/faults.h"
#include "sim/mutations.h"
#include "sim/verdict.h"
#include "sim/world.h"

struct simulation_options {
    uint64_t seed;
    struct fault_set faults; /* of which each run draws some, unless `all` */
    bool all;
    enum mutation mutation;
    bool late_ends;     /* requests to commit come twice, the second one late: what the stream's port keeps from workers */
    const char *folder; /* of the caller's; state folders are made in it */
};

struct simulation_counts {
    unsigned crashes, fenced, expelled, aborts, commits;
    unsigned documents, handed_over; /* published; rows from task to task, of those that the topic still has */
};

/* Returns what is wrong, if anything is. */
struct verdict simulate(const struct world *world, const struct simulation_options *options,
                        struct simulation_counts *counts);

#endif
