/* pipeline/ledger_parts.h: what the files of the ledger share. Not for others. */
#ifndef PIPELINE_LEDGER_PARTS_H
#define PIPELINE_LEDGER_PARTS_H

#include "pipeline/ledger.h"
#include "store/page.h"

/* What a part is and what was written of it. */
struct part {
    uint32_t tier;        /* from 1; 0: the only one of a flat row */
    bool written;         /* its key has a value */
    bool live;            /* tiered rows: it is one of the row's line items */
    bool has_public_rate; /* all that is in it has this one published rate */
    i128 public_rate;
    struct sum quantity, public_cost, cost; /* tiered rows; a flat row is rated from its values */
    i128 written_cost, written_public_cost;
    uint64_t written_hash; /* line_item_price_hash of what was written */
};

/* Places are counted from 1 where 0 is none. */
struct entry {
    uint32_t row, leaf;
    uint32_t next; /* of its leaf */
    uint16_t part_count, part_room;
    uint32_t total;                  /* place in its month's totals, while the generation is the cache's */
    uint64_t generation;             /* of the price cache, of which `resolved` and `total` are */
    const struct resolved *resolved; /* what prices it */
    bool dirty;                      /* not written since it changed */
    bool unsaved;                    /* not in the store since it changed */
    bool charged;                    /* counted as such in the totals */
    bool taken_back;                 /* written without events: it has what its pool's total needs until the close */
    int32_t owed;                    /* events that corrections took from it before it had them; 0 or negative */
    int64_t sweep;                   /* the sweep that has come to it last, or in whose time it was made */
    struct part *parts;              /* in tier order; live in the ledger's arena */
};

/*
 * Rows of a month and bucket that lie beside each other in canonical order, from `lower` up to the next leaf's: in memory
 * or not, never in part. One that grows too large is split.
 */
struct leaf {
    struct leaf_key key;
    struct {
        uint64_t account;
        struct text resource, facts; /* own */
    } lower;
    uint32_t first_page, end_page; /* in the store; equal: none */
    uint32_t first;                /* entry, while in memory */
    uint32_t row_count;            /* of those in memory */
    bool loaded;
    bool unsaved; /* some entry is, or `whole` */
    bool whole;   /* pages hold rows that are no longer its own: all are to be written anew */
};

/* The leaves of a month and bucket in canonical order; the first begins before all rows. */
struct bucket {
    billing_period period;
    int64_t bucket_ms;
    uint32_t *leaves; /* places in the ledger's leaves, from 0 */
    size_t count, capacity;
    uint32_t next_number;
};

/* The directory of all leaves, also of those that are not in memory: some hundred bytes a leaf. ledger_leaves.c */
struct leaf_directory {
    struct leaf *leaves;
    size_t leaf_count, leaf_capacity;
    uint32_t *free; /* places of leaves that were dropped */
    size_t free_count, free_capacity;
    struct bucket *buckets; /* by month and start */
    size_t bucket_count, bucket_capacity;
    size_t last; /* bucket that was asked for last */
};

/*
 * A walk over the leaves of a month in canonical order, or of it and all later ones. It may stop between any two and rows
 * may leave memory meanwhile. A leaf that is split behind it is met again.
 */
struct leaf_walk {
    billing_period from;
    bool later_too, has_after;
    struct leaf_key after; /* the last leaf that is done */
    size_t place;          /* in its bucket when it was; splits have moved it further behind since */
    size_t rows;           /* of the leaves that are done */
};

struct month {
    billing_period period;
    struct totals totals;
    uint32_t *changed; /* places of totals that have changed since they were told */
    size_t changed_count, changed_capacity;
};

struct ledger {
    struct ledger_options options;
    struct ledger_store *store;
    bool store_failed;
    struct row_table *table;
    struct price_cache prices;
    struct rater rater;
    struct line_item_builder builder;
    struct entry *entries; /* a row's word is its place here, from 1 */
    size_t entry_count, entry_capacity;
    struct leaf_directory directory;
    struct arena parts;
    uint32_t *dirty; /* places in entries */
    size_t dirty_count, dirty_capacity;
    uint32_t *unsaved; /* leaves that are */
    size_t unsaved_count, unsaved_capacity;
    size_t unsaved_rows;
    struct month *months;
    size_t month_count, month_capacity;
    struct buffer gone; /* ids that lose their value at the next flush, each LINE_ITEM_ID_LETTERS */
    struct buffer facts, scratch;
    struct page *page; /* of whatever is being loaded */
    struct page_writer page_writer;
    struct buffer extra;
    struct leaf_walk final, report; /* the final sweep of a month, then what it reports */
    /* A sweep to another version of the document: entries of its number are current. */
    struct {
        bool active;
        int64_t number;
        struct leaf_walk walk; /* from the first month that is open */
    } sweep;
    struct ledger_counts counts;
    bool totals_hold;   /* false: only a sweep gives them */
    int64_t totals_tag; /* of the sweep that began them: what the store has of another is nothing */
    /* Of a replay. */
    uint64_t mismatches;
    int64_t rows_without_events;
    struct intern replayed_zeros; /* ids of parts that came to nothing in it */
    struct intern unmet;          /* ids that lost their value, and nothing that came before said why */
    bool *unmet_holds;            /* of each: no value has followed */
    size_t unmet_capacity;
};

/* ledger.c */
void ledger_month_done(struct month *month);

