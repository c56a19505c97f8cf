/* api/reads.h: one GET under /v1/, while it is answered. Private to reads*.c. */
#ifndef API_READS_H
#define API_READS_H

#include "api/api.h"

struct read {
    const struct api *api;
    const struct caller *caller;
    const struct http_request *request;
    struct http_response *response;
    struct arena arena;
    /* Of the month that is asked for. */
    billing_period period;
    char month[TIME_TEXT_MAX];
    struct document *document;
    enum caller_role role;
    const char *group; /* the caller's; NULL: none */
};

/* These answer and return true: what was asked is answered with a failure. */
bool read_fail(struct read *read, enum failure_kind kind, const char *message);
bool read_fail_error(struct read *read, const struct error *error);
/* A parameter's value; empty if it is not there. False: the failure is answered. */
bool read_parameter(struct read *read, const char *name, struct text *ret);
/* The month that is asked for, its document, and the caller's role in it. False: the failure is answered. */
bool read_asked_month(struct read *read);

/* Appends a record's JSON as the caller may see it. */
void read_write_record(const struct read *read, struct text json, struct buffer *out);
bool read_may_see_report(const struct read *read, struct text group, struct text account);

#endif
