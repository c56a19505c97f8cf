/*
 * tasks/task_restore.c: a task comes back: the group's committed offset, the store, what line items lie behind it, then what
 * its kind needs besides. In bounded steps, between which the worker polls.
 */
#include <stdio.h>

#include "tasks/restore_decision.h"
#include "tasks/task_parts.h"

/* Others' transactions live as long as ours may, and the broker looks for old ones every ten seconds. */
#define ORPHAN_MARGIN_MS 30000
/* What a try counts for at most: after a long sleep the broker has still to be heard. */
#define WAITED_AT_ONCE_MS 10000
#define CLOCKS_DIFFER_MS (INT64_C(24) * 3600 * 1000) /* of workers and brokers, at the most */
#define TAIL_RECORDS 2000                            /* a transaction has more records only while a month closes */
/* A row of a month may have been written before the month began, by what future.max allows and clocks differ by. */
#define BEFORE_MONTH_MS (INT64_C(4) * 24 * 3600 * 1000)

/* ---- what is read ---- */

static enum stream_outcome replay_failed(struct task *task, const struct stream_record *record, const struct error *error)
{
    if (task->ledger && ledger_store_failed(task->ledger)) {
        task_store_failed(task, error);
        return OUTCOME_LATER;
    }
    task_stop(task, "%s partition %d, offset %lld: %s", stream_topic_name(record->topic), record->partition,
              (long long)record->offset, error->message);
    return OUTCOME_ABORT;
}

/* A month that is closed needs no rows; of the last one custom line items may still change. */
static bool is_long_closed(const struct task *task, const struct line_item *item)
{
    billing_period period;
    if (task->closed_before == PERIOD_NONE || !period_parse(item->billing_period, &period))
        return false;
    return task->kind == TASK_BILL ? period < task->closed_before : period <= task->closed_before;
}

/* The end of the partition has the marker, which says what is closed. */
static enum stream_outcome take_tail(struct task *task, const struct stream_record *record, struct error *error)
{
    struct line_item item;
    struct refusal refusal;
    struct marker marker = { .closed = PERIOD_NONE, .closing = PERIOD_NONE };
    struct error ignored;
    if (record->is_null || record->key.size == 0 || record->key.data[0] != '#')
        return OUTCOME_DONE;
    arena_reset(&task->arena);
    enum wire_answer answer =
        wire_decode(task->world->wire, &line_item_type, record->value, &item, &task->arena, &refusal, error);
    if (answer == WIRE_DONE && marker_read(item.marker, &marker, &ignored))
        task->closed_before = marker.closed;
    marker_done(&marker);
    return answer == WIRE_LATER ? OUTCOME_LATER : OUTCOME_DONE;
}

static enum stream_outcome take_line_item(struct task *task, const struct stream_record *record, struct error *error)
{
    struct line_item item;
    struct refusal refusal;
    arena_reset(&task->arena);
    switch (wire_decode(task->world->wire, &line_item_type, record->value, &item, &task->arena, &refusal, error)) {
    case WIRE_LATER:
        return OUTCOME_LATER;
    case WIRE_REFUSED:
        error_fail(error, ERROR_FAILED, "%s", refusal.detail);
        return replay_failed(task, record, error);
    case WIRE_DONE:
        break;
    }
    if (text_equal(item.status, TEXT("MARKER"))) {
        task->has_marker = true;
        return marker_read(item.marker, &task->marker, error) ? OUTCOME_DONE : replay_failed(task, record, error);
    }
    if (item.revision > task->newest_row)
        task->newest_row = item.revision;
    if (is_long_closed(task, &item))
        return OUTCOME_DONE;
    return task->operations->replay_line_item(task, &item, error) ? OUTCOME_DONE : replay_failed(task, record, error);
}

