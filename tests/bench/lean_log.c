/* bench/lean_log.c: partitions as lists of chunks, transactions as the first offset of what is open. */
#include "bench/lean_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define CHUNK_BYTES ((size_t)1024 * 1024)
#define HEADERS_MAX 16
#define LEAST_BYTES ((size_t)256 * 1024 * 1024)
#define REFILL_BELOW 100000 /* usage records that are still to be read */

struct chunk {
    struct chunk *next;
    int64_t first; /* offset of its first record */
    size_t used;
    char bytes[];
};

/* In a chunk, followed by key, value and headers' values. */
struct stored {
    int64_t timestamp_ms;
    uint32_t key_size, value_size, size; /* size: with all that follows, a multiple of 16 */
    uint16_t stream;                     /* that wrote it; LEAN_STREAMS_MAX: from outside */
    uint8_t header_count;
    bool is_null, is_aborted;
    struct {
        const char *name;
        uint32_t size;
    } headers[];
};

/* Where a reader is. */
struct place {
    struct chunk *chunk;
    size_t at;
    int64_t offset;
};

struct partition {
    pthread_mutex_t lock;
    struct chunk *first, *last;
    bool is_kept, is_counted_only;
    _Atomic int64_t end;
    _Atomic int64_t open_from[LEAN_STREAMS_MAX]; /* INT64_MAX: nothing is open */
    _Atomic int64_t committed, transaction;
    int64_t begin;
};

struct lean_log {
    struct lean_log_options options;
    size_t mapped;
    _Atomic size_t taken_bytes; /* of the mapping */
    pthread_mutex_t chunks_lock, refill_lock;
    struct chunk *spare;
    struct partition *partitions[STREAM_TOPIC_COUNT];
    _Atomic uint64_t taken, appended; /* usage */
    _Atomic int64_t idle_ms;
    _Atomic bool has_more, is_open;
    _Atomic uint64_t records[STREAM_TOPIC_COUNT], bytes[STREAM_TOPIC_COUNT], commits, refill_ns, peak_bytes;
};

struct reading {
    enum stream_topic topic;
    int32_t partition;
    struct place place;
};

struct lean_stream {
    struct stream port;
    struct lean_log *log;
    unsigned number;
    bool has_assignment;
    struct reading *readings;
    size_t reading_count, turn;
    struct reading restore;
    char sink[CHUNK_BYTES];
    size_t sunk;
};

/* ---- memory ---- */

static void make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void *take_bytes(struct lean_log *log, size_t size)
{
    size_t at = atomic_fetch_add(&log->taken_bytes, (size + 63) / 64 * 64);
    if (at + size > log->mapped) {
        fprintf(stderr, "lean_log: %zu bytes are full\n", log->mapped);
        exit(1);
    }
    return (char *)log + at;
}

static struct chunk *take_chunk(struct lean_log *log, int64_t first)
{
    pthread_mutex_lock(&log->chunks_lock);
    struct chunk *chunk = log->spare;
    if (chunk)
        log->spare = chunk->next;
    pthread_mutex_unlock(&log->chunks_lock);
    if (!chunk)
        chunk = take_bytes(log, CHUNK_BYTES);
    chunk->next = NULL;
    chunk->first = first;
    chunk->used = 0;
    return chunk;
}

static void give_chunk(struct lean_log *log, struct chunk *chunk)
{
    pthread_mutex_lock(&log->chunks_lock);
    chunk->next = log->spare;
    log->spare = chunk;
    pthread_mutex_unlock(&log->chunks_lock);
}

static size_t stored_size(const struct stream_record *record)
{
    size_t size = sizeof(struct stored) + record->header_count * sizeof(((struct stored *)0)->headers[0]);
    for (size_t i = 0; i < record->header_count; i++)
        size += record->headers[i].value.size;
    return (size + record->key.size + record->value.size + 15) / 16 * 16;
}

static char *append_text(char *to, struct text text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    return to + text.size;
}

