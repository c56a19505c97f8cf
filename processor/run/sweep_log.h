/* run/sweep_log.h: when a worker's log speaks of sweeps: at their beginning and end, and now and then between. Pure. */
#ifndef RUN_SWEEP_LOG_H
#define RUN_SWEEP_LOG_H

#include "tasks/task.h"

#define SWEEP_LOG_MS 5000

struct sweep_log {
    int64_t version; /* to which tasks sweep; 0: none does */
    int64_t ended;   /* the last one that they have come to */
    int64_t begun_ms, told_ms;
};

enum sweep_news { SWEEP_NO_NEWS, SWEEP_BEGINS, SWEEP_GOES_ON, SWEEP_ENDS };

/* What there is to tell of the worker's tasks as they are now. *since_ms: of SWEEP_ENDS, how long it took. */
enum sweep_news sweep_log_take(struct sweep_log *log, const struct task_progress *progress, int64_t now_ms,
                               int64_t *since_ms);

#endif
