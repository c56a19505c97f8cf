/*
 * api/previews.h: POST /v1/preview: changes that are not made, as what they would do to the groups' totals of the running
 * month.
 *
 *   {"Changes": [{"Operation": "UpdatePricingRule", "Input": {…}}, …]}
 *
 * One is computed at a time, on a thread of its own; few may wait.
 */
#ifndef API_PREVIEWS_H
#define API_PREVIEWS_H

#include "api/call.h"
#include "http/server.h"
#include "service/source.h"

struct previews;

struct previews *previews_start(struct book *book, struct view *view, const struct source *source);
/* The payer's request: deferred, and answered when it is computed; false: *response has the answer. */
bool previews_ask(struct previews *previews, struct http_exchange *exchange, const struct http_request *request,
                  struct http_response *response);
/* Answers what waits, then ends: who asks afterwards is refused at once. NULL is fine. */
void previews_stop(struct previews *previews);
/* After previews_stop, when nobody can ask any more. NULL is fine. */
void previews_free(struct previews *previews);

#endif
