/*
 * pipeline/price_run.h: the whole pipeline over files: usage in, line items, bills, CUR and summary out (SEMANTICS 6).
 */
#ifndef PIPELINE_PRICE_RUN_H
#define PIPELINE_PRICE_RUN_H

#include "log/file_log.h"
#include "pipeline/rule_use.h"
#include "pipeline/sweep.h"

/* A bill row as the table shows it: a service of a group, or (service empty) the group. Texts are the run's. */
struct bill_line {
    uint32_t group; /* GROUP_NONE: unmonitored */
    struct text service;
    uint64_t usage_events;
    struct sum cost, margin, public_cost, billable_cost, tax;
    bool has_margin_percentage;
    struct sum margin_percentage;
    billing_period period;
};

struct price_run_result {
    struct fold_counts fold;
    struct sweep_counts sweep;
    struct bill_line *bills; /* in the order of bills.jsonl, accounts' rows left out */
    size_t bill_count, bill_capacity;
    size_t cur_report_count;
    struct unmatched_rule *unmatched; /* in `texts` */
    size_t unmatched_count;
    struct arena texts;
};

struct progress {
    void *context;
    void (*update)(void *context, const char *phase, uint64_t done, uint64_t bytes_read, uint64_t bytes_total);
};

struct price_run_options {
    struct file_log_options files;
    enum granularity granularity;
    bool resource_ids;
    const struct periods *closings; /* to be closed; borrowed */
    size_t memory_bytes;
    struct text document; /* its JSON, kept beside the results; empty: not kept */
    struct progress progress;
};

struct price_run;

/* Opens inputs and output, folds all usage. A document without BillingPeriod is for all periods of the usage. */
MUST_USE bool price_run_fold(const struct price_run_options *options, struct price_run **ret_run, struct error *error);

/* In place of price_run_fold, for usage that was priced before: opens; then its line items are taken, in any order. */
MUST_USE bool price_run_open(const struct price_run_options *options, struct price_run **ret_run, struct error *error);
/* Fails: the store; or the item's id is not that of its facts. */
MUST_USE bool price_run_take_line_item(struct price_run *run, const struct line_item *item, struct error *error);

/* Its store, for what the line items come from; keys of others begin with capital letters. */
struct rocks *price_run_rocks(struct price_run *run);

/* Prices the folded usage under a document, into `result` alone: nothing is written. May be called again. */
MUST_USE bool price_run_compute(struct price_run *run, const struct pricing *pricing, struct price_run_result *result,
                                struct error *error);

/* Prices and writes everything; the output folder is complete when this returns true. */
MUST_USE bool price_run_write(struct price_run *run, const struct pricing *pricing, struct price_run_result *result,
                              struct error *error);

/* Removes what is not complete. */
void price_run_close(struct price_run *run);
void price_run_result_done(struct price_run_result *result);

#endif
