/* tasks/bill_task.c: subtotals of all tasks → the groups' totals; when to write and when to close. */
#include <stdio.h>
#include <stdlib.h>

#include "model/account.h"
#include "model/bill.h"
#include "tasks/bill_state.h"

struct bill_state *bill_state_new(void)
{
    return memory_new(sizeof(struct bill_state));
}

void bill_state_free(struct bill_state *bills)
{
    if (!bills)
        return;
    for (size_t i = 0; i < bills->month_count; i++) {
        totals_done(&bills->months[i].totals);
        intern_done(&bills->months[i].payers);
        report_totals_done(&bills->months[i].report);
        free(bills->months[i].closed_tasks);
    }
    free(bills->months);
    free(bills->known);
    free(bills->charges);
    free(bills->bill_hashes);
    intern_done(&bills->keys);
    intern_done(&bills->charge_ids);
    intern_done(&bills->bill_keys);
    buffer_done(&bills->gone);
    line_item_builder_done(&bills->builder);
    arena_done(&bills->arena);
    free(bills);
}

struct bill_month *bill_month_of(struct bill_state *bills, billing_period period)
{
    size_t at = 0;
    while (at < bills->month_count && bills->months[at].period < period)
        at++;
    if (at < bills->month_count && bills->months[at].period == period)
        return &bills->months[at];
    bills->months = memory_reserve_one(bills->months, bills->month_count, &bills->month_capacity, sizeof *bills->months);
    memmove(&bills->months[at + 1], &bills->months[at], (bills->month_count - at) * sizeof *bills->months);
    bills->months[at] = (struct bill_month){ .period = period };
    bills->month_count++;
    return &bills->months[at];
}

static uint32_t find_group(const struct conductor *conductor, struct text id)
{
    for (size_t i = 0; i < conductor->group_count; i++)
        if (text_equal(conductor->groups[i].id, id))
            return (uint32_t)i;
    return GROUP_NONE;
}

/* ---- what the other tasks say ---- */

static void note_closed(struct bill_month *month, int32_t task)
{
    for (size_t i = 0; i < month->closed_count; i++)
        if (month->closed_tasks[i] == task)
            return;
    month->closed_tasks = memory_reserve_one(month->closed_tasks, month->closed_count, &month->closed_capacity,
                                             sizeof *month->closed_tasks);
    month->closed_tasks[month->closed_count++] = task;
}

static bool parse_hash(struct text hex, struct hash128 *hash)
{
    char text[33] = "";
    unsigned long long high, low;
    if (hex.size != 32)
        return false;
    memcpy(text, hex.data, 32);
    int read = sscanf(text, "%16llx%16llx", &high, &low);
    *hash = (struct hash128){ high, low };
    return read == 2;
}

/* A key that has spoken before is not added twice: the topic holds what was sent again after a restart. */
static bool is_first_word(struct bill_state *bills, struct text key)
{
    size_t before = bills->keys.count;
    uint32_t number = intern_add(&bills->keys, key);
    if (bills->keys.count == before)
        return false;
    bills->known = memory_reserve_one(bills->known, number, &bills->known_capacity, sizeof *bills->known);
    bills->known[number] = (struct total){ .latest_end_ms = INT64_MIN };
    return true;
}

static void take_barrier(struct task *task, const struct stream_record *record, const struct subtotal *subtotal,
                         struct bill_month *month)
{
    const struct conductor *conductor = task->world->document->conductor;
    uint32_t group = find_group(conductor, subtotal->billing_group);
    struct hash128 part;
    bool first = is_first_word(task->bills, record->key);
    if (text_equal(subtotal->barrier, TEXT("usage"))) {
        intern_add(&month->payers, subtotal->usage_account_id);
        month->dirty = true;
    } else if (text_equal(subtotal->barrier, TEXT("arrival"))) {
        if (subtotal->as_of > month->latest_arrival_ms)
            month->latest_arrival_ms = subtotal->as_of;
    } else if (text_equal(subtotal->barrier, TEXT("closed"))) {
        note_closed(month, (int32_t)subtotal->task);
    } else if (first && group != GROUP_NONE && text_equal(subtotal->barrier, TEXT("report"))) {
        report_totals_add(&month->report, group, account_parse(subtotal->usage_account_id), subtotal->product_code,
                          &subtotal->cost, (uint64_t)subtotal->charged_rows);
    } else if (first && group != GROUP_NONE && text_equal(subtotal->barrier, TEXT("checksum")) &&
               parse_hash(subtotal->line_item_type, &part)) {
        report_totals_add_checksum(&month->report, group, account_parse(subtotal->usage_account_id), part);
    }
}

static void add_difference(struct sum *sum, struct sum *known, const struct sum *now)
{
    sum_add_sum(sum, now);
    sum_subtract(sum, known);
    *known = *now;
}

