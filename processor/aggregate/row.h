/*
 * aggregate/row.h: a row of the ledger before pricing: an identity and what folds into it without order (SEMANTICS 3.3).
 *
 * Rows of one table are made of interned numbers and live in its chunks; `struct row_view` is a row with its texts,
 * wherever it came from (table or page). Pure. Thread: one per table.
 */
#ifndef AGGREGATE_ROW_H
#define AGGREGATE_ROW_H

#include "aggregate/facts.h"
#include "base/hash.h"
#include "base/intern.h"
#include "money/sum.h"

#define USAGE_END_NONE INT64_MIN

/* What folds: sums, counts, the latest end, the smallest description. */
struct row_values {
    uint64_t usage_events;
    int64_t usage_end_ms; /* latest; USAGE_END_NONE */
    bool has_amount;
    bool anew;                       /* a correction has put end, description and has_amount in place of what was before */
    struct sum amount;               /* QUANTITY_SCALE */
    struct sum costs[CARRIED_COUNT]; /* AMOUNT_SCALE; only the carried ones mean anything */
};

/* A row with its identity spelled out. Texts are borrowed from where the row is. */
struct row_view {
    billing_period period; /* the month it is billed in; late usage keeps its own dates */
    int64_t bucket_ms;
    uint64_t account;
    struct text resource;    /* may be empty */
    struct text facts;       /* see facts.h */
    struct text description; /* smallest in byte order; empty if none */
    struct row_values values;
};

/* What tells a row from all others. Texts are borrowed. */
struct row_identity {
    billing_period period;
    int64_t bucket_ms;
    uint64_t account;
    struct text resource, facts;
};

/* What AWS really takes for a row with these facts: its net cost where it has one, else its unblended cost. */
static inline const struct sum *row_billable(const struct row_values *values, const struct facts *facts)
{
    return &values->costs[facts_carry(facts, CARRIED_NET_UNBLENDED) ? CARRIED_NET_UNBLENDED : CARRIED_UNBLENDED];
}

/* hash64 of a row's texts, for who needs them more than once. */
struct row_hashes {
    uint64_t facts, resource;
};

static inline struct row_hashes row_hashes_of(struct text facts, struct text resource)
{
    return (struct row_hashes){ hash64(facts.data, facts.size), hash64(resource.data, resource.size) };
}

static inline struct row_identity row_view_identity(const struct row_view *row)
{
    return (struct row_identity){ row->period, row->bucket_ms, row->account, row->resource, row->facts };
}

/* Canonical order: period, bucket start, account, resource, facts. */
int row_view_compare(const struct row_view *a, const struct row_view *b);

/*
 * Puts right how many events there are where corrections say what cannot be: a row whose sums are not all 0 counts one at
 * least, and none counts fewer than none. A row without events is none.
 */
void row_values_settle(struct row_values *values);

/* Folds `other`, a row of the same identity, into `row`: in any order, unless `other` has been corrected since. */
void row_view_fold(struct row_view *row, const struct row_view *other);

/* ---- the table of rows in memory ---- */

struct row_table;

struct row_table *row_table_new(enum granularity granularity, bool resource_ids);

/* Folds an accepted event into its row in its own month (usage_event_period). `facts` is facts_encode's answer for it. */
void row_table_fold(struct row_table *table, const struct usage_event *event, struct text facts);

/* The same into the row of another month: late usage goes to an open period. */
void row_table_fold_into(struct row_table *table, const struct usage_event *event, struct text facts, billing_period period);

/*
 * A row of a table that lives on: found by its identity, changed in place. Handles stay valid until row_table_reset.
 * A row without events is none: it is passed over by whoever walks the table.
 */
#define ROW_NONE UINT32_MAX

/* The row of an identity, made without events if there is none. */
uint32_t row_table_take(struct row_table *table, const struct row_identity *identity);
uint32_t row_table_take_hashed(struct row_table *table, const struct row_identity *identity,
                               const struct row_hashes *hashes);
/* Fetches from memory what row_table_take_hashed will look at, in steps as intern_expect; what row_table_read will. */
void row_table_expect(const struct row_table *table, const struct row_identity *identity, const struct row_hashes *hashes,
                      unsigned step);
void row_table_expect_read(const struct row_table *table, uint32_t handle, unsigned step);
/* The identity of an event's row in this table's granularity. Texts are borrowed from the arguments. */
struct row_identity row_table_identity(const struct row_table *table, const struct usage_event *event, struct text facts,
                                       billing_period period);
void row_table_add_event(struct row_table *table, uint32_t handle, const struct usage_event *event);
/* Puts values in place of the row's own; costs that the row does not carry are ignored. */
void row_table_set(struct row_table *table, uint32_t handle, const struct row_values *values, struct text description);
void row_table_read(const struct row_table *table, uint32_t handle, struct row_view *view);
/* Its identity alone; texts are the table's. */
struct row_identity row_table_identity_of(const struct row_table *table, uint32_t handle);
uint64_t row_table_events(const struct row_table *table, uint32_t handle);
int row_identity_compare(const struct row_identity *a, const struct row_identity *b);
/* A word that the table's owner keeps with a row; 0 at first. */
uint32_t *row_table_word(struct row_table *table, uint32_t handle);
/*
 * What the table's owner keeps for all rows of an account that have the same facts; all 0 at first, and now and then again.
 * Valid until the next row_table_memo.
 */
struct row_memo {
    uint64_t account;
    uint32_t facts; /* the row's; not to be changed, as the account */
    uint32_t number;
    uint64_t generation;
    const void *value;
    billing_period period;
};
struct row_memo *row_table_memo(struct row_table *table, uint32_t handle);
/* After row_table_sort: the handle of a position. */
uint32_t row_table_handle(const struct row_table *table, size_t position);

size_t row_table_count(const struct row_table *table);
size_t row_table_bytes(const struct row_table *table); /* memory held, interned texts included */

/* Sorts the rows canonically for row_table_view; folding ends the validity of that order. */
void row_table_sort(struct row_table *table);
void row_table_view(const struct row_table *table, size_t position, struct row_view *view);

void row_table_reset(struct row_table *table); /* forgets all rows and texts */
/* An empty table of the same grain; two tables of one grain may exchange all that they hold. */
struct row_table *row_table_new_like(const struct row_table *table);
void row_table_swap(struct row_table *table, struct row_table *other);
void row_table_free(struct row_table *table);

#endif
