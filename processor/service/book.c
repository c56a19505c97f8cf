/* service/book.c: documents by the month from which they are in force. */
#include "service/book.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct book {
    pthread_rwlock_t lock;
    struct document **documents; /* by month */
    size_t count, capacity;
    struct document *none;
};

struct book *book_new(struct text payer)
{
    struct book *book = memory_new(sizeof *book);
    pthread_rwlock_init(&book->lock, NULL);
    book->none = document_new(payer);
    document_publish(book->none);
    return book;
}

void book_free(struct book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->count; i++)
        document_release(book->documents[i]);
    document_release(book->none);
    free(book->documents);
    pthread_rwlock_destroy(&book->lock);
    free(book);
}

/* The payer is known now, also of months before the first document. */
static void learn_payer(struct book *book, const struct document *document)
{
    if (strcmp(book->none->payer, document->payer) == 0)
        return;
    struct document *none = document_new(text_of(document->payer));
    memcpy(none->partition, document->partition, sizeof none->partition);
    document_publish(none);
    document_release(book->none);
    book->none = none;
}

void book_put(struct book *book, struct document *document)
{
    pthread_rwlock_wrlock(&book->lock);
    learn_payer(book, document);
    size_t at = 0;
    while (at < book->count && book->documents[at]->period < document->period)
        at++;
    if (at < book->count && book->documents[at]->period == document->period) {
        struct document *older = book->documents[at];
        bool is_newer = document->version >= older->version;
        if (!is_newer)
            older = document;
        document = is_newer ? document : book->documents[at];
        document_release(older);
    } else {
        book->documents = memory_reserve_one(book->documents, book->count, &book->capacity, sizeof *book->documents);
        memmove(&book->documents[at + 1], &book->documents[at], (book->count - at) * sizeof *book->documents);
        book->count++;
    }
    book->documents[at] = document;
    pthread_rwlock_unlock(&book->lock);
}

struct document *book_at(struct book *book, billing_period period)
{
    pthread_rwlock_rdlock(&book->lock);
    struct document *found = book->none;
    for (size_t i = 0; i < book->count && book->documents[i]->period <= period; i++)
        found = book->documents[i];
    document_hold(found);
    pthread_rwlock_unlock(&book->lock);
    return found;
}

void book_months(struct book *book, void (*visit)(void *context, struct text month), void *context)
{
    char month[TIME_TEXT_MAX];
    pthread_rwlock_rdlock(&book->lock);
    for (size_t i = 0; i < book->count; i++)
        if (book->documents[i]->period != PERIOD_NONE)
            visit(context, (struct text){ month, period_format(book->documents[i]->period, month) });
    pthread_rwlock_unlock(&book->lock);
}
