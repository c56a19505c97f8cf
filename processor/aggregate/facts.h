/*
 * aggregate/facts.h: what makes a row a row, besides its bucket, account and resource (SEMANTICS 3.3).
 *
 * Facts are held as one run of bytes whose byte order is the canonical order of rows: texts end in a zero byte (no
 * text holds one), numbers are big-endian with their sign flipped. Equal facts are equal bytes.
 *
 *   payer 0 billing_entity 0 line_item_type 0 product_code 0 service_code 0 usage_type 0 operation 0 sku 0 region 0
 *   availability_zone 0 unit 0 currency 0 [own public rate] carried reservation_arn 0 savings_plan_arn 0
 *   [savings plan rate] [normalization factor] (tag key 0 tag value 0)*
 *
 * carried: a bit for each own cost, then one for usage that AWS does not bill at nothing.
 *
 * [number]: one byte 0 if absent, else 1 and 16 bytes.
 */
#ifndef AGGREGATE_FACTS_H
#define AGGREGATE_FACTS_H

#include "base/buffer.h"
#include "model/usage_event.h"

/* Own costs that a row carries: a fact of its own, since a missing cost and a cost of 0 are two things. */
enum carried_cost {
    CARRIED_PUBLIC_COST,
    CARRIED_UNBLENDED,
    CARRIED_NET_UNBLENDED,
    CARRIED_RESERVATION,
    CARRIED_SAVINGS_PLAN,
    CARRIED_COUNT
};

struct facts {
    struct text payer, billing_entity, line_item_type, product_code, service_code, usage_type, operation, sku, region,
        availability_zone, unit, currency, reservation_arn, savings_plan_arn;
    bool has_own_rate, has_savings_plan_rate, has_normalization_factor;
    bool billed_at_nothing; /* AWS takes nothing for it though it has a public price */
    uint8_t carried;        /* bits of enum carried_cost */
    i128 own_rate, savings_plan_rate, normalization_factor;
    struct text tag_bytes; /* key 0 value 0 … */
};

/* Appends the event's facts to `out`. */
void facts_encode(const struct usage_event *event, struct buffer *out);
/* The same into room for facts_bound(event) bytes; returns how many it took. */
size_t facts_bound(const struct usage_event *event);
size_t facts_write(const struct usage_event *event, char *room);

/* Takes facts apart; texts borrow from `bytes`. Bytes come from facts_encode or a checked page: a malformed run breaks
 * an invariant. */
void facts_decode(struct text bytes, struct facts *facts);

/* Bits of enum carried_cost, of facts that facts_decode takes. */
uint8_t facts_carried(struct text bytes);

/* True if `bytes` is what facts_encode could have written: for pages read back from disk. */
bool facts_are_valid(struct text bytes);

/* The tags as an array in `items` (room for `room`); returns their number. */
size_t facts_tags(const struct facts *facts, struct tag *items, size_t room);
size_t facts_tag_count(const struct facts *facts);

static inline bool facts_carry(const struct facts *facts, enum carried_cost cost)
{
    return (facts->carried >> cost) & 1;
}

/* The service whose price list has the usage: its own service code before its product. */
static inline struct text facts_service(const struct facts *facts)
{
    return facts->service_code.size ? facts->service_code : facts->product_code;
}

#endif
