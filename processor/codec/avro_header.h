/* codec/avro_header.h: the header of an object container file. Private to avro_*.c. */
#ifndef CODEC_AVRO_HEADER_H
#define CODEC_AVRO_HEADER_H

#include "base/buffer.h"
#include "codec/avro_file.h"
#include "codec/avro_window.h"

struct avro_header {
    struct text schema; /* borrowed from the window, like all here */
    enum avro_file_codec codec;
    const uint8_t *sync;
    size_t size;
};

/* Reads the header at the window's start and leaves it there. */
MUST_USE bool avro_header_read(struct window *window, struct avro_header *header, struct error *error);
void avro_header_write(struct text schema, enum avro_file_codec codec, const uint8_t sync[AVRO_SYNC_BYTES],
                       struct buffer *out);

#endif
