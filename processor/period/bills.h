/*
 * period/bills.h: bill rows from totals: by account, service and type; by service; the group's (DESIGN 4, 6). Pure.
 */
#ifndef PERIOD_BILLS_H
#define PERIOD_BILLS_H

#include "aggregate/totals.h"
#include "model/bill.h"

/* Makes the bill row of a total. Fails: a figure does not fit; *error names the row. Texts are borrowed. */
MUST_USE bool bill_from_total(const struct total *total, struct text group, struct text period, struct text account,
                              struct text service, struct text type, struct text currency, struct bill *bill,
                              struct error *error);

/* Adds one total to another of a wider key. */
void total_add(struct total *total, const struct total *part);

/* margin / cost × 100, half to even at 10 decimals; false at cost 0 or if it does not fit. */
MUST_USE bool margin_percentage(i128 margin, i128 cost, i128 *percentage);

#endif
