/* http/watch: who waits too long, whoever has waited longest when it is crowded, and readers that go. Socket pairs. */
#include "support/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/watch.h"

#define LONG_MS (60 * 1000)
#define CONNECTIONS 16u
#define CROWDED 14u /* seven eighths */

struct gone {
    pthread_mutex_t lock;
    int sockets[8];
    unsigned count;
};

static void on_gone(void *context, int socket)
{
    struct gone *gone = context;
    pthread_mutex_lock(&gone->lock);
    gone->sockets[gone->count++ % 8] = socket;
    pthread_mutex_unlock(&gone->lock);
}

static unsigned count_of(struct gone *gone)
{
    pthread_mutex_lock(&gone->lock);
    unsigned count = gone->count;
    pthread_mutex_unlock(&gone->lock);
    return count;
}

/* A connection: the server's end is watched, the client's sees whether it was hung up on. */
struct pair {
    int server, client;
    struct watched *watched;
};

static void join(struct watch *watch, struct pair *pair)
{
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    *pair = (struct pair){ ends[0], ends[1], watch_add(watch, ends[0]) };
}

static void part(struct watch *watch, struct pair *pair)
{
    watch_remove(watch, pair->watched);
    close(pair->server);
    close(pair->client);
}

static bool is_hung_up(const struct pair *pair, int patience_ms)
{
    struct pollfd state = { .fd = pair->client, .events = POLLRDHUP };
    return poll(&state, 1, patience_ms) == 1;
}

static struct watch *start(struct gone *gone, unsigned request_ms)
{
    const struct watch_options options = { CONNECTIONS, request_ms, on_gone, gone };
    pthread_mutex_init(&gone->lock, NULL);
    return watch_start(&options);
}

static void who_sends_no_whole_request_in_time_is_hung_up_on(void **state)
{
    (void)state;
    struct gone gone = { 0 };
    struct watch *watch = start(&gone, 1);
    struct pair late, received, answered;
    join(watch, &late);
    join(watch, &received);
    join(watch, &answered);
    watch_received(watch, received.watched);
    watch_received(watch, answered.watched);
    watch_answered(watch, answered.watched);
    assert_true(is_hung_up(&late, LONG_MS));
    assert_true(is_hung_up(&answered, LONG_MS)); /* its next request is due */
    assert_false(is_hung_up(&received, 1500));   /* its answer is on the way, however long it takes */
    part(watch, &late);
    part(watch, &received);
    part(watch, &answered);
    watch_free(watch);
}

static void when_it_is_crowded_who_has_waited_longest_makes_room(void **state)
{
    (void)state;
    struct gone gone = { 0 };
    struct watch *watch = start(&gone, LONG_MS);
    struct pair pairs[CROWDED + 2];
    for (unsigned i = 0; i < CROWDED; i++)
        join(watch, &pairs[i]);
    watch_received(watch, pairs[0].watched); /* it is being answered: not to be hung up on */
    watch_received(watch, pairs[1].watched);
    watch_answered(watch, pairs[1].watched); /* it has waited for the shortest time now */
    for (unsigned i = 0; i < CROWDED; i++)
        assert_false(is_hung_up(&pairs[i], 0));
    join(watch, &pairs[CROWDED]);
    join(watch, &pairs[CROWDED + 1]);
    for (unsigned i = 0; i < CROWDED + 2; i++)
        expect("pair", is_hung_up(&pairs[i], 0), i == 2 || i == 3);
    for (unsigned i = 0; i < CROWDED + 2; i++)
        part(watch, &pairs[i]);
    watch_free(watch);
}

static void nobody_waits_where_all_are_being_answered(void **state)
{
    (void)state;
    struct gone gone = { 0 };
    struct watch *watch = start(&gone, LONG_MS);
    struct pair pairs[CONNECTIONS];
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        join(watch, &pairs[i]);
        watch_received(watch, pairs[i].watched);
    }
    for (unsigned i = 0; i < CONNECTIONS; i++)
        assert_false(is_hung_up(&pairs[i], 0));
    for (unsigned i = 0; i < CONNECTIONS; i++)
        part(watch, &pairs[i]);
    watch_free(watch);
}

static void a_reader_that_goes_is_told_of_once_with_what_it_had_sent_unread(void **state)
{
    (void)state;
    struct gone gone = { 0 };
    struct watch *watch = start(&gone, LONG_MS);
    struct pair stays, goes;
    join(watch, &stays);
    join(watch, &goes);
    watch_reader(watch, stays.server);
    watch_reader(watch, goes.server);
    assert_int_equal(write(stays.client, "x", 1), 1);
    assert_int_equal(write(goes.client, "x", 1), 1);
    shutdown(goes.client, SHUT_WR);
    while (count_of(&gone) == 0)
        usleep(1000);
    usleep(20000);
    assert_int_equal(count_of(&gone), 1);
    assert_int_equal(gone.sockets[0], goes.server);
    watch_reader(watch, goes.server); /* asked again: told again */
    while (count_of(&gone) == 1)
        usleep(1000);
    part(watch, &stays);
    part(watch, &goes);
    watch_stop(watch);
    watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sends_no_whole_request_in_time_is_hung_up_on),
        cmocka_unit_test(when_it_is_crowded_who_has_waited_longest_makes_room),
        cmocka_unit_test(nobody_waits_where_all_are_being_answered),
        cmocka_unit_test(a_reader_that_goes_is_told_of_once_with_what_it_had_sent_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
