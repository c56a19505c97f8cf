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
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bench/lean_log.h"
#include "bench/month.h"
#include "cli/documents.h"
#include "control/conductor_topic.h"
#include "log/output_dir.h"
#include "observe/logging.h"
#include "run/worker.h"
#include "settings/load.h"

/* Under callgrind only what is measured is counted (bench/instructions.sh). */
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#endif

#define EVENTS_A_SECOND 300000
#define START_MS INT64_C(1782777600000) /* 2026-06-30: all of the month's usage may have come */
#define AHEAD 4000000                   /* events that are made before the clock starts */
#define SLICE 500000                    /* and then at a time */
#define LOG_BYTES ((uint64_t)64 << 30)
#define WORKERS_MAX 8

enum number { PARTITIONS, TIERS, GROUPS, RULES, ACCOUNTS, WORKERS, SECONDS, NUMBER_COUNT };

struct options {
    const char *month, *json, *sets[56];
    size_t set_count;
    uint64_t events;
    unsigned numbers[NUMBER_COUNT];
    bool no_heading;
};

struct engine {
    struct options options;
    struct month month;
    char folder[64];
    struct settings settings;
    struct documents documents;
    struct lean_log *log;
    struct fixed_schemas *schemas;
    struct wire_schemas schemas_port;
    struct wire *wire;
    uint64_t made;
    double deadline;
};

struct thread {
    struct engine *engine;
    unsigned number;
    pthread_t thread;
    struct kafka_settings kafka;
    struct worker_options options;
    struct worker_status status;
    _Atomic bool *stop;
    bool failed;
};

static void must(bool holds, const char *what, const char *why)
{
    if (holds)
        return;
    fprintf(stderr, "engine: %s: %s\n", what, why);
    exit(1);
}

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- what comes in ---- */

/* Under a name that a profile can leave out (bench/profile.sh). */
static void make_events(struct engine *engine, uint64_t count)
{
    char name[16];
    prctl(PR_GET_NAME, name);
    prctl(PR_SET_NAME, "making-usage");
    struct buffer value = { 0 };
    struct error error;
    for (uint64_t i = 0; i < count && engine->made < engine->month.events; i++) {
        struct month_texts texts;
        struct usage_event event;
        unsigned account = month_event(&engine->month, engine->made++, &texts, &event);
        buffer_clear(&value);
        bool done = wire_encode(engine->wire, "usage", &usage_event_type, &event, &value, &error);
        must(done, "usage", error.message);
        lean_log_append(engine->log, STREAM_USAGE, (int32_t)(account % engine->options.numbers[PARTITIONS]),
                        event.usage_account_id, buffer_text(&value));
    }
    buffer_done(&value);
    prctl(PR_SET_NAME, name);
}

static bool refill(void *context)
{
    struct engine *engine = context;
    if (engine->deadline > 0 && clock_seconds() > engine->deadline)
        return false;
    make_events(engine, SLICE);
    return engine->made < engine->month.events;
}

static const char *write_file(const struct engine *engine, const char *name, const struct buffer *bytes, char path[128])
{
    snprintf(path, 128, "%s/%s", engine->folder, name);
    FILE *file = fopen(path, "wb");
    must(file && fwrite(bytes->data, 1, bytes->size, file) == bytes->size && fclose(file) == 0, path, "cannot be written");
    return path;
}

static void publish_document(struct engine *engine)
{
    struct buffer json = { 0 }, prices = { 0 };
    char document_path[128], prices_path[128];
    struct conductor_changes changes;
    struct conductor_topic *topic = conductor_topic_new();
    struct error error;
    month_document(&engine->month, engine->options.numbers[RULES], &json);
    month_price_list(&prices);
    const char *list = write_file(engine, "prices.json", &prices, prices_path);
    bool done =
        documents_read(write_file(engine, "conductor.json", &json, document_path), &list, 1, &engine->documents, &error);
    must(done, "document", error.message);
    struct input *input = input_from_memory(json.data, json.size, "document");
    done = conductor_changes_compute(topic, input, engine->documents.conductor, &engine->documents.list, &changes, &error);
    must(done, "document", error.message);
    for (size_t i = 0; i < changes.count; i++)
        lean_log_append(engine->log, STREAM_CONDUCTOR, 0, changes.items[i].key, changes.items[i].value);
    input_close(input);
    conductor_changes_done(&changes);
    conductor_topic_free(topic);
    buffer_done(&json);
    buffer_done(&prices);
}

/* ---- workers ---- */

static bool open_stream(void *context, const enum stream_topic *topics, size_t topic_count, struct stream **ret_stream,
                        struct error *error)
{
    struct thread *thread = context;
    (void)topics;
    (void)topic_count;
    (void)error;
    lean_stream_open(thread->engine->log, thread->number, ret_stream);
    return true;
}

