/*
 * tasks/sweeping.c: how a usage or tier task comes over to another version of the document (SEMANTICS 3.5): what is in
 * memory is saved, then a walk over the rows of all open months, then all totals, and behind them a word to the bill tasks
 * that what was not told again is gone.
 *
 * Until then the marker keeps the version that all rows were of: after a restart the sweep begins anew, and rows that have
 * come over change nothing.
 */
#include "tasks/task_parts.h"

#define EARLIEST_MONTH (1970 * 12)

void task_sweep_begin(struct task *task)
{
    billing_period first = task->marker.closed == PERIOD_NONE ? 0 : task->marker.closed + 1;
    ledger_sweep_begin(task->ledger, document_version_pricing(task->world->document), first, task->marker.revision + 1);
    task->marker.target = task->world->document->number;
    task->marker.swept = 0;
    task->sweep.active = true;
    task->sweep.stage = SWEEP_SAVE;
    /* Rows that are saved may leave memory on the way. */
    task->save_wanted = task->save_wanted || ledger_unsaved_rows(task->ledger) > 0;
    task->moved = true;
}

static enum stream_outcome walk(struct task *task, struct error *error)
{
    bool done = false;
    struct handing handing = { task, OUTCOME_DONE };
    const struct ledger_handover handover = task_handover(&handing);
    size_t swept = ledger_sweep_rows(task->ledger);
    if (!ledger_sweep_step(task->ledger, task->world->sweep_rows, &handover, &done, error))
        return handing.outcome != OUTCOME_DONE ? handing.outcome : task_ledger_failed(task, error);
    task->world->counts.swept_rows += ledger_sweep_rows(task->ledger) - swept;
    task->marker.swept = ledger_sweep_percent(task->ledger);
    if (done)
        task->sweep.stage = SWEEP_END;
    return OUTCOME_DONE;
}

enum stream_outcome task_sweep_work(struct task *task, struct error *error)
{
    if (task->sweep.stage == SWEEP_SAVE && !task->save_wanted)
        task->sweep.stage = SWEEP_WALK;
    task->moved = true;
    return task->sweep.stage == SWEEP_WALK ? walk(task, error) : OUTCOME_DONE;
}

bool task_sweep_ends(const struct task *task)
{
    return task->sweep.active && task->sweep.stage == SWEEP_END;
}

/* Of all open months, also of those of which no row is left here. */
static enum stream_outcome tell_bill_tasks(struct task *task, struct error *error)
{
    billing_period first = task->marker.closed == PERIOD_NONE ? EARLIEST_MONTH : task->marker.closed + 1;
    int32_t bills = task->world->stream->ops->partition_count(task->world->stream, STREAM_SUBTOTALS);
    enum stream_outcome outcome = OUTCOME_DONE;
    char text[TIME_TEXT_MAX];
    period_format(first, text);
    struct subtotal subtotal = { .task = task->number,
                                 .revision = task->marker.revision,
                                 .billing_period = text_of(text),
                                 .conductor_version = task->world->document->number };
    bill_message_set(&subtotal, BILL_MESSAGE_SWEPT);
    record_set(&subtotal, SUBTOTAL_conductor_version);
    bill_message_key(&subtotal, &task->key);
    for (int32_t partition = 0; partition < bills && outcome == OUTCOME_DONE; partition++)
        outcome = task_produce(task, STREAM_SUBTOTALS, partition, buffer_text(&task->key), &subtotal_type, &subtotal, error);
    return outcome;
}

enum stream_outcome task_sweep_tell(struct task *task, struct error *error)
{
    enum stream_outcome outcome = tell_bill_tasks(task, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    ledger_sweep_end(task->ledger);
    task->sweep.active = false;
    task->save_wanted = true; /* the store's totals hold again */
    return OUTCOME_DONE;
}
