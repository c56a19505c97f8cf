/* tasks/task.c: what all kinds have in common: restoring, the marker, producing. */
#include "tasks/task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "tasks/report_totals.h"
#include "tasks/task_parts.h"

uint32_t task_number_of(const struct stream *stream, enum stream_topic input, int32_t partition)
{
    uint32_t bills = (uint32_t)stream->ops->partition_count(stream, STREAM_SUBTOTALS);
    uint32_t tiers = (uint32_t)stream->ops->partition_count(stream, STREAM_TIERED);
    uint32_t before = input == STREAM_SUBTOTALS ? 0 : input == STREAM_TIERED ? bills : bills + tiers;
    return before + (uint32_t)partition;
}

struct task *task_new(struct task_world *world, enum stream_topic input, int32_t partition)
{
    struct task *task = memory_new(sizeof *task);
    task->world = world;
    task->kind = input == STREAM_SUBTOTALS ? TASK_BILL : input == STREAM_TIERED ? TASK_TIER : TASK_USAGE;
    task->input = (struct stream_partition){ input, partition, OFFSET_NONE };
    task->number = task_number_of(world->stream, input, partition);
    task->marker.closed = task->marker.closing = PERIOD_NONE;
    task->marker.task = task->number;
    task->save_from = OFFSET_NONE;
    if (task->kind == TASK_BILL)
        task->bills = bill_state_new();
    return task;
}

void task_free(struct task *task)
{
    if (!task)
        return;
    marker_done(&task->marker);
    task_close_ledger(task);
    bill_state_free(task->bills);
    intern_done(&task->payers);
    free(task->notes);
    free(task->arrivals);
    arena_done(&task->arena);
    buffer_done(&task->facts);
    buffer_done(&task->key);
    buffer_done(&task->value);
    if (task->report) /* dropped in the middle of a close */
        report_totals_done(task->report);
    free(task->report);
    free(task);
}

enum task_state task_state(const struct task *task)
{
    return task->state;
}

const char *task_reason(const struct task *task)
{
    return task->reason;
}

uint32_t task_number(const struct task *task)
{
    return task->number;
}

struct stream_partition task_input(const struct task *task)
{
    return task->input;
}

int64_t task_rows(const struct task *task)
{
    return task->ledger ? (int64_t)ledger_row_count(task->ledger) : 0;
}

size_t task_bytes(const struct task *task)
{
    return task->ledger ? ledger_bytes(task->ledger) : 0;
}

void task_add_progress(const struct task *task, struct task_progress *progress)
{
    if (task->state == TASK_RESTORING && task->step_begun) {
        progress->restored += task->step_next - task->step_from;
        progress->to_restore += task->step_end - task->step_from;
    }
    progress->closing += task->closing;
}

size_t task_id_bytes(const struct task *task)
{
    return task->seen ? seen_bytes(task->seen) : 0;
}

uint64_t task_disk_bytes(const struct task *task)
{
    return task->store ? ledger_store_disk_bytes(task->store) : 0;
}

bool task_stop(struct task *task, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(task->reason, sizeof task->reason, format, args);
    va_end(args);
    task->state = TASK_STOPPED;
    return true;
}

/* ---- producing ---- */

int32_t task_partition_for(const struct task *task, enum stream_topic topic, struct text key)
{
    uint32_t count = (uint32_t)task->world->stream->ops->partition_count(task->world->stream, topic);
    return (int32_t)(hash64(key.data, key.size) % count);
}

enum stream_outcome task_produce_raw(struct task *task, const struct stream_record *record, struct error *error)
{
    return task->world->stream->ops->produce(task->world->stream, record, error);
}

enum stream_outcome task_produce(struct task *task, enum stream_topic topic, int32_t partition, struct text key,
                                 const struct record_type *type, const void *record, struct error *error)
{
    buffer_clear(&task->value);
    if (!wire_encode(task->world->wire, stream_topic_name(topic), type, record, &task->value, error))
        return OUTCOME_ABORT;
    struct stream_record out = { .topic = topic, .partition = partition, .key = key, .value = buffer_text(&task->value) };
    return task_produce_raw(task, &out, error);
}

