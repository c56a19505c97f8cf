/*
 * run/worker.h: a thread of the running processor: one consumer, one transactional producer, the tasks assigned to it
 * (SEMANTICS 5). Workers share nothing mutable but what is atomic here.
 */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include <stdatomic.h>

#include "log/kafka_stream.h"
#include "settings/settings.h"
#include "tasks/task.h"

enum worker_end {
    WORKER_GOES_ON,
    WORKER_STOPPED, /* as asked; everything is committed */
    WORKER_FAILED,  /* *error */
    WORKER_FENCED,  /* somebody else is this worker now */
};

#define HISTOGRAM_BUCKETS 14
#define SHOWN_PARTITIONS_MAX 256
#define SHOWN_STOPPED_MAX 64

/* What others may look at while the worker runs; the worker alone writes. */
struct worker_status {
    _Atomic bool ready;      /* assigned and restored, nothing stopped */
    _Atomic bool away;       /* no broker answers */
    _Atomic bool has_left;   /* asked to stop: all is committed and its stores are closed; only the connection is left */
    _Atomic int64_t turn_ms; /* when its loop last went round; on a clock that never goes back */
    _Atomic int64_t tasks, restoring, waiting, stopped, rows, bytes, disk_bytes;
    _Atomic int64_t commits, aborts, restores, document;
    _Atomic int64_t restore_done, restore_total; /* records, of the tasks that are restoring */
    _Atomic int64_t closing;                     /* tasks that are closing a month */
    _Atomic int64_t sweeping, sweep_rows;        /* tasks that sweep to another version; rows that they have come over */
    _Atomic int64_t sweep_version;               /* this one; 0: none sweeps */
    _Atomic uint64_t events, duplicates, line_items, swept_rows, report_rows;
    _Atomic uint64_t by_status[STATUS_COUNT], by_reason[UNPRICED_REASON_COUNT], dead[REFUSAL_REASON_COUNT];
    _Atomic uint64_t free_tier, untiered, ambiguous, before_document, excess_decimals;
    /* Commit times and event-to-commit latencies, cumulative by bucket (histogram_bounds_us), with sum and count. */
    struct shown_histogram {
        _Atomic uint64_t buckets[HISTOGRAM_BUCKETS], count, sum_us;
    } commit_time, latency;
    /* Position and end of each input partition at hand. */
    struct shown_partition {
        _Atomic int32_t topic, partition; /* topic + 1; 0: none */
        _Atomic int64_t position, end;
    } partitions[SHOWN_PARTITIONS_MAX];
    _Atomic uint32_t stopped_tasks[SHOWN_STOPPED_MAX], waiting_tasks[SHOWN_STOPPED_MAX];
};

extern const uint64_t histogram_bounds_us[HISTOGRAM_BUCKETS];

struct worker_options {
    const struct settings *settings;
    const struct kafka_settings *kafka;
    const struct wire_schemas *schemas;
    unsigned number;
    unsigned worker_count; /* of the process: its memory is shared out evenly */
    const char *state_dir; /* of the process */
    _Atomic bool *stop;    /* set by whoever wants it to end */
    int64_t repair_task;   /* a torn task that takes its marker's offset; −1: none */
    /* For a simulator: another log than Kafka, and its clocks, in milliseconds. NULL: none. */
    bool (*open_stream)(void *port_context, const enum stream_topic *topics, size_t topic_count, struct stream **ret_stream,
                        struct error *error);
    int64_t (*clock_ms)(void *port_context);      /* only goes on */
    int64_t (*wall_clock_ms)(void *port_context); /* since 1970; may jump */
    void *port_context;
};

struct worker;

/* One turn of its loop: polls, restores, commits. Opens its connection when it has none. */
struct worker *worker_new(const struct worker_options *options, struct worker_status *status);
MUST_USE enum worker_end worker_step(struct worker *worker, struct error *error);
/* At once, as a crash would: nothing more is committed. */
void worker_free(struct worker *worker);

/* Runs until stopped, failed or fenced. */
enum worker_end worker_run(const struct worker_options *options, struct worker_status *status, struct error *error);

#endif
