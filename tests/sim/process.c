/* sim/process.c: opens streams on the log in memory and tells what became of a turn. */
#include "sim/process.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "sim/memory_rocks.h"
#include "sim/mutations.h"
#include "sim/simulation_parts.h"
#include "sim/trace.h"

static bool open_stream(void *context, const enum stream_topic *topics, size_t topic_count, struct stream **ret_stream,
                        struct error *error)
{
    struct process *process = context;
    (void)topics;
    (void)topic_count;
    (void)error;
    memory_stream_open(process->sim->log, process->is_static ? process->id : NULL, &process->stream);
    mutation_apply(process->stream);
    *ret_stream = process->stream;
    return true;
}

static int64_t clock_of(void *context)
{
    return memory_log_now_ms(((struct process *)context)->sim->log);
}

static int64_t wall_clock_of(void *context)
{
    return clock_of(context) + ((struct process *)context)->clock_ahead_ms;
}

struct process *process_start(struct sim *sim, size_t slot, unsigned folder, bool is_static)
{
    struct process *process = memory_new(sizeof *process);
    process->sim = sim;
    process->is_static = is_static;
    process->folder = folder;
    snprintf(process->id, sizeof process->id, "p%zu", slot);
    snprintf(process->state_dir, sizeof process->state_dir, "%s/state-%u", sim->folder, folder);
    process->kafka.transaction_timeout_ms = TRANSACTION_TIMEOUT_MS;
    process->kafka.session_timeout_ms = SESSION_TIMEOUT_MS;
    process->options = (struct worker_options){ .settings = &sim->settings,
                                                .kafka = &process->kafka,
                                                .schemas = &sim->schemas_port,
                                                .worker_count = 1,
                                                .state_dir = process->state_dir,
                                                .stop = &process->stop,
                                                .repair_task = -1,
                                                .open_stream = open_stream,
                                                .clock_ms = clock_of,
                                                .wall_clock_ms = wall_clock_of,
                                                .port_context = process };
    process->worker = worker_new(&process->options, &process->status);
    trace("%s starts in folder %u, %s", process->id, folder, is_static ? "as itself" : "as anyone");
    return process;
}

void process_sleep(struct process *process, bool asleep)
{
    trace("%s %s", process->id, asleep ? "falls asleep" : "wakes up");
    process->asleep = asleep;
    if (process->stream)
        memory_stream_sleep(process->stream, asleep);
}

void process_end(struct process **process, bool crash)
{
    if (!*process)
        return;
    trace("%s %s", (*process)->id, crash ? "is killed" : "ends");
    if (crash)
        memory_disk_crash((*process)->state_dir);
    if (crash && (*process)->stream)
        memory_stream_crash((*process)->stream);
    (*process)->sim->counts.aborts += (unsigned)(*process)->status.aborts;
    (*process)->sim->counts.commits += (unsigned)(*process)->status.commits;
    worker_free((*process)->worker);
    free(*process);
    *process = NULL;
}

void process_step(struct process **process)
{
    struct sim *sim = (*process)->sim;
    struct error error = { 0 };
    if ((*process)->asleep)
        return;
    bool is_replaced = (*process)->stream && memory_stream_is_replaced((*process)->stream);
    enum worker_end how = worker_step((*process)->worker, &error);
    if (how == WORKER_FAILED && !is_replaced)
        verdict_fail(&sim->verdict, "%s failed: %s", (*process)->id, error.message);
    if ((*process)->status.stopped > 0) {
        sim->verdict.is_told = !sim->verdict.is_bad;
        verdict_fail(&sim->verdict, "%s has stopped task %u", (*process)->id, (unsigned)(*process)->status.stopped_tasks[0]);
    }
    sim->counts.fenced += how == WORKER_FENCED;
    /* Without an answer it would ask again; some do not live to. */
    bool dies = how == WORKER_GOES_ON && !(*process)->stream && dice_below(&sim->dice, 3) == 0;
    if (how != WORKER_GOES_ON || dies)
        process_end(process, dies);
    else
        neighbours_check(*process);
}
