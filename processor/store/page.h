/*
 * store/page.h: rows as bytes. A page holds rows of one period and hour (SEMANTICS 5), of any accounts.
 *
 * Value: version (1), then each row: flags (1), account if it is another than before, resource unless as before,
 * facts (a number of this page, new ones spelled out), usage end, usage events, description unless as before, amount,
 * carried costs, the owner's bytes if there are any. Integers are LEB128, signed ones zigzag; sums are a size byte, two's
 * complement bytes, and wraps.
 */
#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include "aggregate/row.h"

#define PAGE_ROWS_MAX 256
#define PAGE_BYTES_MAX ((size_t)32 * 1024)

struct page_writer {
    struct buffer bytes;
    struct buffer facts_bytes; /* the page's facts, one behind the other */
    size_t facts_at[PAGE_ROWS_MAX], facts_size[PAGE_ROWS_MAX], facts_count;
    uint64_t facts_hash[PAGE_ROWS_MAX];
    uint8_t facts_carried[PAGE_ROWS_MAX];
    uint16_t facts_slots[2 * PAGE_ROWS_MAX]; /* place in facts_at, from 1 */
    size_t row_count;
    billing_period period;
    int64_t bucket_ms;
    uint64_t account; /* of the last row */
    struct buffer last_resource, last_description;
};

/* Whether there is room for one more row, of the same period and bucket. */
bool page_has_room(const struct page_writer *writer);
void page_add(struct page_writer *writer, const struct row_view *row);
/* The same with bytes of the owner's beside the row. */
void page_add_with(struct page_writer *writer, const struct row_view *row, struct text extra);
/* The page's value; valid until page_clear. */
struct text page_value(struct page_writer *writer);
void page_clear(struct page_writer *writer);
void page_writer_done(struct page_writer *writer);

/* A page taken apart. Texts borrow from `bytes`, which it owns. */
struct page {
    struct buffer bytes;
    struct row_view rows[PAGE_ROWS_MAX];
    struct text extras[PAGE_ROWS_MAX]; /* empty without */
    size_t row_count;
};

/* Fails: bytes that no page_writer wrote. */
MUST_USE bool page_read(struct page *page, billing_period period, int64_t bucket_ms, struct text value, struct error *error);
/* The same of the bytes that the page has already. */
MUST_USE bool page_take(struct page *page, billing_period period, int64_t bucket_ms, struct error *error);
void page_done(struct page *page);

#endif
