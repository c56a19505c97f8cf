/*
 * sim/test_mutations.c: faults that are seeded on purpose are found by the simulator, each within so many seeds.
 *
 *   sim_mutations [TEXT]     only those that are described with this word
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/logging.h"
#include "sim/simulation.h"
#include "support/scratch.h"

#define SEEDS 200
#define TORN_SEEDS 60
#define RUN_SECONDS_MAX 60

static const char *asked = "";

static int setup(void **state)
{
    scratch_setup(state);
    logging_set_level(LOGGING_ERROR);
    *state = world_new(false);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return scratch_teardown(state);
}

enum result { RESULT_GOOD, RESULT_BAD, RESULT_TOLD };

/* A mutant may also end its process: each run has one of its own. */
static enum result run(const struct world *world, const struct simulation_options *options)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct simulation_counts counts;
        alarm(RUN_SECONDS_MAX);
        (void)!freopen("/dev/null", "w", stderr);
        struct verdict verdict = simulate(world, options, &counts);
        _exit(verdict.is_told ? RESULT_TOLD : verdict.is_bad ? RESULT_BAD : RESULT_GOOD);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? (enum result)WEXITSTATUS(status) : RESULT_BAD;
}

static bool is_found(const struct world *world, enum mutation mutation, uint64_t seed)
{
    struct simulation_options options = {
        .seed = seed, .faults = faults_all(), .mutation = mutation, .folder = scratch_folder
    };
    return run(world, &options) != RESULT_GOOD;
}

/* The first seed that finds it; 0: none does. */
static uint64_t seed_that_finds(const struct world *world, enum mutation mutation)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        if (is_found(world, mutation, seed))
            return seed;
    return 0;
}

static void what_is_right_is_not_found_wrong(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS / 8; seed++)
        assert_false(is_found(*state, MUTATION_NONE, seed));
}

static void every_mutation_is_found(void **state)
{
    unsigned missed = 0;
    for (enum mutation mutation = MUTATION_NONE + 1; mutation < MUTATION_COUNT; mutation++) {
        if (!strstr(mutation_texts[mutation], asked))
            continue;
        uint64_t seed = seed_that_finds(*state, mutation);
        printf("%s: %s %llu\n", mutation_texts[mutation], seed ? "seed" : "NOT FOUND,", (unsigned long long)seed);
        missed += seed == 0;
    }
    assert_int_equal(missed, 0);
}

/* A request to commit that comes again commits the first part of the next transaction: a task says so, or nothing is wrong.
 */
static void a_torn_transaction_is_never_silent(void **state)
{
    unsigned told = 0;
    for (uint64_t seed = 1; seed <= TORN_SEEDS; seed++) {
        struct simulation_options options = {
            .seed = seed, .faults = faults_all(), .late_ends = true, .folder = scratch_folder
        };
        enum result result = run(*state, &options);
        if (result == RESULT_BAD)
            fail_msg("seed %llu: torn in silence", (unsigned long long)seed);
        told += result == RESULT_TOLD;
    }
    printf("torn and told: %u of %d\n", told, TORN_SEEDS);
    assert_true(told > 0);
}

int main(int argc, char **argv)
{
    asked = argc > 1 ? argv[1] : "";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_not_found_wrong),
        cmocka_unit_test(every_mutation_is_found),
        cmocka_unit_test(a_torn_transaction_is_never_silent),
    };
    return cmocka_run_group_tests_name("mutations", tests, setup, teardown);
}