static void store(char *place, const struct stream_record *record, size_t size, unsigned stream)
{
    struct stored *stored = (struct stored *)place;
    *stored = (struct stored){ .timestamp_ms = record->timestamp_ms,
                               .key_size = (uint32_t)record->key.size,
                               .value_size = (uint32_t)record->value.size,
                               .size = (uint32_t)size,
                               .stream = (uint16_t)stream,
                               .header_count = (uint8_t)record->header_count,
                               .is_null = record->is_null };
    char *to = (char *)&stored->headers[record->header_count];
    to = append_text(append_text(to, record->key), record->value);
    for (size_t i = 0; i < record->header_count; i++) {
        stored->headers[i].name = record->headers[i].name;
        stored->headers[i].size = (uint32_t)record->headers[i].value.size;
        to = append_text(to, record->headers[i].value);
    }
}

static void load(const struct stored *stored, struct stream_header headers[HEADERS_MAX], struct stream_record *record)
{
    const char *from = (const char *)&stored->headers[stored->header_count];
    record->timestamp_ms = stored->timestamp_ms;
    record->key = (struct text){ from, stored->key_size };
    record->value = (struct text){ stored->is_null ? NULL : from + stored->key_size, stored->value_size };
    record->is_null = stored->is_null;
    record->headers = headers;
    record->header_count = stored->header_count;
    from += stored->key_size + stored->value_size;
    for (size_t i = 0; i < stored->header_count; i++) {
        headers[i] = (struct stream_header){ stored->headers[i].name, { from, stored->headers[i].size } };
        from += stored->headers[i].size;
    }
}

static void append(struct lean_log *log, struct partition *to, const struct stream_record *record, unsigned stream)
{
    size_t size = stored_size(record);
    pthread_mutex_lock(&to->lock);
    int64_t offset = atomic_load(&to->end);
    CHECK(size <= CHUNK_BYTES - sizeof(struct chunk));
    if (!to->last || to->last->used + size > CHUNK_BYTES - sizeof(struct chunk)) {
        struct chunk *chunk = take_chunk(log, offset);
        if (to->last)
            to->last->next = chunk;
        else
            to->first = chunk;
        to->last = chunk;
    }
    store(to->last->bytes + to->last->used, record, size, stream);
    to->last->used += size;
    if (stream < LEAN_STREAMS_MAX && atomic_load(&to->open_from[stream]) == INT64_MAX)
        atomic_store(&to->open_from[stream], offset);
    atomic_store(&to->end, offset + 1);
    pthread_mutex_unlock(&to->lock);
}

static int64_t stable_end(const struct lean_log *log, const struct partition *partition)
{
    int64_t end = atomic_load(&partition->end);
    for (unsigned i = 0; i < log->options.streams; i++) {
        int64_t open_from = atomic_load(&partition->open_from[i]);
        end = open_from < end ? open_from : end;
    }
    return end;
}

/* ---- reading ---- */

static bool seek(const struct partition *partition, int64_t offset, struct place *place)
{
    struct chunk *chunk = partition->first;
    while (chunk && chunk->next && chunk->next->first <= offset)
        chunk = chunk->next;
    *place = (struct place){ chunk, 0, chunk ? chunk->first : offset };
    if (!chunk)
        return offset == atomic_load(&partition->end);
    if (chunk->first > offset)
        return false;
    for (; place->offset < offset && place->at < chunk->used; place->offset++)
        place->at += ((const struct stored *)(chunk->bytes + place->at))->size;
    return place->offset == offset;
}

/* The record at a place that lies before the stable end; the place is behind it afterwards. */
static const struct stored *next_stored(const struct partition *partition, struct place *place)
{
    if (!place->chunk)
        place->chunk = partition->first;
    if (place->at >= place->chunk->used) {
        place->chunk = place->chunk->next;
        place->at = 0;
    }
    const struct stored *stored = (const struct stored *)(place->chunk->bytes + place->at);
    place->at += stored->size;
    place->offset++;
    return stored;
}

static struct partition *partition_of(const struct lean_log *log, enum stream_topic topic, int32_t partition)
{
    CHECK(partition >= 0 && partition < log->options.partitions[topic]);
    return &log->partitions[topic][partition];
}

static struct lean_stream *stream_of(struct stream *port)
{
    return (struct lean_stream *)port;
}

static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void refill(struct lean_log *log)
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

