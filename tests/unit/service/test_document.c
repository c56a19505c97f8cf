/* service/document: pasted replies become entities and go back as what they were; drafts are checked by what they touch. */
#include "support/unit.h"

#include "codec/input.h"
#include "documents/conductor_json.h"
#include "service/document.h"

static struct document *parse(const char *json)
{
    struct document *document;
    struct error error;
    if (!document_parse(text_of(json), TEXT_NONE, 1000, &document, &error))
        fail_msg("%s", error.message);
    return document;
}

static struct conductor *read_conductor(struct text json)
{
    struct conductor *conductor = NULL;
    struct problems problems = { 0 };
    struct error error;
    struct input *input = input_from_memory(json.data, json.size, "printed");
    bool done = conductor_read(input, &conductor, &problems, &error);
    if (!done)
        fail_msg("%s", error.message);
    input_close(input);
    problems_done(&problems);
    return conductor;
}

static void the_sample_document_prints_as_one_of_equal_content(void **state)
{
    (void)state;
    struct input *input;
    struct error error;
    struct buffer json = { 0 }, printed = { 0 };
    size_t got;
    assert_true(input_open("tests/data/conductor.json", &input, &error));
    while (input_read(input, buffer_reserve(&json, 65536), 65536, &got) == INPUT_OK)
        json.size += got;
    input_close(input);
    buffer_append_byte(&json, '\0');
    struct document *document = parse(json.data);
    document_print(document, &printed);
    struct conductor *a = read_conductor((struct text){ json.data, json.size - 1 }),
                     *b = read_conductor(buffer_text(&printed));
    struct hash128 before = conductor_hash(a), after = conductor_hash(b);
    assert_true(before.high == after.high && before.low == after.low);
    assert_int_equal(document_count(document, ENTITY_GROUP), 3);
    assert_string_equal(document->payer, "100000000001");
    conductor_done(a);
    conductor_done(b);
    free(a);
    free(b);
    document_release(document);
    buffer_done(&json);
    buffer_done(&printed);
}

static void create_forms_are_read_and_associations_move_to_their_owners(void **state)
{
    (void)state;
    struct document *document = parse(
        "{\"BillingPeriod\":\"2026-6\",\"BillingGroups\":[{\"Name\":\"g\",\"PrimaryAccountId\":\"111111111111\","
        "\"AccountGrouping\":"
        "{\"LinkedAccountIds\":[\"111111111111\",\"222222222222\"]},\"CreationTime\":\"yesterday\"}],"
        "\"PricingPlans\":[{\"Name\":\"p\",\"Arn\":\"arn:aws:billingconductor::123456789012:pricingplan/pppppppppp\"}],"
        "\"PricingRules\":[{\"Name\":\"r\",\"Arn\":\"rrrrrrrrrr\",\"ModifierPercentage\":20.0}],"
        "\"PricingRulesAssociatedToPricingPlan\":[{\"PricingPlanArn\":\"pppppppppp\",\"PricingRuleArns\":[\"rrrrrrrrrr\"]}],"
        "\"CustomLineItems\":[{\"Name\":\"i\",\"Arn\":\"iiiiiiiiii\",\"ChargeDetails\":{\"Percentage\":{"
        "\"AssociatedValues\":"
        "[\"111111111111\"]}}}]}");
    assert_int_equal(json_array_size(json_object_get(document->members, "111111111111")), 2);
    assert_string_equal(document_group_of(document, "222222222222"), "111111111111");
    assert_string_equal(entity_text(document_find(document, ENTITY_GROUP, "111111111111"), "CreationTime"), "1000");
    json_t *plan = document_find(document, ENTITY_PLAN, "pppppppppp"),
           *item = document_find(document, ENTITY_ITEM, "iiiiiiiiii");
    assert_int_equal(json_array_size(json_object_get(plan, "PricingRuleArns")), 1);
    assert_string_equal(entity_text(document_find(document, ENTITY_RULE, "rrrrrrrrrr"), "ModifierPercentage"), "20.0");
    assert_int_equal(json_array_size(json_object_get(document->plans_of, "rrrrrrrrrr")), 1);
    assert_int_equal(json_array_size(json_object_get(item, "Inputs")), 1);
    /* Without a range it is of its document's month. */
    billing_period june, july;
    assert_true(period_parse(TEXT("2026-06"), &june) && period_parse(TEXT("2026-07"), &july));
    assert_true(item_covers(item, june));
    assert_false(item_covers(item, july));
    document_release(document);
}

