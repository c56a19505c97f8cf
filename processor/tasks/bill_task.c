/* tasks/bill_task.c: subtotals of all tasks → the groups' totals; when to write and when to close. */
#include <stdio.h>
#include <stdlib.h>

#include "model/account.h"
#include "tasks/bill_state.h"

#define ROWS_OF_FLUSH 10000 /* bill rows and subtotals of a transaction */
#define ROWS_OF_MS 64       /* bill rows that are looked at again in a millisecond: a quarter of what could be */

/* ---- what the other tasks say ---- */

static void note_closed(struct bill_month *month, int32_t task)
{
    for (size_t i = 0; i < month->closed_count; i++)
        if (month->closed_tasks[i] == task)
            return;
    month->closed_tasks =
        memory_reserve_one(month->closed_tasks, month->closed_count, &month->closed_capacity, sizeof *month->closed_tasks);
    month->closed_tasks[month->closed_count++] = task;
}

/* A payer's usage makes the custom line items of all its groups due. */
static void take_payer(struct task *task, struct bill_month *month, struct text payer)
{
    size_t before = month->payers.count;
    intern_add(&month->payers, payer);
    if (month->payers.count == before)
        return;
    const struct bill_places *places = bill_places_of(task, month->period);
    for (size_t i = 0; i < places->conductor->group_count; i++)
        if (places->has_items[i] && places->numbers[i] != GROUP_NONE)
            bill_group_touch(month, places->numbers[i]);
}

static void add_difference(struct sum *sum, struct sum *known, const struct sum *now)
{
    sum_add_sum(sum, now);
    sum_subtract(sum, known);
    *known = *now;
}

static void take_total(struct task *task, const struct subtotal *subtotal, struct bill_month *month, uint32_t key)
{
    uint32_t number = bill_group_number(task->bills, subtotal->billing_group);
    struct known_total *told = &month->known[key];
    struct total *known = &told->values;
    struct total *total =
        totals_get(&bill_group_of(month, number)->totals, number, account_parse(subtotal->usage_account_id),
                   subtotal->product_code, subtotal->line_item_type);
    total->usage_events += (uint64_t)subtotal->usage_events - known->usage_events;
    total->charged_rows += subtotal->charged_rows - known->charged_rows;
    known->usage_events = (uint64_t)subtotal->usage_events;
    known->charged_rows = subtotal->charged_rows;
    if (record_has(subtotal, SUBTOTAL_as_of) && subtotal->as_of > total->latest_end_ms)
        total->latest_end_ms = subtotal->as_of;
    add_difference(&total->cost, &known->cost, &subtotal->cost);
    add_difference(&total->public_cost, &known->public_cost, &subtotal->public_cost);
    add_difference(&total->billable_cost, &known->billable_cost, &subtotal->billable_cost);
    add_difference(&total->tax, &known->tax, &subtotal->tax);
    known->key = total->key;
    told->sender = (uint32_t)subtotal->task;
    told->version = subtotal->conductor_version;
    bill_group_touch(month, number);
}

/* What a task has not told again of a month since its rows are of another version is no longer there. */
static void take_swept(struct bill_month *month, const struct subtotal *subtotal)
{
    static const struct sum nothing = { 0 };
    for (size_t i = 0; i < month->keys.count; i++) {
        struct known_total *told = &month->known[i];
        struct total *known = &told->values;
        if (total_is_nothing(known) || told->sender != (uint32_t)subtotal->task ||
            told->version >= subtotal->conductor_version)
            continue;
        struct totals *totals = &bill_group_of(month, known->key.group)->totals;
        struct total *total = totals_get(totals, known->key.group, known->key.account, total_service(totals, known),
                                         total_type(totals, known));
        total->usage_events -= known->usage_events;
        total->charged_rows -= known->charged_rows;
        add_difference(&total->cost, &known->cost, &nothing);
        add_difference(&total->public_cost, &known->public_cost, &nothing);
        add_difference(&total->billable_cost, &known->billable_cost, &nothing);
        add_difference(&total->tax, &known->tax, &nothing);
        known->usage_events = 0;
        known->charged_rows = 0;
        bill_group_touch(month, known->key.group);
    }
}

