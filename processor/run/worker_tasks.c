/* run/worker_tasks.c: a worker's tasks: made for what is assigned, found by partition, restored one by one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "observe/logging.h"
#include "run/worker_parts.h"

#define RESTORE_RECORDS 8192
#define SCHEMAS_RETRY_MS 500

static void forget_task_places(struct worker *worker)
{
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++) {
        free(worker->by_partition[i]);
        worker->by_partition[i] = NULL;
    }
}

static void place_task(struct worker *worker, struct task *task)
{
    struct stream_partition input = task_input(task);
    struct task ***places = &worker->by_partition[input.topic];
    if (!*places) {
        int32_t count = worker->stream->ops->partition_count(worker->stream, input.topic);
        *places = memory_new_array((size_t)count, sizeof **places);
    }
    (*places)[input.partition] = task;
}

void worker_drop_tasks(struct worker *worker)
{
    forget_task_places(worker);
    for (size_t i = 0; i < worker->task_count; i++)
        task_free(worker->tasks[i]);
    free(worker->tasks);
    worker->tasks = NULL;
    worker->task_count = 0;
}

static bool is_known_stopped(const struct worker *worker, struct stream_partition input)
{
    for (size_t i = 0; i < worker->stopped_count; i++)
        if (worker->stopped[i].input.topic == input.topic && worker->stopped[i].input.partition == input.partition)
            return true;
    return false;
}

static void note_stopped(struct worker *worker, struct task *task)
{
    worker->stopped =
        memory_reserve_one(worker->stopped, worker->stopped_count, &worker->stopped_capacity, sizeof *worker->stopped);
    struct stopped_task *stopped = &worker->stopped[worker->stopped_count++];
    stopped->input = task_input(task);
    snprintf(stopped->reason, sizeof stopped->reason, "%s", task_reason(task));
    log_event(LOGGING_ERROR, "task_stopped", LOG_NUMBER("task", task_number(task)), LOG_TEXT("reason", stopped->reason));
    if (worker->stopped_count <= SHOWN_STOPPED_MAX)
        atomic_store(&worker->status->stopped_tasks[worker->stopped_count - 1], task_number(task));
}

void worker_note_stopped(struct worker *worker)
{
    size_t kept = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_STOPPED) {
            worker->tasks[kept++] = task;
            continue;
        }
        struct stream_partition input = task_input(task);
        note_stopped(worker, task);
        worker->by_partition[input.topic][input.partition] = NULL;
        worker->assignment_moved = true;
        task_free(task);
    }
    worker->task_count = kept;
}

/* Event ids are remembered by usage tasks alone. */
static void share_ids_memory(struct worker *worker)
{
    size_t usage_tasks = 0;
    for (size_t i = 0; i < worker->assigned_count; i++)
        usage_tasks += worker->assigned[i].topic == STREAM_USAGE;
    size_t bytes = memory_shares_of(worker->options->settings, worker->options->worker_count).ids;
    worker->world.ids_memory = usage_tasks ? bytes / usage_tasks : bytes;
}

void worker_make_tasks(struct worker *worker)
{
    worker_drop_tasks(worker);
    if (!worker->document)
        return;
    share_ids_memory(worker);
    worker->tasks = memory_new_array(worker->assigned_count, sizeof *worker->tasks);
    for (size_t i = 0; i < worker->assigned_count; i++)
        if (!is_known_stopped(worker, worker->assigned[i]))
            worker->tasks[worker->task_count++] =
                task_new(&worker->world, worker->assigned[i].topic, worker->assigned[i].partition);
    for (size_t i = 0; i < worker->task_count; i++)
        place_task(worker, worker->tasks[i]);
    if (worker->task_count > 0)
        atomic_fetch_add(&worker->status->restores, 1);
}

struct task *worker_find_task(const struct worker *worker, enum stream_topic topic, int32_t partition)
{
    struct task **places = worker->by_partition[topic];
    return places ? places[partition] : NULL;
}

void worker_note_waiting(struct worker *worker, const struct task *task)
{
    worker->assignment_moved = true;
    log_event(LOGGING_WARN, "task_waits", LOG_NUMBER("worker", worker->options->number),
              LOG_NUMBER("task", task_number(task)), LOG_TEXT("reason", task_reason(task)));
}

/* From where each task is. */
bool worker_assign(struct worker *worker, struct error *error)
{
    struct stream_partition *inputs = memory_new_array(worker->task_count + 1, sizeof *inputs);
    size_t count = 0;
    inputs[count++] = (struct stream_partition){ STREAM_CONDUCTOR, 0, worker->control_next, 0 };
    for (size_t i = 0; i < worker->task_count; i++)
        if (task_state(worker->tasks[i]) == TASK_RUNNING)
            inputs[count++] = task_input(worker->tasks[i]);
    bool done = worker->stream->ops->assign(worker->stream, inputs, count, error);
    worker->assignment_moved = false;
    free(inputs);
    return done;
}

bool worker_meet_schemas(struct worker *worker, struct error *error)
{
    if (worker->world.now_ms < worker->schemas_retry_ms)
        return false;
    worker->schemas_retry_ms = worker->world.now_ms + SCHEMAS_RETRY_MS;
    if (wire_meet_schemas(worker->world.wire, error))
        return true;
    log_event(LOGGING_WARN, "registry_away", LOG_NUMBER("worker", worker->options->number),
              LOG_TEXT("reason", error->message));
    return false;
}

/* The one that is reading goes on; else the next that does not rest. */
static struct task *next_restoring(struct worker *worker)
{
    struct task *next = NULL;
    worker->restoring = false;
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_RESTORING || task_is_resting(task))
            continue;
        worker->restoring = true;
        if (!next || task_is_reading(task))
            next = task;
    }
    return next;
}

enum stream_outcome worker_restore_step(struct worker *worker, struct error *error)
{
    struct task *task = next_restoring(worker);
    if (!task)
        return OUTCOME_DONE;
    enum stream_outcome outcome = task_restore_step(task, RESTORE_RECORDS, error);
    if (outcome == OUTCOME_LATER) {
        worker_note_waiting(worker, task);
        return OUTCOME_DONE;
    }
    if (outcome != OUTCOME_DONE || task_state(task) != TASK_RUNNING)
        return outcome;
    log_event(LOGGING_INFO, "task_restored", LOG_NUMBER("task", task_number(task)), LOG_NUMBER("rows", task_rows(task)),
              LOG_NUMBER("offset", task_input(task).offset));
    worker->assignment_moved = true;
    return OUTCOME_DONE;
}

bool worker_any_task(const struct worker *worker, bool (*is)(const struct task *task))
{
    for (size_t i = 0; i < worker->task_count; i++)
        if (is(worker->tasks[i]))
            return true;
    return false;
}

enum stream_outcome worker_retry_tasks(struct worker *worker, struct error *error)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_WAITING || task_is_resting(task))
            continue;
        enum stream_outcome outcome = worker_begin(worker, error);
        if (outcome == OUTCOME_DONE)
            outcome = task_retry(task, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
        if (task_state(task) == TASK_RUNNING) {
            log_event(LOGGING_INFO, "task_goes_on", LOG_NUMBER("task", task_number(task)));
            worker->assignment_moved = true;
        }
    }
    return OUTCOME_DONE;
}
