/*
 * sim/test_simulator.c: whatever happens to workers, the group, brokers and disks, the topics end as a batch run on the same
 * usage prices it.
 *
 *   sim_simulator [--trace] [--faults LIST] [--all] [--late-ends] [SEED [RUNS]]
 *
 * One seed again, or RUNS from it on. LIST adds and takes away kinds of faults: "none,crash,expel", "-late"; --all lets none
 * of them out. --late-ends: requests to commit come twice. --trace tells what happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/logging.h"
#include "sim/simulation.h"
#include "sim/trace.h"
#include "support/scratch.h"

#define RUN_SECONDS_MAX 120 /* a run that hangs is killed; its seed has been printed */

static struct {
    struct fault_set faults;
    bool all, late_ends;
    uint64_t seed;
    unsigned runs;
} asked = { .runs = 1300 };

static int set_up_with(bool allowances, void **state)
{
    scratch_setup(state);
    logging_set_level(trace_is_on() ? LOGGING_DEBUG : LOGGING_ERROR);
    *state = world_new(allowances);
    return 0;
}

static int setup(void **state)
{
    return set_up_with(false, state);
}

static int set_up_with_allowances(void **state)
{
    return set_up_with(true, state);
}

static int teardown(void **state)
{
    world_free(*state);
    return scratch_teardown(state);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The seed is printed before anything runs. */
static void run(const struct world *world, const struct simulation_options *options)
{
    struct simulation_counts counts = { 0 };
    printf("seed %llu: ", (unsigned long long)options->seed);
    fflush(stdout);
    alarm(RUN_SECONDS_MAX);
    struct verdict verdict = simulate(world, options, &counts);
    alarm(0);
    printf("%u crashes, %u fenced, %u expelled, %u commits, %u aborts, %u documents, %u rows handed over\n", counts.crashes,
           counts.fenced, counts.expelled, counts.commits, counts.aborts, counts.documents, counts.handed_over);
    if (verdict.is_bad)
        fail_msg("seed %llu: %s", (unsigned long long)options->seed, verdict.reason);
}

static void a_quiet_run_ends_as_the_batch_prices_it(void **state)
{
    struct simulation_options options = { .seed = 1, .folder = scratch_folder };
    bool traces = trace_is_on();
    trace_switch(false);
    run(*state, &options);
    trace_switch(traces);
}

static void run_many(void **state, unsigned runs)
{
    double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < runs; i++) {
        struct simulation_options options = { .seed = asked.seed + i,
                                              .faults = asked.faults,
                                              .all = asked.all,
                                              .late_ends = asked.late_ends,
                                              .folder = scratch_folder };
        run(*state, &options);
    }
    double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
    printf("%u runs in %.1f s of processor time, %.0f a second\n", runs, took, runs / took);
}

static void whatever_happens_the_topics_end_as_the_batch_prices_it(void **state)
{
    run_many(state, asked.runs);
}

/* Pools of several usage types and regions share, and must meet in one task. */
static void whatever_happens_allowances_are_shared_as_the_batch_shares_them(void **state)
{
    run_many(state, asked.runs / 4 + 1);
}

static void read_arguments(int argc, char **argv)
{
    int at = 1;
    asked.faults = faults_all();
    asked.seed = (uint64_t)time(NULL) * 1000000 + (uint64_t)getpid() % 500 * 2000; /* of processes side by side, too */
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        trace_switch(trace_is_on() || strcmp(argv[at], "--trace") == 0);
        asked.all = asked.all || strcmp(argv[at], "--all") == 0;
        asked.late_ends = asked.late_ends || strcmp(argv[at], "--late-ends") == 0;
        if (strcmp(argv[at], "--faults") == 0 && at + 1 < argc && !faults_change(&asked.faults, argv[++at])) {
            fprintf(stderr, "no such kind of fault: %s\n", argv[at]);
            exit(2);
        }
    }
    if (at < argc) {
        asked.seed = strtoull(argv[at], NULL, 10);
        asked.runs = at + 1 < argc ? (unsigned)strtoul(argv[at + 1], NULL, 10) : 1;
    }
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_run_ends_as_the_batch_prices_it),
        cmocka_unit_test(whatever_happens_the_topics_end_as_the_batch_prices_it),
    };
    const struct CMUnitTest with_allowances[] = {
        cmocka_unit_test(a_quiet_run_ends_as_the_batch_prices_it),
        cmocka_unit_test(whatever_happens_allowances_are_shared_as_the_batch_shares_them),
    };
    int failed = cmocka_run_group_tests_name("simulator", tests, setup, teardown);
    return failed + cmocka_run_group_tests_name("simulator, allowances", with_allowances, set_up_with_allowances, teardown);
}
