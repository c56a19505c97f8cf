/* sim/memory_log.c: vectors of records; a transaction is a mark on its records that changes when it ends. */
#include "sim/memory_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum fate { FATE_OPEN, FATE_COMMITTED, FATE_ABORTED };

struct transaction {
    enum fate fate;
    bool orphaned;                    /* nobody is left to end it */
    bool prepared;                    /* the broker has been told to commit it, and will */
    struct stream_partition *offsets; /* sent with it: pending until it ends */
    size_t offset_count;
};

struct kept_record {
    struct stream_record record; /* texts live in the log's arena */
    struct transaction *transaction; /* NULL: committed on its own */
    bool is_mark;
};

struct partition {
    struct kept_record *records;
    size_t count, capacity;
};

/* Who takes part in the group; a stream that is gone may leave one behind. */
struct member {
    struct memory_stream *stream; /* NULL: silent */
    bool has_joined, is_gone;     /* joined: in the rebalance at hand */
    int64_t generation;
    struct stream_partition *assigned;
    size_t assigned_count;
};

struct producer {
    char id[64];
    int64_t epoch;
    struct transaction *last;
};

struct memory_log {
    struct arena arena;
    uint64_t random;
    int64_t now_ms;
    struct memory_log_faults faults;
    int32_t partition_counts[STREAM_TOPIC_COUNT];
    struct partition *partitions[STREAM_TOPIC_COUNT];
    int64_t *committed[STREAM_TOPIC_COUNT]; /* the group's offsets */
    struct transaction **transactions;
    size_t transaction_count, transaction_capacity;
    struct member **members;
    size_t member_count, member_capacity;
    int64_t generation;
    bool rebalancing;
    struct producer producers[64];
    size_t producer_count;
};

struct memory_stream {
    struct stream port;
    struct memory_log *log;
    struct member *member;
    struct producer *producer;
    int64_t epoch;
    struct transaction *open;
    struct stream **owner;
    bool crashed, broken, has_partitions; /* broken: without an answer a producer can do nothing more */
    struct stream_partition *reading;
    size_t reading_count;
    enum stream_topic restore_topic;
    int32_t restore_partition;
    int64_t restore_next, restore_end;
};

static struct memory_stream *of(struct stream *stream)
{
    return (struct memory_stream *)stream;
}

/* ---- the log ---- */

uint64_t memory_log_random(struct memory_log *log, uint64_t below)
{
    log->random ^= log->random << 13;
    log->random ^= log->random >> 7;
    log->random ^= log->random << 17;
    return log->random % below;
}

static bool happens(struct memory_log *log, unsigned percent)
{
    return memory_log_random(log, 100) < percent;
}

struct memory_log *memory_log_new(uint64_t seed, const int32_t partitions[STREAM_TOPIC_COUNT])
{
    struct memory_log *log = memory_new(sizeof *log);
    log->random = seed * 2654435761u + 88172645463325252u;
    log->now_ms = INT64_C(1783000000000); /* 2026-07-02: all of June has been */
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++) {
        size_t count = (size_t)partitions[i];
        log->partition_counts[i] = partitions[i];
        log->partitions[i] = memory_new_array(count, sizeof **log->partitions);
        log->committed[i] = memory_new_array(count, sizeof **log->committed);
        for (size_t p = 0; p < count; p++)
            log->committed[i][p] = OFFSET_NONE;
    }
    return log;
}

void memory_log_free(struct memory_log *log)
{
    for (size_t i = 0; i < STREAM_TOPIC_COUNT; i++) {
        for (int32_t p = 0; p < log->partition_counts[i]; p++)
            free(log->partitions[i][p].records);
        free(log->partitions[i]);
        free(log->committed[i]);
    }
    for (size_t i = 0; i < log->transaction_count; i++) {
        free(log->transactions[i]->offsets);
        free(log->transactions[i]);
    }
    for (size_t i = 0; i < log->member_count; i++) {
        free(log->members[i]->assigned);
        free(log->members[i]);
    }
    free(log->transactions);
    free(log->members);
    arena_done(&log->arena);
    free(log);
}

void memory_log_set_faults(struct memory_log *log, const struct memory_log_faults *faults)
{
    log->faults = *faults;
}

int64_t memory_log_now_ms(const struct memory_log *log)
{
    return log->now_ms;
}

