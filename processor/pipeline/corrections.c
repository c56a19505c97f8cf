/* pipeline/corrections.c: two stores of rows, walked side by side. */
#include "pipeline/corrections.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "model/account.h"
#include "store/row_store.h"

#define ID_LETTERS 25 /* 125 of the hash's 128 bits */

/* The rows of one delivery. */
struct side {
    struct rocks *rocks;
    struct row_table *table;
    struct row_store *rows;
    struct row_cursor *cursor;
    struct row_view view; /* at the cursor */
    bool has_row;
};

struct corrections {
    struct side old, new;
    struct corrections_options options;
    struct buffer facts;
    struct arena arena;
};

static bool open_side(struct side *side, const char *scratch, const char *name, const struct corrections_options *options,
                      struct error *error)
{
    struct buffer path = { 0 };
    struct rocks_options rocks = { .write_buffer_bytes = options->memory_bytes / 16,
                                   .cache_bytes = options->memory_bytes / 16 };
    buffer_printf(&path, "%s/%s", scratch, name);
    bool done = rocks_open(path.data, &rocks, &side->rocks, error);
    buffer_done(&path);
    if (!done)
        return false;
    side->table = row_table_new(options->granularity, options->resource_ids);
    side->rows = row_store_new(side->rocks, side->table);
    return true;
}

static void close_side(struct side *side)
{
    row_cursor_close(side->cursor);
    row_store_free(side->rows);
    row_table_free(side->table);
    rocks_close(side->rocks);
}

bool corrections_open(const char *scratch, const struct corrections_options *options, struct corrections **ret_corrections,
                      struct error *error)
{
    struct corrections *corrections = memory_new(sizeof *corrections);
    corrections->options = *options;
    if (!open_side(&corrections->old, scratch, "old", options, error) ||
        !open_side(&corrections->new, scratch, "new", options, error)) {
        corrections_close(corrections);
        return false;
    }
    *ret_corrections = corrections;
    return true;
}

static bool take(struct corrections *corrections, struct side *side, const struct usage_event *event, struct error *error)
{
    buffer_clear(&corrections->facts);
    facts_encode(event, &corrections->facts);
    row_table_fold(side->table, event, buffer_text(&corrections->facts));
    return row_table_bytes(side->table) < corrections->options.memory_bytes / 4 || row_store_spill(side->rows, error);
}

bool corrections_take_new(struct corrections *corrections, const struct usage_event *event, struct error *error)
{
    return take(corrections, &corrections->new, event, error);
}

bool corrections_take_old(struct corrections *corrections, const struct usage_event *event, struct error *error)
{
    return take(corrections, &corrections->old, event, error);
}

/* ---- an event of a row ---- */

static void set_text(struct usage_event *event, enum usage_event_field field, struct text text)
{
    if (text.size)
        record_set_text(event, &usage_event_type, field, text);
}

static void set_facts(struct corrections *corrections, const struct facts *facts, struct usage_event *event)
{
    set_text(event, USAGE_EVENT_payer_account_id, facts->payer);
    set_text(event, USAGE_EVENT_billing_entity, facts->billing_entity);
    set_text(event, USAGE_EVENT_line_item_type, facts->line_item_type);
    set_text(event, USAGE_EVENT_product_code, facts->product_code);
    set_text(event, USAGE_EVENT_service_code, facts->service_code);
    set_text(event, USAGE_EVENT_usage_type, facts->usage_type);
    set_text(event, USAGE_EVENT_operation, facts->operation);
    set_text(event, USAGE_EVENT_sku, facts->sku);
    set_text(event, USAGE_EVENT_region, facts->region);
    set_text(event, USAGE_EVENT_availability_zone, facts->availability_zone);
    set_text(event, USAGE_EVENT_unit, facts->unit);
    set_text(event, USAGE_EVENT_currency, facts->currency);
    set_text(event, USAGE_EVENT_reservation_arn, facts->reservation_arn);
    set_text(event, USAGE_EVENT_savings_plan_arn, facts->savings_plan_arn);
    const struct {
        bool is_there;
        enum usage_event_field field;
        i128 *member, value;
    } numbers[] = {
        { facts->has_own_rate, USAGE_EVENT_public_on_demand_rate, &event->public_on_demand_rate, facts->own_rate },
        { facts->has_savings_plan_rate, USAGE_EVENT_savings_plan_rate, &event->savings_plan_rate, facts->savings_plan_rate },
        { facts->has_normalization_factor, USAGE_EVENT_normalization_factor, &event->normalization_factor,
          facts->normalization_factor },
    };
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        if (!numbers[i].is_there)
            continue;
        *numbers[i].member = numbers[i].value;
        record_set(event, numbers[i].field);
    }
    size_t count = facts_tag_count(facts);
    if (count == 0)
        return;
    struct tag *tags = arena_take(&corrections->arena, count * sizeof *tags, _Alignof(struct tag));
    facts_tags(facts, tags, count);
    event->tags = (struct tags){ tags, count };
    record_set(event, USAGE_EVENT_tags);
}

