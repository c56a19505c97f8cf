/* property/rows: facts and rows of random events, against a list of events that is searched field by field. */
#include "aggregate/row.h"
#include "model/account.h"
#include "support/property.h"

enum { EVENTS_MOST = 80, TAGS_MOST = 3 };

/* Few values a field, so that events meet; some of them prefixes of others, empty or not ASCII. */
static struct text random_text(struct random *random)
{
    static const struct text texts[] = {
        { NULL, 0 }, { "a", 1 }, { "ab", 2 }, { "a\x01", 2 }, { "b", 1 }, { "\xc3\xa9", 2 }, { "B", 1 }, { "\x7f", 1 },
    };
    return texts[random_one_in(random, 2) ? 0 : random_below(random, ARRAY_COUNT(texts))];
}

struct random_event {
    struct usage_event event;
    struct tag tags[TAGS_MOST];
};

static void random_tags(struct random *random, struct random_event *out)
{
    static const char *const keys[] = { "a", "ab", "b", "B", "\xc3\xa9" };
    size_t count = random_one_in(random, 2) ? 0 : random_below(random, TAGS_MOST + 1), kept = 0;
    bool taken[ARRAY_COUNT(keys)] = { false };
    for (size_t i = 0; i < count; i++) {
        size_t key = random_below(random, ARRAY_COUNT(keys));
        struct text value = random_text(random);
        if (taken[key] || value.size == 0)
            continue;
        taken[key] = true;
        out->tags[kept++] = (struct tag){ text_of(keys[key]), value };
    }
    struct refusal refusal;
    bool done = tags_normalize(out->tags, &kept, &refusal);
    CHECK(done);
    out->event.tags = (struct tags){ out->tags, kept };
    if (kept)
        record_set(&out->event, USAGE_EVENT_tags);
}

static i128 bound_of(const struct field *field)
{
    return field->scale == AMOUNT_SCALE ? decimal_power(AMOUNT_SCALE + AMOUNT_INTEGER_DIGITS)
                                        : decimal_power(DECIMAL_DIGITS);
}

/* As usage_event_accept leaves it. `few`: facts from a handful of values, so that rows fold. */
static void random_event(struct random *random, bool few, struct random_event *out)
{
    static const char *const accounts[] = { "000000000001", "000000000002", "999999999999" };
    static const enum usage_event_field amounts[] = {
        USAGE_EVENT_usage_amount,          USAGE_EVENT_public_on_demand_cost,      USAGE_EVENT_unblended_cost,
        USAGE_EVENT_net_unblended_cost,    USAGE_EVENT_reservation_effective_cost, USAGE_EVENT_savings_plan_effective_cost,
        USAGE_EVENT_public_on_demand_rate, USAGE_EVENT_savings_plan_rate,          USAGE_EVENT_normalization_factor,
    };
    static const char *const months[] = { "2026-05", "2026-06", "2026-7" };
    *out = (struct random_event){ 0 };
    struct usage_event *event = &out->event;
    for (size_t i = 0; i < USAGE_EVENT_FIELD_COUNT; i++) {
        bool has_form =
            i == USAGE_EVENT_usage_account_id || i == USAGE_EVENT_payer_account_id || i == USAGE_EVENT_billing_period;
        if (usage_event_type.fields[i].kind != FIELD_TEXT || has_form || (few && !random_one_in(random, 8)))
            continue;
        struct text text = random_text(random);
        record_set_text(event, &usage_event_type, i, text);
    }
    for (size_t i = 0; i < ARRAY_COUNT(amounts); i++) {
        const struct field *field = &usage_event_type.fields[amounts[i]];
        bool is_fact = i > 5;
        if (random_one_in(random, few && is_fact ? 10 : 2)) {
            i128 value = is_fact && few ? (i128)random_below(random, 3) - 1 : random_number(random, bound_of(field));
            memcpy(record_member(event, field), &value, sizeof value);
            record_set(event, amounts[i]);
        }
    }
    if (!few || random_one_in(random, 4))
        random_tags(random, out);
    record_set_text(event, &usage_event_type, USAGE_EVENT_usage_account_id, text_of(accounts[random_below(random, 3)]));
    if (random_one_in(random, 3))
        record_set_text(event, &usage_event_type, USAGE_EVENT_payer_account_id, text_of(accounts[random_below(random, 3)]));
    if (random_one_in(random, 4))
        record_set_text(event, &usage_event_type, USAGE_EVENT_billing_period, text_of(months[random_below(random, 3)]));
    if (random_one_in(random, 2)) {
        event->unblended_cost = random_one_in(random, 2) ? 0 : event->unblended_cost;
        record_set_text(event, &usage_event_type, USAGE_EVENT_line_item_type, TEXT("Usage"));
        record_set_text(event, &usage_event_type, USAGE_EVENT_usage_type, TEXT("Box"));
        record_set(event, USAGE_EVENT_usage_amount);
    }
    event->usage_start = INT64_C(1782777600000) + (int64_t)random_below(random, 3) * DAY_MS / 2 +
                         (int64_t)random_below(random, 3) * HOUR_MS / 2; /* 2026-06-30 and the days after */
    record_set(event, USAGE_EVENT_usage_start);
    if (random_one_in(random, 2)) {
        event->usage_end = event->usage_start + (int64_t)random_below(random, 5) * HOUR_MS;
        record_set(event, USAGE_EVENT_usage_end);
    }
    struct refusal refusal;
    record_set_text(event, &usage_event_type, USAGE_EVENT_event_id, TEXT("e"));
    if (!record_has(event, USAGE_EVENT_line_item_type))
        record_set_text(event, &usage_event_type, USAGE_EVENT_line_item_type, TEXT("Fee"));
    if (!record_has(event, USAGE_EVENT_product_code))
        record_set_text(event, &usage_event_type, USAGE_EVENT_product_code, TEXT("p"));
    bool accepted = usage_event_accept(event, &refusal);
    CLAIM(accepted, "%s", refusal.detail);
}

