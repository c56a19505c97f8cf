/*
 * sim/memory_log.h: Kafka as far as the processor sees it, in memory and on one thread: partitions with transactions and
 * last stable offsets, producers that are fenced by newer ones, a group that rebalances, and faults by a seed.
 *
 * What it keeps to: a transaction's records are read when it is committed, and nothing behind an open one is; control marks
 * take offsets; offsets are committed with their transaction, and only in the generation that the member is in; a second
 * producer of one transactional id ends the first's transaction and fences it.
 */
#ifndef SIM_MEMORY_LOG_H
#define SIM_MEMORY_LOG_H

#include "log/stream.h"

struct memory_log;

struct memory_log_faults {
    unsigned abort_percent;         /* of commits: refused, nothing happened */
    unsigned indeterminate_percent; /* of commits: no answer; it happened, or it did not and hangs */
    unsigned produce_percent_of_percent; /* of produced records: refused */
};

struct memory_log *memory_log_new(uint64_t seed, const int32_t partitions[STREAM_TOPIC_COUNT]);
void memory_log_free(struct memory_log *log);
void memory_log_set_faults(struct memory_log *log, const struct memory_log_faults *faults);

/* Up to `below`, from the log's own sequence. */
uint64_t memory_log_random(struct memory_log *log, uint64_t below);

int64_t memory_log_now_ms(const struct memory_log *log);
void memory_log_advance(struct memory_log *log, int64_t milliseconds);

/* A committed record from outside. */
void memory_log_append(struct memory_log *log, enum stream_topic topic, int32_t partition, struct text key,
                       struct text value, bool is_null);
int64_t memory_log_end(const struct memory_log *log, enum stream_topic topic, int32_t partition);

/* A member of the group, with the transactional id of its own. *owner points to it for as long as it is open. */
void memory_stream_open(struct memory_log *log, const char *transactional_id, struct stream **owner);
/* From now on its close leaves things as a crash does: a member that is silent, and a transaction that is open. */
void memory_stream_crash(struct stream *stream);
/* The group waits no longer for members that are silent; `stream` may also be one that lives, and is only slow. */
void memory_log_expel_silent(struct memory_log *log);
void memory_stream_expel(struct stream *stream);
/* What a broker does in time: transactions that nobody is left to end are aborted, those told to commit are committed. */
void memory_log_expire_transactions(struct memory_log *log);

/* Hands over committed records of a topic, partition by partition. */
void memory_log_each(const struct memory_log *log, enum stream_topic topic,
                     void (*take)(void *context, const struct stream_record *record), void *context);

#endif