/* Without a store, what was read of the topic itself may be out of date: that is looked at in the end. */
static enum stream_outcome take_gone(struct task *task, const struct stream_record *record, struct error *error)
{
    if (task->kind == TASK_BILL)
        bill_task_replay_gone(task, record->key);
    if (!task->ledger || ledger_replay_gone(task->ledger, record->key) || !task->from_store)
        return OUTCOME_DONE;
    error_fail(error, ERROR_FAILED, "the store knows what the topic has forgotten");
    return replay_failed(task, record, error);
}

static enum stream_outcome replay_line_item(struct task *task, const struct stream_record *record, struct error *error)
{
    if (task->first_row_ms < 0)
        task->first_row_ms = record->timestamp_ms;
    return record->is_null ? take_gone(task, record, error) : take_line_item(task, record, error);
}

static enum stream_outcome replay_id(struct task *task, const struct stream_record *record, struct error *error)
{
    return record->offset >= task->marker.offset ? OUTCOME_DONE : usage_task_replay_id(task, record, error);
}

/* The stages that read a partition. */
static enum stream_outcome (*const takes[])(struct task *, const struct stream_record *, struct error *) = {
    [RESTORE_TAIL] = take_tail,
    [RESTORE_LEDGER] = replay_line_item,
    [RESTORE_LETTERS] = usage_task_replay_letter,
    [RESTORE_IDS] = replay_id,
    [RESTORE_SUBTOTALS] = bill_task_replay_subtotal,
    [RESTORE_BILLS] = bill_task_replay_bill,
};

struct taking {
    struct task *task;
    enum stream_outcome outcome;
};

static bool take(void *context, const struct stream_record *record, struct error *error)
{
    struct taking *taking = context;
    taking->outcome = takes[taking->task->stage](taking->task, record, error);
    return taking->outcome == OUTCOME_DONE;
}

/* ---- the offset ---- */

/* Asked again while a transaction is still open on it: a zombie's must have ended. */
static enum stream_outcome restore_offset(struct task *task, struct error *error)
{
    struct stream_partition asked = task->input;
    bool stable;
    struct stream *stream = task->world->stream;
    if (!stream->ops->committed(stream, &asked, 1, &stable, error))
        return OUTCOME_INDETERMINATE;
    if (!stable) {
        error_fail(error, ERROR_LATER, "a transaction is still open on its offset");
        return OUTCOME_LATER;
    }
    task->committed = asked;
    task->stage = task->resume_from == OFFSET_NONE ? RESTORE_TAIL : RESTORE_LEDGER;
    return OUTCOME_DONE;
}

/* ---- the ledger's end ---- */

static bool stop_torn(struct task *task)
{
    if (task->newest_row > task->marker.revision)
        return task_stop(task,
                         "its rows are of transaction %lld and its marker of %lld: a torn transaction; run --repair %u "
                         "takes the marker's",
                         (long long)task->newest_row, (long long)task->marker.revision, task->number);
    return task_stop(task,
                     "its marker says offset %lld (transaction %lld) and the group %lld (%lld): a torn transaction; "
                     "run --repair %u takes the marker's",
                     task->has_marker ? (long long)task->marker.offset : -1LL, (long long)task->marker.revision,
                     (long long)task->committed.offset, (long long)task->committed.transaction, task->number);
}

/* What the topic no longer has must not be of a month that is still open. */
static bool lacks_open_rows(const struct task *task)
{
    if (!task->beginning_is_gone || !task->ledger)
        return false;
    billing_period closed = task->marker.closed;
    return closed == PERIOD_NONE || task->first_row_ms < 0 || task->first_row_ms > period_end(closed) - BEFORE_MONTH_MS;
}