/* ---- identity and order of SEMANTICS 3.3, field by field ---- */

static int compare_optional(bool a_has, i128 a, bool b_has, i128 b)
{
    if (!a_has || !b_has)
        return a_has - b_has;
    return (a > b) - (a < b);
}

static unsigned carried_by(const struct usage_event *event)
{
    static const enum usage_event_field costs[] = {
        USAGE_EVENT_public_on_demand_cost,       USAGE_EVENT_unblended_cost,
        USAGE_EVENT_net_unblended_cost,          USAGE_EVENT_reservation_effective_cost,
        USAGE_EVENT_savings_plan_effective_cost,
    };
    unsigned carried = 0;
    for (size_t i = 0; i < ARRAY_COUNT(costs); i++)
        carried |= (unsigned)record_has(event, costs[i]) << i;
    return carried;
}

static bool is_billed_at_nothing(const struct usage_event *event)
{
    return text_equal(event->line_item_type, TEXT("Usage")) && record_has(event, USAGE_EVENT_unblended_cost) &&
           event->unblended_cost == 0 &&
           ((record_has(event, USAGE_EVENT_public_on_demand_rate) && event->public_on_demand_rate != 0) ||
            (record_has(event, USAGE_EVENT_public_on_demand_cost) && event->public_on_demand_cost != 0));
}

