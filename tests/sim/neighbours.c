/* sim/neighbours.c: positions of the tasks that run, as the group knows them, for as long as one beside them waits. */
#include "sim/neighbours.h"

#include "run/worker_parts.h"
#include "sim/memory_log_parts.h"
#include "sim/simulation_parts.h"

#define TURNS_MAX 60 /* a turn reads a partition by chance, and a commit may be refused */

static const struct task *find_waiting(const struct worker *worker)
{
    for (size_t i = 0; i < worker->task_count; i++)
        if (task_state(worker->tasks[i]) == TASK_WAITING || task_is_resting(worker->tasks[i]))
            return worker->tasks[i];
    return NULL;
}

/* Of what the group has heard: a commit that is on its way is one. */
static bool has_input(const struct sim *sim, struct stream_partition input, int64_t committed)
{
    if (transactions_pend(sim->log, &input))
        return false;
    const struct stream_record *last = memory_log_last(sim->log, input.topic, input.partition, NULL);
    return last && last->offset >= committed;
}

static void watch(struct process *process, const struct task *task, const struct task *waiting)
{
    struct stream_partition input = task_input(task);
    struct watched *watched = &process->neighbours.partitions[input.topic][input.partition];
    int64_t committed = memory_log_committed(process->sim->log, input.topic, input.partition);
    bool is_idle =
        task_state(task) == TASK_RUNNING && committed == watched->committed && has_input(process->sim, input, committed);
    process->neighbours.waits += task_state(task) == TASK_RUNNING && has_input(process->sim, input, committed);
    *watched = (struct watched){ committed, is_idle ? watched->turns + 1 : 0 };
    if (watched->turns > TURNS_MAX)
        verdict_fail(&process->sim->verdict, "%s: task %u stands still at %lld while task %u waits: %s", process->id,
                     task_number(task), (long long)committed, task_number(waiting), task_reason(waiting));
}

void neighbours_check(struct process *process)
{
    const struct worker *worker = process->worker;
    const struct task *waiting = worker->stream ? find_waiting(worker) : NULL;
    int64_t restores = process->status.restores + process->status.aborts;
    if (!waiting || restores != process->neighbours.restores || !group_is_current(memory_stream_of(worker->stream))) {
        memset(process->neighbours.partitions, 0, sizeof process->neighbours.partitions);
        process->neighbours.restores = restores;
        return;
    }
    for (size_t i = 0; i < worker->task_count; i++)
        watch(process, worker->tasks[i], waiting);
}
