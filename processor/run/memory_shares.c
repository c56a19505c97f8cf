/* run/memory_shares.c: parts of the limit, with the least and the most that their users take. */
#include "run/memory_shares.h"

#define KAFKA_MAX ((size_t)1024 * 1024 * 1024) /* what librdkafka takes */
#define STORE_MIN ((size_t)256 * 1024)

static size_t at_most(size_t bytes, size_t most)
{
    return bytes < most ? bytes : most;
}

struct memory_shares memory_shares_of(const struct settings *settings, size_t workers)
{
    size_t limit = settings->memory_limit_bytes, rocks = limit / 8, uncounted = limit / 8;
    size_t stores = (size_t)settings->partitions_usage + (size_t)settings->partitions_tier;
    /* Up to three write buffers and a cache each. */
    size_t store = rocks / 4 / stores;
    struct memory_shares shares = {
        .send = at_most(limit / workers / 8, KAFKA_MAX),
        .fetch = at_most(limit / workers / 16, KAFKA_MAX),
        .ids = settings->dedup_memory_bytes / workers,
        .store = store < STORE_MIN ? STORE_MIN : store,
    };
    size_t kafka = workers * (shares.send + shares.fetch);
    shares.rows = (limit - settings->dedup_memory_bytes - kafka - rocks - uncounted) / workers;
    return shares;
}
