/*
 * rate/rate.h: what a row costs, exactly: quantity in the tier × rate × (100 ± modifier)/100 (SEMANTICS 3.2).
 *
 * Pure: the same price, row and pool position always give the same slices.
 */
#ifndef RATE_RATE_H
#define RATE_RATE_H

#include "aggregate/row.h"
#include "rate/pool_cut.h"
#include "rate/price.h"

/* One line item's worth of a row. */
struct priced_slice {
    uint32_t tier; /* from 1; 0: flat. An allowance is a tier before the schedule's */
    bool has_quantity, has_rate, has_public_rate;
    i128 quantity;    /* QUANTITY_SCALE */
    i128 public_rate; /* RATE_SCALE */
    i128 rate;        /* PRICED_RATE_SCALE */
    i128 public_cost; /* AMOUNT_SCALE */
    i128 cost;        /* COST_SCALE */
};

struct rated_row {
    enum line_item_status status; /* the price's, or UNPRICED when the row is too large for it */
    enum unpriced_reason reason;
    struct priced_slice *slices; /* owned by the rater, until its next row */
    uint32_t slice_count;        /* at least 1 */
};

/* Scratch for one thread. */
struct rater {
    struct priced_slice *slices;
    struct tier_slice *cuts, *public_cuts;
    uint32_t room;
};

/*
 * Rates a row where its pool stands (ignored when the price is flat). The row takes part in the pool only if the answer is
 * CHARGED; then the caller moves the pool on by the slices' quantities. The price's allowances are tiers from 1 on, the
 * schedule's tiers follow.
 */
void rate_row(struct rater *rater, const struct price *price, const struct row_values *values,
              const struct pool_place *place, struct rated_row *rated);

/* Whether a row of PRICE_RATE is small enough for its price: what rate_row asks first. */
bool rate_fits(const struct price *price, const struct row_values *values);

/* For rows whose parts are known: `count` slices to be filled, CHARGED; then each part's tier and rate. */
void rate_parts(struct rater *rater, uint32_t count, struct rated_row *rated);
void rate_of_part(const struct price *price, uint32_t tier, struct priced_slice *slice);

void rater_done(struct rater *rater);

#endif
