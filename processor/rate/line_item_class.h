/* rate/line_item_class.h: what the pro forma domain does with each line item type (SEMANTICS 3.1). Pure. */
#ifndef RATE_LINE_ITEM_CLASS_H
#define RATE_LINE_ITEM_CLASS_H

#include "aggregate/facts.h"

enum line_item_class {
    CLASS_USAGE,    /* priced by plan and price list */
    CLASS_COVERED,  /* usage under a commitment: depends on who owns it */
    CLASS_NEGATION, /* what a savings plan takes back: depends on who owns it */
    CLASS_FEE,      /* commitment and other fees: kept as billed */
    CLASS_TAX,
    CLASS_LEFT_OUT,
};

enum line_item_class line_item_class(const struct facts *facts);

/* What a pod or a task has of an instance, as split cost allocation shows it: the instance's own row has its price. */
bool is_share_of_instance(const struct facts *facts);

#endif
