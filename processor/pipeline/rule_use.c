/* pipeline/rule_use.c: a flag a rule, and the services that came. */
#include "pipeline/rule_use.h"

#include <stdlib.h>

static struct text lower_of(struct name_set *set, struct text name)
{
    buffer_clear(&set->scratch);
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        buffer_append_byte(&set->scratch, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    return buffer_text(&set->scratch);
}

void name_set_add(struct name_set *set, struct text name)
{
    size_t known = set->names.count;
    uint32_t number = intern_add(&set->names, name);
    if (set->names.count == known)
        return;
    size_t spellings = set->lower.count;
    uint32_t lower = intern_add(&set->lower, lower_of(set, name));
    if (set->lower.count == spellings)
        return;
    set->spelled = memory_reserve_one(set->spelled, lower, &set->spelled_capacity, sizeof *set->spelled);
    set->spelled[lower] = number;
}

bool name_set_has(const struct name_set *set, struct text name)
{
    return intern_find(&set->names, name) != INTERN_NONE;
}

struct text name_set_like(struct name_set *set, struct text name)
{
    uint32_t lower = name_set_has(set, name) ? INTERN_NONE : intern_find(&set->lower, lower_of(set, name));
    return lower == INTERN_NONE ? TEXT_NONE : intern_text(&set->names, set->spelled[lower]);
}

void name_set_done(struct name_set *set)
{
    intern_done(&set->names);
    intern_done(&set->lower);
    free(set->spelled);
    buffer_done(&set->scratch);
    *set = (struct name_set){ 0 };
}

void rule_use_begin(struct rule_use *use, const struct conductor *conductor)
{
    *use = (struct rule_use){ .conductor = conductor,
                              .matched = memory_new_array(conductor->rule_count, sizeof *use->matched) };
}

static void note_service(struct rule_use *use, struct text service, struct text *last)
{
    if (service.size == 0 || text_equal(service, *last))
        return;
    name_set_add(&use->services, service);
    *last = intern_text(&use->services.names, intern_find(&use->services.names, service));
}

void rule_use_note(struct rule_use *use, const struct line_item *item, const struct price *price)
{
    if (!price)
        return;
    if (price->rule != RULE_NONE)
        use->matched[price->rule] = true;
    note_service(use, item->product_code, &use->last_product);
    note_service(use, item->service_code, &use->last_code);
}

/* Rules of plans that price somebody's usage. */
static bool *rules_in_use(const struct conductor *conductor)
{
    bool *in_use = memory_new_array(conductor->rule_count, sizeof *in_use);
    for (size_t g = 0; g < conductor->group_count; g++) {
        const struct billing_group *group = &conductor->groups[g];
        const struct pricing_plan *plan = &conductor->plans[group->plan];
        for (uint32_t r = 0; r < plan->rule_count && group->status != GROUP_PENDING; r++)
            in_use[plan->rules[r]] = true;
    }
    return in_use;
}

static bool is_matched(const struct rule_use *use, size_t index)
{
    const struct pricing_rule *rule = &use->conductor->rules[index];
    if (!rule->sets_free_tier)
        return use->matched[index];
    return rule->service.size == 0 || name_set_has(&use->services, rule->service);
}

struct unmatched_rule *rule_use_unmatched(struct rule_use *use, struct arena *arena, size_t *ret_count)
{
    const struct conductor *conductor = use->conductor;
    bool *in_use = rules_in_use(conductor);
    size_t count = 0;
    for (size_t i = 0; i < conductor->rule_count; i++)
        count += in_use[i] && !is_matched(use, i);
    struct unmatched_rule *found = arena_take(arena, (count + 1) * sizeof *found, _Alignof(struct unmatched_rule));
    *ret_count = 0;
    for (size_t i = 0; i < conductor->rule_count; i++)
        if (in_use[i] && !is_matched(use, i))
            found[(*ret_count)++] =
                (struct unmatched_rule){ (uint32_t)i,
                                         arena_copy(arena, name_set_like(&use->services, conductor->rules[i].service)) };
    free(in_use);
    return found;
}

void rule_use_done(struct rule_use *use)
{
    free(use->matched);
    name_set_done(&use->services);
    *use = (struct rule_use){ 0 };
}
