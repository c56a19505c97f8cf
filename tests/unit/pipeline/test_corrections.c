/* pipeline/corrections: what was published plus the corrections is what the newest delivery says, row by row. */
#include "support/unit.h"

#include "pipeline/corrections.h"
#include "store/row_store.h"
#include "support/avro_random.h"
#include "support/fixtures.h"
#include "support/scratch.h"

#define EVENTS_MAX 4096

/* Events kept whole: their texts are literals, or in the arena. */
struct events {
    struct usage_event items[EVENTS_MAX];
    size_t count;
    struct arena arena;
};

static void keep(struct events *events, const struct usage_event *event)
{
    CHECK(events->count < EVENTS_MAX);
    struct usage_event *copy = &events->items[events->count++];
    *copy = *event;
    for (size_t i = 0; i < USAGE_EVENT_FIELD_COUNT; i++) {
        if (usage_event_type.fields[i].kind != FIELD_TEXT || !record_has(event, i))
            continue;
        struct text *text = record_member(copy, &usage_event_type.fields[i]);
        *text = arena_copy(&events->arena, *text);
    }
    struct tag *tags = arena_take(&events->arena, (event->tags.count + 1) * sizeof *tags, _Alignof(struct tag));
    for (size_t i = 0; i < event->tags.count; i++)
        tags[i] = (struct tag){ arena_copy(&events->arena, event->tags.items[i].key),
                                arena_copy(&events->arena, event->tags.items[i].value) };
    copy->tags.items = tags;
}

static bool keep_correction(void *context, const struct usage_event *event, struct error *error)
{
    (void)error;
    keep(context, event);
    return true;
}

static void set_cost(struct usage_event *event, enum usage_event_field field, int64_t value)
{
    *(i128 *)record_member(event, &usage_event_type.fields[field]) = value;
    record_set(event, field);
}

/* A few identities, so that rows meet; costs that are 0 or not, given or not. */
static struct usage_event some_event(void)
{
    static const char *const resources[] = { "", "i-1", "i-2" }, *const types[] = { "Usage", "Fee", "Usage" };
    struct usage_event event =
        event_with(.event_id = "x", .payer_account_id = "100000000001", .resource_id = resources[random_below(3)],
                   .line_item_type = types[random_below(3)]);
    event.usage_start += (int64_t)random_below(4) * INT64_C(3600000);
    event.present &= ~((uint64_t)1 << USAGE_EVENT_usage_amount);
    event.usage_amount = (i128)random_below(5);
    if (random_below(4) || text_equal(event.line_item_type, TEXT("Usage")))
        record_set(&event, USAGE_EVENT_usage_amount);
    event.description = random_below(2) ? TEXT("a") : TEXT("b");
    if (random_below(2))
        record_set(&event, USAGE_EVENT_description);
    event.usage_end = event.usage_start + (int64_t)random_below(3) * 1000;
    if (random_below(3))
        record_set(&event, USAGE_EVENT_usage_end);
    if (random_below(2))
        set_cost(&event, USAGE_EVENT_public_on_demand_rate, (int64_t)random_below(2));
    if (random_below(3))
        set_cost(&event, USAGE_EVENT_public_on_demand_cost, (int64_t)random_below(4));
    if (random_below(4))
        set_cost(&event, USAGE_EVENT_unblended_cost, (int64_t)random_below(4) - 1);
    if (random_below(3) == 0)
        set_cost(&event, USAGE_EVENT_net_unblended_cost, (int64_t)random_below(3));
    return event;
}

static void random_delivery(struct events *events, size_t count)
{
    while (events->count < count) {
        struct usage_event event = some_event();
        keep(events, &event);
    }
}

static enum granularity granularity = GRANULARITY_HOURLY;

