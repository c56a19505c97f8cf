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

/* Appends a record's JSON as the caller may see it. */
void read_write_record(const struct read *read, struct text json, struct buffer *out);
bool read_may_see_report(const struct read *read, struct text group, struct text account);

#endif