static bool give_assignment(struct lean_stream *stream, const struct stream_handler *handler, struct error *error)
{
    static const enum stream_topic inputs[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };
    struct stream_partition assigned[3 * 4096];
    size_t count = 0;
    for (size_t t = 0; t < ARRAY_COUNT(inputs); t++)
        for (int32_t i = (int32_t)stream->number; i < stream->log->options.partitions[inputs[t]];
             i += (int32_t)stream->log->options.streams)
            assigned[count++] = (struct stream_partition){ inputs[t], i, OFFSET_NONE, 0 };
    stream->has_assignment = true;
    return handler->assigned(handler->context, assigned, count, error);
}

/* What lies in chunks before a place has been read and is not needed again. */
static void forget_read(struct lean_log *log, struct partition *partition, const struct place *place)
{
    if (partition->is_kept || !place->chunk)
        return;
    pthread_mutex_lock(&partition->lock);
    while (partition->first != place->chunk) {
        struct chunk *read = partition->first;
        partition->first = read->next;
        partition->begin = read->next->first;
        give_chunk(log, read);
    }
    pthread_mutex_unlock(&partition->lock);
}

/* Of one partition after the other, as a consumer hands its fetched batches over. */
static bool read_some(struct lean_stream *stream, struct reading *from, size_t records_max, size_t *taken,
                      const struct stream_handler *handler, struct error *error)
{
    struct lean_log *log = stream->log;
    struct partition *partition = partition_of(log, from->topic, from->partition);
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record = { .topic = from->topic, .partition = from->partition };
    int64_t end = stable_end(log, partition);
    if (from->topic == STREAM_USAGE && !atomic_load(&log->is_open))
        return true;
    for (; from->place.offset < end && *taken < records_max; ++*taken) {
        record.offset = from->place.offset;
        const struct stored *stored = next_stored(partition, &from->place);
        if (stored->is_aborted)
            continue;
        load(stored, headers, &record);
        if (!handler->record(handler->context, &record, error))
            return false;
    }
    if (*taken > 0 && from->topic == STREAM_USAGE)
        atomic_fetch_add(&log->taken, *taken);
    forget_read(log, partition, &from->place);
    if (from->place.offset == end && handler->ended)
        handler->ended(handler->context, from->topic, from->partition, end);
    return true;
}

static enum stream_outcome lean_poll(struct stream *port, int timeout_ms, size_t records_max,
                                     const struct stream_handler *handler, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    size_t taken = 0;
    if (!stream->has_assignment && !give_assignment(stream, handler, error))
        return OUTCOME_INDETERMINATE;
    refill(stream->log);
    for (size_t i = 0; i < stream->reading_count && taken == 0; i++) {
        stream->turn = (stream->turn + 1) % stream->reading_count;
        if (!read_some(stream, &stream->readings[stream->turn], records_max, &taken, handler, error))
            return OUTCOME_INDETERMINATE;
    }
    if (taken == 0)
        atomic_fetch_add(&stream->log->idle_ms, timeout_ms);
    return OUTCOME_DONE;
}

static bool lean_assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct reading *readings = memory_new_array(count + 1, sizeof *readings);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        struct partition *partition = partition_of(stream->log, partitions[i].topic, partitions[i].partition);
        int64_t offset = partitions[i].offset == OFFSET_NONE ? partition->begin : partitions[i].offset;
        readings[i].topic = partitions[i].topic;
        readings[i].partition = partitions[i].partition;
        done = seek(partition, offset, &readings[i].place) ||
               error_fail(error, ERROR_FAILED, "offset %lld of %s is not there", (long long)offset,
                          stream_topic_name(partitions[i].topic));
    }
    free(stream->readings);
    stream->readings = readings;
    stream->reading_count = count;
    stream->turn = 0;
    return done;
}

static bool lean_committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                           struct error *error)
{
    (void)error;
    *stable = true;
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = partition_of(stream_of(port)->log, partitions[i].topic, partitions[i].partition);
        partitions[i].offset = atomic_load(&partition->committed);
        partitions[i].transaction = atomic_load(&partition->transaction);
    }
    return true;
}

/* ---- transactions ---- */

