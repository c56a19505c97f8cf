/* run/worker_parts.h: what the files of a worker share of it. Not for others. */
#ifndef RUN_WORKER_PARTS_H
#define RUN_WORKER_PARTS_H

#include "run/memory_shares.h"
#include "run/sweep_log.h"
#include "run/sweep_pace.h"
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
    struct document_version *document;      /* in force; NULL before the first */
    struct document_version *next_document; /* that takes its place at the next good moment, or NULL */
    struct conductor_topic *control;
    int64_t control_next;
    int64_t control_end, control_until;              /* read so far; to be read before usage is taken */
    int64_t announced_offset, held_until_ms;         /* of the close that is on its way */
    int64_t heard_ms, heard_real_ms;                 /* when brokers were last there, by both clocks; 0: not yet */
    bool control_begun, control_read, control_moved; /* read: to its end, once; moved: news for follow_control */
    bool control_is_part;                            /* of its last document more is to come */
    int64_t schemas_retry_ms;
    bool schemas_known; /* of all that is written */
    struct stream_partition *assigned;
    size_t assigned_count;
    struct task **tasks;
    size_t task_count;
    struct task **by_partition[STREAM_TOPIC_COUNT]; /* of each input topic, room for all of its partitions */
    struct stopped_task *stopped;
    size_t stopped_count, stopped_capacity;
    bool in_transaction, has_assignment, restoring;
    bool assignment_moved;  /* the partitions to be read are no longer those that the consumer reads */
    bool member_fenced;     /* another member of the group has our name */
    bool was_open;          /* there was a connection once */
    int64_t fenced_ms;      /* when it was last fenced; 0: never */
    unsigned failures;      /* in a row */
    int64_t transaction_ms; /* when the transaction at hand began */
    int64_t shown_ms, trimmed_ms;
    enum stream_outcome pending; /* what the records that poll handed over came to */
    uint64_t taken;              /* records since the last commit */
    int64_t taken_time_ms;       /* sum of their broker times */
    int64_t next_commit_ms;
    size_t work_from; /* the task whose work the last transaction had no time for */
    struct sweep_log sweep_log;
    struct {
        int64_t last_ms; /* 0: never */
        uint64_t by_reason[UNPRICED_REASON_COUNT];
    } warned; /* of line items without a price */
};

/* worker_tasks.c */
/* Makes the tasks of the assigned partitions, in place of those there are; none before there is a document. */
void worker_make_tasks(struct worker *worker);
void worker_drop_tasks(struct worker *worker);
struct task *worker_find_task(const struct worker *worker, enum stream_topic topic, int32_t partition);
/* Logs why tasks have stopped, and frees them; the others go on. */
void worker_note_stopped(struct worker *worker);
static inline bool worker_is_active(const struct task *task)
{
    return task_state(task) == TASK_RUNNING || task_state(task) == TASK_WAITING;
}
/* Logs once why a task waits. */
void worker_note_waiting(struct worker *worker, const struct task *task);
/* Has the consumer read the inputs of running tasks, and the conductor topic. */
bool worker_assign(struct worker *worker, struct error *error);
/* Learns the schema ids of all that will be written, before it is. False: the registry does not answer now. */
bool worker_meet_schemas(struct worker *worker, struct error *error);
/* A step of restoring, one task at a time; a task that is through reads its input. Sets worker->restoring. */
enum stream_outcome worker_restore_step(struct worker *worker, struct error *error);

/* worker_status.c: what others may look at. */
void worker_show_counts(struct worker *worker);
void worker_show_lag(struct worker *worker);
void worker_show_state(struct worker *worker);
/* There is no connection now. */
void worker_show_away(struct worker *worker);
void worker_observe(struct shown_histogram *histogram, int64_t microseconds, uint64_t times);

#endif
