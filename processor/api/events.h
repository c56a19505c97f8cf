/*
 * api/events.h: which bills changed, and whether what is shown is of now, as server-sent events.
 *
 * The newest are kept, so that a reader who was away for a moment goes on behind its Last-Event-ID. Any thread.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "api/access.h"
#include "service/book.h"
#include "service/source.h"

struct events;
struct event_stream;

struct events *events_new(struct book *book, const struct source *source);
void events_free(struct events *events);

/* A group's bill of a month has changed. Those who wait are to be woken by the caller. */
void events_add(struct events *events, struct text period, struct text group);

/* `after`: number of the last event that the reader has; 0: only those to come. */
struct event_stream *event_stream_new(struct events *events, const struct caller *caller, uint64_t after);
/* As http_stream_read. */
long event_stream_read(void *stream, char *out, size_t size);
void event_stream_free(void *stream);

#endif