static enum stream_outcome lean_begin(struct stream *port, struct error *error)
{
    (void)port;
    (void)error;
    return OUTCOME_DONE;
}

/* Nobody will read it: it is copied as a producer would, and that is all. */
static void sink(struct lean_stream *stream, const struct stream_record *record)
{
    size_t size = record->key.size + record->value.size;
    if (stream->sunk + size > sizeof stream->sink)
        stream->sunk = 0;
    CHECK(size <= sizeof stream->sink);
    append_text(append_text(stream->sink + stream->sunk, record->key), record->value);
    stream->sunk += size;
}

static enum stream_outcome lean_produce(struct stream *port, const struct stream_record *record, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct lean_log *log = stream->log;
    struct partition *partition = partition_of(log, record->topic, record->partition);
    (void)error;
    atomic_fetch_add_explicit(&log->records[record->topic], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&log->bytes[record->topic], record->key.size + record->value.size, memory_order_relaxed);
    if (partition->is_counted_only) {
        sink(stream, record);
        atomic_fetch_add(&partition->end, 1);
        return OUTCOME_DONE;
    }
    struct stream_record stamped = *record;
    stamped.timestamp_ms = lean_log_wall_clock_ms(log);
    append(log, partition, &stamped, stream->number);
    return OUTCOME_DONE;
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

static enum stream_outcome lean_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                       struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct lean_log *log = stream->log;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = partition_of(log, partitions[i].topic, partitions[i].partition);
        atomic_store(&partition->committed, partitions[i].offset);
        atomic_store(&partition->transaction, partitions[i].transaction);
    }
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++)
        for (int32_t i = 0; i < log->options.partitions[topic]; i++)
            atomic_store(&log->partitions[topic][i].open_from[stream->number], INT64_MAX);
    atomic_fetch_add(&log->commits, 1);
    uint64_t own = lean_log_own_bytes();
    if (own > atomic_load(&log->peak_bytes))
        atomic_store(&log->peak_bytes, own);
    return OUTCOME_DONE;
}

/* A bench has no faults. */
static enum stream_outcome lean_abort(struct stream *port, struct error *error)
{
    (void)port;
    fprintf(stderr, "lean_log: a transaction is aborted: %s\n", error->message);
    exit(1);
}

/* ---- restoring ---- */

static bool lean_restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                               struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct partition *read = partition_of(stream->log, topic, partition);
    int64_t from = offset == OFFSET_NONE ? read->begin : offset;
    stream->restore = (struct reading){ .topic = topic, .partition = partition };
    if (read->is_counted_only) {
        stream->restore.place.offset = atomic_load(&read->end);
        return true;
    }
    return seek(read, from, &stream->restore.place) ||
           error_fail(error, ERROR_FAILED, "offset %lld of %s is not there", (long long)from, stream_topic_name(topic));
}

static bool lean_restore_step(struct stream *port, size_t records_max,
                              bool (*take)(void *context, const struct stream_record *record, struct error *error),
                              void *context, struct stream_reading *reading, struct error *error)
{
    struct lean_stream *stream = stream_of(port);
    struct reading *from = &stream->restore;
    struct partition *partition = partition_of(stream->log, from->topic, from->partition);
    struct stream_header headers[HEADERS_MAX];
    struct stream_record record = { .topic = from->topic, .partition = from->partition };
    int64_t end = stable_end(stream->log, partition);
    for (; from->place.offset < end && records_max > 0; records_max--) {
        struct place before = from->place;
        record.offset = before.offset;
        const struct stored *stored = next_stored(partition, &from->place);
        if (stored->is_aborted)
            continue;
        load(stored, headers, &record);
        if (!take(context, &record, error)) {
            from->place = before;
            *reading = (struct stream_reading){ false, before.offset, OFFSET_NONE };
            return false;
        }
    }
    *reading = (struct stream_reading){ from->place.offset >= end, from->place.offset, atomic_load(&partition->end) };
    return true;
}

static bool lean_range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                       struct error *error)
{
    const struct lean_log *log = stream_of(port)->log;
    const struct partition *asked = partition_of(log, topic, partition);
    (void)error;
    *first = asked->begin;
    *end = stable_end(log, asked);
    return true;
}

