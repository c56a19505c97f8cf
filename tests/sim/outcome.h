/* sim/outcome.h: what the topics have to hold when a simulation is over. */
#ifndef SIM_OUTCOME_H
#define SIM_OUTCOME_H

#include "sim/memory_log.h"
#include "sim/world.h"

/* Reports that are out. */
size_t outcome_manifests(struct memory_log *log);

/*
 * Line items, bills and dead letters are what the batch run gives; deltas add up to costs and no revision comes twice;
 * reports are the same in every simulation of the world. Ends the test where something does not hold.
 */
void outcome_check(struct world *world, struct memory_log *log);

#endif