static void take_swept_from(struct bill_state *bills, billing_period first, const struct subtotal *subtotal)
{
    for (size_t i = 0; i < bills->month_count; i++)
        if (bills->months[i].period >= first)
            take_swept(&bills->months[i], subtotal);
}

/* The task's own word on the broker's clock comes back as a record with the broker's time. */
static void take_clock(struct bill_state *bills, const struct stream_record *record)
{
    if (record->timestamp_ms > bills->broker_ms)
        bills->broker_ms = record->timestamp_ms;
}

static bool take_message(struct task *task, const struct stream_record *record, const struct subtotal *subtotal,
                         struct bill_month *month)
{
    struct report_totals *report = &bill_group_of(month, bill_group_number(task->bills, subtotal->billing_group))->report;
    uint64_t account = account_parse(subtotal->usage_account_id);
    struct hash128 part;
    bool is_first; /* the topic holds what was sent again after a restart: added once */
    uint32_t key = bill_month_key(month, record->key, &is_first);
    switch (bill_message_of(subtotal)) {
    case BILL_MESSAGE_TOTAL:
        take_total(task, subtotal, month, key);
        return true;
    case BILL_MESSAGE_PAYER:
        take_payer(task, month, subtotal->usage_account_id);
        return true;
    case BILL_MESSAGE_ARRIVAL:
        if (subtotal->as_of > month->latest_arrival_ms)
            month->latest_arrival_ms = subtotal->as_of;
        return true;
    case BILL_MESSAGE_CLOCK:
        take_clock(task->bills, record);
        return true;
    case BILL_MESSAGE_BARRIER:
        note_closed(month, (int32_t)subtotal->task);
        return true;
    case BILL_MESSAGE_REPORTED:
        if (is_first)
            report_totals_add(report, 0, account, subtotal->product_code, &subtotal->cost, (uint64_t)subtotal->charged_rows);
        return true;
    case BILL_MESSAGE_CHECKSUM:
        if (!checksum_parse(subtotal->checksum, &part))
            return false;
        if (is_first)
            report_totals_add_checksum(report, 0, account, part);
        return true;
    case BILL_MESSAGE_SWEPT: /* of several months */
    case BILL_MESSAGE_COUNT:
        break;
    }
    return false;
}

static enum stream_outcome refuse_record(struct task *task, const struct stream_record *record, const char *reason,
                                         struct error *error)
{
    error_fail(error, ERROR_FAILED, "subtotals partition %d, offset %lld: no subtotal: %s", record->partition,
               (long long)record->offset, reason);
    task_stop(task, "%s", error->message);
    return OUTCOME_ABORT;
}

static enum stream_outcome bill_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    struct subtotal subtotal;
    struct refusal refusal;
    billing_period period;
    if (record->is_null)
        return OUTCOME_DONE;
    arena_reset(&task->arena);
    switch (wire_decode(task->world->wire, &subtotal_type, record->value, &subtotal, &task->arena, &refusal, error)) {
    case WIRE_LATER:
        return OUTCOME_LATER;
    case WIRE_REFUSED:
        return refuse_record(task, record, refusal.detail, error);
    case WIRE_DONE:
        break;
    }
    if (!period_parse(subtotal.billing_period, &period))
        return refuse_record(task, record, "its month cannot be read", error);
    if (bill_message_of(&subtotal) == BILL_MESSAGE_SWEPT) {
        take_swept_from(task->bills, period, &subtotal);
        return OUTCOME_DONE;
    }
    struct bill_month *month = bill_month_of(task->bills, period);
    return take_message(task, record, &subtotal, month) ? OUTCOME_DONE
                                                        : refuse_record(task, record, "a message that is not known", error);
}

/* ---- coming back ---- */

enum stream_outcome bill_task_replay_subtotal(struct task *task, const struct stream_record *record, struct error *error)
{
    return bill_task_take(task, record, error);
}

