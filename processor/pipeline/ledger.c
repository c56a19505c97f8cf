/*
 * pipeline/ledger.c: rows with what was last written of them.
 *
 * A flat row is one line item whose cost follows from its values. A tiered row has a part per tier: its events were cut
 * where the pool stood when they came, so a part's quantity is state of its own until the final sweep cuts anew.
 */
#include "pipeline/ledger.h"

#include <stdlib.h>

#include "assign/assign.h"
#include "model/account.h"

/* What a part is and what was written of it. */
struct part {
    uint32_t tier;                          /* from 1; 0: the only one of a flat row */
    bool written;                           /* its key has a value */
    bool live;                              /* tiered rows: it is one of the row's line items */
    bool has_public_rate;                   /* all that is in it has this one published rate */
    i128 public_rate;
    struct sum quantity, public_cost, cost; /* tiered rows; a flat row is rated from its values */
    i128 written_cost, written_public_cost;
};

struct entry {
    uint32_t row;
    uint32_t part_count;
    bool dirty, charged; /* charged: counted as such in the totals */
    struct part *parts;
};

struct month {
    billing_period period;
    struct totals totals;
};

struct ledger {
    struct ledger_options options;
    struct row_table *table;
    struct price_cache prices;
    struct rater rater;
    struct line_item_builder builder;
    struct entry *entries; /* a row's word is its place here + 1 */
    size_t entry_count, entry_capacity;
    uint32_t *dirty; /* places in entries */
    size_t dirty_count, dirty_capacity;
    struct month *months;
    size_t month_count, month_capacity;
    struct buffer gone; /* ids that lose their value at the next flush, each LINE_ITEM_ID_LETTERS */
    struct buffer facts, scratch;
    struct arena tags;
    /* Of the final sweep at hand. */
    billing_period final_period;
    size_t final_at;
};

struct ledger *ledger_new(const struct ledger_options *options, const struct pricing *pricing)
{
    struct ledger *ledger = memory_new(sizeof *ledger);
    ledger->options = *options;
    ledger->table = row_table_new(options->granularity, options->resource_ids);
    ledger->prices.pricing = pricing;
    ledger->final_period = PERIOD_NONE;
    line_item_builder_init(&ledger->builder);
    ledger->builder.tasks[TASK_USAGE] = ledger->builder.tasks[TASK_TIER] = options->task;
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < ledger->entry_count; i++)
        free(ledger->entries[i].parts);
    for (size_t i = 0; i < ledger->month_count; i++)
        totals_done(&ledger->months[i].totals);
    row_table_free(ledger->table);
    price_cache_done(&ledger->prices);
    rater_done(&ledger->rater);
    line_item_builder_done(&ledger->builder);
    free(ledger->entries);
    free(ledger->dirty);
    free(ledger->months);
    buffer_done(&ledger->gone);
    buffer_done(&ledger->facts);
    buffer_done(&ledger->scratch);
    arena_done(&ledger->tags);
    free(ledger);
}

/* ---- entries ---- */

static struct entry *entry_of(struct ledger *ledger, uint32_t row)
{
    uint32_t *word = row_table_word(ledger->table, row);
    if (*word == 0) {
        ledger->entries = memory_reserve_one(ledger->entries, ledger->entry_count, &ledger->entry_capacity,
                                             sizeof *ledger->entries);
        ledger->entries[ledger->entry_count] = (struct entry){ .row = row };
        *word = (uint32_t)++ledger->entry_count;
    }
    return &ledger->entries[*word - 1];
}

static void mark_dirty(struct ledger *ledger, struct entry *entry)
{
    if (entry->dirty)
        return;
    entry->dirty = true;
    ledger->dirty = memory_reserve_one(ledger->dirty, ledger->dirty_count, &ledger->dirty_capacity, sizeof *ledger->dirty);
    ledger->dirty[ledger->dirty_count++] = (uint32_t)(entry - ledger->entries);
}

