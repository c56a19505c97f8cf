/* pipeline/sweep: a period's rows become line items and bills that add up; pools run in key order. */
#include "support/unit.h"

#include "pipeline/sweep.h"
#include "support/fixtures.h"
#include "support/scratch.h"

struct sunk {
    struct buffer items, bills; /* one line each */
    unsigned fail_after;        /* 0: never */
    unsigned calls;
};

static struct text member(const void *record, const struct record_type *type, size_t field)
{
    return record_has(record, field) ? *(const struct text *)record_member_const(record, &type->fields[field]) : TEXT("-");
}

static bool may_go_on(struct sunk *sunk, struct error *error)
{
    return ++sunk->calls != sunk->fail_after || error_fail(error, ERROR_FAILED, "the sink is full");
}

static bool sink_item(void *context, const struct line_item *item, uint32_t group, const struct price *price,
                      struct error *error)
{
    struct sunk *sunk = context;
    char cost[DECIMAL_TEXT_MAX], amount[SUM_TEXT_MAX] = "-";
    decimal_format(item->cost, COST_SCALE, cost);
    if (record_has(item, LINE_ITEM_usage_amount))
        sum_format(&item->usage_amount, QUANTITY_SCALE, amount);
    struct text status = member(item, &line_item_type, LINE_ITEM_status), account = item->usage_account_id;
    buffer_printf(&sunk->items, "%.*s %.*s %s*%s tier%lld ev%lld%s%s;", TEXT_ARGS(status), TEXT_ARGS(account), amount, cost,
                  record_has(item, LINE_ITEM_tier) ? (long long)item->tier : 0,
                  record_has(item, LINE_ITEM_usage_events) ? (long long)item->usage_events : -1, price ? "" : " noprice",
                  group == GROUP_NONE ? " nogroup" : "");
    return may_go_on(sunk, error);
}

static bool sink_bill(void *context, const struct bill *bill, uint32_t group, struct error *error)
{
    struct sunk *sunk = context;
    char cost[SUM_TEXT_MAX];
    sum_format(&bill->cost, COST_SCALE, cost);
    buffer_printf(&sunk->bills, "%.*s/%.*s/%.*s/%.*s/%.*s=%s;", TEXT_ARGS(bill->billing_group),
                  TEXT_ARGS(bill->billing_period), TEXT_ARGS(bill->usage_account_id), TEXT_ARGS(bill->product_code),
                  TEXT_ARGS(bill->line_item_type), cost);
    (void)group;
    return may_go_on(sunk, error);
}

struct world {
    struct document_fixture document;
    struct pricing pricing;
    struct rocks *rocks;
    struct fold *fold;
};

/* A document with one tiered meter: "Tiered" costs 10 a unit up to 10 units, 1 behind. Everything else has its own rate. */
static void world_open(struct world *world)
{
    const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };
    const struct fold_options options = { GRANULARITY_HOURLY, true, 1 << 20 };
    struct error error;
    document_fixture_init(&world->document);
    list_add(&world->document, "T", "AmazonS3", "Tiered", "", "0 10, 10 1");
    price_list_index(&world->document.list);
    if (!rocks_open(scratch_path("state"), &small, &world->rocks, &error))
        fail_msg("%s", error.message);
    world->fold = fold_new(&options, world->rocks);
}

static void world_close(struct world *world)
{
    fold_free(world->fold);
    rocks_close(world->rocks);
    remove_tree(scratch_path("state"));
    document_fixture_done(&world->document);
}

static void take(struct world *world, struct usage_event event)
{
    struct usage_entry entry = { .event = event };
    struct refusal refusal;
    struct error error;
    assert_true(fold_take(world->fold, &entry, &refusal, &error));
    assert_int_equal(refusal.reason, REFUSAL_NONE);
}

/* Sweeps in steps; false: *error. */
static bool sweep_closing(struct world *world, const struct periods *closings, size_t step, struct sunk *sunk,
                          struct sweep_counts *counts, struct error *error)
{
    struct sweep_sink sink = { sunk, sink_item, sink_bill };
    struct sweep *sweep;
    bool done = false, going;
    pricing_init(&world->pricing, &world->document.conductor, &world->document.list);
    assert_true(sweep_open(world->fold, &world->pricing, closings, &sink, &sweep, error));
    do
        going = sweep_step(sweep, step, &done, error);
    while (going && !done);
    *counts = *sweep_counts(sweep);
    sweep_close(sweep);
    pricing_done(&world->pricing);
    buffer_append_byte(&sunk->items, '\0');
    buffer_append_byte(&sunk->bills, '\0');
    return going;
}

static bool sweep(struct world *world, billing_period closing, size_t step, struct sunk *sunk, struct sweep_counts *counts,
                  struct error *error)
{
    const struct periods closings = { &closing, closing != PERIOD_NONE, 1 };
    return sweep_closing(world, &closings, step, sunk, counts, error);
}

static void sunk_done(struct sunk *sunk)
{
    buffer_done(&sunk->items);
    buffer_done(&sunk->bills);
}

