/* store/id_runs.c: runs as pages; pages hold equal ranges of ids, so that an id's page needs no index. */
#include "store/id_runs.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/bytes.h"
#include "store/id_filter.h"

#define PAGE_PREFIX 'I'
#define FILTER_PREFIX 'J'
#define LIST_PREFIX 'K'
#define LIST_VERSION 3
#define PAGE_IDS 64 /* on average: ids are spread evenly */
#define MERGED_RUNS 8
#define MERGE_PAGES 512 /* of a step: some ten milliseconds */
#define KEY_BYTES 13
#define BATCH_BYTES ((size_t)1024 * 1024)
#define FILTER_CHUNK ((size_t)64 * 1024)

struct run {
    uint64_t number;
    uint32_t level, pages;
    uint64_t ids;
    int64_t latest_ms;
    struct id_filter filter;
    size_t stored_blocks; /* of the filter as it was written */
};

/* One of the runs that are merged, read page by page. */
struct merge_input {
    uint32_t next_page;
    struct buffer page;
    size_t at; /* entry within the page */
};

struct merge {
    bool active;
    size_t first; /* of MERGED_RUNS neighbours in the list */
    struct run output;
    uint32_t next_page;
    struct merge_input inputs[MERGED_RUNS];
    struct buffer page;
};

struct id_runs {
    struct rocks *rocks;
    struct id_runs_options options;
    struct run *runs; /* oldest first */
    size_t count, capacity;
    uint64_t next_number;
    int64_t next; /* offset of the input */
    int64_t latest_ms;
    struct merge merge;
    struct rocks_batch *batch;
    struct buffer key, value, page;
};

/* ---- keys and pages ---- */

static struct text key_of(struct id_runs *runs, char prefix, uint64_t run, uint32_t part)
{
    buffer_clear(&runs->key);
    buffer_append_byte(&runs->key, prefix);
    bytes_put_big_endian(&runs->key, run, 8);
    bytes_put_big_endian(&runs->key, part, 4);
    return buffer_text(&runs->key);
}

static uint32_t page_of(struct hash128 id, uint32_t pages)
{
    return (uint32_t)((u128)id.high * pages >> 64);
}

static uint32_t pages_for(uint64_t ids)
{
    return (uint32_t)(ids / PAGE_IDS + 1);
}

static size_t page_count(const struct buffer *page)
{
    return page->size / sizeof(struct id_entry);
}

static struct id_entry page_entry(const struct buffer *page, size_t index)
{
    struct id_entry entry;
    memcpy(&entry, page->data + index * sizeof entry, sizeof entry);
    return entry;
}

static bool read_page(struct id_runs *runs, const struct run *run, uint32_t number, struct buffer *page, struct error *error)
{
    bool found;
    if (!rocks_fetch(runs->rocks, key_of(runs, PAGE_PREFIX, run->number, number), page, &found, error))
        return false;
    if (page->size % sizeof(struct id_entry) != 0)
        return error_fail(error, ERROR_FAILED, "state store: page %u of id run %llu has %zu bytes", number,
                          (unsigned long long)run->number, page->size);
    return true; /* one without ids was never written */
}

static bool put_page(struct id_runs *runs, const struct run *run, uint32_t number, struct text page, struct error *error)
{
    if (page.size > 0)
        rocks_batch_put(runs->batch, key_of(runs, PAGE_PREFIX, run->number, number), page);
    return rocks_batch_bytes(runs->batch) < BATCH_BYTES || rocks_write(runs->rocks, runs->batch, error);
}

/* Runs numbered from `first` to before `end`. */
static void drop_runs(struct id_runs *runs, uint64_t first, uint64_t end)
{
    static const char prefixes[] = { PAGE_PREFIX, FILTER_PREFIX };
    for (size_t i = 0; i < sizeof prefixes; i++) {
        char behind[KEY_BYTES];
        memcpy(behind, key_of(runs, prefixes[i], end, 0).data, sizeof behind);
        rocks_batch_delete_range(runs->batch, key_of(runs, prefixes[i], first, 0), (struct text){ behind, sizeof behind });
    }
}

/* ---- the filters ---- */

size_t id_runs_bytes(const struct id_runs *runs)
{
    size_t bytes = id_filter_bytes(&runs->merge.output.filter);
    for (size_t i = 0; i < runs->count; i++)
        bytes += id_filter_bytes(&runs->runs[i].filter);
    return bytes;
}

