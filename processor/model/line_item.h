/*
 * model/line_item.h: the priced row of the ledger (SEMANTICS 3.3, 6), and its words.
 */
#ifndef MODEL_LINE_ITEM_H
#define MODEL_LINE_ITEM_H

#include "model/record.h"

/* X(kind, name, scale, required). Identity first; `marker` is only set in a task's own record. */
#define LINE_ITEM_FIELDS(X)                                  \
    X(TEXT, line_item_id, 0, true)                           \
    X(TEXT, status, 0, true)                                 \
    X(LONG, revision, 0, true)                               \
    X(TEXT, billing_period, 0, false)                        \
    X(TIME, usage_start, 0, false)                           \
    X(TEXT, payer_account_id, 0, false)                      \
    X(TEXT, usage_account_id, 0, false)                      \
    X(TEXT, billing_entity, 0, false)                        \
    X(TEXT, line_item_type, 0, false)                        \
    X(TEXT, product_code, 0, false)                          \
    X(TEXT, service_code, 0, false)                          \
    X(TEXT, usage_type, 0, false)                            \
    X(TEXT, operation, 0, false)                             \
    X(TEXT, sku, 0, false)                                   \
    X(TEXT, region, 0, false)                                \
    X(TEXT, availability_zone, 0, false)                     \
    X(TEXT, resource_id, 0, false)                           \
    X(TEXT, unit, 0, false)                                  \
    X(TEXT, currency, 0, false)                              \
    X(DECIMAL, public_on_demand_rate, RATE_SCALE, false)     \
    X(LONG, billed_at_nothing, 0, false)                     \
    X(TEXT, reservation_arn, 0, false)                       \
    X(TEXT, savings_plan_arn, 0, false)                      \
    X(DECIMAL, savings_plan_rate, RATE_SCALE, false)         \
    X(DECIMAL, normalization_factor, QUANTITY_SCALE, false)  \
    X(TAGS, tags, 0, false)                                  \
    X(LONG, tier, 0, false)                                  \
    X(TEXT, custom_line_item, 0, false)                      \
    X(TEXT, reason, 0, false)                                \
    X(TEXT, billing_group, 0, false)                         \
    X(TIME, usage_end, 0, false)                             \
    X(SUM, usage_amount, QUANTITY_SCALE, false)              \
    X(LONG, usage_events, 0, false)                          \
    X(TEXT, base, 0, false)                                  \
    X(SUM, public_on_demand_cost, AMOUNT_SCALE, false)       \
    X(DECIMAL, public_rate, RATE_SCALE, false)               \
    X(DECIMAL, public_cost, AMOUNT_SCALE, false)             \
    X(DECIMAL, rate, PRICED_RATE_SCALE, false)               \
    X(DECIMAL, cost, COST_SCALE, false)                      \
    X(SUM, cost_delta, COST_SCALE, false)                    \
    X(SUM, billable_cost, AMOUNT_SCALE, false)               \
    X(SUM, unblended_cost, AMOUNT_SCALE, false)              \
    X(SUM, net_unblended_cost, AMOUNT_SCALE, false)          \
    X(SUM, reservation_effective_cost, AMOUNT_SCALE, false)  \
    X(SUM, savings_plan_effective_cost, AMOUNT_SCALE, false) \
    X(TEXT, pricing_plan, 0, false)                          \
    X(TEXT, pricing_rule, 0, false)                          \
    X(DECIMAL, modifier, MODIFIER_SCALE, false)              \
    X(LONG, conductor_version, 0, false)                     \
    X(TEXT, description, 0, false)                           \
    X(TEXT, marker, 0, false)

enum line_item_field {
#define X(kind, name, scale, required) LINE_ITEM_##name,
    LINE_ITEM_FIELDS(X)
#undef X
        LINE_ITEM_FIELD_COUNT
};

struct line_item {
    uint64_t present;
    LINE_ITEM_FIELDS(RECORD_MEMBER)
};

extern const struct record_type line_item_type;

enum line_item_status { STATUS_CHARGED, STATUS_LEFT_OUT, STATUS_UNMONITORED, STATUS_UNPRICED, STATUS_COUNT };

/* Why a row is UNPRICED; of usage that is UNMONITORED: that its month is before the document's. */
enum unpriced_reason {
    UNPRICED_NONE,
    UNPRICED_NO_PRICE,
    UNPRICED_TOO_LARGE,
    UNPRICED_CURRENCY,
    UNMONITORED_BEFORE_DOCUMENT,
    UNPRICED_REASON_COUNT
};

/* What a cost was made from (SEMANTICS 3.2). */
enum price_base {
    BASE_NONE,
    BASE_CUSTOM_TIERS,          /* the SKU rule's own rates */
    BASE_PRICE_LIST,            /* an entry of the price list */
    BASE_FREE_TIER,             /* nothing: AWS bills it at nothing, and the free tier is on */
    BASE_PUBLIC_ON_DEMAND_RATE, /* the event's own rate */
    BASE_PUBLIC_ON_DEMAND_COST, /* the event's own public cost */
    BASE_UNBLENDED_COST,        /* what AWS bills */
    BASE_FLAT,                  /* custom line item: its charge value */
    BASE_PERCENTAGE,            /* custom line item: a percentage of its base */
    BASE_COUNT
};

struct text line_item_status_text(enum line_item_status status);
/* The reason of a charged one without events: all usage of its row was taken back, and what it holds of its pool's cost is
 * held by other rows once the month closes. */
#define REASON_TAKEN_BACK "TAKEN_BACK"

struct text unpriced_reason_text(enum unpriced_reason reason);
struct text price_base_text(enum price_base base);

#define LINE_ITEM_ID_LETTERS 26
#define LINE_ITEM_TASK_LETTERS 3
/* Tasks of all kinds, a partition each: every one has a name of so many base32 letters. */
#define USAGE_TASKS_MAX 30000
#define TIER_TASKS_MAX 1000
#define BILL_TASKS_MAX 1000
_Static_assert(USAGE_TASKS_MAX + TIER_TASKS_MAX + BILL_TASKS_MAX <= 32 * 32 * 32, "tasks outnumber their names");

#endif
