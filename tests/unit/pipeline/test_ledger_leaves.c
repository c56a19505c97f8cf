/*
 * pipeline/ledger_leaves: rows come in any order, leaves are split, saved, let go of and read back at any moment; a walk
 * meets every row once, in canonical order, with all of its events, whatever else happens between two steps.
 */
#include "support/unit.h"

#include "base/hash.h"
#include "pipeline/ledger_parts.h"
#include "support/fixtures.h"
#include "support/ledger_take.h"
#include "support/scratch.h"

#define PERIOD (2026 * 12 + 5)
#define ROWS_MAX 8000

struct model_row {
    unsigned hour, account, resource;
    uint64_t events;
};

struct world {
    struct document_fixture document;
    struct pricing pricing;
    struct ledger *ledger;
    struct ledger_store *store;
    struct model_row rows[ROWS_MAX];
    size_t row_count;
    uint64_t seed;
    int64_t revision;
    unsigned name;
};

static uint64_t next(struct world *world)
{
    world->seed = hash_mix(world->seed, 0x5eed) + 1;
    return world->seed >> 7;
}

static void open_world(struct world *world)
{
    struct ledger_options options = { GRANULARITY_HOURLY, true, TASK_USAGE, 3 };
    struct rocks_options rocks = { 1024 * 1024, 1024 * 1024 };
    struct error error;
    char name[32];
    snprintf(name, sizeof name, "leaves-%u", world->name);
    if (!ledger_store_open(scratch_path(name), &rocks, &world->store, &error))
        fail_msg("%s", error.message);
    world->ledger = ledger_new(&options, &world->pricing, world->store);
}

static void close_world(struct world *world)
{
    ledger_free(world->ledger);
    ledger_store_close(world->store);
}

static bool ignore_item(void *context, const struct line_item *item, struct error *error)
{
    (void)context;
    (void)item;
    (void)error;
    return true;
}

static bool ignore_gone(void *context, struct text id, struct error *error)
{
    (void)context;
    (void)id;
    (void)error;
    return true;
}

static void flush_and_save(struct world *world)
{
    struct ledger_sink sink = { NULL, ignore_item, ignore_gone };
    struct ledger_point point = { world->revision, 1, TEXT_NONE, 7 };
    struct error error;
    if (!ledger_flush(world->ledger, ++world->revision, &sink, &error) || !ledger_save(world->ledger, &point, &error))
        fail_msg("%s", error.message);
}

static void reopen(struct world *world)
{
    struct ledger_point point;
    struct arena arena = { 0 };
    struct error error;
    bool found;
    close_world(world);
    open_world(world);
    if (!ledger_restore(world->ledger, &point, &arena, &found, &error))
        fail_msg("%s", error.message);
    assert_true(found);
    arena_done(&arena);
}

static void count_row(struct world *world, unsigned hour, unsigned account, unsigned resource)
{
    for (size_t i = 0; i < world->row_count; i++) {
        struct model_row *row = &world->rows[i];
        if (row->hour == hour && row->account == account && row->resource == resource) {
            row->events++;
            return;
        }
    }
    assert_true(world->row_count < ROWS_MAX);
    world->rows[world->row_count++] = (struct model_row){ hour, account, resource, 1 };
}

/* One account has most of what there is; a resource of three letters sorts otherwise than its number. */
static void take_event(struct world *world, unsigned resources)
{
    unsigned hour = (unsigned)(next(world) % 2), account = next(world) % 3 ? 5 : (unsigned)(1 + next(world) % 9);
    unsigned resource = (unsigned)(next(world) % resources);
    char start[32], account_id[16], resource_id[32];
    struct buffer facts = { 0 };
    struct error error;
    snprintf(start, sizeof start, "2026-06-01T%02u:00:00Z", hour);
    snprintf(account_id, sizeof account_id, "%012llu", 111111111111ull * account);
    snprintf(resource_id, sizeof resource_id, "%x-%u", resource * 2654435761u >> 20, resource);
    struct usage_event event = event_of((struct event_texts){ .usage_account_id = account_id,
                                                              .product_code = "AmazonS3",
                                                              .usage_type = "Requests",
                                                              .usage_start = start,
                                                              .resource_id = resource_id,
                                                              .usage_amount = "1",
                                                              .public_on_demand_rate = "0.1" });
    facts_encode(&event, &facts);
    if (!take_into_ledger(world->ledger, &event, buffer_text(&facts), PERIOD, &error))
        fail_msg("%s", error.message);
    buffer_done(&facts);
    count_row(world, hour, account, resource);
}

/* ---- what a walk meets ---- */

struct met {
    struct row_identity last;
    char resource[64];
    uint64_t rows, events;
};

static void meet_leaf(struct world *world, uint32_t leaf, struct met *met)
{
    size_t count;
    uint32_t *places = ledger_order_leaf(world->ledger, leaf, true, &count);
    for (size_t i = 0; i < count; i++) {
        struct row_view view;
        row_table_read(world->ledger->table, world->ledger->entries[places[i]].row, &view);
        struct row_identity identity = { view.period, view.bucket_ms, view.account, view.resource, TEXT_NONE };
        assert_true(met->rows == 0 || row_identity_compare(&met->last, &identity) < 0);
        snprintf(met->resource, sizeof met->resource, "%.*s", TEXT_ARGS(view.resource));
        identity.resource = text_of(met->resource);
        met->last = identity;
        met->rows++;
        met->events += view.values.usage_events;
    }
    free(places);
}

