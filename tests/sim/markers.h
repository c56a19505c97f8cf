/* sim/markers.h: the tasks' last markers, held against each other and against the group's offsets. */
#ifndef SIM_MARKERS_H
#define SIM_MARKERS_H

#include "model/calendar.h"
#include "sim/memory_log.h"
#include "sim/verdict.h"

void markers_check(struct memory_log *log, struct verdict *verdict);

/* Whether every task has closed a month and come over to a version of the document, all transactions have ended, and nothing
 * that can be read is left to take; what is not so, *verdict says. */
bool markers_are_through(struct memory_log *log, billing_period closed, int64_t version, struct verdict *verdict);

/* Whether every usage task has begun to close a month: from then on what comes of it is late, and it knows. */
bool markers_close(struct memory_log *log, billing_period period);

#endif
