/* cur/cur_rows.c: which figure of a line item goes under which column. */
#include "cur/cur_rows.h"

#include "codec/avro_encode.h"
#include "cur/cur_fold.h"
#include "model/calendar.h"

static void set_text(struct cur_row *row, enum cur_row_field field, struct text text)
{
    record_set_text(row, &cur_row_type, field, text);
}

static void copy(struct cur_row *row, enum cur_row_field to, const struct line_item *item, enum line_item_field from)
{
    const struct field *field = &line_item_type.fields[from];
    static const size_t sizes[] = {
        [FIELD_TEXT] = sizeof(struct text), [FIELD_DECIMAL] = sizeof(i128), [FIELD_SUM] = sizeof(struct sum),
        [FIELD_TIME] = sizeof(int64_t),     [FIELD_LONG] = sizeof(int64_t), [FIELD_TAGS] = sizeof(struct tags)
    };
    bool widened = field->kind == FIELD_DECIMAL && cur_row_type.fields[to].kind == FIELD_SUM;
    CHECK((widened || field->kind == cur_row_type.fields[to].kind) && field->scale == cur_row_type.fields[to].scale);
    if (!record_has(item, from))
        return;
    void *member = record_member(row, &cur_row_type.fields[to]);
    if (widened)
        *(struct sum *)member = sum_of(*(const i128 *)record_member_const(item, field));
    else
        memcpy(member, record_member_const(item, field), sizes[field->kind]);
    record_set(row, to);
}

static const struct {
    enum cur_row_field to;
    enum line_item_field from;
} copied[] = {
    { CUR_ROW_billing_group, LINE_ITEM_billing_group },
    { CUR_ROW_bill_billing_entity, LINE_ITEM_billing_entity },
    { CUR_ROW_bill_payer_account_id, LINE_ITEM_payer_account_id },
    { CUR_ROW_line_item_availability_zone, LINE_ITEM_availability_zone },
    { CUR_ROW_line_item_currency_code, LINE_ITEM_currency },
    { CUR_ROW_line_item_normalization_factor, LINE_ITEM_normalization_factor },
    { CUR_ROW_line_item_operation, LINE_ITEM_operation },
    { CUR_ROW_line_item_product_code, LINE_ITEM_product_code },
    { CUR_ROW_line_item_resource_id, LINE_ITEM_resource_id },
    { CUR_ROW_line_item_unblended_cost, LINE_ITEM_cost },
    { CUR_ROW_line_item_unblended_rate, LINE_ITEM_rate },
    { CUR_ROW_line_item_blended_cost, LINE_ITEM_cost },
    { CUR_ROW_line_item_blended_rate, LINE_ITEM_rate },
    { CUR_ROW_line_item_usage_account_id, LINE_ITEM_usage_account_id },
    { CUR_ROW_line_item_usage_amount, LINE_ITEM_usage_amount },
    { CUR_ROW_line_item_usage_start_date, LINE_ITEM_usage_start },
    { CUR_ROW_line_item_usage_type, LINE_ITEM_usage_type },
    { CUR_ROW_product_region_code, LINE_ITEM_region },
    { CUR_ROW_product_sku, LINE_ITEM_sku },
    { CUR_ROW_pricing_currency, LINE_ITEM_currency },
    { CUR_ROW_pricing_public_on_demand_cost, LINE_ITEM_public_cost },
    { CUR_ROW_pricing_public_on_demand_rate, LINE_ITEM_public_rate },
    { CUR_ROW_pricing_unit, LINE_ITEM_unit },
    { CUR_ROW_resource_tags, LINE_ITEM_tags },
    { CUR_ROW_custom_line_item, LINE_ITEM_custom_line_item },
    { CUR_ROW_tier, LINE_ITEM_tier },
    { CUR_ROW_modifier, LINE_ITEM_modifier },
};

/* Commitments are shown where they belong to the group: sharing ends at its border. */
static const struct {
    enum cur_row_field to;
    enum line_item_field from;
} of_commitment[] = {
    { CUR_ROW_reservation_effective_cost, LINE_ITEM_reservation_effective_cost },
    { CUR_ROW_reservation_reservation_a_r_n, LINE_ITEM_reservation_arn },
    { CUR_ROW_savings_plan_savings_plan_a_r_n, LINE_ITEM_savings_plan_arn },
    { CUR_ROW_savings_plan_savings_plan_effective_cost, LINE_ITEM_savings_plan_effective_cost },
    { CUR_ROW_savings_plan_savings_plan_rate, LINE_ITEM_savings_plan_rate },
};

