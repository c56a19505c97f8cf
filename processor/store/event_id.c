/* store/event_id.c: the hashes. */
#include "store/event_id.h"

#include <stdlib.h>

#include "base/memory.h"

uint64_t usage_event_content_hash(const struct usage_event *event, const struct row_hashes *hashes)
{
    struct {
        uint64_t facts, resource, description, present;
        int64_t start, end;
        i128 numbers[7];
    } content = {
        .facts = hashes->facts,
        .resource = hashes->resource,
        .description = hash64(event->description.data, event->description.size),
        .present = event->present,
        .start = event->usage_start,
        .end = event->usage_end,
        .numbers = { event->usage_amount, event->public_on_demand_cost, event->unblended_cost, event->net_unblended_cost,
                     event->reservation_effective_cost, event->savings_plan_effective_cost, usage_event_period(event) },
    };
    return hash64(&content, sizeof content);
}

struct id_entry id_entry_of(const struct usage_event *event, const struct row_hashes *hashes, int64_t time_ms)
{
    return (struct id_entry){ usage_event_id_hash(event), usage_event_content_hash(event, hashes), time_ms };
}

struct hash128 usage_event_id_hash(const struct usage_event *event)
{
    /* The account has a fixed size, so that account and id run together without a doubt. */
    char NOT_CLEARED bytes[1024];
    size_t size = event->usage_account_id.size + event->event_id.size;
    char *all = size <= sizeof bytes ? bytes : memory_new(size);
    memcpy(all, event->usage_account_id.data, event->usage_account_id.size);
    memcpy(all + event->usage_account_id.size, event->event_id.data, event->event_id.size);
    struct hash128 id = hash128(all, size);
    if (all != bytes)
        free(all);
    if (id.high == 0 && id.low == 0)
        id.low = 1;
    return id;
}
