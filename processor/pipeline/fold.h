/*
 * pipeline/fold.h: from decoded events to rows: dedup, then fold, within a memory budget (SEMANTICS 5).
 */
#ifndef PIPELINE_FOLD_H
#define PIPELINE_FOLD_H

#include "codec/usage_reader.h"
#include "store/seen.h"
#include "store/row_store.h"

struct fold_options {
    enum granularity granularity;
    bool resource_ids;
    size_t memory_bytes; /* for rows and ids together */
};

struct fold_counts {
    uint64_t events_in, duplicate, dead, excess_decimals;
    billing_period first_period; /* PERIOD_NONE before the first event */
};

struct fold;

struct fold *fold_new(const struct fold_options *options, struct rocks *rocks);
/* Has runs of rows written by a thread beside the fold. */
void fold_spill_beside(struct fold *fold);

/* What of an entry can be made without the fold, on any thread; see log/usage_ahead.h. fold_take does it else. */
void fold_prepare(struct usage_entry *entry, struct arena *arena);

/*
 * Takes one entry. When it is a dead letter, *refusal says so (reason not NONE) and the entry is in no row.
 * Fails: the store.
 */
MUST_USE bool fold_take(struct fold *fold, const struct usage_entry *entry, struct refusal *refusal, struct error *error);

/* Takes a row, or a part of one, of usage that was folded before: no event, no id. Fails: the store. */
MUST_USE bool fold_take_row(struct fold *fold, const struct row_view *row, struct error *error);

const struct fold_counts *fold_counts(const struct fold *fold);
struct row_store *fold_rows(struct fold *fold);

/* Whether the payer has usage in the period (SEMANTICS 3.4). Usage that names no payer counts for all; so does an empty
 * `payer`. */
bool fold_has_usage(const struct fold *fold, billing_period period, struct text payer);

/* Ids are no longer asked for once the input has ended. */
void fold_drop_ids(struct fold *fold);
void fold_free(struct fold *fold);

#endif
