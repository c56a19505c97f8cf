/* support/sample_event.h: the smallest accepted usage event, of which a test changes what it is about. */
#ifndef SUPPORT_SAMPLE_EVENT_H
#define SUPPORT_SAMPLE_EVENT_H

#include "model/usage_event.h"

/* NULL: absent. */
struct sample_event {
    const char *event_id, *payer_account_id, *usage_account_id, *line_item_type, *product_code, *usage_type, *operation,
        *region, *resource_id, *usage_start, *usage_end, *usage_amount, *unit, *currency, *public_on_demand_rate,
        *public_on_demand_cost, *unblended_cost, *reservation_arn, *savings_plan_arn, *description;
    struct tags tags;
};

#define SAMPLE_EVENT .event_id = "1", .usage_account_id = "200000000011", .product_code = "AmazonEC2", \
                     .usage_type = "BoxUsage", .usage_start = "2026-06-01T00:00:00Z", .usage_amount = "1"

static inline struct usage_event event_of(const struct sample_event *sample)
{
    const struct {
        enum usage_event_field field;
        const char *text;
    } members[] = {
        { USAGE_EVENT_event_id, sample->event_id },
        { USAGE_EVENT_payer_account_id, sample->payer_account_id },
        { USAGE_EVENT_usage_account_id, sample->usage_account_id },
        { USAGE_EVENT_line_item_type, sample->line_item_type },
        { USAGE_EVENT_product_code, sample->product_code },
        { USAGE_EVENT_usage_type, sample->usage_type },
        { USAGE_EVENT_operation, sample->operation },
        { USAGE_EVENT_region, sample->region },
        { USAGE_EVENT_resource_id, sample->resource_id },
        { USAGE_EVENT_usage_start, sample->usage_start },
        { USAGE_EVENT_usage_end, sample->usage_end },
        { USAGE_EVENT_usage_amount, sample->usage_amount },
        { USAGE_EVENT_unit, sample->unit },
        { USAGE_EVENT_currency, sample->currency },
        { USAGE_EVENT_public_on_demand_rate, sample->public_on_demand_rate },
        { USAGE_EVENT_public_on_demand_cost, sample->public_on_demand_cost },
        { USAGE_EVENT_unblended_cost, sample->unblended_cost },
        { USAGE_EVENT_reservation_arn, sample->reservation_arn },
        { USAGE_EVENT_savings_plan_arn, sample->savings_plan_arn },
        { USAGE_EVENT_description, sample->description },
    };
    struct usage_event event = { 0 };
    struct refusal refusal;
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        struct text text = text_of(members[i].text);
        bool is_decimal = usage_event_type.fields[members[i].field].kind == FIELD_DECIMAL;
        bool set = is_decimal
                       ? usage_event_set_decimal(&event, members[i].field, text, EXCESS_REJECT, &refusal)
                       : usage_event_set_text(&event, members[i].field, text, &refusal);
        CHECK(set);
    }
    event.tags = sample->tags;
    if (event.tags.count)
        record_set(&event, USAGE_EVENT_tags);
    bool accepted = usage_event_accept(&event, &refusal);
    CHECK(accepted);
    return event;
}

/* An event of sample fields: event_with(.account = "…") over the smallest one. */
#define event_with(...)                                                                        \
    __extension__({                                                                            \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"")   \
        const struct sample_event sample_ = { SAMPLE_EVENT, __VA_ARGS__ };                     \
        _Pragma("GCC diagnostic pop")                                                          \
        event_of(&sample_);                                                                    \
    })

#endif
