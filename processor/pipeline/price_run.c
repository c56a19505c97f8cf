/* pipeline/price_run.c: the stages in order, over the file log. */
#include "pipeline/price_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cur/cur_rows.h"
#include "pipeline/deliveries.h"
#include "pipeline/line_item_row.h"
#include "pipeline/run_reports.h"
#include "pipeline/summary.h"

#define POLL_ENTRIES 1024
#define SWEEP_ROWS 4096

struct price_run {
    struct price_run_options options;
    struct log *log;
    struct rocks *rocks;
    char *state; /* the store's folder */
    bool state_is_temporary;
    struct fold *fold;
    struct deliveries *deliveries; /* NULL: all usage is of one */
    char first_dead[512];          /* where and why, for a run of dead letters alone */
    struct buffer facts, scratch;  /* of the line item at hand */
};

static bool make_state_folder(struct price_run *run, struct error *error)
{
    struct output_dir *output = file_log_output(run->log);
    struct buffer path = { 0 };
    if (output) {
        buffer_printf(&path, "%s/state", output_dir_partial(output));
    } else {
        const char *temporary = getenv("TMPDIR");
        buffer_printf(&path, "%s/proforma-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    }
    run->state = path.data;
    run->state_is_temporary = !output;
    if (!output && !mkdtemp(run->state))
        return error_fail(error, ERROR_FAILED, "%s: cannot make a temporary folder: %s", run->state, strerror(errno));
    return true;
}

static bool open_store(struct price_run *run, struct error *error)
{
    size_t memory = run->options.memory_bytes;
    struct rocks_options rocks = { .write_buffer_bytes = memory / 16, .cache_bytes = memory / 16 };
    return make_state_folder(run, error) && rocks_open(run->state, &rocks, &run->rocks, error);
}

static void note_dead(struct price_run *run, const struct usage_place *place, const struct refusal *refusal)
{
    if (run->first_dead[0] == '\0')
        snprintf(run->first_dead, sizeof run->first_dead, "%.200s, %s %llu: %s: %s", place->source,
                 place->line ? "line" : "block", (unsigned long long)(place->line ? place->line : place->block),
                 refusal_reason_text(refusal->reason), refusal->detail);
}

static bool take_entry(void *context, const struct usage_entry *entry, struct error *error)
{
    struct price_run *run = context;
    struct refusal refusal;
    uint64_t duplicates = fold_counts(run->fold)->duplicate;
    if (!fold_take(run->fold, entry, &refusal, error))
        return false;
    if (refusal.reason == REFUSAL_NONE) {
        bool is_new = fold_counts(run->fold)->duplicate == duplicates;
        return !is_new || !run->deliveries || !entry->place.report ||
               deliveries_take(run->deliveries, entry->place.report, &entry->event, error);
    }
    note_dead(run, &entry->place, &refusal);
    return run->log->ops->dead_letter(run->log, &entry->place, &refusal, error);
}

static void report_progress(const struct price_run *run, const char *phase, uint64_t done)
{
    struct file_log_progress files = file_log_progress(run->log);
    if (run->options.progress.update)
        run->options.progress.update(run->options.progress.context, phase, done, files.bytes_read, files.bytes_total);
}

/* A bill of nothing would be a wrong bill. */
static bool check_any_usage(const struct price_run *run, struct error *error)
{
    const struct fold_counts *counts = fold_counts(run->fold);
    if (counts->events_in > counts->dead)
        return true;
    if (counts->events_in == 0)
        return error_fail(error, ERROR_FAILED, "no usage: there is no record in the input");
    return error_fail(error, ERROR_FAILED, "no usage: none of %llu records is an event; the first: %s",
                      (unsigned long long)counts->events_in, run->first_dead);
}

static bool fold_all(struct price_run *run, struct error *error)
{
    bool ended = false;
    while (!ended) {
        if (!run->log->ops->poll(run->log, POLL_ENTRIES, take_entry, run, &ended, error))
            return false;
        report_progress(run, "reading", fold_counts(run->fold)->events_in);
    }
    fold_drop_ids(run->fold);
    if (run->deliveries && !deliveries_end(run->deliveries, error))
        return false;
    deliveries_free(run->deliveries);
    run->deliveries = NULL;
    return check_any_usage(run, error);
}

bool price_run_open(const struct price_run_options *options, struct price_run **ret_run, struct error *error)
{
    struct price_run *run = memory_new(sizeof *run);
    run->options = *options;
    run->options.files.prepare = fold_prepare;
    if (!file_log_open(&run->options.files, &run->log, error) || !open_store(run, error)) {
        price_run_close(run);
        return false;
    }
    struct fold_options fold = { options->granularity, options->resource_ids, options->memory_bytes * 5 / 8 };
    run->fold = fold_new(&fold, run->rocks);
    if (options->files.threads > 1)
        fold_spill_beside(run->fold);
    *ret_run = run;
    return true;
}

bool price_run_take_line_item(struct price_run *run, const struct line_item *item, struct error *error)
{
    struct row_identity identity;
    struct row_view row = { .description = item->description };
    uint32_t tier = record_has(item, LINE_ITEM_tier) ? (uint32_t)item->tier : 0;
    if (line_item_is_nothing(item))
        return true;
    if (!line_item_row(item, tier, &run->facts, &run->scratch, &identity))
        return error_fail(error, ERROR_FAILED, "line item %.*s: its id is not that of its facts",
                          TEXT_ARGS(item->line_item_id));
    row.period = identity.period;
    row.bucket_ms = identity.bucket_ms;
    row.account = identity.account;
    row.resource = identity.resource;
    row.facts = identity.facts;
    line_item_row_values(item, &row.values);
    return fold_take_row(run->fold, &row, error);
}

struct rocks *price_run_rocks(struct price_run *run)
{
    return run->rocks;
}

bool price_run_fold(const struct price_run_options *options, struct price_run **ret_run, struct error *error)
{
    struct price_run *run;
    if (!price_run_open(options, &run, error))
        return false;
    run->deliveries = file_log_may_mix(run->log) ? deliveries_new() : NULL;
    bool done = run->log->ops->begin(run->log, error) && fold_all(run, error);
    if (done)
        *ret_run = run;
    else
        price_run_close(run);
    return done;
}

/* ---- pricing ---- */

/* Where a sweep's results go; `write` and `spools`, one for each period that is closed, when they are to be written. */
struct run_sink {
    struct price_run *run;
    struct price_run_result *result;
    struct rule_use rules_used;
    bool write;
    struct cur_spool **spools;
    struct cur_row_builder rows;
};

static bool sink_line_item(void *context, const struct line_item *item, uint32_t group, const struct price *price,
                           struct error *error)
{
    struct run_sink *sink = context;
    struct log *log = sink->run->log;
    rule_use_note(&sink->rules_used, item, price);
    if (sink->write && !log->ops->produce(log, TOPIC_LINE_ITEMS, item->line_item_id, item, error))
        return false;
    bool is_charged = text_equal(item->status, line_item_status_text(STATUS_CHARGED));
    billing_period period;
    bool known = period_parse(item->billing_period, &period);
    CHECK(known);
    size_t closing = periods_find(sink->run->options.closings, period);
    if (!sink->spools || !is_charged || group == GROUP_NONE || closing == PERIODS_NOT_FOUND)
        return true;
    struct cur_row row;
    cur_row_of_line_item(&sink->rows, item, price && price->shown_as_usage, &row);
    return cur_spool_add(sink->spools[closing], group, &row, error);
}

static void keep_bill(struct price_run_result *result, const struct bill *bill, uint32_t group)
{
    struct bill_line line = {
        .group = group,
        .service = arena_copy(&result->texts, bill->product_code),
        .usage_events = (uint64_t)bill->usage_events,
        .cost = bill->cost,
        .margin = bill->margin,
        .public_cost = bill->public_cost,
        .billable_cost = bill->billable_cost,
        .tax = bill->tax,
        .has_margin_percentage = record_has(bill, BILL_margin_percentage),
        .margin_percentage = bill->margin_percentage,
    };
    bool known = period_parse(bill->billing_period, &line.period);
    CHECK(known);
    result->bills = memory_reserve_one(result->bills, result->bill_count, &result->bill_capacity, sizeof *result->bills);
    result->bills[result->bill_count++] = line;
}

static bool sink_bill(void *context, const struct bill *bill, uint32_t group, struct error *error)
{
    struct run_sink *sink = context;
    struct log *log = sink->run->log;
    if (bill->usage_account_id.size == 0)
        keep_bill(sink->result, bill, group);
    return !sink->write || log->ops->produce(log, TOPIC_BILLS, TEXT_NONE, bill, error);
}

static bool sweep_all(struct price_run *run, const struct pricing *pricing, struct run_sink *sink, struct error *error)
{
    struct sweep_sink ports = { sink, sink_line_item, sink_bill };
    struct sweep *sweep;
    if (!sweep_open(run->fold, pricing, run->options.closings, &ports, &sweep, error))
        return false;
    rule_use_begin(&sink->rules_used, pricing->conductor);
    bool done = false, going = true;
    while (!done && going) {
        going = sweep_step(sweep, SWEEP_ROWS, &done, error);
        report_progress(run, "pricing", sweep_counts(sweep)->rows);
    }
    sink->result->sweep = *sweep_counts(sweep);
    sink->result->fold = *fold_counts(run->fold);
    sink->result->unmatched = rule_use_unmatched(&sink->rules_used, &sink->result->texts, &sink->result->unmatched_count);
    rule_use_done(&sink->rules_used);
    sweep_close(sweep);
    return going;
}

bool price_run_compute(struct price_run *run, const struct pricing *pricing, struct price_run_result *result,
                       struct error *error)
{
    *result = (struct price_run_result){ 0 };
    struct run_sink sink = { .run = run, .result = result };
    return sweep_all(run, pricing, &sink, error);
}

/* ---- writing ---- */

struct report_count {
    const struct price_run *run;
    struct price_run_result *result;
};

static void count_report(void *context)
{
    struct report_count *count = context;
    report_progress(count->run, "writing reports", ++count->result->cur_report_count);
}

static bool write_reports(struct price_run *run, const struct pricing *pricing, struct cur_spool *spool,
                          billing_period period, struct price_run_result *result, struct error *error)
{
    struct report_count count = { run, result };
    struct run_reports reports = {
        .spool = spool,
        .output = file_log_output(run->log),
        .conductor = pricing->conductor,
        .period = period,
        .threads = run->options.files.threads,
        .context = &count,
        .begun = count_report,
    };
    return cur_spool_finish(spool, error) && run_reports_write(&reports, error);
}

static bool write_beside(const struct price_run *run, const char *name, struct text bytes, struct error *error)
{
    struct buffer path = { 0 };
    FILE *file;
    buffer_printf(&path, "%s/%s", output_dir_partial(file_log_output(run->log)), name);
    bool done = file_create(path.data, &file, error);
    if (done) {
        done = file_write(file, path.data, bytes, error);
        done = file_close(file, path.data, error) && done;
    }
    buffer_done(&path);
    return done;
}

/* And the document, so that the folder says by itself what its groups are. */
static bool write_summary(struct price_run *run, const struct pricing *pricing, const struct price_run_result *result,
                          struct error *error)
{
    struct buffer bytes = { 0 };
    summary_write(&bytes, result, pricing->conductor);
    bool done = (!run->options.document.size || write_beside(run, "conductor.json", run->options.document, error)) &&
                write_beside(run, "summary.json", buffer_text(&bytes), error);
    buffer_done(&bytes);
    return done;
}

bool price_run_write(struct price_run *run, const struct pricing *pricing, struct price_run_result *result,
                     struct error *error)
{
    *result = (struct price_run_result){ 0 };
    struct run_sink sink = { .run = run, .result = result, .write = true };
    const struct periods *closings = run->options.closings;
    sink.spools = memory_new_array(closings->count + 1, sizeof *sink.spools);
    for (size_t i = 0; i < closings->count; i++)
        sink.spools[i] = cur_spool_new(run->rocks, closings->items[i]);
    bool done = sweep_all(run, pricing, &sink, error);
    for (size_t i = 0; i < closings->count; i++) {
        done = done && write_reports(run, pricing, sink.spools[i], closings->items[i], result, error);
        cur_spool_free(sink.spools[i]);
    }
    free(sink.spools);
    done = done && write_summary(run, pricing, result, error);
    cur_row_builder_done(&sink.rows);
    /* The store goes before its folder does. */
    fold_free(run->fold);
    run->fold = NULL;
    rocks_close(run->rocks);
    run->rocks = NULL;
    return done && run->log->ops->commit(run->log, error);
}

void price_run_close(struct price_run *run)
{
    if (!run)
        return;
    deliveries_free(run->deliveries);
    fold_free(run->fold);
    rocks_close(run->rocks);
    if (run->state && run->state_is_temporary)
        remove_tree(run->state);
    if (run->log)
        run->log->ops->close(run->log);
    free(run->state);
    buffer_done(&run->facts);
    buffer_done(&run->scratch);
    free(run);
}

void price_run_result_done(struct price_run_result *result)
{
    free(result->bills);
    arena_done(&result->texts);
    *result = (struct price_run_result){ 0 };
}