/* The part of a tier, made where it is missing; parts stand in tier order. */
static struct part *part_of(struct entry *entry, uint32_t tier)
{
    uint32_t at = 0;
    while (at < entry->part_count && entry->parts[at].tier < tier)
        at++;
    if (at < entry->part_count && entry->parts[at].tier == tier)
        return &entry->parts[at];
    entry->parts = memory_grow(entry->parts, entry->part_count + 1, sizeof *entry->parts);
    memmove(&entry->parts[at + 1], &entry->parts[at], (entry->part_count - at) * sizeof *entry->parts);
    entry->part_count++;
    entry->parts[at] = (struct part){ .tier = tier };
    return &entry->parts[at];
}

static const struct resolved *resolve(struct ledger *ledger, const struct row_view *view)
{
    uint32_t group = assign_group(ledger->prices.pricing->conductor, view->account, view->period);
    return price_cache_get(&ledger->prices, group, view->period, view->facts);
}

static struct month *month_of(struct ledger *ledger, billing_period period)
{
    for (size_t i = 0; i < ledger->month_count; i++)
        if (ledger->months[i].period == period)
            return &ledger->months[i];
    ledger->months = memory_reserve_one(ledger->months, ledger->month_count, &ledger->month_capacity,
                                        sizeof *ledger->months);
    ledger->months[ledger->month_count] = (struct month){ .period = period };
    return &ledger->months[ledger->month_count++];
}

static struct total *total_of(struct ledger *ledger, const struct row_view *view, const struct resolved *resolved)
{
    struct total *total = totals_get(&month_of(ledger, view->period)->totals, resolved->price.group, view->account,
                                     resolved->facts.product_code, price_shown_type(&resolved->price, &resolved->facts));
    total->changed = true;
    return total;
}

/* ---- usage in ---- */

/* Takes the row's parts out of its pool and forgets what they hold; what was written stays known. */
static void empty_parts(struct entry *entry, struct sum *position)
{
    for (uint32_t i = 0; i < entry->part_count; i++) {
        struct part *part = &entry->parts[i];
        i128 quantity = sum_modulo(&part->quantity);
        if (position) {
            sum_add(position, -quantity);
            position->wraps -= part->quantity.wraps;
        }
        part->quantity = part->public_cost = part->cost = (struct sum){ 0 };
        part->live = false;
    }
}

static bool is_empty(const struct entry *entry)
{
    for (uint32_t i = 0; i < entry->part_count; i++)
        if (entry->parts[i].live)
            return false;
    return true;
}

static void note_public_rate(struct part *part, const struct priced_slice *slice)
{
    part->has_public_rate = slice->has_public_rate &&
                            (!part->live || (part->has_public_rate && part->public_rate == slice->public_rate));
    part->public_rate = slice->public_rate;
}

/* Cuts values where the pool stands, adds the cuts to the row's parts, and moves the pool on. False: they do not fit. */
static bool add_to_parts(struct ledger *ledger, struct entry *entry, const struct price *price,
                         const struct row_values *values, struct sum *position)
{
    struct rated_row rated;
    rate_row(&ledger->rater, price, values, position, &rated);
    if (rated.status != STATUS_CHARGED)
        return false;
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct part *part = part_of(entry, rated.slices[i].tier);
        note_public_rate(part, &rated.slices[i]);
        part->live = true;
        sum_add(&part->quantity, rated.slices[i].quantity);
        sum_add(&part->public_cost, rated.slices[i].public_cost);
        sum_add(&part->cost, rated.slices[i].cost);
    }
    sum_add_sum(position, &values->amount);
    return true;
}

