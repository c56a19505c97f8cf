/*
 * base/secret.h: the one place that knows what must never be printed. Whoever reads a secret tells it here, once; what goes to a
 * log or a terminal goes through secret_hide first, whoever wrote it: a library's own words may hold what they were given.
 *
 * Thread: any.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/text.h"

#define SECRET_HIDDEN "********"
/* A shorter one is not looked for: it would be found in words that are none. */
#define SECRET_BYTES_MIN 4

/* Copies the value, in place of the one that was told under the same name before: a token is renewed. */
void secret_remember(const char *name, struct text value);
/* Puts stars where a secret stands in the string, which never grows. */
void secret_hide(char *string);
/* Wipes all. */
void secret_forget(void);

#endif
