/*
 * tasks/document_version.h: one version of the documents of all open months, and what is made of each (SEMANTICS 3.5).
 * Never changes while tasks use it; any thread may read it.
 */
#ifndef TASKS_DOCUMENT_VERSION_H
#define TASKS_DOCUMENT_VERSION_H

#include "control/conductor_topic.h"
#include "rate/price.h"
#include "rate/routing.h"

/* The document of a month and of those behind it that have none of their own. */
struct month_document {
    struct conductor *conductor;
    struct price_list list;
    struct pricing pricing;
    struct routing routing;
};

struct document_version {
    int64_t number;
    struct month_document *months; /* in order, at least one */
    size_t count;
};

/* The newest version that the topic has. document_version_free it. Fails: one of its documents cannot be used. */
MUST_USE bool document_version_read(const struct conductor_topic *control, struct document_version **ret_version,
                                    struct error *error);
void document_version_free(struct document_version *version); /* may be NULL */

/* The document that is in force in a month. */
const struct month_document *document_version_of(const struct document_version *version, billing_period period);
/* Of all months. */
const struct pricing *document_version_pricing(const struct document_version *version);

#endif
