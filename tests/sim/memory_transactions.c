/* sim/memory_transactions.c: the transaction coordinator, and the producers that talk to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory_log_parts.h"

#define LATE_END_MS 15000

/* ---- the coordinator ---- */

static void write_mark(struct memory_log *log, struct piece *piece)
{
    const struct transaction *transaction = piece->transaction;
    piece->is_marked = true;
    if (piece->topic < STREAM_TOPIC_COUNT) {
        log_keep(log, &(struct stream_record){ .topic = piece->topic, .partition = piece->partition }, piece, true);
        return;
    }
    for (size_t i = 0; transaction->fate == FATE_COMMITTED && i < transaction->offset_count; i++) {
        const struct stream_partition *sent = &transaction->offsets[i];
        log->partitions[sent->topic][sent->partition].committed = sent->offset;
        log->partitions[sent->topic][sent->partition].transaction = sent->transaction;
    }
}

/* Marks that are due; `all`: none is waited for. Returns whether the transaction has ended everywhere. */
static bool write_marks(struct memory_log *log, struct transaction *transaction, bool all)
{
    bool ended = transaction->fate != FATE_OPEN;
    for (size_t i = 0; i < transaction->piece_count && transaction->fate != FATE_OPEN; i++) {
        struct piece *piece = transaction->pieces[i];
        if (!piece->is_marked && (all || log->now_ms >= piece->mark_ms))
            write_mark(log, piece);
        ended = ended && piece->is_marked;
    }
    return ended;
}

/* The decision; the partitions hear of it in their own time. */
static void decide(struct memory_log *log, struct producer *producer, enum fate fate)
{
    struct transaction *transaction = producer->ongoing;
    if (!transaction)
        return;
    transaction->fate = fate;
    producer->ongoing = NULL;
    for (size_t i = 0; i < transaction->piece_count; i++) {
        uint64_t delay = dice_percent(log->dice, 10) ? 3000 : 4;
        transaction->pieces[i]->mark_ms = log->now_ms + (int64_t)dice_below(log->dice, delay);
    }
    if (!log->faults.marks_take_time)
        write_marks(log, transaction, true);
    trace("broker: transaction %lld of %s is %s", (long long)transaction->number, producer->id,
          fate == FATE_COMMITTED ? "committed" : "aborted");
}

/* Nobody can go on with an id before its last transaction has ended everywhere. */
static void finish_marks(struct memory_log *log, const struct producer *producer)
{
    for (size_t i = log->settled; i < log->transaction_count; i++)
        if (log->transactions[i]->producer == producer)
            write_marks(log, log->transactions[i], true);
}

static void time_out(struct memory_log *log, struct producer *producer)
{
    if (!producer->ongoing || log->now_ms - producer->ongoing->started_ms < TRANSACTION_TIMEOUT_MS)
        return;
    trace("broker: transaction %lld of %s has lasted too long", (long long)producer->ongoing->number, producer->id);
    producer->epoch++;
    decide(log, producer, FATE_ABORTED);
}

/* A request carries no name of its transaction: it ends what is open when it comes, if the epoch is still the one. */
static void take_late_ends(struct memory_log *log)
{
    for (size_t i = 0; i < log->late_end_count;) {
        struct late_end *late = &log->late_ends[i];
        if (log->now_ms < late->due_ms) {
            i++;
            continue;
        }
        trace("broker: a late request to commit of %s, %s", late->producer->id,
              late->epoch == late->producer->epoch ? "taken" : "fenced");
        if (late->epoch == late->producer->epoch)
            decide(log, late->producer, FATE_COMMITTED);
        log->late_ends[i] = log->late_ends[--log->late_end_count];
    }
}

static void send_late_end(struct memory_log *log, struct producer *producer, bool is_repeat)
{
    log->late_ends =
        memory_reserve_one(log->late_ends, log->late_end_count, &log->late_end_capacity, sizeof *log->late_ends);
    uint64_t delay = dice_percent(log->dice, 50) ? 20 : LATE_END_MS;
    log->late_ends[log->late_end_count++] =
        (struct late_end){ producer, producer->epoch, log->now_ms + (int64_t)dice_below(log->dice, delay), is_repeat };
}

void transactions_advance(struct memory_log *log)
{
    take_late_ends(log);
    for (size_t i = 0; i < log->producer_count; i++)
        time_out(log, log->producers[i]);
    for (size_t i = log->settled; i < log->transaction_count; i++)
        if (write_marks(log, log->transactions[i], false) && i == log->settled)
            log->settled++;
}

