/* cli/bill_table.h: bills as tables. Cents appear only here, allocated so that every column adds up. */
#ifndef CLI_BILL_TABLE_H
#define CLI_BILL_TABLE_H

#include <stdio.h>

#include "pipeline/price_run.h"

void bill_table_print(FILE *out, const struct price_run_result *result, const struct conductor *conductor);

/* What each group pays under A and under B. */
void comparison_print(FILE *out, const struct price_run_result *a, const struct conductor *under_a,
                      const struct price_run_result *b, const struct conductor *under_b);

#endif
