/*
 * pipeline/ledger.h: the rows of a usage or tier task while usage comes in: folded, priced on the spot, written out as
 * changes; and read back from what was written (SEMANTICS 1, 3.3, 5).
 *
 * The ledger's line items are its only state: replaying them gives the same ledger. It remembers of every line item what
 * was last written, so that `cost_delta` is what was added since. Nothing here undoes: a transaction that fails costs the
 * ledger, which is then replayed.
 *
 * Beside that the store holds rows as they were at some commit, so that a replay is short and that rows need not stay in
 * memory: they come back by leaves (rows beside each other) when one of them is touched. Whatever fails with the store as
 * its reason costs the store. Thread: one.
 */
#ifndef PIPELINE_LEDGER_H
#define PIPELINE_LEDGER_H

#include "aggregate/totals.h"
#include "pipeline/line_items.h"
#include "pipeline/price_cache.h"
#include "store/ledger_store.h"

struct ledger;

struct ledger_options {
    enum granularity granularity;
    bool resource_ids;
    enum task_kind kind; /* TASK_USAGE or TASK_TIER */
    uint32_t task;       /* its number: the line-items partition */
};

/* Borrows pricing and store until ledger_free. */
struct ledger *ledger_new(const struct ledger_options *options, const struct pricing *pricing, struct ledger_store *store);
void ledger_free(struct ledger *ledger);

/* ---- usage in ---- */

/* The identity of an event's row, but for the month to bill in; `facts` is facts_encode's answer. */
struct row_identity ledger_identity(const struct ledger *ledger, const struct usage_event *event, struct text facts);
/* Folds an event into its row and prices it. `hashes` are of its facts and resource. Fails: the store. */
MUST_USE bool ledger_take(struct ledger *ledger, const struct usage_event *event, const struct row_identity *identity,
                          const struct row_hashes *hashes, struct error *error);
/* Fetches from memory what that will look at, in steps as row_table_expect. */
void ledger_expect(const struct ledger *ledger, const struct row_identity *identity, const struct row_hashes *hashes,
                   unsigned step);

/* The same as ledger_take for a whole row that another task has handed over. Fails: the store, or it is no row. */
MUST_USE bool ledger_take_row(struct ledger *ledger, const struct line_item *row, struct error *error);

/* Events that were taken, by what is to be known of their price: as the summary of `price` counts them. */
struct ledger_counts {
    uint64_t free_tier, untiered, ambiguous, before_document;
};
/* Since the last call. */
struct ledger_counts ledger_take_counts(struct ledger *ledger);

/* ---- line items out ---- */

struct ledger_sink {
    void *context;
    bool (*line_item)(void *context, const struct line_item *item, struct error *error);
    /* A line item that is gone: its key gets no value. */
    bool (*gone)(void *context, struct text line_item_id, struct error *error);
};

size_t ledger_dirty_count(const struct ledger *ledger);
/* Writes what has changed since the last call, each line item once. */
MUST_USE bool ledger_flush(struct ledger *ledger, int64_t revision, const struct ledger_sink *sink, struct error *error);

/* ---- totals of each month, and those that have changed since they were told ---- */

size_t ledger_period_count(const struct ledger *ledger);
billing_period ledger_period(const struct ledger *ledger, size_t index);
const struct totals *ledger_totals(const struct ledger *ledger, size_t index);
/* Places in the month's totals; until the ledger changes. */
const uint32_t *ledger_changed_totals(const struct ledger *ledger, size_t index, size_t *count);
void ledger_totals_told(struct ledger *ledger, size_t index);

/* ---- the final sweep of a month (SEMANTICS 3.6) ---- */

/* Begins: pools of the month start anew. All of the month's rows have to be saved, and no new ones may come. */
void ledger_final_begin(struct ledger *ledger, billing_period period);
/* Allocates up to about `rows_max` rows further, in canonical order; changed rows become dirty. *done at the end. */
MUST_USE bool ledger_final_step(struct ledger *ledger, size_t rows_max, bool *done, struct error *error);
/* Rows that the walk has come over so far, and how far in the month that is, in percent: exact in no way but that it grows.
 */
size_t ledger_final_rows(const struct ledger *ledger);
unsigned ledger_final_percent(const struct ledger *ledger);

/* ---- the sweep to another version of the document (SEMANTICS 3.5) ---- */

/*
 * From now on rows are priced by `pricing` (borrowed), months from `from` on anew: an event brings the row that it meets up
 * to date, the sweep all others. Totals and pools begin at nothing and are whole when the sweep is done. Nothing may be
 * dirty. `number`: of no earlier sweep of which the store may know.
 */