bool memory_log_is_settled(const struct memory_log *log)
{
    return log->settled == log->transaction_count && log->late_end_count == 0;
}

bool transactions_pend(const struct memory_log *log, const struct stream_partition *partition)
{
    for (size_t i = log->settled; i < log->transaction_count; i++) {
        const struct transaction *transaction = log->transactions[i];
        for (size_t p = 0; p < transaction->piece_count; p++) {
            if (transaction->pieces[p]->topic != STREAM_TOPIC_COUNT || transaction->pieces[p]->is_marked)
                continue;
            for (size_t o = 0; o < transaction->offset_count; o++)
                if (transaction->offsets[o].topic == partition->topic &&
                    transaction->offsets[o].partition == partition->partition)
                    return true;
        }
    }
    return false;
}

void transactions_free(struct memory_log *log)
{
    for (size_t i = 0; i < log->transaction_count; i++) {
        struct transaction *transaction = log->transactions[i];
        for (size_t p = 0; p < transaction->piece_count; p++)
            free(transaction->pieces[p]);
        free(transaction->pieces);
        free(transaction->offsets);
        free(transaction);
    }
    for (size_t i = 0; i < log->producer_count; i++)
        free(log->producers[i]);
    free(log->transactions);
    free(log->producers);
    free(log->late_ends);
}

/* ---- producers ---- */

static struct transaction *ongoing(struct memory_log *log, struct producer *producer)
{
    if (producer->ongoing)
        return producer->ongoing;
    finish_marks(log, producer);
    struct transaction *transaction = memory_new(sizeof *transaction);
    log->transactions =
        memory_reserve_one(log->transactions, log->transaction_count, &log->transaction_capacity, sizeof *log->transactions);
    *transaction =
        (struct transaction){ .producer = producer, .number = (int64_t)log->transaction_count, .started_ms = log->now_ms };
    log->transactions[log->transaction_count++] = transaction;
    producer->ongoing = transaction;
    return transaction;
}

static struct piece *piece_of(struct transaction *transaction, enum stream_topic topic, int32_t partition)
{
    for (size_t i = 0; i < transaction->piece_count; i++)
        if (transaction->pieces[i]->topic == topic && transaction->pieces[i]->partition == partition)
            return transaction->pieces[i];
    struct piece *piece = memory_new(sizeof *piece);
    *piece = (struct piece){ .transaction = transaction, .topic = topic, .partition = partition };
    transaction->pieces = memory_reserve_one(transaction->pieces, transaction->piece_count, &transaction->piece_capacity,
                                             sizeof *transaction->pieces);
    transaction->pieces[transaction->piece_count++] = piece;
    return piece;
}

/* init_transactions: whatever this id had open comes to its end, and its older self is fenced. */
void producer_open(struct memory_stream *stream)
{
    struct memory_log *log = stream->log;
    char id[32];
    if (stream->instance[0])
        snprintf(id, sizeof id, "%s", stream->instance);
    else
        snprintf(id, sizeof id, "anyone-%zu", log->producer_count);
    for (size_t i = 0; i < log->producer_count && !stream->producer; i++)
        if (strcmp(log->producers[i]->id, id) == 0)
            stream->producer = log->producers[i];
    if (!stream->producer) {
        log->producers =
            memory_reserve_one(log->producers, log->producer_count, &log->producer_capacity, sizeof *log->producers);
        stream->producer = log->producers[log->producer_count++] = memory_new(sizeof *stream->producer);
        memcpy(stream->producer->id, id, sizeof id);
    }
    stream->epoch = ++stream->producer->epoch;
    decide(log, stream->producer, FATE_ABORTED);
    finish_marks(log, stream->producer);
}

/* `all`: not only those that are repeated. */
static void hurry_late_ends(struct memory_stream *stream, bool all)
{
    struct memory_log *log = stream->log;
    for (size_t i = 0; i < log->late_end_count; i++)
        if (log->late_ends[i].producer == stream->producer && (all || log->late_ends[i].is_repeat))
            log->late_ends[i].due_ms = log->now_ms;
    take_late_ends(log);
}

/* A transaction that is open stays so until its time is over, or the next of its name ends it. */
void producer_close(struct memory_stream *stream)
{
    struct memory_log *log = stream->log;
    hurry_late_ends(stream, false);
    if (!log->faults.no_orphans || stream->epoch != stream->producer->epoch)
        return;
    hurry_late_ends(stream, true);
    stream->producer->epoch++;
    decide(log, stream->producer, FATE_ABORTED);
    finish_marks(log, stream->producer);
}

