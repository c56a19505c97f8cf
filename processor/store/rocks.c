/* store/rocks.c: the C API of RocksDB behind rocks.h. */
#include "store/rocks.h"

#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FILES_BEFORE_MERGING 20
#define MERGED_AT_LEAST 5

struct rocks {
    char *directory;
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *tables;
    rocksdb_cache_t *cache;
    rocksdb_writeoptions_t *write_options;
    rocksdb_readoptions_t *read_options;
};

struct rocks_batch {
    rocksdb_writebatch_t *batch;
    size_t bytes;
};

struct rocks_iterator {
    rocksdb_iterator_t *iterator;
    rocksdb_readoptions_t *read_options;
    char *prefix, *start;
    size_t prefix_size, start_size;
    bool started;
    const char *directory;
};

/*
 * RocksDB's C interface tells a failure by its text alone; it is read here and nowhere else. What the machine lacks (a lock
 * that another process holds, room, files, rights) passes; whatever else it is, what is on disk is not to be believed.
 */
static enum error_kind kind_of(const char *reason)
{
    static const char *const passing[] = {
        "No space left",       "quota exceeded",    "While lock file",        "lock hold by",          "lock ",
        "Too many open files", "Permission denied", "Cannot allocate memory", "Read-only file system", "File too large"
    };
    if (strncmp(reason, "Corruption", strlen("Corruption")) == 0)
        return ERROR_DAMAGED;
    for (size_t i = 0; i < ARRAY_COUNT(passing); i++)
        if (strstr(reason, passing[i]))
            return ERROR_LATER;
    return ERROR_DAMAGED;
}

static bool rocks_fail(struct error *error, const char *directory, const char *doing, char *reason)
{
    error_fail(error, kind_of(reason), "%s: cannot %s: %s", directory, doing, reason);
    rocksdb_free(reason);
    return false;
}

