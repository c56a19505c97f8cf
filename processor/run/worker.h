/*
 * run/worker.h: a thread of the running processor: one consumer, one transactional producer, the tasks assigned to it
 * (DESIGN 5). Workers share nothing mutable but what is atomic here.
 */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include <stdatomic.h>

#include "log/kafka_stream.h"
#include "settings/settings.h"
#include "tasks/task.h"

enum worker_end {
    WORKER_STOPPED, /* as asked; everything is committed */
    WORKER_FAILED,  /* *error */
    WORKER_FENCED,  /* somebody else is this worker now */
};

/* What others may look at while the worker runs. */
struct worker_status {
    _Atomic bool ready;              /* assigned and restored, nothing stopped */
    _Atomic int64_t tasks, restoring, stopped, rows;
    _Atomic int64_t commits, last_commit_us, restores;
    _Atomic uint64_t events, duplicates, line_items, dead;
};

struct worker_options {
    const struct settings *settings;
    const struct kafka_settings *kafka;
    const struct wire_schemas *schemas;
    unsigned number;
    _Atomic bool *stop; /* set by whoever wants it to end */
    bool repair;        /* torn tasks take their marker's offset */
    uint32_t repair_task;
};

/* Runs until stopped, failed or fenced. */
enum worker_end worker_run(const struct worker_options *options, struct worker_status *status, struct error *error);

#endif
