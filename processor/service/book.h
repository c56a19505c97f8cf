/*
 * service/book.h: the documents of all months, and the bills they made: what is served.
 *
 * Threads: documents are put by one and taken by any. A document that was taken is held until it is released.
 */
#ifndef SERVICE_BOOK_H
#define SERVICE_BOOK_H

#include "service/document.h"
#include "service/view.h"

struct book;

/* `payer`: of an installation without a document; may be empty. */
struct book *book_new(struct text payer);
void book_free(struct book *book);

/* Takes the document over, in place of the one of the same month, unless that is of a later version. */
void book_put(struct book *book, struct document *document);
/* The document in force in a month: the last one that begins no later. An empty one if there is none. Release it. */
struct document *book_at(struct book *book, billing_period period);

/* Months from which a document is in force, in order. */
void book_months(struct book *book, void (*visit)(void *context, struct text month), void *context);

#endif