static i128 *cost_of(struct usage_event *event, enum carried_cost cost, enum usage_event_field *field)
{
    static const enum usage_event_field fields[CARRIED_COUNT] = {
        [CARRIED_PUBLIC_COST] = USAGE_EVENT_public_on_demand_cost,
        [CARRIED_UNBLENDED] = USAGE_EVENT_unblended_cost,
        [CARRIED_NET_UNBLENDED] = USAGE_EVENT_net_unblended_cost,
        [CARRIED_RESERVATION] = USAGE_EVENT_reservation_effective_cost,
        [CARRIED_SAVINGS_PLAN] = USAGE_EVENT_savings_plan_effective_cost,
    };
    *field = fields[cost];
    return record_member(event, &usage_event_type.fields[fields[cost]]);
}

/* False: it does not fit a number. */
static bool difference(const struct sum *new, const struct sum *old, i128 *ret)
{
    struct sum sum = *new;
    sum_subtract(&sum, old);
    return sum_value(&sum, ret);
}

static bool set_sums(const struct row_values *new, const struct row_values *old, const struct facts *facts,
                     struct usage_event *event)
{
    if (new->has_amount || old->has_amount) {
        if (!difference(&new->amount, &old->amount, &event->usage_amount))
            return false;
        record_set(event, USAGE_EVENT_usage_amount);
    }
    for (enum carried_cost cost = 0; cost < CARRIED_COUNT; cost++) {
        enum usage_event_field field;
        i128 *member = cost_of(event, cost, &field);
        if (!facts_carry(facts, cost))
            continue;
        if (!difference(&new->costs[cost], &old->costs[cost], member))
            return false;
        record_set(event, field);
    }
    return true;
}

/* ---- what is handed over ---- */

struct writer {
    struct corrections *corrections;
    int64_t published;
    bool (*take)(void *context, const struct usage_event *event, struct error *error);
    void *context;
    struct correction_counts *counts;
    const struct row_view *row; /* at hand */
};

static void set_id(const struct writer *writer, const struct correction *correction, struct usage_event *event)
{
    const struct row_view *row = writer->row;
    struct buffer identity = { 0 };
    char letters[ID_LETTERS], id[CORRECTION_TEXT_MAX + ID_LETTERS + 24];
    buffer_printf(&identity, "%d %lld %llu ", row->period, (long long)row->bucket_ms, (unsigned long long)row->account);
    buffer_append_text(&identity, row->resource);
    buffer_append_byte(&identity, '\0');
    buffer_append_text(&identity, row->facts);
    hash_letters(hash128(identity.data, identity.size), sizeof letters, letters);
    buffer_done(&identity);
    size_t size = correction_print(correction, id);
    size += (size_t)snprintf(id + size, sizeof id - size, "%.*s/%lld", ID_LETTERS, letters, (long long)writer->published);
    set_text(event, USAGE_EVENT_event_id, arena_copy(&writer->corrections->arena, (struct text){ id, size }));
}

/* A row that has no amount of its own carries one all the same where usage has to have it. */
static struct correction correction_of(const struct row_values *new, const struct row_values *old, const struct facts *facts,
                                       const struct usage_event *event)
{
    return (struct correction){
        .anew = old->usage_events > 0,
        .without_amount = !new->has_amount &&record_has(event, USAGE_EVENT_usage_amount),
        .billed_at_nothing = facts->billed_at_nothing,
        .events = (int64_t)(new->usage_events - old->usage_events),
    };
}

static bool hand_over(struct writer *writer, struct usage_event *event, struct error *error)
{
    struct refusal refusal = { 0 };
    if (!usage_event_accept(event, &refusal))
        return error_fail(error, ERROR_FAILED, "a row's difference is no event: %s: %s", refusal_reason_text(refusal.reason),
                          refusal.detail);
    writer->counts->events++;
    return writer->take(writer->context, event, error);
}

static void set_identity(struct writer *writer, const struct facts *facts, struct usage_event *event)
{
    struct corrections *corrections = writer->corrections;
    const struct row_view *row = writer->row;
    char account[ACCOUNT_DIGITS + 1], period[TIME_TEXT_MAX];
    set_facts(corrections, facts, event);
    account_format(row->account, account);
    period_format(row->period, period);
    set_text(event, USAGE_EVENT_usage_account_id, arena_copy(&corrections->arena, text_of(account)));
    set_text(event, USAGE_EVENT_billing_period, arena_copy(&corrections->arena, text_of(period)));
    set_text(event, USAGE_EVENT_resource_id, row->resource);
    event->usage_start = row->bucket_ms;
    record_set(event, USAGE_EVENT_usage_start);
}

