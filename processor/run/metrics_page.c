/* run/metrics_page.c: sums over the workers, family by family. */
#include "run/metrics_page.h"

#include <time.h>

#define BUSY_MAX_MS 15000   /* a loop that takes longer for a turn is not ready */
#define STILL_MAX_MS 120000 /* and one that takes so long hangs */

static void family(struct buffer *body, const char *name, const char *type, const char *help)
{
    buffer_printf(body, "# HELP proforma_%s %s\n# TYPE proforma_%s %s\n", name, help, name, type);
}

static void counter(struct buffer *body, const char *name, const char *help, unsigned long long value)
{
    family(body, name, "counter", help);
    buffer_printf(body, "proforma_%s %llu\n", name, value);
}

/* One figure of all workers. */
#define TOTAL(shown, member)                                                 \
    __extension__({                                                          \
        uint64_t total_ = 0;                                                 \
        for (size_t w_ = 0; w_ < (shown)->count; w_++)                       \
            total_ += (uint64_t)atomic_load(&(shown)->statuses[w_]->member); \
        (unsigned long long)total_;                                          \
    })

static void write_counters(const struct shown_workers *shown, struct buffer *body)
{
    counter(body, "events_total", "Usage records taken.", TOTAL(shown, events));
    counter(body, "duplicates_total", "Events recognised as duplicates.", TOTAL(shown, duplicates));
    counter(body, "line_item_writes_total", "Line items written, each version counted.", TOTAL(shown, line_items));
    family(body, "line_items_total", "counter", "Line items written by status.");
    for (enum line_item_status status = 0; status < STATUS_COUNT; status++)
        buffer_printf(body, "proforma_line_items_total{status=\"%s\"} %llu\n", line_item_status_text(status).data,
                      TOTAL(shown, by_status[status]));
    family(body, "dead_letters_total", "counter", "Dead letters by reason.");
    for (enum refusal_reason reason = REFUSAL_NONE + 1; reason < REFUSAL_REASON_COUNT; reason++)
        buffer_printf(body, "proforma_dead_letters_total{reason=\"%s\"} %llu\n", refusal_reason_text(reason),
                      TOTAL(shown, dead[reason]));
    counter(body, "swept_rows_total", "Rows that sweeps have walked over.", TOTAL(shown, swept_rows));
    counter(body, "report_rows_total", "Rows of Cost and Usage Reports written.", TOTAL(shown, report_rows));
    counter(body, "commits_total", "Transactions committed.", TOTAL(shown, commits));
    counter(body, "aborts_total", "Transactions aborted.", TOTAL(shown, aborts));
}

/* What the summary of `price` counts, too. */
static void write_price_counters(const struct shown_workers *shown, struct buffer *body)
{
    family(body, "unpriced_line_items_total", "counter", "Line items written without a price, by reason.");
    for (enum unpriced_reason reason = UNPRICED_NONE + 1; reason < UNPRICED_REASON_COUNT; reason++)
        buffer_printf(body, "proforma_unpriced_line_items_total{reason=\"%s\"} %llu\n", unpriced_reason_text(reason).data,
                      TOTAL(shown, by_reason[reason]));
    counter(body, "before_document_total", "Events of months before the document's, in no group.",
            TOTAL(shown, before_document));
    counter(body, "free_tier_total", "Events that AWS bills at nothing and that cost nothing.", TOTAL(shown, free_tier));
    counter(body, "untiered_total", "Events priced by their own rate though the price list has tiers for them.",
            TOTAL(shown, untiered));
    counter(body, "ambiguous_total", "Events for whose meter the price list has several prices.", TOTAL(shown, ambiguous));
    counter(body, "excess_decimals_total", "Numbers that were rounded to their field's decimals.",
            TOTAL(shown, excess_decimals));
}

