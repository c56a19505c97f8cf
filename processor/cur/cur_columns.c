/* cur/cur_columns.c: CSV with every digit of every figure. */
#include "cur/cur_columns.h"

const struct cur_column cur_columns[] = {
    { "identity", "LineItemId", CUR_ROW_identity_line_item_id },
    { "identity", "TimeInterval", CUR_ROW_identity_time_interval },
    { "bill", "BillType", CUR_ROW_bill_bill_type },
    { "bill", "BillingEntity", CUR_ROW_bill_billing_entity },
    { "bill", "BillingPeriodEndDate", CUR_ROW_bill_billing_period_end_date },
    { "bill", "BillingPeriodStartDate", CUR_ROW_bill_billing_period_start_date },
    { "bill", "InvoiceId", CUR_COLUMN_EMPTY }, /* never filled in a pro forma report */
    { "bill", "PayerAccountId", CUR_ROW_bill_payer_account_id },
    { "lineItem", "AvailabilityZone", CUR_ROW_line_item_availability_zone },
    { "lineItem", "BlendedCost", CUR_ROW_line_item_blended_cost },
    { "lineItem", "BlendedRate", CUR_ROW_line_item_blended_rate },
    { "lineItem", "CurrencyCode", CUR_ROW_line_item_currency_code },
    { "lineItem", "LineItemDescription", CUR_ROW_line_item_line_item_description },
    { "lineItem", "LineItemType", CUR_ROW_line_item_line_item_type },
    { "lineItem", "NormalizationFactor", CUR_ROW_line_item_normalization_factor },
    { "lineItem", "NormalizedUsageAmount", CUR_ROW_line_item_normalized_usage_amount },
    { "lineItem", "Operation", CUR_ROW_line_item_operation },
    { "lineItem", "ProductCode", CUR_ROW_line_item_product_code },
    { "lineItem", "ResourceId", CUR_ROW_line_item_resource_id },
    { "lineItem", "UnblendedCost", CUR_ROW_line_item_unblended_cost },
    { "lineItem", "UnblendedRate", CUR_ROW_line_item_unblended_rate },
    { "lineItem", "UsageAccountId", CUR_ROW_line_item_usage_account_id },
    { "lineItem", "UsageAmount", CUR_ROW_line_item_usage_amount },
    { "lineItem", "UsageEndDate", CUR_ROW_line_item_usage_end_date },
    { "lineItem", "UsageStartDate", CUR_ROW_line_item_usage_start_date },
    { "lineItem", "UsageType", CUR_ROW_line_item_usage_type },
    { "product", "regionCode", CUR_ROW_product_region_code },
    { "product", "sku", CUR_ROW_product_sku },
    { "pricing", "currency", CUR_ROW_pricing_currency },
    { "pricing", "publicOnDemandCost", CUR_ROW_pricing_public_on_demand_cost },
    { "pricing", "publicOnDemandRate", CUR_ROW_pricing_public_on_demand_rate },
    { "pricing", "term", CUR_ROW_pricing_term },
    { "pricing", "unit", CUR_ROW_pricing_unit },
    { "reservation", "EffectiveCost", CUR_ROW_reservation_effective_cost },
    { "reservation", "ReservationARN", CUR_ROW_reservation_reservation_a_r_n },
    { "savingsPlan", "SavingsPlanARN", CUR_ROW_savings_plan_savings_plan_a_r_n },
    { "savingsPlan", "SavingsPlanEffectiveCost", CUR_ROW_savings_plan_savings_plan_effective_cost },
    { "savingsPlan", "SavingsPlanRate", CUR_ROW_savings_plan_savings_plan_rate },
};
const size_t cur_column_count = ARRAY_COUNT(cur_columns);

static bool needs_quotes(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == ',' || text.data[i] == '"' || text.data[i] == '\n' || text.data[i] == '\r')
            return true;
    return text.size > 0 && (text.data[0] == ' ' || text.data[text.size - 1] == ' ');
}

static void write_csv_text(struct buffer *out, struct text text)
{
    if (!needs_quotes(text)) {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, text.data[i]);
    }
    buffer_append_byte(out, '"');
}

static void write_field(struct buffer *out, const struct cur_row *row, size_t index)
{
    const struct field *field = &cur_row_type.fields[index];
    const void *member = record_member_const(row, field);
    if (!record_has(row, index))
        return;
    switch (field->kind) {
    case FIELD_TEXT:
        write_csv_text(out, *(const struct text *)member);
        break;
    case FIELD_DECIMAL:
        out->size += decimal_format(*(const i128 *)member, field->scale, buffer_reserve(out, DECIMAL_TEXT_MAX));
        break;
    case FIELD_SUM:
        out->size += sum_format(member, field->scale, buffer_reserve(out, SUM_TEXT_MAX));
        break;
    case FIELD_TIME:
        out->size += time_format(*(const int64_t *)member, buffer_reserve(out, TIME_TEXT_MAX));
        break;
    case FIELD_LONG:
    case FIELD_TAGS:
        check_failed("a CUR column is a text, a decimal or a time", __FILE__, __LINE__);
    }
}

void cur_write_heading(struct buffer *out, const struct text *tag_keys, size_t tag_key_count)
{
    for (size_t i = 0; i < cur_column_count; i++)
        buffer_printf(out, "%s%s/%s", i ? "," : "", cur_columns[i].category, cur_columns[i].name);
    struct buffer heading = { 0 };
    for (size_t i = 0; i < tag_key_count; i++) {
        buffer_clear(&heading);
        buffer_printf(&heading, "resourceTags/%.*s", TEXT_ARGS(tag_keys[i]));
        buffer_append_byte(out, ',');
        write_csv_text(out, buffer_text(&heading));
    }
    buffer_append_byte(out, '\n');
    buffer_done(&heading);
}

void cur_write_row(struct buffer *out, const struct cur_row *row, const struct text *tag_keys, size_t tag_key_count)
{
    for (size_t i = 0; i < cur_column_count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        if (cur_columns[i].field != CUR_COLUMN_EMPTY)
            write_field(out, row, (size_t)cur_columns[i].field);
    }
    /* Both run in key order. */
    size_t tag = 0;
    for (size_t i = 0; i < tag_key_count; i++) {
        buffer_append_byte(out, ',');
        if (tag < row->resource_tags.count && text_equal(row->resource_tags.items[tag].key, tag_keys[i]))
            write_csv_text(out, row->resource_tags.items[tag++].value);
    }
    buffer_append_byte(out, '\n');
}
