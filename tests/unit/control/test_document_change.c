/* control/document_change: what can follow the document in force, and what is refused, with what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/document_change.h"

static void put(struct conductor_topic *topic, const char *key, const char *value)
{
    struct error error;
    struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = text_of(key), .value = text_of(value) };
    if (!conductor_topic_take(topic, &record, &error))
        fail_msg("%s: %s", key, error.message);
}

#define ENTRY(usage_type, tiers)                                                                                    \
    "{\"sku\":\"S\",\"service\":\"AmazonS3\",\"usage_type\":\"" usage_type "\",\"operation\":\"\",\"unit\":\"GB\"," \
    "\"tiers\":" tiers "}"
#define FLAT "[[\"0\",null,\"0.1\"]]"

struct row {
    const char *what;
    const char *close;  /* of a month, NULL: none */
    const char *closed; /* the same, through */
    billing_period period;
    const char *refusal; /* NULL: it can follow */
};

static const struct row rows[] = {
    { "the same month", NULL, NULL, 2026 * 12 + 5, NULL },
    { "a month before", NULL, NULL, 2026 * 12 + 4, "is for 2026-05, and one for 2026-06 is in force" },
    { "a month behind an open one", NULL, NULL, 2026 * 12 + 6,
      "for 2026-07, and 2026-06 is not closed: one with the BillingPeriod 2026-06 can be applied now" },
    { "a month behind a closed one", "2026-06", "2026-06", 2026 * 12 + 6, NULL },
    { "two months behind a closed one", "2026-06", "2026-06", 2026 * 12 + 7, "2026-07 is not closed" },
    { "while a month is being closed", "2026-06", NULL, 2026 * 12 + 5, "2026-06 is being closed" },
    { "with a month closed", "2026-06", "2026-06", 2026 * 12 + 5, NULL },
};

static void make_topic(const struct row *row, struct conductor_topic *topic)
{
    char key[64], value[128];
    put(topic, "2026-06/version/", "{\"number\":4}");
    if (row->close) {
        snprintf(key, sizeof key, "%s/close/x", row->close);
        snprintf(value, sizeof value, "{\"period\":\"%s\",\"version\":4,\"offsets\":[1]}", row->close);
        put(topic, key, value);
    }
    for (unsigned task = 0; row->closed && task < 2; task++) {
        snprintf(key, sizeof key, "%s/closed/%u", row->closed, task);
        put(topic, key, "{\"tasks\":2}");
    }
}

static void what_cannot_follow_is_refused_with_what_can(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct conductor_topic *topic = conductor_topic_new();
        struct error error = { 0 };
        make_topic(&rows[i], topic);
        bool can = document_change_check(topic, rows[i].period, &error);
        if (can != !rows[i].refusal || (!can && !strstr(error.message, rows[i].refusal)))
            fail_msg("%s: %s", rows[i].what, can ? "can follow" : error.message);
        conductor_topic_free(topic);
    }
}

static void half_of_the_tasks_have_not_closed_a_month(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    put(topic, "2026-06/closed/0", "{\"tasks\":2}");
    assert_false(conductor_topic_is_closed(topic, 2026 * 12 + 5));
    put(topic, "2026-06/closed/1", "{\"tasks\":2}");
    assert_true(conductor_topic_is_closed(topic, 2026 * 12 + 5));
    assert_false(conductor_topic_is_closed(topic, 2026 * 12 + 6));
    conductor_topic_free(topic);
}

static void a_document_is_whole_with_its_version(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    put(topic, "2026-06/Price/S/A", ENTRY("A", FLAT));
    assert_false(conductor_topic_is_whole(topic));
    put(topic, "2026-06/import/1", "{}");
    assert_false(conductor_topic_is_whole(topic));
    put(topic, "2026-06/version/", "{\"number\":1}");
    assert_true(conductor_topic_is_whole(topic));
    conductor_topic_free(topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_follow_is_refused_with_what_can),
        cmocka_unit_test(half_of_the_tasks_have_not_closed_a_month),
        cmocka_unit_test(a_document_is_whole_with_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
