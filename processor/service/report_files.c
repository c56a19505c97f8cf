/* service/report_files.c: manifest, rows, checksum, files. */
#include "service/report_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/cur_manifest.h"
#include "cur/cur_files.h"
#include "cur/cur_rows.h"
#include "log/output_dir.h"
#include "model/account.h"

#define STORE_BYTES ((size_t)32 * 1024 * 1024)

/* What reading the two topics comes to. */
struct report_work {
    const struct report_port *port;
    struct text group;
    billing_period period;
    char key[128]; /* of the group's manifest */
    struct arena arena, row_arena;
    struct cur_manifest manifest;
    bool has_manifest;
    struct cur_spool *spool;
    struct buffer scratch;
    struct hash128 checksum;
    uint64_t rows;
};

static bool take_manifest(void *context, const struct stream_record *record, struct error *error)
{
    struct report_work *work = context;
    if (record->is_null || !text_equal(record->key, text_of(work->key)))
        return true;
    arena_reset(&work->arena);
    work->has_manifest = true;
    return wire_decode_manifest(work->port->wire, record->value, &work->manifest, &work->arena, error);
}

/* Keys are group / period / account. */
static bool is_of_group(const struct report_work *work, struct text key)
{
    struct text prefix = text_of(work->key);
    return key.size > prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
}

static bool take_row(void *context, const struct stream_record *record, struct error *error)
{
    struct report_work *work = context;
    struct cur_row row;
    struct refusal refusal;
    arena_reset(&work->row_arena);
    if (record->is_null || !is_of_group(work, record->key))
        return true;
    if (wire_decode(work->port->wire, &cur_row_type, record->value, &row, &work->row_arena, &refusal, error) != WIRE_DONE)
        return error_fail(error, ERROR_FAILED, "cur partition %d, offset %lld: no report row", record->partition,
                          (long long)record->offset);
    if (!text_equal(row.billing_group, work->group) || !cur_manifest_has(&work->manifest, row.snapshot_id))
        return true;
    work->rows++;
    checksum_add(&work->checksum, cur_row_hash(&row, &work->scratch));
    return cur_spool_add(work->spool, 0, &row, error);
}

static bool check(const struct report_work *work, struct error *error)
{
    char checksum[33];
    snprintf(checksum, sizeof checksum, "%016llx%016llx", (unsigned long long)work->checksum.high,
             (unsigned long long)work->checksum.low);
    if (work->rows != (uint64_t)work->manifest.rows || !text_equal(text_of(checksum), work->manifest.checksum))
        return error_fail(
            error, ERROR_FAILED, "the topic holds %llu rows with checksum %s, the manifest says %lld with %.*s",
            (unsigned long long)work->rows, checksum, (long long)work->manifest.rows, TEXT_ARGS(work->manifest.checksum));
    return true;
}

static bool find_manifest(struct report_work *work, struct error *error)
{
    char period[TIME_TEXT_MAX];
    period_format(work->period, period);
    snprintf(work->key, sizeof work->key, "%.*s/%s/", TEXT_ARGS(work->group), period);
    for (int32_t p = 0; p < work->port->manifest_partitions; p++)
        if (!work->port->read(work->port->context, STREAM_CUR_MANIFESTS, p, take_manifest, work, error))
            return false;
    return work->has_manifest ||
           error_fail(error, ERROR_FAILED, "group %.*s has no report for %s; proforma status tells what a close waits for",
                      TEXT_ARGS(work->group), period);
}

static bool write_reports(struct report_work *work, const struct output_dir *output, struct error *error)
{
    size_t count;
    struct cur_report *reports = cur_spool_reports(work->spool, &count);
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        char account[ACCOUNT_DIGITS + 1] = "";
        struct buffer relative = { 0 }, folder = { 0 };
        bool whole = reports[i].account == CUR_WHOLE_GROUP;
        if (!whole)
            account_format(reports[i].account, account);
        buffer_printf(&relative, "%.*s%s%s", TEXT_ARGS(work->group), whole ? "" : "/accounts/", account);
        buffer_printf(&folder, "%s/%s", output_dir_partial(output), relative.data);
        struct cur_report_files files = { .folder = folder.data,
                                          .name = whole ? work->group : text_of(account),
                                          .period = work->period,
                                          .payer = work->manifest.payer_account_id,
                                          .currency = work->manifest.currency,
                                          .document_hash = work->manifest.document_hash,
                                          .conductor_version = work->manifest.conductor_version,
                                          .revision = work->manifest.revision };
        struct cur_report_totals totals;
        done = output_dir_make(output, relative.data, error) &&
               cur_files_write(work->spool, reports[i], &files, &totals, error);
        buffer_done(&relative);
        buffer_done(&folder);
    }
    free(reports);
    return done;
}

static bool write_all(struct report_work *work, const char *out, struct error *error)
{
    struct output_dir *output;
    struct rocks *rocks = NULL;
    struct rocks_options options = { STORE_BYTES, STORE_BYTES };
    struct buffer state = { 0 };
    if (!output_dir_open(out, &output, error))
        return false;
    buffer_printf(&state, "%s/state", output_dir_partial(output));
    bool done = rocks_open(state.data, &options, &rocks, error);
    if (done) {
        work->spool = cur_spool_new(rocks, work->period);
        done = work->port->read(work->port->context, STREAM_CUR, (int32_t)work->manifest.offsets.partition, take_row, work,
                                error) &&
               cur_spool_finish(work->spool, error) && check(work, error) && write_reports(work, output, error);
        cur_spool_free(work->spool);
        rocks_close(rocks);
    }
    buffer_done(&state);
    if (done && output_dir_publish(output, work->group.data, error)) {
        output_dir_close(output);
        return true;
    }
    output_dir_discard(output);
    return false;
}

bool report_files_write(const struct report_port *port, struct text group, billing_period period, const char *out,
                        uint64_t *ret_rows, struct error *error)
{
    struct report_work work = { .port = port, .group = group, .period = period };
    bool done = find_manifest(&work, error) && write_all(&work, out, error);
    *ret_rows = work.rows;
    arena_done(&work.arena);
    arena_done(&work.row_arena);
    buffer_done(&work.scratch);
    return done;
}
