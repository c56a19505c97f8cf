/* pipeline/line_items.c: fills the record, field by field, with its provenance. */
#include "pipeline/line_items.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/word.h"
#include "model/account.h"

void line_item_builder_init(struct line_item_builder *builder)
{
    *builder = (struct line_item_builder){ .tasks = { 0, 1, 2 }, .revision = 1 };
}

void line_item_builder_begin(struct line_item_builder *builder, const struct pricing *pricing, billing_period period)
{
    builder->pricing = pricing_of(pricing, period);
    if (builder->period == period && builder->period_text[0] != '\0')
        return;
    builder->period = period;
    period_format(period, builder->period_text);
}

/* Where each field is, and of what kind: known to the compiler, which sees the table of the model only when it runs. */
static const struct {
    uint16_t offset;
    uint8_t kind;
} places[] = {
#define X(kind, name, scale, required) { (uint16_t)offsetof(struct line_item, name), FIELD_##kind },
    LINE_ITEM_FIELDS(X)
#undef X
};

#define INLINE inline __attribute__((always_inline))

static INLINE void set(struct line_item *item, enum line_item_field field, const void *value, size_t size)
{
    memcpy((char *)item + places[field].offset, value, size);
    record_set(item, field);
}

static INLINE void set_text(struct line_item *item, enum line_item_field field, struct text text)
{
    CHECK(places[field].kind == FIELD_TEXT);
    if (text.size)
        set(item, field, &text, sizeof text);
}

static INLINE void set_long(struct line_item *item, enum line_item_field field, int64_t value)
{
    set(item, field, &value, sizeof value);
}

static INLINE void set_decimal(struct line_item *item, enum line_item_field field, i128 value)
{
    set(item, field, &value, sizeof value);
}

static INLINE void set_sum(struct line_item *item, enum line_item_field field, const struct sum *value)
{
    set(item, field, value, sizeof *value);
}

/* Three letters name the task, the others are 115 bits of the identity's hash. */
void line_item_task_letters(uint32_t task, char out[LINE_ITEM_TASK_LETTERS])
{
    hash_letters((struct hash128){ .high = (uint64_t)task << 49 }, LINE_ITEM_TASK_LETTERS, out);
}

static void set_id(struct line_item_builder *builder, enum task_kind kind, struct line_item *item)
{
    line_item_task_letters(builder->tasks[kind], builder->id);
    hash_letters(hash128(builder->identity.data, builder->identity.size), LINE_ITEM_ID_LETTERS - LINE_ITEM_TASK_LETTERS,
                 builder->id + LINE_ITEM_TASK_LETTERS);
    set_text(item, LINE_ITEM_line_item_id, (struct text){ builder->id, LINE_ITEM_ID_LETTERS });
}

#define IDENTITY_NUMBERS 4

static void put_identity(const struct row_identity *identity, uint32_t tier, struct buffer *out)
{
    buffer_clear(out);
    char *begin =
        buffer_reserve(out, IDENTITY_NUMBERS * sizeof(uint64_t) + identity->resource.size + 1 + identity->facts.size);
    char *at = word_put_big_endian(begin, (uint64_t)identity->period);
    at = word_put_big_endian(at, (uint64_t)identity->bucket_ms);
    at = word_put_big_endian(at, identity->account);
    at = word_put_big_endian(at, tier);
    at = text_copy(at, identity->resource);
    *at++ = '\0';
    at = text_copy(at, identity->facts);
    out->size = (size_t)(at - begin);
}

void line_item_identity_letters(const struct row_identity *identity, uint32_t tier, struct buffer *scratch,
                                char out[LINE_ITEM_ID_LETTERS - LINE_ITEM_TASK_LETTERS])
{
    put_identity(identity, tier, scratch);
    hash_letters(hash128(scratch->data, scratch->size), LINE_ITEM_ID_LETTERS - LINE_ITEM_TASK_LETTERS, out);
}

static void identify_slice(struct line_item_builder *builder, const struct row_view *row, uint32_t tier)
{
    struct row_identity identity = { row->period, row->bucket_ms, row->account, row->resource, row->facts };
    put_identity(&identity, tier, &builder->identity);
}