static void replay_bill_gone(struct bill_state *bills, struct text key)
{
    for (size_t i = 0; i < bills->month_count; i++) {
        struct written_bills *written = &bills->months[i].written;
        uint32_t number = intern_find(&written->keys, key);
        if (number != INTERN_NONE)
            written->items[number].written = false;
    }
}

/* What was written last need not be written again. Rows of closed months are not needed any more. */
enum stream_outcome bill_task_replay_bill(struct task *task, const struct stream_record *record, struct error *error)
{
    struct bill bill;
    struct refusal refusal;
    billing_period period;
    if (record->is_null) {
        replay_bill_gone(task->bills, record->key);
        return OUTCOME_DONE;
    }
    arena_reset(&task->arena);
    enum wire_answer answer =
        wire_decode(task->world->wire, &bill_type, record->value, &bill, &task->arena, &refusal, error);
    if (answer == WIRE_LATER)
        return OUTCOME_LATER;
    if (answer != WIRE_DONE || !period_parse(bill.billing_period, &period))
        return OUTCOME_DONE;
    /* Of an open month nothing but its bills may be left. */
    bool is_open = task->marker.closed == PERIOD_NONE || period > task->marker.closed;
    struct bill_month *month = is_open ? bill_month_of(task->bills, period) : bill_month_find(task->bills, period);
    if (month)
        *bill_row_of(month, bill_group_number(task->bills, bill.billing_group), record->key) =
            (struct written_bill){ bill_content_hash(&bill, &task->value), true, false };
    return OUTCOME_DONE;
}

static bool replay_charge(struct task *task, const struct line_item *item, struct error *error)
{
    billing_period period;
    if (!period_parse(item->billing_period, &period))
        return error_fail(error, ERROR_FAILED, "line item %.*s: its month cannot be read", TEXT_ARGS(item->line_item_id));
    struct bill_month *month = bill_month_of(task->bills, period);
    struct written_charge *charge =
        bill_charge_of(month, bill_group_number(task->bills, item->billing_group), item->line_item_id);
    *charge = (struct written_charge){ .cost = item->cost,
                                       .hash = charge_content_hash(item, &task->value),
                                       .account = account_parse(item->usage_account_id),
                                       .written = true,
                                       .leaves = item->custom_line_item.size == 0 };
    return true;
}

void bill_task_replay_gone(struct task *task, struct text line_item_id)
{
    for (size_t i = 0; i < task->bills->month_count; i++) {
        uint32_t number = intern_find(&task->bills->months[i].charge_ids, line_item_id);
        if (number == INTERN_NONE)
            continue;
        /* It was written at 0 before, which compaction may have taken in the middle of this restore. */
        task->bills->months[i].charges[number].written = false;
        task->bills->months[i].charges[number].cost = 0;
    }
}

/* What went at cost 0, in the last transaction of whoever had the partition, is still to be deleted: also of closed months.
 */
void bill_task_restored(struct task *task)
{
    for (size_t i = 0; i < task->bills->month_count; i++) {
        struct bill_month *month = &task->bills->months[i];
        for (uint32_t number = 0; number < month->charge_ids.count; number++) {
            struct written_charge *charge = &month->charges[number];
            if (!charge->written || !charge->leaves)
                continue;
            *charge = (struct written_charge){ .account = charge->account };
            buffer_append_text(&task->bills->gone, intern_text(&month->charge_ids, number));
        }
    }
}

/* ---- when ---- */

static bool is_closed(const struct task *task, const struct bill_month *month)
{
    return task->marker.closed != PERIOD_NONE && month->period <= task->marker.closed;
}

static bool has_dirty_group(const struct task *task)
{
    for (size_t i = 0; i < task->bills->month_count; i++)
        if (task->bills->months[i].dirty_count > 0 && !is_closed(task, &task->bills->months[i]))
            return true;
    return false;
}

