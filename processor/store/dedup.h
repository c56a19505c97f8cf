/*
 * store/dedup.h: which event ids have been seen (DESIGN 3.7). event_id is unique per usage account.
 *
 * Ids are held as 128-bit hashes beside a 64-bit hash of the event's content. In memory up to the budget; then a sorted
 * run goes to the store and a filter says which ids need a look there: never a smaller window. Thread: one.
 */
#ifndef STORE_DEDUP_H
#define STORE_DEDUP_H

#include "base/hash.h"
#include "model/usage_event.h"
#include "store/rocks.h"

enum dedup_answer {
    DEDUP_NEW,
    DEDUP_DUPLICATE, /* same id, same content */
    DEDUP_REUSED,    /* same id, other content */
};

struct dedup;

struct dedup *dedup_new(struct rocks *rocks, size_t bytes_max);

/* Takes the event's id. `facts` is facts_encode's answer for the event. Fails: the store. */
MUST_USE bool dedup_take(struct dedup *dedup, const struct usage_event *event, struct text facts,
                         enum dedup_answer *answer, struct error *error);

size_t dedup_bytes(const struct dedup *dedup);
void dedup_free(struct dedup *dedup);

/* Hash of the account and the id; never both halves 0. */
struct hash128 usage_event_id_hash(const struct usage_event *event);
/* Hash of all decoded fields but the id and the account. */
uint64_t usage_event_content_hash(const struct usage_event *event, struct text facts);

#endif
