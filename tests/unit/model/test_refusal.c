/* model/refusal: the words of a dead letter. */
#include "model/refusal.h"
#include "support/unit.h"

static void reasons_have_their_names(void **state)
{
    (void)state;
    static const struct {
        enum refusal_reason reason;
        const char *text;
    } rows[] = {
        { REFUSAL_MALFORMED, "MALFORMED" },
        { REFUSAL_BAD_ACCOUNT, "BAD_ACCOUNT" },
        { REFUSAL_EVENT_ID_REUSED, "EVENT_ID_REUSED" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(refusal_reason_text(rows[i].reason), rows[i].text);
    for (int a = 0; a < REFUSAL_REASON_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(refusal_reason_text((enum refusal_reason)a),
                                    refusal_reason_text((enum refusal_reason)b));
}

static void a_refusal_says_what_was_found(void **state)
{
    (void)state;
    struct refusal refusal;
    assert_false(refuse(&refusal, REFUSAL_BAD_NUMBER, "usage_amount", TEXT("x1"), "%s is no %s", "usage_amount", "number"));
    assert_int_equal(refusal.reason, REFUSAL_BAD_NUMBER);
    assert_string_equal(refusal.field, "usage_amount");
    expect_text("value", refusal.value, "x1");
    assert_string_equal(refusal.detail, "usage_amount is no number");
}

static void a_long_detail_is_cut(void **state)
{
    (void)state;
    struct refusal refusal;
    assert_false(refuse(&refusal, REFUSAL_BAD_FIELD, NULL, TEXT_NONE, "%500s", "x"));
    assert_int_equal(strlen(refusal.detail), sizeof refusal.detail - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_their_names),
        cmocka_unit_test(a_refusal_says_what_was_found),
        cmocka_unit_test(a_long_detail_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
