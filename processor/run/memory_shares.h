/* run/memory_shares.h: who may take how much of memory.limit. Pure. */
#ifndef RUN_MEMORY_SHARES_H
#define RUN_MEMORY_SHARES_H

#include "settings/settings.h"

/*
 * Kafka's buffers have three sixteenths of the memory, RocksDB an eighth for what it writes and reads, an eighth is for
 * what is not counted (batches on their way, what lies between blocks), event ids have dedup.memory, rows the rest.
 */
struct memory_shares {
    size_t send, fetch; /* of each worker: what waits to be sent, and to be taken */
    size_t ids, rows;   /* of each worker */
    size_t store;       /* of each store: a write buffer, and its cache */
};

struct memory_shares memory_shares_of(const struct settings *settings, size_t workers);

#endif
