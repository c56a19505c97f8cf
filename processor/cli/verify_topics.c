/* cli/verify_topics.c: the topics of a month, one after the other. Line items come first: what follows from them is later.
 */
#include "cli/verify_topics.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/verify_line_items.h"
#include "codec/cur_manifest.h"
#include "cur/cur_rows.h"
#include "model/account.h"
#include "model/bill.h"
#include "period/bills.h"
#include "tasks/messages.h"
#include "tasks/task.h"

#define KEYS_IN_MEMORY 100000

/* False: told, and *failed says whether there is more to it than a record that is none. */
static bool decode(struct verify_run *run, const char *what, const struct record_type *type, struct text key,
                   struct text value, void *record, bool *failed, struct error *error)
{
    struct refusal refusal;
    enum wire_answer answer = wire_decode(run->pass->connection->wire, type, value, record, &run->arena, &refusal, error);
    *failed = answer == WIRE_LATER;
    if (answer == WIRE_REFUSED)
        verify_tell(run, "%s %.*s: the record cannot be read: %s", what, TEXT_ARGS(key), refusal.detail);
    return answer == WIRE_DONE;
}

/* ---- topics of which the latest record of a key counts ---- */

struct latest_topic {
    struct verify_run *run;
    enum stream_topic topic;
    /* Takes the latest record of each key of the month. */
    bool (*take)(struct verify_run *run, struct text key, struct text value, struct error *error);
};

/* Keys of all of them have the month between slashes. */
static bool is_of_month(const struct verify_run *run, struct text key)
{
    char part[TIME_TEXT_MAX + 2];
    snprintf(part, sizeof part, "/%s/", run->period);
    return text_contains(key, text_of(part));
}

/* Keys of messages between tasks have a '#' behind the task's number; those of totals have none there. */
static bool is_message(struct text key)
{
    const char *slash = key.size ? memchr(key.data, '/', key.size) : NULL;
    return slash && slash + 1 < key.data + key.size && slash[1] == '#';
}

/* Of all months from one on, which is the one in the key. */
static bool note_swept(struct verify_run *run, const struct stream_record *record, struct error *error)
{
    struct subtotal subtotal;
    billing_period from;
    bool failed;
    arena_reset(&run->arena);
    if (!decode(run, "message", &subtotal_type, record->key, record->value, &subtotal, &failed, error))
        return !failed;
    if (bill_message_of(&subtotal) == BILL_MESSAGE_SWEPT && period_parse(subtotal.billing_period, &from) &&
        from <= run->pass->period && (uint64_t)subtotal.task < run->marker_count &&
        run->swept[subtotal.task] < subtotal.conductor_version)
        run->swept[subtotal.task] = subtotal.conductor_version;
    return true;
}

static bool keep_latest(void *context, const struct stream_record *record, struct error *error)
{
    const struct latest_topic *latest = context;
    struct verify_run *run = latest->run;
    verify_progress(run, stream_topic_name(latest->topic));
    if (latest->topic == STREAM_SUBTOTALS && is_message(record->key))
        return record->is_null || note_swept(run, record, error);
    if (!is_of_month(run, record->key))
        return true;
    if (!record->is_null)
        return verify_put(run, record->key, record->value, error);
    rocks_batch_delete(run->batch, record->key);
    return true;
}

static bool take_latest(const struct latest_topic *latest, struct error *error)
{
    struct text key, value;
    struct rocks_iterator *iterator = rocks_iterate(latest->run->rocks, TEXT_NONE);
    bool done = true;
    while (done && rocks_iterator_next(iterator, &key, &value)) {
        arena_reset(&latest->run->arena);
        done = latest->take(latest->run, key, value, error);
    }
    done = done && rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    return done;
}

static bool read_latest(struct verify_run *run, enum stream_topic topic,
                        bool (*take)(struct verify_run *, struct text, struct text, struct error *), struct error *error)
{
    struct latest_topic latest = { run, topic, take };
    struct connection *connection = run->pass->connection;
    bool done = verify_scratch_open(run, stream_topic_name(topic), error);
    if (!done)
        return false;
    for (int32_t p = 0; p < connection->stream->ops->partition_count(connection->stream, topic) && done; p++)
        done = connection_read(connection, topic, p, keep_latest, &latest, error);
    done = done && rocks_write(run->rocks, run->batch, error) && take_latest(&latest, error);
    verify_scratch_close(run);
    return done;
}

/* ---- bills ---- */

