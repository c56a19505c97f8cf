/* rate/rule_match.c: one hash table of (plan, selector) for all plans; a look-up tries at most ten keys. */
#include "rate/rule_match.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/memory.h"

struct rule_slot {
    uint64_t hash;
    uint32_t plan, rule; /* rule + 1; 0 is free */
};

struct rule_index {
    const struct conductor *conductor;
    struct rule_slot *slots;
    size_t slot_count;
};

/* A selector as it stands in a rule; free-tier switches are told apart from prices. */
struct selector {
    enum rule_scope scope;
    bool free_tier;
    struct text service, usage_type, operation, billing_entity;
};

static uint64_t selector_hash(uint32_t plan, const struct selector *selector)
{
    uint64_t hash = hash_mix(plan, (uint64_t)selector->scope << 1 | selector->free_tier);
    hash = hash_mix(hash, hash64(selector->service.data, selector->service.size));
    hash = hash_mix(hash, hash64(selector->usage_type.data, selector->usage_type.size));
    hash = hash_mix(hash, hash64(selector->operation.data, selector->operation.size));
    return hash_mix(hash, hash64(selector->billing_entity.data, selector->billing_entity.size));
}

static struct selector selector_of(const struct pricing_rule *rule)
{
    return (struct selector){ rule->scope,      rule->sets_free_tier, rule->service,
                              rule->usage_type, rule->operation,      rule->billing_entity };
}

static bool selectors_equal(const struct selector *a, const struct selector *b)
{
    return a->scope == b->scope && a->free_tier == b->free_tier && text_equal(a->service, b->service) &&
           text_equal(a->usage_type, b->usage_type) && text_equal(a->operation, b->operation) &&
           text_equal(a->billing_entity, b->billing_entity);
}

static size_t find_slot(const struct rule_index *index, uint32_t plan, const struct selector *selector, uint64_t hash)
{
    size_t slot = (size_t)hash & (index->slot_count - 1);
    for (; index->slots[slot].rule != 0; slot = (slot + 1) & (index->slot_count - 1)) {
        const struct rule_slot *found = &index->slots[slot];
        if (found->hash != hash || found->plan != plan)
            continue;
        struct selector other = selector_of(&index->conductor->rules[found->rule - 1]);
        if (selectors_equal(selector, &other))
            break;
    }
    return slot;
}

struct rule_index *rule_index_new(const struct conductor *conductor)
{
    size_t rules = 0;
    for (size_t i = 0; i < conductor->plan_count; i++)
        rules += conductor->plans[i].rule_count;
    struct rule_index *index = memory_new(sizeof *index);
    index->conductor = conductor;
    index->slot_count = 16;
    while (index->slot_count < rules * 2)
        index->slot_count *= 2;
    index->slots = memory_new_array(index->slot_count, sizeof *index->slots);
    for (size_t p = 0; p < conductor->plan_count; p++) {
        for (uint32_t r = 0; r < conductor->plans[p].rule_count; r++) {
            uint32_t rule = conductor->plans[p].rules[r];
            struct selector selector = selector_of(&conductor->rules[rule]);
            uint64_t hash = selector_hash((uint32_t)p, &selector);
            index->slots[find_slot(index, (uint32_t)p, &selector, hash)] = (struct rule_slot){ hash, (uint32_t)p, rule + 1 };
        }
    }
    return index;
}

static uint32_t look_up(const struct rule_index *index, uint32_t plan, const struct selector *selector)
{
    size_t slot = find_slot(index, plan, selector, selector_hash(plan, selector));
    return index->slots[slot].rule == 0 ? RULE_NONE : index->slots[slot].rule - 1;
}

/* The rule of a selector: of its service code, else of its product. */
static uint32_t look_up_service(const struct rule_index *index, uint32_t plan, const struct meter *meter,
                                struct selector selector)
{
    selector.service = meter->service_code;
    uint32_t rule = selector.service.size ? look_up(index, plan, &selector) : RULE_NONE;
    if (rule != RULE_NONE)
        return rule;
    selector.service = meter->product_code;
    return look_up(index, plan, &selector);
}

uint32_t rule_match(const struct rule_index *index, uint32_t plan, const struct meter *meter)
{
    const struct selector of_service[] = {
        { .scope = SCOPE_SKU, .usage_type = meter->usage_type, .operation = meter->operation },
        { .scope = SCOPE_SKU, .usage_type = meter->usage_type },
        { .scope = SCOPE_SKU, .operation = meter->operation },
        { .scope = SCOPE_SERVICE },
    };
    const struct selector entity = { .scope = SCOPE_BILLING_ENTITY, .billing_entity = meter->billing_entity };
    const struct selector global = { .scope = SCOPE_GLOBAL };
    uint32_t rule = RULE_NONE;
    if (index->conductor->plans[plan].kind != PLAN_CUSTOM)
        return RULE_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(of_service) && rule == RULE_NONE; i++)
        rule = look_up_service(index, plan, meter, of_service[i]);
    if (rule == RULE_NONE)
        rule = look_up(index, plan, &entity);
    return rule != RULE_NONE ? rule : look_up(index, plan, &global);
}

bool rule_free_tier(const struct rule_index *index, uint32_t plan, const struct meter *meter)
{
    if (index->conductor->plans[plan].kind != PLAN_CUSTOM)
        return true;
    uint32_t rule = look_up_service(index, plan, meter, (struct selector){ .scope = SCOPE_SERVICE, .free_tier = true });
    if (rule == RULE_NONE)
        rule = look_up(index, plan, &(struct selector){ .scope = SCOPE_GLOBAL, .free_tier = true });
    return rule == RULE_NONE || index->conductor->rules[rule].free_tier_activated;
}

void rule_index_free(struct rule_index *index)
{
    if (!index)
        return;
    free(index->slots);
    free(index);
}
