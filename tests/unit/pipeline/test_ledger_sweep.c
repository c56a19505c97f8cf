/*
 * pipeline/ledger_sweep: rows come over to another version of the document: worked examples, and what must not be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "pipeline/ledger.h"
#include "support/fixtures.h"
#include "support/ledger_take.h"
#include "support/unit.h"
#include "support/scratch.h"

#define PERIOD (2026 * 12 + 5)
#define CENT (decimal_power(COST_SCALE - 2))

/* What has been written since it was last cleared, by account; costs in all. */
struct written {
    size_t items, gone;
    struct sum deltas[4]; /* of account 111111111111 × number */
};

struct month {
    struct document_fixture before, after;
    struct pricing pricings[2];
    struct ledger *ledger;
    struct ledger_store *store;
    char directory[128];
    struct written written;
    int64_t revision;
    const struct ledger_handover *handover; /* of the walk; NULL: none */
};

static bool take_item(void *context, const struct line_item *item, struct error *error)
{
    struct written *written = context;
    (void)error;
    written->items++;
    sum_add_sum(&written->deltas[account_parse(item->usage_account_id) / 111111111111], &item->cost_delta);
    return true;
}

static bool take_gone(void *context, struct text id, struct error *error)
{
    struct written *written = context;
    (void)error;
    (void)id;
    written->gone++;
    return true;
}

static void describe(struct document_fixture *document, int64_t version)
{
    document_fixture_init(document);
    document->conductor.version = version;
    document->accounts[3] = document->accounts[2];
    document->accounts[2] = (struct linked_account){ 333333333333, 0 };
    document->conductor.account_count = 4;
    list_add(document, "STORAGE", "AmazonS3", "Storage", "", "0 0.1, 500 0.05");
}

/* A markup on all that a plan prices. */
static void mark_up(struct document_fixture *document, uint32_t plan, const char *percent)
{
    plan_add_rule(document, plan,
                  (struct pricing_rule){ .id = TEXT("markup"),
                                         .scope = SCOPE_GLOBAL,
                                         .modifier = fixture_decimal(text_of(percent), MODIFIER_SCALE) });
}

static void open_store(struct month *month)
{
    struct rocks_options rocks = { 1024 * 1024, 1024 * 1024 };
    struct error error;
    if (!ledger_store_open(month->directory, &rocks, &month->store, &error))
        fail_msg("%s", error.message);
}

static void open_ledger(struct month *month, const struct pricing *pricing)
{
    struct ledger_options options = { GRANULARITY_HOURLY, true, TASK_TIER, 5 };
    open_store(month);
    month->ledger = ledger_new(&options, pricing, month->store);
}

static void close_ledger(struct month *month)
{
    ledger_free(month->ledger);
    ledger_store_close(month->store);
}

static void begin(struct month *month)
{
    static unsigned count;
    *month = (struct month){ 0 };
    snprintf(month->directory, sizeof month->directory, "%s/store-%u", scratch_folder, ++count);
    describe(&month->before, 1);
    describe(&month->after, 2);
}

/* The documents are as they are to be. */
static void start(struct month *month)
{
    price_list_index(&month->before.list);
    price_list_index(&month->after.list);
    pricing_init(&month->pricings[0], &month->before.conductor, &month->before.list);
    pricing_init(&month->pricings[1], &month->after.conductor, &month->after.list);
    open_ledger(month, &month->pricings[0]);
}

static void end(struct month *month)
{
    close_ledger(month);
    pricing_done(&month->pricings[0]);
    pricing_done(&month->pricings[1]);
    document_fixture_done(&month->before);
    document_fixture_done(&month->after);
}

static void use_in(struct month *month, billing_period period, const char *account, const char *usage_type, unsigned hour,
                   const char *amount)
{
    char start[32];
    struct buffer facts = { 0 };
    struct error error;
    snprintf(start, sizeof start, "2026-06-01T%02u:00:00Z", hour);
    struct usage_event event = event_of((struct event_texts){ .usage_account_id = account,
                                                              .product_code = "AmazonS3",
                                                              .usage_type = usage_type,
                                                              .usage_start = start,
                                                              .usage_amount = amount,
                                                              .public_on_demand_rate = "0.1" });
    facts_encode(&event, &facts);
    if (!take_into_ledger(month->ledger, &event, buffer_text(&facts), period, &error))
        fail_msg("%s", error.message);
    buffer_done(&facts);
}

