/*
 * rate/routing.h: which usage runs through tiers and so is priced by a tier task (DESIGN 5). Pure.
 *
 * Every pool lives within one usage type, so tiered usage is sent to a tier partition by its usage type.
 */
#ifndef RATE_ROUTING_H
#define RATE_ROUTING_H

#include "base/intern.h"
#include "model/price_list.h"

struct routing {
    struct intern usage_types;           /* tiered in the price list, or by a rule that names them */
    const struct conductor *conductor;   /* for rules that name an operation only */
    uint32_t *operation_rules;
    size_t operation_rule_count, operation_rule_capacity;
};

void routing_init(struct routing *routing, const struct conductor *conductor, const struct price_list *list);
bool routing_is_tiered(const struct routing *routing, struct text service, struct text usage_type, struct text operation);
void routing_done(struct routing *routing);

#endif
