/* sim/memory_log_parts.h: what the files of the log in memory share of it. Not for others. */
#ifndef SIM_MEMORY_LOG_PARTS_H
#define SIM_MEMORY_LOG_PARTS_H

#include "base/memory.h"
#include "sim/memory_log.h"
#include "sim/trace.h"

enum fate { FATE_OPEN, FATE_COMMITTED, FATE_ABORTED };

/* What a transaction has written to one partition, or its offsets: ended there by a mark of its own. */
struct piece {
    struct transaction *transaction;
    enum stream_topic topic; /* STREAM_TOPIC_COUNT: the group's offsets */
    int32_t partition;
    bool is_marked;
    int64_t mark_ms; /* when its mark comes, once the fate is decided */
};

struct transaction {
    const struct producer *producer;
    int64_t number, started_ms;
    enum fate fate;
    struct piece **pieces;
    size_t piece_count, piece_capacity;
    struct stream_partition *offsets;
    size_t offset_count;
};

struct kept_record {
    struct stream_record record; /* texts live in the log's arena */
    struct piece *piece;         /* NULL: committed on its own */
    bool is_mark, is_gone;       /* gone: compacted */
    int64_t goes_at_ms;          /* a deletion that was compacted once; 0: not yet */
};

struct partition {
    struct kept_record *records;
    size_t count, capacity;
    size_t stable;       /* nothing before it is open */
    size_t first;        /* what lies before it has been deleted */
    int64_t committed;   /* by the group */
    int64_t transaction; /* its number, as it was sent with the offset */
};

/* Who takes part in the group; a stream that is gone may leave one behind. */
struct member {
    struct memory_stream *stream; /* NULL: silent */
    char instance[24];            /* empty: it is nobody's for longer than its stream */
    bool has_joined, is_gone;     /* joined: in the rebalance at hand */
    int64_t generation, heard_ms;
    struct stream_partition *assigned;
    size_t assigned_count;
};

struct producer {
    char id[32];
    int64_t epoch;
    struct transaction *ongoing; /* as the broker sees it */
};

/* A request to commit that is on its way. */
struct late_end {
    struct producer *producer;
    int64_t epoch, due_ms;
    bool is_repeat; /* of one that was answered: it does not outlive its connection */
};

struct memory_log {
    struct arena arena;
    struct dice *dice;
    int64_t now_ms;
    struct memory_log_faults faults;
    int32_t partition_counts[STREAM_TOPIC_COUNT];
    struct partition *partitions[STREAM_TOPIC_COUNT];
    int32_t partitions_max[STREAM_TOPIC_COUNT];
    struct transaction **transactions; /* all there ever were; those before `settled` have ended everywhere */
    size_t transaction_count, transaction_capacity, settled;
    struct member **members;
    size_t member_count, member_capacity;
    int64_t generation;
    bool rebalancing;
    struct producer **producers;
    size_t producer_count, producer_capacity;
    struct late_end *late_ends;
    size_t late_end_count, late_end_capacity;
};

struct memory_stream {
    struct stream port;
    struct memory_log *log;
    struct member *member;
    struct producer *producer;
    char instance[24];
    int64_t epoch;
    struct stream **owner;
    bool in_transaction, crashed, asleep, is_replaced, has_partitions;
    bool broken;                                  /* without an answer a producer can do nothing more */
    int32_t partition_counts[STREAM_TOPIC_COUNT]; /* as they were when it was opened */
    struct stream_partition *reading;
    size_t reading_count;
    enum stream_topic restore_topic;
    int32_t restore_partition;
    int64_t restore_next;
};

static inline struct memory_stream *memory_stream_of(struct stream *stream)
{
    return (struct memory_stream *)stream;
}

/* memory_log.c */
void log_keep(struct memory_log *log, const struct stream_record *record, struct piece *piece, bool is_mark);
bool log_is_readable(const struct kept_record *record);
/* The last stable offset. */
int64_t log_stable_end(const struct memory_log *log, enum stream_topic topic, int32_t partition);

/* memory_transactions.c */
void transactions_advance(struct memory_log *log);
bool transactions_pend(const struct memory_log *log, const struct stream_partition *partition);
void producer_open(struct memory_stream *stream);
void producer_close(struct memory_stream *stream);
void transactions_free(struct memory_log *log);
enum stream_outcome memory_begin(struct stream *port, struct error *error);
enum stream_outcome memory_produce(struct stream *port, const struct stream_record *record, struct error *error);
enum stream_outcome memory_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                  struct error *error);
enum stream_outcome memory_abort(struct stream *port, struct error *error);

/* memory_group.c */
void group_advance(struct memory_log *log);
void group_join(struct memory_stream *stream);
void group_leave(struct memory_stream *stream);
void group_changed(struct memory_log *log);
/* Whether offsets that it sends are taken. */
bool group_is_current(const struct memory_stream *stream);
/* What a consumer hears of the group when it polls. */
bool group_take_part(struct memory_stream *stream, const struct stream_handler *handler, struct error *error);
void group_free(struct memory_log *log);

#endif
