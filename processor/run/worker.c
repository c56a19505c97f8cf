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
#define CONTROL_MS 300
#define RETRY_MS 200

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
    if (worker->options->clock_ms)
        return worker->options->clock_ms(worker->options->port_context);
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
    return conductor_topic_take(context, record, error);
}

static bool read_control(struct worker *worker, struct error *error)
{
    struct stream *stream = worker->stream;
    bool ended = false;
    worker->control_read_ms = now_ms(worker);
    if (!stream->ops->restore_begin(stream, STREAM_CONDUCTOR, 0, worker->control_next, error))
        return false;
    while (!ended && !atomic_load(worker->options->stop))
        if (!stream->ops->restore_step(stream, CONTROL_RECORDS, take_control, worker->control, &ended,
                                       &worker->control_next, error))
            return false;
    return true;
}

/* The first document starts the tasks. A later one waits for the next start: tasks say so when they restore. */
static bool follow_control(struct worker *worker, struct error *error)
{
    if (!read_control(worker, error))
        return false;
    if (worker->document.number > 0 || conductor_topic_version(worker->control) == 0)
        return true;
    struct document_version *document = &worker->document;
    if (!conductor_topic_document(worker->control, &document->conductor, &document->list, error))
        return false;
    pricing_init(&document->pricing, document->conductor, &document->list);
    routing_init(&document->routing, document->conductor, &document->list);
    document->number = document->conductor->version;
    atomic_store(&worker->status->document, document->number);
    log_event(LOGGING_INFO, "document_in_force", LOG_NUMBER("worker", worker->options->number),
              LOG_NUMBER("version", document->number));
    worker_make_tasks(worker);
    return true;
}

static void document_done(struct document_version *document)
{
    if (document->number == 0)
        return;
    routing_done(&document->routing);
    pricing_done(&document->pricing);
    price_list_done(&document->list);
    conductor_done(document->conductor);
    free(document->conductor);
    *document = (struct document_version){ 0 };
}

/* ---- transactions ---- */

static enum stream_outcome begin(struct worker *worker, struct error *error)
{
    if (worker->in_transaction)
        return OUTCOME_DONE;
    enum stream_outcome outcome = worker->stream->ops->begin(worker->stream, error);
    worker->in_transaction = outcome == OUTCOME_DONE;
    return outcome;
}

/* Works and flushes every task that is due, and collects the offsets to be sent. */
static enum stream_outcome flush_tasks(struct worker *worker, struct stream_partition *offsets, size_t *count,
                                       struct error *error)
{
    int64_t now = now_ms(worker);
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task_state(task) != TASK_RUNNING)
            continue;
        enum stream_outcome outcome = task_work(task, now, error);
        if (outcome == OUTCOME_DONE && task_is_due(task, now))
            outcome = task_flush(task, now, error);
        else if (outcome == OUTCOME_DONE)
            continue;
        if (outcome != OUTCOME_DONE)
            return outcome;
        offsets[*count] = task_input(task);
        if (offsets[*count].offset == OFFSET_NONE)
            offsets[*count].offset = 0;
        ++*count;
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
            if (task_state(worker->tasks[i]) == TASK_RUNNING && task_bytes(worker->tasks[i]) < most &&
                (!largest || task_bytes(worker->tasks[i]) > task_bytes(largest)))
                largest = worker->tasks[i];
        if (!largest)
            return;
        most = task_bytes(largest);
        task_forget(largest);
    }
}

/* Stores take what is committed. One that cannot costs the task its store: it is made anew from the topic. */
static enum stream_outcome save_tasks(struct worker *worker, struct error *error)
{
    int64_t disk = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        if (task_state(worker->tasks[i]) != TASK_RUNNING)
            continue;
        if (!task_committed(worker->tasks[i], error))
            return OUTCOME_ABORT;
        disk += (int64_t)task_disk_bytes(worker->tasks[i]);
    }
    atomic_store(&worker->status->disk_bytes, disk);
    if (memory_is_short(worker))
        relieve(worker);
    worker->world.save_all = false;
    return OUTCOME_DONE;
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
        outcome = save_tasks(worker, error);
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
    worker_drop_tasks(worker);
    if (outcome == OUTCOME_DONE && !worker->stream->ops->assign(worker->stream, NULL, 0, &ignored))
        outcome = OUTCOME_INDETERMINATE;
    return outcome;
}

/* ---- what poll calls ---- */

