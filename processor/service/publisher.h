/*
 * service/publisher.h: the port by which changed documents reach everybody: the conductor topic, or memory in tests.
 *
 * Used by one thread.
 */
#ifndef SERVICE_PUBLISHER_H
#define SERVICE_PUBLISHER_H

#include "model/price_list.h"
#include "service/book.h"

/* A reply that is kept under a client's token; replayed for at least a day. */
struct kept_reply {
    const char *key;  /* operation/token */
    const char *json; /* {"arguments": hash, "time": seconds, "reply": …} */
};

enum publish_outcome {
    PUBLISH_DONE,
    PUBLISH_LOST,    /* somebody else published meanwhile: refresh, and do it again */
    PUBLISH_REFUSED, /* it cannot follow what is in force now: *error says what it waits for */
    PUBLISH_FAILED,  /* *error */
};

struct publisher {
    void *context;
    /* Brings the book up to what others have published. */
    bool (*refresh)(void *context, struct error *error);
    /* A kept reply; NULL: none. Valid until the next call. */
    const char *(*kept)(void *context, const char *key);
    /* What custom tiers of a month's document are held against; NULL: no price list. Valid until the next call. */
    const struct price_list *(*prices)(void *context, billing_period period);
    /* One transaction. On PUBLISH_DONE the document, which was published by document_publish, is in the book. */
    enum publish_outcome (*publish)(void *context, struct document *document, const struct kept_reply *replies,
                                    size_t reply_count, struct error *error);
};

#endif
