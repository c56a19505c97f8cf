/*
 * tasks/bill_close.c: the end of a month: last custom line items and bills, their report rows, then the manifests. Step by
 * step, a bounded number of groups or manifests a transaction. Of how many groups the custom line items' report rows are
 * out is in the marker; bills and manifests are the same when they are written again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/cur_manifest.h"
#include "cur/cur_rows.h"
#include "model/account.h"
#include "tasks/bill_state.h"

#define ROWS_OF_STEP 10000
#define MANIFESTS_OF_STEP 1000
/* A group's manifest lists its totals by account and service, or, where they are more, by service. */
#define MANIFEST_TOTALS_MAX 4096

enum bill_close_stage { BILL_CLOSE_BILLS, BILL_CLOSE_REPORT, BILL_CLOSE_ENDS, BILL_CLOSE_MANIFESTS };

static const struct conductor *conductor_of(const struct task *task)
{
    return task->world->document->conductor;
}

/* ---- report rows of custom line items ---- */

static enum stream_outcome report_charge(struct task *task, struct bill_month *month, uint32_t number,
                                         const struct custom_charge *charge, bool produce, struct cur_row_builder *rows,
                                         struct error *error)
{
    struct line_item item;
    struct cur_row row;
    char snapshot[TIME_TEXT_MAX + 8];
    struct report_totals *report = &bill_group_of(month, number)->report;
    line_item_of_charge(&task->bills->builder, charge, &item);
    cur_row_of_line_item(rows, &item, false, &row);
    snprintf(snapshot, sizeof snapshot, "%s.1", task->bills->builder.period_text);
    record_set_text(&row, &cur_row_type, CUR_ROW_snapshot_id, text_of(snapshot));
    report_totals_add(report, 0, charge->account, charge->service, &row.line_item_unblended_cost, 1);
    report_totals_add_checksum(report, 0, charge->account, cur_row_hash(&row, &task->value));
    if (!produce)
        return OUTCOME_DONE;
    buffer_clear(&task->key);
    buffer_printf(&task->key, "%.*s/%s/%.*s", TEXT_ARGS(row.billing_group), task->bills->builder.period_text,
                  TEXT_ARGS(row.line_item_usage_account_id));
    return task_produce(task, STREAM_CUR, task_partition_for(task, STREAM_CUR, row.billing_group), buffer_text(&task->key),
                        &cur_row_type, &row, error);
}

/* Groups whose rows went out before a restart are only counted again. */
static enum stream_outcome report_group(struct task *task, struct bill_month *month, uint32_t number, bool produce,
                                        size_t *rows, struct error *error)
{
    struct custom_charges charges = { 0 };
    struct cur_row_builder builder = { 0 };
    enum stream_outcome outcome = OUTCOME_DONE;
    bill_group_charges(task, month, number, true, &charges);
    for (size_t i = 0; i < charges.count && outcome == OUTCOME_DONE; i++)
        if (!charges.items[i].too_large)
            outcome = report_charge(task, month, number, &charges.items[i], produce, &builder, error);
    *rows += charges.count;
    custom_charges_done(&charges);
    cur_row_builder_done(&builder);
    return outcome;
}