static bool on_record(void *context, const struct stream_record *record, struct error *error)
{
    struct worker *worker = context;
    struct task *task = worker_find_task(worker, record->topic, record->partition);
    if (!task || task_state(task) != TASK_RUNNING || worker->pending != OUTCOME_DONE)
        return true;
    worker->pending = begin(worker, error);
    if (worker->pending == OUTCOME_DONE)
        worker->pending = task_take(task, record, error);
    worker->taken++;
    worker->taken_time_ms += record->timestamp_ms;
    return true;
}

static void on_ended(void *context, enum stream_topic topic, int32_t partition, int64_t end)
{
    struct worker *worker = context;
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

static bool is_commit_time(const struct worker *worker)
{
    return now_ms(worker) >= worker->next_commit_ms || memory_is_short(worker) ||
           worker->taken >= (uint64_t)worker->options->settings->commit_events;
}

static enum stream_outcome step(struct worker *worker, bool *failed, struct error *error)
{
    const struct stream_handler handler = { worker, on_record, on_ended, on_assigned, on_revoked };
    enum stream_outcome outcome = OUTCOME_INDETERMINATE;
    worker->world.real_now_ms = real_ms(worker);
    worker->world.rows_used = measure(worker);
    size_t records_max = worker->world.rows_used > worker->world.rows_memory / 4 * 3 ? POLL_RECORDS_FEW : POLL_RECORDS;
    if (worker->stream->ops->poll(worker->stream, worker->restoring ? 0 : POLL_MS, records_max, &handler, error))
        outcome = worker_restore_step(worker, error);
    if (outcome == OUTCOME_DONE && !worker->restoring && now_ms(worker) - worker->control_read_ms >= CONTROL_MS) {
        worker_show_lag(worker);
        outcome = follow_control(worker, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
    }
    worker_show_state(worker);
    *failed = outcome == OUTCOME_INDETERMINATE;
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (worker->pending != OUTCOME_DONE)
        return worker->pending;
    if (!is_commit_time(worker))
        return OUTCOME_DONE;
    worker->next_commit_ms = now_ms(worker) + worker->options->settings->commit_interval_ms;
    return commit(worker, error);
}

static void init_world(struct worker *worker)
{
    const struct settings *settings = worker->options->settings;
    worker->world = (struct task_world){
        .stream = worker->stream,
        .wire = wire_new(settings->format == SETTINGS_JSON ? WIRE_JSON : WIRE_AVRO, worker->options->schemas,
                         settings->usage_excess_decimals),
        .document = &worker->document,
        .control = worker->control,
        .granularity = settings->report_time_granularity,
        .resource_ids = settings->report_resource_ids,
        .reject_late = settings->late_usage == LATE_REJECT,
        .dedup_window_ms = settings->dedup_window_ms,
        .future_max_ms = settings->future_max_ms,
        .bills_interval_ms = settings->bills_interval_ms,
        .close_after_ms = settings->period_close_after_ms,
        .event_bytes_max = settings->event_max_bytes,
        .state_dir = worker->options->state_dir,
        .store_lag = (size_t)settings->store_lag_rows,
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
    worker->control_next = OFFSET_NONE;
    worker->in_transaction = worker->has_assignment = false;
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
    document_done(&worker->document);
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

/* A last commit. What it did not get through is read again by whoever comes next. */
static enum worker_end leave(struct worker *worker, struct error *error)
{
    worker->world.save_all = true;
    enum stream_outcome outcome = worker->stream ? commit(worker, error) : OUTCOME_DONE;
    close_worker(worker);
    return outcome == OUTCOME_FENCED ? WORKER_FENCED : outcome == OUTCOME_REFUSED ? WORKER_FAILED : WORKER_STOPPED;
}

static void rest(const struct worker *worker)
{
    if (!worker->options->clock_ms)
        wait_ms(RETRY_MS); /* whatever was the matter is seldom over at once */
}

enum worker_end worker_step(struct worker *worker, struct error *error)
{
    bool failed = false;
    if (atomic_load(worker->options->stop))
        return leave(worker, error);
    if (!worker->stream && !open_worker(worker, error))
        return WORKER_FAILED;
    enum stream_outcome outcome = step(worker, &failed, error);
    if (outcome == OUTCOME_ABORT) {
        outcome = roll_back(worker, error);
        rest(worker);
        worker_make_tasks(worker);
    }
    if (outcome == OUTCOME_DONE)
        return WORKER_GOES_ON;
    /* The connection is no longer good: a new one ends what is still on its way. */
    close_worker(worker);
    if (outcome == OUTCOME_FENCED)
        return WORKER_FENCED;
    if (outcome == OUTCOME_REFUSED || failed)
        return WORKER_FAILED;
    rest(worker);
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
