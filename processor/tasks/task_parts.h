/* tasks/task_parts.h: what the files of tasks/ share of a task. Not for others. */
#ifndef TASKS_TASK_PARTS_H
#define TASKS_TASK_PARTS_H

#include "store/seen.h"
#include "tasks/task.h"

struct bill_state;

enum restore_stage { RESTORE_OFFSET, RESTORE_LEDGER, RESTORE_IDS, RESTORE_SUBTOTALS, RESTORE_DONE };

/* A month and payer that have usage, told to all bill tasks once. */
struct payer_note {
    billing_period period;
    uint32_t payer; /* interned */
    bool told;
};

/* When usage of a month last arrived, as bill task 0 was told: it closes months that have gone quiet. */
struct month_arrival {
    billing_period period;
    int64_t latest_ms, told_ms;
};

struct task {
    struct task_world *world;
    enum task_kind kind;
    uint32_t number;
    struct stream_partition input; /* offset: where it goes on */
    enum task_state state;
    char reason[512];
    struct marker marker;
    bool has_marker, moved; /* moved: its input or state, since the last flush */
    enum restore_stage stage;
    bool step_begun, waits; /* waits: for what may be there another time */
    int64_t committed; /* offset of the group */
    int64_t step_from, step_next, step_end; /* offsets of what the stage at hand reads */
    struct ledger *ledger; /* usage and tier tasks */
    struct ledger_store *store;
    bool from_store;       /* restored from what the store had */
    bool save_wanted;      /* by the close at hand */
    int64_t save_from;     /* line items before this offset are in what the next commit saves; OFFSET_NONE: it saves nothing */
    int64_t saved_ms;      /* when the store last heard of a commit */
    size_t written;        /* line items since then */
    size_t held_back;      /* rows that the store may still have to bring to disk */
    struct seen *seen;     /* usage tasks, once they have come to their ids */
    bool store_broken;     /* something beside the ledger has failed in it */
    bool ids_wanted;       /* by the next commit: in the store */
    struct bill_state *bills;
    struct intern payers;
    struct payer_note *notes;
    size_t note_count, note_capacity;
    struct month_arrival *arrivals;
    size_t arrival_count, arrival_capacity;
    struct arena arena;
    struct buffer facts, key, value;
    /* Of the close at hand. */
    bool closing;
    int closing_stage;
    size_t report_cursor;
    struct report_totals *report;
};

bool task_stop(struct task *task, const char *format, ...) PRINTF_LIKE(2, 3);

/* Produces a record's value encoded for a topic. */
enum stream_outcome task_produce(struct task *task, enum stream_topic topic, int32_t partition, struct text key,
                                 const struct record_type *type, const void *record, struct error *error);
enum stream_outcome task_produce_raw(struct task *task, const struct stream_record *record, struct error *error);
int32_t task_partition_for(const struct task *task, enum stream_topic topic, struct text key);

/* task_store.c: the ledger and its store. */
/* Opens both and takes up what is there. *from: where the line items go on. */
bool task_open_ledger(struct task *task, int64_t *from, struct error *error);
void task_close_ledger(struct task *task);
/* Whether a restore that failed goes on without the store. */
bool task_starts_over(struct task *task);
/* Opens what is known of event ids; *from: where the input goes on behind them, OFFSET_NONE if nothing is known. */
bool task_open_ids(struct task *task, int64_t *from, struct error *error);
/* Takes an event's id. False: the store, which then is to be thrown away. */
bool task_take_id(struct task *task, const struct usage_event *event, int64_t time_ms, enum seen_answer *answer,
                  struct error *error);
bool task_save_replayed_ids(struct task *task, int64_t next, struct error *error);
/* Within a restore that has come to an offset. */
bool task_save_restored(struct task *task, int64_t line_items_next, struct error *error);
/* Whether the store has heard of nothing for so long that it would soon no longer be believed. */
bool task_point_is_old(const struct task *task);
/* Before a flush: whether its commit saves, and from where a replay would have to begin. */
void task_plan_save(struct task *task);
/* What a failure within the ledger comes to. */
enum stream_outcome task_ledger_failed(struct task *task, const struct error *error);

/* usage_task.c, tier_task.c */
enum stream_outcome usage_task_take(struct task *task, const struct stream_record *record, struct error *error);
enum stream_outcome tier_task_take(struct task *task, const struct stream_record *record, struct error *error);
/* Decodes and accepts an event. *answer is WIRE_REFUSED with *refusal, or WIRE_DONE. */
enum stream_outcome task_decode_event(struct task *task, struct text value, struct usage_event *event,
                                      enum wire_answer *answer, struct refusal *refusal, struct error *error);
bool usage_task_replay_id(struct task *task, const struct stream_record *record, struct error *error);
void task_note_arrival(struct task *task, billing_period period, int64_t time_ms);
void task_note_payer(struct task *task, billing_period period, struct text payer);

/* ledger_flush.c: line items, subtotals. */
enum stream_outcome task_flush_ledger(struct task *task, struct error *error);

/* closing.c: the final sweep, CUR rows and barriers of usage and tier tasks. */
bool task_close_is_due(const struct task *task);
enum stream_outcome task_close_work(struct task *task, struct error *error);

/* bill_task.c */
struct bill_state *bill_state_new(void);
void bill_state_free(struct bill_state *bills);
enum stream_outcome bill_task_take(struct task *task, const struct stream_record *record, struct error *error);
bool bill_task_replay_subtotal(struct task *task, const struct stream_record *record, struct error *error);
bool bill_task_replay_line_item(struct task *task, const struct line_item *item, struct error *error);
bool bill_task_is_due(const struct task *task, int64_t now_ms);
enum stream_outcome bill_task_flush(struct task *task, int64_t now_ms, struct error *error);
enum stream_outcome bill_task_work(struct task *task, struct error *error);
/* bill_auto_close.c: bill task 0 closes the oldest open month when it is over and quiet for period.close.after. */
bool bill_auto_close_is_due(const struct task *task);
enum stream_outcome bill_auto_close(struct task *task, struct error *error);
/* The close record whose barriers have all come, or NULL. */
const struct close_record *bill_close_that_is_due(const struct task *task);

#endif
