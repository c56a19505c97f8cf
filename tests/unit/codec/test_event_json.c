/* codec/event_json: a usage event from a JSON object, or the reason why it is none. Rows write ' for ". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/event_json.h"
#include "support/quotes.h"
#include "support/record_text.h"

/* Fields of the event, or "REASON field". */
static const char *decode(struct text json, enum excess_decimals excess)
{
    static struct buffer out;
    struct event_json *decoder = event_json_new();
    struct arena arena = { 0 };
    struct usage_event event;
    struct refusal refusal = { 0 };
    if (event_json_decode(decoder, json, excess, &event, &arena, &refusal)) {
        record_text(&usage_event_type, &event, &out);
        if (event.excess_decimals)
            buffer_printf(&out, " rounded=%u", event.excess_decimals);
    } else {
        buffer_clear(&out);
        buffer_printf(&out, "%s %s", refusal_reason_text(refusal.reason), refusal.field ? refusal.field : "-");
        assert_true(refusal.detail[0] != '\0');
        size_t sum = 0; /* the value must be there to be read */
        for (size_t i = 0; i < refusal.value.size; i++)
            sum += (unsigned char)refusal.value.data[i];
        assert_true(sum < SIZE_MAX);
    }
    *buffer_reserve(&out, 1) = '\0';
    event_json_free(decoder);
    arena_done(&arena);
    return out.data;
}

struct row {
    const char *json, *expected;
};

static void check(const struct row *rows, size_t count, enum excess_decimals excess)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = decode(quoted(rows[i].json), excess);
        if (strcmp(found, rows[i].expected) != 0)
            fail_msg("%s: %s, expected %s", rows[i].json, found, rows[i].expected);
    }
}

static void every_field_has_its_member(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{}", "" },
        { "{'event_id':'1','payer_account_id':'100000000001','usage_account_id':'200000000011','billing_entity':'AWS',"
          "'line_item_type':'Usage','product_code':'AmazonEC2','usage_type':'BoxUsage','operation':'Run','sku':'S',"
          "'region':'eu','availability_zone':'eu-a','resource_id':'i-1'}",
          "event_id=1 payer_account_id=100000000001 usage_account_id=200000000011 billing_entity=AWS "
          "line_item_type=Usage product_code=AmazonEC2 usage_type=BoxUsage operation=Run sku=S region=eu "
          "availability_zone=eu-a resource_id=i-1" },
        { "{'usage_start':'2026-06-01T00:00:00Z','usage_end':'2026-06-01T01:00:00Z','unit':'Hrs','currency':'USD',"
          "'reservation_arn':'r','savings_plan_arn':'s','description':'d'}",
          "usage_start=1780272000000 usage_end=1780275600000 unit=Hrs currency=USD reservation_arn=r "
          "savings_plan_arn=s description=d" },
        { "{'usage_amount':1,'public_on_demand_rate':2,'public_on_demand_cost':3,'unblended_cost':4,"
          "'reservation_effective_cost':5,'savings_plan_rate':6,'savings_plan_effective_cost':7,"
          "'normalization_factor':8}",
          "usage_amount=1 public_on_demand_rate=2 public_on_demand_cost=3 unblended_cost=4 "
          "reservation_effective_cost=5 savings_plan_rate=6 savings_plan_effective_cost=7 normalization_factor=8" },
        { "{'tags':{'user:b':'2','user:a':'1'}}", "tags=user%3aa:1,user%3ab:2" },
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
}

static void empty_null_and_absent_are_one_thing(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'event_id':'','usage_start':'','usage_amount':'','tags':{}}", "" },
        { "{'event_id':null,'usage_start':null,'usage_amount':null,'tags':null}", "" },
        { "{'tags':{'a':'','b':null,'c':'1'}}", "tags=c:1" },
        { "{'tags':{'a':''}}", "" },
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
}

