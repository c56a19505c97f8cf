/*
 * store/event_id.h: what is remembered of an event to tell whether it comes again (SEMANTICS 3.7). event_id is unique per
 * usage account. Pure.
 */
#ifndef STORE_EVENT_ID_H
#define STORE_EVENT_ID_H

#include "aggregate/row.h"

struct id_entry {
    struct hash128 id;
    uint64_t content;
    int64_t time_ms; /* of the latest record with the id */
};

/* Hash of the account and the id; never both halves 0. */
struct hash128 usage_event_id_hash(const struct usage_event *event);
/* Hash of all decoded fields but the id and the account; `hashes` are of its facts (facts_encode) and its resource. */
uint64_t usage_event_content_hash(const struct usage_event *event, const struct row_hashes *hashes);
/* What is remembered of it. */
struct id_entry id_entry_of(const struct usage_event *event, const struct row_hashes *hashes, int64_t time_ms);

static inline bool id_is_none(struct hash128 id)
{
    return (id.high | id.low) == 0;
}

static inline int id_compare(struct hash128 a, struct hash128 b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

#endif
