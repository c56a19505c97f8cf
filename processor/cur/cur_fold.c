/* cur/cur_fold.c: keys, and sums under one key. */
#include "cur/cur_fold.h"

#include <stdio.h>

#include "model/account.h"
#include "store/bytes.h"

static void put_text(struct buffer *out, struct text text)
{
    buffer_append_text(out, text);
    buffer_append_byte(out, '\0'); /* no text has one */
}

/* A number that may be absent: its sign bit turned, bytes sort as numbers do. */
static void put_decimal(struct buffer *out, const struct cur_row *row, enum cur_row_field field, i128 value)
{
    u128 bits = (u128)value ^ (u128)1 << 127;
    buffer_append_byte(out, record_has(row, field) ? 1 : 0);
    if (!record_has(row, field))
        return;
    bytes_put_big_endian(out, (uint64_t)(bits >> 64), 8);
    bytes_put_big_endian(out, (uint64_t)bits, 8);
}

static void put_facts(const struct cur_row *row, struct buffer *out)
{
    const struct text texts[] = {
        row->line_item_resource_id,
        row->bill_payer_account_id,
        row->bill_billing_entity,
        row->line_item_line_item_type,
        row->line_item_product_code,
        row->line_item_usage_type,
        row->line_item_operation,
        row->product_sku,
        row->product_region_code,
        row->line_item_availability_zone,
        row->pricing_unit,
        row->line_item_currency_code,
        row->reservation_reservation_a_r_n,
        row->savings_plan_savings_plan_a_r_n,
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        put_text(out, texts[i]);
    put_decimal(out, row, CUR_ROW_savings_plan_savings_plan_rate, row->savings_plan_savings_plan_rate);
    put_decimal(out, row, CUR_ROW_line_item_normalization_factor, row->line_item_normalization_factor);
    for (size_t i = 0; i < row->resource_tags.count; i++) {
        put_text(out, row->resource_tags.items[i].key);
        put_text(out, row->resource_tags.items[i].value);
    }
    buffer_append_byte(out, '\0'); /* where no key can begin: they are not empty */
}

void cur_row_key(const struct cur_row *row, struct buffer *out)
{
    bytes_put_big_endian(out, (uint64_t)(row->line_item_usage_start_date / HOUR_MS), 4);
    bytes_put_big_endian(out, account_parse(row->line_item_usage_account_id), 8);
    buffer_append_byte(out, record_has(row, CUR_ROW_custom_line_item) ? 0 : 1);
    put_facts(row, out);
    put_text(out, row->custom_line_item);
    bytes_put_big_endian(out, record_has(row, CUR_ROW_tier) ? (uint64_t)row->tier : 0, 4);
    put_text(out, row->identity_line_item_id);
}

void cur_interval(int64_t start_ms, int64_t end_ms, struct buffer *out)
{
    char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
    time_format(start_ms, start);
    time_format(end_ms, end);
    buffer_append_text(out, text_of(start));
    buffer_append_byte(out, '/');
    buffer_append_text(out, text_of(end));
}

size_t cur_label(const struct cur_row *row, char out[CUR_LABEL_MAX])
{
    char modifier[DECIMAL_TEXT_MAX];
    bool has_free_tier = record_has(row, CUR_ROW_free_tier);
    bool is_modified = record_has(row, CUR_ROW_modifier) && row->modifier != 0;
    if (has_free_tier && row->free_tier)
        return (size_t)snprintf(out, CUR_LABEL_MAX, "(free tier)");
    const char *charged = has_free_tier ? "(charged, not in the free tier)" : "";
    if (!is_modified)
        return (size_t)snprintf(out, CUR_LABEL_MAX, "%s", charged);
    decimal_format(row->modifier, MODIFIER_SCALE, modifier);
    return (size_t)snprintf(out, CUR_LABEL_MAX, "%s%s(%s%s%%)", charged, *charged ? " " : "", row->modifier > 0 ? "+" : "",
                            modifier);
}

/* ---- sums ---- */

static void add_sum(struct cur_row *row, const struct cur_row *other, enum cur_row_field field)
{
    const struct field *described = &cur_row_type.fields[field];
    CHECK(described->kind == FIELD_SUM);
    if (!record_has(other, field))
        return;
    sum_add_sum(record_member(row, described), record_member_const(other, described));
    record_set(row, field);
}

static void add_sums(struct cur_row *row, const struct cur_row *other)
{
    static const enum cur_row_field sums[] = {
        CUR_ROW_line_item_unblended_cost,   CUR_ROW_line_item_blended_cost,
        CUR_ROW_line_item_usage_amount,     CUR_ROW_pricing_public_on_demand_cost,
        CUR_ROW_reservation_effective_cost, CUR_ROW_savings_plan_savings_plan_effective_cost,
    };
    for (size_t i = 0; i < ARRAY_COUNT(sums); i++)
        add_sum(row, other, sums[i]);
}

void cur_row_normalize(struct cur_row *row)
{
    i128 amount;
    row->present &= ~((uint64_t)1 << CUR_ROW_line_item_normalized_usage_amount);
    row->line_item_normalized_usage_amount = 0;
    if (record_has(row, CUR_ROW_line_item_normalization_factor) && record_has(row, CUR_ROW_line_item_usage_amount) &&
        sum_value(&row->line_item_usage_amount, &amount) &&
        decimal_multiply(amount, row->line_item_normalization_factor, &row->line_item_normalized_usage_amount))
        record_set(row, CUR_ROW_line_item_normalized_usage_amount);
}

/* A rate is the row's where all of it has that rate. */
static void keep_common_rate(struct cur_row *row, const struct cur_row *other, enum cur_row_field field)
{
    const struct field *described = &cur_row_type.fields[field];
    if (record_has(row, field) == record_has(other, field) &&
        memcmp(record_member(row, described), record_member_const(other, described), sizeof(i128)) == 0)
        return;
    memset(record_member(row, described), 0, sizeof(i128));
    row->present &= ~((uint64_t)1 << field);
}

/* The description without the row's label. */
static struct text unlabelled(const struct cur_row *row)
{
    char label[CUR_LABEL_MAX];
    size_t size = cur_label(row, label);
    struct text text = row->line_item_line_item_description;
    if (size == 0 || text.size < size)
        return text;
    text.size -= size;
    if (text.size > 0)
        text.size--; /* the blank before it */
    return text;
}

static void keep_smaller_description(struct cur_row *row, const struct cur_row *other, struct arena *arena)
{
    struct text mine = unlabelled(row), theirs = unlabelled(other);
    if (theirs.size > 0 && (mine.size == 0 || text_compare(theirs, mine) < 0))
        record_set_text(row, &cur_row_type, CUR_ROW_line_item_line_item_description,
                        arena_copy(arena, other->line_item_line_item_description));
}

static void keep_later_end(struct cur_row *row, const struct cur_row *other, struct arena *arena)
{
    if (other->line_item_usage_end_date <= row->line_item_usage_end_date)
        return;
    struct buffer interval = { 0 };
    row->line_item_usage_end_date = other->line_item_usage_end_date;
    cur_interval(row->line_item_usage_start_date, row->line_item_usage_end_date, &interval);
    record_set_text(row, &cur_row_type, CUR_ROW_identity_time_interval, arena_copy(arena, buffer_text(&interval)));
    buffer_done(&interval);
}

void cur_row_fold(struct cur_row *row, const struct cur_row *other, struct arena *arena)
{
    add_sums(row, other);
    cur_row_normalize(row);
    keep_common_rate(row, other, CUR_ROW_line_item_unblended_rate);
    keep_common_rate(row, other, CUR_ROW_line_item_blended_rate);
    keep_common_rate(row, other, CUR_ROW_pricing_public_on_demand_rate);
    keep_smaller_description(row, other, arena);
    keep_later_end(row, other, arena);
}
