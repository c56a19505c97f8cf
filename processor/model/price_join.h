/* model/price_join.h: which meters each allowance of a price list is for. Private to price_list.c. */
#ifndef MODEL_PRICE_JOIN_H
#define MODEL_PRICE_JOIN_H

#include "model/price_list.h"

/* Fills the list's allowances and those of each of its sorted entries. */
void price_list_join(struct price_list *list);

#endif
