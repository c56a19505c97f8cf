/* control/document_change.c: months first, then where meters are priced. */
#include "control/document_change.h"

#include <stdlib.h>
#include <string.h>

#include "rate/routing.h"

/* ---- months ---- */

static bool check_closes(const struct conductor_topic *topic, struct error *error)
{
    char text[TIME_TEXT_MAX];
    int64_t ignored;
    billing_period announced = conductor_topic_announced(topic, &ignored);
    if (announced != PERIOD_NONE) {
        period_format(announced, text);
        return error_fail(error, ERROR_FAILED, "%s is about to be closed: a document can be applied when that is done",
                          text);
    }
    for (size_t i = 0; i < conductor_topic_close_count(topic); i++) {
        billing_period period = conductor_topic_close(topic, i)->period;
        period_format(period, text);
        if (!conductor_topic_is_closed(topic, period))
            return error_fail(error, ERROR_FAILED, "%s is being closed: a document can be applied when that is done", text);
    }
    return true;
}

static bool check_period(const struct conductor_topic *topic, billing_period period, struct error *error)
{
    billing_period in_force = conductor_topic_period(topic);
    char now[TIME_TEXT_MAX], then[TIME_TEXT_MAX], before[TIME_TEXT_MAX];
    period_format(in_force, now);
    period_format(period, then);
    period_format(period - 1, before);
    if (period < in_force)
        return error_fail(error, ERROR_FAILED, "the document is for %s, and one for %s is in force", then, now);
    if (period > in_force && !conductor_topic_is_closed(topic, period - 1))
        return error_fail(error, ERROR_FAILED,
                          "the document is for %s, and %s is not closed: one with the BillingPeriod %s can be applied now, "
                          "one for %s when %s is closed",
                          then, before, now, then, before);
    return true;
}

/* ---- routing ---- */

static bool has_kind(struct text key, const char *kind)
{
    return memmem(key.data, key.size, kind, strlen(kind)) != NULL;
}

/* Anything else leaves it as it is. */
static bool may_change_routing(const struct conductor_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (has_kind(changes->items[i].key, "/Price/") || has_kind(changes->items[i].key, "/PricingRules"))
            return true;
    return false;
}

/* A version and where it sends usage. */
struct routed {
    struct conductor *conductor;
    struct price_list list;
    struct routing routing;
};

static bool route(const struct conductor_topic *topic, struct routed *routed, struct error *error)
{
    if (!conductor_topic_document(topic, &routed->conductor, &routed->list, error))
        return false;
    routing_init(&routed->routing, routed->conductor, &routed->list);
    return true;
}

static void routed_done(struct routed *routed)
{
    if (!routed->routing.conductor)
        return;
    routing_done(&routed->routing);
    price_list_done(&routed->list);
    conductor_done(routed->conductor);
    free(routed->conductor);
}

static struct conductor_topic *topic_with(const struct conductor_topic *topic, const struct conductor_changes *changes,
                                          bool *done, struct error *error)
{
    struct conductor_topic *with = conductor_topic_copy(topic);
    *done = true;
    for (size_t i = 0; i < changes->count && *done; i++) {
        struct stream_record record = { .topic = STREAM_CONDUCTOR,
                                        .key = changes->items[i].key,
                                        .value = changes->items[i].value,
                                        .is_null = changes->items[i].value.size == 0 };
        *done = conductor_topic_take(with, &record, error);
    }
    return with;
}

static bool check_routing(const struct conductor_topic *topic, const struct conductor_changes *changes, struct error *error)
{
    struct routed now = { 0 }, then = { 0 };
    struct text meter;
    bool done;
    struct conductor_topic *with = topic_with(topic, changes, &done, error);
    /* A topic whose document cannot be read is mended by any. */
    bool is_readable = done && route(topic, &now, error);
    done = done && (!is_readable || route(with, &then, error));
    if (done && is_readable && !routing_equal(&now.routing, &then.routing, &meter))
        done = error_fail(error, ERROR_FAILED,
                          "%.*s: which meters have tiers, and which share an allowance, cannot change while their usage is "
                          "being priced",
                          TEXT_ARGS(meter));
    routed_done(&now);
    routed_done(&then);
    conductor_topic_free(with);
    return done;
}

bool document_change_check(const struct conductor_topic *topic, billing_period period,
                           const struct conductor_changes *changes, struct error *error)
{
    if (conductor_topic_version(topic) == 0)
        return true;
    return check_closes(topic, error) && check_period(topic, period, error) &&
           (!may_change_routing(changes) || check_routing(topic, changes, error));
}
