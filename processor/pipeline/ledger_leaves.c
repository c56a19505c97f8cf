/*
 * pipeline/ledger_leaves.c: the directory of leaves: which one a row belongs to, in which order they follow each other, and
 * how one becomes two. All of it is in memory, so that a row whose leaf is there is known to be new without a look at the
 * disk.
 */
#include <stdlib.h>

#include "pipeline/ledger_parts.h"

/* A leaf of more rows is split. Small ones cost a directory, large ones a long read for a single row. */
#define LEAF_ROWS_MAX 256
/* Rows of which the middle one divides a leaf. */
#define SAMPLES 31

/* ---- buckets ---- */

static int compare_bucket(const struct bucket *bucket, billing_period period, int64_t bucket_ms)
{
    if (bucket->period != period)
        return bucket->period < period ? -1 : 1;
    return (bucket->bucket_ms > bucket_ms) - (bucket->bucket_ms < bucket_ms);
}

/* The first bucket that does not lie before these. */
static size_t bucket_place(const struct leaf_directory *directory, billing_period period, int64_t bucket_ms)
{
    size_t low = 0, high = directory->bucket_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_bucket(&directory->buckets[middle], period, bucket_ms) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_bucket(const struct leaf_directory *directory, size_t place, billing_period period, int64_t bucket_ms)
{
    return place < directory->bucket_count && compare_bucket(&directory->buckets[place], period, bucket_ms) == 0;
}

static struct bucket *bucket_of(struct leaf_directory *directory, billing_period period, int64_t bucket_ms)
{
    if (is_bucket(directory, directory->last, period, bucket_ms))
        return &directory->buckets[directory->last];
    size_t place = bucket_place(directory, period, bucket_ms);
    directory->last = place;
    if (is_bucket(directory, place, period, bucket_ms))
        return &directory->buckets[place];
    directory->buckets = memory_reserve_one(directory->buckets, directory->bucket_count, &directory->bucket_capacity,
                                            sizeof *directory->buckets);
    struct bucket *bucket = &directory->buckets[place];
    memmove(bucket + 1, bucket, (directory->bucket_count++ - place) * sizeof *bucket);
    *bucket = (struct bucket){ .period = period, .bucket_ms = bucket_ms };
    return bucket;
}

/* ---- leaves ---- */

static uint32_t new_leaf(struct leaf_directory *directory)
{
    if (directory->free_count > 0)
        return directory->free[--directory->free_count];
    directory->leaves =
        memory_reserve_one(directory->leaves, directory->leaf_count, &directory->leaf_capacity, sizeof *directory->leaves);
    CHECK(directory->leaf_count < UINT32_MAX);
    return (uint32_t)directory->leaf_count++;
}

static void put_in_bucket(struct bucket *bucket, size_t place, uint32_t leaf)
{
    bucket->leaves = memory_reserve_one(bucket->leaves, bucket->count, &bucket->capacity, sizeof *bucket->leaves);
    memmove(&bucket->leaves[place + 1], &bucket->leaves[place], (bucket->count++ - place) * sizeof *bucket->leaves);
    bucket->leaves[place] = leaf;
}

static struct text copy_text(struct text text)
{
    char *copy = text.size ? memory_new(text.size) : NULL;
    if (copy)
        memcpy(copy, text.data, text.size);
    return (struct text){ copy, text.size };
}

static void set_lower(struct leaf *leaf, const struct row_identity *lower)
{
    leaf->lower.account = lower->account;
    leaf->lower.resource = copy_text(lower->resource);
    leaf->lower.facts = copy_text(lower->facts);
}

static struct row_identity lower_of(const struct leaf *leaf)
{
    return (struct row_identity){ leaf->key.period, leaf->key.bucket_ms, leaf->lower.account, leaf->lower.resource,
                                  leaf->lower.facts };
}

static int compare_lower(const struct leaf *leaf, const struct row_identity *identity)
{
    if (leaf->lower.account != identity->account)
        return leaf->lower.account < identity->account ? -1 : 1;
    int order = text_compare(leaf->lower.resource, identity->resource);
    return order ? order : text_compare(leaf->lower.facts, identity->facts);
}

/* How many leaves of the bucket begin at or before the identity. */
static size_t count_until(const struct leaf_directory *directory, const struct bucket *bucket,
                          const struct row_identity *identity)
{
    size_t low = 0, high = bucket->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_lower(&directory->leaves[bucket->leaves[middle]], identity) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t ledger_leaf_of(struct ledger *ledger, const struct row_identity *identity)
{
    struct leaf_directory *directory = &ledger->directory;
    struct bucket *bucket = bucket_of(directory, identity->period, identity->bucket_ms);
    if (bucket->count == 0) {
        uint32_t leaf = new_leaf(directory);
        put_in_bucket(bucket, 0, leaf);
        directory->leaves[leaf] =
            (struct leaf){ .key = { bucket->period, bucket->bucket_ms, bucket->next_number++ }, .loaded = true };
    }
    return bucket->leaves[count_until(directory, bucket, identity) - 1];
}

bool ledger_leaf_add(struct ledger *ledger, const struct leaf_key *key, const struct row_identity *lower,
                     uint32_t first_page, uint32_t end_page)
{
    struct leaf_directory *directory = &ledger->directory;
    struct bucket *bucket = bucket_of(directory, key->period, key->bucket_ms);
    size_t place = count_until(directory, bucket, lower);
    if (key->number == UINT32_MAX || (place > 0 && compare_lower(&directory->leaves[bucket->leaves[place - 1]], lower) == 0))
        return false;
    uint32_t leaf = new_leaf(directory);
    put_in_bucket(bucket, place, leaf);
    directory->leaves[leaf] = (struct leaf){ .key = *key, .first_page = first_page, .end_page = end_page };
    set_lower(&directory->leaves[leaf], lower);
    if (key->number >= bucket->next_number)
        bucket->next_number = key->number + 1;
    return true;
}

bool ledger_leaves_are_whole(struct ledger *ledger)
{
    struct leaf_directory *directory = &ledger->directory;
    for (size_t i = 0; i < directory->bucket_count; i++) {
        const struct leaf *first = &directory->leaves[directory->buckets[i].leaves[0]];
        if (first->lower.account != 0 || first->lower.resource.size || first->lower.facts.size)
            return false;
    }
    return true;
}

/* ---- splitting ---- */

static int compare_identities(const void *left, const void *right)
{
    return row_identity_compare(left, right);
}

/* About the middle of the leaf's rows, and a row of it. */
static struct row_identity middle_of(const struct ledger *ledger, const struct leaf *leaf)
{
    struct row_identity samples[SAMPLES];
    size_t count = 0, step = leaf->row_count / SAMPLES, number = 0;
    for (uint32_t at = leaf->first; at != 0 && count < SAMPLES; at = ledger->entries[at - 1].next)
        if (number++ % step == 0)
            samples[count++] = row_table_identity_of(ledger->table, ledger->entries[at - 1].row);
    qsort(samples, count, sizeof *samples, compare_identities);
    return samples[count / 2];
}

/* The shortest identity that tells the rows below from the middle; `below` says what they share with it. */
static struct row_identity shortest(const struct row_identity *middle, bool account_below, bool resource_below)
{
    struct row_identity lower = *middle;
    if (!resource_below)
        lower.facts = TEXT_NONE;
    if (!account_below)
        lower.resource = TEXT_NONE;
    return lower;
}

/* Moves the rows that do not lie before the middle to the other leaf. */
static struct row_identity move_rows(struct ledger *ledger, uint32_t from, uint32_t to, const struct row_identity *middle)
{
    struct leaf *leaf = &ledger->directory.leaves[from], *other = &ledger->directory.leaves[to];
    bool account_below = false, resource_below = false;
    uint32_t at = leaf->first;
    leaf->first = leaf->row_count = 0;
    while (at != 0) {
        struct entry *entry = &ledger->entries[at - 1];
        struct row_identity identity = row_table_identity_of(ledger->table, entry->row);
        uint32_t next = entry->next;
        bool below = row_identity_compare(&identity, middle) < 0;
        struct leaf *home = below ? leaf : other;
        account_below |= below && identity.account == middle->account;
        resource_below |= below && identity.account == middle->account && text_equal(identity.resource, middle->resource);
        entry->leaf = below ? from : to;
        entry->next = home->first;
        home->first = at;
        home->row_count++;
        at = next;
    }
    return shortest(middle, account_below, resource_below);
}

static void mark_whole(struct ledger *ledger, uint32_t leaf)
{
    ledger->directory.leaves[leaf].whole = true;
    ledger_leaf_mark_unsaved(ledger, leaf);
}

void ledger_leaf_split_if_large(struct ledger *ledger, uint32_t leaf)
{
    struct leaf_directory *directory = &ledger->directory;
    if (directory->leaves[leaf].row_count <= LEAF_ROWS_MAX)
        return;
    struct row_identity middle = middle_of(ledger, &directory->leaves[leaf]);
    struct bucket *bucket = bucket_of(directory, middle.period, middle.bucket_ms);
    uint32_t other = new_leaf(directory);
    directory->leaves[other] =
        (struct leaf){ .key = { bucket->period, bucket->bucket_ms, bucket->next_number++ }, .loaded = true };
    struct row_identity lower = move_rows(ledger, leaf, other, &middle);
    set_lower(&directory->leaves[other], &lower);
    put_in_bucket(bucket, count_until(directory, bucket, &lower), other);
    mark_whole(ledger, leaf);
    mark_whole(ledger, other);
}

/* ---- walking ---- */

/* Behind the walk's last leaf; one that is gone is no place to go on from, so its bucket is begun anew. */
static size_t place_behind(const struct leaf_directory *directory, const struct bucket *bucket, const struct leaf_walk *walk)
{
    for (size_t i = walk->place; i < bucket->count; i++)
        if (directory->leaves[bucket->leaves[i]].key.number == walk->after.number)
            return i + 1;
    return 0;
}

bool ledger_walk_sees(const struct ledger *ledger, const struct leaf_walk *walk, uint32_t *leaf)
{
    const struct leaf_directory *directory = &ledger->directory;
    const struct leaf_key *after = &walk->after;
    bool goes_on = walk->has_after && after->period >= walk->from;
    size_t place =
        goes_on ? bucket_place(directory, after->period, after->bucket_ms) : bucket_place(directory, walk->from, INT64_MIN);
    size_t first = goes_on && is_bucket(directory, place, after->period, after->bucket_ms)
                       ? place_behind(directory, &directory->buckets[place], walk)
                       : 0;
    for (; place < directory->bucket_count; place++, first = 0) {
        const struct bucket *bucket = &directory->buckets[place];
        if (!walk->later_too && bucket->period != walk->from)
            return false;
        if (first < bucket->count) {
            *leaf = bucket->leaves[first];
            return true;
        }
    }
    return false;
}

bool ledger_walk_next(struct ledger *ledger, const struct leaf_walk *walk, uint32_t *leaf, bool *done, struct error *error)
{
    *done = !ledger_walk_sees(ledger, walk, leaf);
    return !*done && ledger_load_leaf(ledger, *leaf, error);
}

void ledger_walk_move(struct ledger *ledger, struct leaf_walk *walk, uint32_t leaf, size_t rows)
{
    struct leaf_directory *directory = &ledger->directory;
    const struct leaf *done = &directory->leaves[leaf];
    const struct bucket *bucket = bucket_of(directory, done->key.period, done->key.bucket_ms);
    struct row_identity lower = lower_of(done);
    walk->has_after = true;
    walk->after = done->key;
    walk->place = count_until(directory, bucket, &lower) - 1;
    walk->rows += rows;
}

unsigned ledger_walk_percent(const struct ledger *ledger, const struct leaf_walk *walk)
{
    const struct leaf_directory *directory = &ledger->directory;
    const struct leaf_key *after = &walk->after;
    size_t all = 0, done = 0;
    for (size_t i = bucket_place(directory, walk->from, INT64_MIN); i < directory->bucket_count; i++) {
        const struct bucket *bucket = &directory->buckets[i];
        int order = compare_bucket(bucket, after->period, after->bucket_ms);
        if (!walk->later_too && bucket->period != walk->from)
            break;
        all += bucket->count;
        if (walk->has_after && order <= 0)
            done += order < 0 ? bucket->count : place_behind(directory, bucket, walk);
    }
    return all ? (unsigned)(done * 100 / all) : 0;
}

struct ordered {
    struct row_identity identity;
    uint32_t entry;
};

static int compare_ordered(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;
    return row_identity_compare(&a->identity, &b->identity);
}

uint32_t *ledger_order_leaf(const struct ledger *ledger, uint32_t leaf, bool with_taken_back, size_t *count)
{
    const struct leaf *ordered = &ledger->directory.leaves[leaf];
    struct ordered *rows = memory_new_array(ordered->row_count, sizeof *rows);
    *count = 0;
    for (uint32_t at = ordered->first; at != 0; at = ledger->entries[at - 1].next) {
        const struct entry *entry = &ledger->entries[at - 1];
        uint32_t row = entry->row;
        if (row_table_events(ledger->table, row) > 0 || (with_taken_back && entry->part_count > 0))
            rows[(*count)++] = (struct ordered){ row_table_identity_of(ledger->table, row), at - 1 };
    }
    qsort(rows, *count, sizeof *rows, compare_ordered);
    uint32_t *places = memory_new_array(*count, sizeof *places);
    for (size_t i = 0; i < *count; i++)
        places[i] = rows[i].entry;
    free(rows);
    return places;
}

/* ---- leaving ---- */

static void drop_bucket(struct leaf_directory *directory, struct bucket *bucket)
{
    for (size_t i = 0; i < bucket->count; i++) {
        struct leaf *leaf = &directory->leaves[bucket->leaves[i]];
        free((char *)leaf->lower.resource.data);
        free((char *)leaf->lower.facts.data);
        *leaf = (struct leaf){ 0 };
        directory->free =
            memory_reserve_one(directory->free, directory->free_count, &directory->free_capacity, sizeof *directory->free);
        directory->free[directory->free_count++] = bucket->leaves[i];
    }
    free(bucket->leaves);
}

void ledger_leaves_drop_until(struct ledger *ledger, billing_period period)
{
    struct leaf_directory *directory = &ledger->directory;
    size_t kept = 0;
    for (size_t i = 0; i < directory->bucket_count; i++) {
        if (directory->buckets[i].period > period)
            directory->buckets[kept++] = directory->buckets[i];
        else
            drop_bucket(directory, &directory->buckets[i]);
    }
    directory->bucket_count = kept;
    directory->last = 0;
}

void ledger_leaves_done(struct ledger *ledger)
{
    ledger_leaves_drop_until(ledger, PERIOD_MAX);
    free(ledger->directory.leaves);
    free(ledger->directory.free);
    free(ledger->directory.buckets);
    ledger->directory = (struct leaf_directory){ 0 };
}
