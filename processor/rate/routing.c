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

static bool has_operation(const struct routing *routing, struct text service, struct text operation)
{
    for (size_t i = 0; i < routing->operation_count; i++)
        if (text_equal(routing->operations[i].service, service) && text_equal(routing->operations[i].operation, operation))
            return true;
    return false;
}

static void add_operation(struct routing *routing, struct text service, struct text operation)
{
    if (has_operation(routing, service, operation))
        return;
    routing->operations = memory_reserve_one(routing->operations, routing->operation_count, &routing->operation_capacity,
                                             sizeof *routing->operations);
    routing->operations[routing->operation_count++] = (struct routed_operation){ service, operation };
}

static void add_rule(struct routing *routing, const struct pricing_rule *rule)
{
    if (rule->custom.count == 0)
        return;
    if (rule->usage_type.size)
        add_usage_type(routing, rule->usage_type);
    else
        add_operation(routing, rule->service, rule->operation);
}

/* A rule that no plan has prices nothing. */
void routing_init(struct routing *routing, const struct conductor *conductor, const struct price_list *list)
{
    *routing = (struct routing){ 0 };
    add_entries(routing, list);
    for (size_t i = 0; i < conductor->plan_count; i++)
        for (uint32_t k = 0; k < conductor->plans[i].rule_count; k++)
            add_rule(routing, &conductor->rules[conductor->plans[i].rules[k]]);
}

void routing_keep_usage_type(struct routing *routing, struct text usage_type)
{
    add_usage_type(routing, usage_type);
}

void routing_keep_operation(struct routing *routing, struct text service, struct text operation)
{
    if (!has_operation(routing, service, operation))
        add_operation(routing, arena_copy(&routing->kept, service), arena_copy(&routing->kept, operation));
}

bool routing_is_tiered(const struct routing *routing, const struct meter *meter)
{
    if (intern_find(&routing->usage_types, meter->usage_type) != INTERN_NONE)
        return true;
    for (size_t i = 0; i < routing->operation_count; i++) {
        const struct routed_operation *routed = &routing->operations[i];
        if (text_equal(routed->operation, meter->operation) &&
            (text_equal(routed->service, meter->service_code) || text_equal(routed->service, meter->product_code)))
            return true;
    }
    return false;
}

struct text routing_family(const struct routing *routing, struct text usage_type)
{
    uint32_t number = intern_find(&routing->usage_types, usage_type);
    return number == INTERN_NONE ? usage_type : intern_text(&routing->usage_types, least_of(routing, number));
}

void routing_each_lost(const struct routing *before, const struct routing *after,
                       void (*visit)(void *context, struct text usage_type, struct text service, struct text operation),
                       void *context)
{
    for (size_t i = 0; i < before->usage_types.count; i++) {
        struct text usage_type = intern_text(&before->usage_types, (uint32_t)i);
        if (intern_find(&after->usage_types, usage_type) == INTERN_NONE)
            visit(context, usage_type, TEXT_NONE, TEXT_NONE);
    }
    for (size_t i = 0; i < before->operation_count; i++) {
        const struct routed_operation *routed = &before->operations[i];
        if (!has_operation(after, routed->service, routed->operation))
            visit(context, TEXT_NONE, routed->service, routed->operation);
    }
}

void routing_done(struct routing *routing)
{
    intern_done(&routing->usage_types);
    free(routing->parents);
    free(routing->operations);
    arena_done(&routing->kept);
    *routing = (struct routing){ 0 };
}
