/*
 * pipeline/deliveries.h: whether the reports of one run are one delivery of a payer's month. AWS delivers a month again and
 * again, each time whole and with other LineItemIds: two of them would be billed twice, in silence.
 *
 * Reports differ when their assemblies do, their headings' style, or their columns. Files that look alike may be chunks of
 * one delivery, or two: chunks share no rows, deliveries share most. That is told by a sample of rows, of bounded memory.
 */
#ifndef PIPELINE_DELIVERIES_H
#define PIPELINE_DELIVERIES_H

#include "codec/usage_reader.h"

struct deliveries;

struct deliveries *deliveries_new(void);
/* Takes a row of a report that was not seen before. Fails: its month comes in two deliveries; *error names both. */
MUST_USE bool deliveries_take(struct deliveries *deliveries, const struct usage_report *report,
                              const struct usage_event *event, struct error *error);
/* At the end of the input: judges the last file. */
MUST_USE bool deliveries_end(struct deliveries *deliveries, struct error *error);
void deliveries_free(struct deliveries *deliveries);

#endif
