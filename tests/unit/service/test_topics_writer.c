/*
 * service/topics_writer: documents to a log in memory: one transaction each, with what is kept beside; lost races, answers
 * that get lost, refusals; prices and replies as the topic has them.
 */
#include "support/topics_fixture.h"

#include <time.h>

#include "service/control_reader.h"

#define PAYER "123456789012"
#define JUNE (2026 * 12 + 5)
#define PRICE(rate)                                                                                                       \
    "{\"sku\":\"SKU\",\"service\":\"S\",\"usage_type\":\"U\",\"operation\":\"\",\"unit\":\"Hrs\",\"tiers\":[[\"0\",null," \
    "\"" rate "\"]]}"
#define RULE_KEY(id) "2026-06/PricingRules/" id

static struct topics *topics;
static struct publisher publisher;

static struct topics *open_topics(const char *view)
{
    struct topics_options options = topics_options_of_test();
    options.directory = scratch_path(view);
    options.payer = TEXT(PAYER);
    return topics_open_with(&options);
}

static int set_up(void **state)
{
    CHECK(topics_set_up(state) == 0);
    topics = open_topics("view");
    publisher = topics_publisher(topics);
    return 0;
}

static int tear_down(void **state)
{
    topics_close(topics);
    return topics_tear_down(state);
}

/* A draft of a month with a rule more, as a change would make it. */
static struct document *draft_with(struct topics *of, billing_period period, const char *id)
{
    struct document *current = book_at(topics_book(of), period), *draft = document_draft(current, period);
    document_add(draft, ENTITY_RULE, id,
                 json_pack("{s:s,s:s,s:s,s:s,s:s}", "Arn", id, "Name", id, "Scope", "GLOBAL", "Type", "MARKUP",
                           "ModifierPercentage", "10"));
    document_release(current);
    document_publish(draft);
    return draft;
}

static enum publish_outcome publish_rule(const struct publisher *by, struct topics *of, billing_period period,
                                         const char *id, const struct kept_reply *replies, size_t count, struct error *error)
{
    struct document *draft = draft_with(of, period, id);
    enum publish_outcome outcome = by->publish(by->context, draft, replies, count, error);
    document_release(draft);
    return outcome;
}

static void refresh(void)
{
    struct error error;
    if (!publisher.refresh(publisher.context, &error))
        fail_msg("%s", error.message);
}

static bool book_has(const char *id)
{
    struct document *document = book_at(topics_book(topics), JUNE);
    bool has = document_find(document, ENTITY_RULE, id) != NULL;
    document_release(document);
    return has;
}

static int64_t version_of_book(void)
{
    struct document *document = book_at(topics_book(topics), JUNE);
    int64_t version = document->version;
    document_release(document);
    return version;
}

static void a_document_goes_out_whole_and_is_in_the_book_at_once(void **state)
{
    (void)state;
    struct error error = { 0 };
    refresh();
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", NULL, 0, &error), PUBLISH_DONE);
    assert_true(book_has("rrrrrrrrr1"));
    assert_int_equal(version_of_book(), 1);
    assert_non_null(strstr(memory_log_value(STREAM_CONDUCTOR, RULE_KEY("rrrrrrrrr1")), "\"ModifierPercentage\":"));
    assert_non_null(strstr(memory_log_value(STREAM_CONDUCTOR, "2026-06/version/"), "1"));
    refresh(); /* what it reads of itself is no news */
    assert_int_equal(version_of_book(), 1);
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr2", NULL, 0, &error), PUBLISH_DONE);
    assert_int_equal(version_of_book(), 2);
    assert_true(book_has("rrrrrrrrr1") && book_has("rrrrrrrrr2"));
    assert_int_equal(memory_log.opened, 2); /* the reader's and one for all writing */
}

