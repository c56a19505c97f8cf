/* sim/world.c: the sample month, thinned, as it is and moved by one and two months. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/memory.h"
#include "codec/wire.h"
#include "model/calendar.h"
#include "settings/load.h"
#include "sim/values.h"
#include "sim/world.h"
#include "support/fixtures.h"

#define USAGE "tests/data/cur_2026-06_hourly_normalized.csv.gz"
#define TAKEN_OF 7 /* one event of so many */
#define POISON_EVERY 150
#define TAKEN_BACK_OF 4
#define STORAGE_TIMES 150

/* As it is read back from what is fed; its texts lie there. */
static void read_entry(struct world *world, struct wire *wire, struct usage *usage)
{
    struct refusal refusal;
    struct error error;
    struct text value = { usage->value, usage->size };
    assert_int_equal(wire_decode(wire, &usage_event_type, value, &usage->entry.event, &world->arena, &refusal, &error),
                     WIRE_DONE);
    assert_true(usage_event_accept(&usage->entry.event, &refusal));
}

static struct usage usage_of(struct wire *wire, const struct usage_event *event, unsigned month)
{
    struct buffer value = { 0 };
    struct error error;
    struct text account = event->usage_account_id;
    assert_true(wire_encode(wire, "usage", &usage_event_type, event, &value, &error));
    return (struct usage){ .value = value.data,
                           .size = value.size,
                           .month = month,
                           .keyed = (unsigned)(hash64(account.data, account.size) % 1000) };
}

/* The event that takes all of this one out of its row. */
static struct usage *taken_back(struct world *world, struct wire *wire, const struct usage *usage)
{
    struct usage_event event = usage->entry.event;
    struct buffer bytes = { 0 }, id = { 0 };
    struct facts facts = facts_of(&event, &bytes);
    struct correction correction = { .anew = true, .billed_at_nothing = facts.billed_at_nothing, .events = -1 };
    i128 *const numbers[] = {
        &event.usage_amount,       &event.public_on_demand_cost,      &event.unblended_cost,
        &event.net_unblended_cost, &event.reservation_effective_cost, &event.savings_plan_effective_cost
    };
    char start[CORRECTION_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        *numbers[i] = -*numbers[i];
    event.present &= ~((uint64_t)1 << USAGE_EVENT_description | (uint64_t)1 << USAGE_EVENT_usage_end);
    correction_print(&correction, start);
    buffer_printf(&id, "%s%.*s", start, TEXT_ARGS(event.event_id));
    event.event_id = buffer_text(&id);
    struct usage *back = arena_take(&world->arena, sizeof *back, _Alignof(struct usage));
    *back = usage_of(wire, &event, usage->month);
    read_entry(world, wire, back);
    assert_true(back->entry.event.correction.is_one);
    buffer_done(&bytes);
    buffer_done(&id);
    return back;
}

static void add_usage(struct world *world, struct wire *wire, const struct usage_event *event, unsigned month,
                      bool is_poison)
{
    world->usage = memory_reserve_one(world->usage, world->usage_count, &world->usage_capacity, sizeof *world->usage);
    struct usage *added = &world->usage[world->usage_count++];
    *added = usage_of(wire, event, month);
    added->is_poison = is_poison;
    if (is_poison) {
        added->size /= 2;
        return;
    }
    read_entry(world, wire, added);
    if (world->usage_count % TAKEN_BACK_OF == 0)
        added->back = taken_back(world, wire, added);
}

static void move(struct arena *arena, struct usage_event *event, unsigned months)
{
    int64_t by = period_start(SIM_FIRST_PERIOD + (billing_period)months) - period_start(SIM_FIRST_PERIOD);
    struct buffer id = { 0 };
    event->usage_start += by;
    event->usage_end += record_has(event, USAGE_EVENT_usage_end) ? by : 0;
    buffer_printf(&id, "%.*s+%u", TEXT_ARGS(event->event_id), months);
    event->event_id = arena_copy(arena, buffer_text(&id));
    buffer_done(&id);
    if (record_has(event, USAGE_EVENT_billing_period)) {
        char period[TIME_TEXT_MAX];
        size_t size = period_format(SIM_FIRST_PERIOD + (billing_period)months, period);
        event->billing_period = arena_copy(arena, (struct text){ period, size });
    }
}

/* So much storage that pools reach their next tiers. */
static void swell(struct usage_event *event)
{
    static const char storage[] = "TimedStorage";
    if (memmem(event->usage_type.data, event->usage_type.size, storage, sizeof storage - 1))
        event->usage_amount *= STORAGE_TIMES;
}

static void read_usage(struct world *world)
{
    struct usage_reader_options options = { 256 * 1024, EXCESS_ROUND };
    struct fixed_schemas *schemas = fixed_schemas_new();
    struct wire_schemas port = fixed_schemas_port(schemas);
    struct wire *wire = wire_new(WIRE_AVRO, &port, EXCESS_ROUND);
    struct usage_reader *reader;
    struct arena arena = { 0 };
    struct error error;
    struct usage_entry entry;
    bool found = true;
    assert_true(usage_reader_open(USAGE, &options, &reader, &error));
    for (size_t number = 0; found; number++) {
        arena_reset(&arena);
        assert_true(usage_reader_next(reader, &arena, &entry, &found, &error));
        if (!found || number % TAKEN_OF != 0)
            continue;
        unsigned month = (unsigned)(number / TAKEN_OF % SIM_MONTHS);
        move(&arena, &entry.event, month);
        swell(&entry.event);
        add_usage(world, wire, &entry.event, month, false);
        if (world->usage_count % POISON_EVERY == 0)
            add_usage(world, wire, &entry.event, month, true);
    }
    usage_reader_close(reader);
    arena_done(&arena);
    wire_free(wire);
    fixed_schemas_free(schemas);
}

static void load_settings(struct world *world)
{
    static const char *const sets[] = { "format=avro", "commit.interval=10ms", "bills.interval=100ms", "store.lag=1000",
                                        "memory.limit=32MiB", "dedup.memory=1MiB", "partitions.usage=3", "partitions.tier=2",
                                        "partitions.bill=2",
                                        /* only clocks that jump go so far */
                                        "period.close.after=10d" };
    struct buffer problems = { 0 };
    struct error error;
    if (!settings_load(NULL, sets, ARRAY_COUNT(sets), &world->settings, &problems, &error))
        fail_msg("%s %.*s", error.message, (int)problems.size, problems.data);
    buffer_done(&problems);
}

struct world *world_new(bool allowances)
{
    static const char *const lists[] = { "tests/data/pricelist/AmazonS3.json", "tests/data/pricelist/AmazonEC2.json",
                                         "tests/data/allowances/Allowances.json" };
    struct world *world = memory_new(sizeof *world);
    struct error error;
    assert_true(documents_read(SIM_DOCUMENT, lists, ARRAY_COUNT(lists) - !allowances, &world->documents, &error));
    load_settings(world);
    values_begin();
    read_usage(world);
    return world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->usage_count; i++) {
        free(world->usage[i].value);
        if (world->usage[i].back)
            free(world->usage[i].back->value);
    }
    free(world->usage);
    arena_done(&world->arena);
    settings_done(&world->settings);
    documents_done(&world->documents);
    values_end();
    free(world);
}
