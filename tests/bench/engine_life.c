/*
 * tests/bench/engine_life.c: what becomes of a large month on the engine: priced, killed, come back, rebuilt from the log
 * alone, restated under another document, closed. The log lies in memory that outlives the processes which are killed.
 *
 *   engine_life [the options of engine.c but --seconds]
 *
 * A line a step: seconds and CPU, rows (of line items, versions of one counted each) and rows a second, the longest turn of
 * a worker's loop, memory. --json appends an object.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/engine_world.h"
#include "log/output_dir.h"

#define LATER_EVENTS 1000 /* that come in after a crash */
#define PERIOD (2026 * 12 + 5)
#define STEP_LIMIT_S 3600

enum step { PRICED, READY, FIRST_COMMIT, REBUILT, RESTATED, CLOSED, STEP_COUNT };
static const char *const step_names[STEP_COUNT] = { "priced", "ready", "first-commit", "rebuilt", "restated", "closed" };

struct figure {
    double wall, cpu, mib, turn_ms;
    uint64_t rows;
    bool is_there;
};

/* One process of several, and what all of them have found out. */
struct life {
    struct engine *engine;
    struct engine_worker *workers;
    struct figure *figures; /* shared with the parent */
    _Atomic bool stop;
    double wall, cpu; /* when the step began */
    double mib;
};

/* ---- running ---- */

static void *turn(void *context)
{
    struct engine_worker *worker = context;
    struct error error = { 0 };
    struct worker *running = worker_new(&worker->options, &worker->status);
    enum worker_end end = WORKER_GOES_ON;
    while (end == WORKER_GOES_ON) {
        double begun = clock_seconds();
        end = worker_step(running, &error);
        int64_t took = (int64_t)((clock_seconds() - begun) * 1e6);
        if (took > atomic_load(&worker->longest_us))
            atomic_store(&worker->longest_us, took);
    }
    must(false, "worker", error.message);
    return NULL;
}

static void start(struct life *life)
{
    unsigned count = life->engine->options.numbers[WORKERS];
    life->workers = memory_new_array(count, sizeof *life->workers);
    for (unsigned i = 0; i < count; i++) {
        engine_prepare(&life->workers[i], life->engine, i, &life->stop);
        int result = pthread_create(&life->workers[i].thread, NULL, turn, &life->workers[i]);
        CHECK(result == 0);
    }
}

static void begin_step(struct life *life)
{
    for (unsigned i = 0; life->workers && i < life->engine->options.numbers[WORKERS]; i++)
        atomic_store(&life->workers[i].longest_us, 0);
    life->wall = clock_seconds();
    life->cpu = cpu_seconds();
    life->mib = 0;
}

static void end_step(struct life *life, enum step step, uint64_t rows)
{
    struct lean_log_figures log = lean_log_figures(life->engine->log);
    int64_t longest = 0;
    for (unsigned i = 0; i < life->engine->options.numbers[WORKERS]; i++)
        longest = atomic_load(&life->workers[i].longest_us) > longest ? atomic_load(&life->workers[i].longest_us) : longest;
    double cpu = cpu_seconds() - life->cpu;
    if (step == PRICED)
        cpu -= (double)log.refill_ns / 1e9;
    life->figures[step] = (struct figure){ .wall = clock_seconds() - life->wall,
                                           .cpu = cpu,
                                           .mib = life->mib,
                                           .turn_ms = (double)longest / 1000,
                                           .rows = rows,
                                           .is_there = true };
}

static void wait_until(struct life *life, bool (*holds)(struct life *life), const char *what)
{
    const struct timespec pause = { 0, 2000000 };
    while (!holds(life)) {
        double mib = (double)lean_log_own_bytes() / 1048576;
        life->mib = mib > life->mib ? mib : life->mib;
        must(clock_seconds() - life->wall < STEP_LIMIT_S, what, "does not come");
        nanosleep(&pause, NULL);
    }
}

static bool all_are_ready(struct life *life)
{
    for (unsigned i = 0; i < life->engine->options.numbers[WORKERS]; i++)
        if (!atomic_load(&life->workers[i].status.ready))
            return false;
    return true;
}

static bool all_is_committed(struct life *life)
{
    return lean_log_is_done(life->engine->log);
}

static bool all_is_restated(struct life *life)
{
    int64_t version = conductor_topic_version(life->engine->control);
    for (unsigned i = 0; i < life->engine->options.numbers[WORKERS]; i++) {
        const struct worker_status *status = &life->workers[i].status;
        if (atomic_load(&status->document) != version || atomic_load(&status->sweeping) > 0)
            return false;
    }
    return lean_log_is_done(life->engine->log);
}

/* Every bill task has said so. */
static bool all_is_closed(struct life *life)
{
    return lean_log_figures(life->engine->log).records[STREAM_CONDUCTOR] >=
               (uint64_t)life->engine->settings.partitions_bill &&
           lean_log_is_done(life->engine->log);
}

