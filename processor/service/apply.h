/* service/apply.h: publishing a changed document: what `proforma apply` and the API do. */
#ifndef SERVICE_APPLY_H
#define SERVICE_APPLY_H

#include "control/conductor_topic.h"

/*
 * Who publishes documents opens its stream under this name: of two, the one that opened last can commit, so that what was
 * read after opening is still so when the commit succeeds.
 */
#define APPLY_INSTANCE "command-apply"

/* In one transaction: `beside`, which are no part of the document, and then the changes. */
enum stream_outcome apply_publish(struct stream *stream, const struct conductor_changes *changes,
                                  const struct conductor_change *beside, size_t beside_count, struct error *error);

#endif
