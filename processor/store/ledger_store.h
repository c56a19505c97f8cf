/*
 * store/ledger_store.h: a ledger on disk: leaves (rows of a month and bucket that lie beside each other) in pages, and small
 * records beside them (SEMANTICS 5). Whatever goes wrong here: throw the directory away, the topic has it all.
 *
 * A leaf's pages are numbered; rows of a later page replace those of an earlier one. Everything put since the last write
 * goes with the next one, whole or not at all. Owns the directory while open. Thread: one.
 */
#ifndef STORE_LEDGER_STORE_H
#define STORE_LEDGER_STORE_H

#include "store/page.h"
#include "store/rocks.h"

/* Of the month, with which keys of leaves, and of what else is of a month, begin. */
#define LEDGER_PERIOD_BYTES 3 /* the year 9999 is month 119,999 */

struct ledger_store;

MUST_USE bool ledger_store_open(const char *directory, const struct rocks_options *options, struct ledger_store **ret_store,
                                struct error *error);
/* What was written survives. */
void ledger_store_close(struct ledger_store *store);

struct leaf_key {
    billing_period period;
    int64_t bucket_ms;
    uint32_t number; /* among those of its bucket, in no order */
};

/* Fails also where there is no such page. */
MUST_USE bool ledger_store_read_page(struct ledger_store *store, const struct leaf_key *key, uint32_t number,
                                     struct page *page, struct error *error);

/* Hands over what was put of every leaf: month by month, bucket by bucket, by number. */
MUST_USE bool ledger_store_each_leaf(struct ledger_store *store,
                                     bool (*take)(void *context, const struct leaf_key *key, struct text value,
                                                  struct error *error),
                                     void *context, struct error *error);

/* ---- puts ---- */

void ledger_store_put_page(struct ledger_store *store, const struct leaf_key *key, uint32_t number, struct text value);
void ledger_store_drop_page(struct ledger_store *store, const struct leaf_key *key, uint32_t number);
/* What the ledger knows of a leaf itself. */
void ledger_store_put_leaf(struct ledger_store *store, const struct leaf_key *key, struct text value);

/* Kinds of small records. */
#define LEDGER_STORE_TOTAL 't'
#define LEDGER_STORE_POOL 'p'
#define LEDGER_STORE_POINT 'n'
void ledger_store_put(struct ledger_store *store, char kind, struct text key, struct text value);

/* All of a month goes: leaves, pages, totals, and the pools whose names begin with its number and a '/'. */
void ledger_store_drop_month(struct ledger_store *store, billing_period period);

MUST_USE bool ledger_store_write(struct ledger_store *store, struct error *error);
/* What is written is on its way to disk. */
MUST_USE bool ledger_store_flush(struct ledger_store *store, struct error *error);

/* Hands over every small record of a kind, by key. */
MUST_USE bool ledger_store_each(struct ledger_store *store, char kind,
                                bool (*take)(void *context, struct text key, struct text value, struct error *error),
                                void *context, struct error *error);

uint64_t ledger_store_disk_bytes(const struct ledger_store *store);
/* For others that keep something of the task beside the ledger. Keys of theirs begin with capital letters. */
struct rocks *ledger_store_rocks(struct ledger_store *store);

#endif