/* ---- restoring ---- */

static bool replay_marker(struct task *task, const struct line_item *item, struct error *error)
{
    task->has_marker = true;
    return marker_read(item->marker, &task->marker, error);
}

/* A handler's failure: what is unreadable stops the task, an outage elsewhere is waited for. */
static bool replay_ends(struct task *task, bool done, const struct stream_record *record, const struct error *error)
{
    if (!done && !task->waits)
        task_stop(task, "%s partition %d, offset %lld: %s", stream_topic_name(record->topic), record->partition,
                  (long long)record->offset, error->message);
    return done;
}

static bool take_line_item(struct task *task, const struct stream_record *record, struct error *error)
{
    struct line_item item;
    struct refusal refusal;
    arena_reset(&task->arena);
    enum wire_answer answer = wire_decode(task->world->wire, &line_item_type, record->value, &item, &task->arena,
                                          &refusal, error);
    task->waits = answer == WIRE_LATER;
    if (answer == WIRE_REFUSED)
        return error_fail(error, ERROR_FAILED, "%s", refusal.detail);
    if (answer == WIRE_LATER)
        return false;
    if (text_equal(item.status, TEXT("MARKER")))
        return replay_marker(task, &item, error);
    return task->ledger ? ledger_replay(task->ledger, &item, error) : bill_task_replay_line_item(task, &item, error);
}

/* Without a store there is nothing that could be out of date. */
static bool take_gone(struct task *task, const struct stream_record *record, struct error *error)
{
    return !task->ledger || ledger_replay_gone(task->ledger, record->key) || !task->from_store ||
           error_fail(error, ERROR_FAILED, "the store knows what the topic has forgotten");
}

static bool replay_line_item(void *context, const struct stream_record *record, struct error *error)
{
    struct task *task = context;
    bool done = record->is_null ? take_gone(task, record, error) : take_line_item(task, record, error);
    return replay_ends(task, done, record, error);
}

static bool replay_id(void *context, const struct stream_record *record, struct error *error)
{
    struct task *task = context;
    return record->offset >= task->marker.offset ||
           replay_ends(task, usage_task_replay_id(task, record, error), record, error);
}

static bool replay_subtotal(void *context, const struct stream_record *record, struct error *error)
{
    struct task *task = context;
    return record->offset >= task->marker.offset ||
           replay_ends(task, bill_task_replay_subtotal(task, record, error), record, error);
}

/* The group's committed offset, asked again while a transaction is still open on it: a zombie's must have ended. */
static bool restore_offset(struct task *task, struct error *error)
{
    struct stream_partition asked = task->input;
    bool stable;
    struct stream *stream = task->world->stream;
    if (!stream->ops->committed(stream, &asked, 1, &stable, error))
        return false;
    if (!stable)
        return true;
    task->committed = asked.offset;
    task->stage = RESTORE_LEDGER;
    return true;
}

/* What the ledger's end says: the marker must be where the group is. */
static bool check_marker(struct task *task, struct error *error)
{
    uint64_t mismatches = 0;
    if (!task->has_marker && task->committed == OFFSET_NONE) {
        task->input.offset = OFFSET_NONE; /* from the beginning */
        task->stage = RESTORE_DONE;
        return true;
    }
    bool torn = !task->has_marker || task->marker.offset != task->committed;
    if (torn && !(task->has_marker && task->world->repair_task == (int64_t)task->number))
        return task_stop(task, "its marker says offset %lld and the group %lld: a torn transaction; run --repair %u takes "
                               "the marker's",
                         task->has_marker ? (long long)task->marker.offset : -1LL, (long long)task->committed,
                         task->number);
    if (task->marker.version != task->world->document->number && task->kind != TASK_BILL)
        return task_stop(task, "its rows are priced under document version %lld, version %lld is in force; a change "
                               "while usage is being priced is not supported by this release",
                         (long long)task->marker.version, (long long)task->world->document->number);
    if (task->ledger && !ledger_replay_done(task->ledger, &mismatches, error))
        return task_stop(task, "%s", error->message);
    if (mismatches > 0)
        return task_stop(task, "%llu of its rows do not cost what their price gives", (unsigned long long)mismatches);
    task->input.offset = task->marker.offset;
    task->stage = task->kind == TASK_USAGE ? RESTORE_IDS : task->kind == TASK_BILL ? RESTORE_SUBTOTALS : RESTORE_DONE;
    return true;
}

