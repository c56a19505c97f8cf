/* tasks/ledger_flush.c: what a usage or tier task writes at a flush: line items, and its totals for the bill tasks. */
#include <stdio.h>

#include "model/account.h"
#include "tasks/task_parts.h"

/* A flush within a sink's callbacks: they return bool, the stream an outcome. */
struct flush {
    struct task *task;
    enum stream_outcome outcome;
};

static bool write_line_item(void *context, const struct line_item *item, struct error *error)
{
    struct flush *flush = context;
    struct task *task = flush->task;
    task->world->counts.line_items++;
    for (enum line_item_status status = 0; status < STATUS_COUNT; status++)
        task->world->counts.by_status[status] += text_equal(item->status, line_item_status_text(status));
    for (enum unpriced_reason reason = UNPRICED_NONE + 1; reason < UNPRICED_REASON_COUNT && item->reason.size; reason++)
        task->world->counts.by_reason[reason] += text_equal(item->reason, unpriced_reason_text(reason));
    flush->outcome =
        task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, item->line_item_id, &line_item_type, item, error);
    return flush->outcome == OUTCOME_DONE;
}

static bool write_gone(void *context, struct text line_item_id, struct error *error)
{
    struct flush *flush = context;
    struct stream_record out = {
        .topic = STREAM_LINE_ITEMS, .partition = (int32_t)flush->task->number, .key = line_item_id, .is_null = true
    };
    flush->outcome = task_produce_raw(flush->task, &out, error);
    return flush->outcome == OUTCOME_DONE;
}

static enum stream_outcome produce_subtotal(struct task *task, int32_t partition, const struct subtotal *subtotal,
                                            struct error *error)
{
    bill_message_key(subtotal, &task->key);
    return task_produce(task, STREAM_SUBTOTALS, partition, buffer_text(&task->key), &subtotal_type, subtotal, error);
}

static void fill_subtotal(const struct task *task, const struct total *total, struct subtotal *subtotal)
{
    subtotal->task = task->number;
    subtotal->revision = task->marker.revision;
    subtotal->usage_events = (int64_t)total->usage_events;
    subtotal->charged_rows = total->charged_rows;
    subtotal->as_of = total->latest_end_ms;
    subtotal->conductor_version = task->world->document->number;
    bill_message_set(subtotal, BILL_MESSAGE_TOTAL);
    record_set(subtotal, SUBTOTAL_conductor_version);
    if (total->latest_end_ms != INT64_MIN)
        record_set(subtotal, SUBTOTAL_as_of);
    subtotal->public_cost = total->public_cost;
    subtotal->cost = total->cost;
    subtotal->billable_cost = total->billable_cost;
    subtotal->tax = total->tax;
}

static enum stream_outcome write_subtotal(struct task *task, const struct totals *totals, const struct total *total,
                                          billing_period month, const char *period, struct error *error)
{
    uint32_t group = total->key.group;
    char account[ACCOUNT_DIGITS + 1];
    struct subtotal subtotal = { 0 };
    account_format(total->key.account, account);
    subtotal.billing_group = group == GROUP_NONE ? TEXT_NONE : task_conductor(task, month)->groups[group].id;
    subtotal.billing_period = text_of(period);
    subtotal.usage_account_id = text_of(account);
    subtotal.product_code = total_service(totals, total);
    subtotal.line_item_type = total_type(totals, total);
    fill_subtotal(task, total, &subtotal);
    return produce_subtotal(task, task_partition_for(task, STREAM_SUBTOTALS, subtotal.billing_group), &subtotal, error);
}

/* A month that is closed has had its last word. */
static bool is_closed(const struct task *task, billing_period period)
{
    return task->marker.closed != PERIOD_NONE && period <= task->marker.closed;
}