static enum stream_outcome take_marker(struct task *task, struct error *error)
{
    uint64_t mismatches = 0;
    bool contradicted = false;
    if (task->ledger && !task->from_store && !ledger_replay_contradicted(task->ledger, &contradicted, error)) {
        task_store_failed(task, error);
        return OUTCOME_LATER;
    }
    if (contradicted) {
        task_begin_anew(task);
        return OUTCOME_DONE;
    }
    if (lacks_open_rows(task)) {
        task_stop(task, "the beginning of its line items has been deleted while a month of theirs is open, and there is no "
                        "state that has them; longer retention.ms of line-items keeps them");
        return OUTCOME_DONE;
    }
    if (task->ledger && !ledger_replay_done(task->ledger, &mismatches, error)) {
        task_stop(task, "%s", error->message);
        return OUTCOME_DONE;
    }
    if (mismatches > 0) {
        task_stop(task, "%llu of its rows do not cost what their price gives", (unsigned long long)mismatches);
        return OUTCOME_DONE;
    }
    task->input.offset = task->marker.offset;
    task->input.transaction = task->marker.revision;
    task->stage = task->operations->behind_ledger;
    return OUTCOME_DONE;
}

/* Who had the task before has seen a newer version than this process. */
static bool is_ahead(const struct task *task)
{
    int64_t number = task->world->document->number;
    return task->has_marker && (task->marker.version > number || task->marker.target > number);
}

static enum stream_outcome wait_for_document(struct task *task, int64_t next, struct error *error)
{
    int64_t version = task->marker.target > task->marker.version ? task->marker.target : task->marker.version;
    task->stage = RESTORE_OFFSET;
    task->resume_from = next;
    error_fail(error, ERROR_LATER, "document version %lld has not come yet", (long long)version);
    return OUTCOME_LATER;
}

/* An open transaction behind the end: it is read on when it has ended. */
static enum stream_outcome wait_for_transaction(struct task *task, int64_t next, struct error *error)
{
    int64_t now = task->world->now_ms, since = task->waited_at_ms == 0 ? 0 : now - task->waited_at_ms;
    task->waited_ms += since < WAITED_AT_ONCE_MS ? since : WAITED_AT_ONCE_MS;
    task->waited_at_ms = now;
    task->resume_from = next;
    error_fail(error, ERROR_LATER, "a transaction of somebody else is still open on its line items");
    return OUTCOME_LATER;
}

/* Who has slept since it asked for the group's offset holds an old one against a new marker: it asks once more. */
static enum stream_outcome doubt(struct task *task, int64_t next, struct error *error)
{
    task->doubted = true;
    task->stage = RESTORE_OFFSET;
    task->resume_from = next;
    error_fail(error, ERROR_LATER, "its marker is not that of the group's offset, which is asked for once more");
    return OUTCOME_LATER;
}

static bool is_to_be_repaired(const struct task *task)
{
    return task->world->repair_task == REPAIR_ALL || task->world->repair_task == (int64_t)task->number;
}

static enum stream_outcome end_ledger(struct task *task, const struct stream_reading *reading, struct error *error)
{
    struct restore_facts facts = {
        .has_marker = task->has_marker,
        .marker_transaction = task->marker.revision,
        .marker_offset = task->marker.offset,
        .has_committed = task->committed.offset != OFFSET_NONE,
        .committed_transaction = task->committed.transaction,
        .committed_offset = task->committed.offset,
        .newest_row = task->newest_row,
        .is_open_behind = reading->high > reading->next,
        .may_wait = task->waited_ms < 2 * task->world->transaction_timeout_ms + ORPHAN_MARGIN_MS,
        .repair = is_to_be_repaired(task),
    };
    switch (restore_decide(&facts)) {
    case RESTORE_FROM_BEGINNING:
        task->input.offset = OFFSET_NONE;
        task->stage = RESTORE_DONE;
        return OUTCOME_DONE;
    case RESTORE_FROM_MARKER:
        return is_ahead(task) ? wait_for_document(task, reading->next, error) : take_marker(task, error);
    case RESTORE_WAITS:
        task->stage = RESTORE_OFFSET; /* its end may move the group's offset, too */
        return wait_for_transaction(task, reading->next, error);
    case RESTORE_TORN:
        if (!task->doubted)
            return doubt(task, reading->next, error);
        stop_torn(task);
        break;
    }
    return OUTCOME_DONE;
}