static void check_bill(struct verify_run *run, struct text key, const struct bill *bill)
{
    char named[1024];
    snprintf(named, sizeof named, "%.*s/%.*s/%.*s/%.*s/%.*s", TEXT_ARGS(bill->billing_group),
             TEXT_ARGS(bill->billing_period), TEXT_ARGS(bill->usage_account_id), TEXT_ARGS(bill->product_code),
             TEXT_ARGS(bill->line_item_type));
    if (!text_equal(key, text_of(named)))
        verify_tell(run, "bill %.*s: its fields name %s", TEXT_ARGS(key), named);
    struct sum margin = margin_of(&bill->cost, &bill->billable_cost), percentage;
    if (!sum_equal(&margin, &bill->margin))
        verify_tell(run, "bill %.*s: its margin is not its cost less its billable_cost", TEXT_ARGS(key));
    bool has = sum_percentage(&margin, &bill->cost, &percentage);
    if (has != record_has(bill, BILL_margin_percentage) || (has && !sum_equal(&percentage, &bill->margin_percentage)))
        verify_tell(run, "bill %.*s: its margin_percentage is not its margin / cost", TEXT_ARGS(key));
}

static bool take_bill(struct verify_run *run, struct text key, struct text value, struct error *error)
{
    struct bill bill;
    bool failed;
    if (!decode(run, "bill", &bill_type, key, value, &bill, &failed, error))
        return !failed;
    struct audit_figures figures = { .usage_events = bill.usage_events };
    sum_add_sum(&figures.amounts[AUDIT_COST], &bill.cost);
    sum_add_sum(&figures.amounts[AUDIT_PUBLIC_COST], &bill.public_cost);
    sum_add_sum(&figures.amounts[AUDIT_BILLABLE_COST], &bill.billable_cost);
    sum_add_sum(&figures.amounts[AUDIT_TAX], &bill.tax);
    check_bill(run, key, &bill);
    run->pass->counts.bills++;
    return tally_add(run->tally, AUDIT_BILL, key, AUDIT_BILLS, &figures, error);
}

/* ---- subtotals ---- */

static bool take_subtotal(struct verify_run *run, struct text key, struct text value, struct error *error)
{
    struct subtotal subtotal;
    bool failed;
    if (!decode(run, "subtotal", &subtotal_type, key, value, &subtotal, &failed, error))
        return !failed;
    if ((uint64_t)subtotal.task < run->marker_count && subtotal.conductor_version < run->swept[subtotal.task])
        return true; /* it was not told again by the sweep behind it: there is nothing of it any more */
    struct audit_figures figures = { .usage_events = subtotal.usage_events };
    sum_add_sum(&figures.amounts[AUDIT_COST], &subtotal.cost);
    sum_add_sum(&figures.amounts[AUDIT_PUBLIC_COST], &subtotal.public_cost);
    sum_add_sum(&figures.amounts[AUDIT_BILLABLE_COST], &subtotal.billable_cost);
    sum_add_sum(&figures.amounts[AUDIT_TAX], &subtotal.tax);
    if ((uint64_t)subtotal.task < run->marker_count && subtotal.revision > run->markers[subtotal.task].revision &&
        run->pass->closed)
        verify_tell(run, "subtotal %.*s: revision %lld is newer than the marker of its task, which is at %lld",
                    TEXT_ARGS(key), (long long)subtotal.revision, (long long)run->markers[subtotal.task].revision);
    run->pass->counts.subtotals++;
    return tally_add(run->tally, AUDIT_SUBTOTAL, key, AUDIT_SUBTOTALS, &figures, error);
}

/* ---- reports ---- */

/* Totals of a manifest; they add up to its rows and cost. */
static bool take_totals(struct verify_run *run, struct text key, const struct cur_manifest *manifest, struct error *error)
{
    struct audit_figures all = { 0 };
    for (size_t i = 0; i < manifest->total_count; i++) {
        const struct cur_manifest_total *total = &manifest->totals[i];
        struct audit_figures figures = { .rows = total->rows };
        sum_add_sum(&figures.amounts[AUDIT_COST], &total->cost);
        audit_figures_add(&all, &figures);
        if (total->usage_account_id.size == 0)
            intern_add(&run->by_service, key);
        if (!verify_add(run, AUDIT_REPORT_TOTAL, AUDIT_MANIFESTS, &figures, error, "%.*s, account %.*s, service %.*s",
                        TEXT_ARGS(key), TEXT_ARGS(total->usage_account_id), TEXT_ARGS(total->product_code)))
            return false;
    }
    if (all.rows != manifest->rows || !sum_equal(&manifest->cost, &all.amounts[AUDIT_COST]))
        verify_tell(run, "report %.*s: the manifest's totals do not add up to its rows and cost", TEXT_ARGS(key));
    return true;
}

static struct text snapshot_name(struct verify_run *run, struct text group, struct text snapshot)
{
    buffer_clear(&run->value);
    buffer_append_text(&run->value, group);
    buffer_append_byte(&run->value, '\0');
    buffer_append_text(&run->value, snapshot);
    return buffer_text(&run->value);
}

