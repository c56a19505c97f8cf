/*
 * run/sweep_pace.h: how fast a worker's tasks sweep to another version of the document, so that events go on being priced:
 * steps that keep a commit short, and between two of them as much time for events as the commit took. Pure.
 */
#ifndef RUN_SWEEP_PACE_H
#define RUN_SWEEP_PACE_H

#include <stddef.h>
#include <stdint.h>

#define SWEEP_PACE_ROWS 4000 /* of a task's first step */

/* Rows of the next step, after a commit with steps of `rows` that took so long. */
size_t sweep_pace_rows(size_t rows, int64_t took_ms);
/* When the next commit may be, after one from `begun_ms` to `ended_ms`; `due_ms`: without a sweep. */
int64_t sweep_pace_next(int64_t begun_ms, int64_t ended_ms, int64_t due_ms);

#endif
