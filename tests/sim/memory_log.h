/*
 * sim/memory_log.h: Kafka as far as the processor sees it, in memory and on one thread: partitions with transactions and
 * last stable offsets, producers that are fenced by newer ones, a group that rebalances, and faults by dice.
 *
 * What it keeps to:
 * - A transaction's records are read when it is committed, and nothing behind an open one is. Its end is decided at once
 *   and told to every partition by a mark of its own, each with its own delay; offsets are pending until theirs.
 * - Marks take offsets. Offsets are committed with their transaction, in the generation that the member is in.
 * - A transaction that nobody ends is aborted when its time is over. A second producer of one id ends the first's and
 *   fences it. A request to commit may come late, and then means whatever is open by then.
 * - A member that is silent is expired; one that is expelled hears of it when it polls. A static member comes back to
 *   what it had.
 * - Compaction keeps the last value of a key, retention cuts beginnings off.
 */
#ifndef SIM_MEMORY_LOG_H
#define SIM_MEMORY_LOG_H

#include "log/stream.h"
#include "sim/dice.h"

#define SESSION_TIMEOUT_MS 10000
#define TRANSACTION_TIMEOUT_MS 10000

struct memory_log;

struct memory_log_faults {
    unsigned abort_percent;         /* of commits: refused, nothing happened */
    unsigned indeterminate_percent; /* of commits: no answer; it happened, it will, or it did not and hangs */
    unsigned produce_per_10000;     /* of produced records: refused */
    bool no_orphans;                /* what a stream leaves open ends with it */
    bool marks_take_time;           /* milliseconds, some of them seconds; else they are there at once */
    bool late_end_after_done; /* a commit that is DONE may be told to the broker once more, later: the port forbids it */
};

/* `dice` is borrowed. `partitions`: how many at first; `partitions_max`: how many there may ever be. */
struct memory_log *memory_log_new(struct dice *dice, int64_t now_ms, const int32_t partitions[STREAM_TOPIC_COUNT],
                                  const int32_t partitions_max[STREAM_TOPIC_COUNT]);
void memory_log_free(struct memory_log *log);
void memory_log_set_faults(struct memory_log *log, const struct memory_log_faults *faults);

int64_t memory_log_now_ms(const struct memory_log *log);
/* Time goes on, and with it all that waits for it: marks, timeouts, requests on their way. */
void memory_log_advance(struct memory_log *log, int64_t milliseconds);

/* A committed record from outside. Returns its offset. */
int64_t memory_log_append(struct memory_log *log, enum stream_topic topic, int32_t partition, struct text key,
                          struct text value, bool is_null);
int64_t memory_log_end(const struct memory_log *log, enum stream_topic topic, int32_t partition);
int32_t memory_log_partitions(const struct memory_log *log, enum stream_topic topic);
void memory_log_add_partition(struct memory_log *log, enum stream_topic topic);

/* Some of what a newer record of its key has replaced goes, and deletions older than `delete_retention_ms`. */
void memory_log_compact(struct memory_log *log, enum stream_topic topic, int64_t delete_retention_ms);
/* What came more than `retention_ms` before the last record that the group has taken goes. */
void memory_log_retain(struct memory_log *log, enum stream_topic topic, int64_t retention_ms);
/* The group was away for too long: its offsets are forgotten. Not while one of them is pending. */
void memory_log_expire_offsets(struct memory_log *log);

/*
 * A member of the group with a producer. *owner points to the stream for as long as it is open. `instance`: a static
 * member and a transactional id that outlive it; NULL: neither does.
 */
void memory_stream_open(struct memory_log *log, const char *instance, struct stream **owner);
/* From now on its close leaves things as a crash does: a member that is silent, and a transaction that is open. */
void memory_stream_crash(struct stream *stream);
/* It is stopped, as by SIGSTOP: silent, until it is woken. */
void memory_stream_sleep(struct stream *stream, bool asleep);
/* It is thrown out of the group, and goes on until it hears of it. */
void memory_stream_expel(struct stream *stream);
/* Another process has taken its instance id over: it may only fail. */
bool memory_stream_is_replaced(const struct stream *stream);

/* Whether all that there is has been committed or aborted. */
bool memory_log_has_ended(const struct memory_log *log, enum stream_topic topic, int32_t partition);
/* Hands over committed records of a topic, partition by partition, to the last stable offset, as whoever read along from
 * the first day has seen them: also those that are gone since. */
void memory_log_each(const struct memory_log *log, enum stream_topic topic,
                     void (*take)(void *context, const struct stream_record *record), void *context);
/* The last of them that a partition has, of a kind (NULL: any); NULL: none. */
const struct stream_record *memory_log_last(const struct memory_log *log, enum stream_topic topic, int32_t partition,
                                            bool (*is_it)(const struct stream_record *record));
/* Whether every transaction has ended everywhere. */
bool memory_log_is_settled(const struct memory_log *log);
/* Whether every member that the group counts on is there and knows what it has. */
bool memory_log_group_is_whole(const struct memory_log *log);
int64_t memory_log_committed(const struct memory_log *log, enum stream_topic topic, int32_t partition);

#endif
