/* run/worker_tasks.c: a worker's tasks: made for what is assigned, found by partition, restored one by one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "observe/logging.h"
#include "run/worker_parts.h"

#define RESTORE_RECORDS 8192

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

void worker_note_stopped(struct worker *worker)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_STOPPED || is_known_stopped(worker, task_input(task)))
            continue;
        worker->stopped = memory_reserve_one(worker->stopped, worker->stopped_count, &worker->stopped_capacity,
                                             sizeof *worker->stopped);
        struct stopped_task *stopped = &worker->stopped[worker->stopped_count++];
        stopped->input = task_input(task);
        snprintf(stopped->reason, sizeof stopped->reason, "%s", task_reason(task));
        log_event(LOGGING_ERROR, "task_stopped", LOG_NUMBER("task", task_number(task)), LOG_TEXT("reason", stopped->reason));
        if (worker->stopped_count <= SHOWN_STOPPED_MAX)
            atomic_store(&worker->status->stopped_tasks[worker->stopped_count - 1], task_number(task));
    }
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
    if (worker->document.number == 0)
        return;
    share_ids_memory(worker);
    worker->tasks = memory_new_array(worker->assigned_count, sizeof *worker->tasks);
    for (size_t i = 0; i < worker->assigned_count; i++)
        if (!is_known_stopped(worker, worker->assigned[i]))
            worker->tasks[worker->task_count++] = task_new(&worker->world, worker->assigned[i].topic,
                                                       worker->assigned[i].partition);
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

/* Reads on with what is restored, from where each task is. */
static bool assign_running(struct worker *worker, struct error *error)
{
    struct stream_partition *inputs = memory_new_array(worker->task_count, sizeof *inputs);
    size_t count = 0;
    for (size_t i = 0; i < worker->task_count; i++)
        if (task_state(worker->tasks[i]) == TASK_RUNNING)
            inputs[count++] = task_input(worker->tasks[i]);
    bool done = worker->stream->ops->assign(worker->stream, inputs, count, error);
    free(inputs);
    return done;
}

enum stream_outcome worker_restore_step(struct worker *worker, struct error *error)
{
    worker->restoring = false;
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_RESTORING)
            continue;
        worker->restoring = true;
        enum stream_outcome outcome = task_restore_step(task, RESTORE_RECORDS, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
        if (task_state(task) == TASK_RUNNING)
            log_event(LOGGING_INFO, "task_restored", LOG_NUMBER("task", task_number(task)),
                      LOG_NUMBER("rows", task_rows(task)), LOG_NUMBER("offset", task_input(task).offset));
        return task_state(task) == TASK_RESTORING || assign_running(worker, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
    }
    return OUTCOME_DONE;
}