static void unknown_members_are_ignored(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'source':'x','deep':[1,{'event_id':'2'}],'event_id':'1','EVENT_ID':'3','present':7}", "event_id=1" },
        { "{'excess_decimals':5,'event_id':'1'}", "event_id=1" },
        { "{'note':{'tags':true}}", "" },
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
}

static void numbers_are_exact_as_numbers_and_as_texts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'usage_amount':0.1}", "usage_amount=0.1" },
        { "{'usage_amount':'0.10'}", "usage_amount=0.1" },
        { "{'usage_amount':1.5E-4}", "usage_amount=0.00015" },
        { "{'usage_amount':-3}", "usage_amount=-3" },
        { "{'usage_amount':1234567890123456789012345678}", "usage_amount=1234567890123456789012345678" },
        { "{'unblended_cost':0.12345678901234567890}", "unblended_cost=0.1234567890123456789" },
        { "{'usage_amount':1e3,'unblended_cost':'1E-20'}", "usage_amount=1000 unblended_cost=0.00000000000000000001" },
        { "{'usage_amount':'1.0000000000000'}", "usage_amount=1" }, /* zeros are no excess */
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
    check(rows, ARRAY_COUNT(rows), EXCESS_REJECT);
}

static void excess_decimals_are_rounded_half_even_and_counted_or_refused(void **state)
{
    (void)state;
    static const struct row rounded[] = {
        { "{'usage_amount':1.0416666667E-4}", "usage_amount=0.0001041667 rounded=1" },
        { "{'usage_amount':0.00000000005,'public_on_demand_rate':'0.00000000015'}",
          "usage_amount=0 public_on_demand_rate=0.0000000002 rounded=2" },
        { "{'unblended_cost':0.000000000000000000025}", "unblended_cost=0.00000000000000000002 rounded=1" },
    };
    static const struct row refused[] = {
        { "{'usage_amount':1.0416666667E-4}", "EXCESS_DECIMALS usage_amount" },
        { "{'unblended_cost':0.000000000000000000025}", "EXCESS_DECIMALS unblended_cost" },
    };
    check(rounded, ARRAY_COUNT(rounded), EXCESS_ROUND);
    check(refused, ARRAY_COUNT(refused), EXCESS_REJECT);
}

static void a_member_of_another_kind_is_refused_by_name(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'usage_amount':'1,5'}", "BAD_NUMBER usage_amount" },
        { "{'usage_amount':'NaN'}", "BAD_NUMBER usage_amount" },
        { "{'usage_amount':'0x10'}", "BAD_NUMBER usage_amount" },
        { "{'usage_amount':true}", "BAD_FIELD usage_amount" },
        { "{'usage_amount':[1]}", "BAD_FIELD usage_amount" },
        { "{'usage_amount':1e30}", "NUMBER_TOO_LARGE usage_amount" },
        { "{'unblended_cost':1e20}", "NUMBER_TOO_LARGE unblended_cost" },
        { "{'event_id':{}}", "BAD_FIELD event_id" },
        { "{'event_id':false}", "BAD_FIELD event_id" },
        { "{'usage_start':'yesterday'}", "BAD_TIME usage_start" },
        { "{'usage_start':'2026-02-30T00:00:00Z'}", "BAD_TIME usage_start" },
        { "{'usage_start':true}", "BAD_FIELD usage_start" },
        { "{'tags':'a'}", "BAD_FIELD tags" },
        { "{'tags':['a']}", "BAD_FIELD tags" },
        { "{'tags':{'a':true}}", "BAD_FIELD tags" },
        { "{'tags':{'a':{'b':'c'}}}", "BAD_FIELD tags" },
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
}

