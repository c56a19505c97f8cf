/* tasks/task_parts.h: what the files of tasks/ share of a task. Not for others. */
#ifndef TASKS_TASK_PARTS_H
#define TASKS_TASK_PARTS_H

#include "store/seen.h"
#include "tasks/messages.h"
#include "tasks/offset_runs.h"
#include "tasks/task.h"
#include "tasks/tier_parcel.h"

struct bill_state;

enum restore_stage {
    RESTORE_OFFSET,
    RESTORE_TAIL,
    RESTORE_LEDGER,
    RESTORE_LETTERS,
    RESTORE_IDS,
    RESTORE_SUBTOTALS,
    RESTORE_BILLS,
    RESTORE_DONE
};

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

enum sweep_stage { SWEEP_SAVE, SWEEP_WALK, SWEEP_END };

/* What is different from kind to kind. */
struct task_operations {
    enum stream_outcome (*take)(struct task *task, const struct stream_record *record, struct error *error);
    bool (*is_due)(const struct task *task, int64_t now_ms);
    /* Work of its own accord, in bounded steps. */
    enum stream_outcome (*work)(struct task *task, struct error *error);
    enum stream_outcome (*flush)(struct task *task, int64_t now_ms, struct error *error);
    bool (*replay_line_item)(struct task *task, const struct line_item *item, struct error *error);
    enum restore_stage behind_ledger; /* what is restored next */
};
extern const struct task_operations usage_task_operations, tier_task_operations, bill_task_operations;

/* A record that is to be taken later, with its texts. */
struct held_record {
    struct stream_record record;
    struct arena arena;
};

/* An event as it is decoded, in its turn or a little earlier, with what its row is looked up by. */
struct decoded_event {
    enum wire_answer answer;
    struct usage_event event;
    struct refusal refusal; /* WIRE_REFUSED */
    struct buffer facts;
    struct row_identity identity; /* of its row, but for the month that it is billed in */
    struct row_hashes hashes;
    struct arena arena;
};

struct decoded_usage {
    int64_t offset; /* of the record; OFFSET_NONE: it has been taken */
    uint64_t poll;
    struct decoded_event decoded;
    struct id_entry id;
};

/* A message of a parcel; decoded if it is an event. */
struct decoded_message {
    struct tier_message message;
    struct decoded_event decoded;
};

#define DECODED_AHEAD (STREAM_EXPECTED + 1) /* and the one at hand */

/* Messages for a tier task that wait until they are enough for a record, at most for the end of the transaction. */
struct outgoing_parcel {
    struct tier_parcel parcel;
    struct buffer messages;
};

/* What a usage task has refused of late, for a restore of ids: whatever the rules are now, none of these took its id. */
struct dead_letters {
    struct offset_runs refused, reused; /* of the input; reused: EVENT_ID_REUSED, whose id was known */
    int64_t end;                        /* of their partition, when the restore began */
    int64_t known_from_ms;              /* of records that came before, retention may have taken the letters */
};

struct task {
    struct task_world *world;
    const struct task_operations *operations;
    enum task_kind kind;
    uint32_t number;
    struct stream_partition input; /* offset: where it goes on; transaction: of its last flush */
    enum task_state state;
    char reason[512];
    int64_t retry_ms, backoff_ms; /* when what waits is tried again; 0: at once */
    struct held_record held;
    struct marker marker;
    bool has_marker, moved; /* moved: its input or state, since the last flush */
    bool reached_end;       /* behind the marks of others' transactions; told with a later flush */
    int64_t flushed_ms;     /* of the last flush */
    int64_t totals_told_ms; /* by the last flush that did */
    /* Restoring. */
    enum restore_stage stage;
    bool step_begun;
    struct stream_partition committed;      /* of the group */
    int64_t newest_row;                     /* transaction of the newest row read */
    billing_period closed_before;           /* line items up to this month are not needed; PERIOD_NONE: not known */
    int64_t first_row_ms;                   /* when the oldest record that there is was written; −1: none seen */
    bool beginning_is_gone;                 /* the ledger is read from its beginning, and that has been deleted */
    bool doubted;                           /* marker and offset did not fit, and the offset is asked for once more */
    int64_t waited_ms, waited_at_ms;        /* for an open transaction behind the end; a sleep counts for a moment only */
    int64_t step_from, step_next, step_end; /* offsets of what the stage at hand reads */
    int64_t resume_from;                    /* where a stage that has waited goes on; OFFSET_NONE: begins anew */
    struct dead_letters letters;
    struct decoded_usage *decoded;    /* by their offsets; NULL before the first */
    struct decoded_message *messages; /* of the parcel at hand; NULL before the first */
    struct outgoing_parcel *outgoing; /* by partition of tiered; NULL before the first */
    int32_t outgoing_count;
    struct ledger *ledger; /* usage and tier tasks */
    struct ledger_store *store;
    bool from_store;    /* restored from what the store had */
    bool save_wanted;   /* by the close at hand */
    int64_t save_from;  /* line items before this offset are in what the next commit saves; OFFSET_NONE: it saves nothing */
    int64_t saved_ms;   /* when the store last heard of a commit */
    size_t written;     /* line items since then */
    size_t held_back;   /* rows that the store may still have to bring to disk */
    struct seen *seen;  /* usage tasks, once they have come to their ids */
    bool store_failed;  /* the task is to be restarted; its store stays */
    bool store_damaged; /* and is to be thrown away */
    bool ids_wanted;    /* by the next commit: in the store */
    struct bill_state *bills;
    struct intern payers;
    struct payer_note *notes;
    size_t note_count, note_capacity;
    struct month_arrival *arrivals;
    size_t arrival_count, arrival_capacity;
    struct arena arena;
    struct buffer key, value;
    /* The sweep to the document in force. */
    struct {
        bool active;
        enum sweep_stage stage;
    } sweep;
    /* Of the close at hand. */
    bool closing;
    int closing_stage;
    size_t report_cursor;
    size_t told; /* messages of the stage at hand that are sent */
    struct report_totals *report;
};