static void use(struct month *month, const char *account, const char *usage_type, unsigned hour, const char *amount)
{
    use_in(month, PERIOD, account, usage_type, hour, amount);
}

static void flush(struct month *month)
{
    struct ledger_sink sink = { &month->written, take_item, take_gone };
    struct error error;
    if (!ledger_flush(month->ledger, ++month->revision, &sink, &error))
        fail_msg("%s", error.message);
}

static void save(struct month *month, int64_t version)
{
    struct ledger_point point = { month->revision, version, TEXT_NONE, 7 };
    struct error error;
    if (!ledger_save(month->ledger, &point, &error))
        fail_msg("%s", error.message);
}

/* All is written and saved; from here on only what the sweep writes counts. */
static void begin_sweep(struct month *month)
{
    flush(month);
    flush(month); /* what is gone */
    save(month, 1);
    month->written = (struct written){ 0 };
    ledger_sweep_begin(month->ledger, &month->pricings[1], PERIOD, month->revision + 1);
}

static void walk(struct month *month)
{
    struct error error;
    bool done = false;
    while (!done) {
        if (!ledger_sweep_step(month->ledger, 1, month->handover, &done, &error))
            fail_msg("%s", error.message);
        flush(month);
    }
    flush(month);
    ledger_sweep_end(month->ledger);
}

static void expect_cents(const char *what, const struct sum *sum, long cents)
{
    i128 value = 0;
    assert_true(sum_value(sum, &value));
    if (value != cents * CENT)
        fail_msg("%s: %ld hundredths of a cent, not %ld", what, (long)(value * 100 / CENT), cents * 100);
}

/* Of a group's rows in the ledger's totals. */
static void expect_total_in(struct month *month, size_t index, uint32_t group, uint64_t events, long cents)
{
    const struct totals *totals = ledger_totals(month->ledger, index);
    struct sum cost = { 0 };
    uint64_t counted = 0;
    for (size_t i = 0; i < totals->count; i++) {
        if (totals->items[i].key.group != group)
            continue;
        sum_add_sum(&cost, &totals->items[i].cost);
        counted += totals->items[i].usage_events;
    }
    assert_int_equal(counted, events);
    expect_cents("total", &cost, cents);
}

static void expect_total(struct month *month, uint32_t group, uint64_t events, long cents)
{
    expect_total_in(month, 0, group, events, cents);
}

/* ---- worked examples ---- */

/*
 * 400 at 0:00 and 800 at 1:00 share group 0's pool: 400 × 0.10 = 40.00; 100 × 0.10 + 700 × 0.05 = 45.00. 400 at 2:00 in
 * group 1: 40.00. Then the second account moves: in group 1 its 800 come first, 500 × 0.10 + 300 × 0.05 = 65.00, and the
 * 400 behind them are 400 × 0.05 = 20.00.
 */
static void an_account_that_moves_takes_its_usage_along_and_both_pools_run_anew(void **state)
{
    (void)state;
    struct month month;
    begin(&month);
    month.after.accounts[2].group = 1;
    start(&month);
    use(&month, "111111111111", "Storage", 0, "400");
    use(&month, "333333333333", "Storage", 1, "800");
    use(&month, "222222222222", "Storage", 2, "400");
    flush(&month);
    expect_total(&month, 0, 2, 8500);
    expect_total(&month, 1, 1, 4000);
    begin_sweep(&month);
    walk(&month);
    expect_total(&month, 0, 1, 4000);
    expect_total(&month, 1, 2, 8500);
    expect_cents("who stays", &month.written.deltas[1], 0);
    expect_cents("who moves", &month.written.deltas[3], 2000);
    expect_cents("who comes behind", &month.written.deltas[2], -2000);
    assert_int_equal(month.written.items, 2 + 2); /* both of whom moves; the first tier's of whom comes behind goes */
    assert_int_equal(month.written.gone, 1);
    end(&month);
}

/* 1000 × 0.10 + 5 % = 105.00; + 7.25 % = 107.25. */
static void another_markup_restates_the_rows_of_its_plan_alone(void **state)
{
    (void)state;
    struct month month;
    begin(&month);
    mark_up(&month.before, 0, "5");
    mark_up(&month.after, 0, "7.25");
    start(&month);
    use(&month, "111111111111", "Requests", 0, "1000");
    use(&month, "222222222222", "Requests", 0, "1000");
    begin_sweep(&month);
    walk(&month);
    assert_int_equal(month.written.items, 1);
    expect_cents("markup", &month.written.deltas[1], 225);
    expect_total(&month, 0, 1, 10725);
    expect_total(&month, 1, 1, 10000);
    end(&month);
}

