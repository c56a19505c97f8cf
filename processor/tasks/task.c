/* tasks/task.c: what all kinds have in common: the life of a task, and its marker. */
#include "tasks/task.h"

#include <stdio.h>
#include <stdlib.h>

#include "tasks/report_totals.h"
#include "tasks/task_parts.h"

/* A position that has moved only over the marks of transactions is committed when nothing else was for so long. */
#define REACHED_MS 1000
/* A marker is written anew before the topic's retention could take the last one. */
#define MARKER_AGE_MAX_MS (INT64_C(24) * 3600 * 1000)

static bool is_active(const struct task *task)
{
    return task->state == TASK_RUNNING || task->state == TASK_WAITING;
}

static void init(struct task *task, struct task_world *world, enum stream_topic input, int32_t partition)
{
    static const struct task_operations *const operations[] = {
        [TASK_USAGE] = &usage_task_operations, [TASK_TIER] = &tier_task_operations, [TASK_BILL] = &bill_task_operations
    };
    task->world = world;
    task->kind = input == STREAM_SUBTOTALS ? TASK_BILL : input == STREAM_TIERED ? TASK_TIER : TASK_USAGE;
    task->operations = operations[task->kind];
    task->input = (struct stream_partition){ input, partition, OFFSET_NONE, 0 };
    task->number = task_number_of(world->stream, input, partition);
    task->marker.closed = task->marker.closing = PERIOD_NONE;
    task->marker.task = task->number;
    task->save_from = OFFSET_NONE;
    task_restore_begin(task);
    if (task->kind == TASK_BILL)
        task->bills = bill_state_new();
}

struct task *task_new(struct task_world *world, enum stream_topic input, int32_t partition)
{
    struct task *task = memory_new(sizeof *task);
    init(task, world, input, partition);
    return task;
}

static void done(struct task *task)
{
    marker_done(&task->marker);
    task_close_ledger(task);
    bill_state_free(task->bills);
    usage_task_forget_letters(task);
    usage_task_forget_expected(task);
    tier_task_forget_messages(task);
    task_forget_parcels(task);
    intern_done(&task->payers);
    free(task->notes);
    free(task->arrivals);
    arena_done(&task->arena);
    arena_done(&task->held.arena);
    buffer_done(&task->key);
    buffer_done(&task->value);
    if (task->report) /* dropped in the middle of a close */
        report_totals_done(task->report);
    free(task->report);
}

void task_free(struct task *task)
{
    if (!task)
        return;
    done(task);
    free(task);
}

