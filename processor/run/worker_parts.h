/* run/worker_parts.h: what the files of a worker share of it. Not for others. */
#ifndef RUN_WORKER_PARTS_H
#define RUN_WORKER_PARTS_H

#include "run/memory_shares.h"
#include "run/worker.h"

/* A task that cannot go on: it stays out until partitions are assigned anew. */
struct stopped_task {
    struct stream_partition input;
    char reason[512];
};

struct worker {
    const struct worker_options *options;
    struct worker_status *status;
    struct stream *stream;
    struct task_world world;
    struct document_version document;
    struct conductor_topic *control;
    int64_t control_next, control_read_ms;
    struct stream_partition *assigned;
    size_t assigned_count;
    struct task **tasks;
    size_t task_count;
    struct task **by_partition[STREAM_TOPIC_COUNT]; /* of each input topic, room for all of its partitions */
    struct stopped_task *stopped;
    size_t stopped_count, stopped_capacity;
    bool in_transaction, has_assignment, restoring;
    enum stream_outcome pending; /* of records taken within poll */
    uint64_t taken;              /* records since the last commit */
    int64_t taken_time_ms;       /* sum of their broker times */
    int64_t next_commit_ms;
};

/* worker_tasks.c */
/* The tasks of what is assigned, in place of those there are; none before there is a document. */
void worker_make_tasks(struct worker *worker);
void worker_drop_tasks(struct worker *worker);
struct task *worker_find_task(const struct worker *worker, enum stream_topic topic, int32_t partition);
/* Says once why a task is out; the others go on. */
void worker_note_stopped(struct worker *worker);
/* One restoring task at a time; one that is through is read on. worker->restoring: whether there was one. */
enum stream_outcome worker_restore_step(struct worker *worker, struct error *error);

/* worker_status.c: what others may look at. */
void worker_show_counts(struct worker *worker);
void worker_show_lag(struct worker *worker);
void worker_show_state(struct worker *worker);
void worker_observe(struct shown_histogram *histogram, int64_t microseconds, uint64_t times);

#endif
