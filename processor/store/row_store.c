/* store/row_store.c: sorted runs in, one sorted stream out. */
#include "store/row_store.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/row_run.h"

struct row_store {
    const struct rocks *rocks;
    struct row_table *table;
    struct row_runs *runs; /* NULL: none yet */
    uint32_t begun;        /* runs, finished or not */
    /* The run that a thread is writing. */
    struct row_table *beside; /* its rows; NULL: there never was one */
    pthread_t thread;
    bool is_writing, written;
    struct error error;
};

struct row_store *row_store_new(const struct rocks *rocks, struct row_table *table)
{
    struct row_store *store = memory_new(sizeof *store);
    store->rocks = rocks;
    store->table = table;
    return store;
}

uint32_t row_store_runs(const struct row_store *store)
{
    return store->begun;
}

/* Writes the rows as a run and forgets them. */
static bool write_run(struct row_runs *runs, struct row_table *table, struct error *error)
{
    struct row_run_writer *writer = row_run_begin(runs);
    row_table_sort(table);
    bool done = true;
    for (size_t i = 0; i < row_table_count(table) && done; i++) {
        struct row_view row;
        row_table_view(table, i, &row);
        done = row_run_add(writer, &row, error);
    }
    if (done)
        done = row_run_finish(writer, error);
    else
        row_run_drop(writer);
    row_table_reset(table);
    return done;
}

static bool begin_run(struct row_store *store, struct error *error)
{
    if (!store->runs && !row_runs_new(rocks_directory(store->rocks), &store->runs, error))
        return false;
    store->begun++;
    return true;
}

/* ---- beside ---- */

static void *write_beside(void *context)
{
    struct row_store *store = context;
    store->written = write_run(store->runs, store->beside, &store->error);
    return NULL;
}

/* Whether the run that was being written has been. */
static bool wait_for_run(struct row_store *store, struct error *error)
{
    if (!store->is_writing)
        return true;
    pthread_join(store->thread, NULL);
    store->is_writing = false;
    if (!store->written)
        *error = store->error;
    return store->written;
}

bool row_store_spill(struct row_store *store, struct error *error)
{
    return wait_for_run(store, error) && begin_run(store, error) && write_run(store->runs, store->table, error);
}

bool row_store_spill_beside(struct row_store *store, struct error *error)
{
    if (!wait_for_run(store, error) || !begin_run(store, error))
        return false;
    if (!store->beside)
        store->beside = row_table_new_like(store->table);
    row_table_swap(store->table, store->beside);
    store->is_writing = pthread_create(&store->thread, NULL, write_beside, store) == 0;
    return store->is_writing || write_run(store->runs, store->beside, error);
}

void row_store_free(struct row_store *store)
{
    if (!store)
        return;
    struct error ignored;
    bool written = wait_for_run(store, &ignored);
    (void)written; /* nobody asks for it any more */
    row_table_free(store->beside);
    row_runs_free(store->runs);
    free(store);
}

/* Runs stand in a heap by their rows at hand. The row given out last is still its run's, unless its texts were copied. */
struct row_cursor {
    struct row_store *store;
    size_t position; /* in the table, where nothing was spilled */
    struct row_run_reader *readers;
    size_t reader_count;
    struct row_run_reader **heap;
    size_t heap_count;
    bool is_given;                    /* the heap's least row, which goes on with the next call */
    struct buffer texts, description; /* of a row that several runs have parts of */
};

/* Parts of a row in the order in which they came. */
static bool goes_before(const struct row_run_reader *a, const struct row_run_reader *b)
{
    int order = row_view_compare(a->row, b->row);
    return order ? order < 0 : a->run < b->run;
}

static void sift_down(struct row_cursor *cursor, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < cursor->heap_count; child++)
            if (goes_before(cursor->heap[child], cursor->heap[least]))
                least = child;
        if (least == at)
            return;
        struct row_run_reader *moved = cursor->heap[at];
        cursor->heap[at] = cursor->heap[least];
        cursor->heap[least] = moved;
        at = least;
    }
}