static void take_totals(struct task *task, const struct stream_record *record, const struct subtotal *subtotal,
                        struct bill_month *month)
{
    struct bill_state *bills = task->bills;
    uint32_t group = find_group(task->world->document->conductor, subtotal->billing_group);
    if (group == GROUP_NONE && subtotal->billing_group.size)
        return; /* of a group that the document no longer has */
    is_first_word(bills, record->key);
    struct total *known = &bills->known[intern_find(&bills->keys, record->key)];
    struct total *total = totals_get(&month->totals, group, account_parse(subtotal->usage_account_id),
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
    month->dirty = true;
}

static enum stream_outcome take_subtotal(struct task *task, const struct stream_record *record, struct error *error)
{
    struct subtotal subtotal;
    struct refusal refusal;
    billing_period period;
    if (record->is_null)
        return OUTCOME_DONE;
    arena_reset(&task->arena);
    enum wire_answer answer = wire_decode(task->world->wire, &subtotal_type, record->value, &subtotal, &task->arena,
                                          &refusal, error);
    task->waits = answer == WIRE_LATER;
    if (answer == WIRE_LATER)
        return OUTCOME_ABORT;
    if (answer == WIRE_REFUSED || !period_parse(subtotal.billing_period, &period)) {
        error_fail(error, ERROR_FAILED, "subtotals partition %d, offset %lld: no subtotal: %s", record->partition,
                   (long long)record->offset, answer == WIRE_REFUSED ? refusal.detail : "its month cannot be read");
        task_stop(task, "%s", error->message);
        return OUTCOME_ABORT;
    }
    struct bill_month *month = bill_month_of(task->bills, period);
    if (subtotal.barrier.size)
        take_barrier(task, record, &subtotal, month);
    else
        take_totals(task, record, &subtotal, month);
    return OUTCOME_DONE;
}

enum stream_outcome bill_task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    return take_subtotal(task, record, error);
}

bool bill_task_replay_subtotal(struct task *task, const struct stream_record *record, struct error *error)
{
    return take_subtotal(task, record, error) == OUTCOME_DONE;
}

bool bill_task_replay_line_item(struct task *task, const struct line_item *item, struct error *error)
{
    struct bill_state *bills = task->bills;
    size_t before = bills->charge_ids.count;
    uint32_t number = intern_add(&bills->charge_ids, item->line_item_id);
    if (bills->charge_ids.count > before)
        bills->charges = memory_reserve_one(bills->charges, number, &bills->charge_capacity, sizeof *bills->charges);
    bills->charges[number] = (struct written_charge){ .cost = item->cost, .written = true,
        .too_large = text_equal(item->status, line_item_status_text(STATUS_UNPRICED)) };
    return period_parse(item->billing_period, &bills->charges[number].period) ||
           error_fail(error, ERROR_FAILED, "line item %.*s: its month cannot be read", TEXT_ARGS(item->line_item_id));
}

/* ---- when ---- */

static bool has_dirty_month(const struct task *task)
{
    for (size_t i = 0; i < task->bills->month_count; i++)
        if (task->bills->months[i].dirty &&
            (task->marker.closed == PERIOD_NONE || task->bills->months[i].period > task->marker.closed))
            return true;
    return false;
}

bool bill_task_is_due(const struct task *task, int64_t now_ms)
{
    return task->bills->gone.size > 0 || bill_auto_close_is_due(task) || bill_close_that_is_due(task) ||
           (has_dirty_month(task) && now_ms - task->bills->last_bills_ms >= task->world->bills_interval_ms);
}

/* Line items that went with an earlier transaction: before anything of this one, in which they may come back. */
static enum stream_outcome write_gone(struct task *task, struct error *error)
{
    struct bill_state *bills = task->bills;
    for (size_t at = 0; at < bills->gone.size; at += LINE_ITEM_ID_LETTERS) {
        struct stream_record out = { .topic = STREAM_LINE_ITEMS, .partition = (int32_t)task->number,
                                     .key = { bills->gone.data + at, LINE_ITEM_ID_LETTERS }, .is_null = true };
        enum stream_outcome outcome = task_produce_raw(task, &out, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    buffer_clear(&bills->gone);
    return OUTCOME_DONE;
}

enum stream_outcome bill_task_flush(struct task *task, int64_t now_ms, struct error *error)
{
    struct bill_state *bills = task->bills;
    enum stream_outcome written = bills->gone_is_out ? OUTCOME_DONE : write_gone(task, error);
    bills->gone_is_out = false;
    if (written != OUTCOME_DONE)
        return written;
    if (now_ms - bills->last_bills_ms < task->world->bills_interval_ms)
        return OUTCOME_DONE;
    bills->last_bills_ms = now_ms;
    for (size_t i = 0; i < bills->month_count; i++) {
        struct bill_month *month = &bills->months[i];
        if (!month->dirty || (task->marker.closed != PERIOD_NONE && month->period <= task->marker.closed))
            continue;
        month->dirty = false;
        enum stream_outcome outcome = bill_month_write(task, month, false, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return OUTCOME_DONE;
}

/* Whether every task that owes the close its barrier has sent it. */
static bool all_have_closed(const struct task *task, const struct bill_month *month, const struct close_record *close)
{
    const struct stream *stream = task->world->stream;
    int32_t tiers = stream->ops->partition_count(stream, STREAM_TIERED);
    size_t owed = (size_t)tiers, came = 0;
    for (size_t i = 0; i < close->end_count; i++)
        owed += close->ends[i] != OFFSET_NONE;
    for (size_t i = 0; i < month->closed_count; i++) {
        uint32_t number = (uint32_t)month->closed_tasks[i];
        uint32_t first_usage = task_number_of(stream, STREAM_USAGE, 0);
        bool is_tier = number >= task_number_of(stream, STREAM_TIERED, 0) && number < first_usage;
        came += is_tier || (number >= first_usage && number - first_usage < close->end_count &&
                            close->ends[number - first_usage] != OFFSET_NONE);
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
        const struct bill_month *month = bill_month_of(task->bills, close->period);
        return all_have_closed(task, month, close) ? close : NULL;
    }
    return NULL;
}

enum stream_outcome bill_task_work(struct task *task, struct error *error)
{
    const struct close_record *close = bill_close_that_is_due(task);
    if (!close)
        return bill_auto_close(task, error);
    enum stream_outcome outcome = write_gone(task, error);
    task->bills->gone_is_out = true;
    if (outcome == OUTCOME_DONE)
        outcome = bill_month_close(task, bill_month_of(task->bills, close->period), close, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    task->marker.closed = close->period;
    task->moved = true;
    return OUTCOME_DONE;
}
