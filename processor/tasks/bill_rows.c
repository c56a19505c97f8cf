/* tasks/bill_rows.c: custom line items and bill rows of a month, each written when it is no longer what was written. */
#include "codec/avro_encode.h"
#include "model/account.h"
#include "model/bill.h"
#include "period/bills.h"
#include "tasks/bill_state.h"

static bool payer_has_usage(const struct bill_month *month, struct text payer)
{
    for (size_t i = 0; i < month->payers.count; i++) {
        struct text named = intern_text(&month->payers, (uint32_t)i);
        if (payer.size == 0 || named.size == 0 || text_equal(named, payer))
            return true;
    }
    return false;
}

/* A group belongs to the bill task of its subtotals partition. */
static bool is_mine(const struct task *task, struct text group)
{
    return task_partition_for(task, STREAM_SUBTOTALS, group) == task->input.partition;
}

static size_t first_of_group(const struct totals *totals, uint32_t group)
{
    size_t at = 0;
    while (at < totals->count && totals->items[at].key.group < group)
        at++;
    return at;
}

void bill_month_charges(struct task *task, struct bill_month *month, bool closing, struct custom_charges *charges)
{
    const struct conductor *conductor = task->world->document->conductor;
    totals_sort(&month->totals);
    for (uint32_t g = 0; g < conductor->group_count && conductor->custom_line_item_count > 0; g++) {
        const struct billing_group *group = &conductor->groups[g];
        if (group->status == GROUP_PENDING || !is_mine(task, group->id) ||
            (conductor->period != PERIOD_NONE && month->period < conductor->period) ||
            (!closing && !payer_has_usage(month, group->payer)))
            continue;
        size_t first = first_of_group(&month->totals, g), end = first_of_group(&month->totals, g + 1);
        custom_charges_compute(conductor, g, month->period, &month->totals, first, end - first, charges);
    }
}

static struct written_charge *charge_of(struct bill_state *bills, struct text id)
{
    size_t before = bills->charge_ids.count;
    uint32_t number = intern_add(&bills->charge_ids, id);
    if (bills->charge_ids.count > before) {
        bills->charges = memory_reserve_one(bills->charges, number, &bills->charge_capacity, sizeof *bills->charges);
        bills->charges[number] = (struct written_charge){ 0 };
    }
    return &bills->charges[number];
}

static enum stream_outcome write_charge(struct task *task, struct bill_month *month, const struct custom_charge *charge,
                                        struct error *error)
{
    struct line_item item;
    line_item_of_charge(&task->bills->builder, charge, &item);
    struct written_charge *written = charge_of(task->bills, item.line_item_id);
    written->wanted = true;
    written->period = month->period;
    if (written->written && written->cost == charge->cost && written->too_large == charge->too_large)
        return OUTCOME_DONE;
    sum_add(&item.cost_delta, -written->cost);
    written->cost = charge->cost;
    written->too_large = charge->too_large;
    written->written = true;
    task->world->counts.line_items++;
    return task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, item.line_item_id, &line_item_type, &item, error);
}

