/* api/items.h: what the operations on custom line items share. */
#ifndef API_ITEMS_H
#define API_ITEMS_H

#include "api/lookup.h"

/* A request's BillingPeriodRange; without one, the running month. `end` may be PERIOD_NONE. */
struct item_range {
    bool is_given;
    billing_period start, end;
};

bool item_is_percentage(const json_t *item);
/* ChargeDetails as lists show them: without associated values. */
json_t *item_details(const json_t *item);
json_t *item_element(struct call *call, const struct document *document, const char *id, const json_t *item);
/*
 * What a percentage item may be taken of: its id, and whether the ARN, or what there is under a bare id, is a group or an
 * item. NULL: it names another payer.
 */
const char *item_input(struct call *call, const char *arn, enum entity_kind *ret_kind);
/* False: a range that ends before it begins, or begins before the previous month. */
bool item_range_read(struct call *call, struct item_range *ret);
json_t *item_version(struct call *call, billing_period start, billing_period end);
/* What is charged for the month before changes, too, where the range begins there: in its own document, or although it is
 * closed. */
void item_note_earlier(struct call *call, const struct item_range *range, const char *id, const char *group);

#endif
