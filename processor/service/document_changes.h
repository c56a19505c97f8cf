/* service/document_changes.h: a document as the API changes it, on its way to the conductor topic. */
#ifndef SERVICE_DOCUMENT_CHANGES_H
#define SERVICE_DOCUMENT_CHANGES_H

#include "control/conductor_topic.h"
#include "service/document.h"

/* What has to be published so that the topic holds it for its month, with these prices; as conductor_changes_compute. */
MUST_USE bool document_changes(const struct conductor_topic *topic, const struct document *document,
                               const struct price_list *prices, struct conductor_changes *changes, struct error *error);

#endif
