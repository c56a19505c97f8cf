/* codec/json_read.h: a record back from the JSON that json_write.h makes of it. */
#ifndef CODEC_JSON_READ_H
#define CODEC_JSON_READ_H

#include "base/buffer.h"
#include "base/memory.h"
#include "model/record.h"

/* Texts and tags go to `arena`. Fails: no such record; *error names the field. */
MUST_USE bool json_read_record(struct text json, const struct record_type *type, void *record, struct arena *arena,
                               struct buffer *scratch, struct error *error);

#endif
