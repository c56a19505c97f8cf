/* cur/cur_columns.h: the columns of our CUR files: legacy headings in AWS's order, and the record's fields under them. */
#ifndef CUR_CUR_COLUMNS_H
#define CUR_CUR_COLUMNS_H

#include "base/buffer.h"
#include "base/intern.h"
#include "model/cur_row.h"

struct cur_column {
    const char *category, *name;
    int field; /* enum cur_row_field, or CUR_COLUMN_EMPTY */
};
#define CUR_COLUMN_EMPTY (-1)

extern const struct cur_column cur_columns[];
extern const size_t cur_column_count;

/* The heading line; `tag_keys` are sorted and become resourceTags columns. */
void cur_write_heading(struct buffer *out, const struct text *tag_keys, size_t tag_key_count);
void cur_write_row(struct buffer *out, const struct cur_row *row, const struct text *tag_keys, size_t tag_key_count);

#endif
