/*
 * tasks/bill_rows.c: custom line items and bill rows of a group's month, each written when it is no longer what was written.
 *
 * A group may have a hundred thousand accounts: what goes out of it at once is bounded. `left` is how much more may.
 */
#include "codec/avro_encode.h"
#include "model/account.h"
#include "period/statement.h"
#include "tasks/bill_state.h"

#define GROUP_ROWS_MAX 30000 /* of a group, in a transaction */

static bool payer_has_usage(const struct bill_month *month, struct text payer)
{
    for (size_t i = 0; i < month->payers.count; i++) {
        struct text named = intern_text(&month->payers, (uint32_t)i);
        if (payer.size == 0 || named.size == 0 || text_equal(named, payer))
            return true;
    }
    return false;
}

void bill_group_charges(struct task *task, struct bill_month *month, uint32_t number, bool closing,
                        struct custom_charges *charges)
{
    const struct bill_places *places = bill_places_of(task, month->period);
    const struct conductor *conductor = places->conductor;
    struct bill_group *of = bill_group_of(month, number);
    uint32_t index = bill_group_index(places, number);
    if (index == GROUP_NONE || !places->has_items[index])
        return;
    const struct billing_group *group = &conductor->groups[index];
    if (group->status == GROUP_PENDING || (conductor->period != PERIOD_NONE && month->period < conductor->period) ||
        (!closing && !payer_has_usage(month, group->payer)))
        return;
    totals_sort(&of->totals);
    custom_charges_compute(conductor, index, month->period, &of->totals, 0, of->totals.count, charges);
}

/* ---- custom line items ---- */

static enum stream_outcome write_charge(struct task *task, struct bill_month *month, uint32_t number,
                                        const struct custom_charge *charge, size_t *left, struct error *error)
{
    struct line_item item;
    line_item_of_charge(&task->bills->builder, charge, &item);
    struct written_charge *written = bill_charge_of(month, number, item.line_item_id);
    written->wanted = true;
    uint64_t hash = charge_content_hash(&item, &task->value);
    if (*left == 0 || (written->written && written->hash == hash))
        return OUTCOME_DONE;
    --*left;
    sum_add(&item.cost_delta, -written->cost);
    written->cost = charge->cost;
    written->hash = hash;
    written->account = charge->account;
    written->written = true;
    task->world->counts.line_items++;
    return task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, item.line_item_id, &line_item_type, &item, error);
}

static enum stream_outcome drop_charge(struct task *task, struct bill_month *month, uint32_t charge, struct text group,
                                       struct error *error)
{
    struct bill_state *bills = task->bills;
    struct written_charge *written = &month->charges[charge];
    struct line_item item = { 0 };
    struct text id = intern_text(&month->charge_ids, charge);
    char account[ACCOUNT_DIGITS + 1];
    account_format(written->account, account);
    record_set_text(&item, &line_item_type, LINE_ITEM_usage_account_id, text_of(account));
    record_set_text(&item, &line_item_type, LINE_ITEM_line_item_id, id);
    record_set_text(&item, &line_item_type, LINE_ITEM_billing_group, group);
    record_set_text(&item, &line_item_type, LINE_ITEM_status, line_item_status_text(STATUS_CHARGED));
    record_set_text(&item, &line_item_type, LINE_ITEM_billing_period, text_of(bills->builder.period_text));
    item.revision = task->marker.revision;
    item.cost_delta = sum_of(-written->cost);
    item.present |= (uint64_t)1 << LINE_ITEM_revision | (uint64_t)1 << LINE_ITEM_cost | (uint64_t)1 << LINE_ITEM_cost_delta;
    *written = (struct written_charge){ .account = written->account };
    buffer_append_text(&bills->gone, id);
    return task_produce(task, STREAM_LINE_ITEMS, (int32_t)task->number, id, &line_item_type, &item, error);
}

/* What is charged no longer: cost 0 now, no value in a later transaction. */
static enum stream_outcome drop_charges(struct task *task, struct bill_month *month, uint32_t number, size_t *left,
                                        struct error *error)
{
    struct bill_state *bills = task->bills;
    struct bill_group *group = bill_group_of(month, number);
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = 0; i < group->charge_count && outcome == OUTCOME_DONE; i++) {
        struct written_charge *written = &month->charges[group->charges[i]];
        bool gone = written->written && !written->wanted && *left > 0;
        written->wanted = false;
        *left -= gone;
        if (gone)
            outcome = drop_charge(task, month, group->charges[i], intern_text(&bills->group_ids, number), error);
    }
    return outcome;
}