static int64_t clock_of(void *context)
{
    return lean_log_clock_ms(((struct thread *)context)->engine->log);
}

static int64_t wall_clock_of(void *context)
{
    return lean_log_wall_clock_ms(((struct thread *)context)->engine->log);
}

static void prepare(struct thread *thread, struct engine *engine, unsigned number, const char *state, _Atomic bool *stop)
{
    thread->engine = engine;
    thread->number = number;
    thread->stop = stop;
    thread->options = (struct worker_options){ .settings = &engine->settings,
                                               .kafka = &thread->kafka,
                                               .schemas = &engine->schemas_port,
                                               .number = number,
                                               .worker_count = engine->options.numbers[WORKERS],
                                               .state_dir = state,
                                               .stop = stop,
                                               .repair_task = REPAIR_NONE,
                                               .open_stream = open_stream,
                                               .clock_ms = clock_of,
                                               .wall_clock_ms = wall_clock_of,
                                               .port_context = thread };
}

static void *run_thread(void *context)
{
    struct thread *thread = context;
    struct error error = { 0 };
    enum worker_end end = worker_run(&thread->options, &thread->status, &error);
    must(end == WORKER_STOPPED, "worker", error.message);
    return NULL;
}

static bool all_are_ready(const struct thread *threads, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!atomic_load(&threads[i].status.ready))
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
static struct measured run_inline(struct engine *engine, struct thread *thread)
{
    struct error error = { 0 };
    struct worker *worker = worker_new(&thread->options, &thread->status);
    struct measured from = { 0 };
    bool measuring = false;
    enum worker_end end = WORKER_GOES_ON;
    while (end == WORKER_GOES_ON) {
        end = worker_step(worker, &error);
        if (!measuring && atomic_load(&thread->status.ready)) {
            measuring = true;
            from = begin_to_measure(engine);
        }
        if (measuring && lean_log_is_done(engine->log))
            atomic_store(thread->stop, true);
    }
    must(end == WORKER_STOPPED, "worker", error.message);
    worker_free(worker);
    return from;
}

static struct measured run_threads(struct engine *engine, struct thread *threads, _Atomic bool *stop)
{
    const struct timespec pause = { 0, 1000000 };
    unsigned count = engine->options.numbers[WORKERS];
    for (unsigned i = 0; i < count; i++) {
        int result = pthread_create(&threads[i].thread, NULL, run_thread, &threads[i]);
        CHECK(result == 0);
    }
    while (!all_are_ready(threads, count))
        nanosleep(&pause, NULL);
    struct measured from = begin_to_measure(engine);
    while (!lean_log_is_done(engine->log))
        nanosleep(&pause, NULL);
    atomic_store(stop, true);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i].thread, NULL);
    return from;
}

/* ---- what came of it ---- */

struct outcome {
    double cpu, wall;
    uint64_t events, duplicates, dead, unpriced, line_items;
    struct lean_log_figures log;
};

static struct outcome reckon(const struct engine *engine, const struct thread *threads, struct measured from)
{
    struct outcome outcome = { .log = lean_log_figures(engine->log), .wall = clock_seconds() - from.wall };
    outcome.cpu = cpu_seconds() - from.cpu - (double)outcome.log.refill_ns / 1e9;
    for (unsigned i = 0; i < engine->options.numbers[WORKERS]; i++) {
        const struct worker_status *status = &threads[i].status;
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
    const struct options *options = &engine->options;
    double events = (double)engine->made;
    FILE *file = strcmp(options->json, "-") == 0 ? stdout : fopen(options->json, "a");
    must(file != NULL, options->json, "cannot be opened");
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
    must(fflush(file) == 0, options->json, "cannot be written");
    if (file != stdout)
        fclose(file);
}

/* ---- options ---- */

/* The options that are numbers, in the order of their members. */
static const char *const number_names[] = { "partitions", "tiers", "groups", "rules", "accounts", "workers", "seconds" };

static unsigned number_from_one(const char *text)
{
    unsigned long number = strtoul(text, NULL, 10);
    must(number > 0 && number <= 10000000, text, "a number from 1 on is expected");
    return (unsigned)number;
}

static void take_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "month") == 0) {
        options->month = value;
    } else if (strcmp(name, "events") == 0) {
        options->events = strtoull(value, NULL, 10);
    } else if (strcmp(name, "json") == 0) {
        options->json = value;
    } else if (strcmp(name, "set") == 0) {
        must(options->set_count < ARRAY_COUNT(options->sets), value, "too many --set");
        options->sets[options->set_count++] = value;
    } else {
        size_t i = 0;
        while (i < NUMBER_COUNT && strcmp(number_names[i], name) != 0)
            i++;
        must(i < NUMBER_COUNT, name, "no such option");
        options->numbers[i] = number_from_one(value);
    }
}

