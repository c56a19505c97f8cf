/*
 * service/control_reader.h: the conductor topic as far as it has been read, and the documents of all its months.
 *
 * Takes records from whatever stream reads them. Thread: one.
 */
#ifndef SERVICE_CONTROL_READER_H
#define SERVICE_CONTROL_READER_H

#include "control/conductor_topic.h"
#include "service/book.h"

struct control_reader;

struct control_reader *control_reader_new(struct text payer);
void control_reader_free(struct control_reader *reader);
MUST_USE bool control_reader_take(struct control_reader *reader, const struct stream_record *record, struct error *error);

struct conductor_topic *control_reader_topic(struct control_reader *reader);
/* Puts the documents into the book, if their version is newer than what was put last. */
void control_reader_update(struct control_reader *reader, struct book *book);
/* A kept reply; NULL: none. */
const char *control_reader_reply(const struct control_reader *reader, const char *key);
/* Visits the topic's keys of replies that were kept before a time. */
void control_reader_expired(const struct control_reader *reader, int64_t before_s,
                            void (*visit)(void *context, const char *key), void *context);
/* The key under which a reply is kept on the topic. */
void control_reader_reply_key(billing_period period, const char *key, struct buffer *out);

#endif
