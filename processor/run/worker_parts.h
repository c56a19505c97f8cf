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
    uint64_t taken;              /* records since the last commit; of tiered the messages in them */
    int64_t taken_time_ms;       /* sum of their broker times */
    uint64_t polled_records;     /* that tasks took, by the poll at hand */
    uint64_t weight;             /* messages of a record, as the last polls found them: one of tiered has many */
    int64_t next_commit_ms;
    size_t work_from; /* the task whose work the last transaction had no time for */
    struct sweep_log sweep_log;
    struct {
        int64_t last_ms; /* 0: never */
        uint64_t by_reason[UNPRICED_REASON_COUNT];
    } warned; /* of line items without a price */
};

/* worker_clock.c: a simulator has clocks of its own */
int64_t worker_clock_us(void);                       /* of this machine, always */
int64_t worker_now_ms(const struct worker *worker);  /* for intervals: it only has to go on */
int64_t worker_real_ms(const struct worker *worker); /* since 1970 */

/* worker_connection.c */
MUST_USE bool worker_open(struct worker *worker, struct error *error);
/* Nothing more is committed. */
void worker_close(struct worker *worker);

/* worker_control.c */
bool worker_take_control(void *context, const struct stream_record *record, struct error *error);
/* A step of reading the conductor topic to its end; sets worker->control_read. */
enum stream_outcome worker_read_control(struct worker *worker, struct error *error);
/* Whether the brokers were away for so long that the topic has to be read anew. */
bool worker_has_missed_deletions(struct worker *worker);

/* worker_document.c */
/* Looks whether the topic has a newer version. */
void worker_follow_control(struct worker *worker, bool is_end, struct error *error);
/* Brings the next version into force, if this is a good moment. */
void worker_change_document(struct worker *worker);

/* worker_hold.c */
/* Sets which usage waits; `since_turn_ms`: how long the last turn took. */
void worker_hold_usage(struct worker *worker, int64_t since_turn_ms);

/* worker_memory.c */
/* Bytes of all rows in memory. */
size_t worker_measure(const struct worker *worker);
bool worker_memory_is_short(const struct worker *worker);
/* Rows that are saved leave memory, those of the largest task first, until half of it is free. */
void worker_relieve(struct worker *worker);

/* worker_commit.c */
/* A transaction, unless there is one. */
enum stream_outcome worker_begin(struct worker *worker, struct error *error);
bool worker_is_commit_time(const struct worker *worker);
/* Commits now, if anything is due. */
enum stream_outcome worker_commit(struct worker *worker, struct error *error);
/* The same, and sets when the next one may be. */
enum stream_outcome worker_commit_in_time(struct worker *worker, struct error *error);
/* Goes back to what is committed. */
enum stream_outcome worker_roll_back(struct worker *worker, struct error *error);

/* worker_poll.c */
/* Waits for records and hands them to tasks; what came of it is in worker->pending, too. */
enum stream_outcome worker_poll(struct worker *worker, struct error *error);

/* worker_tasks.c */
bool worker_any_task(const struct worker *worker, bool (*is)(const struct task *task));
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
/* Waiting tasks try again; one that is through reads on. */
enum stream_outcome worker_retry_tasks(struct worker *worker, struct error *error);

/* worker_status.c: what others may look at. */
void worker_show_counts(struct worker *worker);
void worker_show_lag(struct worker *worker);
void worker_show_state(struct worker *worker);
/* There is no connection now. */
void worker_show_away(struct worker *worker);
void worker_observe(struct shown_histogram *histogram, int64_t microseconds, uint64_t times);

#endif
