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
    uint32_t row, group;
    uint32_t next, next_unsaved; /* of its group */
    uint16_t part_count, part_room;
    bool dirty;         /* not written since it changed */
    bool unsaved;       /* not in the store since it changed */
    bool charged;       /* counted as such in the totals */
    int64_t sweep;      /* the sweep that has come to it last, or in whose time it was made */
    struct part *parts; /* in tier order; live in the ledger's arena */
};

/* All rows of a month, bucket and account: in memory or not, never in part. */
struct group {
    struct group_key key;
    struct group_pages pages;
    uint32_t first, first_unsaved; /* entries */
    uint32_t row_count;
};

struct month {
    billing_period period;
    struct totals totals;
};

/* Behind every month that a store may hold. */
#define LEDGER_PERIOD_END ((billing_period)0xffffff)

/* How far a walk has to go: its first group and the last that was there when it began. */
struct walk_extent {
    bool known;
    struct group_key first, last;
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
    struct group *groups;
    size_t group_count, group_capacity;
    uint32_t *group_slots; /* place in groups, from 1 */
    size_t group_slot_count;
    struct arena parts;
    uint32_t *dirty; /* places in entries */
    size_t dirty_count, dirty_capacity;
    uint32_t *unsaved; /* groups with unsaved entries */
    size_t unsaved_count, unsaved_capacity;
    size_t unsaved_rows;
    struct month *months;
    size_t month_count, month_capacity;
    struct buffer gone; /* ids that lose their value at the next flush, each LINE_ITEM_ID_LETTERS */
    struct buffer facts, scratch;
    struct page *page; /* of whatever is being loaded */
    struct page_writer page_writer;
    struct buffer extra;
    /* A walk over a month: the final sweep, then the report. */
    struct {
        billing_period period;
        bool has_after;
        struct group_key after; /* the last group that is done */
        size_t rows;            /* of the groups that are done */
        struct walk_extent extent;
    } final, report;
    /* A sweep to another version of the document: rows at or before `after`, and those of its number, are current. */
    struct {
        bool active;
        int64_t number;
        billing_period from; /* the first month that is open */
        bool has_after;
        struct group_key after;
        size_t rows;
        struct walk_extent extent;
    } sweep;
    bool totals_hold; /* false: only a sweep gives them */
    /* Of a replay. */
    uint64_t mismatches;
    int64_t rows_without_events;
    struct intern replayed_zeros; /* ids of parts that came to nothing in it */
};

/* ledger_entries.c */
void ledger_mark_unsaved(struct ledger *ledger, struct entry *entry);
void ledger_mark_dirty(struct ledger *ledger, struct entry *entry);
struct part *ledger_part_of(struct ledger *ledger, struct entry *entry, uint32_t tier);
const struct resolved *ledger_resolve(struct ledger *ledger, const struct row_view *view);
struct month *ledger_month_of(struct ledger *ledger, billing_period period);
/* The total that a row is in; it counts as changed. */
struct total *ledger_total_of(struct ledger *ledger, const struct row_view *view, const struct resolved *resolved);
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
void ledger_drop_empty_parts(struct rated_row *rated);
/* A row's share of its total, with what was written of its cost. */
void ledger_add_share(struct total *total, const struct entry *entry, const struct row_view *view,
                      const struct resolved *resolved);

/* ledger_groups.c: rows come in by whole groups. */
MUST_USE bool ledger_entry_of(struct ledger *ledger, uint32_t row, const struct row_identity *identity,
                              struct entry **ret_entry, struct error *error);
/* The group with its rows in memory; a group that the store has none of is new. */
MUST_USE bool ledger_group_of(struct ledger *ledger, const struct group_key *key, uint32_t *ret_group, struct error *error);
void ledger_groups_reset(struct ledger *ledger);

/* ledger_final.c: walks by groups. */
/* The walk's next group, in memory. */
MUST_USE bool ledger_next_group(struct ledger *ledger, struct group_walk *walk, struct group_key *key, uint32_t *group,
                                bool *found, struct error *error);
/* Places of the group's entries that have events, in canonical order. free() it. */
uint32_t *ledger_order_group(const struct ledger *ledger, const struct group *group, size_t *count);

/* ledger_progress.c */
/* Before a walk over the months from `from` to before `end`: notes where it goes to. */
MUST_USE bool ledger_note_extent(struct ledger *ledger, billing_period from, billing_period end, struct walk_extent *extent,
                                 struct error *error);

/* ledger_sweep.c */
/* Brings a row up to date before an event is added to it; `is_new`: the event is its first. */
void ledger_sweep_meet(struct ledger *ledger, struct entry *entry, bool is_new);

#endif
