/*
 * pipeline/line_item_row.h: a line item that was written as the row that it came from, or as that row's part in one tier:
 * parts folded together are the row. Pure.
 */
#ifndef PIPELINE_LINE_ITEM_ROW_H
#define PIPELINE_LINE_ITEM_ROW_H

#include "aggregate/row.h"
#include "model/line_item.h"

/*
 * The row's identity; its texts are borrowed from the item and from `facts`, whose content is replaced. `tier`: the item's,
 * 0 where it has none. False: the item's id is not that of its facts.
 */
MUST_USE bool line_item_row(const struct line_item *item, uint32_t tier, struct buffer *facts, struct buffer *scratch,
                            struct row_identity *identity);
void line_item_row_values(const struct line_item *item, struct row_values *values);

/* A part that has left its row, or has come to nothing in it. */
static inline bool line_item_is_nothing(const struct line_item *item)
{
    return item->usage_events == 0 && sum_is_zero(&item->usage_amount) && item->cost == 0 && item->public_cost == 0;
}

#endif
