/* api/changes.c: stage each on the draft that the last one left; publish; answer. */
#include "api/changes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/staging.h"
#include "base/hash.h"
#include "base/memory.h"
#include "codec/json_write.h"

#define TRIES 8
#define BATCH_MAX 200

struct change {
    struct change *next;
    enum operation operation;
    json_t *input;
    change_done *done;
    void *context;
    /* What staging came to. */
    json_t *reply;
    struct failure failure;
    char *token;    /* operation/token; NULL: none */
    uint64_t hash;  /* of the arguments */
    char *kept;     /* the reply as it is kept */
    bool is_replay; /* answered from what was kept: nothing is published for it */
};

struct changes {
    struct book *book;
    struct publisher publisher;
    int64_t interval_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct change *first, **last;
    bool stopping;
};

/* ---- staging one ---- */

static void name_token(struct change *change)
{
    const char *token = entity_text(change->input, "ClientToken");
    if (!token)
        return;
    struct buffer key = { 0 };
    buffer_printf(&key, "%s/%s", operation_models[change->operation].name, token);
    buffer_append_byte(&key, '\0');
    change->token = key.data;
    json_object_del(change->input, "ClientToken");
    /* A list that is empty is as good as none. */
    json_t *arguments = json_copy(change->input);
    if (json_array_size(json_object_get(arguments, "PricingRuleArns")) == 0)
        json_object_del(arguments, "PricingRuleArns");
    char *text = json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS);
    change->hash = hash64(text, strlen(text));
    free(text);
    json_decref(arguments);
}

static const char *find_kept(struct changes *changes, const struct change *batch, const struct change *change)
{
    for (const struct change *other = batch; other != change; other = other->next)
        if (other->kept && strcmp(other->token, change->token) == 0)
            return other->kept;
    return changes->publisher.kept(changes->publisher.context, change->token);
}

/* True: the token was used; the reply is the first one's, or a failure. */
static bool replay(struct changes *changes, const struct change *batch, struct change *change, struct call *call)
{
    json_error_t reason;
    char hash[17];
    const char *text = change->token ? find_kept(changes, batch, change) : NULL;
    json_t *kept = text ? json_loads(text, 0, &reason) : NULL;
    if (!kept)
        return false;
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)change->hash);
    change->is_replay = true;
    if (text_equal(text_of(entity_text(kept, "arguments")), text_of(hash)))
        change->reply = json_incref(json_object_get(kept, "reply"));
    else
        fail_validation(call, "OTHER", "the client token was used with other arguments");
    json_decref(kept);
    return true;
}

static void keep_reply(struct change *change, int64_t now_s)
{
    struct buffer json = { 0 };
    char *reply = json_dumps(change->reply, JSON_COMPACT);
    buffer_printf(&json, "{\"arguments\":\"%016llx\",\"time\":%lld,\"reply\":%s}", (unsigned long long)change->hash,
                  (long long)now_s, reply);
    buffer_append_byte(&json, '\0');
    change->kept = json.data;
    free(reply);
}

/* The draft goes on to the next change if this one stands; otherwise the last one does. */
static struct document *stage(struct changes *changes, const struct change *batch, struct change *change,
                              struct document *current)
{
    int64_t now_s = (int64_t)time(NULL);
    struct call call = { .operation = change->operation,
                         .input = change->input,
                         .now_s = now_s,
                         .now = period_of(now_s * 1000),
                         .book = changes->book };
    call.month = call.now;
    call.draft = document_draft(current, call.now);
    if (!replay(changes, batch, change, &call)) {
        change->reply = stage_operation(&call, changes->publisher.prices(changes->publisher.context, call.now));
        if (change->reply && change->token)
            keep_reply(change, now_s);
    }
    change->failure = call.failure;
    buffer_done(&call.scratch);
    buffer_done(&call.arn);
    bool stands = change->reply && !change->is_replay;
    document_release(stands ? current : call.draft);
    return stands ? call.draft : current;
}

static void unstage(struct change *change)
{
    json_decref(change->reply);
    change->reply = NULL;
    failure_done(&change->failure);
    free(change->kept);
    change->kept = NULL;
    change->is_replay = false;
}

/* ---- a batch ---- */

static enum publish_outcome publish(struct changes *changes, struct change *batch, struct document *draft,
                                    struct error *error)
{
    struct kept_reply replies[BATCH_MAX];
    size_t count = 0;
    for (struct change *change = batch; change; change = change->next)
        if (change->kept)
            replies[count++] = (struct kept_reply){ change->token, change->kept };
    document_publish(draft);
    return changes->publisher.publish(changes->publisher.context, draft, replies, count, error);
}

static enum publish_outcome try_batch(struct changes *changes, struct change *batch, struct error *error)
{
    if (!changes->publisher.refresh(changes->publisher.context, error))
        return PUBLISH_FAILED;
    struct document *current = book_at(changes->book, period_of((int64_t)time(NULL) * 1000)), *before = current;
    document_hold(before);
    for (struct change *change = batch; change; change = change->next)
        current = stage(changes, batch, change, current);
    enum publish_outcome outcome = current == before ? PUBLISH_DONE : publish(changes, batch, current, error);
    document_release(before);
    document_release(current);
    return outcome;
}