static void each_end_of_a_transaction_is_told_and_the_next_change_starts_from_what_is_so(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum stream_outcome produced, committed, aborted;
        bool commits_all_the_same;
        enum publish_outcome outcome;
        bool opens_again;
    } rows[] = {
        { "it is done", OUTCOME_DONE, OUTCOME_DONE, OUTCOME_DONE, false, PUBLISH_DONE, false },
        { "a record is not taken", OUTCOME_ABORT, OUTCOME_DONE, OUTCOME_DONE, false, PUBLISH_LOST, false },
        { "the commit is aborted", OUTCOME_DONE, OUTCOME_ABORT, OUTCOME_DONE, false, PUBLISH_LOST, false },
        { "it has to wait", OUTCOME_DONE, OUTCOME_LATER, OUTCOME_DONE, false, PUBLISH_LOST, false },
        { "nor can it be aborted", OUTCOME_DONE, OUTCOME_ABORT, OUTCOME_INDETERMINATE, false, PUBLISH_LOST, true },
        { "no answer, nothing is there", OUTCOME_DONE, OUTCOME_INDETERMINATE, OUTCOME_DONE, false, PUBLISH_LOST, true },
        { "no answer, all is there", OUTCOME_DONE, OUTCOME_INDETERMINATE, OUTCOME_DONE, true, PUBLISH_LOST, true },
        { "somebody else came", OUTCOME_DONE, OUTCOME_FENCED, OUTCOME_DONE, false, PUBLISH_LOST, true },
        { "a right is denied", OUTCOME_DONE, OUTCOME_REFUSED, OUTCOME_DONE, false, PUBLISH_FAILED, true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = { 0 };
        char id[16];
        refresh();
        snprintf(id, sizeof id, "rrrrrrrr%02zu", i);
        unsigned opened = memory_log.opened;
        int64_t version = version_of_book();
        bool there = rows[i].outcome == PUBLISH_DONE || rows[i].commits_all_the_same;
        memory_log.produced = rows[i].produced;
        memory_log.committed = rows[i].committed;
        memory_log.aborted = rows[i].aborted;
        memory_log.commits_all_the_same = rows[i].commits_all_the_same;
        expect_number(rows[i].name, publish_rule(&publisher, topics, JUNE, id, NULL, 0, &error), rows[i].outcome);
        expect(rows[i].name, book_has(id), rows[i].outcome == PUBLISH_DONE);
        refresh();
        expect_number(rows[i].name, memory_log.opened - opened, rows[i].opens_again);
        expect(rows[i].name, book_has(id), there);
        expect_number(rows[i].name, version_of_book(), version + there);
        memory_log.produced = memory_log.committed = memory_log.aborted = OUTCOME_DONE;
        memory_log.commits_all_the_same = false;
    }
}

static void of_two_publishers_the_one_that_opened_first_loses_and_sees_what_the_other_made(void **state)
{
    (void)state;
    struct error error = { 0 };
    struct topics *others = open_topics("other");
    struct publisher other = topics_publisher(others);
    refresh();
    assert_true(other.refresh(other.context, &error));
    assert_int_equal(publish_rule(&other, others, JUNE, "oooooooooo", NULL, 0, &error), PUBLISH_DONE);
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", NULL, 0, &error), PUBLISH_LOST);
    assert_null(memory_log_value(STREAM_CONDUCTOR, RULE_KEY("rrrrrrrrr1")));
    refresh();
    assert_true(book_has("oooooooooo"));
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", NULL, 0, &error), PUBLISH_DONE);
    assert_int_equal(publish_rule(&other, others, JUNE, "oooooooool", NULL, 0, &error), PUBLISH_LOST);
    assert_int_equal(version_of_book(), 2);
    topics_close(others);
}

static void a_document_that_cannot_follow_is_refused_with_words_before_a_broker_is_asked(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        billing_period period;
        const char *words;
    } rows[] = {
        { "a month before the one that is being closed", JUNE - 1, "2026-07 is about to be closed" },
        { "one that is in force in it", JUNE, "2026-07 is about to be closed" },
        { "that month itself", JUNE + 1, "with the BillingPeriod 2026-08 can be applied now" },
    };
    struct error error = { 0 };
    refresh();
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", NULL, 0, &error), PUBLISH_DONE);
    memory_log_add(STREAM_CONDUCTOR, "2026-07/closing/", "{}", NULL, 0);
    size_t before = memory_log.count;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        refresh();
        error = (struct error){ 0 };
        expect_number(rows[i].name, publish_rule(&publisher, topics, rows[i].period, "rrrrrrrrr2", NULL, 0, &error),
                      PUBLISH_REFUSED);
        if (!strstr(error.message, rows[i].words))
            fail_msg("%s: '%s' lacks '%s'", rows[i].name, error.message, rows[i].words);
        expect_number(rows[i].name, (long long)memory_log.count, (long long)before);
    }
    refresh();
    assert_int_equal(publish_rule(&publisher, topics, JUNE + 2, "rrrrrrrrr2", NULL, 0, &error), PUBLISH_DONE);
    assert_non_null(memory_log_value(STREAM_CONDUCTOR, "2026-08/PricingRules/rrrrrrrrr2"));
    assert_null(memory_log_value(STREAM_CONDUCTOR, RULE_KEY("rrrrrrrrr2")));
}

