/* bench/lean_log.c: the log as a whole: its memory, its clock, what comes from outside, what has been counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/lean_parts.h"

#define LEAST_BYTES ((size_t)256 * 1024 * 1024)
#define REFILL_BELOW 100000 /* usage records that are still to be read */

static void make_partitions(struct lean_log *log, enum stream_topic topic)
{
    static const bool is_input[STREAM_TOPIC_COUNT] = {
        [STREAM_USAGE] = true, [STREAM_TIERED] = true, [STREAM_SUBTOTALS] = true
    };
    int32_t count = log->options.partitions[topic];
    log->partitions[topic] = lean_take_bytes(log, (size_t)count * sizeof(struct partition));
    for (int32_t i = 0; i < count; i++) {
        struct partition *partition = &log->partitions[topic][i];
        lean_make_lock(&partition->lock);
        partition->is_kept = log->options.keeps || topic == STREAM_CONDUCTOR;
        partition->is_counted_only = !partition->is_kept && !is_input[topic];
        partition->committed = OFFSET_NONE;
        for (unsigned s = 0; s < LEAN_STREAMS_MAX; s++)
            partition->open_from[s] = INT64_MAX;
    }
}

/* Less than is wanted where that much of an address space is not to be had, as under valgrind. */
static void *map_memory(size_t *size)
{
    const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    for (; *size >= LEAST_BYTES; *size /= 2) {
        void *memory = mmap(NULL, *size, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory != MAP_FAILED)
            return memory;
    }
    fprintf(stderr, "lean_log: no memory for %zu bytes\n", *size);
    exit(1);
}

struct lean_log *lean_log_new(const struct lean_log_options *options)
{
    CHECK(options->streams <= LEAN_STREAMS_MAX);
    size_t size = options->limit_bytes;
    struct lean_log *log = map_memory(&size);
    log->options = *options;
    log->mapped = size;
    log->taken_bytes = (sizeof *log + 63) / 64 * 64;
    log->has_more = options->refill != NULL;
    lean_make_lock(&log->chunks_lock);
    lean_make_lock(&log->refill_lock);
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++)
        make_partitions(log, topic);
    return log;
}

void lean_log_free(struct lean_log *log)
{
    munmap(log, log->mapped);
}

void lean_log_append(struct lean_log *log, enum stream_topic topic, int32_t partition, struct text key, struct text value)
{
    struct stream_record record = { .key = key, .value = value, .is_null = value.data == NULL };
    record.timestamp_ms = lean_log_wall_clock_ms(log);
    lean_partition_append(log, lean_partition_of(log, topic, partition), &record, LEAN_STREAMS_MAX);
    if (topic == STREAM_USAGE)
        atomic_fetch_add(&log->appended, 1);
}

int64_t lean_log_clock_ms(const struct lean_log *log)
{
    return 1 + atomic_load(&log->idle_ms) + (int64_t)(atomic_load(&log->taken) * 1000 / log->options.events_a_second);
}

int64_t lean_log_wall_clock_ms(const struct lean_log *log)
{
    return log->options.start_ms + lean_log_clock_ms(log);
}

static void abort_open(struct lean_log *log, struct partition *partition)
{
    struct place place;
    lean_make_lock(&partition->lock);
    for (unsigned s = 0; s < log->options.streams; s++) {
        int64_t end = atomic_load(&partition->end), from = atomic_load(&partition->open_from[s]);
        atomic_store(&partition->open_from[s], INT64_MAX);
        if (from >= end || !lean_seek(partition, from, &place))
            continue;
        while (place.offset < end) {
            struct stored *stored = (struct stored *)(uintptr_t)lean_next(partition, &place);
            stored->is_aborted = stored->is_aborted || stored->stream == s;
        }
    }
}

void lean_log_recover(struct lean_log *log)
{
    lean_make_lock(&log->chunks_lock);
    lean_make_lock(&log->refill_lock);
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++)
        for (int32_t i = 0; i < log->options.partitions[topic]; i++)
            abort_open(log, &log->partitions[topic][i]);
}

void lean_log_open_gate(struct lean_log *log)
{
    atomic_store(&log->is_open, true);
}

bool lean_log_is_done(const struct lean_log *log)
{
    static const enum stream_topic inputs[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };
    if (atomic_load(&log->has_more))
        return false;
    for (size_t t = 0; t < ARRAY_COUNT(inputs); t++)
        for (int32_t i = 0; i < log->options.partitions[inputs[t]]; i++) {
            const struct partition *partition = &log->partitions[inputs[t]][i];
            int64_t committed = atomic_load(&partition->committed);
            if ((committed == OFFSET_NONE ? 0 : committed) < atomic_load(&partition->end))
                return false;
        }
    return true;
}

uint64_t lean_log_taken(const struct lean_log *log)
{
    return atomic_load(&log->taken);
}

struct lean_log_figures lean_log_figures(const struct lean_log *log)
{
    struct lean_log_figures figures = { .commits = atomic_load(&log->commits),
                                        .refill_ns = atomic_load(&log->refill_ns),
                                        .peak_bytes = atomic_load(&log->peak_bytes) };
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++) {
        figures.records[i] = atomic_load(&log->records[i]);
        figures.bytes[i] = atomic_load(&log->bytes[i]);
    }
    return figures;
}

static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void lean_log_refill(struct lean_log *log)
{
    if (!atomic_load(&log->has_more) || atomic_load(&log->appended) - atomic_load(&log->taken) > REFILL_BELOW)
        return;
    uint64_t begun = thread_ns();
    pthread_mutex_lock(&log->refill_lock);
    if (atomic_load(&log->has_more) && atomic_load(&log->appended) - atomic_load(&log->taken) <= REFILL_BELOW)
        atomic_store(&log->has_more, log->options.refill(log->options.refill_context));
    pthread_mutex_unlock(&log->refill_lock);
    atomic_fetch_add(&log->refill_ns, thread_ns() - begun);
}

uint64_t lean_log_own_bytes(void)
{
    unsigned long all, resident, shared;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    int found = fscanf(file, "%lu %lu %lu", &all, &resident, &shared);
    fclose(file);
    return found == 3 ? (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}
