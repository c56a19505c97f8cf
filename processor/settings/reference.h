/*
 * settings/reference.h: "${file:/path}" and "${env:NAME}" inside values. What they bring in is never looked at again
 * for references. "$${" is a plain "${".
 */
#ifndef SETTINGS_REFERENCE_H
#define SETTINGS_REFERENCE_H

#include "base/buffer.h"

/* Of a value with its references resolved. */
#define VALUE_BYTES_MAX ((size_t)64 * 1024)

/*
 * Appends the value with its references resolved. *referenced says whether there was one, also when it fails.
 * `secret`: files that every user may read are refused.
 * Fails: *error says which reference and why, and nothing of any value. *out then holds parts of it.
 */
MUST_USE bool reference_resolve(struct text raw, bool secret, struct buffer *out, bool *referenced, struct error *error);

#endif