/* Out of its group a row is unmonitored: cost 0; and back. */
static void a_row_that_becomes_unmonitored_is_taken_back(void **state)
{
    (void)state;
    struct month month;
    begin(&month);
    month.after.accounts[2].group = GROUP_NONE;
    start(&month);
    use(&month, "333333333333", "Storage", 1, "600");
    begin_sweep(&month);
    walk(&month);
    expect_cents("taken back", &month.written.deltas[3], -5500);
    expect_total(&month, GROUP_NONE, 1, 0);
    ledger_sweep_begin(month.ledger, &month.pricings[0], PERIOD, month.revision + 1);
    walk(&month);
    expect_cents("and charged again", &month.written.deltas[3], 0);
    expect_total(&month, 0, 1, 5500);
    end(&month);
}

/* ---- how far it is ---- */

static void a_sweep_tells_how_far_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *accounts[5];
        unsigned hours[5], percents[5];
    } rows[] = {
        { "by its hours",
          { "111111111111", "111111111111", "111111111111", "111111111111", "111111111111" },
          { 0, 1, 2, 3, 4 },
          { 20, 40, 60, 80, 100 } },
        { "rows of an hour that fit one leaf are done together",
          { "111111111111", "222222222222", "222222222222", "222222222222", "333333333333" },
          { 7, 7, 8, 8, 8 },
          { 50, 100, 100, 100, 100 } },
        { "of a single leaf it has done all or nothing",
          { "111111111111", "111111111111", "111111111111", "111111111111", "111111111111" },
          { 7, 7, 7, 7, 7 },
          { 100, 100, 100, 100, 100 } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct month month;
        struct error error;
        bool done = false;
        begin(&month);
        start(&month);
        for (size_t e = 0; e < ARRAY_COUNT(rows[i].hours); e++)
            use(&month, rows[i].accounts[e], "Requests", rows[i].hours[e], "1");
        begin_sweep(&month);
        expect_number(rows[i].name, ledger_sweep_percent(month.ledger), 0);
        for (size_t step = 0; step < ARRAY_COUNT(rows[i].percents) && !done; step++) {
            assert_true(ledger_sweep_step(month.ledger, 1, NULL, &done, &error));
            expect_number(rows[i].name, ledger_sweep_percent(month.ledger), rows[i].percents[step]);
        }
        walk(&month);
        expect_number(rows[i].name, ledger_sweep_percent(month.ledger), 100);
        ledger_sweep_begin(month.ledger, &month.pricings[0], PERIOD, month.revision + 1);
        expect_number(rows[i].name, ledger_sweep_percent(month.ledger), 0);
        walk(&month);
        end(&month);
    }
}

/* ---- what is not written ---- */

static void what_a_version_leaves_as_it_was_is_not_written(void **state)
{
    (void)state;
    struct month month;
    begin(&month);
    start(&month);
    use(&month, "111111111111", "Storage", 0, "400");
    use(&month, "333333333333", "Storage", 1, "800");
    use(&month, "222222222222", "Requests", 2, "3");
    begin_sweep(&month);
    walk(&month);
    assert_int_equal(month.written.items, 0);
    expect_total(&month, 0, 2, 8500);
    expect_total(&month, 1, 1, 30);
    end(&month);
}

/* ---- events meanwhile ---- */

static void events_meet_rows_before_and_behind_the_walk(void **state)
{
    (void)state;
    static const unsigned hours[] = { 0, 1, 2, 3 };
    for (size_t steps = 0; steps <= ARRAY_COUNT(hours); steps++) {
        struct month month;
        struct error error;
        bool done = false;
        begin(&month);
        mark_up(&month.after, 0, "10");
        start(&month);
        for (size_t i = 0; i < ARRAY_COUNT(hours); i++)
            use(&month, "111111111111", "Storage", hours[i], "300");
        begin_sweep(&month);
        for (size_t i = 0; i < steps; i++)
            assert_true(ledger_sweep_step(month.ledger, 1, NULL, &done, &error));
        use(&month, "111111111111", "Storage", 0, "100");
        use(&month, "111111111111", "Storage", 3, "100");
        use(&month, "111111111111", "Storage", 4, "100"); /* a new one */
        flush(&month);
        save(&month, 2);
        ledger_forget(month.ledger);
        walk(&month);
        /* 1500: 500 × 0.10 + 1000 × 0.05, + 10 % */
        expect_total(&month, 0, 7, 11000);
        end(&month);
    }
}

