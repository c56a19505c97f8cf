/*
 * pipeline/ledger_replay.c: a line item that was written as the row it came from. A replayed row takes its place in totals
 * and pools at once, so that a replay may begin in the middle: at what the store has.
 */
#include "model/account.h"
#include "pipeline/ledger_parts.h"

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
static bool identify_item(struct ledger *ledger, const struct line_item *item, uint32_t tier, struct row_identity *identity)
{
    for (int with_currency = 1; with_currency >= 0; with_currency--) {
        char letters[LINE_ITEM_ID_LETTERS - LINE_ITEM_TASK_LETTERS];
        facts_of_item(item, with_currency, &ledger->facts);
        *identity = (struct row_identity){ .bucket_ms = item->usage_start,
                                           .account = account_parse(item->usage_account_id),
                                           .resource = item->resource_id,
                                           .facts = buffer_text(&ledger->facts) };
        if (!period_parse(item->billing_period, &identity->period))
            return false;
        line_item_identity_letters(identity, tier, &ledger->scratch, letters);
        if (item->line_item_id.size == LINE_ITEM_ID_LETTERS &&
            memcmp(letters, item->line_item_id.data + LINE_ITEM_TASK_LETTERS, sizeof letters) == 0)
            return true;
    }
    return false;
}

static void replay_values(struct ledger *ledger, uint32_t row, const struct line_item *item)
{
    struct row_values values = {
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
    row_table_set(ledger->table, row, &values, item->description);
}

/* ---- a row's share of totals and pools ---- */

void ledger_add_share(struct total *total, const struct entry *entry, const struct row_view *view,
                      const struct resolved *resolved)
{
    int64_t end = view->values.usage_end_ms != USAGE_END_NONE ? view->values.usage_end_ms : view->bucket_ms;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    total->usage_events += view->values.usage_events;
    total->charged_rows += entry->charged;
    sum_add_sum(resolved->price.counts_as_tax ? &total->tax : &total->billable_cost,
                row_billable(&view->values, &resolved->facts));
    for (uint16_t i = 0; i < entry->part_count; i++) {
        sum_add(&total->cost, entry->parts[i].written_cost);
        sum_add(&total->public_cost, entry->parts[i].written_public_cost);
    }
}

static void take_share(struct total *total, const struct entry *entry, const struct row_view *view,
                       const struct resolved *resolved)
{
    total->usage_events -= view->values.usage_events;
    total->charged_rows -= entry->charged;
    sum_subtract(resolved->price.counts_as_tax ? &total->tax : &total->billable_cost,
                 row_billable(&view->values, &resolved->facts));
    for (uint16_t i = 0; i < entry->part_count; i++) {
        sum_add(&total->cost, -entry->parts[i].written_cost);
        sum_add(&total->public_cost, -entry->parts[i].written_public_cost);
    }
}

/* ---- the row ---- */

/* A part that has left its row, or has come to nothing in it. */
static bool is_nothing(const struct line_item *item)
{
    return item->usage_events == 0 && sum_is_zero(&item->usage_amount) && item->cost == 0;
}

/* Of a row that is priced, a part holds what its line item says; of one that is not, nothing. */
static void replay_part(struct part *part, const struct line_item *item, bool charged)
{
    *part = (struct part){ .tier = part->tier,
                           .written = !is_nothing(item),
                           .written_cost = item->cost,
                           .written_public_cost = item->public_cost,
                           .written_hash = line_item_price_hash(item),
                           .has_public_rate = record_has(item, LINE_ITEM_public_rate),
                           .public_rate = item->public_rate };
    if (!charged)
        return;
    part->live = item->usage_events > 0 || !sum_is_zero(&item->usage_amount) || item->cost != 0;
    part->quantity = item->usage_amount;
    sum_add(&part->public_cost, item->public_cost);
    sum_add(&part->cost, item->cost);
}

/* A tiered row's quantity is that of its parts; only they say it all. */
static void restore_amount(struct ledger *ledger, const struct entry *entry)
{
    struct row_view view;
    row_table_read(ledger->table, entry->row, &view);
    view.values.amount = (struct sum){ 0 };
    for (uint16_t i = 0; i < entry->part_count; i++)
        sum_add_sum(&view.values.amount, &entry->parts[i].quantity);
    row_table_set(ledger->table, entry->row, &view.values, view.description);
}

/* Of a flat row that the document in force has priced. Its parts of other versions are nothing. */
static bool costs_match(struct ledger *ledger, const struct entry *entry, const struct resolved *resolved,
                        const struct row_view *view, const struct line_item *item)
{
    struct rated_row rated;
    if (resolved->pool != POOL_NONE || item->usage_events == 0 ||
        item->conductor_version != ledger->prices.pricing->conductor->version)
        return true;
    ledger_rate_entry(ledger, entry, resolved, view, &rated);
    return !record_has(item, LINE_ITEM_tier) && item->cost == rated.slices[0].cost;
}

/* What the line item says takes the place of what was known of its row. */
static void replay_row(struct ledger *ledger, struct entry *entry, uint32_t tier, const struct line_item *item)
{
    bool charged = text_equal(item->status, line_item_status_text(STATUS_CHARGED));
    replay_part(ledger_part_of(ledger, entry, tier), item, charged);
    if (item->usage_events > 0) {
        entry->charged = charged;
        replay_values(ledger, entry->row, item);
    }
    if (entry->charged && (tier > 0 || entry->part_count > 1))
        restore_amount(ledger, entry);
}

/* An id that is written again, or whose value is taken away, needs no taking away any more. */
static bool take_from_gone(struct ledger *ledger, struct text id)
{
    for (size_t at = 0; at + LINE_ITEM_ID_LETTERS <= ledger->gone.size; at += LINE_ITEM_ID_LETTERS) {
        char *found = ledger->gone.data + at;
        if (id.size != LINE_ITEM_ID_LETTERS || memcmp(found, id.data, id.size) != 0)
            continue;
        ledger->gone.size -= LINE_ITEM_ID_LETTERS;
        memmove(found, found + LINE_ITEM_ID_LETTERS, ledger->gone.size - at);
        return true;
    }
    return false;
}

bool ledger_replay_gone(struct ledger *ledger, struct text line_item_id)
{
    return take_from_gone(ledger, line_item_id) || intern_find(&ledger->replayed_zeros, line_item_id) != INTERN_NONE;
}

/* A part that came to nothing: unless its deletion or another value follows, it still has to be deleted. */
static void replay_nothing(struct ledger *ledger, const struct line_item *item)
{
    intern_add(&ledger->replayed_zeros, item->line_item_id);
    if (item->usage_events == 0)
        buffer_append_text(&ledger->gone, item->line_item_id);
}

bool ledger_replay(struct ledger *ledger, const struct line_item *item, struct error *error)
{
    struct row_identity identity;
    struct entry *entry;
    uint32_t tier = record_has(item, LINE_ITEM_tier) ? (uint32_t)item->tier : 0;
    if (!identify_item(ledger, item, tier, &identity))
        return error_fail(error, ERROR_FAILED, "line item %.*s: its id is not that of its facts",
                          TEXT_ARGS(item->line_item_id));
    uint32_t row = row_table_take(ledger->table, &identity);
    if (!ledger_entry_of(ledger, row, &identity, &entry, error))
        return false;
    struct row_view view;
    row_table_read(ledger->table, row, &view);
    const struct resolved *resolved = ledger_resolve(ledger, &view);
    struct total *total = resolved->price.in_sums ? ledger_total_of(ledger, &view, resolved) : NULL;
    bool known = entry->part_count > 0;
    ledger->rows_without_events -= known && view.values.usage_events == 0;
    if (total)
        take_share(total, entry, &view, resolved);
    ledger_leave_pool(ledger, entry, resolved->pool);
    replay_row(ledger, entry, tier, item);
    row_table_read(ledger->table, row, &view);
    if (total)
        ledger_add_share(total, entry, &view, resolved);
    ledger_enter_pool(ledger, entry, resolved->pool);
    ledger->rows_without_events += view.values.usage_events == 0;
    ledger->mismatches += !costs_match(ledger, entry, resolved, &view, item);
    take_from_gone(ledger, item->line_item_id);
    if ((resolved->pool != POOL_NONE && sum_is_zero(&item->usage_amount) && item->cost == 0) || is_nothing(item))
        replay_nothing(ledger, item);
    ledger_mark_unsaved(ledger, entry);
    return true;
}

bool ledger_replay_done(struct ledger *ledger, uint64_t *mismatches, struct error *error)
{
    *mismatches = ledger->mismatches;
    intern_reset(&ledger->replayed_zeros);
    if (ledger->rows_without_events > 0)
        return error_fail(error, ERROR_FAILED, "the ledger of task %u lacks the first line item of a row",
                          ledger->options.task);
    return true;
}