static enum entity_kind changed_kind(enum operation operation)
{
    static const struct {
        const char *part;
        enum entity_kind kind;
    } kinds[] = { { "CustomLineItem", ENTITY_ITEM },
                  { "PricingPlan", ENTITY_PLAN },
                  { "PricingRules", ENTITY_PLAN },
                  { "PricingRule", ENTITY_RULE },
                  { "TransferPreference", ENTITY_PREFERENCE } };
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (strstr(operation_models[operation].name, kinds[i].part))
            return kinds[i].kind;
    return ENTITY_GROUP;
}

/* Operations that know no conflict fail as what is to be tried again. */
static void fail_lost(struct call *call, const json_t *input, const struct error *error)
{
    static const char *const names[] = { "Arn", "TargetArn", "ResponsibilityTransferArn", "Name" };
    const char *id = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(names) && !id; i++)
        id = entity_text(input, names[i]);
    bool knows_conflict = call->operation != OPERATION_DeleteBillingGroup && call->operation != OPERATION_TagResource &&
                          call->operation != OPERATION_UntagResource;
    if (knows_conflict)
        fail_conflict(call, "WRITE_CONFLICT_RETRY", changed_kind(call->operation), id ? id : "", "%s", error->message);
    else
        fail_internal(call, error);
}

static void fail_all(struct change *batch, enum publish_outcome outcome, const struct error *error)
{
    struct error lost = { ERROR_FAILED, "others were faster; try again" };
    for (struct change *change = batch; change; change = change->next) {
        struct call call = { .operation = change->operation };
        bool stood = change->reply && !change->is_replay;
        if (outcome != PUBLISH_FAILED && !stood)
            continue;
        unstage(change);
        if (outcome == PUBLISH_FAILED)
            fail_internal(&call, error);
        else
            fail_lost(&call, change->input, outcome == PUBLISH_LOST ? &lost : error);
        change->failure = call.failure;
    }
}

static void answer(struct change *change)
{
    change->done(change->context, change->reply, change->reply ? NULL : &change->failure);
    unstage(change);
    json_decref(change->input);
    free(change->token);
    free(change);
}

static void refuse(struct change *change)
{
    struct error error = { ERROR_FAILED, "the server is stopping" };
    fail_all(change, PUBLISH_FAILED, &error);
    answer(change);
}

static void do_batch(struct changes *changes, struct change *batch)
{
    struct error error = { 0 };
    enum publish_outcome outcome = PUBLISH_LOST;
    for (struct change *change = batch; change; change = change->next)
        name_token(change);
    for (int tries = 0; tries < TRIES && outcome == PUBLISH_LOST; tries++) {
        for (struct change *change = batch; change; change = change->next)
            unstage(change);
        outcome = try_batch(changes, batch, &error);
    }
    if (outcome != PUBLISH_DONE)
        fail_all(batch, outcome, &error);
    while (batch) {
        struct change *change = batch;
        batch = change->next;
        answer(change);
    }
}

/* ---- the thread ---- */

static struct change *take_batch(struct changes *changes)
{
    struct change *batch = changes->first, *last = batch;
    for (size_t count = 1; last && last->next && count < BATCH_MAX; count++)
        last = last->next;
    changes->first = last ? last->next : NULL;
    if (!changes->first)
        changes->last = &changes->first;
    if (last)
        last->next = NULL;
    return batch;
}

static void *run(void *context)
{
    struct changes *changes = context;
    pthread_mutex_lock(&changes->lock);
    for (;;) {
        while (!changes->first && !changes->stopping)
            pthread_cond_wait(&changes->arrived, &changes->lock);
        if (!changes->first)
            break;
        pthread_mutex_unlock(&changes->lock);
        /* Those that come together become one version. */
        struct timespec pause = { changes->interval_ms / 1000, changes->interval_ms % 1000 * 1000000 };
        while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
            ;
        pthread_mutex_lock(&changes->lock);
        struct change *batch = take_batch(changes);
        pthread_mutex_unlock(&changes->lock);
        do_batch(changes, batch);
        pthread_mutex_lock(&changes->lock);
    }
    pthread_mutex_unlock(&changes->lock);
    return NULL;
}

struct changes *changes_start(struct book *book, const struct publisher *publisher, int64_t interval_ms)
{
    struct changes *changes = memory_new(sizeof *changes);
    changes->book = book;
    changes->publisher = *publisher;
    changes->interval_ms = interval_ms;
    changes->last = &changes->first;
    pthread_mutex_init(&changes->lock, NULL);
    pthread_cond_init(&changes->arrived, NULL);
    CHECK(pthread_create(&changes->thread, NULL, run, changes) == 0);
    return changes;
}

void changes_add(struct changes *changes, enum operation operation, json_t *input, change_done *done, void *context)
{
    struct change *change = memory_new(sizeof *change);
    change->operation = operation;
    change->input = input;
    change->done = done;
    change->context = context;
    pthread_mutex_lock(&changes->lock);
    bool refused = changes->stopping;
    if (!refused) {
        *changes->last = change;
        changes->last = &change->next;
    }
    pthread_cond_signal(&changes->arrived);
    pthread_mutex_unlock(&changes->lock);
    if (refused)
        refuse(change);
}

void changes_stop(struct changes *changes)
{
    if (!changes)
        return;
    pthread_mutex_lock(&changes->lock);
    changes->stopping = true;
    pthread_cond_signal(&changes->arrived);
    pthread_mutex_unlock(&changes->lock);
    pthread_join(changes->thread, NULL);
}

void changes_free(struct changes *changes)
{
    if (!changes)
        return;
    pthread_cond_destroy(&changes->arrived);
    pthread_mutex_destroy(&changes->lock);
    free(changes);
}
