/* support/ledger_take.h: an event as a task takes it, for tests that have no task. */
#ifndef SUPPORT_LEDGER_TAKE_H
#define SUPPORT_LEDGER_TAKE_H

#include "pipeline/ledger.h"

/* `facts` is facts_encode's answer. */
static inline bool take_into_ledger(struct ledger *ledger, const struct usage_event *event, struct text facts,
                                    billing_period period, struct error *error)
{
    struct row_hashes hashes = row_hashes_of(facts, event->resource_id);
    struct row_identity identity = ledger_identity(ledger, event, facts);
    identity.period = period;
    return ledger_take(ledger, event, &identity, &hashes, error);
}

#endif