/* Ids of the window that the store does not have are read again. */
static bool begin_ids(struct task *task, int64_t *from, struct error *error)
{
    struct stream *stream = task->world->stream;
    int64_t known;
    if (!task_open_ids(task, &known, error) ||
        !stream->ops->offset_of_time(stream, STREAM_USAGE, task->input.partition,
                                     task->marker.latest_ms - task->world->dedup_window_ms, from, error))
        return false;
    *from = known > *from ? known : *from;
    return true;
}

/* Begins to read a partition, from OFFSET_NONE: from its beginning. */
static bool begin_reading(struct task *task, enum stream_topic topic, int32_t partition, int64_t from, struct error *error)
{
    struct stream *stream = task->world->stream;
    if (!stream->ops->range(stream, topic, partition, &task->step_from, &task->step_end, error))
        return false;
    if (from != OFFSET_NONE)
        task->step_from = from;
    task->step_next = task->step_from;
    return stream->ops->restore_begin(stream, topic, partition, from, error);
}

static bool begin_stage(struct task *task, struct error *error)
{
    int64_t from = OFFSET_NONE;
    task->step_begun = true;
    switch (task->stage) {
    case RESTORE_LEDGER:
        return (task->kind == TASK_BILL || task_open_ledger(task, &from, error)) &&
               begin_reading(task, STREAM_LINE_ITEMS, (int32_t)task->number, from, error);
    case RESTORE_IDS:
        return begin_ids(task, &from, error) && begin_reading(task, STREAM_USAGE, task->input.partition, from, error);
    case RESTORE_SUBTOTALS:
        return begin_reading(task, STREAM_SUBTOTALS, task->input.partition, OFFSET_NONE, error);
    case RESTORE_OFFSET:
    case RESTORE_DONE:
        break;
    }
    return true;
}

static bool end_stage(struct task *task, struct error *error)
{
    task->step_begun = false;
    if (task->stage == RESTORE_LEDGER)
        return check_marker(task, error);
    task->stage = RESTORE_DONE;
    return true;
}

static bool restore_records(struct task *task, size_t records_max, struct error *error)
{
    struct stream *stream = task->world->stream;
    bool (*const takes[])(void *, const struct stream_record *, struct error *) = {
        [RESTORE_LEDGER] = replay_line_item, [RESTORE_IDS] = replay_id, [RESTORE_SUBTOTALS] = replay_subtotal
    };
    bool ended = false;
    int64_t next;
    if (!task->step_begun && !begin_stage(task, error))
        return false;
    if (!stream->ops->restore_step(stream, records_max, takes[task->stage], task, &ended, &next, error))
        return false;
    if (next != OFFSET_NONE)
        task->step_next = next;
    if (task->stage == RESTORE_LEDGER && task->ledger && !task_save_restored(task, next, error))
        return task_stop(task, "%s", error->message);
    if (task->stage == RESTORE_IDS && !task_save_replayed_ids(task, next, error))
        return false;
    bool far_enough = task->stage != RESTORE_LEDGER && next >= task->marker.offset;
    return ended || far_enough ? end_stage(task, error) : true;
}

