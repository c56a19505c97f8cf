/*
 * http/signature.h: AWS Signature Version 4, as a server checks it. Pure but for OpenSSL's hashes.
 *
 * The canonical path escapes each segment once more, as all services but S3 do. The body is always hashed: an unsigned
 * payload is refused. Nothing that is calculated here ends in an answer.
 */
#ifndef HTTP_SIGNATURE_H
#define HTTP_SIGNATURE_H

#include "http/credentials.h"
#include "http/message.h"

#define SIGNATURE_SKEW_SECONDS (15 * 60)

enum signature_verdict {
    SIGNATURE_VALID,
    SIGNATURE_MISSING,     /* no Authorization header */
    SIGNATURE_INCOMPLETE,  /* one of another form, or a date that is none */
    SIGNATURE_UNKNOWN_KEY, /* or a session token, which no key of the file has */
    SIGNATURE_INVALID,     /* any other mismatch */
};

/* `now` in seconds. On SIGNATURE_VALID *ret_credential says who signed. */
enum signature_verdict signature_verify(const struct http_request *request, const struct credentials *credentials,
                                        int64_t now, const struct credential **ret_credential);

/* Name and message of AWS's answer. */
const char *signature_error_name(enum signature_verdict verdict);
const char *signature_error_message(enum signature_verdict verdict);

#endif
