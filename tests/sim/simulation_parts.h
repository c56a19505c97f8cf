/* sim/simulation_parts.h: what the files of a simulation share of it. Not for others. */
#ifndef SIM_SIMULATION_PARTS_H
#define SIM_SIMULATION_PARTS_H

#include "control/conductor_topic.h"
#include "sim/expected.h"
#include "sim/process.h"
#include "sim/schemas.h"
#include "sim/simulation.h"

#define SLOTS 3
#define ZOMBIES 4
#define FOLDERS 9

struct document;

struct sim {
    const struct world *world;
    struct settings settings; /* the world's, with this run's memory; owns nothing */
    struct dice dice;
    struct fault_set faults;
    struct memory_log *log;
    struct sim_schemas *schemas;
    struct wire_schemas schemas_port;
    const char *folder;
    struct process *slots[SLOTS], *zombies[ZOMBIES]; /* a zombie's slot has been given to another process of its name */
    struct simulation_counts counts;
    struct verdict verdict;
    bool is_calm, late_ends;
    int64_t disk_full_until_ms, registry_away_until_ms, locked_until_ms;
    char locked[192];     /* the folder of a task */
    int32_t newer_writer; /* the usage partition whose writer uses the second schema id; −1: none */
    /* What is fed, in this order: usage, or (NULL) the close of the next month. */
    const struct usage **plan;
    size_t plan_count, plan_next;
    struct conductor_topic *control; /* the conductor topic, as who publishes reads it */
    int64_t control_next;
    struct document *documents; /* all that were, the last one first */
    const struct usage **late;  /* which waits until it is late for every task */
    size_t late_count, late_capacity;
    struct fed *fed;
    size_t fed_count, fed_capacity;
    struct planned_close closes[SIM_MONTHS];
    size_t close_count;
};

/* simulation.c: a run, by its parts. */
void sim_begin(struct sim *sim, const struct world *world, const struct simulation_options *options);
void sim_set_faults(struct sim *sim);
/* All partitions are assigned and restored. */
bool sim_is_whole(const struct sim *sim);
/* Whatever was, is over: all must come to its end. */
void sim_calm(struct sim *sim);
/* Holds the topics against the batch run. */
void sim_reckon(struct sim *sim);
void sim_end(struct sim *sim);

/* plan.c: what comes in from outside. */
void plan_make(struct sim *sim);
/* documents.c */
void document_publish_first(struct sim *sim);
/* Publishes a document made of the sample by chance, unless it is refused: for a month that is closed or being closed. */
void document_publish_another(struct sim *sim);
const struct documents *document_in_force(const struct sim *sim, billing_period period);
void documents_end(struct sim *sim);
/* The next `count` things of the plan. */
void plan_follow(struct sim *sim, size_t count);
/* Feeds what waits to be late, if its time has come. */
void plan_feed_late(struct sim *sim);

/* chances.c: what goes wrong. */
/* One thing that may go wrong, or a turn of some process. */
void chance(struct sim *sim);
struct process *start_process(struct sim *sim, size_t slot);

#endif
