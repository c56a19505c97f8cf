/* run/worker_connection.c: a worker's connection, and all that lives no longer than it. */
#include <stdlib.h>

#include "run/worker_parts.h"

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

bool worker_open(struct worker *worker, struct error *error)
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

void worker_close(struct worker *worker)
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
