/* tasks/bill_state.h: what a bill task holds of its groups. For the files of tasks/. */
#ifndef TASKS_BILL_STATE_H
#define TASKS_BILL_STATE_H

#include "aggregate/totals.h"
#include "base/hash.h"
#include "period/custom_line_items.h"
#include "tasks/report_totals.h"
#include "tasks/task_parts.h"

/* One month: the sum of all tasks' totals, and what the close needs. */
struct bill_month {
    billing_period period;
    struct totals totals;
    bool dirty;
    struct intern payers;  /* that have usage; an empty one counts for all */
    struct report_totals report;
    int64_t latest_arrival_ms; /* of usage of it; known to bill task 0 */
    bool close_sent;
    int32_t *closed_tasks; /* whose barrier has come */
    size_t closed_count, closed_capacity;
};

/* A custom line item's line item as it was last written. */
struct written_charge {
    billing_period period;
    i128 cost;
    bool written, wanted, too_large;
};

struct bill_state {
    struct intern keys;     /* of subtotals */
    struct total *known;    /* by key: the task's last word */
    size_t known_capacity;
    struct bill_month *months;
    size_t month_count, month_capacity;
    struct intern charge_ids;
    struct written_charge *charges; /* by id */
    size_t charge_capacity;
    struct intern bill_keys;
    uint64_t *bill_hashes; /* of the last bill row of each key */
    size_t bill_hash_capacity;
    struct buffer gone; /* line items whose deletion is due in the next transaction */
    bool gone_is_out;   /* of the transaction at hand: what goes in it is deleted by a later one */
    struct line_item_builder builder;
    int64_t last_bills_ms;
    struct arena arena;
};

struct bill_month *bill_month_of(struct bill_state *bills, billing_period period);

/* bill_rows.c: writes what has changed of a month: custom line items, then bill rows. */
enum stream_outcome bill_month_write(struct task *task, struct bill_month *month, bool closing, struct error *error);
/* The charges of a month as they are now; the caller ends them. */
void bill_month_charges(struct task *task, struct bill_month *month, bool closing, struct custom_charges *charges);

/* bill_close.c: report rows of custom line items, then the manifests. */
enum stream_outcome bill_month_close(struct task *task, struct bill_month *month, const struct close_record *close,
                                     struct error *error);

#endif
