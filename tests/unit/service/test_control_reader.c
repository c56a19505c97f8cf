/* service/control_reader: records of the topic become documents by month, with the times at which they were applied. */
#include "support/unit.h"

#include "service/control_reader.h"

static void take(struct control_reader *reader, const char *key, const char *value, int64_t time_ms)
{
    struct error error = { 0 };
    struct stream_record record = {
        .topic = STREAM_CONDUCTOR, .key = text_of(key), .value = text_of(value), .is_null = !value, .timestamp_ms = time_ms
    };
    if (!control_reader_take(reader, &record, &error))
        fail_msg("%s: %s", key, error.message);
}

static void documents_of_all_months_come_with_their_version(void **state)
{
    (void)state;
    struct control_reader *reader = control_reader_new(TEXT("123456789012"));
    struct book *book = book_new(TEXT("123456789012"));
    billing_period june;
    assert_true(period_parse(TEXT("2026-06"), &june));
    take(reader, "2026-06/PricingRules/rrrrrrrrrr", "{\"Arn\":\"rrrrrrrrrr\",\"Name\":\"june\"}", 5000);
    take(reader, "2026-06/version/", "{\"number\":1}", 5000);
    control_reader_update(reader, book);
    take(reader, "2026-07/PricingRules/rrrrrrrrrr", "{\"Arn\":\"rrrrrrrrrr\",\"Name\":\"july\",\"CreationTime\":\"3\"}",
         9000);
    take(reader, "2026-07/Price/s/u", "{}", 9000);
    take(reader, "2026-07/document/CurrencyCode", "\"EUR\"", 9000);
    take(reader, "2026-07/version/", "{\"number\":2}", 9000);
    control_reader_update(reader, book);
    struct document *a = book_at(book, june), *b = book_at(book, june + 1);
    json_t *rule = document_find(a, ENTITY_RULE, "rrrrrrrrrr"), *later = document_find(b, ENTITY_RULE, "rrrrrrrrrr");
    assert_string_equal(entity_text(rule, "Name"), "june");
    assert_string_equal(entity_text(rule, "CreationTime"), "5");
    assert_string_equal(entity_text(later, "Name"), "july");
    assert_string_equal(entity_text(later, "CreationTime"), "3");
    assert_string_equal(entity_text(later, "LastModifiedTime"), "9");
    assert_string_equal(b->currency, "EUR");
    assert_int_equal(b->version, 2);
    document_release(a);
    document_release(b);
    book_free(book);
    control_reader_free(reader);
}

static void count_expired(void *context, const char *key)
{
    (void)key;
    ++*(int *)context;
}

static void replies_are_kept_until_they_are_deleted(void **state)
{
    (void)state;
    struct control_reader *reader = control_reader_new(TEXT_NONE);
    struct buffer key = { 0 };
    billing_period june;
    int expired = 0;
    assert_true(period_parse(TEXT("2026-06"), &june));
    control_reader_reply_key(june, "CreatePricingPlan/t", &key);
    buffer_append_byte(&key, '\0');
    assert_null(control_reader_reply(reader, "CreatePricingPlan/t"));
    take(reader, key.data, "{\"reply\":{}}", 100000);
    assert_string_equal(control_reader_reply(reader, "CreatePricingPlan/t"), "{\"reply\":{}}");
    control_reader_expired(reader, 100, count_expired, &expired);
    assert_int_equal(expired, 0);
    control_reader_expired(reader, 101, count_expired, &expired);
    assert_int_equal(expired, 1);
    take(reader, key.data, NULL, 200000);
    assert_null(control_reader_reply(reader, "CreatePricingPlan/t"));
    buffer_done(&key);
    control_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_all_months_come_with_their_version),
        cmocka_unit_test(replies_are_kept_until_they_are_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
