/*
 * control/month_items.h: custom line items of a month that has been closed, as they are now: on the conductor topic a small
 * document of its own for each group, under `period / items / group`, since the month's own document is in use for later
 * months and its prices count no more.
 */
#ifndef CONTROL_MONTH_ITEMS_H
#define CONTROL_MONTH_ITEMS_H

#include "control/conductor_topic.h"

#define MONTH_ITEMS_KIND "items"

/* What of the document is charged to a group in a month: appended to `value`, the record's key to `key`. */
void month_items_write(const struct conductor *conductor, uint32_t group, billing_period period, struct buffer *key,
                       struct buffer *value);
/*
 * The items of a record with some of them, by their ids (keys of a JSON object), as another record has them: changed, added,
 * or gone. Appended to `value`. Fails: no such records.
 */
struct json_t;
MUST_USE bool month_items_merge(struct text base, struct text changed, const struct json_t *ids, struct buffer *value,
                                struct error *error);

/*
 * Which groups' records a document changes, and that those of earlier months go, for the last closed month: of `period`, by
 * the document's version. Fails: the month is open, or is not the last one that was closed, or the document is for later
 * months.
 */
MUST_USE bool month_items_changes(const struct conductor_topic *topic, const struct conductor *conductor,
                                  billing_period period, struct conductor_changes *changes, struct error *error);

/* Whether it is the last month that was closed. */
bool month_items_can_change(const struct conductor_topic *topic, billing_period period);

/*
 * A document of that one group and its items, each of which is for every month; hash and version are those of the document
 * that it was written from. The caller's: conductor_done, then free. Fails: no such record.
 */
MUST_USE bool month_items_read(struct text value, struct conductor **ret_conductor, struct error *error);

#endif
