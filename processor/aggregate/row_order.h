/*
 * aggregate/row_order.h: rows put into canonical order by small numbers that stand for what they hold. Pure. Thread: any.
 */
#ifndef AGGREGATE_ROW_ORDER_H
#define AGGREGATE_ROW_ORDER_H

#include "base/intern.h"

/* From the most significant on. */
enum row_rank_part { RANK_PERIOD, RANK_HOUR, RANK_ACCOUNT, RANK_RESOURCE, RANK_FACTS, RANK_COUNT };

struct row_rank {
    uint32_t parts[RANK_COUNT];
    uint32_t handle;
};

/* The handles in the order of the ranks, no two of which are equal. Uses `ranks` up; the answer is the caller's to free. */
uint32_t *row_order_make(struct row_rank *ranks, size_t count);

/* The place of each interned text in byte order, by its number; the caller's to free. */
uint32_t *row_order_rank_texts(const struct intern *intern);

#endif
