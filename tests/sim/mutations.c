/* sim/mutations.c: operations of a stream with one of them changed; streams of one program share the change. */
#include "sim/mutations.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sim/memory_log_parts.h"
#include "sim/values.h"

const char *const mutation_texts[MUTATION_COUNT] = {
#define X(name, text) text,
    MUTATIONS(X)
#undef X
};

static struct {
    enum mutation kind;
    struct dice *dice;
    const struct stream_ops *real;
    struct stream_ops changed;
    /* A record that is held back, and of which stream. */
    struct stream *holder;
    struct stream_record held;
    struct arena arena;
    bool holds_now; /* since the transaction at hand */
    /* Of the poll or restore at hand. */
    const struct stream_handler *handler;
    bool (*take)(void *context, const struct stream_record *record, struct error *error);
    void *take_context;
    struct stream_record first;
    bool has_first;
} now;

static bool strikes(unsigned percent)
{
    return dice_percent(now.dice, percent);
}

static bool is_barrier(const struct stream_record *record)
{
    static const char barrier[] = "#barrier";
    return (record->topic == STREAM_TIERED || record->topic == STREAM_SUBTOTALS) &&
           memmem(record->key.data, record->key.size, barrier, sizeof barrier - 1);
}

/* ---- records that go out ---- */

static void hold(struct stream *stream, const struct stream_record *record)
{
    arena_reset(&now.arena);
    now.holder = stream;
    now.holds_now = true;
    now.held = *record;
    now.held.key = arena_copy(&now.arena, record->key);
    now.held.value = arena_copy(&now.arena, record->value);
    now.held.headers = NULL;
    now.held.header_count = 0;
}

static enum stream_outcome let_go(struct stream *stream, struct error *error)
{
    if (now.holder != stream || now.holds_now)
        return OUTCOME_DONE;
    now.holder = NULL;
    return now.real->produce(stream, &now.held, error);
}

static enum stream_outcome begin(struct stream *stream, struct error *error)
{
    enum stream_outcome outcome = now.real->begin(stream, error);
    if (now.holder == stream)
        now.holds_now = false;
    return outcome == OUTCOME_DONE ? let_go(stream, error) : outcome;
}

/* "2026-07" becomes "2026-06" wherever it stands. */
static struct text without_period(struct text text)
{
    char *copy = memory_new(text.size + 1);
    if (text.size)
        memcpy(copy, text.data, text.size);
    for (size_t i = 0; i + 7 <= text.size; i++)
        if (memcmp(copy + i, "2026-0", 6) == 0)
            copy[i + 6] = '6';
    return (struct text){ copy, text.size };
}

static enum stream_outcome produce_without_period(struct stream *stream, const struct stream_record *record,
                                                  struct error *error)
{
    struct stream_header headers[16];
    struct stream_record out = *record;
    out.key = without_period(record->key);
    out.value = without_period(record->value);
    for (size_t i = 0; i < record->header_count; i++)
        headers[i] = (struct stream_header){ record->headers[i].name, without_period(record->headers[i].value) };
    out.headers = headers;
    enum stream_outcome outcome = now.real->produce(stream, &out, error);
    for (size_t i = 0; i < record->header_count; i++)
        free((void *)(uintptr_t)headers[i].value.data);
    free((void *)(uintptr_t)out.key.data);
    free((void *)(uintptr_t)out.value.data);
    return outcome;
}

/* A total that goes to a bill task waits for the next transaction; the barrier behind it does not. */
static bool is_total(const struct stream_record *record)
{
    return record->topic == STREAM_SUBTOTALS && !memchr(record->key.data, '#', record->key.size);
}

static bool holds_back(const struct stream_record *record)
{
    switch (now.kind) {
    case MUTATION_MARKER_LATE:
        return value_is_marker(record) && strikes(20);
    case MUTATION_RECORD_LATE:
        return record->topic == STREAM_LINE_ITEMS && !value_is_marker(record) && strikes(5);
    case MUTATION_BARRIER_EARLY:
        return is_total(record) && strikes(30);
    default:
        return false;
    }
}