/* ---- stages ---- */

/* Begins to read a partition, from OFFSET_NONE: from its beginning. */
static enum stream_outcome begin_reading(struct task *task, enum stream_topic topic, int32_t partition, int64_t from,
                                         struct error *error)
{
    struct stream *stream = task->world->stream;
    int64_t first;
    if (!stream->ops->range(stream, topic, partition, &first, &task->step_end, error))
        return OUTCOME_INDETERMINATE;
    if (topic == STREAM_LINE_ITEMS && from == OFFSET_NONE)
        task->beginning_is_gone = first > 0;
    task->step_from = task->step_next = from == OFFSET_NONE ? first : from;
    return stream->ops->restore_begin(stream, topic, partition, from, error) ? OUTCOME_DONE : OUTCOME_INDETERMINATE;
}

/* Ids of the window that the store does not have are read again. */
static enum stream_outcome begin_ids(struct task *task, struct error *error)
{
    struct stream *stream = task->world->stream;
    int64_t known, from;
    if (!task_open_ids(task, &known, error))
        return OUTCOME_LATER;
    if (!stream->ops->offset_of_time(stream, STREAM_USAGE, task->input.partition,
                                     task->marker.latest_ms - task->world->dedup_window_ms, &from, error))
        return OUTCOME_INDETERMINATE;
    return begin_reading(task, STREAM_USAGE, task->input.partition, known > from ? known : from, error);
}

/*
 * What was refused within the window, up to the end that there is now: whatever of it is ours is committed. A letter bears
 * the time of the worker that wrote it, a record that of the broker.
 */
static enum stream_outcome begin_letters(struct task *task, struct error *error)
{
    struct stream *stream = task->world->stream;
    int32_t partition = task_letters_partition(task);
    int64_t since = task->marker.latest_ms - task->world->dedup_window_ms - CLOCKS_DIFFER_MS, first, end, from;
    usage_task_forget_letters(task);
    if (!stream->ops->high(stream, STREAM_DEAD_LETTERS, partition, STREAM_ANSWER_MS, &task->letters.end, error) ||
        !stream->ops->range(stream, STREAM_DEAD_LETTERS, partition, &first, &end, error) ||
        !stream->ops->offset_of_time(stream, STREAM_DEAD_LETTERS, partition, since, &from, error))
        return OUTCOME_INDETERMINATE;
    task->letters.known_from_ms = first > 0 && from <= first ? INT64_MAX : INT64_MIN;
    if (from < task->letters.end)
        return begin_reading(task, STREAM_DEAD_LETTERS, partition, from, error);
    task->stage = RESTORE_IDS;
    return begin_ids(task, error);
}

static enum stream_outcome begin_tail(struct task *task, struct error *error)
{
    struct stream *stream = task->world->stream;
    int64_t first, end;
    if (!stream->ops->range(stream, STREAM_LINE_ITEMS, (int32_t)task->number, &first, &end, error))
        return OUTCOME_INDETERMINATE;
    return begin_reading(task, STREAM_LINE_ITEMS, (int32_t)task->number,
                         end - first > TAIL_RECORDS ? end - TAIL_RECORDS : first, error);
}

static enum stream_outcome begin_ledger(struct task *task, struct error *error)
{
    int64_t from = OFFSET_NONE;
    if (task->kind != TASK_BILL && !task_open_ledger(task, &from, error))
        return OUTCOME_LATER;
    return begin_reading(task, STREAM_LINE_ITEMS, (int32_t)task->number, from, error);
}

