/* codec/csv_row.h: cuts one CSV record into its fields. Thread: one. */
#ifndef CODEC_CSV_ROW_H
#define CODEC_CSV_ROW_H

#include "base/buffer.h"

struct csv_row;

struct csv_row *csv_row_new(void);
/* False: no well-formed record. Fields live until the next call, and as long as the record. */
MUST_USE bool csv_row_parse(struct csv_row *row, struct text record);
const char *csv_row_failure(const struct csv_row *row); /* why the last record was none */
size_t csv_row_count(const struct csv_row *row);
/* Empty for an index beyond the last. */
struct text csv_row_field(const struct csv_row *row, size_t index);
/* Whether the fields borrow from the record alone, so that they live as long as it does. */
bool csv_row_is_borrowed(const struct csv_row *row);
void csv_row_free(struct csv_row *row);

#endif
