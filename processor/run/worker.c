/*
 * run/worker.c: the loop: poll, restore, commit.
 *
 * Order of a commit: outputs and markers, offsets, the transaction, and only then is anything true. Nothing is undone:
 * after an abort all tasks are dropped and restored from what is committed, after an indeterminate end the whole
 * connection is made anew, so that a new epoch ends whatever is still on its way.
 */
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "observe/logging.h"
#include "run/worker_parts.h"

#define POLL_MS 5
#define POLL_RECORDS 4096
#define POLL_RECORDS_FEW 512 /* when memory runs short: each may bring its whole group back */
#define CONTROL_RECORDS 8192
#define SHOW_MS 300
#define TRIM_MS 60000
#define RETRY_MS 200
#define RETRY_MAX_MS 5000
#define TWIN_MS 120000
#define HOLD_MS 15000 /* a closer needs a second or two between announcement and close */
#define WORK_SHARE 4  /* of a transaction's longest life: what begins later is for the next one */
#define SLEPT_MS 500  /* a worker whose turn took longer has slept: a suspended machine, no CPU */
#define CONTROL_AGE_MAX_MS (INT64_C(12) * 3600 * 1000) /* half of what the conductor topic keeps of deletions */

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t clock_ms(void)
{
    return clock_us() / 1000;
}

/* For intervals: it only has to go on. */
static int64_t now_ms(const struct worker *worker)
{
    return worker->options->clock_ms ? worker->options->clock_ms(worker->options->port_context) : clock_ms();
}

