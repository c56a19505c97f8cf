/*
 * http/message.h: a request as it came over the wire, and the answer to it. Pure.
 *
 * A request's texts are borrowed from the connection and live until it is answered. Path and query are not decoded: a
 * signature is over what came, and an ARN in a path is decoded only after it has been routed.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/buffer.h"

#define HTTP_HEADERS_MAX 100
#define HTTP_BODY_BYTES_MAX ((size_t)1024 * 1024)
#define HTTP_EXTRA_HEADERS_MAX 8

struct http_header {
    struct text name, value;
};

struct http_request {
    struct text method, path, query;
    const struct http_header *headers;
    size_t header_count;
    struct text body;
};

/* The first header of this name, in whatever case; TEXT_NONE if there is none. */
struct text http_header(const struct http_request *request, const char *name);
size_t http_header_count(const struct http_request *request, const char *name);

/* Names of headers are equal in whatever case. */
bool http_name_equal(struct text a, struct text b);

/*
 * A request's target cut at its '?'. In absolute form ("http://host/path", as proxies are sent it) scheme and authority are
 * left out: whom it is for says the Host header.
 */
void http_target_split(struct text target, struct text *path, struct text *query);

/* Appends the text with its percent escapes decoded ('+' stays). False: an escape that is none, or one of a zero byte. */
bool http_decode(struct text text, struct buffer *out);
/* The same of a query's name or value: '+' is a blank, and what comes out must be UTF-8. */
bool http_decode_form(struct text text, struct buffer *out);
/* Appends the text with all but A-Za-z0-9-_.~ (and '/' in a path) percent-encoded. */
void http_encode(struct text text, bool keep_slash, struct buffer *out);

/* Takes the next parameter off the query, still encoded; one without '=' has an empty value. False: none is left. */
bool http_next_parameter(struct text *query, struct text *name, struct text *value);

/*
 * The only parameter of this name, decoded, '+' as a blank; valid as long as `out`. TEXT_NONE with *ret_sound: absent.
 * *ret_sound is false for one that comes twice or cannot be decoded.
 */
struct text http_parameter(struct text query, const char *name, struct buffer *out, bool *ret_sound);

/* Fills the body of a stream: bytes written, 0 for nothing now, HTTP_STREAM_END. On a thread of the server. */
typedef long http_stream_read(void *stream, char *out, size_t size);
#define HTTP_STREAM_END (-1)

/* Owns its body, or, with a stream, frees the stream at the end of the connection. */
struct http_response {
    unsigned status;
    const char *content_type; /* static; NULL: no body */
    struct buffer body;
    struct text fixed_body; /* static bytes in place of `body` */
    struct {
        const char *name; /* static */
        char value[384];
    } headers[HTTP_EXTRA_HEADERS_MAX];
    size_t header_count;
    bool closes; /* the connection ends behind it */
    int file;    /* a descriptor to send, taken over; -1: none */
    uint64_t file_bytes;
    void *stream;
    http_stream_read *stream_read;
    void (*stream_free)(void *stream);
};

#define HTTP_RESPONSE_NONE ((struct http_response){ .file = -1 })

void http_response_header(struct http_response *response, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
void http_response_done(struct http_response *response);

#endif
