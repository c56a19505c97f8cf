/* tasks/bill_close.c: the end of a month: last custom line items and bills, their report rows, then the manifests. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/cur_manifest.h"
#include "cur/cur_rows.h"
#include "model/account.h"
#include "tasks/bill_state.h"

/* What of a month belongs to one report: a group's, or one of its accounts'. */
#define WHOLE_GROUP UINT64_MAX

static enum stream_outcome report_charge(struct task *task, struct bill_month *month, const struct custom_charge *charge,
                                         struct cur_row_builder *rows, struct error *error)
{
    const struct conductor *conductor = task->world->document->conductor;
    uint32_t group = conductor->custom_line_items[charge->item].group;
    struct line_item item;
    struct cur_row row;
    char snapshot[TIME_TEXT_MAX + 8];
    struct buffer scratch = { 0 };
    line_item_of_charge(&task->bills->builder, charge, &item);
    cur_row_of_line_item(rows, &item, false, &row);
    snprintf(snapshot, sizeof snapshot, "%s.1", task->bills->builder.period_text);
    record_set_text(&row, &cur_row_type, CUR_ROW_snapshot_id, text_of(snapshot));
    report_totals_add(&month->report, group, charge->account, charge->service, &row.line_item_unblended_cost, 1);
    report_totals_add_checksum(&month->report, group, charge->account, cur_row_hash(&row, &scratch));
    buffer_done(&scratch);
    buffer_clear(&task->key);
    buffer_printf(&task->key, "%.*s/%s/%.*s", TEXT_ARGS(row.billing_group), task->bills->builder.period_text,
                  TEXT_ARGS(row.line_item_usage_account_id));
    return task_produce(task, STREAM_CUR, task_partition_for(task, STREAM_CUR, row.billing_group),
                        buffer_text(&task->key), &cur_row_type, &row, error);
}

static enum stream_outcome report_charges(struct task *task, struct bill_month *month, struct error *error)
{
    struct custom_charges charges = { 0 };
    struct cur_row_builder rows = { 0 };
    enum stream_outcome outcome = OUTCOME_DONE;
    bill_month_charges(task, month, true, &charges);
    for (size_t i = 0; i < charges.count && outcome == OUTCOME_DONE; i++)
        if (!charges.items[i].too_large)
            outcome = report_charge(task, month, &charges.items[i], &rows, error);
    custom_charges_done(&charges);
    cur_row_builder_done(&rows);
    return outcome;
}

/* Fills totals, rows, cost and checksum of a report. */
static void collect(struct task *task, const struct bill_month *month, uint32_t group, uint64_t account,
                    struct cur_manifest *manifest, char checksum[33])
{
    const struct totals *totals = &month->report.totals;
    struct arena *arena = &task->bills->arena;
    struct hash128 sum = { 0, 0 };
    manifest->totals = arena_take(arena, totals->count * sizeof *manifest->totals, _Alignof(struct cur_manifest_total));
    for (size_t i = 0; i < totals->count; i++) {
        const struct total *total = &totals->items[i];
        if (total->key.group != group || (account != WHOLE_GROUP && total->key.account != account))
            continue;
        char text[ACCOUNT_DIGITS + 1];
        account_format(total->key.account, text);
        struct cur_manifest_total *out = &manifest->totals[manifest->total_count++];
        *out = (struct cur_manifest_total){ arena_copy(arena, text_of(text)), total_service(totals, total),
                                            total->charged_rows, total->cost };
        sum_add_sum(&manifest->cost, &total->cost);
        manifest->rows += total->charged_rows;
    }
    for (size_t i = 0; i < month->report.checksum_count; i++) {
        const struct report_checksum *part = &month->report.checksums[i];
        if (part->group == group && (account == WHOLE_GROUP || part->account == account))
            checksum_add(&sum, part->checksum);
    }
    snprintf(checksum, 33, "%016llx%016llx", (unsigned long long)sum.high, (unsigned long long)sum.low);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum stream_outcome write_manifest(struct task *task, const struct bill_month *month, uint32_t group,
                                          uint64_t account, int64_t end, struct error *error)
{
    const struct conductor *conductor = task->world->document->conductor;
    char checksum[33], snapshot[TIME_TEXT_MAX + 8], account_text[ACCOUNT_DIGITS + 1] = "";
    const char *period = task->bills->builder.period_text;
    struct text id = conductor->groups[group].id;
    struct cur_manifest manifest = { .billing_group = id, .billing_period = text_of(period), .status = TEXT("CLOSED"),
                                     .currency = conductor->currency, .revision = 1,
                                     .conductor_version = conductor->version, .created_ms = now_ms() };
    collect(task, month, group, account, &manifest, checksum);
    int32_t partition = task_partition_for(task, STREAM_CUR, id);
    snprintf(snapshot, sizeof snapshot, "%s.1", period);
    manifest.snapshot_id = text_of(snapshot);
    manifest.checksum = text_of(checksum);
    manifest.offsets = (struct cur_manifest_offsets){ partition, 0, end, manifest.rows };
    if (account != WHOLE_GROUP)
        account_format(account, account_text);
    buffer_clear(&task->key);
    buffer_clear(&task->value);
    buffer_printf(&task->key, "%.*s/%s/%s", TEXT_ARGS(id), period, account_text);
    if (!wire_encode_manifest(task->world->wire, &manifest, &task->value, error))
        return OUTCOME_ABORT;
    struct stream_record out = { .topic = STREAM_CUR_MANIFESTS,
                                 .partition = task_partition_for(task, STREAM_CUR_MANIFESTS, id),
                                 .key = buffer_text(&task->key), .value = buffer_text(&task->value) };
    return task_produce_raw(task, &out, error);
}

static enum stream_outcome write_manifests(struct task *task, struct bill_month *month, struct error *error)
{
    struct totals *totals = &month->report.totals;
    struct stream *stream = task->world->stream;
    totals_sort(totals);
    for (size_t i = 0; i < totals->count; i++) {
        const struct total_key *key = &totals->items[i].key;
        bool new_group = i == 0 || totals->items[i - 1].key.group != key->group;
        bool new_account = new_group || totals->items[i - 1].key.account != key->account;
        int64_t end = 0;
        struct text id = task->world->document->conductor->groups[key->group].id;
        enum stream_outcome outcome = OUTCOME_DONE;
        if (!new_account)
            continue;
        if (!stream->ops->offset_of_time(stream, STREAM_CUR, task_partition_for(task, STREAM_CUR, id), INT64_MAX / 2, &end,
                                         error))
            return OUTCOME_ABORT;
        /* Rows of this very transaction lie behind the end as it is now. */
        end += (int64_t)month->report.totals.count + 1;
        if (new_group)
            outcome = write_manifest(task, month, key->group, WHOLE_GROUP, end, error);
        if (outcome == OUTCOME_DONE)
            outcome = write_manifest(task, month, key->group, key->account, end, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    arena_reset(&task->bills->arena);
    return OUTCOME_DONE;
}

enum stream_outcome bill_month_close(struct task *task, struct bill_month *month, const struct close_record *close,
                                     struct error *error)
{
    (void)close;
    /* The last word on the month's bills goes with the next flush's revision. */
    task->marker.revision++;
    enum stream_outcome outcome = bill_month_write(task, month, true, error);
    month->dirty = false;
    if (outcome == OUTCOME_DONE)
        outcome = report_charges(task, month, error);
    return outcome == OUTCOME_DONE ? write_manifests(task, month, error) : outcome;
}