/* `row` is the new one's where there is one: its description and end are what the row has from now on. */
static bool write_row(struct writer *writer, const struct row_values *new, const struct row_values *old, struct error *error)
{
    const struct row_view *row = writer->row;
    struct usage_event event = { 0 };
    struct facts facts;
    arena_reset(&writer->corrections->arena);
    facts_decode(row->facts, &facts);
    set_identity(writer, &facts, &event);
    if (new->usage_events > 0)
        set_text(&event, USAGE_EVENT_description, row->description);
    if (new->usage_events > 0 && new->usage_end_ms != USAGE_END_NONE) {
        event.usage_end = new->usage_end_ms;
        record_set(&event, USAGE_EVENT_usage_end);
    }
    if (!set_sums(new, old, &facts, &event))
        return error_fail(error, ERROR_FAILED, "a row of account %.*s cannot be corrected: its difference is too large",
                          TEXT_ARGS(event.usage_account_id));
    struct correction correction = correction_of(new, old, &facts, &event);
    set_id(writer, &correction, &event);
    return hand_over(writer, &event, error);
}

/* ---- the walk ---- */

static bool same_values(const struct row_values *a, const struct row_values *b)
{
    bool same = a->usage_events == b->usage_events && a->usage_end_ms == b->usage_end_ms && a->has_amount == b->has_amount &&
                sum_equal(&a->amount, &b->amount);
    for (enum carried_cost cost = 0; cost < CARRIED_COUNT; cost++)
        same = same && sum_equal(&a->costs[cost], &b->costs[cost]);
    return same;
}

static bool same_rows(const struct row_view *a, const struct row_view *b)
{
    return same_values(&a->values, &b->values) && text_equal(a->description, b->description);
}

static bool advance(struct side *side, struct error *error)
{
    bool done;
    do {
        done = row_cursor_next(side->cursor, &side->view, &side->has_row, error);
        row_values_settle(&side->view.values);
    } while (done && side->has_row && side->view.values.usage_events == 0);
    return done;
}

/* The next row of either side; *has_old and *has_new say whose it is. */
static void compare_sides(const struct corrections *corrections, bool *has_old, bool *has_new)
{
    const struct side *old = &corrections->old, *new = &corrections->new;
    int order = !old->has_row ? 1 : !new->has_row ? -1 : row_view_compare(&old->view, &new->view);
    *has_old = order <= 0;
    *has_new = order >= 0;
}

static bool write_next(struct writer *writer, bool has_old, bool has_new, struct error *error)
{
    static const struct row_values nothing;
    struct corrections *corrections = writer->corrections;
    struct correction_counts *counts = writer->counts;
    const struct row_values *old = has_old ? &corrections->old.view.values : &nothing;
    const struct row_values *new = has_new ? &corrections->new.view.values : &nothing;
    writer->row = has_new ? &corrections->new.view : &corrections->old.view;
    counts->rows += has_new;
    if (has_old && has_new && same_rows(&corrections->old.view, &corrections->new.view))
        return true;
    counts->added += !has_old;
    counts->gone += !has_new;
    counts->changed += has_old && has_new;
    return write_row(writer, new, old, error);
}

bool corrections_write(struct corrections *corrections, int64_t published,
                       bool (*take_event)(void *context, const struct usage_event *event, struct error *error),
                       void *context, struct correction_counts *counts, struct error *error)
{
    struct writer writer = {
        .corrections = corrections, .published = published, .take = take_event, .context = context, .counts = counts
    };
    struct side *old = &corrections->old, *new = &corrections->new;
    *counts = (struct correction_counts){ 0 };
    bool done = row_cursor_open(old->rows, &old->cursor, error) && row_cursor_open(new->rows, &new->cursor, error) &&
                advance(old, error) && advance(new, error);
    while (done && (old->has_row || new->has_row)) {
        bool has_old, has_new;
        compare_sides(corrections, &has_old, &has_new);
        done = write_next(&writer, has_old, has_new, error) && (!has_old || advance(old, error)) &&
               (!has_new || advance(new, error));
    }
    return done;
}

void corrections_close(struct corrections *corrections)
{
    if (!corrections)
        return;
    close_side(&corrections->old);
    close_side(&corrections->new);
    buffer_done(&corrections->facts);
    arena_done(&corrections->arena);
    free(corrections);
}
