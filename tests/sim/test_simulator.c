/*
 * sim/test_simulator.c: workers on a log in memory that crash, are expelled, fenced, left without an answer and refused, by
 * a seed; whatever happens, the topics must end as a batch run on the same usage prices it.
 *
 *   sim_simulator [SEED [RUNS]]     one seed again, or as many as RUNS from it on
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/conductor_topic.h"
#include "observe/logging.h"
#include "run/worker.h"
#include "sim/outcome.h"
#include "support/scratch.h"

#define SLOTS 3
#define ZOMBIES 4
#define CHAOS_STEPS 6000
#define CALM_STEPS 30000

/* ---- the simulation ---- */

struct process {
    struct sim *sim;
    char id[16], state_dir[160];
    struct worker *worker;
    struct stream *stream; /* NULL: it has none at the moment */
    struct worker_options options;
    struct worker_status status;
    struct kafka_settings kafka;
    _Atomic bool stop;
    bool paused;
};

struct sim {
    struct world *world;
    struct memory_log *log;
    struct fixed_schemas *schemas;
    struct wire_schemas port;
    struct process *slots[SLOTS], *zombies[ZOMBIES]; /* a zombie's slot has been given to another process of its name */
    unsigned folders, crashes, fenced, expelled, aborts, commits;
    size_t fed, *order;
    bool closed;
};

static bool open_stream(void *context, const enum stream_topic *topics, size_t topic_count, struct stream **ret_stream,
                        struct error *error)
{
    (void)topics;
    (void)topic_count;
    (void)error;
    struct process *process = context;
    memory_stream_open(process->sim->log, process->id, &process->stream);
    *ret_stream = process->stream;
    return true;
}

static int64_t sim_clock(void *context)
{
    return memory_log_now_ms(((struct process *)context)->sim->log);
}

/* An older self that still lives holds on to its folder: the new one gets another. */
static struct process *start(struct sim *sim, size_t slot, unsigned folder)
{
    struct process *process = memory_new(sizeof *process);
    process->sim = sim;
    snprintf(process->id, sizeof process->id, "p%zu", slot);
    snprintf(process->state_dir, sizeof process->state_dir, "%s-%zu-%u", scratch_path("state"), slot, folder);
    process->options = (struct worker_options){ .settings = &sim->world->settings, .kafka = &process->kafka,
                                                .schemas = &sim->port, .worker_count = 1, .state_dir = process->state_dir,
                                                .stop = &process->stop, .repair_task = -1, .open_stream = open_stream,
                                                .clock_ms = sim_clock, .port_context = process };
    process->worker = worker_new(&process->options, &process->status);
    return process;
}

static void end(struct process **process, bool crash)
{
    if (!*process)
        return;
    if (crash && (*process)->stream)
        memory_stream_crash((*process)->stream);
    (*process)->sim->aborts += (unsigned)(*process)->status.aborts;
    (*process)->sim->commits += (unsigned)(*process)->status.commits;
    worker_free((*process)->worker);
    free(*process);
    *process = NULL;
}

static void step(struct process **process)
{
    struct error error;
    enum worker_end how = worker_step((*process)->worker, &error);
    if (how == WORKER_FAILED)
        fail_msg("a worker failed: %s", error.message);
    (*process)->sim->fenced += how == WORKER_FENCED;
    /* Without an answer it would ask again; some do not live to. */
    bool dies = how == WORKER_GOES_ON && !(*process)->stream && memory_log_random((*process)->sim->log, 3) == 0;
    if (how != WORKER_GOES_ON || dies)
        end(process, dies);
}

static uint64_t dice(struct sim *sim, uint64_t sides)
{
    return memory_log_random(sim->log, sides);
}

static void feed(struct sim *sim, size_t count)
{
    for (; count > 0 && sim->fed < sim->world->usage_count; count--, sim->fed++) {
        const struct usage *usage = &sim->world->usage[sim->order[sim->fed]];
        struct text json = { usage->json, usage->size };
        memory_log_append(sim->log, STREAM_USAGE, usage->partition, TEXT_NONE, json, false);
        /* Now and then an event that came before comes again. */
        usage = &sim->world->usage[sim->order[dice(sim, sim->fed + 1)]];
        json = (struct text){ usage->json, usage->size };
        if (dice(sim, 20) == 0 && usage->json[usage->size - 1] == '}')
            memory_log_append(sim->log, STREAM_USAGE, usage->partition, TEXT_NONE, json, false);
    }
}