void memory_log_advance(struct memory_log *log, int64_t milliseconds)
{
    log->now_ms += milliseconds;
}

static void keep(struct memory_log *log, const struct stream_record *record, struct transaction *transaction, bool is_mark)
{
    struct partition *partition = &log->partitions[record->topic][record->partition];
    partition->records = memory_reserve_one(partition->records, partition->count, &partition->capacity,
                                            sizeof *partition->records);
    struct kept_record *kept = &partition->records[partition->count];
    *kept = (struct kept_record){ *record, transaction, is_mark };
    kept->record.offset = (int64_t)partition->count++;
    kept->record.timestamp_ms = log->now_ms;
    kept->record.key = arena_copy(&log->arena, record->key);
    kept->record.value = arena_copy(&log->arena, record->value);
    struct stream_header *headers = arena_take(&log->arena, (record->header_count + 1) * sizeof *headers,
                                               _Alignof(struct stream_header));
    for (size_t i = 0; i < record->header_count; i++) {
        size_t size = strlen(record->headers[i].name) + 1;
        char *name = arena_take(&log->arena, size, 1);
        memcpy(name, record->headers[i].name, size);
        headers[i] = (struct stream_header){ name, arena_copy(&log->arena, record->headers[i].value) };
    }
    kept->record.headers = headers;
}

void memory_log_append(struct memory_log *log, enum stream_topic topic, int32_t partition, struct text key,
                       struct text value, bool is_null)
{
    struct stream_record record = { .topic = topic, .partition = partition, .key = key, .value = value, .is_null = is_null };
    keep(log, &record, NULL, false);
}

int64_t memory_log_end(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    return (int64_t)log->partitions[topic][partition].count;
}

static bool is_open(const struct kept_record *record)
{
    return record->transaction && record->transaction->fate == FATE_OPEN;
}

static bool is_readable(const struct kept_record *record)
{
    return !record->is_mark && (!record->transaction || record->transaction->fate == FATE_COMMITTED);
}

static int64_t stable_end(const struct memory_log *log, enum stream_topic topic, int32_t partition)
{
    const struct partition *read = &log->partitions[topic][partition];
    size_t at = 0;
    while (at < read->count && !is_open(&read->records[at]))
        at++;
    return (int64_t)at;
}

void memory_log_each(const struct memory_log *log, enum stream_topic topic,
                     void (*take)(void *context, const struct stream_record *record), void *context)
{
    for (int32_t p = 0; p < log->partition_counts[topic]; p++)
        for (int64_t at = 0; at < stable_end(log, topic, p); at++)
            if (is_readable(&log->partitions[topic][p].records[at]))
                take(context, &log->partitions[topic][p].records[at].record);
}

/* ---- transactions ---- */

/* Every partition it wrote to gets its mark. */
static void end_transaction(struct memory_log *log, struct transaction *transaction, enum fate fate)
{
    if (transaction->fate != FATE_OPEN)
        return;
    transaction->fate = fate;
    for (enum stream_topic topic = 0; topic < STREAM_TOPIC_COUNT; topic++)
        for (int32_t p = 0; p < log->partition_counts[topic]; p++) {
            const struct partition *written = &log->partitions[topic][p];
            for (size_t at = written->count; at-- > 0;)
                if (written->records[at].transaction == transaction) {
                    keep(log, &(struct stream_record){ .topic = topic, .partition = p }, NULL, true);
                    break;
                }
        }
    for (size_t i = 0; fate == FATE_COMMITTED && i < transaction->offset_count; i++)
        log->committed[transaction->offsets[i].topic][transaction->offsets[i].partition] = transaction->offsets[i].offset;
}

/* What a broker does of its own accord. */
static void resolve(struct memory_log *log, struct transaction *transaction)
{
    end_transaction(log, transaction, transaction->prepared ? FATE_COMMITTED : FATE_ABORTED);
}

void memory_log_expire_transactions(struct memory_log *log)
{
    for (size_t i = 0; i < log->transaction_count; i++)
        if (log->transactions[i]->orphaned || log->transactions[i]->prepared)
            resolve(log, log->transactions[i]);
}

/* What comes before every call of a producer. */
static enum stream_outcome check_producer(const struct memory_stream *stream, struct error *error)
{
    error_fail(error, ERROR_FAILED, "simulated: the producer is %s", stream->broken ? "without an answer" : "fenced");
    return stream->broken ? OUTCOME_INDETERMINATE : stream->epoch != stream->producer->epoch ? OUTCOME_FENCED : OUTCOME_DONE;
}

