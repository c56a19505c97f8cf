/* cur/cur_files.c: two passes over a report: what is in it, then the rows. */
#include "cur/cur_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "aggregate/totals.h"
#include "base/file.h"
#include "codec/json_write.h"
#include "cur/cur_columns.h"
#include "cur/cur_rows.h"
#include "model/account.h"

#define CSV_BUFFER_BYTES ((size_t)64 * 1024)

/* What the first pass finds. */
struct survey {
    struct intern keys;
    struct text *tag_keys; /* sorted */
    struct totals totals;  /* by account and service */
    struct sum cost;
    struct hash128 checksum;
    uint64_t rows;
};

static void survey_row(struct survey *survey, const struct cur_row *row, struct buffer *scratch)
{
    for (size_t i = 0; i < row->resource_tags.count; i++)
        intern_add(&survey->keys, row->resource_tags.items[i].key);
    struct total *total = totals_get(&survey->totals, 0, account_parse(row->line_item_usage_account_id),
                                     row->line_item_product_code, TEXT_NONE);
    total->charged_rows++;
    sum_add_sum(&total->cost, &row->line_item_unblended_cost);
    sum_add_sum(&survey->cost, &row->line_item_unblended_cost);
    checksum_add(&survey->checksum, cur_row_hash(row, scratch));
    survey->rows++;
}

static int compare_texts(const void *left, const void *right)
{
    return text_compare(*(const struct text *)left, *(const struct text *)right);
}

static bool survey_report(const struct cur_spool *spool, struct cur_report report, struct survey *survey,
                          struct error *error)
{
    struct cur_reader *reader = NULL;
    struct buffer scratch = { 0 };
    struct cur_row row;
    bool found, done = cur_reader_open(spool, report, &reader, error);
    while (done && (done = cur_reader_next(reader, &row, &found, error)) && found)
        survey_row(survey, &row, &scratch);
    buffer_done(&scratch);
    cur_reader_close(reader);
    survey->tag_keys = memory_new_array(survey->keys.count, sizeof *survey->tag_keys);
    for (size_t i = 0; i < survey->keys.count; i++)
        survey->tag_keys[i] = intern_text(&survey->keys, (uint32_t)i);
    qsort(survey->tag_keys, survey->keys.count, sizeof *survey->tag_keys, compare_texts);
    totals_sort(&survey->totals);
    return done;
}

static void survey_done(struct survey *survey)
{
    intern_done(&survey->keys);
    free(survey->tag_keys);
    totals_done(&survey->totals);
}

/* ---- gzip with checked writes; zlib's header has no time and no name ---- */

struct gzip_file {
    char *path;
    int descriptor;
    gzFile gzip;
};

static bool gzip_fail(const struct gzip_file *file, struct error *error)
{
    return error_fail(error, ERROR_FAILED, "%s: cannot write: %s", file->path, strerror(errno));
}

static bool gzip_create(struct gzip_file *file, const char *path, struct error *error)
{
    file->path = memory_copy_string(path);
    file->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int again = file->descriptor < 0 ? -1 : dup(file->descriptor);
    file->gzip = again < 0 ? NULL : gzdopen(again, "wb6");
    return file->gzip || gzip_fail(file, error);
}

static bool gzip_write(struct gzip_file *file, struct buffer *bytes, struct error *error)
{
    bool done = bytes->size == 0 || gzwrite(file->gzip, bytes->data, (unsigned)bytes->size) == (int)bytes->size ||
                gzip_fail(file, error);
    buffer_clear(bytes);
    return done;
}

static bool gzip_close(struct gzip_file *file, struct error *error)
{
    bool done = !file->gzip || gzclose(file->gzip) == Z_OK;
    done = file->descriptor < 0 || (fsync(file->descriptor) == 0 && done);
    if (!done)
        gzip_fail(file, error);
    if (file->descriptor >= 0)
        close(file->descriptor);
    free(file->path);
    *file = (struct gzip_file){ .descriptor = -1 };
    return done;
}

/* ---- the rows ---- */

struct csv_writer {
    const struct survey *survey;
    const char *folder;
    struct text name;
    struct gzip_file file;
    struct buffer bytes, path;
    uint64_t rows, files;
};