static void note_snapshots(struct verify_run *run, const struct cur_manifest *manifest)
{
    intern_add(&run->reported, manifest->billing_group);
    for (size_t i = 0; i < manifest->snapshot_count; i++)
        intern_add(&run->snapshots, snapshot_name(run, manifest->billing_group, manifest->snapshots[i]));
}

/* Rows of custom line items that a later revision has replaced are of no report any more. */
static bool is_reported(struct verify_run *run, const struct cur_row *row)
{
    return intern_find(&run->reported, row->billing_group) == INTERN_NONE ||
           intern_find(&run->snapshots, snapshot_name(run, row->billing_group, row->snapshot_id)) != INTERN_NONE;
}

static bool take_manifest(struct verify_run *run, struct text key, struct text value, struct error *error)
{
    struct cur_manifest manifest;
    struct error reason = { 0 };
    if (!wire_decode_manifest(run->pass->connection->wire, value, &manifest, &run->arena, &reason)) {
        verify_tell(run, "report %.*s: the manifest cannot be read: %s", TEXT_ARGS(key), reason.message);
        return true;
    }
    note_snapshots(run, &manifest);
    struct audit_figures figures = { .rows = manifest.rows };
    sum_add_sum(&figures.amounts[AUDIT_COST], &manifest.cost);
    if (!checksum_parse(manifest.checksum, &figures.checksum))
        verify_tell(run, "report %.*s: the manifest's checksum is '%.*s'", TEXT_ARGS(key), TEXT_ARGS(manifest.checksum));
    audit_figures_add_offset(&figures, manifest.offsets.partition, manifest.offsets.first);
    audit_figures_add_offset(&figures, manifest.offsets.partition, manifest.offsets.last);
    if (manifest.offsets.rows != manifest.rows)
        verify_tell(run, "report %.*s: the manifest has %lld rows, and %lld in its offsets", TEXT_ARGS(key),
                    (long long)manifest.rows, (long long)manifest.offsets.rows);
    run->pass->counts.manifests++;
    return tally_add(run->tally, AUDIT_REPORT, key, AUDIT_MANIFESTS, &figures, error) &&
           take_totals(run, key, &manifest, error);
}

static bool add_report_row(struct verify_run *run, struct text group, struct text account, const struct cur_row *row,
                           const struct audit_figures *figures, struct error *error)
{
    struct buffer report = { 0 };
    buffer_printf(&report, "%.*s/%s/%.*s", TEXT_ARGS(group), run->period, TEXT_ARGS(account));
    struct text key = buffer_text(&report);
    bool by_service = intern_find(&run->by_service, key) != INTERN_NONE;
    bool done = verify_add(run, AUDIT_REPORT, AUDIT_CUR_ROWS, figures, error, "%.*s", TEXT_ARGS(key)) &&
                verify_add(run, AUDIT_REPORT_TOTAL, AUDIT_CUR_ROWS, figures, error, "%.*s, account %.*s, service %.*s",
                           TEXT_ARGS(key), TEXT_ARGS(by_service ? TEXT_NONE : row->line_item_usage_account_id),
                           TEXT_ARGS(row->line_item_product_code));
    buffer_done(&report);
    return done;
}

static bool take_cur_row(void *context, const struct stream_record *record, struct error *error)
{
    struct verify_run *run = context;
    struct cur_row row;
    char place[64];
    bool failed;
    verify_progress(run, "report rows");
    if (record->is_null)
        return true;
    arena_reset(&run->arena);
    snprintf(place, sizeof place, "%d, offset %lld", record->partition, (long long)record->offset);
    if (!decode(run, "cur partition", &cur_row_type, text_of(place), record->value, &row, &failed, error))
        return !failed;
    if (row.bill_billing_period_start_date != period_start(run->pass->period) || !is_reported(run, &row))
        return true;
    struct audit_figures figures = { .rows = 1, .checksum = cur_row_hash(&row, &run->value) };
    sum_add_sum(&figures.amounts[AUDIT_COST], &row.line_item_unblended_cost);
    audit_figures_add_offset(&figures, record->partition, record->offset);
    run->pass->counts.report_rows++;
    return add_report_row(run, row.billing_group, TEXT_NONE, &row, &figures, error) &&
           add_report_row(run, row.billing_group, row.line_item_usage_account_id, &row, &figures, error) &&
           verify_add(run, AUDIT_REPORT_ROW, AUDIT_CUR_ROWS, &figures, error, "%.*s/%.*s", TEXT_ARGS(row.billing_group),
                      TEXT_ARGS(row.identity_line_item_id));
}

/* ---- markers ---- */

static const struct stream *stream_of(const struct verify_run *run)
{
    return run->pass->connection->stream;
}

static int64_t count_of(const struct marker_count *counts, size_t count, int32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (counts[i].number == number)
            return counts[i].count;
    return 0;
}

