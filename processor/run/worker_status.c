/* run/worker_status.c: copies of a worker's figures, each for itself: who reads them may see some older than others. */
#include "observe/logging.h"
#include "run/worker_parts.h"

#define WARN_EVERY_MS 60000

const uint64_t histogram_bounds_us[HISTOGRAM_BUCKETS] = { 1000,   2500,   5000,    10000,   25000,   50000,    100000,
                                                          250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000 };

void worker_show_counts(struct worker *worker)
{
    struct worker_status *status = worker->status;
    const struct task_counts *counts = &worker->world.counts;
    for (size_t i = 0; i < REFUSAL_REASON_COUNT; i++)
        atomic_store(&status->dead[i], counts->dead[i]);
    for (size_t i = 0; i < STATUS_COUNT; i++)
        atomic_store(&status->by_status[i], counts->by_status[i]);
    for (size_t i = 0; i < UNPRICED_REASON_COUNT; i++)
        atomic_store(&status->by_reason[i], counts->by_reason[i]);
    atomic_store(&status->free_tier, counts->priced.free_tier);
    atomic_store(&status->untiered, counts->priced.untiered);
    atomic_store(&status->ambiguous, counts->priced.ambiguous);
    atomic_store(&status->before_document, counts->priced.before_document);
    atomic_store(&status->excess_decimals, counts->excess_decimals);
    atomic_store(&status->events, counts->events);
    atomic_store(&status->duplicates, counts->duplicates);
    atomic_store(&status->line_items, counts->line_items);
    atomic_store(&status->swept_rows, counts->swept_rows);
    atomic_store(&status->report_rows, counts->report_rows);
}

void worker_observe(struct shown_histogram *histogram, int64_t microseconds, uint64_t times)
{
    uint64_t value = microseconds < 0 ? 0 : (uint64_t)microseconds;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (value <= histogram_bounds_us[i])
            atomic_fetch_add(&histogram->buckets[i], times);
    atomic_fetch_add(&histogram->count, times);
    atomic_fetch_add(&histogram->sum_us, value * times);
}

/* Of very many partitions only the first are shown. */
void worker_show_lag(struct worker *worker)
{
    for (size_t i = 0; i < SHOWN_PARTITIONS_MAX; i++) {
        struct shown_partition *shown = &worker->status->partitions[i];
        if (i >= worker->task_count) {
            atomic_store(&shown->topic, 0);
            continue;
        }
        struct stream_partition input = task_input(worker->tasks[i]);
        int64_t end = worker->stream->ops->known_end(worker->stream, input.topic, input.partition);
        atomic_store(&shown->partition, input.partition);
        atomic_store(&shown->position, input.offset);
        atomic_store(&shown->end, end);
        atomic_store(&shown->topic, (int32_t)input.topic + 1);
    }
}

/* What a restart or another assignment cuts off is told as a sweep that begins again. */
static void log_sweep(struct worker *worker, const struct task_progress *progress)
{
    int64_t since_ms = 0;
    enum sweep_news news = sweep_log_take(&worker->sweep_log, progress, worker->world.now_ms, &since_ms);
    switch (news) {
    case SWEEP_BEGINS:
        log_event(LOGGING_INFO, "sweep_begins", LOG_NUMBER("worker", worker->options->number),
                  LOG_NUMBER("version", progress->target), LOG_NUMBER("tasks", progress->sweeping));
        break;
    case SWEEP_GOES_ON:
        log_event(LOGGING_INFO, "sweep_goes_on", LOG_NUMBER("worker", worker->options->number),
                  LOG_NUMBER("version", progress->target), LOG_NUMBER("rows", progress->swept_rows),
                  LOG_NUMBER("percent", progress->percent));
        break;
    case SWEEP_ENDS:
        log_event(LOGGING_INFO, "sweep_ends", LOG_NUMBER("worker", worker->options->number),
                  LOG_NUMBER("version", worker->sweep_log.ended), LOG_NUMBER("rows", progress->swept_rows),
                  LOG_NUMBER("milliseconds", since_ms));
        break;
    case SWEEP_NO_NEWS:
        break;
    }
}

/* Usage that costs nothing because it has no price is money lost: it is told at once, and then as long as it goes on. */
static void warn_of_unpriced(struct worker *worker)
{
    const uint64_t *counted = worker->world.counts.by_reason;
    bool is_time = worker->warned.last_ms == 0 || worker->world.now_ms - worker->warned.last_ms >= WARN_EVERY_MS;
    for (enum unpriced_reason reason = UNPRICED_NONE + 1; reason < UNPRICED_REASON_COUNT && is_time; reason++) {
        uint64_t *warned = &worker->warned.by_reason[reason];
        if (counted[reason] == *warned)
            continue;
        log_event(LOGGING_WARN, "line_items_without_price", LOG_NUMBER("worker", worker->options->number),
                  LOG_TEXT("reason", unpriced_reason_text(reason).data), LOG_NUMBER("written", counted[reason] - *warned));
        *warned = counted[reason];
        worker->warned.last_ms = worker->world.now_ms;
    }
}

void worker_show_state(struct worker *worker)
{
    struct task_progress progress = { .percent = 100 };
    int64_t restoring = 0, waiting = 0, stopped = 0, rows = 0, bytes = (int64_t)worker->world.rows_used;
    worker_note_stopped(worker);
    warn_of_unpriced(worker);
    for (size_t i = 0; i < worker->task_count; i++) {
        restoring += task_state(worker->tasks[i]) == TASK_RESTORING;
        rows += task_rows(worker->tasks[i]);
        bytes += (int64_t)task_id_bytes(worker->tasks[i]);
        task_add_progress(worker->tasks[i], &progress);
        if (task_reason(worker->tasks[i])[0] == '\0')
            continue;
        if (waiting < SHOWN_STOPPED_MAX)
            atomic_store(&worker->status->waiting_tasks[waiting], task_number(worker->tasks[i]));
        waiting++;
    }
    stopped = (int64_t)worker->stopped_count;
    atomic_store(&worker->status->tasks, (int64_t)worker->task_count);
    atomic_store(&worker->status->restoring, restoring);
    atomic_store(&worker->status->stopped, stopped);
    atomic_store(&worker->status->restore_done, progress.restored);
    atomic_store(&worker->status->restore_total, progress.to_restore);
    atomic_store(&worker->status->closing, progress.closing);
    atomic_store(&worker->status->sweeping, progress.sweeping);
    atomic_store(&worker->status->sweep_rows, progress.swept_rows);
    atomic_store(&worker->status->sweep_version, progress.target);
    if (restoring == 0)
        log_sweep(worker, &progress);
    atomic_store(&worker->status->rows, rows);
    atomic_store(&worker->status->bytes, bytes);
    bool reachable = worker->stream->ops->is_reachable(worker->stream);
    atomic_store(&worker->status->waiting, waiting);
    atomic_store(&worker->status->away, !reachable);
    atomic_store(&worker->status->turn_ms, worker->world.now_ms);
    atomic_store(&worker->status->ready,
                 reachable && worker->has_assignment && worker->document && restoring == 0 && waiting == 0 && stopped == 0);
}

void worker_show_away(struct worker *worker)
{
    atomic_store(&worker->status->ready, false);
    atomic_store(&worker->status->away, true);
    atomic_store(&worker->status->turn_ms, worker->world.now_ms);
}
