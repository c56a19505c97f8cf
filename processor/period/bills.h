/*
 * period/bills.h: bill rows from totals: by account, service and type; by service; the group's (SEMANTICS 4, 6). Pure.
 */
#ifndef PERIOD_BILLS_H
#define PERIOD_BILLS_H

#include "aggregate/totals.h"
#include "model/bill.h"

/* Makes the bill row of a total. Texts are borrowed. The margin's percentage is absent at cost 0. */
void bill_from_total(const struct total *total, struct text group, struct text period, struct text account,
                     struct text service, struct text type, struct text currency, struct bill *bill);

/* Adds one total to another of a wider key. */
void total_add(struct total *total, const struct total *part);

/* cost − billable cost, COST_SCALE. */
struct sum margin_of(const struct sum *cost, const struct sum *billable_cost);

#endif