/* No task has taken more from another than was sent. Tier tasks are read before those that send to them. */
static void check_counts(struct verify_run *run)
{
    int32_t tiers = stream_of(run)->ops->partition_count(stream_of(run), STREAM_TIERED);
    for (int32_t t = 0; t < tiers; t++) {
        const struct marker *tier = &run->markers[task_number_of(stream_of(run), STREAM_TIERED, t)];
        for (size_t i = 0; i < tier->received_count; i++) {
            int32_t number = tier->received[i].number;
            if (number < 0 || (size_t)number >= run->marker_count)
                continue;
            const struct marker *sender = &run->markers[number];
            int64_t sent = count_of(sender->sent, sender->sent_count, t);
            if (tier->received[i].count > sent)
                verify_tell(run, "marker of task %u: it has taken %lld messages from task %d, which has sent %lld",
                            tier->task, (long long)tier->received[i].count, number, (long long)sent);
        }
    }
}

static bool all_bill_tasks_have_closed(const struct verify_run *run)
{
    int32_t bills = stream_of(run)->ops->partition_count(stream_of(run), STREAM_SUBTOTALS);
    for (int32_t p = 0; p < bills; p++) {
        const struct marker *marker = &run->markers[task_number_of(stream_of(run), STREAM_SUBTOTALS, p)];
        if (marker->closed == PERIOD_NONE || marker->closed < run->pass->period)
            return false;
    }
    return true;
}

/* ---- the pass ---- */

static bool read_line_items(struct verify_run *run, struct error *error)
{
    int32_t count = stream_of(run)->ops->partition_count(stream_of(run), STREAM_LINE_ITEMS);
    run->marker_count = (size_t)count;
    run->markers = memory_new_array(run->marker_count, sizeof *run->markers);
    run->swept = memory_new_array(run->marker_count, sizeof *run->swept);
    for (size_t i = 0; i < run->marker_count; i++)
        run->markers[i] = (struct marker){ .closed = PERIOD_NONE, .closing = PERIOD_NONE };
    for (int32_t p = 0; p < count; p++)
        if (!verify_line_items(run, p, error))
            return false;
    check_counts(run);
    run->pass->closed = all_bill_tasks_have_closed(run);
    return true;
}

static bool read_cur(struct verify_run *run, struct error *error)
{
    for (int32_t p = 0; p < stream_of(run)->ops->partition_count(stream_of(run), STREAM_CUR); p++)
        if (!connection_read(run->pass->connection, STREAM_CUR, p, take_cur_row, run, error))
            return false;
    return true;
}

/* Subtotals of a closed month may be deleted; an open one has no reports yet. */
static bool compare(struct verify_run *run, struct error *error)
{
    unsigned reports = run->pass->closed ? 0 : 1u << AUDIT_CUR_ROWS | 1u << AUDIT_MANIFESTS;
    unsigned may_lack[AUDIT_KIND_COUNT] = { [AUDIT_SUBTOTAL] = run->pass->closed ? 1u << AUDIT_SUBTOTALS : 0,
                                            [AUDIT_REPORT] = reports,
                                            [AUDIT_REPORT_TOTAL] = reports,
                                            [AUDIT_REPORT_ROW] = reports };
    struct tally_result *result = &run->pass->result;
    bool done = tally_compare(run->tally, may_lack, run->pass->tell, run->pass->context, result, error);
    run->pass->counts.differences += result->differences;
    return done;
}

static void run_done(struct verify_run *run)
{
    for (size_t i = 0; i < run->marker_count; i++)
        marker_done(&run->markers[i]);
    free(run->markers);
    free(run->swept);
    intern_done(&run->reported);
    intern_done(&run->by_service);
    intern_done(&run->snapshots);
    tally_free(run->tally);
    rocks_batch_free(run->batch);
    arena_done(&run->arena);
    buffer_done(&run->key);
    buffer_done(&run->value);
    buffer_done(&run->lines);
}

bool verify_pass_run(struct verify_pass *pass, struct error *error)
{
    struct verify_run run = { .pass = pass, .batch = rocks_batch_new() };
    struct rocks *rocks = NULL;
    period_format(pass->period, run.period);
    bool done = verify_rocks_open(&run, "tally", &rocks, error);
    if (done) {
        run.tally = tally_new(rocks, KEYS_IN_MEMORY);
        done = read_line_items(&run, error) && read_latest(&run, STREAM_SUBTOTALS, take_subtotal, error) &&
               read_latest(&run, STREAM_BILLS, take_bill, error) &&
               read_latest(&run, STREAM_CUR_MANIFESTS, take_manifest, error) && read_cur(&run, error) &&
               compare(&run, error);
    }
    run_done(&run);
    rocks_close(rocks);
    return done;
}
