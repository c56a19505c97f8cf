/*
 * tasks/closing.c: how a usage or tier task closes a month (SEMANTICS 3.6): from its offset (usage) or with all barriers
 * (tier) on, the month takes no usage; the final sweep; changed rows out; report rows out; then the barriers.
 *
 * The marker says how many of the month's rows have been reported. A month that is closing gets no new rows, so each keeps
 * its place in canonical order: a restart goes on where the last transaction ended, and only adds up again what was reported
 * before. What bill tasks are told of the report goes out in steps, too; what they are told twice they count once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cur/cur_rows.h"
#include "model/account.h"
#include "model/bill.h"
#include "tasks/report_totals.h"
#include "tasks/task_parts.h"

/* Of a step, so that a transaction stays far below its timeout. */
#define FINAL_ROWS 20000
#define REPORT_ROWS 20000
#define MESSAGES 20000

enum closing_stage {
    CLOSING_BEGIN,
    CLOSING_SAVE,
    CLOSING_FINAL,
    CLOSING_FLUSH,
    CLOSING_RECOUNT,
    CLOSING_REPORT,
    CLOSING_TELL_TOTALS,
    CLOSING_TELL_CHECKSUMS,
    CLOSING_BARRIER,
};

/* The next month that is to be closed: months close in order. */
static const struct close_record *next_close(const struct task *task)
{
    const struct conductor_topic *control = task->world->control;
    for (size_t i = 0; i < conductor_topic_close_count(control); i++) {
        const struct close_record *close = conductor_topic_close(control, i);
        if (task->marker.closed == PERIOD_NONE || close->period > task->marker.closed)
            return close;
    }
    return NULL;
}

static bool has_all_barriers(const struct task *task, const struct close_record *close)
{
    for (size_t i = 0; i < close->end_count; i++)
        if (close->ends[i] != OFFSET_NONE &&
            !marker_has_barrier(&task->marker, close->period,
                                (int32_t)task_number_of(task->world->stream, STREAM_USAGE, (int32_t)i), false))
            return false;
    return true;
}

int64_t close_end_of(const struct close_record *close, int32_t partition)
{
    return (size_t)partition < close->end_count ? close->ends[partition] : OFFSET_NONE;
}

bool task_close_is_due(const struct task *task)
{
    const struct close_record *close = next_close(task);
    if (!close)
        return false;
    if (task->kind == TASK_TIER)
        return has_all_barriers(task, close) && tier_turn_of(task, close->period) != TIER_WAITS;
    int64_t end = close_end_of(close, task->input.partition);
    return end <= 0 || task->input.offset >= end;
}

/* ---- report rows ---- */

struct reporting {
    struct task *task;
    struct cur_row_builder builder;
    struct buffer scratch;
    bool produce; /* else they are out already and only counted */
    enum stream_outcome outcome;
};

static bool produce_row(struct reporting *reporting, const struct cur_row *row, struct error *error)
{
    struct task *task = reporting->task;
    char period[TIME_TEXT_MAX];
    period_format(task->marker.closing, period);
    buffer_clear(&task->key);
    buffer_printf(&task->key, "%.*s/%s/%.*s", TEXT_ARGS(row->billing_group), period,
                  TEXT_ARGS(row->line_item_usage_account_id));
    reporting->outcome = task_produce(task, STREAM_CUR, task_partition_for(task, STREAM_CUR, row->billing_group),
                                      buffer_text(&task->key), &cur_row_type, row, error);
    return reporting->outcome == OUTCOME_DONE;
}

static bool report_line_item(void *context, const struct line_item *item, uint32_t group, bool shown_as_usage,
                             struct error *error)
{
    struct reporting *reporting = context;
    struct task *task = reporting->task;
    struct cur_row row;
    char snapshot[TIME_TEXT_MAX + 8], period[TIME_TEXT_MAX];
    cur_row_of_line_item(&reporting->builder, item, shown_as_usage, &row);
    period_format(task->marker.closing, period);
    snprintf(snapshot, sizeof snapshot, "%s.1", period);
    record_set_text(&row, &cur_row_type, CUR_ROW_snapshot_id, text_of(snapshot));
    uint64_t account = account_parse(row.line_item_usage_account_id);
    report_totals_add(task->report, group, account, row.line_item_product_code, &row.line_item_unblended_cost, 1);
    report_totals_add_checksum(task->report, group, account, cur_row_hash(&row, &reporting->scratch));
    return !reporting->produce || produce_row(reporting, &row, error);
}

