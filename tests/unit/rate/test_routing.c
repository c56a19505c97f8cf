/* rate/routing: which usage needs its group's pool and travels once more (DESIGN 5). */
#include "rate/routing.h"
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
    plan_add_rule(&fixture, 1, (struct pricing_rule){ .scope = SCOPE_SKU, .type = RULE_TIERING, .service = TEXT("AmazonEC2"),
                                                      .usage_type = TEXT("Transfer"), .custom = own });
    plan_add_rule(&fixture, 0, (struct pricing_rule){ .scope = SCOPE_SKU, .type = RULE_TIERING, .service = TEXT("AmazonSQS"),
                                                      .operation = TEXT("Send"), .custom = own });
    plan_add_rule(&fixture, 0, (struct pricing_rule){ .scope = SCOPE_SKU, .type = RULE_MARKUP, .service = TEXT("AmazonRDS"),
                                                      .operation = TEXT("Marked"), .modifier = 100 });
    routing_init(&routing, &fixture.conductor, &fixture.list);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].why, routing_is_tiered(&routing, text_of(rows[i].service), text_of(rows[i].usage_type),
                                              text_of(rows[i].operation)), rows[i].tiered);
    routing_done(&routing);
    document_fixture_done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiered_meters_of_the_list_and_of_any_plan_are_routed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
