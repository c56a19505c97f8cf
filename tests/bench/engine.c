/*
 * tests/bench/engine.c: the running processor on a log in memory (bench/lean_log.h): decoding, event ids, prices, rows,
 * tiers, subtotals, bills and the store, without Kafka.
 *
 *   engine [--month NAME] [--events N] [--partitions N] [--tiers N] [--groups N] [--rules N] [--accounts N] [--workers N]
 *          [--seconds S] [--set KEY=VALUE]... [--json FILE] [--no-heading]
 *
 * Prints a line; --json appends an object to a file. --seconds: takes no more events then.
 *
 * Usage is made and encoded before the clock starts, or, where it is too much for that, meanwhile, which is not counted.
 * CPU is that of all threads of the process, from the first event to the end of the last save.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "bench/engine_world.h"

/* Under callgrind only what is measured is counted (bench/instructions.sh). */
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#endif

static void *run_thread(void *context)
{
    struct engine_worker *worker = context;
    struct error error = { 0 };
    enum worker_end end = worker_run(&worker->options, &worker->status, &error);
    must(end == WORKER_STOPPED, "worker", error.message);
    return NULL;
}

static bool all_are_ready(const struct engine_worker *workers, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!atomic_load(&workers[i].status.ready))
            return false;
    return true;
}

struct measured {
    double cpu, wall;
};

static struct measured begin_to_measure(struct engine *engine)
{
    CALLGRIND_START_INSTRUMENTATION;
    struct measured measured = { cpu_seconds(), clock_seconds() };
    engine->deadline = engine->options.numbers[SECONDS] ? measured.wall + engine->options.numbers[SECONDS] : 0;
    lean_log_open_gate(engine->log);
    return measured;
}

/* One worker needs no thread: so a run is the same each time. */
static struct measured run_inline(struct engine *engine, struct engine_worker *own, _Atomic bool *stop)
{
    struct error error = { 0 };
    struct worker *worker = worker_new(&own->options, &own->status);
    struct measured from = { 0 };
    bool measuring = false;
    enum worker_end end = WORKER_GOES_ON;
    while (end == WORKER_GOES_ON) {
        end = worker_step(worker, &error);
        if (!measuring && atomic_load(&own->status.ready)) {
            measuring = true;
            from = begin_to_measure(engine);
        }
        if (measuring && lean_log_is_done(engine->log))
            atomic_store(stop, true);
    }
    must(end == WORKER_STOPPED, "worker", error.message);
    worker_free(worker);
    return from;
}

static struct measured run_threads(struct engine *engine, struct engine_worker *workers, _Atomic bool *stop)
{
    const struct timespec pause = { 0, 1000000 };
    unsigned count = engine->options.numbers[WORKERS];
    for (unsigned i = 0; i < count; i++) {
        int result = pthread_create(&workers[i].thread, NULL, run_thread, &workers[i]);
        CHECK(result == 0);
    }
    while (!all_are_ready(workers, count))
        nanosleep(&pause, NULL);
    struct measured from = begin_to_measure(engine);
    while (!lean_log_is_done(engine->log))
        nanosleep(&pause, NULL);
    atomic_store(stop, true);
    for (unsigned i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    return from;
}

/* ---- what came of it ---- */

struct outcome {
    double cpu, wall;
    uint64_t events, duplicates, dead, unpriced, line_items;
    struct lean_log_figures log;
};

static struct outcome reckon(const struct engine *engine, const struct engine_worker *workers, struct measured from)
{
    struct outcome outcome = { .log = lean_log_figures(engine->log), .wall = clock_seconds() - from.wall };
    outcome.cpu = cpu_seconds() - from.cpu - (double)outcome.log.refill_ns / 1e9;
    for (unsigned i = 0; i < engine->options.numbers[WORKERS]; i++) {
        const struct worker_status *status = &workers[i].status;
        outcome.events += atomic_load(&status->events);
        outcome.duplicates += atomic_load(&status->duplicates);
        outcome.line_items += atomic_load(&status->line_items);
        for (size_t r = 0; r < REFUSAL_REASON_COUNT; r++)
            outcome.dead += atomic_load(&status->dead[r]);
        outcome.unpriced +=
            atomic_load(&status->by_status[STATUS_UNPRICED]) + atomic_load(&status->by_status[STATUS_UNMONITORED]);
    }
    return outcome;
}

/* A bench that prices nothing would be fast. */
static void check(const struct engine *engine, const struct outcome *outcome)
{
    char why[160];
    uint64_t taken = lean_log_taken(engine->log), repeats = 0;
    if (engine->made == engine->month.events)
        repeats = month_repeats(&engine->month);
    snprintf(why, sizeof why, "%llu taken, %llu twice, %llu dead, %llu without a price", (unsigned long long)taken,
             (unsigned long long)outcome->duplicates, (unsigned long long)outcome->dead,
             (unsigned long long)outcome->unpriced);
    must(outcome->dead == 0 && outcome->unpriced == 0 && taken == engine->made &&
             (engine->made < engine->month.events || outcome->duplicates == repeats),
         "the month did not come out right", why);
}

static double bytes_out(const struct outcome *outcome)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++)
        bytes += outcome->log.bytes[i];
    return (double)bytes;
}