static int64_t time_of_first(const struct chunk *chunk)
{
    return ((const struct stored *)chunk->bytes)->timestamp_ms;
}

static bool lean_offset_of_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms,
                                int64_t *offset, struct error *error)
{
    struct lean_log *log = stream_of(port)->log;
    struct partition *asked = partition_of(log, topic, partition);
    struct chunk *chunk = asked->first;
    int64_t end = stable_end(log, asked);
    (void)error;
    while (chunk && chunk->next && chunk->next->first < end && time_of_first(chunk->next) < time_ms)
        chunk = chunk->next;
    struct place place = { chunk, 0, chunk ? chunk->first : end };
    for (*offset = place.offset; *offset < end; ++*offset)
        if (next_stored(asked, &place)->timestamp_ms >= time_ms)
            return true;
    return true;
}

static bool lean_high(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *high, struct error *error)
{
    (void)error;
    *high = atomic_load(&partition_of(stream_of(port)->log, topic, partition)->end);
    return true;
}

static void lean_trim(struct stream *port, enum stream_topic topic, int32_t partition, int64_t before)
{
    (void)port;
    (void)topic;
    (void)partition;
    (void)before;
}

static int64_t lean_known_end(const struct stream *port, enum stream_topic topic, int32_t partition)
{
    return atomic_load(&partition_of(((const struct lean_stream *)port)->log, topic, partition)->end);
}

static int32_t lean_partition_count(const struct stream *port, enum stream_topic topic)
{
    return ((const struct lean_stream *)port)->log->options.partitions[topic];
}

static bool lean_is_reachable(struct stream *port)
{
    (void)port;
    return true;
}

static void lean_close(struct stream *port)
{
    free(stream_of(port)->readings);
    free(port);
}

static const struct stream_ops operations = {
    .poll = lean_poll,
    .assign = lean_assign,
    .committed = lean_committed,
    .begin = lean_begin,
    .produce = lean_produce,
    .commit = lean_commit,
    .abort = lean_abort,
    .restore_begin = lean_restore_begin,
    .restore_step = lean_restore_step,
    .offset_of_time = lean_offset_of_time,
    .range = lean_range,
    .high = lean_high,
    .trim = lean_trim,
    .known_end = lean_known_end,
    .partition_count = lean_partition_count,
    .is_reachable = lean_is_reachable,
    .close = lean_close,
};

void lean_stream_open(struct lean_log *log, unsigned number, struct stream **ret_stream)
{
    struct lean_stream *stream = memory_new(sizeof *stream);
    CHECK(number < log->options.streams);
    stream->port.ops = &operations;
    stream->log = log;
    stream->number = number;
    *ret_stream = &stream->port;
}

/* ---- the log ---- */

static void make_partitions(struct lean_log *log, enum stream_topic topic)
{
    static const bool is_input[STREAM_TOPIC_COUNT] = {
        [STREAM_USAGE] = true, [STREAM_TIERED] = true, [STREAM_SUBTOTALS] = true
    };
    int32_t count = log->options.partitions[topic];
    log->partitions[topic] = take_bytes(log, (size_t)count * sizeof(struct partition));
    for (int32_t i = 0; i < count; i++) {
        struct partition *partition = &log->partitions[topic][i];
        make_lock(&partition->lock);
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
    make_lock(&log->chunks_lock);
    make_lock(&log->refill_lock);
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
    append(log, partition_of(log, topic, partition), &record, LEAN_STREAMS_MAX);
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
    make_lock(&partition->lock);
    for (unsigned s = 0; s < log->options.streams; s++) {
        int64_t end = atomic_load(&partition->end), from = atomic_load(&partition->open_from[s]);
        atomic_store(&partition->open_from[s], INT64_MAX);
        if (from >= end || !seek(partition, from, &place))
            continue;
        while (place.offset < end) {
            struct stored *stored = (struct stored *)(uintptr_t)next_stored(partition, &place);
            stored->is_aborted = stored->is_aborted || stored->stream == s;
        }
    }
}

void lean_log_recover(struct lean_log *log)
{
    make_lock(&log->chunks_lock);
    make_lock(&log->refill_lock);
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
