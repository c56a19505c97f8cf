/*
 * rate/routing.h: which usage runs through tiers and so is priced by a tier task, and by which (SEMANTICS 5). Pure.
 *
 * Every pool lives within one usage type, and an allowance within a family of them: tiered usage is sent to a tier
 * partition by its family.
 */
#ifndef RATE_ROUTING_H
#define RATE_ROUTING_H

#include "base/intern.h"
#include "model/price_list.h"
#include "model/usage_event.h"

struct routing {
    struct intern usage_types; /* tiered in the price list, or by a rule that names them */
    uint32_t *parents;         /* of each usage type: another of its family, of its least its own */
    size_t parent_capacity;
    const struct conductor *conductor; /* for rules that name an operation only */
    uint32_t *operation_rules;
    size_t operation_rule_count, operation_rule_capacity;
};

void routing_init(struct routing *routing, const struct conductor *conductor, const struct price_list *list);
bool routing_is_tiered(const struct routing *routing, const struct usage_event *event);
/* The least of the usage types that one allowance joins with this one, directly or by others; else the usage type itself. */
struct text routing_family(const struct routing *routing, struct text usage_type);
/* Whether both send all usage the same way; *meter: one that they do not. Borrowed. */
MUST_USE bool routing_equal(const struct routing *a, const struct routing *b, struct text *meter);
void routing_done(struct routing *routing);

#endif
