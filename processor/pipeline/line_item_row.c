/* pipeline/line_item_row.c: the fields of a record that are facts of its events, and those that fold. */
#include "pipeline/line_item_row.h"

#include "model/account.h"
#include "pipeline/line_items.h"

static void copy_field(struct usage_event *event, enum usage_event_field to, const struct line_item *item,
                       enum line_item_field from)
{
    static const size_t sizes[] = { [FIELD_TEXT] = sizeof(struct text),
                                    [FIELD_DECIMAL] = sizeof(i128),
                                    [FIELD_SUM] = 0, /* that it is carried is a fact, how much is none */
                                    [FIELD_TIME] = sizeof(int64_t),
                                    [FIELD_LONG] = sizeof(int64_t),
                                    [FIELD_TAGS] = sizeof(struct tags) };
    const struct field *field = &line_item_type.fields[from];
    if (!record_has(item, from))
        return;
    memcpy(record_member(event, &usage_event_type.fields[to]), record_member_const(item, field), sizes[field->kind]);
    record_set(event, to);
}

/* Without a net cost the billable one is the unblended one. */
static enum line_item_field unblended_field(const struct line_item *item)
{
    return record_has(item, LINE_ITEM_net_unblended_cost) ? LINE_ITEM_unblended_cost : LINE_ITEM_billable_cost;
}

/* The facts of a line item, as an event with them would have. */
static void facts_of_item(const struct line_item *item, bool with_currency, struct buffer *facts)
{
    static const struct {
        enum usage_event_field to;
        enum line_item_field from;
    } fields[] = {
        { USAGE_EVENT_payer_account_id, LINE_ITEM_payer_account_id },
        { USAGE_EVENT_billing_entity, LINE_ITEM_billing_entity },
        { USAGE_EVENT_line_item_type, LINE_ITEM_line_item_type },
        { USAGE_EVENT_product_code, LINE_ITEM_product_code },
        { USAGE_EVENT_service_code, LINE_ITEM_service_code },
        { USAGE_EVENT_usage_type, LINE_ITEM_usage_type },
        { USAGE_EVENT_operation, LINE_ITEM_operation },
        { USAGE_EVENT_sku, LINE_ITEM_sku },
        { USAGE_EVENT_region, LINE_ITEM_region },
        { USAGE_EVENT_availability_zone, LINE_ITEM_availability_zone },
        { USAGE_EVENT_unit, LINE_ITEM_unit },
        { USAGE_EVENT_public_on_demand_rate, LINE_ITEM_public_on_demand_rate },
        { USAGE_EVENT_public_on_demand_cost, LINE_ITEM_public_on_demand_cost },
        { USAGE_EVENT_net_unblended_cost, LINE_ITEM_net_unblended_cost },
        { USAGE_EVENT_reservation_effective_cost, LINE_ITEM_reservation_effective_cost },
        { USAGE_EVENT_savings_plan_effective_cost, LINE_ITEM_savings_plan_effective_cost },
        { USAGE_EVENT_reservation_arn, LINE_ITEM_reservation_arn },
        { USAGE_EVENT_savings_plan_arn, LINE_ITEM_savings_plan_arn },
        { USAGE_EVENT_savings_plan_rate, LINE_ITEM_savings_plan_rate },
        { USAGE_EVENT_normalization_factor, LINE_ITEM_normalization_factor },
        { USAGE_EVENT_tags, LINE_ITEM_tags },
    };
    struct usage_event event = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        copy_field(&event, fields[i].to, item, fields[i].from);
    copy_field(&event, USAGE_EVENT_unblended_cost, item, unblended_field(item));
    /* Whether it was 0 is a fact; the sum that the line item has does not tell. */
    event.unblended_cost = !record_has(item, LINE_ITEM_billed_at_nothing);
    event.public_on_demand_cost = 1;
    if (with_currency)
        copy_field(&event, USAGE_EVENT_currency, item, LINE_ITEM_currency);
    buffer_clear(facts);
    facts_encode(&event, facts);
}

/* A line item shows the document's currency where its events named none; its id tells which it was. */
bool line_item_row(const struct line_item *item, uint32_t tier, struct buffer *facts, struct buffer *scratch,
                   struct row_identity *identity)
{
    for (int with_currency = 1; with_currency >= 0; with_currency--) {
        char letters[LINE_ITEM_ID_LETTERS - LINE_ITEM_TASK_LETTERS];
        facts_of_item(item, with_currency, facts);
        *identity = (struct row_identity){ .bucket_ms = item->usage_start,
                                           .account = account_parse(item->usage_account_id),
                                           .resource = item->resource_id,
                                           .facts = buffer_text(facts) };
        if (!period_parse(item->billing_period, &identity->period))
            return false;
        line_item_identity_letters(identity, tier, scratch, letters);
        if (item->line_item_id.size == LINE_ITEM_ID_LETTERS &&
            memcmp(letters, item->line_item_id.data + LINE_ITEM_TASK_LETTERS, sizeof letters) == 0)
            return true;
    }
    return false;
}

void line_item_row_values(const struct line_item *item, struct row_values *values)
{
    *values = (struct row_values){
        .usage_events = (uint64_t)item->usage_events,
        .usage_end_ms = record_has(item, LINE_ITEM_usage_end) ? item->usage_end : USAGE_END_NONE,
        .has_amount = record_has(item, LINE_ITEM_usage_amount),
        .amount = item->usage_amount,
        .costs = { [CARRIED_PUBLIC_COST] = item->public_on_demand_cost,
                   [CARRIED_UNBLENDED] =
                       record_has(item, LINE_ITEM_net_unblended_cost) ? item->unblended_cost : item->billable_cost,
                   [CARRIED_NET_UNBLENDED] = item->net_unblended_cost,
                   [CARRIED_RESERVATION] = item->reservation_effective_cost,
                   [CARRIED_SAVINGS_PLAN] = item->savings_plan_effective_cost },
    };
}