/* Reports rows from *cursor on. OUTCOME_DONE also when more are left: *done tells. */
static enum stream_outcome report_rows(struct task *task, bool produce, size_t *cursor, size_t rows_max, bool *done,
                                       struct error *error)
{
    struct reporting reporting = { .task = task, .produce = produce };
    struct ledger_report_sink sink = { &reporting, report_line_item };
    bool went = ledger_report(task->ledger, task->marker.closing, cursor, rows_max, done, &sink, error);
    cur_row_builder_done(&reporting.builder);
    buffer_done(&reporting.scratch);
    if (went)
        return OUTCOME_DONE;
    if (reporting.outcome != OUTCOME_DONE)
        return reporting.outcome;
    return task_ledger_failed(task, error);
}

/* ---- barriers ---- */

static enum stream_outcome tell_tier_tasks(struct task *task, struct error *error)
{
    int32_t count = task->world->stream->ops->partition_count(task->world->stream, STREAM_TIERED);
    const struct tier_message message = { .kind = TIER_MESSAGE_BARRIER,
                                          .offset = task->input.offset == OFFSET_NONE ? 0 : task->input.offset };
    enum stream_outcome outcome = OUTCOME_DONE;
    for (int32_t partition = 0; partition < count && outcome == OUTCOME_DONE; partition++)
        outcome = task_send_to_tier(task, partition, task->marker.closing, &message, error);
    return outcome;
}

/* What a message to the bill tasks is about; texts are borrowed. */
struct about {
    char period[TIME_TEXT_MAX], account[ACCOUNT_DIGITS + 1];
    struct subtotal subtotal;
};

static void begin_message(const struct task *task, enum bill_message message, struct text group, uint64_t account,
                          struct about *about)
{
    period_format(task->marker.closing, about->period);
    account_format(account, about->account);
    about->subtotal = (struct subtotal){ .task = task->number,
                                         .revision = task->marker.revision + 1,
                                         .billing_group = group,
                                         .billing_period = text_of(about->period),
                                         .usage_account_id = text_of(about->account) };
    bill_message_set(&about->subtotal, message);
}

static enum stream_outcome send(struct task *task, int32_t partition, const struct about *about, struct error *error)
{
    bill_message_key(&about->subtotal, &task->key);
    return task_produce(task, STREAM_SUBTOTALS, partition, buffer_text(&task->key), &subtotal_type, &about->subtotal, error);
}

static struct text group_id(const struct task *task, uint32_t group)
{
    return task_conductor(task, task->marker.closing)->groups[group].id;
}

static enum stream_outcome tell_total(struct task *task, size_t index, struct error *error)
{
    const struct totals *totals = &task->report->totals;
    const struct total *total = &totals->items[index];
    struct text group = group_id(task, total->key.group);
    struct about about;
    begin_message(task, BILL_MESSAGE_REPORTED, group, total->key.account, &about);
    about.subtotal.product_code = total_service(totals, total);
    about.subtotal.charged_rows = total->charged_rows;
    about.subtotal.cost = total->cost;
    return send(task, task_partition_for(task, STREAM_SUBTOTALS, group), &about, error);
}

static enum stream_outcome tell_checksum(struct task *task, size_t index, struct error *error)
{
    const struct report_checksum *part = &task->report->checksums[index];
    struct text group = group_id(task, part->group);
    char checksum[CHECKSUM_TEXT_MAX];
    struct about about;
    begin_message(task, BILL_MESSAGE_CHECKSUM, group, part->account, &about);
    checksum_format(part->checksum, checksum);
    record_set_text(&about.subtotal, &subtotal_type, SUBTOTAL_checksum, text_of(checksum));
    return send(task, task_partition_for(task, STREAM_SUBTOTALS, group), &about, error);
}

