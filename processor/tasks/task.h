/*
 * tasks/task.h: a partition's life: restored from its own line items, fed with records, flushed into transactions
 * (SEMANTICS 5). One kind each for usage, tier and bill partitions.
 *
 *   restore:  committed offset, then the store, then what line items lie behind it, then ids; the marker must be the one
 *             that the committed offset names
 *   run:      take records → flush into the open transaction → committed, and now and then into the store
 *
 * A task undoes nothing: after an aborted transaction it is restarted, that is restored. A task that has to wait, for a
 * schema, a lock or room on the disk, waits alone. Thread: its worker's.
 */
#ifndef TASKS_TASK_H
#define TASKS_TASK_H

#include "codec/wire.h"
#include "control/conductor_topic.h"
#include "log/stream.h"
#include "pipeline/ledger.h"
#include "tasks/document_version.h"
#include "tasks/marker.h"

/* What is counted, by the worker's thread alone; a copy is shown to others. */
struct task_counts {
    uint64_t events, duplicates, line_items, swept_rows, report_rows, dead[REFUSAL_REASON_COUNT];
    uint64_t by_status[STATUS_COUNT], by_reason[UNPRICED_REASON_COUNT]; /* line items written */
    uint64_t excess_decimals;                                           /* numbers that were rounded */
    struct ledger_counts priced;                                        /* events */
};

#define REPAIR_NONE INT64_C(-1)
#define REPAIR_ALL INT64_C(-2)

/* What all tasks of a worker share. Borrowed by them. */
struct task_world {
    struct stream *stream;
    struct wire *wire;
    const struct document_version *document;
    const struct conductor_topic *control;
    bool document_pending; /* a newer version waits for closes to end; none begins meanwhile */
    enum granularity granularity;
    bool resource_ids, reject_late;
    size_t ids_memory;   /* of each usage task */
    int64_t now_ms;      /* when the worker's turn began; on a clock that never goes back */
    int64_t real_now_ms; /* the same since 1970 */
    int64_t dedup_window_ms, future_max_ms, bills_interval_ms, close_after_ms, transaction_timeout_ms;
    size_t event_bytes_max;
    const char *state_dir;              /* a folder per task in it */
    struct rocks_options store_options; /* of each task */
    size_t store_lag;                   /* rows that a store may hold back from the disk */
    size_t rows_memory, rows_used;      /* of all tasks together: what they may take, and take */
    size_t sweep_rows;                  /* of a step of a sweep to another version of the document */
    uint64_t polls;                     /* so many: what is expected in one is for this one only */
    uint64_t taken;                     /* so many records, of tiered so many messages, by tasks until now */
    bool save_all;                      /* the next commit brings all stores up to date */
    bool someone_saves;                 /* behind the commit at hand */
    billing_period held; /* usage of months up to this one waits for a close that is on its way; PERIOD_NONE */
    int64_t repair_task; /* takes its marker's offset where the group's differs; or one of these */
    struct task_counts counts;
};

enum task_state {
    TASK_RESTORING,
    TASK_RUNNING,
    TASK_WAITING, /* for what its next record needs; reads no further, but writes out what it has taken */
    TASK_STOPPED, /* the marker and the committed offset differ, or the ledger does not hold; others go on */
};

struct task;

/* The task of an input partition. */
struct task *task_new(struct task_world *world, enum stream_topic input, int32_t partition);
void task_free(struct task *task);

enum task_state task_state(const struct task *task);
const char *task_reason(const struct task *task);            /* why it is stopped or waits; empty otherwise */
uint32_t task_number(const struct task *task);               /* its line-items partition */
struct stream_partition task_input(const struct task *task); /* with the offset where it goes on */
/* The same as its last flush sent it; OFFSET_NONE before the first. */
struct stream_partition task_committed_input(const struct task *task);
int64_t task_rows(const struct task *task); /* in memory */
size_t task_bytes(const struct task *task); /* of memory, for rows */
size_t task_id_bytes(const struct task *task);
uint64_t task_disk_bytes(const struct task *task);

/*
 * Goes on with restoring, in bounded steps; the task is RUNNING or STOPPED when it is through. LATER: something that
 * it needs is missing; to be called again when task_is_resting says no. INDETERMINATE: the connection is no good.
 */
enum stream_outcome task_restore_step(struct task *task, size_t records_max, struct error *error);
/* Whether its restore is in the middle of a partition: only one task at a time may be. */
bool task_is_reading(const struct task *task);
/* Whether it waits for the time of its next try. */
bool task_is_resting(const struct task *task);
/* Tries again to take the record that a waiting task holds. */
enum stream_outcome task_retry(struct task *task, struct error *error);
/* It is to be restored to what is committed. Its store stays unless it is damaged. */
void task_restart(struct task *task);

/*
 * Takes a record of its input. What has to go out at once goes into the open transaction. The task is WAITING afterwards if
 * the record needs what is not there now.
 */
enum stream_outcome task_take(struct task *task, const struct stream_record *record, struct error *error);

/* Decodes a record that will be taken a few records later in the same poll, which is a little faster then. */
void task_expect(struct task *task, const struct stream_record *record);

/* The world's document is another one now. Between transactions. */
void task_follow_document(struct task *task);
/* Whether it is on its way to that one. */
bool task_is_sweeping(const struct task *task);
/* Whether it is in the middle of a close: the document has to stay until it is through. */
bool task_is_closing(const struct task *task);

/* The input is read up to `end`: between the last record and it lie only the marks of transactions. */
void task_reached(struct task *task, int64_t end);

/* Whether a flush would write anything or move the input. `now_ms`: for what is due by time. */
bool task_is_due(struct task *task, int64_t now_ms);

/* A bounded step of work that no record asks for, such as a close. Into the open transaction. */
enum stream_outcome task_work(struct task *task, int64_t now_ms, struct error *error);

/* Writes changes and the marker into the open transaction. */
enum stream_outcome task_flush(struct task *task, int64_t now_ms, struct error *error);

/* After the commit of its flush: saves to the store if that was planned. Fails: the store; the task is to be restarted. */
MUST_USE bool task_committed(struct task *task, struct error *error);
/* Frees the memory of rows that the store has. */
void task_forget(struct task *task);

/* How far tasks are, summed up. */
struct task_progress {
    int64_t restored, to_restore; /* records, of those that are restoring */
    int64_t closing;              /* tasks */
    int64_t sweeping;             /* tasks that sweep to another version of the document */
    int64_t target;               /* this one */
    int64_t swept_rows, percent;  /* of these sweeps or the last ones; of the one that is least far: 100 where none is */
};
void task_add_progress(const struct task *task, struct task_progress *progress);

/* The number of a task: bill tasks first, then tier, then usage. */
uint32_t task_number_of(const struct stream *stream, enum stream_topic input, int32_t partition);

#endif
