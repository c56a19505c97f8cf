/*
 * log/oauth_token.h: what Kafka's OAUTHBEARER needs to know of a bearer token: until when it is good and whose it is. Of a
 * signed JWT that is in its payload, which the broker checks; of any other token it is assumed. Pure.
 */
#ifndef LOG_OAUTH_TOKEN_H
#define LOG_OAUTH_TOKEN_H

#include "base/error.h"
#include "base/text.h"

/* A token that says nothing of its end is read again this often. */
#define OAUTH_TOKEN_ASSUMED_MS (INT64_C(5) * 60 * 1000)
#define OAUTH_TOKEN_BYTES_MAX ((size_t)64 * 1024)

struct oauth_token {
    struct text token; /* borrowed; without the spaces and line ends around it */
    int64_t good_until_ms;
    char principal[256]; /* "sub"; empty: the token does not say */
};

/* Fails: it is empty, not of characters that a header may hold, or over. `now_ms` since 1970. */
MUST_USE bool oauth_token_read(struct text file, int64_t now_ms, struct oauth_token *token, struct error *error);

#endif
