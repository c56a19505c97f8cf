/*
 * cur/cur_rows.h: a charged line item as the row of a pro forma CUR (notes in cur/README.md). No billable figure.
 */
#ifndef CUR_CUR_ROWS_H
#define CUR_CUR_ROWS_H

#include "base/buffer.h"
#include "base/hash.h"
#include "model/cur_row.h"
#include "model/line_item.h"

struct cur_row_builder {
    struct buffer interval, description;
    char id[32];
};

/*
 * Builds the row. `shown_as_usage`: covered by a commitment of somebody else; its ARNs and effective costs stay out.
 * Texts are borrowed from the line item and the builder.
 */
void cur_row_of_line_item(struct cur_row_builder *builder, const struct line_item *item, bool shown_as_usage,
                          struct cur_row *row);
void cur_row_builder_done(struct cur_row_builder *builder);

/* A row's part of a checksum; parts are added modulo 2^128. The snapshot is no part of a row's content. */
struct hash128 cur_row_hash(const struct cur_row *row, struct buffer *scratch);
void checksum_add(struct hash128 *checksum, struct hash128 part);

#endif