static void publish(struct sim *sim)
{
    struct conductor_topic *empty = conductor_topic_new();
    struct conductor_changes changes;
    struct input *input;
    struct error error;
    assert_true(input_open(SIM_DOCUMENT, &input, &error));
    assert_true(conductor_changes_compute(empty, input, sim->world->documents.conductor, &sim->world->documents.list,
                                          &changes, &error));
    for (size_t i = 0; i < changes.count; i++)
        memory_log_append(sim->log, STREAM_CONDUCTOR, 0, changes.items[i].key, changes.items[i].value,
                          changes.items[i].value.data == NULL);
    input_close(input);
    conductor_changes_done(&changes);
    conductor_topic_free(empty);
}

static void close_month(struct sim *sim)
{
    int64_t ends[8];
    struct buffer key = { 0 }, value = { 0 };
    for (int32_t p = 0; p < sim_partitions[STREAM_USAGE]; p++)
        ends[p] = memory_log_end(sim->log, STREAM_USAGE, p);
    struct close_record record = { SIM_PERIOD, 1, ends, (size_t)sim_partitions[STREAM_USAGE] };
    close_record_write(&record, &key, &value);
    memory_log_append(sim->log, STREAM_CONDUCTOR, 0, buffer_text(&key), buffer_text(&value), false);
    buffer_done(&key);
    buffer_done(&value);
    sim->closed = true;
}

static void crash(struct sim *sim, size_t slot)
{
    if (!sim->slots[slot])
        return;
    char folder[160];
    snprintf(folder, sizeof folder, "%s", sim->slots[slot]->state_dir);
    end(&sim->slots[slot], true);
    sim->crashes++;
    if (dice(sim, 3) == 0)
        remove_tree(folder);
}

/* It is taken for dead, and another process starts under its name while it goes on. */
static void make_zombie(struct sim *sim, size_t slot)
{
    for (size_t i = 0; i < ZOMBIES; i++) {
        if (!sim->slots[slot] || sim->zombies[i])
            continue;
        sim->zombies[i] = sim->slots[slot];
        sim->slots[slot] = start(sim, slot, ++sim->folders);
        return;
    }
}

/* One thing that may go wrong, or does not. */
static void chance(struct sim *sim)
{
    size_t slot = (size_t)dice(sim, SLOTS), zombie = (size_t)dice(sim, ZOMBIES);
    struct process *process = sim->slots[slot];
    switch (dice(sim, 1200)) {
    case 0: case 1: case 2: case 3:
        crash(sim, slot);
        break;
    case 4: case 5:
        make_zombie(sim, slot);
        break;
    case 6: case 7:
        if (process && process->stream) {
            memory_stream_expel(process->stream);
            sim->expelled++;
        }
        break;
    case 8: case 9: case 10:
        if (process)
            process->paused = !process->paused;
        break;
    case 11:
        if (process) {
            atomic_store(&process->stop, true); /* an orderly end */
            process->paused = false;
        }
        break;
    case 12: case 13: case 14: case 15: case 16: case 17: case 18: case 19:
        if (!process)
            sim->slots[slot] = start(sim, slot, 0);
        break;
    case 20: case 21: case 22: case 23:
        memory_log_expel_silent(sim->log);
        memory_log_expire_transactions(sim->log);
        break;
    case 24: case 25: case 26: case 27: case 28: case 29:
        if (sim->zombies[zombie])
            step(&sim->zombies[zombie]);
        break;
    default:
        if (process && !process->paused)
            step(&sim->slots[slot]);
        break;
    }
}

/* ---- a run ---- */

static int setup(void **state)
{
    scratch_setup(state);
    logging_set_level(getenv("SIM_LOG") ? LOGGING_DEBUG : LOGGING_ERROR);
    *state = world_new();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return scratch_teardown(state);
}

static void shuffle(struct sim *sim)
{
    size_t count = sim->world->usage_count;
    sim->order = memory_new_array(count, sizeof *sim->order);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)dice(sim, i + 1);
        sim->order[i] = sim->order[at];
        sim->order[at] = i;
    }
}

