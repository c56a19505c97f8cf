/* store/ledger_store.c: keys and values in one RocksDB. */
#include "store/ledger_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/bytes.h"

/*
 * 'g' period (3) hour (4) account (8): first page, pages behind it
 * 'r' period (3) hour (4) account (8) number (4): a page (page.h)
 * kind key: a small record
 */
#define GROUP_PREFIX 'g'
#define GROUP_KEY_BYTES (1 + PAGE_GROUP_BYTES)

struct ledger_store {
    struct rocks *rocks;
    struct rocks_batch *batch;
    struct buffer key, value;
};

bool ledger_store_open(const char *directory, const struct rocks_options *options, struct ledger_store **ret_store,
                       struct error *error)
{
    struct rocks *rocks;
    if (!rocks_open(directory, options, &rocks, error))
        return false;
    struct ledger_store *store = memory_new(sizeof *store);
    store->rocks = rocks;
    store->batch = rocks_batch_new();
    *ret_store = store;
    return true;
}

void ledger_store_close(struct ledger_store *store)
{
    if (!store)
        return;
    rocks_batch_free(store->batch);
    rocks_close(store->rocks);
    buffer_done(&store->key);
    buffer_done(&store->value);
    free(store);
}

/* ---- keys ---- */

static struct text group_record_key(struct buffer *out, const struct group_key *key)
{
    buffer_clear(out);
    buffer_append_byte(out, GROUP_PREFIX);
    page_put_group(out, key->period, key->bucket_ms, key->account);
    return buffer_text(out);
}

static struct text group_page_key(struct buffer *out, const struct group_key *key, uint32_t number)
{
    struct row_view first = { .period = key->period, .bucket_ms = key->bucket_ms, .account = key->account };
    buffer_clear(out);
    page_key(out, &first, true, number);
    return buffer_text(out);
}

static struct text small_key(struct buffer *out, char kind, struct text key)
{
    buffer_clear(out);
    buffer_append_byte(out, kind);
    buffer_append_text(out, key);
    return buffer_text(out);
}

/* ---- reading ---- */

bool ledger_store_find_group(struct ledger_store *store, const struct group_key *key, struct group_pages *pages,
                             struct error *error)
{
    bool found;
    *pages = (struct group_pages){ 0 };
    if (!rocks_fetch(store->rocks, group_record_key(&store->key, key), &store->value, &found, error))
        return false;
    if (!found)
        return true;
    struct byte_reader reader = bytes_reader(buffer_text(&store->value));
    uint64_t first = bytes_take_varint(&reader), count = bytes_take_varint(&reader);
    if (reader.failed || reader.at != reader.end || first > UINT32_MAX || count > UINT32_MAX - first)
        return error_fail(error, ERROR_FAILED, "state store: a damaged group of %zu bytes", store->value.size);
    *pages = (struct group_pages){ (uint32_t)first, (uint32_t)(first + count) };
    return true;
}

bool ledger_store_read_page(struct ledger_store *store, const struct group_key *key, uint32_t number, struct page *page,
                            struct error *error)
{
    bool found;
    struct text bytes = group_page_key(&store->key, key, number);
    if (!rocks_fetch(store->rocks, bytes, &store->value, &found, error))
        return false;
    if (!found)
        return error_fail(error, ERROR_FAILED, "state store: page %u of a group is missing", number);
    return page_read(page, bytes, buffer_text(&store->value), error);
}

struct group_walk {
    struct rocks_iterator *iterator;
    struct buffer after;
};

static struct group_walk *open_walk(struct ledger_store *store, billing_period period, size_t prefix_bytes,
                                    const struct group_key *after)
{
    struct group_walk *walk = memory_new(sizeof *walk);
    struct group_key first = { .period = period };
    struct text month = group_record_key(&store->key, &first), prefix = month;
    month.size = 1 + PAGE_PERIOD_BYTES;
    prefix.size = prefix_bytes;
    walk->iterator = rocks_iterate_from(store->rocks, prefix, after ? group_record_key(&walk->after, after) : month);
    return walk;
}

struct group_walk *group_walk_open(struct ledger_store *store, billing_period period, const struct group_key *after)
{
    return open_walk(store, period, 1 + PAGE_PERIOD_BYTES, after);
}

struct group_walk *group_walk_open_from(struct ledger_store *store, billing_period period, const struct group_key *after)
{
    return open_walk(store, period, 1, after);
}

bool group_walk_next(struct group_walk *walk, struct group_key *key, bool *found, struct error *error)
{
    struct text bytes, value;
    do {
        *found = rocks_iterator_next(walk->iterator, &bytes, &value);
        if (!*found)
            return rocks_iterator_check(walk->iterator, error);
    } while (text_equal(bytes, buffer_text(&walk->after)));
    if (bytes.size != GROUP_KEY_BYTES)
        return error_fail(error, ERROR_FAILED, "state store: a group's key of %zu bytes", bytes.size);
    page_take_group(bytes.data + 1, &key->period, &key->bucket_ms, &key->account);
    return true;
}