static void print_line(const struct engine *engine, const struct outcome *outcome)
{
    double events = (double)engine->made;
    if (!engine->options.no_heading)
        printf("%-9s %10s %10s %8s %12s %9s %10s %9s %8s\n", "month", "events", "line items", "cpu s", "events/cpu s",
               "us/event", "bytes out", "commits", "MiB");
    printf("%-9s %10llu %10llu %8.2f %12.0f %9.3f %10.1f %9llu %8.1f\n", engine->month.name,
           (unsigned long long)engine->made, (unsigned long long)outcome->line_items, outcome->cpu, events / outcome->cpu,
           outcome->cpu / events * 1e6, bytes_out(outcome) / events, (unsigned long long)outcome->log.commits,
           (double)outcome->log.peak_bytes / 1048576);
}

/* A line of its own at the end of a file, so that several runs make one. */
static void write_json(const struct engine *engine, const struct outcome *outcome)
{
    const struct engine_options *options = &engine->options;
    double events = (double)engine->made;
    FILE *file = engine_begin_json(engine);
    fprintf(file,
            "{\"bench\":\"engine\",\"month\":\"%s\",\"events\":%llu,\"line_items\":%llu,\"partitions\":%u,\"groups\":%u,"
            "\"accounts\":%u,\"rules\":%u,\"workers\":%u,\"cpu_seconds\":%.3f,\"wall_seconds\":%.3f,"
            "\"events_per_cpu_second\":%.0f,\"us_per_event\":%.3f,\"bytes_out_per_event\":%.1f,"
            "\"line_item_bytes\":%.1f,\"commits\":%llu,\"peak_mib\":%.1f}\n",
            options->month, (unsigned long long)engine->made, (unsigned long long)outcome->line_items,
            options->numbers[PARTITIONS], engine->month.groups, engine->month.accounts, options->numbers[RULES],
            options->numbers[WORKERS], outcome->cpu, outcome->wall, events / outcome->cpu, outcome->cpu / events * 1e6,
            bytes_out(outcome) / events,
            (double)outcome->log.bytes[STREAM_LINE_ITEMS] / (double)outcome->log.records[STREAM_LINE_ITEMS],
            (unsigned long long)outcome->log.commits, (double)outcome->log.peak_bytes / 1048576);
    engine_end_json(engine, file);
}

int main(int argc, char **argv)
{
    struct engine engine = { .options = engine_read_options(argc, argv) };
    unsigned count = engine.options.numbers[WORKERS];
    _Atomic bool stop = false;
    engine_open(&engine, false);
    struct engine_worker *workers = memory_new_array(count, sizeof *workers);
    for (unsigned i = 0; i < count; i++)
        engine_prepare(&workers[i], &engine, i, &stop);
    struct measured from = count == 1 ? run_inline(&engine, workers, &stop) : run_threads(&engine, workers, &stop);
    struct outcome outcome = reckon(&engine, workers, from);
    check(&engine, &outcome);
    print_line(&engine, &outcome);
    if (engine.options.json)
        write_json(&engine, &outcome);
    free(workers);
    engine_close(&engine);
    return 0;
}
