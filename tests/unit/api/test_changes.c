/* api/changes: what comes together is one version; a lost race is staged again; a token is answered once. */
#include "support/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "api/changes.h"

/* A topic in memory that loses as many races as it is told to. */
struct memory {
    struct book *book;
    unsigned published, to_lose;
    bool fails;
    json_t *replies;
};

static bool refresh(void *context, struct error *error)
{
    struct memory *memory = context;
    return !memory->fails || error_fail(error, ERROR_FAILED, "no broker");
}

static const char *kept(void *context, const char *key)
{
    struct memory *memory = context;
    return json_string_value(json_object_get(memory->replies, key));
}

static const struct price_list *prices(void *context, billing_period period)
{
    (void)period;
    (void)context;
    return NULL;
}

static enum publish_outcome publish(void *context, struct document *document, const struct kept_reply *replies, size_t count,
                                    struct error *error)
{
    struct memory *memory = context;
    (void)error;
    if (memory->to_lose > 0) {
        memory->to_lose--;
        return PUBLISH_LOST;
    }
    memory->published++;
    for (size_t i = 0; i < count; i++)
        json_object_set_new(memory->replies, replies[i].key, json_string(replies[i].json));
    document->version = memory->published;
    book_put(memory->book, document_hold(document));
    return PUBLISH_DONE;
}

/* Answers, by the number of their call. */
struct answers {
    pthread_mutex_t lock;
    unsigned count;
    enum failure_kind failures[32];
    const char *reasons[32];
    char resources[32][256];
    char *arns[32];
};

struct asked {
    struct answers *answers;
    unsigned number;
};

static void on_done(void *context, const json_t *reply, const struct failure *failure)
{
    struct asked *asked = context;
    struct answers *answers = asked->answers;
    pthread_mutex_lock(&answers->lock);
    answers->failures[asked->number] = reply ? FAILURE_NONE : failure->kind;
    answers->reasons[asked->number] = reply ? NULL : failure->reason;
    if (!reply)
        snprintf(answers->resources[asked->number], sizeof answers->resources[0], "%s", failure->resource_id);
    answers->arns[asked->number] = reply ? strdup(entity_text(reply, "Arn")) : NULL;
    answers->count++;
    pthread_mutex_unlock(&answers->lock);
    free(asked);
}

struct fixture {
    struct memory memory;
    struct changes *changes;
    struct answers answers;
    unsigned asked;
};

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){ .memory = { .book = book_new(TEXT("123456789012")), .replies = json_object() } };
    pthread_mutex_init(&fixture->answers.lock, NULL);
    struct publisher publisher = { &fixture->memory, refresh, kept, prices, publish };
    fixture->changes = changes_start(fixture->memory.book, &publisher, 20);
}

static void ask_for(struct fixture *fixture, enum operation operation, json_t *input)
{
    struct asked *asked = calloc(1, sizeof *asked);
    *asked = (struct asked){ &fixture->answers, fixture->asked++ };
    changes_add(fixture->changes, operation, input, on_done, asked);
}

static void ask(struct fixture *fixture, const char *name, const char *token)
{
    json_t *input = json_pack("{s:s}", "Name", name);
    if (token)
        json_object_set_new(input, "ClientToken", json_string(token));
    ask_for(fixture, OPERATION_CreatePricingPlan, input);
}

static void wait_for_all(struct fixture *fixture)
{
    for (;;) {
        pthread_mutex_lock(&fixture->answers.lock);
        bool all = fixture->answers.count == fixture->asked;
        pthread_mutex_unlock(&fixture->answers.lock);
        if (all)
            return;
        usleep(1000);
    }
}

static size_t plans(struct fixture *fixture)
{
    struct document *document = book_at(fixture->memory.book, INT32_MAX);
    size_t count = document_count(document, ENTITY_PLAN);
    document_release(document);
    return count;
}

static void end(struct fixture *fixture)
{
    changes_stop(fixture->changes);
    changes_free(fixture->changes);
    for (unsigned i = 0; i < fixture->asked; i++)
        free(fixture->answers.arns[i]);
    json_decref(fixture->memory.replies);
    book_free(fixture->memory.book);
    pthread_mutex_destroy(&fixture->answers.lock);
}