void group_walk_close(struct group_walk *walk)
{
    if (!walk)
        return;
    rocks_iterator_close(walk->iterator);
    buffer_done(&walk->after);
    free(walk);
}

bool ledger_store_last_group(struct ledger_store *store, billing_period end, struct group_key *key, bool *found,
                             struct error *error)
{
    struct text prefix = { (const char[]){ GROUP_PREFIX }, 1 };
    buffer_clear(&store->key);
    buffer_append_byte(&store->key, GROUP_PREFIX);
    bytes_put_big_endian(&store->key, (uint64_t)(uint32_t)end, PAGE_PERIOD_BYTES);
    if (!rocks_last_before(store->rocks, prefix, buffer_text(&store->key), &store->value, found, error))
        return false;
    if (!*found)
        return true;
    if (store->value.size != GROUP_KEY_BYTES)
        return error_fail(error, ERROR_FAILED, "state store: a group's key of %zu bytes", store->value.size);
    page_take_group(store->value.data + 1, &key->period, &key->bucket_ms, &key->account);
    return true;
}

bool ledger_store_each(struct ledger_store *store, char kind,
                       bool (*take)(void *context, struct text key, struct text value, struct error *error), void *context,
                       struct error *error)
{
    struct text key, value;
    struct rocks_iterator *iterator = rocks_iterate(store->rocks, (struct text){ &kind, 1 });
    bool done = true;
    while (done && rocks_iterator_next(iterator, &key, &value))
        done = take(context, (struct text){ key.data + 1, key.size - 1 }, value, error);
    done = done && rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    return done;
}

/* ---- writing ---- */

void ledger_store_put_page(struct ledger_store *store, const struct group_key *key, uint32_t number, struct text value)
{
    rocks_batch_put(store->batch, group_page_key(&store->key, key, number), value);
}

void ledger_store_drop_page(struct ledger_store *store, const struct group_key *key, uint32_t number)
{
    rocks_batch_delete(store->batch, group_page_key(&store->key, key, number));
}

void ledger_store_put_group(struct ledger_store *store, const struct group_key *key, const struct group_pages *pages)
{
    buffer_clear(&store->value);
    bytes_put_varint(&store->value, pages->first);
    bytes_put_varint(&store->value, pages->end - pages->first);
    rocks_batch_put(store->batch, group_record_key(&store->key, key), buffer_text(&store->value));
}

void ledger_store_put(struct ledger_store *store, char kind, struct text key, struct text value)
{
    rocks_batch_put(store->batch, small_key(&store->key, kind, key), value);
}

static void drop_month_of(struct ledger_store *store, char kind, billing_period period)
{
    char first[1 + PAGE_PERIOD_BYTES], end[1 + PAGE_PERIOD_BYTES];
    struct buffer bytes = { 0 };
    bytes_put_big_endian(&bytes, (uint64_t)(uint32_t)period, PAGE_PERIOD_BYTES);
    bytes_put_big_endian(&bytes, (uint64_t)(uint32_t)(period + 1), PAGE_PERIOD_BYTES);
    first[0] = end[0] = kind;
    memcpy(first + 1, bytes.data, PAGE_PERIOD_BYTES);
    memcpy(end + 1, bytes.data + PAGE_PERIOD_BYTES, PAGE_PERIOD_BYTES);
    buffer_done(&bytes);
    rocks_batch_delete_range(store->batch, (struct text){ first, sizeof first }, (struct text){ end, sizeof end });
}

void ledger_store_drop_month(struct ledger_store *store, billing_period period)
{
    char first[24], end[24];
    drop_month_of(store, GROUP_PREFIX, period);
    drop_month_of(store, PAGE_KEY_PREFIX, period);
    drop_month_of(store, LEDGER_STORE_TOTAL, period);
    int size = snprintf(first, sizeof first, "%c%d/", LEDGER_STORE_POOL, period);
    snprintf(end, sizeof end, "%c%d0", LEDGER_STORE_POOL, period); /* '0' comes behind '/' */
    rocks_batch_delete_range(store->batch, (struct text){ first, (size_t)size }, (struct text){ end, (size_t)size });
}

bool ledger_store_write(struct ledger_store *store, struct error *error)
{
    return rocks_write(store->rocks, store->batch, error);
}

bool ledger_store_flush(struct ledger_store *store, struct error *error)
{
    return rocks_flush(store->rocks, error);
}

uint64_t ledger_store_disk_bytes(const struct ledger_store *store)
{
    return rocks_disk_bytes(store->rocks);
}

struct rocks *ledger_store_rocks(struct ledger_store *store)
{
    return store->rocks;
}