/* A store that was saved in the middle gives no totals; the sweep begins anew, and what has come over is not written again.
 */
static void a_sweep_that_was_cut_off_begins_anew_and_writes_only_the_rest(void **state)
{
    (void)state;
    struct month month;
    struct ledger_point point;
    struct arena arena = { 0 };
    struct error error;
    bool done, found;
    begin(&month);
    mark_up(&month.after, 0, "10");
    start(&month);
    for (unsigned hour = 0; hour < 8; hour++)
        use(&month, "111111111111", "Requests", hour, "100");
    begin_sweep(&month);
    assert_true(ledger_sweep_step(month.ledger, 6, NULL, &done, &error)); /* three groups of one row */
    flush(&month);
    save(&month, 2);
    size_t written = month.written.items;
    assert_true(written > 0 && written < 8);
    close_ledger(&month);
    open_ledger(&month, &month.pricings[1]);
    assert_true(ledger_restore(month.ledger, &point, &arena, &found, &error));
    assert_true(found && point.version == 0);
    assert_false(ledger_totals_hold(month.ledger));
    ledger_sweep_begin(month.ledger, &month.pricings[1], PERIOD, month.revision + 1);
    walk(&month);
    assert_true(ledger_totals_hold(month.ledger));
    assert_int_equal(month.written.items, 8);
    expect_cents("in all", &month.written.deltas[1], 800);
    expect_total(&month, 0, 8, 8800);
    arena_done(&arena);
    end(&month);
}

/* ---- rows that are another task's now ---- */

/* The other task, which has all that is handed over. */
struct other_task {
    struct month month;
    size_t rows;
};

static bool is_storage(void *context, billing_period period, const struct facts *facts)
{
    (void)context;
    (void)period;
    return text_equal(facts->usage_type, TEXT("Storage"));
}

static bool take_over(void *context, const struct line_item *row, struct error *error)
{
    struct other_task *other = context;
    other->rows++;
    return ledger_take_row(other->month.ledger, row, error);
}

/*
 * 400 and 800 of storage, at 0.10 while it is flat: 120.00 in all. Tiered, in the other task: 500 × 0.10 + 700 × 0.05
 * = 85.00. What is left here is the other meter's.
 */
static void rows_of_a_meter_that_becomes_tiered_are_handed_over_whole_and_once(void **state)
{
    (void)state;
    struct month month;
    struct other_task other = { 0 };
    const struct ledger_handover handover = { &other, is_storage, take_over };
    begin(&month);
    list_add(&month.before, "STORAGE", "AmazonS3", "Storage", "", "0 0.1");
    start(&month);
    begin(&other.month);
    start(&other.month);
    use(&month, "111111111111", "Storage", 0, "300");
    use(&month, "111111111111", "Storage", 0, "100");
    use(&month, "333333333333", "Storage", 1, "800");
    use(&month, "111111111111", "Requests", 1, "10");
    flush(&month);
    expect_total(&month, 0, 4, 12100);
    begin_sweep(&month);
    month.handover = &handover;
    walk(&month);
    assert_int_equal(other.rows, 2);
    expect_total(&month, 0, 1, 100);
    assert_int_equal(month.written.items, 2); /* at 0, then gone */
    assert_int_equal(month.written.gone, 2);
    expect_cents("taken back", &month.written.deltas[1], -4000);
    expect_cents("taken back", &month.written.deltas[3], -8000);
    flush(&other.month);
    expect_total(&other.month, 0, 3, 8500);
    expect_cents("first", &other.month.written.deltas[1], 4000);
    expect_cents("behind it", &other.month.written.deltas[3], 4500);
    save(&month, 2);
    ledger_forget(month.ledger); /* what the store has of them is nothing, too */
    ledger_sweep_begin(month.ledger, &month.pricings[1], PERIOD, month.revision + 1);
    walk(&month);
    assert_int_equal(other.rows, 2);
    expect_total(&month, 0, 1, 100);
    end(&month);
    end(&other.month);
}

