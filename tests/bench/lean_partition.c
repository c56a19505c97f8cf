/* bench/lean_partition.c: partitions as lists of chunks, transactions as the first offset of what is open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench/lean_parts.h"

void lean_make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

void *lean_take_bytes(struct lean_log *log, size_t size)
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
        chunk = lean_take_bytes(log, CHUNK_BYTES);
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

void lean_load(const struct stored *stored, struct stream_header headers[HEADERS_MAX], struct stream_record *record)
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

void lean_partition_append(struct lean_log *log, struct partition *to, const struct stream_record *record, unsigned stream)
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

int64_t lean_stable_end(const struct lean_log *log, const struct partition *partition)
{
    int64_t end = atomic_load(&partition->end);
    for (unsigned i = 0; i < log->options.streams; i++) {
        int64_t open_from = atomic_load(&partition->open_from[i]);
        end = open_from < end ? open_from : end;
    }
    return end;
}

bool lean_seek(const struct partition *partition, int64_t offset, struct place *place)
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

const struct stored *lean_next(const struct partition *partition, struct place *place)
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

void lean_forget(struct lean_log *log, struct partition *partition, const struct place *place)
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

static int64_t time_of_first(const struct chunk *chunk)
{
    return ((const struct stored *)chunk->bytes)->timestamp_ms;
}

int64_t lean_offset_of_time(const struct lean_log *log, const struct partition *partition, int64_t time_ms)
{
    struct chunk *chunk = partition->first;
    int64_t end = lean_stable_end(log, partition);
    while (chunk && chunk->next && chunk->next->first < end && time_of_first(chunk->next) < time_ms)
        chunk = chunk->next;
    struct place place = { chunk, 0, chunk ? chunk->first : end };
    int64_t offset = place.offset;
    while (offset < end && lean_next(partition, &place)->timestamp_ms < time_ms)
        offset++;
    return offset;
}

struct partition *lean_partition_of(const struct lean_log *log, enum stream_topic topic, int32_t partition)
{
    CHECK(partition >= 0 && partition < log->options.partitions[topic]);
    return &log->partitions[topic][partition];
}
