/*
 * money/cents.h: costs as a person reads them. Each part is rounded so that the parts add up to the rounded total
 * (largest remainder); nothing but tables and messages may use this.
 */
#ifndef MONEY_CENTS_H
#define MONEY_CENTS_H

#include "money/sum.h"

/* Half to even at two decimals. Units: cost has scale 24 and is below 10^57, the answer has scale 2. */
i128 cents_of(const struct sum *cost);

/* Rounds `count` costs to cents that add up to cents_of(their sum). Ties go to the earlier part. */
void cents_allocate(const struct sum *costs, size_t count, i128 *ret_cents);

/* "-1,234.50". Returns the length. */
size_t cents_format(i128 cents, char out[DECIMAL_TEXT_MAX + 16]);

#endif