static unsigned long long newest_target(const struct shown_workers *shown)
{
    int64_t newest = 0;
    for (size_t w = 0; w < shown->count; w++) {
        int64_t target = atomic_load(&shown->statuses[w]->sweep_version);
        newest = target > newest ? target : newest;
    }
    return (unsigned long long)newest;
}

static void write_gauges(const struct shown_workers *shown, struct buffer *body)
{
    family(body, "tasks", "gauge", "Tasks assigned to this process.");
    buffer_printf(body,
                  "proforma_tasks{state=\"all\"} %llu\nproforma_tasks{state=\"restoring\"} %llu\n"
                  "proforma_tasks{state=\"waiting\"} %llu\nproforma_tasks{state=\"stopped\"} %llu\n",
                  TOTAL(shown, tasks), TOTAL(shown, restoring), TOTAL(shown, waiting), TOTAL(shown, stopped));
    family(body, "restore_records", "gauge", "Records that restoring tasks have read, and are to read in this step.");
    buffer_printf(body, "proforma_restore_records{state=\"read\"} %llu\nproforma_restore_records{state=\"all\"} %llu\n",
                  TOTAL(shown, restore_done), TOTAL(shown, restore_total));
    family(body, "closing_tasks", "gauge", "Tasks that are closing a month.");
    buffer_printf(body, "proforma_closing_tasks %llu\n", TOTAL(shown, closing));
    family(body, "sweeping_tasks", "gauge", "Tasks that sweep their rows to another version of the document.");
    buffer_printf(body, "proforma_sweeping_tasks %llu\n", TOTAL(shown, sweeping));
    family(body, "sweep_rows", "gauge", "Rows that these sweeps, or the last ones, have walked over.");
    buffer_printf(body, "proforma_sweep_rows %llu\n", TOTAL(shown, sweep_rows));
    family(body, "sweep_version", "gauge", "The version to which tasks sweep; 0: none does.");
    buffer_printf(body, "proforma_sweep_version %llu\n", newest_target(shown));
    family(body, "rows", "gauge", "Rows in memory.");
    buffer_printf(body, "proforma_rows %llu\n", TOTAL(shown, rows));
    family(body, "memory_bytes", "gauge", "Memory that rows and prices take.");
    buffer_printf(body, "proforma_memory_bytes %llu\n", TOTAL(shown, bytes));
    family(body, "store_bytes", "gauge", "Bytes on disk in state.dir.");
    buffer_printf(body, "proforma_store_bytes %llu\n", TOTAL(shown, disk_bytes));
}

static void write_lag(const struct shown_workers *shown, struct buffer *body)
{
    family(body, "lag", "gauge", "Records between a partition's position and its end, when last looked at.");
    for (size_t w = 0; w < shown->count; w++) {
        for (size_t i = 0; i < SHOWN_PARTITIONS_MAX; i++) {
            const struct shown_partition *partition = &shown->statuses[w]->partitions[i];
            int32_t topic = atomic_load(&partition->topic);
            int64_t position = atomic_load(&partition->position), end = atomic_load(&partition->end);
            int64_t lag = end - (position > 0 ? position : 0);
            if (topic > 0 && end >= 0)
                buffer_printf(body, "proforma_lag{topic=\"%s\",partition=\"%d\"} %lld\n",
                              stream_topic_name((enum stream_topic)(topic - 1)), atomic_load(&partition->partition),
                              lag > 0 ? (long long)lag : 0LL);
        }
    }
}

