/*
 * cli/import_delivery.h: a newer delivery against what was published of its months: the usage topic from the first import on
 * is read as the processor reads it, and the difference is handed over, row by row (pipeline/corrections.h).
 */
#ifndef CLI_IMPORT_DELIVERY_H
#define CLI_IMPORT_DELIVERY_H

#include "cli/import_months.h"
#include "cli/progress.h"
#include "pipeline/corrections.h"

struct import_delivery;

/* Makes a folder for rows beyond memory. */
MUST_USE bool import_delivery_open(struct import_months *months, struct progress progress,
                                   struct import_delivery **ret_delivery, struct error *error);
/* Takes an event of a month in mode IMPORT_DELIVERY. */
MUST_USE bool import_delivery_take(struct import_delivery *delivery, const struct usage_event *event, struct error *error);
/* Reads what was published, and hands over what is to be. Fails also: the topic no longer has all of it. */
MUST_USE bool import_delivery_write(struct import_delivery *delivery,
                                    bool (*take)(void *context, const struct usage_event *event, struct error *error),
                                    void *context, struct correction_counts *counts, struct error *error);
void import_delivery_close(struct import_delivery *delivery);

#endif
