/* sim/faults.h: the kinds of things that go wrong, each to be switched on or off by its name. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>

#include "sim/dice.h"

/* X(name, text) */
#define FAULTS(X)                                                                                        \
    X(CRASH, "crash")             /* kill -9; what the store had not flushed is lost */                  \
    X(LOST_FOLDER, "lost-folder") /* and the folder with it */                                           \
    X(STOP, "stop")               /* an orderly end */                                                   \
    X(ZOMBIE, "zombie")           /* another process starts under the name of one that lives */          \
    X(SLEEP, "sleep")             /* SIGSTOP, for longer than sessions and transactions last */          \
    X(EXPEL, "expel")             /* thrown out of the group while it runs */                            \
    X(ANYONE, "anyone")           /* processes without an instance.id: others than static members */     \
    X(REFUSED, "refused")         /* records and commits */                                              \
    X(UNANSWERED, "unanswered")   /* commits that happened, will, or never do */                         \
    X(ORPHANS, "orphans")         /* a transaction outlives its member, up to its time */                \
    X(MARKS, "marks")             /* each partition hears in its own time how a transaction ended */     \
    X(REGISTRY, "registry")       /* does not give a schema that some usage is written under */          \
    X(LOCKED, "locked")           /* a task's folder, by somebody else */                                \
    X(FULL_DISK, "full-disk")                                                                            \
    X(BAD_DISK, "bad-disk") /* reads and writes of the store that fail */                                \
    X(CORRUPT, "corrupt")   /* folders that are damaged when they are opened */                          \
    X(COMPACT, "compact")                                                                                \
    X(COMPACT_SUBTOTALS, "compact-subtotals") /* at once, without a lag */                               \
    X(COMPACT_CONTROL, "compact-control")     /* the conductor topic, closes and documents */            \
    X(RETAIN, "retain")                                                                                  \
    X(EXPIRED, "expired")               /* the group's offsets are forgotten */                          \
    X(MONTHS, "months")                 /* more than one is closed, while the last close is under way */ \
    X(BACK_TO_BACK, "back-to-back")     /* months closed one right after the other */                    \
    X(DOCUMENTS, "documents")           /* other documents, while usage comes in */                      \
    X(ROUTING, "routing")               /* which change what has tiers, and what an allowance joins */   \
    X(LATE, "late")                     /* usage of a month that is closed */                            \
    X(REJECTED, "rejected")             /* such usage is refused: late.usage is reject */                \
    X(CLOSED_TWICE, "closed-twice")     /* more closes of a month, with other offsets, and the same */   \
    X(ADDED, "added")                   /* a usage partition */                                          \
    X(BROKEN_CONTROL, "broken-control") /* a record of the conductor topic that is none */               \
    X(CLOCK, "clock")                   /* a process's wall clock jumps by weeks */                      \
    X(HOURS, "hours")                   /* pass, in which nothing happens */

enum fault {
#define X(name, text) FAULT_##name,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

struct fault_set {
    bool has[FAULT_COUNT];
};

extern const char *const fault_names[FAULT_COUNT];

struct fault_set faults_all(void);
/* "crash,-late": adds and takes away; "none" and "all" first. False: a name that there is not. */
bool faults_change(struct fault_set *set, const char *list);
/* Some of the set: what finds a fault is often that another kind is missing. */
struct fault_set faults_draw(const struct fault_set *set, struct dice *dice);

#endif
