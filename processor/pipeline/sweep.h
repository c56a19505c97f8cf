/*
 * pipeline/sweep.h: the walk over a period's rows in key order, in bounded steps, that brings them to a document version
 * (SEMANTICS 3.5). Target *final*: pools are allocated anew over net quantities in that order.
 *
 * Rows come from a cursor, results go to a sink. Nothing here knows where either lives. Thread: one.
 */
#ifndef PIPELINE_SWEEP_H
#define PIPELINE_SWEEP_H

#include "aggregate/totals.h"
#include "model/bill.h"
#include "model/periods.h"
#include "pipeline/fold.h"
#include "pipeline/line_items.h"

struct sweep_sink {
    void *context;
    /* A line item of group GROUP_NONE or a group; `price` is NULL for a custom line item. */
    bool (*line_item)(void *context, const struct line_item *item, uint32_t group, const struct price *price,
                      struct error *error);
    bool (*bill)(void *context, const struct bill *bill, uint32_t group, struct error *error);
};

/* Events by what became of them. */
struct sweep_counts {
    uint64_t rows, line_items;
    uint64_t priced, left_out, unmonitored, unpriced, untiered, ambiguous, free_tier, before_document, refunds;
    uint64_t unpriced_by_reason[UNPRICED_REASON_COUNT];
    uint64_t unpriced_charges; /* custom line items, no events */
};

struct sweep;

/* Borrows the fold (whose input has ended), the pricing, the sink's context and `closings`: the periods that are being
 * closed; their custom line items are charged also without usage. */
MUST_USE bool sweep_open(struct fold *fold, const struct pricing *pricing, const struct periods *closings,
                         const struct sweep_sink *sink, struct sweep **ret_sweep, struct error *error);

/*
 * Takes up to `rows_max` rows further. Where the price list has allowances all rows are gone through twice: what each pool
 * has in all is known before the first row is priced. *done once all rows and bills are out. */
MUST_USE bool sweep_step(struct sweep *sweep, size_t rows_max, bool *done, struct error *error);

const struct sweep_counts *sweep_counts(const struct sweep *sweep);
void sweep_close(struct sweep *sweep);

#endif
