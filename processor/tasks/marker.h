/*
 * tasks/marker.h: what a task knows that is no row, written with every transaction as its `#task` record (SEMANTICS 5).
 */
#ifndef TASKS_MARKER_H
#define TASKS_MARKER_H

#include "base/buffer.h"
#include "base/error.h"
#include "model/calendar.h"

struct marker_count {
    int32_t number; /* of a task or a partition */
    int64_t count;
};

struct marker_barrier {
    billing_period period;
    int32_t task; /* its sender */
    bool is_last; /* of a tier task: its second word */
};

/* A group's report of the month that was closed last, of a bill task: only where custom line items changed afterwards. */
struct marker_revision {
    char *group;             /* its id */
    int64_t rows, manifests; /* the revision whose rows are out, and whose manifests are */
};

struct marker {
    uint32_t task;
    int64_t revision;       /* of the transaction it came with; 0: none yet */
    int64_t offset;         /* where its input goes on */
    int64_t version;        /* of the document: all rows are of it, or of */
    int64_t target;         /* this one, to which a sweep is under way; 0: none is */
    int64_t swept;          /* about how much of it that sweep has come over, or the final one of `closing`: percent */
    int64_t latest_ms;      /* broker time of the newest record it has taken */
    billing_period closed;  /* the last month it has closed; PERIOD_NONE */
    billing_period closing; /* the month it is closing; takes no usage any more */
    int64_t reported;       /* rows of it whose report rows are out, in canonical order; of a bill task: groups */
    /* Records sent to each tier partition and taken from each sender: a gap stops the reader. */
    struct marker_count *sent, *received;
    size_t sent_count, received_count;
    /* Barriers that have come, of months that are not closed here yet: several months may be under way at once. */
    struct marker_barrier *barriers;
    size_t barrier_count;
    struct marker_revision *revisions;
    size_t revision_count;
};

/* The count of a number, made if there is none. */
int64_t *marker_sent(struct marker *marker, int32_t partition);
int64_t *marker_received(struct marker *marker, int32_t task);
/* The revision of a group, made with both at 1 if there is none. */
struct marker_revision *marker_revision_of(struct marker *marker, struct text group);
bool marker_has_barrier(const struct marker *marker, billing_period period, int32_t task, bool is_last);
/* A barrier counts once, and not at all for a month that is closed here. */
void marker_add_barrier(struct marker *marker, billing_period period, int32_t task, bool is_last);
/* The month is closed; its barriers and those of earlier ones are forgotten. */
void marker_close(struct marker *marker, billing_period period);

/* JSON, one line. */
void marker_write(const struct marker *marker, struct buffer *out);
/* Replaces *marker. Fails: no marker. */
MUST_USE bool marker_read(struct text json, struct marker *marker, struct error *error);
void marker_done(struct marker *marker);

#endif