static enum stream_outcome tell_step(struct task *task, size_t count,
                                     enum stream_outcome (*tell)(struct task *, size_t, struct error *), int next_stage,
                                     struct error *error)
{
    size_t end = task->told + MESSAGES < count ? task->told + MESSAGES : count;
    for (; task->told < end; task->told++) {
        enum stream_outcome outcome = tell(task, task->told, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    if (task->told == count) {
        task->told = 0;
        task->closing_stage = next_stage;
    }
    return OUTCOME_DONE;
}

static enum stream_outcome tell_bill_tasks(struct task *task, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    int32_t bills = task->world->stream->ops->partition_count(task->world->stream, STREAM_SUBTOTALS);
    struct about about;
    begin_message(task, BILL_MESSAGE_BARRIER, TEXT_NONE, 0, &about);
    about.subtotal.usage_account_id = TEXT_NONE;
    for (int32_t partition = 0; partition < bills && outcome == OUTCOME_DONE; partition++)
        outcome = send(task, partition, &about, error);
    return outcome;
}

static void end_closing(struct task *task)
{
    marker_close(&task->marker, task->marker.closing);
    task->closing = false;
    report_totals_done(task->report);
    free(task->report);
    task->report = NULL;
}

static enum stream_outcome send_barriers(struct task *task, struct error *error)
{
    enum stream_outcome outcome = task->kind == TASK_USAGE ? tell_tier_tasks(task, error) : OUTCOME_DONE;
    if (outcome == OUTCOME_DONE)
        outcome = tell_bill_tasks(task, error);
    if (outcome == OUTCOME_DONE)
        end_closing(task);
    return outcome;
}

/* ---- steps ---- */

static void begin_closing(struct task *task)
{
    if (task->marker.closing == PERIOD_NONE)
        task->marker.closing = next_close(task)->period;
    task->closing = true;
    task->marker.swept = 0;
    task->closing_stage = CLOSING_BEGIN;
    task->report = memory_new(sizeof *task->report);
    task->report_cursor = task->told = 0;
}

static enum stream_outcome report_step(struct task *task, struct error *error)
{
    bool done = false;
    size_t cursor = (size_t)task->marker.reported;
    enum stream_outcome outcome = report_rows(task, true, &cursor, REPORT_ROWS, &done, error);
    task->world->counts.report_rows += cursor - (uint64_t)task->marker.reported;
    task->marker.reported = (int64_t)cursor;
    if (outcome == OUTCOME_DONE && done)
        task->closing_stage = CLOSING_TELL_TOTALS;
    return outcome;
}

/* What was reported before is added up again: in steps, too, between which rows may leave memory. */
static enum stream_outcome recount_step(struct task *task, struct error *error)
{
    size_t left = (size_t)task->marker.reported - task->report_cursor;
    bool done = left == 0;
    enum stream_outcome outcome = OUTCOME_DONE;
    if (left > 0)
        outcome = report_rows(task, false, &task->report_cursor, left < REPORT_ROWS ? left : REPORT_ROWS, &done, error);
    if (done || task->report_cursor >= (size_t)task->marker.reported)
        task->closing_stage = CLOSING_REPORT;
    return outcome;
}

static enum stream_outcome final_step(struct task *task, struct error *error)
{
    bool done = false;
    size_t swept = ledger_final_rows(task->ledger);
    if (!ledger_final_step(task->ledger, FINAL_ROWS, &done, error))
        return task_ledger_failed(task, error);
    task->world->counts.swept_rows += ledger_final_rows(task->ledger) - swept;
    task->marker.swept = ledger_final_percent(task->ledger);
    if (done)
        task->closing_stage = CLOSING_FLUSH;
    return OUTCOME_DONE;
}

/* A usage partition that a close does not name owes it nothing: what it holds of the month came too late for it. */
static bool owes_nothing(const struct task *task)
{
    const struct close_record *close = next_close(task);
    return task->kind == TASK_USAGE && close && close_end_of(close, task->input.partition) == OFFSET_NONE;
}

enum stream_outcome task_close_work(struct task *task, struct error *error)
{
    if (!task->closing && task->marker.closing == PERIOD_NONE && !task_close_is_due(task))
        return OUTCOME_DONE;
    task->moved = true;
    if (!task->closing && owes_nothing(task)) {
        marker_close(&task->marker, next_close(task)->period);
        return OUTCOME_DONE;
    }
    if (!task->closing && task->kind == TASK_TIER && task->marker.closing == PERIOD_NONE) {
        billing_period period = next_close(task)->period;
        enum tier_turn turn = tier_turn_of(task, period);
        if (turn != TIER_CLOSES)
            return tier_say(task, period, turn == TIER_SAYS_LAST, error);
    }
    if (!task->closing)
        begin_closing(task);
    switch (task->closing_stage) {
    case CLOSING_BEGIN:
        task->save_wanted = true;
        task->closing_stage = CLOSING_SAVE;
        break;
    case CLOSING_SAVE: /* rows that are saved may leave memory on the way */
        if (task->save_wanted)
            break;
        ledger_final_begin(task->ledger, task->marker.closing);
        task->closing_stage = CLOSING_FINAL;
        break;
    case CLOSING_FINAL:
        return final_step(task, error);
    case CLOSING_FLUSH: /* changed rows go out with the flush behind this step, before any report row */
        task->closing_stage = CLOSING_RECOUNT;
        break;
    case CLOSING_RECOUNT:
        return recount_step(task, error);
    case CLOSING_REPORT:
        return report_step(task, error);
    case CLOSING_TELL_TOTALS:
        return tell_step(task, task->report->totals.count, tell_total, CLOSING_TELL_CHECKSUMS, error);
    case CLOSING_TELL_CHECKSUMS:
        return tell_step(task, task->report->checksum_count, tell_checksum, CLOSING_BARRIER, error);
    case CLOSING_BARRIER:
        return send_barriers(task, error);
    }
    return OUTCOME_DONE;
}