/* An event that goes elsewhere sends the row ahead that is still here. */
static void an_event_sends_its_row_ahead(void **state)
{
    (void)state;
    struct month month;
    struct other_task other = { 0 };
    const struct ledger_handover handover = { &other, is_storage, take_over };
    struct usage_event event = event_of((struct event_texts){ .usage_account_id = "111111111111",
                                                              .product_code = "AmazonS3",
                                                              .usage_type = "Storage",
                                                              .usage_start = "2026-06-01T05:00:00Z",
                                                              .usage_amount = "1",
                                                              .public_on_demand_rate = "0.1" });
    struct buffer facts = { 0 };
    struct error error;
    facts_encode(&event, &facts);
    begin(&month);
    start(&month);
    begin(&other.month);
    start(&other.month);
    use(&month, "111111111111", "Storage", 5, "7");
    use(&month, "111111111111", "Storage", 6, "7");
    begin_sweep(&month);
    for (int again = 0; again < 2; again++) {
        assert_true(ledger_hand_over_met(month.ledger, &event, buffer_text(&facts), PERIOD, &handover, &error));
        assert_int_equal(other.rows, 1);
    }
    month.handover = &handover;
    walk(&month);
    assert_int_equal(other.rows, 2);
    buffer_done(&facts);
    end(&month);
    end(&other.month);
}

/* June under its own document at 5 %, July under one at 7.25 % in which the account is in the other group. */
static void each_month_is_priced_by_its_own_document(void **state)
{
    (void)state;
    struct month month;
    struct error error;
    struct ledger_point point;
    struct arena arena = { 0 };
    bool found;
    begin(&month);
    mark_up(&month.before, 0, "5");
    mark_up(&month.after, 1, "7.25");
    month.after.accounts[0].group = 1;
    month.before.conductor.period = PERIOD;
    month.after.conductor.period = PERIOD + 1;
    start(&month);
    month.pricings[1].earlier = &month.pricings[0];
    use(&month, "111111111111", "Requests", 0, "1000");
    use_in(&month, PERIOD + 1, "111111111111", "Requests", 0, "1000");
    begin_sweep(&month); /* until now July was June's */
    walk(&month);
    for (int i = 0; i < 2; i++) { /* and again out of the store */
        expect_total_in(&month, 0, 0, 1, 10500);
        expect_total_in(&month, 1, 0, 0, 0);
        expect_total_in(&month, 1, 1, 1, 10725);
        save(&month, 2);
        close_ledger(&month);
        open_ledger(&month, &month.pricings[1]);
        if (!ledger_restore(month.ledger, &point, &arena, &found, &error))
            fail_msg("%s", error.message);
        assert_true(found && ledger_totals_hold(month.ledger));
    }
    assert_int_equal(month.written.items, 1); /* June stays as it was */
    expect_cents("July", &month.written.deltas[1], 225);
    arena_done(&arena);
    end(&month);
}

static void what_is_no_row_is_refused(void **state)
{
    (void)state;
    struct month month;
    struct error error;
    struct line_item item = { .line_item_id = TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaa"),
                              .billing_period = TEXT("2026-06"),
                              .usage_account_id = TEXT("111111111111") };
    begin(&month);
    start(&month);
    assert_false(ledger_take_row(month.ledger, &item, &error));
    assert_false(ledger_store_failed(month.ledger));
    end(&month);
}

static int setup(void **state)
{
    return scratch_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_that_moves_takes_its_usage_along_and_both_pools_run_anew),
        cmocka_unit_test(another_markup_restates_the_rows_of_its_plan_alone),
        cmocka_unit_test(a_row_that_becomes_unmonitored_is_taken_back),
        cmocka_unit_test(a_sweep_tells_how_far_it_is),
        cmocka_unit_test(what_a_version_leaves_as_it_was_is_not_written),
        cmocka_unit_test(events_meet_rows_before_and_behind_the_walk),
        cmocka_unit_test(a_sweep_that_was_cut_off_begins_anew_and_writes_only_the_rest),
        cmocka_unit_test(rows_of_a_meter_that_becomes_tiered_are_handed_over_whole_and_once),
        cmocka_unit_test(an_event_sends_its_row_ahead),
        cmocka_unit_test(each_month_is_priced_by_its_own_document),
        cmocka_unit_test(what_is_no_row_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
