/*
 * tasks/bill_state.h: what a bill task holds of its groups: per month and group the totals of all tasks, and what the close
 * needs. For the files of tasks/.
 */
#ifndef TASKS_BILL_STATE_H
#define TASKS_BILL_STATE_H

#include "aggregate/totals.h"
#include "base/hash.h"
#include "period/custom_line_items.h"
#include "tasks/report_totals.h"
#include "tasks/task_parts.h"

/* A month of a group. */
struct bill_group {
    struct totals totals;        /* of all tasks; key.group is the group's number */
    struct report_totals report; /* group 0 */
    uint32_t *charges;           /* numbers of the custom line items' line items that it has or had */
    size_t charge_count, charge_capacity;
    uint32_t *rows; /* numbers of the bill rows that it has or had */
    size_t row_count, row_capacity;
    size_t rows_from; /* the row of its statement with which the next flush begins */
    bool dirty;
};

/* What was last written under a key. */
struct written_bill {
    uint64_t hash;
    bool written, wanted;
};

struct written_bills {
    struct intern keys;
    struct written_bill *items; /* by key */
    size_t capacity;
};

/* A task's last word on a total: it is in the group's, under the same key. */
struct known_total {
    struct total values;
    uint32_t sender;
    int64_t version; /* of the document that it is by */
};

struct bill_month {
    billing_period period;
    struct bill_group *groups; /* by number */
    size_t group_count, group_capacity;
    uint32_t *dirty; /* numbers of groups that are not written since they changed */
    size_t dirty_count, dirty_capacity;
    struct intern payers; /* that have usage; an empty one counts for all */
    struct written_bills written;
    struct intern keys;        /* of its records on `subtotals`, to be deleted when it is long closed */
    struct known_total *known; /* by key */
    size_t known_capacity;
    struct intern charge_ids;
    struct written_charge *charges; /* by id */
    size_t charge_capacity;
    int64_t announced_ms;      /* when its close was announced; 0: not yet */
    int64_t latest_arrival_ms; /* of usage of it; known to bill task 0 */
    bool close_sent;
    int32_t *closed_tasks; /* whose barrier has come */
    size_t closed_count, closed_capacity;
};

/* A custom line item's line item as it was last written. */
struct written_charge {
    i128 cost;
    uint64_t hash, account;
    bool written, wanted;
    bool leaves; /* within a restore: at 0, and its key is still to lose its value */
};

/* Records of a closed month's custom line items that are being gone through. */
struct bill_revising {
    bool active, manifests_next;
    int64_t until, seen; /* offsets on `conductor`: of the newest of these, of the newest that is done; OFFSET_NONE */
    char **values;       /* of the records */
    size_t count, capacity, at;
};

/* Groups in a month's document. */
struct bill_places {
    const struct conductor *conductor;
    uint32_t *indexes; /* number of a group → its index in the document */
    size_t count;
    uint32_t *numbers; /* index in the document → number, for the groups that are this task's; else GROUP_NONE */
    bool *has_items;   /* by index: custom line items are its */
};

struct bill_state {
    struct bill_revising revising;
    struct intern group_ids;   /* numbers of groups; "" is what no group has */
    struct bill_month *months; /* by period */
    size_t month_count, month_capacity;
    struct bill_places *places; /* one for each document that was asked for */
    size_t places_count, places_capacity;
    struct buffer gone; /* line items whose deletion is due in the next transaction */
    bool gone_is_out;   /* in this transaction; a line item that goes in it is deleted by a later one */
    struct line_item_builder builder;
    int64_t last_bills_ms;
    bool draining;                     /* more groups are dirty than a flush writes */
    int64_t looked_at;                 /* rows of the flushes since it last was not */
    int64_t clock_asked_ms, broker_ms; /* when the broker was last asked for its time, and what it said */
    size_t manifest_from;              /* of the group at hand: the total with which its next manifest begins */
    size_t forgotten;                  /* records of the month that is being forgotten */
    int64_t *cur_ends;                 /* of the close at hand, by partition of `cur`; OFFSET_NONE: not asked yet */
    struct arena arena;
};

