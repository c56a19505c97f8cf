/* rate/routing: which usage needs its group's pool and travels once more (SEMANTICS 5). */
#include "rate/routing.h"

#include "base/buffer.h"
#include "support/fixtures.h"
#include "support/unit.h"

static void tiered_meters_of_the_list_and_of_any_plan_are_routed(void **state)
{
    (void)state;
    static const struct {
        const char *service, *usage_type, *operation;
        bool tiered;
        const char *why;
    } rows[] = {
        { "AmazonS3", "Storage", "Get", true, "tiered in the list" },
        { "AmazonEC2", "BoxUsage", "Run", false, "flat in the list" },
        { "AmazonEC2", "Transfer", "Run", true, "custom tiers of its usage type" },
        { "AmazonSQS", "Requests", "Send", true, "custom tiers of its operation" },
        { "AmazonSQS", "Requests", "Receive", false, "another operation" },
        { "AmazonSNS", "Requests", "Send", false, "the operation of another service" },
        { "AmazonRDS", "Hours", "Marked", false, "a modifier has no tiers" },
        { "AmazonRDS", "", "", false, "nothing" },
    };
    struct document_fixture fixture;
    struct routing routing;
    document_fixture_init(&fixture);
    list_add(&fixture, "1", "AmazonS3", "Storage", "", "0 2, 10 1");
    list_add(&fixture, "2", "AmazonEC2", "BoxUsage", "Run", "0 1");
    price_list_index(&fixture.list);
    struct schedule own = schedule_of(&fixture.conductor.arena, "0 1");
    plan_add_rule(&fixture, 1,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_TIERING,
                                         .service = TEXT("AmazonEC2"),
                                         .usage_type = TEXT("Transfer"),
                                         .custom = own });
    plan_add_rule(&fixture, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_TIERING,
                                         .service = TEXT("AmazonSQS"),
                                         .operation = TEXT("Send"),
                                         .custom = own });
    plan_add_rule(&fixture, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_MARKUP,
                                         .service = TEXT("AmazonRDS"),
                                         .operation = TEXT("Marked"),
                                         .modifier = 100 });
    routing_init(&routing, &fixture.conductor, &fixture.list);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        for (int by_code = 0; by_code < 2; by_code++) {
            const struct meter meter = { .product_code = by_code ? TEXT("Product") : text_of(rows[i].service),
                                         .service_code = by_code ? text_of(rows[i].service) : TEXT_NONE,
                                         .usage_type = text_of(rows[i].usage_type),
                                         .operation = text_of(rows[i].operation) };
            expect(rows[i].why, routing_is_tiered(&routing, &meter), rows[i].tiered);
        }
    routing_done(&routing);
    document_fixture_done(&fixture);
}

