/*
 * pipeline/run_reports.h: the Cost and Usage Reports of a period that a run over files closes: cur/GROUP, and below it
 * accounts/ACCOUNT (cur/cur_files.h). Reports are written side by side by several threads; bytes do not depend on how many.
 */
#ifndef PIPELINE_RUN_REPORTS_H
#define PIPELINE_RUN_REPORTS_H

#include "cur/cur_spool.h"
#include "log/output_dir.h"
#include "model/conductor.h"

struct run_reports {
    const struct cur_spool *spool; /* finished */
    const struct output_dir *output;
    const struct conductor *conductor;
    billing_period period;
    size_t threads; /* with the caller's; 0 is 1 */
    void *context;
    void (*begun)(void *context); /* a report; on the caller's thread */
};

/* Fails: the disk, the store; of several failures that of the first report is told. */
MUST_USE bool run_reports_write(const struct run_reports *reports, struct error *error);

#endif
