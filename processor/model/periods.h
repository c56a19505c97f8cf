/* model/periods.h: a set of months. Pure. Thread: one. */
#ifndef MODEL_PERIODS_H
#define MODEL_PERIODS_H

#include "model/calendar.h"

struct periods {
    billing_period *items; /* ascending, each once */
    size_t count, capacity;
};

#define PERIODS_NOT_FOUND SIZE_MAX

void periods_add(struct periods *periods, billing_period period);
/* Its place, or PERIODS_NOT_FOUND. */
size_t periods_find(const struct periods *periods, billing_period period);
void periods_done(struct periods *periods);

#endif