static void price_tiered_event(struct ledger *ledger, struct entry *entry, const struct resolved *resolved,
                               const struct row_view *row, const struct usage_event *event)
{
    struct sum *position = price_cache_position(&ledger->prices, resolved->pool);
    if (!rate_fits(&resolved->price, &row->values)) {
        empty_parts(entry, position);
        return;
    }
    struct row_values added = { .usage_events = 1, .has_amount = true };
    sum_add(&added.amount, event->usage_amount);
    if (record_has(event, USAGE_EVENT_public_on_demand_cost))
        sum_add(&added.costs[CARRIED_PUBLIC_COST], event->public_on_demand_cost);
    /* A row comes in whole when it was too large a moment ago, or when the event alone is. */
    bool whole = is_empty(entry) && row->values.usage_events > 1;
    if (!whole && add_to_parts(ledger, entry, &resolved->price, &added, position))
        return;
    empty_parts(entry, position);
    bool fits = add_to_parts(ledger, entry, &resolved->price, &row->values, position);
    CHECK(fits); /* rate_fits has said so */
}

static void add_event_to_total(struct total *total, const struct usage_event *event, const struct price *price)
{
    int64_t end = record_has(event, USAGE_EVENT_usage_end) ? event->usage_end : event->usage_start;
    total->usage_events++;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    if (record_has(event, USAGE_EVENT_unblended_cost))
        sum_add(price->counts_as_tax ? &total->tax : &total->billable_cost, event->unblended_cost);
}

void ledger_take(struct ledger *ledger, const struct usage_event *event, struct text facts, billing_period period)
{
    struct row_identity identity = row_table_identity(ledger->table, event, facts, period);
    uint32_t row = row_table_take(ledger->table, &identity);
    row_table_add_event(ledger->table, row, event);
    struct entry *entry = entry_of(ledger, row);
    struct row_view view;
    row_table_read(ledger->table, row, &view);
    const struct resolved *resolved = resolve(ledger, &view);
    if (resolved->pool != POOL_NONE)
        price_tiered_event(ledger, entry, resolved, &view, event);
    if (resolved->price.in_sums)
        add_event_to_total(total_of(ledger, &view, resolved), event, &resolved->price);
    mark_dirty(ledger, entry);
}

/* ---- line items out ---- */

/* The row's line items as they stand: rated from its values, or its parts. */
static void rate_entry(struct ledger *ledger, const struct entry *entry, const struct resolved *resolved,
                       const struct row_view *view, struct rated_row *rated)
{
    const struct price *price = &resolved->price;
    if (resolved->pool == POOL_NONE) {
        rate_row(&ledger->rater, price, &view->values, NULL, rated);
        return;
    }
    if (!rate_fits(price, &view->values)) {
        struct price nothing = *price;
        nothing.kind = PRICE_NOTHING;
        nothing.status = STATUS_UNPRICED;
        nothing.reason = UNPRICED_TOO_LARGE;
        rate_row(&ledger->rater, &nothing, &view->values, NULL, rated);
        return;
    }
    rate_parts(&ledger->rater, entry->part_count, rated);
    rated->slice_count = 0;
    for (uint32_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        if (!part->live)
            continue;
        struct priced_slice *slice = &rated->slices[rated->slice_count++];
        bool fits = sum_value(&part->quantity, &slice->quantity) && sum_value(&part->public_cost, &slice->public_cost) &&
                    sum_value(&part->cost, &slice->cost);
        CHECK(fits); /* parts of a row that fits */
        slice->has_public_rate = part->has_public_rate;
        slice->public_rate = part->public_rate;
        rate_of_part(price, part->tier, slice);
    }
}

/* Parts that once were written but are no longer among the line items: cost 0 now, no value from the next flush on. */
static bool is_among(const struct rated_row *rated, uint32_t tier)
{
    for (uint32_t i = 0; i < rated->slice_count; i++)
        if (rated->slices[i].tier == tier)
            return true;
    return false;
}