static enum stream_outcome report_step(struct task *task, struct bill_month *month, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    size_t rows = 0, count = conductor_of(task)->group_count;
    line_item_builder_begin(&task->bills->builder, &task->world->document->pricing, month->period);
    for (; task->told < count && rows < ROWS_OF_STEP && outcome == OUTCOME_DONE; task->told++) {
        uint32_t number = task->bills->numbers[task->told];
        bool produce = (int64_t)task->told >= task->marker.reported;
        if (number != GROUP_NONE)
            outcome = report_group(task, month, number, produce, &rows, error);
        if (produce)
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
    for (; task->told < count && rows < ROWS_OF_STEP && outcome == OUTCOME_DONE; task->told++)
        outcome = bill_group_write(task, month, (uint32_t)task->told, true, &rows, error);
    if (task->told < count)
        return outcome;
    task->told = 0;
    task->closing_stage = BILL_CLOSE_REPORT;
    return outcome;
}

/* ---- manifests ---- */

/* All report rows are committed: what lies before the end now has them all. */
static bool ask_ends(struct task *task, struct error *error)
{
    struct stream *stream = task->world->stream;
    size_t count = (size_t)stream->ops->partition_count(stream, STREAM_CUR);
    free(task->bills->cur_ends);
    task->bills->cur_ends = memory_new_array(count, sizeof *task->bills->cur_ends);
    for (size_t i = 0; i < count; i++)
        if (!stream->ops->high(stream, STREAM_CUR, (int32_t)i, &task->bills->cur_ends[i], error))
            return false;
    task->closing_stage = BILL_CLOSE_MANIFESTS;
    return true;
}

/* The totals of `count` items, all of one report. */
static void fill_totals(const struct totals *totals, const struct total *items, size_t count, struct cur_manifest *manifest,
                        struct arena *arena)
{
    manifest->totals = arena_take(arena, (count + 1) * sizeof *manifest->totals, _Alignof(struct cur_manifest_total));
    for (size_t i = 0; i < count; i++) {
        char account[ACCOUNT_DIGITS + 1] = "";
        struct cur_manifest_total *out = &manifest->totals[manifest->total_count++];
        if (items[i].key.account != 0)
            account_format(items[i].key.account, account);
        *out = (struct cur_manifest_total){ arena_copy(arena, text_of(account)), total_service(totals, &items[i]),
                                            items[i].charged_rows, items[i].cost };
    }
}

static void sum_up(const struct total *items, size_t count, struct cur_manifest *manifest)
{
    for (size_t i = 0; i < count; i++) {
        manifest->rows += items[i].charged_rows;
        sum_add_sum(&manifest->cost, &items[i].cost);
    }
}

/* One report of a group's month: the whole group's or an account's. */
struct manifest_of {
    struct text group, account, payer;
    const struct total *items;
    size_t count;
    struct hash128 checksum;
};

static void fill_offsets(struct task *task, const struct close_record *close, struct text group,
                         struct cur_manifest *manifest)
{
    int32_t partition = task_partition_for(task, STREAM_CUR, group);
    int64_t first = (size_t)partition < close->report_count ? close->report_from[partition] : 0;
    manifest->offsets =
        (struct cur_manifest_offsets){ partition, first, task->bills->cur_ends[partition] - 1, manifest->rows };
}

static enum stream_outcome write_manifest(struct task *task, const struct close_record *close, const struct totals *totals,
                                          const struct manifest_of *of, struct error *error)
{
    char checksum[CHECKSUM_TEXT_MAX], snapshot[TIME_TEXT_MAX + 8];
    const char *period = task->bills->builder.period_text;
    struct totals by_service = { 0 };
    struct cur_manifest manifest = { .billing_group = of->group,
                                     .billing_period = text_of(period),
                                     .status = TEXT("CLOSED"),
                                     .currency = conductor_of(task)->currency,
                                     .revision = 1,
                                     .conductor_version = conductor_of(task)->version,
                                     .payer_account_id = of->payer,
                                     .document_hash = text_of(conductor_of(task)->hash),
                                     .created_ms = task->world->real_now_ms };
    sum_up(of->items, of->count, &manifest);
    for (size_t i = 0; i < of->count && of->count > MANIFEST_TOTALS_MAX; i++) {
        struct total *total = totals_get(&by_service, 0, 0, total_service(totals, &of->items[i]), TEXT_NONE);
        total->charged_rows += of->items[i].charged_rows;
        sum_add_sum(&total->cost, &of->items[i].cost);
    }
    if (of->count > MANIFEST_TOTALS_MAX) {
        totals_sort(&by_service);
        fill_totals(&by_service, by_service.items, by_service.count, &manifest, &task->bills->arena);
    } else {
        fill_totals(totals, of->items, of->count, &manifest, &task->bills->arena);
    }
    snprintf(snapshot, sizeof snapshot, "%s.1", period);
    checksum_format(of->checksum, checksum);
    manifest.snapshot_id = text_of(snapshot);
    manifest.checksum = text_of(checksum);
    fill_offsets(task, close, of->group, &manifest);
    buffer_clear(&task->key);
    buffer_clear(&task->value);
    buffer_printf(&task->key, "%.*s/%s/%.*s", TEXT_ARGS(of->group), period, TEXT_ARGS(of->account));
    bool encoded = wire_encode_manifest(task->world->wire, &manifest, &task->value, error);
    struct stream_record out = { .topic = STREAM_CUR_MANIFESTS,
                                 .partition = task_partition_for(task, STREAM_CUR_MANIFESTS, of->group),
                                 .key = buffer_text(&task->key),
                                 .value = buffer_text(&task->value) };
    totals_done(&by_service);
    arena_reset(&task->bills->arena);
    return encoded ? task_produce_raw(task, &out, error) : OUTCOME_ABORT;
}

static enum stream_outcome write_manifests(struct task *task, const struct close_record *close, struct report_totals *report,
                                           const struct billing_group *group, size_t *manifests, struct error *error)
{
    struct totals *totals = &report->totals;
    struct manifest_of whole = { .group = group->id, .payer = group->payer, .items = totals->items, .count = totals->count };
    totals_sort(totals);
    whole.items = totals->items;
    for (size_t i = 0; i < report->checksum_count; i++)
        checksum_add(&whole.checksum, report->checksums[i].checksum);
    enum stream_outcome outcome = totals->count ? write_manifest(task, close, totals, &whole, error) : OUTCOME_DONE;
    for (size_t first = 0, end; first < totals->count && outcome == OUTCOME_DONE; first = end, ++*manifests) {
        char account[ACCOUNT_DIGITS + 1];
        uint64_t number = totals->items[first].key.account;
        for (end = first + 1; end < totals->count && totals->items[end].key.account == number;)
            end++;
        account_format(number, account);
        struct manifest_of one = { .group = group->id,
                                   .payer = group->payer,
                                   .account = text_of(account),
                                   .items = &totals->items[first],
                                   .count = end - first,
                                   .checksum = report_totals_checksum(report, 0, number) };
        outcome = write_manifest(task, close, totals, &one, error);
    }
    return outcome;
}

static enum stream_outcome manifests_step(struct task *task, struct bill_month *month, const struct close_record *close,
                                          bool *done, struct error *error)
{
    enum stream_outcome outcome = OUTCOME_DONE;
    size_t manifests = 0, count = conductor_of(task)->group_count;
    line_item_builder_begin(&task->bills->builder, &task->world->document->pricing, month->period);
    for (; task->told < count && manifests < MANIFESTS_OF_STEP && outcome == OUTCOME_DONE; task->told++) {
        uint32_t number = task->bills->numbers[task->told];
        if (number != GROUP_NONE)
            outcome = write_manifests(task, close, &bill_group_of(month, number)->report,
                                      &conductor_of(task)->groups[task->told], &manifests, error);
    }
    *done = outcome == OUTCOME_DONE && task->told == count;
    return outcome;
}

/* ---- steps ---- */

static void begin_closing(struct task *task, const struct close_record *close)
{
    task->closing = true;
    task->closing_stage = BILL_CLOSE_BILLS;
    task->told = 0;
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
        outcome = ask_ends(task, error) ? OUTCOME_DONE : OUTCOME_ABORT;
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