void ledger_sweep_begin(struct ledger *ledger, const struct pricing *pricing, billing_period from, int64_t number);
/* Rows that the version gives to other tasks. */
struct ledger_handover {
    void *context;
    bool (*is_elsewhere)(void *context, billing_period period, const struct facts *facts);
    /* The row whole, as a line item without a tier; what price it carries means nothing. It is no longer here then. */
    bool (*take)(void *context, const struct line_item *row, struct error *error);
};
/*
 * Once all rows that were there when it began are saved: goes on by about `rows_max` rows; those that change become dirty,
 * those that are elsewhere are handed over (NULL: none is).
 */
MUST_USE bool ledger_sweep_step(struct ledger *ledger, size_t rows_max, const struct ledger_handover *handover, bool *done,
                                struct error *error);
/*
 * While a sweep is under way: the row of an event that is elsewhere goes there before the event, if the walk has not come to
 * it yet: what corrects it must find it.
 */
MUST_USE bool ledger_hand_over_met(struct ledger *ledger, const struct usage_event *event, struct text facts,
                                   billing_period period, const struct ledger_handover *handover, struct error *error);
/* All rows are current. */
void ledger_sweep_end(struct ledger *ledger);
size_t ledger_sweep_rows(const struct ledger *ledger); /* that it, or the last one, has come over */
unsigned ledger_sweep_percent(const struct ledger *ledger);
/* False after a restore from a store of another version: a sweep has to build them. */
bool ledger_totals_hold(const struct ledger *ledger);

/* Hands the charged line items of a month to the sink as they stand, in canonical order, from the month's row `*cursor` on.
 * A month that takes no usage any more keeps its rows' places. `shown_as_usage` as cur_row_of_line_item takes it. */
struct ledger_report_sink {
    void *context;
    bool (*line_item)(void *context, const struct line_item *item, uint32_t group, bool shown_as_usage, struct error *error);
};
MUST_USE bool ledger_report(struct ledger *ledger, billing_period period, size_t *cursor, size_t rows_max, bool *done,
                            const struct ledger_report_sink *sink, struct error *error);

/* ---- replay ---- */

/*
 * A line item that lost its value. False: the replay has not met what it came to, which compaction may have taken; what
 * the store knows of it is out of date.
 */
MUST_USE bool ledger_replay_gone(struct ledger *ledger, struct text line_item_id);
/* Takes a line item that was written: the row's whole state as of then. Fails: it is none of this task's. */
MUST_USE bool ledger_replay(struct ledger *ledger, const struct line_item *item, struct error *error);
/*
 * Before ledger_replay_done, where all has been replayed from the beginning: whether a row still stands for whose line item
 * the topic has no value any more. Compaction in the middle of a replay takes what a row came to, behind what was read.
 */
MUST_USE bool ledger_replay_contradicted(struct ledger *ledger, bool *contradicted, struct error *error);
/* After the last one. *mismatches: rows whose replayed cost is not what their price gives. */
MUST_USE bool ledger_replay_done(struct ledger *ledger, uint64_t *mismatches, struct error *error);

/* ---- the store ---- */

/* Where a saved ledger stands. */
struct ledger_point {
    int64_t line_items_next; /* everything of the line-items partition before this offset is in it */
    int64_t version;         /* of the document that totals and pools are by; 0 is read where only a sweep gives them */
    struct text marker;      /* the task's, as of then; empty if it had none */
    int64_t time_ms;         /* when it was */
};

size_t ledger_unsaved_rows(const struct ledger *ledger);
/* Saves all that has changed, in one batch. Nothing may be dirty: only what is committed may be saved. */
MUST_USE bool ledger_save(struct ledger *ledger, const struct ledger_point *point, struct error *error);
/* Whether it holds a month up to this one. */
bool ledger_has_month_until(const struct ledger *ledger, billing_period period);
/* Months up to this one are closed: their rows and totals leave memory and store. Everything has to be saved. */
MUST_USE bool ledger_drop_until(struct ledger *ledger, billing_period period, struct error *error);
/* Lets go of all rows in memory. They have to be saved. */
void ledger_forget(struct ledger *ledger);
/* Before anything else: takes up what the store has. *found is false where it has nothing that this ledger can use. */
MUST_USE bool ledger_restore(struct ledger *ledger, struct ledger_point *point, struct arena *arena, bool *found,
                             struct error *error);

/* Whether something failed with the store as its reason: ledger and store are then to be thrown away. */
bool ledger_store_failed(const struct ledger *ledger);

size_t ledger_row_count(const struct ledger *ledger); /* in memory */
size_t ledger_bytes(const struct ledger *ledger);     /* of memory */

#endif
