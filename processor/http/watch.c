/* http/watch.c: connections in the order in which they began to wait; an epoll that hears of readers that leave. */
#include "http/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

#define LOOK_MS 1000
#define EVENTS_MAX 64

struct watched {
    struct watched *previous, *next;
    int socket;
    int64_t since_ms;
    bool waits; /* for a request: in the list */
};

struct watch {
    struct watch_options options;
    pthread_t thread;
    bool runs;
    int epoll, stop;
    pthread_mutex_t lock;   /* of all below */
    struct watched waiting; /* a ring: whoever has waited longest is next */
    unsigned count;         /* connections, waiting or not */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- under the lock ---- */

static void leave(struct watched *watched)
{
    if (!watched->waits)
        return;
    watched->previous->next = watched->next;
    watched->next->previous = watched->previous;
    watched->waits = false;
}

static void join(struct watch *watch, struct watched *watched)
{
    struct watched *ring = &watch->waiting;
    leave(watched);
    watched->since_ms = now_ms();
    watched->waits = true;
    watched->previous = ring->previous;
    watched->next = ring;
    ring->previous->next = watched;
    ring->previous = watched;
}

/* The server finds its end, and closes it. */
static void hang_up(struct watched *watched)
{
    leave(watched);
    shutdown(watched->socket, SHUT_RDWR);
}

static bool is_crowded(const struct watch *watch)
{
    return watch->count > watch->options.connections - watch->options.connections / 8;
}

/* ---- connections ---- */

struct watched *watch_add(struct watch *watch, int socket)
{
    struct watched *watched = memory_new(sizeof *watched);
    watched->socket = socket;
    pthread_mutex_lock(&watch->lock);
    watch->count++;
    if (is_crowded(watch) && watch->waiting.next != &watch->waiting)
        hang_up(watch->waiting.next);
    join(watch, watched);
    pthread_mutex_unlock(&watch->lock);
    return watched;
}

void watch_remove(struct watch *watch, struct watched *watched)
{
    pthread_mutex_lock(&watch->lock);
    leave(watched);
    watch->count--;
    pthread_mutex_unlock(&watch->lock);
    free(watched);
}

void watch_received(struct watch *watch, struct watched *watched)
{
    pthread_mutex_lock(&watch->lock);
    leave(watched);
    pthread_mutex_unlock(&watch->lock);
}

void watch_answered(struct watch *watch, struct watched *watched)
{
    pthread_mutex_lock(&watch->lock);
    join(watch, watched);
    pthread_mutex_unlock(&watch->lock);
}

void watch_reader(struct watch *watch, int socket)
{
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.fd = socket };
    if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, socket, &event) != 0 && errno == EEXIST)
        epoll_ctl(watch->epoll, EPOLL_CTL_MOD, socket, &event);
}

/* ---- the thread ---- */

static void hang_up_on_late(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    int64_t limit = now_ms() - watch->options.request_ms;
    while (watch->waiting.next != &watch->waiting && watch->waiting.next->since_ms < limit)
        hang_up(watch->waiting.next);
    pthread_mutex_unlock(&watch->lock);
}

static void *run(void *context)
{
    struct watch *watch = context;
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int count = epoll_wait(watch->epoll, events, EVENTS_MAX, LOOK_MS);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == watch->stop)
                return NULL;
            watch->options.gone(watch->options.context, events[i].data.fd);
        }
        hang_up_on_late(watch);
    }
}

struct watch *watch_start(const struct watch_options *options)
{
    struct watch *watch = memory_new(sizeof *watch);
    struct epoll_event event = { .events = EPOLLIN };
    watch->options = *options;
    watch->waiting.previous = watch->waiting.next = &watch->waiting;
    pthread_mutex_init(&watch->lock, NULL);
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    watch->stop = eventfd(0, EFD_CLOEXEC);
    CHECK(watch->epoll >= 0 && watch->stop >= 0);
    event.data.fd = watch->stop;
    CHECK(epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->stop, &event) == 0);
    CHECK(pthread_create(&watch->thread, NULL, run, watch) == 0);
    watch->runs = true;
    return watch;
}

void watch_stop(struct watch *watch)
{
    if (!watch->runs)
        return;
    CHECK(eventfd_write(watch->stop, 1) == 0);
    pthread_join(watch->thread, NULL);
    watch->runs = false;
}

void watch_free(struct watch *watch)
{
    watch_stop(watch);
    close(watch->epoll);
    close(watch->stop);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}