static struct options read_options(int argc, char **argv)
{
    struct options options = { .month = "dense", .events = 1000000 };
    options.numbers[PARTITIONS] = 4;
    options.numbers[TIERS] = 2;
    options.numbers[RULES] = 40;
    options.numbers[WORKERS] = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-heading") == 0) {
            options.no_heading = true;
            continue;
        }
        must(strncmp(argv[i], "--", 2) == 0 && i + 1 < argc, argv[i],
             "expected --OPTION VALUE; the head of engine.c has them");
        take_option(&options, argv[i] + 2, argv[i + 1]);
        i++;
    }
    must(options.events > 0, "--events", "a number from 1 on is expected");
    must(options.numbers[WORKERS] <= WORKERS_MAX, "--workers", "that many are not tried");
    return options;
}

static void load_settings(struct engine *engine)
{
    struct options *options = &engine->options;
    struct buffer problems = { 0 };
    struct error error;
    char own[3][64];
    snprintf(own[0], sizeof own[0], "partitions.usage=%u", options->numbers[PARTITIONS]);
    snprintf(own[1], sizeof own[1], "partitions.tier=%u", options->numbers[TIERS]);
    snprintf(own[2], sizeof own[2], "workers=%u", options->numbers[WORKERS]);
    const char *sets[ARRAY_COUNT(options->sets) + 4] = { own[0], own[1], own[2], "partitions.bill=2" };
    memcpy(sets + 4, options->sets, options->set_count * sizeof *sets);
    if (!settings_load(NULL, sets, 4 + options->set_count, &engine->settings, &problems, &error)) {
        fprintf(stderr, "engine: %s\n%.*s", error.message, (int)problems.size, problems.data);
        exit(2);
    }
    buffer_done(&problems);
}

static void make_log(struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    bool at_once = engine->month.events <= AHEAD;
    struct lean_log_options options = { .streams = engine->options.numbers[WORKERS],
                                        .events_a_second = EVENTS_A_SECOND,
                                        .start_ms = START_MS,
                                        .limit_bytes = LOG_BYTES,
                                        .refill = at_once ? NULL : refill,
                                        .refill_context = engine };
    options.partitions[STREAM_USAGE] = settings->partitions_usage;
    options.partitions[STREAM_CONDUCTOR] = 1;
    options.partitions[STREAM_TIERED] = settings->partitions_tier;
    options.partitions[STREAM_LINE_ITEMS] =
        settings->partitions_bill + settings->partitions_tier + settings->partitions_usage;
    options.partitions[STREAM_SUBTOTALS] = options.partitions[STREAM_BILLS] = settings->partitions_bill;
    options.partitions[STREAM_CUR] = options.partitions[STREAM_CUR_MANIFESTS] = settings->partitions_bill;
    options.partitions[STREAM_DEAD_LETTERS] = 1;
    engine->log = lean_log_new(&options);
}

static void open_engine(struct engine *engine)
{
    snprintf(engine->folder, sizeof engine->folder, "/tmp/proforma-engine-XXXXXX");
    must(mkdtemp(engine->folder) != NULL, engine->folder, "cannot be made");
    load_settings(engine);
    engine->schemas = fixed_schemas_new();
    engine->schemas_port = fixed_schemas_port(engine->schemas);
    engine->wire = wire_new(WIRE_AVRO, &engine->schemas_port, EXCESS_ROUND);
    make_log(engine);
    publish_document(engine);
    make_events(engine, engine->month.events <= AHEAD ? engine->month.events : SLICE);
}

static void close_engine(struct engine *engine)
{
    lean_log_free(engine->log);
    wire_free(engine->wire);
    fixed_schemas_free(engine->schemas);
    documents_done(&engine->documents);
    settings_done(&engine->settings);
    remove_tree(engine->folder);
}

int main(int argc, char **argv)
{
    logging_set_level(LOGGING_WARN);
    struct engine engine = { .options = read_options(argc, argv) };
    must(month_make(&engine.month, engine.options.month, engine.options.events, engine.options.numbers[ACCOUNTS],
                    engine.options.numbers[GROUPS]),
         engine.options.month, "no such month: dense, sparse, tiered, new-rows, folded");
    open_engine(&engine);
    _Atomic bool stop = false;
    char state[128];
    snprintf(state, sizeof state, "%s/state", engine.folder);
    struct thread *threads = memory_new_array(engine.options.numbers[WORKERS], sizeof *threads);
    for (unsigned i = 0; i < engine.options.numbers[WORKERS]; i++)
        prepare(&threads[i], &engine, i, state, &stop);
    struct measured from =
        engine.options.numbers[WORKERS] == 1 ? run_inline(&engine, threads) : run_threads(&engine, threads, &stop);
    struct outcome outcome = reckon(&engine, threads, from);
    check(&engine, &outcome);
    print_line(&engine, &outcome);
    if (engine.options.json)
        write_json(&engine, &outcome);
    free(threads);
    close_engine(&engine);
    return 0;
}
