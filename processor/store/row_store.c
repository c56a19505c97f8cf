/* store/row_store.c: sorted runs in, one sorted stream out. */
#include "store/row_store.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/page.h"

#define BATCH_BYTES ((size_t)1024 * 1024)

struct row_store {
    struct rocks *rocks;
    struct row_table *table;
    uint32_t runs;
    /* The run that a thread is writing. */
    struct row_table *beside; /* its rows; NULL: there never was one */
    uint32_t run;
    pthread_t thread;
    bool is_writing, written;
    struct error error;
};

struct row_store *row_store_new(struct rocks *rocks, struct row_table *table)
{
    struct row_store *store = memory_new(sizeof *store);
    store->rocks = rocks;
    store->table = table;
    return store;
}

uint32_t row_store_runs(const struct row_store *store)
{
    return store->runs;
}

/* What writing a run holds. */
struct run_writer {
    struct rocks *rocks;
    uint32_t run;
    struct rocks_batch *batch;
    struct page_writer page;
    struct buffer key;
    billing_period period; /* of the last page written */
    int64_t bucket_ms;
    uint64_t account;
    bool any;
};

static bool flush_page(struct run_writer *writer, struct error *error)
{
    if (writer->page.row_count == 0)
        return true;
    rocks_batch_put(writer->batch, buffer_text(&writer->key), page_value(&writer->page));
    page_clear(&writer->page);
    return rocks_batch_bytes(writer->batch) < BATCH_BYTES || rocks_write(writer->rocks, writer->batch, error);
}

static bool write_row(struct run_writer *writer, const struct row_view *row, struct error *error)
{
    if (!page_takes(&writer->page, row)) {
        if (!flush_page(writer, error))
            return false;
        bool same = writer->any && writer->period == row->period && writer->bucket_ms == row->bucket_ms &&
                    writer->account == row->account;
        writer->any = true;
        writer->period = row->period;
        writer->bucket_ms = row->bucket_ms;
        writer->account = row->account;
        buffer_clear(&writer->key);
        page_key(&writer->key, row, !same, writer->run);
    }
    page_add(&writer->page, row);
    return true;
}

static bool write_run(struct rocks *rocks, struct row_table *table, uint32_t run, struct error *error)
{
    struct run_writer writer = { .rocks = rocks, .run = run, .batch = rocks_batch_new() };
    row_table_sort(table);
    bool done = true;
    for (size_t i = 0; i < row_table_count(table) && done; i++) {
        struct row_view row;
        row_table_view(table, i, &row);
        done = write_row(&writer, &row, error);
    }
    done = done && flush_page(&writer, error) && rocks_write(rocks, writer.batch, error);
    rocks_batch_free(writer.batch);
    page_writer_done(&writer.page);
    buffer_done(&writer.key);
    row_table_reset(table);
    return done;
}

bool row_store_spill(struct row_store *store, struct error *error)
{
    return write_run(store->rocks, store->table, store->runs++, error);
}

/* ---- beside ---- */

static void *write_beside(void *context)
{
    struct row_store *store = context;
    store->written = write_run(store->rocks, store->beside, store->run, &store->error);
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

bool row_store_spill_beside(struct row_store *store, struct error *error)
{
    if (!wait_for_run(store, error))
        return false;
    if (!store->beside)
        store->beside = row_table_new_like(store->table);
    row_table_swap(store->table, store->beside);
    store->run = store->runs++;
    store->is_writing = pthread_create(&store->thread, NULL, write_beside, store) == 0;
    return store->is_writing || write_run(store->rocks, store->beside, store->run, error);
}

void row_store_free(struct row_store *store)
{
    if (!store)
        return;
    struct error ignored;
    bool written = wait_for_run(store, &ignored);
    (void)written; /* nobody asks for it any more */
    row_table_free(store->beside);
    free(store);
}

struct open_page {
    struct page page;
    size_t at;
};

/*
 * Pages come from the iterator in the order of their first rows. A page is opened before any row that is not below its
 * first one goes out; open pages stand in a heap by their next row.
 */
struct row_cursor {
    struct row_store *store;
    size_t position; /* in the table, where nothing was spilled */
    struct rocks_iterator *iterator;
    bool has_next; /* `next` is a page that no row has been asked of yet */
    struct open_page *next;
    struct open_page **heap;
    size_t heap_count, heap_capacity;
    struct open_page *spent; /* its first rows were given out; may be read again from the next call on */
    struct open_page **spare;
    size_t spare_count, spare_capacity;
    struct buffer texts, description; /* of the row given out last */
};

static bool read_next_page(struct row_cursor *cursor, struct error *error)
{
    struct text key, value;
    cursor->has_next = rocks_iterator_next(cursor->iterator, &key, &value);
    if (!cursor->has_next)
        return rocks_iterator_check(cursor->iterator, error);
    cursor->next = cursor->spare_count ? cursor->spare[--cursor->spare_count] : memory_new(sizeof *cursor->next);
    cursor->next->at = 0;
    return page_read(&cursor->next->page, key, value, error);
}

bool row_cursor_open(struct row_store *store, struct row_cursor **ret_cursor, struct error *error)
{
    if (!wait_for_run(store, error))
        return false;
    if (store->runs > 0 && row_table_count(store->table) > 0 && !row_store_spill(store, error))
        return false;
    struct row_cursor *cursor = memory_new(sizeof *cursor);
    cursor->store = store;
    *ret_cursor = cursor;
    if (store->runs == 0) {
        row_table_sort(store->table);
        return true;
    }
    const char prefix = PAGE_KEY_PREFIX;
    cursor->iterator = rocks_iterate(store->rocks, (struct text){ &prefix, 1 });
    if (read_next_page(cursor, error))
        return true;
    row_cursor_close(cursor);
    return false;
}

static const struct row_view *page_row(const struct open_page *page)
{
    return &page->page.rows[page->at];
}

/* Parts of a row in the order in which they came. */
static bool goes_before(const struct open_page *a, const struct open_page *b)
{
    int order = row_view_compare(page_row(a), page_row(b));
    return order ? order < 0 : a->page.run < b->page.run;
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
        struct open_page *moved = cursor->heap[at];
        cursor->heap[at] = cursor->heap[least];
        cursor->heap[least] = moved;
        at = least;
    }
}

