/*
 * pipeline/line_items.h: a priced slice or a custom charge as the line item that goes out (SEMANTICS 3.3, 6).
 * Texts of a built line item are borrowed from the row, the document and the builder. Thread: one builder each.
 */
#ifndef PIPELINE_LINE_ITEMS_H
#define PIPELINE_LINE_ITEMS_H

#include "model/line_item.h"
#include "period/custom_line_items.h"
#include "rate/rate.h"

/* Tasks name themselves in an id's first three letters: bill tasks first, then tier, then usage (SEMANTICS 4). */
enum task_kind { TASK_BILL, TASK_TIER, TASK_USAGE, TASK_KIND_COUNT };

struct line_item_builder {
    const struct pricing *pricing;
    uint32_t tasks[TASK_KIND_COUNT]; /* the number of the task of each kind */
    int64_t revision;
    billing_period period;
    char period_text[TIME_TEXT_MAX];
    char account[16];
    char id[LINE_ITEM_ID_LETTERS];
    struct buffer identity, description;
    struct tag *tags;
    size_t tag_room;
};

/* For one process that is all tasks, each of a kind the first, in its one transaction. */
void line_item_builder_init(struct line_item_builder *builder);

void line_item_builder_begin(struct line_item_builder *builder, const struct pricing *pricing, billing_period period);

/* Slice `index` of a rated row; the lowest one carries its events and own costs. */
void line_item_of_slice(struct line_item_builder *builder, const struct row_view *row, const struct facts *facts,
                        const struct price *price, const struct rated_row *rated, uint32_t index, struct line_item *item);

/* Over all in a line item that follows from the document, and its amount: equal prices, equal hashes. */
uint64_t line_item_price_hash(const struct line_item *item);
/* The same of what line_item_of_slice would make. */
uint64_t line_item_price_hash_of_slice(const struct line_item_builder *builder, const struct row_view *row,
                                       const struct facts *facts, const struct price *price, const struct rated_row *rated,
                                       uint32_t index);

void line_item_of_charge(struct line_item_builder *builder, const struct custom_charge *charge, struct line_item *item);

/* The letters of an id that name the task. */
void line_item_task_letters(uint32_t task, char out[LINE_ITEM_TASK_LETTERS]);

/* The letters of an id that name the identity, for a row's line item of a tier (0: flat). */
void line_item_identity_letters(const struct row_identity *identity, uint32_t tier, struct buffer *scratch,
                                char out[LINE_ITEM_ID_LETTERS - LINE_ITEM_TASK_LETTERS]);

void line_item_builder_done(struct line_item_builder *builder);

#endif
