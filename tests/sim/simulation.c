/* sim/simulation.c: a run: chaos, then calm, then the reckoning. */
#include "sim/simulation.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sim/markers.h"
#include "sim/memory_rocks.h"
#include "sim/outcome.h"
#include "sim/simulation_parts.h"
#include "sim/trace.h"
#include "tasks/tier_parcel.h"

#define CHAOS_STEPS 1500
#define CALM_STEPS 6000
#define SETTLED_STEPS 60 /* in which bills and what else waits for its time goes out */

static const int32_t partitions[STREAM_TOPIC_COUNT] = {
    [STREAM_USAGE] = 3,      [STREAM_CONDUCTOR] = 1,     [STREAM_TIERED] = 2,
    [STREAM_LINE_ITEMS] = 7, [STREAM_SUBTOTALS] = 2,     [STREAM_BILLS] = 2,
    [STREAM_CUR] = 2,        [STREAM_CUR_MANIFESTS] = 2, [STREAM_DEAD_LETTERS] = 2,
};
static const int32_t partitions_max[STREAM_TOPIC_COUNT] = {
    [STREAM_USAGE] = 4,      [STREAM_CONDUCTOR] = 1,     [STREAM_TIERED] = 2,
    [STREAM_LINE_ITEMS] = 8, [STREAM_SUBTOTALS] = 2,     [STREAM_BILLS] = 2,
    [STREAM_CUR] = 2,        [STREAM_CUR_MANIFESTS] = 2, [STREAM_DEAD_LETTERS] = 2,
};

void sim_set_faults(struct sim *sim)
{
    const bool *has = sim->faults.has;
    bool chaos = !sim->is_calm;
    const struct memory_log_faults log = {
        .abort_percent = chaos && has[FAULT_REFUSED] ? 4 : 0,
        .produce_per_10000 = chaos && has[FAULT_REFUSED] ? 10 : 0,
        .indeterminate_percent = chaos && has[FAULT_UNANSWERED] ? 4 : 0,
        .late_end_after_done = chaos && sim->late_ends,
        .no_orphans = !has[FAULT_ORPHANS],
        .marks_take_time = has[FAULT_MARKS],
    };
    const struct memory_disk_faults disk = {
        .fail_per_mille = chaos && has[FAULT_BAD_DISK] ? 5 : 0,
        .corrupt_per_mille = chaos && has[FAULT_CORRUPT] ? 50 : 0,
    };
    memory_log_set_faults(sim->log, &log);
    memory_disk_set_faults(&disk);
    memory_disk_set_full(false);
    memory_disk_lock(NULL);
    sim_schemas_set_away(sim->schemas, false);
}

static void chaos(struct sim *sim)
{
    size_t pace = sim->plan_count / (CHAOS_STEPS * 2 / 3) + 1;
    for (unsigned i = 0; i < CHAOS_STEPS && !sim->verdict.is_bad; i++) {
        memory_log_advance(sim->log, (int64_t)dice_below(&sim->dice, 15));
        if (dice_below(&sim->dice, (CHAOS_STEPS * 3 / 4) * pace / (sim->plan_count + 1) + 1) == 0)
            plan_follow(sim, (size_t)dice_below(&sim->dice, 2 * pace + 1));
        if (sim->faults.has[FAULT_DOCUMENTS] && dice_below(&sim->dice, 80) == 0)
            document_publish_another(sim);
        if (dice_below(&sim->dice, 50) == 0)
            plan_feed_late(sim);
        chance(sim);
    }
}

bool sim_is_whole(const struct sim *sim)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (!sim->slots[i] || !sim->slots[i]->status.ready)
            return false;
    return memory_log_group_is_whole(sim->log);
}

