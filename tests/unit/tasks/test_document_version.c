/* tasks/document_version: which documents a version has, and which is in force in a month. */
#include "support/control_records.h"

#include "tasks/document_version.h"

#define APRIL (2026 * 12 + 3)

static void documents_are_read_from_the_month_closed_last_on(void **state)
{
    (void)state;
    static const struct {
        const char *what, *closed;
        size_t count;
        int64_t versions[5]; /* in force in April, May, June, July, August */
    } rows[] = {
        { "all while none is closed", NULL, 3, { 1, 1, 4, 4, 3 } },
        { "April's while it was closed last", "2026-04", 3, { 1, 1, 4, 4, 3 } },
        { "April's, which was May's, too", "2026-05", 3, { 1, 1, 4, 4, 3 } },
        { "June's, since May is long closed", "2026-06", 2, { 4, 4, 4, 4, 3 } },
        { "the last one", "2026-08", 1, { 3, 3, 3, 3, 3 } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct conductor_topic *topic = conductor_topic_new();
        struct document_version *version;
        struct error error;
        control_put(topic, "2026-04/version/", "{\"number\":1}");
        control_put(topic, "2026-06/version/", "{\"number\":2}");
        control_put(topic, "2026-08/version/", "{\"number\":3}");
        control_put(topic, "2026-06/version/", "{\"number\":4}");
        if (rows[i].closed)
            control_close(topic, rows[i].closed, 1);
        if (!document_version_read(topic, &version, &error))
            fail_msg("%s: %s", rows[i].what, error.message);
        assert_int_equal(version->number, 4);
        assert_int_equal(document_version_pricing(version)->version, 4);
        if (version->count != rows[i].count)
            fail_msg("%s: %zu documents", rows[i].what, version->count);
        for (int month = 0; month < 5; month++) {
            const struct month_document *document = document_version_of(version, APRIL + month);
            const struct pricing *pricing = pricing_of(document_version_pricing(version), APRIL + month);
            if (document->conductor->version != rows[i].versions[month] || pricing != &document->pricing)
                fail_msg("%s: month %d has version %lld", rows[i].what, month, (long long)document->conductor->version);
        }
        document_version_free(version);
        conductor_topic_free(topic);
    }
}

static void a_month_that_cannot_be_read_is_no_version(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    struct document_version *version;
    struct error error = { 0 };
    assert_false(document_version_read(topic, &version, &error)); /* there is none */
    control_put(topic, "2026-04/version/", "{\"number\":1}");
    control_put(topic, "2026-06/BillingGroups/1", "{\"Name\":1}");
    control_put(topic, "2026-06/version/", "{\"number\":2}");
    error = (struct error){ 0 };
    assert_false(document_version_read(topic, &version, &error));
    assert_int_equal(error.kind, ERROR_INVALID);
    document_version_free(NULL);
    conductor_topic_free(topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_read_from_the_month_closed_last_on),
        cmocka_unit_test(a_month_that_cannot_be_read_is_no_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
