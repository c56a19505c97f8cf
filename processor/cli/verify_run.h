/* cli/verify_run.h: what a pass of verify carries through all topics, and how it tells, counts and keeps. */
#ifndef CLI_VERIFY_RUN_H
#define CLI_VERIFY_RUN_H

#include "cli/verify_topics.h"
#include "store/rocks.h"
#include "tasks/marker.h"

/* What the pass carries through all topics. */
struct verify_run {
    struct verify_pass *pass;
    char period[TIME_TEXT_MAX];
    struct tally *tally;
    struct rocks *rocks; /* of the topic at hand */
    struct rocks_batch *batch;
    struct arena arena;
    struct buffer key, value, lines;
    struct marker *markers; /* the last of each task */
    size_t marker_count;
    int64_t *swept;           /* of each task: totals of the month that are of versions before this are gone */
    struct intern reported;   /* groups that have a report */
    struct intern by_service; /* reports whose manifest lists its totals by service, without accounts */
    struct intern snapshots;  /* and each snapshot of theirs, behind the group's id and a NUL */
    uint64_t read;
};

/* Counts and tells one difference. */
void verify_tell(struct verify_run *run, const char *format, ...) PRINTF_LIKE(2, 3);
MUST_USE bool verify_add(struct verify_run *run, enum audit_kind kind, enum audit_source source,
                         const struct audit_figures *figures, struct error *error, const char *key_format, ...)
    PRINTF_LIKE(6, 7);
void verify_progress(struct verify_run *run, const char *phase);

/* Opens a scratch store of a name below the pass's folder. */
MUST_USE bool verify_scratch_open(struct verify_run *run, const char *name, struct error *error);
void verify_scratch_close(struct verify_run *run);
MUST_USE bool verify_put(struct verify_run *run, struct text key, struct text value, struct error *error);
/* A store of its own below the pass's folder. */
MUST_USE bool verify_rocks_open(const struct verify_run *run, const char *name, struct rocks **rocks, struct error *error);

#endif