static enum stream_outcome begin(struct stream *port, struct error *error)
{
    struct memory_stream *stream = of(port);
    struct memory_log *log = stream->log;
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    CHECK(!stream->open);
    stream->open = memory_new(sizeof *stream->open);
    stream->producer->last = stream->open;
    log->transactions = memory_reserve_one(log->transactions, log->transaction_count, &log->transaction_capacity,
                                           sizeof *log->transactions);
    log->transactions[log->transaction_count++] = stream->open;
    return OUTCOME_DONE;
}

static enum stream_outcome produce(struct stream *port, const struct stream_record *record, struct error *error)
{
    struct memory_stream *stream = of(port);
    CHECK(stream->open);
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (memory_log_random(stream->log, 10000) < stream->log->faults.produce_percent_of_percent ||
        stream->open->fate != FATE_OPEN) {
        error_fail(error, ERROR_FAILED, "simulated: a record is refused");
        return OUTCOME_ABORT;
    }
    keep(stream->log, record, stream->open, false);
    return OUTCOME_DONE;
}

static bool is_current(const struct memory_stream *stream)
{
    return !stream->member->is_gone && stream->member->generation == stream->log->generation;
}

static enum stream_outcome commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                  struct error *error)
{
    struct memory_stream *stream = of(port);
    struct memory_log *log = stream->log;
    struct transaction *transaction = stream->open;
    CHECK(transaction);
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    error_fail(error, ERROR_FAILED, "simulated: the commit fails");
    if (!is_current(stream) || transaction->fate != FATE_OPEN || happens(log, log->faults.abort_percent))
        return OUTCOME_ABORT;
    transaction->offsets = memory_new_array(count, sizeof *partitions);
    transaction->offset_count = count;
    if (count > 0)
        memcpy(transaction->offsets, partitions, count * sizeof *partitions);
    stream->broken = happens(log, log->faults.indeterminate_percent);
    /* Without an answer: it was committed, it will be, or it never was told. */
    transaction->prepared = stream->broken && happens(log, 35);
    if (!stream->broken || (!transaction->prepared && happens(log, 50))) {
        end_transaction(log, transaction, FATE_COMMITTED);
        stream->open = NULL;
    }
    return stream->broken ? OUTCOME_INDETERMINATE : OUTCOME_DONE;
}

static enum stream_outcome abort_transaction(struct stream *port, struct error *error)
{
    struct memory_stream *stream = of(port);
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (stream->open)
        end_transaction(stream->log, stream->open, FATE_ABORTED);
    stream->open = NULL;
    return OUTCOME_DONE;
}

/* ---- the group ---- */

static const enum stream_topic inputs[] = { STREAM_USAGE, STREAM_TIERED, STREAM_SUBTOTALS };

static void start_rebalance(struct memory_log *log)
{
    log->rebalancing = true;
    for (size_t i = 0; i < log->member_count; i++)
        log->members[i]->has_joined = false;
}

static bool all_have_joined(const struct memory_log *log)
{
    for (size_t i = 0; i < log->member_count; i++)
        if (!log->members[i]->is_gone && !log->members[i]->has_joined)
            return false;
    return true;
}

static size_t living(const struct memory_log *log)
{
    size_t count = 0;
    for (size_t i = 0; i < log->member_count; i++)
        count += !log->members[i]->is_gone;
    return count;
}

/* By range over each topic, in the order of the members. */
static void assign_members(struct memory_log *log)
{
    size_t count = living(log), number = 0;
    log->generation++;
    log->rebalancing = false;
    for (size_t m = 0; m < log->member_count; m++) {
        struct member *member = log->members[m];
        if (member->is_gone)
            continue;
        member->generation = log->generation;
        member->assigned_count = 0;
        for (size_t t = 0; t < ARRAY_COUNT(inputs); t++)
            for (int32_t p = 0; p < log->partition_counts[inputs[t]]; p++) {
                if ((size_t)p * count / (size_t)log->partition_counts[inputs[t]] != number)
                    continue;
                member->assigned = memory_grow(member->assigned, member->assigned_count + 1, sizeof *member->assigned);
                member->assigned[member->assigned_count++] = (struct stream_partition){ inputs[t], p, OFFSET_NONE };
            }
        number++;
    }
}

