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
    size_t memory_bytes; /* of a side */
    struct buffer facts;
    struct arena arena;
};

static bool open_side(struct side *side, const char *scratch, const char *name, size_t memory, struct error *error)
{
    struct buffer path = { 0 };
    struct rocks_options options = { .write_buffer_bytes = memory / 8, .cache_bytes = memory / 8 };
    buffer_printf(&path, "%s/%s", scratch, name);
    bool done = rocks_open(path.data, &options, &side->rocks, error);
    buffer_done(&path);
    if (!done)
        return false;
    side->table = row_table_new(GRANULARITY_HOURLY, true);
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

bool corrections_open(const char *scratch, size_t memory_bytes, struct corrections **ret_corrections, struct error *error)
{
    struct corrections *corrections = memory_new(sizeof *corrections);
    corrections->memory_bytes = memory_bytes / 2;
    if (!open_side(&corrections->old, scratch, "old", corrections->memory_bytes, error) ||
        !open_side(&corrections->new, scratch, "new", corrections->memory_bytes, error)) {
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
    return row_table_bytes(side->table) < corrections->memory_bytes / 2 || row_store_spill(side->rows, error);
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
    bool (*take)(void *context, const struct usage_event *event, struct error *error);
    void *context;
    struct correction_counts *counts;
    const struct row_view *row; /* at hand */
    uint64_t before;            /* events that it had, and has been given */
};

static void set_id(struct writer *writer, struct usage_event *event)
{
    const struct row_view *row = writer->row;
    struct buffer identity = { 0 };
    char letters[ID_LETTERS], id[80];
    buffer_printf(&identity, "%d %lld %llu ", row->period, (long long)row->bucket_ms, (unsigned long long)row->account);
    buffer_append_text(&identity, row->resource);
    buffer_append_byte(&identity, '\0');
    buffer_append_text(&identity, row->facts);
    hash_letters(hash128(identity.data, identity.size), sizeof letters, letters);
    buffer_done(&identity);
    int size = snprintf(id, sizeof id, "delivery/%.*s/%llu", ID_LETTERS, letters, (unsigned long long)++writer->before);
    set_text(event, USAGE_EVENT_event_id, arena_copy(&writer->corrections->arena, (struct text){ id, (size_t)size }));
}

static bool has_facts_of_row(struct writer *writer, const struct usage_event *event)
{
    struct buffer *facts = &writer->corrections->facts;
    buffer_clear(facts);
    facts_encode(event, facts);
    return text_equal(buffer_text(facts), writer->row->facts);
}

static bool hand_over(struct writer *writer, struct usage_event *event, struct error *error)
{
    struct refusal refusal = { 0 };
    set_id(writer, event);
    if (!usage_event_accept(event, &refusal))
        return error_fail(error, ERROR_FAILED, "a row's difference is no event: %s: %s", refusal_reason_text(refusal.reason),
                          refusal.detail);
    writer->counts->events++;
    return writer->take(writer->context, event, error);
}

/* An event whose costs are all 0. */
static struct usage_event without_sums(const struct usage_event *event)
{
    struct usage_event nothing = *event;
    nothing.usage_amount = 0;
    for (enum carried_cost cost = 0; cost < CARRIED_COUNT; cost++) {
        enum usage_event_field field;
        *cost_of(&nothing, cost, &field) = 0;
    }
    return nothing;
}

/*
 * Whether AWS bills a row at nothing is a fact of it, and follows from costs that are 0 or not: a difference of 0 would be
 * another row's. Then the smallest amount goes in with one event and out with a second.
 */
static bool hand_over_in_two(struct writer *writer, const struct usage_event *event, struct error *error)
{
    static const enum carried_cost candidates[] = { CARRIED_UNBLENDED, CARRIED_PUBLIC_COST };
    for (size_t i = 0; i < ARRAY_COUNT(candidates); i++) {
        enum usage_event_field field;
        struct usage_event first = *event, second = without_sums(event);
        *cost_of(&first, candidates[i], &field) += 1;
        *cost_of(&second, candidates[i], &field) = -1;
        if (record_has(event, field) && has_facts_of_row(writer, &first) && has_facts_of_row(writer, &second))
            return hand_over(writer, &first, error) && hand_over(writer, &second, error);
    }
    return error_fail(error, ERROR_FAILED, "a row of account %012llu cannot be corrected: no event has its facts",
                      (unsigned long long)writer->row->account);
}

/* Rows that several rows of a report fold into keep their number, as long as an event of nothing has their facts. */
#define REPEATED_MAX 1000

static bool hand_over_repeats(struct writer *writer, const struct usage_event *event, uint64_t count, struct error *error)
{
    struct usage_event nothing = without_sums(event);
    if (count > REPEATED_MAX || !has_facts_of_row(writer, &nothing))
        return true;
    for (uint64_t i = 0; i < count; i++)
        if (!hand_over(writer, &nothing, error))
            return false;
    return true;
}

static bool write_row(struct writer *writer, const struct row_values *new, const struct row_values *old, struct error *error)
{
    struct corrections *corrections = writer->corrections;
    const struct row_view *row = writer->row;
    struct usage_event event = { .usage_start = row->bucket_ms };
    struct facts facts;
    char account[ACCOUNT_DIGITS + 1], period[TIME_TEXT_MAX];
    arena_reset(&corrections->arena);
    facts_decode(row->facts, &facts);
    set_facts(corrections, &facts, &event);
    account_format(row->account, account);
    period_format(row->period, period);
    set_text(&event, USAGE_EVENT_usage_account_id, arena_copy(&corrections->arena, text_of(account)));
    set_text(&event, USAGE_EVENT_billing_period, arena_copy(&corrections->arena, text_of(period)));
    set_text(&event, USAGE_EVENT_resource_id, row->resource);
    set_text(&event, USAGE_EVENT_description, row->description);
    record_set(&event, USAGE_EVENT_usage_start);
    if (row->values.usage_end_ms != USAGE_END_NONE) {
        event.usage_end = row->values.usage_end_ms;
        record_set(&event, USAGE_EVENT_usage_end);
    }
    if (!set_sums(new, old, &facts, &event))
        return error_fail(error, ERROR_FAILED, "a row of account %s cannot be corrected: its difference is too large",
                          account);
    writer->before = old->usage_events;
    if (!has_facts_of_row(writer, &event))
        return hand_over_in_two(writer, &event, error);
    uint64_t more = new->usage_events > old->usage_events ? new->usage_events - old->usage_events : 1;
    return hand_over(writer, &event, error) && hand_over_repeats(writer, &event, more - 1, error);
}

/* ---- the walk ---- */

static bool same_sums(const struct row_values *a, const struct row_values *b, struct text facts_bytes)
{
    struct facts facts;
    facts_decode(facts_bytes, &facts);
    bool same = sum_equal(&a->amount, &b->amount);
    for (enum carried_cost cost = 0; cost < CARRIED_COUNT; cost++)
        same = same && (!facts_carry(&facts, cost) || sum_equal(&a->costs[cost], &b->costs[cost]));
    return same;
}

static bool advance(struct side *side, struct error *error)
{
    return row_cursor_next(side->cursor, &side->view, &side->has_row, error);
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
    /* A row of nothing is a row all the same: it shows in the report. */
    if (has_old && same_sums(new, old, writer->row->facts))
        return true;
    counts->added += !has_old;
    counts->gone += !has_new;
    counts->changed += has_old && has_new;
    return write_row(writer, new, old, error);
}

bool corrections_write(struct corrections *corrections,
                       bool (*take_event)(void *context, const struct usage_event *event, struct error *error),
                       void *context, struct correction_counts *counts, struct error *error)
{
    struct writer writer = { .corrections = corrections, .take = take_event, .context = context, .counts = counts };
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
