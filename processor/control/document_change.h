/* control/document_change.h: whether a month's document can change while usage is being priced (SEMANTICS 3.5). */
#ifndef CONTROL_DOCUMENT_CHANGE_H
#define CONTROL_DOCUMENT_CHANGE_H

#include "control/conductor_topic.h"

/*
 * `period`: the document's, from which on it is in force. Fails, and says what to do: it would be in force in a month that
 * is closed or is being closed, unless it follows the document that is in force in the first open month. The first document
 * always can.
 */
MUST_USE bool document_change_check(const struct conductor_topic *topic, billing_period period, struct error *error);

#endif