static enum stream_outcome write_month(struct task *task, size_t index, struct error *error)
{
    const struct totals *totals = ledger_totals(task->ledger, index);
    size_t count;
    const uint32_t *changed = ledger_changed_totals(task->ledger, index, &count);
    billing_period month = ledger_period(task->ledger, index);
    char period[TIME_TEXT_MAX];
    period_format(month, period);
    for (size_t i = 0; i < count; i++) {
        enum stream_outcome outcome = write_subtotal(task, totals, &totals->items[changed[i]], month, period, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    ledger_totals_told(task->ledger, index);
    return OUTCOME_DONE;
}

static enum stream_outcome write_subtotals(struct task *task, int64_t now_ms, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t p = 0; p < ledger_period_count(task->ledger) && outcome == OUTCOME_DONE; p++)
        if (!is_closed(task, ledger_period(task->ledger, p)))
            outcome = write_month(task, p, error);
    task->totals_told_ms = now_ms;
    return outcome;
}

static bool has_totals_to_tell(const struct task *task)
{
    size_t count = 0;
    for (size_t p = 0; p < ledger_period_count(task->ledger) && count == 0; p++)
        if (!is_closed(task, ledger_period(task->ledger, p)))
            ledger_changed_totals(task->ledger, p, &count);
    return count > 0;
}

static bool month_lost_a_total(const struct task *task, size_t index)
{
    const struct totals *totals = ledger_totals(task->ledger, index);
    size_t count;
    const uint32_t *changed = ledger_changed_totals(task->ledger, index, &count);
    for (size_t i = 0; i < count; i++)
        if (total_is_nothing(&totals->items[changed[i]]))
            return true;
    return false;
}

/*
 * A total that came to nothing is known by no row that is left: it goes out in the transaction of its last row, since who
 * restores this task could not tell it any more.
 */
static bool has_lost_a_total(const struct task *task)
{
    for (size_t p = 0; p < ledger_period_count(task->ledger); p++)
        if (!is_closed(task, ledger_period(task->ledger, p)) && month_lost_a_total(task, p))
            return true;
    return false;
}

/*
 * Bills are written at most every bills.interval, so totals go out twice in that time at the most; those in the making are
 * nobody's business, and a close needs them all.
 */
static bool totals_are_due(const struct task *task, int64_t now_ms)
{
    if (task->sweep.active)
        return task_sweep_ends(task);
    return task->closing || task->world->save_all || now_ms - task->totals_told_ms >= task->world->bills_interval_ms / 2 ||
           has_lost_a_total(task);
}

/* A payer's usage in a month makes custom line items due in groups that have none of it: every bill task is told. */
static enum stream_outcome write_notes(struct task *task, struct error *error)
{
    int32_t bills = task->world->stream->ops->partition_count(task->world->stream, STREAM_SUBTOTALS);
    for (size_t i = 0; i < task->note_count; i++) {
        struct payer_note *note = &task->notes[i];
        char period[TIME_TEXT_MAX];
        if (note->told)
            continue;
        note->told = true;
        period_format(note->period, period);
        struct subtotal subtotal = { .task = task->number,
                                     .revision = task->marker.revision,
                                     .billing_period = text_of(period),
                                     .usage_account_id = intern_text(&task->payers, note->payer) };
        bill_message_set(&subtotal, BILL_MESSAGE_PAYER);
        for (int32_t partition = 0; partition < bills; partition++) {
            enum stream_outcome outcome = produce_subtotal(task, partition, &subtotal, error);
            if (outcome != OUTCOME_DONE)
                return outcome;
        }
    }
    return OUTCOME_DONE;
}

/* Told again when it has moved by a hundredth of the time that a month has to be quiet. */
static enum stream_outcome write_arrivals(struct task *task, struct error *error)
{
    for (size_t i = 0; i < task->arrival_count; i++) {
        struct month_arrival *arrival = &task->arrivals[i];
        char period[TIME_TEXT_MAX];
        if (arrival->latest_ms - arrival->told_ms <= task->world->close_after_ms / 100)
            continue;
        arrival->told_ms = arrival->latest_ms;
        period_format(arrival->period, period);
        struct subtotal subtotal = { .task = task->number,
                                     .revision = task->marker.revision,
                                     .billing_period = text_of(period),
                                     .as_of = arrival->latest_ms };
        bill_message_set(&subtotal, BILL_MESSAGE_ARRIVAL);
        record_set(&subtotal, SUBTOTAL_as_of);
        enum stream_outcome outcome = produce_subtotal(task, 0, &subtotal, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return OUTCOME_DONE;
}

static bool has_unsaved(const struct task *task)
{
    return ledger_unsaved_rows(task->ledger) > 0 || (task->seen && seen_unsaved(task->seen) > 0);
}

bool ledger_task_is_due(const struct task *task, int64_t now_ms)
{
    return ledger_dirty_count(task->ledger) > 0 || (task->world->save_all && has_unsaved(task)) || task_point_is_old(task) ||
           task->save_wanted || task->sweep.active || task->closing ||
           (totals_are_due(task, now_ms) && has_totals_to_tell(task)) ||
           (!task->world->document_pending && task_close_is_due(task));
}

/* A close begins when all rows are of the document that is in force, and that is the newest. */
enum stream_outcome ledger_task_work(struct task *task, struct error *error)
{
    if (task->sweep.active)
        return task_sweep_work(task, error);
    return task->closing || !task->world->document_pending ? task_close_work(task, error) : OUTCOME_DONE;
}

bool ledger_task_replay_line_item(struct task *task, const struct line_item *item, struct error *error)
{
    return ledger_replay(task->ledger, item, error);
}

static void add_counts(struct task *task)
{
    struct ledger_counts taken = ledger_take_counts(task->ledger), *counts = &task->world->counts.priced;
    counts->free_tier += taken.free_tier;
    counts->untiered += taken.untiered;
    counts->ambiguous += taken.ambiguous;
    counts->before_document += taken.before_document;
}

enum stream_outcome ledger_task_flush(struct task *task, int64_t now_ms, struct error *error)
{
    struct flush flush = { task, OUTCOME_DONE };
    struct ledger_sink sink = { &flush, write_line_item, write_gone };
    add_counts(task);
    if (!ledger_flush(task->ledger, task->marker.revision, &sink, error))
        return flush.outcome != OUTCOME_DONE ? flush.outcome : task_ledger_failed(task, error);
    enum stream_outcome outcome = totals_are_due(task, now_ms) ? write_subtotals(task, now_ms, error) : OUTCOME_DONE;
    if (outcome == OUTCOME_DONE && task_sweep_ends(task))
        outcome = task_sweep_tell(task, error);
    if (outcome == OUTCOME_DONE)
        outcome = write_notes(task, error);
    return outcome == OUTCOME_DONE ? write_arrivals(task, error) : outcome;
}