void task_restart(struct task *task)
{
    struct task_world *world = task->world;
    struct stream_partition input = task->input;
    int64_t retry = task->retry_ms, backoff = task->backoff_ms;
    char reason[sizeof task->reason];
    memcpy(reason, task->reason, sizeof reason);
    if (task->state == TASK_STOPPED)
        return;
    done(task);
    *task = (struct task){ .retry_ms = retry, .backoff_ms = backoff };
    memcpy(task->reason, reason, sizeof reason);
    init(task, world, input.topic, input.partition);
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

struct stream_partition task_committed_input(const struct task *task)
{
    struct stream_partition input = task->input;
    input.offset = is_active(task) && task->has_marker ? task->marker.offset : OFFSET_NONE;
    return input;
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
    progress->swept_rows += task->ledger ? (int64_t)ledger_sweep_rows(task->ledger) : 0;
    if (!task->sweep.active)
        return;
    progress->sweeping++;
    progress->target = task->marker.target;
    progress->percent = task->marker.swept < progress->percent ? task->marker.swept : progress->percent;
}

size_t task_id_bytes(const struct task *task)
{
    return task->seen ? seen_bytes(task->seen) : 0;
}

uint64_t task_disk_bytes(const struct task *task)
{
    return task->store ? ledger_store_disk_bytes(task->store) : 0;
}

/* ---- waiting ---- */

bool task_is_resting(const struct task *task)
{
    return task->retry_ms != 0 && task->world->now_ms < task->retry_ms;
}

static void waits_no_more(struct task *task)
{
    task->retry_ms = task->backoff_ms = 0;
    task->reason[0] = '\0';
}

static void hold(struct task *task, const struct stream_record *record)
{
    struct arena *arena = &task->held.arena;
    arena_reset(arena);
    task->held.record = *record;
    task->held.record.key = arena_copy(arena, record->key);
    task->held.record.value = arena_copy(arena, record->value);
    struct stream_header *headers =
        arena_take(arena, (record->header_count + 1) * sizeof *headers, _Alignof(struct stream_header));
    for (size_t i = 0; i < record->header_count; i++) {
        size_t size = strlen(record->headers[i].name) + 1;
        char *name = arena_take(arena, size, 1);
        memcpy(name, record->headers[i].name, size);
        headers[i] = (struct stream_header){ name, arena_copy(arena, record->headers[i].value) };
    }
    task->held.record.headers = headers;
}

enum stream_outcome task_retry(struct task *task, struct error *error)
{
    task->state = TASK_RUNNING;
    enum stream_outcome outcome = task->operations->take(task, &task->held.record, error);
    if (outcome == OUTCOME_LATER) {
        task->state = TASK_WAITING;
        task_wait(task, error);
        return OUTCOME_DONE;
    }
    waits_no_more(task);
    if (outcome == OUTCOME_DONE) {
        task->input.offset = task->held.record.offset + 1;
        task->moved = true;
    }
    arena_reset(&task->held.arena);
    return outcome;
}

/* ---- restoring ---- */

/* With a store that failed it begins again; what waits for something else goes on where it was. */
enum stream_outcome task_restore_step(struct task *task, size_t records_max, struct error *error)
{
    enum stream_outcome outcome = task_restore_work(task, records_max, error);
    if (outcome == OUTCOME_LATER && task->store_failed)
        task_restart(task);
    return outcome;
}

/* ---- running ---- */

enum stream_outcome task_take(struct task *task, const struct stream_record *record, struct error *error)
{
    /* Read again after a new assignment: taken already. */
    if (task->input.offset != OFFSET_NONE && record->offset < task->input.offset)
        return OUTCOME_DONE;
    enum stream_outcome outcome = task->operations->take(task, record, error);
    if (outcome == OUTCOME_LATER) {
        hold(task, record);
        task->state = TASK_WAITING;
        task_wait(task, error);
        return OUTCOME_DONE;
    }
    task->input.offset = record->offset + 1;
    if (record->timestamp_ms > task->marker.latest_ms)
        task->marker.latest_ms = record->timestamp_ms;
    task->world->taken += task->kind != TASK_TIER; /* which counts messages */
    task->moved = true;
    return outcome;
}

void task_expect(struct task *task, const struct stream_record *record)
{
    if (task->kind == TASK_USAGE && task->state == TASK_RUNNING)
        usage_task_expect(task, record);
}

void task_reached(struct task *task, int64_t end)
{
    if (task->state != TASK_RUNNING || end <= task->input.offset)
        return;
    task->input.offset = end;
    task->reached_end = true;
}

bool task_is_due(struct task *task, int64_t now_ms)
{
    if (!is_active(task))
        return false;
    int64_t age = now_ms - task->flushed_ms;
    return task->moved || (task->reached_end && age >= REACHED_MS) || age >= MARKER_AGE_MAX_MS ||
           task->operations->is_due(task, now_ms);
}

enum stream_outcome task_work(struct task *task, int64_t now_ms, struct error *error)
{
    (void)now_ms;
    return is_active(task) ? task->operations->work(task, error) : OUTCOME_DONE;
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
    enum stream_outcome outcome =
        task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, text_of(key), &line_item_type, &item, error);
    buffer_done(&json);
    return outcome;
}

void task_follow_document(struct task *task)
{
    if (task->state == TASK_RESTORING)
        task_restart(task);
    else if (task->kind == TASK_BILL)
        bill_task_follow_document(task);
    else
        task_sweep_begin(task);
}

bool task_is_sweeping(const struct task *task)
{
    return task->sweep.active;
}

bool task_is_closing(const struct task *task)
{
    return task->closing;
}

enum stream_outcome task_flush(struct task *task, int64_t now_ms, struct error *error)
{
    task->marker.revision++;
    task_plan_save(task);
    enum stream_outcome outcome = task->operations->flush(task, now_ms, error);
    if (outcome == OUTCOME_DONE)
        outcome = task_send_parcels(task, error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    /* The first flush of a partition that was never read: its input begins at its first record. */
    if (task->input.offset == OFFSET_NONE)
        task->input.offset = 0;
    if (!task->sweep.active) {
        task->marker.version = task->world->document->number;
        task->marker.target = 0;
    }
    task->marker.offset = task->input.offset;
    task->input.transaction = task->marker.revision;
    task->moved = task->reached_end = false;
    task->flushed_ms = now_ms;
    return write_marker(task, error);
}
