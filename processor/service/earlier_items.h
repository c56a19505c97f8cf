/*
 * service/earlier_items.h: custom line items that a change of today's document names for the month before: they change in
 * that month's document, too, or, where the month has been closed, in what it is charged (control/month_items.h).
 */
#ifndef SERVICE_EARLIER_ITEMS_H
#define SERVICE_EARLIER_ITEMS_H

#include "control/conductor_topic.h"
#include "service/book.h"

/*
 * The records that are to be published before the document's, which has been published by document_publish. A month's
 * document that changes makes a version of its own.
 */
MUST_USE bool earlier_items_changes(const struct conductor_topic *topic, struct book *book, const struct document *document,
                                    struct conductor_changes *changes, struct error *error);

/*
 * A draft of the document of the month before, `then`, with the items that the document names for it as today's has them;
 * their versions say for which months they are.
 */
struct document *earlier_items_document(const struct document *then, const struct document *document);

#endif