static enum stream_outcome produce(struct stream *stream, const struct stream_record *record, struct error *error)
{
    if (!now.holder && holds_back(record)) {
        hold(stream, record);
        return OUTCOME_DONE;
    }
    if (now.kind == MUTATION_RECORD_LOST && !value_is_marker(record) && strikes(1))
        return OUTCOME_DONE;
    if (now.kind == MUTATION_MARKER_LEFT_OUT && value_is_marker(record) && strikes(10))
        return OUTCOME_DONE;
    if (now.kind == MUTATION_BARRIER_PERIOD && is_barrier(record))
        return produce_without_period(stream, record, error);
    enum stream_outcome outcome = now.real->produce(stream, record, error);
    if (outcome == OUTCOME_DONE && now.kind == MUTATION_RECORD_TWICE && !value_is_marker(record) && strikes(1))
        outcome = now.real->produce(stream, record, error);
    return outcome;
}

/* ---- ends of transactions ---- */

static void change_offsets(struct stream_partition *offsets, size_t *count)
{
    size_t at = (size_t)dice_below(now.dice, *count);
    int64_t other = *count > 0 ? offsets[0].offset : 0;
    if (*count == 0 || !strikes(10))
        return;
    switch (now.kind) {
    case MUTATION_OFFSET_LEFT_OUT:
        offsets[at] = offsets[--*count];
        break;
    case MUTATION_NO_OFFSETS:
        *count = 0;
        break;
    case MUTATION_OFFSET_AHEAD:
        offsets[at].offset++;
        break;
    case MUTATION_OFFSET_BEHIND:
        offsets[at].offset -= offsets[at].offset > 0;
        break;
    case MUTATION_OFFSETS_SWAPPED:
        offsets[0].offset = offsets[at].offset;
        offsets[at].offset = other;
        break;
    default:
        break;
    }
}

static enum stream_outcome commit(struct stream *stream, const struct stream_partition *partitions, size_t count,
                                  struct error *error)
{
    struct stream_partition *offsets = memory_new_array(count + 1, sizeof *offsets);
    if (count > 0)
        memcpy(offsets, partitions, count * sizeof *offsets);
    change_offsets(offsets, &count);
    enum stream_outcome outcome;
    if (now.kind == MUTATION_STORE_FIRST && strikes(5))
        outcome = now.real->abort(stream, error);
    else
        outcome = now.real->commit(stream, offsets, count, error);
    free(offsets);
    if (outcome == OUTCOME_INDETERMINATE && now.kind == MUTATION_UNANSWERED_IS_DONE) {
        struct memory_stream *unanswered = memory_stream_of(stream);
        unanswered->broken = unanswered->in_transaction = false;
        return OUTCOME_DONE;
    }
    return outcome;
}

static enum stream_outcome abort_transaction(struct stream *stream, struct error *error)
{
    if (now.kind == MUTATION_ABORT_COMMITS && strikes(30))
        return now.real->commit(stream, NULL, 0, error);
    return now.real->abort(stream, error);
}

/* ---- reading ---- */

static bool take_record(void *context, const struct stream_record *record, struct error *error)
{
    return (record->topic == STREAM_USAGE && strikes(1)) || now.handler->record(context, record, error);
}

static enum stream_outcome poll(struct stream *stream, int timeout_ms, size_t records_max,
                                const struct stream_handler *handler, struct error *error)
{
    struct stream_handler changed = *handler;
    now.handler = handler;
    if (now.kind == MUTATION_INPUT_SKIPPED)
        changed.record = take_record;
    return now.real->poll(stream, timeout_ms, records_max, &changed, error);
}