static void chaos(struct sim *sim)
{
    static const struct memory_log_faults faults = { 4, 4, 10 };
    memory_log_set_faults(sim->log, &faults);
    for (unsigned i = 0; i < CHAOS_STEPS; i++) {
        memory_log_advance(sim->log, (int64_t)dice(sim, 15));
        if (dice(sim, CHAOS_STEPS / 100) == 0)
            feed(sim, (size_t)dice(sim, sim->world->usage_count / 25));
        if (!sim->closed && i > CHAOS_STEPS * 3 / 5) {
            feed(sim, sim->world->usage_count);
            close_month(sim);
        }
        chance(sim);
    }
}

/* Whatever was, is over: all must come to its end. */
static void calm(struct sim *sim)
{
    static const struct memory_log_faults none = { 0, 0, 0 };
    unsigned after = 0;
    memory_log_set_faults(sim->log, &none);
    for (size_t i = 0; i < ZOMBIES; i++)
        end(&sim->zombies[i], true);
    for (unsigned i = 0; i < CALM_STEPS && after < 300; i++) {
        size_t slot = i % SLOTS;
        memory_log_advance(sim->log, 20);
        memory_log_expel_silent(sim->log);
        memory_log_expire_transactions(sim->log);
        if (!sim->slots[slot])
            sim->slots[slot] = start(sim, slot, ++sim->folders);
        sim->slots[slot]->paused = false;
        step(&sim->slots[slot]);
        size_t expected = sim->world->manifests ? json_object_size(sim->world->manifests) : 0;
        if (after > 0 || (i % 50 == 0 && outcome_manifests(sim->log) >= (expected ? expected : 3)))
            after++;
    }
    assert_int_equal(after, 300);
}

/* Every other run has so little memory that rows and ids go to the disk and come back. */
static void choose_memory(struct settings *settings, uint64_t seed)
{
    settings->memory_limit_bytes = seed % 2 ? 768 * 1024 : 32 * 1024 * 1024;
    settings->dedup_memory_bytes = seed % 2 ? 32 * 1024 : 1024 * 1024;
}

static void run(struct world *world, uint64_t seed, bool with_faults)
{
    choose_memory(&world->settings, seed);
    struct sim sim = { .world = world, .log = memory_log_new(seed, sim_partitions), .schemas = fixed_schemas_new() };
    sim.port = fixed_schemas_port(sim.schemas);
    shuffle(&sim);
    publish(&sim);
    for (size_t i = 0; i < SLOTS; i++)
        sim.slots[i] = start(&sim, i, 0);
    if (with_faults)
        chaos(&sim);
    feed(&sim, world->usage_count);
    if (!sim.closed)
        close_month(&sim);
    calm(&sim);
    for (size_t i = 0; i < SLOTS; i++)
        end(&sim.slots[i], false);
    outcome_check(world, sim.log);
    printf("seed %llu: %u crashes, %u fenced, %u expelled, %u commits, %u aborts\n", (unsigned long long)seed, sim.crashes,
           sim.fenced, sim.expelled, sim.commits, sim.aborts);
    fflush(stdout);
    memory_log_free(sim.log);
    fixed_schemas_free(sim.schemas);
    free(sim.order);
    remove_tree(scratch_folder);
    mkdir(scratch_folder, 0700);
}

static uint64_t first_seed = 0;
static unsigned run_count = 5;

static void a_quiet_run_ends_as_the_batch_prices_it(void **state)
{
    run(*state, 1, false);
}

static void whatever_happens_the_topics_end_as_the_batch_prices_it(void **state)
{
    uint64_t seed = first_seed ? first_seed : (uint64_t)time(NULL);
    for (unsigned i = 0; i < run_count; i++)
        run(*state, seed + i, true);
}

int main(int argc, char **argv)
{
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    run_count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : argc > 1 ? 1 : run_count;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_run_ends_as_the_batch_prices_it),
        cmocka_unit_test(whatever_happens_the_topics_end_as_the_batch_prices_it),
    };
    return cmocka_run_group_tests_name("simulator", tests, setup, teardown);
}
