/* run/worker_poll.c: what a poll brings: records, ends, partitions that come and go. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "observe/logging.h"
#include "run/worker_parts.h"

#define POLL_MS 5
#define POLL_RECORDS 4096
#define POLL_RECORDS_FEW 512 /* when memory runs short: each may bring its whole group back */

static bool on_record(void *context, const struct stream_record *record, struct error *error)
{
    struct worker *worker = context;
    if (record->topic == STREAM_CONDUCTOR)
        return record->offset < worker->control_next || worker_take_control(worker, record, error);
    struct task *task = worker_find_task(worker, record->topic, record->partition);
    if (!task || task_state(task) != TASK_RUNNING || worker->pending != OUTCOME_DONE)
        return true;
    worker->pending = worker_begin(worker, error);
    uint64_t taken = worker->world.taken;
    if (worker->pending == OUTCOME_DONE)
        worker->pending = task_take(task, record, error);
    if (task_state(task) == TASK_WAITING)
        worker_note_waiting(worker, task);
    taken = worker->world.taken - taken;
    worker->polled_records++;
    worker->taken += taken;
    worker->taken_time_ms += record->timestamp_ms * (int64_t)taken;
    return true;
}

static void on_expect(void *context, const struct stream_record *record)
{
    struct worker *worker = context;
    struct task *task = worker_find_task(worker, record->topic, record->partition);
    if (task && worker->pending == OUTCOME_DONE)
        task_expect(task, record);
}

static void on_ended(void *context, enum stream_topic topic, int32_t partition, int64_t end)
{
    struct worker *worker = context;
    if (topic == STREAM_CONDUCTOR) {
        worker->control_end = end;
        return;
    }
    struct task *task = worker_find_task(worker, topic, partition);
    if (task && worker->pending == OUTCOME_DONE)
        task_reached(task, end);
}

static bool on_assigned(void *context, const struct stream_partition *partitions, size_t count, struct error *error)
{
    struct worker *worker = context;
    (void)error;
    free(worker->assigned);
    worker->assigned = memory_new_array(count, sizeof *worker->assigned);
    if (count > 0) /* a member of many may have none */
        memcpy(worker->assigned, partitions, count * sizeof *partitions);
    worker->assigned_count = count;
    worker->has_assignment = true;
    /* Partitions that were added since the connection was made: a new one counts them. */
    for (size_t i = 0; i < count; i++)
        if (partitions[i].partition >= worker->stream->ops->partition_count(worker->stream, partitions[i].topic)) {
            worker->pending = OUTCOME_INDETERMINATE;
            worker->assigned_count = 0;
            return true;
        }
    log_event(LOGGING_INFO, "partitions_assigned", LOG_NUMBER("worker", worker->options->number),
              LOG_NUMBER("count", count));
    worker->stopped_count = 0;
    worker->assignment_moved = true; /* the consumer reads nothing now: at least the conductor topic goes on */
    worker_make_tasks(worker);
    return true;
}

/* A last commit while the partitions are still ours; then they go, whatever came of it. */
static bool on_revoked(void *context, bool lost, struct error *error)
{
    struct worker *worker = context;
    worker->world.save_all = true;
    enum stream_outcome outcome = lost ? OUTCOME_ABORT : worker_commit(worker, error);
    if (outcome != OUTCOME_DONE) {
        struct error reason = { 0 };
        error_fail(&reason, ERROR_FAILED, "%s", lost ? "the partitions are somebody else's" : error->message);
        enum stream_outcome back = worker_roll_back(worker, &reason);
        if (back != OUTCOME_DONE || outcome == OUTCOME_INDETERMINATE || outcome == OUTCOME_FENCED ||
            outcome == OUTCOME_REFUSED)
            worker->pending = outcome == OUTCOME_ABORT ? back : outcome;
    }
    worker_drop_tasks(worker);
    worker->assigned_count = 0;
    worker->has_assignment = false;
    return true;
}

/* As many messages as fit a turn, as far as the last polls tell how many a record has. */
static size_t records_of_poll(const struct worker *worker)
{
    size_t most = worker->world.rows_used > worker->world.rows_memory / 4 * 3 ? POLL_RECORDS_FEW : POLL_RECORDS;
    return worker->weight > 1 ? most / worker->weight + 1 : most;
}

/* Polls of usage and of parcels follow each other: what was found is forgotten by and by. */
static void weigh_records(struct worker *worker, uint64_t messages)
{
    uint64_t now = worker->polled_records ? messages / worker->polled_records : 0;
    worker->weight = now > worker->weight / 2 ? now : worker->weight / 2;
}

enum stream_outcome worker_poll(struct worker *worker, struct error *error)
{
    const struct stream_handler handler = { worker, on_record, on_expect, on_ended, on_assigned, on_revoked };
    worker->world.rows_used = worker_measure(worker);
    size_t records_max = records_of_poll(worker);
    uint64_t taken = worker->world.taken;
    worker->polled_records = 0;
    enum stream_outcome outcome =
        worker->stream->ops->poll(worker->stream, worker->restoring ? 0 : POLL_MS, records_max, &handler, error);
    weigh_records(worker, worker->world.taken - taken);
    worker->world.polls++; /* records that were expected are gone now */
    worker->member_fenced = outcome == OUTCOME_FENCED;
    return outcome;
}
