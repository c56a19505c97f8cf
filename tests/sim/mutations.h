/*
 * sim/mutations.h: faults of the program that are seeded on purpose, between a worker and its stream: what it sends, reads
 * or asks is changed as if its code were wrong. The simulator has to find each.
 */
#ifndef SIM_MUTATIONS_H
#define SIM_MUTATIONS_H

#include "log/stream.h"
#include "sim/dice.h"

/* X(name, what is wrong) */
#define MUTATIONS(X)                                                             \
    X(NONE, "nothing")                                                           \
    X(OFFSET_LEFT_OUT, "a transaction leaves the offset of one task out")        \
    X(NO_OFFSETS, "a transaction sends no offsets")                              \
    X(OFFSET_AHEAD, "an offset is one too far")                                  \
    X(OFFSET_BEHIND, "an offset is one too short")                               \
    X(OFFSETS_SWAPPED, "two tasks' offsets are swapped")                         \
    X(MARKER_LATE, "a marker goes with the next transaction")                    \
    X(MARKER_LEFT_OUT, "a marker is left out")                                   \
    X(RECORD_LATE, "the last record of a transaction goes with the next one")    \
    X(RECORD_LOST, "a record is not sent")                                       \
    X(RECORD_TWICE, "a record is sent twice")                                    \
    X(STORE_FIRST, "the store takes what is not committed yet, and then is not") \
    X(ABORT_COMMITS, "what is to be aborted is committed")                       \
    X(UNANSWERED_IS_DONE, "a commit without an answer is taken for done")        \
    X(INPUT_SKIPPED, "a record of the input is passed over")                     \
    X(RESTORE_SHORT, "a restore ends before its end")                            \
    X(RESTORE_BACKWARDS, "a restore takes two records in the wrong order")       \
    X(RESTORE_STABLE, "a restore takes the last stable offset for the end")      \
    X(OFFSET_FIRST, "a restore does not wait for offsets that are pending")      \
    X(MARKER_UNCOMPARED, "the marker is not held against the group's offset")    \
    X(BARRIER_PERIOD, "barriers do not say of which month they are")             \
    X(BARRIER_EARLY, "a barrier goes out before what it closes")                 \
    X(NEIGHBOURS_PAUSED, "while one task waits no other reads")                  \
    X(CLOSE_KEY, "all closes of a month have one key")

enum mutation {
#define X(name, text) MUTATION_##name,
    MUTATIONS(X)
#undef X
        MUTATION_COUNT
};

extern const char *const mutation_texts[MUTATION_COUNT];

/* From now on, for every stream that is given to mutation_apply. `dice` is borrowed. */
void mutation_choose(enum mutation mutation, struct dice *dice);
void mutation_apply(struct stream *stream);
/* For what lies outside of streams. */
bool mutation_is(enum mutation mutation);

#endif
