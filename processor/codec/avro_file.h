/*
 * codec/avro_file.h: Avro object container files.
 *
 *   "Obj" 1, metadata map (avro.schema, avro.codec), 16 bytes sync marker,
 *   then blocks: number of records, number of bytes, the bytes (as the codec has them), the sync marker again.
 *
 * Codecs null and deflate. A damaged block costs that block: reading goes on behind the next sync marker. Thread: one.
 */
#ifndef CODEC_AVRO_FILE_H
#define CODEC_AVRO_FILE_H

#include <stdio.h>

#include "codec/avro_decode.h"
#include "codec/input.h"

#define AVRO_BLOCK_BYTES_MAX ((size_t)64 * 1024 * 1024) /* as stored and as inflated */
#define AVRO_HEADER_BYTES_MAX ((size_t)2 * 1024 * 1024)
#define AVRO_REFUSED_BYTES_MAX ((size_t)64 * 1024) /* of a refused record that are shown */
#define AVRO_SYNC_BYTES 16

struct avro_file_options {
    size_t event_bytes_max; /* a longer record is refused; 0: no limit */
    enum excess_decimals excess;
};

enum avro_file_status {
    AVRO_FILE_RECORD,
    AVRO_FILE_REFUSED,   /* *refusal; the next call goes on with what can be read */
    AVRO_FILE_TRUNCATED, /* *refusal; the input ends or is damaged inside, the next call says END */
    AVRO_FILE_END,
    AVRO_FILE_FAILED, /* *error: the system could not read */
};

/* Where the last record or refusal stands, for a person: numbers from 1, offset of the block in the (unzipped) file. */
struct avro_file_place {
    uint64_t block, record; /* record 0: the block as a whole */
    uint64_t block_offset;
    struct text value;    /* refused: its bytes, the first AVRO_REFUSED_BYTES_MAX; until the next call */
    uint64_t value_bytes; /* refused: all of them; 0 where the end is not known */
};

struct avro_file;

/*
 * Reads the header. Borrows `input` until avro_file_close, which does not close it.
 * Fails, ERROR_INVALID: no such file, an unsupported codec, a schema that cannot be read as `type`; ERROR_FAILED: no read.
 */
MUST_USE bool avro_file_open(struct input *input, const struct record_type *type, const struct avro_file_options *options,
                             struct avro_file **ret_file, struct error *error);

/* *record: texts until the next call, tags in `arena`. */
enum avro_file_status avro_file_next(struct avro_file *file, void *record, struct arena *arena, struct refusal *refusal,
                                     struct error *error);
const struct avro_file_place *avro_file_place(const struct avro_file *file);
void avro_file_close(struct avro_file *file);

enum avro_file_codec { AVRO_FILE_NULL, AVRO_FILE_DEFLATE };

struct avro_file_writer;

/* Writes the header with the shipped schema of `type`. Borrows `out`. Equal records give equal bytes. */
MUST_USE bool avro_file_create(FILE *out, const struct record_type *type, enum avro_file_codec codec,
                               struct avro_file_writer **ret_writer, struct error *error);
/* Appends one encoded datum. */
MUST_USE bool avro_file_append(struct avro_file_writer *writer, struct text datum, struct error *error);
/* Writes the last block, flushes `out`, frees the writer, whatever it returns. Does not close `out`. NULL is fine. */
MUST_USE bool avro_file_finish(struct avro_file_writer *writer, struct error *error);

#endif