/* task_base.c */
/* Back to the first stage of a restore; what the task holds is not touched. */
void task_restore_begin(struct task *task);
/* Stops the task until an operator acts. True, so that a step can end with it. */
bool task_stop(struct task *task, const char *format, ...) PRINTF_LIKE(2, 3);
/* Notes why the task waits and when it tries again, later each time. */
enum stream_outcome task_wait(struct task *task, const struct error *error);

/* Produces a record's value encoded for a topic. */
enum stream_outcome task_produce(struct task *task, enum stream_topic topic, int32_t partition, struct text key,
                                 const struct record_type *type, const void *record, struct error *error);
enum stream_outcome task_produce_raw(struct task *task, const struct stream_record *record, struct error *error);
int32_t task_partition_for(const struct task *task, enum stream_topic topic, struct text key);

/* task_store.c: the ledger and its store. */
/* Opens both and takes up what is there. *from: where the line items go on. */
bool task_open_ledger(struct task *task, int64_t *from, struct error *error);
void task_close_ledger(struct task *task);
/* Notes that the store has failed. One that is damaged is thrown away, and the task goes on without. False. */
bool task_store_failed(struct task *task, const struct error *error);
/* Reads the ledger from its beginning, once more. */
void task_begin_anew(struct task *task);
/* Opens what is known of event ids; *from: where the input goes on behind them, OFFSET_NONE if nothing is known. */
bool task_open_ids(struct task *task, int64_t *from, struct error *error);
/* Takes an event's id. False: the store. */
bool task_take_id(struct task *task, const struct id_entry *id, enum seen_answer *answer, struct error *error);
/* The same of an event that was taken before a restart; was_reused as seen_replay takes it. */
bool task_replay_id(struct task *task, const struct id_entry *id, bool was_reused, struct error *error);
bool task_save_replayed_ids(struct task *task, int64_t next, struct error *error);
/* Within a restore that has read line items up to an offset: saves them if they are many. */
bool task_save_restored(struct task *task, int64_t line_items_next, struct error *error);
/* Whether the last save is so long ago that a restore would soon not trust it. */
bool task_point_is_old(const struct task *task);
/* Before a flush: decides whether its commit saves, and from which offset a replay would then begin. */
void task_plan_save(struct task *task);
/* The outcome of a failure within the ledger: the store's, or the ledger contradicts itself and the task stops. */
enum stream_outcome task_ledger_failed(struct task *task, const struct error *error);

/* task_restore.c: as task_restore_step, but a task whose store failed is still to be restarted. */
enum stream_outcome task_restore_work(struct task *task, size_t records_max, struct error *error);

/* event_decode.c */
/* Decodes and accepts an event. WIRE_REFUSED: with its refusal. WIRE_LATER: its schema is not known yet; *error says why. */
void task_decode_event(const struct task *task, struct text value, struct decoded_event *decoded, struct error *error);
/* Fetches from memory what its row will be looked up in, in steps as ledger_expect. */
void task_expect_event(const struct task *task, const struct decoded_event *decoded, unsigned step);
void decoded_event_done(struct decoded_event *decoded);
/* A usage record, with its id: as it was expected, or now. Good for one use, as long as the record. */
struct decoded_usage *usage_task_decode(struct task *task, const struct stream_record *record, struct error *error);
void usage_task_expect(struct task *task, const struct stream_record *record);
void usage_task_forget_expected(struct task *task);