/* What is charged no longer: cost 0 now, no value in a later transaction. */
static enum stream_outcome drop_charges(struct task *task, struct bill_month *month, struct error *error)
{
    struct bill_state *bills = task->bills;
    for (uint32_t i = 0; i < bills->charge_ids.count; i++) {
        struct written_charge *written = &bills->charges[i];
        bool gone = written->period == month->period && written->written && !written->wanted;
        written->wanted = false;
        if (!gone)
            continue;
        struct line_item item = { 0 };
        struct text id = intern_text(&bills->charge_ids, i);
        record_set_text(&item, &line_item_type, LINE_ITEM_line_item_id, id);
        record_set_text(&item, &line_item_type, LINE_ITEM_status, line_item_status_text(STATUS_CHARGED));
        record_set_text(&item, &line_item_type, LINE_ITEM_billing_period, text_of(bills->builder.period_text));
        item.revision = task->marker.revision;
        item.cost_delta = sum_of(-written->cost);
        item.present |= (uint64_t)1 << LINE_ITEM_revision | (uint64_t)1 << LINE_ITEM_cost |
                        (uint64_t)1 << LINE_ITEM_cost_delta;
        *written = (struct written_charge){ .period = month->period };
        buffer_append_text(&bills->gone, id);
        enum stream_outcome outcome = task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, id, &line_item_type,
                                                   &item, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return OUTCOME_DONE;
}

static enum stream_outcome write_charges(struct task *task, struct bill_month *month,
                                         const struct custom_charges *charges, struct error *error)
{
    for (size_t i = 0; i < charges->count; i++) {
        enum stream_outcome outcome = write_charge(task, month, &charges->items[i], error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return drop_charges(task, month, error);
}

/* ---- bill rows ---- */

static bool has_changed(struct bill_state *bills, struct text key, const struct bill *bill, struct buffer *scratch)
{
    struct bill content = *bill;
    content.as_of = 0;
    buffer_clear(scratch);
    avro_encode(&bill_type, &content, scratch);
    uint64_t hash = hash64(scratch->data, scratch->size);
    size_t before = bills->bill_keys.count;
    uint32_t number = intern_add(&bills->bill_keys, key);
    if (bills->bill_keys.count > before) {
        bills->bill_hashes = memory_reserve_one(bills->bill_hashes, number, &bills->bill_hash_capacity,
                                                sizeof *bills->bill_hashes);
        bills->bill_hashes[number] = ~hash;
    }
    bool changed = bills->bill_hashes[number] != hash;
    bills->bill_hashes[number] = hash;
    return changed;
}

static enum stream_outcome write_bill(struct task *task, const struct total *total, struct text account,
                                      struct text service, struct text type, struct error *error)
{
    const struct conductor *conductor = task->world->document->conductor;
    struct text group = total->key.group == GROUP_NONE ? TEXT_NONE : conductor->groups[total->key.group].id;
    const char *period = task->bills->builder.period_text;
    struct bill bill;
    bill_from_total(total, group, text_of(period), account, service, type, conductor->currency, &bill);
    buffer_clear(&task->key);
    buffer_printf(&task->key, "%.*s/%s/%.*s/%.*s/%.*s", TEXT_ARGS(group), period, TEXT_ARGS(account), TEXT_ARGS(service),
                  TEXT_ARGS(type));
    if (!has_changed(task->bills, buffer_text(&task->key), &bill, &task->value))
        return OUTCOME_DONE;
    return task_produce(task, STREAM_BILLS, task_partition_for(task, STREAM_BILLS, group), buffer_text(&task->key),
                        &bill_type, &bill, error);
}

static enum stream_outcome write_group(struct task *task, const struct totals *totals, size_t first, size_t end,
                                       struct error *error)
{
    struct totals services = { 0 };
    struct total group = { .key.group = totals->items[first].key.group, .latest_end_ms = INT64_MIN };
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = first; i < end && outcome == OUTCOME_DONE; i++) {
        char account[ACCOUNT_DIGITS + 1];
        const struct total *total = &totals->items[i];
        account_format(total->key.account, account);
        total_add(&group, total);
        total_add(totals_get(&services, group.key.group, 0, total_service(totals, total), TEXT_NONE), total);
        outcome = write_bill(task, total, text_of(account), total_service(totals, total), total_type(totals, total), error);
    }
    for (size_t i = 0; i < services.count && outcome == OUTCOME_DONE; i++)
        outcome = write_bill(task, &services.items[i], TEXT_NONE, total_service(&services, &services.items[i]), TEXT_NONE,
                             error);
    if (outcome == OUTCOME_DONE)
        outcome = write_bill(task, &group, TEXT_NONE, TEXT_NONE, TEXT_NONE, error);
    totals_done(&services);
    return outcome;
}

/* The month's totals with its custom line items on top; bill rows of one key add up. */
static void add_charges(const struct bill_month *month, const struct conductor *conductor,
                        const struct custom_charges *charges, struct totals *all)
{
    for (size_t i = 0; i < month->totals.count; i++) {
        const struct total *total = &month->totals.items[i];
        total_add(totals_get(all, total->key.group, total->key.account, total_service(&month->totals, total),
                             total_type(&month->totals, total)),
                  total);
    }
    for (size_t i = 0; i < charges->count; i++) {
        const struct custom_charge *charge = &charges->items[i];
        uint32_t group = conductor->custom_line_items[charge->item].group;
        sum_add(&totals_get(all, group, charge->account, charge->service, charge->type)->cost, charge->cost);
    }
    totals_sort(all);
}

static enum stream_outcome write_bills(struct task *task, struct bill_month *month, const struct custom_charges *charges,
                                       struct error *error)
{
    struct totals all = { 0 };
    enum stream_outcome outcome = OUTCOME_DONE;
    add_charges(month, task->world->document->conductor, charges, &all);
    for (size_t first = 0; first < all.count && outcome == OUTCOME_DONE;) {
        size_t end = first;
        while (end < all.count && all.items[end].key.group == all.items[first].key.group)
            end++;
        outcome = write_group(task, &all, first, end, error);
        first = end;
    }
    totals_done(&all);
    return outcome;
}

enum stream_outcome bill_month_write(struct task *task, struct bill_month *month, bool closing, struct error *error)
{
    struct custom_charges charges = { 0 };
    struct line_item_builder *builder = &task->bills->builder;
    builder->tasks[TASK_BILL] = task->number;
    builder->revision = task->marker.revision;
    line_item_builder_begin(builder, &task->world->document->pricing, month->period);
    bill_month_charges(task, month, closing, &charges);
    enum stream_outcome outcome = write_charges(task, month, &charges, error);
    if (outcome == OUTCOME_DONE)
        outcome = write_bills(task, month, &charges, error);
    custom_charges_done(&charges);
    return outcome;
}