static int compare_tags_of(const struct tags *a, const struct tags *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = text_compare(a->items[i].key, b->items[i].key);
        if (order == 0)
            order = text_compare(a->items[i].value, b->items[i].value);
        if (order)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

#define IN_ORDER(comparison)     \
    do {                         \
        int order_ = comparison; \
        if (order_ != 0)         \
            return order_;       \
    } while (0)
#define BY_TEXT(field) IN_ORDER(text_compare(a->field, b->field))
#define BY_NUMBER(field) \
    IN_ORDER(compare_optional(record_has(a, USAGE_EVENT_##field), a->field, record_has(b, USAGE_EVENT_##field), b->field))

static int compare_facts(const struct usage_event *a, const struct usage_event *b)
{
    BY_TEXT(payer_account_id);
    BY_TEXT(billing_entity);
    BY_TEXT(line_item_type);
    BY_TEXT(product_code);
    BY_TEXT(service_code);
    BY_TEXT(usage_type);
    BY_TEXT(operation);
    BY_TEXT(sku);
    BY_TEXT(region);
    BY_TEXT(availability_zone);
    BY_TEXT(unit);
    BY_TEXT(currency);
    BY_NUMBER(public_on_demand_rate);
    IN_ORDER(is_billed_at_nothing(b) - is_billed_at_nothing(a));
    IN_ORDER((int)carried_by(a) - (int)carried_by(b));
    BY_TEXT(reservation_arn);
    BY_TEXT(savings_plan_arn);
    BY_NUMBER(savings_plan_rate);
    BY_NUMBER(normalization_factor);
    return compare_tags_of(&a->tags, &b->tags);
}

static int compare_rows(const struct usage_event *a, const struct usage_event *b, enum granularity granularity,
                        bool resources)
{
    int64_t a_bucket = bucket_start(a->usage_start, granularity), b_bucket = bucket_start(b->usage_start, granularity);
    IN_ORDER((int)usage_event_period(a) - (int)usage_event_period(b));
    IN_ORDER((a_bucket > b_bucket) - (a_bucket < b_bucket));
    BY_TEXT(usage_account_id);
    if (resources)
        BY_TEXT(resource_id);
    return compare_facts(a, b);
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static bool same_number(bool has, i128 found, bool expected_has, i128 expected)
{
    return has == expected_has && (!has || found == expected);
}

static void facts_come_back(struct random *random)
{
    struct random_event item;
    struct buffer bytes = { 0 };
    struct facts facts;
    random_event(random, false, &item);
    const struct usage_event *event = &item.event;
    facts_encode(event, &bytes);
    CLAIM(facts_are_valid(buffer_text(&bytes)), "%zu bytes", bytes.size);
    facts_decode(buffer_text(&bytes), &facts);
    CLAIM(text_equal(facts.payer, event->payer_account_id) && text_equal(facts.billing_entity, event->billing_entity) &&
              text_equal(facts.line_item_type, event->line_item_type) &&
              text_equal(facts.product_code, event->product_code) && text_equal(facts.service_code, event->service_code) &&
              text_equal(facts.usage_type, event->usage_type) && text_equal(facts.operation, event->operation) &&
              text_equal(facts.sku, event->sku) && text_equal(facts.region, event->region) &&
              text_equal(facts.availability_zone, event->availability_zone) && text_equal(facts.unit, event->unit) &&
              text_equal(facts.currency, event->currency) && text_equal(facts.reservation_arn, event->reservation_arn) &&
              text_equal(facts.savings_plan_arn, event->savings_plan_arn),
          "texts of %zu bytes", bytes.size);
    CLAIM(same_number(facts.has_own_rate, facts.own_rate, record_has(event, USAGE_EVENT_public_on_demand_rate),
                      event->public_on_demand_rate),
          "%s", shown(facts.own_rate));
    CLAIM(same_number(facts.has_savings_plan_rate, facts.savings_plan_rate, record_has(event, USAGE_EVENT_savings_plan_rate),
                      event->savings_plan_rate),
          "%s", shown(facts.savings_plan_rate));
    CLAIM(same_number(facts.has_normalization_factor, facts.normalization_factor,
                      record_has(event, USAGE_EVENT_normalization_factor), event->normalization_factor),
          "%s", shown(facts.normalization_factor));
    CLAIM(facts.carried == carried_by(event), "%u", facts.carried);
    CLAIM(facts.billed_at_nothing == is_billed_at_nothing(event), "%d", facts.billed_at_nothing);
    struct tag tags[TAGS_MOST];
    struct tags found = { tags, facts_tags(&facts, tags, TAGS_MOST) };
    CLAIM(found.count == event->tags.count && compare_tags_of(&found, &event->tags) == 0, "%zu tags", found.count);
    buffer_done(&bytes);
}

static void bytes_are_ordered_as_their_fields(struct random *random)
{
    struct random_event a, b;
    struct buffer a_bytes = { 0 }, b_bytes = { 0 };
    bool few = random_one_in(random, 2);
    random_event(random, few, &a);
    random_event(random, few, &b);
    if (random_one_in(random, 2)) { /* differ in one text only */
        static const enum usage_event_field facts[] = {
            USAGE_EVENT_billing_entity, USAGE_EVENT_operation,       USAGE_EVENT_unit,
            USAGE_EVENT_currency,       USAGE_EVENT_reservation_arn, USAGE_EVENT_savings_plan_arn,
        };
        struct tag *tags = b.tags;
        memcpy(tags, a.tags, sizeof a.tags);
        b.event = a.event;
        b.event.tags.items = tags;
        struct text text = random_text(random);
        memcpy(record_member(&b.event, &usage_event_type.fields[facts[random_below(random, ARRAY_COUNT(facts))]]), &text,
               sizeof text);
    }
    facts_encode(&a.event, &a_bytes);
    facts_encode(&b.event, &b_bytes);
    int bytes = sign(text_compare(buffer_text(&a_bytes), buffer_text(&b_bytes)));
    CLAIM(bytes == sign(compare_facts(&a.event, &b.event)), "bytes say %d", bytes);
    buffer_done(&a_bytes);
    buffer_done(&b_bytes);
}

/* ---- rows ---- */

struct row_world {
    struct random_event events[EVENTS_MOST];
    size_t count;
    enum granularity granularity;
    bool resources;
};

static void random_world(struct random *random, struct row_world *world)
{
    world->count = 1 + random_below(random, EVENTS_MOST);
    world->granularity = (enum granularity)random_below(random, 3);
    world->resources = !random_one_in(random, 3);
    for (size_t i = 0; i < world->count; i++) {
        random_event(random, true, &world->events[i]);
        /* tags are borrowed from where the event lies now */
        world->events[i].event.tags.items = world->events[i].tags;
    }
}

static void fold_all(struct row_table *table, const struct row_world *world, const size_t *order, size_t count)
{
    struct buffer facts = { 0 };
    for (size_t i = 0; i < count; i++) {
        const struct usage_event *event = &world->events[order[i]].event;
        buffer_clear(&facts);
        facts_encode(event, &facts);
        row_table_fold(table, event, buffer_text(&facts));
    }
    row_table_sort(table);
    buffer_done(&facts);
}

static bool views_are_equal(const struct row_view *a, const struct row_view *b)
{
    return row_view_compare(a, b) == 0 && text_equal(a->description, b->description) &&
           a->values.usage_events == b->values.usage_events && a->values.usage_end_ms == b->values.usage_end_ms &&
           a->values.has_amount == b->values.has_amount &&
           memcmp(&a->values.amount, &b->values.amount, sizeof a->values.amount) == 0 &&
           memcmp(a->values.costs, b->values.costs, sizeof a->values.costs) == 0;
}

static void any_order_of_events_gives_the_same_rows(struct random *random)
{
    static struct row_world world;
    size_t order[EVENTS_MOST];
    random_world(random, &world);
    struct row_table *first = row_table_new(world.granularity, world.resources);
    random_order(random, order, world.count);
    fold_all(first, &world, order, world.count);
    for (int i = 0; i < 3; i++) {
        struct row_table *other = row_table_new(world.granularity, world.resources);
        random_shuffle(random, order, world.count);
        fold_all(other, &world, order, world.count);
        CLAIM(row_table_count(first) == row_table_count(other), "%zu or %zu rows", row_table_count(first),
              row_table_count(other));
        for (size_t r = 0; r < row_table_count(first); r++) {
            struct row_view a, b;
            row_table_view(first, r, &a);
            row_table_view(other, r, &b);
            CLAIM(views_are_equal(&a, &b), "row %zu", r);
        }
        row_table_free(other);
    }
    row_table_free(first);
}

/* The events of a row, found by searching. */
static void rows_are_what_their_events_add_up_to(struct random *random)
{
    static struct row_world world;
    size_t order[EVENTS_MOST], rows = 0;
    random_world(random, &world);
    struct row_table *table = row_table_new(world.granularity, world.resources);
    random_order(random, order, world.count);
    fold_all(table, &world, order, world.count);
    bool counted[EVENTS_MOST] = { false };
    const struct usage_event *before = NULL;
    for (; rows < row_table_count(table); rows++) {
        /* The smallest identity that is left is the next row's. */
        const struct usage_event *smallest = NULL;
        for (size_t i = 0; i < world.count; i++)
            if (!counted[i] &&
                (!smallest || compare_rows(&world.events[i].event, smallest, world.granularity, world.resources) < 0))
                smallest = &world.events[i].event;
        CLAIM(smallest, "row %zu has no event", rows);
        CLAIM(!before || compare_rows(before, smallest, world.granularity, world.resources) < 0, "row %zu", rows);
        before = smallest;
        uint64_t events = 0;
        int64_t latest = USAGE_END_NONE;
        struct sum amount = { 0 }, unblended = { 0 }, savings = { 0 };
        struct text description = TEXT_NONE;
        bool has_amount = false;
        for (size_t i = 0; i < world.count; i++) {
            const struct usage_event *event = &world.events[i].event;
            if (counted[i] || compare_rows(event, smallest, world.granularity, world.resources) != 0)
                continue;
            counted[i] = true;
            events++;
            if (record_has(event, USAGE_EVENT_usage_end) && event->usage_end > latest)
                latest = event->usage_end;
            has_amount |= record_has(event, USAGE_EVENT_usage_amount);
            sum_add(&amount, event->usage_amount);
            sum_add(&unblended, event->unblended_cost);
            sum_add(&savings, event->savings_plan_effective_cost);
            if (event->description.size && (!description.size || text_compare(event->description, description) < 0))
                description = event->description;
        }
        struct row_view view;
        row_table_view(table, rows, &view);
        CLAIM(view.bucket_ms == bucket_start(smallest->usage_start, world.granularity), "row %zu", rows);
        CLAIM(view.period == usage_event_period(smallest), "row %zu", rows);
        CLAIM(view.account == account_parse(smallest->usage_account_id), "row %zu", rows);
        CLAIM(text_equal(view.resource, world.resources ? smallest->resource_id : TEXT_NONE), "row %zu", rows);
        CLAIM(view.values.usage_events == events && view.values.usage_end_ms == latest &&
                  view.values.has_amount == has_amount,
              "row %zu", rows);
        CLAIM(text_equal(view.description, description), "row %zu", rows);
        CLAIM(memcmp(&view.values.amount, &amount, sizeof amount) == 0, "row %zu", rows);
        CLAIM(memcmp(&view.values.costs[CARRIED_UNBLENDED], &unblended, sizeof unblended) == 0, "row %zu", rows);
        CLAIM(memcmp(&view.values.costs[CARRIED_SAVINGS_PLAN], &savings, sizeof savings) == 0, "row %zu", rows);
    }
    for (size_t i = 0; i < world.count; i++)
        CLAIM(counted[i], "event %zu is in no row", i);
    row_table_free(table);
}

/* Two tables, each with a part of the events, folded row by row, are the table of all. */
static void parts_fold_into_the_whole(struct random *random)
{
    static struct row_world world;
    size_t order[EVENTS_MOST];
    random_world(random, &world);
    random_order(random, order, world.count);
    size_t half = random_below(random, world.count + 1);
    struct row_table *tables[3];
    for (size_t i = 0; i < 3; i++)
        tables[i] = row_table_new(world.granularity, world.resources);
    fold_all(tables[0], &world, order, half);
    fold_all(tables[1], &world, order + half, world.count - half);
    fold_all(tables[2], &world, order, world.count);
    size_t at[2] = { 0, 0 };
    for (size_t r = 0; r < row_table_count(tables[2]); r++) {
        struct row_view whole, parts[2];
        bool has[2];
        row_table_view(tables[2], r, &whole);
        for (size_t p = 0; p < 2; p++) {
            has[p] = at[p] < row_table_count(tables[p]);
            if (has[p])
                row_table_view(tables[p], at[p], &parts[p]);
            has[p] = has[p] && row_view_compare(&parts[p], &whole) == 0;
            at[p] += has[p];
        }
        CLAIM(has[0] || has[1], "row %zu", r);
        struct row_view folded = has[0] ? parts[0] : parts[1];
        if (has[0] && has[1]) {
            struct row_view other = parts[1];
            row_view_fold(&folded, &parts[1]);
            row_view_fold(&other, &parts[0]);
            CLAIM(views_are_equal(&folded, &other), "row %zu", r);
        }
        CLAIM(views_are_equal(&folded, &whole), "row %zu", r);
    }
    CLAIM(at[0] == row_table_count(tables[0]) && at[1] == row_table_count(tables[1]), "%zu and %zu", at[0], at[1]);
    for (size_t i = 0; i < 3; i++)
        row_table_free(tables[i]);
}

int main(int argc, char **argv)
{
    static const struct law laws[] = {
        { "facts come back", facts_come_back, 20000 },
        { "bytes are ordered as their fields", bytes_are_ordered_as_their_fields, 30000 },
        { "any order of events gives the same rows", any_order_of_events_gives_the_same_rows, 1500 },
        { "rows are what their events add up to", rows_are_what_their_events_add_up_to, 1500 },
        { "parts fold into the whole", parts_fold_into_the_whole, 1500 },
    };
    return property_main(argc, argv, laws, ARRAY_COUNT(laws));
}