static void set_tags(struct line_item_builder *builder, const struct facts *facts, struct line_item *item)
{
    size_t count = facts_tags(facts, builder->tags, builder->tag_room);
    if (count > builder->tag_room) {
        builder->tag_room = count;
        builder->tags = memory_grow(builder->tags, count, sizeof *builder->tags);
        facts_tags(facts, builder->tags, count);
    }
    if (count == 0)
        return;
    item->tags = (struct tags){ builder->tags, count };
    record_set(item, LINE_ITEM_tags);
}

static void set_identity(struct line_item_builder *builder, const struct row_view *row, const struct facts *facts,
                         struct line_item *item)
{
    set_text(item, LINE_ITEM_payer_account_id, facts->payer);
    set_text(item, LINE_ITEM_billing_entity, facts->billing_entity);
    set_text(item, LINE_ITEM_line_item_type, facts->line_item_type);
    set_text(item, LINE_ITEM_product_code, facts->product_code);
    set_text(item, LINE_ITEM_service_code, facts->service_code);
    set_text(item, LINE_ITEM_usage_type, facts->usage_type);
    set_text(item, LINE_ITEM_operation, facts->operation);
    set_text(item, LINE_ITEM_sku, facts->sku);
    set_text(item, LINE_ITEM_region, facts->region);
    set_text(item, LINE_ITEM_availability_zone, facts->availability_zone);
    set_text(item, LINE_ITEM_unit, facts->unit);
    set_text(item, LINE_ITEM_reservation_arn, facts->reservation_arn);
    set_text(item, LINE_ITEM_savings_plan_arn, facts->savings_plan_arn);
    set_text(item, LINE_ITEM_resource_id, row->resource);
    set_text(item, LINE_ITEM_description, row->description);
    account_format(row->account, builder->account);
    set_text(item, LINE_ITEM_usage_account_id, (struct text){ builder->account, ACCOUNT_DIGITS });
    set_text(item, LINE_ITEM_billing_period, text_of(builder->period_text));
    set_long(item, LINE_ITEM_usage_start, row->bucket_ms);
    if (facts->has_own_rate)
        set_decimal(item, LINE_ITEM_public_on_demand_rate, facts->own_rate);
    if (facts->billed_at_nothing)
        set_long(item, LINE_ITEM_billed_at_nothing, 1);
    if (facts->has_savings_plan_rate)
        set_decimal(item, LINE_ITEM_savings_plan_rate, facts->savings_plan_rate);
    if (facts->has_normalization_factor)
        set_decimal(item, LINE_ITEM_normalization_factor, facts->normalization_factor);
    set_tags(builder, facts, item);
}

/* AWS's own costs of the row are told apart only where there is a net one: else the billable cost is the unblended one. */
static void set_billable(const struct facts *facts, struct line_item *item)
{
    bool has_net = facts_carry(facts, CARRIED_NET_UNBLENDED), has_gross = facts_carry(facts, CARRIED_UNBLENDED);
    if (has_net)
        set_sum(item, LINE_ITEM_billable_cost, &item->net_unblended_cost);
    else if (has_gross)
        set_sum(item, LINE_ITEM_billable_cost, &item->unblended_cost);
    if (!has_net)
        item->present &= ~((uint64_t)1 << LINE_ITEM_unblended_cost);
}

/*
 * What belongs to the row as a whole goes with its lowest slice. The others say 0: which costs a row carries is part of
 * its identity, and any one of its line items must tell it.
 */
static void set_row_values(const struct row_view *row, const struct facts *facts, bool is_lowest, struct line_item *item)
{
    static const struct sum nothing = { 0 };
    static const enum line_item_field fields[CARRIED_COUNT] = {
        [CARRIED_PUBLIC_COST] = LINE_ITEM_public_on_demand_cost,
        [CARRIED_UNBLENDED] = LINE_ITEM_unblended_cost,
        [CARRIED_NET_UNBLENDED] = LINE_ITEM_net_unblended_cost,
        [CARRIED_RESERVATION] = LINE_ITEM_reservation_effective_cost,
        [CARRIED_SAVINGS_PLAN] = LINE_ITEM_savings_plan_effective_cost,
    };
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        if (facts_carry(facts, i))
            set_sum(item, fields[i], is_lowest ? &row->values.costs[i] : &nothing);
    set_billable(facts, item);
    set_long(item, LINE_ITEM_usage_events, is_lowest ? (int64_t)row->values.usage_events : 0);
}

