/*
 * codec/avro_decode.h: one Avro datum into a record struct, by a compiled program. The hot path of the input.
 *
 * Every read is checked against the end; counts and nesting are bounded by the bytes there are. Thread: any.
 */
#ifndef CODEC_AVRO_DECODE_H
#define CODEC_AVRO_DECODE_H

#include "codec/avro_schema.h"
#include "model/usage_event.h"

#define AVRO_VALUE_DEPTH_MAX 64   /* nesting of skipped values */
#define AVRO_EMPTY_VALUES_MAX 256 /* values of no bytes, as in an array of null, besides 16 for every byte */
#define AVRO_TAGS_MAX 65536       /* more do not fit an event of 256 KiB */

/*
 * Zeroes *record (of the program's type) and fills it. Texts borrow from `bytes`; tags live in `arena`. Empty text is
 * absent. A number with too many decimals is rounded, and counted in a usage_event, or refused.
 * False: *refusal names field and reason. *ret_used is then the size of the datum where its end is known all the same
 * (a bad value), 0 where it is not (bad structure). After true it is the size: the caller knows whether more may follow.
 */
MUST_USE bool avro_decode(const struct avro_program *program, const uint8_t *bytes, size_t size, size_t *ret_used,
                          void *record, struct arena *arena, enum excess_decimals excess, struct refusal *refusal);

#endif
