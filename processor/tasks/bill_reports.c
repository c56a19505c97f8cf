/*
 * tasks/bill_reports.c: what a bill task writes of reports: rows of custom line items, and the manifests. A report's rows of
 * usage are of one snapshot for ever; those of custom line items are of one for each revision, whole each time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/cur_manifest.h"
#include "cur/cur_rows.h"
#include "model/account.h"
#include "tasks/bill_state.h"

/* A group's manifest lists its totals by account and service, or, where they are more, by service. */
#define MANIFEST_TOTALS_MAX 4096
#define SNAPSHOT_TEXT_MAX (TIME_TEXT_MAX + 32)

/* "2026-06.2": a report; its usage is that of the first. */
static void report_snapshot(const struct task *task, int64_t revision, char out[SNAPSHOT_TEXT_MAX])
{
    snprintf(out, SNAPSHOT_TEXT_MAX, "%s.%lld", task->bills->builder.period_text, (long long)revision);
}

static void items_snapshot(const struct task *task, int64_t revision, char out[SNAPSHOT_TEXT_MAX])
{
    snprintf(out, SNAPSHOT_TEXT_MAX, "%s.items.%lld", task->bills->builder.period_text, (long long)revision);
}

/* ---- report rows of custom line items ---- */

static void row_of_charge(struct task *task, const struct custom_charge *charge, struct cur_row_builder *rows,
                          struct line_item *item, struct cur_row *row)
{
    line_item_of_charge(&task->bills->builder, charge, item);
    cur_row_of_line_item(rows, item, false, row);
}

static enum stream_outcome report_charge(struct task *task, const struct custom_charge *charge, int64_t revision,
                                         struct cur_row_builder *rows, struct error *error)
{
    struct line_item item;
    struct cur_row row;
    char snapshot[SNAPSHOT_TEXT_MAX];
    row_of_charge(task, charge, rows, &item, &row);
    items_snapshot(task, revision, snapshot);
    record_set_text(&row, &cur_row_type, CUR_ROW_snapshot_id, text_of(snapshot));
    buffer_clear(&task->key);
    buffer_printf(&task->key, "%.*s/%s/%.*s", TEXT_ARGS(row.billing_group), task->bills->builder.period_text,
                  TEXT_ARGS(row.line_item_usage_account_id));
    return task_produce(task, STREAM_CUR, task_partition_for(task, STREAM_CUR, row.billing_group), buffer_text(&task->key),
                        &cur_row_type, &row, error);
}

enum stream_outcome bill_report_charges(struct task *task, const struct custom_charges *charges, int64_t revision,
                                        struct error *error)
{
    struct cur_row_builder builder = { 0 };
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = 0; i < charges->count && outcome == OUTCOME_DONE; i++)
        if (!charges->items[i].too_large)
            outcome = report_charge(task, &charges->items[i], revision, &builder, error);
    cur_row_builder_done(&builder);
    return outcome;
}

/* What these rows add to the report. */
static void add_charges(struct task *task, const struct custom_charges *charges, struct report_totals *report)
{
    struct cur_row_builder builder = { 0 };
    for (size_t i = 0; i < charges->count; i++) {
        const struct custom_charge *charge = &charges->items[i];
        struct line_item item;
        struct cur_row row;
        if (charge->too_large)
            continue;
        row_of_charge(task, charge, &builder, &item, &row);
        report_totals_add(report, 0, charge->account, charge->service, &row.line_item_unblended_cost, 1);
        report_totals_add_checksum(report, 0, charge->account, cur_row_hash(&row, &task->value));
    }
    cur_row_builder_done(&builder);
}

/* ---- manifests ---- */