static bool take_restored(void *context, const struct stream_record *record, struct error *error)
{
    (void)context;
    if (record->topic == STREAM_CONDUCTOR)
        return now.take(now.take_context, record, error);
    if (now.kind != MUTATION_RESTORE_BACKWARDS)
        return now.take(now.take_context, record, error);
    if (!now.has_first) {
        now.first = *record; /* lives in the log */
        now.has_first = true;
        return true;
    }
    now.has_first = false;
    return now.take(now.take_context, record, error) && now.take(now.take_context, &now.first, error);
}

static bool restore_step(struct stream *stream, size_t records_max,
                         bool (*take)(void *context, const struct stream_record *record, struct error *error), void *context,
                         struct stream_reading *reading, struct error *error)
{
    bool is_conductor = memory_stream_of(stream)->restore_topic == STREAM_CONDUCTOR;
    now.take = take;
    now.take_context = context;
    now.has_first = false;
    bool done = now.real->restore_step(stream, records_max, take_restored, context, reading, error);
    if (done && now.has_first)
        done = take(context, &now.first, error);
    reading->ended = reading->ended || (now.kind == MUTATION_RESTORE_SHORT && !is_conductor && strikes(30));
    if (now.kind == MUTATION_RESTORE_STABLE)
        reading->high = reading->next;
    return done;
}

/* What the task's last marker says, whatever the group says. */
static void take_marker(struct memory_log *log, struct stream_partition *input)
{
    int32_t bills = log->partition_counts[STREAM_SUBTOTALS], tiers = log->partition_counts[STREAM_TIERED];
    int32_t before = input->topic == STREAM_SUBTOTALS ? 0 : input->topic == STREAM_TIERED ? bills : bills + tiers;
    const struct partition *ledger = &log->partitions[STREAM_LINE_ITEMS][before + input->partition];
    input->offset = OFFSET_NONE;
    input->transaction = 0;
    for (int64_t at = log_stable_end(log, STREAM_LINE_ITEMS, before + input->partition);
         at-- > 0 && input->offset == OFFSET_NONE;) {
        struct marker marker = marker_none();
        if (!log_is_readable(&ledger->records[at]) || !value_is_marker(&ledger->records[at].record))
            continue;
        if (value_decode_marker(&ledger->records[at].record, &marker)) {
            input->offset = marker.offset;
            input->transaction = marker.revision;
        }
        marker_done(&marker);
    }
}

/* The conductor topic comes first. */
static bool assign(struct stream *stream, const struct stream_partition *partitions, size_t count, struct error *error)
{
    bool is_missed = count - 1 < memory_stream_of(stream)->member->assigned_count;
    return now.real->assign(stream, partitions, now.kind == MUTATION_NEIGHBOURS_PAUSED && is_missed ? 1 : count, error);
}

static bool committed(struct stream *stream, struct stream_partition *partitions, size_t count, bool *stable,
                      struct error *error)
{
    bool done = now.real->committed(stream, partitions, count, stable, error);
    *stable = *stable || now.kind == MUTATION_OFFSET_FIRST || now.kind == MUTATION_MARKER_UNCOMPARED;
    for (size_t i = 0; i < count && now.kind == MUTATION_MARKER_UNCOMPARED; i++)
        take_marker(memory_stream_of(stream)->log, &partitions[i]);
    return done;
}

/* ---- which ---- */

void mutation_choose(enum mutation mutation, struct dice *dice)
{
    arena_done(&now.arena);
    memset(&now, 0, sizeof now);
    now.kind = mutation;
    now.dice = dice;
}

bool mutation_is(enum mutation mutation)
{
    return now.kind == mutation;
}

void mutation_apply(struct stream *stream)
{
    if (now.kind == MUTATION_NONE)
        return;
    now.real = stream->ops == &now.changed ? now.real : stream->ops;
    now.changed = *now.real;
    now.changed.begin = begin;
    now.changed.produce = produce;
    now.changed.commit = commit;
    now.changed.abort = abort_transaction;
    now.changed.poll = poll;
    now.changed.assign = assign;
    now.changed.restore_step = restore_step;
    now.changed.committed = committed;
    stream->ops = &now.changed;
}