static bool open_runs(struct row_cursor *cursor, struct error *error)
{
    const struct row_runs *runs = cursor->store->runs;
    size_t count = row_runs_count(runs);
    cursor->readers = memory_new_array(count, sizeof *cursor->readers);
    cursor->heap = memory_new_array(count, sizeof *cursor->heap);
    for (; cursor->reader_count < count; cursor->reader_count++) {
        struct row_run_reader *reader = &cursor->readers[cursor->reader_count];
        row_run_open(reader, runs, cursor->reader_count);
        if (!row_run_next(reader, error)) {
            cursor->reader_count++;
            return false;
        }
        if (reader->row)
            cursor->heap[cursor->heap_count++] = reader;
    }
    for (size_t i = cursor->heap_count / 2; i-- > 0;)
        sift_down(cursor, i);
    return true;
}

bool row_cursor_open(struct row_store *store, struct row_cursor **ret_cursor, struct error *error)
{
    if (!wait_for_run(store, error))
        return false;
    if (store->runs && row_table_count(store->table) > 0 && !row_store_spill(store, error))
        return false;
    struct row_cursor *cursor = memory_new(sizeof *cursor);
    cursor->store = store;
    *ret_cursor = cursor;
    if (!store->runs) {
        row_table_sort(store->table);
        return true;
    }
    if (open_runs(cursor, error))
        return true;
    row_cursor_close(cursor);
    return false;
}

/* Takes the least row off the heap. */
static bool pop_row(struct row_cursor *cursor, struct error *error)
{
    if (!row_run_next(cursor->heap[0], error))
        return false;
    if (!cursor->heap[0]->row)
        cursor->heap[0] = cursor->heap[--cursor->heap_count];
    sift_down(cursor, 0);
    return true;
}

/* Copies a row's texts, so that pages may come and go while its other parts are folded in. */
static void own_texts(struct buffer *texts, struct row_view *view)
{
    struct text *const owned[] = { &view->resource, &view->facts, &view->description };
    buffer_clear(texts);
    buffer_reserve(texts, view->resource.size + view->facts.size + view->description.size);
    for (size_t i = 0; i < ARRAY_COUNT(owned); i++) {
        size_t at = texts->size;
        buffer_append_text(texts, *owned[i]);
        owned[i]->data = texts->data + at;
    }
}

static void fold_part(struct row_cursor *cursor, struct row_view *view, const struct row_view *part)
{
    const char *kept = view->description.data;
    row_view_fold(view, part);
    if (view->description.data == kept)
        return;
    buffer_clear(&cursor->description);
    buffer_append_text(&cursor->description, view->description);
    view->description = buffer_text(&cursor->description);
}

/* Whether the row behind the heap's least one is a part of the same. */
static bool has_parts(const struct row_cursor *cursor)
{
    for (size_t child = 1; child <= 2 && child < cursor->heap_count; child++)
        if (row_view_compare(cursor->heap[0]->row, cursor->heap[child]->row) == 0)
            return true;
    return false;
}

static bool fold_parts(struct row_cursor *cursor, struct row_view *view, struct error *error)
{
    own_texts(&cursor->texts, view);
    if (!pop_row(cursor, error))
        return false;
    while (cursor->heap_count > 0 && row_view_compare(view, cursor->heap[0]->row) == 0) {
        fold_part(cursor, view, cursor->heap[0]->row);
        if (!pop_row(cursor, error))
            return false;
    }
    return true;
}

static bool next_merged(struct row_cursor *cursor, struct row_view *view, bool *found, struct error *error)
{
    if (cursor->is_given && !pop_row(cursor, error))
        return false;
    *found = cursor->heap_count > 0;
    cursor->is_given = false;
    if (!*found)
        return true;
    *view = *cursor->heap[0]->row;
    if (has_parts(cursor))
        return fold_parts(cursor, view, error);
    cursor->is_given = true;
    return true;
}

bool row_cursor_next(struct row_cursor *cursor, struct row_view *view, bool *found, struct error *error)
{
    if (cursor->store->runs)
        return next_merged(cursor, view, found, error);
    *found = cursor->position < row_table_count(cursor->store->table);
    if (*found)
        row_table_view(cursor->store->table, cursor->position++, view);
    return true;
}

void row_cursor_close(struct row_cursor *cursor)
{
    if (!cursor)
        return;
    for (size_t i = 0; i < cursor->reader_count; i++)
        row_run_close(&cursor->readers[i]);
    free(cursor->readers);
    free(cursor->heap);
    buffer_done(&cursor->texts);
    buffer_done(&cursor->description);
    free(cursor);
}