/* Corrections from one set of events to another. The less memory, the more runs of rows on disk. */
static struct correction_counts correct(const struct events *old, const struct events *new, struct events *ret)
{
    const struct corrections_options options = { granularity, true, random_below(12) ? 1 << 20 : 1 };
    struct corrections *corrections;
    struct correction_counts counts;
    struct error error = { 0 };
    const char *folder = scratch_path("rows");
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_true(corrections_open(folder, &options, &corrections, &error));
    for (size_t i = 0; i < old->count; i++)
        assert_true(corrections_take_old(corrections, &old->items[i], &error));
    for (size_t i = 0; i < new->count; i++)
        assert_true(corrections_take_new(corrections, &new->items[i], &error));
    if (!corrections_write(corrections, (int64_t)old->count, keep_correction, ret, &counts, &error))
        fail_msg("%s", error.message);
    corrections_close(corrections);
    remove_tree(folder);
    assert_int_equal(counts.events, ret->count);
    return counts;
}

static void events_done(struct events *events)
{
    arena_done(&events->arena);
    free(events);
}

static void corrections_make_of_any_delivery_the_next(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        granularity = round % 2 ? GRANULARITY_DAILY : GRANULARITY_HOURLY;
        struct events *published = memory_new(sizeof *published), *next = memory_new(sizeof *next);
        struct events *first = memory_new(sizeof *first), *again = memory_new(sizeof *again),
                      *none = memory_new(sizeof *none);
        random_delivery(published, random_below(60));
        random_delivery(next, random_below(60));
        correct(published, next, first);
        /* Killed on the way: what is out stays, the rest comes with the next run, under the ids that it would have had. */
        size_t out = random_below((uint32_t)first->count + 1);
        for (size_t i = 0; i < out; i++)
            keep(published, &first->items[i]);
        correct(published, next, again);
        for (size_t i = 0; i < again->count; i++)
            keep(published, &again->items[i]);
        struct correction_counts rest = correct(published, next, none);
        assert_int_equal(rest.added + rest.changed + rest.gone, 0);
        assert_int_equal(none->count, 0);
        for (size_t i = 0; i < published->count; i++)
            for (size_t j = 0; j < i; j++)
                if (text_starts_with(published->items[i].event_id, TEXT("proforma/correction/")))
                    assert_false(text_equal(published->items[i].event_id, published->items[j].event_id));
        events_done(published);
        events_done(next);
        events_done(first);
        events_done(again);
        events_done(none);
    }
}

static void rows_are_counted_and_only_what_differs_goes_out(void **state)
{
    (void)state;
    struct events *old = memory_new(sizeof *old), *new = memory_new(sizeof *new), *out = memory_new(sizeof *out);
    struct usage_event event = event_with(.event_id = "a", .payer_account_id = "100000000001", .resource_id = "same");
    record_set(&event, USAGE_EVENT_usage_amount);
    event.usage_amount = 10;
    keep(old, &event);
    keep(new, &event);
    event.resource_id = TEXT("changed");
    keep(old, &event);
    event.usage_amount = 7;
    keep(new, &event);
    event.resource_id = TEXT("gone");
    keep(old, &event);
    event.resource_id = TEXT("new");
    keep(new, &event);
    keep(new, &event); /* a row of two */
    struct correction_counts counts = correct(old, new, out);
    assert_int_equal(counts.rows, 3);
    assert_int_equal(counts.added, 1);
    assert_int_equal(counts.changed, 1);
    assert_int_equal(counts.gone, 1);
    assert_int_equal(counts.events, 3);
    static const struct {
        const char *resource;
        int amount, events;
        bool anew;
    } expected[] = { { "changed", -3, 0, true }, { "gone", -7, -1, true }, { "new", 14, 2, false } };
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        expect_text("resource", out->items[i].resource_id, expected[i].resource);
        assert_int_equal((int)out->items[i].usage_amount, expected[i].amount);
        assert_true(out->items[i].correction.is_one);
        assert_int_equal(out->items[i].correction.events, expected[i].events);
        assert_int_equal(out->items[i].correction.anew, expected[i].anew);
        expect_text("month", out->items[i].billing_period, "2026-06");
        assert_true(text_starts_with(out->items[i].event_id, TEXT("proforma/correction/")));
    }
    events_done(old);
    events_done(new);
    events_done(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corrections_make_of_any_delivery_the_next),
        cmocka_unit_test(rows_are_counted_and_only_what_differs_goes_out),
    };
    return cmocka_run_group_tests_name("pipeline/corrections", tests, scratch_setup, scratch_teardown);
}
