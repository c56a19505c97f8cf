/* pipeline/summary.h: summary.json: what became of the events, and the groups' totals (SEMANTICS 6). */
#ifndef PIPELINE_SUMMARY_H
#define PIPELINE_SUMMARY_H

#include "base/buffer.h"
#include "pipeline/price_run.h"

void summary_write(struct buffer *out, const struct price_run_result *result, const struct conductor *conductor);

#endif