static struct usage_event tiered(const char *id, const char *start, const char *amount)
{
    return event_with(.event_id = id, .product_code = "AmazonS3", .usage_type = "Tiered", .usage_start = start,
                      .usage_amount = amount);
}

static void pools_run_in_key_order_whatever_order_usage_came_in(void **state)
{
    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        struct world world;
        struct sunk sunk = { 0 };
        struct sweep_counts counts;
        struct error error;
        world_open(&world);
        const struct usage_event events[] = { tiered("1", "2026-06-01T00:00:00Z", "4"),
                                              tiered("2", "2026-06-02T00:00:00Z", "8"),
                                              tiered("3", "2026-06-03T00:00:00Z", "1") };
        for (size_t i = 0; i < 3; i++)
            take(&world, events[backwards ? 2 - i : i]);
        assert_true(sweep(&world, PERIOD_NONE, 1, &sunk, &counts, &error));
        assert_string_equal(sunk.items.data, "CHARGED 111111111111 4*40 tier1 ev1;CHARGED 111111111111 6*60 tier1 ev1;"
                                             "CHARGED 111111111111 2*2 tier2 ev0;CHARGED 111111111111 1*1 tier2 ev1;");
        assert_int_equal(counts.rows, 3);
        assert_int_equal(counts.line_items, 4);
        assert_int_equal(counts.priced, 3);
        sunk_done(&sunk);
        world_close(&world);
    }
}

static void a_pool_begins_anew_each_period_and_group(void **state)
{
    (void)state;
    struct world world;
    struct sunk sunk = { 0 };
    struct sweep_counts counts;
    struct error error;
    world_open(&world);
    take(&world, tiered("1", "2026-06-30T23:00:00Z", "10"));
    take(&world, tiered("2", "2026-07-01T00:00:00Z", "10"));
    take(&world, event_with(.event_id = "3", .usage_account_id = "222222222222", .product_code = "AmazonS3",
                            .usage_type = "Tiered", .usage_start = "2026-06-30T23:00:00Z", .usage_amount = "10"));
    assert_true(sweep(&world, PERIOD_NONE, 100, &sunk, &counts, &error));
    assert_string_equal(sunk.items.data, "CHARGED 111111111111 10*100 tier1 ev1;CHARGED 222222222222 10*100 tier1 ev1;"
                                         "CHARGED 111111111111 10*100 tier1 ev1;");
    assert_string_equal(sunk.bills.data, "111111111111/2026-06///=100;111111111111/2026-06//AmazonS3/=100;"
                                         "111111111111/2026-06/111111111111/AmazonS3/Usage=100;"
                                         "222222222222/2026-06///=100;222222222222/2026-06//AmazonS3/=100;"
                                         "222222222222/2026-06/222222222222/AmazonS3/Usage=100;"
                                         "111111111111/2026-07///=100;111111111111/2026-07//AmazonS3/=100;"
                                         "111111111111/2026-07/111111111111/AmazonS3/Usage=100;");
    sunk_done(&sunk);
    world_close(&world);
}

static void every_event_is_counted_by_what_became_of_it(void **state)
{
    (void)state;
    struct world world;
    struct sunk sunk = { 0 };
    struct sweep_counts counts;
    struct error error;
    world_open(&world);
    take(&world, event_with(.event_id = "1", .public_on_demand_rate = "2"));
    take(&world, event_with(.event_id = "2", .public_on_demand_rate = "2")); /* the same row */
    take(&world, event_with(.event_id = "3", .line_item_type = "Credit", .unblended_cost = "-5"));
    take(&world, event_with(.event_id = "4", .usage_account_id = "999999999999", .unblended_cost = "1"));
    take(&world, event_with(.event_id = "5", .usage_type = "unknown"));
    take(&world, event_with(.event_id = "6", .currency = "CNY", .unblended_cost = "1"));
    take(&world, event_with(.event_id = "7", .usage_amount = "9999999999999999999999999999", .public_on_demand_rate = "9"));
    assert_true(sweep(&world, PERIOD_NONE, 2, &sunk, &counts, &error));
    assert_int_equal(counts.priced, 2);
    assert_int_equal(counts.left_out, 1);
    assert_int_equal(counts.unmonitored, 1);
    assert_int_equal(counts.unpriced, 3);
    assert_int_equal(counts.unpriced_by_reason[UNPRICED_NO_PRICE], 1);
    assert_int_equal(counts.unpriced_by_reason[UNPRICED_CURRENCY], 1);
    assert_int_equal(counts.unpriced_by_reason[UNPRICED_TOO_LARGE], 1);
    assert_int_equal(counts.rows, 6);
    assert_int_equal(counts.line_items, 6);
    assert_non_null(strstr(sunk.items.data, "CHARGED 111111111111 2*4 tier0 ev2;"));
    assert_non_null(strstr(sunk.items.data, "LEFT_OUT 111111111111 1*0 tier0 ev1 noprice;"));
    assert_non_null(strstr(sunk.items.data, "UNMONITORED 999999999999 1*0 tier0 ev1 noprice nogroup;"));
    assert_non_null(strstr(sunk.bills.data, "/2026-06///=0;")); /* unmonitored usage is a group of its own */
    sunk_done(&sunk);
    world_close(&world);
}

