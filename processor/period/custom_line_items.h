/*
 * period/custom_line_items.h: what a period's custom line items charge (SEMANTICS 3.4). Pure.
 */
#ifndef PERIOD_CUSTOM_LINE_ITEMS_H
#define PERIOD_CUSTOM_LINE_ITEMS_H

#include "aggregate/totals.h"
#include "model/conductor.h"

/* One line item of a custom line item. Texts are borrowed from the document and the totals. */
struct custom_charge {
    uint32_t item;                   /* index in the document */
    uint64_t account;                /* who bears it */
    struct text service, type;       /* as shown: "AWSBillingConductor", "Proforma_Fee", … */
    struct text of_service, of_type; /* itemized: the bill row it belongs to; else empty */
    struct text of_item;             /* itemized: the flat item, where that is what it belongs to */
    i128 cost;                       /* COST_SCALE; negative for a credit */
    bool too_large; /* the charge reaches 10^14, more than a line item's cost holds: 0 is charged, and it says so */
};

struct custom_charges {
    struct custom_charge *items;
    size_t count, capacity;
};

/* Whether an item is charged in a period, by its range. */
bool custom_line_item_applies(const struct conductor *conductor, const struct custom_line_item *item, billing_period period);

/* Whether a group is charged its items in a period: one that is being closed, or in which its payer has usage. */
bool custom_line_items_are_due(const struct conductor *conductor, uint32_t group, billing_period period, bool has_usage,
                               bool closing);

/* The flat item's signed charge, COST_SCALE. */
i128 custom_line_item_flat_cost(const struct custom_line_item *item);

/*
 * Computes the charges of one group for a period from its totals (sorted by totals_sort; `first`..`count` are the
 * group's) and appends them in document order. Percentages are rounded half to even at the 24th decimal.
 */
void custom_charges_compute(const struct conductor *conductor, uint32_t group, billing_period period,
                            const struct totals *totals, size_t first, size_t count, struct custom_charges *charges);

void custom_charges_done(struct custom_charges *charges);

#endif
