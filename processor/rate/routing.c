/* rate/routing.c: a set of usage types in families, and the few rules that name none. */
#include "rate/routing.h"

#include <stdlib.h>

static uint32_t add_usage_type(struct routing *routing, struct text usage_type)
{
    size_t before = routing->usage_types.count;
    uint32_t number = intern_add(&routing->usage_types, usage_type);
    if (routing->usage_types.count > before) {
        routing->parents = memory_reserve_one(routing->parents, before, &routing->parent_capacity, sizeof *routing->parents);
        routing->parents[number] = number;
    }
    return number;
}

static uint32_t least_of(const struct routing *routing, uint32_t number)
{
    while (routing->parents[number] != number)
        number = routing->parents[number];
    return number;
}

/* Halves the way to the least for the next one. */
static uint32_t find_least(struct routing *routing, uint32_t number)
{
    for (; routing->parents[number] != number; number = routing->parents[number])
        routing->parents[number] = routing->parents[routing->parents[number]];
    return number;
}

static void unite(struct routing *routing, uint32_t a, uint32_t b)
{
    a = find_least(routing, a);
    b = find_least(routing, b);
    bool is_less = text_compare(intern_text(&routing->usage_types, a), intern_text(&routing->usage_types, b)) < 0;
    routing->parents[is_less ? b : a] = is_less ? a : b;
}

/* Tiered usage types, and families of those that an allowance is for. */
static void add_entries(struct routing *routing, const struct price_list *list)
{
    uint32_t *first = memory_new_array(list->allowance_count, sizeof *first); /* usage type + 1 by allowance */
    for (size_t i = 0; i < list->count; i++) {
        const struct price_list_entry *entry = &list->entries[i];
        if (price_list_entry_is_allowance(entry) || (entry->schedule.count == 1 && entry->allowance_count == 0))
            continue;
        uint32_t number = add_usage_type(routing, entry->usage_type);
        for (uint32_t a = 0; a < entry->allowance_count; a++) {
            uint32_t *member = &first[entry->allowances[a]];
            if (*member > 0)
                unite(routing, *member - 1, number);
            *member = number + 1;
        }
    }
    free(first);
}

static bool has_operation_rule(const struct routing *routing, uint32_t rule)
{
    for (size_t i = 0; i < routing->operation_rule_count; i++)
        if (routing->operation_rules[i] == rule)
            return true;
    return false;
}

static void add_rule(struct routing *routing, uint32_t number)
{
    const struct pricing_rule *rule = &routing->conductor->rules[number];
    if (rule->custom.count == 0)
        return;
    if (rule->usage_type.size) {
        add_usage_type(routing, rule->usage_type);
        return;
    }
    if (has_operation_rule(routing, number))
        return;
    routing->operation_rules = memory_reserve_one(routing->operation_rules, routing->operation_rule_count,
                                                  &routing->operation_rule_capacity, sizeof *routing->operation_rules);
    routing->operation_rules[routing->operation_rule_count++] = number;
}

/* A rule that no plan has prices nothing. */
void routing_init(struct routing *routing, const struct conductor *conductor, const struct price_list *list)
{
    *routing = (struct routing){ .conductor = conductor };
    add_entries(routing, list);
    for (size_t i = 0; i < conductor->plan_count; i++)
        for (uint32_t k = 0; k < conductor->plans[i].rule_count; k++)
            add_rule(routing, conductor->plans[i].rules[k]);
}

bool routing_is_tiered(const struct routing *routing, const struct usage_event *event)
{
    if (intern_find(&routing->usage_types, event->usage_type) != INTERN_NONE)
        return true;
    for (size_t i = 0; i < routing->operation_rule_count; i++) {
        const struct pricing_rule *rule = &routing->conductor->rules[routing->operation_rules[i]];
        if (text_equal(rule->operation, event->operation) &&
            (text_equal(rule->service, event->service_code) || text_equal(rule->service, event->product_code)))
            return true;
    }
    return false;
}

struct text routing_family(const struct routing *routing, struct text usage_type)
{
    uint32_t number = intern_find(&routing->usage_types, usage_type);
    return number == INTERN_NONE ? usage_type : intern_text(&routing->usage_types, least_of(routing, number));
}

static bool usage_types_within(const struct routing *a, const struct routing *b, struct text *meter)
{
    for (size_t i = 0; i < a->usage_types.count; i++) {
        *meter = intern_text(&a->usage_types, (uint32_t)i);
        if (intern_find(&b->usage_types, *meter) == INTERN_NONE ||
            !text_equal(routing_family(a, *meter), routing_family(b, *meter)))
            return false;
    }
    return true;
}

static bool operations_within(const struct routing *a, const struct routing *b, struct text *meter)
{
    for (size_t i = 0; i < a->operation_rule_count; i++) {
        const struct pricing_rule *rule = &a->conductor->rules[a->operation_rules[i]];
        bool found = false;
        *meter = rule->operation;
        for (size_t k = 0; k < b->operation_rule_count && !found; k++) {
            const struct pricing_rule *other = &b->conductor->rules[b->operation_rules[k]];
            found = text_equal(rule->operation, other->operation) && text_equal(rule->service, other->service);
        }
        if (!found)
            return false;
    }
    return true;
}

bool routing_equal(const struct routing *a, const struct routing *b, struct text *meter)
{
    return usage_types_within(a, b, meter) && usage_types_within(b, a, meter) && operations_within(a, b, meter) &&
           operations_within(b, a, meter);
}

void routing_done(struct routing *routing)
{
    intern_done(&routing->usage_types);
    free(routing->parents);
    free(routing->operation_rules);
    *routing = (struct routing){ 0 };
}