static enum stream_topic topic_of_stage(enum restore_stage stage)
{
    static const enum stream_topic topics[] = {
        [RESTORE_TAIL] = STREAM_LINE_ITEMS, [RESTORE_LEDGER] = STREAM_LINE_ITEMS,   [RESTORE_LETTERS] = STREAM_DEAD_LETTERS,
        [RESTORE_IDS] = STREAM_USAGE,       [RESTORE_SUBTOTALS] = STREAM_SUBTOTALS, [RESTORE_BILLS] = STREAM_BILLS
    };
    return topics[stage];
}

static int32_t partition_of_stage(const struct task *task)
{
    enum stream_topic topic = topic_of_stage(task->stage);
    return topic == STREAM_LINE_ITEMS     ? (int32_t)task->number
           : topic == STREAM_DEAD_LETTERS ? task_letters_partition(task)
                                          : task->input.partition;
}

static enum stream_outcome begin_stage(struct task *task, struct error *error)
{
    int32_t partition = partition_of_stage(task);
    if (task->resume_from != OFFSET_NONE) {
        int64_t from = task->resume_from;
        task->resume_from = OFFSET_NONE;
        return begin_reading(task, topic_of_stage(task->stage), partition, from, error);
    }
    switch (task->stage) {
    case RESTORE_TAIL:
        return begin_tail(task, error);
    case RESTORE_LEDGER:
        return begin_ledger(task, error);
    case RESTORE_LETTERS:
        return begin_letters(task, error);
    case RESTORE_IDS:
        return begin_ids(task, error);
    case RESTORE_SUBTOTALS:
    case RESTORE_BILLS:
        return begin_reading(task, topic_of_stage(task->stage), partition, OFFSET_NONE, error);
    case RESTORE_OFFSET:
    case RESTORE_DONE:
        break;
    }
    return OUTCOME_DONE;
}

/* A group's bills lie in the partition of its subtotals; where the numbers of partitions differ they are written again. */
static bool bills_lie_beside(const struct task *task)
{
    const struct stream *stream = task->world->stream;
    return stream->ops->partition_count(stream, STREAM_BILLS) == stream->ops->partition_count(stream, STREAM_SUBTOTALS);
}

/* Others write there, too: ours may lie behind a transaction that is still open. */
static enum stream_outcome end_letters(struct task *task, const struct stream_reading *reading, struct error *error)
{
    if (reading->next < task->letters.end) {
        task->resume_from = reading->next;
        error_fail(error, ERROR_LATER, "a transaction of somebody else is still open on dead-letters");
        return OUTCOME_LATER;
    }
    task->stage = RESTORE_IDS;
    return OUTCOME_DONE;
}

static enum stream_outcome end_stage(struct task *task, const struct stream_reading *reading, struct error *error)
{
    task->step_begun = false;
    if (task->stage == RESTORE_LEDGER)
        return end_ledger(task, reading, error);
    if (task->stage == RESTORE_TAIL) {
        task->stage = RESTORE_LEDGER;
        return OUTCOME_DONE;
    }
    /*
     * Subtotals are read to their end: of what lies before the marker's offset compaction leaves only what nothing behind it
     * has replaced, so that a state of just that offset there is none.
     */
    if (task->stage == RESTORE_SUBTOTALS && reading->next > task->input.offset)
        task->input.offset = reading->next;
    if (task->stage == RESTORE_LETTERS)
        return end_letters(task, reading, error);
    task->stage = task->stage == RESTORE_SUBTOTALS && bills_lie_beside(task) ? RESTORE_BILLS : RESTORE_DONE;
    return OUTCOME_DONE;
}

/* What has come in goes to the store as it fills. */
static enum stream_outcome save_progress(struct task *task, int64_t next, struct error *error)
{
    if (task->stage == RESTORE_LEDGER && task->ledger && !task_save_restored(task, next, error))
        return OUTCOME_LATER;
    if (task->stage == RESTORE_IDS && !task_save_replayed_ids(task, next, error))
        return OUTCOME_LATER;
    return OUTCOME_DONE;
}

