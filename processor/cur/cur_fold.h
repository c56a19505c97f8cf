/*
 * cur/cur_fold.h: when two rows are one row of a report, in which order rows stand, and what their sum is (cur/README.md).
 *
 * On the topic a row may come in parts, one from each task that had some of its usage. Pure. Thread: any.
 */
#ifndef CUR_CUR_FOLD_H
#define CUR_CUR_FOLD_H

#include "base/buffer.h"
#include "base/memory.h"
#include "model/cur_row.h"

/*
 * Appends what makes the row one of its kind: all but sums, the latest end and the description. As bytes the keys of a
 * report sort as its rows do: bucket start, account, custom line items first, resource, the other facts, tier, id.
 */
void cur_row_key(const struct cur_row *row, struct buffer *out);

/*
 * Adds a row of the same key. Texts that are new go to `arena`, the others are borrowed from either row: the smallest
 * description of all counts, but for the label of what a rule has changed, and the latest end.
 */
void cur_row_fold(struct cur_row *row, const struct cur_row *other, struct arena *arena);

/* Sets the normalized amount from amount and factor, absent where it cannot be held. */
void cur_row_normalize(struct cur_row *row);
/* "2026-06-01T00:00:00Z/2026-06-01T01:00:00Z". */
void cur_interval(int64_t start_ms, int64_t end_ms, struct buffer *out);
/*
 * "(+20%)", as AWS marks a description; "(free tier)"; or nothing. AWS's own words for usage that it bills at nothing may
 * stand beside a cost: then the label says that it is one.
 */
#define CUR_LABEL_MAX (DECIMAL_TEXT_MAX + 64)
size_t cur_label(const struct cur_row *row, char out[CUR_LABEL_MAX]);

#endif