void bill_task_follow_document(struct task *task)
{
    struct bill_state *bills = task->bills;
    bill_places_forget(bills);
    for (size_t i = 0; i < bills->month_count; i++)
        bill_places_of(task, bills->months[i].period); /* groups that are new have numbers */
    for (size_t i = 0; i < bills->month_count; i++)
        for (uint32_t number = 0; number < bills->group_ids.count && !is_closed(task, &bills->months[i]); number++)
            bill_group_touch(&bills->months[i], number);
    task->moved = true;
}

/* Months before the last closed one: of the last one custom line items may still change. */
static struct bill_month *outdated_month(const struct task *task)
{
    struct bill_state *bills = task->bills;
    bool outdated =
        bills->month_count > 0 && task->marker.closed != PERIOD_NONE && bills->months[0].period < task->marker.closed;
    return outdated ? &bills->months[0] : NULL;
}

/* One begins only under the newest document. */
static const struct close_record *close_at_hand(const struct task *task)
{
    return task->closing || !task->world->document_pending ? bill_close_that_is_due(task) : NULL;
}

/* A group's rows are all looked at when one changes: large groups have more time in between. */
static bool bills_rest(const struct bill_state *bills, int64_t interval_ms, int64_t now_ms)
{
    int64_t pause = bills->looked_at / ROWS_OF_MS;
    return !bills->draining && now_ms - bills->last_bills_ms < (pause > interval_ms ? pause : interval_ms);
}

static bool bill_task_is_due(const struct task *task, int64_t now_ms)
{
    return task->bills->gone.size > 0 || bill_revision_is_due(task) || bill_auto_close_is_due(task) || close_at_hand(task) ||
           outdated_month(task) ||
           (has_dirty_group(task) && !bills_rest(task->bills, task->world->bills_interval_ms, now_ms));
}

/* ---- writing ---- */

/* Line items that went with an earlier transaction: before anything of this one, in which they may come back. */
static enum stream_outcome write_gone(struct task *task, struct error *error)
{
    struct bill_state *bills = task->bills;
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t at = 0; at < bills->gone.size && outcome == OUTCOME_DONE; at += LINE_ITEM_ID_LETTERS) {
        struct stream_record out = { .topic = STREAM_LINE_ITEMS,
                                     .partition = (int32_t)task->number,
                                     .key = { bills->gone.data + at, LINE_ITEM_ID_LETTERS },
                                     .is_null = true };
        outcome = task_produce_raw(task, &out, error);
    }
    buffer_clear(&bills->gone);
    return outcome;
}