static bool write_item(struct part *part, i128 cost, i128 public_cost, struct line_item *item,
                       struct total *total, const struct ledger_sink *sink, struct error *error)
{
    if (!decimal_add(cost, -part->written_cost, &item->cost_delta))
        return error_fail(error, ERROR_FAILED, "line item %.*s: its change reaches 10^14", TEXT_ARGS(item->line_item_id));
    if (total) {
        sum_add(&total->cost, item->cost_delta);
        sum_add(&total->public_cost, public_cost);
        sum_add(&total->public_cost, -part->written_public_cost);
    }
    part->written = true;
    part->written_cost = cost;
    part->written_public_cost = public_cost;
    return sink->line_item(sink->context, item, error);
}

static bool write_gone(struct ledger *ledger, struct entry *entry, const struct row_view *view,
                       const struct resolved *resolved, const struct rated_row *rated, struct total *total,
                       const struct ledger_sink *sink, struct error *error)
{
    for (uint32_t i = 0; i < entry->part_count;) {
        struct part *part = &entry->parts[i];
        if (is_among(rated, part->tier)) {
            i++;
            continue;
        }
        if (part->written) {
            /* Written as a slice behind the others, so that it carries nothing of the row. */
            struct priced_slice nothing = { .tier = part->tier, .has_quantity = true };
            struct rated_row gone = { STATUS_CHARGED, UNPRICED_NONE, (struct priced_slice[2]){ nothing, nothing }, 2 };
            struct line_item item;
            if (!line_item_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &gone, 1, &item, error) ||
                !write_item(part, 0, 0, &item, total, sink, error))
                return false;
            buffer_append_text(&ledger->gone, item.line_item_id);
        }
        memmove(part, part + 1, (entry->part_count - i - 1) * sizeof *part);
        entry->part_count--;
    }
    return true;
}

static void drop_empty_parts(struct rated_row *rated)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < rated->slice_count; i++)
        if (rated->slices[i].quantity != 0 || rated->slices[i].cost != 0 || rated->slice_count == 1)
            rated->slices[kept++] = rated->slices[i];
    /* A row whose parts have all become nothing keeps its lowest. */
    rated->slice_count = kept ? kept : 1;
}

static bool flush_entry(struct ledger *ledger, struct entry *entry, const struct ledger_sink *sink, struct error *error)
{
    struct row_view view;
    struct rated_row rated;
    row_table_read(ledger->table, entry->row, &view);
    const struct resolved *resolved = resolve(ledger, &view);
    struct total *total = resolved->price.in_sums ? total_of(ledger, &view, resolved) : NULL;
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, view.period);
    rate_entry(ledger, entry, resolved, &view, &rated);
    if (resolved->pool != POOL_NONE && rated.status == STATUS_CHARGED)
        drop_empty_parts(&rated);
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct line_item item;
        struct part *part = part_of(entry, rated.slices[i].tier);
        i128 cost = rated.slices[i].cost, public_cost = rated.slices[i].public_cost;
        if (!line_item_of_slice(&ledger->builder, &view, &resolved->facts, &resolved->price, &rated, i, &item, error) ||
            !write_item(part, cost, public_cost, &item, total, sink, error))
            return false;
    }
    if (!write_gone(ledger, entry, &view, resolved, &rated, total, sink, error))
        return false;
    bool charged = rated.status == STATUS_CHARGED;
    if (total)
        total->charged_rows += charged - entry->charged;
    entry->charged = charged;
    return true;
}

size_t ledger_dirty_count(const struct ledger *ledger)
{
    return ledger->dirty_count + ledger->gone.size / LINE_ITEM_ID_LETTERS;
}

bool ledger_flush(struct ledger *ledger, int64_t revision, const struct ledger_sink *sink, struct error *error)
{
    ledger->builder.revision = revision;
    for (size_t at = 0; at < ledger->gone.size; at += LINE_ITEM_ID_LETTERS)
        if (!sink->gone(sink->context, (struct text){ ledger->gone.data + at, LINE_ITEM_ID_LETTERS }, error))
            return false;
    buffer_clear(&ledger->gone);
    for (size_t i = 0; i < ledger->dirty_count; i++) {
        struct entry *entry = &ledger->entries[ledger->dirty[i]];
        entry->dirty = false;
        if (!flush_entry(ledger, entry, sink, error))
            return false;
    }
    ledger->dirty_count = 0;
    return true;
}

