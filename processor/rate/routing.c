/* rate/routing.c: a set of usage types, and the few rules that name none. */
#include "rate/routing.h"

#include <stdlib.h>

void routing_init(struct routing *routing, const struct conductor *conductor, const struct price_list *list)
{
    *routing = (struct routing){ .conductor = conductor };
    for (size_t i = 0; i < list->count; i++)
        if (list->entries[i].schedule.count > 1)
            intern_add(&routing->usage_types, list->entries[i].usage_type);
    for (size_t i = 0; i < conductor->rule_count; i++) {
        const struct pricing_rule *rule = &conductor->rules[i];
        if (rule->custom.count == 0)
            continue;
        if (rule->usage_type.size) {
            intern_add(&routing->usage_types, rule->usage_type);
            continue;
        }
        routing->operation_rules = memory_reserve_one(routing->operation_rules, routing->operation_rule_count,
                                                      &routing->operation_rule_capacity, sizeof *routing->operation_rules);
        routing->operation_rules[routing->operation_rule_count++] = (uint32_t)i;
    }
}

bool routing_is_tiered(const struct routing *routing, struct text service, struct text usage_type, struct text operation)
{
    if (intern_find(&routing->usage_types, usage_type) != INTERN_NONE)
        return true;
    for (size_t i = 0; i < routing->operation_rule_count; i++) {
        const struct pricing_rule *rule = &routing->conductor->rules[routing->operation_rules[i]];
        if (text_equal(rule->service, service) && text_equal(rule->operation, operation))
            return true;
    }
    return false;
}

void routing_done(struct routing *routing)
{
    intern_done(&routing->usage_types);
    free(routing->operation_rules);
    *routing = (struct routing){ 0 };
}