static void set_provenance(const struct line_item_builder *builder, const struct price *price, bool charged,
                           struct line_item *item)
{
    const struct conductor *conductor = builder->pricing->conductor;
    set_long(item, LINE_ITEM_conductor_version, conductor->version);
    set_long(item, LINE_ITEM_revision, builder->revision);
    if (price->group == GROUP_NONE)
        return;
    set_text(item, LINE_ITEM_billing_group, conductor->groups[price->group].id);
    if (!charged)
        return;
    set_text(item, LINE_ITEM_base, price_base_text(price->base));
    set_text(item, LINE_ITEM_pricing_plan, conductor->plans[price->plan].id);
    if (price->rule != RULE_NONE)
        set_text(item, LINE_ITEM_pricing_rule, conductor->rules[price->rule].id);
    if (price->has_modifier)
        set_decimal(item, LINE_ITEM_modifier, price->modifier);
}

static void set_slice(const struct priced_slice *slice, struct line_item *item)
{
    if (slice->tier)
        set_long(item, LINE_ITEM_tier, slice->tier);
    if (slice->has_public_rate)
        set_decimal(item, LINE_ITEM_public_rate, slice->public_rate);
    if (slice->has_rate)
        set_decimal(item, LINE_ITEM_rate, slice->rate);
    set_decimal(item, LINE_ITEM_public_cost, slice->public_cost);
    set_decimal(item, LINE_ITEM_cost, slice->cost);
    struct sum delta = sum_of(slice->cost);
    set_sum(item, LINE_ITEM_cost_delta, &delta);
}

/* What follows from the price; no identity. */
static void price_slice(const struct line_item_builder *builder, const struct row_view *row, const struct facts *facts,
                        const struct price *price, const struct rated_row *rated, const struct priced_slice *slice,
                        struct line_item *item)
{
    *item = (struct line_item){ 0 };
    set_text(item, LINE_ITEM_status, line_item_status_text(rated->status));
    set_text(item, LINE_ITEM_reason, unpriced_reason_text(rated->reason));
    set_text(item, LINE_ITEM_currency, facts->currency.size ? facts->currency : builder->pricing->conductor->currency);
    set_provenance(builder, price, rated->status == STATUS_CHARGED, item);
    set_slice(slice, item);
    struct sum amount = slice->has_quantity ? sum_of(slice->quantity) : row->values.amount;
    if (slice->has_quantity || row->values.has_amount)
        set_sum(item, LINE_ITEM_usage_amount, &amount);
}

uint64_t line_item_price_hash(const struct line_item *item)
{
    const uint64_t numbers_of = (uint64_t)1 << LINE_ITEM_tier | (uint64_t)1 << LINE_ITEM_modifier |
                                (uint64_t)1 << LINE_ITEM_public_rate | (uint64_t)1 << LINE_ITEM_rate |
                                (uint64_t)1 << LINE_ITEM_usage_amount;
    const struct text texts[] = { item->status, item->reason,       item->currency,    item->billing_group,
                                  item->base,   item->pricing_plan, item->pricing_rule };
    const i128 numbers[] = { item->tier,
                             item->modifier,
                             item->public_rate,
                             item->rate,
                             item->public_cost,
                             item->cost,
                             sum_modulo(&item->usage_amount) };
    uint64_t hash = hash_mix(item->present & numbers_of, (uint64_t)item->usage_amount.wraps);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        hash = hash_mix(hash, hash_short(texts[i].data, texts[i].size));
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        hash = hash_mix(hash_mix(hash, (uint64_t)numbers[i]), (uint64_t)(numbers[i] >> 64));
    return hash;
}

uint64_t line_item_price_hash_of_slice(const struct line_item_builder *builder, const struct row_view *row,
                                       const struct facts *facts, const struct price *price, const struct rated_row *rated,
                                       uint32_t index)
{
    struct line_item NOT_CLEARED item;
    price_slice(builder, row, facts, price, rated, &rated->slices[index], &item);
    return line_item_price_hash(&item);
}