enum stream_outcome task_restore_step(struct task *task, size_t records_max, struct error *error)
{
    if (task->state != TASK_RESTORING)
        return OUTCOME_DONE;
    bool done = task->stage == RESTORE_OFFSET ? restore_offset(task, error) : restore_records(task, records_max, error);
    if (task->state == TASK_STOPPED) {
        task_starts_over(task);
        return OUTCOME_DONE;
    }
    if (!done)
        return task->waits ? OUTCOME_ABORT : OUTCOME_INDETERMINATE;
    int64_t ignored;
    if (task->stage == RESTORE_DONE && task->kind == TASK_USAGE && !task->seen && !task_open_ids(task, &ignored, error))
        return OUTCOME_ABORT;
    if (task->stage == RESTORE_DONE) {
        task->state = TASK_RUNNING;
        task->moved = task->has_marker; /* subtotals of open periods go out once */
    }
    return OUTCOME_DONE;
}

/* ---- running ---- */

enum stream_outcome task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    /* Read again after a new assignment: taken already. */
    if (task->input.offset != OFFSET_NONE && record->offset < task->input.offset)
        return OUTCOME_DONE;
    enum stream_outcome outcome = OUTCOME_DONE;
    switch (task->kind) {
    case TASK_USAGE:
        outcome = usage_task_take(task, record, error);
        break;
    case TASK_TIER:
        outcome = tier_task_take(task, record, error);
        break;
    case TASK_BILL:
        outcome = bill_task_take(task, record, error);
        break;
    case TASK_KIND_COUNT:
        break;
    }
    task->input.offset = record->offset + 1;
    if (record->timestamp_ms > task->marker.latest_ms)
        task->marker.latest_ms = record->timestamp_ms;
    task->moved = true;
    return outcome;
}

void task_reached(struct task *task, int64_t end)
{
    if (task->state == TASK_RUNNING && end > task->input.offset)
        task->input.offset = end;
}

static bool has_unsaved(const struct task *task)
{
    return ledger_unsaved_rows(task->ledger) > 0 || (task->seen && seen_unsaved(task->seen) > 0);
}

static bool ledger_is_due(const struct task *task)
{
    return ledger_dirty_count(task->ledger) > 0 || (task->world->save_all && has_unsaved(task)) || task_point_is_old(task) ||
           task->closing || task_close_is_due(task);
}

bool task_is_due(struct task *task, int64_t now_ms)
{
    if (task->state != TASK_RUNNING)
        return false;
    return task->moved || (task->bills ? bill_task_is_due(task, now_ms) : ledger_is_due(task));
}

enum stream_outcome task_work(struct task *task, int64_t now_ms, struct error *error)
{
    (void)now_ms;
    if (task->state != TASK_RUNNING)
        return OUTCOME_DONE;
    return task->bills ? bill_task_work(task, error) : task_close_work(task, error);
}

static enum stream_outcome write_marker(struct task *task, struct error *error)
{
    struct buffer json = { 0 };
    struct line_item item = { 0 };
    char key[16];
    snprintf(key, sizeof key, "#%u", task->number);
    marker_write(&task->marker, &json);
    record_set_text(&item, &line_item_type, LINE_ITEM_line_item_id, text_of(key));
    record_set_text(&item, &line_item_type, LINE_ITEM_status, TEXT("MARKER"));
    record_set_text(&item, &line_item_type, LINE_ITEM_marker, buffer_text(&json));
    item.revision = task->marker.revision;
    record_set(&item, LINE_ITEM_revision);
    enum stream_outcome outcome = task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, text_of(key),
                                               &line_item_type, &item, error);
    buffer_done(&json);
    return outcome;
}

enum stream_outcome task_flush(struct task *task, int64_t now_ms, struct error *error)
{
    task->marker.revision++;
    task->marker.version = task->world->document->number;
    task_plan_save(task);
    enum stream_outcome outcome = task->bills ? bill_task_flush(task, now_ms, error) : task_flush_ledger(task, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    /* The first flush of a partition that was never read: its input begins at its first record. */
    task->marker.offset = task->input.offset == OFFSET_NONE ? 0 : task->input.offset;
    task->moved = false;
    return write_marker(task, error);
}