static void expect_all_rows(struct world *world, uint64_t events)
{
    struct leaf_walk walk = { .from = PERIOD };
    struct met met = { 0 };
    struct error error;
    uint32_t leaf;
    while (ledger_walk_sees(world->ledger, &walk, &leaf)) {
        if (!ledger_load_leaf(world->ledger, leaf, &error))
            fail_msg("%s", error.message);
        meet_leaf(world, leaf, &met);
        ledger_walk_move(world->ledger, &walk, leaf, 0);
    }
    assert_int_equal(met.rows, world->row_count);
    assert_int_equal(met.events, events);
    assert_int_equal(ledger_walk_percent(world->ledger, &walk), 100);
}

static size_t leaf_count(const struct world *world)
{
    struct leaf_walk walk = { .from = PERIOD, .later_too = true };
    size_t count = 0;
    uint32_t leaf;
    for (; ledger_walk_sees(world->ledger, &walk, &leaf); count++)
        ledger_walk_move(world->ledger, &walk, leaf, 0);
    return count;
}

static struct world world;

static void begin(uint64_t seed)
{
    unsigned name = world.name;
    world = (struct world){ .seed = seed, .name = name + 1 };
    document_fixture_init(&world.document);
    price_list_index(&world.document.list);
    pricing_init(&world.pricing, &world.document.conductor, &world.document.list);
    open_world(&world);
}

static void end(void)
{
    close_world(&world);
    pricing_done(&world.pricing);
    document_fixture_done(&world.document);
}

static void rows_in_any_order_are_met_once_each_in_canonical_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        unsigned resources = seed % 2 ? 40 : 2000, events = 4000;
        begin(seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (unsigned i = 0; i < events; i++) {
            take_event(&world, resources);
            if (next(&world) % 400 == 0)
                flush_and_save(&world);
            if (next(&world) % 900 == 0) {
                flush_and_save(&world);
                ledger_forget(world.ledger);
            }
            if (next(&world) % 1500 == 0) {
                flush_and_save(&world);
                reopen(&world);
            }
        }
        expect_all_rows(&world, events);
        flush_and_save(&world);
        reopen(&world);
        expect_all_rows(&world, events);
        assert_true(leaf_count(&world) >= world.row_count / 256);
        assert_true(leaf_count(&world) <= 2 + world.row_count / 60);
        end();
    }
}

/* A leaf that is split behind the cursor is met again, one before it is met in parts: no row is missed. */
static void a_walk_goes_on_over_leaves_that_are_split_meanwhile(void **state)
{
    (void)state;
    begin(77);
    for (unsigned i = 0; i < 1500; i++)
        take_event(&world, 1000);
    flush_and_save(&world);
    size_t before = world.row_count, met_old = 0;
    struct leaf_walk walk = { .from = PERIOD, .later_too = true };
    uint32_t leaf;
    struct error error;
    while (ledger_walk_sees(world.ledger, &walk, &leaf)) {
        assert_true(ledger_load_leaf(world.ledger, leaf, &error));
        for (uint32_t at = world.ledger->directory.leaves[leaf].first; at != 0; at = world.ledger->entries[at - 1].next) {
            struct entry *entry = &world.ledger->entries[at - 1];
            met_old += entry->sweep == 0 && at <= before;
            entry->sweep = 1;
        }
        ledger_walk_move(world.ledger, &walk, leaf, 0);
        for (unsigned i = 0; i < 200; i++)
            take_event(&world, 3000);
        assert_true(ledger_walk_percent(world.ledger, &walk) <= 100);
        if (world.row_count > ROWS_MAX - 500)
            break;
    }
    assert_int_equal(met_old, before);
    end();
}

static void a_month_that_is_dropped_leaves_the_others_whole(void **state)
{
    (void)state;
    struct error error;
    begin(5);
    for (unsigned i = 0; i < 600; i++)
        take_event(&world, 500);
    flush_and_save(&world);
    assert_true(ledger_drop_until(world.ledger, PERIOD - 1, &error));
    expect_all_rows(&world, 600);
    assert_true(ledger_drop_until(world.ledger, PERIOD, &error));
    assert_int_equal(leaf_count(&world), 0);
    world.row_count = 0;
    for (unsigned i = 0; i < 700; i++) /* places that were free are taken again */
        take_event(&world, 500);
    expect_all_rows(&world, 700);
    flush_and_save(&world);
    reopen(&world);
    expect_all_rows(&world, 700);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_any_order_are_met_once_each_in_canonical_order),
        cmocka_unit_test(a_walk_goes_on_over_leaves_that_are_split_meanwhile),
        cmocka_unit_test(a_month_that_is_dropped_leaves_the_others_whole),
    };
    return cmocka_run_group_tests_name("pipeline/ledger_leaves", tests, scratch_setup, scratch_teardown);
}
