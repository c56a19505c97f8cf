/*
 * codec/cur_csv.h: rows of a Cost and Usage Report as usage events: legacy headings (lineItem/UsageAmount) and CUR 2.0's
 * (line_item_usage_amount), in any order, unknown columns ignored. A row's event_id is LineItemId/TimeInterval.
 */
#ifndef CODEC_CUR_CSV_H
#define CODEC_CUR_CSV_H

#include "base/memory.h"
#include "model/usage_event.h"

struct cur_csv;

/* Reads the heading row. Fails (ERROR_FAILED): no CSV, or no CUR; *error names the columns that are missing. */
MUST_USE bool cur_csv_open(struct text heading, const char *source, struct cur_csv **ret_csv, struct error *error);

/* A hash of what the columns are, whatever their order, and whether they have legacy headings (lineItem/…). */
uint64_t cur_csv_heading(const struct cur_csv *csv, bool *is_legacy);

/* Decodes one row; texts are borrowed from it or in `arena`. The event is complete but not yet accepted. */
MUST_USE bool cur_csv_decode(struct cur_csv *csv, struct text row, enum excess_decimals excess, struct usage_event *event,
                             struct arena *arena, struct refusal *refusal);

void cur_csv_free(struct cur_csv *csv);

#endif
