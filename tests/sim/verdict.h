/* sim/verdict.h: the first thing that is wrong about a run. */
#ifndef SIM_VERDICT_H
#define SIM_VERDICT_H

#include <stdbool.h>

#include "base/error.h"

struct verdict {
    bool is_bad;
    bool is_told; /* by the program itself: a task of it has stopped */
    char reason[1200];
};

/* Keeps the first. */
void verdict_fail(struct verdict *verdict, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
