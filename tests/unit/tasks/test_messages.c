/* What tasks say to the bill tasks comes back as it was said; keys stay apart. */
#include "tasks/messages.h"

#include "support/unit.h"

static void every_bill_message_is_known_by_its_name(void **state)
{
    (void)state;
    for (enum bill_message message = 0; message < BILL_MESSAGE_COUNT; message++) {
        struct subtotal subtotal = { 0 };
        bill_message_set(&subtotal, message);
        assert_int_equal(bill_message_of(&subtotal), message);
        assert_int_equal(record_has(&subtotal, SUBTOTAL_message), message != BILL_MESSAGE_TOTAL);
    }
    struct subtotal unknown = { .message = TEXT("goodbye") };
    assert_int_equal(bill_message_of(&unknown), BILL_MESSAGE_COUNT);
}

static void keys_stay_apart_whatever_is_in_their_parts(void **state)
{
    (void)state;
    static const struct {
        const char *service, *type, *key;
    } rows[] = {
        { "AmazonS3", "Usage", "7/g/2026-06/111111111111/AmazonS3/Usage" },
        { "A/B", "C", "7/g/2026-06/111111111111/A%2FB/C" },
        { "A", "B/C", "7/g/2026-06/111111111111/A/B%2FC" },
        { "A%2FB", "C", "7/g/2026-06/111111111111/A%252FB/C" },
        { "", "", "7/g/2026-06/111111111111//" },
        { "/", "%", "7/g/2026-06/111111111111/%2F/%25" },
    };
    struct buffer key = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct subtotal subtotal = { .task = 7,
                                     .billing_group = TEXT("g"),
                                     .billing_period = TEXT("2026-06"),
                                     .usage_account_id = TEXT("111111111111"),
                                     .product_code = text_of(rows[i].service),
                                     .line_item_type = text_of(rows[i].type) };
        bill_message_key(&subtotal, &key);
        expect_text(rows[i].service, buffer_text(&key), rows[i].key);
    }
    struct subtotal barrier = { .task = 7, .billing_period = TEXT("2026-06") };
    bill_message_set(&barrier, BILL_MESSAGE_BARRIER);
    bill_message_key(&barrier, &key);
    expect_text("barrier", buffer_text(&key), "7/#barrier//2026-06///");
    buffer_done(&key);
}

static void checksums_come_back_from_their_digits(void **state)
{
    (void)state;
    const struct hash128 rows[] = { { 0, 0 }, { UINT64_MAX, 1 }, { 0x0123456789abcdefu, 0xfedcba9876543210u } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[CHECKSUM_TEXT_MAX];
        struct hash128 read;
        checksum_format(rows[i], text);
        assert_true(checksum_parse(text_of(text), &read));
        assert_true(read.high == rows[i].high && read.low == rows[i].low);
        text[i] = 'g';
        assert_false(checksum_parse(text_of(text), &read));
        assert_false(checksum_parse((struct text){ text, 31 }, &read));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bill_message_is_known_by_its_name),
        cmocka_unit_test(keys_stay_apart_whatever_is_in_their_parts),
        cmocka_unit_test(checksums_come_back_from_their_digits),
    };
    return cmocka_run_group_tests_name("tasks/messages", tests, NULL, NULL);
}
