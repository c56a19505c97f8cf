/*
 * api/changes.h: operations that change the document, one after the other; those that come together become one version.
 *
 * A thread of its own. Each caller is answered when its own change is committed, or refused.
 */
#ifndef API_CHANGES_H
#define API_CHANGES_H

#include "api/call.h"
#include "service/publisher.h"

struct changes;

/* Exactly one of reply (borrowed) and failure is given. On the thread of the changes. */
typedef void change_done(void *context, const json_t *reply, const struct failure *failure);

struct changes *changes_start(struct book *book, const struct publisher *publisher, int64_t interval_ms);
/* Takes the validated input over. */
void changes_add(struct changes *changes, enum operation operation, json_t *input, change_done *done, void *context);
/* Answers what waits, then ends: what is added afterwards is refused at once. NULL is fine. */
void changes_stop(struct changes *changes);
/* After changes_stop, when nobody can add any more. NULL is fine. */
void changes_free(struct changes *changes);

#endif