/* ---- totals ---- */

size_t ledger_period_count(const struct ledger *ledger)
{
    return ledger->month_count;
}

billing_period ledger_period(const struct ledger *ledger, size_t index)
{
    return ledger->months[index].period;
}

struct totals *ledger_totals(struct ledger *ledger, size_t index)
{
    return &ledger->months[index].totals;
}

/* ---- the final sweep ---- */

void ledger_final_begin(struct ledger *ledger, billing_period period)
{
    row_table_sort(ledger->table);
    ledger->final_period = period;
    ledger->final_at = 0;
    /* Every row of the month leaves its pool before the first comes back. */
    for (size_t i = 0; i < ledger->entry_count; i++) {
        struct row_view view;
        row_table_read(ledger->table, ledger->entries[i].row, &view);
        if (view.period != period)
            continue;
        struct sum *position = price_cache_position(&ledger->prices, resolve(ledger, &view)->pool);
        if (position)
            *position = (struct sum){ 0 };
    }
}

static bool sums_equal(const struct sum *a, const struct sum *b)
{
    return a->low == b->low && a->high == b->high && a->wraps == b->wraps;
}

/* Parts are only ever added in between, so those from before are a subsequence of those of now. */
static bool same_parts(const struct part *before, uint32_t before_count, const struct entry *entry)
{
    if (before_count != entry->part_count)
        return false;
    for (uint32_t i = 0; i < before_count; i++) {
        const struct part *a = &before[i], *b = &entry->parts[i];
        if (a->tier != b->tier || a->live != b->live || !sums_equal(&a->quantity, &b->quantity) ||
            !sums_equal(&a->public_cost, &b->public_cost))
            return false;
    }
    return true;
}

static void allocate_anew(struct ledger *ledger, struct entry *entry, const struct row_view *view,
                          const struct resolved *resolved)
{
    struct sum *position = price_cache_position(&ledger->prices, resolved->pool);
    uint32_t count = entry->part_count;
    struct part *before = memory_new_array(count, sizeof *before);
    if (count)
        memcpy(before, entry->parts, count * sizeof *before);
    empty_parts(entry, NULL);
    if (rate_fits(&resolved->price, &view->values)) {
        bool fits = add_to_parts(ledger, entry, &resolved->price, &view->values, position);
        CHECK(fits);
    }
    if (!same_parts(before, count, entry))
        mark_dirty(ledger, entry);
    free(before);
}

void ledger_final_step(struct ledger *ledger, size_t rows_max, bool *done)
{
    size_t end = row_table_count(ledger->table);
    for (size_t i = 0; i < rows_max && ledger->final_at < end; i++, ledger->final_at++) {
        uint32_t row = row_table_handle(ledger->table, ledger->final_at);
        struct row_view view;
        row_table_read(ledger->table, row, &view);
        if (view.period != ledger->final_period || view.values.usage_events == 0)
            continue;
        const struct resolved *resolved = resolve(ledger, &view);
        if (resolved->pool != POOL_NONE)
            allocate_anew(ledger, entry_of(ledger, row), &view, resolved);
    }
    *done = ledger->final_at == end;
}

static bool report_row(struct ledger *ledger, uint32_t row, const struct row_view *view,
                       const struct ledger_report_sink *sink, struct error *error)
{
    struct rated_row rated;
    struct entry *entry = entry_of(ledger, row);
    const struct resolved *resolved = resolve(ledger, view);
    rate_entry(ledger, entry, resolved, view, &rated);
    if (rated.status != STATUS_CHARGED)
        return true;
    if (resolved->pool != POOL_NONE)
        drop_empty_parts(&rated);
    for (uint32_t i = 0; i < rated.slice_count; i++) {
        struct line_item item;
        if (!line_item_of_slice(&ledger->builder, view, &resolved->facts, &resolved->price, &rated, i, &item, error) ||
            !sink->line_item(sink->context, &item, resolved->price.group, resolved->price.shown_as_usage, error))
            return false;
    }
    return true;
}