/* ledger_entries.c */
void ledger_leaf_mark_unsaved(struct ledger *ledger, uint32_t leaf);
void ledger_mark_unsaved(struct ledger *ledger, struct entry *entry);
void ledger_mark_dirty(struct ledger *ledger, struct entry *entry);
struct part *ledger_part_of(struct ledger *ledger, struct entry *entry, uint32_t tier);
const struct resolved *ledger_resolve(struct ledger *ledger, const struct row_view *view);
/* The same, found at once for an entry that has been asked for before. */
const struct resolved *ledger_resolve_entry(struct ledger *ledger, struct entry *entry, const struct row_identity *identity);
struct month *ledger_month_of(struct ledger *ledger, billing_period period);
/* The total that a row is in; it counts as changed. */
struct total *ledger_total_of(struct ledger *ledger, const struct row_view *view, const struct resolved *resolved);
/* The same of an entry that ledger_resolve_entry has just resolved. */
struct total *ledger_total_of_entry(struct ledger *ledger, struct entry *entry, const struct row_identity *identity);
void ledger_total_changed(struct month *month, struct total *total);
/* Whether nothing is left in the row's parts. */
bool ledger_parts_are_zero(const struct entry *entry);
/* Forgets what the row's parts hold; what was written stays known. */
void ledger_empty_parts(struct entry *entry);
/* Takes what the row's parts hold out of its pool, or puts it in. */
void ledger_leave_pool(struct ledger *ledger, const struct entry *entry, uint32_t pool);
void ledger_enter_pool(struct ledger *ledger, const struct entry *entry, uint32_t pool);
/* Cuts values where the pool stands, adds the cuts to the row's parts, and moves the pool on. False: they do not fit. */
bool ledger_add_to_parts(struct ledger *ledger, struct entry *entry, const struct resolved *resolved,
                         const struct row_values *values);
/* The row's line items as they stand: rated from its values, or its parts. */
void ledger_rate_entry(struct ledger *ledger, const struct entry *entry, const struct resolved *resolved,
                       const struct row_view *view, struct rated_row *rated);
void ledger_drop_empty_parts(struct rated_row *rated, bool is_taken_back);
/* A row's share of its total, with what was written of its cost. */
void ledger_add_share(struct total *total, const struct entry *entry, const struct row_view *view,
                      const struct resolved *resolved);

/* ledger.c: what has been added to a tiered row (its values have it) takes its place in the row's parts and pool. */
void ledger_price_added(struct ledger *ledger, struct entry *entry, const struct resolved *resolved,
                        const struct row_view *row, const struct row_values *added);

/* ledger_handover.c: rights the number of a row's events; corrections may come before what they correct is handed over. */
void ledger_settle(struct ledger *ledger, struct entry *entry);
/* Hands a row over within a sweep; nothing is left of it but what has to be taken back. */
MUST_USE bool ledger_hand_over(struct ledger *ledger, struct entry *entry, const struct row_view *view,
                               const struct resolved *resolved, const struct ledger_handover *handover, struct error *error);

/* ledger_leaves.c: the directory, and the order of rows in a leaf. */
/* The leaf that rows of this identity are in; made where there is none in its bucket. */
uint32_t ledger_leaf_of(struct ledger *ledger, const struct row_identity *identity);
/* A leaf that the store has. `lower` is copied. False: the directory has it already. */
bool ledger_leaf_add(struct ledger *ledger, const struct leaf_key *key, const struct row_identity *lower,
                     uint32_t first_page, uint32_t end_page);
/* Once all are added. False: a bucket has none that begins before all rows, or two that begin alike. */
bool ledger_leaves_are_whole(struct ledger *ledger);
/* After an entry was added. */
void ledger_leaf_split_if_large(struct ledger *ledger, uint32_t leaf);
/* The leaf that a walk comes to next. False: none. */
bool ledger_walk_sees(const struct ledger *ledger, const struct leaf_walk *walk, uint32_t *leaf);
/* The same, with its rows in memory. False: it failed, or *done: there is none. */
MUST_USE bool ledger_walk_next(struct ledger *ledger, const struct leaf_walk *walk, uint32_t *leaf, bool *done,
                               struct error *error);
/* The leaf is done. */
void ledger_walk_move(struct ledger *ledger, struct leaf_walk *walk, uint32_t leaf, size_t rows);
/* How many leaves a walk has come over, of all there are now, in percent; 100 at the end. */
unsigned ledger_walk_percent(const struct ledger *ledger, const struct leaf_walk *walk);
/* Places of the leaf's entries that have events, or nothing but parts, in canonical order. free() it. */
uint32_t *ledger_order_leaf(const struct ledger *ledger, uint32_t leaf, bool with_taken_back, size_t *count);
void ledger_leaves_drop_until(struct ledger *ledger, billing_period period);
void ledger_leaves_done(struct ledger *ledger);

/* ledger_load.c: rows come in by whole leaves. */
MUST_USE bool ledger_entry_of(struct ledger *ledger, uint32_t row, const struct row_identity *identity,
                              struct entry **ret_entry, struct error *error);
/* Sees to it that the leaf's rows are in memory. */
MUST_USE bool ledger_load_leaf(struct ledger *ledger, uint32_t leaf, struct error *error);
/* Nothing is in memory any more. */
void ledger_unload(struct ledger *ledger);

/* ledger_sweep.c */
/* Brings a row up to date before an event is added to it; `is_new`: the event is its first. */
void ledger_sweep_meet(struct ledger *ledger, struct entry *entry, bool is_new);

#endif