bool bill_report_ends(struct task *task, struct error *error)
{
    struct stream *stream = task->world->stream;
    size_t count = (size_t)stream->ops->partition_count(stream, STREAM_CUR);
    free(task->bills->cur_ends);
    task->bills->cur_ends = memory_new_array(count, sizeof *task->bills->cur_ends);
    for (size_t i = 0; i < count; i++)
        if (!stream->ops->high(stream, STREAM_CUR, (int32_t)i, STREAM_ANSWER_MS, &task->bills->cur_ends[i], error))
            return false;
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

static enum stream_outcome write_manifest(struct task *task, const struct bill_report *report, const struct totals *totals,
                                          const struct manifest_of *of, struct error *error)
{
    char checksum[CHECKSUM_TEXT_MAX], snapshot[SNAPSHOT_TEXT_MAX], before[SNAPSHOT_TEXT_MAX] = "", usage[SNAPSHOT_TEXT_MAX],
                                                                   items[SNAPSHOT_TEXT_MAX];
    const char *period = task->bills->builder.period_text;
    struct totals by_service = { 0 };
    struct cur_manifest manifest = { .billing_group = of->group,
                                     .billing_period = text_of(period),
                                     .status = TEXT("CLOSED"),
                                     .currency = report->conductor->currency,
                                     .revision = report->revision,
                                     .conductor_version = report->conductor->version,
                                     .payer_account_id = of->payer,
                                     .document_hash = text_of(report->conductor->hash),
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
    report_snapshot(task, report->revision, snapshot);
    report_snapshot(task, 1, usage);
    items_snapshot(task, report->revision, items);
    if (report->supersedes > 0)
        report_snapshot(task, report->supersedes, before);
    checksum_format(of->checksum, checksum);
    manifest.snapshot_id = text_of(snapshot);
    manifest.supersedes = text_of(before);
    manifest.snapshots[manifest.snapshot_count++] = text_of(usage);
    manifest.snapshots[manifest.snapshot_count++] = text_of(items);
    manifest.checksum = text_of(checksum);
    fill_offsets(task, report->close, of->group, &manifest);
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

static enum stream_outcome write_group_manifest(struct task *task, const struct bill_report *of,
                                                const struct report_totals *report, struct error *error)
{
    const struct billing_group *group = &of->conductor->groups[of->group];
    const struct totals *totals = &report->totals;
    struct manifest_of whole = { .group = group->id, .payer = group->payer, .items = totals->items, .count = totals->count };
    if (totals->count == 0 && of->supersedes == 0)
        return OUTCOME_DONE;
    for (size_t i = 0; i < report->checksum_count; i++)
        checksum_add(&whole.checksum, report->checksums[i].checksum);
    return write_manifest(task, of, totals, &whole, error);
}

/* Of the account whose totals begin at `first` and end before `end`. */
static enum stream_outcome write_account_manifest(struct task *task, const struct bill_report *of,
                                                  struct report_totals *report, size_t first, size_t end,
                                                  struct error *error)
{
    const struct billing_group *group = &of->conductor->groups[of->group];
    uint64_t number = report->totals.items[first].key.account;
    char account[ACCOUNT_DIGITS + 1];
    account_format(number, account);
    struct manifest_of one = { .group = group->id,
                               .payer = group->payer,
                               .account = text_of(account),
                               .items = &report->totals.items[first],
                               .count = end - first,
                               .checksum = report_totals_checksum(report, 0, number) };
    return write_manifest(task, of, &report->totals, &one, error);
}

/* The group's own, then those of its accounts. */
static enum stream_outcome write_all(struct task *task, const struct bill_report *of, struct report_totals *report,
                                     size_t *from, size_t *left, struct error *error)
{
    const struct totals *totals = &report->totals;
    totals_sort(&report->totals);
    enum stream_outcome outcome = *from == 0 ? write_group_manifest(task, of, report, error) : OUTCOME_DONE;
    while (*from<totals->count && * left> 0 && outcome == OUTCOME_DONE) {
        size_t end = *from + 1;
        while (end < totals->count && totals->items[end].key.account == totals->items[*from].key.account)
            end++;
        size_t took = end - *from + 1;
        outcome = write_account_manifest(task, of, report, *from, end, error);
        *left -= took < *left ? took : *left;
        *from = end;
    }
    return outcome;
}

/* In totals that are sorted. */
static bool has_account(const struct totals *totals, uint64_t account)
{
    size_t low = 0, high = totals->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (totals->items[middle].key.account < account)
            low = middle + 1;
        else
            high = middle;
    }
    return low < totals->count && totals->items[low].key.account == account;
}

/* An account that bore only what is charged no longer has no report any more. */
static enum stream_outcome drop_accounts(struct task *task, const struct bill_month *month, uint32_t number,
                                         const struct bill_report *of, const struct report_totals *report,
                                         struct error *error)
{
    const struct bill_group *group = &month->groups[number];
    struct text id = of->conductor->groups[of->group].id;
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = 0; i < group->charge_count && of->supersedes > 0 && outcome == OUTCOME_DONE; i++) {
        uint64_t number_of = month->charges[group->charges[i]].account;
        char account[ACCOUNT_DIGITS + 1];
        if (has_account(&report->totals, number_of))
            continue;
        account_format(number_of, account);
        buffer_clear(&task->key);
        buffer_printf(&task->key, "%.*s/%s/%s", TEXT_ARGS(id), task->bills->builder.period_text, account);
        struct stream_record out = { .topic = STREAM_CUR_MANIFESTS,
                                     .partition = task_partition_for(task, STREAM_CUR_MANIFESTS, id),
                                     .key = buffer_text(&task->key),
                                     .is_null = true };
        outcome = task_produce_raw(task, &out, error);
    }
    return outcome;
}

enum stream_outcome bill_report_manifests(struct task *task, struct bill_month *month, uint32_t number,
                                          const struct bill_report *report, const struct custom_charges *charges,
                                          size_t *from, size_t *left, struct error *error)
{
    struct report_totals all = { 0 };
    report_totals_add_all(&all, &bill_group_of(month, number)->report);
    add_charges(task, charges, &all);
    enum stream_outcome outcome = write_all(task, report, &all, from, left, error);
    if (outcome == OUTCOME_DONE && *from == all.totals.count) {
        outcome = drop_accounts(task, month, number, report, &all, error);
        *from = 0;
    }
    report_totals_done(&all);
    return outcome;
}
