/*
 * tasks/task_store.c: a task's store: opened and believed only as far as it fits, saved into behind a commit, thrown away
 * whenever something about it fails: the topic has it all.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/state_dir.h"
#include "tasks/task_parts.h"

/* Rows that make a save worth its while, and bound how much one batch holds. */
#define SAVE_ROWS 50000
/*
 * The topic keeps for a day (delete.retention.ms) that a line item lost its value. A store that is older may know what
 * nobody can tell it is gone.
 */
#define POINT_AGE_MAX_MS (INT64_C(12) * 3600 * 1000)
#define POINT_AGE_SAVED_MS (INT64_C(3600) * 1000)
/* A clock that has been set back says nothing of a store's age. */
#define POINT_AHEAD_MAX_MS (INT64_C(3600) * 1000)

static char *directory_of(const struct task *task)
{
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/task-%u", task->world->state_dir, task->number);
    buffer_append_byte(&path, '\0');
    return path.data;
}

/* What the machine lacks at the moment is no reason to throw a store away. */
bool task_store_failed(struct task *task, const struct error *error)
{
    task->store_failed = true;
    task->store_damaged = task->store_damaged || error->kind != ERROR_LATER;
    return false;
}

static bool open_store(struct task *task, struct error *error)
{
    /* The folder above may have been deleted under a running process. */
    if (!state_dir_make(task->world->state_dir, error))
        return false;
    char *directory = directory_of(task);
    struct ledger_options options = { task->world->granularity, task->world->resource_ids, task->kind, task->number };
    bool done = ledger_store_open(directory, &task->world->store_options, &task->store, error);
    if (!done && error->kind != ERROR_LATER) {
        rocks_remove(directory);
        done = ledger_store_open(directory, &task->world->store_options, &task->store, error);
    }
    free(directory);
    if (done)
        task->ledger = ledger_new(&options, document_version_pricing(task->world->document), task->store);
    return done;
}

static void let_go(struct task *task)
{
    seen_close(task->seen);
    ledger_free(task->ledger);
    ledger_store_close(task->store);
    task->seen = NULL;
    task->ledger = NULL;
    task->store = NULL;
}

static void discard_ledger(struct task *task)
{
    char *directory = directory_of(task);
    let_go(task);
    rocks_remove(directory);
    free(directory);
}

void task_close_ledger(struct task *task)
{
    if (!task->ledger)
        return;
    if (task->store_damaged) {
        discard_ledger(task);
        return;
    }
    let_go(task);
}

/* ---- ids ---- */

bool task_open_ids(struct task *task, int64_t *from, struct error *error)
{
    struct seen_options options = { task->world->dedup_window_ms, task->world->ids_memory };
    struct rocks *rocks = ledger_store_rocks(task->store);
    bool done = seen_open(&options, rocks, &task->seen, error);
    if (!done || seen_next(task->seen) > task->marker.offset) {
        /* Of another life of the topic, or damaged: the topic has them all. */
        seen_close(task->seen);
        task->seen = NULL;
        done = id_runs_wipe(rocks, error) && seen_open(&options, rocks, &task->seen, error);
    }
    if (!done)
        task_store_failed(task, error);
    *from = done && seen_next(task->seen) != ID_RUNS_NONE ? seen_next(task->seen) : OFFSET_NONE;
    return done;
}

bool task_take_id(struct task *task, const struct id_entry *id, enum seen_answer *answer, struct error *error)
{
    return seen_take_id(task->seen, id, answer, error) || task_store_failed(task, error);
}

bool task_replay_id(struct task *task, const struct id_entry *id, bool was_reused, struct error *error)
{
    return seen_replay(task->seen, id, was_reused, error) || task_store_failed(task, error);
}

static bool ids_are_worth_saving(const struct task *task)
{
    return task->seen && (seen_is_full(task->seen) || seen_unsaved(task->seen) >= task->world->store_lag ||
                          (task->world->save_all && seen_unsaved(task->seen) > 0));
}

static bool save_ids(struct task *task, struct error *error)
{
    if (!task->seen)
        return true;
    bool wanted = task->ids_wanted;
    task->ids_wanted = false;
    return ((!wanted || seen_save(task->seen, task->marker.offset, error)) && seen_work(task->seen, error)) ||
           task_store_failed(task, error);
}

bool task_save_replayed_ids(struct task *task, int64_t next, struct error *error)
{
    if (!seen_is_full(task->seen))
        return true;
    /* What lies behind the marker was read along, but not taken. */
    int64_t taken = next < task->marker.offset ? next : task->marker.offset;
    return seen_save_and_work(task->seen, taken, error) || task_store_failed(task, error);
}

static void forget_marker(struct task *task)
{
    marker_done(&task->marker);
    task->marker = (struct marker){ .task = task->number, .closed = PERIOD_NONE, .closing = PERIOD_NONE };
    task->has_marker = false;
}

/* A point is believed if it is of late, and the partition still reaches from there on. */
static bool take_up(struct task *task, int64_t *from, bool *asked, struct error *error)
{
    int64_t now = task->world->real_now_ms;
    struct stream *stream = task->world->stream;
    struct ledger_point point;
    int64_t first, end;
    bool found;
    *asked = true;
    arena_reset(&task->arena);
    if (!ledger_restore(task->ledger, &point, &task->arena, &found, error) || !found ||
        now - point.time_ms > POINT_AGE_MAX_MS || point.time_ms - now > POINT_AHEAD_MAX_MS)
        return false;
    /* Who cannot be asked now may be asked later. */
    *asked = stream->ops->range(stream, STREAM_LINE_ITEMS, (int32_t)task->number, &first, &end, error);
    if (!*asked || point.line_items_next < first || point.line_items_next > end)
        return false;
    if (point.marker.size > 0 && !marker_read(point.marker, &task->marker, error))
        return false;
    if (point.marker.size > 0 && task->marker.task != task->number)
        return false; /* of another task: folders were mixed up */
    task->has_marker = point.marker.size > 0;
    task->saved_ms = point.time_ms;
    *from = point.line_items_next;
    return true;
}