static enum stream_outcome write_charges(struct task *task, struct bill_month *month, uint32_t number,
                                         const struct custom_charges *charges, size_t *left, struct error *error)
{
    for (size_t i = 0; i < charges->count; i++) {
        enum stream_outcome outcome = write_charge(task, month, number, &charges->items[i], left, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return drop_charges(task, month, number, left, error);
}

uint64_t charge_content_hash(const struct line_item *item, struct buffer *scratch)
{
    struct line_item content = *item;
    content.revision = 0;
    content.present &= ~((uint64_t)1 << LINE_ITEM_cost_delta | (uint64_t)1 << LINE_ITEM_conductor_version);
    buffer_clear(scratch);
    avro_encode(&line_item_type, &content, scratch);
    return hash64(scratch->data, scratch->size);
}

/* ---- bill rows ---- */

uint64_t bill_content_hash(const struct bill *bill, struct buffer *scratch)
{
    struct bill content = *bill;
    content.as_of = 0;
    content.present &= ~((uint64_t)1 << BILL_as_of);
    buffer_clear(scratch);
    avro_encode(&bill_type, &content, scratch);
    return hash64(scratch->data, scratch->size);
}

void bill_row_key(const struct bill *bill, struct buffer *out)
{
    const struct text parts[] = { bill->billing_group, bill->billing_period, bill->usage_account_id, bill->product_code,
                                  bill->line_item_type };
    buffer_clear(out);
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        if (i > 0)
            buffer_append_byte(out, '/');
        key_append_part(out, parts[i]);
    }
}

/* A row that a bill no longer has loses its value. */
static enum stream_outcome drop_rows(struct task *task, struct bill_month *month, uint32_t number, size_t *left,
                                     struct error *error)
{
    struct bill_group *group = bill_group_of(month, number);
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = 0; i < group->row_count && outcome == OUTCOME_DONE; i++) {
        struct written_bill *row = &month->written.items[group->rows[i]];
        bool gone = row->written && !row->wanted && *left > 0;
        row->wanted = false;
        if (!gone)
            continue;
        --*left;
        row->written = false;
        struct stream_record out = { .topic = STREAM_BILLS,
                                     .key = intern_text(&month->written.keys, group->rows[i]),
                                     .partition = task_partition_for(task, STREAM_BILLS,
                                                                     intern_text(&task->bills->group_ids, number)),
                                     .is_null = true };
        outcome = task_produce_raw(task, &out, error);
    }
    return outcome;
}

static enum stream_outcome write_bill(struct task *task, struct bill_month *month, uint32_t number,
                                      struct statement *statement, size_t place, size_t *left, struct error *error)
{
    struct bill bill;
    statement_row(statement, place, &bill);
    bill_row_key(&bill, &task->key);
    struct written_bill *row = bill_row_of(month, number, buffer_text(&task->key));
    row->wanted = true;
    if (*left == 0)
        return OUTCOME_DONE;
    uint64_t hash = bill_content_hash(&bill, &task->value);
    if (row->written && row->hash == hash)
        return OUTCOME_DONE;
    *row = (struct written_bill){ hash, true, true };
    --*left;
    return task_produce(task, STREAM_BILLS, task_partition_for(task, STREAM_BILLS, statement->group),
                        buffer_text(&task->key), &bill_type, &bill, error);
}

/* Goes on where there was no room left the last time, so that each row has its turn. */
static enum stream_outcome write_bills(struct task *task, struct bill_month *month, uint32_t number,
                                       struct statement *statement, size_t *left, struct error *error)
{
    struct bill_group *group = bill_group_of(month, number);
    size_t count = statement_row_count(statement), first = group->rows_from;
    enum stream_outcome outcome = OUTCOME_DONE;
    for (size_t i = 0; i < count && outcome == OUTCOME_DONE; i++) {
        size_t place = (first + i) % count;
        bool had_room = *left > 0;
        outcome = write_bill(task, month, number, statement, place, left, error);
        if (had_room && *left == 0)
            group->rows_from = place;
    }
    return outcome == OUTCOME_DONE ? drop_rows(task, month, number, left, error) : outcome;
}

void bill_builder_begin(struct task *task, const struct pricing *pricing, billing_period period)
{
    struct line_item_builder *builder = &task->bills->builder;
    builder->tasks[TASK_BILL] = task->number;
    builder->revision = task->marker.revision;
    line_item_builder_begin(builder, pricing, period);
}

enum stream_outcome bill_group_write_charged(struct task *task, struct bill_month *month, uint32_t number,
                                             const struct custom_charges *charges, size_t *left, size_t *rows,
                                             struct error *error)
{
    const struct line_item_builder *builder = &task->bills->builder;
    const struct totals *totals = &bill_group_of(month, number)->totals;
    enum stream_outcome outcome = write_charges(task, month, number, charges, left, error);
    struct statement statement;
    if (outcome != OUTCOME_DONE)
        return outcome;
    statement_make(&statement, totals, 0, totals->count, charges);
    statement.group = intern_text(&task->bills->group_ids, number);
    statement.period = text_of(builder->period_text);
    statement.currency = builder->pricing->conductor->currency;
    outcome = write_bills(task, month, number, &statement, left, error);
    *rows += statement_row_count(&statement);
    statement_done(&statement);
    return outcome;
}

enum stream_outcome bill_group_write(struct task *task, struct bill_month *month, uint32_t number, bool closing,
                                     size_t *rows, bool *whole, struct error *error)
{
    struct custom_charges charges = { 0 };
    size_t left = GROUP_ROWS_MAX;
    bill_builder_begin(task, document_version_pricing(task->world->document), month->period);
    bill_group_charges(task, month, number, closing, &charges);
    enum stream_outcome outcome = bill_group_write_charged(task, month, number, &charges, &left, rows, error);
    *whole = left > 0;
    custom_charges_done(&charges);
    return outcome;
}

bool bill_charges_differ(struct task *task, struct bill_month *month, uint32_t number, const struct custom_charges *charges)
{
    struct bill_group *group = bill_group_of(month, number);
    size_t kept = 0, written = 0;
    for (size_t i = 0; i < group->charge_count; i++)
        written += month->charges[group->charges[i]].written;
    for (size_t i = 0; i < charges->count; i++) {
        struct line_item item;
        line_item_of_charge(&task->bills->builder, &charges->items[i], &item);
        uint32_t known = intern_find(&month->charge_ids, item.line_item_id);
        if (known == INTERN_NONE || !month->charges[known].written ||
            month->charges[known].hash != charge_content_hash(&item, &task->value))
            return true;
        kept++;
    }
    return kept != written;
}
