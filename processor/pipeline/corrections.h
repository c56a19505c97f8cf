/*
 * pipeline/corrections.h: what turns one delivery of a payer's month into the next: both are folded into rows, and where a
 * row differs in anything there is an event that adds the difference, and says what does not add up: how many events there
 * are, description and end. LineItemIds are new each time, so rows are told by their facts. Rows are the ledger's: of the
 * same granularity. Rows beyond memory go to disk. Thread: one.
 */
#ifndef PIPELINE_CORRECTIONS_H
#define PIPELINE_CORRECTIONS_H

#include "aggregate/row.h"

struct corrections;

struct corrections_options {
    enum granularity granularity;
    bool resource_ids;
    size_t memory_bytes;
};

/* `scratch` is an empty folder of the caller's, which may remove it after corrections_close. */
MUST_USE bool corrections_open(const char *scratch, const struct corrections_options *options,
                               struct corrections **ret_corrections, struct error *error);

/* Takes an accepted event of the new delivery; or of what was published before, in the order in which that was. */
MUST_USE bool corrections_take_new(struct corrections *corrections, const struct usage_event *event, struct error *error);
MUST_USE bool corrections_take_old(struct corrections *corrections, const struct usage_event *event, struct error *error);

struct correction_counts {
    uint64_t rows, added, changed, gone; /* rows of the new delivery; of those that differ */
    uint64_t events;
};

/*
 * Hands over the events that make the old rows equal the new ones, in the order of rows. Each has an id that follows from
 * its row and from `published`, which has grown if anything was published since another call: so ids of one's own, and the
 * same again if nothing was. A new row's event carries the whole row.
 */
MUST_USE bool corrections_write(struct corrections *corrections, int64_t published,
                                bool (*take)(void *context, const struct usage_event *event, struct error *error),
                                void *context, struct correction_counts *counts, struct error *error);
void corrections_close(struct corrections *corrections);

#endif