static void heap_add(struct row_cursor *cursor, struct open_page *page)
{
    cursor->heap = memory_reserve_one(cursor->heap, cursor->heap_count, &cursor->heap_capacity, sizeof *cursor->heap);
    size_t at = cursor->heap_count++;
    cursor->heap[at] = page;
    while (at > 0 && goes_before(cursor->heap[at], cursor->heap[(at - 1) / 2])) {
        struct open_page *parent = cursor->heap[(at - 1) / 2];
        cursor->heap[(at - 1) / 2] = cursor->heap[at];
        cursor->heap[at] = parent;
        at = (at - 1) / 2;
    }
}

/* Whether the next page may hold a row that is not behind the heap's least one. The first pages of an hour and account
 * come in the order of their runs, not of their rows: they are due together. */
static bool next_is_due(const struct row_cursor *cursor)
{
    if (!cursor->has_next || cursor->heap_count == 0)
        return cursor->has_next;
    struct row_view bound = *page_row(cursor->next);
    if (cursor->next->page.opens_account)
        bound.resource = bound.facts = TEXT_NONE;
    return row_view_compare(&bound, page_row(cursor->heap[0])) <= 0;
}

static bool open_due_pages(struct row_cursor *cursor, struct error *error)
{
    while (next_is_due(cursor)) {
        heap_add(cursor, cursor->next);
        cursor->next = NULL;
        if (!read_next_page(cursor, error))
            return false;
    }
    return true;
}

static void recycle(struct row_cursor *cursor, struct open_page *page)
{
    cursor->spare = memory_reserve_one(cursor->spare, cursor->spare_count, &cursor->spare_capacity, sizeof *cursor->spare);
    cursor->spare[cursor->spare_count++] = page;
}

/* Takes the least row off the heap. Its page's bytes stay until `spent` is recycled by a later call. */
static void pop_row(struct row_cursor *cursor, struct row_view *view)
{
    struct open_page *page = cursor->heap[0];
    *view = *page_row(page);
    page->at++;
    if (page->at == page->page.row_count) {
        cursor->heap[0] = cursor->heap[--cursor->heap_count];
        if (cursor->spent)
            recycle(cursor, cursor->spent);
        cursor->spent = page;
    }
    if (cursor->heap_count)
        sift_down(cursor, 0);
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

static bool next_merged(struct row_cursor *cursor, struct row_view *view, bool *found, struct error *error)
{
    if (!open_due_pages(cursor, error))
        return false;
    *found = cursor->heap_count > 0;
    if (!*found)
        return true;
    pop_row(cursor, view);
    own_texts(&cursor->texts, view);
    for (;;) {
        if (!open_due_pages(cursor, error))
            return false;
        if (cursor->heap_count == 0 || row_view_compare(view, page_row(cursor->heap[0])) != 0)
            return true;
        struct row_view part;
        pop_row(cursor, &part);
        fold_part(cursor, view, &part);
    }
}

bool row_cursor_next(struct row_cursor *cursor, struct row_view *view, bool *found, struct error *error)
{
    if (cursor->iterator)
        return next_merged(cursor, view, found, error);
    *found = cursor->position < row_table_count(cursor->store->table);
    if (*found)
        row_table_view(cursor->store->table, cursor->position++, view);
    return true;
}

static void free_page(struct open_page *page)
{
    if (!page)
        return;
    page_done(&page->page);
    free(page);
}

void row_cursor_close(struct row_cursor *cursor)
{
    if (!cursor)
        return;
    rocks_iterator_close(cursor->iterator);
    for (size_t i = 0; i < cursor->heap_count; i++)
        free_page(cursor->heap[i]);
    for (size_t i = 0; i < cursor->spare_count; i++)
        free_page(cursor->spare[i]);
    free_page(cursor->next);
    free_page(cursor->spent);
    free(cursor->heap);
    free(cursor->spare);
    buffer_done(&cursor->texts);
    buffer_done(&cursor->description);
    free(cursor);
}
