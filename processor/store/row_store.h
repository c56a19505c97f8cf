/*
 * store/row_store.h: all rows of a run in canonical order, whether they fit in memory or not.
 *
 * A table that has grown too large is written as a sorted run of pages and begun anew; a cursor merges the runs and
 * folds rows of one identity, so a row may be in several runs. Memory of a cursor: a page per run. Thread: one; a run may be
 * written by a thread beside it.
 */
#ifndef STORE_ROW_STORE_H
#define STORE_ROW_STORE_H

#include "aggregate/row.h"
#include "store/rocks.h"

struct row_store;

/* Borrows both. Runs lie in the folder of `rocks`, which is only asked for once something is spilled. */
struct row_store *row_store_new(const struct rocks *rocks, struct row_table *table);

/* Writes the table's rows as one more run and empties it. */
MUST_USE bool row_store_spill(struct row_store *store, struct error *error);

/* The same on a thread beside: the table is empty at once and may be filled again. Waits for the run before, whose failure
 * it tells; that of the last one is told by row_cursor_open. */
MUST_USE bool row_store_spill_beside(struct row_store *store, struct error *error);

uint32_t row_store_runs(const struct row_store *store);
void row_store_free(struct row_store *store);

struct row_cursor;

/* From the first row. No fold or spill may happen while the cursor is open. */
MUST_USE bool row_cursor_open(struct row_store *store, struct row_cursor **ret_cursor, struct error *error);

/* *found is false behind the last row. The view lives until the next call. */
MUST_USE bool row_cursor_next(struct row_cursor *cursor, struct row_view *view, bool *found, struct error *error);
void row_cursor_close(struct row_cursor *cursor);

#endif