static struct member *join(struct memory_log *log, struct memory_stream *stream)
{
    struct member *member = memory_new(sizeof *member);
    member->stream = stream;
    log->members = memory_reserve_one(log->members, log->member_count, &log->member_capacity, sizeof *log->members);
    log->members[log->member_count++] = member;
    start_rebalance(log);
    return member;
}

static void expel(struct memory_log *log, struct member *member)
{
    if (member->is_gone)
        return;
    member->is_gone = true;
    start_rebalance(log);
}

void memory_stream_expel(struct stream *stream)
{
    expel(of(stream)->log, of(stream)->member);
}

void memory_log_expel_silent(struct memory_log *log)
{
    for (size_t i = 0; i < log->member_count; i++)
        if (!log->members[i]->stream)
            expel(log, log->members[i]);
}

/* What a consumer hears of the group when it polls. */
static bool take_part(struct memory_stream *stream, const struct stream_handler *handler, struct error *error)
{
    struct memory_log *log = stream->log;
    struct member *member = stream->member;
    bool lost = member->is_gone;
    if (lost) {
        member->stream = NULL;
        stream->member = member = join(log, stream);
    }
    if (log->rebalancing && !member->has_joined) {
        if (stream->has_partitions && !handler->revoked(handler->context, lost, error))
            return false;
        stream->has_partitions = false;
        stream->reading_count = 0;
        member->has_joined = true;
    }
    if (log->rebalancing && all_have_joined(log))
        assign_members(log);
    if (log->rebalancing || stream->has_partitions || member->generation != log->generation)
        return true;
    stream->has_partitions = true;
    return handler->assigned(handler->context, member->assigned, member->assigned_count, error);
}

/* ---- reading ---- */

static bool read_partition(struct memory_stream *stream, struct stream_partition *from, size_t records_max,
                           const struct stream_handler *handler, struct error *error)
{
    const struct partition *read = &stream->log->partitions[from->topic][from->partition];
    int64_t end = stable_end(stream->log, from->topic, from->partition);
    if (from->offset == OFFSET_NONE)
        from->offset = 0;
    for (size_t taken = 0; from->offset < end && taken < records_max; from->offset++) {
        if (!is_readable(&read->records[from->offset]))
            continue;
        struct stream_record record = read->records[from->offset].record;
        taken++;
        if (!handler->record(handler->context, &record, error))
            return false;
    }
    if (from->offset == end)
        handler->ended(handler->context, from->topic, from->partition, end);
    return true;
}

static bool poll(struct stream *port, int timeout_ms, size_t records_max, const struct stream_handler *handler,
                 struct error *error)
{
    (void)timeout_ms;
    (void)records_max;
    struct memory_stream *stream = of(port);
    if (!take_part(stream, handler, error))
        return false;
    for (size_t i = 0; i < stream->reading_count; i++)
        if (happens(stream->log, 60) &&
            !read_partition(stream, &stream->reading[i], 1 + memory_log_random(stream->log, 40), handler, error))
            return false;
    return true;
}

static bool assign(struct stream *port, const struct stream_partition *partitions, size_t count, struct error *error)
{
    (void)error;
    struct memory_stream *stream = of(port);
    stream->reading = memory_grow(stream->reading, count + 1, sizeof *stream->reading);
    if (count)
        memcpy(stream->reading, partitions, count * sizeof *partitions);
    stream->reading_count = count;
    return true;
}

static bool has_pending_offset(const struct memory_log *log, const struct stream_partition *partition)
{
    for (size_t i = 0; i < log->transaction_count; i++) {
        const struct transaction *transaction = log->transactions[i];
        for (size_t o = 0; transaction->fate == FATE_OPEN && o < transaction->offset_count; o++) {
            const struct stream_partition *sent = &transaction->offsets[o];
            if (sent->topic == partition->topic && sent->partition == partition->partition)
                return true;
        }
    }
    return false;
}

static bool committed(struct stream *port, struct stream_partition *partitions, size_t count, bool *stable,
                      struct error *error)
{
    (void)error;
    const struct memory_log *log = of(port)->log;
    *stable = true;
    for (size_t i = 0; i < count; i++) {
        *stable = *stable && !has_pending_offset(log, &partitions[i]);
        partitions[i].offset = log->committed[partitions[i].topic][partitions[i].partition];
    }
    return true;
}

