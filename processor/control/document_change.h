/* control/document_change.h: whether a document can follow the one that is in force, while usage is being priced. */
#ifndef CONTROL_DOCUMENT_CHANGE_H
#define CONTROL_DOCUMENT_CHANGE_H

#include "control/conductor_topic.h"

/*
 * Fails, and says what to do: a month is being closed; the document is for another month than the one in force while a month
 * before its own is open. The first document always can.
 */
MUST_USE bool document_change_check(const struct conductor_topic *topic, billing_period period, struct error *error);

#endif
