/*
 * store/event_id.h: what is remembered of an event to tell whether it comes again (SEMANTICS 3.7). event_id is unique per
 * usage account. Pure.
 */
#ifndef STORE_EVENT_ID_H
#define STORE_EVENT_ID_H

#include "base/hash.h"
#include "model/usage_event.h"

struct id_entry {
    struct hash128 id;
    uint64_t content;
    int64_t time_ms; /* of the latest record with the id */
};

/* Hash of the account and the id; never both halves 0. */
struct hash128 usage_event_id_hash(const struct usage_event *event);
/* Hash of all decoded fields but the id and the account. `facts` is facts_encode's answer for the event. */
uint64_t usage_event_content_hash(const struct usage_event *event, struct text facts);
/* What is remembered of it; `facts_hash` is the facts' hash64. */
struct id_entry id_entry_of(const struct usage_event *event, uint64_t facts_hash, int64_t time_ms);

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
