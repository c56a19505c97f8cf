/*
 * api/validate.h: a request's bytes held against the model of its operation.
 *
 * What comes out has only members that the model knows, none of them null; numbers are strings of their digits.
 */
#ifndef API_VALIDATE_H
#define API_VALIDATE_H

#include "api/call.h"
#include "http/message.h"

/* Compiles the patterns; once, before threads. */
void validate_start(void);
void validate_stop(void);

/* NULL: the failure names every member that breaks the model. `arn`: what follows /tags/, decoded. */
json_t *validate_request(enum operation operation, const struct http_request *request, struct text arn,
                         struct failure *failure);
/* The same of a body that was parsed as part of another one: `exact` has each number as its digits. */
json_t *validate_body(enum operation operation, const json_t *plain, const json_t *exact, struct failure *failure);

#endif