void sim_calm(struct sim *sim)
{
    unsigned settled = 0;
    struct verdict missing = { 0 };
    billing_period last = SIM_FIRST_PERIOD + (billing_period)sim->close_count - 1;
    sim->is_calm = true;
    sim_set_faults(sim);
    for (size_t i = 0; i < ZOMBIES; i++)
        process_end(&sim->zombies[i], true);
    for (size_t i = 0; i < SLOTS; i++)
        if (sim->slots[i] && sim->slots[i]->asleep)
            process_sleep(sim->slots[i], false);
    for (unsigned i = 0; i < CALM_STEPS && settled < SETTLED_STEPS && !sim->verdict.is_bad; i++) {
        size_t slot = i % SLOTS;
        memory_log_advance(sim->log, 25);
        if (!sim->slots[slot])
            sim->slots[slot] = start_process(sim, slot);
        process_step(&sim->slots[slot]);
        if (i % 30 == 0)
            plan_feed_late(sim);
        bool through = settled > 0 || (i % 30 == 0 && sim->late_count == 0 && sim_is_whole(sim) &&
                                       markers_are_through(sim->log, last, conductor_topic_version(sim->control), &missing));
        settled = through && sim_is_whole(sim) ? settled + 1 : 0;
    }
    if (settled < SETTLED_STEPS)
        verdict_fail(&sim->verdict, "it does not come to its end: %s", missing.reason);
}

static void count_row(void *context, const struct stream_record *record)
{
    struct tier_message message;
    struct byte_reader reader = bytes_reader(record->value);
    while (reader.at < reader.end && tier_message_take(&reader, &message))
        *(unsigned *)context += message.kind == TIER_MESSAGE_ROW;
}

void sim_reckon(struct sim *sim)
{
    memory_log_advance(sim->log, TRANSACTION_TIMEOUT_MS); /* the last marks come, too */
    const struct documents *documents[SIM_MONTHS + 1];
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++)
        documents[i] = document_in_force(sim, SIM_FIRST_PERIOD + (billing_period)i);
    struct expected *expected = expected_new(sim->world, documents, sim->faults.has[FAULT_REJECTED], sim->fed,
                                             sim->fed_count, sim->closes, sim->close_count);
    expected->dead_may_repeat = sim->late_ends;
    outcome_check(expected, sim->log, &sim->verdict);
    memory_log_each(sim->log, STREAM_TIERED, count_row, &sim->counts.handed_over);
    expected_free(expected);
}

/* Half of the runs have so little memory that rows and ids go to the disk and come back. */
static void choose_memory(struct sim *sim)
{
    bool little = dice_percent(&sim->dice, 50);
    sim->settings.memory_limit_bytes = little ? 768 * 1024 : 32 * 1024 * 1024;
    sim->settings.dedup_memory_bytes = little ? 32 * 1024 : 1024 * 1024;
    sim->settings.store_lag_rows = dice_percent(&sim->dice, 50) ? 1000 : 20;
}

void sim_begin(struct sim *sim, const struct world *world, const struct simulation_options *options)
{
    *sim = (struct sim){ .world = world,
                         .settings = world->settings,
                         .dice = { options->seed },
                         .folder = options->folder,
                         .late_ends = options->late_ends };
    sim->faults = options->all ? options->faults : faults_draw(&options->faults, &sim->dice);
    for (size_t i = 0; i < FAULT_COUNT; i++)
        if (sim->faults.has[i])
            trace("this run has %s", fault_names[i]);
    sim->settings.late_usage = sim->faults.has[FAULT_REJECTED] ? LATE_REJECT : LATE_NEXT;
    sim->log = memory_log_new(&sim->dice, SIM_START_MS, partitions, partitions_max);
    sim->schemas = sim_schemas_new();
    sim->schemas_port = sim_schemas_port(sim->schemas);
    memory_disk_reset(&sim->dice);
    mutation_choose(options->mutation, &sim->dice);
    choose_memory(sim);
    sim_set_faults(sim);
    plan_make(sim);
    document_publish_first(sim);
    for (size_t i = 0; i < SLOTS; i++)
        sim->slots[i] = start_process(sim, i);
}

void sim_end(struct sim *sim)
{
    for (size_t i = 0; i < SLOTS; i++)
        process_end(&sim->slots[i], false);
    for (size_t i = 0; i < ZOMBIES; i++)
        process_end(&sim->zombies[i], false);
    memory_log_free(sim->log);
    sim_schemas_free(sim->schemas);
    documents_end(sim);
    free(sim->plan);
    free(sim->late);
    free(sim->fed);
}

struct verdict simulate(const struct world *world, const struct simulation_options *options,
                        struct simulation_counts *counts)
{
    struct sim sim;
    sim_begin(&sim, world, options);
    chaos(&sim);
    plan_follow(&sim, sim.plan_count);
    sim_calm(&sim);
    if (!sim.verdict.is_bad)
        sim_reckon(&sim);
    sim_end(&sim);
    *counts = sim.counts;
    return sim.verdict;
}
