/*
 * service/earlier_items.h: custom line items that a change of today's document names for the month before: where that month
 * has been closed, what it is charged changes, too (control/month_items.h).
 */
#ifndef SERVICE_EARLIER_ITEMS_H
#define SERVICE_EARLIER_ITEMS_H

#include "control/conductor_topic.h"
#include "service/book.h"

/* Appends the records that are to be published beside the document, which has been published by document_publish. */
MUST_USE bool earlier_items_changes(const struct conductor_topic *topic, struct book *book, const struct document *document,
                                    struct conductor_changes *changes, struct error *error);

#endif
