/* store/row_run.c: whole pages are appended, and read where they lie. */
#include "store/row_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "store/bytes.h"

#define WRITE_BYTES ((size_t)1024 * 1024)
#define FRAME_BYTES (4 + 4 + 4 + 8)

struct row_runs {
    char *path;
    int descriptor;
    uint64_t *ends; /* of each run; it begins where the one before ends */
    size_t count, capacity;
};

struct row_run_writer {
    struct row_runs *runs;
    uint64_t at; /* of `bytes` in the file */
    struct page_writer page;
    struct buffer bytes; /* frames that are not written yet */
};

bool row_runs_new(const char *folder, struct row_runs **ret_runs, struct error *error)
{
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/rows-XXXXXX", folder);
    int descriptor = mkostemp(path.data, O_CLOEXEC);
    if (descriptor < 0) {
        error_fail(error, ERROR_FAILED, "%s: cannot make a temporary file: %s", path.data, strerror(errno));
        buffer_done(&path);
        return false;
    }
    unlink(path.data);
    struct row_runs *runs = memory_new(sizeof *runs);
    runs->path = path.data;
    runs->descriptor = descriptor;
    *ret_runs = runs;
    return true;
}

void row_runs_free(struct row_runs *runs)
{
    if (!runs)
        return;
    close(runs->descriptor);
    free(runs->ends);
    free(runs->path);
    free(runs);
}

size_t row_runs_count(const struct row_runs *runs)
{
    return runs->count;
}

static uint64_t end_of(const struct row_runs *runs, size_t count)
{
    return count ? runs->ends[count - 1] : 0;
}

/* ---- writing ---- */

struct row_run_writer *row_run_begin(struct row_runs *runs)
{
    struct row_run_writer *writer = memory_new(sizeof *writer);
    writer->runs = runs;
    writer->at = end_of(runs, runs->count);
    return writer;
}

static bool write_bytes(struct row_run_writer *writer, struct error *error)
{
    struct text left = buffer_text(&writer->bytes);
    while (left.size > 0) {
        ssize_t written = pwrite(writer->runs->descriptor, left.data, left.size, (off_t)writer->at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_fail(error, ERROR_FAILED, "%s: cannot write: %s", writer->runs->path,
                              strerror(written < 0 ? errno : ENOSPC));
        left = (struct text){ left.data + written, left.size - (size_t)written };
        writer->at += (uint64_t)written;
    }
    buffer_clear(&writer->bytes);
    return true;
}

static uint64_t hash_of(struct text value, billing_period period, int64_t bucket_ms)
{
    return hash_mix(hash64(value.data, value.size), (uint64_t)period << 32 ^ (uint64_t)bucket_ms);
}

static void end_page(struct row_run_writer *writer)
{
    struct page_writer *page = &writer->page;
    struct text value = page_value(page);
    CHECK(value.size <= UINT32_MAX); /* a row is a record of bounded size */
    bytes_put_big_endian(&writer->bytes, value.size, 4);
    bytes_put_big_endian(&writer->bytes, (uint64_t)(uint32_t)page->period, 4);
    bytes_put_big_endian(&writer->bytes, (uint64_t)(page->bucket_ms / HOUR_MS), 4);
    bytes_put_big_endian(&writer->bytes, hash_of(value, page->period, page->bucket_ms), 8);
    buffer_append_text(&writer->bytes, value);
    page_clear(page);
}

bool row_run_add(struct row_run_writer *writer, const struct row_view *row, struct error *error)
{
    struct page_writer *page = &writer->page;
    bool takes = page_has_room(page) && page->period == row->period && page->bucket_ms == row->bucket_ms;
    if (page->row_count > 0 && !takes)
        end_page(writer);
    page_add(page, row);
    return writer->bytes.size < WRITE_BYTES || write_bytes(writer, error);
}

void row_run_drop(struct row_run_writer *writer)
{
    page_writer_done(&writer->page);
    buffer_done(&writer->bytes);
    free(writer);
}

bool row_run_finish(struct row_run_writer *writer, struct error *error)
{
    struct row_runs *runs = writer->runs;
    if (writer->page.row_count > 0)
        end_page(writer);
    bool done = write_bytes(writer, error);
    if (done) {
        runs->ends = memory_reserve_one(runs->ends, runs->count, &runs->capacity, sizeof *runs->ends);
        runs->ends[runs->count++] = writer->at;
    }
    row_run_drop(writer);
    return done;
}

/* ---- reading ---- */

void row_run_open(struct row_run_reader *reader, const struct row_runs *runs, size_t run)
{
    CHECK(run < runs->count);
    *reader = (struct row_run_reader){ .runs = runs, .run = run, .at = end_of(runs, run), .end = end_of(runs, run + 1) };
}

static bool read_bytes(struct row_run_reader *reader, char *bytes, size_t size, struct error *error)
{
    if (size > reader->end - reader->at)
        return error_fail(error, ERROR_FAILED, "%s: a page of %zu bytes where its run ends", reader->runs->path, size);
    while (size > 0) {
        ssize_t got = pread(reader->runs->descriptor, bytes, size, (off_t)reader->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", reader->runs->path,
                              got < 0 ? strerror(errno) : "it has become shorter");
        bytes += got;
        size -= (size_t)got;
        reader->at += (uint64_t)got;
    }
    return true;
}

static bool read_page(struct row_run_reader *reader, struct error *error)
{
    char frame[FRAME_BYTES];
    struct buffer *bytes = &reader->page.bytes;
    if (!read_bytes(reader, frame, sizeof frame, error))
        return false;
    size_t size = (size_t)bytes_big_endian(frame, 4);
    buffer_clear(bytes);
    if (!read_bytes(reader, buffer_reserve(bytes, size), size, error))
        return false;
    bytes->size = size;
    billing_period period = (billing_period)bytes_big_endian(frame + 4, 4);
    int64_t bucket_ms = (int64_t)bytes_big_endian(frame + 8, 4) * HOUR_MS;
    if (hash_of(buffer_text(bytes), period, bucket_ms) != bytes_big_endian(frame + 12, 8))
        return error_fail(error, ERROR_FAILED, "%s: a damaged page of %zu bytes", reader->runs->path, size);
    return page_take(&reader->page, period, bucket_ms, error);
}

bool row_run_next(struct row_run_reader *reader, struct error *error)
{
    reader->place += reader->row != NULL;
    reader->row = NULL;
    if (reader->place == reader->page.row_count) {
        if (reader->at == reader->end)
            return true;
        if (!read_page(reader, error))
            return false;
        reader->place = 0;
    }
    reader->row = &reader->page.rows[reader->place];
    return true;
}

void row_run_close(struct row_run_reader *reader)
{
    page_done(&reader->page);
}