static void replies_go_with_their_document_and_leave_after_two_days(void **state)
{
    (void)state;
    char young[64], old[64];
    struct error error = { 0 };
    int64_t now = (int64_t)time(NULL);
    struct buffer key = { 0 };
    snprintf(young, sizeof young, "{\"time\":%lld,\"reply\":{\"a\":1}}", (long long)now);
    snprintf(old, sizeof old, "{\"reply\":{\"a\":2}}");
    const struct kept_reply replies[] = { { "CreatePricingPlan/young", young } };
    control_reader_reply_key(JUNE, "CreatePricingPlan/old", &key);
    buffer_append_byte(&key, '\0');
    memory_log_add(STREAM_CONDUCTOR, key.data, old, NULL, (now - 49 * 3600) * 1000);
    refresh();
    assert_string_equal(publisher.kept(publisher.context, "CreatePricingPlan/old"), old);
    assert_null(publisher.kept(publisher.context, "CreatePricingPlan/young"));
    memory_log.committed = OUTCOME_ABORT; /* a reply does not stay without its document */
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", replies, 1, &error), PUBLISH_LOST);
    refresh();
    assert_null(publisher.kept(publisher.context, "CreatePricingPlan/young"));
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", replies, 1, &error), PUBLISH_DONE);
    refresh();
    assert_string_equal(publisher.kept(publisher.context, "CreatePricingPlan/young"), young);
    assert_null(publisher.kept(publisher.context, "CreatePricingPlan/old"));
    assert_null(memory_log_value(STREAM_CONDUCTOR, key.data));
    buffer_done(&key);
}

static void prices_are_those_of_the_document_in_force(void **state)
{
    (void)state;
    static const struct {
        const char *version, *value, *rate; /* of one sku; NULL: it goes */
    } rows[] = { { "{\"number\":1}", PRICE("0.01"), "0.01" },
                 { "{\"number\":2}", NULL, NULL },
                 { "{\"number\":3}", PRICE("0.03"), "0.03" },
                 { "{\"number\":4}", PRICE("0.04"), "0.04" } };
    refresh();
    assert_int_equal(publisher.prices(publisher.context, JUNE)->count, 0);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        memory_log_add(STREAM_CONDUCTOR, "2026-06/Price/SKU/U", rows[i].value, NULL, 0);
        memory_log_add(STREAM_CONDUCTOR, "2026-06/version/", rows[i].version, NULL, 0);
        refresh();
        const struct price_list *prices = publisher.prices(publisher.context, JUNE);
        expect_number(rows[i].version, (long long)prices->count, rows[i].rate != NULL);
        if (prices->count)
            expect_decimal(rows[i].version, prices->entries[0].schedule.tiers[0].rate, RATE_SCALE, rows[i].rate);
        expect(rows[i].version, publisher.prices(publisher.context, JUNE) == prices, true);
    }
}

static void a_log_that_cannot_be_read_fails_and_is_opened_anew(void **state)
{
    (void)state;
    struct error error = { 0 };
    refresh();
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr1", NULL, 0, &error), PUBLISH_DONE);
    unsigned opened = memory_log.opened;
    memory_log.is_away = true;
    assert_false(publisher.refresh(publisher.context, &error));
    assert_string_equal(error.message, "nobody answers");
    memory_log.is_away = false;
    memory_log.to_refuse = 1;
    assert_false(publisher.refresh(publisher.context, &error));
    memory_log.to_fail = 1;
    assert_false(publisher.refresh(publisher.context, &error));
    refresh();
    assert_int_equal(memory_log.opened - opened, 2);
    assert_true(book_has("rrrrrrrrr1"));
    assert_int_equal(publish_rule(&publisher, topics, JUNE, "rrrrrrrrr2", NULL, 0, &error), PUBLISH_DONE);
    assert_int_equal(version_of_book(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_goes_out_whole_and_is_in_the_book_at_once),
        TEST(each_end_of_a_transaction_is_told_and_the_next_change_starts_from_what_is_so),
        TEST(of_two_publishers_the_one_that_opened_first_loses_and_sees_what_the_other_made),
        TEST(a_document_that_cannot_follow_is_refused_with_words_before_a_broker_is_asked),
        TEST(replies_go_with_their_document_and_leave_after_two_days),
        TEST(prices_are_those_of_the_document_in_force),
        TEST(a_log_that_cannot_be_read_fails_and_is_opened_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