static bool next_file(struct csv_writer *writer, struct error *error)
{
    if (writer->files > 0 && (!gzip_write(&writer->file, &writer->bytes, error) || !gzip_close(&writer->file, error)))
        return false;
    writer->files++;
    buffer_clear(&writer->path);
    buffer_printf(&writer->path, "%s/%.*s-%05llu.csv.gz", writer->folder, TEXT_ARGS(writer->name),
                  (unsigned long long)writer->files);
    if (!gzip_create(&writer->file, writer->path.data, error))
        return false;
    cur_write_heading(&writer->bytes, writer->survey->tag_keys, writer->survey->keys.count);
    return true;
}

static bool write_rows(struct csv_writer *writer, struct cur_reader *reader, struct error *error)
{
    struct cur_row row;
    bool found;
    for (;;) {
        if (!cur_reader_next(reader, &row, &found, error))
            return false;
        if (!found)
            break;
        if (writer->rows % CUR_ROWS_PER_FILE == 0 && !next_file(writer, error))
            return false;
        cur_write_row(&writer->bytes, &row, writer->survey->tag_keys, writer->survey->keys.count);
        writer->rows++;
        if (writer->bytes.size >= CSV_BUFFER_BYTES && !gzip_write(&writer->file, &writer->bytes, error))
            return false;
    }
    return (writer->files > 0 || next_file(writer, error)) && gzip_write(&writer->file, &writer->bytes, error);
}

static bool write_csv(const struct cur_spool *spool, struct cur_report report, struct csv_writer *writer,
                      struct error *error)
{
    struct cur_reader *reader = NULL;
    bool done = cur_reader_open(spool, report, &reader, error) && write_rows(writer, reader, error);
    struct error ignored;
    done = gzip_close(&writer->file, done ? error : &ignored) && done;
    cur_reader_close(reader);
    buffer_done(&writer->bytes);
    buffer_done(&writer->path);
    return done;
}

/* ---- the manifest ---- */

static void write_string(struct buffer *out, const char *name, struct text value)
{
    buffer_printf(out, "\"%s\":", name);
    json_write_text(out, value);
    buffer_append_byte(out, ',');
}

static void write_columns(struct buffer *out, const struct survey *survey)
{
    buffer_append_text(out, TEXT("\"columns\":["));
    for (size_t i = 0; i < cur_column_count; i++)
        buffer_printf(out, "%s{\"category\":\"%s\",\"name\":\"%s\"}", i ? "," : "", cur_columns[i].category,
                      cur_columns[i].name);
    for (size_t i = 0; i < survey->keys.count; i++) {
        buffer_append_text(out, TEXT(",{\"category\":\"resourceTags\",\"name\":"));
        json_write_text(out, survey->tag_keys[i]);
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, TEXT("],"));
}

static void write_totals(struct buffer *out, const struct survey *survey)
{
    buffer_append_text(out, TEXT("\"totals\":["));
    for (size_t i = 0; i < survey->totals.count; i++) {
        const struct total *total = &survey->totals.items[i];
        char account[ACCOUNT_DIGITS + 1];
        account_format(total->key.account, account);
        buffer_printf(out, "%s{\"usage_account_id\":\"%s\",\"product_code\":", i ? "," : "", account);
        json_write_text(out, total_service(&survey->totals, total));
        buffer_printf(out, ",\"rows\":%llu,\"cost\":", (unsigned long long)total->charged_rows);
        json_write_sum(out, &total->cost, COST_SCALE);
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, TEXT("],"));
}

static void format_hash(struct hash128 hash, char out[33])
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
}

/* Ids that follow from the content: the same report has the same ones wherever it is made. */
static void write_ids(struct buffer *out, const struct survey *survey, const struct cur_report_files *files)
{
    char period[TIME_TEXT_MAX], checksum[33], report[33], assembly[33];
    struct buffer identity = { 0 };
    period_format(files->period, period);
    format_hash(survey->checksum, checksum);
    buffer_printf(&identity, "report/%.*s", TEXT_ARGS(files->name));
    struct hash128 first = hash128(identity.data, identity.size);
    buffer_append_byte(&identity, '+');
    struct hash128 second = hash128(identity.data, identity.size);
    format_hash(first, report);
    buffer_printf(out, "\"reportId\":\"%s", report);
    format_hash(second, report);
    buffer_printf(out, "%s\",", report);
    buffer_printf(&identity, "/%s/%s/%.*s", period, checksum, TEXT_ARGS(files->document_hash));
    format_hash(hash128(identity.data, identity.size), assembly);
    buffer_printf(out, "\"assemblyId\":\"%.8s-%.4s-%.4s-%.4s-%.12s\",", assembly, assembly + 8, assembly + 12, assembly + 16,
                  assembly + 20);
    buffer_done(&identity);
}

