/* tasks/document_version.c: documents out of the conductor topic, ready to price with. */
#include "tasks/document_version.h"

#include <stdlib.h>

#include "control/kept_routing.h"

/*
 * Older documents are never needed again. That of the month closed last is: a task may come back to what it had before it
 * closed.
 */
static billing_period first_month(const struct conductor_topic *control)
{
    billing_period open = conductor_topic_first_open(control);
    return open == PERIOD_NONE ? conductor_topic_month(control, 0) : conductor_topic_month_of(control, open - 1);
}

static bool read_month(const struct conductor_topic *control, billing_period period, struct month_document *month,
                       struct error *error)
{
    if (!conductor_topic_document(control, period, &month->conductor, &month->list, error))
        return false;
    pricing_init(&month->pricing, month->conductor, &month->list);
    routing_init(&month->routing, month->conductor, &month->list);
    kept_routing_read(control, period, &month->routing);
    return true;
}

bool document_version_read(const struct conductor_topic *control, struct document_version **ret_version, struct error *error)
{
    size_t count = conductor_topic_month_count(control);
    if (count == 0)
        return error_fail(error, ERROR_FAILED, "no document is in force; proforma apply publishes one");
    struct document_version *version = memory_new(sizeof *version);
    billing_period first = first_month(control);
    bool done = true;
    version->number = conductor_topic_version(control);
    version->months = memory_new_array(count, sizeof *version->months);
    for (size_t i = 0; i < count && done; i++) {
        struct month_document *month = &version->months[version->count];
        if (conductor_topic_month(control, i) < first)
            continue;
        done = read_month(control, conductor_topic_month(control, i), month, error);
        version->count += done;
        if (done && version->count > 1)
            month->pricing.earlier = &(month - 1)->pricing;
    }
    if (!done) {
        document_version_free(version);
        return false;
    }
    version->months[version->count - 1].pricing.version = version->number;
    *ret_version = version;
    return true;
}

void document_version_free(struct document_version *version)
{
    if (!version)
        return;
    for (size_t i = 0; i < version->count; i++) {
        struct month_document *month = &version->months[i];
        routing_done(&month->routing);
        pricing_done(&month->pricing);
        price_list_done(&month->list);
        conductor_done(month->conductor);
        free(month->conductor);
    }
    free(version->months);
    free(version);
}

const struct month_document *document_version_of(const struct document_version *version, billing_period period)
{
    size_t at = version->count - 1;
    while (at > 0 && period < version->months[at].conductor->period)
        at--;
    return &version->months[at];
}

const struct pricing *document_version_pricing(const struct document_version *version)
{
    return &version->months[version->count - 1].pricing;
}