static bool restore_begin(struct stream *port, enum stream_topic topic, int32_t partition, int64_t offset,
                          struct error *error)
{
    (void)error;
    struct memory_stream *stream = of(port);
    stream->restore_topic = topic;
    stream->restore_partition = partition;
    stream->restore_next = offset == OFFSET_NONE ? 0 : offset;
    stream->restore_end = stable_end(stream->log, topic, partition);
    return true;
}

static bool restore_step(struct stream *port, size_t records_max,
                         bool (*take)(void *context, const struct stream_record *record, struct error *error), void *context,
                         bool *ended, int64_t *next, struct error *error)
{
    struct memory_stream *stream = of(port);
    const struct partition *read = &stream->log->partitions[stream->restore_topic][stream->restore_partition];
    size_t most = 1 + memory_log_random(stream->log, records_max);
    for (; stream->restore_next < stream->restore_end && most > 0; stream->restore_next++, most--) {
        struct stream_record record = read->records[stream->restore_next].record;
        if (is_readable(&read->records[stream->restore_next]) && !take(context, &record, error))
            return false;
    }
    *ended = stream->restore_next >= stream->restore_end;
    *next = stream->restore_next;
    return true;
}

static bool range(struct stream *port, enum stream_topic topic, int32_t partition, int64_t *first, int64_t *end,
                  struct error *error)
{
    (void)error;
    *first = 0;
    *end = stable_end(of(port)->log, topic, partition);
    return true;
}

static bool offset_of_time(struct stream *port, enum stream_topic topic, int32_t partition, int64_t time_ms, int64_t *offset,
                           struct error *error)
{
    (void)error;
    const struct partition *read = &of(port)->log->partitions[topic][partition];
    *offset = 0;
    while (*offset < (int64_t)read->count && read->records[*offset].record.timestamp_ms < time_ms)
        ++*offset;
    return true;
}

static int64_t known_end(const struct stream *port, enum stream_topic topic, int32_t partition)
{
    return memory_log_end(((const struct memory_stream *)port)->log, topic, partition);
}

static int32_t partition_count(const struct stream *port, enum stream_topic topic)
{
    return ((const struct memory_stream *)port)->log->partition_counts[topic];
}

/* ---- opening and closing ---- */

static void close_stream(struct stream *port)
{
    struct memory_stream *stream = of(port);
    struct transaction *open = stream->open;
    stream->member->stream = NULL;
    if (open && stream->crashed)
        open->orphaned = true;
    else if (open && stream->epoch == stream->producer->epoch && open->offset_count == 0)
        end_transaction(stream->log, open, FATE_ABORTED);
    else if (open)
        open->orphaned = true; /* its offsets are sent and nobody knows what became of it */
    if (!stream->crashed)
        expel(stream->log, stream->member);
    *stream->owner = NULL;
    free(stream->reading);
    free(stream);
}

static const struct stream_ops operations = {
    .poll = poll,
    .assign = assign,
    .committed = committed,
    .begin = begin,
    .produce = produce,
    .commit = commit,
    .abort = abort_transaction,
    .restore_begin = restore_begin,
    .restore_step = restore_step,
    .offset_of_time = offset_of_time,
    .range = range,
    .known_end = known_end,
    .partition_count = partition_count,
    .close = close_stream,
};

static struct producer *producer_of(struct memory_log *log, const char *id)
{
    for (size_t i = 0; i < log->producer_count; i++)
        if (strcmp(log->producers[i].id, id) == 0)
            return &log->producers[i];
    CHECK(log->producer_count < ARRAY_COUNT(log->producers) && strlen(id) < sizeof log->producers->id);
    memcpy(log->producers[log->producer_count].id, id, strlen(id) + 1);
    return &log->producers[log->producer_count++];
}

void memory_stream_open(struct memory_log *log, const char *transactional_id, struct stream **owner)
{
    struct memory_stream *stream = memory_new(sizeof *stream);
    stream->port.ops = &operations;
    stream->log = log;
    stream->producer = producer_of(log, transactional_id);
    /* init_transactions: whatever this id had open comes to its end, and its older self is fenced. */
    stream->epoch = ++stream->producer->epoch;
    if (stream->producer->last)
        resolve(log, stream->producer->last);
    stream->member = join(log, stream);
    stream->owner = owner;
    *owner = &stream->port;
}

void memory_stream_crash(struct stream *stream)
{
    of(stream)->crashed = true;
}
