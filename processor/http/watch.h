/*
 * http/watch.h: a server's sockets: who is still sending a request, and since when; whose reader has gone.
 *
 * Whoever takes too long to send a request is hung up on, however steadily bytes drip; so is whoever has waited longest
 * when there are about as many connections as the server takes: nobody can hold up others by holding connections. A
 * thread of its own; the rest from any thread.
 */
#ifndef HTTP_WATCH_H
#define HTTP_WATCH_H

#include <stdbool.h>

struct watch;
struct watched;

struct watch_options {
    unsigned connections; /* that the server takes */
    unsigned request_ms;  /* from a connection's begin, or its last answer, to a whole request */
    /* The reader of a stream has gone; on the watch's thread. The socket may be another's by now. */
    void (*gone)(void *context, int socket);
    void *context;
};

struct watch *watch_start(const struct watch_options *options);
/* Ends the thread; connections may still be removed. */
void watch_stop(struct watch *watch);
void watch_free(struct watch *watch);

/* A connection has begun, and waits for a request; to be removed before its socket is closed. */
struct watched *watch_add(struct watch *watch, int socket);
void watch_remove(struct watch *watch, struct watched *watched);
/* A whole request has come. */
void watch_received(struct watch *watch, struct watched *watched);
/* It is answered: the next one may come. */
void watch_answered(struct watch *watch, struct watched *watched);
/* What follows is a stream, which nobody may be reading any more: `gone` tells. */
void watch_reader(struct watch *watch, int socket);

#endif
