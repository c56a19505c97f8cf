/*
 * tasks/closing.c: how a usage or tier task closes a month (DESIGN 3.6): from its offset (usage) or with all barriers
 * (tier) on, the month takes no usage; the final sweep; changed rows out; report rows out; then the barriers.
 *
 * How many of the month's rows have been reported is in the marker: a month that is closing keeps its rows' places, so a
 * restart goes on where the last transaction ended, and what was reported before is only added up again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cur/cur_rows.h"
#include "model/account.h"
#include "model/bill.h"
#include "tasks/report_totals.h"
#include "tasks/task_parts.h"

#define FINAL_ROWS 20000
#define REPORT_ROWS 50000

enum closing_stage { CLOSING_BEGIN, CLOSING_SAVE, CLOSING_FINAL, CLOSING_FLUSH, CLOSING_RECOUNT, CLOSING_REPORT };

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
            !marker_has_barrier(&task->marker, (int32_t)task_number_of(task->world->stream, STREAM_USAGE, (int32_t)i)))
            return false;
    return true;
}

bool task_close_is_due(const struct task *task)
{
    const struct close_record *close = next_close(task);
    if (!close)
        return false;
    if (task->kind == TASK_TIER)
        return has_all_barriers(task, close);
    size_t partition = (size_t)task->input.partition;
    int64_t end = partition < close->end_count ? close->ends[partition] : OFFSET_NONE;
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
    for (int32_t partition = 0; partition < count; partition++) {
        char sender[24], number[24], period[TIME_TEXT_MAX];
        int64_t *sent = marker_sent(&task->marker, partition);
        snprintf(sender, sizeof sender, "%u", task->number);
        snprintf(number, sizeof number, "%lld", (long long)++*sent);
        period_format(task->marker.closing, period);
        struct stream_header headers[] = { { "sender", text_of(sender) },
                                           { "period", text_of(period) },
                                           { "number", text_of(number) },
                                           { "barrier", TEXT("closed") } };
        struct stream_record out = { .topic = STREAM_TIERED, .partition = partition, .key = TEXT("#barrier"),
                                     .headers = headers, .header_count = ARRAY_COUNT(headers) };
        enum stream_outcome outcome = task_produce_raw(task, &out, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return OUTCOME_DONE;
}

/* One record for the bill tasks about the close: what was reported, or that it is done. */
static enum stream_outcome tell_bill_task(struct task *task, const char *what, int32_t partition, struct text group,
                                          uint64_t account, struct text service, struct text type, const struct total *total,
                                          struct error *error)
{
    char period[TIME_TEXT_MAX], account_text[ACCOUNT_DIGITS + 1];
    struct subtotal subtotal = { .task = task->number, .revision = task->marker.revision + 1, .billing_group = group,
                                 .product_code = service, .line_item_type = type };
    period_format(task->marker.closing, period);
    account_format(account, account_text);
    subtotal.billing_period = text_of(period);
    subtotal.usage_account_id = text_of(account_text);
    record_set_text(&subtotal, &subtotal_type, SUBTOTAL_barrier, text_of(what));
    if (total) {
        subtotal.cost = total->cost;
        subtotal.charged_rows = total->charged_rows;
    }
    subtotal.present |= ((uint64_t)1 << SUBTOTAL_as_of) - 1; /* all required fields */
    buffer_clear(&task->key);
    buffer_printf(&task->key, "%u/#%s/%s/%.*s/%s/%.*s", task->number, what, period, TEXT_ARGS(group), account_text,
                  TEXT_ARGS(service));
    return task_produce(task, STREAM_SUBTOTALS, partition, buffer_text(&task->key), &subtotal_type, &subtotal, error);
}

