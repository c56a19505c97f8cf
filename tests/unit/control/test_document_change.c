/* control/document_change: what can follow the document in force, and what is refused, with what to do. */
#include "support/control_records.h"

#include "control/document_change.h"

#define ENTRY(usage_type, tiers)                                                                                    \
    "{\"sku\":\"S\",\"service\":\"AmazonS3\",\"usage_type\":\"" usage_type "\",\"operation\":\"\",\"unit\":\"GB\"," \
    "\"tiers\":" tiers "}"
#define FLAT "[[\"0\",null,\"0.1\"]]"

#define MAY (2026 * 12 + 4)
#define JUNE (2026 * 12 + 5)
#define JULY (2026 * 12 + 6)

struct row {
    const char *what;
    const char *documents[3]; /* months of those there are */
    const char *announced;    /* a month whose close is announced; NULL: none */
    const char *close;        /* of a month, NULL: none */
    bool closed;              /* it is through */
    billing_period period;
    const char *refusal; /* NULL: it can follow */
};

static const struct row rows[] = {
    { "the first one", { NULL }, NULL, NULL, false, JUNE, NULL },
    { "the same month", { "2026-06" }, NULL, NULL, false, JUNE, NULL },
    { "a month before, which is open", { "2026-06" }, NULL, NULL, false, MAY, NULL },
    { "a month behind an open one", { "2026-06" }, NULL, NULL, false, JULY, NULL },
    { "an open month with one behind it", { "2026-06", "2026-07" }, NULL, NULL, false, JUNE, NULL },
    { "a month that is announced",
      { "2026-06" },
      "2026-06",
      NULL,
      false,
      JUNE,
      "2026-06 is about to be closed: a document with the BillingPeriod 2026-07 can be applied now" },
    { "behind one that is announced", { "2026-06" }, "2026-06", NULL, false, JULY, NULL },
    { "a month that is being closed", { "2026-06" }, NULL, "2026-06", false, JUNE, "2026-06 is being closed" },
    { "a month before one that is being closed", { "2026-06" }, NULL, "2026-06", false, MAY, "2026-06 is being closed" },
    { "the one in force in the next month, too", { "2026-05" }, NULL, "2026-06", false, MAY, "2026-06 is being closed" },
    { "behind one that is being closed", { "2026-06" }, NULL, "2026-06", false, JULY, NULL },
    { "behind a closed one", { "2026-06" }, NULL, "2026-06", true, JULY, NULL },
    { "two months behind a closed one", { "2026-06" }, NULL, "2026-06", true, JULY + 1, NULL },
    { "a closed month's, which is in force in the open one", { "2026-06" }, NULL, "2026-06", true, JUNE, NULL },
    { "an earlier one's, which is in force in the open one", { "2026-05" }, NULL, "2026-06", true, MAY, NULL },
    { "a closed month, and the open one has its own",
      { "2026-06", "2026-07" },
      NULL,
      "2026-06",
      true,
      JUNE,
      "the document is for 2026-06, which is closed: one for 2026-07 or later can be applied" },
    { "a closed month without one", { "2026-05" }, NULL, "2026-06", true, JUNE, "for 2026-06, which is closed" },
    { "a month long closed", { "2026-06", "2026-07" }, NULL, "2026-06", true, MAY, "for 2026-05, which is closed" },
};

static void make_topic(const struct row *row, struct conductor_topic *topic)
{
    char key[64], value[128];
    for (size_t i = 0; i < ARRAY_COUNT(row->documents) && row->documents[i]; i++) {
        snprintf(key, sizeof key, "%s/version/", row->documents[i]);
        snprintf(value, sizeof value, "{\"number\":%zu}", i + 1);
        control_put(topic, key, value);
    }
    if (row->announced) {
        snprintf(key, sizeof key, "%s/closing/", row->announced);
        control_put(topic, key, "{}");
    }
    if (row->close)
        control_close(topic, row->close, row->closed ? 2 : 0);
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
    control_put(topic, "2026-06/closed/0", "{\"tasks\":2}");
    assert_false(conductor_topic_is_closed(topic, 2026 * 12 + 5));
    control_put(topic, "2026-06/closed/1", "{\"tasks\":2}");
    assert_true(conductor_topic_is_closed(topic, 2026 * 12 + 5));
    assert_false(conductor_topic_is_closed(topic, 2026 * 12 + 6));
    conductor_topic_free(topic);
}

static void a_document_is_whole_with_its_version(void **state)
{
    (void)state;
    struct conductor_topic *topic = conductor_topic_new();
    control_put(topic, "2026-06/Price/S/A", ENTRY("A", FLAT));
    assert_false(conductor_topic_is_whole(topic));
    control_put(topic, "2026-06/import/1", "{}");
    assert_false(conductor_topic_is_whole(topic));
    control_put(topic, "2026-06/version/", "{\"number\":1}");
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