bool task_open_ledger(struct task *task, int64_t *from, struct error *error)
{
    bool asked;
    *from = OFFSET_NONE;
    if (!open_store(task, error)) {
        task->store_failed = true; /* another worker may still hold the folder */
        return false;
    }
    task->from_store = take_up(task, from, &asked, error);
    if (task->from_store)
        return true;
    if (!asked) {
        task->store_failed = true;
        return false;
    }
    task->saved_ms = task->world->real_now_ms;
    forget_marker(task);
    *from = OFFSET_NONE;
    discard_ledger(task);
    task->store_failed = !open_store(task, error);
    return !task->store_failed;
}

void task_begin_anew(struct task *task)
{
    discard_ledger(task);
    forget_marker(task);
    task->from_store = task->store_failed = task->store_damaged = false;
    task->reason[0] = '\0';
    struct stream_partition committed = task->committed;
    billing_period closed_before = task->closed_before;
    task_restore_begin(task);
    task->committed = committed;
    task->closed_before = closed_before;
    task->stage = RESTORE_LEDGER;
}

/* ---- saving ---- */

/* Tasks that fill alike would all save behind the same commit: what comes in meanwhile would wait for all of them. */
static bool is_worth_saving(const struct task *task)
{
    size_t rows = ledger_unsaved_rows(task->ledger), lag = task->world->store_lag;
    size_t most = task->world->someone_saves ? 2 * SAVE_ROWS : SAVE_ROWS;
    return rows >= most || rows >= lag || task->written >= lag;
}

bool task_point_is_old(const struct task *task)
{
    return task->ledger && task->world->real_now_ms - task->saved_ms > POINT_AGE_SAVED_MS;
}

static bool save(struct task *task, int64_t line_items_next, struct error *error)
{
    struct buffer marker = { 0 };
    if (task->has_marker)
        marker_write(&task->marker, &marker);
    struct ledger_point point = { line_items_next, task->world->document->number, buffer_text(&marker),
                                  task->world->real_now_ms };
    bool is_old = task_point_is_old(task);
    size_t rows = ledger_unsaved_rows(task->ledger);
    task->held_back += rows > task->written ? rows : task->written;
    task->written = 0;
    task->saved_ms = point.time_ms;
    bool done = ledger_save(task->ledger, &point, error);
    buffer_done(&marker);
    if (!done || (task->held_back < task->world->store_lag && !is_old))
        return done;
    task->held_back = 0;
    return ledger_store_flush(task->store, error);
}

bool task_save_restored(struct task *task, int64_t line_items_next, struct error *error)
{
    bool full =
        task->world->rows_used > task->world->rows_memory && ledger_bytes(task->ledger) > task->world->rows_memory / 8;
    if (!full && !is_worth_saving(task))
        return true;
    if (!save(task, line_items_next, error))
        return task_store_failed(task, error);
    if (full)
        ledger_forget(task->ledger);
    return true;
}

/*
 * The offset is asked for before the commit and used after it: that the commit went through shows that until then nobody
 * else has written to the partition.
 */
void task_plan_save(struct task *task)
{
    struct stream *stream = task->world->stream;
    struct error ignored;
    int64_t first;
    task->save_from = OFFSET_NONE;
    task->written += task->ledger ? ledger_dirty_count(task->ledger) : 0;
    task->ids_wanted = ids_are_worth_saving(task);
    task->world->someone_saves = task->world->someone_saves || task->ids_wanted;
    bool drops =
        task->ledger && task->marker.closed != PERIOD_NONE && ledger_has_month_until(task->ledger, task->marker.closed);
    if (!task->ledger ||
        !(task->world->save_all || task->save_wanted || is_worth_saving(task) || task_point_is_old(task) || drops))
        return;
    task->world->someone_saves = true;
    if (!stream->ops->range(stream, STREAM_LINE_ITEMS, (int32_t)task->number, &first, &task->save_from, &ignored))
        task->save_from = OFFSET_NONE; /* then with a later commit */
}

/* Closed months leave the store; that they are is saved already. */
static bool drop_closed(struct task *task, struct error *error)
{
    billing_period closed = task->marker.closed;
    if (closed == PERIOD_NONE || !ledger_has_month_until(task->ledger, closed) || ledger_unsaved_rows(task->ledger) > 0 ||
        ledger_dirty_count(task->ledger) > 0)
        return true;
    return ledger_drop_until(task->ledger, closed, error);
}

bool task_committed(struct task *task, struct error *error)
{
    task->has_marker = true;
    if (!save_ids(task, error))
        return false;
    if (task->save_from == OFFSET_NONE)
        return true;
    int64_t from = task->save_from;
    task->save_from = OFFSET_NONE;
    task->save_wanted = false;
    return (save(task, from, error) && drop_closed(task, error)) || task_store_failed(task, error);
}

void task_forget(struct task *task)
{
    /* Whatever is dirty is unsaved. */
    if (task->ledger && ledger_unsaved_rows(task->ledger) == 0)
        ledger_forget(task->ledger);
}

enum stream_outcome task_ledger_failed(struct task *task, const struct error *error)
{
    if (ledger_store_failed(task->ledger)) {
        task_store_failed(task, error);
        task_wait(task, error);
    } else {
        task_stop(task, "%s", error->message);
    }
    return OUTCOME_ABORT;
}
