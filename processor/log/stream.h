/*
 * log/stream.h: the port of the running processor: partitions that are assigned and taken away, records in, and
 * transactions of records and offsets out (SEMANTICS 5). Behind it: Kafka (kafka_stream.h).
 *
 * Everything a stream calls back, it calls in poll, on the caller's thread. Thread: one per stream.
 */
#ifndef LOG_STREAM_H
#define LOG_STREAM_H

#include "base/error.h"
#include "base/text.h"

enum stream_topic {
    STREAM_USAGE,
    STREAM_CONDUCTOR,
    STREAM_TIERED,
    STREAM_LINE_ITEMS,
    STREAM_SUBTOTALS,
    STREAM_BILLS,
    STREAM_CUR,
    STREAM_CUR_MANIFESTS,
    STREAM_DEAD_LETTERS,
    STREAM_TOPIC_COUNT
};

#define OFFSET_NONE INT64_C(-1)
#define STREAM_EXPECTED 3 /* records between being expected and being handed over */

struct stream_header {
    const char *name;
    struct text value;
};

struct stream_record {
    enum stream_topic topic;
    int32_t partition;
    int64_t offset, timestamp_ms;
    struct text key, value;
    bool is_null; /* a deletion */
    const struct stream_header *headers;
    size_t header_count;
};

struct stream_partition {
    enum stream_topic topic;
    int32_t partition;
    int64_t offset;      /* where reading goes on, or OFFSET_NONE */
    int64_t transaction; /* number of the transaction that the offset was committed with; 0: unknown */
};

#define STREAM_ANSWER_MS 30000 /* an answer that is needed is waited for so long */

/* How far a restore has come. */
struct stream_reading {
    bool ended;
    int64_t next; /* the offset behind what has been read */
    int64_t high; /* once ended: the partition's end with what is not committed yet */
};

/* What a transaction's step came to, by what has to be done next. */
enum stream_outcome {
    OUTCOME_DONE,
    OUTCOME_ABORT,         /* nothing is committed: abort, go back to the last commit, try again */
    OUTCOME_INDETERMINATE, /* it may be committed or not: open anew, restore, look at the marker */
    OUTCOME_FENCED,        /* somebody else is this worker now: leave */
    OUTCOME_REFUSED,       /* the broker denies a right: leave */
    OUTCOME_LATER,         /* one task has to wait for something outside of Kafka; the transaction is as it was */
};

struct stream_handler {
    void *context;
    bool (*record)(void *context, const struct stream_record *record, struct error *error);
    /* This usage record will be handed over a few records later, if all goes well. May be NULL. */
    void (*expect)(void *context, const struct stream_record *record);
    /* The partition is read up to `end`; behind its last record there may be marks of transactions. May be NULL. */
    void (*ended)(void *context, enum stream_topic topic, int32_t partition, int64_t end);
    /* The group has assigned partitions; none is read before it is handed to `assign`. */
    bool (*assigned)(void *context, const struct stream_partition *partitions, size_t count, struct error *error);
    /* All partitions go. Unless they are lost already, a last commit may be made from within. */
    bool (*revoked)(void *context, bool lost, struct error *error);
};

struct stream;

struct stream_ops {
    /*
     * Waits up to `timeout_ms` for records, then hands over what is there, at most `records_max`. INDETERMINATE: the
     * connection is no good; FENCED: another member has this one's name.
     */
    enum stream_outcome (*poll)(struct stream *stream, int timeout_ms, size_t records_max,
                                const struct stream_handler *handler, struct error *error);
    /* Reads exactly these partitions from their offsets on. */
    bool (*assign)(struct stream *stream, const struct stream_partition *partitions, size_t count, struct error *error);
    /*
     * Committed offsets, OFFSET_NONE where there is none, with the numbers of their transactions. *stable is false while a
     * transaction is still open on one.
     */
    bool (*committed)(struct stream *stream, struct stream_partition *partitions, size_t count, bool *stable,
                      struct error *error);

    enum stream_outcome (*begin)(struct stream *stream, struct error *error);
    /* Copies key, value and headers. A value of NULL data and is_null deletes the key. Of a failure a later call may tell.
     */
    enum stream_outcome (*produce)(struct stream *stream, const struct stream_record *record, struct error *error);
    /* Sends the offsets of `partitions` with the transaction and commits it. */
    enum stream_outcome (*commit)(struct stream *stream, const struct stream_partition *partitions, size_t count,
                                  struct error *error);
    enum stream_outcome (*abort)(struct stream *stream, struct error *error);

    /*
     * Restore: reads committed records of one partition from `offset` to its end as it is now. Each step hands over up to
     * `records_max`. If `take` refuses a record, reading->next stays at it. One restore at a time.
     */
    bool (*restore_begin)(struct stream *stream, enum stream_topic topic, int32_t partition, int64_t offset,
                          struct error *error);
    bool (*restore_step)(struct stream *stream, size_t records_max,
                         bool (*take)(void *context, const struct stream_record *record, struct error *error), void *context,
                         struct stream_reading *reading, struct error *error);
    /* The first offset whose record came at or after a time; the end if there is none. */
    bool (*offset_of_time)(struct stream *stream, enum stream_topic topic, int32_t partition, int64_t time_ms,
                           int64_t *offset, struct error *error);
    /* The first offset that there is, and the one behind the last committed record that no open transaction precedes. */
    bool (*range)(struct stream *stream, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                  struct error *error);
    /* Asks the broker to delete records before an offset. Does not wait; a refusal does no harm. */
    void (*trim)(struct stream *stream, enum stream_topic topic, int32_t partition, int64_t before);
    /* The end of a partition, with what is not committed yet. False as well where no answer comes in time. */
    bool (*high)(struct stream *stream, enum stream_topic topic, int32_t partition, int timeout_ms, int64_t *high,
                 struct error *error);
    /* The end of an assigned partition as the broker last told it, without a request; OFFSET_NONE: not yet. */
    int64_t (*known_end)(const struct stream *stream, enum stream_topic topic, int32_t partition);
    int32_t (*partition_count)(const struct stream *stream, enum stream_topic topic);
    /* Whether a broker answers, as far as is known; asks again now and then while none does. */
    bool (*is_reachable)(struct stream *stream);
    void (*close)(struct stream *stream);
};

struct stream {
    const struct stream_ops *ops;
};

/* "usage", "line-items", …: the name without its prefix. */
const char *stream_topic_name(enum stream_topic topic);

/* The value of a record's first header of a name; TEXT_NONE: it has none. */
struct text stream_header_of(const struct stream_record *record, const char *name);

/* Whether each task of so many partitions has a name (line_item.h) and a place of its own on line-items. Fails: the topic
 * that has too many or too few. */
MUST_USE bool stream_check_partitions(const char *prefix, const int32_t counts[STREAM_TOPIC_COUNT], struct error *error);

#endif