static int64_t real_ms(const struct worker *worker)
{
    struct timespec now;
    if (worker->options->wall_clock_ms)
        return worker->options->wall_clock_ms(worker->options->port_context);
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_ms(int64_t milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* ---- the conductor topic ---- */

static bool take_control(void *context, const struct stream_record *record, struct error *error)
{
    struct worker *worker = context;
    /* What cannot be read is passed over: one broken record must not keep everybody from starting. */
    if (!conductor_topic_take(worker->control, record, error))
        log_event(LOGGING_ERROR, "conductor_record_passed_over", LOG_NUMBER("offset", record->offset),
                  LOG_TEXT("reason", error->message));
    worker->control_next = record->offset + 1;
    worker->control_moved = true;
    return true;
}

static bool any_task(const struct worker *worker, bool (*is)(const struct task *task))
{
    for (size_t i = 0; i < worker->task_count; i++)
        if (is(worker->tasks[i]))
            return true;
    return false;
}

/* No close begins meanwhile: one that came before a part may be under a version that came before it, too. */
static void tell_pending(struct worker *worker)
{
    worker->world.document_pending = worker->document && (worker->next_document || worker->control_is_part);
}

/*
 * The first document starts the tasks. A later one takes its place between two transactions, when nothing is half written,
 * and when no task is in the middle of a close, which ends under the document under which it began.
 */
static void change_document(struct worker *worker)
{
    struct document_version *before = worker->document;
    if (!worker->next_document || worker->in_transaction || any_task(worker, task_is_closing))
        return;
    worker->document = worker->next_document;
    worker->next_document = NULL;
    worker->world.document = worker->document;
    tell_pending(worker);
    atomic_store(&worker->status->document, worker->document->number);
    log_event(LOGGING_INFO, "document_in_force", LOG_NUMBER("worker", worker->options->number),
              LOG_NUMBER("version", worker->document->number));
    if (!before)
        worker_make_tasks(worker);
    for (size_t i = 0; i < worker->task_count && before; i++)
        task_follow_document(worker->tasks[i]);
    document_version_free(before);
}

/* Of several new ones the newest counts. */
static void read_newest(struct worker *worker, struct error *error)
{
    int64_t version = conductor_topic_version(worker->control);
    struct document_version *document;
    if (version == 0 || (worker->document && worker->document->number == version) ||
        (worker->next_document && worker->next_document->number == version))
        return;
    if (!document_version_read(worker->control, &document, error)) {
        log_event(LOGGING_ERROR, "document_refused", LOG_NUMBER("version", version), LOG_TEXT("reason", error->message));
        return; /* a good one may follow */
    }
    document_version_free(worker->next_document);
    worker->next_document = document;
}

/*
 * Of a document that has come in part a later turn brings the rest, also where there is none before it; only at the topic's
 * end nothing is missing.
 */
static void follow_control(struct worker *worker, bool is_end, struct error *error)
{
    worker->control_moved = false;
    worker->control_is_part = !is_end && !conductor_topic_is_whole(worker->control);
    if (!worker->control_is_part)
        read_newest(worker, error);
    tell_pending(worker);
}

/* Whether the topic had grown by the time that its end was reached. */
static bool has_grown(struct worker *worker)
{
    struct error ignored;
    int64_t first, end;
    return worker->stream->ops->range(worker->stream, STREAM_CONDUCTOR, 0, &first, &end, &ignored) &&
           end > worker->control_next;
}

/* Read once to its end, step by step; from there on its records come along with all others. */
static enum stream_outcome read_control(struct worker *worker, struct error *error)
{
    struct stream *stream = worker->stream;
    struct stream_reading reading;
    if (!worker->control_begun && !stream->ops->restore_begin(stream, STREAM_CONDUCTOR, 0, worker->control_next, error))
        return OUTCOME_INDETERMINATE;
    worker->control_begun = true;
    if (!stream->ops->restore_step(stream, CONTROL_RECORDS, take_control, worker, &reading, error))
        return OUTCOME_INDETERMINATE;
    if (!reading.ended)
        return OUTCOME_DONE;
    worker->control_next = worker->control_end = reading.next;
    worker->control_begun = conductor_topic_is_whole(worker->control) || !has_grown(worker);
    if (!worker->control_begun)
        return OUTCOME_DONE; /* the rest of a document */
    worker->control_read = true;
    follow_control(worker, true, error);
    return worker_assign(worker, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
}

/* ---- transactions ---- */

static enum stream_outcome begin(struct worker *worker, struct error *error)
{
    if (worker->in_transaction)
        return OUTCOME_DONE;
    enum stream_outcome outcome = worker->stream->ops->begin(worker->stream, error);
    worker->in_transaction = outcome == OUTCOME_DONE;
    worker->transaction_ms = now_ms(worker);
    return outcome;
}

static bool has_time(const struct worker *worker)
{
    return now_ms(worker) - worker->transaction_ms < worker->options->settings->transaction_timeout_ms / WORK_SHARE;
}

/*
 * Works and flushes every task that is due, and collects the offsets to be sent. Steps of closes and sweeps that would make
 * the transaction long wait for the next one and come first in it: it ends in time, however many tasks there are.
 */
static enum stream_outcome flush_tasks(struct worker *worker, struct stream_partition *offsets, size_t *count,
                                       struct error *error)
{
    int64_t now = now_ms(worker);
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
    int64_t now = now_ms(worker);
    for (size_t i = 0; i < worker->task_count; i++)
        if (task_is_due(worker->tasks[i], now))
            return true;
    return worker->in_transaction;
}

/* ---- memory ---- */

static size_t measure(const struct worker *worker)
{
    size_t bytes = 0;
    for (size_t i = 0; i < worker->task_count; i++)
        bytes += task_bytes(worker->tasks[i]);
    return bytes;
}

static bool memory_is_short(const struct worker *worker)
{
    return worker->world.rows_used > worker->world.rows_memory;
}

/* Rows that are saved leave memory, those of the largest task first, until half of it is free. */
static void relieve(struct worker *worker)
{
    size_t most = SIZE_MAX; /* each in its turn: one that cannot let go is passed over */
    while ((worker->world.rows_used = measure(worker)) > worker->world.rows_memory / 2) {
        struct task *largest = NULL;
        for (size_t i = 0; i < worker->task_count; i++)
            if (worker_is_active(worker->tasks[i]) && task_bytes(worker->tasks[i]) < most &&
                (!largest || task_bytes(worker->tasks[i]) > task_bytes(largest)))
                largest = worker->tasks[i];
        if (!largest)
            return;
        most = task_bytes(largest);
        task_forget(largest);
    }
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
    if (memory_is_short(worker))
        relieve(worker);
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

static enum stream_outcome commit(struct worker *worker, struct error *error)
{
    worker->world.rows_used = measure(worker);
    worker->world.save_all = worker->world.save_all || memory_is_short(worker);
    if (worker->pending != OUTCOME_DONE || !is_due(worker))
        return worker->pending;
    int64_t started = clock_us();
    struct stream_partition *offsets = memory_new_array(worker->task_count, sizeof *offsets);
    size_t count = 0;
    enum stream_outcome outcome = begin(worker, error);
    if (outcome == OUTCOME_DONE)
        outcome = flush_tasks(worker, offsets, &count, error);
    if (outcome == OUTCOME_DONE)
        outcome = worker->stream->ops->commit(worker->stream, offsets, count, error);
    free(offsets);
    if (outcome == OUTCOME_DONE) {
        worker->in_transaction = false;
        atomic_fetch_add(&worker->status->commits, 1);
        worker_observe(&worker->status->commit_time, clock_us() - started, 1);
        if (worker->taken > 0)
            worker_observe(&worker->status->latency,
                           (real_ms(worker) - worker->taken_time_ms / (int64_t)worker->taken) * 1000, worker->taken);
        worker->taken = 0;
        worker->taken_time_ms = 0;
        worker_show_counts(worker);
        save_tasks(worker, error);
        trim_tiered(worker);
        change_document(worker);
    }
    return outcome;
}

/* Goes back to what is committed. */
static enum stream_outcome roll_back(struct worker *worker, struct error *error)
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

/* ---- what poll calls ---- */

static bool on_record(void *context, const struct stream_record *record, struct error *error)
{
    struct worker *worker = context;
    if (record->topic == STREAM_CONDUCTOR)
        return record->offset < worker->control_next || take_control(worker, record, error);
    struct task *task = worker_find_task(worker, record->topic, record->partition);
    if (!task || task_state(task) != TASK_RUNNING || worker->pending != OUTCOME_DONE)
        return true;
    worker->pending = begin(worker, error);
    if (worker->pending == OUTCOME_DONE)
        worker->pending = task_take(task, record, error);
    if (task_state(task) == TASK_WAITING)
        worker_note_waiting(worker, task);
    worker->taken++;
    worker->taken_time_ms += record->timestamp_ms;
    return true;
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
    enum stream_outcome outcome = lost ? OUTCOME_ABORT : commit(worker, error);
    if (outcome != OUTCOME_DONE) {
        struct error reason = { 0 };
        error_fail(&reason, ERROR_FAILED, "%s", lost ? "the partitions are somebody else's" : error->message);
        enum stream_outcome back = roll_back(worker, &reason);
        if (back != OUTCOME_DONE || outcome == OUTCOME_INDETERMINATE || outcome == OUTCOME_FENCED ||
            outcome == OUTCOME_REFUSED)
            worker->pending = outcome == OUTCOME_ABORT ? back : outcome;
    }
    worker_drop_tasks(worker);
    worker->assigned_count = 0;
    worker->has_assignment = false;
    return true;
}

/* ---- the loop ---- */

/* A close goes on with every commit: none of its steps waits for the clock. */
static bool is_commit_time(const struct worker *worker)
{
    return now_ms(worker) >= worker->next_commit_ms || memory_is_short(worker) || any_task(worker, task_is_closing) ||
           worker->taken >= (uint64_t)worker->options->settings->commit_events;
}

/*
 * Usage of a month whose close is announced waits until the close is there, or its closer has been silent for too long. A
 * worker that has slept may have slept through an announcement: it asks how far the conductor topic goes and holds all usage
 * until it has read so far.
 */
static void hold_usage(struct worker *worker, int64_t since_turn_ms)
{
    struct error ignored;
    int64_t offset, now = worker->world.now_ms;
    if (since_turn_ms > SLEPT_MS && worker->control_read) {
        worker->held_until_ms = now + HOLD_MS;
        if (!worker->stream->ops->high(worker->stream, STREAM_CONDUCTOR, 0, &worker->control_until, &ignored))
            worker->control_until = OFFSET_NONE;
    }
    billing_period announced = conductor_topic_announced(worker->control, &offset);
    if (announced != PERIOD_NONE && offset != worker->announced_offset) {
        worker->announced_offset = offset;
        worker->held_until_ms = now + HOLD_MS;
    }
    worker->world.held = announced != PERIOD_NONE && now < worker->held_until_ms ? announced : PERIOD_NONE;
    if (worker->control_until > worker->control_end && now < worker->held_until_ms)
        worker->world.held = PERIOD_MAX;
}

/* Waiting tasks try again; one that is through reads on. */
static enum stream_outcome retry_tasks(struct worker *worker, struct error *error)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_WAITING || task_is_resting(task))
            continue;
        enum stream_outcome outcome = begin(worker, error);
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

/* All that is not reading: restores, the conductor topic, tasks that wait. */
static enum stream_outcome work(struct worker *worker, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    if (!worker->control_read)
        return read_control(worker, error);
    if (!worker->schemas_known) {
        worker->schemas_known = worker_meet_schemas(worker, error);
        return OUTCOME_DONE;
    }
    if (worker->control_moved || !worker->document)
        follow_control(worker, false, error);
    change_document(worker);
    outcome = worker_restore_step(worker, error);
    if (outcome == OUTCOME_DONE)
        outcome = retry_tasks(worker, error);
    if (outcome != OUTCOME_DONE || !worker->assignment_moved)
        return outcome;
    return worker_assign(worker, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
}

/*
 * Who has not heard of the brokers for so long may have missed that something of the document was deleted: compaction has
 * taken the deletion, too. All is read anew.
 */
static bool has_missed_deletions(struct worker *worker)
{
    int64_t heard = worker->heard_ms, heard_real = worker->heard_real_ms;
    if (worker->stream->ops->is_reachable(worker->stream)) {
        worker->heard_ms = worker->world.now_ms;
        worker->heard_real_ms = worker->world.real_now_ms;
    }
    /* By both clocks: one of them stops while a machine is suspended. */
    return heard != 0 && (worker->world.now_ms - heard > CONTROL_AGE_MAX_MS ||
                          worker->world.real_now_ms - heard_real > CONTROL_AGE_MAX_MS);
}

/*
 * Behind a slow commit there is as much time to read as it took, up to an interval: the next one then takes more along. In a
 * sweep, however long.
 */
static enum stream_outcome commit_in_time(struct worker *worker, struct error *error)
{
    int64_t interval = worker->options->settings->commit_interval_ms, begun = now_ms(worker);
    bool sweeps = any_task(worker, task_is_sweeping);
    enum stream_outcome outcome = commit(worker, error);
    int64_t ended = now_ms(worker), rested = ended - begun < interval ? 2 * ended - begun : ended + interval;
    worker->next_commit_ms = rested > begun + interval ? rested : begun + interval;
    if (sweeps) {
        worker->world.sweep_rows = sweep_pace_rows(worker->world.sweep_rows, ended - begun);
        worker->next_commit_ms = sweep_pace_next(begun, ended, worker->next_commit_ms);
    }
    return outcome;
}

static enum stream_outcome step(struct worker *worker, struct error *error)
{
    const struct stream_handler handler = { worker, on_record, on_ended, on_assigned, on_revoked };
    int64_t turn_ms = worker->world.now_ms;
    worker->world.now_ms = now_ms(worker);
    worker->world.real_now_ms = real_ms(worker);
    if (has_missed_deletions(worker)) {
        error_fail(error, ERROR_FAILED, "nothing was heard of the brokers for half a day: the conductor topic is read anew");
        return OUTCOME_INDETERMINATE;
    }
    hold_usage(worker, turn_ms == 0 ? 0 : worker->world.now_ms - turn_ms);
    worker->world.rows_used = measure(worker);
    size_t records_max = worker->world.rows_used > worker->world.rows_memory / 4 * 3 ? POLL_RECORDS_FEW : POLL_RECORDS;
    enum stream_outcome outcome =
        worker->stream->ops->poll(worker->stream, worker->restoring ? 0 : POLL_MS, records_max, &handler, error);
    worker->member_fenced = outcome == OUTCOME_FENCED;
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
    return is_commit_time(worker) ? commit_in_time(worker, error) : OUTCOME_DONE;
}

static void init_world(struct worker *worker)
{
    const struct settings *settings = worker->options->settings;
    worker->world = (struct task_world){
        .stream = worker->stream,
        .wire = wire_new(settings->format == SETTINGS_JSON ? WIRE_JSON : WIRE_AVRO, worker->options->schemas,
                         settings->usage_excess_decimals),
        .control = worker->control,
        .granularity = settings->report_time_granularity,
        .resource_ids = settings->report_resource_ids,
        .reject_late = settings->late_usage == LATE_REJECT,
        .dedup_window_ms = settings->dedup_window_ms,
        .future_max_ms = settings->future_max_ms,
        .bills_interval_ms = settings->bills_interval_ms,
        .close_after_ms = settings->period_close_after_ms,
        .transaction_timeout_ms = settings->transaction_timeout_ms,
        .event_bytes_max = settings->event_max_bytes,
        .state_dir = worker->options->state_dir,
        .store_lag = (size_t)settings->store_lag_rows,
        .sweep_rows = SWEEP_PACE_ROWS,
        .held = PERIOD_NONE,
        .repair_task = worker->options->repair_task,
        .counts = worker->world.counts,
    };
    struct memory_shares shares = memory_shares_of(settings, worker->options->worker_count);
    worker->world.rows_memory = shares.rows;
    worker->world.store_options = (struct rocks_options){ .write_buffer_bytes = shares.store, .cache_bytes = shares.store };
}

static bool open_stream(struct worker *worker, struct error *error)
{
    static const enum stream_topic topics[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };
    const struct worker_options *options = worker->options;
    if (options->open_stream)
        return options->open_stream(options->port_context, topics, ARRAY_COUNT(topics), &worker->stream, error);
    return kafka_stream_open(options->kafka, topics, ARRAY_COUNT(topics), &worker->stream, error);
}

static bool open_worker(struct worker *worker, struct error *error)
{
    if (!open_stream(worker, error))
        return false;
    worker->control = conductor_topic_new();
    worker->control_next = worker->control_until = worker->announced_offset = OFFSET_NONE;
    worker->control_end = 0;
    worker->heard_ms = worker->heard_real_ms = 0;
    worker->control_begun = worker->control_read = worker->control_moved = worker->schemas_known = false;
    worker->in_transaction = worker->has_assignment = worker->assignment_moved = false;
    worker->pending = OUTCOME_DONE;
    worker->taken = 0;
    init_world(worker);
    return true;
}

static void close_worker(struct worker *worker)
{
    if (!worker->stream)
        return;
    worker_drop_tasks(worker);
    worker->stream->ops->close(worker->stream);
    wire_free(worker->world.wire);
    conductor_topic_free(worker->control);
    document_version_free(worker->document);
    document_version_free(worker->next_document);
    worker->document = worker->next_document = NULL;
    free(worker->assigned);
    free(worker->stopped);
    worker->stream = NULL;
    worker->assigned = NULL;
    worker->stopped = NULL;
    worker->assigned_count = worker->stopped_count = worker->stopped_capacity = 0;
    atomic_store(&worker->status->ready, false);
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
    close_worker(worker);
    free(worker);
}

/* A last commit. What is not in it is read again by the next owner of the partitions. */
static enum worker_end leave(struct worker *worker, struct error *error)
{
    worker->world.save_all = true;
    enum stream_outcome outcome = worker->stream ? commit(worker, error) : OUTCOME_DONE;
    close_worker(worker);
    return outcome == OUTCOME_FENCED ? WORKER_FENCED : outcome == OUTCOME_REFUSED ? WORKER_FAILED : WORKER_STOPPED;
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
    int64_t now = now_ms(worker), before = worker->fenced_ms;
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
    close_worker(worker);
    if (outcome == OUTCOME_REFUSED || error->kind == ERROR_REFUSED)
        return WORKER_FAILED;
    return twin ? WORKER_FENCED : try_again(worker, "connection_renewed", error);
}

enum worker_end worker_step(struct worker *worker, struct error *error)
{
    if (atomic_load(worker->options->stop))
        return leave(worker, error);
    if (!worker->stream && !open_worker(worker, error))
        return (worker->was_open && error->kind != ERROR_REFUSED) || error->kind == ERROR_LATER
                   ? try_again(worker, "broker_away", error)
                   : WORKER_FAILED;
    worker->was_open = true;
    enum stream_outcome outcome = step(worker, error);
    if (outcome == OUTCOME_ABORT) {
        outcome = roll_back(worker, error);
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