static void a_period_that_is_closed_is_billed_without_usage(void **state)
{
    (void)state;
    static const struct {
        const char *name, *start; /* of the only usage; NULL: none */
        const char *bills;
    } rows[] = {
        { "none at all", NULL,
          "111111111111/2026-06///=7;111111111111/2026-06//AWSBillingConductor/=7;"
          "111111111111/2026-06/111111111111/AWSBillingConductor/Fee=7;" },
        { "later usage", "2026-07-01T00:00:00Z",
          "111111111111/2026-06///=7;111111111111/2026-06//AWSBillingConductor/=7;"
          "111111111111/2026-06/111111111111/AWSBillingConductor/Fee=7;"
          "111111111111/2026-07///=8;" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct world world;
        struct sunk sunk = { 0 };
        struct sweep_counts counts;
        struct error error;
        world_open(&world);
        document_add_item(&world.document, (struct custom_line_item){ .id = TEXT("c"),
                                                                      .name = TEXT("c"),
                                                                      .account = TEXT("111111111111"),
                                                                      .value = decimal("7", AMOUNT_SCALE),
                                                                      .service = TEXT("AWSBillingConductor"),
                                                                      .start = PERIOD_NONE,
                                                                      .end = PERIOD_NONE });
        if (rows[i].start)
            take(&world, event_with(.usage_start = rows[i].start, .public_on_demand_rate = "1"));
        assert_true(sweep(&world, 2026 * 12 + 5, 100, &sunk, &counts, &error));
        if (strncmp(sunk.bills.data, rows[i].bills, strlen(rows[i].bills)) != 0)
            fail_msg("%s: %s", rows[i].name, sunk.bills.data);
        assert_non_null(strstr(sunk.items.data, "CHARGED 111111111111 -*7 tier0 ev0 noprice;"));
        sunk_done(&sunk);
        world_close(&world);
    }
}

/* Before, between and behind the months that have usage; each once and in order. */
static void several_periods_are_closed_in_order(void **state)
{
    (void)state;
    const struct periods closings = { (billing_period[]){ 24314, 24316, 24317, 24319 }, 4, 4 };
    struct world world;
    struct sunk sunk = { 0 };
    struct sweep_counts counts;
    struct error error;
    world_open(&world);
    document_add_item(&world.document, (struct custom_line_item){ .id = TEXT("c"),
                                                                  .name = TEXT("c"),
                                                                  .account = TEXT("111111111111"),
                                                                  .value = decimal("7", AMOUNT_SCALE),
                                                                  .service = TEXT("AWSBillingConductor"),
                                                                  .start = PERIOD_NONE,
                                                                  .end = PERIOD_NONE });
    take(&world, event_with(.event_id = "1", .usage_start = "2026-04-01T00:00:00Z", .public_on_demand_rate = "1"));
    take(&world, event_with(.event_id = "2", .usage_start = "2026-06-01T00:00:00Z", .public_on_demand_rate = "1"));
    assert_true(sweep_closing(&world, &closings, 1, &sunk, &counts, &error));
    char months[256] = "";
    for (char *at = sunk.bills.data; (at = strstr(at, "///=")); at++)
        strncat(months, at - 7, 13);
    assert_string_equal(months, "2026-03///=7;2026-04///=8;2026-05///=7;2026-06///=8;2026-08///=7;");
    sunk_done(&sunk);
    world_close(&world);
}

static void a_sink_that_fails_stops_the_sweep(void **state)
{
    (void)state;
    for (unsigned fail_after = 1; fail_after <= 7; fail_after++) {
        struct world world;
        struct sunk sunk = { .fail_after = fail_after };
        struct sweep_counts counts;
        struct error error = { 0 };
        world_open(&world);
        take(&world, tiered("1", "2026-06-01T00:00:00Z", "12"));
        take(&world, event_with(.event_id = "2", .public_on_demand_rate = "1"));
        bool done = sweep(&world, PERIOD_NONE, 100, &sunk, &counts, &error);
        /* Three line items; the group, two services and two accounts' rows. */
        assert_false(done);
        assert_string_equal(error.message, "the sink is full");
        assert_int_equal(sunk.calls, fail_after);
        sunk_done(&sunk);
        world_close(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_run_in_key_order_whatever_order_usage_came_in),
        cmocka_unit_test(a_pool_begins_anew_each_period_and_group),
        cmocka_unit_test(every_event_is_counted_by_what_became_of_it),
        cmocka_unit_test(a_period_that_is_closed_is_billed_without_usage),
        cmocka_unit_test(several_periods_are_closed_in_order),
        cmocka_unit_test(a_sink_that_fails_stops_the_sweep),
    };
    return cmocka_run_group_tests_name("pipeline/sweep", tests, scratch_setup, scratch_teardown);
}
