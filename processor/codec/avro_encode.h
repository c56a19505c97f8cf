/* codec/avro_encode.h: a record struct into an Avro datum of its shipped schema. Thread: any, one buffer each. */
#ifndef CODEC_AVRO_ENCODE_H
#define CODEC_AVRO_ENCODE_H

#include "base/buffer.h"
#include "model/record.h"

/* Appends the datum. A required field that is absent is written empty: "", 0 or no tags. */
void avro_encode(const struct record_type *type, const void *record, struct buffer *out);

#endif
