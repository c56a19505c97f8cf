/* bench/lean_parts.h: what the files of the lean log share of it. Not for others. */
#ifndef BENCH_LEAN_PARTS_H
#define BENCH_LEAN_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "bench/lean_log.h"

#define CHUNK_BYTES ((size_t)1024 * 1024)
#define HEADERS_MAX 16

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

/* lean_partition.c: records as bytes in chunks. */
void lean_make_lock(pthread_mutex_t *lock); /* that processes share */
void *lean_take_bytes(struct lean_log *log, size_t size);
struct partition *lean_partition_of(const struct lean_log *log, enum stream_topic topic, int32_t partition);
/* `stream`: who writes it, in its open transaction; LEAN_STREAMS_MAX: committed at once. */
void lean_partition_append(struct lean_log *log, struct partition *to, const struct stream_record *record, unsigned stream);
/* The end of what is committed and behind no open transaction. */
int64_t lean_stable_end(const struct lean_log *log, const struct partition *partition);
/* False: the offset is not there. */
MUST_USE bool lean_seek(const struct partition *partition, int64_t offset, struct place *place);
/* The record at a place that lies before the stable end; the place is behind it afterwards. */
const struct stored *lean_next(const struct partition *partition, struct place *place);
/* A record as the port has it, but for its topic, partition and offset. Borrows. */
void lean_load(const struct stored *stored, struct stream_header headers[HEADERS_MAX], struct stream_record *record);
/* What lies in chunks before a place has been read and is not needed again. */
void lean_forget(struct lean_log *log, struct partition *partition, const struct place *place);
/* The first offset whose record came at or after a time; the stable end if there is none. */
int64_t lean_offset_of_time(const struct lean_log *log, const struct partition *partition, int64_t time_ms);

/* lean_log.c: makes more usage where little is left. */
void lean_log_refill(struct lean_log *log);

static inline char *append_text(char *to, struct text text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    return to + text.size;
}

#endif