/* What comes before every call of a producer. */
static enum stream_outcome check_producer(const struct memory_stream *stream, struct error *error)
{
    error_fail(error, ERROR_FAILED, "simulated: the producer is %s", stream->broken ? "without an answer" : "fenced");
    return stream->broken ? OUTCOME_INDETERMINATE : stream->epoch != stream->producer->epoch ? OUTCOME_FENCED : OUTCOME_DONE;
}

enum stream_outcome memory_begin(struct stream *port, struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    enum stream_outcome outcome = check_producer(stream, error);
    CHECK(!stream->in_transaction);
    stream->in_transaction = outcome == OUTCOME_DONE;
    return outcome;
}

/* A `#task` record's marker, which is JSON within the record. */
static struct text marker_text(const struct stream_record *record)
{
    bool is_marker = record->topic == STREAM_LINE_ITEMS && record->key.size > 0 && record->key.data[0] == '#';
    const char *first = is_marker ? memchr(record->value.data, '{', record->value.size) : NULL;
    const char *last = first ? memrchr(record->value.data, '}', record->value.size) : NULL;
    return last ? (struct text){ first, (size_t)(last - first) + 1 } : TEXT_NONE;
}

enum stream_outcome memory_produce(struct stream *port, const struct stream_record *record, struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    struct memory_log *log = stream->log;
    CHECK(stream->in_transaction);
    CHECK(record->partition >= 0 && record->partition < log->partition_counts[record->topic]);
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (log->faults.late_end_after_done && dice_percent(log->dice, 2))
        hurry_late_ends(stream, true);
    if (dice_below(log->dice, 10000) < log->faults.produce_per_10000) {
        error_fail(error, ERROR_FAILED, "simulated: a record is refused");
        return OUTCOME_ABORT;
    }
    log_keep(log, record, piece_of(ongoing(log, stream->producer), record->topic, record->partition), false);
    trace("%s: %s-%d@%lld %.*s %.*s", stream->producer->id, stream_topic_name(record->topic), record->partition,
          (long long)memory_log_end(log, record->topic, record->partition) - 1, TEXT_ARGS(record->key),
          TEXT_ARGS(record->is_null ? TEXT("is deleted") : marker_text(record)));
    return OUTCOME_DONE;
}

static void send_offsets(struct memory_stream *stream, const struct stream_partition *partitions, size_t count)
{
    struct transaction *transaction = ongoing(stream->log, stream->producer);
    piece_of(transaction, STREAM_TOPIC_COUNT, 0);
    transaction->offsets = memory_grow(transaction->offsets, count + 1, sizeof *partitions);
    transaction->offset_count = count;
    if (count > 0)
        memcpy(transaction->offsets, partitions, count * sizeof *partitions);
}

/* Without an answer: it never was told, it will be, or it was. */
static enum stream_outcome leave_unanswered(struct memory_stream *stream)
{
    stream->broken = true;
    switch (dice_below(stream->log->dice, 3)) {
    case 0:
        break;
    case 1:
        send_late_end(stream->log, stream->producer, false);
        break;
    default:
        decide(stream->log, stream->producer, FATE_COMMITTED);
        break;
    }
    trace("%s: the commit has no answer", stream->producer->id);
    return OUTCOME_INDETERMINATE;
}

enum stream_outcome memory_commit(struct stream *port, const struct stream_partition *partitions, size_t count,
                                  struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    struct memory_log *log = stream->log;
    CHECK(stream->in_transaction);
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    error_fail(error, ERROR_FAILED, "simulated: the commit fails");
    if (!group_is_current(stream) || dice_percent(log->dice, log->faults.abort_percent))
        return OUTCOME_ABORT;
    bool unanswered = dice_percent(log->dice, log->faults.indeterminate_percent);
    if (unanswered && dice_percent(log->dice, 25)) {
        stream->broken = true;
        return OUTCOME_INDETERMINATE;
    }
    send_offsets(stream, partitions, count);
    if (unanswered)
        return leave_unanswered(stream);
    decide(log, stream->producer, FATE_COMMITTED);
    if (log->faults.late_end_after_done && dice_percent(log->dice, 20))
        send_late_end(log, stream->producer, true);
    stream->in_transaction = false;
    return OUTCOME_DONE;
}

enum stream_outcome memory_abort(struct stream *port, struct error *error)
{
    struct memory_stream *stream = memory_stream_of(port);
    enum stream_outcome outcome = check_producer(stream, error);
    if (outcome == OUTCOME_DONE) {
        decide(stream->log, stream->producer, FATE_ABORTED);
        stream->in_transaction = false;
    }
    return outcome;
}