static void zero_bytes_and_bad_encoding_have_their_own_reasons(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "{'event_id':'a\\u0000b'}", "NUL_BYTE event_id" },
        { "{'event_id':'\xff'}", "BAD_ENCODING -" },
        { "{'event_id':'\xc0\xaf'}", "BAD_ENCODING -" },     /* overlong */
        { "{'event_id':'\xed\xa0\x80'}", "BAD_ENCODING -" }, /* a surrogate */
        { "{'event_id':'\\u00e4\xc3\xa4'}", "event_id=\xc3\xa4\xc3\xa4" },
        { "{'event_id':'\\ud83d\\ude00'}", "event_id=\xf0\x9f\x98\x80" },
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
    assert_string_equal(decode((struct text){ "{\"event_id\":\"a\0b\"}", 18 }, EXCESS_ROUND), "NUL_BYTE -");
}

static void what_is_no_object_is_malformed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", "MALFORMED -" },
        { "[]", "MALFORMED -" },
        { "7", "MALFORMED -" },
        { "'text'", "MALFORMED -" },
        { "null", "MALFORMED -" },
        { "{'event_id':'1'", "MALFORMED -" },
        { "{'event_id':'1'} {'event_id':'2'}", "MALFORMED -" },
        { "{'event_id':'1','event_id':'1'}", "MALFORMED -" },
        { "{'event_id':'\\ud800'}", "MALFORMED -" }, /* half a pair */
        { "{'usage_amount':1.2.3}", "BAD_NUMBER usage_amount" },
    };
    check(rows, ARRAY_COUNT(rows), EXCESS_ROUND);
    struct buffer deep = { 0 };
    for (size_t i = 0; i < 100000; i++)
        buffer_append_text(&deep, TEXT("{\"a\":"));
    assert_string_equal(decode(buffer_text(&deep), EXCESS_ROUND), "MALFORMED -");
    buffer_done(&deep);
}

static void a_refused_record_leaves_no_trace_in_the_next(void **state)
{
    (void)state;
    struct event_json *decoder = event_json_new();
    struct arena arena = { 0 };
    struct usage_event event;
    struct refusal refusal;
    struct buffer out = { 0 };
    assert_false(event_json_decode(decoder, quoted("{'event_id':'1','sku':'x','tags':{'a':'b'},'usage_amount':'?'}"),
                                   EXCESS_ROUND, &event, &arena, &refusal));
    assert_true(event_json_decode(decoder, quoted("{'event_id':'2'}"), EXCESS_ROUND, &event, &arena, &refusal));
    assert_string_equal(record_text(&usage_event_type, &event, &out), "event_id=2");
    assert_int_equal(event.tags.count, 0);
    buffer_done(&out);
    event_json_free(decoder);
    arena_done(&arena);
}

static void a_refusal_outlives_the_tree_it_came_from(void **state)
{
    (void)state;
    struct event_json *decoder = event_json_new();
    struct arena arena = { 0 };
    struct usage_event event = { 0 };
    struct refusal refusal;
    assert_false(event_json_decode(decoder, quoted("{'tags':{'user:environment-name':true}}"), EXCESS_ROUND, &event, &arena,
                                   &refusal));
    assert_true(text_equal(refusal.value, TEXT("user:environment-name")));
    assert_non_null(strstr(refusal.detail, "user:environment-name"));
    event_json_free(decoder);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_has_its_member),
        cmocka_unit_test(empty_null_and_absent_are_one_thing),
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(numbers_are_exact_as_numbers_and_as_texts),
        cmocka_unit_test(excess_decimals_are_rounded_half_even_and_counted_or_refused),
        cmocka_unit_test(a_member_of_another_kind_is_refused_by_name),
        cmocka_unit_test(zero_bytes_and_bad_encoding_have_their_own_reasons),
        cmocka_unit_test(what_is_no_object_is_malformed),
        cmocka_unit_test(a_refused_record_leaves_no_trace_in_the_next),
        cmocka_unit_test(a_refusal_outlives_the_tree_it_came_from),
    };
    return cmocka_run_group_tests_name("codec/event_json", tests, NULL, NULL);
}
