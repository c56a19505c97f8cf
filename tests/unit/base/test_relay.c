/* base/relay: jobs through three hands, in order, by any number of threads. */
#include "support/unit.h"

#include "base/error.h"
#include "base/relay.h"

#define JOBS 5

struct job {
    int number, square;
};

struct world {
    struct job jobs[JOBS];
    void *places[JOBS];
    int filled, last, drained, fails_at;
    bool in_order;
};

static void make_world(struct world *world, int last)
{
    *world = (struct world){ .last = last, .fails_at = -1, .in_order = true };
    for (size_t i = 0; i < JOBS; i++)
        world->places[i] = &world->jobs[i];
}

static bool fill(void *context, void *job)
{
    struct world *world = context;
    ((struct job *)job)->number = world->filled++;
    return world->filled <= world->last;
}

static void work(void *context, void *job, size_t worker)
{
    (void)context;
    CHECK(worker < RELAY_WORKERS_MAX);
    struct job *mine = job;
    mine->square = mine->number * mine->number;
}

static bool drain(void *context, void *job)
{
    struct world *world = context;
    struct job *mine = job;
    world->in_order = world->in_order && mine->number == world->drained && mine->square == mine->number * mine->number;
    return world->drained++ != world->fails_at;
}

static const size_t worker_counts[] = { 1, 2, 5 };

static void what_is_filled_in_order_is_taken_in_order(void **state)
{
    (void)state;
    static const struct relay_hands hands = { fill, work, NULL };
    for (size_t i = 0; i < ARRAY_COUNT(worker_counts); i++) {
        for (int last = 0; last < 500; last = last * 3 + 1) {
            struct world world;
            make_world(&world, last);
            struct relay *relay = relay_new(&hands, &world, world.places, JOBS, worker_counts[i]);
            struct job *job;
            int taken = 0;
            while ((job = relay_take(relay))) {
                assert_int_equal(job->number, taken);
                assert_int_equal(job->square, taken * taken);
                taken++;
            }
            assert_int_equal(taken, last + 1);
            assert_null(relay_take(relay));
            relay_free(relay);
        }
    }
}

static void what_the_owner_fills_is_drained_in_order(void **state)
{
    (void)state;
    static const struct relay_hands hands = { NULL, work, drain };
    for (size_t i = 0; i < ARRAY_COUNT(worker_counts); i++) {
        for (int count = 0; count < 500; count = count * 3 + 1) {
            struct world world;
            make_world(&world, 0);
            struct relay *relay = relay_new(&hands, &world, world.places, JOBS, worker_counts[i]);
            for (int number = 0; number < count; number++)
                ((struct job *)relay_next(relay))->number = number;
            assert_true(relay_finish(relay));
            assert_true(world.in_order);
            assert_int_equal(world.drained, count);
            relay_free(relay);
        }
    }
}

static void after_a_failed_drain_nothing_is_drained_or_asked_for(void **state)
{
    (void)state;
    static const struct relay_hands hands = { NULL, work, drain };
    for (size_t i = 0; i < ARRAY_COUNT(worker_counts); i++) {
        struct world world;
        make_world(&world, 0);
        world.fails_at = 3;
        struct relay *relay = relay_new(&hands, &world, world.places, JOBS, worker_counts[i]);
        struct job *job;
        int number = 0;
        while ((job = relay_next(relay)))
            job->number = number++;
        assert_true(number <= 4 + JOBS);
        assert_false(relay_finish(relay));
        assert_int_equal(world.drained, 4);
        relay_free(relay);
    }
}

static void it_may_end_with_jobs_in_any_state(void **state)
{
    (void)state;
    static const struct relay_hands taken = { fill, work, NULL }, filled = { NULL, work, drain };
    for (size_t i = 0; i < ARRAY_COUNT(worker_counts); i++) {
        struct world world;
        make_world(&world, 1000);
        struct relay *relay = relay_new(&taken, &world, world.places, JOBS, worker_counts[i]);
        assert_non_null(relay_take(relay));
        relay_free(relay);
        make_world(&world, 0);
        relay = relay_new(&filled, &world, world.places, JOBS, worker_counts[i]);
        ((struct job *)relay_next(relay))->number = 0;
        assert_non_null(relay_next(relay));
        relay_free(relay);
    }
    relay_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_filled_in_order_is_taken_in_order),
        cmocka_unit_test(what_the_owner_fills_is_drained_in_order),
        cmocka_unit_test(after_a_failed_drain_nothing_is_drained_or_asked_for),
        cmocka_unit_test(it_may_end_with_jobs_in_any_state),
    };
    return cmocka_run_group_tests_name("base/relay", tests, NULL, NULL);
}