static void usage_types_that_an_allowance_joins_go_to_one_place(void **state)
{
    (void)state;
    static const struct {
        const char *usage_type, *family;
    } rows[] = {
        { "Request", "EU-Request" },      { "EU-Request", "EU-Request" },
        { "USW2-Request", "EU-Request" }, { "Seconds", "EU-Request" }, /* of another allowance that a usage type is in too */
        { "Storage", "Storage" },         { "Unknown", "Unknown" },
    };
    const struct text both[] = { TEXT("P1"), TEXT("P4") };
    static const struct tier end[] = { { 0, 100, 0 } };
    struct document_fixture fixture;
    struct routing routing;
    document_fixture_init(&fixture);
    list_add(&fixture, "P1", "A", "Request", "", "0 1");
    list_add(&fixture, "P2", "A", "USW2-Request", "", "0 1");
    list_add(&fixture, "P3", "A", "EU-Request", "", "0 2, 10 1");
    list_add(&fixture, "P4", "A", "Seconds", "", "0 1");
    list_add(&fixture, "P5", "A", "Storage", "", "0 2, 10 1");
    list_add(&fixture, "P6", "A", "Flat", "", "0 1");
    const struct price_list_entry allowances[] = {
        { .sku = TEXT("F1"), .service = TEXT("A"), .usage_type = TEXT("Global-Request"), .schedule = { end, 1 } },
        { .sku = TEXT("F2"),
          .service = TEXT("A"),
          .usage_type = TEXT("Global-Two"),
          .schedule = { end, 1 },
          .applies_to = both,
          .applies_to_count = 2 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(allowances); i++)
        price_list_add(&fixture.list, &allowances[i]);
    price_list_index(&fixture.list);
    routing_init(&routing, &fixture.conductor, &fixture.list);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect_text(rows[i].usage_type, routing_family(&routing, text_of(rows[i].usage_type)), rows[i].family);
    struct meter meter = { .usage_type = TEXT("Seconds") };
    assert_true(routing_is_tiered(&routing, &meter)); /* flat, but behind an allowance */
    meter.usage_type = TEXT("Flat");
    assert_false(routing_is_tiered(&routing, &meter));
    meter.usage_type = TEXT("Global-Request");
    assert_false(routing_is_tiered(&routing, &meter));
    routing_done(&routing);
    document_fixture_done(&fixture);
}

static void note_lost(void *context, struct text usage_type, struct text service, struct text operation)
{
    buffer_printf(context, "%.*s|%.*s|%.*s ", TEXT_ARGS(usage_type), TEXT_ARGS(service), TEXT_ARGS(operation));
}

/* What has lost its tiers stays where its rows are, in a family of its own, and is lost no more. */
static void what_has_lost_its_tiers_can_be_kept(void **state)
{
    (void)state;
    struct document_fixture before, after;
    struct routing was, is;
    struct buffer lost = { 0 };
    document_fixture_init(&before);
    document_fixture_init(&after);
    list_add(&before, "1", "AmazonS3", "Storage", "", "0 2, 10 1");
    list_add(&before, "2", "AmazonS3", "Requests", "", "0 2, 10 1");
    list_add(&after, "2", "AmazonS3", "Requests", "", "0 3, 10 1");
    plan_add_rule(&before, 0,
                  (struct pricing_rule){ .scope = SCOPE_SKU,
                                         .type = RULE_TIERING,
                                         .service = TEXT("AmazonSQS"),
                                         .operation = TEXT("Send"),
                                         .custom = schedule_of(&before.conductor.arena, "0 1") });
    price_list_index(&before.list);
    price_list_index(&after.list);
    routing_init(&was, &before.conductor, &before.list);
    routing_init(&is, &after.conductor, &after.list);
    routing_each_lost(&was, &is, note_lost, &lost);
    expect_text("lost", buffer_text(&lost), "Storage|| |AmazonSQS|Send ");
    struct meter storage = { .usage_type = TEXT("Storage") };
    struct meter send = { .product_code = TEXT("AmazonSQS"), .operation = TEXT("Send"), .usage_type = TEXT("X") };
    assert_false(routing_is_tiered(&is, &storage) || routing_is_tiered(&is, &send));
    routing_keep_usage_type(&is, TEXT("Storage"));
    routing_keep_operation(&is, TEXT("AmazonSQS"), TEXT("Send"));
    assert_true(routing_is_tiered(&is, &storage) && routing_is_tiered(&is, &send));
    expect_text("family", routing_family(&is, TEXT("Storage")), "Storage");
    buffer_clear(&lost);
    routing_each_lost(&was, &is, note_lost, &lost);
    assert_int_equal(lost.size, 0);
    buffer_done(&lost);
    routing_done(&was);
    routing_done(&is);
    document_fixture_done(&before);
    document_fixture_done(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiered_meters_of_the_list_and_of_any_plan_are_routed),
        cmocka_unit_test(usage_types_that_an_allowance_joins_go_to_one_place),
        cmocka_unit_test(what_has_lost_its_tiers_can_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