static void write_keys(struct buffer *out, const struct cur_report_files *files, const char *dates, uint64_t count)
{
    buffer_append_text(out, TEXT("\"reportKeys\":["));
    for (uint64_t i = 1; i <= count; i++)
        buffer_printf(out, "%s\"%s/%.*s-%05llu.csv.gz\"", i > 1 ? "," : "", dates, TEXT_ARGS(files->name),
                      (unsigned long long)i);
    buffer_append_text(out, TEXT("],"));
}

static void write_manifest(struct buffer *out, const struct survey *survey, const struct cur_report_files *files,
                           const char *dates, const struct cur_report_totals *totals)
{
    char checksum[33], start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
    time_format_date(period_start(files->period), start);
    time_format_date(period_end(files->period), end);
    format_hash(survey->checksum, checksum);
    buffer_append_byte(out, '{');
    write_ids(out, survey, files);
    write_string(out, "account", files->payer);
    write_columns(out, survey);
    buffer_append_text(out, TEXT("\"charset\":\"UTF-8\",\"compression\":\"GZIP\",\"contentType\":\"text/csv\","));
    write_string(out, "reportName", files->name);
    buffer_printf(out, "\"billingPeriod\":{\"start\":\"%sT000000.000Z\",\"end\":\"%sT000000.000Z\"},\"bucket\":\"\",", start,
                  end);
    write_keys(out, files, dates, totals->files);
    buffer_append_text(out, TEXT("\"additionalArtifactKeys\":[],"));
    buffer_printf(out, "\"revision\":%lld,\"conductorVersion\":%lld,", (long long)files->revision,
                  (long long)files->conductor_version);
    write_string(out, "documentHash", files->document_hash);
    write_string(out, "currency", files->currency);
    buffer_printf(out, "\"rows\":%llu,\"cost\":", (unsigned long long)totals->rows);
    json_write_sum(out, &totals->cost, COST_SCALE);
    buffer_append_byte(out, ',');
    write_totals(out, survey);
    buffer_printf(out, "\"checksum\":\"%s\"}\n", checksum);
}

static bool write_manifest_file(const struct survey *survey, const struct cur_report_files *files, const char *dates,
                                const char *folder, const struct cur_report_totals *totals, struct error *error)
{
    struct buffer path = { 0 }, bytes = { 0 };
    FILE *file;
    buffer_printf(&path, "%s/%.*s-Manifest.json", folder, TEXT_ARGS(files->name));
    write_manifest(&bytes, survey, files, dates, totals);
    bool done = file_create(path.data, &file, error);
    if (done) {
        done = file_write(file, path.data, buffer_text(&bytes), error);
        done = file_close(file, path.data, error) && done;
    }
    buffer_done(&path);
    buffer_done(&bytes);
    return done;
}

bool cur_files_write(const struct cur_spool *spool, struct cur_report report, const struct cur_report_files *files,
                     struct cur_report_totals *totals, struct error *error)
{
    char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
    struct buffer folder = { 0 }, dates = { 0 };
    time_format_date(period_start(files->period), start);
    time_format_date(period_end(files->period), end);
    buffer_printf(&dates, "%s-%s", start, end);
    buffer_printf(&folder, "%s/%s", files->folder, dates.data);
    struct survey survey = { 0 };
    struct csv_writer writer = { .survey = &survey, .folder = folder.data, .name = files->name, .file.descriptor = -1 };
    bool done = mkdir(folder.data, 0755) == 0 || errno == EEXIST ||
                error_fail(error, ERROR_FAILED, "%s: cannot make the folder: %s", folder.data, strerror(errno));
    done = done && survey_report(spool, report, &survey, error) && write_csv(spool, report, &writer, error);
    totals->cost = survey.cost;
    totals->rows = writer.rows;
    totals->files = writer.files;
    done = done && write_manifest_file(&survey, files, dates.data, folder.data, totals, error);
    survey_done(&survey);
    buffer_done(&folder);
    buffer_done(&dates);
    return done;
}
