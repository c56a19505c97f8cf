/*
 * cli/verify_topics.h: one pass of proforma verify over the live topics: what they say of a month, gathered and compared
 * (audit/). Line items lie on disk by id and offset, so memory does not depend on how many there are.
 */
#ifndef CLI_VERIFY_TOPICS_H
#define CLI_VERIFY_TOPICS_H

#include "audit/tally.h"
#include "cli/connection.h"
#include "cli/progress.h"

struct verify_counts {
    uint64_t line_items, versions, begun_late; /* of the month; versions compacted away before the first that is left */
    uint64_t bills, subtotals, manifests, report_rows, markers;
    uint64_t differences;
    size_t partitions_trimmed; /* of line-items: their beginning is deleted */
};

struct verify_pass {
    struct connection *connection;
    const struct conductor *conductor; /* in force: who owns a commitment */
    billing_period period;
    const char *scratch; /* an empty folder, for RocksDB */
    struct progress progress;
    void (*tell)(void *context, struct text lines); /* a line a difference */
    void *context;
    struct verify_counts counts;
    bool closed; /* all bill tasks have closed the month */
    struct tally_result result;
};

MUST_USE bool verify_pass_run(struct verify_pass *pass, struct error *error);

#endif
