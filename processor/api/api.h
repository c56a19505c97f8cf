/*
 * api/api.h: everything that is served, behind one handler: signature, role, route, then operation, read or page.
 *
 * Threads: the handler runs on those of the server. What is given lives longer than the server.
 */
#ifndef API_API_H
#define API_API_H

#include <stdatomic.h>

#include "api/changes.h"
#include "api/events.h"
#include "api/previews.h"
#include "http/credentials.h"
#include "http/server.h"
#include "service/source.h"

/* A file of the page, as it is in the program. */
struct web_file {
    const char *path, *content_type, *tag; /* tag: of the content, for ETag */
    struct text bytes;
};
extern const struct web_file web_files[];
extern const size_t web_file_count;

struct api {
    /*
     * What has to come before anything can be answered, as static words; NULL: nothing. All below but keys and proxy is
     * there once it is NULL, and it stays so.
     */
    _Atomic(const char *) awaited;
    struct book *book;
    struct view *view;
    struct source source;
    const struct credentials *credentials; /* NULL: everyone is the payer */
    bool behind_proxy;                     /* Host is the proxy's */
    struct changes *changes;               /* NULL: nothing can be changed */
    struct previews *previews;             /* NULL, too */
    struct events *events;
};

/* As http_handler; the context is the api. */
bool api_handle(void *context, struct http_exchange *exchange, const struct http_request *request,
                struct http_response *response);

/* ---- between the files of this room ---- */

/* reads.c: GET /v1/…; false: there is no such path. */
bool reads_handle(const struct api *api, const struct caller *caller, const struct http_request *request,
                  struct http_response *response);
/* web.c: false: there is no such file. */
bool web_knows(struct text path);
bool web_handle(const struct http_request *request, struct http_response *response);

/* False while figures are being read anew: they would be too small. To be asked before and after they are read. */
bool api_is_whole(const struct api *api);
/* In place of what the response holds. */
void respond_unread(struct http_response *response);

void respond_failure(const struct failure *failure, struct http_response *response);

#endif
