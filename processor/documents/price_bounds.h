/* documents/price_bounds.h: what rates and tier boundaries of documents may be. */
#ifndef DOCUMENTS_PRICE_BOUNDS_H
#define DOCUMENTS_PRICE_BOUNDS_H

#include "money/decimal.h"

/* 10^14 − 1 at RATE_SCALE: one unit at such a rate is beyond what a line item holds (SEMANTICS 3.1). */
#define PRICE_RATE_MAX ((i128)99999999999999 * 10000000000)
/* 10^24 at QUANTITY_SCALE: any 64-bit number that a file may give for "no end". */
#define PRICE_RANGE_MAX ((i128)1000000000000000000 * 10000000000000000)

#endif
