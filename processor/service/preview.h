/*
 * service/preview.h: what the groups of a month would pay in all under another document: the line items of the view go back
 * into the rows that they came from, and all are priced under both documents, as `price` would. Nothing is written.
 *
 * Takes the time and the temporary disk that so many rows take. Any thread.
 */
#ifndef SERVICE_PREVIEW_H
#define SERVICE_PREVIEW_H

#include "money/sum.h"
#include "service/document.h"
#include "service/view.h"

struct preview_total {
    struct text group;
    bool was, is; /* under either document it has a total */
    struct sum cost_now, cost_then;
};

/* Groups that either document has, in the order of their ids. */
struct preview {
    struct arena arena;
    struct preview_total *totals;
    size_t count, capacity;
    uint64_t line_items;
    bool is_complete; /* false: the month has more line items than may be looked at, and there are no totals */
};

struct preview_question {
    struct view *view;
    billing_period period;
    const struct document *now, *then;
    const struct price_list *prices;
    uint64_t line_items_max;
    size_t memory_bytes;
};

MUST_USE bool preview_compute(const struct preview_question *question, struct preview *ret, struct error *error);
void preview_done(struct preview *preview);

#endif