static void what_comes_together_is_one_version_and_each_is_judged_alone(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    ask(&f, "a", NULL);
    ask(&f, "a", NULL);
    ask(&f, "b", NULL);
    wait_for_all(&f);
    assert_int_equal(f.memory.published, 1);
    assert_int_equal(plans(&f), 2);
    assert_int_equal(f.answers.failures[0], FAILURE_NONE);
    assert_int_equal(f.answers.failures[1], FAILURE_CONFLICT);
    assert_string_equal(f.answers.reasons[1], "RESOURCE_NAME_CONFLICT");
    assert_int_equal(f.answers.failures[2], FAILURE_NONE);
    end(&f);
}

static void a_lost_race_is_run_again_and_after_many_it_is_a_conflict(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.memory.to_lose = 3;
    ask(&f, "a", NULL);
    wait_for_all(&f);
    assert_int_equal(f.answers.failures[0], FAILURE_NONE);
    f.memory.to_lose = 1000;
    ask(&f, "b", NULL);
    wait_for_all(&f);
    assert_int_equal(f.answers.failures[1], FAILURE_CONFLICT);
    assert_string_equal(f.answers.reasons[1], "WRITE_CONFLICT_RETRY");
    assert_int_equal(plans(&f), 1);
    end(&f);
}

static void a_lost_race_of_an_operation_that_knows_no_conflict_is_the_server_s_fault(void **state)
{
    (void)state;
    struct fixture f;
    char arn[128];
    begin(&f);
    ask(&f, "a", NULL);
    wait_for_all(&f);
    snprintf(arn, sizeof arn, "%s", f.answers.arns[0]);
    f.memory.to_lose = 1000;
    ask_for(&f, OPERATION_TagResource, json_pack("{s:s,s:{s:s}}", "ResourceArn", arn, "Tags", "k", "v"));
    ask_for(&f, OPERATION_UpdatePricingPlan, json_pack("{s:s,s:s}", "Arn", arn, "Description", "d"));
    wait_for_all(&f);
    assert_int_equal(f.answers.failures[1], FAILURE_INTERNAL);
    assert_int_equal(f.answers.failures[2], FAILURE_CONFLICT);
    assert_string_equal(f.answers.resources[2], arn);
    end(&f);
}

static void a_token_is_answered_with_its_first_reply(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    ask(&f, "a", "t");
    ask(&f, "a", "t"); /* in the same batch */
    wait_for_all(&f);
    ask(&f, "a", "t");
    ask(&f, "b", "t");
    wait_for_all(&f);
    assert_string_equal(f.answers.arns[0], f.answers.arns[1]);
    assert_string_equal(f.answers.arns[0], f.answers.arns[2]);
    assert_int_equal(f.answers.failures[3], FAILURE_VALIDATION);
    assert_string_equal(f.answers.reasons[3], "OTHER");
    assert_int_equal(f.memory.published, 1);
    assert_int_equal(plans(&f), 1);
    end(&f);
}

static void a_refused_call_leaves_its_token_free(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    ask(&f, "a", NULL);
    wait_for_all(&f);
    ask(&f, "a", "t");
    wait_for_all(&f);
    ask(&f, "b", "t");
    wait_for_all(&f);
    assert_int_equal(f.answers.failures[1], FAILURE_CONFLICT);
    assert_int_equal(f.answers.failures[2], FAILURE_NONE);
    end(&f);
}

static void without_a_broker_it_is_the_server_s_fault(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.memory.fails = true;
    ask(&f, "a", NULL);
    wait_for_all(&f);
    assert_int_equal(f.answers.failures[0], FAILURE_INTERNAL);
    changes_stop(f.changes);
    ask(&f, "b", NULL); /* after the end */
    assert_int_equal(f.answers.failures[1], FAILURE_INTERNAL);
    changes_free(f.changes);
    json_decref(f.memory.replies);
    book_free(f.memory.book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_together_is_one_version_and_each_is_judged_alone),
        cmocka_unit_test(a_lost_race_is_run_again_and_after_many_it_is_a_conflict),
        cmocka_unit_test(a_lost_race_of_an_operation_that_knows_no_conflict_is_the_server_s_fault),
        cmocka_unit_test(a_token_is_answered_with_its_first_reply),
        cmocka_unit_test(a_refused_call_leaves_its_token_free),
        cmocka_unit_test(without_a_broker_it_is_the_server_s_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
