/*
 * run/worker_commit.c: transactions: when they end, and what goes into them.
 *
 * Order of a commit: outputs and markers, offsets, the transaction, and only then is anything true. Nothing is undone:
 * after an abort all tasks are dropped and restored from what is committed.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "observe/logging.h"
#include "run/worker_parts.h"

#define TRIM_MS 60000
#define WORK_SHARE 4 /* of a transaction's longest life: what begins later is for the next one */

enum stream_outcome worker_begin(struct worker *worker, struct error *error)
{
    if (worker->in_transaction)
        return OUTCOME_DONE;
    enum stream_outcome outcome = worker->stream->ops->begin(worker->stream, error);
    worker->in_transaction = outcome == OUTCOME_DONE;
    worker->transaction_ms = worker_now_ms(worker);
    return outcome;
}

static bool has_time(const struct worker *worker)
{
    return worker_now_ms(worker) - worker->transaction_ms < worker->options->settings->transaction_timeout_ms / WORK_SHARE;
}

/*
 * Works and flushes every task that is due, and collects the offsets to be sent. Steps of closes and sweeps that would make
 * the transaction long wait for the next one and come first in it: it ends in time, however many tasks there are.
 */
static enum stream_outcome flush_tasks(struct worker *worker, struct stream_partition *offsets, size_t *count,
                                       struct error *error)
{
    int64_t now = worker_now_ms(worker);
    size_t first = worker->work_from < worker->task_count ? worker->work_from : 0;
    bool is_late = false;
    for (size_t i = 0; i < worker->task_count; i++) {
        size_t at = (first + i) % worker->task_count;
        struct task *task = worker->tasks[at];
        if (!is_late && i > 0 && !has_time(worker)) {
            is_late = true;
            worker->work_from = at;
        }
        enum stream_outcome outcome = is_late ? OUTCOME_DONE : task_work(task, now, error);
        if (outcome == OUTCOME_DONE && task_is_due(task, now))
            outcome = task_flush(task, now, error);
        else if (outcome == OUTCOME_DONE)
            continue;
        if (outcome != OUTCOME_DONE)
            return outcome;
        offsets[(*count)++] = task_input(task);
    }
    return OUTCOME_DONE;
}

static bool is_due(const struct worker *worker)
{
    int64_t now = worker_now_ms(worker);
    for (size_t i = 0; i < worker->task_count; i++)
        if (task_is_due(worker->tasks[i], now))
            return true;
    return worker->in_transaction;
}

/* After a commit: brings stores up to date. A task whose store fails is restored, alone. */
static void save_tasks(struct worker *worker, struct error *error)
{
    int64_t disk = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (!worker_is_active(task))
            continue;
        if (task_committed(task, error)) {
            disk += (int64_t)task_disk_bytes(task);
            continue;
        }
        log_event(LOGGING_WARN, "task_restarted", LOG_NUMBER("task", task_number(task)), LOG_TEXT("reason", error->message));
        task_restart(task);
        worker->assignment_moved = true;
    }
    atomic_store(&worker->status->disk_bytes, disk);
    if (worker_memory_is_short(worker))
        worker_relieve(worker);
    worker->world.save_all = false;
}

/* Records of `tiered` that tier tasks have committed are not needed any more. */
static void trim_tiered(struct worker *worker)
{
    if (worker->world.now_ms - worker->trimmed_ms < TRIM_MS)
        return;
    worker->trimmed_ms = worker->world.now_ms;
    for (size_t i = 0; i < worker->task_count; i++) {
        struct stream_partition input = task_committed_input(worker->tasks[i]);
        if (input.topic == STREAM_TIERED && input.offset > 0)
            worker->stream->ops->trim(worker->stream, input.topic, input.partition, input.offset);
    }
}

enum stream_outcome worker_commit(struct worker *worker, struct error *error)
{
    worker->world.rows_used = worker_measure(worker);
    worker->world.save_all = worker->world.save_all || worker_memory_is_short(worker);
    if (worker->pending != OUTCOME_DONE || !is_due(worker))
        return worker->pending;
    int64_t started = worker_clock_us();
    struct stream_partition *offsets = memory_new_array(worker->task_count, sizeof *offsets);
    size_t count = 0;
    enum stream_outcome outcome = worker_begin(worker, error);
    worker->world.someone_saves = false;
    if (outcome == OUTCOME_DONE)
        outcome = flush_tasks(worker, offsets, &count, error);
    if (outcome == OUTCOME_DONE)
        outcome = worker->stream->ops->commit(worker->stream, offsets, count, error);
    free(offsets);
    if (outcome == OUTCOME_DONE) {
        worker->in_transaction = false;
        atomic_fetch_add(&worker->status->commits, 1);
        worker_observe(&worker->status->commit_time, worker_clock_us() - started, 1);
        if (worker->taken > 0)
            worker_observe(&worker->status->latency,
                           (worker_real_ms(worker) - worker->taken_time_ms / (int64_t)worker->taken) * 1000, worker->taken);
        worker->taken = 0;
        worker->taken_time_ms = 0;
        worker_show_counts(worker);
        save_tasks(worker, error);
        trim_tiered(worker);
        worker_change_document(worker);
    }
    return outcome;
}

enum stream_outcome worker_roll_back(struct worker *worker, struct error *error)
{
    struct error ignored;
    enum stream_outcome outcome = OUTCOME_DONE;
    if (worker->in_transaction)
        outcome = worker->stream->ops->abort(worker->stream, error);
    worker->in_transaction = false;
    worker->pending = OUTCOME_DONE;
    worker->taken = 0;
    worker->taken_time_ms = 0;
    atomic_fetch_add(&worker->status->aborts, 1);
    log_event(LOGGING_WARN, "transaction_aborted", LOG_NUMBER("worker", worker->options->number),
              LOG_TEXT("reason", error->message));
    worker_note_stopped(worker);
    for (size_t i = 0; i < worker->task_count; i++)
        task_restart(worker->tasks[i]);
    if (outcome == OUTCOME_DONE && !worker_assign(worker, &ignored))
        outcome = OUTCOME_INDETERMINATE;
    return outcome;
}

/* A close goes on with every commit: none of its steps waits for the clock. */
bool worker_is_commit_time(const struct worker *worker)
{
    return worker_now_ms(worker) >= worker->next_commit_ms || worker_memory_is_short(worker) ||
           worker_any_task(worker, task_is_closing) || worker->taken >= (uint64_t)worker->options->settings->commit_events;
}

/*
 * Behind a slow commit there is as much time to read as it took, up to an interval: the next one then takes more along. In a
 * sweep, however long.
 */
enum stream_outcome worker_commit_in_time(struct worker *worker, struct error *error)
{
    int64_t interval = worker->options->settings->commit_interval_ms, begun = worker_now_ms(worker);
    bool sweeps = worker_any_task(worker, task_is_sweeping);
    enum stream_outcome outcome = worker_commit(worker, error);
    int64_t ended = worker_now_ms(worker), rested = ended - begun < interval ? 2 * ended - begun : ended + interval;
    worker->next_commit_ms = rested > begun + interval ? rested : begun + interval;
    if (sweeps) {
        worker->world.sweep_rows = sweep_pace_rows(worker->world.sweep_rows, ended - begun);
        worker->next_commit_ms = sweep_pace_next(begun, ended, worker->next_commit_ms);
    }
    return outcome;
}