static void set_interval(struct cur_row_builder *builder, const struct line_item *item, struct cur_row *row)
{
    row->line_item_usage_end_date = record_has(item, LINE_ITEM_usage_end) ? item->usage_end : item->usage_start;
    record_set(row, CUR_ROW_line_item_usage_end_date);
    buffer_clear(&builder->interval);
    cur_interval(item->usage_start, row->line_item_usage_end_date, &builder->interval);
    set_text(row, CUR_ROW_identity_time_interval, buffer_text(&builder->interval));
}

/* Free: AWS bills it at nothing, or it lies in an allowance or a first tier that costs nothing. */
static void set_free_tier(const struct line_item *item, struct cur_row *row)
{
    bool is_free = text_equal(item->base, price_base_text(BASE_FREE_TIER)) ||
                   (text_equal(item->base, price_base_text(BASE_PRICE_LIST)) && record_has(item, LINE_ITEM_tier) &&
                    record_has(item, LINE_ITEM_rate) && item->rate == 0 && item->public_rate == 0);
    if (!is_free && !record_has(item, LINE_ITEM_billed_at_nothing))
        return;
    row->free_tier = is_free;
    record_set(row, CUR_ROW_free_tier);
}

/* "EC2 t3.micro on-demand (+20%)", as AWS marks what a rule has changed. */
static void set_description(struct cur_row_builder *builder, const struct line_item *item, struct cur_row *row)
{
    char label[CUR_LABEL_MAX];
    buffer_clear(&builder->description);
    buffer_append_text(&builder->description, item->description);
    if (cur_label(row, label) > 0)
        buffer_printf(&builder->description, "%s%s", builder->description.size ? " " : "", label);
    set_text(row, CUR_ROW_line_item_line_item_description, buffer_text(&builder->description));
}

static void set_period(const struct line_item *item, struct cur_row *row)
{
    billing_period period;
    bool known = period_parse(item->billing_period, &period);
    CHECK(known);
    row->bill_billing_period_start_date = period_start(period);
    row->bill_billing_period_end_date = period_end(period);
    record_set(row, CUR_ROW_bill_billing_period_start_date);
    record_set(row, CUR_ROW_bill_billing_period_end_date);
}

void cur_row_of_line_item(struct cur_row_builder *builder, const struct line_item *item, bool shown_as_usage,
                          struct cur_row *row)
{
    *row = (struct cur_row){ 0 };
    for (size_t i = 0; i < ARRAY_COUNT(copied); i++)
        copy(row, copied[i].to, item, copied[i].from);
    for (size_t i = 0; i < ARRAY_COUNT(of_commitment) && !shown_as_usage; i++)
        copy(row, of_commitment[i].to, item, of_commitment[i].from);
    /* The CUR's id leaves the task out: the same row has the same id wherever it was priced. */
    struct text id = item->line_item_id;
    memcpy(builder->id, id.data + LINE_ITEM_TASK_LETTERS, id.size - LINE_ITEM_TASK_LETTERS);
    set_text(row, CUR_ROW_identity_line_item_id, (struct text){ builder->id, id.size - LINE_ITEM_TASK_LETTERS });
    set_text(row, CUR_ROW_bill_bill_type, TEXT("Anniversary"));
    set_text(row, CUR_ROW_line_item_line_item_type, shown_as_usage ? TEXT("Usage") : item->line_item_type);
    if (record_has(item, LINE_ITEM_rate))
        set_text(row, CUR_ROW_pricing_term, TEXT("OnDemand"));
    set_free_tier(item, row);
    set_interval(builder, item, row);
    set_description(builder, item, row);
    set_period(item, row);
    cur_row_normalize(row);
}

void cur_row_builder_done(struct cur_row_builder *builder)
{
    buffer_done(&builder->interval);
    buffer_done(&builder->description);
}

struct hash128 cur_row_hash(const struct cur_row *row, struct buffer *scratch)
{
    struct cur_row content = *row;
    content.present &= ~((uint64_t)1 << CUR_ROW_snapshot_id);
    content.snapshot_id = TEXT_NONE;
    buffer_clear(scratch);
    avro_encode(&cur_row_type, &content, scratch);
    return hash128(scratch->data, scratch->size);
}

void checksum_add(struct hash128 *checksum, struct hash128 part)
{
    checksum->low += part.low;
    checksum->high += part.high + (checksum->low < part.low);
}
