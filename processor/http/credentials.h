/*
 * http/credentials.h: api.credentials: who may sign, for which account, in which role.
 *
 * An INI file in the style of ~/.aws/credentials. Owns its texts and wipes them. Immutable once read; any thread.
 */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include "base/memory.h"
#include "base/error.h"

struct credential {
    struct text key, secret;
    struct text account; /* 12 digits */
    bool is_payer;
};

struct credentials {
    struct arena arena;
    struct credential *items;
    size_t count, capacity;
};

/* Fails (ERROR_INVALID): file, line, what was found and expected; never a secret. */
MUST_USE bool credentials_read(const char *path, struct credentials *credentials, struct error *error);
/* The same from memory; `name` stands for the file in errors. */
MUST_USE bool credentials_parse(struct text text, const char *name, struct credentials *credentials, struct error *error);
const struct credential *credentials_find(const struct credentials *credentials, struct text key);
void credentials_done(struct credentials *credentials);

#endif