static void fit_filters(struct id_runs *runs)
{
    while (id_runs_bytes(runs) > runs->options.filter_bytes_max) {
        struct id_filter *largest = &runs->merge.output.filter;
        for (size_t i = 0; i < runs->count; i++)
            if (id_filter_bytes(&runs->runs[i].filter) > id_filter_bytes(largest))
                largest = &runs->runs[i].filter;
        id_filter_halve(largest);
    }
}

static bool put_filter(struct id_runs *runs, struct run *run, struct error *error)
{
    run->stored_blocks = run->filter.block_count;
    const char *bytes = (const char *)run->filter.blocks;
    size_t size = id_filter_bytes(&run->filter);
    uint32_t chunk = 0;
    for (size_t at = 0; at < size; at += FILTER_CHUNK, chunk++) {
        size_t part = size - at < FILTER_CHUNK ? size - at : FILTER_CHUNK;
        rocks_batch_put(runs->batch, key_of(runs, FILTER_PREFIX, run->number, chunk), (struct text){ bytes + at, part });
        if (rocks_batch_bytes(runs->batch) >= BATCH_BYTES && !rocks_write(runs->rocks, runs->batch, error))
            return false;
    }
    return true;
}

static bool read_filter(struct id_runs *runs, struct run *run, struct error *error)
{
    bool found;
    if (run->stored_blocks == 0)
        return true;
    run->filter.block_count = run->stored_blocks;
    run->filter.blocks = memory_new_array(run->stored_blocks, sizeof *run->filter.blocks);
    size_t size = id_filter_bytes(&run->filter);
    uint32_t chunk = 0;
    for (size_t at = 0; at < size; at += FILTER_CHUNK, chunk++) {
        size_t part = size - at < FILTER_CHUNK ? size - at : FILTER_CHUNK;
        if (!rocks_fetch(runs->rocks, key_of(runs, FILTER_PREFIX, run->number, chunk), &runs->value, &found, error))
            return false;
        if (runs->value.size != part)
            return error_fail(error, ERROR_FAILED, "state store: the filter of id run %llu is damaged",
                              (unsigned long long)run->number);
        memcpy((char *)run->filter.blocks + at, runs->value.data, part);
    }
    fit_filters(runs);
    return true;
}

/* ---- the list ---- */

static bool write_list(struct id_runs *runs, struct error *error)
{
    struct buffer *value = &runs->value;
    buffer_clear(value);
    bytes_put_varint(value, LIST_VERSION);
    bytes_put_signed(value, runs->options.window_ms);
    bytes_put_varint(value, runs->next_number);
    bytes_put_signed(value, runs->next);
    bytes_put_signed(value, runs->latest_ms);
    bytes_put_varint(value, runs->count);
    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->runs[i];
        bytes_put_varint(value, run->number);
        bytes_put_varint(value, run->level);
        bytes_put_varint(value, run->pages);
        bytes_put_varint(value, run->ids);
        bytes_put_signed(value, run->latest_ms);
        bytes_put_varint(value, run->stored_blocks);
    }
    rocks_batch_put(runs->batch, key_of(runs, LIST_PREFIX, 0, 0), buffer_text(value));
    return rocks_write(runs->rocks, runs->batch, error);
}

static struct run *add_run(struct id_runs *runs, const struct run *run)
{
    runs->runs = memory_reserve_one(runs->runs, runs->count, &runs->capacity, sizeof *runs->runs);
    runs->runs[runs->count] = *run;
    return &runs->runs[runs->count++];
}

static bool read_list(struct id_runs *runs, struct error *error)
{
    bool found;
    if (!rocks_fetch(runs->rocks, key_of(runs, LIST_PREFIX, 0, 0), &runs->page, &found, error))
        return false;
    if (!found)
        return true;
    struct byte_reader reader = bytes_reader(buffer_text(&runs->page));
    if (bytes_take_varint(&reader) != LIST_VERSION)
        return error_fail(error, ERROR_FAILED, "state store: the list of id runs is of another version");
    /* What a shorter window has dropped has to be read again. */
    if (bytes_take_signed(&reader) < runs->options.window_ms)
        return error_fail(error, ERROR_FAILED, "state store: the id runs are of a shorter window");
    runs->next_number = bytes_take_varint(&reader);
    runs->next = bytes_take_signed(&reader);
    runs->latest_ms = bytes_take_signed(&reader);
    uint64_t count = bytes_take_varint(&reader);
    for (uint64_t i = 0; i < count && !reader.failed; i++) {
        struct run run = { .number = bytes_take_varint(&reader) };
        run.level = (uint32_t)bytes_take_varint(&reader);
        run.pages = (uint32_t)bytes_take_varint(&reader);
        run.ids = bytes_take_varint(&reader);
        run.latest_ms = bytes_take_signed(&reader);
        run.stored_blocks = bytes_take_varint(&reader);
        if (!reader.failed)
            add_run(runs, &run);
    }
    return !reader.failed || error_fail(error, ERROR_FAILED, "state store: the list of id runs is damaged");
}

