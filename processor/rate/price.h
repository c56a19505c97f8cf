/*
 * rate/price.h: how a meter is priced for a group: status, base, rule, schedule, pool (SEMANTICS 3.1, 3.2).
 *
 * A price depends on the document version, the group and the row's facts, not on its quantity: it is resolved once and
 * kept. Pure. Thread: any number of readers of one `struct pricing`.
 */
#ifndef RATE_PRICE_H
#define RATE_PRICE_H

#include "aggregate/facts.h"
#include "model/line_item.h"
#include "model/price_list.h"
#include "rate/rule_match.h"

#define WHOLE_PERCENT 10000 /* 100 % at MODIFIER_SCALE */

/*
 * A document ready to price with, in the months from its own on. Borrows the document and the list. Earlier months are
 * priced by `earlier` (borrowed, NULL: none is); together they are what `version` of all documents says.
 */
struct pricing {
    const struct conductor *conductor;
    const struct price_list *list;
    struct rule_index *rules;
    const struct pricing *earlier;
    int64_t version;
};

void pricing_init(struct pricing *pricing, const struct conductor *conductor, const struct price_list *list);
void pricing_done(struct pricing *pricing);

/* The one that prices a month. */
static inline const struct pricing *pricing_of(const struct pricing *pricing, billing_period period)
{
    while (pricing->earlier && period < pricing->conductor->period)
        pricing = pricing->earlier;
    return pricing;
}

/* A rate is charged per unit, an amount is taken over. */
enum price_kind { PRICE_NOTHING, PRICE_RATE, PRICE_AMOUNT };

struct price {
    enum line_item_status status;
    enum unpriced_reason reason;
    enum price_kind kind;
    enum price_base base;
    uint32_t group, plan; /* GROUP_NONE, plan then unset */
    uint32_t rule;        /* RULE_NONE */
    i128 modifier;        /* percent, MODIFIER_SCALE; 0 without a rule */
    bool has_modifier;    /* the rule carries one */
    bool free_tier;
    enum carried_cost amount; /* PRICE_AMOUNT: which own cost */
    bool has_own_rate;
    struct tier own_tier;             /* the event's own rate as a schedule of one tier */
    const struct schedule *charged;   /* PRICE_RATE; NULL: own_tier */
    const struct schedule *published; /* for public_cost; NULL: own rate or own cost */
    uint32_t entry;                   /* of the price list that the pool belongs to, or ENTRY_NONE */
    const struct price_list *list;    /* where `allowances` are */
    billing_period period;
    const uint32_t *allowances; /* that come before the charged schedule's tiers, in cost and public cost */
    uint32_t allowance_count;
    bool shown_as_usage; /* covered by a commitment of somebody else */
    bool counts_as_tax;  /* beside the margin, on neither side */
    bool untiered;       /* own rate, though the price list has tiers for the meter */
    bool ambiguous;      /* not by the price list: its entries for the meter have several prices */
    bool in_sums;        /* false: another currency */
};

/* Resolves the price of facts in a group (GROUP_NONE: unmonitored). `assign` says who owns a commitment. */
void price_resolve(const struct pricing *pricing, uint32_t group, billing_period period, const struct facts *facts,
                   struct price *price);

/* The schedule that is charged, for PRICE_RATE. */
struct schedule price_schedule(const struct price *price);

/* Range of the allowance that is tier `index` + 1 of the price. */
static inline struct tier price_allowance(const struct price *price, uint32_t index)
{
    return price_list_allowance(price->list, price->allowances[index], price->period);
}

/*
 * Whether rows of this price share a pool whose position matters. Custom tiers always do, also a single one: of two meters
 * under one rule the other may have published tiers, whose public cost depends on where the pool stands.
 */
static inline bool price_is_tiered(const struct price *price)
{
    return price->base == BASE_CUSTOM_TIERS ||
           (price->base == BASE_PRICE_LIST && (price->charged->count > 1 || price->allowance_count > 0));
}

/*
 * The pool's name: equal names share a position. For tiered prices. Made of ids, not of places in a document: it means the
 * same wherever the document is read again.
 */
void price_pool_key(const struct pricing *pricing, const struct price *price, const struct facts *facts, struct buffer *out);

/* A pool that takes part in allowances, told from its name. */
struct joined_pool {
    struct text group, sku, usage_type; /* borrowed from the name */
    i128 modifier;
    const uint32_t *allowances; /* numbers in the price list, as of its price */
    uint32_t allowance_count;
    i128 highest_rate; /* of its entry, modified; PRICED_RATE_SCALE */
};

/* False: it takes part in none. */
bool price_pool_is_joined(const struct pricing *pricing, struct text key, billing_period period, struct joined_pool *ret);

/* The type under which bills and CUR show a row. */
static inline struct text price_shown_type(const struct price *price, const struct facts *facts)
{
    return price->shown_as_usage ? TEXT("Usage") : facts->line_item_type;
}

#endif
