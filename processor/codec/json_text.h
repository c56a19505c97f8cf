/*
 * codec/json_text.h: JSON whose numbers stay text. jansson reads the rest.
 *
 * jansson turns 0.1 into a C double. Every number outside of strings is put in quotes first, so that it arrives as the
 * decimal text that was written; money/decimal.h reads it exactly.
 */
#ifndef CODEC_JSON_TEXT_H
#define CODEC_JSON_TEXT_H

#include <jansson.h>

#include "base/buffer.h"

/* Appends `json` with its bare numbers quoted. Never fails: what is no JSON is left for jansson to refuse. */
void json_quote_numbers(struct text json, struct buffer *out);

/* Parses with numbers as strings; `scratch` is reused. NULL: *error says line, column and what jansson said. */
json_t *json_parse_exact(struct text json, struct buffer *scratch, json_error_t *error);

#endif
