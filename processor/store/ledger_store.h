/*
 * store/ledger_store.h: a ledger on disk: pages of rows by group (month, bucket and account), and small records beside them
 * (SEMANTICS 5). Whatever goes wrong here: throw the directory away, the topic has it all.
 *
 * A group's pages are numbered; rows of a later page replace those of an earlier one. Everything put since the last write
 * goes with the next one, whole or not at all. Owns the directory while open. Thread: one.
 */
#ifndef STORE_LEDGER_STORE_H
#define STORE_LEDGER_STORE_H

#include "store/page.h"
#include "store/rocks.h"

struct ledger_store;

MUST_USE bool ledger_store_open(const char *directory, const struct rocks_options *options, struct ledger_store **ret_store,
                                struct error *error);
/* What was written survives. */
void ledger_store_close(struct ledger_store *store);

struct group_key {
    billing_period period;
    int64_t bucket_ms;
    uint64_t account;
};

struct group_pages {
    uint32_t first, end; /* numbers; equal: none */
};

MUST_USE bool ledger_store_find_group(struct ledger_store *store, const struct group_key *key, struct group_pages *pages,
                                      struct error *error);
MUST_USE bool ledger_store_read_page(struct ledger_store *store, const struct group_key *key, uint32_t number,
                                     struct page *page, struct error *error);

/* The groups of a month in canonical order, from behind `after` on (NULL: all), as they are now. */
struct group_walk;
struct group_walk *group_walk_open(struct ledger_store *store, billing_period period, const struct group_key *after);
/* The same, and those of all later months. */
struct group_walk *group_walk_open_from(struct ledger_store *store, billing_period period, const struct group_key *after);
MUST_USE bool group_walk_next(struct group_walk *walk, struct group_key *key, bool *found, struct error *error);
void group_walk_close(struct group_walk *walk);

/* The last group of the months before `end`; *found is false where there is none. */
MUST_USE bool ledger_store_last_group(struct ledger_store *store, billing_period end, struct group_key *key, bool *found,
                                      struct error *error);

/* ---- puts ---- */

void ledger_store_put_page(struct ledger_store *store, const struct group_key *key, uint32_t number, struct text value);
void ledger_store_drop_page(struct ledger_store *store, const struct group_key *key, uint32_t number);
void ledger_store_put_group(struct ledger_store *store, const struct group_key *key, const struct group_pages *pages);

/* Kinds of small records. */
#define LEDGER_STORE_TOTAL 't'
#define LEDGER_STORE_POOL 'p'
#define LEDGER_STORE_POINT 'n'
void ledger_store_put(struct ledger_store *store, char kind, struct text key, struct text value);

/* All of a month goes: groups, pages, totals, and the pools whose names begin with its number and a '/'. */
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
