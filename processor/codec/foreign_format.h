/*
 * codec/foreign_format.h: names what is no usage, by its first bytes, and says what makes usage of it (SEMANTICS 6).
 */
#ifndef CODEC_FOREIGN_FORMAT_H
#define CODEC_FOREIGN_FORMAT_H

#include "codec/input.h"

/* Fails (ERROR_FAILED): the input is in a format that is known and not read, or empty where it may not be, as only lines
 * may. Takes no bytes of it. */
MUST_USE bool foreign_format_check(struct input *input, bool may_be_empty, struct error *error);

#endif