static void set_options(struct rocks *rocks, const struct rocks_options *wanted)
{
    rocks->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(rocks->options, 1);
    rocksdb_options_set_paranoid_checks(rocks->options, 1);
    rocksdb_options_set_write_buffer_size(rocks->options, wanted->write_buffer_bytes);
    rocksdb_options_set_max_write_buffer_number(rocks->options, 3);
    rocksdb_options_increase_parallelism(rocks->options, 2);
    /* Keys come about in order and are seldom read: what is on disk is merged rarely and many files at a time. */
    rocksdb_universal_compaction_options_t *merging = rocksdb_universal_compaction_options_create();
    rocksdb_universal_compaction_options_set_min_merge_width(merging, MERGED_AT_LEAST);
    rocksdb_options_set_compaction_style(rocks->options, rocksdb_universal_compaction);
    rocksdb_options_set_universal_compaction_options(rocks->options, merging);
    rocksdb_universal_compaction_options_destroy(merging);
    rocksdb_options_set_level0_file_num_compaction_trigger(rocks->options, FILES_BEFORE_MERGING);
    rocksdb_options_set_level0_slowdown_writes_trigger(rocks->options, 2 * FILES_BEFORE_MERGING);
    rocksdb_options_set_level0_stop_writes_trigger(rocks->options, 3 * FILES_BEFORE_MERGING);
    rocksdb_options_set_compression(rocks->options, rocksdb_lz4_compression);
    /* What is young is soon written anew. */
    static const int levels[] = { rocksdb_no_compression,  rocksdb_no_compression,  rocksdb_lz4_compression,
                                  rocksdb_lz4_compression, rocksdb_lz4_compression, rocksdb_lz4_compression,
                                  rocksdb_lz4_compression };
    rocksdb_options_set_compression_per_level(rocks->options, levels, ARRAY_COUNT(levels));
    rocksdb_options_set_max_open_files(rocks->options, 256);
    rocksdb_options_set_info_log_level(rocks->options, 3);
    rocksdb_options_set_keep_log_file_num(rocks->options, 1);
    rocks->cache = rocksdb_cache_create_lru(wanted->cache_bytes);
    rocks->tables = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(rocks->tables, rocks->cache);
    /* Pages of ids are looked up, in an index that is far larger than the cache: both are read in small pieces. */
    rocksdb_block_based_options_set_block_size(rocks->tables, 4 * 1024);
    rocksdb_block_based_options_set_index_type(rocks->tables, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_options_set_optimize_filters_for_hits(rocks->options, 1);
    rocksdb_block_based_options_set_filter_policy(rocks->tables, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(rocks->tables, 1);
    rocksdb_options_set_block_based_table_factory(rocks->options, rocks->tables);
}

bool rocks_open(const char *directory, const struct rocks_options *options, struct rocks **ret_rocks, struct error *error)
{
    struct rocks *rocks = memory_new(sizeof *rocks);
    rocks->directory = memory_copy_string(directory);
    set_options(rocks, options);
    rocks->write_options = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(rocks->write_options, 1);
    rocks->read_options = rocksdb_readoptions_create();
    char *reason = NULL;
    rocks->db = rocksdb_open(rocks->options, directory, &reason);
    if (reason) {
        rocks_close(rocks);
        return rocks_fail(error, directory, "open the state store", reason);
    }
    *ret_rocks = rocks;
    return true;
}

const char *rocks_directory(const struct rocks *rocks)
{
    return rocks->directory;
}

void rocks_close(struct rocks *rocks)
{
    if (!rocks)
        return;
    if (rocks->db)
        rocksdb_close(rocks->db);
    rocksdb_readoptions_destroy(rocks->read_options);
    rocksdb_writeoptions_destroy(rocks->write_options);
    rocksdb_block_based_options_destroy(rocks->tables);
    rocksdb_cache_destroy(rocks->cache);
    rocksdb_options_destroy(rocks->options);
    free(rocks->directory);
    free(rocks);
}

struct rocks_batch *rocks_batch_new(void)
{
    struct rocks_batch *batch = memory_new(sizeof *batch);
    batch->batch = rocksdb_writebatch_create();
    return batch;
}

void rocks_batch_put(struct rocks_batch *batch, struct text key, struct text value)
{
    rocksdb_writebatch_put(batch->batch, key.data, key.size, value.data ? value.data : "", value.size);
    batch->bytes += key.size + value.size;
}

void rocks_batch_delete(struct rocks_batch *batch, struct text key)
{
    rocksdb_writebatch_delete(batch->batch, key.data, key.size);
    batch->bytes += key.size;
}

void rocks_batch_delete_range(struct rocks_batch *batch, struct text first, struct text end)
{
    rocksdb_writebatch_delete_range(batch->batch, first.data, first.size, end.data, end.size);
    batch->bytes += first.size + end.size;
}

size_t rocks_batch_bytes(const struct rocks_batch *batch)
{
    return batch->bytes;
}

bool rocks_write(struct rocks *rocks, struct rocks_batch *batch, struct error *error)
{
    char *reason = NULL;
    rocksdb_write(rocks->db, rocks->write_options, batch->batch, &reason);
    rocksdb_writebatch_clear(batch->batch);
    batch->bytes = 0;
    return reason ? rocks_fail(error, rocks->directory, "write to the state store", reason) : true;
}

void rocks_batch_free(struct rocks_batch *batch)
{
    if (!batch)
        return;
    rocksdb_writebatch_destroy(batch->batch);
    free(batch);
}

bool rocks_flush(struct rocks *rocks, struct error *error)
{
    char *reason = NULL;
    rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(options, 0);
    rocksdb_flush(rocks->db, options, &reason);
    rocksdb_flushoptions_destroy(options);
    return reason ? rocks_fail(error, rocks->directory, "flush the state store", reason) : true;
}

uint64_t rocks_disk_bytes(const struct rocks *rocks)
{
    uint64_t bytes = 0;
    rocksdb_property_int(rocks->db, "rocksdb.total-sst-files-size", &bytes);
    return bytes;
}

void rocks_remove(const char *directory)
{
    char *reason = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_destroy_db(options, directory, &reason);
    rocksdb_free(reason); /* what is not there needs no removing; what cannot be removed fails to open */
    rocksdb_options_destroy(options);
}

bool rocks_fetch(struct rocks *rocks, struct text key, struct buffer *value, bool *found, struct error *error)
{
    char *reason = NULL;
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned(rocks->db, rocks->read_options, key.data, key.size, &reason);
    if (reason)
        return rocks_fail(error, rocks->directory, "read the state store", reason);
    *found = slice != NULL;
    buffer_clear(value);
    if (!slice)
        return true;
    size_t size;
    const char *bytes = rocksdb_pinnableslice_value(slice, &size);
    buffer_append(value, bytes, size);
    rocksdb_pinnableslice_destroy(slice);
    return true;
}

static char *copy_bytes(struct text text)
{
    char *copy = memory_new(text.size);
    if (text.size)
        memcpy(copy, text.data, text.size);
    return copy;
}

struct rocks_iterator *rocks_iterate(struct rocks *rocks, struct text prefix)
{
    return rocks_iterate_from(rocks, prefix, prefix);
}

struct rocks_iterator *rocks_iterate_from(struct rocks *rocks, struct text prefix, struct text start)
{
    struct rocks_iterator *iterator = memory_new(sizeof *iterator);
    iterator->directory = rocks->directory;
    iterator->prefix = copy_bytes(prefix);
    iterator->prefix_size = prefix.size;
    iterator->start = copy_bytes(start);
    iterator->start_size = start.size;
    iterator->read_options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_fill_cache(iterator->read_options, 0);
    rocksdb_readoptions_set_readahead_size(iterator->read_options, 1024 * 1024);
    iterator->iterator = rocksdb_create_iterator(rocks->db, iterator->read_options);
    return iterator;
}

bool rocks_iterator_next(struct rocks_iterator *iterator, struct text *key, struct text *value)
{
    if (!iterator->started)
        rocksdb_iter_seek(iterator->iterator, iterator->start, iterator->start_size);
    else if (rocksdb_iter_valid(iterator->iterator))
        rocksdb_iter_next(iterator->iterator);
    iterator->started = true;
    if (!rocksdb_iter_valid(iterator->iterator))
        return false;
    key->data = rocksdb_iter_key(iterator->iterator, &key->size);
    if (!text_starts_with(*key, (struct text){ iterator->prefix, iterator->prefix_size }))
        return false;
    value->data = rocksdb_iter_value(iterator->iterator, &value->size);
    return true;
}

bool rocks_iterator_check(struct rocks_iterator *iterator, struct error *error)
{
    char *reason = NULL;
    rocksdb_iter_get_error(iterator->iterator, &reason);
    return reason ? rocks_fail(error, iterator->directory, "read the state store", reason) : true;
}

void rocks_iterator_close(struct rocks_iterator *iterator)
{
    if (!iterator)
        return;
    rocksdb_iter_destroy(iterator->iterator);
    rocksdb_readoptions_destroy(iterator->read_options);
    free(iterator->prefix);
    free(iterator->start);
    free(iterator);
}
