/*
 * sim/test_scenes.c: what chance brings about too seldom, by hand: some processes, what happens to them in which order, and
 * in the end the topics as a batch run has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/logging.h"
#include "sim/memory_rocks.h"
#include "sim/simulation_parts.h"
#include "sim/trace.h"
#include "support/scratch.h"

#define SEEDS 12 /* what processes read at a time, who has which partition and what is fed differs */
#define HOUR_MS INT64_C(3600000)
#define TURNS 400

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

/* ---- what scenes are made of ---- */

static void begin(struct sim *sim, const struct world *world, uint64_t seed, const char *faults)
{
    struct simulation_options options = { .seed = seed, .all = true, .folder = scratch_folder };
    assert_true(faults_change(&options.faults, faults));
    sim_begin(sim, world, &options);
}

/* Turns of all that are awake, in order. */
static void run_turns(struct sim *sim, unsigned turns)
{
    for (unsigned i = 0; i < turns && !sim->verdict.is_bad; i++) {
        memory_log_advance(sim->log, 25);
        if (sim->slots[i % SLOTS])
            process_step(&sim->slots[i % SLOTS]);
    }
}

static void kill_process(struct sim *sim, size_t slot)
{
    process_end(&sim->slots[slot], true);
}

static void restart_others(struct sim *sim, size_t slot)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (i != slot) {
            kill_process(sim, i);
            sim->slots[i] = start_process(sim, i);
        }
}

static void compact(struct sim *sim, enum stream_topic topic)
{
    for (unsigned i = 0; i < 8; i++)
        memory_log_compact(sim->log, topic, 24 * HOUR_MS);
}

static void end(struct sim *sim, uint64_t seed)
{
    plan_follow(sim, sim->plan_count);
    if (!sim->verdict.is_bad)
        sim_calm(sim);
    if (!sim->verdict.is_bad)
        sim_reckon(sim);
    struct verdict verdict = sim->verdict;
    sim_end(sim);
    if (verdict.is_bad)
        fail_msg("seed %llu: %s", (unsigned long long)seed, verdict.reason);
}

/* ---- scenes ---- */

static void who_sleeps_for_longer_than_deletions_are_kept_reads_the_document_anew(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;
        begin(&sim, *state, seed, "none,orphans"); /* else its producer would be fenced */
        plan_follow(&sim, sim.plan_count / 3);
        run_turns(&sim, TURNS);
        process_sleep(sim.slots[0], true);
        for (unsigned i = 0; i < 3; i++)
            document_publish_another(&sim);
        compact(&sim, STREAM_CONDUCTOR);
        memory_log_advance(sim.log, 30 * HOUR_MS);
        compact(&sim, STREAM_CONDUCTOR);
        process_sleep(sim.slots[0], false);
        end(&sim, seed);
    }
}

static void of_two_closes_the_first_counts_also_for_who_starts_when_the_topic_is_compacted(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;
        begin(&sim, *state, seed, "none,closed-twice,late,back-to-back");
        run_turns(&sim, TURNS / 4);
        while (sim.close_count == 0)
            plan_follow(&sim, 1);
        run_turns(&sim, (unsigned)dice_below(&sim.dice, 60));
        compact(&sim, STREAM_CONDUCTOR);
        kill_process(&sim, (size_t)dice_below(&sim.dice, SLOTS));
        end(&sim, seed);
    }
}

static int64_t count_bill_records(const struct sim *sim)
{
    int64_t count = 0;
    for (int32_t p = 0; p < memory_log_partitions(sim->log, STREAM_BILLS); p++)
        count += memory_log_end(sim->log, STREAM_BILLS, p);
    return count;
}

