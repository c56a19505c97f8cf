/* store/ledger_store.c: keys and values in one RocksDB. */
#include "store/ledger_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/bytes.h"

/*
 * 'g' period (3) hour (4) leaf (4): what the ledger knows of a leaf
 * 'r' period (3) hour (4) leaf (4) number (4): a page of it (page.h)
 * kind key: a small record
 */
#define LEAF_PREFIX 'g'
#define PAGE_PREFIX 'r'
#define HOUR_BYTES 4
#define NUMBER_BYTES 4
#define LEAF_KEY_BYTES (LEDGER_PERIOD_BYTES + HOUR_BYTES + NUMBER_BYTES)

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

static void put_leaf_key(struct buffer *out, char prefix, const struct leaf_key *key)
{
    buffer_clear(out);
    buffer_append_byte(out, prefix);
    bytes_put_big_endian(out, (uint64_t)(uint32_t)key->period, LEDGER_PERIOD_BYTES);
    bytes_put_big_endian(out, (uint64_t)(key->bucket_ms / HOUR_MS), HOUR_BYTES);
    bytes_put_big_endian(out, key->number, NUMBER_BYTES);
}

static struct text page_key_of(struct buffer *out, const struct leaf_key *key, uint32_t number)
{
    put_leaf_key(out, PAGE_PREFIX, key);
    bytes_put_big_endian(out, number, NUMBER_BYTES);
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

bool ledger_store_read_page(struct ledger_store *store, const struct leaf_key *key, uint32_t number, struct page *page,
                            struct error *error)
{
    bool found;
    if (!rocks_fetch(store->rocks, page_key_of(&store->key, key, number), &store->value, &found, error))
        return false;
    if (!found)
        return error_fail(error, ERROR_FAILED, "state store: page %u of a leaf is missing", number);
    return page_read(page, key->period, key->bucket_ms, buffer_text(&store->value), error);
}

/* Of ledger_store_each_leaf, around a small record's taker. */
struct leaves {
    bool (*take)(void *context, const struct leaf_key *key, struct text value, struct error *error);
    void *context;
};

static bool take_leaf(void *context, struct text key, struct text value, struct error *error)
{
    const struct leaves *leaves = context;
    if (key.size != LEAF_KEY_BYTES)
        return error_fail(error, ERROR_FAILED, "state store: a leaf's key of %zu bytes", key.size);
    struct leaf_key leaf = {
        .period = (billing_period)bytes_big_endian(key.data, LEDGER_PERIOD_BYTES),
        .bucket_ms = (int64_t)bytes_big_endian(key.data + LEDGER_PERIOD_BYTES, HOUR_BYTES) * HOUR_MS,
        .number = (uint32_t)bytes_big_endian(key.data + LEDGER_PERIOD_BYTES + HOUR_BYTES, NUMBER_BYTES),
    };
    return leaves->take(leaves->context, &leaf, value, error);
}

bool ledger_store_each_leaf(struct ledger_store *store,
                            bool (*take)(void *context, const struct leaf_key *key, struct text value, struct error *error),
                            void *context, struct error *error)
{
    struct leaves leaves = { take, context };
    return ledger_store_each(store, LEAF_PREFIX, take_leaf, &leaves, error);
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

void ledger_store_put_page(struct ledger_store *store, const struct leaf_key *key, uint32_t number, struct text value)
{
    rocks_batch_put(store->batch, page_key_of(&store->key, key, number), value);
}

void ledger_store_drop_page(struct ledger_store *store, const struct leaf_key *key, uint32_t number)
{
    rocks_batch_delete(store->batch, page_key_of(&store->key, key, number));
}

void ledger_store_put_leaf(struct ledger_store *store, const struct leaf_key *key, struct text value)
{
    put_leaf_key(&store->key, LEAF_PREFIX, key);
    rocks_batch_put(store->batch, buffer_text(&store->key), value);
}

void ledger_store_put(struct ledger_store *store, char kind, struct text key, struct text value)
{
    rocks_batch_put(store->batch, small_key(&store->key, kind, key), value);
}

static void drop_month_of(struct ledger_store *store, char kind, billing_period period)
{
    char first[1 + LEDGER_PERIOD_BYTES], end[1 + LEDGER_PERIOD_BYTES];
    struct buffer bytes = { 0 };
    bytes_put_big_endian(&bytes, (uint64_t)(uint32_t)period, LEDGER_PERIOD_BYTES);
    bytes_put_big_endian(&bytes, (uint64_t)(uint32_t)(period + 1), LEDGER_PERIOD_BYTES);
    first[0] = end[0] = kind;
    memcpy(first + 1, bytes.data, LEDGER_PERIOD_BYTES);
    memcpy(end + 1, bytes.data + LEDGER_PERIOD_BYTES, LEDGER_PERIOD_BYTES);
    buffer_done(&bytes);
    rocks_batch_delete_range(store->batch, (struct text){ first, sizeof first }, (struct text){ end, sizeof end });
}

void ledger_store_drop_month(struct ledger_store *store, billing_period period)
{
    char first[24], end[24];
    drop_month_of(store, LEAF_PREFIX, period);
    drop_month_of(store, PAGE_PREFIX, period);
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