static void an_edit_leaves_the_published_document_as_it_is(void **state)
{
    (void)state;
    struct document *document =
        parse("{\"PricingRules\":[{\"Name\":\"r\",\"Arn\":\"rrrrrrrrrr\"},{\"Name\":\"s\",\"Arn\":\"ssssssssss\"}]}");
    struct document *draft = document_draft(document, 24318);
    json_object_set_new(document_edit(draft, ENTITY_RULE, "rrrrrrrrrr"), "Name", json_string("changed"));
    document_remove(draft, ENTITY_RULE, "ssssssssss");
    assert_null(document_edit(draft, ENTITY_RULE, "nothing"));
    document_publish(draft);
    assert_string_equal(entity_text(document_find(document, ENTITY_RULE, "rrrrrrrrrr"), "Name"), "r");
    assert_int_equal(document_count(document, ENTITY_RULE), 2);
    assert_int_equal(document_count(draft, ENTITY_RULE), 1);
    document_release(document);
    document_release(draft);
}

static void a_draft_is_checked_by_what_it_touches(void **state)
{
    (void)state;
    struct document *document = parse(
        "{\"BillingGroups\":[],\"PricingPlans\":[{\"Name\":\"p\",\"Arn\":\"pppppppppp\",\"PricingRuleArns\":[\"rrrrrrrrrr\"]"
        "}],"
        "\"PricingRules\":[{\"Name\":\"r\",\"Arn\":\"rrrrrrrrrr\",\"Scope\":\"GLOBAL\",\"Type\":\"MARKUP\","
        "\"ModifierPercentage\":1},"
        "{\"Name\":\"s\",\"Arn\":\"ssssssssss\",\"Scope\":\"GLOBAL\",\"Type\":\"DISCOUNT\",\"ModifierPercentage\":2}]}");
    struct document *draft = document_draft(document, 24318);
    struct problems problems = { 0 };
    problems_begin(&problems, "draft");
    json_object_set_new(document_edit(draft, ENTITY_RULE, "ssssssssss"), "ModifierPercentage", json_string("3"));
    assert_true(document_check(draft, NULL, &problems));
    json_array_append_new(json_object_get(document_edit(draft, ENTITY_PLAN, "pppppppppp"), "PricingRuleArns"),
                          json_string("ssssssssss"));
    assert_false(document_check(draft, NULL, &problems));
    assert_int_equal(problems.items[0].reason, PROBLEM_PRICING_RULE_IN_PRICING_PLAN_CONFLICT);
    problems_done(&problems);
    document_release(document);
    document_release(draft);
}

static void order_goes_on_behind_a_key(void **state)
{
    (void)state;
    struct document *document = parse("{\"PricingRules\":[{\"Arn\":\"b\"},{\"Arn\":\"a\"},{\"Arn\":\"d\"}]}");
    static const struct {
        const char *after;
        size_t position;
    } rows[] = { { "", 0 }, { "a", 1 }, { "aa", 1 }, { "b", 2 }, { "c", 2 }, { "d", 3 }, { "z", 3 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_int_equal(document_after(document, ENTITY_RULE, rows[i].after), rows[i].position);
    document_release(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_document_prints_as_one_of_equal_content),
        cmocka_unit_test(create_forms_are_read_and_associations_move_to_their_owners),
        cmocka_unit_test(an_edit_leaves_the_published_document_as_it_is),
        cmocka_unit_test(a_draft_is_checked_by_what_it_touches),
        cmocka_unit_test(order_goes_on_behind_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