/* bill_state.c */
struct bill_month *bill_month_of(struct bill_state *bills, billing_period period);
/* NULL: nothing is known of it. */
struct bill_month *bill_month_find(struct bill_state *bills, billing_period period);
uint32_t bill_group_number(struct bill_state *bills, struct text id);
struct bill_group *bill_group_of(struct bill_month *month, uint32_t number);
void bill_group_touch(struct bill_month *month, uint32_t number);
/* Those of the document that is in force in a month; until another one's are asked for. */
const struct bill_places *bill_places_of(struct task *task, billing_period period);
/* Documents have changed. */
void bill_places_forget(struct bill_state *bills);
/* The index of a group in the document, or GROUP_NONE. */
uint32_t bill_group_index(const struct bill_places *places, uint32_t number);
/* A group belongs to the bill task of its subtotals partition. */
bool bill_group_is_mine(const struct task *task, struct text group);
void bill_month_free(struct bill_state *bills, size_t place);
/* The bill row of a key, made if it is not known. */
struct written_bill *bill_row_of(struct bill_month *month, uint32_t group, struct text key);
struct written_charge *bill_charge_of(struct bill_month *month, uint32_t group, struct text id);
/* The number of a record's key; *is_first: it has not spoken before. */
uint32_t bill_month_key(struct bill_month *month, struct text key, bool *is_first);

/* bill_rows.c */
/* Before charges of a document become line items: of the transaction that the marker names. Borrows the pricing. */
void bill_builder_begin(struct task *task, const struct pricing *pricing, billing_period period);
/* After it: the group's line items and bill rows with these charges, as far as they change, and of them at most *left. */
enum stream_outcome bill_group_write_charged(struct task *task, struct bill_month *month, uint32_t number,
                                             const struct custom_charges *charges, size_t *left, size_t *rows,
                                             struct error *error);
/* After it: whether they are others than those that were written. */
bool bill_charges_differ(struct task *task, struct bill_month *month, uint32_t number, const struct custom_charges *charges);
/* Writes what has changed of a group's month: custom line items, then bill rows. *rows counts the latter. Of much that has
 * changed a part, and then not *whole: it is to be called again. */
enum stream_outcome bill_group_write(struct task *task, struct bill_month *month, uint32_t number, bool closing,
                                     size_t *rows, bool *whole, struct error *error);
/* The charges of a group's month as they are now; the caller ends them. */
void bill_group_charges(struct task *task, struct bill_month *month, uint32_t number, bool closing,
                        struct custom_charges *charges);
/* Over all that a custom line item's line item says, but for when and under which version it was written. */
uint64_t charge_content_hash(const struct line_item *item, struct buffer *scratch);
uint64_t bill_content_hash(const struct bill *bill, struct buffer *scratch);
void bill_row_key(const struct bill *bill, struct buffer *out);

/* What a report of a group's month consists of, for its manifests. */
struct bill_report {
    const struct close_record *close;
    const struct conductor *conductor; /* whose charges they are */
    uint32_t group;                    /* in it */
    int64_t revision, supersedes;      /* 0: it is the first */
};

/* bill_reports.c */
/* A group's charges as report rows of a revision. */
enum stream_outcome bill_report_charges(struct task *task, const struct custom_charges *charges, int64_t revision,
                                        struct error *error);
/* Asks where `cur` ends: all rows that manifests name are committed. */
MUST_USE bool bill_report_ends(struct task *task, struct error *error);
/* The manifests of a group and of its accounts: rows of usage, and these charges. After bill_builder_begin. *from is 0 at
 * first and again at the end: when there is nothing *left it goes on from there. Each takes one and its totals of what is.
 */
enum stream_outcome bill_report_manifests(struct task *task, struct bill_month *month, uint32_t number,
                                          const struct bill_report *report, const struct custom_charges *charges,
                                          size_t *from, size_t *left, struct error *error);

/* bill_revise.c: custom line items of the month that was closed last, changed since. */
bool bill_revision_is_due(const struct task *task);
enum stream_outcome bill_revise(struct task *task, struct error *error);
void bill_revising_done(struct bill_revising *revising);

/* bill_close.c: report rows of custom line items, then the manifests; in bounded steps. *done at the end. */
enum stream_outcome bill_close_step(struct task *task, const struct close_record *close, bool *done, struct error *error);

#endif