void line_item_of_slice(struct line_item_builder *builder, const struct row_view *row, const struct facts *facts,
                        const struct price *price, const struct rated_row *rated, uint32_t index, struct line_item *item)
{
    const struct priced_slice *slice = &rated->slices[index];
    price_slice(builder, row, facts, price, rated, slice, item);
    identify_slice(builder, row, slice->tier);
    set_id(builder, price_is_tiered(price) ? TASK_TIER : TASK_USAGE, item);
    set_identity(builder, row, facts, item);
    if (row->values.usage_end_ms != USAGE_END_NONE)
        set_long(item, LINE_ITEM_usage_end, row->values.usage_end_ms);
    set_row_values(row, facts, index == 0, item);
}

static void describe_charge(struct line_item_builder *builder, const struct custom_line_item *custom,
                            const struct custom_charge *charge)
{
    buffer_clear(&builder->description);
    buffer_append_text(&builder->description, custom->description);
    if (charge->of_service.size)
        buffer_printf(&builder->description, " (%.*s, %.*s)", TEXT_ARGS(charge->of_service), TEXT_ARGS(charge->of_type));
}

static void identify_charge(struct line_item_builder *builder, const struct custom_line_item *custom,
                            const struct custom_charge *charge)
{
    struct buffer *identity = &builder->identity;
    buffer_clear(identity);
    buffer_printf(identity, "custom/%s/%llu", builder->period_text, (unsigned long long)charge->account);
    const struct text texts[] = { custom->id, charge->of_service, charge->of_type, charge->of_item };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        buffer_append_byte(identity, '\0');
        buffer_append_text(identity, texts[i]);
    }
}

void line_item_of_charge(struct line_item_builder *builder, const struct custom_charge *charge, struct line_item *item)
{
    const struct conductor *conductor = builder->pricing->conductor;
    const struct custom_line_item *custom = &conductor->custom_line_items[charge->item];
    const struct billing_group *group = &conductor->groups[custom->group];
    *item = (struct line_item){ 0 };
    identify_charge(builder, custom, charge);
    describe_charge(builder, custom, charge);
    set_id(builder, TASK_BILL, item);
    account_format(charge->account, builder->account);
    set_text(item, LINE_ITEM_status, line_item_status_text(charge->too_large ? STATUS_UNPRICED : STATUS_CHARGED));
    if (charge->too_large)
        set_text(item, LINE_ITEM_reason, unpriced_reason_text(UNPRICED_TOO_LARGE));
    set_text(item, LINE_ITEM_billing_period, text_of(builder->period_text));
    set_long(item, LINE_ITEM_usage_start, period_start(builder->period));
    set_long(item, LINE_ITEM_usage_end, period_end(builder->period));
    set_text(item, LINE_ITEM_payer_account_id, group->payer);
    set_text(item, LINE_ITEM_usage_account_id, (struct text){ builder->account, ACCOUNT_DIGITS });
    set_text(item, LINE_ITEM_billing_entity, TEXT("AWS"));
    set_text(item, LINE_ITEM_line_item_type, charge->type);
    set_text(item, LINE_ITEM_product_code, charge->service);
    set_text(item, LINE_ITEM_currency, conductor->currency);
    set_text(item, LINE_ITEM_custom_line_item, custom->id);
    set_text(item, LINE_ITEM_billing_group, group->id);
    set_text(item, LINE_ITEM_base, price_base_text(custom->is_percentage ? BASE_PERCENTAGE : BASE_FLAT));
    set_text(item, LINE_ITEM_pricing_plan, conductor->plans[group->plan].id);
    set_text(item, LINE_ITEM_description, buffer_text(&builder->description));
    set_long(item, LINE_ITEM_usage_events, 0);
    set_long(item, LINE_ITEM_conductor_version, conductor->version);
    set_long(item, LINE_ITEM_revision, builder->revision);
    set_decimal(item, LINE_ITEM_public_cost, 0);
    set_decimal(item, LINE_ITEM_cost, charge->cost);
    struct sum delta = sum_of(charge->cost);
    set_sum(item, LINE_ITEM_cost_delta, &delta);
}

void line_item_builder_done(struct line_item_builder *builder)
{
    buffer_done(&builder->identity);
    buffer_done(&builder->description);
    free(builder->tags);
    *builder = (struct line_item_builder){ 0 };
}
