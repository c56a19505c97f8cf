/*
 * bench/lean_log.h: the port log/stream.h on memory, with as little of its own as there can be: what a bench measures is
 * the processor. Partitions of the input topics go to the streams in turn; what is read once and not needed for a restore
 * is forgotten.
 *
 * The log lies in memory that is shared with child processes made by fork, at the same place: a child can be killed in the
 * middle, and the next one goes on with what was committed. Its clock is that of the events: it goes on by what is read,
 * so that a run has the same commits on any machine.
 *
 * Threads: one a stream.
 */
#ifndef BENCH_LEAN_LOG_H
#define BENCH_LEAN_LOG_H

#include "log/stream.h"

#define LEAN_STREAMS_MAX 16

struct lean_log;

struct lean_log_options {
    int32_t partitions[STREAM_TOPIC_COUNT];
    unsigned streams;         /* that will be open at a time */
    uint64_t events_a_second; /* of the log's clock */
    int64_t start_ms;         /* its wall clock at first */
    bool keeps;               /* everything, for restores */
    uint64_t limit_bytes;     /* of all that is kept */
    /* Called when little usage is left to be read: appends more, and tells whether there will be more still. Or NULL. */
    bool (*refill)(void *context);
    void *refill_context;
};

struct lean_log *lean_log_new(const struct lean_log_options *options);
void lean_log_free(struct lean_log *log);

/* A committed record from outside. */
void lean_log_append(struct lean_log *log, enum stream_topic topic, int32_t partition, struct text key, struct text value);

/* No usage is handed over before; for restores and documents to be done with. */
void lean_log_open_gate(struct lean_log *log);

/* `number`: which of the streams. */
void lean_stream_open(struct lean_log *log, unsigned number, struct stream **ret_stream);

int64_t lean_log_clock_ms(const struct lean_log *log);
int64_t lean_log_wall_clock_ms(const struct lean_log *log);

/* After the owners of all streams were killed: their transactions are aborted. */
void lean_log_recover(struct lean_log *log);

/* Whether all input is committed, to the last record. */
bool lean_log_is_done(const struct lean_log *log);
/* Usage records handed over so far, repeated ones included. */
uint64_t lean_log_taken(const struct lean_log *log);

struct lean_log_figures {
    uint64_t records[STREAM_TOPIC_COUNT], bytes[STREAM_TOPIC_COUNT]; /* produced by the processor, keys included */
    uint64_t commits;
    uint64_t refill_ns;  /* CPU of threads while they appended usage */
    uint64_t peak_bytes; /* lean_log_own_bytes, as seen at commits */
};
/* Memory that the process has for itself: without what it shares, such as the log. */
uint64_t lean_log_own_bytes(void);
struct lean_log_figures lean_log_figures(const struct lean_log *log);

#endif
