/* support/cur_sample.h: the smallest CUR row of June 2026. Texts are literals or the caller's. */
#ifndef SUPPORT_CUR_SAMPLE_H
#define SUPPORT_CUR_SAMPLE_H

#include "model/cur_row.h"

#define JUNE_2026 (2026 * 12 + 5)

static inline struct cur_row cur_row_with(const char *id, const char *account, const char *start, const char *product,
                                          const char *cost)
{
    struct cur_row row = { 0 };
    const struct {
        enum cur_row_field field;
        const char *text;
    } texts[] = {
        { CUR_ROW_billing_group, "g" },
        { CUR_ROW_identity_line_item_id, id },
        { CUR_ROW_identity_time_interval, "i" },
        { CUR_ROW_bill_bill_type, "Anniversary" },
        { CUR_ROW_line_item_currency_code, "USD" },
        { CUR_ROW_line_item_line_item_type, "Usage" },
        { CUR_ROW_line_item_product_code, product },
        { CUR_ROW_line_item_usage_account_id, account },
    };
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        record_set_text(&row, &cur_row_type, texts[i].field, text_of(texts[i].text));
    bool known = time_parse(text_of(start), &row.line_item_usage_start_date) &&
                 sum_parse(text_of(cost), COST_SCALE, &row.line_item_unblended_cost) == DECIMAL_EXACT;
    CHECK(known);
    row.line_item_usage_end_date = row.line_item_usage_start_date + HOUR_MS;
    row.bill_billing_period_start_date = period_start(JUNE_2026);
    row.bill_billing_period_end_date = period_end(JUNE_2026);
    static const enum cur_row_field set[] = { CUR_ROW_line_item_usage_start_date, CUR_ROW_line_item_usage_end_date,
                                              CUR_ROW_line_item_unblended_cost, CUR_ROW_bill_billing_period_start_date,
                                              CUR_ROW_bill_billing_period_end_date };
    for (size_t i = 0; i < ARRAY_COUNT(set); i++)
        record_set(&row, set[i]);
    return row;
}

#endif