bool ledger_report(struct ledger *ledger, billing_period period, size_t *cursor, size_t rows_max, bool *done,
                   const struct ledger_report_sink *sink, struct error *error)
{
    line_item_builder_begin(&ledger->builder, ledger->prices.pricing, period);
    size_t end = row_table_count(ledger->table), place = 0, taken = 0;
    row_table_sort(ledger->table);
    for (size_t at = 0; at < end && taken < rows_max; at++) {
        uint32_t row = row_table_handle(ledger->table, at);
        struct row_view view;
        row_table_read(ledger->table, row, &view);
        if (view.period != period || view.values.usage_events == 0 || place++ < *cursor)
            continue;
        if (!report_row(ledger, row, &view, sink, error))
            return false;
        taken++;
    }
    *cursor += taken;
    *done = taken < rows_max;
    return true;
}

size_t ledger_row_count(const struct ledger *ledger)
{
    return row_table_count(ledger->table);
}

size_t ledger_bytes(const struct ledger *ledger)
{
    return row_table_bytes(ledger->table) +
           ledger->entry_capacity * (sizeof *ledger->entries + sizeof(struct part) + 16);
}

/* ---- replay ---- */

static void copy_field(struct usage_event *event, enum usage_event_field to, const struct line_item *item,
                       enum line_item_field from)
{
    static const size_t sizes[] = { [FIELD_TEXT] = sizeof(struct text), [FIELD_DECIMAL] = sizeof(i128),
                                    [FIELD_TIME] = sizeof(int64_t), [FIELD_LONG] = sizeof(int64_t),
                                    [FIELD_TAGS] = sizeof(struct tags) };
    const struct field *field = &line_item_type.fields[from];
    if (!record_has(item, from))
        return;
    memcpy(record_member(event, &usage_event_type.fields[to]), record_member_const(item, field), sizes[field->kind]);
    record_set(event, to);
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
        { USAGE_EVENT_usage_type, LINE_ITEM_usage_type },
        { USAGE_EVENT_operation, LINE_ITEM_operation },
        { USAGE_EVENT_sku, LINE_ITEM_sku },
        { USAGE_EVENT_region, LINE_ITEM_region },
        { USAGE_EVENT_availability_zone, LINE_ITEM_availability_zone },
        { USAGE_EVENT_unit, LINE_ITEM_unit },
        { USAGE_EVENT_public_on_demand_rate, LINE_ITEM_public_on_demand_rate },
        { USAGE_EVENT_public_on_demand_cost, LINE_ITEM_public_on_demand_cost },
        { USAGE_EVENT_unblended_cost, LINE_ITEM_billable_cost },
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
    if (with_currency)
        copy_field(&event, USAGE_EVENT_currency, item, LINE_ITEM_currency);
    buffer_clear(facts);
    facts_encode(&event, facts);
}

/* A line item shows the document's currency where its events named none; its id tells which it was. */
static bool identify_item(struct ledger *ledger, const struct line_item *item, uint32_t tier,
                          struct row_identity *identity)
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
    };
    sum_add(&values.amount, item->usage_amount);
    sum_add(&values.costs[CARRIED_PUBLIC_COST], item->public_on_demand_cost);
    sum_add(&values.costs[CARRIED_UNBLENDED], item->billable_cost);
    sum_add(&values.costs[CARRIED_RESERVATION], item->reservation_effective_cost);
    sum_add(&values.costs[CARRIED_SAVINGS_PLAN], item->savings_plan_effective_cost);
    row_table_set(ledger->table, row, &values, item->description);
}

