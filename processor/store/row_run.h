/*
 * store/row_run.h: runs of rows, each in canonical order, one behind the other in a file without a name that goes with its
 * descriptor. A run is written as a whole, then read side by side with others; memory of a reader is a page.
 *
 * A page's frame: size (4), month (4), hour (4), hash of them and the value (8), all big-endian, and the value
 * (store/page.h). Threads: one writes, and any number read once it has finished.
 */
#ifndef STORE_ROW_RUN_H
#define STORE_ROW_RUN_H

#include "base/error.h"
#include "store/page.h"

struct row_runs;

/* Makes the file in `folder`. */
MUST_USE bool row_runs_new(const char *folder, struct row_runs **ret_runs, struct error *error);
void row_runs_free(struct row_runs *runs);
size_t row_runs_count(const struct row_runs *runs); /* finished ones */

struct row_run_writer;

/* One at a time. */
struct row_run_writer *row_run_begin(struct row_runs *runs);
/* Rows in canonical order. */
MUST_USE bool row_run_add(struct row_run_writer *writer, const struct row_view *row, struct error *error);
/* The run is there if this is true. Frees the writer, whatever it returns. */
MUST_USE bool row_run_finish(struct row_run_writer *writer, struct error *error);
void row_run_drop(struct row_run_writer *writer);

/* A run being read. `row` is the row at hand until the next call; NULL behind the last one. */
struct row_run_reader {
    const struct row_runs *runs;
    size_t run;
    uint64_t at, end; /* in the file */
    struct page page;
    size_t place;
    const struct row_view *row;
};

void row_run_open(struct row_run_reader *reader, const struct row_runs *runs, size_t run);
/* The first row, then one further each time. */
MUST_USE bool row_run_next(struct row_run_reader *reader, struct error *error);
void row_run_close(struct row_run_reader *reader);

#endif
