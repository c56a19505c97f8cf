/* cli/verify_line_items.h: the line-items topic as verify reads it: versions of rows, markers, what each row counts for. */
#ifndef CLI_VERIFY_LINE_ITEMS_H
#define CLI_VERIFY_LINE_ITEMS_H

#include "cli/verify_run.h"

/* Reads a partition, which is a task's. */
MUST_USE bool verify_line_items(struct verify_run *run, int32_t partition, struct error *error);

#endif
