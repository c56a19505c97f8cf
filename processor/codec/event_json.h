/* codec/event_json.h: usage events as JSON objects with the record's field names (SEMANTICS 6). */
#ifndef CODEC_EVENT_JSON_H
#define CODEC_EVENT_JSON_H

#include "base/memory.h"
#include "model/usage_event.h"

struct event_json; /* scratch and field names; one per thread */

struct event_json *event_json_new(void);

/*
 * Decodes one object. Numbers may be JSON numbers or strings of decimal text; unknown members are ignored. Texts borrow
 * from `json` or live in `arena`. The event is complete but not yet accepted (usage_event_accept).
 */
MUST_USE bool event_json_decode(struct event_json *decoder, struct text json, enum excess_decimals excess,
                                struct usage_event *event, struct arena *arena, struct refusal *refusal);

void event_json_free(struct event_json *decoder);

#endif
