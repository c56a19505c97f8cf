/*
 * tasks/bill_close.c: the end of a month: last custom line items and bills, their report rows, then the manifests. Step by
 * step, a bounded number of groups or manifests a transaction. Of how many groups the custom line items' report rows are
 * out is in the marker; bills and manifests are the same when they are written again.
 */
#include <stdlib.h>

#include "tasks/bill_state.h"

#define ROWS_OF_STEP 20000
#define TOTALS_OF_STEP 20000 /* of manifests, each of which counts for one more */

enum bill_close_stage { BILL_CLOSE_BILLS, BILL_CLOSE_REPORT, BILL_CLOSE_ENDS, BILL_CLOSE_MANIFESTS };

/* ---- report rows of custom line items ---- */

static void begin_builder(struct task *task, const struct bill_month *month)
{
    bill_builder_begin(task, document_version_pricing(task->world->document), month->period);
}

static enum stream_outcome report_group(struct task *task, struct bill_month *month, uint32_t number, size_t *rows,
                                        struct error *error)
{
    struct custom_charges charges = { 0 };
    bill_group_charges(task, month, number, true, &charges);
    enum stream_outcome outcome = bill_report_charges(task, &charges, 1, error);
    *rows += charges.count;
    custom_charges_done(&charges);
    return outcome;
}

/* A restart goes on behind the groups whose rows are out. */
static enum stream_outcome report_step(struct task *task, struct bill_month *month, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    const struct bill_places *places = bill_places_of(task, month->period);
    size_t rows = 0, count = places->conductor->group_count;
    begin_builder(task, month);
    for (task->told = (size_t)task->marker.reported; task->told < count && rows < ROWS_OF_STEP && outcome == OUTCOME_DONE;
         task->told++) {
        uint32_t number = places->numbers[task->told];
        if (number != GROUP_NONE)
            outcome = report_group(task, month, number, &rows, error);
        task->marker.reported = (int64_t)task->told + 1;
    }
    if (task->told < count)
        return outcome;
    task->told = 0;
    task->closing_stage = BILL_CLOSE_ENDS;
    return outcome;
}

/* ---- bills ---- */

static enum stream_outcome bills_step(struct task *task, struct bill_month *month, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    size_t rows = 0, count = task->bills->group_ids.count;
    while (task->told < count && rows < ROWS_OF_STEP && outcome == OUTCOME_DONE) {
        bool whole;
        outcome = bill_group_write(task, month, (uint32_t)task->told, true, &rows, &whole, error);
        task->told += whole;
    }
    if (task->told < count)
        return outcome;
    task->told = 0;
    task->closing_stage = BILL_CLOSE_REPORT;
    return outcome;
}

/* ---- manifests ---- */

static enum stream_outcome write_manifests(struct task *task, struct bill_month *month, const struct close_record *close,
                                           uint32_t index, size_t *left, struct error *error)
{
    const struct bill_places *places = bill_places_of(task, month->period);
    struct custom_charges charges = { 0 };
    struct bill_report report = { .close = close, .conductor = places->conductor, .group = index, .revision = 1 };
    uint32_t number = places->numbers[index];
    bill_group_charges(task, month, number, true, &charges);
    enum stream_outcome outcome =
        bill_report_manifests(task, month, number, &report, &charges, &task->bills->manifest_from, left, error);
    custom_charges_done(&charges);
    return outcome;
}

static enum stream_outcome manifests_step(struct task *task, struct bill_month *month, const struct close_record *close,
                                          bool *done, struct error *error)
{
    const struct bill_places *places = bill_places_of(task, month->period);
    enum stream_outcome outcome = OUTCOME_DONE;
    size_t left = TOTALS_OF_STEP, count = places->conductor->group_count;
    begin_builder(task, month);
    while (task->told < count && left > 0 && outcome == OUTCOME_DONE) {
        if (places->numbers[task->told] != GROUP_NONE)
            outcome = write_manifests(task, month, close, (uint32_t)task->told, &left, error);
        task->told += task->bills->manifest_from == 0;
    }
    *done = outcome == OUTCOME_DONE && task->told == count;
    return outcome;
}

/* ---- steps ---- */

static void begin_closing(struct task *task, const struct close_record *close)
{
    bill_places_of(task, close->period); /* all groups of its document have numbers */
    task->closing = true;
    task->closing_stage = BILL_CLOSE_BILLS;
    task->told = task->bills->manifest_from = 0;
    task->marker.closing = close->period;
}

enum stream_outcome bill_close_step(struct task *task, const struct close_record *close, bool *done, struct error *error)
{
    struct bill_month *month = bill_month_of(task->bills, close->period);
    enum stream_outcome outcome = OUTCOME_DONE;
    *done = false;
    if (!task->closing)
        begin_closing(task, close);
    /* Rows of this step belong to the transaction that the next flush numbers. */
    task->marker.revision++;
    switch (task->closing_stage) {
    case BILL_CLOSE_BILLS:
        outcome = bills_step(task, month, error);
        break;
    case BILL_CLOSE_REPORT:
        outcome = report_step(task, month, error);
        break;
    case BILL_CLOSE_ENDS:
        outcome = bill_report_ends(task, error) ? OUTCOME_DONE : OUTCOME_ABORT;
        task->closing_stage = BILL_CLOSE_MANIFESTS;
        break;
    case BILL_CLOSE_MANIFESTS:
        outcome = manifests_step(task, month, close, done, error);
        break;
    }
    task->marker.revision--;
    if (*done) {
        task->closing = false;
        free(task->bills->cur_ends);
        task->bills->cur_ends = NULL;
    }
    return outcome;
}