static void write_histogram(const struct shown_workers *shown, struct buffer *body, const char *name, const char *help,
                            size_t offset)
{
    uint64_t count = 0, sum = 0;
    family(body, name, "histogram", help);
    for (size_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
        uint64_t total = 0;
        for (size_t w = 0; w < shown->count; w++) {
            const struct shown_histogram *histogram = (const void *)((const char *)shown->statuses[w] + offset);
            total += atomic_load(&histogram->buckets[b]);
        }
        buffer_printf(body, "proforma_%s_bucket{le=\"%llu.%06llu\"} %llu\n", name,
                      (unsigned long long)(histogram_bounds_us[b] / 1000000),
                      (unsigned long long)(histogram_bounds_us[b] % 1000000), (unsigned long long)total);
    }
    for (size_t w = 0; w < shown->count; w++) {
        const struct shown_histogram *histogram = (const void *)((const char *)shown->statuses[w] + offset);
        count += atomic_load(&histogram->count);
        sum += atomic_load(&histogram->sum_us);
    }
    buffer_printf(body, "proforma_%s_bucket{le=\"+Inf\"} %llu\nproforma_%s_sum %llu.%06llu\nproforma_%s_count %llu\n", name,
                  (unsigned long long)count, name, (unsigned long long)(sum / 1000000), (unsigned long long)(sum % 1000000),
                  name, (unsigned long long)count);
}

unsigned metrics_page(void *context, struct buffer *body)
{
    const struct shown_workers *shown = context;
    write_counters(shown, body);
    write_price_counters(shown, body);
    write_gauges(shown, body);
    write_lag(shown, body);
    write_histogram(shown, body, "commit_seconds", "Time of a commit: outputs, offsets and transaction.",
                    offsetof(struct worker_status, commit_time));
    write_histogram(shown, body, "event_to_commit_seconds",
                    "From a record's broker time to the commit of what it made; the mean of each transaction.",
                    offsetof(struct worker_status, latency));
    return 200;
}

static int64_t since_turn_ms(const struct worker_status *status)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t turn = atomic_load(&status->turn_ms), now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return turn == 0 ? 0 : now_ms - turn;
}

unsigned health_page(void *context, struct buffer *body)
{
    const struct shown_workers *shown = context;
    bool well = true;
    for (size_t w = 0; w < shown->count; w++) {
        int64_t still_ms = since_turn_ms(shown->statuses[w]);
        if (still_ms < STILL_MAX_MS)
            continue;
        well = false;
        buffer_printf(body, "worker %zu: its loop has stood still for %lld s\n", w, (long long)(still_ms / 1000));
    }
    buffer_append_text(body, well ? TEXT("ok\n") : TEXT("not ok\n"));
    return well ? 200 : 503;
}

unsigned ready_page(void *context, struct buffer *body)
{
    const struct shown_workers *shown = context;
    bool ready = true;
    for (size_t w = 0; w < shown->count; w++) {
        const struct worker_status *status = shown->statuses[w];
        int64_t stopped = atomic_load(&status->stopped);
        int64_t waiting = atomic_load(&status->waiting), still_ms = since_turn_ms(status);
        ready = ready && atomic_load(&status->ready) && still_ms < BUSY_MAX_MS;
        if (atomic_load(&status->away))
            buffer_printf(body, "worker %zu: no broker answers\n", w);
        if (still_ms >= BUSY_MAX_MS)
            buffer_printf(body, "worker %zu: its loop has stood still for %lld s\n", w, (long long)(still_ms / 1000));
        for (int64_t i = 0; i < waiting && i < SHOWN_STOPPED_MAX; i++)
            buffer_printf(body, "task %u waits, see the log\n", atomic_load(&status->waiting_tasks[i]));
        for (int64_t i = 0; i < stopped && i < SHOWN_STOPPED_MAX; i++)
            buffer_printf(body, "task %u is stopped, see the log\n", atomic_load(&status->stopped_tasks[i]));
        if (atomic_load(&status->restoring) > 0)
            buffer_printf(body, "worker %zu: %lld of %lld tasks are restoring\n", w,
                          (long long)atomic_load(&status->restoring), (long long)atomic_load(&status->tasks));
        if (atomic_load(&status->document) == 0)
            buffer_printf(body, "worker %zu: no document is in force yet\n", w);
    }
    buffer_append_text(body, ready ? TEXT("ready\n") : TEXT("not ready\n"));
    return ready ? 200 : 503;
}
