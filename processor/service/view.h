/*
 * service/view.h: bills, daily sums and line items in RocksDB, by (month, group, account, service), so that no request reads
 * more than it answers.
 *
 * A view of the topics or of a result folder: it can be deleted and made again. Writes gather until view_commit, which
 * puts them in whole, with the position that they stand for. Threads: one writes; any number read what is committed.
 */
#ifndef SERVICE_VIEW_H
#define SERVICE_VIEW_H

#include "model/bill.h"
#include "model/line_item.h"
#include "store/rocks.h"

struct view;

MUST_USE bool view_open(const char *directory, size_t memory_bytes, struct view **ret_view, struct error *error);
void view_close(struct view *view);

/* ---- writing ---- */

MUST_USE bool view_put_bill(struct view *view, const struct bill *bill, struct error *error);
void view_delete_bill(struct view *view, struct text group, struct text period, struct text account, struct text service,
                      struct text type);
/* In place of the line item of the same id. */
MUST_USE bool view_put_line_item(struct view *view, const struct line_item *item, struct error *error);
MUST_USE bool view_delete_line_item(struct view *view, struct text id, struct error *error);
/* A value of the caller's own that is committed along: where it has read to, what it has kept. */
void view_put_mark(struct view *view, struct text name, struct text value);
void view_delete_mark(struct view *view, struct text name);
MUST_USE bool view_commit(struct view *view, struct error *error);
/*
 * Takes a month out, committed, in steps of at most `rows_max` line items. *ret_done tells whether it is gone whole;
 * marks stay.
 */
MUST_USE bool view_drop_month(struct view *view, struct text period, size_t rows_max, bool *ret_done, struct error *error);
/* Throws everything away, what waits too, and begins with an empty folder. Whoever reads is waited for. */
MUST_USE bool view_remake(struct view *view, struct error *error);
/* False: somebody has deleted its folder. What is read is still right; what is written would be lost. */
bool view_is_there(const struct view *view);
/* Bytes that wait for a commit. */
size_t view_pending(const struct view *view);

/* ---- reading ---- */

enum view_table { VIEW_BILLS, VIEW_DAILY, VIEW_LINE_ITEMS };

/* Rows whose key begins with these parts, in order; a part that is not `given` ends the prefix. */
struct view_range {
    enum view_table table;
    char period[8];
    struct text parts[5]; /* group, account, service, and then type, day or id */
    size_t part_count;
    struct text after; /* go on behind this key; empty: from the beginning */
};

/* `key`: all that follows the month, for `after`; `parts` of it. False ends the walk. */
typedef bool view_visit(void *context, struct text key, const struct text parts[5], struct text value);

MUST_USE bool view_walk(struct view *view, const struct view_range *range, view_visit *visit, void *context,
                        struct error *error);

/* A bill's JSON; *found is false if there is none. */
MUST_USE bool view_fetch_bill(struct view *view, const char *period, struct text group, struct text account,
                              struct text service, struct text type, struct buffer *json, bool *found, struct error *error);
/* A line item's JSON with its month, group and account. */
MUST_USE bool view_fetch_line_item(struct view *view, struct text id, struct buffer *json, bool *found, struct error *error);
MUST_USE bool view_fetch_mark(struct view *view, struct text name, struct buffer *value, bool *found, struct error *error);

/* Marks whose names begin with the prefix, in order. */
MUST_USE bool view_marks(struct view *view, struct text prefix,
                         void (*visit)(void *context, struct text name, struct text value), void *context,
                         struct error *error);

/* Months that have bills, in order: visited with the text of each. */
MUST_USE bool view_periods(struct view *view, void (*visit)(void *context, struct text period), void *context,
                           struct error *error);

/* What a daily row holds. */
struct view_daily {
    struct sum cost, billable_cost; /* COST_SCALE, AMOUNT_SCALE */
};
struct view_daily view_daily_read(struct text value);

#endif