bool ledger_replay(struct ledger *ledger, const struct line_item *item, struct error *error)
{
    struct row_identity identity;
    uint32_t tier = record_has(item, LINE_ITEM_tier) ? (uint32_t)item->tier : 0;
    if (!identify_item(ledger, item, tier, &identity))
        return error_fail(error, ERROR_FAILED, "line item %.*s: its id is not that of its facts",
                          TEXT_ARGS(item->line_item_id));
    uint32_t row = row_table_take(ledger->table, &identity);
    struct entry *entry = entry_of(ledger, row);
    struct part *part = part_of(entry, tier);
    *part = (struct part){ .tier = tier, .written = true, .written_cost = item->cost,
                           .written_public_cost = item->public_cost,
                           .has_public_rate = record_has(item, LINE_ITEM_public_rate),
                           .public_rate = item->public_rate,
                           .live = item->usage_events > 0 || item->usage_amount != 0 || item->cost != 0 };
    sum_add(&part->quantity, item->usage_amount);
    sum_add(&part->public_cost, item->public_cost);
    sum_add(&part->cost, item->cost);
    entry->charged = text_equal(item->status, line_item_status_text(STATUS_CHARGED));
    if (item->usage_events > 0)
        replay_values(ledger, row, item);
    return true;
}

/* A tiered row's quantity is that of its parts; only they say it all. */
static void restore_amount(struct ledger *ledger, const struct entry *entry, struct row_view *view)
{
    struct row_values values = view->values;
    values.amount = (struct sum){ 0 };
    for (uint32_t i = 0; i < entry->part_count; i++)
        sum_add_sum(&values.amount, &entry->parts[i].quantity);
    row_table_set(ledger->table, entry->row, &values, view->description);
    view->values = values;
}

static void restore_total(struct ledger *ledger, const struct entry *entry, const struct row_view *view,
                          const struct resolved *resolved)
{
    struct total *total = total_of(ledger, view, resolved);
    int64_t end = view->values.usage_end_ms != USAGE_END_NONE ? view->values.usage_end_ms : view->bucket_ms;
    if (end > total->latest_end_ms)
        total->latest_end_ms = end;
    total->usage_events += view->values.usage_events;
    total->charged_rows += entry->charged;
    sum_add_sum(resolved->price.counts_as_tax ? &total->tax : &total->billable_cost,
                &view->values.costs[CARRIED_UNBLENDED]);
    for (uint32_t i = 0; i < entry->part_count; i++) {
        sum_add(&total->cost, entry->parts[i].written_cost);
        sum_add(&total->public_cost, entry->parts[i].written_public_cost);
    }
}

static bool costs_match(struct ledger *ledger, const struct entry *entry, const struct resolved *resolved,
                        const struct row_view *view)
{
    struct rated_row rated;
    if (resolved->pool != POOL_NONE)
        return true; /* where its events were cut is not known any more */
    rate_entry(ledger, entry, resolved, view, &rated);
    return entry->part_count == 1 && entry->parts[0].written_cost == rated.slices[0].cost;
}

bool ledger_replay_done(struct ledger *ledger, uint64_t *mismatches, struct error *error)
{
    *mismatches = 0;
    for (size_t i = 0; i < ledger->entry_count; i++) {
        struct entry *entry = &ledger->entries[i];
        struct row_view view;
        row_table_read(ledger->table, entry->row, &view);
        if (view.values.usage_events == 0)
            return error_fail(error, ERROR_FAILED, "the ledger of task %u lacks the first line item of a row",
                              ledger->options.task);
        const struct resolved *resolved = resolve(ledger, &view);
        if (resolved->pool != POOL_NONE && rate_fits(&resolved->price, &view.values) && entry->charged) {
            restore_amount(ledger, entry, &view);
            sum_add_sum(price_cache_position(&ledger->prices, resolved->pool), &view.values.amount);
        }
        if (resolved->price.in_sums)
            restore_total(ledger, entry, &view, resolved);
        *mismatches += !costs_match(ledger, entry, resolved, &view);
    }
    return true;
}