/* Its neighbours tell all that they know anew while it sleeps, and what they told before is compacted. */
static void a_bill_task_whose_subtotals_were_compacted_comes_back_as_it_was(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;
        size_t slot = (size_t)(seed % SLOTS);
        begin(&sim, *state, seed, "none");
        plan_follow(&sim, sim.plan_count / 4);
        run_turns(&sim, TURNS);
        int64_t bills = count_bill_records(&sim);
        process_sleep(sim.slots[slot], true);
        restart_others(&sim, slot);
        run_turns(&sim, TURNS / 2);
        compact(&sim, STREAM_SUBTOTALS);
        kill_process(&sim, slot);
        sim.slots[slot] = start_process(&sim, slot);
        run_turns(&sim, TURNS);
        assert_int_equal(count_bill_records(&sim), bills);
        end(&sim, seed);
    }
}

/* ---- a task that waits ---- */

static int64_t committed(const struct sim *sim, int32_t partition)
{
    return memory_log_committed(sim->log, STREAM_USAGE, partition);
}

static int64_t last_usage(const struct sim *sim, int32_t partition)
{
    return memory_log_last(sim->log, STREAM_USAGE, partition, NULL)->offset;
}

/* One process with all partitions, of which the writer of one has a schema that the registry does not give. */
static void while_one_waits_for_a_schema_the_others_commit_all_that_comes(void **state)
{
    unsigned waited = 0; /* in some seeds nothing comes under the newer schema */
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;
        begin(&sim, *state, seed, "none,registry");
        kill_process(&sim, 1);
        kill_process(&sim, 2);
        sim_schemas_set_away(sim.schemas, true);
        run_turns(&sim, 3000); /* the dead are missed */
        plan_follow(&sim, sim.plan_count / 2);
        run_turns(&sim, 3000);
        assert_false(sim.verdict.is_bad);
        bool waits = committed(&sim, sim.newer_writer) <= last_usage(&sim, sim.newer_writer);
        assert_int_equal(sim.slots[0]->status.waiting > 0, waits);
        assert_int_equal(sim.slots[0]->status.ready, !waits);
        for (int32_t p = 0; p < memory_log_partitions(sim.log, STREAM_USAGE); p++)
            assert_true(p == sim.newer_writer || committed(&sim, p) > last_usage(&sim, p));
        waited += waits;
        sim_schemas_set_away(sim.schemas, false);
        end(&sim, seed);
    }
    assert_true(waited > SEEDS / 3);
}

/* Somebody else holds the folder of a usage task, or the disk is full for it alone. */
static void while_one_waits_for_its_folder_the_others_commit_all_that_comes(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim sim;
        char folder[192];
        int32_t locked = (int32_t)dice_below(&(struct dice){ seed }, 3);
        begin(&sim, *state, seed, "none");
        kill_process(&sim, 1);
        kill_process(&sim, 2);
        snprintf(folder, sizeof folder, "%s/task-%d", sim.slots[0]->state_dir,
                 4 + locked); /* behind 2 bill and 2 tier tasks */
        memory_disk_lock(folder);
        run_turns(&sim, 3000);
        plan_follow(&sim, sim.plan_count / 2);
        run_turns(&sim, 3000);
        assert_false(sim.verdict.is_bad);
        for (int32_t p = 0; p < memory_log_partitions(sim.log, STREAM_USAGE); p++)
            assert_int_equal(committed(&sim, p) > last_usage(&sim, p), p != locked);
        memory_disk_lock(NULL);
        end(&sim, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sleeps_for_longer_than_deletions_are_kept_reads_the_document_anew),
        cmocka_unit_test(of_two_closes_the_first_counts_also_for_who_starts_when_the_topic_is_compacted),
        cmocka_unit_test(a_bill_task_whose_subtotals_were_compacted_comes_back_as_it_was),
        cmocka_unit_test(while_one_waits_for_a_schema_the_others_commit_all_that_comes),
        cmocka_unit_test(while_one_waits_for_its_folder_the_others_commit_all_that_comes),
    };
    return cmocka_run_group_tests_name("scenes", tests, setup, teardown);
}
