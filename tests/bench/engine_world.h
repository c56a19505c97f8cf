/*
 * bench/engine_world.h: what the benches of the engine share: a month, its documents and a log in memory, and workers on it.
 */
#ifndef BENCH_ENGINE_WORLD_H
#define BENCH_ENGINE_WORLD_H

#include <pthread.h>
#include <stdatomic.h>

#include "bench/lean_log.h"
#include "bench/month.h"
#include "cli/documents.h"
#include "control/conductor_topic.h"
#include "run/worker.h"
#include "settings/settings.h"

#define ENGINE_WORKERS_MAX 8

/* Options that are numbers; the names are those of the command line. */
enum engine_number { PARTITIONS, TIERS, GROUPS, RULES, ACCOUNTS, WORKERS, SECONDS, ENGINE_NUMBER_COUNT };

struct engine_options {
    const char *month, *json, *sets[56];
    size_t set_count;
    uint64_t events;
    unsigned numbers[ENGINE_NUMBER_COUNT];
    bool no_heading;
};

struct engine {
    struct engine_options options;
    struct month month;
    char folder[64], state[80];
    struct settings settings;
    struct documents documents;
    struct conductor_topic *control; /* what has been published */
    struct lean_log *log;
    struct fixed_schemas *schemas;
    struct wire_schemas schemas_port;
    struct wire *wire;
    uint64_t made;   /* events so far */
    double deadline; /* no more are made then; 0: none */
};

/* A worker and what it needs; to be zeroed and prepared. */
struct engine_worker {
    struct engine *engine;
    unsigned number;
    pthread_t thread;
    struct kafka_settings kafka;
    struct worker_options options;
    struct worker_status status;
    _Atomic int64_t longest_us; /* of a turn; whoever watches sets it back */
};

void must(bool holds, const char *what, const char *why);
double clock_seconds(void);
double cpu_seconds(void); /* of the process, all threads */

/* Ends the process, with a message, for options that there are not. */
struct engine_options engine_read_options(int argc, char **argv);
/* `keeps`: the log keeps everything, for restores. Publishes the document and makes the first events. */
void engine_open(struct engine *engine, bool keeps);
void engine_close(struct engine *engine);
/* The document with so many rules, at other prices for each `edition`. */
void engine_publish_document(struct engine *engine, unsigned edition);
/* The next `count` events of the month, or as many as there are. */
void engine_make_events(struct engine *engine, uint64_t count);
void engine_prepare(struct engine_worker *worker, struct engine *engine, unsigned number, _Atomic bool *stop);
/* Where the JSON goes: a file to append to, or standard output; engine_end_json it. */
FILE *engine_begin_json(const struct engine *engine);
void engine_end_json(const struct engine *engine, FILE *file);

#endif
