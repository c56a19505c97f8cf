/* api/events.c: a ring of the newest events, read at each stream's own pace. */
#include "api/events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

#define EVENTS_KEPT 4096
#define GROUP_BYTES 132
/* So that proxies and readers know that the stream lives. */
#define HEARTBEAT_SECONDS 5

struct event {
    char period[8], group[GROUP_BYTES];
};

struct events {
    struct book *book;
    const struct source *source;
    pthread_mutex_t lock;
    uint64_t next; /* number of the next event; from 1 */
    struct event *ring;
};

struct event_stream {
    struct events *events;
    struct caller caller;
    uint64_t next;
    int64_t last_s;
    bool greeted;
    enum source_health told; /* once it is greeted */
};

struct events *events_new(struct book *book, const struct source *source)
{
    struct events *events = memory_new(sizeof *events);
    events->book = book;
    events->source = source;
    events->next = 1;
    events->ring = memory_new_array(EVENTS_KEPT, sizeof *events->ring);
    pthread_mutex_init(&events->lock, NULL);
    return events;
}

void events_free(struct events *events)
{
    if (!events)
        return;
    pthread_mutex_destroy(&events->lock);
    free(events->ring);
    free(events);
}

void events_add(struct events *events, struct text period, struct text group)
{
    pthread_mutex_lock(&events->lock);
    struct event *event = &events->ring[events->next++ % EVENTS_KEPT];
    snprintf(event->period, sizeof event->period, "%.*s", TEXT_ARGS(period));
    snprintf(event->group, sizeof event->group, "%.*s", TEXT_ARGS(group));
    pthread_mutex_unlock(&events->lock);
}

struct event_stream *event_stream_new(struct events *events, const struct caller *caller, uint64_t after)
{
    struct event_stream *stream = memory_new(sizeof *stream);
    stream->events = events;
    stream->caller = *caller;
    pthread_mutex_lock(&events->lock);
    stream->next = after && after < events->next ? after + 1 : events->next;
    pthread_mutex_unlock(&events->lock);
    return stream;
}

void event_stream_free(void *stream)
{
    free(stream);
}

/* The next event, if there is one. Those that were overwritten meanwhile are passed over: the newest says enough. */
static bool take_next(struct event_stream *stream, struct event *event, uint64_t *number)
{
    struct events *events = stream->events;
    pthread_mutex_lock(&events->lock);
    bool any = stream->next < events->next;
    if (any) {
        if (events->next - stream->next > EVENTS_KEPT)
            stream->next = events->next - EVENTS_KEPT;
        *number = stream->next++;
        *event = events->ring[*number % EVENTS_KEPT];
    }
    pthread_mutex_unlock(&events->lock);
    return any;
}

static bool may_see(const struct event_stream *stream, const struct event *event)
{
    billing_period period;
    const char *group;
    if (stream->caller.is_payer)
        return true;
    if (!period_parse(text_of(event->period), &period))
        return false;
    struct document *document = book_at(stream->events->book, period);
    caller_role(&stream->caller, document, &group);
    bool own = group && strcmp(group, event->group) == 0;
    document_release(document);
    return own;
}

/* Whether what is shown is of now: the first thing that is told, and again whenever it changes. */
static size_t tell_health(struct event_stream *stream, char *out, size_t size)
{
    static const char *const names[] = { [SOURCE_READY] = "ready", [SOURCE_AWAY] = "away", [SOURCE_UNREAD] = "unread" };
    const struct source *source = stream->events->source;
    enum source_health health = source->health(source->context);
    if (stream->greeted && health == stream->told)
        return 0;
    int used = snprintf(out, size, "%sevent: state\ndata: {\"health\":\"%s\"}\n\n", stream->greeted ? "" : "retry: 2000\n\n",
                        names[health]);
    stream->told = health;
    stream->greeted = true;
    return (size_t)used;
}

long event_stream_read(void *context, char *out, size_t size)
{
    struct event_stream *stream = context;
    struct event event;
    uint64_t number;
    int64_t now_s = (int64_t)time(NULL);
    if (size < 512)
        return 0;
    size_t used = tell_health(stream, out, size);
    while (used + 512 < size && take_next(stream, &event, &number))
        if (may_see(stream, &event))
            used += (size_t)snprintf(out + used, size - used,
                                     "id: %llu\nevent: bill\ndata: {\"period\":\"%s\",\"group\":\"%s\"}\n\n",
                                     (unsigned long long)number, event.period, event.group);
    if (used == 0 && now_s - stream->last_s >= HEARTBEAT_SECONDS)
        used = (size_t)snprintf(out, size, ": alive\n\n");
    if (used)
        stream->last_s = now_s;
    return (long)used;
}
