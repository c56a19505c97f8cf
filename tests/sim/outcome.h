/* sim/outcome.h: what the topics have to hold when a simulation is over. */
#ifndef SIM_OUTCOME_H
#define SIM_OUTCOME_H

#include "sim/expected.h"
#include "sim/memory_log.h"
#include "sim/verdict.h"

/*
 * Line items, bills, reports and dead letters are what the batch run gives; deltas add up to costs and no revision comes
 * twice; markers say what the group's offsets say, and what one task has sent is what the other has taken.
 */
void outcome_check(const struct expected *expected, struct memory_log *log, struct verdict *verdict);

#endif