/* tier_task.c */
void tier_task_forget_messages(struct task *task);

/* usage_task.c */
enum stream_outcome usage_task_replay_letter(struct task *task, const struct stream_record *record, struct error *error);
int32_t task_letters_partition(const struct task *task);
void usage_task_forget_letters(struct task *task);
enum stream_outcome usage_task_replay_id(struct task *task, const struct stream_record *record, struct error *error);
void task_note_arrival(struct task *task, billing_period period, int64_t time_ms);
void task_note_payer(struct task *task, billing_period period, struct text payer);

/* routing.c: what is another task's, under the document in force in a month. */
bool task_is_elsewhere(const struct task *task, billing_period period, const struct meter *meter);
/* Sends a message of a month, in this transaction. */
enum stream_outcome task_send_to_tier(struct task *task, int32_t partition, billing_period period,
                                      const struct tier_message *message, struct error *error);
/* The same to the tier task of a usage type. */
enum stream_outcome task_route(struct task *task, billing_period period, struct text usage_type,
                               const struct tier_message *message, struct error *error);
/* The same of an event, with what is still here of its row, before it. */
enum stream_outcome task_route_event(struct task *task, billing_period period, const struct decoded_event *decoded,
                                     const struct tier_message *message, struct error *error);
/* What has been sent and is not on its way yet. */
enum stream_outcome task_send_parcels(struct task *task, struct error *error);
void task_forget_parcels(struct task *task);
/* A sweep's handover within a ledger's callbacks: they return bool, the stream an outcome. */
struct handing {
    struct task *task;
    enum stream_outcome outcome;
};
struct ledger_handover task_handover(struct handing *handing);

/* tier_barriers.c: what a tier task has to do before it closes a month of which it has all barriers of usage tasks. */
enum tier_turn { TIER_WAITS, TIER_SAYS_SWEPT, TIER_SAYS_LAST, TIER_CLOSES };
enum tier_turn tier_turn_of(const struct task *task, billing_period period);
enum stream_outcome tier_say(struct task *task, billing_period period, bool is_last, struct error *error);

/* ledger_flush.c: line items, subtotals; of usage and tier tasks. */
bool ledger_task_is_due(const struct task *task, int64_t now_ms);
enum stream_outcome ledger_task_work(struct task *task, struct error *error);
enum stream_outcome ledger_task_flush(struct task *task, int64_t now_ms, struct error *error);
bool ledger_task_replay_line_item(struct task *task, const struct line_item *item, struct error *error);

/* closing.c: the final sweep, CUR rows and barriers of usage and tier tasks. */
bool task_close_is_due(const struct task *task);
enum stream_outcome task_close_work(struct task *task, struct error *error);
/* The end that a close gives a usage partition; OFFSET_NONE: the partition owes it nothing. */
int64_t close_end_of(const struct close_record *close, int32_t partition);

/* The billing groups of the document that is in force in a month. */
static inline const struct conductor *task_conductor(const struct task *task, billing_period period)
{
    return document_version_of(task->world->document, period)->conductor;
}

/* sweeping.c: rows come over to the document in force, in bounded steps. */
void task_sweep_begin(struct task *task);
enum stream_outcome task_sweep_work(struct task *task, struct error *error);
/* Whether what the flush at hand writes is the end of a sweep; then, behind all totals, tells the bill tasks. */
bool task_sweep_ends(const struct task *task);
enum stream_outcome task_sweep_tell(struct task *task, struct error *error);

/* bill_task.c */
/* All groups of open months are written anew as far as they change. */
void bill_task_follow_document(struct task *task);
struct bill_state *bill_state_new(void);
void bill_state_free(struct bill_state *bills);
enum stream_outcome bill_task_replay_subtotal(struct task *task, const struct stream_record *record, struct error *error);
enum stream_outcome bill_task_replay_bill(struct task *task, const struct stream_record *record, struct error *error);
void bill_task_replay_gone(struct task *task, struct text line_item_id);
/* All has been read. */
void bill_task_restored(struct task *task);
/* bill_auto_close.c: bill task 0 closes the oldest open month when it is over and quiet for period.close.after. */
bool bill_auto_close_is_due(const struct task *task);
enum stream_outcome bill_auto_close(struct task *task, struct error *error);
/* The close record whose barriers have all come, or NULL. */
const struct close_record *bill_close_that_is_due(const struct task *task);

#endif
