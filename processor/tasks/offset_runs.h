/*
 * tasks/offset_runs.h: a set of offsets, as runs of consecutive ones. Thread: one.
 */
#ifndef TASKS_OFFSET_RUNS_H
#define TASKS_OFFSET_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offset_run {
    int64_t first, end;
};

struct offset_runs {
    struct offset_run *items; /* ascending, apart from each other */
    size_t count, capacity;
};

/* Quick in ascending order. */
void offset_runs_add(struct offset_runs *runs, int64_t offset);
bool offset_runs_have(const struct offset_runs *runs, int64_t offset);
void offset_runs_done(struct offset_runs *runs);

#endif
