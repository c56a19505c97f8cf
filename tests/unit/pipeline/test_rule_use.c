/* pipeline/rule_use: rules that priced nothing, and the names they come near to. */
#include "support/unit.h"

#include "pipeline/rule_use.h"
#include "support/fixtures.h"

static void names_are_found_again_in_any_case_but_not_as_themselves(void **state)
{
    (void)state;
    struct name_set set = { 0 };
    name_set_add(&set, TEXT("AmazonEC2"));
    name_set_add(&set, TEXT("AMAZONEC2"));
    name_set_add(&set, TEXT("AWSLambda"));
    name_set_add(&set, TEXT("AmazonEC2"));
    expect_text("lower", name_set_like(&set, TEXT("amazonec2")), "AmazonEC2");
    expect_text("itself", name_set_like(&set, TEXT("AmazonEC2")), "");
    expect_text("upper", name_set_like(&set, TEXT("AWSLAMBDA")), "AWSLambda");
    expect_text("unknown", name_set_like(&set, TEXT("AmazonS3")), "");
    assert_true(name_set_has(&set, TEXT("AMAZONEC2")));
    assert_false(name_set_has(&set, TEXT("amazonec2")));
    name_set_done(&set);
}

static void rules_of_groups_that_priced_nothing_are_told(void **state)
{
    (void)state;
    struct document_fixture fixture;
    struct rule_use use;
    struct arena arena = { 0 };
    size_t count;
    document_fixture_init(&fixture);
    fixture.groups[1].status = GROUP_PENDING;
    uint32_t used =
        plan_add_rule(&fixture, 0, (struct pricing_rule){ .scope = SCOPE_SERVICE, .service = TEXT("AmazonEC2") });
    uint32_t wrong =
        plan_add_rule(&fixture, 0, (struct pricing_rule){ .scope = SCOPE_SERVICE, .service = TEXT("amazonec2") });
    uint32_t absent =
        plan_add_rule(&fixture, 0, (struct pricing_rule){ .scope = SCOPE_SERVICE, .service = TEXT("AmazonS3") });
    plan_add_rule(
        &fixture, 0,
        (struct pricing_rule){ .scope = SCOPE_SERVICE, .service = TEXT("AWSDataTransfer"), .sets_free_tier = true });
    uint32_t free_tier = plan_add_rule(
        &fixture, 0, (struct pricing_rule){ .scope = SCOPE_SERVICE, .service = TEXT("AWSLambda"), .sets_free_tier = true });
    plan_add_rule(&fixture, 0, (struct pricing_rule){ .scope = SCOPE_GLOBAL, .sets_free_tier = true });
    plan_add_rule(&fixture, 1, (struct pricing_rule){ .scope = SCOPE_SERVICE, .service = TEXT("OfAPendingGroup") });
    rule_use_begin(&use, &fixture.conductor);
    struct price price = { .rule = used }, none = { .rule = RULE_NONE };
    rule_use_note(&use, &(struct line_item){ .product_code = TEXT("AmazonEC2") }, &price);
    rule_use_note(&use, &(struct line_item){ .product_code = TEXT("AmazonEC2"), .service_code = TEXT("AWSDataTransfer") },
                  &none);
    rule_use_note(&use, &(struct line_item){ .product_code = TEXT("AWSBillingConductor") }, NULL);
    struct unmatched_rule *found = rule_use_unmatched(&use, &arena, &count);
    assert_int_equal(count, 3);
    assert_int_equal(found[0].rule, wrong);
    expect_text("like", found[0].like, "AmazonEC2");
    assert_int_equal(found[1].rule, absent);
    expect_text("like", found[1].like, "");
    assert_int_equal(found[2].rule, free_tier);
    rule_use_done(&use);
    arena_done(&arena);
    document_fixture_done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_again_in_any_case_but_not_as_themselves),
        cmocka_unit_test(rules_of_groups_that_priced_nothing_are_told),
    };
    return cmocka_run_group_tests_name("pipeline/rule_use", tests, NULL, NULL);
}