static enum stream_outcome write_dirty(struct task *task, struct bill_month *month, size_t *rows, struct error *error)
{
    while (month->dirty_count > 0 && *rows < ROWS_OF_FLUSH) {
        uint32_t number = month->dirty[--month->dirty_count];
        bool whole, closing = task->marker.closing == month->period;
        month->groups[number].dirty = false;
        enum stream_outcome outcome = bill_group_write(task, month, number, closing, rows, &whole, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
        if (!whole)
            bill_group_touch(month, number);
    }
    return OUTCOME_DONE;
}

/* Subtotals of a month that nobody asks for any more are deleted; what memory knows of it goes with the last. */
static enum stream_outcome forget_month(struct task *task, struct bill_month *month, struct error *error)
{
    struct intern *keys = &month->keys;
    size_t *at = &task->bills->forgotten;
    for (size_t left = ROWS_OF_FLUSH; *at < keys->count && left > 0; ++*at, left--) {
        struct stream_record out = { .topic = STREAM_SUBTOTALS,
                                     .partition = task->input.partition,
                                     .key = intern_text(keys, (uint32_t)*at),
                                     .is_null = true };
        enum stream_outcome outcome = task_produce_raw(task, &out, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    if (*at < keys->count)
        return OUTCOME_DONE;
    *at = 0;
    bill_month_free(task->bills, 0);
    return OUTCOME_DONE;
}

static enum stream_outcome bill_task_flush(struct task *task, int64_t now_ms, struct error *error)
{
    struct bill_state *bills = task->bills;
    size_t rows = 0;
    enum stream_outcome outcome = bills->gone_is_out ? OUTCOME_DONE : write_gone(task, error);
    bills->gone_is_out = false;
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (bills_rest(bills, task->world->bills_interval_ms, now_ms))
        return outcome;
    bills->looked_at = bills->draining ? bills->looked_at : 0;
    bills->last_bills_ms = now_ms;
    for (size_t i = 0; i < bills->month_count && outcome == OUTCOME_DONE; i++)
        if (!is_closed(task, &bills->months[i]))
            outcome = write_dirty(task, &bills->months[i], &rows, error);
    bills->draining = has_dirty_group(task);
    bills->looked_at += (int64_t)rows;
    return outcome;
}

/* ---- closing ---- */

/* Whether every task that owes the close its barrier has sent it. */
static bool all_have_closed(const struct task *task, const struct bill_month *month, const struct close_record *close)
{
    const struct stream *stream = task->world->stream;
    int32_t tiers = stream->ops->partition_count(stream, STREAM_TIERED);
    uint32_t first_tier = task_number_of(stream, STREAM_TIERED, 0), first_usage = task_number_of(stream, STREAM_USAGE, 0);
    size_t owed = (size_t)tiers, came = 0;
    for (size_t i = 0; i < close->end_count; i++)
        owed += close->ends[i] != OFFSET_NONE;
    for (size_t i = 0; i < month->closed_count; i++) {
        uint32_t number = (uint32_t)month->closed_tasks[i];
        bool is_tier = number >= first_tier && number < first_usage;
        came += is_tier || (number >= first_usage && close_end_of(close, (int32_t)(number - first_usage)) != OFFSET_NONE);
    }
    return came == owed;
}

const struct close_record *bill_close_that_is_due(const struct task *task)
{
    const struct conductor_topic *control = task->world->control;
    for (size_t i = 0; i < conductor_topic_close_count(control); i++) {
        const struct close_record *close = conductor_topic_close(control, i);
        if (task->marker.closed != PERIOD_NONE && close->period <= task->marker.closed)
            continue;
        const struct bill_month *month = bill_month_find(task->bills, close->period);
        return month && all_have_closed(task, month, close) ? close : NULL;
    }
    return NULL;
}

/* Who wants to apply a document waits until all have said so. */
static enum stream_outcome end_close(struct task *task, billing_period period, struct error *error)
{
    struct stream *stream = task->world->stream;
    marker_close(&task->marker, period);
    buffer_clear(&task->key);
    buffer_clear(&task->value);
    closed_record_write(period, task->number, stream->ops->partition_count(stream, STREAM_SUBTOTALS), &task->key,
                        &task->value);
    struct stream_record record = { .topic = STREAM_CONDUCTOR,
                                    .key = buffer_text(&task->key),
                                    .value = buffer_text(&task->value) };
    return task_produce_raw(task, &record, error);
}

static enum stream_outcome bill_task_work(struct task *task, struct error *error)
{
    bool revises = bill_revision_is_due(task); /* of the last month, before the next one closes */
    const struct close_record *close = revises ? NULL : close_at_hand(task);
    struct bill_month *outdated = close ? NULL : outdated_month(task);
    bool done = false;
    if (outdated) {
        task->moved = true;
        return forget_month(task, outdated, error);
    }
    if (!close && !revises)
        return bill_auto_close(task, error);
    task->moved = true;
    enum stream_outcome outcome = write_gone(task, error);
    task->bills->gone_is_out = true;
    if (revises)
        return outcome == OUTCOME_DONE ? bill_revise(task, error) : outcome;
    if (outcome == OUTCOME_DONE)
        outcome = bill_close_step(task, close, &done, error);
    if (outcome == OUTCOME_DONE && done)
        outcome = end_close(task, close->period, error);
    return outcome;
}

const struct task_operations bill_task_operations = {
    .take = bill_task_take,
    .is_due = bill_task_is_due,
    .work = bill_task_work,
    .flush = bill_task_flush,
    .replay_line_item = replay_charge,
    .behind_ledger = RESTORE_SUBTOTALS,
};
