/* documents/conductor_whole: what AWS counts is held against what the document has. */
#include "support/unit.h"

#include "documents/conductor_json.h"
#include "support/quotes.h"

#define DOCUMENT(group, plan, rule, more)                                                                                   \
    "{'BillingGroups':[{'Name':'g','PrimaryAccountId':'111111111111'," group "'AccountGrouping':{'LinkedAccountIds':"       \
    "['111111111111']},'ComputationPreference':{'PricingPlanArn':'planAAAAAA'}}],"                                          \
    "'PricingPlans':[{'Name':'p'," plan "'Arn':'planAAAAAA'}],"                                                             \
    "'PricingRulesAssociatedToPricingPlan':[{'PricingPlanArn':'planAAAAAA','PricingRuleArns':['ruleAAAAAA']}],"             \
    "'PricingRules':[{'Name':'r','Arn':'ruleAAAAAA'," rule "'Scope':'GLOBAL','Type':'MARKUP','ModifierPercentage':1}]" more \
    "}"

static uint64_t read_document(const char *json, bool whole, struct buffer *first)
{
    struct text text = quoted(json);
    struct input *input = input_from_memory(text.data, text.size, "test.json");
    struct conductor *conductor;
    struct problems problems = { 0 };
    struct error error = { 0 };
    bool done = whole ? conductor_read_whole(input, &conductor, &problems, &error)
                      : conductor_read(input, &conductor, &problems, &error);
    uint64_t total = problems.total;
    buffer_clear(first);
    if (problems.count > 0)
        problem_format(&problems.items[0], first);
    assert_int_equal(done, total == 0);
    if (done) {
        conductor_done(conductor);
        free(conductor);
    }
    input_close(input);
    problems_done(&problems);
    return total;
}

static void a_count_that_is_not_reached_is_a_problem_of_a_file_alone(void **state)
{
    (void)state;
    static const struct {
        const char *json, *path; /* NULL: sound */
    } rows[] = {
        { DOCUMENT("", "", "", ""), NULL },
        { DOCUMENT("'Size':1,", "'Size':1,", "'AssociatedPricingPlanCount':1,", ",'NextToken':null"), NULL },
        { DOCUMENT("'Size':0,", "'Size':0,", "", ",'NextToken':''"), NULL },
        { DOCUMENT("'Size':2,", "", "", ""), "BillingGroups[0].Size" },
        { DOCUMENT("", "'Size':2,", "", ""), "PricingPlans[0].Size" },
        { DOCUMENT("", "", "'AssociatedPricingPlanCount':2,", ""), "PricingRules[0].AssociatedPricingPlanCount" },
        { DOCUMENT("", "", "", ",'NextToken':'t'"), ": NextToken" },
    };
    struct buffer first = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_int_equal(read_document(rows[i].json, false, &first), 0);
        assert_int_equal(read_document(rows[i].json, true, &first), rows[i].path != NULL);
        if (rows[i].path && (!text_contains(buffer_text(&first), text_of(rows[i].path)) ||
                             !text_contains(buffer_text(&first), TEXT("aws billingconductor list-"))))
            fail_msg("row %zu: %.*s", i, TEXT_ARGS(buffer_text(&first)));
    }
    buffer_done(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_that_is_not_reached_is_a_problem_of_a_file_alone),
    };
    return cmocka_run_group_tests_name("documents/conductor_whole", tests, NULL, NULL);
}
