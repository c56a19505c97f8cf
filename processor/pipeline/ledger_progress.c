/*
 * pipeline/ledger_progress.c: how far a walk has come, by where it stands between its first and its last group. Rows lie
 * about evenly over time; where all are of one bucket, over accounts.
 */
#include "pipeline/ledger_parts.h"

bool ledger_note_extent(struct ledger *ledger, billing_period from, billing_period end, struct walk_extent *extent,
                        struct error *error)
{
    bool found = false;
    if (extent->known)
        return true;
    *extent = (struct walk_extent){ .known = true };
    struct group_walk *walk = group_walk_open_from(ledger->store, from, NULL);
    bool done = group_walk_next(walk, &extent->first, &found, error);
    group_walk_close(walk);
    done = done && ledger_store_last_group(ledger->store, end, &extent->last, &found, error);
    ledger->store_failed = ledger->store_failed || !done;
    return done;
}

/* Of time within months, in units of which a month has as many as it has milliseconds. Late usage lies at its month's edge.
 */
static int64_t place_in_time(const struct group_key *key, billing_period first)
{
    int64_t start = period_start(key->period), end = period_end(key->period);
    int64_t bucket = key->bucket_ms < start ? start : key->bucket_ms > end ? end : key->bucket_ms;
    return start - period_start(first) + (bucket - start);
}

static unsigned percent_of(const struct walk_extent *extent, bool has_after, const struct group_key *after)
{
    if (!extent->known || !has_after)
        return 0;
    int64_t first = place_in_time(&extent->first, extent->first.period);
    int64_t last = place_in_time(&extent->last, extent->first.period);
    int64_t at = place_in_time(after, extent->first.period);
    if (first == last) {
        first = (int64_t)extent->first.account;
        last = (int64_t)extent->last.account;
        at = (int64_t)after->account;
    }
    if (at >= last)
        return 100;
    return at <= first ? 0 : (unsigned)((at - first) * 100 / (last - first));
}

unsigned ledger_sweep_percent(const struct ledger *ledger)
{
    return percent_of(&ledger->sweep.extent, ledger->sweep.has_after, &ledger->sweep.after);
}

unsigned ledger_final_percent(const struct ledger *ledger)
{
    return percent_of(&ledger->final.extent, ledger->final.has_after, &ledger->final.after);
}
