/* model/bill.h: a running bill row (SEMANTICS 6) and the subtotal that a task sends for it (SEMANTICS 4). */
#ifndef MODEL_BILL_H
#define MODEL_BILL_H

#include "model/record.h"

/* X(kind, name, scale, required). Empty account and type: a service's row; all three empty: the group's total. */
#define BILL_FIELDS(X)                              \
    X(TEXT, billing_group, 0, true)                 \
    X(TEXT, billing_period, 0, true)                \
    X(TEXT, usage_account_id, 0, true)              \
    X(TEXT, product_code, 0, true)                  \
    X(TEXT, line_item_type, 0, true)                \
    X(LONG, usage_events, 0, true)                  \
    X(SUM, public_cost, AMOUNT_SCALE, true)         \
    X(SUM, cost, COST_SCALE, true)                  \
    X(SUM, billable_cost, AMOUNT_SCALE, true)       \
    X(SUM, tax, AMOUNT_SCALE, true)                 \
    X(SUM, margin, COST_SCALE, true)                \
    X(SUM, margin_percentage, PERCENT_SCALE, false) \
    X(TEXT, currency, 0, true)                      \
    X(TIME, as_of, 0, false)

enum bill_field {
#define X(kind, name, scale, required) BILL_##name,
    BILL_FIELDS(X)
#undef X
        BILL_FIELD_COUNT
};

struct bill {
    uint64_t present;
    BILL_FIELDS(RECORD_MEMBER)
};

extern const struct record_type bill_type;

/* A task's whole totals of one key, or with `message` something else that bill tasks have to know (tasks/messages.h). */
#define SUBTOTAL_FIELDS(X)                    \
    X(LONG, task, 0, true)                    \
    X(LONG, revision, 0, true)                \
    X(TEXT, billing_group, 0, true)           \
    X(TEXT, billing_period, 0, true)          \
    X(TEXT, usage_account_id, 0, true)        \
    X(TEXT, product_code, 0, true)            \
    X(TEXT, line_item_type, 0, true)          \
    X(LONG, usage_events, 0, true)            \
    X(LONG, charged_rows, 0, true)            \
    X(SUM, public_cost, AMOUNT_SCALE, true)   \
    X(SUM, cost, COST_SCALE, true)            \
    X(SUM, billable_cost, AMOUNT_SCALE, true) \
    X(SUM, tax, AMOUNT_SCALE, true)           \
    X(TIME, as_of, 0, false)                  \
    X(LONG, conductor_version, 0, false)      \
    X(TEXT, message, 0, false)                \
    X(TEXT, checksum, 0, false)

enum subtotal_field {
#define X(kind, name, scale, required) SUBTOTAL_##name,
    SUBTOTAL_FIELDS(X)
#undef X
        SUBTOTAL_FIELD_COUNT
};

struct subtotal {
    uint64_t present;
    SUBTOTAL_FIELDS(RECORD_MEMBER)
};

extern const struct record_type subtotal_type;

#endif