static uint64_t line_items(const struct life *life)
{
    return lean_log_figures(life->engine->log).records[STREAM_LINE_ITEMS];
}

/* ---- what is done in processes that end by SIGKILL ---- */

static void price(struct life *life)
{
    start(life);
    begin_step(life);
    wait_until(life, all_are_ready, "readiness");
    begin_step(life);
    lean_log_open_gate(life->engine->log);
    wait_until(life, all_is_committed, "the last commit");
    end_step(life, PRICED, life->engine->options.events);
}

static void come_back(struct life *life)
{
    begin_step(life);
    start(life);
    wait_until(life, all_are_ready, "readiness");
    end_step(life, READY, 0);
    wait_until(life, all_is_committed, "the first commit");
    end_step(life, FIRST_COMMIT, 0);
}

static void restate(struct life *life)
{
    uint64_t before = line_items(life);
    begin_step(life);
    engine_publish_document(life->engine, 2);
    wait_until(life, all_is_restated, "the other document");
    end_step(life, RESTATED, line_items(life) - before);
}

static void close_month(struct life *life)
{
    struct engine *engine = life->engine;
    struct buffer key = { 0 }, value = { 0 };
    struct close_record close;
    struct stream *stream;
    struct error error;
    lean_stream_open(engine->log, 0, &stream);
    begin_step(life);
    close_announcement_write(PERIOD, &key, &value);
    lean_log_append(engine->log, STREAM_CONDUCTOR, 0, buffer_text(&key), buffer_text(&value));
    bool done = close_record_measure(stream, PERIOD, conductor_topic_version(engine->control), &close, &error);
    must(done, "close", error.message);
    buffer_clear(&key);
    buffer_clear(&value);
    close_record_write(&close, 1, &key, &value);
    lean_log_append(engine->log, STREAM_CONDUCTOR, 0, buffer_text(&key), buffer_text(&value));
    wait_until(life, all_is_closed, "the close");
    end_step(life, CLOSED, lean_log_figures(engine->log).records[STREAM_CUR]);
    close_record_done(&close);
    buffer_done(&key);
    buffer_done(&value);
    stream->ops->close(stream);
}

static void rebuild(struct life *life)
{
    begin_step(life);
    start(life);
    wait_until(life, all_are_ready, "readiness");
    end_step(life, REBUILT, line_items(life));
    wait_until(life, all_is_committed, "commits");
    restate(life);
    close_month(life);
}

static void in_a_process(struct life *life, void (*work)(struct life *life))
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    must(child >= 0, "fork", "no process");
    if (child == 0) {
        work(life);
        raise(SIGKILL);
    }
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        exit(1);
    lean_log_recover(life->engine->log);
}

/* ---- what came of it ---- */

static void print_figures(const struct life *life)
{
    printf("%-13s %10s %9s %9s %12s %14s %8s\n", "step", "rows", "seconds", "cpu s", "rows/s", "longest turn", "MiB");
    for (size_t i = 0; i < STEP_COUNT; i++) {
        const struct figure *figure = &life->figures[i];
        printf("%-13s %10llu %9.2f %9.2f %12.0f %11.1f ms %8.1f\n", step_names[i], (unsigned long long)figure->rows,
               figure->wall, figure->cpu, (double)figure->rows / figure->wall, figure->turn_ms, figure->mib);
    }
}

static void write_json(const struct life *life)
{
    const struct engine *engine = life->engine;
    FILE *file = engine_begin_json(engine);
    fprintf(file, "{\"bench\":\"life\",\"month\":\"%s\",\"events\":%llu,\"groups\":%u,\"accounts\":%u,\"workers\":%u",
            engine->month.name, (unsigned long long)engine->options.events, engine->month.groups, engine->month.accounts,
            engine->options.numbers[WORKERS]);
    for (size_t i = 0; i < STEP_COUNT; i++) {
        const struct figure *figure = &life->figures[i];
        fprintf(file, ",\"%s\":{\"rows\":%llu,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"longest_turn_ms\":%.1f,\"mib\":%.1f}",
                step_names[i], (unsigned long long)figure->rows, figure->wall, figure->cpu, figure->turn_ms, figure->mib);
    }
    fprintf(file, "}\n");
    engine_end_json(engine, file);
}

static void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(memory != MAP_FAILED, "memory", "none");
    return memory;
}

int main(int argc, char **argv)
{
    struct engine engine = { .options = engine_read_options(argc, argv) };
    struct life life = { .engine = &engine, .figures = shared_memory(STEP_COUNT * sizeof(struct figure)) };
    engine_open(&engine, true);
    in_a_process(&life, price);
    engine.made = engine.options.events; /* the child made the rest */
    engine.month.events += LATER_EVENTS;
    engine_make_events(&engine, LATER_EVENTS);
    in_a_process(&life, come_back);
    remove_tree(engine.state);
    in_a_process(&life, rebuild);
    print_figures(&life);
    if (engine.options.json)
        write_json(&life);
    engine_close(&engine);
    return 0;
}
