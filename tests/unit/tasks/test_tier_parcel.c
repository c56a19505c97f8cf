/* What tasks send to the tier tasks comes back as it was sent; what no task writes is refused. */
#include "tasks/tier_parcel.h"

#include <stdlib.h>

#include "base/memory.h"

#include "support/unit.h"

static billing_period june(void)
{
    return period_of(INT64_C(1781000000000));
}

static struct stream_record record_of(const struct tier_headers *headers)
{
    return (struct stream_record){ .headers = headers->headers, .header_count = TIER_HEADERS };
}

static void a_parcel_comes_back_from_its_headers(void **state)
{
    (void)state;
    const struct tier_parcel rows[] = {
        { 0, 1, 0, june() },
        { 4096, INT64_MAX, INT64_MAX, june() },
        { INT32_MAX, 2, 4, june() + 1 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct tier_headers headers;
        struct tier_parcel read;
        tier_parcel_write(&rows[i], &headers);
        struct stream_record record = record_of(&headers);
        assert_true(tier_parcel_read(&record, &read));
        assert_int_equal(read.sender, rows[i].sender);
        assert_true(read.first == rows[i].first && read.version == rows[i].version);
        assert_int_equal(read.period, rows[i].period);
    }
}

static void headers_that_nobody_writes_are_refused(void **state)
{
    (void)state;
    static const char *const values[] = { "x", "-1", "", "99999999999999999999" };
    for (size_t at = 0; at < TIER_HEADERS; at++)
        for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
            struct tier_parcel parcel = { 1, 2, 4, june() }, read;
            struct tier_headers headers;
            tier_parcel_write(&parcel, &headers);
            headers.headers[at].value = text_of(values[i]);
            struct stream_record record = record_of(&headers);
            assert_false(tier_parcel_read(&record, &read));
        }
    struct stream_record none = { 0 };
    struct tier_parcel read;
    assert_false(tier_parcel_read(&none, &read));
}

static const struct tier_message messages[] = {
    { TIER_MESSAGE_EVENT, 0, { "event", 5 } },
    { TIER_MESSAGE_ROW, 0, { "a row that is longer than the event before it", 45 } },
    { TIER_MESSAGE_EVENT, INT64_MAX, { "\0\1\2", 3 } },
    { TIER_MESSAGE_BARRIER, 300, { "", 0 } },
    { TIER_MESSAGE_SWEPT, 0, { "", 0 } },
    { TIER_MESSAGE_LAST, 0, { "", 0 } },
};

static void append_all(struct buffer *out)
{
    for (size_t i = 0; i < ARRAY_COUNT(messages); i++)
        tier_message_append(&messages[i], out);
}

static void messages_come_back_one_by_one(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    append_all(&bytes);
    struct byte_reader reader = bytes_reader(buffer_text(&bytes));
    for (size_t i = 0; i < ARRAY_COUNT(messages); i++) {
        struct tier_message read;
        assert_true(tier_message_take(&reader, &read));
        assert_int_equal(read.kind, messages[i].kind);
        assert_true(read.offset == messages[i].offset);
        assert_true(text_equal(read.value, messages[i].value));
    }
    assert_ptr_equal(reader.at, reader.end);
    buffer_done(&bytes);
}

/* Cut anywhere, the messages before the cut are read and the one that it goes through is refused. */
static void a_parcel_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    append_all(&bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        char *cut = memory_new(size + 1); /* of its own, so that a read behind it is seen */
        memcpy(cut, bytes.data, size);
        struct byte_reader reader = bytes_reader((struct text){ cut, size });
        struct tier_message read;
        size_t count = 0;
        while (reader.at < reader.end && tier_message_take(&reader, &read))
            assert_true(text_equal(read.value, messages[count++].value));
        assert_true(count < ARRAY_COUNT(messages));
        free(cut);
    }
    buffer_done(&bytes);
}

static void a_message_of_no_kind_is_refused(void **state)
{
    (void)state;
    static const struct text rows[] = { { "\5\0\0", 3 },                                        /* no kind */
                                        { "\0\377\377\377\377\377\377\377\377\377\1\0", 12 },   /* no offset */
                                        { "\0\0\377\377\377\377\377\377\377\377\377\1", 12 } }; /* no size */
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct byte_reader reader = bytes_reader(rows[i]);
        struct tier_message read;
        assert_false(tier_message_take(&reader, &read));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parcel_comes_back_from_its_headers), cmocka_unit_test(headers_that_nobody_writes_are_refused),
        cmocka_unit_test(messages_come_back_one_by_one),        cmocka_unit_test(a_parcel_that_is_cut_is_refused),
        cmocka_unit_test(a_message_of_no_kind_is_refused),
    };
    return cmocka_run_group_tests_name("tasks/tier_parcel", tests, NULL, NULL);
}
