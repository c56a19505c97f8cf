/*
 * model/usage_event.h: a metered fact before pricing (SEMANTICS 6), and what makes one acceptable.
 */
#ifndef MODEL_USAGE_EVENT_H
#define MODEL_USAGE_EVENT_H

#include "model/correction.h"
#include "model/record.h"
#include "model/refusal.h"

/* X(kind, name, scale, required by the Avro schema) */
#define USAGE_EVENT_FIELDS(X)                                    \
    X(TEXT, event_id, 0, true)                                   \
    X(TEXT, payer_account_id, 0, false)                          \
    X(TEXT, usage_account_id, 0, true)                           \
    X(TEXT, billing_period, 0, false)                            \
    X(TEXT, billing_entity, 0, false)                            \
    X(TEXT, line_item_type, 0, false)                            \
    X(TEXT, product_code, 0, true)                               \
    X(TEXT, service_code, 0, false)                              \
    X(TEXT, usage_type, 0, false)                                \
    X(TEXT, operation, 0, false)                                 \
    X(TEXT, sku, 0, false)                                       \
    X(TEXT, region, 0, false)                                    \
    X(TEXT, availability_zone, 0, false)                         \
    X(TEXT, resource_id, 0, false)                               \
    X(TIME, usage_start, 0, true)                                \
    X(TIME, usage_end, 0, false)                                 \
    X(DECIMAL, usage_amount, QUANTITY_SCALE, false)              \
    X(TEXT, unit, 0, false)                                      \
    X(TEXT, currency, 0, false)                                  \
    X(DECIMAL, public_on_demand_rate, RATE_SCALE, false)         \
    X(DECIMAL, public_on_demand_cost, AMOUNT_SCALE, false)       \
    X(DECIMAL, unblended_cost, AMOUNT_SCALE, false)              \
    X(DECIMAL, net_unblended_cost, AMOUNT_SCALE, false)          \
    X(TEXT, reservation_arn, 0, false)                           \
    X(DECIMAL, reservation_effective_cost, AMOUNT_SCALE, false)  \
    X(TEXT, savings_plan_arn, 0, false)                          \
    X(DECIMAL, savings_plan_rate, RATE_SCALE, false)             \
    X(DECIMAL, savings_plan_effective_cost, AMOUNT_SCALE, false) \
    X(DECIMAL, normalization_factor, QUANTITY_SCALE, false)      \
    X(TEXT, description, 0, false)                               \
    X(TAGS, tags, 0, false)

enum usage_event_field {
#define X(kind, name, scale, required) USAGE_EVENT_##name,
    USAGE_EVENT_FIELDS(X)
#undef X
        USAGE_EVENT_FIELD_COUNT
};

struct usage_event {
    uint64_t present;
    USAGE_EVENT_FIELDS(RECORD_MEMBER)
    /* No fields of the record: */
    uint32_t excess_decimals;     /* numbers that were rounded to their scale */
    bool is_ascii;                /* all its texts but tags: the codec has seen that, and nobody need look again */
    struct correction correction; /* of its id; usage_event_accept sets it */
};

extern const struct record_type usage_event_type;

/* Amounts below this in size (10^14 at scale 20) fit a cost of scale 24. */
#define AMOUNT_INTEGER_DIGITS 14

enum excess_decimals { EXCESS_ROUND, EXCESS_REJECT };

/*
 * Sets a decimal field from text. Refuses BAD_NUMBER, NUMBER_TOO_LARGE, and EXCESS_DECIMALS where `excess` rejects.
 */
MUST_USE bool usage_event_set_decimal(struct usage_event *event, size_t field, struct text text, enum excess_decimals excess,
                                      struct refusal *refusal);

/* Sets a text or time field from text: encoding, zero bytes, time format. */
MUST_USE bool usage_event_set_text(struct usage_event *event, size_t field, struct text text, struct refusal *refusal);

/*
 * Completes (line_item_type Usage, billing_entity AWS) and checks a decoded event: every requirement of SEMANTICS 6,
 * texts from any codec included. After true every required field is there and every number within its bounds.
 */
MUST_USE bool usage_event_accept(struct usage_event *event, struct refusal *refusal);

/* The month of an accepted event: that of its invoice where it names one, else the month of its usage. */
billing_period usage_event_period(const struct usage_event *event);

/* Sorts tags in place by key and drops empty values. Refuses a key that comes twice. */
MUST_USE bool tags_normalize(struct tag *items, size_t *count, struct refusal *refusal);

/* By how much it changes the count of its row's events. */
static inline int64_t usage_event_count(const struct usage_event *event)
{
    return event->correction.is_one ? event->correction.events : 1;
}

/* The account of a commitment's ARN ("arn:aws:ec2:eu-west-1:123456789012:…"), empty if there is none. */
struct text arn_account(struct text arn);

#endif