static enum stream_outcome tell_bill_tasks(struct task *task, struct error *error)
{
    const struct conductor *conductor = task->world->document->conductor;
    enum stream_outcome outcome = OUTCOME_DONE;
    const struct totals *totals = &task->report->totals;
    for (size_t i = 0; i < totals->count && outcome == OUTCOME_DONE; i++) {
        struct text group = conductor->groups[totals->items[i].key.group].id;
        outcome = tell_bill_task(task, "report", task_partition_for(task, STREAM_SUBTOTALS, group), group,
                                 totals->items[i].key.account, total_service(totals, &totals->items[i]), TEXT_NONE,
                                 &totals->items[i], error);
    }
    for (size_t i = 0; i < task->report->checksum_count && outcome == OUTCOME_DONE; i++) {
        const struct report_checksum *part = &task->report->checksums[i];
        struct text group = conductor->groups[part->group].id;
        char hex[33];
        snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)part->checksum.high,
                 (unsigned long long)part->checksum.low);
        outcome = tell_bill_task(task, "checksum", task_partition_for(task, STREAM_SUBTOTALS, group), group, part->account,
                                 TEXT_NONE, text_of(hex), NULL, error);
    }
    int32_t bills = task->world->stream->ops->partition_count(task->world->stream, STREAM_SUBTOTALS);
    for (int32_t partition = 0; partition < bills && outcome == OUTCOME_DONE; partition++)
        outcome = tell_bill_task(task, "closed", partition, TEXT_NONE, 0, TEXT_NONE, TEXT_NONE, NULL, error);
    return outcome;
}

static void end_closing(struct task *task)
{
    task->marker.closed = task->marker.closing;
    task->marker.closing = PERIOD_NONE;
    task->marker.reported = 0;
    task->marker.barrier_count = 0;
    task->closing = false;
    report_totals_done(task->report);
    free(task->report);
    task->report = NULL;
}

static void begin_closing(struct task *task)
{
    if (task->marker.closing == PERIOD_NONE)
        task->marker.closing = next_close(task)->period;
    task->closing = true;
    task->closing_stage = CLOSING_BEGIN;
    task->report = memory_new(sizeof *task->report);
    task->report_cursor = 0;
}

static enum stream_outcome report_step(struct task *task, struct error *error)
{
    bool done = false;
    size_t cursor = (size_t)task->marker.reported;
    enum stream_outcome outcome = report_rows(task, true, &cursor, REPORT_ROWS, &done, error);
    task->world->counts.report_rows += cursor - (uint64_t)task->marker.reported;
    task->marker.reported = (int64_t)cursor;
    if (outcome != OUTCOME_DONE || !done)
        return outcome;
    if (task->kind == TASK_USAGE)
        outcome = tell_tier_tasks(task, error);
    if (outcome == OUTCOME_DONE)
        outcome = tell_bill_tasks(task, error);
    if (outcome == OUTCOME_DONE)
        end_closing(task);
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

enum stream_outcome task_close_work(struct task *task, struct error *error)
{
    bool done = false;
    size_t swept;
    if (!task->closing && task->marker.closing == PERIOD_NONE && !task_close_is_due(task))
        return OUTCOME_DONE;
    if (!task->closing)
        begin_closing(task);
    task->moved = true;
    switch (task->closing_stage) {
    case CLOSING_BEGIN:
        task->save_wanted = true;
        task->closing_stage = CLOSING_SAVE;
        return OUTCOME_DONE;
    case CLOSING_SAVE: /* the walk is over what the store has */
        if (task->save_wanted)
            return OUTCOME_DONE;
        ledger_final_begin(task->ledger, task->marker.closing);
        task->closing_stage = CLOSING_FINAL;
        return OUTCOME_DONE;
    case CLOSING_FINAL:
        swept = ledger_final_rows(task->ledger);
        if (!ledger_final_step(task->ledger, FINAL_ROWS, &done, error))
            return task_ledger_failed(task, error);
        task->world->counts.swept_rows += ledger_final_rows(task->ledger) - swept;
        if (done)
            task->closing_stage = CLOSING_FLUSH;
        return OUTCOME_DONE;
    case CLOSING_FLUSH: /* changed rows go out with the flush behind this step, before any report row */
        task->closing_stage = CLOSING_RECOUNT;
        return OUTCOME_DONE;
    case CLOSING_RECOUNT:
        return recount_step(task, error);
    case CLOSING_REPORT:
        return report_step(task, error);
    }
    return OUTCOME_DONE;
}