static bool read_filters(struct id_runs *runs, struct error *error)
{
    for (size_t i = 0; i < runs->count; i++)
        if (!read_filter(runs, &runs->runs[i], error))
            return false;
    return true;
}

static int compare_numbers(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* What was being written or merged when the last process ended: whatever is not in the list. */
static bool drop_leftovers(struct id_runs *runs, struct error *error)
{
    uint64_t *numbers = memory_new_array(runs->count + 1, sizeof *numbers);
    uint64_t next = 0;
    for (size_t i = 0; i < runs->count; i++)
        numbers[i] = runs->runs[i].number;
    numbers[runs->count] = UINT64_MAX;
    qsort(numbers, runs->count, sizeof *numbers, compare_numbers);
    for (size_t i = 0; i <= runs->count; i++) {
        if (next < numbers[i])
            drop_runs(runs, next, numbers[i]);
        next = numbers[i] + 1;
    }
    free(numbers);
    return rocks_write(runs->rocks, runs->batch, error);
}

bool id_runs_open(struct rocks *rocks, const struct id_runs_options *options, struct id_runs **ret_runs, struct error *error)
{
    struct id_runs *runs = memory_new(sizeof *runs);
    runs->rocks = rocks;
    runs->options = *options;
    runs->next = ID_RUNS_NONE;
    runs->batch = rocks_batch_new();
    if (!read_list(runs, error) || !read_filters(runs, error) || !drop_leftovers(runs, error)) {
        id_runs_close(runs);
        return false;
    }
    *ret_runs = runs;
    return true;
}

bool id_runs_wipe(struct rocks *rocks, struct error *error)
{
    const char first = PAGE_PREFIX, end = LIST_PREFIX + 1;
    struct rocks_batch *batch = rocks_batch_new();
    rocks_batch_delete_range(batch, (struct text){ &first, 1 }, (struct text){ &end, 1 });
    bool done = rocks_write(rocks, batch, error);
    rocks_batch_free(batch);
    return done;
}

static void end_merge(struct merge *merge)
{
    for (size_t i = 0; i < MERGED_RUNS; i++)
        buffer_done(&merge->inputs[i].page);
    buffer_done(&merge->page);
    *merge = (struct merge){ 0 };
}

void id_runs_close(struct id_runs *runs)
{
    if (!runs)
        return;
    id_filter_done(&runs->merge.output.filter);
    end_merge(&runs->merge);
    for (size_t i = 0; i < runs->count; i++)
        id_filter_done(&runs->runs[i].filter);
    free(runs->runs);
    rocks_batch_free(runs->batch);
    buffer_done(&runs->key);
    buffer_done(&runs->value);
    buffer_done(&runs->page);
    free(runs);
}

int64_t id_runs_next(const struct id_runs *runs)
{
    return runs->next;
}

int64_t id_runs_latest_ms(const struct id_runs *runs)
{
    return runs->latest_ms;
}

size_t id_runs_count(const struct id_runs *runs)
{
    return runs->count;
}

/* ---- looking ---- */

static bool find_in_page(const struct buffer *page, struct hash128 id, struct id_entry *entry)
{
    size_t low = 0, high = page_count(page);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        *entry = page_entry(page, middle);
        int order = id_compare(entry->id, id);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

void id_runs_expect(const struct id_runs *runs, struct hash128 id)
{
    for (size_t i = 0; i < runs->count; i++)
        id_filter_expect(&runs->runs[i].filter, id);
}

bool id_runs_find(struct id_runs *runs, struct hash128 id, struct id_entry *entry, bool *found, struct error *error)
{
    *found = false;
    for (size_t i = runs->count; i-- > 0 && !*found;) {
        const struct run *run = &runs->runs[i];
        if (!id_filter_may_hold(&run->filter, id))
            continue;
        if (!read_page(runs, run, page_of(id, run->pages), &runs->page, error))
            return false;
        *found = find_in_page(&runs->page, id, entry);
    }
    return true;
}

/* ---- writing ---- */

static int compare_entries(const void *left, const void *right)
{
    return id_compare(((const struct id_entry *)left)->id, ((const struct id_entry *)right)->id);
}

#define SORT_PARTS 4096

/* Ids are spread evenly: dealt out by their first bits, every part is short. */
static void sort_entries(struct id_entry *entries, size_t count)
{
    size_t *ends = memory_new_array(SORT_PARTS + 1, sizeof *ends), done = 0;
    struct id_entry *dealt = memory_new_array(count, sizeof *dealt);
    for (size_t i = 0; i < count; i++)
        ends[page_of(entries[i].id, SORT_PARTS) + 1]++;
    for (size_t part = 0; part < SORT_PARTS; part++)
        ends[part + 1] += ends[part];
    for (size_t i = 0; i < count; i++)
        dealt[ends[page_of(entries[i].id, SORT_PARTS)]++] = entries[i];
    memcpy(entries, dealt, count * sizeof *dealt);
    for (size_t part = 0; part < SORT_PARTS; part++) {
        qsort(entries + done, ends[part] - done, sizeof *entries, compare_entries);
        done = ends[part];
    }
    free(ends);
    free(dealt);
}

static bool write_pages(struct id_runs *runs, struct run *run, const struct id_entry *entries, size_t count,
                        struct error *error)
{
    size_t begin = 0;
    while (begin < count) {
        uint32_t page = page_of(entries[begin].id, run->pages);
        size_t end = begin;
        while (end < count && page_of(entries[end].id, run->pages) == page) {
            id_filter_add(&run->filter, entries[end].id);
            if (entries[end].time_ms > run->latest_ms)
                run->latest_ms = entries[end].time_ms;
            end++;
        }
        struct text bytes = { (const char *)&entries[begin], (end - begin) * sizeof *entries };
        if (!put_page(runs, run, page, bytes, error))
            return false;
        begin = end;
    }
    return true;
}

bool id_runs_add(struct id_runs *runs, struct id_entry *entries, size_t count, int64_t next, struct error *error)
{
    runs->next = next;
    if (count == 0)
        return write_list(runs, error);
    struct run run = {
        .number = runs->next_number++, .pages = pages_for(count), .ids = count, .filter = id_filter_new(count)
    };
    sort_entries(entries, count);
    if (!write_pages(runs, &run, entries, count, error) || !put_filter(runs, &run, error)) {
        id_filter_done(&run.filter);
        return false;
    }
    add_run(runs, &run);
    if (run.latest_ms > runs->latest_ms)
        runs->latest_ms = run.latest_ms;
    fit_filters(runs);
    return write_list(runs, error);
}

/* ---- merging ---- */

/* The oldest runs of a level that lie side by side. */
static bool find_mergeable(const struct id_runs *runs, size_t *first)
{
    for (size_t i = 0; i + MERGED_RUNS <= runs->count; i++) {
        size_t alike = 1;
        while (alike < MERGED_RUNS && runs->runs[i + alike].level == runs->runs[i].level)
            alike++;
        *first = i;
        if (alike == MERGED_RUNS)
            return true;
    }
    return false;
}

static void begin_merge(struct id_runs *runs, size_t first)
{
    struct merge *merge = &runs->merge;
    uint64_t ids = 0;
    for (size_t i = 0; i < MERGED_RUNS; i++)
        ids += runs->runs[first + i].ids;
    *merge = (struct merge){ .active = true, .first = first };
    merge->output = (struct run){ .number = runs->next_number++,
                                  .level = runs->runs[first].level + 1,
                                  .pages = pages_for(ids),
                                  .filter = id_filter_new(ids) };
}

/* The input's next entry; *found is false behind its last. */
static bool look(struct id_runs *runs, size_t input, struct id_entry *entry, bool *found, struct error *error)
{
    struct merge_input *from = &runs->merge.inputs[input];
    const struct run *run = &runs->runs[runs->merge.first + input];
    while (from->at >= page_count(&from->page) && from->next_page < run->pages) {
        if (!read_page(runs, run, from->next_page++, &from->page, error))
            return false;
        from->at = 0;
    }
    *found = from->at < page_count(&from->page);
    if (*found)
        *entry = page_entry(&from->page, from->at);
    return true;
}

/* The lowest id of all inputs, as the newest run that holds it has it. */
static bool take_lowest(struct id_runs *runs, struct id_entry heads[MERGED_RUNS], bool has[MERGED_RUNS],
                        struct id_entry *lowest, bool *found, struct error *error)
{
    *found = false;
    for (size_t i = 0; i < MERGED_RUNS; i++)
        if (has[i] && (!*found || id_compare(heads[i].id, lowest->id) <= 0)) {
            *lowest = heads[i];
            *found = true;
        }
    for (size_t i = 0; *found && i < MERGED_RUNS; i++) {
        if (!has[i] || id_compare(heads[i].id, lowest->id) != 0)
            continue;
        runs->merge.inputs[i].at++;
        if (!look(runs, i, &heads[i], &has[i], error))
            return false;
    }
    return true;
}

static bool put_merged(struct id_runs *runs, const struct id_entry *entry, struct error *error)
{
    struct merge *merge = &runs->merge;
    uint32_t page = page_of(entry->id, merge->output.pages);
    if (page != merge->next_page) {
        if (!put_page(runs, &merge->output, merge->next_page, buffer_text(&merge->page), error))
            return false;
        buffer_clear(&merge->page);
        merge->next_page = page;
    }
    buffer_append(&merge->page, entry, sizeof *entry);
    id_filter_add(&merge->output.filter, entry->id);
    merge->output.ids++;
    if (entry->time_ms > merge->output.latest_ms)
        merge->output.latest_ms = entry->time_ms;
    return true;
}

/* The output takes its inputs' place, and they go, in one batch. */
static bool finish_merge(struct id_runs *runs, struct error *error)
{
    struct merge *merge = &runs->merge;
    struct run output = merge->output;
    if (!put_page(runs, &output, merge->next_page, buffer_text(&merge->page), error))
        return false;
    if (!put_filter(runs, &output, error))
        return false;
    for (size_t i = 0; i < MERGED_RUNS; i++) {
        struct run *run = &runs->runs[merge->first + i];
        drop_runs(runs, run->number, run->number + 1);
        id_filter_done(&run->filter);
    }
    runs->runs[merge->first] = output;
    memmove(&runs->runs[merge->first + 1], &runs->runs[merge->first + MERGED_RUNS],
            (runs->count - merge->first - MERGED_RUNS) * sizeof *runs->runs);
    runs->count -= MERGED_RUNS - 1;
    merge->output.filter = (struct id_filter){ 0 };
    end_merge(merge);
    return write_list(runs, error);
}

static bool merge_step(struct id_runs *runs, int64_t latest_ms, struct error *error)
{
    struct id_entry heads[MERGED_RUNS], lowest;
    bool has[MERGED_RUNS], found = true;
    for (size_t i = 0; i < MERGED_RUNS; i++)
        if (!look(runs, i, &heads[i], &has[i], error))
            return false;
    for (size_t taken = 0; taken < MERGE_PAGES * PAGE_IDS; taken++) {
        if (!take_lowest(runs, heads, has, &lowest, &found, error))
            return false;
        if (!found)
            return finish_merge(runs, error);
        if (latest_ms - lowest.time_ms <= runs->options.window_ms && !put_merged(runs, &lowest, error))
            return false;
    }
    return rocks_write(runs->rocks, runs->batch, error);
}

static bool expire(struct id_runs *runs, int64_t latest_ms, struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs->count; i++) {
        struct run *run = &runs->runs[i];
        if (latest_ms - run->latest_ms <= runs->options.window_ms) {
            runs->runs[kept++] = *run;
            continue;
        }
        drop_runs(runs, run->number, run->number + 1);
        id_filter_done(&run->filter);
    }
    if (kept == runs->count)
        return true;
    runs->count = kept;
    return write_list(runs, error);
}

static bool work_step(struct id_runs *runs, int64_t latest_ms, struct error *error)
{
    size_t first;
    if (runs->merge.active)
        return merge_step(runs, latest_ms, error);
    if (!expire(runs, latest_ms, error))
        return false;
    if (!find_mergeable(runs, &first))
        return true;
    begin_merge(runs, first);
    fit_filters(runs);
    return true;
}

/* The more runs there are the more is done, so that they cannot pile up. */
bool id_runs_work(struct id_runs *runs, int64_t latest_ms, struct error *error)
{
    size_t steps = 1 + runs->count / (2 * MERGED_RUNS);
    bool done = true;
    for (size_t i = 0; i < steps && done; i++)
        done = work_step(runs, latest_ms, error);
    return done;
}