static enum stream_outcome read_records(struct task *task, size_t records_max, struct error *error)
{
    struct stream *stream = task->world->stream;
    struct taking taking = { task, OUTCOME_DONE };
    struct stream_reading reading;
    if (!stream->ops->restore_step(stream, records_max, take, &taking, &reading, error)) {
        if (taking.outcome == OUTCOME_DONE)
            return OUTCOME_INDETERMINATE;
        task->step_begun = false; /* goes on at the record that was not taken */
        task->resume_from = reading.next;
        return taking.outcome;
    }
    if (reading.next != OFFSET_NONE)
        task->step_next = reading.next;
    enum stream_outcome outcome = save_progress(task, reading.next, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    bool far_enough = task->stage == RESTORE_IDS && reading.next >= task->marker.offset;
    return reading.ended || far_enough ? end_stage(task, &reading, error) : OUTCOME_DONE;
}

bool task_is_reading(const struct task *task)
{
    return task->state == TASK_RESTORING && task->step_begun;
}

static enum stream_outcome step(struct task *task, size_t records_max, struct error *error)
{
    if (task->stage == RESTORE_OFFSET)
        return restore_offset(task, error);
    if (!task->step_begun) {
        enum stream_outcome outcome = begin_stage(task, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
        task->step_begun = true;
    }
    return read_records(task, records_max, error);
}

/* Records that retention took before they were read are usage that nobody has: the operator is to know. */
static enum stream_outcome check_input(struct task *task, struct error *error)
{
    struct stream *stream = task->world->stream;
    int64_t first, end;
    if (task->input.offset == OFFSET_NONE)
        return OUTCOME_DONE;
    if (!stream->ops->range(stream, task->input.topic, task->input.partition, &first, &end, error))
        return OUTCOME_INDETERMINATE;
    if (first <= task->input.offset)
        return OUTCOME_DONE;
    if (is_to_be_repaired(task))
        task->input.offset = first;
    else
        task_stop(task,
                  "%s partition %d begins at offset %lld and is read from %lld on: records were deleted before they were "
                  "read; run --repair %u goes on without them",
                  stream_topic_name(task->input.topic), task->input.partition, (long long)first,
                  (long long)task->input.offset, task->number);
    return OUTCOME_DONE;
}

/* Rows of another version, or a store without their totals, are swept at once. */
static void begin_with_document(struct task *task)
{
    if (task->kind == TASK_BILL)
        bill_task_follow_document(task);
    else if (task->has_marker &&
             (task->marker.version != task->world->document->number || !ledger_totals_hold(task->ledger)))
        task_sweep_begin(task);
}

static enum stream_outcome end_restore(struct task *task, struct error *error)
{
    int64_t ignored;
    enum stream_outcome outcome = check_input(task, error);
    if (outcome != OUTCOME_DONE || task->state == TASK_STOPPED)
        return outcome;
    if (task->kind == TASK_USAGE && !task->seen && !task_open_ids(task, &ignored, error))
        return task_wait(task, error);
    task->state = TASK_RUNNING;
    task->retry_ms = task->backoff_ms = 0;
    task->reason[0] = '\0';
    usage_task_forget_letters(task);
    task->flushed_ms = task->world->now_ms;
    task->moved = task->has_marker; /* subtotals of open periods go out once */
    if (task->kind == TASK_BILL)
        bill_task_restored(task);
    begin_with_document(task);
    return OUTCOME_DONE;
}

enum stream_outcome task_restore_work(struct task *task, size_t records_max, struct error *error)
{
    if (task->state != TASK_RESTORING)
        return OUTCOME_DONE;
    enum stream_outcome outcome = step(task, records_max, error);
    if (task->state == TASK_STOPPED) {
        if (task->from_store)
            task_begin_anew(task);
        return OUTCOME_DONE;
    }
    if (outcome == OUTCOME_LATER)
        return task_wait(task, error);
    if (outcome != OUTCOME_DONE || task->stage != RESTORE_DONE)
        return outcome;
    return end_restore(task, error);
}
