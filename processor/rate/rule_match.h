/*
 * rate/rule_match.h: the rule of a plan that prices a meter: SKU > SERVICE > BILLING_ENTITY > GLOBAL (SEMANTICS 3.2).
 *
 * Pure. An index is built once per document and never changes. Thread: any.
 */
#ifndef RATE_RULE_MATCH_H
#define RATE_RULE_MATCH_H

#include "model/conductor.h"

struct rule_index;

/* What of a row selects a rule. Its service is its service code, where it has one, before its product. */
struct meter {
    struct text product_code, usage_type, operation, billing_entity, service_code;
};

struct rule_index *rule_index_new(const struct conductor *conductor);

/* Index of the one rule with a modifier or own tiers; RULE_NONE: public price. Rules never stack. */
uint32_t rule_match(const struct rule_index *index, uint32_t plan, const struct meter *meter);

/* Whether the free tier counts: the SERVICE switch, else the GLOBAL one, else yes. */
bool rule_free_tier(const struct rule_index *index, uint32_t plan, const struct meter *meter);

void rule_index_free(struct rule_index *index);

#endif
