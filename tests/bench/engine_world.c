/* bench/engine_world.c: options, documents, usage and the log of an engine bench. */
#include "bench/engine_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "log/output_dir.h"
#include "observe/logging.h"
#include "settings/load.h"

#define EVENTS_A_SECOND 300000
#define START_MS INT64_C(1782777600000) /* 2026-06-30: all of the month's usage may have come */
#define AHEAD 4000000                   /* events that are made before the clock starts */
#define SLICE 500000                    /* and then at a time */
#define LOG_BYTES ((uint64_t)64 << 30)

void must(bool holds, const char *what, const char *why)
{
    if (holds)
        return;
    fprintf(stderr, "engine: %s: %s\n", what, why);
    exit(1);
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- what comes in ---- */

/* Under a name that a profile can leave out (bench/profile.sh). */
void engine_make_events(struct engine *engine, uint64_t count)
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
    engine_make_events(engine, SLICE);
    return engine->made < engine->month.events;
}

static const char *write_file(const struct engine *engine, const char *name, const struct buffer *bytes, char path[128])
{
    snprintf(path, 128, "%s/%s", engine->folder, name);
    FILE *file = fopen(path, "wb");
    must(file && fwrite(bytes->data, 1, bytes->size, file) == bytes->size && fclose(file) == 0, path, "cannot be written");
    return path;
}

static void publish(struct engine *engine, const struct buffer *json)
{
    struct conductor_changes changes;
    struct error error;
    struct input *input = input_from_memory(json->data, json->size, "document");
    bool done = conductor_changes_compute(engine->control, input, engine->documents.conductor, &engine->documents.list,
                                          &changes, &error);
    must(done, "document", error.message);
    for (size_t i = 0; i < changes.count; i++) {
        struct stream_record record = { .topic = STREAM_CONDUCTOR,
                                        .key = changes.items[i].key,
                                        .value = changes.items[i].value,
                                        .is_null = changes.items[i].value.data == NULL };
        lean_log_append(engine->log, STREAM_CONDUCTOR, 0, record.key, record.value);
        done = conductor_topic_take(engine->control, &record, &error);
        must(done, "document", error.message);
    }
    input_close(input);
    conductor_changes_done(&changes);
}

void engine_publish_document(struct engine *engine, unsigned edition)
{
    struct buffer json = { 0 }, prices = { 0 };
    char document_path[128], prices_path[128];
    struct error error;
    month_document(&engine->month, engine->options.numbers[RULES], edition, &json);
    month_price_list(&prices);
    const char *list = write_file(engine, "prices.json", &prices, prices_path);
    documents_done(&engine->documents);
    engine->documents = (struct documents){ 0 };
    bool done =
        documents_read(write_file(engine, "conductor.json", &json, document_path), &list, 1, &engine->documents, &error);
    must(done, "document", error.message);
    publish(engine, &json);
    buffer_done(&json);
    buffer_done(&prices);
}

/* ---- workers ---- */

static bool open_stream(void *context, const enum stream_topic *topics, size_t topic_count, struct stream **ret_stream,
                        struct error *error)
{
    struct engine_worker *worker = context;
    (void)topics;
    (void)topic_count;
    (void)error;
    lean_stream_open(worker->engine->log, worker->number, ret_stream);
    return true;
}

static int64_t clock_of(void *context)
{
    return lean_log_clock_ms(((struct engine_worker *)context)->engine->log);
}

static int64_t wall_clock_of(void *context)
{
    return lean_log_wall_clock_ms(((struct engine_worker *)context)->engine->log);
}

void engine_prepare(struct engine_worker *worker, struct engine *engine, unsigned number, _Atomic bool *stop)
{
    worker->engine = engine;
    worker->number = number;
    worker->options = (struct worker_options){ .settings = &engine->settings,
                                               .kafka = &worker->kafka,
                                               .schemas = &engine->schemas_port,
                                               .number = number,
                                               .worker_count = engine->options.numbers[WORKERS],
                                               .state_dir = engine->state,
                                               .stop = stop,
                                               .repair_task = REPAIR_NONE,
                                               .open_stream = open_stream,
                                               .clock_ms = clock_of,
                                               .wall_clock_ms = wall_clock_of,
                                               .port_context = worker };
}

FILE *engine_begin_json(const struct engine *engine)
{
    const char *path = engine->options.json;
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "a");
    must(file != NULL, path, "cannot be opened");
    return file;
}

void engine_end_json(const struct engine *engine, FILE *file)
{
    must(fflush(file) == 0, engine->options.json, "cannot be written");
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

static void take_option(struct engine_options *options, const char *name, const char *value)
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
        while (i < ENGINE_NUMBER_COUNT && strcmp(number_names[i], name) != 0)
            i++;
        must(i < ENGINE_NUMBER_COUNT, name, "no such option");
        options->numbers[i] = number_from_one(value);
    }
}

struct engine_options engine_read_options(int argc, char **argv)
{
    struct engine_options options = { .month = "dense", .events = 1000000 };
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
    must(options.numbers[WORKERS] <= ENGINE_WORKERS_MAX, "--workers", "that many are not tried");
    return options;
}

static void load_settings(struct engine *engine)
{
    struct engine_options *options = &engine->options;
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

static void make_log(struct engine *engine, bool keeps)
{
    const struct settings *settings = &engine->settings;
    bool at_once = engine->month.events <= AHEAD;
    struct lean_log_options options = { .streams = engine->options.numbers[WORKERS],
                                        .events_a_second = EVENTS_A_SECOND,
                                        .start_ms = START_MS,
                                        .keeps = keeps,
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

void engine_open(struct engine *engine, bool keeps)
{
    const struct engine_options *options = &engine->options;
    logging_set_level(LOGGING_WARN);
    must(month_make(&engine->month, options->month, options->events, options->numbers[ACCOUNTS], options->numbers[GROUPS]),
         options->month, "no such month: dense, sparse, tiered, new-rows, folded");
    snprintf(engine->folder, sizeof engine->folder, "/tmp/proforma-engine-XXXXXX");
    must(mkdtemp(engine->folder) != NULL, engine->folder, "cannot be made");
    snprintf(engine->state, sizeof engine->state, "%s/state", engine->folder);
    load_settings(engine);
    engine->schemas = fixed_schemas_new();
    engine->schemas_port = fixed_schemas_port(engine->schemas);
    engine->wire = wire_new(WIRE_AVRO, &engine->schemas_port, EXCESS_ROUND);
    engine->control = conductor_topic_new();
    make_log(engine, keeps);
    engine_publish_document(engine, 1);
    engine_make_events(engine, engine->month.events <= AHEAD ? engine->month.events : SLICE);
}

void engine_close(struct engine *engine)
{
    lean_log_free(engine->log);
    wire_free(engine->wire);
    fixed_schemas_free(engine->schemas);
    conductor_topic_free(engine->control);
    documents_done(&engine->documents);
    settings_done(&engine->settings);
    remove_tree(engine->folder);
}
