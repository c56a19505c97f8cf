/*
 * run/worker.c: the loop: poll, restore, commit.
 *
 * After an indeterminate end of a transaction the whole connection is made anew, so that a new epoch ends whatever is still
 * on its way.
 */
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "observe/logging.h"
#include "run/worker_parts.h"

#define SHOW_MS 300
#define RETRY_MS 200
#define RETRY_MAX_MS 5000
#define TWIN_MS 120000

/* All that is not reading: restores, the conductor topic, tasks that wait. */
static enum stream_outcome work(struct worker *worker, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    if (!worker->control_read)
        return worker_read_control(worker, error);
    if (!worker->schemas_known) {
        worker->schemas_known = worker_meet_schemas(worker, error);
        return OUTCOME_DONE;
    }
    if (worker->control_moved || !worker->document)
        worker_follow_control(worker, false, error);
    worker_change_document(worker);
    outcome = worker_restore_step(worker, error);
    if (outcome == OUTCOME_DONE)
        outcome = worker_retry_tasks(worker, error);
    if (outcome != OUTCOME_DONE || !worker->assignment_moved)
        return outcome;
    return worker_assign(worker, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
}

static enum stream_outcome step(struct worker *worker, struct error *error)
{
    int64_t turn_ms = worker->world.now_ms;
    worker->world.now_ms = worker_now_ms(worker);
    worker->world.real_now_ms = worker_real_ms(worker);
    if (worker_has_missed_deletions(worker)) {
        error_fail(error, ERROR_FAILED, "nothing was heard of the brokers for half a day: the conductor topic is read anew");
        return OUTCOME_INDETERMINATE;
    }
    worker_hold_usage(worker, turn_ms == 0 ? 0 : worker->world.now_ms - turn_ms);
    enum stream_outcome outcome = worker_poll(worker, error);
    if (outcome == OUTCOME_DONE && worker->pending == OUTCOME_DONE)
        outcome = work(worker, error);
    if (worker->world.now_ms - worker->shown_ms >= SHOW_MS) {
        worker->shown_ms = worker->world.now_ms;
        worker_show_lag(worker);
    }
    worker_show_state(worker);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (worker->pending != OUTCOME_DONE)
        return worker->pending;
    return worker_is_commit_time(worker) ? worker_commit_in_time(worker, error) : OUTCOME_DONE;
}

struct worker *worker_new(const struct worker_options *options, struct worker_status *status)
{
    struct worker *worker = memory_new(sizeof *worker);
    worker->options = options;
    worker->status = status;
    return worker;
}

void worker_free(struct worker *worker)
{
    worker_close(worker);
    free(worker);
}

/* A last commit. What is not in it is read again by the next owner of the partitions. */
static enum worker_end leave(struct worker *worker, struct error *error)
{
    worker->world.save_all = true;
    enum stream_outcome outcome = worker->stream ? worker_commit(worker, error) : OUTCOME_DONE;
    worker_drop_tasks(worker);
    atomic_store(&worker->status->has_left, outcome == OUTCOME_DONE);
    worker_close(worker);
    return outcome == OUTCOME_FENCED ? WORKER_FENCED : outcome == OUTCOME_REFUSED ? WORKER_FAILED : WORKER_STOPPED;
}

static void wait_ms(int64_t milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static void rest(const struct worker *worker, int64_t milliseconds)
{
    if (!worker->options->clock_ms)
        wait_ms(milliseconds); /* whatever was the matter is seldom over at once */
}

/* Brokers that are away for hours are waited for, more patiently each time. */
static enum worker_end try_again(struct worker *worker, const char *event, const struct error *error)
{
    worker->failures++;
    int64_t pause = RETRY_MS << (worker->failures < 6 ? worker->failures : 6);
    log_event(LOGGING_WARN, event, LOG_NUMBER("worker", worker->options->number), LOG_TEXT("reason", error->message));
    worker_show_away(worker);
    rest(worker, pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
    return WORKER_GOES_ON;
}

/*
 * Fenced by whom? A transaction that was open for longer than the broker waits was ended by the broker itself, and a member
 * whose answer was lost on the way fences itself. So a fenced worker comes back once, under its own name; if that name is
 * taken from it again soon after, somebody else has it.
 */
static bool has_a_twin(struct worker *worker)
{
    int64_t now = worker_now_ms(worker), before = worker->fenced_ms;
    bool by_time =
        !worker->member_fenced && now - worker->transaction_ms >= worker->options->settings->transaction_timeout_ms;
    if (by_time)
        return false;
    worker->fenced_ms = now;
    return before != 0 && now - before < TWIN_MS;
}

/* The connection is no longer good: a new one ends what is still on its way. */
static enum worker_end reconnect(struct worker *worker, enum stream_outcome outcome, const struct error *error)
{
    bool twin = outcome == OUTCOME_FENCED && has_a_twin(worker);
    worker_close(worker);
    if (outcome == OUTCOME_REFUSED || error->kind == ERROR_REFUSED)
        return WORKER_FAILED;
    return twin ? WORKER_FENCED : try_again(worker, "connection_renewed", error);
}

enum worker_end worker_step(struct worker *worker, struct error *error)
{
    if (atomic_load(worker->options->stop))
        return leave(worker, error);
    if (!worker->stream && !worker_open(worker, error))
        return (worker->was_open && error->kind != ERROR_REFUSED) || error->kind == ERROR_LATER
                   ? try_again(worker, "broker_away", error)
                   : WORKER_FAILED;
    worker->was_open = true;
    enum stream_outcome outcome = step(worker, error);
    if (outcome == OUTCOME_ABORT) {
        outcome = worker_roll_back(worker, error);
        rest(worker, RETRY_MS);
    }
    if (outcome != OUTCOME_DONE)
        return reconnect(worker, outcome, error);
    if (worker->document && !worker->restoring)
        worker->failures = 0;
    return WORKER_GOES_ON;
}

enum worker_end worker_run(const struct worker_options *options, struct worker_status *status, struct error *error)
{
    struct worker *worker = worker_new(options, status);
    enum worker_end end;
    while ((end = worker_step(worker, error)) == WORKER_GOES_ON)
        ;
    worker_free(worker);
    return end;
}
