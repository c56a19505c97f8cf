/*
 * documents/conductor_hash.c: the canonical hash of a document's content.
 *
 * Every entity becomes a run of bytes: each text with its size before it, numbers in 16 bytes, low byte first,
 * references as ids. The hashes of a section's entities are sorted, then hashed: the order of arrays does not matter.
 */
#include <stdlib.h>

#include "documents/conductor_json.h"

static void put_number(struct buffer *out, i128 value)
{
    u128 bits = (u128)value;
    for (unsigned i = 0; i < 16; i++)
        buffer_append_byte(out, (char)(unsigned char)(bits >> (8 * i)));
}

static void put_text(struct buffer *out, struct text text)
{
    put_number(out, (i128)text.size);
    buffer_append_text(out, text);
}

static int compare_hashes(const void *left, const void *right)
{
    const struct hash128 *a = left, *b = right;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

static void put_hash(struct buffer *out, struct hash128 hash)
{
    put_number(out, (i128)((u128)hash.high << 64 | hash.low));
}

/* Consumes the hashes. */
static void put_sorted(struct buffer *out, struct hash128 *hashes, size_t count)
{
    if (count)
        qsort(hashes, count, sizeof *hashes, compare_hashes);
    put_number(out, (i128)count);
    for (size_t i = 0; i < count; i++)
        put_hash(out, hashes[i]);
    free(hashes);
}

static void put_group(struct buffer *out, const struct conductor *conductor, size_t index)
{
    const struct billing_group *group = &conductor->groups[index];
    put_text(out, group->id);
    put_text(out, group->name);
    put_text(out, group->primary_account);
    put_text(out, group->payer);
    put_text(out, conductor->plans[group->plan].id);
    put_number(out, group->status);
    put_number(out, group->is_transfer);
    put_number(out, group->auto_associate);
}

/* Managed plans have no content of their own: the groups name them. */
static void put_plan(struct buffer *out, const struct conductor *conductor, size_t index)
{
    const struct pricing_plan *plan = &conductor->plans[index];
    if (plan->kind != PLAN_CUSTOM)
        return;
    put_text(out, plan->id);
    put_text(out, plan->name);
    struct hash128 *rules = memory_new_array(plan->rule_count, sizeof *rules);
    for (uint32_t i = 0; i < plan->rule_count; i++) {
        struct text id = conductor->rules[plan->rules[i]].id;
        rules[i] = hash128(id.data, id.size);
    }
    put_sorted(out, rules, plan->rule_count);
}

static void put_rule(struct buffer *out, const struct conductor *conductor, size_t index)
{
    const struct pricing_rule *rule = &conductor->rules[index];
    put_text(out, rule->id);
    put_text(out, rule->name);
    put_text(out, rule->service);
    put_text(out, rule->usage_type);
    put_text(out, rule->operation);
    put_text(out, rule->billing_entity);
    put_number(out, rule->scope);
    put_number(out, rule->type);
    put_number(out, rule->modifier);
    put_number(out, rule->sets_free_tier);
    put_number(out, rule->free_tier_activated);
    put_number(out, rule->custom.count);
    for (uint32_t i = 0; i < rule->custom.count; i++) {
        put_number(out, rule->custom.tiers[i].begin);
        put_number(out, rule->custom.tiers[i].end);
        put_number(out, rule->custom.tiers[i].rate);
    }
}

static void put_item(struct buffer *out, const struct conductor *conductor, size_t index)
{
    const struct custom_line_item *item = &conductor->custom_line_items[index];
    put_text(out, item->id);
    put_text(out, item->name);
    put_text(out, item->description);
    put_text(out, conductor->groups[item->group].id);
    put_text(out, item->account);
    put_text(out, item->service);
    put_text(out, item->filter_service);
    put_number(out, item->is_credit);
    put_number(out, item->is_percentage);
    put_number(out, item->is_itemized);
    put_number(out, item->value);
    put_number(out, item->filter);
    put_number(out, item->start);
    put_number(out, item->end);
    put_number(out, item->own_period_only);
    put_number(out, item->of_group);
    struct hash128 *flat_items = memory_new_array(item->flat_item_count, sizeof *flat_items);
    for (uint32_t i = 0; i < item->flat_item_count; i++) {
        struct text id = conductor->custom_line_items[item->flat_items[i]].id;
        flat_items[i] = hash128(id.data, id.size);
    }
    put_sorted(out, flat_items, item->flat_item_count);
}

static void put_account(struct buffer *out, const struct conductor *conductor, size_t index)
{
    const struct linked_account *account = &conductor->accounts[index];
    put_number(out, account->account);
    put_text(out, account->group == GROUP_NONE ? TEXT_NONE : conductor->groups[account->group].id);
}

static void put_section(struct buffer *out, const struct conductor *conductor, size_t count,
                        void (*put)(struct buffer *, const struct conductor *, size_t))
{
    struct hash128 *hashes = memory_new_array(count, sizeof *hashes);
    struct buffer entity = { 0 };
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        buffer_clear(&entity);
        put(&entity, conductor, i);
        if (entity.size)
            hashes[used++] = hash128(entity.data, entity.size);
    }
    buffer_done(&entity);
    put_sorted(out, hashes, used);
}

struct hash128 conductor_hash(const struct conductor *conductor)
{
    struct buffer content = { 0 };
    put_number(&content, conductor->period);
    put_text(&content, conductor->currency);
    put_section(&content, conductor, conductor->group_count, put_group);
    put_section(&content, conductor, conductor->plan_count, put_plan);
    put_section(&content, conductor, conductor->rule_count, put_rule);
    put_section(&content, conductor, conductor->custom_line_item_count, put_item);
    put_section(&content, conductor, conductor->account_count, put_account);
    struct hash128 hash = hash128(content.data, content.size);
    buffer_done(&content);
    return hash;
}
