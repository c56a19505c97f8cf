/*
 * service/topics.h: the topics as something to be served: a thread of its own reads conductor, bills, line-items and
 * cur-manifests (read_committed) into the book and a view in RocksDB; documents go back as `apply` publishes them.
 *
 * The view holds the offsets that its rows stand for and is made again when it is deleted, damaged, of another
 * installation, or so old that compaction may have forgotten deletions.
 */
#ifndef SERVICE_TOPICS_H
#define SERVICE_TOPICS_H

#include <stdatomic.h>

#include "codec/wire.h"
#include "log/kafka_client.h"
#include "service/book.h"
#include "service/publisher.h"
#include "service/source.h"

struct topics_options {
    const struct kafka_settings *kafka;
    const char *directory; /* of the view; this process's own */
    size_t memory_bytes;
    int32_t months;           /* that are kept: the running one and those before it; older ones go when they have closed */
    struct text payer;        /* of an installation without a document; may be empty */
    struct wire *wire;        /* used by the reading thread alone */
    struct wire *report_wire; /* used while a report is made */
    const char *report_directory; /* made reports; may be deleted at any time */
    const _Atomic bool *stop;     /* set by whoever no longer waits for it to be open; NULL: nobody */
    void *context;
    /* A group's bill of a month has changed; on the reading thread. */
    void (*changed)(void *context, struct text period, struct text group);
    /* Behind a commit that had changes. */
    void (*committed)(void *context);
};

struct topics;

/* Connects, and reads to where the topics end now. Fails: no broker, no topics (ERROR_INVALID), no folder, `stop`. */
MUST_USE bool topics_open(const struct topics_options *options, struct topics **ret_topics, struct error *error);
/* Starts the thread that reads on. */
void topics_start(struct topics *topics);
/* Ends the thread; what was read stays readable. NULL is fine. */
void topics_stop(struct topics *topics);
void topics_close(struct topics *topics);

struct book *topics_book(struct topics *topics);
struct view *topics_view(struct topics *topics);
struct source topics_source(struct topics *topics);
/* For one thread, which may be another than the reading one. */
struct publisher topics_publisher(struct topics *topics);

#endif
