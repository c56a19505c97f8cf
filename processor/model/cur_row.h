/*
 * model/cur_row.h: a row of a pro forma Cost and Usage Report. Names are CUR 2.0's; no billable figure is among them.
 */
#ifndef MODEL_CUR_ROW_H
#define MODEL_CUR_ROW_H

#include "model/record.h"

/* X(kind, name, scale, required) */
#define CUR_ROW_FIELDS(X)                                                 \
    X(TEXT, snapshot_id, 0, true)                                         \
    X(TEXT, billing_group, 0, true)                                       \
    X(TEXT, identity_line_item_id, 0, true)                               \
    X(TEXT, identity_time_interval, 0, true)                              \
    X(TEXT, bill_bill_type, 0, true)                                      \
    X(TEXT, bill_billing_entity, 0, false)                                \
    X(TIME, bill_billing_period_start_date, 0, true)                      \
    X(TIME, bill_billing_period_end_date, 0, true)                        \
    X(TEXT, bill_invoice_id, 0, false)                                    \
    X(TEXT, bill_payer_account_id, 0, false)                              \
    X(TEXT, line_item_availability_zone, 0, false)                        \
    X(SUM, line_item_blended_cost, COST_SCALE, false)                     \
    X(DECIMAL, line_item_blended_rate, PRICED_RATE_SCALE, false)          \
    X(TEXT, line_item_currency_code, 0, true)                             \
    X(TEXT, line_item_line_item_description, 0, false)                    \
    X(TEXT, line_item_line_item_type, 0, true)                            \
    X(DECIMAL, line_item_normalization_factor, QUANTITY_SCALE, false)     \
    X(DECIMAL, line_item_normalized_usage_amount, AMOUNT_SCALE, false)    \
    X(TEXT, line_item_operation, 0, false)                                \
    X(TEXT, line_item_product_code, 0, true)                              \
    X(TEXT, line_item_resource_id, 0, false)                              \
    X(SUM, line_item_unblended_cost, COST_SCALE, true)                    \
    X(DECIMAL, line_item_unblended_rate, PRICED_RATE_SCALE, false)        \
    X(TEXT, line_item_usage_account_id, 0, true)                          \
    X(SUM, line_item_usage_amount, QUANTITY_SCALE, false)                 \
    X(TIME, line_item_usage_end_date, 0, true)                            \
    X(TIME, line_item_usage_start_date, 0, true)                          \
    X(TEXT, line_item_usage_type, 0, false)                               \
    X(TEXT, product_region_code, 0, false)                                \
    X(TEXT, product_sku, 0, false)                                        \
    X(TEXT, pricing_currency, 0, false)                                   \
    X(SUM, pricing_public_on_demand_cost, AMOUNT_SCALE, false)            \
    X(DECIMAL, pricing_public_on_demand_rate, RATE_SCALE, false)          \
    X(TEXT, pricing_term, 0, false)                                       \
    X(TEXT, pricing_unit, 0, false)                                       \
    X(SUM, reservation_effective_cost, AMOUNT_SCALE, false)               \
    X(TEXT, reservation_reservation_a_r_n, 0, false)                      \
    X(TEXT, savings_plan_savings_plan_a_r_n, 0, false)                    \
    X(SUM, savings_plan_savings_plan_effective_cost, AMOUNT_SCALE, false) \
    X(DECIMAL, savings_plan_savings_plan_rate, RATE_SCALE, false)         \
    X(TAGS, resource_tags, 0, false)                                      \
    X(TEXT, custom_line_item, 0, false)                                   \
    X(LONG, tier, 0, false)                                               \
    X(DECIMAL, modifier, MODIFIER_SCALE, false)                           \
    X(LONG, free_tier, 0, false)

enum cur_row_field {
#define X(kind, name, scale, required) CUR_ROW_##name,
    CUR_ROW_FIELDS(X)
#undef X
        CUR_ROW_FIELD_COUNT
};

struct cur_row {
    uint64_t present;
    CUR_ROW_FIELDS(RECORD_MEMBER)
};

extern const struct record_type cur_row_type;

#endif
