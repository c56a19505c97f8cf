/* service/book: the document in force in a month, and which version of it stays. */
#include "support/unit.h"

#include "service/book.h"

static void put(struct book *book, billing_period period, int64_t version, const char *payer)
{
    struct document *document = document_new(text_of(payer));
    document->period = period;
    document->version = version;
    document_publish(document);
    book_put(book, document);
}

static void expect_document(struct book *book, billing_period month, billing_period period, int64_t version)
{
    struct document *found = book_at(book, month);
    assert_int_equal(found->period, period);
    assert_int_equal(found->version, version);
    document_release(found);
}

static void the_last_document_that_begins_no_later_is_in_force(void **state)
{
    (void)state;
    struct book *book = book_new(TEXT_NONE);
    expect_document(book, 100, PERIOD_NONE, 0);
    put(book, 105, 2, "123456789012");
    put(book, 100, 1, "123456789012");
    expect_document(book, 99, PERIOD_NONE, 0);
    expect_document(book, 100, 100, 1);
    expect_document(book, 104, 100, 1);
    expect_document(book, 105, 105, 2);
    expect_document(book, 999, 105, 2);
    book_free(book);
}

static void a_later_version_is_not_replaced_by_an_earlier_one(void **state)
{
    (void)state;
    struct book *book = book_new(TEXT_NONE);
    put(book, 100, 5, "123456789012");
    struct document *held = book_at(book, 100);
    put(book, 100, 4, "123456789012");
    expect_document(book, 100, 100, 5);
    put(book, 100, 6, "123456789012");
    expect_document(book, 100, 100, 6);
    assert_int_equal(held->version, 5); /* until it is released */
    document_release(held);
    book_free(book);
}

static void the_payer_is_known_in_months_without_a_document(void **state)
{
    (void)state;
    struct book *book = book_new(TEXT("000000000001"));
    put(book, 100, 1, "123456789012");
    struct document *none = book_at(book, 1);
    assert_string_equal(none->payer, "123456789012");
    document_release(none);
    book_free(book);
}

static void note(void *context, struct text month)
{
    struct buffer *out = context;
    buffer_append_text(out, month);
    buffer_append_byte(out, ' ');
}

static void months_are_visited_in_order(void **state)
{
    (void)state;
    struct book *book = book_new(TEXT_NONE);
    struct buffer months = { 0 };
    billing_period june;
    assert_true(period_parse(TEXT("2026-06"), &june));
    put(book, june + 1, 1, "123456789012");
    put(book, june, 1, "123456789012");
    put(book, PERIOD_NONE, 1, "123456789012");
    book_months(book, note, &months);
    expect_text("months", buffer_text(&months), "2026-06 2026-07 ");
    buffer_done(&months);
    book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_document_that_begins_no_later_is_in_force),
        cmocka_unit_test(a_later_version_is_not_replaced_by_an_earlier_one),
        cmocka_unit_test(the_payer_is_known_in_months_without_a_document),
        cmocka_unit_test(months_are_visited_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
