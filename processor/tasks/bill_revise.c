/*
 * tasks/bill_revise.c: custom line items of the month that was closed last, added, changed or ended since: its line items
 * and bills follow, and the group's report gets a new revision. Step by step: first the rows of all groups, then, once these
 * are committed, their manifests. The marker has the revisions; whether a group is to be written follows from what was
 * written of it, so that a restart begins anew and repeats nothing.
 */
#include <stdlib.h>

#include "control/month_items.h"
#include "tasks/bill_state.h"

#define ROWS_OF_STEP 10000
#define MANIFESTS_OF_STEP 1000

/* ---- what there is ---- */

bool bill_revision_is_due(const struct task *task)
{
    const struct bill_revising *revising = &task->bills->revising;
    return task->marker.closed != PERIOD_NONE && !task->closing &&
           (revising->active || conductor_topic_items_offset(task->world->control) != revising->seen);
}

static void collect(void *context, struct text period, struct text kind, struct text id, struct text value)
{
    struct task *task = context;
    struct bill_revising *revising = &task->bills->revising;
    char closed[TIME_TEXT_MAX];
    period_format(task->marker.closed, closed);
    if (!text_equal(kind, TEXT(MONTH_ITEMS_KIND)) || !text_equal(period, text_of(closed)) || !bill_group_is_mine(task, id))
        return;
    char *copy = memory_new(value.size + 1);
    memcpy(copy, value.data, value.size);
    revising->values = memory_reserve_one(revising->values, revising->count, &revising->capacity, sizeof *revising->values);
    revising->values[revising->count++] = copy;
}

static void begin(struct task *task)
{
    struct bill_revising *revising = &task->bills->revising;
    revising->active = true;
    revising->manifests_next = false;
    revising->at = 0;
    revising->until = conductor_topic_items_offset(task->world->control);
    conductor_topic_each(task->world->control, collect, task);
}

void bill_revising_done(struct bill_revising *revising)
{
    for (size_t i = 0; i < revising->count; i++)
        free(revising->values[i]);
    free(revising->values);
    *revising = (struct bill_revising){ .until = OFFSET_NONE, .seen = revising->until };
}

/* ---- a group ---- */

/* One record, as a document of its own; what cannot be read is passed over as one that is not there. */
struct revised_group {
    struct conductor *conductor;
    struct pricing pricing;
    struct bill_month *month;
    uint32_t number;
    struct custom_charges charges;
};

static bool open_group(struct task *task, const char *value, struct revised_group *group)
{
    struct error ignored;
    *group = (struct revised_group){ .conductor = NULL };
    if (!month_items_read(text_of(value), &group->conductor, &ignored))
        return false;
    const struct conductor *conductor = group->conductor;
    group->pricing.conductor = conductor;
    group->month = bill_month_of(task->bills, task->marker.closed);
    group->number = bill_group_number(task->bills, conductor->groups[0].id);
    struct totals *totals = &bill_group_of(group->month, group->number)->totals;
    bill_builder_begin(task, &group->pricing, task->marker.closed);
    totals_sort(totals);
    if (conductor->groups[0].status != GROUP_PENDING)
        custom_charges_compute(conductor, 0, task->marker.closed, totals, 0, totals->count, &group->charges);
    return true;
}

static void close_group(struct revised_group *group)
{
    custom_charges_done(&group->charges);
    conductor_done(group->conductor);
    free(group->conductor);
}

static enum stream_outcome write_rows(struct task *task, const char *value, size_t *rows, struct error *error)
{
    struct revised_group group;
    enum stream_outcome outcome = OUTCOME_DONE;
    if (!open_group(task, value, &group))
        return OUTCOME_DONE;
    if (bill_charges_differ(task, group.month, group.number, &group.charges)) {
        struct marker_revision *revision = marker_revision_of(&task->marker, group.conductor->groups[0].id);
        revision->rows++;
        *rows += group.charges.count;
        size_t left = SIZE_MAX; /* a revision is whole */
        outcome = bill_group_write_charged(task, group.month, group.number, &group.charges, &left, rows, error);
        if (outcome == OUTCOME_DONE)
            outcome = bill_report_charges(task, &group.charges, revision->rows, error);
    }
    ++*rows;
    close_group(&group);
    return outcome;
}

static const struct close_record *close_of(const struct task *task, billing_period period)
{
    for (size_t i = 0; i < conductor_topic_close_count(task->world->control); i++)
        if (conductor_topic_close(task->world->control, i)->period == period)
            return conductor_topic_close(task->world->control, i);
    return NULL;
}

/* NULL: as it was closed. */
static struct marker_revision *find_revision(const struct task *task, struct text group)
{
    for (size_t i = 0; i < task->marker.revision_count; i++)
        if (text_equal(text_of(task->marker.revisions[i].group), group))
            return &task->marker.revisions[i];
    return NULL;
}

static enum stream_outcome write_manifests(struct task *task, const char *value, size_t *manifests, struct error *error)
{
    struct revised_group group;
    enum stream_outcome outcome = OUTCOME_DONE;
    if (!open_group(task, value, &group))
        return OUTCOME_DONE;
    struct marker_revision *revision = find_revision(task, group.conductor->groups[0].id);
    struct bill_report report = { .close = close_of(task, task->marker.closed), .conductor = group.conductor };
    if (report.close && revision && revision->manifests < revision->rows) {
        report.revision = revision->rows;
        report.supersedes = revision->manifests;
        size_t from = 0, left = SIZE_MAX; /* a revision is whole */
        outcome = bill_report_manifests(task, group.month, group.number, &report, &group.charges, &from, &left, error);
        *manifests += SIZE_MAX - left;
        revision->manifests = revision->rows;
    }
    ++*manifests;
    close_group(&group);
    return outcome;
}

/* ---- steps ---- */

static enum stream_outcome step(struct task *task, struct error *error)
{
    struct bill_revising *revising = &task->bills->revising;
    enum stream_outcome outcome = OUTCOME_DONE;
    size_t done = 0;
    if (revising->at == revising->count && !revising->manifests_next) {
        revising->manifests_next = true;
        revising->at = 0;
        return bill_report_ends(task, error) ? OUTCOME_DONE : OUTCOME_ABORT;
    }
    size_t most = revising->manifests_next ? MANIFESTS_OF_STEP : ROWS_OF_STEP;
    for (; revising->at < revising->count && done < most && outcome == OUTCOME_DONE; revising->at++)
        outcome = revising->manifests_next ? write_manifests(task, revising->values[revising->at], &done, error)
                                           : write_rows(task, revising->values[revising->at], &done, error);
    if (outcome == OUTCOME_DONE && revising->at == revising->count && revising->manifests_next)
        bill_revising_done(revising);
    return outcome;
}

enum stream_outcome bill_revise(struct task *task, struct error *error)
{
    if (!task->bills->revising.active)
        begin(task);
    task->moved = true;
    /* Rows of this step belong to the transaction that the next flush numbers. */
    task->marker.revision++;
    enum stream_outcome outcome = step(task, error);
    task->marker.revision--;
    return outcome;
}
